//! References: pronouns, enclitics, dropped Arabic subjects and definite descriptions to their antecedents.
//!
//! A rule-based resolver in the tradition of salience ranking (Lappin & Leass 1994): candidates are earlier noun phrases with a
//! side; subjects and recent mentions rank higher; agreement in number, gender and kind filters.

use super::actor::{Actors, actors};
use super::cue::cues;
use super::lexicon::Form;
use super::side::{Sided, sides_of};
use super::tree::Tree;
use crate::document::{
    Annotator, Document, EntityType, Layer, LayerKind, ParagraphKind, Reference, ReferenceForm, Relation, Side, Upos,
    Word,
};
use crate::normalizer::match_key;
use crate::offset::{Byte, Span};

/// Finds references and their antecedents.
#[derive(Debug)]
pub struct Coreference {
    actors: &'static Actors,
}

impl Default for Coreference {
    fn default() -> Self {
        Self { actors: actors() }
    }
}

impl Annotator for Coreference {
    fn name(&self) -> &'static str {
        "coreference"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Readings, LayerKind::Words, LayerKind::Dependencies, LayerKind::Entities]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::References
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut resolver = Resolver {
            actors: self.actors,
            references: Vec::new(),
            candidates: Vec::new(),
            lemmas: Vec::new(),
            programmes: Vec::new(),
        };
        // Laws, orders and programmes are no entities of the guideline, but they have a side.
        for hit in self.actors.find(document) {
            let actor = &self.actors.all()[hit.actor];
            if actor.mention_type().is_none() {
                resolver.programmes.push((hit.span, actor.side, actor.id.clone()));
            }
        }
        for (at, sentence) in document.layers().sentences.iter().enumerate() {
            if document.paragraphs()[sentence.paragraph].kind != ParagraphKind::Furniture {
                resolver.sentence(&Tree::new(document, at), at);
            }
        }
        Layer::References(resolver.references)
    }
}

/// Grammatical number and gender as far as the form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Singular,
    Plural,
    Dual,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gender {
    Masculine,
    Feminine,
    Any,
}

/// What a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Person,
    Organisation,
    Country,
    Product,
    People,
    Thing,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a mention")]
struct Candidate {
    span: Span<Byte>,
    sentence: usize,
    side: Side,
    actor: Option<String>,
    kind: Kind,
    company: bool,
    subject: bool,
    main: bool,
    /// Subject of a reporting verb.
    speaker: bool,
    number: Agreement,
    gender: Gender,
}

impl Candidate {
    /// Whether an Arabic pronoun or verb of that number and gender may point to it; plurals of things agree as feminine singular.
    fn agrees(&self, number: Agreement, gender: Gender) -> bool {
        match number {
            Agreement::Plural => self.number == Agreement::Plural && self.kind == Kind::People,
            Agreement::Dual => self.number == Agreement::Dual,
            _ if self.number == Agreement::Plural && !matches!(self.kind, Kind::People | Kind::Person) => {
                gender == Gender::Feminine
            }
            _ => {
                !matches!(self.number, Agreement::Plural | Agreement::Dual)
                    && (self.gender == gender || self.gender == Gender::Any || gender == Gender::Any)
            }
        }
    }
}

struct Resolver {
    actors: &'static Actors,
    /// Grows as the text is read, so that a phrase may get its side from a pronoun.
    references: Vec<Reference>,
    candidates: Vec<Candidate>,
    /// Head lemma of a described thing with a side (the restrictions): lemma, side, span, sentence.
    lemmas: Vec<(String, Side, Span<Byte>, usize)>,
    /// Named laws and programmes: span, side, actor.
    programmes: Vec<(Span<Byte>, Side, String)>,
}

impl Resolver {
    fn sentence(&mut self, tree: &Tree<'_>, sentence: usize) {
        for at in tree.range() {
            if let Some(reference) = self.reference(tree, at, sentence) {
                self.remember_reference(tree, at, sentence, &reference);
                self.remember_programme(tree, at, sentence, &reference);
                self.references.push(reference);
            } else {
                self.remember(tree, at, sentence);
            }
        }
    }

    fn role(tree: &Tree<'_>, at: usize) -> (bool, bool) {
        let subject = matches!(tree.relation(at), Relation::Nsubj | Relation::NsubjPass);
        let main = subject && tree.head(at).is_some_and(|h| tree.head(h).is_none());
        (subject, main)
    }

