//! The claim: its type, and its extraction from the layers.

pub mod clause;
pub mod extractor;
pub mod features;
pub mod learned;
pub mod link;
mod speech;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Attribution, Chain, Commitment, Side, Topic};
use crate::offset::{Byte, Span};

/// What an extractor makes of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// Its claims, in text order.
    pub claims: Vec<Claim>,
    /// Better attributions than those of the document, if the extractor found such.
    pub attributions: Option<Vec<Attribution>>,
}

/// How claims are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// By the claim network, with what the rules found among its features.
    #[default]
    Network,
    /// By the rules alone.
    Rules,
}

impl Method {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Network, "network"), (Self::Rules, "rules")];

    /// The one of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(method, _)| *method)
    }
}

/// Whether a source of the side says it, or somebody else says it of the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// A source of the side says it, whatever it is about.
    Stated,
    /// The narrator, or a source of neither side, says it of the side.
    Described,
}

/// The source's side as the guideline writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SourceSide {
    /// The United States.
    #[serde(rename = "US")]
    Us,
    /// China.
    #[serde(rename = "CN")]
    Cn,
    /// A third party, or unnamed and unaffiliated.
    #[serde(rename = "other")]
    Other,
    /// The narrator.
    #[serde(rename = "none")]
    None,
}

/// Polarity of the proposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// Affirmed.
    Affirmed,
    /// Negated by a negator.
    Negated,
}

/// Modality of the proposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Asserted, the future included.
    Asserted,
    /// may, could, قد, يمكن.
    Possible,
    /// plans, seeks, pledges.
    Intended,
    /// must, should, a call on somebody.
    Obligated,
    /// Under a condition.
    Conditional,
}

/// How a proposition presents a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Stronger, right, cooperative.
    Favourable,
    /// Weaker, wrong, aggressive, hindered.
    Unfavourable,
    /// Not presented, plain fact.
    Neutral,
}

/// One proposition that the article puts in the mouth of a side or asserts about a side.
///
/// All spans are bytes of the article's text, half-open. The fields are those of the annotation guideline.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The clause itself.
    pub content: Span<Byte>,
    /// Whom it is attributed to; never [`Side::Other`].
    pub side: Side,
    /// Stated or described.
    pub basis: Basis,
    /// The sides that it is about, the actor's first.
    pub about: Vec<Side>,
    /// Who acts or is described.
    pub actor: Option<Span<Byte>>,
    /// The verb, or what is predicated.
    pub predicate: Option<Span<Byte>>,
    /// Who says it; `None` for the narrator.
    pub source: Option<Span<Byte>>,
    /// The source's side.
    pub source_side: SourceSide,
    /// The reporting word.
    pub cue: Option<Span<Byte>>,
    /// Affirmed or negated.
    pub polarity: Polarity,
    /// Modality.
    pub modality: Modality,
    /// How the United States is presented.
    pub stance_us: Stance,
    /// How China is presented.
    pub stance_cn: Stance,
    /// The closest topic.
    pub topic: Topic,
    /// How far the source commits itself; `None` for the narrator.
    pub commitment: Option<Commitment>,
    /// All sources, outermost first.
    pub source_chain: Vec<Chain>,
    /// Indices of the time expressions inside the content.
    pub times: Vec<usize>,
    /// Indices of the quantities inside the content.
    pub quantities: Vec<usize>,
    /// The predicate's objects.
    pub objects: Vec<Span<Byte>>,
    /// Index of the evidence sentence.
    pub sentence: usize,
    /// How sure the extractor is, 0–1.
    pub confidence: f64,
    /// Id of the rule that made it.
    pub rule: String,
    /// Fields that could not be decided, with the reason.
    pub abstained: Vec<String>,
}
