//! Syntactic words: clitics cut from their hosts; parts of speech, lemmas and features as the network reads them.

use std::sync::LazyLock;

use crate::document::{Annotator, Clitic, Document, Layer, LayerKind, TokenKind, Upos, Word};
use crate::error::{Error, ErrorKind, Result};
use crate::network::manifest::Manifest;
use crate::network::perceptron::Linear;
use crate::network::segmentation::{Cut, Frequencies, candidates, segment};
use crate::normalizer::match_key;
use crate::offset::{Byte, Span};

/// The words of the readings.
#[derive(Debug, Default)]
pub struct Morphology;

impl Annotator for Morphology {
    fn name(&self) -> &'static str {
        "morphology"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Readings]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Words
    }

    fn annotate(&self, document: &Document) -> Layer {
        Layer::Words(document.layers().readings.iter().map(|r| r.word.clone()).collect())
    }
}

/// Cuts written words into syntactic words.
#[derive(Debug)]
pub struct Segmenter {
    linear: Linear,
    frequencies: Frequencies,
}

static BYTES: &[u8] = include_bytes!("../../models/segmenter.bin");

static BUILT_IN: LazyLock<Segmenter> = LazyLock::new(|| {
    Manifest::built_in().check("segmenter.bin", BYTES).expect("the built-in weights are tested");
    Segmenter::read(BYTES).expect("the built-in weights are tested")
});

impl Segmenter {
    /// The one that is built in.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Puts a trained segmenter together.
    pub fn new(linear: Linear, frequencies: Frequencies) -> Self {
        Self { linear, frequencies }
    }

    /// Reads a segmenter as `write` made it.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the bytes are not of that form.
    pub fn read(mut bytes: &[u8]) -> Result<Self> {
        let linear = Linear::read(&mut bytes)?;
        let frequencies = Frequencies::new(bytes.to_vec())
            .ok_or_else(|| Error::new(ErrorKind::Model, "the frequency table is cut off"))?;
        Ok(Self { linear, frequencies })
    }

    /// The bytes that `read` takes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.linear.write(&mut out);
        out.extend_from_slice(self.frequencies.table());
        out
    }

    /// Cuts an Arabic token, given its key and its neighbours' keys.
    pub fn segment(&self, key: &str, before: &str, after: &str) -> Cut {
        segment(&self.linear, &self.frequencies, key, before, after)
    }
}

/// The part of speech of a Universal Dependencies tag; unknown ones are X.
pub fn upos(tag: &str) -> Upos {
    match tag {
        "ADJ" => Upos::Adj,
        "ADP" => Upos::Adp,
        "ADV" => Upos::Adv,
        "AUX" => Upos::Aux,
        "CCONJ" => Upos::Cconj,
        "DET" => Upos::Det,
        "INTJ" => Upos::Intj,
        "NOUN" => Upos::Noun,
        "NUM" => Upos::Num,
        "PART" => Upos::Part,
        "PRON" => Upos::Pron,
        "PROPN" => Upos::Propn,
        "PUNCT" => Upos::Punct,
        "SCONJ" => Upos::Sconj,
        "SYM" => Upos::Sym,
        "VERB" => Upos::Verb,
        _ => Upos::X,
    }
}

const PENN: [&str; 50] = [
    "CC", "CD", "DT", "EX", "FW", "IN", "JJ", "JJR", "JJS", "LS", "MD", "NN", "NNS", "NNP", "NNPS", "PDT", "POS",
    "PRP", "PRP$", "RB", "RBR", "RBS", "RP", "SYM", "TO", "UH", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "WDT", "WP",
    "WP$", "WRB", ".", ",", ":", "HYPH", "-LRB-", "-RRB-", "``", "''", "$", "ADD", "NFP", "GW", "AFX", "#",
];

/// The fine tag as a static string; tags that are not of the Penn Treebank (with the additions of the English Web
/// Treebank) give `SYM`.
pub fn penn(tag: &str) -> &'static str {
    PENN.iter().find(|&&known| known == tag).copied().unwrap_or("SYM")
}

