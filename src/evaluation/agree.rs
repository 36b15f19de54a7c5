//! Agreement of two or more annotations of the same articles: Cohen's κ, Krippendorff's α, span F1.
//!
//! ```text
//! folders of gold or native JSON ──► folder::annotations ──┐
//! any other record of who labelled what ───────────────────┴─► Annotation × n ──► measure ──► Agreements
//! ```
//!
//! **Units.** A unit is a claim that at least one annotation has. Claims of two annotations are the same unit by the
//! matching of [`super::claim`]: the same side, token F1 of the contents at least 0.5, one to one, the sum as large as
//! can be. With three annotations or more each further one is matched to the units found so far. A claim on another side
//! is another unit, so the side is measured by the F1 of the claims and is no label. Units of names are names of the same
//! or of overlapping characters.
//!
//! **Labels.** κ is taken over the units that both annotations of a pair have; with more than two annotations it is the
//! mean over the pairs. α takes every unit that at least two annotations have and lets values be missing. Neither sees
//! that a unit is missing in one annotation: read them together with F1 and with the number of units excluded. Span
//! fields are labels too, the characters being the label.
//!
//! **Spans.** F1 is symmetric: twice the spans that agree over all spans of both; over several pairs the counts are
//! added. *Exact*: the same characters. *Overlap*: token F1 at least 0.5, for names at least one common character.
//! Contents and names are compared over whole articles, the other spans of a claim on matched claims.
//!
//! **Intervals** are percentiles (2.5 and 97.5) over resampled articles, since the claims of one article are not
//! independent of each other. The generator is seeded, so the same input gives the same interval.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::annotation::{AnnotatedArticle, ClaimAnnotation, EntityAnnotation, WordIndex, field_f1};
use super::claim::{self, LABEL_FIELDS, SPAN_FIELDS, THRESHOLD};
use super::measure::{Counts, chance_corrected, rounded};

/// One annotation: whose it is and what it says of each article, by the article's name.
#[derive(Debug, Clone, Default)]
pub struct Annotation {
    /// Who made it, for the tables.
    pub name: String,
    /// The articles. The annotations of one article are of the same text.
    pub articles: BTreeMap<String, AnnotatedArticle>,
}

/// How the intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// How often the articles are resampled; 0 for no intervals.
    pub samples: usize,
    /// Seed of the generator.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { samples: 1000, seed: 20_250_104 }
    }
}

/// A figure with its interval. `None` where it is not defined: nothing to compare, or one and the same label throughout.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: Option<f64>,
    /// 95 % of the resampled figures lie between these.
    pub interval: Option<(f64, f64)>,
}

impl Serialize for Estimate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Estimate", 3)?;
        record.serialize_field("value", &self.value.map(rounded))?;
        record.serialize_field("low", &self.interval.map(|(low, _)| rounded(low)))?;
        record.serialize_field("high", &self.interval.map(|(_, high)| rounded(high)))?;
        record.end()
    }
}

/// How well the labels of a field agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelAgreement {
    /// Cohen's κ; with more than two annotations the mean over the pairs where it is defined.
    pub kappa: Estimate,
    /// κ of each pair, in the order of [`Agreements::pairs`].
    pub kappa_of_pairs: Vec<Option<f64>>,
    /// Krippendorff's α for nominal data.
    pub alpha: Estimate,
    /// Share of the compared pairs of values that are the same.
    pub agreed: Option<f64>,
    /// Units that at least one annotation has.
    pub units: usize,
    /// Units that all annotations have.
    pub complete: usize,
    /// Units that only one annotation has: in neither κ nor α.
    pub excluded: usize,
    /// The labels with how often each was given in the units that are not excluded, the most frequent first; for span
    /// fields the ten most frequent.
    pub prevalence: Vec<(String, usize)>,
    /// All values given in the units that are not excluded.
    pub values: usize,
}

/// How well spans agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SpanF1 {
    /// F1 of the same characters.
    pub exact: Estimate,
    /// F1 of spans that overlap enough.
    pub overlap: Estimate,
    /// Number of spans in each annotation, in articles that another one has too; for the fields of claims those of
    /// matched claims, summed over the pairs.
    pub spans: Vec<usize>,
}

