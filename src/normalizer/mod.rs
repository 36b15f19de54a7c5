//! Derived views of the text, aligned to the source; Arabic script rules.
//!
//! The text of a document never changes: a view is a text of its own that knows which characters of the source each of
//! its characters came from. The rules are data (`models/normalization.tsv`). The match view is lossy: it is for
//! comparing and never shown as text of the article.

mod alignment;
mod rules;

use std::str::FromStr;

pub use alignment::{AlignedText, Derived};

use crate::error::{Error, ErrorKind};
use alignment::Aligner;
use rules::{Change, Rules};

/// A view of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The text as it is.
    Source,
    /// Readable, without marks, invisible characters and look-alike letters; see [`clean_view`].
    Clean,
    /// Folded for comparing; see [`match_view`].
    MatchKey,
}

impl View {
    /// All views, from the least to the most changed.
    pub const ALL: [Self; 3] = [Self::Source, Self::Clean, Self::MatchKey];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Clean => "clean",
            Self::MatchKey => "match-key",
        }
    }
}

impl FromStr for View {
    type Err = Error;

    /// The view of a name: `source`, `clean` or `match-key` (also `match_key`, `match`).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other name.
    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "source" => Ok(Self::Source),
            "clean" => Ok(Self::Clean),
            "match-key" | "match_key" | "match" => Ok(Self::MatchKey),
            _ => Err(Error::new(ErrorKind::Config, format!("no view is called {name:?}: source, clean or match-key"))),
        }
    }
}

/// The view of `text` that `view` names.
pub fn view(text: &str, view: View) -> AlignedText {
    match view {
        View::Source => AlignedText::identity(text),
        View::Clean => clean_view(text),
        View::MatchKey => match_view(text),
    }
}

/// The text without tatweel, harakat, direction controls and zero-width characters; presentation forms, full-width
/// letters, Arabic-Indic and Persian digits, look-alike letters, quotation marks and spaces brought to one form.
///
/// # Examples
/// ```
/// use khabar::normalizer::clean_view;
/// use khabar::offset::Span;
/// let source = "قالَت «بكيـــن» عام ٢٠٢٦";
/// let clean = clean_view(source);
/// assert_eq!(clean.text(), "قالت \"بكين\" عام 2026");
/// let at = clean.text().find("بكين").unwrap_or(0);
/// assert_eq!(clean.source(Span::new(at, at + "بكين".len())).slice(source), "بكيـــن");
/// ```
pub fn clean_view(text: &str) -> AlignedText {
    let rules = rules::clean();
    let mut aligner = Aligner::new(text);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match rules.change(c) {
            Change::Keep if rules::composes(c) => {
                let whole = aligner.last().and_then(|base| unicode_normalization::char::compose(base, c));
                match whole {
                    Some(whole) => aligner.recompose(whole, end),
                    // A hamza or madda apart that no letter carries says nothing.
                    None if matches!(c, '\u{653}'..='\u{655}') => aligner.drop(at, end, true),
                    None => aligner.push(c, at, end),
                }
            }
            Change::Keep => aligner.push(c, at, end),
            Change::Drop => aligner.drop(at, end, false),
            Change::Absorb => aligner.drop(at, end, true),
            Change::Replace(new) => aligner.replace(new, at, end),
            Change::Compute => aligner.replace(&Rules::compute_clean(c), at, end),
        }
    }
    aligner.finish()
}

/// The clean view with letter case, hamza, alef maqsura, ta marbuta, letters for foreign sounds (ڤ پ گ چ) and Latin
/// diacritics folded: for comparing only.
///
/// # Examples
/// ```
/// use khabar::normalizer::match_view;
/// assert_eq!(match_view("إنڤيديا").text(), match_view("انفيديا").text());
/// ```
pub fn match_view(text: &str) -> AlignedText {
    let rules = rules::matching();
    let mut aligner = Aligner::new(text);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match rules.change(c) {
            Change::Keep => aligner.push(c, at, end),
            Change::Drop => aligner.drop(at, end, false),
            Change::Absorb => aligner.drop(at, end, true),
            Change::Replace(new) => aligner.replace(new, at, end),
            Change::Compute => aligner.replace(&Rules::compute_match(c), at, end),
        }
    }
    aligner.finish()
}

/// The text of [`match_view`], without the alignment: the key under which lexicons are looked up.
///
/// # Examples
/// ```
/// use khabar::normalizer::match_key;
/// assert_eq!(match_key("الـوِلاياتُ المتّحدة"), "الولايات المتحده");
/// assert_eq!(match_key("Nokia’s CAFÉ"), "nokia's cafe");
/// ```
pub fn match_key(text: &str) -> String {
    if text.is_ascii() && !text.contains('`') {
        return text.to_ascii_lowercase();
    }
    let rules = rules::matching();
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        match rules.change(c) {
            Change::Keep => key.push(c),
            Change::Drop | Change::Absorb => {}
            Change::Replace(new) => key.push_str(new),
            Change::Compute => key.push_str(&Rules::compute_match(c)),
        }
    }
    key
}

