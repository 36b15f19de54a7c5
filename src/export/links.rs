//! Links between articles, schema `khabar-links/1`, and what of native JSON they are made of. This module is the schema's
//! home.
//!
//! ```text
//! { "schema": "khabar-links/1",
//!   "articles": [ { "id", "relation": "near_duplicate", "articles": [{"article", "output"}, …],
//!                   "links": [{"a", "b", "relation", "reason", "evidence", "score"}, …] } ],
//!   "clusters": [ { "id", "relation": "same", "claims": [{"article", "claim"}, …],
//!                   "links": [{"a", "b", "relation", "reason", "evidence", "score"}, …] } ] }
//! ```
//!
//! Rules:
//! - `article` is `article.id` and `claim` is `claims[].id` of native JSON; a claim is named by both, since articles of the
//!   same text have the same claim ids.
//! - `relation` is `same` or `contradicts` of claims, `duplicate` (the very same text) or `near_duplicate` of articles.
//! - `a` stands before `b` in the order of the articles' output paths and their claims; each pair is written once. A link
//!   holds in both directions.
//! - `links` are those among the members of a cluster; not each two of them need to be linked directly.
//! - A claim stands in at most one cluster of each relation, an article in at most one of `articles`.
//! - Everything is sorted by the members, first cluster first; nothing depends on the time, the machine or the threads.
//! - `id` is the first 16 hex digits of the SHA-256 of the relation and the members, and so tells whether a cluster is still
//!   the same after another run.

use std::collections::HashMap;
use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::{ArticleJson, ClaimRecord, SpanRecord};
use crate::claim::link::evidence::{CLAIM_FEATURES, Relation};
use crate::claim::link::statement::{Mention, Parts, Piece};
use crate::claim::link::{Group, Link, Linker};
use crate::document::Side;
use crate::error::{Error, ErrorKind, Result};
use crate::provenance::sha256_hex;

/// Name of the schema, first key of the file.
pub const SCHEMA: &str = "khabar-links/1";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinksJson {
    /// Always `khabar-links/1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Clusters of articles with the same text, or nearly.
    pub articles: Vec<ArticleCluster>,
    /// Clusters of claims.
    pub clusters: Vec<ClaimCluster>,
}

/// Articles with the same text, or nearly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleCluster {
    /// Stable id, 16 hex digits.
    pub id: String,
    /// `duplicate` if all texts are the very same, else `near_duplicate`.
    pub relation: Relation,
    /// The articles.
    pub articles: Vec<ArticleRef>,
    /// The links among them; `a` and `b` are ids of articles.
    pub links: Vec<LinkRecord<String>>,
}

/// An article.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ArticleRef {
    /// Its id.
    pub article: String,
    /// Its JSON file under the output folder.
    pub output: String,
}

/// Claims that say the same, or that contradict each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimCluster {
    /// Stable id, 16 hex digits.
    pub id: String,
    /// `same` or `contradicts`.
    pub relation: Relation,
    /// The claims.
    pub claims: Vec<ClaimRef>,
    /// The links among them.
    pub links: Vec<LinkRecord<ClaimRef>>,
}

/// A claim of an article.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRef {
    /// The article's id.
    pub article: String,
    /// The claim's id.
    pub claim: String,
}

/// A link and why it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkRecord<T> {
    /// One of both.
    pub a: T,
    /// The other.
    pub b: T,
    /// How they are related.
    pub relation: Relation,
    /// Why, in words.
    pub reason: String,
    /// Why, point by point.
    pub evidence: Vec<PointRecord>,
    /// How sure it is, 0 to 1, three decimals.
    pub score: f64,
}

/// One point of what speaks for a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PointRecord {
    /// What is shared or opposed: `actor`, `predicate`, `act`, `state`, `thing`, `name`, `designation`, `quantity`, `time`,
    /// `word`, `opposite`, `polarity`, `text`.
    pub kind: String,
    /// The id of the actor, the concept, the normalized value.
    pub value: String,
}

fn overlaps(a: &SpanRecord, b: &SpanRecord) -> bool {
    a.start < b.end && b.start < a.end
}