/// English clitics, longest first.
const CONTRACTIONS: [&str; 14] =
    ["n't", "n’t", "'ll", "’ll", "'re", "’re", "'ve", "’ve", "'s", "’s", "'d", "’d", "'m", "’m"];

/// Contractions written without their apostrophe, and bytes of the host.
const RUN_TOGETHER: [(&str, usize); 26] = [
    ("cannot", 3),
    ("cant", 2),
    ("dont", 2),
    ("doesnt", 4),
    ("didnt", 3),
    ("isnt", 2),
    ("arent", 3),
    ("wasnt", 3),
    ("werent", 4),
    ("hasnt", 3),
    ("havent", 4),
    ("hadnt", 3),
    ("couldnt", 5),
    ("wouldnt", 5),
    ("shouldnt", 6),
    ("gonna", 3),
    ("gotta", 3),
    ("wanna", 3),
    ("outta", 3),
    ("im", 1),
    ("ive", 1),
    ("thats", 4),
    ("whats", 4),
    ("theyre", 4),
    ("youve", 3),
    ("theyve", 4),
];

/// Cuts an English token into a host and its clitic: byte lengths of the parts.
pub fn cut_english(token: &str) -> Vec<usize> {
    let lower = token.to_lowercase();
    if lower.len() != token.len() {
        return vec![token.len()];
    }
    // IM in capitals is another word.
    if let Some(&(_, host)) = RUN_TOGETHER.iter().find(|(form, _)| *form == lower && token != "IM") {
        return vec![host, token.len() - host];
    }
    for clitic in CONTRACTIONS {
        if lower.len() > clitic.len() && lower.ends_with(clitic) {
            return vec![token.len() - clitic.len(), clitic.len()];
        }
    }
    // The possessive of a plural: officials'
    if lower.len() > 2 && (lower.ends_with("s'") || lower.ends_with("s’")) {
        let mark = if lower.ends_with('\'') { 1 } else { '’'.len_utf8() };
        return vec![token.len() - mark, mark];
    }
    vec![token.len()]
}

/// Beginnings that a treebank does not cut off at the hyphen: non-profit, pro-Beijing.
const PREFIXES: [&str; 32] = [
    "anti", "bi", "co", "counter", "cross", "de", "e", "ex", "inter", "intra", "mega", "micro", "mid", "mini", "multi",
    "neo", "non", "over", "pan", "post", "pre", "pro", "pseudo", "quasi", "re", "semi", "socio", "sub", "trans",
    "ultra", "un", "under",
];

/// Byte lengths of the parts of an English compound, its hyphens included: each part is a word, as in the English treebanks.
fn compound(text: &str) -> Vec<usize> {
    let whole = vec![text.len()];
    let Some((first, rest)) = text.split_once(['-', '\u{2010}', '\u{2011}']) else { return whole };
    let plain = |part: &str| part.chars().next().is_some_and(char::is_alphanumeric);
    if !plain(first) || !plain(rest) || PREFIXES.contains(&first.to_lowercase().as_str()) {
        return whole;
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, hyphen) in text.match_indices(['-', '\u{2010}', '\u{2011}']) {
        if at == from || at + hyphen.len() == text.len() {
            return whole;
        }
        parts.extend([at - from, hyphen.len()]);
        from = at + hyphen.len();
    }
    parts.push(text.len() - from);
    parts
}

/// Names that are not cut.
fn is_known_name(key: &str) -> bool {
    super::actor::actors().is_proper(key)
}

pub(super) fn is_arabic(text: &str) -> bool {
    text.chars().any(|c| ('\u{0620}'..='\u{064a}').contains(&c) || ('\u{066e}'..='\u{06d3}').contains(&c))
}

