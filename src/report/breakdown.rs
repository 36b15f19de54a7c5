//! Claims sorted into rows and columns; every cell holds its claims, not only their number.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::cluster::Clusters;
use super::folder::{Material, Party, Reported};
use super::word::{self, PageLanguage, Words, words};
use crate::annotator::actor::actors;
use crate::article::date::PartialDate;
use crate::claim::{Basis, SourceSide, Stance};
use crate::document::{Commitment, Language, Side, Topic};
use crate::export::table::name;

/// Rows of actors, speakers and outlets that are shown before the rest is folded into one.
const MOST: usize = 20;

/// What a row or column is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Words of the page.
    Words(Words),
    /// Words of an article or of a person: of any language and direction, never trusted.
    Quote(String),
    /// A date, a code: left to right in every language.
    Code(String),
    /// A name in both languages.
    Name {
        /// English.
        en: String,
        /// Arabic.
        ar: String,
    },
}

impl Label {
    /// The label in the page's language.
    pub fn text(&self, language: PageLanguage) -> &str {
        match (self, language) {
            (Self::Words(words), _) => words.of(language),
            (Self::Quote(text) | Self::Code(text), _) => text,
            (Self::Name { en, .. }, PageLanguage::English) => en,
            (Self::Name { ar, .. }, PageLanguage::Arabic) => ar,
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its key in the CSV and its colour on the page.
    pub key: &'static str,
    /// What it is called.
    pub label: Words,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key in the CSV.
    pub key: String,
    /// What it is called.
    pub label: Label,
    /// For each column its claims, in order.
    pub cells: Vec<Vec<u32>>,
    /// Whether it holds what has no place in the chart (no date, no actor).
    pub aside: bool,
}

/// A table of claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// Name of its files and of its place on the page.
    pub id: &'static str,
    /// What it shows.
    pub title: Words,
    /// What the reader should know of it; may be empty.
    pub note: Words,
    /// The columns.
    pub columns: &'static [Column],
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether the rows are stretches of time.
    pub over_time: bool,
}

/// The two sides, by whom a claim is attributed to.
pub const SIDES: [Column; 2] = [
    Column { key: "us", label: words("United States", "الولايات المتحدة") },
    Column { key: "cn", label: words("China", "الصين") },
];

/// Whom a claim is about.
pub const ABOUT: [Column; 4] = [
    Column { key: "us", label: words("United States", "الولايات المتحدة") },
    Column { key: "cn", label: words("China", "الصين") },
    Column { key: "both", label: words("both", "كلتاهما") },
    Column { key: "neither", label: words("neither", "لا هذه ولا تلك") },
];

const NONE: Words = words("", "");

fn side(reported: &Reported) -> usize {
    usize::from(reported.claim.side != Side::Us)
}

fn about(reported: &Reported) -> usize {
    let of = |side| reported.claim.about.contains(&side);
    match (of(Side::Us), of(Side::Cn)) {
        (true, false) => 0,
        (false, true) => 1,
        (true, true) => 2,
        (false, false) => 3,
    }
}

/// The claims by row and column.
fn sorted<K: Ord>(
    claims: &[Reported],
    columns: usize,
    row: impl Fn(&Reported) -> K,
    column: impl Fn(&Reported) -> usize,
) -> BTreeMap<K, Vec<Vec<u32>>> {
    let mut rows: BTreeMap<K, Vec<Vec<u32>>> = BTreeMap::new();
    for (number, reported) in claims.iter().enumerate() {
        let cells = rows.entry(row(reported)).or_insert_with(|| vec![Vec::new(); columns]);
        cells[column(reported)].push(number as u32);
    }
    rows
}

fn total(cells: &[Vec<u32>]) -> usize {
    cells.iter().map(Vec::len).sum()
}

/// Rows of a closed set of values, in the order given; those without claims are left out.
fn closed<K: Ord>(
    mut found: BTreeMap<K, Vec<Vec<u32>>>,
    order: &[K],
    label: impl Fn(&K) -> (String, Words),
) -> Vec<Row> {
    order
        .iter()
        .filter_map(|value| {
            let cells = found.remove(value)?;
            let (key, words) = label(value);
            Some(Row { key, label: Label::Words(words), cells, aside: false })
        })
        .collect()
}

/// Rows of an open set, the most frequent first; the rest in one row, and `None` in one.
fn open<K: Ord>(
    mut found: BTreeMap<Option<K>, Vec<Vec<u32>>>,
    label: impl Fn(&K) -> (String, Label),
    none: Words,
) -> Vec<Row> {
    let without = found.remove(&None);
    let mut rows: Vec<Row> = found
        .into_iter()
        .filter_map(|(value, cells)| {
            let (key, label) = label(&value?);
            Some(Row { key, label, cells, aside: false })
        })
        .collect();
    rows.sort_by(|a, b| total(&b.cells).cmp(&total(&a.cells)).then_with(|| a.key.cmp(&b.key)));
    if rows.len() > MOST + 1 {
        let rest = rows.split_off(MOST);
        let mut cells = vec![Vec::new(); rest[0].cells.len()];
        for row in rest {
            for (sum, cell) in cells.iter_mut().zip(row.cells) {
                sum.extend(cell);
            }
        }
        for cell in &mut cells {
            cell.sort_unstable();
        }
        rows.push(Row {
            key: "rest".to_owned(),
            label: Label::Words(words("all others", "سواهم جميعًا")),
            cells,
            aside: true,
        });
    }
    if let Some(cells) = without {
        rows.push(Row { key: "none".to_owned(), label: Label::Words(none), cells, aside: true });
    }
    rows
}

/// Key and name of a party.
pub fn party(material: &Material, party: &Party) -> (String, Label) {
    match party {
        Party::Actor(id) => {
            let actor = actors().get(id);
            let first = |names: Option<&Vec<String>>| names.and_then(|names| names.first()).cloned();
            let (en, ar) = (first(actor.map(|actor| &actor.en)), first(actor.map(|actor| &actor.ar)));
            let either = en.clone().or_else(|| ar.clone()).unwrap_or_else(|| id.clone());
            (id.clone(), Label::Name { en: en.unwrap_or_else(|| either.clone()), ar: ar.unwrap_or(either) })
        }
        Party::Text(key) => {
            let written = material.written.get(key).unwrap_or(key);
            (format!("“{key}”"), Label::Quote(written.clone()))
        }
    }
}

/// How exactly claims are put on the axis of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Day,
    Month,
    Year,
}