    fn remember_reference(&mut self, tree: &Tree<'_>, at: usize, sentence: usize, reference: &Reference) {
        let Some(before) = self.candidates.iter().rev().find(|c| c.span == reference.antecedent).cloned() else {
            return;
        };
        let (subject, main) = match reference.form {
            ReferenceForm::DroppedSubject => (true, tree.head(at).is_none()),
            _ => Self::role(tree, at),
        };
        self.candidates.push(Candidate { sentence, subject, main, ..before });
    }

    /// A named law is what "the law" means later.
    fn remember_programme(&mut self, tree: &Tree<'_>, at: usize, sentence: usize, reference: &Reference) {
        if reference.reason == "name of a law or programme" && reference.side != Side::Other {
            let key = bare(&tree.word(at).key);
            let kind = match key.as_str() {
                "act" | "bill" => "law".to_owned(),
                _ => key,
            };
            self.lemmas.push((kind, reference.side, reference.antecedent, sentence));
        }
    }

    /// Takes a noun phrase with a side into the list of candidates.
    fn remember(&mut self, tree: &Tree<'_>, at: usize, sentence: usize) {
        let word = tree.word(at);
        if !matches!(word.upos, Upos::Noun | Upos::Propn | Upos::X | Upos::Adj)
            || super::entity::is_name_part(tree.relation(at))
                && tree.head(at).is_some_and(|h| {
                    super::entity::entity_at(tree.document(), h).map(|e| e.span)
                        == super::entity::entity_at(tree.document(), at).map(|e| e.span)
                })
        {
            return;
        }
        if word.upos == Upos::Adj && super::entity::entity_at(tree.document(), at).is_none() {
            return;
        }
        let sides = sides_of(tree, &self.references, at);
        let [Sided { side, actor, .. }] = sides.as_slice() else { return };
        let entity = super::entity::entity_at(tree.document(), at);
        let (subject, main) = Self::role(tree, at);
        let speaker = subject && tree.head(at).is_some_and(|h| cues().form(&tree.word(h).key).is_some());
        let kind = match entity {
            Some(entity) => match entity.entity_type {
                EntityType::Per => Kind::Person,
                EntityType::Org => Kind::Organisation,
                EntityType::Loc => Kind::Country,
                EntityType::Prod => Kind::Product,
            },
            None if is_person_noun(word) => {
                if number(word) == Agreement::Plural {
                    Kind::People
                } else {
                    Kind::Person
                }
            }
            None if is_organisation_noun(word) => Kind::Organisation,
            None => Kind::Thing,
        };
        let company = actor
            .as_deref()
            .and_then(|id| self.actors.get(id))
            .is_some_and(|a| a.kind == "company" || a.kind == "laboratory")
            || entity.is_some_and(|e| e.actor.is_none() && e.entity_type == EntityType::Org)
            || matches!(word.lemma.as_str(), "company" | "firm" | "شركه");
        let span = entity.map_or_else(|| tree.noun_phrase(at), |e| e.span);
        let number = match kind {
            Kind::Person | Kind::Country | Kind::Organisation | Kind::Product if entity.is_some() => {
                Agreement::Singular
            }
            _ => number(word),
        };
        let gender = match (kind, entity) {
            (Kind::Country, Some(_)) => Gender::Feminine,
            (Kind::Organisation, Some(_)) if actor.is_some() => {
                if word.key.starts_with("البيت")
                    || word.key.starts_with("مكتب")
                    || word.key.starts_with("معهد")
                    || word.key.starts_with("البنتاغون")
                    || word.key.starts_with("الكونغرس")
                    || word.key.starts_with("مجلس")
                {
                    Gender::Masculine
                } else {
                    Gender::Feminine
                }
            }
            (Kind::Person, Some(_)) => Gender::Any,
            _ => gender(word),
        };
        if *side != Side::Other && !matches!(kind, Kind::Person | Kind::Country) && entity.is_none() {
            self.lemmas.push((bare(&word.key), *side, span, sentence));
        }
        self.candidates.push(Candidate {
            span,
            sentence,
            side: *side,
            actor: actor.clone(),
            kind,
            company,
            subject,
            main,
            speaker,
            number,
            gender,
        });
    }

    fn reference(&self, tree: &Tree<'_>, at: usize, sentence: usize) -> Option<Reference> {
        let word = tree.word(at);
        if super::entity::entity_at(tree.document(), at).is_some() {
            return None;
        }
        if let Some((span, side, actor)) = self.programmes.iter().find(|(span, ..)| span.contains(word.span)) {
            // Once a name: at its head.
            let head = tree.head(at).is_none_or(|h| !span.contains(tree.word(h).span));
            return head.then(|| Reference {
                span: word.span,
                form: ReferenceForm::Description,
                antecedent: *span,
                side: *side,
                actor: Some(actor.clone()),
                reason: "name of a law or programme".into(),
            });
        }
        match word.upos {
            Upos::Pron | Upos::Det if is_personal(word) => self.pronoun(tree, at, sentence),
            Upos::Verb | Upos::Aux if is_arabic_word(word) => self.dropped_subject(tree, at, sentence),
            Upos::Noun | Upos::Propn | Upos::X => self.description(tree, at, sentence),
            _ => None,
        }
    }

