//! Links between articles: near-duplicates, and the same claim said twice, or a contradicting one, in Arabic and English.
//!
//! ```text
//! article ──► Shingles ───────────────► pairs of near-duplicates ──┐
//!         ──► Kinship ──────────────┐                              │
//! claim ────► Statement ─► Index ─► Evidence ─► same, contradicts ─┴─► groups, each link with its evidence
//!             (concepts, actors, names, quantities, times)
//! ```
//!
//! Only claims that share two telling terms are compared, so that the work grows with the number of claims and not with its
//! square. Whether two claims are linked depends on these two and on how much their articles have in common among all
//! articles given; the result depends on nothing but the input.

pub mod candidate;
pub mod concept;
pub mod duplicate;
pub mod evidence;
pub mod kinship;
pub mod statement;

use std::collections::HashMap;

use rayon::prelude::*;

use self::candidate::{Groups, Index};
use self::duplicate::Shingles;
use self::evidence::{Evidence, PredicateRelation, Relation};
use self::kinship::Kinship;
use self::statement::{Parts, Statement, TermKind, Vocabulary};

/// Why two claims or articles are linked, one point of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// What is shared or opposed: `actor`, `predicate`, `act`, `state`, `thing`, `name`, `designation`, `quantity`, `time`,
    /// `word`, `opposite`, `polarity`, `text`.
    pub kind: &'static str,
    /// The actor's id, the concept, the value.
    pub value: String,
}

/// A link between two claims or two articles by their places in the input, the smaller first.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The first.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// How they are related.
    pub relation: Relation,
    /// How sure it is, 0 to 1.
    pub score: f64,
    /// Why.
    pub evidence: Vec<Point>,
}

/// Things that are linked with each other, directly or by others of the group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// How they are related.
    pub relation: Relation,
    /// The members by their places in the input, sorted.
    pub members: Vec<usize>,
    /// The links among them, sorted.
    pub links: Vec<Link>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Links {
    /// Groups of articles with the same text, or nearly.
    pub articles: Vec<Group>,
    /// Groups of claims that say the same, and groups of claims that contradict each other.
    pub claims: Vec<Group>,
}

/// Takes articles one by one and links them.
#[derive(Debug, Default)]
pub struct Linker {
    vocabulary: Vocabulary,
    shingles: Vec<Shingles>,
    /// For each article the first one with the very same text, if that is another.
    copies: Vec<Option<usize>>,
    by_text: HashMap<String, usize>,
    statements: Vec<Statement>,
    /// For each claim its article.
    article_of: Vec<usize>,
    /// For each article its first claim.
    first_claim: Vec<usize>,
    /// For each article the terms of its claims; none for copies.
    profiles: Vec<Vec<u32>>,
}

