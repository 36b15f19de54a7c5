//! Time expressions with ISO values: dates, months, years, quarters, decades, weekdays, and relative ones, which count
//! from the article's date (`models/times.tsv`, `models/months.tsv`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::{Span as Duration, ToSpan};
use regex::{Captures, Regex};

use crate::article::date::{self, PartialDate, alternatives, names};
use crate::document::{Annotator, Document, Layer, LayerKind, TimeExpression};
use crate::normalizer::{AlignedText, match_key, match_view};
use crate::offset::{Byte, Span};

const FILE: &str = include_str!("../../models/times.tsv");

/// Finds time expressions. Relative ones are left out of articles without a date.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times;

impl Annotator for Times {
    fn name(&self) -> &'static str {
        "times"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Times
    }

    fn annotate(&self, document: &Document) -> Layer {
        let reference = document.article().metadata().date.as_deref().and_then(PartialDate::from_iso);
        let mut times = Vec::new();
        for paragraph in document.paragraphs() {
            let shift = paragraph.span.start();
            times.extend(find(document.quote(paragraph.span), reference).into_iter().map(|t| TimeExpression {
                span: Span::new(t.span.start() + shift, t.span.end() + shift),
                value: t.value,
            }));
        }
        Layer::Times(times)
    }
}

/// What a pattern means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// `phrase`: a row of the table.
    Phrase,
    /// `n` (1–4), `year`.
    Quarter,
    /// `n` (1–2), `year`.
    Half,
    /// `year` (first of the decade).
    Decade,
    /// `year`, `until`.
    Years,
    /// `year`.
    Year,
    /// `n`, `unit`: before the article.
    Ago,
    /// `way`, `n`, `unit`: a span of time up to or from the article.
    Around,
    /// `month`, `way`.
    Month,
    /// `day`, `way`.
    Weekday,
    /// `day`: a bare weekday that cannot be another word.
    BareWeekday,
}

struct Table {
    phrases: BTreeMap<String, (String, i64)>,
    patterns: Vec<(Regex, Meaning, bool)>,
}