/// The agreement on some articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GroupAgreement {
    /// Articles that at least two annotations have.
    pub articles: usize,
    /// Spans: `claims` (content and side), the span fields of claims, `names`.
    pub spans: BTreeMap<&'static str, SpanF1>,
    /// Labels: those of claims, the span fields of claims, `name_type` and `name_side`.
    pub labels: BTreeMap<&'static str, LabelAgreement>,
}

/// What [`measure`] finds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Agreements {
    /// The annotations, in order.
    pub annotations: Vec<String>,
    /// The pairs of annotations by index.
    pub pairs: Vec<(usize, usize)>,
    /// By language (`ar`, `en`), and `all`.
    pub groups: BTreeMap<String, GroupAgreement>,
    /// Articles that only one annotation has: not measured.
    pub alone: Vec<String>,
    /// Articles whose text is not known: spans were compared as words, without their places.
    pub without_text: usize,
}

/// Fields of spans in the order of the tables.
pub const SPANS: [&str; 6] = ["claims", "actor", "predicate", "source", "cue", "names"];

/// Fields of labels in the order of the tables.
pub const LABELS: [&str; 14] = [
    "basis",
    "source_side",
    "polarity",
    "modality",
    "stance_us",
    "stance_cn",
    "topic",
    "about",
    "actor",
    "predicate",
    "source",
    "cue",
    "name_type",
    "name_side",
];

/// Counts of small numbers, sorted: how often each label was given.
type Tally = Vec<(u32, u32)>;

fn tally(labels: impl Iterator<Item = u32>) -> Tally {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for label in labels {
        *counts.entry(label).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// What Krippendorff's α needs of some units; adds up.
#[derive(Debug, Clone, Default)]
struct Coincidences {
    /// Σ over the units of (m² − Σ n²) / (m − 1): the pairs of differing values, each unit by its number of values m.
    disagreement: f64,
    /// The values of units with at least two.
    values: Tally,
}

impl Coincidences {
    fn of<'a>(units: impl Iterator<Item = &'a [Option<u32>]>) -> Self {
        let mut disagreement = 0.0;
        let mut values = Vec::new();
        for unit in units {
            let given: Vec<u32> = unit.iter().copied().flatten().collect();
            if given.len() < 2 {
                continue;
            }
            let m = given.len() as f64;
            let same: f64 = tally(given.iter().copied()).iter().map(|&(_, n)| f64::from(n) * f64::from(n)).sum();
            disagreement += (m * m - same) / (m - 1.0);
            values.extend(given);
        }
        Self { disagreement, values: tally(values.into_iter()) }
    }
}

/// α of summed coincidences: 1 − (n − 1) · disagreement / (n² − Σ n²); `None` without values or with one label only.
fn alpha_of(disagreement: f64, values: impl Iterator<Item = u32>) -> Option<f64> {
    let (mut n, mut squares) = (0.0, 0.0);
    for count in values {
        n += f64::from(count);
        squares += f64::from(count) * f64::from(count);
    }
    let expected = n * n - squares;
    (expected > 0.0).then(|| 1.0 - (n - 1.0) * disagreement / expected)
}

/// Krippendorff's α for nominal data: each unit holds the value of each coder, or `None` where it is missing.
///
/// `None` where it is not defined: no unit with two values, or one and the same value throughout.
///
/// # Examples
/// ```
/// use khabar::evaluation::agree::alpha;
/// let units = [vec![Some("US"), Some("US")], vec![Some("US"), Some("CN")], vec![Some("CN"), Some("CN")]];
/// let alpha = alpha(&units).unwrap();
/// assert!((alpha - 4.0 / 9.0).abs() < 1e-12);
/// ```
pub fn alpha<L: Ord>(units: &[Vec<Option<L>>]) -> Option<f64> {
    let mut numbers: BTreeMap<&L, u32> = BTreeMap::new();
    let coded: Vec<Vec<Option<u32>>> = units
        .iter()
        .map(|unit| {
            let mut number = |label| {
                let next = numbers.len() as u32;
                *numbers.entry(label).or_insert(next)
            };
            unit.iter().map(Option::as_ref).map(|value| value.map(&mut number)).collect()
        })
        .collect();
    let sums = Coincidences::of(coded.iter().map(Vec::as_slice));
    alpha_of(sums.disagreement, sums.values.iter().map(|&(_, n)| n))
}

/// What Cohen's κ needs of the units that two annotations have; adds up.
#[derive(Debug, Clone, Default)]
struct Pairwise {
    count: u32,
    agreed: u32,
    left: Tally,
    right: Tally,
}

impl Pairwise {
    fn of<'a>(units: impl Iterator<Item = &'a [Option<u32>]>, (a, b): (usize, usize)) -> Self {
        let both: Vec<(u32, u32)> = units.filter_map(|unit| unit[a].zip(unit[b])).collect();
        Self {
            count: both.len() as u32,
            agreed: both.iter().filter(|(a, b)| a == b).count() as u32,
            left: tally(both.iter().map(|&(a, _)| a)),
            right: tally(both.iter().map(|&(_, b)| b)),
        }
    }
}

