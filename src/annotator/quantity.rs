//! Quantities: numbers in digits and words with scale, currency, percent or unit (`models/quantities.tsv`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::time;
use crate::document::{Annotator, Document, Layer, LayerKind, Quantity};
use crate::normalizer::{Derived, match_key, match_view};
use crate::offset::Span;

const FILE: &str = include_str!("../../models/quantities.tsv");

/// Finds quantities. Dates, years, hours and numbers that are part of a name (GPT-4, Section 301) are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantities;

impl Annotator for Quantities {
    fn name(&self) -> &'static str {
        "quantities"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Quantities
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut quantities = Vec::new();
        for paragraph in document.paragraphs() {
            let shift = paragraph.span.start();
            quantities.extend(
                find(document.quote(paragraph.span))
                    .into_iter()
                    .map(|q| Quantity { span: Span::new(q.span.start() + shift, q.span.end() + shift), ..q }),
            );
        }
        Layer::Quantities(quantities)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    Number(f64),
    Scale(f64),
    Dual(f64),
    /// A scale after a number, two of it alone (مليارا).
    ScaleOrDual(f64),
    Plain(f64),
    Currency(&'static str),
    Unit(&'static str, f64),
    Label,
}

struct Lexicon {
    entries: BTreeMap<String, Entry>,
    most_words: usize,
    symbols: Vec<String>,
    token: Regex,
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
        let mut entries = BTreeMap::new();
        let mut symbols = Vec::new();
        for line in FILE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(kind), Some(value), Some(phrase)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            let number: f64 = value.parse().unwrap_or(1.0);
            let key = match_key(phrase);
            let entry = match kind {
                "number" => Entry::Number(number),
                "scale" => Entry::Scale(number),
                "dual" => match entries.get(&key) {
                    Some(Entry::Scale(scale)) => Entry::ScaleOrDual(*scale),
                    _ => Entry::Dual(number),
                },
                "plain" => Entry::Plain(number),
                "currency" => Entry::Currency(value),
                "unit" => match value.split_once('*') {
                    Some((unit, factor)) => Entry::Unit(unit, factor.parse().unwrap_or(1.0)),
                    None => Entry::Unit(value, 1.0),
                },
                _ => Entry::Label,
            };
            if key.chars().any(|c| !c.is_alphanumeric() && !" .-'".contains(c)) {
                symbols.push(key.clone());
            }
            entries.insert(key, entry);
        }
        symbols.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        let most_words = entries.keys().map(|k| k.split(' ').count()).max().unwrap_or(1);
        let marks = symbols.iter().map(|s| regex::escape(s)).collect::<Vec<_>>().join("|");
        let token = Regex::new(&format!(
            r"(?P<number>\d+(?:[.,]\d+)*)|(?P<symbol>{marks})|(?P<word>\p{{L}}[\p{{L}}\p{{M}}]*(?:\.\p{{L}}\.?)*)|(?P<other>\S)"
        ))
        .expect("a test compiles the pattern");
        Lexicon { entries, most_words, symbols, token }
    });
    &LEXICON
}

#[derive(Debug, Clone)]
enum Item {
    Digits(f64),
    Entry(Entry),
    Word,
    Other,
}

#[derive(Debug, Clone)]
struct Piece {
    item: Item,
    start: usize,
    end: usize,
    /// A proclitic و before the item, cut off.
    and: bool,
}

/// The value of digits with separators: `1,234.5`, `7,2`, `1.234.567`.
fn digits(text: &str) -> Option<f64> {
    let commas = text.matches(',').count();
    let points = text.matches('.').count();
    let groups = |separator: char| {
        let mut parts = text.split(['.', ',']).next().map_or(0, str::len);
        parts = usize::from(parts <= 3 && parts > 0);
        parts == 1 && text.split(separator).skip(1).all(|g| g.split('.').next().is_some_and(|g| g.len() == 3))
    };
    let plain = match (commas, points) {
        (0, 0 | 1) => text.to_owned(),
        (0, _) if groups('.') => text.replace('.', ""),
        (_, 0 | 1) if commas > 0 && groups(',') => text.replace(',', ""),
        // A decimal comma.
        (1, 0) => text.replace(',', "."),
        (1, _) if text.rfind(',') > text.rfind('.') => text.replace('.', "").replace(',', "."),
        _ => return None,
    };
    plain.parse().ok()
}