const NUMBERS: &[(&str, i64)] = &[
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("ثلاثه", 3),
    ("ثلاث", 3),
    ("اربعه", 4),
    ("اربع", 4),
    ("خمسه", 5),
    ("خمس", 5),
    ("سته", 6),
    ("ست", 6),
    ("سبعه", 7),
    ("سبع", 7),
    ("ثمانيه", 8),
    ("ثماني", 8),
    ("تسعه", 9),
    ("تسع", 9),
    ("عشره", 10),
    ("عشر", 10),
];

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let mut phrases = BTreeMap::new();
        for line in FILE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut columns = line.split('\t');
            if let (Some(unit), Some(offset), Some(phrase)) = (columns.next(), columns.next(), columns.next())
                && let Ok(offset) = offset.parse()
            {
                phrases.insert(match_key(phrase), (unit.to_owned(), offset));
            }
        }
        let all = alternatives(phrases.keys());
        let names = names();
        let english_month = alternatives(names.gregorian.keys().filter(|k| k.is_ascii()));
        let arabic_month = alternatives(names.gregorian.keys().filter(|k| !k.is_ascii()));
        let english_day = alternatives(names.weekdays.keys().filter(|k| k.is_ascii() && k.ends_with("day")));
        let arabic_day = alternatives(names.weekdays.keys().filter(|k| !k.is_ascii()));
        let number = alternatives(NUMBERS.iter().map(|(n, _)| (*n).to_owned()).collect::<Vec<_>>().iter());
        let year = r"(?:19|20)\d\d";
        let of_year = format!(
            r"(?:\s+(?:of\s+)?(?:(?:من\s+)?(?:(?:ل?ال|ل)?عام\s+|(?:ال)?سنه\s+)?|the\s+)?(?P<year>{year}|this year|last year|next year|العام الجاري|العام الحالي|العام الماضي|العام المقبل|هذا العام)\b)"
        );
        let english_unit = "days?|weeks?|months?|years?|decades?";
        let arabic_unit = "يوما|ايام|يوم|اسابيع|اسبوعا|اسبوع|اشهر|شهور|شهرا|سنوات|سنه|اعوام|عاما|عقود|يومين|اسبوعين|شهرين|عامين|سنتين|عقدين";
        let list: Vec<(Meaning, bool, String)> = vec![
            (Meaning::Phrase, false, format!(r"\b[وفبل]?(?P<span>{all})\b")),
            (
                Meaning::Quarter,
                false,
                format!(r"\b(?P<span>(?P<n>first|second|third|fourth|1st|2nd|3rd|4th)\s+quarter{of_year}?)"),
            ),
            (Meaning::Quarter, false, format!(r"\b(?P<span>q(?P<n>[1-4])(?:\s+(?:of\s+)?(?P<year>{year}))?)\b")),
            (
                Meaning::Quarter,
                false,
                format!(r"\b[وبل]?(?P<span>ال?ربع\s+(?P<n>الاول|الثاني|الثالث|الرابع|الاخير){of_year}?)"),
            ),
            (Meaning::Half, false, format!(r"\b(?P<span>(?P<n>first|second)\s+half{of_year})")),
            (Meaning::Half, false, format!(r"\b[وبل]?(?P<span>النصف\s+(?P<n>الاول|الثاني){of_year})")),
            (Meaning::Decade, false, r"\b(?P<span>(?P<year>(?:19|20)\d0)s)\b".to_owned()),
            (Meaning::Years, false, format!(r"\b(?P<span>(?P<year>{year})\s?[-/–]\s?(?P<until>{year}|\d\d))\b")),
            (
                Meaning::Years,
                false,
                format!(
                    r"\b(?:between|from)\s+(?P<span>(?P<year>{year})\s+(?:and|to|through|until)\s+(?P<until>{year}))\b"
                ),
            ),
            (
                Meaning::Years,
                false,
                format!(
                    r"\b(?:[وف]?بين|[وف]?من)\s+(?P<span>(?:عامي\s+|عام\s+|سنتي\s+|سنه\s+)?(?P<year>{year})\s+(?:و\s?|الي\s+|حتي\s+)(?:عام\s+|سنه\s+)?(?P<until>{year}))\b"
                ),
            ),
            (
                Meaning::Year,
                false,
                format!(
                    r"\b(?:in|by|since|until|till|from|before|after|during|early|late|mid|of|through|to|between|and|or|around|year|early-|mid-|late-|for|than|back in)[\s-]+(?P<span>(?P<year>{year}))\b"
                ),
            ),
            (Meaning::Year, false, format!(r"\b(?P<span>(?:fiscal\s+(?:year\s+)?|fy\s?)(?P<year>{year}))\b")),
            (Meaning::Year, false, format!(r"\((?P<span>(?P<year>{year}))\)")),
            (
                Meaning::Year,
                false,
                format!(r"\b[وف]?[بل]?(?P<span>(?:ال|ل)?(?:عام|سنه|عامي|الاعوام)\s+\(?(?P<year>{year}))\b"),
            ),
            (
                Meaning::Year,
                false,
                format!(
                    r"\b[وف]?(?:بحلول|منذ|في|حتي|قبل|بعد|خلال|نهايه|بدايه|مطلع|منتصف|اواخر|اوائل|من|الي|بين)\s+(?P<span>(?P<year>{year}))\b"
                ),
            ),
            (Meaning::Year, false, format!(r"\b{year}\s+و\s?(?:عام\s+)?(?P<span>(?P<year>{year}))\b")),
            (
                Meaning::Ago,
                false,
                format!(r"\b(?P<span>(?P<n>\d{{1,3}}|{number})\s+(?P<unit>{english_unit})\s+(?:ago|earlier))\b"),
            ),
            (
                Meaning::Ago,
                false,
                format!(
                    r"\b[وف]?(?P<span>(?:قبل|منذ)\s+(?:(?:نحو|حوالي)\s+)?(?:(?P<n>\d{{1,3}}|{number})\s+)?(?P<unit>{arabic_unit}))\b"
                ),
            ),
            (
                Meaning::Around,
                false,
                format!(
                    r"\b(?P<span>(?:the\s+)?(?P<way>past|last|next|coming)\s+(?P<n>\d{{1,3}}|{number})\s+(?P<unit>{english_unit}))\b"
                ),
            ),
            (
                Meaning::Around,
                false,
                format!(
                    r"\b(?P<span>(?:السنوات|الاعوام|الايام|الاشهر|الاسابيع)\s+ال(?P<n>\d{{1,3}}|{number})\s+(?P<way>الماضيه|المقبله|القادمه|الاخيره))\b"
                ),
            ),
            (
                Meaning::Month,
                true,
                format!(
                    r"\b(?:in|since|by|until|till|from|during|early|late|mid|of|before|after|(?P<way>last|next|this))[\s-]+(?P<span>(?P<month>{english_month}))\b"
                ),
            ),
            (
                Meaning::Month,
                false,
                format!(
                    r"\b[وف]?(?:في|منذ|خلال|شهر|حتي|بحلول|مطلع|نهايه|بدايه|منتصف|اواخر|اوائل)\s+(?P<span>(?:شهر\s+)?(?P<month>{arabic_month})(?:\s*/\s*(?:{arabic_month}))?(?:\s+(?P<way>الماضي|المنصرم|الفائت|المقبل|القادم|الجاري|الحالي))?)\b"
                ),
            ),
            (
                Meaning::Weekday,
                true,
                format!(r"\b(?P<span>(?:(?P<way>last|next|this|this past|this coming)\s+)?(?P<day>{english_day}))\b"),
            ),
            (
                Meaning::Weekday,
                false,
                format!(
                    r"\b[وف]?(?P<span>(?:يوم|مساء|صباح|فجر|ليله|ظهر|اليوم|امس|غدا|غد)\s+(?P<day>{arabic_day})(?:\s+(?P<way>الماضي|المنصرم|الفائت|المقبل|القادم))?)\b"
                ),
            ),
            (
                Meaning::Weekday,
                false,
                format!(r"\b(?P<span>(?P<day>{arabic_day})\s+(?P<way>الماضي|المنصرم|الفائت|المقبل|القادم))\b"),
            ),
            (Meaning::BareWeekday, false, r"\b(?P<span>(?P<day>الثلاثاء|الاربعاء|الخميس|الجمعه|السبت))\b".to_owned()),
        ];
        let patterns = list
            .into_iter()
            .map(|(meaning, capital, pattern)| {
                (Regex::new(&pattern).expect("a test compiles the time patterns"), meaning, capital)
            })
            .collect();
        Table { phrases, patterns }
    });
    &TABLE
}