/// What of a claim is compared.
pub fn parts<'a>(json: &'a ArticleJson, claim: &'a ClaimRecord) -> Parts<'a> {
    let content = &claim.content;
    // Tokens and entities stand in text order: the first that ends behind the start is where the content begins.
    let from = json.tokens.partition_point(|token| token.span.end <= content.start);
    let tokens = json.tokens[from..].iter().take_while(|token| token.span.start < content.end);
    let mut pieces = Vec::new();
    for word in tokens.flat_map(|token| &token.words).filter(|word| overlaps(&word.span, content)) {
        let at = json.entities.partition_point(|entity| entity.span.end <= word.span.start);
        pieces.push(Piece {
            form: &word.form,
            quote: &word.span.quote,
            lemma: &word.lemma,
            upos: word.upos,
            predicate: claim.predicate.as_ref().is_some_and(|predicate| overlaps(predicate, &word.span)),
            named: json.entities.get(at).is_some_and(|entity| overlaps(&entity.span, &word.span)),
        });
    }
    let is_actor = |span: &SpanRecord| claim.actor.as_ref().is_some_and(|actor| overlaps(actor, span));
    let mut mentions = Vec::new();
    for entity in &json.entities {
        let subject = is_actor(&entity.span);
        if subject || overlaps(&entity.span, content) {
            let actor = entity.actor.as_deref();
            mentions.push(Mention { actor, side: entity.side, quote: &entity.span.quote, subject });
        }
    }
    for reference in &json.references {
        let subject = is_actor(&reference.span);
        // Outside of the content only what the claim's actor points back to counts.
        if subject || overlaps(&reference.span, content) {
            let actor = reference.actor.as_deref();
            if actor.is_some() || reference.entity.is_some() || subject {
                let quote = if reference.entity.is_some() { reference.antecedent.quote.as_str() } else { "" };
                mentions.push(Mention { actor, side: reference.side, quote, subject });
            }
        }
    }
    if mentions.iter().all(|mention| !mention.subject)
        && claim.actor.is_some()
        && let Some(&side) = claim.about.first()
    {
        // An actor without a name still has a side.
        mentions.push(Mention { actor: None, side, quote: "", subject: side != Side::Other });
    }
    Parts {
        words: pieces,
        mentions,
        quantities: claim.quantities.iter().map(|quantity| (quantity.value, quantity.unit.as_str())).collect(),
        times: claim.time.iter().map(|time| time.value.as_str()).collect(),
        polarity: claim.polarity,
        modality: claim.modality,
        date: json.article.date.as_deref(),
    }
}

/// Takes the articles of a run one by one and makes the file.
#[derive(Debug, Default)]
pub struct Collector {
    linker: Linker,
    articles: Vec<ArticleRef>,
    claims: Vec<ClaimRef>,
    by_id: HashMap<String, usize>,
}

impl Collector {
    /// Takes an article. Articles must come in the order of their output paths for the file to be the same each time.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if an article of the same id came before, or a claim's id occurs twice in it.
    pub fn add(&mut self, json: &ArticleJson) -> Result<()> {
        let twice = |what: String| Error::new(ErrorKind::Malformed, what).at(&json.article.output);
        let id = &json.article.id;
        if self.by_id.insert(id.clone(), self.articles.len()).is_some() {
            return Err(twice(format!("another article has the id {id} too")));
        }
        let mut ids: Vec<&str> = json.claims.iter().map(|claim| claim.id.as_str()).collect();
        ids.sort_unstable();
        if let Some((id, _)) = ids.iter().zip(ids.iter().skip(1)).find(|(id, next)| id == next) {
            return Err(twice(format!("two claims have the id {id}")));
        }
        let claims: Vec<Parts<'_>> = json.claims.iter().map(|claim| parts(json, claim)).collect();
        self.linker.add(&json.text, &json.text_sha256, &claims);
        self.articles.push(ArticleRef { article: id.clone(), output: json.article.output.clone() });
        self.claims.extend(json.claims.iter().map(|claim| ClaimRef { article: id.clone(), claim: claim.id.clone() }));
        Ok(())
    }

    /// Number of articles and of claims so far.
    pub fn counts(&self) -> (usize, usize) {
        (self.articles.len(), self.claims.len())
    }

