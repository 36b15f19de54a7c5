//! Title, by-line, date and furniture of plain text, where they are plain to see.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::{Metadata, Region, date};
use crate::normalizer::match_key;
use crate::offset::{Byte, Span};

const FILE: &str = include_str!("../../models/furniture.tsv");

/// Lines at the top that may hold title, by-line and date.
const HEAD: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Byline,
    Dateline,
    Other,
    Label,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Whole,
    Inside,
}

struct Phrase {
    kind: Kind,
    place: Place,
    most_words: usize,
    key: String,
}

struct Phrases {
    lines: Vec<Phrase>,
    agencies: BTreeMap<String, String>,
}

fn phrases() -> &'static Phrases {
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
        let mut phrases = Phrases { lines: Vec::new(), agencies: BTreeMap::new() };
        for line in FILE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(kind), Some(place), Some(words), Some(phrase)) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            if kind == "agency" {
                phrases.agencies.insert(match_key(phrase), place.to_owned());
                continue;
            }
            phrases.lines.push(Phrase {
                kind: match kind {
                    "byline" => Kind::Byline,
                    "dateline" => Kind::Dateline,
                    "label" => Kind::Label,
                    _ => Kind::Other,
                },
                place: match place {
                    "whole" => Place::Whole,
                    "inside" => Place::Inside,
                    _ => Place::Start,
                },
                most_words: words.parse().unwrap_or(20),
                key: match_key(phrase),
            });
        }
        phrases
    });
    &PHRASES
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The line's key without marks at its start that furniture likes (arrows, bullets, pipes).
fn line_key(line: &str) -> String {
    match_key(line).trim_matches(|c: char| c.is_whitespace() || "•▪►▶>»*|-_[]()".contains(c)).to_owned()
}

fn matching(line: &str) -> Option<&'static Phrase> {
    let key = line_key(line);
    let count = words(line);
    phrases().lines.iter().find(|phrase| {
        count <= phrase.most_words
            && match phrase.place {
                Place::Start => key.strip_prefix(phrase.key.as_str()).is_some_and(|rest| {
                    // The phrase must end with a word.
                    !phrase.key.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric)
                }),
                Place::Whole => key.trim_end_matches([':', '.', '!']) == phrase.key,
                Place::Inside => key.contains(phrase.key.as_str()),
            }
    })
}

fn only_addresses(line: &str) -> bool {
    line.split_whitespace().all(|word| {
        word.starts_with('#') && word.len() > 1
            || word.starts_with("http://")
            || word.starts_with("https://")
            || word.starts_with("www.")
            || word.starts_with('@') && word.len() > 1
            || !word.chars().any(char::is_alphanumeric)
    })
}

/// A line with nothing but a date (with weekday, hour, place).
fn date_line(line: &str) -> Option<String> {
    if words(line) > 12 || line.len() > 160 {
        return None;
    }
    let found = date::find(line).into_iter().find(|f| f.date.day.is_some())?;
    let mut rest = String::new();
    rest.push_str(line.get(..found.span.start())?);
    rest.push(' ');
    rest.push_str(line.get(found.span.end()..)?);
    let names = date::names();
    let left = match_key(&rest)
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| w.chars().count() > 2 && !names.weekdays.contains_key(*w))
        .filter(|w| {
            !["يوم", "الموافق", "الساعه", "بتوقيت", "gmt", "edt", "est", "utc", "updated", "published", "صباحا", "مساء"]
                .contains(w)
        })
        .count();
    // What is left may be a place and an hour, not a sentence.
    if left > 2 || found.span.len() * 3 < line.trim().len() || line.trim_end().ends_with('.') && left > 0 {
        return None;
    }
    found.date.iso().or(Some(String::new()))
}

/// The wire slug at the start of a paragraph: place, date and agency before the dash.
struct Slug {
    date: Option<String>,
    outlet: Option<String>,
}