impl Stretch {
    /// Days where all lies within six weeks, months within eight years; and no finer than most dates are known.
    fn of(first: Date, last: Date, dates: &[PartialDate]) -> Self {
        let days = (last - first).get_days();
        let enough =
            |stretch: &Self| 2 * dates.iter().filter(|date| stretch.key(**date).is_some()).count() >= dates.len();
        let fitting = match days {
            ..=42 => &[Self::Day, Self::Month][..],
            43..=2920 => &[Self::Month][..],
            _ => &[][..],
        };
        fitting.iter().copied().find(|stretch| enough(stretch)).unwrap_or(Self::Year)
    }

    /// The stretch of a date, if it is known so exactly.
    fn key(self, date: PartialDate) -> Option<String> {
        let part = match self {
            Self::Day => PartialDate { day: Some(date.day?), month: Some(date.month?), ..date },
            Self::Month => PartialDate { day: None, month: Some(date.month?), ..date },
            Self::Year => PartialDate { day: None, month: None, ..date },
        };
        part.iso()
    }

    /// All stretches from the first to the last, those without claims too.
    fn between(self, first: Date, last: Date) -> Vec<String> {
        let step = match self {
            Self::Day => jiff::Span::new().days(1),
            Self::Month => jiff::Span::new().months(1),
            Self::Year => jiff::Span::new().years(1),
        };
        let mut keys = Vec::new();
        let mut at = match self {
            Self::Day => first,
            Self::Month => first.first_of_month(),
            Self::Year => first.first_of_year(),
        };
        while at <= last {
            let date = PartialDate { year: Some(at.year()), month: Some(at.month()), day: Some(at.day()) };
            keys.extend(self.key(date));
            match at.checked_add(step) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        keys
    }
}

/// The date of a claim's article as exactly as it is known.
fn date(material: &Material, reported: &Reported) -> Option<PartialDate> {
    PartialDate::from_iso(material.articles[reported.article].date.as_deref()?)
}

/// The most stretches that are drawn with their gaps.
const STRETCHES: usize = 120;

fn over_time(material: &Material) -> Vec<Row> {
    let dates: Vec<PartialDate> = material.claims.iter().filter_map(|reported| date(material, reported)).collect();
    let day = |date: &PartialDate| Date::new(date.year?, date.month.unwrap_or(1), date.day.unwrap_or(1)).ok();
    let ends = |dates: &mut dyn Iterator<Item = Date>| -> Option<(Date, Date)> {
        dates.fold(None, |ends, date| {
            let (first, last) = ends.unwrap_or((date, date));
            Some((first.min(date), last.max(date)))
        })
    };
    let Some((first, last)) = ends(&mut dates.iter().filter_map(day)) else {
        let cells = sorted(&material.claims, 2, |_| (), side).into_values();
        return cells.map(|cells| undated(cells, words("no date", "بلا تاريخ"))).collect();
    };
    let stretch = Stretch::of(first, last, &dates);
    // What is not known so exactly does not make the axis longer.
    let placed = |date: &&PartialDate| stretch.key(**date).is_some();
    let (first, last) = ends(&mut dates.iter().filter(placed).filter_map(day)).unwrap_or((first, last));
    let mut found = sorted(&material.claims, 2, |reported| stretch.key(date(material, reported)?), side);
    let without = found.remove(&None);
    let all = stretch.between(first, last);
    let stretches: Vec<(String, Vec<Vec<u32>>)> = if all.len() <= STRETCHES {
        let mut of = |key: &String| found.remove(&Some(key.clone())).unwrap_or_else(|| vec![Vec::new(); 2]);
        all.into_iter()
            .map(|key| {
                let cells = of(&key);
                (key, cells)
            })
            .collect()
    } else {
        // A date far off would make an axis of nothing but gaps.
        found.into_iter().filter_map(|(key, cells)| Some((key?, cells))).collect()
    };
    let mut rows: Vec<Row> = stretches
        .into_iter()
        .map(|(key, cells)| Row { label: Label::Code(key.clone()), key, cells, aside: false })
        .collect();
    rows.extend(without.map(|cells| undated(cells, words("no date, or not so exact", "بلا تاريخ بهذه الدقة"))));
    rows
}

fn undated(cells: Vec<Vec<u32>>, label: Words) -> Row {
    Row { key: "none".to_owned(), label: Label::Words(label), cells, aside: true }
}

const TOPICS: [Topic; 15] = [
    Topic::Models,
    Topic::Chips,
    Topic::Compute,
    Topic::ExportControls,
    Topic::Data,
    Topic::Talent,
    Topic::Energy,
    Topic::Investment,
    Topic::Regulation,
    Topic::Governance,
    Topic::Applications,
    Topic::Military,
    Topic::SecurityIp,
    Topic::OpenSource,
    Topic::Rivalry,
];

const COMMITMENTS: [Option<Commitment>; 14] = [
    Some(Commitment::Said),
    Some(Commitment::Announced),
    Some(Commitment::Asserted),
    Some(Commitment::Claimed),
    Some(Commitment::Denied),
    Some(Commitment::Accused),
    Some(Commitment::Warned),
    Some(Commitment::Promised),
    Some(Commitment::Demanded),
    Some(Commitment::Believed),
    Some(Commitment::Indicated),
    Some(Commitment::Praised),
    Some(Commitment::Asked),
    None,
];

/// The tables of the report that have a chart, in the order of the page.
pub fn breakdowns(material: &Material) -> Vec<Breakdown> {
    let claims = &material.claims;
    let by_side = |id, title, note, rows| Breakdown { id, title, note, columns: &SIDES, rows, over_time: false };
    let by_about = |id, title, note, rows| Breakdown { id, title, note, columns: &ABOUT, rows, over_time: false };

    let mut topics = closed(sorted(claims, 2, |r| r.claim.topic, side), &TOPICS, |t| (name(t), word::topic(*t)));
    topics.sort_by_key(|row| std::cmp::Reverse(total(&row.cells)));
    let bases = closed(sorted(claims, 2, |r| r.claim.basis, side), &[Basis::Stated, Basis::Described], |basis| {
        (name(basis), word::basis(*basis))
    });
    let stances = |of: fn(&Reported) -> Stance| {
        let order = [Stance::Favourable, Stance::Neutral, Stance::Unfavourable];
        closed(sorted(claims, 2, of, side), &order, |stance| (name(stance), word::stance(*stance)))
    };
    let commitments = closed(sorted(claims, 2, |r| r.claim.commitment, side), &COMMITMENTS, |commitment| {
        (commitment.as_ref().map_or_else(|| "none".to_owned(), name), word::commitment(*commitment))
    });
    let languages = closed(
        sorted(claims, 2, |r| material.articles[r.article].language, side),
        &[Language::Ar, Language::En, Language::Mixed, Language::Other],
        |language| (name(language), word::language(*language)),
    );
    let speakers = closed(
        sorted(claims, 4, |r| r.claim.source_side, about),
        &[SourceSide::Us, SourceSide::Cn, SourceSide::Other, SourceSide::None],
        |side| (name(side), word::speaker(*side)),
    );
    let outlet = |r: &Reported| material.articles[r.article].outlet.clone();
    vec![
        by_side("topic", words("Topics", "الموضوعات"), NONE, topics),
        by_side(
            "basis",
            words("Who says it", "من يقول ذلك"),
            words(
                "Stated: a source of that side says it, whatever it is about. Described: the narrator or a third party \
                 says it of that side.",
                "على لسان الطرف: يقوله مصدر من ذلك الطرف أيًّا كان موضوعه. وصفٌ من غيره: يقوله عنه كاتب المقال أو طرف ثالث.",
            ),
            bases,
        ),
        by_side(
            "stance-us",
            words("How the United States is presented", "كيف تُقدَّم الولايات المتحدة"),
            words("By the wording of the claim, not by its truth.", "بحسب صياغة الادعاء لا بحسب صحته."),
            stances(|r| r.claim.stance.us),
        ),
        by_side(
            "stance-cn",
            words("How China is presented", "كيف تُقدَّم الصين"),
            words("By the wording of the claim, not by its truth.", "بحسب صياغة الادعاء لا بحسب صحته."),
            stances(|r| r.claim.stance.cn),
        ),
        by_side(
            "commitment",
            words("How firmly it is said", "درجة التزام القائل"),
            words("By the reporting word.", "بحسب فعل القول أو عبارته."),
            commitments,
        ),
        Breakdown {
            id: "time",
            title: words("Over time", "عبر الزمن"),
            note: words("By the date of the article; gaps are shown.", "بحسب تاريخ المقال، مع إظهار الفجوات."),
            columns: &SIDES,
            rows: over_time(material),
            over_time: true,
        },
        by_side(
            "actor",
            words("Who acts", "الفاعلون"),
            words(
                "Names of one actor in either language are counted together where khabar knows the actor; other words as \
                 they are written.",
                "تُجمع أسماء الفاعل الواحد في اللغتين إن كان معروفًا لدى خبر، وتُعدّ سائر العبارات كما كُتبت.",
            ),
            open(
                sorted(claims, 2, |r| r.actor.clone(), side),
                |actor| party(material, actor),
                words("no actor found", "لم يُعرف الفاعل"),
            ),
        ),
        by_side(
            "outlet",
            words("Outlets", "وسائل الإعلام"),
            NONE,
            open(
                sorted(claims, 2, outlet, side),
                |outlet| (outlet.clone(), Label::Quote(outlet.clone())),
                words("outlet not known", "الوسيلة غير معروفة"),
            ),
        ),
        by_side("language", words("Languages of the articles", "لغات المقالات"), NONE, languages),
        by_about(
            "speakers",
            words("Who speaks about whom", "من يتحدث عن من"),
            words(
                "Rows: the side of the source. Columns: whom the claim is about.",
                "الصفوف: طرف المصدر. الأعمدة: من يدور حوله الادعاء.",
            ),
            speakers,
        ),
        by_about(
            "source",
            words("The most quoted", "الأكثر نقلًا عنهم"),
            words("Columns: whom the claim is about.", "الأعمدة: من يدور حوله الادعاء."),
            open(
                sorted(claims, 4, |r| r.source.clone(), about),
                |source| party(material, source),
                words("no source: the narrator", "بلا مصدر: كاتب المقال"),
            ),
        ),
    ]
}

/// What the extractor could not decide, by its reason.
pub fn abstained(material: &Material) -> Vec<Row> {
    let mut rows: BTreeMap<&str, Vec<Vec<u32>>> = BTreeMap::new();
    for (number, reported) in material.claims.iter().enumerate() {
        let reasons: BTreeSet<&str> = reported.claim.abstained.iter().map(String::as_str).collect();
        for reason in reasons {
            rows.entry(reason).or_insert_with(|| vec![Vec::new(); 2])[side(reported)].push(number as u32);
        }
    }
    let row = |(reason, cells): (&str, Vec<Vec<u32>>)| Row {
        key: reason.to_owned(),
        label: Label::Code(reason.to_owned()),
        cells,
        aside: false,
    };
    let mut rows: Vec<Row> = rows.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(total(&row.cells)));
    rows
}

