//! Scripts that make one word of another: lemmas, restored hosts, vowel marks (after Straka 2018, UDPipe 2.0 prototype).
//!
//! `l|2|ا|1|ة` lowers the case, cuts two letters from the start, puts ا before, cuts one from the end and puts ة after; `=word` is the word.
//! Marks for each letter stand between commas.

/// The word that an edit script makes of `form`; `None` where the script does not fit.
pub fn edit(form: &str, script: &str) -> Option<String> {
    if let Some(word) = script.strip_prefix('=') {
        return Some(word.to_owned());
    }
    let parts: Vec<&str> = script.splitn(5, '|').collect();
    let [case, start, before, end, after] = parts[..] else { return None };
    let (start, end) = (start.parse::<usize>().ok()?, end.parse::<usize>().ok()?);
    let base: Vec<char> = if case.is_empty() { form.chars().collect() } else { form.to_lowercase().chars().collect() };
    if start + end >= base.len() {
        return None;
    }
    Some(before.chars().chain(base[start..base.len() - end].iter().copied()).chain(after.chars()).collect())
}

/// A lemma with its marks; `None` where the script is for another number of letters.
pub fn vocalise(lemma: &str, script: &str) -> Option<String> {
    if let Some(word) = script.strip_prefix('=') {
        return (crate::normalizer::clean_view(word).text() == lemma).then(|| word.to_owned());
    }
    let marks: Vec<&str> = script.split(',').collect();
    (marks.len() == lemma.chars().count()).then(|| {
        lemma.chars().zip(marks).fold(String::new(), |mut word, (letter, marks)| {
            word.push(letter);
            word.push_str(marks);
            word
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_edit() {
        let made = |form, script| edit(form, script).unwrap_or_default();
        assert_eq!(made("Announced", "l|0||1|"), "announce");
        assert_eq!(made("المدارس", "|2||0|"), "مدارس");
        assert_eq!(made("مدرست", "|0||1|ة"), "مدرسة");
        assert_eq!(made("ها", "=هو"), "هو");
        assert_eq!(edit("a", "|2||0|"), None);
        assert_eq!(edit("a", "nonsense"), None);
    }

    #[test]
    fn marks_are_put_on_letters() {
        assert_eq!(vocalise("شخص", "َ,,").as_deref(), Some("شَخص"));
        assert_eq!(vocalise("شخصي", "َ,,"), None);
    }
}