/// The labels of one article's units.
#[derive(Debug, Clone, Default)]
struct LabelSums {
    units: usize,
    complete: usize,
    excluded: usize,
    coincidences: Coincidences,
    pairs: Vec<Pairwise>,
}

/// The spans of one article.
#[derive(Debug, Clone, Default)]
struct SpanSums {
    exact: Counts,
    overlap: Counts,
    spans: Vec<usize>,
}

/// All sums of one article.
#[derive(Debug, Clone, Default)]
struct ArticleSums {
    spans: BTreeMap<&'static str, SpanSums>,
    labels: BTreeMap<&'static str, LabelSums>,
}

/// The labels of a field as small numbers.
#[derive(Debug, Clone, Default)]
struct Numbers {
    names: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Numbers {
    fn number(&mut self, name: String) -> u32 {
        if let Some(&number) = self.known.get(&name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.clone());
        self.known.insert(name, number);
        number
    }
}

/// Units of `n` annotations: for each the index of its item in each annotation. `matched` gives the pairs of the items
/// that stand for the units so far and those of the next annotation.
fn units<T: Clone>(
    items: &[Option<&[T]>],
    matched: impl Fn(&[T], &[T]) -> Vec<(usize, usize)>,
) -> Vec<Vec<Option<usize>>> {
    let mut units: Vec<Vec<Option<usize>>> = Vec::new();
    let mut first: Vec<T> = Vec::new();
    for (at, own) in items.iter().enumerate() {
        let own = own.unwrap_or_default();
        let mut taken = vec![false; own.len()];
        for (unit, item) in matched(&first, own) {
            units[unit][at] = Some(item);
            taken[item] = true;
        }
        for item in (0..own.len()).filter(|&item| !taken[item]) {
            let mut unit = vec![None; items.len()];
            unit[at] = Some(item);
            units.push(unit);
            first.push(own[item].clone());
        }
    }
    units
}

/// Pairs of names: first those of the same characters, then those that overlap, each in text order. Names without a
/// place pair by their text.
fn name_pairs(a: &[EntityAnnotation], b: &[EntityAnnotation]) -> Vec<(usize, usize)> {
    let overlaps = |x: &EntityAnnotation, y: &EntityAnnotation| match (x.quote.span, y.quote.span) {
        (Some(x), Some(y)) => x.overlaps(y),
        _ => false,
    };
    let mut free = vec![true; b.len()];
    let mut pairs = Vec::new();
    let mut left: Vec<usize> = (0..a.len()).collect();
    for exactly in [true, false] {
        let fits = |x: &EntityAnnotation, y: &EntityAnnotation| if exactly { same_name(x, y) } else { overlaps(x, y) };
        left.retain(|&x| match (0..b.len()).find(|&y| free[y] && fits(&a[x], &b[y])) {
            Some(y) => {
                free[y] = false;
                pairs.push((x, y));
                false
            }
            None => true,
        });
    }
    pairs.sort_unstable();
    pairs
}

fn same_name(a: &EntityAnnotation, b: &EntityAnnotation) -> bool {
    match (a.quote.span, b.quote.span) {
        (Some(a), Some(b)) => a == b,
        _ => a.quote.text.trim() == b.quote.text.trim(),
    }
}

/// The value of a field of a claim as a label.
fn value(claim: &ClaimAnnotation, field: &str) -> String {
    if SPAN_FIELDS.contains(&field) {
        claim::span_field(claim, field).map_or_else(|| "-".to_owned(), |quote| quote.text.trim().to_owned())
    } else {
        claim::label(claim, field)
    }
}

/// Measures one article.
struct Reader<'a> {
    numbers: &'a mut BTreeMap<&'static str, Numbers>,
    pairs: &'a [(usize, usize)],
}

