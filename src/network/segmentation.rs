//! Cutting Arabic written words into proclitics, host and enclitic: candidates ranked by a linear scorer.

use super::perceptron::{Linear, hash, row};

/// One way to cut a written word, over its folded key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Proclitics in order, each with its length in letters of the key.
    pub proclitics: Vec<&'static str>,
    /// Key of the host, restored (الصين in للصين).
    pub host: String,
    /// Letters of the written key that the host takes.
    pub host_letters: usize,
    /// Enclitic pronoun, or empty.
    pub enclitic: &'static str,
}

impl Cut {
    /// A label of the clitics, `و+ب++ها`.
    pub fn pattern(&self) -> String {
        format!("{}+{}", self.proclitics.join("+"), self.enclitic)
    }
}

const ENCLITICS: [&str; 12] = ["ه", "ها", "هم", "هن", "هما", "نا", "ي", "ك", "كم", "ني", "كما", "كن"];

/// All ways to cut a folded key; the first one is uncut.
pub fn candidates(key: &str) -> Vec<Cut> {
    let letters = key.chars().count();
    let mut cuts = vec![Cut { proclitics: Vec::new(), host: key.to_owned(), host_letters: letters, enclitic: "" }];
    for conjunction in ["", "و", "ف"] {
        let Some(after) = key.strip_prefix(conjunction) else { continue };
        for preposition in ["", "ب", "ك", "ل", "س", "ا"] {
            // أ of questions only with a conjunction or alone before negation; س only before an imperfect.
            let Some(rest) = after.strip_prefix(preposition) else { continue };
            if preposition == "س" && !rest.starts_with(['ي', 'ت', 'ن', 'ا'])
                || preposition == "ا" && !(rest.starts_with("لا") || rest.starts_with("لم") || rest.starts_with("ليس"))
            {
                continue;
            }
            let proclitics: Vec<&'static str> =
                [conjunction, preposition].into_iter().filter(|c| !c.is_empty()).collect();
            // للصين: the article's alef is lost after ل.
            let fused = preposition == "ل" && rest.starts_with('ل');
            let mut hosts = vec![(rest.to_owned(), rest.chars().count())];
            if fused {
                hosts.push((format!("ا{rest}"), rest.chars().count()));
            }
            for (host, host_letters) in hosts {
                for enclitic in std::iter::once("").chain(ENCLITICS) {
                    let Some(bare) = host.strip_suffix(enclitic) else { continue };
                    let count = bare.chars().count();
                    if proclitics.is_empty() && enclitic.is_empty() && !fused
                        || count < 1
                        || !enclitic.is_empty()
                            && (count < 2 && !matches!(bare, "ب" | "ل" | "ك") || bare.starts_with("ال") && count > 4)
                    {
                        continue;
                    }
                    if count == 1 && (enclitic.is_empty() || !matches!(bare, "ب" | "ل" | "ك")) {
                        continue;
                    }
                    cuts.push(Cut {
                        proclitics: proclitics.clone(),
                        host: bare.to_owned(),
                        host_letters: host_letters - enclitic.chars().count(),
                        enclitic,
                    });
                }
            }
        }
    }
    cuts
}

/// How frequent a written word is in running text: a hashed table of rounded binary logarithms of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequencies {
    table: Vec<u8>,
}

impl Frequencies {
    /// Size of the table.
    pub const ROWS: usize = 1 << 18;

    /// From the table.
    pub fn new(table: Vec<u8>) -> Option<Self> {
        (table.len() == Self::ROWS).then_some(Self { table })
    }

    /// The table.
    pub fn table(&self) -> &[u8] {
        &self.table
    }

    /// Place of a key in the table.
    pub fn place(key: &str) -> usize {
        row(hash(99, &[key]), Self::ROWS)
    }

    /// Rounded binary logarithm of the count, plus one; 0 if it never occurred.
    pub fn of(&self, key: &str) -> u8 {
        self.table[Self::place(key)]
    }
}

const LEVELS: [&str; 24] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23",
];

fn level(value: u8) -> &'static str {
    LEVELS[(value as usize).min(23)]
}

fn ends(key: &str, n: usize) -> &str {
    let count = key.chars().count();
    if count <= n { key } else { key.char_indices().nth(count - n).map_or(key, |(at, _)| &key[at..]) }
}

fn starts(key: &str, n: usize) -> &str {
    key.char_indices().nth(n).map_or(key, |(at, _)| &key[..at])
}

/// Features of one candidate in its context.
pub fn features(frequencies: &Frequencies, key: &str, cut: &Cut, before: &str, after: &str, out: &mut Vec<u64>) {
    out.clear();
    let pattern = cut.pattern();
    let proclitics = cut.proclitics.join("+");
    let whole = level(frequencies.of(key));
    let host = level(frequencies.of(&cut.host));
    let short = LEVELS[cut.host.chars().count().min(9)];
    let article = if cut.host.starts_with("ال") { "d" } else { "-" };
    let with_article = level(frequencies.of(&format!("ال{}", cut.host)));
    out.extend([
        hash(0, &[&pattern]),
        hash(1, &[key, &pattern]),
        hash(2, &[&cut.host]),
        hash(3, &[&pattern, whole, host]),
        hash(4, &[&proclitics, starts(&cut.host, 2), article]),
        hash(5, &[cut.enclitic, ends(&cut.host, 2)]),
        hash(6, &[&pattern, short]),
        hash(7, &[&pattern, before]),
        hash(8, &[&pattern, after]),
        hash(9, &[&proclitics, host]),
        hash(10, &[cut.enclitic, host, short]),
        hash(11, &[&proclitics, starts(&cut.host, 3)]),
        hash(12, &[cut.enclitic, ends(&cut.host, 3)]),
        hash(13, &[&pattern, with_article, host]),
        hash(14, &[&cut.host, cut.enclitic]),
        hash(15, &[&proclitics, &cut.host]),
        hash(16, &[&pattern, ends(before, 2), ends(&cut.host, 1)]),
        hash(17, &[&pattern, starts(&cut.host, 1), ends(&cut.host, 1), short]),
        hash(18, &[&proclitics, whole, short]),
    ]);
}

/// The best cut of a written word by its folded key and its neighbours' keys.
pub fn segment(linear: &Linear, frequencies: &Frequencies, key: &str, before: &str, after: &str) -> Cut {
    let cuts = candidates(key);
    let mut found = Vec::with_capacity(20);
    let mut best = (i32::MIN, 0);
    for (at, cut) in cuts.iter().enumerate() {
        features(frequencies, key, cut, before, after, &mut found);
        let score = linear.score_one(&found, 0);
        if score > best.0 {
            best = (score, at);
        }
    }
    cuts[best.1].clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_hold_the_fused_article() {
        let cuts = candidates("وللصين");
        assert!(cuts.iter().any(|c| c.proclitics == ["و", "ل"] && c.host == "الصين" && c.host_letters == 4));
        assert!(candidates("كتبه").iter().any(|c| c.host == "كتب" && c.enclitic == "ه"));
        assert_eq!(candidates("من")[0].host, "من");
    }
}