    /// Writes what the decision on each two claims that are compared goes by, one JSON object a line: for fitting its weights.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write_features(&self, mut out: impl io::Write) -> io::Result<()> {
        let outputs: HashMap<&str, &str> =
            self.articles.iter().map(|article| (article.article.as_str(), article.output.as_str())).collect();
        for (a, b, features) in self.linker.features() {
            let name = |at: usize| outputs.get(self.claims[at].article.as_str()).copied().unwrap_or_default();
            let features: serde_json::Map<String, serde_json::Value> =
                CLAIM_FEATURES.iter().zip(features).map(|(name, value)| ((*name).to_owned(), value.into())).collect();
            let line = serde_json::json!({ "a": name(a), "b": name(b), "features": features });
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Finds the links, with as many threads as the pool that it runs in.
    pub fn finish(self) -> LinksJson {
        let links = self.linker.link();
        let name = |relation: Relation| match relation {
            Relation::Same => "same",
            Relation::Contradicts => "contradicts",
            Relation::Duplicate => "duplicate",
            Relation::NearDuplicate => "near_duplicate",
        };
        let articles = links
            .articles
            .iter()
            .map(|group| {
                let members: Vec<ArticleRef> = group.members.iter().map(|&at| self.articles[at].clone()).collect();
                let ids: Vec<&str> = members.iter().map(|member| member.article.as_str()).collect();
                ArticleCluster {
                    id: cluster_id(name(group.relation), &ids),
                    relation: group.relation,
                    links: records(group, |at| self.articles[at].article.clone()),
                    articles: members,
                }
            })
            .collect();
        let clusters = links
            .claims
            .iter()
            .map(|group| {
                let members: Vec<ClaimRef> = group.members.iter().map(|&at| self.claims[at].clone()).collect();
                let ids: Vec<&str> =
                    members.iter().flat_map(|member| [member.article.as_str(), member.claim.as_str()]).collect();
                ClaimCluster {
                    id: cluster_id(name(group.relation), &ids),
                    relation: group.relation,
                    links: records(group, |at| self.claims[at].clone()),
                    claims: members,
                }
            })
            .collect();
        LinksJson { schema: SCHEMA.to_owned(), articles, clusters }
    }
}

fn cluster_id(relation: &str, members: &[&str]) -> String {
    let mut hash = sha256_hex(format!("{relation}\n{}\n", members.join("\n")).as_bytes());
    hash.truncate(16);
    hash
}

fn records<T>(group: &Group, of: impl Fn(usize) -> T) -> Vec<LinkRecord<T>> {
    group
        .links
        .iter()
        .map(|link| LinkRecord {
            a: of(link.a),
            b: of(link.b),
            relation: link.relation,
            reason: reason(link),
            evidence: link
                .evidence
                .iter()
                .map(|point| PointRecord { kind: point.kind.to_owned(), value: point.value.clone() })
                .collect(),
            score: link.score,
        })
        .collect()
}

/// The evidence as a sentence: `predicate impose; actors us, cn; quantity 25 %`.
fn reason(link: &Link) -> String {
    let mut parts: Vec<(&str, Vec<&str>)> = Vec::new();
    for point in &link.evidence {
        match parts.iter_mut().find(|(kind, _)| *kind == point.kind) {
            Some((_, values)) => values.push(&point.value),
            None => parts.push((point.kind, vec![&point.value])),
        }
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(kind, values)| match kind {
            "text" | "polarity" => values.join(", "),
            "opposite" => format!("opposites {}", values.join(", ")),
            "quantity" if values.len() > 1 => format!("quantities {}", values.join(", ")),
            _ => format!("{kind}{} {}", if values.len() > 1 { "s" } else { "" }, values.join(", ")),
        })
        .collect();
    parts.join("; ")
}

impl LinksJson {
    /// Reads what [`LinksJson::write`] wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if it is no JSON of this schema.
    pub fn read(json: &str) -> Result<Self> {
        let read: Self = serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::Malformed, format!("no {SCHEMA}: {error}")).line(error.line() as u64)
        })?;
        if read.schema == SCHEMA {
            Ok(read)
        } else {
            Err(Error::new(ErrorKind::Malformed, format!("schema {:?} is not {SCHEMA}", read.schema)))
        }
    }

    /// Writes it with each cluster on a line of its own: to be read with `grep` and `diff`.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, mut out: impl io::Write) -> io::Result<()> {
        fn list<T: Serialize>(out: &mut impl io::Write, key: &str, items: &[T], end: &str) -> io::Result<()> {
            write!(out, "\"{key}\": [")?;
            for (index, item) in items.iter().enumerate() {
                out.write_all(if index == 0 { b"\n  " } else { b",\n  " })?;
                serde_json::to_writer(&mut *out, item)?;
            }
            writeln!(out, "{}{end}", if items.is_empty() { "]" } else { "\n]" })
        }
        writeln!(out, "{{\n\"schema\": \"{}\",", self.schema)?;
        list(&mut out, "articles", &self.articles, ",")?;
        list(&mut out, "clusters", &self.clusters, "")?;
        out.write_all(b"}\n")
    }
}

