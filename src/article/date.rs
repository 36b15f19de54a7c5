//! Dates as Arabic and English news write them, from month names (`models/months.tsv`), digits and the Hijri calendar.
//!
//! Hijri dates become Gregorian by the Umm al-Qura tables of `icu_calendar`, the calendar of Saudi state media; another
//! country's sighting of the moon can differ by a day.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use icu_calendar::Date as AnyDate;
use icu_calendar::cal::{Hijri, Iso};
use jiff::civil::Date;
use regex::{Captures, Regex};

use crate::normalizer::{Derived, match_key, match_view};
use crate::offset::{Byte, Span};

const FILE: &str = include_str!("../../models/months.tsv");

/// A Gregorian date of which some parts may be unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartialDate {
    /// The year.
    pub year: Option<i16>,
    /// The month, 1–12.
    pub month: Option<i8>,
    /// The day of the month, 1–31.
    pub day: Option<i8>,
}

impl PartialDate {
    /// ISO 8601 as exact as is known; `None` without a year.
    ///
    /// # Examples
    /// ```
    /// use khabar::article::date::PartialDate;
    /// let april = PartialDate { year: Some(2025), month: Some(4), day: None };
    /// assert_eq!(april.iso().as_deref(), Some("2025-04"));
    /// ```
    pub fn iso(self) -> Option<String> {
        let year = self.year?;
        Some(match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            (Some(month), None) => format!("{year:04}-{month:02}"),
            _ => format!("{year:04}"),
        })
    }

    /// Reads `2025`, `2025-04` or `2025-04-02`.
    pub fn from_iso(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '-');
        let year = parts.next()?.parse().ok()?;
        let month = parts.next().map(str::parse).transpose().ok()?;
        let day = parts.next().map(|d| d.get(..2).unwrap_or(d).parse()).transpose().ok()?;
        Self { year: Some(year), month, day }.checked()
    }

    /// The day, if all is known.
    pub fn civil(self) -> Option<Date> {
        Date::new(self.year?, self.month?, self.day?).ok()
    }

    /// Itself, if such a date exists.
    fn checked(self) -> Option<Self> {
        let year = self.year.unwrap_or(2024);
        let exists = (1..=9999).contains(&year)
            && Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).is_ok()
            && (self.day.is_none() || self.month.is_some());
        exists.then_some(self)
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: Some(date.year()), month: Some(date.month()), day: Some(date.day()) }
    }
}

/// A date found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundDate {
    /// Its characters: bytes of the text, half-open.
    pub span: Span<Byte>,
    /// The date, or the first day of a span of days.
    pub date: PartialDate,
    /// The last day, where a Hijri month is meant as a whole.
    pub until: Option<PartialDate>,
}

/// The names of `models/months.tsv`, folded.
pub(crate) struct Names {
    pub gregorian: BTreeMap<String, i8>,
    pub hijri: BTreeMap<String, i8>,
    pub weekdays: BTreeMap<String, i8>,
    pub ordinals: BTreeMap<String, i8>,
}

/// The names, read once.
pub(crate) fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let mut names = Names {
            gregorian: BTreeMap::new(),
            hijri: BTreeMap::new(),
            weekdays: BTreeMap::new(),
            ordinals: BTreeMap::new(),
        };
        for line in FILE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(kind), Some(number), Some(form)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            let Ok(number) = number.parse() else { continue };
            let map = match kind {
                "gregorian" => &mut names.gregorian,
                "hijri" => &mut names.hijri,
                "weekday" => &mut names.weekdays,
                "ordinal" => &mut names.ordinals,
                _ => continue,
            };
            map.insert(match_key(form), number);
        }
        names
    });
    &NAMES
}

/// The forms as alternatives of a pattern, longest first, with any white space between words.
pub(crate) fn alternatives<'a>(forms: impl Iterator<Item = &'a String>) -> String {
    let mut forms: Vec<String> = forms.map(|f| regex::escape(f).replace(' ', r"\s+")).collect();
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.join("|")
}