impl Reader<'_> {
    fn labels<T>(
        &mut self,
        field: &'static str,
        units: &[Vec<Option<usize>>],
        items: &[Option<&[T]>],
        value: impl Fn(&T) -> String,
    ) -> LabelSums {
        let numbers = self.numbers.entry(field).or_default();
        let coded: Vec<Vec<Option<u32>>> = units
            .iter()
            .map(|unit| {
                unit.iter()
                    .zip(items)
                    .map(|(&item, items)| Some(numbers.number(value((*items)?.get(item?)?))))
                    .collect()
            })
            .collect();
        let given = |unit: &[Option<u32>]| unit.iter().flatten().count();
        LabelSums {
            units: units.len(),
            complete: coded.iter().filter(|unit| given(unit) == items.len()).count(),
            excluded: coded.iter().filter(|unit| given(unit) < 2).count(),
            coincidences: Coincidences::of(coded.iter().map(Vec::as_slice)),
            pairs: self.pairs.iter().map(|&pair| Pairwise::of(coded.iter().map(Vec::as_slice), pair)).collect(),
        }
    }

    fn article(&mut self, annotated: &[Option<&AnnotatedArticle>]) -> ArticleSums {
        let text = annotated.iter().flatten().map(|article| article.text.as_str()).find(|text| !text.is_empty());
        let words = WordIndex::new(text.unwrap_or_default());
        let claims: Vec<Option<&[ClaimAnnotation]>> =
            annotated.iter().map(|a| a.map(|a| a.claims.as_slice())).collect();
        let names: Vec<Option<&[EntityAnnotation]>> =
            annotated.iter().map(|a| a.map(|a| a.entities.as_slice())).collect();
        let matched = |a: &[ClaimAnnotation], b: &[ClaimAnnotation]| {
            claim::matches(a, b, &words).iter().map(|pair| (pair.gold, pair.predicted)).collect()
        };
        let mut sums = ArticleSums::default();

        let claim_units = units(&claims, matched);
        for field in LABEL_FIELDS.into_iter().chain(SPAN_FIELDS) {
            sums.labels.insert(field, self.labels(field, &claim_units, &claims, |claim| value(claim, field)));
        }
        let name_units = units(&names, name_pairs);
        sums.labels.insert("name_type", self.labels("name_type", &name_units, &names, |e| name(&e.entity_type)));
        sums.labels.insert("name_side", self.labels("name_side", &name_units, &names, |e| name(&e.side)));

        let mut spans: BTreeMap<&'static str, SpanSums> = SPANS
            .into_iter()
            .map(|field| (field, SpanSums { spans: vec![0; annotated.len()], ..SpanSums::default() }))
            .collect();
        let mut add = |field: &'static str, (a, b): (usize, usize), counts: (usize, usize), exact, overlap| {
            if let Some(sum) = spans.get_mut(field) {
                sum.exact += Counts::new(counts.0, counts.1, exact);
                sum.overlap += Counts::new(counts.0, counts.1, overlap);
                if matches!(field, "claims" | "names") {
                    // Each annotation's own number, however many pairs it is in.
                    (sum.spans[a], sum.spans[b]) = counts;
                } else {
                    sum.spans[a] += counts.0;
                    sum.spans[b] += counts.1;
                }
            }
        };
        for &(a, b) in self.pairs {
            let (Some(x), Some(y)) = (annotated[a], annotated[b]) else { continue };
            let matched: Vec<(&ClaimAnnotation, &ClaimAnnotation)> = claim::matches(&x.claims, &y.claims, &words)
                .iter()
                .map(|pair| (&x.claims[pair.gold], &y.claims[pair.predicted]))
                .collect();
            let exact = matched.iter().filter(|(x, y)| x.content.same(&y.content)).count();
            add("claims", (a, b), (x.claims.len(), y.claims.len()), exact, matched.len());
            for field in SPAN_FIELDS {
                let (mut counts, mut exact, mut overlap) = ((0, 0), 0, 0);
                for (x, y) in &matched {
                    let (x, y) = (claim::span_field(x, field), claim::span_field(y, field));
                    counts.0 += usize::from(x.is_some());
                    counts.1 += usize::from(y.is_some());
                    if let (Some(x), Some(y)) = (x, y) {
                        let same = x.same(y);
                        exact += usize::from(same);
                        overlap += usize::from(same || field_f1(&words, Some(x), Some(y)) + 1e-9 >= THRESHOLD);
                    }
                }
                add(field, (a, b), counts, exact, overlap);
            }
            let pairs = name_pairs(&x.entities, &y.entities);
            let exact = pairs.iter().filter(|&&(i, j)| same_name(&x.entities[i], &y.entities[j])).count();
            add("names", (a, b), (x.entities.len(), y.entities.len()), exact, pairs.len());
        }
        sums.spans = spans;
        sums
    }
}