/// Whether a character is invisible: a direction control, a zero-width character, a soft hyphen, a byte order mark.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::offset::{Byte, Span};

    #[test]
    fn clean_takes_marks_and_forms() {
        for (source, clean) in [
            ("ﻗﺎﻟﺖ ﺑﻜﻴﻦ", "قالت بكين"),
            ("ﻻ", "لا"),
            ("ﷲ", "الله"),
            ("Ｎｖｉｄｉａ", "Nvidia"),
            ("الـــصين", "الصين"),
            ("مُحَمَّدٌ", "محمد"),
            ("\u{202b}بكين\u{202c}\u{200f}", "بكين"),
            ("می‌گوید", "ميگويد"),
            ("٢٠٢٦ و۱۳٫۵٪", "2026 و13.5%"),
            ("كہ ەە", "كه هه"),
            ("“a” ‘b’ „c“ «د»", "\"a\" 'b' \"c\" \"د\""),
            ("a\u{a0}b", "a b"),
            ("ا\u{654}و ا\u{653}", "أو آ"),
            ("ا\u{64e}\u{654}", "أ"),
            ("cafe\u{301}", "café"),
            ("گوگل پکن چين ڤيينا", "گوگل پكن چين ڤيينا"),
            ("𝗡𝘃𝗶𝗱𝗶𝗮", "Nvidia"),
            ("ﹶ x", " x"),
        ] {
            assert_eq!(clean_view(source).text(), clean, "{source}");
        }
    }

    #[test]
    fn match_folds() {
        for (source, key) in [
            ("إدارة أوباما آسيا", "اداره اوباما اسيا"),
            ("مستشفى مسؤول هيئة", "مستشفي مسوول هييه"),
            ("ڤيتنام پكين گوگل چات", "فيتنام بكين غوغل جات"),
            ("Xi Jinping’s É ÅÖ İstanbul STRASSE Straße Łódź", "xi jinping's e ao istanbul strasse strasse lodz"),
            ("شيء", "شيء"),
            ("ﻹنفيديا", "لانفيديا"),
            ("U.S.–China", "u.s.-china"),
            ("a`b", "a'b"),
        ] {
            assert_eq!(match_key(source), key, "{source}");
            assert_eq!(match_view(source).text(), key, "{source}");
        }
    }

    #[test]
    fn derived_ranges_bring_the_source_characters() {
        let source = "نَقَلَتْ وكـالةُ\u{200f} (ﺷﻴﻨﺨﻮا) ﷺ عن «وانغ»";
        for (word, written) in
            [("نقلت", "نَقَلَتْ"), ("وكاله", "وكـالةُ"), ("شينخوا", "ﺷﻴﻨﺨﻮا"), ("الله", "ﷺ"), ("\"وانغ\"", "«وانغ»")]
        {
            let view = match_view(source);
            let at = view.text().find(word).unwrap();
            assert_eq!(view.source(Span::new(at, at + word.len())).slice(source), written);
        }
    }

    #[test]
    fn source_ranges_find_their_place() {
        let source = "الـصيـن تردّ";
        let view = clean_view(source);
        let at = source.find("تردّ").unwrap();
        let derived = view.derived(Span::new(at, source.len()));
        assert_eq!(view.slice(derived), "ترد");
        let tatweel = source.find('ـ').unwrap();
        assert!(view.derived(Span::new(tatweel, tatweel + 2)).len() <= 2);
    }

    #[test]
    fn names_of_views() {
        for view in View::ALL {
            assert_eq!(view.name().parse::<View>().unwrap(), view);
        }
        assert!("klar".parse::<View>().is_err());
    }

    const TEXT: &str = "([\u{600}-\u{6ff}\u{fb50}-\u{fdff}\u{fe70}-\u{feff}]|[a-zA-Z0-9 .,'\"`-]|[\u{c0}-\u{24f}\u{300}-\u{36f}]|[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]|ال|و|\r\n|🚀|🇨🇳|\\PC){0,60}";

    proptest! {
        #[test]
        fn the_source_view_is_the_identity(text in TEXT) {
            let identity = view(&text, View::Source);
            prop_assert_eq!(identity.text(), &text);
            for (start, _) in text.char_indices() {
                for (end, _) in text[start..].char_indices().map(|(e, c)| (start + e, c)) {
                    prop_assert_eq!(identity.source(Span::new(start, end)), Span::new(start, end));
                    prop_assert_eq!(identity.derived(Span::new(start, end)), Span::new(start, end));
                }
            }
        }

        #[test]
        fn every_derived_range_maps_to_characters_in_order(text in TEXT) {
            for which in View::ALL {
                let view = view(&text, which);
                let mut edges: Vec<usize> = view.text().char_indices().map(|(at, _)| at).collect();
                edges.push(view.text().len());
                let mut before = Span::<Byte>::new(0, 0);
                for pair in edges.windows(2) {
                    let source = view.source(Span::new(pair[0], pair[1]));
                    prop_assert!(text.is_char_boundary(source.start()) && text.is_char_boundary(source.end()));
                    prop_assert!(!source.is_empty());
                    prop_assert!(before.start() <= source.start() && before.end() <= source.end());
                    before = source;
                    let back = view.derived(source);
                    prop_assert!(back.start() <= pair[0] && pair[1] <= back.end());
                }
                for (i, &start) in edges.iter().enumerate() {
                    for &end in &edges[i..] {
                        let source = view.source(Span::new(start, end));
                        prop_assert!(text.is_char_boundary(source.start()) && text.is_char_boundary(source.end()));
                        prop_assert!(source.end() <= text.len());
                    }
                }
            }
        }

        #[test]
        fn any_numbers_are_taken(text in TEXT, a in 0usize..400, b in 0usize..400) {
            let (start, end) = (a.min(b), a.max(b));
            for which in View::ALL {
                let view = view(&text, which);
                let source = view.source(Span::new(start, end));
                prop_assert!(text.get(source.start()..source.end()).is_some());
                let derived = view.derived(Span::new(start, end));
                prop_assert!(view.text().get(derived.start()..derived.end()).is_some());
            }
        }

        #[test]
        fn the_key_is_the_match_view(text in TEXT) {
            let key = match_key(&text);
            let view = match_view(&text);
            prop_assert_eq!(view.text(), &key);
            prop_assert_eq!(match_key(&key), key.clone());
            prop_assert_eq!(match_key(clean_view(&text).text()), key);
        }
    }
}
