//! Cuts written text into tokens, from left to right.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::lexicon::{Abbreviation, lexicon};
use crate::document::TokenKind;
use crate::normalizer::is_invisible;

/// A token of a piece of text, in bytes of the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    pub kind: TokenKind,
    /// For a token that ends with the dot of an abbreviation: which sort.
    pub abbreviation: Option<Abbreviation>,
}

impl Piece {
    pub fn slice<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// Letters of the Arabic script, tatweel included, in all its blocks.
pub(super) fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{66f}' | '\u{671}'..='\u{6d3}' | '\u{6d5}' | '\u{6e5}'..='\u{6e6}'
        | '\u{6ee}'..='\u{6ef}' | '\u{6fa}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{870}'..='\u{887}'
        | '\u{8a0}'..='\u{8c9}' | '\u{fb50}'..='\u{fbb1}' | '\u{fbd3}'..='\u{fd3d}' | '\u{fd50}'..='\u{fdfb}'
        | '\u{fe70}'..='\u{fefc}')
}

/// Decimal digits: European, Arabic-Indic, Persian, full-width.
pub(super) fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '\u{ff10}'..='\u{ff19}')
}

/// Letters of scripts that write a space between words, other than Arabic.
fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    c.is_alphabetic()
        && !is_arabic(c)
        && !is_combining_mark(c)
        && !matches!(c as u32, 0xe00..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x2e80..=0xa4cf | 0xf900..=0xfaff
            | 0xff66..=0xff9f | 0x1b000..=0x1b2ff | 0x20000..=0x3ffff)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{2bb}' | '\u{ff07}' | '`')
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

/// Punctuation, in contrast to symbols.
fn is_punctuation(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' | '%' => false,
        _ if c.is_ascii() => c.is_ascii_punctuation(),
        '\u{2030}' | '\u{2031}' | '\u{2044}' | '\u{2052}' => false,
        _ => matches!(c,
            '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '،' | '؍' | '؛' | '؞' | '؟' | '۔' | '٫' | '٬' | '٭' | 'ـ'
            | '\u{2010}'..='\u{2027}' | '\u{2032}'..='\u{205e}' | '\u{2e00}'..='\u{2e5d}' | '\u{3001}'..='\u{3003}'
            | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{fd3e}' | '\u{fd3f}' | '\u{fe30}'..='\u{fe61}'
            | '\u{ff01}' | '\u{ff02}' | '\u{ff07}'..='\u{ff0a}' | '\u{ff0c}'..='\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}'
            | '\u{ff1f}' | '\u{ff3b}' | '\u{ff3d}' | '\u{ff5f}'..='\u{ff65}'),
    }
}

/// Cuts `text` into tokens; what lies between them is white space or invisible.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether the token before was a number.
    after_number: bool,
    /// Whether most letters are Arabic: there, signs between digits are tokens (15/7).
    pub arabic: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        let arabic = text.chars().filter(|&c| is_arabic(c)).count();
        let arabic = arabic > text.chars().filter(|&c| is_letter(c)).count();
        Self { text, at: 0, after_number: false, arabic }
    }

    fn peek(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// The end of the characters from `at` on that fulfil `wanted`.
    fn while_at(&self, at: usize, wanted: impl Fn(char) -> bool) -> usize {
        self.text[at..].char_indices().find(|&(_, c)| !wanted(c)).map_or(self.text.len(), |(end, _)| at + end)
    }

    /// The end of a run of letters with the marks on them and the invisible characters between them.
    fn run(&self, start: usize, letter: impl Fn(char) -> bool) -> usize {
        let mut end = start;
        for (at, c) in self.text[start..].char_indices() {
            if letter(c) || is_combining_mark(c) {
                end = start + at + c.len_utf8();
            } else if !is_invisible(c) {
                break;
            }
        }
        end
    }

    fn piece(&self, start: usize, end: usize, kind: TokenKind) -> Piece {
        // Marks go with whatever they stand on.
        let end = self.while_at(end, is_combining_mark);
        Piece { start, end, kind, abbreviation: None }
    }

    fn scan(&mut self, start: usize, c: char) -> Piece {
        if let Some(end) = self.address(start, c) {
            return self.piece(start, end, TokenKind::Address);
        }
        if let Some(end) = self.emoticon(start, c) {
            return self.piece(start, end, TokenKind::Symbol);
        }
        if is_digit(c) {
            return self.number(start);
        }
        if is_arabic(c) {
            return self.arabic(start);
        }
        if is_letter(c) {
            return self.word(start, start);
        }
        if c.is_numeric() {
            return self.piece(start, start + c.len_utf8(), TokenKind::Number);
        }
        let end = match c {
            '.' | '-' | '\u{2026}' | '*' | '_' | '=' | '+' | '<' | '>' | '~' | '^' => {
                self.while_at(start, |next| next == c)
            }
            '!' | '?' | '؟' => self.while_at(start, |next| matches!(next, '!' | '?' | '؟')),
            _ if is_punctuation(c) => start + c.len_utf8(),
            _ if c.is_alphabetic() => {
                let rest = &self.text[start..];
                start + visible(rest.split_word_bounds().next().unwrap_or(rest), c)
            }
            _ => start + visible(self.text[start..].graphemes(true).next().unwrap_or_default(), c),
        };
        let kind = match c {
            _ if is_punctuation(c) => TokenKind::Punctuation,
            _ if c.is_alphabetic() => TokenKind::Word,
            _ => TokenKind::Symbol,
        };
        self.piece(start, end, kind)
    }

    /// The end of a face of signs (`:-)`) that stands after a space.
    fn emoticon(&self, start: usize, c: char) -> Option<usize> {
        if !matches!(c, ':' | ';') || !self.text[..start].chars().next_back().is_none_or(char::is_whitespace) {
            return None;
        }
        let nose = start + 1 + usize::from(self.text[start + 1..].starts_with('-'));
        let mouth = self.peek(nose).filter(|c| matches!(c, ')' | '(' | 'D' | 'P' | 'p' | ']'))?;
        let end = self.while_at(nose, |next| next == mouth);
        self.peek(end).is_none_or(|next| !next.is_alphanumeric()).then_some(end)
    }

    /// The end of a date or fraction (`8/15/2000`, `24/7`) or of a telephone number (`713-664-7478`) in digits.
    fn dashed_number(&self, start: usize) -> Option<usize> {
        let mut end = self.digits(start);
        let separator = self.peek(end).filter(|c| matches!(c, '/' | '-'))?;
        let mut groups = vec![end - start];
        while self.text[end..].starts_with(separator) {
            let next = self.digits(end + 1);
            if next == end + 1 {
                return None;
            }
            groups.push(next - end - 1);
            end = next;
        }
        let fits = if separator == '/' {
            matches!(groups.as_slice(), [1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2])
        } else {
            // Two groups may be a range: 500-1000.
            matches!(groups.as_slice(), [3, 3, 4] | [1, 3, 3, 4])
        };
        (fits && self.peek(end).is_none_or(|next| !next.is_alphanumeric())).then_some(end)
    }

    /// The end of a web address, e-mail address, handle or hashtag that starts here.
    fn address(&self, start: usize, c: char) -> Option<usize> {
        let rest = &self.text[start..];
        match c {
            '@' => {
                let end = self.while_at(start + 1, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                let end = start + rest[..end - start].trim_end_matches('.').len();
                (end > start + 1).then_some(end)
            }
            '#' => {
                let end = self.run(start + 1, |c| c.is_alphanumeric() || c == '_');
                self.text[start + 1..end].contains(|c: char| c.is_alphabetic()).then_some(end)
            }
            'h' | 'H' | 'w' | 'W' | 'f' => {
                let bytes = rest.as_bytes();
                let begins =
                    |prefix: &str| bytes.get(..prefix.len()).is_some_and(|b| b.eq_ignore_ascii_case(prefix.as_bytes()));
                if !["http://", "https://", "ftp://", "www."].iter().any(|prefix| begins(prefix)) {
                    return None;
                }
                Some(self.address_end(start))
            }
            _ if c.is_ascii_alphanumeric() => self.email(start),
            _ => None,
        }
    }

    /// Where a web address that starts at `start` ends, without the punctuation of the sentence.
    fn address_end(&self, start: usize) -> usize {
        let end = self.while_at(start, |c| {
            !c.is_whitespace()
                && !is_invisible(c)
                && !is_arabic(c)
                && !matches!(c, '"' | '<' | '>' | '«' | '»' | '“' | '”' | '،' | '؛' | '؟' | '|' | '—')
        });
        let mut address = &self.text[start..end];
        loop {
            let shorter =
                address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '\u{2019}', '*', '\u{2026}', ']', '}']);
            let shorter = match shorter.strip_suffix(')') {
                Some(inside) if !inside.contains('(') => inside,
                _ => shorter,
            };
            if shorter.len() == address.len() {
                break;
            }
            address = shorter;
        }
        start + address.len()
    }

    fn email(&self, start: usize) -> Option<usize> {
        let local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
        // A local part has at most 64 characters; a longer run is not scanned again for each of its words.
        let at = start + self.text[start..].chars().take(65).take_while(|&c| local(c)).count();
        if !self.text[at..].starts_with('@') {
            return None;
        }
        let end = self.while_at(at + 1, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        let host = self.text[at + 1..end].trim_end_matches(['.', '-']);
        host.contains('.').then_some(at + 1 + host.len())
    }

    fn digits(&self, start: usize) -> usize {
        self.while_at(start, is_digit)
    }

    fn number(&self, start: usize) -> Piece {
        if let Some(end) = self.dashed_number(start).filter(|_| !self.arabic) {
            return self.piece(start, end, TokenKind::Number);
        }
        let mut end = self.digits(start);
        let mut plain = end - start;
        while let Some(separator) = self.peek(end) {
            let after = end + separator.len_utf8();
            let next = self.digits(after);
            let count = self.text[after..next].chars().count();
            let whole = self.text[start..start + plain].chars().count();
            let joined = match separator {
                '.' | '٫' => count > 0,
                '٬' => count == 3,
                ',' | '،' => count == 3 || (whole <= 3 && plain == end - start && matches!(count, 1 | 2)),
                ':' => whole <= 2 && count == 2,
                _ => false,
            };
            if !joined {
                break;
            }
            end = next;
        }
        plain = end;
        // 7nm, 5G, 1980s, 20-year-old, 80's; 01.AI
        match self.peek(end) {
            Some(c) if is_letter(c) => self.word(start, end),
            Some(c) if is_hyphen(c) && self.peek(end + c.len_utf8()).is_some_and(is_letter) => self.word(start, end),
            Some(c) if is_apostrophe(c) && self.text[end + c.len_utf8()..].starts_with('s') => self.word(start, end),
            Some('.') if self.dotted_name(start, end).is_some() => self.word(start, end),
            _ => self.piece(start, plain, TokenKind::Number),
        }
    }

    fn arabic(&self, start: usize) -> Piece {
        let end = self.run(start, is_arabic);
        let word = &self.text[start..end];
        if word.chars().all(|c| c == 'ـ') {
            return self.piece(start, end, TokenKind::Punctuation);
        }
        let mut piece = self.piece(start, end, TokenKind::Word);
        if !self.text[piece.end..].starts_with('.') || word.chars().nth(4).is_some() {
            return piece;
        }
        // ج.م.ع, أ.د. محمد, وأ.د. سامي
        let letters = |from: usize, to: usize| self.text[from..to].chars().filter(|&c| is_arabic(c)).count();
        let bare = word.strip_prefix(['و', 'ف', 'ل', 'ب']).filter(|rest| !rest.is_empty()).unwrap_or(word);
        let mut dotted = end;
        while letters(end - bare.len(), end) == 1
            && self.text[dotted..].starts_with('.')
            && self.peek(dotted + 1).is_some_and(is_arabic)
        {
            let next = self.run(dotted + 1, is_arabic);
            if letters(dotted + 1, next) > 1 {
                break;
            }
            dotted = next;
        }
        piece.end = dotted;
        if self.text[dotted..].starts_with('.') && !self.text[dotted..].starts_with("..") && !self.after_number {
            let class = lexicon()
                .abbreviation(&self.text[start..dotted])
                .or_else(|| lexicon().abbreviation(&self.text[end - bare.len()..dotted]));
            let next = self.text[dotted + 1..].chars().find(|&c| !is_invisible(c) && c != ' ');
            // ص.ب. 123
            let goes_on = next.is_some_and(|c| is_arabic(c) || (dotted > end && is_digit(c)));
            if class == Some(Abbreviation::Title) && goes_on {
                piece.end = dotted + 1;
                piece.abbreviation = class;
            }
        }
        piece
    }

    /// The end of a dotted name or web address (Character.AI, whitehouse.gov) whose first part ends at `end`.
    fn dotted_name(&self, start: usize, end: usize) -> Option<(usize, TokenKind)> {
        let first = &self.text[start..end];
        let mut at = end;
        let mut last = first;
        let mut parts = 0;
        while parts < 8 && self.text[at..].starts_with('.') {
            parts += 1;
            let next = self.while_at(at + 1, |c| c.is_ascii_alphanumeric() || c == '-');
            if next == at + 1 {
                break;
            }
            last = &self.text[at + 1..next];
            at = next;
        }
        if at == end || !first.is_ascii() || self.peek(at).is_some_and(is_letter) {
            return None;
        }
        let lower = |part: &str| !part.bytes().any(|b| b.is_ascii_uppercase());
        // alt.animals.dogs
        let path = &self.text[start..at];
        if parts > 1
            && lower(path)
            && path.split('.').all(|part| part.len() > 1 && part.starts_with(|c: char| !is_digit(c)))
        {
            return Some((at, TokenKind::Address));
        }
        if lower(&self.text[end..at]) && lexicon().is_domain(last) && (lower(first) || last.len() > 2) {
            let path = self.text[at..].starts_with('/');
            return Some((if path { self.address_end(start).max(at) } else { at }, TokenKind::Address));
        }
        let named = !lower(first) || first.bytes().all(|b| b.is_ascii_digit()) || lower(last);
        // NVDA.O: the exchange after the sign of a share
        let share = last.len() > 1 || (first.len() > 1 && first.bytes().all(|b| b.is_ascii_uppercase()));
        (lexicon().is_name_suffix(last) && named && share).then_some((at, TokenKind::Word))
    }

    /// A word of letters that starts at `start` and is known to reach up to `known`.
    fn word(&self, start: usize, known: usize) -> Piece {
        let mut end = self.run(known, |c| is_letter(c) || is_digit(c) || c == '_');
        let mut part = start;
        while let Some(c) = self.peek(end) {
            let after = end + c.len_utf8();
            let Some(next) = self.peek(after) else { break };
            let before = self.text[start..end].chars().next_back().unwrap_or(' ');
            let reached = || self.run(after, |c| is_letter(c) || is_digit(c) || c == '_');
            if is_hyphen(c) && (is_letter(next) || is_digit(next)) {
                let reached = reached();
                if !joins(&self.text[part..end], &self.text[after..reached]) {
                    break;
                }
                part = after;
                end = reached;
            } else if (is_apostrophe(c) && is_letter(next))
                || (c == '&' && before.is_uppercase() && next.is_uppercase())
                || (c == '.' && is_digit(before) && is_digit(next))
            {
                end = reached();
            } else {
                break;
            }
        }
        // w/o, b/c
        if !self.arabic && end == start + 1 && self.text[end..].starts_with('/') {
            let next = self.run(end + 1, is_letter);
            if next == end + 2 && self.peek(next) != Some('/') {
                end = next;
            }
        }
        let mut piece = self.piece(start, end, TokenKind::Word);
        if self.text[piece.end..].starts_with('.') && !self.text[piece.end..].starts_with("..") {
            self.dot(&mut piece);
        }
        piece
    }

    /// Decides about the dot right after a word.
    fn dot(&self, piece: &mut Piece) {
        let (start, end) = (piece.start, piece.end);
        // U.S., a.m., J.D.: single letters
        let mut at = end;
        let mut letters = usize::from(self.text[start..end].chars().nth(1).is_none());
        while letters > 0 && self.text[at..].starts_with('.') {
            let Some(next) = self.peek(at + 1).filter(|&c| is_letter(c)) else { break };
            let after = at + 1 + next.len_utf8();
            if self.peek(after).is_some_and(|c| is_letter(c) || is_digit(c)) {
                break;
            }
            letters += 1;
            at = after;
        }
        if letters > 1 {
            piece.end = at;
            if self.text[at..].starts_with('.') && !self.text[at..].starts_with("..") {
                let class = lexicon().abbreviation(piece.slice(self.text)).unwrap_or(Abbreviation::Plain);
                piece.end = at + 1;
                piece.abbreviation = Some(class);
            }
            // U.S.-led
            if let Some(c) = self.peek(piece.end).filter(|&c| is_hyphen(c)) {
                let after = piece.end + c.len_utf8();
                if self.peek(after).is_some_and(char::is_lowercase) {
                    *piece = Piece { start, ..self.word(after, after) };
                }
            }
            return;
        }
        if let Some((name_end, kind)) = self.dotted_name(start, end) {
            *piece = self.piece(start, name_end, kind);
            return;
        }
        // Ph.D., Mr.
        let near = |&(at, c): &(usize, char)| at < 16 && (c == '.' || is_letter(c));
        let run =
            self.text[end..].char_indices().take_while(near).last().map_or(end, |(at, c)| end + at + c.len_utf8());
        let dotted = self.text[start..run].trim_end_matches('.');
        let (word, class) = if let Some(class) = lexicon().abbreviation(dotted) {
            (dotted, Some(class))
        } else {
            let word = &self.text[start..end];
            // Lt.-Gov., Attorney-Gen.: the last part counts.
            (word, lexicon().abbreviation(word.rsplit(is_hyphen).next().unwrap_or(word)))
        };
        let dot = start + word.len();
        let mut rest = self.text[dot..].chars().skip(1).skip_while(|&c| c == ' ' || c == '\u{a0}');
        let next = rest.next();
        let class = match class {
            Some(Abbreviation::BeforeNumber) if !next.is_some_and(is_digit) => None,
            // the month May and the verb, Sun and the sun: a dot before a number or a small letter is an abbreviation's
            Some(Abbreviation::Month) if !next.is_some_and(|c| is_digit(c) || c.is_lowercase()) => None,
            Some(class) => Some(class),
            // initials: a single capital before a capital that begins no usual sentence
            None if self.is_initial(start, end, next) => Some(Abbreviation::Title),
            None => None,
        };
        if class.is_some() && self.text[dot..].starts_with('.') {
            piece.end = dot + 1;
            piece.abbreviation = class;
        }
    }

    fn is_initial(&self, start: usize, end: usize, next: Option<char>) -> bool {
        let single = self.text[start..end].chars().next().is_some_and(char::is_uppercase)
            && self.text[start..end].chars().nth(1).is_none();
        if !single || !next.is_some_and(char::is_uppercase) {
            return false;
        }
        let rest = self.text[end + 1..].trim_start();
        let word = &rest[..rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len())];
        !lexicon().starts_sentence(word) || word.len() == 1 && rest[1..].starts_with('.')
    }
}

/// The length of a token that starts with `first`, without invisible characters at its end.
fn visible(token: &str, first: char) -> usize {
    token.trim_end_matches(is_invisible).len().max(first.len_utf8())
}

/// Whether the two parts of a hyphenated word make one token.
fn joins(first: &str, second: &str) -> bool {
    let digits = |part: &str| part.chars().all(is_digit);
    let capital = |part: &str| part.chars().next().is_some_and(char::is_uppercase);
    if digits(first) {
        return !second.starts_with(is_digit);
    }
    if second.starts_with(is_digit) {
        return true;
    }
    // R1, V3, B2: the number of a model
    let model = second.contains(is_digit) && second.len() <= 4;
    !(capital(first) && capital(second)) || model || lexicon().joins(first, second)
}

impl Iterator for Scanner<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let rest = &self.text[self.at..];
        let (skipped, c) = rest.char_indices().find(|&(_, c)| !c.is_whitespace() && !is_invisible(c))?;
        let piece = self.scan(self.at + skipped, c);
        self.at = piece.end;
        self.after_number = piece.kind == TokenKind::Number;
        Some(piece)
    }
}