fn pieces(folded: &str) -> Vec<Piece> {
    let lexicon = lexicon();
    let tokens: Vec<_> = lexicon.token.captures_iter(folded).collect();
    let mut out: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(captures) = tokens.get(at) {
        let Some(whole) = captures.get(0) else { break };
        let (mut start, mut end) = (whole.start(), whole.end());
        let mut and = false;
        let mut used = 1;
        let item = if captures.name("number").is_some() {
            digits(whole.as_str()).map_or(Item::Other, Item::Digits)
        } else if captures.name("other").is_some() {
            Item::Other
        } else {
            // The longest phrase that starts here; with و before it, only where the word alone is none.
            let phrase = |first: usize| {
                (1..=lexicon.most_words).rev().find_map(|n| {
                    let last = tokens.get(at + n - 1)?.get(0)?;
                    let key = folded.get(first..last.end())?.split_whitespace().collect::<Vec<_>>().join(" ");
                    Some((lexicon.entries.get(&key)?.clone(), last.end(), n))
                })
            };
            let cut = |proclitic: char| {
                whole
                    .as_str()
                    .strip_prefix(proclitic)
                    .filter(|rest| rest.chars().count() > 1)
                    .map(|_| start + proclitic.len_utf8())
            };
            if let Some((entry, last, n)) = phrase(start) {
                (end, used) = (last, n);
                Item::Entry(entry)
            } else if let Some((first, (entry, last, n))) =
                cut('و').and_then(|first| phrase(first).filter(|(e, _, _)| is_numeric(e)).map(|p| (first, p)))
            {
                (start, end, used, and) = (first, last, n, true);
                Item::Entry(entry)
            } else if let Some((first, (entry, last, n))) = ['ب', 'ل', 'ك'].into_iter().find_map(|proclitic| {
                let first = cut(proclitic)?;
                phrase(first).filter(|(e, _, _)| is_numeric(e)).map(|p| (first, p))
            }) {
                (start, end, used) = (first, last, n);
                Item::Entry(entry)
            } else {
                Item::Word
            }
        };
        out.push(Piece { item, start, end, and });
        at += used;
    }
    // `و500`: the و stands as a word of its own, glued to the digits.
    for index in 1..out.len() {
        let before = out[index - 1].clone();
        if matches!(before.item, Item::Word)
            && before.end == out[index].start
            && folded.get(before.start..before.end) == Some("و")
        {
            out[index].and = true;
        }
    }
    out
}

fn is_numeric(entry: &Entry) -> bool {
    matches!(entry, Entry::Number(_) | Entry::Scale(_) | Entry::Dual(_) | Entry::ScaleOrDual(_))
}

/// An amount without unit.
struct Amount {
    value: f64,
    /// Piece after it.
    next: usize,
    scaled: bool,
    words: bool,
}

struct Reader<'a> {
    folded: &'a str,
    pieces: &'a [Piece],
}