    fn best(&self, sentence: usize, window: usize, score: impl Fn(&Candidate) -> Option<f64>) -> Option<&Candidate> {
        let mut best: Option<(f64, &Candidate)> = None;
        for candidate in self.candidates.iter().rev() {
            if candidate.sentence + window < sentence {
                break;
            }
            let Some(fit) = score(candidate) else { continue };
            let distance = (sentence - candidate.sentence) as f64;
            let value = fit + f64::from(u8::from(candidate.subject)) * 1.5 + f64::from(u8::from(candidate.main)) * 0.7
                - distance * 1.6;
            if best.is_none_or(|(b, _)| value > b) {
                best = Some((value, candidate));
            }
        }
        best.map(|(_, c)| c)
    }

    fn pronoun(&self, tree: &Tree<'_>, at: usize, sentence: usize) -> Option<Reference> {
        let word = tree.word(at);
        let (number, gender, person) = pronoun_features(&word.key)?;
        // "it" of weather and clefts has no antecedent.
        if tree.relation(at) == Relation::Expl {
            return None;
        }
        let start = word.span.start();
        let english = !is_arabic_word(word);
        let enclitic = word.clitic.is_some();
        let antecedent = self.best(sentence, 2, |c| {
            if c.span.end() > start || c.span.overlaps(word.span) {
                return None;
            }
            let mut fit = 0.0;
            if english {
                let ok = match person {
                    Some(true) => c.kind == Kind::Person,
                    Some(false) => !matches!(c.kind, Kind::Person | Kind::People) && c.number != Agreement::Plural,
                    None => c.number == Agreement::Plural || c.kind == Kind::Organisation || c.kind == Kind::People,
                };
                if !ok {
                    return None;
                }
                if person.is_none() && c.number == Agreement::Plural {
                    fit += 1.0;
                }
            } else if !c.agrees(number, gender) {
                return None;
            }
            // Arabic enclitics on nouns point to the nearest subject; a mention of a side beats one of none.
            if c.side != Side::Other {
                fit += 0.5;
            }
            let close = (start - c.span.end()) as f64;
            Some(fit - close / 400.0)
        })?;
        Some(Self::make(
            word.span,
            if enclitic { ReferenceForm::Enclitic } else { ReferenceForm::Pronoun },
            antecedent,
            "agreement and salience",
        ))
    }

    fn dropped_subject(&self, tree: &Tree<'_>, at: usize, sentence: usize) -> Option<Reference> {
        let word = tree.word(at);
        if tree.child(at, &[Relation::Nsubj, Relation::NsubjPass, Relation::Csubj, Relation::Expl]).is_some()
            || tree.relation(at) == Relation::Aux
        {
            return None;
        }
        let (number, gender) = verb_agreement(word);
        let start = word.span.start();
        // A relative clause takes its noun, a conjunct the subject of its first verb.
        let relation = tree.relation(at);
        if let Some(head) = tree.head(at) {
            if matches!(relation, Relation::AclRelcl | Relation::Acl) {
                let sides = sides_of(tree, &self.references, head);
                let [one] = sides.as_slice() else { return None };
                return Some(Reference {
                    span: word.span,
                    form: ReferenceForm::DroppedSubject,
                    antecedent: tree.noun_phrase(head),
                    side: one.side,
                    actor: one.actor.clone(),
                    reason: "relative clause on its noun".into(),
                });
            }
        }
        let cue = cues().form(&word.key).is_some_and(|(_, form)| form == Form::Finite);
        let antecedent = self.best(sentence, if cue { 3 } else { 2 }, |c| {
            if c.span.end() > start {
                return None;
            }
            if !c.agrees(number, gender) {
                return None;
            }
            let mut fit = 0.0;
            // Speaking is done by persons and organisations.
            if cue && matches!(c.kind, Kind::Product | Kind::Thing) {
                return None;
            }
            if c.subject {
                fit += 1.5;
            }
            // Who spoke speaks on: وأضافت.
            if cue && c.speaker {
                fit += 2.0;
            }
            Some(fit - (start - c.span.end()) as f64 / 500.0)
        })?;
        Some(Self::make(word.span, ReferenceForm::DroppedSubject, antecedent, "agreement and salience"))
    }