/// The time expressions of a text, in text order, without overlap; `reference` is the article's date.
///
/// # Examples
/// ```
/// use khabar::annotator::time;
/// use khabar::article::date::PartialDate;
/// let text = "قالت بكين أمس إنها ستبلغ هدفها بحلول عام 2030";
/// let found = time::find(text, PartialDate::from_iso("2026-01-13"));
/// let values: Vec<_> = found.iter().map(|t| (t.span.slice(text), t.value.as_str())).collect();
/// assert_eq!(values, [("أمس", "2026-01-12"), ("عام 2030", "2030")]);
/// ```
pub fn find(text: &str, reference: Option<PartialDate>) -> Vec<TimeExpression> {
    let mut all: Vec<(Span<Byte>, Option<String>)> = Vec::new();
    for found in date::find(text) {
        let value = match found.until {
            Some(until) => found.date.iso().zip(until.iso()).map(|(a, b)| format!("{a}/{b}")),
            None if found.date.year.is_some() => found.date.iso(),
            None => nearest(found.date, reference).and_then(PartialDate::iso),
        };
        all.push((found.span, value));
    }
    let view = match_view(text);
    let folded = view.text();
    for (regex, meaning, capital) in &table().patterns {
        let mut from = 0;
        // Matches may share their first word (a preposition), so each search goes on after the expression itself.
        while let Some(captures) = regex.captures_at(folded, from) {
            let Some(whole) = captures.name("span") else { break };
            from = whole.end().max(captures.get(0).map_or(0, |m| m.start()) + 1);
            while !folded.is_char_boundary(from) {
                from += 1;
            }
            let span = view.source(Span::new(whole.start(), whole.end())).trim(text);
            if span.is_empty() || *capital && !has_capital(&view, text, &captures) {
                continue;
            }
            if *meaning == Meaning::Year && counts_things(folded, whole.end()) {
                continue;
            }
            let value = value(*meaning, &captures, reference);
            // An expression that cannot be resolved still keeps a shorter one inside from being misread.
            all.push((span, value));
            if from > folded.len() {
                break;
            }
        }
    }
    all.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(&b.0)).then(b.1.is_some().cmp(&a.1.is_some())));
    let mut kept: Vec<(Span<Byte>, Option<String>)> = Vec::new();
    for (span, value) in all {
        if !kept.iter().any(|(other, _)| other.overlaps(span)) {
            kept.push((span, value));
        }
    }
    kept.sort_by_key(|(span, _)| *span);
    kept.into_iter().filter_map(|(span, value)| Some(TimeExpression { span, value: value? })).collect()
}

