//! Word lists with open endings (`invest*`) for topic and stance.

use std::collections::HashMap;

use crate::document::Word;

/// Patterns of one or more words over folded keys; `*` at a word's end matches any ending.
#[derive(Debug)]
pub struct WordList<T> {
    exact: HashMap<String, Vec<(Vec<String>, T)>>,
    /// Patterns whose first word is open, by its first two letters.
    open: HashMap<String, Vec<(Vec<String>, T)>>,
}

impl<T> Default for WordList<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), open: HashMap::new() }
    }
}

fn stem(key: &str) -> String {
    key.chars().take(2).collect()
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |p| key.starts_with(p))
}

impl<T: Clone> WordList<T> {
    /// Adds a pattern.
    pub fn insert(&mut self, pattern: &str, value: T) {
        let words: Vec<String> = pattern
            .split_whitespace()
            .map(|w| match w.strip_suffix('*') {
                Some(start) => format!("{}*", crate::normalizer::match_key(start)),
                None => crate::normalizer::match_key(w),
            })
            .collect();
        let Some(first) = words.first().cloned() else { return };
        let (map, key) = if first.ends_with('*') { (&mut self.open, stem(&first)) } else { (&mut self.exact, first) };
        map.entry(key).or_default().push((words, value));
    }

    /// The values of all patterns that start at `words[at]`; Arabic words also match without their article.
    pub fn at<'a>(&'a self, words: &'a [Word], at: usize) -> impl Iterator<Item = &'a T> + 'a {
        let key = bare(&words[at]);
        let full = words[at].key.as_str();
        let lists =
            [self.exact.get(key), (full != key).then(|| self.exact.get(full)).flatten(), self.open.get(&stem(key))];
        lists.into_iter().flatten().flatten().filter_map(move |(pattern, value)| {
            let fits = pattern.iter().enumerate().all(|(i, p)| {
                words.get(at + i).is_some_and(|w| {
                    matches(p, bare(w)) || matches(p, &w.key) || (i == 0 && !w.lemma.is_empty() && matches(p, &w.lemma))
                })
            });
            fits.then_some(value)
        })
    }
}

/// The key without the Arabic article.
fn bare(word: &Word) -> &str {
    word.key.strip_prefix("ال").filter(|h| h.chars().count() >= 2).unwrap_or(&word.key)
}
