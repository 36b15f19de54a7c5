#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{SentenceSegmenter, Tokenizer};
use crate::article::Article;
use crate::document::{Annotator, Document, TokenKind};
use crate::normalizer::is_invisible;

fn annotated(text: &str) -> Document {
    let mut document = Document::new(Article::from_text(text));
    document.add(SentenceSegmenter.annotate(&document));
    document.add(Tokenizer.annotate(&document));
    document
}

fn sentences(text: &str) -> Vec<String> {
    let document = annotated(text);
    document.layers().sentences.iter().map(|s| document.quote(s.span).to_owned()).collect()
}

fn tokens(text: &str) -> Vec<String> {
    let document = annotated(text);
    document.layers().tokens.iter().map(|t| document.quote(t.span).to_owned()).collect()
}

#[test]
fn one_sentence_stays_one() {
    for text in [
        "Mr. Trump met Sen. John Kennedy and J. D. Vance of the U.S. Senate on Jan. 13 at 9 a.m. in Room No. 5.",
        "Apple Inc. CEO Tim Cook said it cost $7.2 billion.",
        "See https://example.com/a.b?c=d, for more",
        "Character.AI, Node.js, 01.AI and Z.ai grew 1,000.5 percent.",
        "“Why?” he asked.",
        "“Stop!” said the minister.",
        "«لماذا؟» قال الوزير.",
        "قال د. محمد علي وأ.د. سامي حسن إن ج.م.ع ترفض ذلك؛ وتدعو: إلى الحوار، كما قال.",
        "أضاف أن النمو بلغ 7.2 في المائة (وهو الأعلى؟) هذا العام.",
        "قال الرئيس ... إن بلاده سترد.",
        "1. The first point of the plan.",
        "Chips, models, e.g. those of the Ministry, i.e. not many, etc., are sold.",
        "He moved to Washington, D.C., in May.",
        "Ph.D. students at the University of St. Louis agreed.",
        "س: ما رأيك في القرار",
        "Shares of NVDA.O and 0700.HK fell.",
        "ص.ب. 123 دبي",
    ] {
        assert_eq!(sentences(text), [text]);
    }
}

#[test]
fn sentences_are_cut() {
    for text in [
        "China denied it.|Beijing will respond.",
        "رفضت بكين القرار.|وأضافت أنها سترد!|هل سترد؟|نعم.",
        "رفضت القرار.|وأضاف.",
        "He said.|The rest followed.",
        "This happened in the U.S.|The company declined.",
        "It was founded by Apple Inc.|He left.",
        "“We will respond.|We will not wait,” he said.",
        "قال «سنرد على القرار.|ولن ننتظر».|وأضاف ذلك.",
        "He said “no.”|Then he left.",
        "He said \"no.\"|\"Yes,\" she said.",
        "قال \"لا.\"|وأضاف \"نعم\".",
        "It ended in 2026.|Nothing came.",
        "وانتهى عام 2026م.|ثم بدأ عام 1447هـ.|ولم يتغير شيء",
        "Really?!|Yes…|No one knew.",
        "(He did so.)|She did not.",
        "WASHINGTON, April 2 (AP) —|The White House said so.|It did.",
        "بكين - 13 - 1 (كونا) --|أعلنت وزارة التجارة ذلك.",
        "He uses GPT-4o.|xAI sued.",
        "Meeting at 5 p.m.|The rest is open.",
        "It concerns the E.U.|Is it over?",
        "هل سترد الصين؟|- نعم.",
        "قال المتحدث: \"لا.\".|وأضاف : ” سنرد “ .|ثم غادر.",
        "A headline without a stop\n|Body text here is it.\r\n|• item one",
    ] {
        let whole: String = text
            .replace('|', if text.contains("القرار.|وأضاف.") || text.contains("said.|The rest f") { "" } else { " " });
        let expected: Vec<&str> = text.split('|').map(str::trim).collect();
        assert_eq!(sentences(&whole), expected);
    }
}