impl Reader<'_> {
    fn gap(&self, left: usize, right: usize) -> &str {
        match (self.pieces.get(left), self.pieces.get(right)) {
            (Some(l), Some(r)) => self.folded.get(l.end..r.start).unwrap_or("?"),
            _ => "?",
        }
    }

    /// Whether the piece follows the one before it directly, across at most one hyphen.
    fn joined(&self, index: usize) -> bool {
        index > 0 && self.gap(index - 1, index).trim().is_empty()
    }

    fn hyphen(&self, index: usize) -> bool {
        self.pieces.get(index).is_some_and(|p| matches!(p.item, Item::Other) && &self.folded[p.start..p.end] == "-")
    }

    /// The piece after `index`, over a hyphen.
    fn over_hyphen(&self, index: usize) -> usize {
        if self.hyphen(index) && self.gap(index, index + 1).is_empty() && self.joined(index) {
            index + 1
        } else {
            index
        }
    }

    fn entry(&self, index: usize) -> Option<&Entry> {
        match &self.pieces.get(index)?.item {
            Item::Entry(entry) => Some(entry),
            _ => None,
        }
    }

    /// A number and its scales: `500 مليار`, `three hundred`, `مليوني`.
    fn group(&self, index: usize) -> Option<Amount> {
        let first = self.pieces.get(index)?;
        let mut next = index + 1;
        let mut words = true;
        let mut value = match &first.item {
            Item::Digits(value) => {
                words = false;
                *value
            }
            Item::Entry(Entry::Number(value)) => {
                let mut value = *value;
                // twenty-one; خمسة وعشرين; ثلاثمئة وخمسين
                loop {
                    let at = self.over_hyphen(next);
                    let Some(Entry::Number(more)) = self.entry(at) else { break };
                    let arabic =
                        self.pieces[at].and && (*more >= 20.0 && value < 10.0 || value >= 100.0 && *more < 100.0);
                    let english = !self.pieces[at].and
                        && (20.0..100.0).contains(&value)
                        && value % 10.0 == 0.0
                        && *more < 10.0
                        && self.folded[first.start..first.end].is_ascii();
                    if !arabic && !english {
                        break;
                    }
                    value += more;
                    next = at + 1;
                }
                value
            }
            Item::Entry(Entry::Scale(value) | Entry::Dual(value)) => *value,
            Item::Entry(Entry::ScaleOrDual(value)) => value * 2.0,
            _ => return None,
        };
        let mut scaled = matches!(first.item, Item::Entry(Entry::Scale(_) | Entry::Dual(_) | Entry::ScaleOrDual(_)));
        loop {
            let at = self.over_hyphen(next);
            if !self.joined(at) || self.pieces.get(at).is_none_or(|p| p.and) {
                break;
            }
            // Dollars and dates: `5m`, `5b` only right after the digits of an amount of money; see `money_letter`.
            match self.entry(at) {
                Some(Entry::Scale(scale) | Entry::Plain(scale) | Entry::ScaleOrDual(scale)) => value *= scale,
                _ => break,
            }
            scaled = true;
            next = at + 1;
        }
        Some(Amount { value, next, scaled, words })
    }

    /// Groups joined by و: `مليار و500 مليون`.
    fn amount(&self, index: usize) -> Option<Amount> {
        let mut amount = self.group(index)?;
        let mut last = amount.value;
        loop {
            let mut at = amount.next;
            // A lone و before digits is a piece of its own.
            if self.pieces.get(at).is_some_and(|p| &self.folded[p.start..p.end] == "و") && self.joined(at) {
                at += 1;
            } else if amount.words
                && self.pieces.get(at).is_some_and(|p| &self.folded[p.start..p.end] == "and")
                && last >= 100.0
            {
                at += 1;
                let Some(Entry::Number(_)) = self.entry(at) else { break };
                let Some(more) = self.group(at) else { break };
                if more.value >= 100.0 || amount.value % 100.0 != 0.0 {
                    break;
                }
                amount = Amount { value: amount.value + more.value, next: more.next, ..amount };
                last = more.value;
                continue;
            }
            let Some(piece) = self.pieces.get(at) else { break };
            if !piece.and || !amount.scaled || !self.joined(at) {
                break;
            }
            let Some(more) = self.group(at) else { break };
            if more.value <= 0.0 || more.value >= last {
                break;
            }
            last = more.value;
            amount = Amount { value: amount.value + more.value, next: more.next, scaled: true, words: amount.words };
        }
        // نصف: `مليار ونصف المليار` stays with the experts; a half alone is no number.
        Some(amount)
    }

    fn unit(&self, next: usize) -> Option<(&'static str, f64, usize)> {
        let at = self.over_hyphen(next);
        if !self.joined(at) {
            return None;
        }
        match self.entry(at)? {
            Entry::Currency(code) => Some((code, 1.0, at + 1)),
            Entry::Unit(unit, factor) => Some((unit, *factor, at + 1)),
            _ => None,
        }
    }
}

/// `m`, `b`, `k`, `t` right after the digits of an amount of money.
fn money_letter(letters: &str) -> Option<f64> {
    Some(match letters {
        "k" => 1e3,
        "m" => 1e6,
        "b" => 1e9,
        "t" | "tr" => 1e12,
        _ => return None,
    })
}

