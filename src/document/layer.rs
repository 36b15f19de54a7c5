//! What the stages produce: sentences, tokens, words, dependencies, entities, references, attributions.

use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Document;
use crate::offset::{Byte, Span};

/// A stage of the pipeline: reads a document and returns one layer.
///
/// An annotator is pure: the same document gives the same layer, whatever ran on other threads.
pub trait Annotator: Send + Sync {
    /// A short name for provenance and error messages.
    fn name(&self) -> &'static str;
    /// The layers that must be there before.
    fn requires(&self) -> &'static [LayerKind];
    /// The layer that it makes.
    fn provides(&self) -> LayerKind;
    /// Makes the layer.
    fn annotate(&self, document: &Document) -> Layer;
}

/// The kinds of layers, in the usual order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// Sentences.
    Sentences,
    /// Tokens.
    Tokens,
    /// What a network says of each word.
    Readings,
    /// Syntactic words with part of speech and lemma.
    Words,
    /// Dependency trees.
    Dependencies,
    /// Time expressions.
    Times,
    /// Quantities.
    Quantities,
    /// Entity mentions with actor and side.
    Entities,
    /// References to earlier mentions.
    References,
    /// Attributions.
    Attributions,
}

/// One layer.
#[derive(Debug, Clone)]
pub enum Layer {
    /// See [`Sentence`].
    Sentences(Vec<Sentence>),
    /// See [`Token`].
    Tokens(Vec<Token>),
    /// See [`Reading`].
    Readings(Vec<Reading>),
    /// See [`Word`].
    Words(Vec<Word>),
    /// One [`Dependency`] for each word.
    Dependencies(Vec<Dependency>),
    /// See [`TimeExpression`].
    Times(Vec<TimeExpression>),
    /// See [`Quantity`].
    Quantities(Vec<Quantity>),
    /// See [`Entity`].
    Entities(Vec<Entity>),
    /// See [`Reference`].
    References(Vec<Reference>),
    /// See [`Attribution`].
    Attributions(Vec<Attribution>),
}

/// The layers of a document. A layer not made yet is empty.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Sentences in text order.
    pub sentences: Vec<Sentence>,
    /// Tokens in text order.
    pub tokens: Vec<Token>,
    /// Readings in text order, one for each word.
    pub readings: Vec<Reading>,
    /// Words in text order.
    pub words: Vec<Word>,
    /// For each word its dependency.
    pub dependencies: Vec<Dependency>,
    /// Time expressions in text order.
    pub times: Vec<TimeExpression>,
    /// Quantities in text order.
    pub quantities: Vec<Quantity>,
    /// Entities in text order.
    pub entities: Vec<Entity>,
    /// References in text order.
    pub references: Vec<Reference>,
    /// Attributions in text order.
    pub attributions: Vec<Attribution>,
    pub(super) provided: BTreeSet<LayerKind>,
}

impl Layers {
    pub(super) fn add(&mut self, layer: Layer) {
        let kind = match layer {
            Layer::Sentences(items) => {
                self.sentences = items;
                LayerKind::Sentences
            }
            Layer::Tokens(items) => {
                self.tokens = items;
                LayerKind::Tokens
            }
            Layer::Readings(items) => {
                self.readings = items;
                LayerKind::Readings
            }
            Layer::Words(items) => {
                self.words = items;
                LayerKind::Words
            }
            Layer::Dependencies(items) => {
                debug_assert_eq!(items.len(), self.words.len());
                self.dependencies = items;
                LayerKind::Dependencies
            }
            Layer::Times(items) => {
                self.times = items;
                LayerKind::Times
            }
            Layer::Quantities(items) => {
                self.quantities = items;
                LayerKind::Quantities
            }
            Layer::Entities(items) => {
                self.entities = items;
                LayerKind::Entities
            }
            Layer::References(items) => {
                self.references = items;
                LayerKind::References
            }
            Layer::Attributions(items) => {
                self.attributions = items;
                LayerKind::Attributions
            }
        };
        self.provided.insert(kind);
    }

    /// The words that lie in a sentence (words are ordered, so this is a range).
    pub fn words_of(&self, sentence: &Sentence) -> Range<usize> {
        let start = self.words.partition_point(|w| w.span.start() < sentence.span.start());
        let end = self.words.partition_point(|w| w.span.start() < sentence.span.end());
        start..end
    }
}