impl Segmenter {
    /// Cuts the tokens of a document into words without tags, English compounds at their hyphens too: the words of each
    /// sentence, and whether it is Arabic.
    pub(crate) fn cut_all(&self, document: &Document, words: &mut Vec<Word>) -> Vec<(std::ops::Range<usize>, bool)> {
        let tokens = &document.layers().tokens;
        let mut sentences = Vec::new();
        let mut first = 0;
        while first < tokens.len() {
            let last = first + tokens[first..].iter().take_while(|t| t.sentence == tokens[first].sentence).count();
            let start = words.len();
            let arabic = self.cut(document, first, last, words);
            sentences.push((start..words.len(), arabic));
            first = last;
        }
        sentences
    }

    /// Cuts the tokens of a sentence into words, without tags; whether the sentence is Arabic.
    fn cut(&self, document: &Document, first: usize, last: usize, words: &mut Vec<Word>) -> bool {
        let text = document.text();
        let tokens = &document.layers().tokens;
        let keys: Vec<String> = tokens[first..last].iter().map(|t| match_key(t.span.slice(text))).collect();
        let arabic = tokens[first..last].iter().filter(|t| is_arabic(t.span.slice(text))).count();
        let latin =
            tokens[first..last].iter().filter(|t| t.kind == TokenKind::Word && !is_arabic(t.span.slice(text))).count();
        for at in first..last {
            let token = &tokens[at];
            let surface = token.span.slice(text);
            let key = &keys[at - first];
            if token.kind == TokenKind::Word && is_arabic(surface) {
                let before = if at > first { keys[at - first - 1].as_str() } else { "^" };
                let after = if at + 1 < last { keys[at + 1 - first].as_str() } else { "$" };
                self.arabic(at, token.span, surface, key, before, after, words);
            } else {
                let mut from = token.span.start();
                let parts = if token.kind == TokenKind::Word { cut_english(surface) } else { vec![surface.len()] };
                let many = parts.len() > 1;
                for (i, length) in parts.into_iter().enumerate() {
                    let span = Span::new(from, from + length);
                    let clitic = (many && i > 0).then_some(Clitic::Enclitic);
                    let pieces = if clitic.is_none() && token.kind == TokenKind::Word {
                        compound(span.slice(text))
                    } else {
                        vec![length]
                    };
                    let mut start = from;
                    for piece in pieces {
                        let span = Span::new(start, start + piece);
                        let form = span.slice(text);
                        words.push(word(span, at, form.to_owned(), match_key(form), clitic));
                        start += piece;
                    }
                    from += length;
                }
            }
        }
        arabic >= latin && arabic > 0
    }

    #[expect(clippy::too_many_arguments, reason = "one inner step of `cut`")]
    fn arabic(
        &self,
        token: usize,
        span: Span<Byte>,
        surface: &str,
        key: &str,
        before: &str,
        after: &str,
        words: &mut Vec<Word>,
    ) {
        let cut = if is_known_name(key) { candidates(key).swap_remove(0) } else { self.segment(key, before, after) };
        let mut letters = 0;
        let mut from = span.start();
        let edges = letter_edges(surface);
        let edge = |n: usize| span.start() + edges.get(n).copied().unwrap_or(surface.len());
        for proclitic in &cut.proclitics {
            letters += 1;
            let to = edge(letters);
            if to > from {
                words.push(word(
                    Span::new(from, to),
                    token,
                    (*proclitic).to_owned(),
                    (*proclitic).to_owned(),
                    Some(Clitic::Proclitic),
                ));
            }
            from = to;
        }
        letters += cut.host_letters;
        let to = if cut.enclitic.is_empty() { span.end() } else { edge(letters) };
        if to > from {
            let host = Span::new(from, to);
            let written = surface[from - span.start()..to - span.start()].to_owned();
            let form = if cut.host.starts_with("ال") && !match_key(&written).starts_with("ال") {
                format!("ا{written}")
            } else {
                written
            };
            let mut made =
                word(host, token, crate::normalizer::clean_view(&form).text().to_owned(), cut.host.clone(), None);
            if cut.host.starts_with("ال") && cut.host.chars().count() > 3 {
                let article_letters = if cut.host_letters == cut.host.chars().count() { 2 } else { 1 };
                made.article = Some(Span::new(from, edge(letters - cut.host_letters + article_letters)));
            }
            words.push(made);
            from = to;
        }
        if from < span.end() {
            words.push(word(
                Span::new(from, span.end()),
                token,
                cut.enclitic.to_owned(),
                cut.enclitic.to_owned(),
                Some(Clitic::Enclitic),
            ));
        }
    }
}