struct Patterns {
    /// Pattern and how to read it, in order of precedence.
    all: Vec<(Regex, Kind)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    YearFirst,
    DayOrMonthFirst,
    English,
    Arabic,
    Hijri,
}

fn patterns() -> &'static Patterns {
    static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
        let names = names();
        let ascii = |form: &&String| form.is_ascii();
        let english = alternatives(names.gregorian.keys().filter(ascii));
        let arabic = alternatives(names.gregorian.keys().filter(|f| !f.is_ascii()));
        let hijri = alternatives(names.hijri.keys());
        let ordinal = alternatives(names.ordinals.keys());
        let of_year = r"(?:\s*,?\s*(?:من\s+)?(?:(?:ل?ال|ل)?عام\s+|(?:ال)?سنه\s+)?(?P<year>\d{4})\b(?:\s*م\b)?)";
        let hijri_year = r"(?:\s*,?\s*(?:من\s+)?(?:(?:ال)?عام\s+|سنه\s+)?(?P<year>1[345]\d\d)\b(?:\s*ه\b\.?)?)";
        // Two names of one month: كانون الثاني/يناير, also with parentheses or only a space.
        let arabic_month = format!(r"(?P<month>{arabic})(?:\s*[/(\-]\s*(?:{arabic})\b\)?|\s+(?:{arabic})\b)?");
        let table = [
            (Kind::YearFirst, r"\b(?P<year>\d{4})\s?(?P<s1>[-/.])\s?(?P<month>\d{1,2})\s?(?P<s2>[-/.])\s?(?P<day>\d{1,2})(?:t\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?\b".to_owned()),
            (Kind::DayOrMonthFirst, r"\b(?P<first>\d{1,2})\s?(?P<s1>[-/.])\s?(?P<second>\d{1,2})\s?(?P<s2>[-/.])\s?(?P<year>\d{4})\b".to_owned()),
            (Kind::English, format!(r"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+(?P<month>{english})\b\.?(?:,?[\s-]+(?P<year>\d{{4}})\b)?")),
            (Kind::English, format!(r"\b(?P<month>{english})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:\s*,?\s+(?P<year>\d{{4}})\b)?")),
            (Kind::English, format!(r"\b(?P<month>{english})\b\.?,?\s+(?:of\s+)?(?P<year>(?:19|20)\d\d)\b")),
            (Kind::Arabic, format!(r"(?:\b[وف]?[بل]?)(?P<day>\d{{1,2}}|{ordinal})\s+(?:من\s+)?(?:شهر\s+)?{arabic_month}\b{of_year}?")),
            (Kind::Arabic, format!(r"\b[وف]?[بل]?{arabic_month}\b{of_year}")),
            (Kind::Hijri, format!(r"(?:\b[وف]?[بل]?)(?P<day>\d{{1,2}}|{ordinal})\s+(?:من\s+)?(?:شهر\s+)?(?P<month>{hijri})\b{hijri_year}")),
            (Kind::Hijri, format!(r"\b[وف]?[بل]?(?P<month>{hijri})\b{hijri_year}")),
            (Kind::Hijri, format!(r"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month>{hijri}),?\s+(?P<year>1[345]\d\d)(?:\s*a?h\b)?")),
        ];
        let compile = |(kind, pattern): (Kind, String)| {
            Regex::new(&pattern).map(|regex| (regex, kind)).expect("a test compiles the date patterns")
        };
        Patterns { all: table.into_iter().map(compile).collect() }
    });
    &PATTERNS
}

/// How many digits or letters the proclitic before a number takes, so that the span starts with the date itself.
fn date_start(captures: &Captures<'_>, whole: &Range<usize>) -> usize {
    ["day", "month", "year", "first"]
        .iter()
        .filter_map(|name| captures.name(name))
        .map(|m| m.start())
        .min()
        .unwrap_or(whole.start)
}

