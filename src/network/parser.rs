//! Dependency parsing by the arc-hybrid transition system (Kuhlmann et al. 2011), greedy, with features after Zhang & Nivre (2011).

use super::perceptron::{Linear, combine, hash};

/// What the parser sees of a word: hashes of its form key, lemma-like suffix and tags.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Hash of the folded form.
    pub form: u64,
    /// Hash of the fine tag.
    pub tag: u64,
    /// Hash of the coarse tag.
    pub coarse: u64,
    /// Hash of the word's class in raw text.
    pub class: u64,
    /// Whether it is punctuation: it takes no dependents.
    pub punctuation: bool,
    /// Whether it is a verb.
    pub verb: bool,
}

impl Seen {
    /// From the folded form, the fine and the coarse tag, and the class.
    pub fn new(key: &str, tag: &str, coarse: &str, class: u8) -> Self {
        let class = combine(4, &[u64::from(class)]);
        let (punctuation, verb) = (coarse == "PUNCT", coarse == "VERB");
        Self { form: hash(1, &[key]), tag: hash(2, &[tag]), coarse: hash(3, &[coarse]), class, punctuation, verb }
    }
}

/// A parser state. Word 0 is the artificial root; it stands at the end of the buffer, so that a sentence gets one root.
#[derive(Debug, Clone)]
pub struct State {
    /// Number of words, root not counted.
    n: usize,
    stack: Vec<usize>,
    next: usize,
    /// Head and label of each word; `usize::MAX` where not decided.
    pub heads: Vec<usize>,
    /// Labels.
    pub labels: Vec<usize>,
    left: Vec<[usize; 2]>,
    right: Vec<[usize; 2]>,
    left_count: Vec<u8>,
    right_count: Vec<u8>,
}

/// Not decided.
pub const NONE: usize = usize::MAX;

/// A transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The next word goes on the stack.
    Shift,
    /// The word on top depends on the next word.
    Left(usize),
    /// The word on top depends on the one below it.
    Right(usize),
}

impl Action {
    /// Index among `1 + 2 × labels` actions.
    pub fn index(self) -> usize {
        match self {
            Self::Shift => 0,
            Self::Left(label) => 1 + 2 * label,
            Self::Right(label) => 2 + 2 * label,
        }
    }

    /// The action of an index.
    pub fn from_index(index: usize) -> Self {
        match index {
            0 => Self::Shift,
            i if i % 2 == 1 => Self::Left((i - 1) / 2),
            i => Self::Right((i - 2) / 2),
        }
    }
}