/// A day of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The date, as exactly as it is known; `None` for the articles without one.
    pub date: Option<String>,
    /// Days without a dated article before it; 0 where that is not known.
    pub quiet: i32,
    /// The articles of the day, those without claims too.
    pub articles: Vec<usize>,
    /// Claims attributed to each side.
    pub cells: Vec<Vec<u32>>,
}

/// All dates that have articles, in order; at the end the articles without a date.
pub fn timeline(material: &Material) -> Vec<Day> {
    let mut days: BTreeMap<(bool, Option<&str>), Day> = BTreeMap::new();
    for (number, article) in material.articles.iter().enumerate() {
        let date = article.date.as_deref();
        let day = days.entry((date.is_none(), date)).or_insert_with(|| Day {
            date: date.map(str::to_owned),
            quiet: 0,
            articles: Vec::new(),
            cells: vec![Vec::new(); 2],
        });
        day.articles.push(number);
    }
    for (number, reported) in material.claims.iter().enumerate() {
        let date = material.articles[reported.article].date.as_deref();
        if let Some(day) = days.get_mut(&(date.is_none(), date)) {
            day.cells[side(reported)].push(number as u32);
        }
    }
    let mut days: Vec<Day> = days.into_values().collect();
    let exact = |day: &Day| PartialDate::from_iso(day.date.as_deref()?)?.civil();
    for at in 1..days.len() {
        if let (Some(before), Some(here)) = (exact(&days[at - 1]), exact(&days[at])) {
            days[at].quiet = ((here - before).get_days() - 1).max(0);
        }
    }
    days
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Claims.
    Claims,
    /// Articles that hold such a claim.
    Reports,
    /// Different claims: those of one cluster count once.
    Distinct,
}