fn lookup(map: &BTreeMap<String, i8>, form: &str) -> Option<i8> {
    let key = form.split_whitespace().collect::<Vec<_>>().join(" ");
    map.get(key.as_str()).copied()
}

fn hijri(year: i32, month: u8, day: u8) -> Option<PartialDate> {
    let date = AnyDate::try_new_hijri_with_calendar(year, month, day, Hijri::new_umm_al_qura()).ok()?.to_calendar(Iso);
    let year = i16::try_from(date.era_year().year).ok()?;
    PartialDate {
        year: Some(year),
        month: i8::try_from(date.month().ordinal).ok(),
        day: i8::try_from(date.day_of_month().0).ok(),
    }
    .checked()
}

/// Reads one match: the date and, for a whole Hijri month, its last day.
fn interpret(kind: Kind, captures: &Captures<'_>, day_first: bool) -> Option<(PartialDate, Option<PartialDate>)> {
    let number = |name: &str| captures.name(name).and_then(|m| m.as_str().parse::<i16>().ok());
    let same_separator = || captures.name("s1").map(|m| m.as_str()) == captures.name("s2").map(|m| m.as_str());
    let small = |n: i16| i8::try_from(n).ok();
    let day = captures
        .name("day")
        .and_then(|m| m.as_str().parse::<i8>().ok().or_else(|| lookup(&names().ordinals, m.as_str())));
    let date = match kind {
        Kind::YearFirst if same_separator() => {
            let year = number("year")?;
            let month = number("month").and_then(small)?;
            if (1300..1600).contains(&year) {
                return Some((hijri(i32::from(year), u8::try_from(month).ok()?, u8::try_from(day?).ok()?)?, None));
            }
            PartialDate { year: Some(year), month: Some(month), day }
        }
        Kind::DayOrMonthFirst if same_separator() => {
            let (first, second, year) = (number("first")?, number("second")?, number("year")?);
            let (day, month) =
                if first > 12 || (day_first && second <= 12) { (first, second) } else { (second, first) };
            if (1300..1600).contains(&year) {
                return Some((hijri(i32::from(year), u8::try_from(month).ok()?, u8::try_from(day).ok()?)?, None));
            }
            PartialDate { year: Some(year), month: small(month), day: small(day) }
        }
        Kind::YearFirst | Kind::DayOrMonthFirst => return None,
        Kind::English | Kind::Arabic => {
            let month = lookup(&names().gregorian, captures.name("month")?.as_str());
            PartialDate { year: number("year"), month, day }
        }
        Kind::Hijri => {
            let month = u8::try_from(lookup(&names().hijri, captures.name("month")?.as_str())?).ok()?;
            let year = i32::from(number("year")?);
            if captures.name("day").is_some() {
                return Some((hijri(year, month, u8::try_from(day?).ok()?)?, None));
            }
            let last = hijri(year, month, 30).or_else(|| hijri(year, month, 29))?;
            return Some((hijri(year, month, 1)?, Some(last)));
        }
    };
    if date.year.is_some_and(|year| !(1500..2200).contains(&year)) {
        return None;
    }
    date.checked().map(|date| (date, None))
}

fn is_arabic(text: &str) -> bool {
    let arabic = text.chars().filter(|c| ('\u{620}'..='\u{64a}').contains(c)).count();
    arabic * 2 > text.chars().filter(|c| c.is_alphabetic()).count()
}