impl State {
    /// The first state for `n` words, numbered from 0; the root is number `n`.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            stack: Vec::with_capacity(n),
            next: 0,
            heads: vec![NONE; n],
            labels: vec![NONE; n],
            left: vec![[NONE; 2]; n + 1],
            right: vec![[NONE; 2]; n + 1],
            left_count: vec![0; n + 1],
            right_count: vec![0; n + 1],
        }
    }

    /// The word on top of the stack.
    pub fn top(&self) -> Option<usize> {
        self.stack.last().copied()
    }

    /// The word below the top.
    pub fn below(&self) -> Option<usize> {
        self.stack.len().checked_sub(2).map(|i| self.stack[i])
    }

    /// The next word of the buffer; the root's number at its end.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Whether all words have a head.
    pub fn is_final(&self) -> bool {
        self.next == self.n && self.stack.is_empty()
    }

    /// Whether the transition may be taken. The root takes only the last word on the stack: one root.
    pub fn allows(&self, action: Action) -> bool {
        match action {
            Action::Shift => self.next < self.n,
            Action::Left(_) => !self.stack.is_empty() && (self.next < self.n || self.stack.len() == 1),
            Action::Right(_) => self.stack.len() >= 2,
        }
    }

    /// Takes the transition.
    pub fn take(&mut self, action: Action) {
        match action {
            Action::Shift => {
                self.stack.push(self.next);
                self.next += 1;
            }
            Action::Left(label) => {
                if let Some(top) = self.stack.pop() {
                    let head = self.next;
                    self.heads[top] = head;
                    self.labels[top] = label;
                    let left = &mut self.left[head];
                    left[1] = left[0];
                    left[0] = top;
                    self.left_count[head] = self.left_count[head].saturating_add(1);
                }
            }
            Action::Right(label) => {
                if let Some(top) = self.stack.pop() {
                    let head = *self.stack.last().unwrap_or(&self.n);
                    self.heads[top] = head;
                    self.labels[top] = label;
                    let right = &mut self.right[head];
                    right[1] = right[0];
                    right[0] = top;
                    self.right_count[head] = self.right_count[head].saturating_add(1);
                }
            }
        }
    }

    /// Gold arcs that can no longer be reached once the transition is taken (dynamic oracle for arc-hybrid; Goldberg & Nivre 2013).
    pub fn cost(&self, action: Action, gold: &[usize]) -> usize {
        let top = self.stack.last().copied();
        let below = self.stack.len().checked_sub(2).map(|i| self.stack[i]);
        let head = |w: usize| if w < self.n { gold[w] } else { NONE };
        match action {
            Action::Shift => {
                let b = self.next;
                // The next word loses heads in the stack below the top, and dependents in the stack.
                let heads = self.stack[..self.stack.len().saturating_sub(1)].iter().filter(|&&s| head(b) == s).count();
                let dependents = self.stack.iter().filter(|&&s| head(s) == b).count();
                heads + dependents
            }
            Action::Left(_) => {
                let s = top.unwrap_or(NONE);
                let b = self.next;
                // The top loses a head below it or behind the next word, and dependents in the buffer.
                let lost_head = usize::from(
                    below.is_some_and(|d| head(s) == d)
                        || (head(s) != NONE && head(s) > b && head(s) <= self.n && head(s) != b),
                );
                let dependents = (b..self.n).filter(|&w| head(w) == s).count();
                lost_head + dependents
            }
            Action::Right(_) => {
                let s = top.unwrap_or(NONE);
                let lost_head = usize::from(head(s) != NONE && head(s) >= self.next && head(s) <= self.n);
                let dependents = (self.next..self.n).filter(|&w| head(w) == s).count();
                lost_head + dependents
            }
        }
    }

    /// Marks and verbs between two words, in short.
    fn between(&self, words: &[Seen], left: usize, right: usize) -> u64 {
        if left == NONE || right == NONE || left >= self.n {
            return 99;
        }
        let (mut marks, mut verbs) = (0, 0);
        // Far words need no exact count.
        for word in &words[left + 1..right.min(left + 12).min(self.n)] {
            marks += u64::from(word.punctuation);
            verbs += u64::from(word.verb);
        }
        marks.min(3) * 4 + verbs.min(3)
    }

    /// Features of the state.
    pub fn features(&self, words: &[Seen], out: &mut Vec<u64>) {
        out.clear();
        let none = Seen::default();
        let root = Seen { form: 7, tag: 7, coarse: 7, class: 7, punctuation: false, verb: false };
        let get = |w: usize| {
            if w == NONE {
                none
            } else if w >= self.n {
                root
            } else {
                words[w]
            }
        };
        let stack = |i: usize| self.stack.len().checked_sub(i + 1).map_or(NONE, |at| self.stack[at]);
        let buffer = |i: usize| if self.next + i <= self.n { self.next + i } else { NONE };
        let (i0, i1, i2) = (stack(0), stack(1), stack(2));
        let (j0, j1, j2) = (buffer(0), buffer(1), buffer(2));
        let lc = |w: usize, k: usize| if w == NONE { NONE } else { self.left[w][k] };
        let rc = |w: usize, k: usize| if w == NONE { NONE } else { self.right[w][k] };
        let label =
            |w: usize| if w == NONE || w >= self.n || self.labels[w] == NONE { 0 } else { self.labels[w] as u64 + 1 };
        let (s0, s1, s2) = (get(i0), get(i1), get(i2));
        let (b0, b1, b2) = (get(j0), get(j1), get(j2));
        let (s0l, s0r, s1l, s1r, b0l) = (lc(i0, 0), rc(i0, 0), lc(i1, 0), rc(i1, 0), lc(j0, 0));
        let (s0l2, s0r2, s1r2) = (lc(i0, 1), rc(i0, 1), rc(i1, 1));
        let count = |counts: &[u8], w: usize| if w == NONE { 9 } else { u64::from(counts[w].min(4)) };
        let distance = |a: usize, b: usize| if a == NONE || b == NONE { 0 } else { (b.abs_diff(a) as u64).clamp(1, 9) };
        let d = distance(i0, j0);
        let ds = distance(i1, i0);
        let mut t = 0;
        let mut f = |parts: &[u64]| {
            t += 1;
            out.push(combine(t, parts));
        };
        // Single words.
        f(&[s0.form]);
        f(&[s0.tag]);
        f(&[s0.form, s0.tag]);
        f(&[s1.form]);
        f(&[s1.tag]);
        f(&[s1.form, s1.tag]);
        f(&[b0.form]);
        f(&[b0.tag]);
        f(&[b0.form, b0.tag]);
        f(&[b1.form]);
        f(&[b1.tag]);
        f(&[b2.tag]);
        f(&[s2.tag]);
        f(&[s0.coarse, b0.coarse, s1.coarse]);
        // Pairs.
        f(&[s0.form, b0.form]);
        f(&[s0.tag, b0.tag]);
        f(&[s0.form, b0.tag]);
        f(&[s0.tag, b0.form]);
        f(&[s0.form, s0.tag, b0.tag]);
        f(&[s1.form, s0.form]);
        f(&[s1.tag, s0.tag]);
        f(&[s1.form, s0.tag]);
        f(&[s1.tag, s0.form]);
        f(&[s1.form, b0.form]);
        f(&[s1.tag, b0.tag]);
        f(&[b0.tag, b1.tag]);
        f(&[b0.form, b1.tag]);
        f(&[b0.tag, b1.form]);
        // Triples.
        f(&[b0.tag, b1.tag, b2.tag]);
        f(&[s0.tag, b0.tag, b1.tag]);
        f(&[s1.tag, s0.tag, b0.tag]);
        f(&[s2.tag, s1.tag, s0.tag]);
        f(&[s1.form, s0.tag, b0.tag]);
        f(&[s1.tag, s0.form, b0.tag]);
        f(&[s1.tag, s0.tag, b0.form]);
        // Children.
        f(&[s0.tag, get(s0l).tag, b0.tag]);
        f(&[s0.tag, get(s0r).tag, b0.tag]);
        f(&[s1.tag, s0.tag, get(s1r).tag]);
        f(&[s1.tag, s0.tag, get(s1l).tag]);
        f(&[s0.tag, b0.tag, get(b0l).tag]);
        f(&[s1.tag, s0.tag, get(s0l).tag]);
        f(&[s1.tag, s0.tag, get(s0r).tag]);
        f(&[s0.tag, get(s0r).tag, get(s0r2).tag]);
        f(&[s0.tag, get(s0l).tag, get(s0l2).tag]);
        f(&[s1.tag, get(s1r).tag, get(s1r2).tag, s0.tag]);
        f(&[s0.form, get(s0l).form]);
        f(&[s1.form, s0.form, get(s0l).form]);
        f(&[s1.form, get(s0l).form, s0.tag]);
        // Labels.
        f(&[s0.tag, label(s0l), label(s0l2)]);
        f(&[s0.tag, label(s0r), label(s0r2)]);
        f(&[s0.form, label(s0r)]);
        f(&[s0.form, label(s0l)]);
        f(&[s1.tag, label(s1l), s0.tag]);
        f(&[s1.tag, label(s1r), s0.tag]);
        f(&[s1.form, label(s1r), s0.tag]);
        f(&[s1.form, label(s1l), s0.tag]);
        f(&[b0.tag, label(b0l), s0.tag]);
        f(&[get(s0l).form, label(s0l), s0.tag, s1.tag]);
        f(&[get(s1l).tag, label(s1l), s1.tag, label(s1r), s0.tag]);
        // Distance and valency.
        f(&[s0.tag, b0.tag, d]);
        f(&[s0.form, b0.form, d]);
        f(&[s1.tag, s0.tag, ds]);
        f(&[s1.form, s0.form, ds]);
        f(&[s0.tag, count(&self.right_count, i0), count(&self.left_count, i0)]);
        f(&[s0.form, count(&self.right_count, i0)]);
        f(&[s1.tag, count(&self.right_count, i1), s0.tag]);
        f(&[s1.form, count(&self.right_count, i1), s0.tag]);
        f(&[b0.tag, count(&self.left_count, j0), s0.tag]);
        f(&[u64::from(j0 == self.n), self.stack.len().min(4) as u64, s0.tag]);
        // Classes.
        f(&[s0.class]);
        f(&[s1.class]);
        f(&[b0.class]);
        f(&[s0.class, b0.class]);
        f(&[s0.class, b0.tag]);
        f(&[s0.tag, b0.class]);
        f(&[s1.class, s0.class]);
        f(&[s1.class, s0.tag]);
        f(&[s1.tag, s0.class]);
        f(&[s1.class, b0.tag]);
        f(&[s1.class, s0.tag, b0.tag]);
        f(&[s1.tag, s0.class, b0.tag]);
        f(&[s1.tag, s0.tag, b0.class]);
        f(&[s0.class, get(s0l).class]);
        f(&[s0.class, get(s0l).form, s1.tag]);
        f(&[s1.class, get(s0l).form, s0.tag]);
        f(&[s0.class, label(s0l), label(s0r)]);
        f(&[s1.class, label(s1r), s0.tag]);
        f(&[s2.tag, s1.tag, s0.tag, b0.tag]);
        // What stands between.
        f(&[s0.coarse, b0.coarse, self.between(words, i0, j0)]);
        f(&[s1.coarse, s0.coarse, self.between(words, i1, i0)]);
        f(&[s1.tag, s0.tag, self.between(words, i1, i0), b0.coarse]);
    }
}