/// The quantities of a text, in text order, without overlap; spans are bytes, half-open.
///
/// # Examples
/// ```
/// use khabar::annotator::quantity;
/// let text = "استثمرت الصين ٥٠٠ مليار دولار";
/// let found = quantity::find(text);
/// assert_eq!((found[0].span.slice(text), found[0].value, found[0].unit.as_str()), ("٥٠٠ مليار دولار", 5e11, "USD"));
/// ```
pub fn find(text: &str) -> Vec<Quantity> {
    let view = match_view(text);
    let folded = view.text();
    let pieces = pieces(folded);
    let reader = Reader { folded, pieces: &pieces };
    // Any reference serves: only where the expressions stand matters here.
    let times = time::find(text, crate::article::date::PartialDate::from_iso("2025-01-15"));
    let source = |start: usize, end: usize| view.source(Span::<Derived>::new(start, end)).trim(text);
    let mut out: Vec<Quantity> = Vec::new();
    let mut index = 0;
    while index < pieces.len() {
        let Some(mut amount) = reader.amount(index) else {
            index += 1;
            continue;
        };
        let mut start = pieces[index].start;
        let is_digits = matches!(pieces[index].item, Item::Digits(_));
        let before = index.checked_sub(1).and_then(|i| pieces.get(i));
        let mut unit: Option<(&'static str, f64)> = None;
        // A currency before the digits.
        if is_digits
            && let Some(mark) = before
            && let Item::Entry(Entry::Currency(code)) = &mark.item
        {
            let shape = &folded[mark.start..mark.end];
            let code_like = lexicon().symbols.iter().any(|s| s == shape) || shape.len() == 3 && shape.is_ascii();
            if code_like
                && reader.gap(index - 1, index).chars().count() <= 1
                && out.last().is_none_or(|q| q.span.end() <= source(mark.start, mark.end).start())
            {
                unit = Some((code, 1.0));
                start = mark.start;
                if let Some(letter) = pieces.get(amount.next)
                    && matches!(letter.item, Item::Word)
                    && reader.gap(amount.next - 1, amount.next).is_empty()
                    && let Some(scale) = money_letter(&folded[letter.start..letter.end])
                {
                    amount = Amount { value: amount.value * scale, next: amount.next + 1, scaled: true, words: false };
                }
            }
        }
        if unit.is_none()
            && let Some((name, factor, next)) = reader.unit(amount.next)
        {
            unit = Some((name, factor));
            amount.next = next;
        } else if let Some((code, _)) = unit
            && let Some((name, _, next)) = reader.unit(amount.next)
            && name == code
        {
            // US$5 billion dollars
            amount.next = next;
        }
        let end = pieces[amount.next - 1].end;
        let span = source(start, end);
        let bare = unit.is_none() && !amount.scaled;
        let in_time = times.iter().any(|t| t.span.overlaps(span)) && (bare || unit.is_none());
        let keep = !span.is_empty()
            && amount.value.is_finite()
            && !in_time
            && !glued(folded, start, end, &pieces, index)
            && (!bare || counts(&reader, index, &amount, span.start(), text));
        if keep {
            let (name, factor) = unit.unwrap_or(("", 1.0));
            // A range shares scale and unit: 3-5%, 10 to 12 billion dollars.
            if let Some(last) = out.last_mut()
                && last.unit.is_empty()
                && last.value < amount.value
                && is_digits
                && (unit.is_some() || amount.scaled)
                && range(text.get(last.span.end()..span.start()).unwrap_or("?"))
                && digits_of(last.span.slice(text)).is_some_and(|v| (v - last.value).abs() < f64::EPSILON)
                && let Item::Digits(own) = pieces[index].item
                && own > 0.0
            {
                last.value = last.value * (amount.value / own) * factor;
                name.clone_into(&mut last.unit);
            }
            out.push(Quantity { span, value: tidy(amount.value * factor), unit: name.to_owned() });
            index = amount.next;
        } else {
            index = if bare { index + 1 } else { amount.next };
        }
    }
    out
}

/// Without the dust of floating point: 7.199999999999999e9 is 7.2e9.
fn tidy(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}

fn digits_of(text: &str) -> Option<f64> {
    digits(match_key(text).trim())
}

fn range(gap: &str) -> bool {
    matches!(match_key(gap).trim(), "-" | "to" | "الي" | "و" | "and")
}

/// Whether letters or marks make the number part of a name, an address, an hour or a longer number.
fn glued(folded: &str, start: usize, end: usize, pieces: &[Piece], index: usize) -> bool {
    let before = folded.get(..start).and_then(|s| s.chars().next_back());
    let after = folded.get(end..).and_then(|s| s.chars().next());
    let after_that = folded.get(end..).and_then(|s| s.chars().nth(1));
    if after.is_some_and(char::is_alphanumeric) || matches!(after, Some('_' | '@')) {
        return true;
    }
    // 10:30, 24/7, 3.5.1; and what names and addresses hold.
    if matches!(after, Some(':' | '/' | '.')) && after_that.is_some_and(char::is_numeric) {
        return true;
    }
    match before {
        Some(c) if c.is_alphanumeric() => {
            // Arabic proclitics before digits: و500, ب500, ل500.
            let stem: String = folded
                .get(..start)
                .map(|s| s.chars().rev().take_while(|c| c.is_alphanumeric()).collect())
                .unwrap_or_default();
            let proclitics = stem.chars().count() <= 3 && stem.chars().all(|c| "وفبلكال".contains(c));
            !(proclitics && matches!(pieces[index].item, Item::Digits(_))
                || matches!(pieces[index].item, Item::Entry(_)))
        }
        Some('-') => {
            // GPT-4, but not 3-5%.
            let earlier = folded.get(..start - 1).and_then(|s| s.chars().next_back());
            earlier.is_some_and(char::is_alphabetic)
        }
        Some(':' | '/' | '.' | '_' | '#' | '@') => {
            let earlier = folded.get(..start - 1).and_then(|s| s.chars().next_back());
            earlier.is_some_and(char::is_alphanumeric) || matches!(before, Some('#' | '@' | '_'))
        }
        _ => false,
    }
}

/// Whether a number without scale and unit counts something.
fn counts(reader: &Reader<'_>, index: usize, amount: &Amount, at: usize, text: &str) -> bool {
    let piece = &reader.pieces[index];
    let shape = &reader.folded[piece.start..piece.end];
    if amount.words {
        // `one`, and a half alone, are too often no number.
        return amount.value >= 2.0 && !labelled(reader, index);
    }
    let year = shape.len() == 4 && (1900.0..=2100.0).contains(&amount.value);
    if year || shape.len() > 12 || shape.len() > 1 && shape.starts_with('0') && !shape.starts_with("0.") {
        return false;
    }
    // Numbers of a list, and of footnotes.
    let line_start = text.get(..at).is_some_and(|s| s.trim_end_matches(|c: char| !c.is_alphanumeric()).is_empty());
    let next = reader.folded.get(piece.end..).unwrap_or_default();
    if line_start && next.starts_with(['.', ')', '-']) || next.starts_with(']') {
        return false;
    }
    // Hyphen before a word: 5-day, 3-year are counts; 4-o is a name.
    !labelled(reader, index) && !versioned(text, at)
}

fn labelled(reader: &Reader<'_>, index: usize) -> bool {
    let mut before = index;
    while let Some(at) = before.checked_sub(1) {
        let piece = &reader.pieces[at];
        match &piece.item {
            Item::Entry(Entry::Label) => return true,
            Item::Other
                if matches!(&reader.folded[piece.start..piece.end], "." | "(" | "\"" | "#") && index - at < 3 =>
            {
                before = at;
            }
            _ => return false,
        }
    }
    false
}

/// A number after a Latin name with a capital: Gemini 2.5, Boeing 737, Section 301.
fn versioned(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let trimmed = before.trim_end();
    if trimmed.len() == before.len() {
        return false;
    }
    let word = trimmed.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    let capital =
        word.starts_with(|c: char| c.is_ascii_uppercase()) && word.ends_with(|c: char| c.is_ascii_alphanumeric());
    let earlier = trimmed.get(..trimmed.len() - word.len()).unwrap_or_default().trim_end();
    let sentence_start = earlier.is_empty() || earlier.ends_with(['.', '!', '?', ':', '"', '”', '\n']);
    capital && !sentence_start
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Article;

    fn check(text: &str, expected: &[(&str, f64, &str)]) {
        let found = find(text);
        let got: Vec<(&str, f64, &str)> =
            found.iter().map(|q| (q.span.slice(text), q.value, q.unit.as_str())).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn english() {
        check("a $500bn plan", &[("$500bn", 5e11, "USD")]);
        check("worth US$1.2 billion and €3m", &[("US$1.2 billion", 1.2e9, "USD"), ("€3m", 3e6, "EUR")]);
        check("rose 7.2% to 1,234 units", &[("7.2%", 7.2, "%"), ("1,234", 1234.0, "")]);
        check("three million people and twenty-one firms", &[("three million", 3e6, ""), ("twenty-one", 21.0, "")]);
        check(
            "10 billion yuan, 45 per cent, 2 percentage points",
            &[
                ("10 billion yuan", 1e10, "CNY"),
                ("45 per cent", 45.0, "%"),
                ("2 percentage points", 2.0, "percentage point"),
            ],
        );
        check("a 5-nanometer chip and 5GW of power", &[("5-nanometer", 5.0, "nm"), ("5GW", 5e9, "W")]);
        check("In 2025, GPT-4 and H100 and Gemini 2.5 on April 2, 2025 at 10:30", &[]);
        check("Section 301 tariffs of 3-5%", &[("3", 3.0, "%"), ("5%", 5.0, "%")]);
        check("two hundred and fifty chips", &[("two hundred and fifty", 250.0, "")]);
        check("a million dollars", &[("million dollars", 1e6, "USD")]);
        check("one of the companies", &[]);
        check("a 500-billion-dollar project", &[("500-billion-dollar", 5e11, "USD")]);
        check("$1,5 billion", &[("$1,5 billion", 1.5e9, "USD")]);
    }

    #[test]
    fn arabic() {
        check("٥٠٠ مليار دولار", &[("٥٠٠ مليار دولار", 5e11, "USD")]);
        check("بنسبة 7٫2٪ و٣٠ في المئة", &[("7٫2٪", 7.2, "%"), ("٣٠ في المئة", 30.0, "%")]);
        check("بقيمة ملياري دولار", &[("ملياري دولار", 2e9, "USD")]);
        check("مليار و500 مليون يوان", &[("مليار و500 مليون يوان", 1.5e9, "CNY")]);
        check("ثلاثة آلاف شركة وخمسة وعشرين موظفًا", &[("ثلاثة آلاف", 3000.0, ""), ("خمسة وعشرين", 25.0, "")]);
        check("بـ500 مليون درهم", &[("500 مليون درهم", 5e8, "AED")]);
        check("شريحة 5 نانومتر بطاقة 2 غيغاواط", &[("5 نانومتر", 5.0, "nm"), ("2 غيغاواط", 2e9, "W")]);
        check("في عام 2025 وبحلول 2030 في ١٣ يناير ٢٠٢٦", &[]);
        check("المادة 5 من القانون رقم 12", &[]);
        check("١٬٢٣٤٬٥٦٧ رقاقة", &[("١٬٢٣٤٬٥٦٧", 1_234_567.0, "")]);
        check("مليونَي رقاقة", &[("مليونَي", 2e6, "")]);
        check("25 مليون دولار أمريكي", &[("25 مليون دولار أمريكي", 2.5e7, "USD")]);
        check("نموذج DeepSeek 3 الصيني", &[]);
    }

    #[test]
    fn layer_spans_are_the_documents() {
        let mut document = Document::new(Article::from_text("سطر أول\nاستثمرت ٥٠٠ مليار دولار"));
        let layer = Quantities.annotate(&document);
        document.add(layer);
        assert_eq!(document.quote(document.layers().quantities[0].span), "٥٠٠ مليار دولار");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[0-9 $%.,/:٠-٩٫٬مليونارآفعشرةوبtwohundre\u{64b}\u{200f}\u{a0}-]{0,120}") {
            for quantity in find(&text) {
                proptest::prop_assert!(!quantity.span.slice(&text).is_empty() && quantity.value.is_finite());
            }
        }

        #[test]
        fn any_text_is_safe(text in ".{0,200}") {
            let mut last = 0;
            for quantity in find(&text) {
                proptest::prop_assert!(quantity.span.start() >= last);
                last = quantity.span.end();
            }
            time::find(&text, None);
        }
    }
}