impl Linker {
    /// Takes an article: its text, the hash of it, and its claims in order.
    ///
    /// Articles and claims are named by their places in the order in which they came.
    pub fn add(&mut self, text: &str, text_hash: &str, claims: &[Parts<'_>]) {
        let place = self.shingles.len();
        let first = *self.by_text.entry(text_hash.to_owned()).or_insert(place);
        // The copies of a text have its shingles.
        self.copies.push((first != place).then_some(first));
        self.shingles.push(if first == place { Shingles::new(text) } else { Shingles::new("") });
        self.first_claim.push(self.statements.len());
        let mut profile = Vec::new();
        for claim in claims {
            self.article_of.push(place);
            let statement = Statement::new(claim, &mut self.vocabulary);
            if first == place {
                profile.extend(self.vocabulary.profile(&statement));
            }
            self.statements.push(statement);
        }
        profile.sort_unstable();
        profile.dedup();
        self.profiles.push(profile);
    }

    /// Number of claims so far.
    pub fn claim_count(&self) -> usize {
        self.statements.len()
    }

    /// Finds the links.
    pub fn link(&self) -> Links {
        let mut claims = self.same_and_contrary(&self.kinship());
        claims.sort_by(|a, b| (a.relation, &a.members).cmp(&(b.relation, &b.members)));
        Links { articles: self.duplicates(), claims }
    }

    fn kinship(&self) -> Kinship {
        Kinship::new(self.profiles.clone(), &self.vocabulary)
    }

    fn duplicates(&self) -> Vec<Group> {
        let text = |value: String| vec![Point { kind: "text", value }];
        let mut links: Vec<Link> = Vec::new();
        for (b, copy) in self.copies.iter().enumerate() {
            if let Some(a) = *copy {
                let evidence = text("the same text".to_owned());
                links.push(Link { a, b, relation: Relation::Duplicate, score: 1.0, evidence });
            }
        }
        for pair in duplicate::pairs(&self.shingles) {
            let percent = |share: f64| (share * 100.0).round();
            let value = format!(
                "{} % of all five-word sequences, {} % of those of the shorter one",
                percent(pair.jaccard),
                percent(pair.contained)
            );
            links.push(Link {
                a: pair.a,
                b: pair.b,
                relation: Relation::NearDuplicate,
                score: rounded(pair.jaccard.max(pair.contained)),
                evidence: text(value),
            });
        }
        let mut groups = Groups::new(self.shingles.len());
        for link in &links {
            groups.join(link.a, link.b);
        }
        grouped(&groups, links, |links| {
            let exact = links.iter().all(|link| link.relation == Relation::Duplicate);
            if exact { Relation::Duplicate } else { Relation::NearDuplicate }
        })
    }

    /// The claims that are compared, in the order of time. Copies are not: their claims are those of the first article with
    /// this text, in the same order.
    fn order(&self) -> Vec<u32> {
        let mut order = candidate::order(&self.statements);
        order.retain(|&claim| {
            let statement = &self.statements[claim as usize];
            self.copies[self.article_of[claim as usize]].is_none() && !statement.is_empty()
        });
        order
    }

    /// What the decision on each two claims that are compared goes by, for fitting its weights: the claims' places and the
    /// features of [`evidence::CLAIM_FEATURES`].
    pub fn features(&self) -> Vec<(usize, usize, [f64; evidence::CLAIM_FEATURES.len()])> {
        let (kinship, order) = (self.kinship(), self.order());
        let index = Index::new(&self.statements, &order, &self.vocabulary);
        let mut found = Vec::new();
        for &claim in &order {
            for other in index.candidates(claim) {
                let (a, b) = (claim.min(other) as usize, claim.max(other) as usize);
                if self.article_of[a] != self.article_of[b] {
                    let evidence = Evidence::new(&self.statements[a], &self.statements[b], &self.vocabulary);
                    let kinship = kinship.between(self.article_of[a], self.article_of[b]);
                    found.push((a, b, evidence.claim_features(kinship)));
                }
            }
        }
        found
    }

    fn same_and_contrary(&self, kinship: &Kinship) -> Vec<Group> {
        let order = self.order();
        let index = Index::new(&self.statements, &order, &self.vocabulary);
        let mut links: Vec<Link> = order
            .par_iter()
            .flat_map_iter(|&claim| {
                let others = index.candidates(claim).into_iter();
                others.filter_map(move |other| self.compare(claim as usize, other as usize, kinship))
            })
            .collect();
        for (place, copy) in self.copies.iter().enumerate() {
            let Some(original) = *copy else { continue };
            let range = |article: usize| {
                let end = self.first_claim.get(article + 1).copied().unwrap_or(self.statements.len());
                self.first_claim[article]..end
            };
            for (a, b) in range(original).zip(range(place)) {
                let evidence = vec![Point { kind: "text", value: "the same article".to_owned() }];
                links.push(Link { a, b, relation: Relation::Same, score: 1.0, evidence });
            }
        }
        links.sort_by_key(|a| (a.relation, a.a, a.b));
        let (same, contrary): (Vec<Link>, Vec<Link>) =
            links.into_iter().partition(|link| link.relation == Relation::Same);
        let mut groups = self.same_groups(&same);
        let mut apart = Groups::new(self.statements.len());
        for link in &contrary {
            apart.join(link.a, link.b);
        }
        groups.extend(grouped(&apart, contrary, |_| Relation::Contradicts));
        groups
    }

    fn compare(&self, a: usize, b: usize, kinship: &Kinship) -> Option<Link> {
        let (a, b) = (a.min(b), a.max(b));
        if self.article_of[a] == self.article_of[b] {
            return None;
        }
        let evidence = Evidence::new(&self.statements[a], &self.statements[b], &self.vocabulary);
        let (relation, score) = evidence.decide(kinship.between(self.article_of[a], self.article_of[b]))?;
        Some(Link { a, b, relation, score: rounded(score), evidence: self.points(a, b, &evidence) })
    }

    /// Groups of claims that say the same. Links are taken from the surest on, and two groups come together only where the
    /// claims that link most in each do not speak against it, so that a chain of half-likenesses does not end in one group.
    fn same_groups(&self, links: &[Link]) -> Vec<Group> {
        /// What the most linked claims of two groups must reach, far below what makes a link.
        const BEARABLE: f64 = 0.3;
        let mut degree: HashMap<usize, f64> = HashMap::new();
        for link in links {
            *degree.entry(link.a).or_default() += link.score;
            *degree.entry(link.b).or_default() += link.score;
        }
        let mut by_score: Vec<&Link> = links.iter().collect();
        by_score.sort_by(|a, b| b.score.total_cmp(&a.score).then((a.a, a.b).cmp(&(b.a, b.b))));
        let mut groups = Groups::new(self.statements.len());
        let central = |groups: &Groups, group: usize| -> usize {
            let weight = |claim: usize| degree.get(&claim).copied().unwrap_or(0.0);
            groups
                .members(group)
                .into_iter()
                .max_by(|&x, &y| weight(x).total_cmp(&weight(y)).then(y.cmp(&x)))
                .unwrap_or(group)
        };
        for link in by_score {
            let (a, b) = (groups.of(link.a), groups.of(link.b));
            if a == b {
                continue;
            }
            let fits = groups.members(a).len() + groups.members(b).len() == 2 || link.score >= 1.0 || {
                let (x, y) = (central(&groups, a), central(&groups, b));
                let evidence = Evidence::new(&self.statements[x], &self.statements[y], &self.vocabulary);
                !evidence.is_contrary() && !evidence.quantities_differ && evidence.overlap >= BEARABLE
            };
            if fits {
                groups.join(a, b);
            }
        }
        let inside: Vec<Link> = links.iter().filter(|link| groups.of(link.a) == groups.of(link.b)).cloned().collect();
        grouped(&groups, inside, |_| Relation::Same)
    }

    /// The evidence for a reader, in a fixed order.
    fn points(&self, a: usize, b: usize, evidence: &Evidence) -> Vec<Point> {
        let (one, other) = (&self.statements[a], &self.statements[b]);
        let term = |number: u32| self.vocabulary.term(number).text.clone();
        let mut points = Vec::new();
        let mut add = |kind: &'static str, value: String| points.push(Point { kind, value });
        for &(x, y) in &evidence.opposites {
            add("opposite", format!("{} ↔ {}", term(x), term(y)));
        }
        if evidence.is_contrary() && evidence.polarity_differs {
            let which = if one.negated { "the first" } else { "the second" };
            add("polarity", format!("{which} is negated"));
        }
        for &number in &evidence.terms {
            let kind = match self.vocabulary.term(number).kind {
                TermKind::Actor => "actor",
                TermKind::Name => "name",
                TermKind::Code => "designation",
                TermKind::Word => "word",
                TermKind::Quantity => "quantity",
                TermKind::Time => "time",
                TermKind::Concept(concept::Kind::Thing) => "thing",
                TermKind::Concept(_) if one.predicate.contains(&number) && other.predicate.contains(&number) => {
                    "predicate"
                }
                TermKind::Concept(concept::Kind::Act) => "act",
                TermKind::Concept(concept::Kind::State) => "state",
            };
            add(kind, term(number));
        }
        for (value, unit) in &evidence.quantities {
            add("quantity", if unit.is_empty() { value.to_string() } else { format!("{value} {unit}") });
        }
        for time in &evidence.times {
            add("time", time.clone());
        }
        for &word in &evidence.words {
            let both = one.predicate_words.contains(&word) && other.predicate_words.contains(&word);
            let known = evidence.predicate == PredicateRelation::Same && both;
            add(if known { "predicate" } else { "word" }, term(word));
        }
        let rank = |point: &Point| {
            [
                "opposite",
                "polarity",
                "predicate",
                "actor",
                "name",
                "designation",
                "quantity",
                "time",
                "act",
                "state",
                "thing",
            ]
            .iter()
            .position(|kind| *kind == point.kind)
            .unwrap_or(usize::MAX)
        };
        points.sort_by(|x, y| rank(x).cmp(&rank(y)).then_with(|| x.value.cmp(&y.value)));
        points.dedup();
        points
    }
}

/// Three decimals, as they are written.
fn rounded(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}

/// The groups of more than one, each with its links; links must not cross groups.
fn grouped(groups: &Groups, links: Vec<Link>, relation: impl Fn(&[Link]) -> Relation) -> Vec<Group> {
    let members = groups.all();
    let places: HashMap<usize, usize> =
        members.iter().enumerate().map(|(at, members)| (groups.of(members[0]), at)).collect();
    let mut of_group: Vec<Vec<Link>> = vec![Vec::new(); members.len()];
    for link in links {
        if let Some(&at) = places.get(&groups.of(link.a)) {
            of_group[at].push(link);
        }
    }
    members
        .into_iter()
        .zip(of_group)
        .map(|(members, mut links)| {
            links.sort_by_key(|a| (a.a, a.b, a.relation));
            Group { relation: relation(&links), members, links }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::statement::tests::statement;
    use super::*;

    fn linked(articles: &[&[Parts<'static>]]) -> Links {
        let mut linker = Linker::default();
        for (at, claims) in articles.iter().enumerate() {
            linker.add(&format!("text {at}"), &at.to_string(), claims);
        }
        linker.link()
    }

    fn claim(text: &str) -> Parts<'static> {
        statement(text, &[("us-washington", true)], &[], &[])
    }

    #[test]
    fn claims_are_linked_across_languages_with_the_reason() {
        let links = linked(&[
            &[claim("Washington *imposed tariffs on soybeans"), claim("Washington *met farmers")],
            &[claim("*فرضت واشنطن رسوما على فول الصويا")],
            &[claim("*ألغت واشنطن رسوما على فول الصويا")],
        ]);
        assert!(links.articles.is_empty());
        let [same, contrary] = &links.claims[..] else { panic!("{links:?}") };
        assert_eq!((same.relation, same.members.as_slice()), (Relation::Same, &[0, 2][..]));
        let evidence: Vec<(&str, &str)> =
            same.links[0].evidence.iter().map(|point| (point.kind, point.value.as_str())).collect();
        assert_eq!(evidence, [("predicate", "impose"), ("actor", "us"), ("thing", "soybeans"), ("thing", "tariff")]);
        assert_eq!((contrary.relation, contrary.members.as_slice()), (Relation::Contradicts, &[0, 2, 3][..]));
        assert!(contrary.links.iter().all(|link| link.evidence[0].kind == "opposite"));
    }

    #[test]
    fn claims_of_one_article_are_not_linked() {
        let twice =
            [claim("Washington *imposed tariffs on soybeans"), claim("Washington *imposed tariffs on soybeans")];
        assert_eq!(linked(&[&twice]), Links::default());
    }

    #[test]
    fn claims_of_copies_are_linked_one_by_one() {
        let claims = [claim("Washington *imposed tariffs on soybeans"), claim("Beijing *met farmers")];
        let mut linker = Linker::default();
        linker.add("text", "hash", &claims);
        linker.add("text", "hash", &claims);
        let links = linker.link();
        assert_eq!(links.articles.len(), 1);
        assert_eq!(
            (links.articles[0].relation, links.articles[0].members.as_slice()),
            (Relation::Duplicate, &[0, 1][..])
        );
        let members: Vec<_> = links.claims.iter().map(|group| group.members.clone()).collect();
        assert_eq!(members, [[0, 2], [1, 3]]);
    }

    const WORDS: [&str; 16] = [
        "*imposed",
        "*lifted",
        "*denied",
        "*فرضت",
        "*رفعت",
        "*نفت",
        "tariffs",
        "رسوم",
        "chips",
        "رقائق",
        "soybeans",
        "الصويا",
        "H20",
        "Musk",
        "ماسك",
        "talks",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn links_are_symmetric_and_between_articles(
            articles in proptest::collection::vec(
                proptest::collection::vec(
                    (proptest::collection::vec(0..WORDS.len(), 1..7), 0..4_usize, any::<bool>()),
                    0..4,
                ),
                1..6,
            ),
            copy in 0..6_usize,
        ) {
            let claims: Vec<Vec<Parts<'static>>> = articles
                .iter()
                .map(|claims| {
                    claims
                        .iter()
                        .map(|(words, number, negated)| {
                            let text: Vec<&str> = words.iter().map(|&at| WORDS[at]).collect();
                            let quantities: &[(f64, &str)] = if *number > 0 { &[(25.0, "%")] } else { &[] };
                            let mut parts = statement(&text.join(" "), &[("cn", true)], quantities, &[]);
                            if *negated {
                                parts.polarity = crate::claim::Polarity::Negated;
                            }
                            parts
                        })
                        .collect()
                })
                .collect();
            let mut linker = Linker::default();
            for (at, claims) in claims.iter().enumerate() {
                // Some article comes twice.
                linker.add("", &at.to_string(), claims);
            }
            if let Some(claims) = claims.get(copy) {
                linker.add("", &copy.to_string(), claims);
            }
            let links = linker.link();
            prop_assert_eq!(&links, &linker.link());
            let article_of = &linker.article_of;
            let mut seen = BTreeSet::new();
            for group in &links.claims {
                prop_assert!(group.members.is_sorted() && group.members.len() > 1);
                for link in &group.links {
                    prop_assert!(link.a < link.b && link.b < article_of.len());
                    prop_assert_ne!(article_of[link.a], article_of[link.b]);
                    prop_assert!(group.members.contains(&link.a) && group.members.contains(&link.b));
                    prop_assert!((0.0..=1.0).contains(&link.score) && !link.evidence.is_empty());
                    prop_assert!(seen.insert((link.relation, link.a, link.b)), "a link twice");
                    // The comparison itself does not depend on the order.
                    if linker.copies[article_of[link.a]].is_none() && linker.copies[article_of[link.b]].is_none() {
                        let kinship = linker.kinship();
                        let there = linker.compare(link.a, link.b, &kinship);
                        let back = linker.compare(link.b, link.a, &kinship);
                        prop_assert_eq!(there.as_ref(), back.as_ref());
                        prop_assert_eq!(there.as_ref(), Some(link));
                    }
                }
                // Every member is there because of a link.
                for member in &group.members {
                    prop_assert!(group.links.iter().any(|link| link.a == *member || link.b == *member));
                }
            }
            for group in &links.articles {
                prop_assert!(group.links.iter().all(|link| link.a < link.b && link.b < linker.shingles.len()));
            }
            // A claim stands in one group of each relation at most.
            for relation in [Relation::Same, Relation::Contradicts] {
                let members = links.claims.iter().filter(|group| group.relation == relation).flat_map(|g| &g.members);
                let all: Vec<_> = members.collect();
                let once: BTreeSet<_> = all.iter().collect();
                prop_assert_eq!(all.len(), once.len());
            }
        }
    }
}