impl Measure {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 3] = [Self::Claims, Self::Reports, Self::Distinct];

    /// Its key in the CSV and on the page.
    pub fn key(self) -> &'static str {
        match self {
            Self::Claims => "claims",
            Self::Reports => "reports",
            Self::Distinct => "distinct",
        }
    }

    /// What it is called.
    pub fn label(self) -> Words {
        match self {
            Self::Claims => words("claims", "ادعاءات"),
            Self::Reports => words("reports", "مقالات"),
            Self::Distinct => words("distinct", "متمايزة"),
        }
    }
}

/// Counts claims by each measure.
#[derive(Debug)]
pub struct Counter<'a> {
    material: &'a Material,
    clusters: &'a Clusters,
}

impl<'a> Counter<'a> {
    /// For the claims of `material`.
    pub fn new(material: &'a Material, clusters: &'a Clusters) -> Self {
        Self { material, clusters }
    }

    /// The number of claims, of their articles, or of their clusters.
    pub fn count(&self, claims: &[u32], measure: Measure) -> usize {
        let distinct =
            |key: &dyn Fn(u32) -> usize| claims.iter().map(|&claim| key(claim)).collect::<BTreeSet<_>>().len();
        match measure {
            Measure::Claims => claims.len(),
            Measure::Reports => distinct(&|claim| self.material.claims[claim as usize].article),
            Measure::Distinct => distinct(&|claim| self.clusters.of[claim as usize] as usize),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{dated, material};
    use super::*;

    #[test]
    fn every_claim_is_in_one_cell_of_each_breakdown() {
        let material = material(&["it will answer", "سترد بكين على ذلك", "it will answer", "nothing"]);
        for breakdown in breakdowns(&material) {
            let mut all: Vec<u32> = breakdown.rows.iter().flat_map(|row| row.cells.iter().flatten().copied()).collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3], "{}", breakdown.id);
            assert!(breakdown.rows.iter().all(|row| row.cells.len() == breakdown.columns.len()));
        }
    }