/// Whether a word is a quotation mark: the parser does not see them, as they come and go without changing the tree.
pub fn is_quotation_mark(form: &str) -> bool {
    matches!(form, "\"" | "“" | "”" | "„" | "«" | "»" | "``" | "''" | "‘" | "’" | "'")
}

/// Parses a sentence: head (`None` for the root) and label index of each word.
pub fn parse(linear: &Linear, words: &[Seen]) -> Vec<(Option<usize>, usize)> {
    let n = words.len();
    let mut state = State::new(n);
    let mut scores = vec![0_i32; linear.labels().len()];
    let mut found = Vec::with_capacity(80);
    while !state.is_final() {
        state.features(words, &mut found);
        scores.fill(0);
        linear.score(&found, &mut scores);
        // Punctuation takes no dependents where another transition is left.
        let mark = |w: usize| w < n && words[w].punctuation;
        let heads_mark = |action: Action| match action {
            Action::Shift => false,
            Action::Left(_) => mark(state.next()),
            Action::Right(_) => state.below().is_some_and(mark),
        };
        let root_mark = |action: Action| {
            // A mark is no root either, unless it stands alone.
            matches!(action, Action::Left(_)) && state.next() == n && state.top().is_some_and(mark) && n > 1
        };
        let mut best: Option<(bool, i32, Action)> = None;
        for (index, &score) in scores.iter().enumerate() {
            let action = Action::from_index(index);
            if !state.allows(action) {
                continue;
            }
            let good = !heads_mark(action) && !root_mark(action);
            if best.is_none_or(|(b, s, _)| (good, score) > (b, s)) {
                best = Some((good, score, action));
            }
        }
        let best = best.map(|(_, score, action)| (score, action));
        let Some((_, action)) = best else { break };
        state.take(action);
    }
    state
        .heads
        .iter()
        .zip(&state.labels)
        .map(|(&head, &label)| ((head < n).then_some(head), if label == NONE { 0 } else { label }))
        .collect()
}