fn slug(line: &str, default_year: Option<i16>) -> Option<Slug> {
    static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^.{2,90}?(?:\([^()]{1,30}\)\s*(?:--|-|–|—|:)|\s(?:--|—|–)\s|[/—]\s?[^/]{2,40}/\s?[-–—]{1,2})").ok()
    });
    let head = END.as_ref()?.find(line)?.as_str();
    if words(head) > 14 {
        return None;
    }
    let key = match_key(head);
    let agency = phrases().agencies.iter().find(|(name, _)| {
        key.match_indices(name.as_str()).any(|(at, _)| {
            let before = key.get(..at).and_then(|s| s.chars().next_back());
            let after = key.get(at + name.len()..).and_then(|s| s.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    });
    let found = date::find(head).into_iter().find(|f| f.date.day.is_some());
    if agency.is_none() && found.is_none() {
        return None;
    }
    let date = found.and_then(|f| date::PartialDate { year: f.date.year.or(default_year), ..f.date }.iso());
    Some(Slug { date, outlet: agency.map(|(_, outlet)| outlet.clone()) })
}

/// The date that a web address holds (`/2025/04/02/`).
pub(super) fn date_of_url(url: &str) -> Option<String> {
    static IN_URL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[/-](20\d\d)[/-](\d{1,2})(?:[/-](\d{1,2}))?(?:[/-]|$)").ok());
    let captures = IN_URL.as_ref()?.captures(url)?;
    let part = |i: usize| captures.get(i).map_or("", |m| m.as_str());
    let date = if part(3).is_empty() {
        format!("{}-{:0>2}", part(1), part(2))
    } else {
        format!("{}-{:0>2}-{:0>2}", part(1), part(2), part(3))
    };
    date::PartialDate::from_iso(&date)?.iso()
}

/// The same words, whatever the spelling.
fn same(a: &str, b: &str) -> bool {
    let bare = |text: &str| match_key(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let a = bare(a);
    !a.is_empty() && a == bare(b)
}

fn could_be_title(line: &str) -> bool {
    let count = words(line);
    let last = line.chars().next_back();
    (2..=30).contains(&count)
        && line.chars().any(char::is_alphabetic)
        && !matches!(last, Some('.' | '،' | ',' | ':' | '؛' | ';' | '۔'))
        && !line.starts_with(['•', '*', '-', '–'])
}

/// Puts the title before the body, unless the body begins with it; finds the regions and completes the metadata.
pub(super) fn complete(body: &str, mut metadata: Metadata) -> (String, Metadata, Vec<(Span<Byte>, Region)>) {
    let body = body.trim_matches('\n');
    let title =
        metadata.title.take().map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|t| !t.is_empty());
    let first_lines = || body.lines().map(str::trim).filter(|l| !l.is_empty()).take(HEAD);
    let given = title.as_deref().and_then(|title| first_lines().find(|line| same(line, title))).is_some();
    let text = match &title {
        Some(title) if !given => format!("{title}\n{body}"),
        _ => body.to_owned(),
    };

    let mut lines: Vec<Span<Byte>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = Span::new(start, start + line.len()).trim(&text);
        start += line.len();
        if !span.is_empty() {
            lines.push(span);
        }
    }

    let mut regions = Vec::new();
    let title_at = match &title {
        Some(title) => lines.iter().take(HEAD + 1).position(|l| same(l.slice(&text), title)),
        None => find_title(&text, &lines),
    };
    let url_date = metadata.url.as_deref().and_then(date_of_url);
    for (number, &line) in lines.iter().enumerate() {
        let inside = line.slice(&text);
        if title_at == Some(number) {
            regions.push((line, Region::Title));
            metadata.title = Some(without_label(inside).to_owned());
            continue;
        }
        let head = number < HEAD;
        if let Some(phrase) = matching(inside) {
            // “By 2030 China will …” is a sentence.
            let sentence =
                words(inside) > 6 && inside.ends_with(['.', '。', '!', '?', '؟']) && phrase.kind != Kind::Other;
            let byline = phrase.kind == Kind::Byline;
            if !(sentence || byline && !plausible_name(inside, phrase)) {
                regions.push((line, Region::Furniture));
                if byline && head && metadata.byline.is_none() {
                    metadata.byline = name_after(inside, &phrase.key);
                }
                if head && metadata.date.is_none() {
                    metadata.date = date::parse(inside, false);
                }
                continue;
            }
        }
        if only_addresses(inside) {
            regions.push((line, Region::Furniture));
            if head && metadata.url.is_none() && inside.starts_with("http") && words(inside) == 1 {
                metadata.url = Some(inside.to_owned());
            }
            continue;
        }
        if let Some(found) = date_line(inside) {
            regions.push((line, Region::Furniture));
            if head && metadata.date.is_none() && !found.is_empty() {
                metadata.date = Some(found);
            }
            continue;
        }
        if head {
            let year = metadata
                .date
                .as_deref()
                .or(url_date.as_deref())
                .and_then(date::PartialDate::from_iso)
                .and_then(|d| d.year);
            if let Some(slug) = slug(inside, year) {
                metadata.date = metadata.date.take().or(slug.date);
                metadata.outlet = metadata.outlet.take().or(slug.outlet);
            }
        }
    }
    metadata.date = metadata.date.take().or(url_date);
    if metadata.title.is_none() {
        metadata.title = title;
    }
    (text, metadata, regions)
}

fn without_label(line: &str) -> &str {
    match matching(line) {
        Some(phrase) if phrase.kind == Kind::Label => line.split_once(':').map_or(line, |(_, rest)| rest.trim()),
        _ => line,
    }
}

fn find_title(text: &str, lines: &[Span<Byte>]) -> Option<usize> {
    for (number, line) in lines.iter().enumerate().take(4) {
        let inside = line.slice(text);
        match matching(inside) {
            Some(phrase) if phrase.kind == Kind::Label => return Some(number),
            Some(_) => continue,
            None => {}
        }
        if date_line(inside).is_some() || only_addresses(inside) {
            continue;
        }
        // Breadcrumbs: Home > News > World.
        if inside.matches(['>', '»', '›', '|']).count() >= 2 && words(inside) <= 12 {
            continue;
        }
        if !could_be_title(inside) || slug(inside, None).is_some() {
            return None;
        }
        let count = words(inside);
        let longer = lines.iter().skip(number + 1).take(8).any(|l| {
            let n = words(l.slice(text));
            n >= 15 && n > count || n > count * 2 && n >= 8
        });
        return longer.then_some(number);
    }
    None
}

/// Whether the rest of a by-line looks like a name, not like a sentence: capitals in English, a few words in Arabic.
fn plausible_name(line: &str, phrase: &Phrase) -> bool {
    if phrase.place != Place::Start {
        return true;
    }
    if phrase.key == "by" {
        let rest: Vec<&str> = line.split_whitespace().skip(1).collect();
        return !rest.is_empty()
            && rest.iter().filter(|w| w.chars().count() > 3).all(|w| w.starts_with(char::is_uppercase))
            && !rest.iter().any(|w| w.starts_with(|c: char| c.is_numeric()));
    }
    !line.trim_end().ends_with('.') || words(line) <= 5
}

fn name_after(line: &str, key: &str) -> Option<String> {
    let count = words(key);
    let rest = line.split_whitespace().skip(count).collect::<Vec<_>>().join(" ");
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    (!rest.is_empty()).then_some(rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Metadata, Vec<(String, Region)>) {
        let (text, metadata, regions) = complete(text, Metadata::default());
        let regions = regions.into_iter().map(|(s, r)| (s.slice(&text).to_owned(), r)).collect();
        (text, metadata, regions)
    }

    const BODY: &str = "قالت وزارة التجارة الصينية اليوم الثلاثاء إنها سترد بحزم على القرار الأمريكي الأخير بشأن الرقائق المتقدمة التي تصنعها الشركات.";

    #[test]
    fn head_of_an_arabic_article() {
        let text = format!(
            "بكين ترد على قيود واشنطن\nبقلم: ليلى حسن\nنُشر في: ١٣ يناير ٢٠٢٦\n\n{BODY}\nاقرأ أيضًا: واشنطن تفرض رسومًا\n#الصين #أمريكا\n"
        );
        let (_, metadata, regions) = read(&text);
        assert_eq!(metadata.title.as_deref(), Some("بكين ترد على قيود واشنطن"));
        assert_eq!(metadata.byline.as_deref(), Some("ليلى حسن"));
        assert_eq!(metadata.date.as_deref(), Some("2026-01-13"));
        assert_eq!(regions.len(), 5, "{regions:?}");
        assert_eq!(regions.iter().filter(|(_, r)| *r == Region::Furniture).count(), 4);
    }

    #[test]
    fn head_of_an_english_article() {
        let text = "US tightens chip rules\nBy Jane Doe and John Roe\nApril 2, 2025\n\nWASHINGTON, April 2 (AP) — The Commerce Department said on Wednesday that it would tighten rules on advanced chips sold to China.\nBy 2030 the market will double, the department said in its report.\nRead more: What the rules mean\n";
        let (_, metadata, regions) = read(text);
        assert_eq!(metadata.title.as_deref(), Some("US tightens chip rules"));
        assert_eq!(metadata.byline.as_deref(), Some("Jane Doe and John Roe"));
        assert_eq!(metadata.date.as_deref(), Some("2025-04-02"));
        assert_eq!(metadata.outlet.as_deref(), Some("AP"));
        assert_eq!(regions.len(), 4, "{regions:?}");
    }

    #[test]
    fn text_without_head_has_no_title() {
        let (_, metadata, regions) = read(BODY);
        assert_eq!(metadata, Metadata::default());
        assert!(regions.is_empty());
        let wire = format!("بكين - 13 - 1 (كونا) -- {BODY}\n{BODY}");
        let (_, metadata, _) = read(&wire);
        assert_eq!(metadata.title, None);
        assert_eq!(metadata.outlet.as_deref(), Some("KUNA"));
    }

    #[test]
    fn a_given_title_is_put_first_once() {
        let metadata = Metadata { title: Some("بكين ترد".into()), ..Metadata::default() };
        let (text, _, regions) = complete(BODY, metadata.clone());
        assert!(text.starts_with("بكين ترد\nقالت"));
        assert_eq!(regions[0].1, Region::Title);
        let (text, _, _) = complete(&format!("بكين تردّ\n{BODY}"), metadata);
        assert_eq!(text.matches("بكين").count(), 1);
    }

    #[test]
    fn dates_in_addresses() {
        assert_eq!(date_of_url("https://example.com/2025/04/02/chips.html").as_deref(), Some("2025-04-02"));
        assert_eq!(date_of_url("https://example.com/news/12345"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[a-zA-Z \n#:./0-9ابتثوني\u{200f}،—()-]{0,300}") {
            let (text, _, regions) = complete(&text, Metadata::default());
            for (span, _) in regions {
                proptest::prop_assert!(!span.slice(&text).is_empty());
            }
        }
    }
}