fn has_capital(view: &AlignedText, text: &str, captures: &Captures<'_>) -> bool {
    captures.name("month").or_else(|| captures.name("day")).is_some_and(|m| {
        let source = view.source(Span::new(m.start(), m.end())).slice(text);
        source.starts_with(|c: char| c.is_uppercase())
    })
}

/// Whether a number that looks like a year counts what follows, or goes on.
fn counts_things(folded: &str, end: usize) -> bool {
    let rest = folded.get(end..).unwrap_or_default();
    if rest.starts_with('%') || rest.starts_with(['.', ',', ':']) && rest[1..].starts_with(|c: char| c.is_ascii_digit())
    {
        return true;
    }
    let next: String = rest.trim_start().chars().take_while(|c| c.is_alphabetic() || *c == '%').collect();
    [
        "%",
        "percent",
        "million",
        "billion",
        "trillion",
        "thousand",
        "dollars",
        "yuan",
        "companies",
        "people",
        "jobs",
        "workers",
        "chips",
        "gpus",
        "units",
        "firms",
        "employees",
        "items",
        "km",
        "megawatts",
        "مليون",
        "مليار",
        "الف",
        "دولار",
        "يوان",
        "شركه",
        "شخص",
        "عامل",
        "وظيفه",
        "رقاقه",
        "وحده",
        "موظف",
        "مليونا",
        "سلعه",
        "منتج",
        "ميغاواط",
        "كيلومتر",
    ]
    .contains(&next.as_str())
}

fn count(captures: &Captures<'_>) -> Option<i64> {
    let text = captures.name("n")?.as_str();
    text.parse().ok().or_else(|| NUMBERS.iter().find(|(n, _)| *n == text).map(|(_, v)| *v))
}

fn year_of(captures: &Captures<'_>, reference: Option<PartialDate>) -> Option<i16> {
    let Some(found) = captures.name("year") else { return reference?.year };
    if let Ok(year) = found.as_str().parse() {
        return Some(year);
    }
    let (_, offset) = table().phrases.get(found.as_str())?;
    reference?.year?.checked_add(i16::try_from(*offset).ok()?)
}

fn value(meaning: Meaning, captures: &Captures<'_>, reference: Option<PartialDate>) -> Option<String> {
    let text = |name: &str| captures.name(name).map_or("", |m| m.as_str());
    match meaning {
        Meaning::Phrase => {
            let key = text("span").split_whitespace().collect::<Vec<_>>().join(" ");
            let (unit, offset) = table().phrases.get(&key)?;
            if unit == "named" {
                return Some(format!("{offset}/{}", offset + 9));
            }
            shifted(reference?, unit, *offset)
        }
        Meaning::Quarter => {
            let n = match text("n") {
                "first" | "1st" | "1" | "الاول" => 1,
                "second" | "2nd" | "2" | "الثاني" => 2,
                "third" | "3rd" | "3" | "الثالث" => 3,
                _ => 4,
            };
            Some(format!("{:04}-Q{n}", year_of(captures, reference)?))
        }
        Meaning::Half => {
            let year = year_of(captures, reference)?;
            let first = matches!(text("n"), "first" | "الاول");
            Some(if first { format!("{year:04}-01/{year:04}-06") } else { format!("{year:04}-07/{year:04}-12") })
        }
        Meaning::Decade => {
            let year: i16 = text("year").parse().ok()?;
            Some(format!("{year}/{}", year + 9))
        }
        Meaning::Years => {
            let year: i16 = text("year").parse().ok()?;
            let until: i16 = text("until").parse().ok()?;
            let until = if until < 100 { year / 100 * 100 + until } else { until };
            (until > year).then(|| format!("{year}/{until}"))
        }
        Meaning::Year => Some(text("year").to_owned()),
        Meaning::Ago => {
            let unit = unit(text("unit"))?;
            let n = match captures.name("n") {
                Some(_) => count(captures)?,
                // The dual (عامين); a unit alone (منذ سنوات) says no number.
                None if text("unit").ends_with("ين") => 2,
                None => return None,
            };
            shifted(reference?, unit, -n)
        }
        Meaning::Around => {
            let name = if captures.name("unit").is_some() {
                text("unit")
            } else {
                text("span").split_whitespace().next()?.trim_start_matches("ال")
            };
            let reference = reference?;
            let unit = unit(name)?;
            let n = count(captures)?;
            let now = shifted(reference, unit, 0)?;
            if matches!(text("way"), "past" | "last" | "الماضيه" | "الاخيره") {
                Some(format!("{}/{now}", shifted(reference, unit, -n)?))
            } else {
                Some(format!("{now}/{}", shifted(reference, unit, n)?))
            }
        }
        Meaning::Month => {
            let key = text("month").split_whitespace().collect::<Vec<_>>().join(" ");
            let month = *names().gregorian.get(&key)?;
            let reference = reference?;
            let (year, now) = (reference.year?, reference.month?);
            let year = match text("way") {
                "last" | "الماضي" | "المنصرم" | "الفائت" if month >= now => year - 1,
                "next" | "المقبل" | "القادم" if month <= now => year + 1,
                "" => nearest(PartialDate { year: None, month: Some(month), day: None }, Some(reference))?.year?,
                _ => year,
            };
            PartialDate { year: Some(year), month: Some(month), day: None }.iso()
        }
        Meaning::Weekday | Meaning::BareWeekday => {
            let number = *names().weekdays.get(text("day"))?;
            let day = Weekday::from_monday_one_offset(number).ok()?;
            let today = reference?.civil()?;
            let back = i64::from(today.weekday().since(day));
            let span = text("span");
            let offset = match text("way") {
                "next" | "المقبل" | "القادم" | "this coming" => 7 - back,
                "last" | "الماضي" | "المنصرم" | "الفائت" | "this past" if back == 0 => -7,
                // Yesterday and tomorrow say which one, unless the article came out a day later.
                _ if span.starts_with("غد") => 7 - back,
                "this" if back > 0 => 7 - back,
                _ => -back,
            };
            PartialDate::from(add(today, offset.days())?).iso()
        }
    }
}