#[test]
fn tokens_are_cut() {
    for text in [
        "high-tech|chips|,|US|-|China|talks|;|Trump|-|Xi|,|Wi-Fi|GPT-4|Chang'e-6|DeepSeek-R1|H-20|COVID-19|MI300|F-35",
        "don't|China's|China’s|U.S.|-|China|U.S.-led|Al-Jazeera|State-Owned|20-year-old|AT&T",
        "7.2|%|1,000|$|500|billion|€|5|2021|-|2025|10:30|5G|7nm|7,2|٪|١٬٠٠٠|٧٫٥",
        "لـ|ChatGPT|و|Moonshot|بـ|\"|أوبن|\"|عام|2026|لـ|Nvidia",
        "openai.com|https://a.b/c?d=e|,|info@mail.gov.cn|@POTUS|#AI_war|#الصين|Z.ai|Node.js|whitehouse.gov/x",
        "الصيني|-|الأمريكي|،|مُحَمَّد|الــصين|می‌گوید",
        "🇨🇳|👨‍👩‍👧|🚀|1️⃣|...|--|!|?",
        "د.|محمد|Mr.|Xi|Ph.D.|a.m.|e.g.|J.|D.|Vance",
        "On|8/15/2000|or|24/7|call|713-664-7478|500|-|1000|:-)|w/o|$|++|alt.animals.dogs|Stocks.pdf|2021|-|25",
        "يوم|15|/|7|/|2001|في|الساعة|10:30|صباحا",
        "中|国|said|DeepSeek-V3|GPT-4.5|v2.5",
        "«|نعم|»|(|AI|)|“|x|”|Q|:|A/B".replace("A/B", "A|/|B").as_str(),
    ] {
        let expected: Vec<&str> = text.split('|').collect();
        assert_eq!(tokens(&expected.join(" ")), expected);
    }
    assert_eq!(
        tokens("لـChatGPT وMoonshot عام2026 بـ\"أوبن\""),
        ["لـ", "ChatGPT", "و", "Moonshot", "عام", "2026", "بـ", "\"", "أوبن", "\""]
    );
    assert_eq!(tokens("\u{202b}بكين\u{202c} \u{200f}(الصين)\u{200f}."), ["بكين", "(", "الصين", ")", "."]);
}

#[test]
fn tokens_have_kinds() {
    use TokenKind::{Address, Number, Punctuation, Symbol, Word};

    let document = annotated("Nvidia 7.2 % € , 🚀 x@y.org #tag GPT-4 ـ");
    let kinds: Vec<TokenKind> = document.layers().tokens.iter().map(|t| t.kind).collect();
    assert_eq!(kinds, [Word, Number, Symbol, Symbol, Punctuation, Symbol, Address, Address, Word, Punctuation]);
}

#[test]
fn endless_words_take_no_endless_time() {
    for unit in ["ab.", "a.", "د.", "a-", "ab@", "(", "\"", ".", "؟", "a'", "1,", "ـ", "#", "www."] {
        let text = unit.repeat(20_000);
        let started = std::time::Instant::now();
        annotated(&text);
        assert!(started.elapsed().as_secs() < 5, "{unit}");
    }
}

const TEXT: &str = "([\u{600}-\u{6ff}\u{fe70}-\u{feff}]|[a-zA-Z]|[0-9]|[ \n]|[.!?؟…،؛:\"'’“”«»()-]|[\u{ad}\u{61c}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]|https://|www.|@|#|U.S.|Mr.|د.|AI|ال|و|قال|\r\n|\u{85}|\u{2028}|🚀|🇨🇳|👨‍👩‍👧|e\u{301}|中|ไทย|\\PC|.){0,80}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn tokens_and_gaps_make_up_the_text(text in TEXT) {
        let document = annotated(&text);
        let text = document.text();
        let layers = document.layers();
        let blank = |gap: &str| gap.chars().all(|c| c.is_whitespace() || is_invisible(c));
        let mut at = 0;
        for token in &layers.tokens {
            prop_assert!(token.span.start() >= at && !token.span.is_empty());
            prop_assert!(blank(&text[at..token.span.start()]), "gap {:?}", &text[at..token.span.start()]);
            let quote = document.quote(token.span);
            prop_assert!(!quote.starts_with(is_invisible) && !quote.ends_with(is_invisible), "{:?}", quote);
            prop_assert!(layers.sentences[token.sentence].span.contains(token.span));
            at = token.span.end();
        }
        prop_assert!(blank(&text[at..]), "rest {:?}", &text[at..]);
        let mut at = 0;
        for sentence in &layers.sentences {
            prop_assert!(sentence.span.start() >= at && !sentence.span.is_empty());
            prop_assert!(document.paragraphs()[sentence.paragraph].span.contains(sentence.span));
            at = sentence.span.end();
        }
    }
}