/// A sentence. Sentences do not overlap; white space between them belongs to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its characters, final punctuation included.
    pub span: Span<Byte>,
    /// Index of its paragraph.
    pub paragraph: usize,
    /// Whether it is a headline or sub-headline (no full stop is expected).
    pub headline: bool,
}

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Letters (with digits, hyphens or apostrophes inside).
    Word,
    /// A number with its separators, sign or percent sign left out.
    Number,
    /// Punctuation.
    Punctuation,
    /// Symbols, emoji, currency signs.
    Symbol,
    /// A web address, e-mail address, handle or hashtag.
    Address,
}

/// A token of the written text; tokens and the gaps between them make up the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its characters.
    pub span: Span<Byte>,
    /// What it is made of.
    pub kind: TokenKind,
    /// Index of its sentence.
    pub sentence: usize,
}

/// How a word is attached to its host in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clitic {
    /// A proclitic: و ف ب ك ل س أ.
    Proclitic,
    /// An enclitic: ه ها هم نا …, English n't, 's, 'll.
    Enclitic,
}

/// Universal part of speech (<https://universaldependencies.org/u/pos/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the documentation of Universal Dependencies")]
pub enum Upos {
    Adj,
    Adp,
    Adv,
    Aux,
    Cconj,
    Det,
    Intj,
    Noun,
    Num,
    Part,
    Pron,
    Propn,
    Punct,
    Sconj,
    Sym,
    Verb,
    X,
}

/// A syntactic word: a token, or a part of one (a clitic or its host).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its characters; a fused word (ل + الصين in للصين) takes the characters that it can be cut to.
    pub span: Span<Byte>,
    /// Index of its token.
    pub token: usize,
    /// The word restored and cleaned (الصين for لصين in للصين; lower case is kept).
    pub form: String,
    /// Folded form for matching (see `normalizer::match_key`).
    pub key: String,
    /// Dictionary form, folded like `key`.
    pub lemma: String,
    /// Dictionary form as a treebank writes it: in its case, for Arabic with vowel marks. Empty where not known.
    pub dictionary: String,
    /// Part of speech.
    pub upos: Upos,
    /// Fine tag: Penn Treebank tag for English (`VBD`), empty for Arabic.
    pub xpos: &'static str,
    /// Universal features as far as known, sorted (`Gender=Fem|Number=Sing`).
    pub feats: String,
    /// Whether it is a clitic.
    pub clitic: Option<Clitic>,
    /// The Arabic article ال inside the word, where there is one.
    pub article: Option<Span<Byte>>,
}

impl Word {
    /// Whether the features hold `name=value`.
    pub fn has(&self, feature: &str) -> bool {
        self.feats.split('|').any(|f| f == feature)
    }
}

/// What a network says of a word, for the stages that make the layers of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The word.
    pub word: Word,
    /// Index of its head in the document's words; `None` for the root of a sentence.
    pub head: Option<usize>,
    /// The relation to it.
    pub relation: Relation,
    /// The name that it belongs to: its type, and whether the word begins it.
    pub name: Option<(EntityType, bool)>,
}

/// A word's place in the dependency tree of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency {
    /// Index of the head in the document's words; `None` for the root of a sentence.
    pub head: Option<usize>,
    /// The relation to it.
    pub relation: Relation,
}

macro_rules! relations {
    ($($name:ident = $label:literal),* $(,)?) => {
        /// Universal dependency relations, with the subtypes that the rules use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are the documentation of Universal Dependencies")]
        pub enum Relation { $($name),* }

        impl Relation {
            /// All relations.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The label of Universal Dependencies.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label),* }
            }

            /// The relation of a label; a subtype that is not known falls back to its base.
            pub fn from_label(label: &str) -> Option<Self> {
                let base = label.split(':').next().unwrap_or(label);
                [label, base].into_iter().find_map(|l| match l { $($label => Some(Self::$name),)* _ => None })
            }
        }
    };
}

relations! {
    Acl = "acl", AclRelcl = "acl:relcl", Advcl = "advcl", Advmod = "advmod", Amod = "amod", Appos = "appos",
    Aux = "aux", AuxPass = "aux:pass", Case = "case", Cc = "cc", Ccomp = "ccomp", Clf = "clf", Compound = "compound",
    CompoundPrt = "compound:prt", Conj = "conj", Cop = "cop", Csubj = "csubj", Dep = "dep", Det = "det",
    Discourse = "discourse", Dislocated = "dislocated", Expl = "expl", Fixed = "fixed", Flat = "flat",
    Goeswith = "goeswith", Iobj = "iobj", List = "list", Mark = "mark", Nmod = "nmod", NmodPoss = "nmod:poss",
    Nsubj = "nsubj", NsubjPass = "nsubj:pass", Nummod = "nummod", Obj = "obj", Obl = "obl", OblArg = "obl:arg",
    Orphan = "orphan", Parataxis = "parataxis", Punct = "punct", Reparandum = "reparandum", Root = "root",
    Vocative = "vocative", Xcomp = "xcomp",
}