fn scan(text: &str, any_case: bool, day_first: bool) -> Vec<FoundDate> {
    let view = match_view(text);
    let folded = view.text();
    let mut found: Vec<(Range<usize>, FoundDate)> = Vec::new();
    for (regex, kind) in &patterns().all {
        for captures in regex.captures_iter(folded) {
            let Some(whole) = captures.get(0) else { continue };
            let range = whole.range();
            if found.iter().any(|(r, _)| r.start < range.end && range.start < r.end) {
                continue;
            }
            // March and May are verbs, too: in running English a month has a capital.
            if *kind == Kind::English && !any_case {
                let capital = captures.name("month").is_some_and(|m| {
                    view.source(Span::<Derived>::new(m.start(), m.end())).slice(text).starts_with(char::is_uppercase)
                });
                if !capital {
                    continue;
                }
            }
            if let Some((date, until)) = interpret(*kind, &captures, day_first) {
                let span = view.source(Span::new(date_start(&captures, &range), range.end)).trim(text);
                found.push((range, FoundDate { span, date, until }));
            }
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found.into_iter().map(|(_, date)| date).collect()
}

/// The dates in a running text, in text order: days, months with a year, days without a year.
///
/// A date all in digits counts day first in Arabic text and month first in English text, where both can be.
///
/// # Examples
/// ```
/// use khabar::article::date;
/// let text = "وقّع الرئيس القرار في ١٣ كانون الثاني/يناير ٢٠٢٦";
/// let found = date::find(text);
/// assert_eq!(found[0].span.slice(text), "١٣ كانون الثاني/يناير ٢٠٢٦");
/// assert_eq!(found[0].date.iso().as_deref(), Some("2026-01-13"));
/// ```
pub fn find(text: &str) -> Vec<FoundDate> {
    scan(text, false, is_arabic(text))
}

/// The ISO 8601 date of a field such as `datePublished`, `Updated: April 2, 2025` or `15 شعبان 1446 هـ`.
///
/// Takes ISO timestamps, RFC 2822, Unix seconds or milliseconds, and the first full date of anything else; less exact
/// where no more is known. `day_first` decides what `4/2/2025` is.
///
/// # Examples
/// ```
/// use khabar::article::date;
/// assert_eq!(date::parse("15 شعبان 1446 هـ", true).as_deref(), Some("2025-02-14"));
/// assert_eq!(date::parse("2025-04-02T08:00:00Z", false).as_deref(), Some("2025-04-02"));
/// ```
pub fn parse(field: &str, day_first: bool) -> Option<String> {
    let field = field.trim();
    if field.is_empty() || field.len() > 400 {
        return None;
    }
    let key = match_key(field);
    if key.bytes().all(|b| b.is_ascii_digit()) {
        return from_digits(&key);
    }
    if let Some(date) = PartialDate::from_iso(&key).filter(|d| d.year.is_some_and(|y| (1900..2200).contains(&y))) {
        if key.len() == 7 || key.len() == 10 {
            return date.iso();
        }
    }
    let found = scan(field, true, day_first || is_arabic(field));
    let best = found.iter().filter(|f| f.date.year.is_some()).max_by_key(|f| {
        // The most exact; among these the first.
        (f.date.day.is_some(), f.until.is_none(), std::cmp::Reverse(f.span.start()))
    });
    if let Some(best) = best {
        return if best.until.is_some() { PartialDate { day: None, ..best.date }.iso() } else { best.date.iso() };
    }
    // 13/1/26
    static SHORT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{2})\b").ok());
    let captures = SHORT.as_ref()?.captures(&key)?;
    let number = |i: usize| captures.get(i).and_then(|m| m.as_str().parse::<i8>().ok());
    let (first, second, year) = (number(1)?, number(3)?, number(4)?);
    let (day, month) = if first > 12 || (day_first && second <= 12) { (first, second) } else { (second, first) };
    PartialDate { year: Some(2000 + i16::from(year)), month: Some(month), day: Some(day) }.checked()?.iso()
}

fn from_digits(digits: &str) -> Option<String> {
    let number: i64 = digits.parse().ok()?;
    match digits.len() {
        4 if (1900..2200).contains(&number) => Some(digits.to_owned()),
        8 => PartialDate {
            year: digits.get(..4)?.parse().ok(),
            month: digits.get(4..6)?.parse().ok(),
            day: digits.get(6..)?.parse().ok(),
        }
        .checked()?
        .iso(),
        9 | 10 => stamp(number),
        13 => stamp(number / 1000),
        _ => None,
    }
}

fn stamp(seconds: i64) -> Option<String> {
    let date = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    PartialDate::from(date).iso()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_all_kinds() {
        for (field, expected) in [
            ("2025-04-02", "2025-04-02"),
            ("2025-04", "2025-04"),
            ("2025", "2025"),
            ("2025-04-02T08:15:00+03:00", "2025-04-02"),
            ("2025-04-02 08:15:00", "2025-04-02"),
            ("Wed, 02 Apr 2025 08:15:00 GMT", "2025-04-02"),
            ("April 2, 2025", "2025-04-02"),
            ("2 April 2025", "2025-04-02"),
            ("Apr. 2, 2025 at 5:12 p.m. EDT", "2025-04-02"),
            ("Published 2nd of April, 2025", "2025-04-02"),
            ("Sept. 30, 2024", "2024-09-30"),
            ("April 2025", "2025-04"),
            ("1743580800", "2025-04-02"),
            ("1743580800000", "2025-04-02"),
            ("20250402", "2025-04-02"),
            ("13/1/2026", "2026-01-13"),
            ("2026/1/13", "2026-01-13"),
            ("١٣/١/٢٠٢٦", "2026-01-13"),
            ("13/1/26", "2026-01-13"),
            ("13 يناير 2026", "2026-01-13"),
            ("القاهرة في ١٣ يناير ٢٠٢٦", "2026-01-13"),
            ("الثلاثاء 13 كانون الثاني 2026", "2026-01-13"),
            ("13 كانون الثاني/يناير 2026", "2026-01-13"),
            ("13 جانفي 2026", "2026-01-13"),
            ("3 غشت 2025", "2025-08-03"),
            ("3 أوت 2025", "2025-08-03"),
            ("الثاني من أبريل/نيسان 2025", "2025-04-02"),
            ("الحادي والعشرين من تشرين الثاني 2024", "2024-11-21"),
            ("15 شعبان 1446", "2025-02-14"),
            ("15 شعبان 1446هـ", "2025-02-14"),
            ("1 رمضان 1446 هـ", "2025-03-01"),
            ("1446/08/15", "2025-02-14"),
            ("15 شعبان 1446هـ الموافق 14 فبراير 2025م", "2025-02-14"),
            ("نُشر في: 2 نيسان، 2025", "2025-04-02"),
        ] {
            assert_eq!(parse(field, true).as_deref(), Some(expected), "{field}");
        }
        assert_eq!(parse("4/2/2025", false).as_deref(), Some("2025-04-02"));
        for field in ["", "soon", "99/99/2025", "العدد 15", "12345"] {
            assert_eq!(parse(field, true), None, "{field}");
        }
    }

    #[test]
    fn running_text_keeps_exact_spans() {
        let text = "It may 5 times. On May 5, 2025 the U.S. said; on 3 June it did. March 2024 was calm.";
        let quotes: Vec<_> = find(text).iter().map(|f| f.span.slice(text)).collect();
        assert_eq!(quotes, ["May 5, 2025", "3 June", "March 2024"]);
        let text = "وفي ١٣ كانـون الثاني ٢٠٢٦ قالت بكين إن مارسَ الضغط، وبأبريل 2025 بدأت";
        let quotes: Vec<_> = find(text).iter().map(|f| f.span.slice(text)).collect();
        assert_eq!(quotes, ["١٣ كانـون الثاني ٢٠٢٦", "أبريل 2025"]);
    }

    #[test]
    fn a_whole_hijri_month_is_a_span_of_days() {
        let found = find("في رمضان 1446 هـ");
        assert_eq!(found[0].date.iso().unwrap(), "2025-03-01");
        assert_eq!(found[0].until.unwrap().iso().unwrap(), "2025-03-29");
    }
}
