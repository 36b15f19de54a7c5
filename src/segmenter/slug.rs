//! Wire slugs: the place, date and agency before the text (`بكين - 13 - 1 (كونا) --`, `WASHINGTON, April 2 (AP) —`).

use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::lexicon;
use crate::normalizer::match_key;

/// The longest slug that is looked for, in bytes.
const LIMIT: usize = 200;

static BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?P<place>[^()«»"“”؟!?:;\n]{2,60}(?:\([^()]{2,30}\)[^()«»"“”؟!?:;\n]{0,30})?)\((?P<agency>[^()]{2,40})\)(?P<mark>\s*(?:[-–—ـ]+|:))?\s*"#,
    )
});
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?P<place>[\p{Arabic}A-Za-z ]{2,40}?)\s*[-–—/،,]\s*["«“]?(?P<agency>[\p{Arabic}A-Za-z. ]{2,25}?)["»”]?\s*(?:[-–—ـ]+|:)\s+"#,
    )
});
static CAPITALS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\p{Lu}[\p{Lu}.'’]+(?:[ /-]\p{Lu}[\p{Lu}.'’]*){0,4}(?:, [\p{Lu}\p{Ll}.]+(?: [\p{Lu}\p{Ll}.]+)?)?(?:,? \p{Lu}\p{Ll}+\.? \d{1,2}(?:, \d{4})?)?\s*(?:—|–|--|-)\s+",
    )
});

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("a test makes the patterns")
}

/// The length of the slug that a paragraph begins with, in bytes, when it is plain to see and text follows.
pub(super) fn slug(paragraph: &str) -> Option<usize> {
    let mut limit = LIMIT.min(paragraph.len());
    while !paragraph.is_char_boundary(limit) {
        limit -= 1;
    }
    let head = &paragraph[..limit];
    let end = brackets(head)
        .or_else(|| {
            let found = PLAIN.captures(head)?;
            let words = found["place"].split_whitespace().count();
            (words <= 4 && is_agency(&found["agency"])).then(|| found[0].len())
        })
        .or_else(|| {
            let found = CAPITALS.find(head)?;
            // A place before a sentence of its own, not a name set off by dashes (NVIDIA - the chipmaker - said).
            let capitals = found.as_str().chars().filter(|c| c.is_uppercase()).count();
            let rest = &paragraph[found.end()..];
            let starts = rest.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with(char::is_uppercase);
            let mark = found.as_str().trim_end().chars().next_back()?;
            let again = rest.split_whitespace().take(15).any(|word| word.chars().all(|c| c == mark));
            (capitals >= 4 && starts && !again).then(|| found.end())
        })?;
    let rest = paragraph[end..].trim_start();
    (rest.split_whitespace().nth(2).is_some()).then_some(end)
}

fn brackets(head: &str) -> Option<usize> {
    let found = BRACKETS.captures(head)?;
    let place = found["place"].trim();
    let words = place.split_whitespace().filter(|word| word.contains(|c: char| c.is_alphanumeric())).count();
    let dated = place.contains(|c: char| c.is_numeric());
    let marked = found.name("mark").is_some();
    let end = found[0].len();
    let agency = is_agency(&found["agency"]);
    // Without a dash only a short place with a known agency; without a known agency only place, date and dash.
    let sure = (agency && marked && words <= 9) || (agency && words <= 2) || (marked && dated && words <= 6);
    sure.then_some(end)
}

fn is_agency(name: &str) -> bool {
    let key = match_key(name.trim());
    // Several agencies: (أ ف ب، رويترز), AFP/Reuters
    key.split([',', '/', '-']).all(|one| lexicon().is_agency(one.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> &str {
        slug(text).map_or("", |end| text[..end].trim_end())
    }

    #[test]
    fn slugs_are_found() {
        for (slug, rest) in [
            ("بكين - 13 - 1 (كونا) --", "أعلنت وزارة التجارة الصينية اليوم"),
            ("بكين 13 يناير (شينخوا) --", "قال مسؤول صيني"),
            ("لونغ بيتش (الولايات المتحدة) 15-7 (اف ب)-", "كل شيء تغير في حياة"),
            ("واشنطن (رويترز) -", "قال الرئيس الأمريكي"),
            ("واشنطن - رويترز:", "قال الرئيس الأمريكي"),
            ("واشنطن (أ ف ب)", "قال الرئيس الأمريكي"),
            ("WASHINGTON, April 2 (AP) —", "The White House said"),
            ("WASHINGTON (Reuters) -", "The White House said"),
            ("BEIJING, Jan. 13 (Xinhua) --", "China on Monday said"),
            ("WASHINGTON —", "The White House said"),
            ("SAN FRANCISCO, Calif. —", "The company said on"),
            ("NEW YORK -", "Nvidia shares fell on"),
        ] {
            assert_eq!(cut(&format!("{slug} {rest}")), slug);
        }
    }

    #[test]
    fn other_beginnings_are_not_slugs() {
        for text in [
            "قالت وزارة التجارة الصينية (أكبر شريك تجاري) - في بيان - إنها سترد",
            "Nvidia (NVDA) - the largest chipmaker - said on Monday",
            "The U.S. - China trade war goes on and on",
            "AI - a boom or a bubble for investors?",
            "الصين - أمريكا: حرب الرقائق تشتعل من جديد",
            "NVIDIA - the largest chipmaker - said on Monday",
            "OPENAI — The maker of ChatGPT — said on Monday",
            "WASHINGTON —",
        ] {
            assert_eq!(cut(text), "", "{text}");
        }
    }
}