fn unit(name: &str) -> Option<&'static str> {
    Some(match name.trim_end_matches('s') {
        "day" | "يوما" | "ايام" | "يوم" | "يومين" => "day",
        "week" | "اسابيع" | "اسبوعا" | "اسبوع" | "اسبوعين" => "week",
        "month" | "اشهر" | "شهور" | "شهرا" | "شهرين" => "month",
        "year" | "سنوات" | "سنه" | "اعوام" | "عاما" | "عامين" | "سنتين" => "year",
        "decade" | "عقود" | "عقدين" => "decade",
        _ => return None,
    })
}

fn add(date: Date, duration: Duration) -> Option<Date> {
    date.checked_add(duration).ok()
}

/// The unit that lies `offset` units after the one that holds the reference.
fn shifted(reference: PartialDate, unit: &str, offset: i64) -> Option<String> {
    let year = reference.year?;
    match unit {
        "day" => PartialDate::from(add(reference.civil()?, Duration::new().try_days(offset).ok()?)?).iso(),
        "week" => {
            let week = add(reference.civil()?, Duration::new().try_weeks(offset).ok()?)?.iso_week_date();
            Some(format!("{:04}-W{:02}", week.year(), week.week()))
        }
        "month" => {
            let first = Date::new(year, reference.month?, 1).ok()?;
            let month = add(first, Duration::new().try_months(offset).ok()?)?;
            Some(format!("{:04}-{:02}", month.year(), month.month()))
        }
        "quarter" => {
            let quarter = i64::from(year) * 4 + i64::from((reference.month? - 1) / 3) + offset;
            Some(format!("{:04}-Q{}", quarter.div_euclid(4), quarter.rem_euclid(4) + 1))
        }
        "year" => Some(format!("{:04}", i64::from(year) + offset)),
        "decade" => {
            let first = i64::from(year).div_euclid(10) * 10 + offset * 10;
            Some(format!("{first:04}/{:04}", first + 9))
        }
        _ => None,
    }
}

