//! Scripts that make one word of another: lemmas, restored hosts, vowel marks (after Straka 2018, UDPipe 2.0 prototype).
//!
//! `l|-+ا.|-+ة` lowers the case, edits the start (drops a letter, puts ا, keeps a letter) and the end (drops a letter, puts ة);
//! `=word` is the word. Marks for each letter stand between commas.

/// The word that an edit script makes of `form`; `None` where the script does not fit.
pub fn edit(form: &str, script: &str) -> Option<String> {
    if let Some(word) = script.strip_prefix('=') {
        return Some(word.to_owned());
    }
    let (case, edits) = script.split_once('|')?;
    let (start, end) = split_bar(edits)?;
    let base: Vec<char> = if case.is_empty() { form.chars().collect() } else { form.to_lowercase().chars().collect() };
    let (first, last) = (taken(start), taken(end));
    if first + last >= base.len() {
        return None;
    }
    let last = base.len() - last;
    let mut word = String::with_capacity(form.len() + 4);
    put_edited(&mut word, &base[..first], start);
    word.extend(&base[first..last]);
    put_edited(&mut word, &base[last..], end);
    Some(word)
}

/// The edits of the start and of the end: the two sides of the bar that is no letter to put.
fn split_bar(edits: &str) -> Option<(&str, &str)> {
    let mut put = false;
    for (at, c) in edits.char_indices() {
        if c == '|' && !put {
            return Some((&edits[..at], &edits[at + 1..]));
        }
        put = c == '+' && !put;
    }
    None
}

/// How many letters the edits keep or drop.
fn taken(edits: &str) -> usize {
    let mut put = false;
    let mut count = 0;
    for c in edits.chars() {
        count += usize::from(!put && c != '+');
        put = c == '+' && !put;
    }
    count
}

fn put_edited(word: &mut String, letters: &[char], edits: &str) {
    let mut letters = letters.iter();
    let mut edits = edits.chars();
    while let Some(edit) = edits.next() {
        match edit {
            '+' => word.extend(edits.next()),
            '.' => word.extend(letters.next()),
            _ => {
                letters.next();
            }
        }
    }
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
        assert_eq!(made("Announced", "l||-"), "announce");
        assert_eq!(made("المدارس", "|--|-..+ة"), "مدرسة");
        assert_eq!(made("المعامل", "|--|-..+ة"), "معملة");
        assert_eq!(made("ها", "=هو"), "هو");
        assert_eq!(made("a", "|+||"), "|a");
        assert_eq!(edit("a", "|--|"), None);
        assert_eq!(edit("a", "nonsense"), None);
    }

    #[test]
    fn marks_are_put_on_letters() {
        assert_eq!(vocalise("شخص", "َ,,").as_deref(), Some("شَخص"));
        assert_eq!(vocalise("شخصي", "َ,,"), None);
    }
}