/// Byte at which each letter of the match key starts in the surface; marks and tatweel belong to the letter before.
fn letter_edges(surface: &str) -> Vec<usize> {
    let view = crate::normalizer::match_view(surface);
    let key = view.text();
    let mut edges: Vec<usize> =
        key.char_indices().map(|(at, c)| view.source(Span::new(at, at + c.len_utf8())).start()).collect();
    if let Some(first) = edges.first_mut() {
        *first = 0;
    }
    edges
}

fn word(span: Span<Byte>, token: usize, form: String, key: String, clitic: Option<Clitic>) -> Word {
    let lemma = key.clone();
    let feats = String::new();
    Word {
        span,
        token,
        form,
        key,
        lemma,
        dictionary: String::new(),
        upos: Upos::X,
        xpos: "",
        feats,
        clitic,
        article: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::annotator::reading::Reader;
    use crate::article::Article;
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn words(text: &str) -> Document {
        let mut document = Document::new(Article::from_text(text));
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &Reader::default(), &Morphology] {
            let layer = stage.annotate(&document);
            document.add(layer);
        }
        document
    }

    /// Quotes of the words that the written word `token` is cut into, where it stands in `text`.
    fn cut(text: &str, token: &str) -> Vec<String> {
        let document = words(text);
        let layers = document.layers();
        let at = layers
            .tokens
            .iter()
            .position(|t| document.quote(t.span) == token)
            .unwrap_or_else(|| panic!("{token} in {text}"));
        layers.words.iter().filter(|w| w.token == at).map(|w| document.quote(w.span).to_owned()).collect()
    }

    #[test]
    fn the_built_in_weights_are_those_of_the_manifest() {
        Manifest::built_in().check("segmenter.bin", BYTES).unwrap();
        Segmenter::read(BYTES).unwrap();
        assert!(Segmenter::read(&BYTES[..BYTES.len() / 2]).is_err());
        assert!(Segmenter::read(&[]).is_err());
    }

    #[test]
    fn arabic_clitics_are_cut() {
        for (text, token, parts) in [
            ("قالت الوزارة إن القرار يمثل تهديدا للصين.", "للصين", &["ل", "لصين"][..]),
            ("وأضافت الوزارة أن بكين سترد وبأنها لن تتراجع.", "وبأنها", &["و", "ب", "أن", "ها"]),
            ("رحبت واشنطن بالصين شريكا تجاريا.", "بالصين", &["ب", "الصين"]),
            ("قالت ألمانيا إنها تدعم القرار.", "ألمانيا", &["ألمانيا"]),
            ("قالت وزارة التجارة الصينية.", "وزارة", &["وزارة"]),
            ("قالت واشنطن إن الرسوم ضرورية.", "واشنطن", &["واشنطن"]),
            ("انتشر فيروس كورونا في المدينة.", "فيروس", &["فيروس"]),
            ("أعلنت كوريا الجنوبية القرار.", "كوريا", &["كوريا"]),
            ("أعلنت بكين القرار.", "بكين", &["بكين"]),
            ("في ثلاث ولايات أمريكية.", "ولايات", &["ولايات"]),
            ("رفضت الشركة الطلب لكنها وافقت لاحقا.", "لكنها", &["لكن", "ها"]),
            ("قالت الشركات إنها تدرس القواعد وسيعتمدونها قريبا.", "وسيعتمدونها", &["و", "س", "يعتمدون", "ها"]),
            ("وقالت الوزارة إنها سترد.", "وقالت", &["و", "قالت"]),
            ("واكد المتحدث ان الصين ستواصل.", "واكد", &["و", "اكد"]),
            ("قال للصحفيين انه سيزور بكين.", "للصحفيين", &["ل", "لصحفيين"]),
        ] {
            assert_eq!(cut(text, token), parts, "{token} in {text}");
        }
    }

    #[test]
    fn the_host_is_restored_and_the_article_recorded() {
        let document = words("قالت الوزارة إن القرار يمثل تهديدا للصين.");
        let word = document.layers().words.iter().find(|w| w.key == "الصين").unwrap();
        assert_eq!((word.form.as_str(), document.quote(word.span)), ("الصين", "لصين"));
        assert_eq!(word.article.map(|a| document.quote(a)), Some("ل"));
        assert_eq!(word.lemma, "صين");
        assert!(word.has("Definite=Def"));
        let whole = document.layers().words.iter().find(|w| w.key == "الوزاره").unwrap();
        assert_eq!(whole.article.map(|a| document.quote(a)), Some("ال"));
    }

    #[test]
    fn english_clitics_and_verbs() {
        assert_eq!(cut("China's ministry said it won't retreat.", "China's"), ["China", "'s"]);
        assert_eq!(cut("The U.S. can’t wait.", "can’t"), ["ca", "n’t"]);
        assert_eq!(cut("They cannot wait.", "cannot"), ["can", "not"]);
        assert_eq!(cut("They dont wanna wait.", "wanna"), ["wan", "na"]);
        let document = words("Beijing said on Monday that it would impose new export controls.");
        let tags: Vec<(&str, Upos, &str, &str)> = document
            .layers()
            .words
            .iter()
            .map(|w| (document.quote(w.span), w.upos, w.xpos, w.lemma.as_str()))
            .collect();
        assert_eq!(tags[0].1, Upos::Propn);
        assert_eq!(tags[1], ("said", Upos::Verb, "VBD", "say"));
        assert!(
            tags.contains(&("would", Upos::Aux, "MD", "would")) || tags.contains(&("would", Upos::Aux, "MD", "will"))
        );
        assert!(tags.contains(&("impose", Upos::Verb, "VB", "impose")), "{tags:?}");
    }

    #[test]
    fn a_plural_that_looks_like_a_verb() {
        let document = words("Beijing said on Monday that it would impose new export controls.");
        let word = document.layers().words.iter().find(|w| w.form == "controls").unwrap();
        assert_eq!((word.xpos, word.lemma.as_str()), ("NNS", "control"));
    }

    #[test]
    fn a_latin_name_in_an_arabic_sentence_is_a_name() {
        let document = words("قالت شركة Nvidia إنها ستبيع الرقائق في الصين.");
        let name = document.layers().words.iter().find(|w| w.form == "Nvidia").unwrap();
        assert!(matches!(name.upos, Upos::X | Upos::Propn | Upos::Noun), "{:?}", name.upos);
        assert_eq!(name.xpos, "");
    }

    proptest! {
        #[test]
        fn words_lie_in_their_tokens_in_order(text in "[ء-يًٌّـ a-zA-Z0-9'’«».،؟!\u{200f}🚀-]{0,120}") {
            let document = words(&text);
            let layers = document.layers();
            let mut last = 0;
            for word in &layers.words {
                prop_assert!(layers.tokens[word.token].span.contains(word.span));
                prop_assert!(word.span.start() >= last && !word.span.is_empty());
                prop_assert!(word.article.is_none_or(|a| word.span.contains(a) && !a.is_empty()));
                last = word.span.end();
                let _ = document.quote(word.span);
            }
            // Each token is covered wholly by its words.
            let covered: usize = layers.words.iter().map(|w| w.span.len()).sum();
            prop_assert_eq!(covered, layers.tokens.iter().map(|t| t.span.len()).sum::<usize>());
            let again = words(&text);
            prop_assert_eq!(&again.layers().words, &layers.words);
        }
    }
}