    #[test]
    fn time_shows_its_gaps_and_what_is_not_so_exact() {
        let keys = |dates: &[Option<&str>]| -> String {
            let row = |row: &Row| format!("{}={}", row.key, total(&row.cells));
            over_time(&dated(dates)).iter().flat_map(|found| [row(found), " ".to_owned()]).collect()
        };
        assert_eq!(
            keys(&[Some("2025-04-02"), Some("2025-04-05"), None]),
            "2025-04-02=1 2025-04-03=0 2025-04-04=0 2025-04-05=1 none=1 "
        );
        assert_eq!(keys(&[Some("2024-12-31"), Some("2025-02"), Some("2025")]), "2024-12=1 2025-01=0 2025-02=1 none=1 ");
        assert_eq!(keys(&[Some("2001"), Some("2012-05-06")]).split(' ').count(), 13);
        assert_eq!(keys(&[Some("2025"), Some("2025")]), "2025=2 ");
        assert_eq!(keys(&[None, None]), "none=2 ");
        assert_eq!(keys(&[]), "");
        // A wrong year does not make ten thousand rows.
        assert_eq!(keys(&[Some("0099-01-01"), Some("2025-04-02")]), "0099=1 2025=1 ");
    }

    #[test]
    fn the_rest_is_folded_into_one_row() {
        let mut material = dated(&[None; 60]);
        for (number, reported) in material.claims.iter_mut().enumerate() {
            reported.actor = (number > 0).then(|| Party::Text(format!("a{}", number % 30)));
        }
        let rows = &breakdowns(&material).into_iter().find(|breakdown| breakdown.id == "actor").unwrap().rows;
        assert_eq!(rows.len(), MOST + 2);
        assert_eq!((rows[MOST].key.as_str(), rows[MOST + 1].key.as_str()), ("rest", "none"));
        assert_eq!(rows.iter().map(|row| total(&row.cells)).sum::<usize>(), 60);
    }

    #[test]
    fn the_timeline_counts_quiet_days() {
        let days = timeline(&dated(&[Some("2025-04-05"), None, Some("2025-04-02"), Some("2025-04-05")]));
        let shown: Vec<_> = days.iter().map(|day| (day.date.as_deref(), day.quiet, day.articles.len())).collect();
        assert_eq!(shown, [(Some("2025-04-02"), 0, 1), (Some("2025-04-05"), 2, 2), (None, 0, 1)]);
    }
}