/// The year that brings a month nearest to the reference.
fn nearest(date: PartialDate, reference: Option<PartialDate>) -> Option<PartialDate> {
    let reference = reference?;
    let (year, now, month) = (reference.year?, reference.month?, date.month?);
    let year = match month - now {
        6.. => year - 1,
        ..-6 => year + 1,
        _ => year,
    };
    let found = PartialDate { year: Some(year), ..date };
    (found.day.is_none() || found.civil().is_some()).then_some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Article;

    fn check(text: &str, date: &str, expected: &[(&str, &str)]) {
        let found = find(text, PartialDate::from_iso(date));
        let got: Vec<(&str, &str)> = found.iter().map(|t| (t.span.slice(text), t.value.as_str())).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn english() {
        // 2 April 2025 is a Wednesday.
        let day = "2025-04-02";
        check("The ministry said on Monday that by 2035 it would.", day, &[("Monday", "2025-03-31"), ("2035", "2035")]);
        check(
            "Officials met last week and will meet next month.",
            day,
            &[("last week", "2025-W13"), ("next month", "2025-05")],
        );
        check(
            "On April 2, 2025, and again in the first quarter of 2026.",
            day,
            &[("April 2, 2025", "2025-04-02"), ("first quarter of 2026", "2026-Q1")],
        );
        check("Exports rose in January and fell in December.", day, &[("January", "2025-01"), ("December", "2024-12")]);
        check("It may march on; the sun set.", day, &[]);
        check(
            "Three years ago, and over the past two years",
            day,
            &[("Three years ago", "2022"), ("the past two years", "2023/2025")],
        );
        check(
            "the 1990s and 2021-2025 plans; FY2026; Q3 2024",
            day,
            &[("1990s", "1990/1999"), ("2021-2025", "2021/2025"), ("FY2026", "2026"), ("Q3 2024", "2024-Q3")],
        );
        check(
            "earlier this month, later this year, yesterday",
            day,
            &[("earlier this month", "2025-04"), ("later this year", "2025"), ("yesterday", "2025-04-01")],
        );
        check("added to 2000 companies and since 2018", day, &[("2018", "2018")]);
        check("between 2021 and 2025", day, &[("2021 and 2025", "2021/2025")]);
        check("on April 9 next week", day, &[("April 9", "2025-04-09"), ("next week", "2025-W15")]);
        check("next Friday, last Wednesday", day, &[("next Friday", "2025-04-04"), ("last Wednesday", "2025-03-26")]);
    }

    #[test]
    fn arabic() {
        // 13 January 2026 is a Tuesday.
        let day = "2026-01-13";
        check("قالت الوزارة اليوم الثلاثاء إنها سترد", day, &[("اليوم الثلاثاء", "2026-01-13")]);
        check("وقال يوم الإثنين إن العام الماضي", day, &[("يوم الإثنين", "2026-01-12"), ("العام الماضي", "2025")]);
        check("بحلول عام ٢٠٣٠ ومنذ 2018", day, &[("عام ٢٠٣٠", "2030"), ("2018", "2018")]);
        check("بحلول 2030", day, &[("2030", "2030")]);
        check("في الربع الثاني من عام 2025", day, &[("الربع الثاني من عام 2025", "2025-Q2")]);
        check("النصف الأول من 2025", day, &[("النصف الأول من 2025", "2025-01/2025-06")]);
        check("في نيسان/أبريل الماضي", day, &[("نيسان/أبريل الماضي", "2025-04")]);
        check("الأسبوع المقبل والشهر الجاري", day, &[("الأسبوع المقبل", "2026-W04"), ("الشهر الجاري", "2026-01")]);
        check("قبل ثلاثة أيام ومنذ عامين", day, &[("قبل ثلاثة أيام", "2026-01-10"), ("منذ عامين", "2024")]);
        check("في ٢ كانون الأول", day, &[("٢ كانون الأول", "2025-12-02")]);
        check("بين عامي 2021 و2025", day, &[("عامي 2021 و2025", "2021/2025")]);
        check("في تسعينيات القرن الماضي", day, &[("تسعينيات القرن الماضي", "1990/1999")]);
        check("أمس الأول وأمسِ", day, &[("أمس الأول", "2026-01-11"), ("أمسِ", "2026-01-12")]);
    }

    #[test]
    fn without_a_date_relative_ones_are_left_out() {
        check("last week, in 2025, on Monday", "", &[("2025", "2025")]);
        let mut document = Document::new(Article::from_text("قالت بكين أمس\nIn 2025 it said").with_date("2026-01-13"));
        let layer = Times.annotate(&document);
        document.add(layer);
        let quotes: Vec<_> = document.layers().times.iter().map(|t| document.quote(t.span)).collect();
        assert_eq!(quotes, ["أمس", "2025"]);
    }

    proptest::proptest! {
        #[test]
        fn spans_are_exact(text in "[0-9 /.,٠-٩أمسعاملفيوقبلشهرMayApril\u{64b}\u{200f}\u{a0}-]{0,120}") {
            for time in find(&text, PartialDate::from_iso("2025-04-02")) {
                proptest::prop_assert!(!time.span.slice(&text).is_empty());
            }
        }
    }
}