/// The side that a thing belongs to (see the guideline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Side {
    /// The United States.
    #[serde(rename = "US")]
    Us,
    /// China.
    #[serde(rename = "CN")]
    Cn,
    /// Neither.
    #[serde(rename = "other")]
    Other,
}

/// Type of a named entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntityType {
    /// A person, without title.
    Per,
    /// An organisation: agency, company, media.
    Org,
    /// A place: country, city, also where it stands for its government.
    Loc,
    /// A product, model, chip, app.
    Prod,
}

/// A mention of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its characters, without Arabic proclitics where they can be cut.
    pub span: Span<Byte>,
    /// Its type.
    pub entity_type: EntityType,
    /// Id in `models/actors.toml`, if it is known.
    pub actor: Option<String>,
    /// Its side at the time of the article.
    pub side: Side,
    /// Why this side, and what found it (`actor us-nvidia`, `demonym الصينية`, `head word وزارة`).
    pub reason: String,
}

/// How a reference points back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceForm {
    /// A pronoun of its own.
    Pronoun,
    /// An enclitic pronoun.
    Enclitic,
    /// The subject that an Arabic verb drops.
    DroppedSubject,
    /// A definite description: the company, الشركة.
    Description,
}

/// A mention without a name that points to an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The mention's words; for a dropped subject the verb.
    pub span: Span<Byte>,
    /// How it points.
    pub form: ReferenceForm,
    /// The antecedent as written.
    pub antecedent: Span<Byte>,
    /// The antecedent's side.
    pub side: Side,
    /// Id of the antecedent's actor, if it is known.
    pub actor: Option<String>,
    /// Why this antecedent.
    pub reason: String,
}

/// How far the source commits itself by the cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Commitment {
    /// said, told, according to.
    Said,
    /// confirmed, stressed.
    Asserted,
    /// claimed, alleged.
    Claimed,
    /// denied, rejected.
    Denied,
    /// accused, condemned, criticised.
    Accused,
    /// warned.
    Warned,
    /// promised, pledged.
    Promised,
    /// demanded, called for, urged.
    Demanded,
    /// believes, expects, fears.
    Believed,
    /// announced, revealed, published.
    Announced,
    /// shows, suggests (data, studies).
    Indicated,
    /// asked.
    Asked,
    /// praised, welcomed.
    Praised,
}

/// Form of an attribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttributionForm {
    /// All of the content stands in quotation marks.
    Direct,
    /// None of it does.
    Indirect,
    /// Some of it does.
    Mixed,
}

/// One source of a chain, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The source's words.
    pub source: Option<Span<Byte>>,
    /// Its side; `None` for the narrator.
    pub side: Option<Side>,
    /// The cue.
    pub cue: Option<Span<Byte>>,
}

/// Who says what by which cue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// The source; `None` with an impersonal cue or where it could not be found.
    pub source: Option<Span<Byte>>,
    /// The source's side (of its referent, for a pronoun); `None` without a source.
    pub source_side: Option<Side>,
    /// Id of the source's actor, if known.
    pub source_actor: Option<String>,
    /// The cue; empty span never occurs; `None` for an open quotation that continues.
    pub cue: Option<Span<Byte>>,
    /// The content, one span or several where it is split.
    pub content: Vec<Span<Byte>>,
    /// Direct, indirect or mixed.
    pub form: AttributionForm,
    /// Commitment by the cue.
    pub commitment: Commitment,
    /// The sources around it, outermost first, itself last.
    pub chain: Vec<Chain>,
    /// The pattern's id, such as `ar/attribution/verb-said/3`.
    pub rule: String,
}

/// A time expression with its normalized value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeExpression {
    /// Its characters.
    pub span: Span<Byte>,
    /// ISO 8601 value: `2025`, `2025-04`, `2025-04-02`, `2025-Q2`, `2025-W14`, an interval `2021/2025`.
    pub value: String,
}

/// A quantity with its normalized value.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Its characters.
    pub span: Span<Byte>,
    /// The number (5e11 for 500 مليار).
    pub value: f64,
    /// ISO 4217 currency, `%`, or a unit; empty for a bare count.
    pub unit: String,
}

/// Topic of a claim (see the guideline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the guideline defines them")]
pub enum Topic {
    Models,
    Chips,
    Compute,
    ExportControls,
    Data,
    Talent,
    Energy,
    Investment,
    Regulation,
    Governance,
    Applications,
    Military,
    SecurityIp,
    OpenSource,
    Rivalry,
}