/// The JSON Schema of [`LinksJson`], generated from the types.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(LinksJson).to_value()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Article;
    use crate::export::json::OffsetUnit;
    use crate::pipeline::Pipeline;
    use crate::provenance::Provenance;

    fn article(pipeline: &Pipeline, text: &str, output: &str, unit: OffsetUnit) -> ArticleJson {
        let (document, claims) = pipeline.run(Article::from_text(text));
        ArticleJson::new(&document, &claims, output, unit, Provenance::new("c", Vec::new()))
    }

    fn links(unit: OffsetUnit) -> (LinksJson, Vec<ArticleJson>) {
        let pipeline = Pipeline::with_defaults().unwrap();
        let texts = [
            "China imposed tariffs of 25% on American soybeans on Monday.",
            "🚀 فرضت الصين رسوما جمركية بنسبة 25% على فول الصويا الأمريكي.",
            "The United States approved the sale of Nvidia chips.",
            "China imposed tariffs of 25% on American soybeans on Monday.",
        ];
        let articles: Vec<ArticleJson> =
            texts.iter().enumerate().map(|(at, text)| article(&pipeline, text, &format!("{at}.json"), unit)).collect();
        let mut collector = Collector::default();
        for article in &articles {
            collector.add(article).unwrap();
        }
        (collector.finish(), articles)
    }

    #[test]
    fn claims_of_real_articles_are_linked_whatever_the_unit() {
        let (found, articles) = links(OffsetUnit::CodePoint);
        for (unit, _) in OffsetUnit::ALL {
            assert_eq!(links(unit).0, found);
        }
        assert_eq!(found.articles.len(), 1);
        assert_eq!(found.articles[0].relation, Relation::Duplicate);
        let cluster = found.clusters.iter().find(|cluster| cluster.claims.len() == 3).unwrap();
        assert_eq!(cluster.relation, Relation::Same);
        let link = cluster.links.iter().find(|link| link.reason.contains("quantity 25 %")).unwrap();
        assert!(link.reason.contains("predicate impose") && link.reason.contains("soybeans"), "{}", link.reason);
        for claim in found.clusters.iter().flat_map(|cluster| &cluster.claims) {
            let article = articles.iter().find(|article| article.article.id == claim.article).unwrap();
            assert!(article.claims.iter().any(|other| other.id == claim.claim));
        }
    }

    #[test]
    fn written_read_back_and_fits_the_schema() {
        let (found, articles) = links(OffsetUnit::Byte);
        let mut bytes = Vec::new();
        found.write(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(LinksJson::read(&text).unwrap(), found);
        jsonschema::validator_for(&schema()).unwrap().validate(&serde_json::from_str(&text).unwrap()).unwrap();
        let mut empty = Vec::new();
        Collector::default().finish().write(&mut empty).unwrap();
        assert!(LinksJson::read(std::str::from_utf8(&empty).unwrap()).unwrap().clusters.is_empty());
        assert!(LinksJson::read("{\"schema\": \"khabar-links/1\"}").is_err());
        let other = text.replace("khabar-links/1", "khabar-links/9");
        assert_eq!(LinksJson::read(&other).unwrap_err().kind(), ErrorKind::Malformed);
        let mut twice = Collector::default();
        twice.add(&articles[0]).unwrap();
        assert_eq!(twice.add(&articles[0]).unwrap_err().kind(), ErrorKind::Malformed);
    }
}