    fn description(&self, tree: &Tree<'_>, at: usize, sentence: usize) -> Option<Reference> {
        let word = tree.word(at);
        let english = !is_arabic_word(word);
        let definite = if english {
            tree.child(at, &[Relation::Det])
                .is_some_and(|d| matches!(tree.word(d).key.as_str(), "the" | "this" | "that" | "these" | "those"))
        } else {
            word.article.is_some() || word.key.starts_with("ال")
        };
        if !definite || !sides_of(tree, &self.references, at).is_empty() {
            return None;
        }
        let start = word.span.start();
        let key = bare(&word.key);
        let with_modifier = tree
            .children_by(at, &[Relation::Compound, Relation::Amod])
            .next()
            .map(|m| format!("{} {}", tree.word(m).key, word.key));
        let role_actors: Vec<usize> = with_modifier
            .iter()
            .map(String::as_str)
            .chain([word.key.as_str(), key.as_str()])
            .flat_map(|k| self.actors.role(k).to_vec())
            .collect();
        let wants = |c: &Candidate| -> Option<f64> {
            let id = c.actor.as_deref();
            if id.is_some_and(|id| role_actors.iter().any(|&a| self.actors.all()[a].id == id)) {
                return Some(3.0);
            }
            let kind_of = id.and_then(|id| self.actors.get(id)).map_or("", |a| a.kind.as_str());
            let fits = match key.as_str() {
                "company" | "firm" | "startup" | "manufacturer" | "chipmaker" | "automaker" | "giant"
                | "conglomerate" | "شركه" | "مجموعه" | "عملاق" => c.company,
                "ministry" | "department" | "agency" | "bureau" | "وزاره" | "وكاله" => {
                    matches!(kind_of, "ministry" | "agency")
                        || (kind_of.is_empty() && c.kind == Kind::Organisation && !c.company)
                }
                "commission" | "committee" | "هييه" | "لجنه" => {
                    matches!(kind_of, "agency" | "legislature" | "ministry")
                }
                "university" | "institute" | "جامعه" | "معهد" => {
                    matches!(kind_of, "university" | "think_tank")
                }
                "country" | "nation" | "government" | "administration" | "economy" | "بلاد" | "بلد" | "دوله"
                | "حكومه" | "اداره" | "جانب" => c.kind == Kind::Country || kind_of == "government",
                "president" | "minister" | "secretary" | "spokesman" | "spokeswoman" | "spokesperson" | "official"
                | "executive" | "ambassador" | "senator" | "diplomat" | "chairman" | "founder" | "رييس" | "وزير"
                | "وزيره" | "متحدث" | "متحدثه" | "مسوول" | "سفير" | "دبلوماسي" => {
                    c.kind == Kind::Person
                }
                "model" | "app" | "chip" | "platform" | "chatbot" | "نموذج" | "تطبيق" | "منصه" | "رقاقه" | "شريحه" => {
                    c.kind == Kind::Product
                }
                _ => false,
            };
            fits.then_some(1.0)
        };
        if let Some(antecedent) = self.best(sentence, 4, |c| {
            (c.span.end() <= start)
                .then(|| wants(c))
                .flatten()
                .map(|fit| fit + if c.side == Side::Other { 0.0 } else { 0.3 })
        }) {
            return Some(Self::make(word.span, ReferenceForm::Description, antecedent, "kind of the noun"));
        }
        // The restrictions: the same noun had a side before.
        let (_, side, span, _) = self
            .lemmas
            .iter()
            .rev()
            .find(|(lemma, _, span, at)| *lemma == key && at + 5 >= sentence && span.end() <= start)?;
        Some(Reference {
            span: word.span,
            form: ReferenceForm::Description,
            antecedent: *span,
            side: *side,
            actor: None,
            reason: "same noun before".into(),
        })
    }

    fn make(span: Span<Byte>, form: ReferenceForm, antecedent: &Candidate, reason: &str) -> Reference {
        Reference {
            span,
            form,
            antecedent: antecedent.span,
            side: antecedent.side,
            actor: antecedent.actor.clone(),
            reason: reason.to_owned(),
        }
    }
}

fn bare(key: &str) -> String {
    let host = key.strip_prefix("ال").filter(|h| h.chars().count() >= 2).unwrap_or(key);
    if host.is_ascii() && host.len() > 3 && host.ends_with('s') && !host.ends_with("ss") {
        host[..host.len() - 1].to_owned()
    } else {
        host.to_owned()
    }
}

fn is_arabic_word(word: &Word) -> bool {
    word.form.chars().next().is_some_and(|c| ('\u{0600}'..='\u{06ff}').contains(&c))
}