/// A value's name in the guideline.
fn name(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Dense counts that are cleared by what was touched: one label of a resample costs one addition.
#[derive(Default)]
struct Dense {
    counts: Vec<u32>,
    touched: Vec<u32>,
}

impl Dense {
    fn add(&mut self, tally: &[(u32, u32)]) {
        for &(label, n) in tally {
            let label_at = label as usize;
            if self.counts.len() <= label_at {
                self.counts.resize(label_at + 1, 0);
            }
            if self.counts[label_at] == 0 {
                self.touched.push(label);
            }
            self.counts[label_at] += n;
        }
    }

    fn get(&self, label: u32) -> u32 {
        self.counts.get(label as usize).copied().unwrap_or_default()
    }

    fn clear(&mut self) {
        for &label in &self.touched {
            self.counts[label as usize] = 0;
        }
        self.touched.clear();
    }
}

/// κ of some articles' sums for one pair of annotations.
fn kappa_of<'a>(sums: impl Iterator<Item = &'a Pairwise>, left: &mut Dense, right: &mut Dense) -> Option<f64> {
    left.clear();
    right.clear();
    let (mut count, mut agreed) = (0.0, 0.0);
    for sum in sums {
        count += f64::from(sum.count);
        agreed += f64::from(sum.agreed);
        left.add(&sum.left);
        right.add(&sum.right);
    }
    if count == 0.0 {
        return None;
    }
    let mut labels = left.touched.clone();
    // The order of additions must not depend on the order of articles.
    labels.sort_unstable();
    let chance: f64 = labels.iter().map(|&label| f64::from(left.get(label)) * f64::from(right.get(label))).sum::<f64>()
        / (count * count);
    chance_corrected(agreed / count, chance)
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known: Vec<f64> = values.flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The articles of each resample, by index.
fn resamples(articles: usize, bootstrap: Bootstrap) -> Vec<Vec<usize>> {
    if articles == 0 {
        return Vec::new();
    }
    let mut generator = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    (0..bootstrap.samples)
        .map(|_| (0..articles).map(|_| generator.random_range(0..articles as u64) as usize).collect())
        .collect()
}

/// The figure of all articles with the interval of its resamples.
fn estimate(articles: usize, resamples: &[Vec<usize>], mut figure: impl FnMut(&[usize]) -> Option<f64>) -> Estimate {
    let all: Vec<usize> = (0..articles).collect();
    let value = figure(&all);
    // One article resampled is always itself: an interval of no width would promise too much.
    if value.is_none() || articles < 2 {
        return Estimate { value, interval: None };
    }
    let mut found: Vec<f64> = resamples.iter().filter_map(|sample| figure(sample)).collect();
    if found.is_empty() {
        return Estimate { value, interval: None };
    }
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[((found.len() - 1) as f64 * share).round() as usize];
    Estimate { value, interval: Some((at(0.025), at(0.975))) }
}

fn group(
    articles: &[&ArticleSums],
    annotations: usize,
    pairs: usize,
    numbers: &BTreeMap<&'static str, Numbers>,
    bootstrap: Bootstrap,
) -> GroupAgreement {
    let resamples = resamples(articles.len(), bootstrap);
    let mut result = GroupAgreement { articles: articles.len(), ..GroupAgreement::default() };
    for field in SPANS {
        let of = |at: usize| &articles[at].spans[field];
        let f1 = |sample: &[usize], counts: &dyn Fn(&SpanSums) -> Counts| {
            let mut sum = Counts::default();
            for &at in sample {
                sum += counts(of(at));
            }
            (sum.gold + sum.predicted > 0.0).then(|| sum.f1())
        };
        let mut spans = vec![0; annotations];
        for article in articles {
            for (sum, own) in spans.iter_mut().zip(&article.spans[field].spans) {
                *sum += own;
            }
        }
        result.spans.insert(
            field,
            SpanF1 {
                exact: estimate(articles.len(), &resamples, |sample| f1(sample, &|sums| sums.exact)),
                overlap: estimate(articles.len(), &resamples, |sample| f1(sample, &|sums| sums.overlap)),
                spans,
            },
        );
    }
    let (mut left, mut right) = (Dense::default(), Dense::default());
    for field in LABELS {
        let of = |at: usize| &articles[at].labels[field];
        let all: Vec<usize> = (0..articles.len()).collect();
        let kappa_of_pairs: Vec<Option<f64>> =
            (0..pairs).map(|pair| kappa_of(all.iter().map(|&at| &of(at).pairs[pair]), &mut left, &mut right)).collect();
        let kappa = estimate(articles.len(), &resamples, |sample| {
            mean((0..pairs).map(|pair| kappa_of(sample.iter().map(|&at| &of(at).pairs[pair]), &mut left, &mut right)))
        });
        let mut values = Dense::default();
        let alpha = estimate(articles.len(), &resamples, |sample| {
            values.clear();
            let mut disagreement = 0.0;
            for &at in sample {
                disagreement += of(at).coincidences.disagreement;
                values.add(&of(at).coincidences.values);
            }
            let mut labels = values.touched.clone();
            labels.sort_unstable();
            alpha_of(disagreement, labels.iter().map(|&label| values.get(label)))
        });
        let total =
            |part: &dyn Fn(&LabelSums) -> usize| -> usize { articles.iter().map(|a| part(&a.labels[field])).sum() };
        let pairwise = |part: &dyn Fn(&Pairwise) -> u32| -> u32 {
            articles.iter().flat_map(|a| &a.labels[field].pairs).map(part).sum()
        };
        let (count, agreed) = (pairwise(&|pair| pair.count), pairwise(&|pair| pair.agreed));
        let mut given: BTreeMap<u32, u32> = BTreeMap::new();
        for &(label, n) in articles.iter().flat_map(|a| &a.labels[field].coincidences.values) {
            *given.entry(label).or_default() += n;
        }
        let mut prevalence: Vec<(String, usize)> = given
            .iter()
            .filter_map(|(&label, &n)| Some((numbers.get(field)?.names.get(label as usize)?.clone(), n as usize)))
            .collect();
        prevalence.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if SPAN_FIELDS.contains(&field) {
            prevalence.truncate(10);
        }
        result.labels.insert(
            field,
            LabelAgreement {
                kappa,
                kappa_of_pairs: kappa_of_pairs.into_iter().map(|kappa| kappa.map(rounded)).collect(),
                alpha,
                agreed: (count > 0).then(|| rounded(f64::from(agreed) / f64::from(count))),
                units: total(&|sums| sums.units),
                complete: total(&|sums| sums.complete),
                excluded: total(&|sums| sums.excluded),
                prevalence,
                values: given.values().sum::<u32>() as usize,
            },
        );
    }
    result
}

/// Measures how well `annotations` agree on the articles that at least two of them have.
pub fn measure(annotations: &[Annotation], bootstrap: Bootstrap) -> Agreements {
    let pairs: Vec<(usize, usize)> =
        (0..annotations.len()).flat_map(|a| (a + 1..annotations.len()).map(move |b| (a, b))).collect();
    let mut names: Vec<&String> = annotations.iter().flat_map(|annotation| annotation.articles.keys()).collect();
    names.sort();
    names.dedup();
    let mut result = Agreements {
        annotations: annotations.iter().map(|annotation| annotation.name.clone()).collect(),
        pairs: pairs.clone(),
        ..Agreements::default()
    };
    let mut numbers = BTreeMap::new();
    let mut sums: Vec<(&'static str, ArticleSums)> = Vec::new();
    for name in names {
        let annotated: Vec<Option<&AnnotatedArticle>> = annotations.iter().map(|a| a.articles.get(name)).collect();
        let there: Vec<&AnnotatedArticle> = annotated.iter().copied().flatten().collect();
        if there.len() < 2 {
            result.alone.push(name.clone());
            continue;
        }
        let with_text = there.iter().find(|article| !article.text.is_empty());
        result.without_text += usize::from(with_text.is_none());
        let language = with_text.unwrap_or(&there[0]).language();
        let mut reader = Reader { numbers: &mut numbers, pairs: &pairs };
        sums.push((language, reader.article(&annotated)));
    }
    for language in ["ar", "en", "all"] {
        let articles: Vec<&ArticleSums> =
            sums.iter().filter(|(own, _)| language == "all" || *own == language).map(|(_, sums)| sums).collect();
        if !articles.is_empty() {
            let measured = group(&articles, annotations.len(), pairs.len(), &numbers, bootstrap);
            result.groups.insert(language.to_owned(), measured);
        }
    }
    result
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::claim::{Basis, Polarity};
    use crate::document::{EntityType, Side};
    use crate::evaluation::annotation::Quote;
    use crate::evaluation::claim::tests::{TEXT, article, claim};
    use crate::evaluation::measure::Agreement;
    use crate::offset::Span;

    /// Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section D: four observers, twelve units.
    const PUBLISHED: [&str; 4] = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."];

    fn published() -> Vec<Vec<Option<char>>> {
        let rows: Vec<Vec<char>> = PUBLISHED.iter().map(|row| row.chars().collect()).collect();
        (0..12).map(|unit| rows.iter().map(|row| Some(row[unit]).filter(|c| *c != '.')).collect()).collect()
    }

    #[test]
    fn alpha_of_the_published_example() {
        let units = published();
        assert_eq!(units.iter().flatten().flatten().count(), 41);
        assert!((alpha(&units).unwrap() - 0.743).abs() < 5e-4, "{:?}", alpha(&units));
    }

    #[test]
    fn alpha_has_its_limits() {
        assert_eq!(alpha::<u8>(&[]), None);
        assert_eq!(alpha(&[vec![Some(1), None], vec![None, Some(2)]]), None);
        assert_eq!(alpha(&[vec![Some(1), Some(1)]]), None);
        assert_eq!(alpha(&[vec![Some(1), Some(1)], vec![Some(2), Some(2)]]), Some(1.0));
        // Worse than chance.
        assert!(alpha(&[vec![Some(1), Some(2)], vec![Some(2), Some(1)]]).unwrap() < 0.0);
        // A unit with one value changes nothing.
        let mut units = published();
        units.push(vec![Some('9'), None, None, None]);
        assert_eq!(alpha(&units), alpha(&published()));
    }

    fn annotation(name: &str, claims: Vec<ClaimAnnotation>) -> Annotation {
        Annotation { name: name.to_owned(), articles: [("ar/a".to_owned(), article(claims))].into() }
    }

    fn claims() -> Vec<ClaimAnnotation> {
        vec![
            claim(TEXT, "إنها سترد على القيود", Side::Cn),
            claim(TEXT, "تفرض واشنطن قيودا على الرقائق", Side::Us),
            claim(TEXT, "Nvidia sells chips", Side::Us),
        ]
    }

    #[test]
    fn the_same_annotation_agrees() {
        let mut claims = claims();
        claims[0].basis = Basis::Stated;
        let both = [annotation("a", claims.clone()), annotation("b", claims)];
        let found = measure(&both, Bootstrap::default());
        let all = &found.groups["all"];
        assert_eq!(all.spans["claims"].exact.value, Some(1.0));
        assert_eq!(all.labels["basis"].kappa.value, Some(1.0));
        assert_eq!(all.labels["basis"].alpha.value, Some(1.0));
        // Only one label: neither is defined.
        assert_eq!(all.labels["polarity"].kappa.value, None);
        assert_eq!(all.labels["polarity"].alpha.value, None);
        assert_eq!(all.labels["polarity"].agreed, Some(1.0));
        // One article gives no interval.
        assert_eq!(all.labels["basis"].kappa.interval, None);
        assert_eq!(all.labels["basis"].prevalence, [("described".to_owned(), 4), ("stated".to_owned(), 2)]);
    }

    #[test]
    fn units_complete_and_excluded() {
        let mut second = claims();
        second.pop();
        second[0].polarity = Polarity::Negated;
        second[1].content = claim(TEXT, "تفرض واشنطن قيودا", Side::Us).content;
        let found = measure(&[annotation("a", claims()), annotation("b", second)], Bootstrap::default());
        let all = &found.groups["all"];
        let polarity = &all.labels["polarity"];
        assert_eq!((polarity.units, polarity.complete, polarity.excluded), (3, 2, 1));
        assert_eq!(polarity.agreed, Some(0.5));
        // Two of three and two claims: overlap 2·2/5, exact 2·1/5.
        assert!((all.spans["claims"].overlap.value.unwrap() - 0.8).abs() < 1e-12);
        assert!((all.spans["claims"].exact.value.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(all.spans["claims"].spans, [3, 2]);
        assert_eq!(found.groups.keys().collect::<Vec<_>>(), ["all", "ar"]);
    }

    #[test]
    fn a_third_annotation_may_lack_claims_and_articles() {
        let mut third = claims();
        third.remove(1);
        third[0].basis = Basis::Stated;
        let mut three = [annotation("a", claims()), annotation("b", claims()), annotation("c", third)];
        three[0].articles.insert("ar/b".to_owned(), article(claims()));
        three[1].articles.insert("ar/b".to_owned(), article(claims()));
        three[2].articles.insert("ar/c".to_owned(), article(claims()));
        let found = measure(&three, Bootstrap::default());
        assert_eq!(found.alone, ["ar/c"]);
        assert_eq!(found.pairs, [(0, 1), (0, 2), (1, 2)]);
        let basis = &found.groups["all"].labels["basis"];
        assert_eq!((basis.units, basis.complete, basis.excluded), (6, 2, 0));
        // Six values of the second article, 3 + 2 + 3 of the first: 14; one unit of three values holds one “stated”.
        assert_eq!(basis.values, 14);
        let expected = 1.0 - 13.0 * ((9.0 - 5.0) / 2.0) / (196.0 - (169.0 + 1.0));
        assert!((basis.alpha.value.unwrap() - expected).abs() < 1e-12);
        assert_eq!(basis.kappa_of_pairs[0], None);
        assert_eq!(basis.kappa_of_pairs[1], Some(0.0));
    }

    #[test]
    fn kappa_is_that_of_the_scorer() {
        let labels = [("y", "y", 20), ("y", "n", 5), ("n", "y", 10), ("n", "n", 15)];
        let mut agreement = Agreement::default();
        let mut units = Vec::new();
        for (a, b, times) in labels {
            for _ in 0..times {
                agreement.add(a, b);
                units.push(vec![Some(u32::from(a == "y")), Some(u32::from(b == "y"))]);
            }
        }
        let halves: Vec<Pairwise> =
            units.chunks(7).map(|part| Pairwise::of(part.iter().map(Vec::as_slice), (0, 1))).collect();
        let (mut left, mut right) = (Dense::default(), Dense::default());
        let kappa = kappa_of(halves.iter(), &mut left, &mut right).unwrap();
        assert!((kappa - agreement.kappa().unwrap()).abs() < 1e-12);
        assert!((kappa - 0.4).abs() < 1e-12);
    }

    #[test]
    fn names_pair_once_exact_ones_first() {
        let name = |start, end| EntityAnnotation {
            quote: Quote::of("China Mobile and China", Span::new(start, end)),
            entity_type: EntityType::Org,
            side: Side::Cn,
        };
        assert_eq!(name_pairs(&[name(0, 5), name(0, 12)], &[name(0, 12), name(17, 22)]), [(1, 0)]);
        assert_eq!(name_pairs(&[name(0, 5), name(17, 22)], &[name(0, 12), name(17, 22)]), [(0, 0), (1, 1)]);
    }

    #[test]
    fn intervals_hold_the_figure_and_come_again() {
        let mut other = claims();
        other[1].basis = Basis::Stated;
        let many = |name: &str, changed: usize| Annotation {
            name: name.to_owned(),
            articles: (0..12)
                .map(|at| {
                    let mut claims = if at < changed { other.clone() } else { claims() };
                    claims[0].basis = Basis::Stated;
                    (format!("ar/{at:02}"), article(claims))
                })
                .collect(),
        };
        let both = [many("a", 0), many("b", 4)];
        let found = measure(&both, Bootstrap::default());
        let kappa = found.groups["all"].labels["basis"].kappa;
        let (low, high) = kappa.interval.unwrap();
        assert!(low < kappa.value.unwrap() && kappa.value.unwrap() < high && high <= 1.0, "{kappa:?}");
        assert_eq!(found, measure(&both, Bootstrap::default()));
        assert_ne!(resamples(12, Bootstrap::default()), resamples(12, Bootstrap { seed: 1, ..Bootstrap::default() }));
        let none = measure(&both, Bootstrap { samples: 0, ..Bootstrap::default() });
        assert_eq!(none.groups["all"].labels["basis"].kappa.interval, None);
    }
}