fn is_personal(word: &Word) -> bool {
    pronoun_features(&word.key).is_some()
}

/// Number, gender and, in English, whether it is for a person (`None`: they).
fn pronoun_features(key: &str) -> Option<(Agreement, Gender, Option<bool>)> {
    Some(match key {
        "he" | "him" | "his" | "himself" => (Agreement::Singular, Gender::Masculine, Some(true)),
        "she" | "her" | "hers" | "herself" => (Agreement::Singular, Gender::Feminine, Some(true)),
        "it" | "its" | "itself" => (Agreement::Singular, Gender::Any, Some(false)),
        "they" | "them" | "their" | "theirs" | "themselves" => (Agreement::Plural, Gender::Any, None),
        "ه" | "هو" => (Agreement::Singular, Gender::Masculine, None),
        "ها" | "هي" => (Agreement::Singular, Gender::Feminine, None),
        "هم" => (Agreement::Plural, Gender::Masculine, None),
        "هن" => (Agreement::Plural, Gender::Feminine, None),
        "هما" => (Agreement::Dual, Gender::Any, None),
        _ => return None,
    })
}

/// Agreement that a finite Arabic verb asks of its subject, from its form.
fn verb_agreement(word: &Word) -> (Agreement, Gender) {
    let key = word.key.as_str();
    if word.has("Number=Dual") || key.ends_with("تا") && key.chars().count() > 4 {
        return (Agreement::Dual, Gender::Any);
    }
    if word.has("Number=Plur")
        || key.ends_with("وا")
        || (key.starts_with(['ي', 'ت']) && key.ends_with("ون") && key.chars().count() > 4)
    {
        return (Agreement::Plural, Gender::Masculine);
    }
    let feminine = if word.has("Gender=Fem") {
        true
    } else if word.has("Gender=Masc") {
        false
    } else {
        key.starts_with('ت') || key.ends_with('ت')
    };
    (Agreement::Singular, if feminine { Gender::Feminine } else { Gender::Masculine })
}

fn number(word: &Word) -> Agreement {
    if word.has("Number=Plur") {
        return Agreement::Plural;
    }
    if word.has("Number=Dual") {
        return Agreement::Dual;
    }
    if is_arabic_word(word) {
        let key = word.key.as_str();
        if key.ends_with("ات") || key.ends_with("ون") || (key.ends_with("ين") && key.chars().count() > 5) {
            return Agreement::Plural;
        }
        let host = key.strip_prefix("ال").unwrap_or(key);
        if matches!(host, "شركه" | "دوله") { Agreement::Singular } else { Agreement::Any }
    } else {
        Agreement::Singular
    }
}

fn gender(word: &Word) -> Gender {
    if word.has("Gender=Fem") {
        Gender::Feminine
    } else if word.has("Gender=Masc") {
        Gender::Masculine
    } else if is_arabic_word(word) {
        if word.key.ends_with('ه') || word.key.ends_with("ات") { Gender::Feminine } else { Gender::Masculine }
    } else {
        Gender::Any
    }
}

fn is_person_noun(word: &Word) -> bool {
    let key = bare(&word.key);
    static NOUNS: std::sync::LazyLock<std::collections::HashSet<String>> = std::sync::LazyLock::new(|| {
        "official spokesman spokeswoman spokesperson minister secretary president leader executive analyst researcher scientist engineer lawmaker senator diplomat expert negotiator regulator hacker student worker economist critic envoy ambassador general commander lawyer people chief officer مسؤول مسؤولون مسؤولين متحدث متحدثة وزير رئيس خبير خبراء محلل محللون محللين باحث باحثون باحثين علماء عالم مهندس مهندسون مهندسين مشرع مشرعون مشرعين سيناتور نائب نواب دبلوماسي دبلوماسيون سفير طلاب طالب مفاوض مفاوضون مفاوضين قادة زعيم جنرال قراصنة موظف موظفون مطورون مطورين"
            .split_whitespace()
            .map(match_key)
            .collect()
    });
    NOUNS.contains(&key)
}

fn is_organisation_noun(word: &Word) -> bool {
    matches!(
        bare(&word.key).as_str(),
        "company"
            | "firm"
            | "ministry"
            | "government"
            | "administration"
            | "agency"
            | "department"
            | "commission"
            | "embassy"
            | "military"
            | "army"
            | "startup"
            | "university"
            | "حكومه"
            | "اداره"
            | "وزاره"
            | "شركه"
            | "سفاره"
            | "جيش"
            | "وكاله"
            | "خارجيه"
            | "جامعه"
            | "سلطات"
            | "authoritie"
    )
}
