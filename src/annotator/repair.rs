//! Repairs of parsed Arabic trees where grammar leaves no doubt.
//!
//! The training trees are few and mostly verb-first; news headlines and analyses are subject-first. A verb cannot head an asyndetic
//! relative clause on a definite noun, and an indefinite adjective cannot modify a definite one (Ryding 2005, chapters 14 and 10):
//! in both places the parser's modifier is in truth the predicate.

use crate::document::{Relation, Upos, Word};

type Tree = Vec<(Option<usize>, Relation)>;

/// Repairs the tree of one sentence in place; heads are indices into `words`.
pub(super) fn arabic(words: &[Word], tree: &mut Tree) {
    for verb in 0..words.len() {
        if words[verb].upos == Upos::Verb && words[verb].clitic.is_none() && !has_subject(tree, verb) {
            if let Some(subject) = subject_before(words, verb) {
                make_subject(tree, verb, subject);
            }
        }
    }
    for adjective in 1..words.len() {
        nominal_predicate(words, tree, adjective);
    }
}

fn has_subject(tree: &Tree, at: usize) -> bool {
    tree.iter().any(|&(head, relation)| {
        head == Some(at) && matches!(relation, Relation::Nsubj | Relation::NsubjPass | Relation::Csubj)
    })
}

/// Words between a subject and its verb: particles, adverbs of the speaker's turn, quotation marks.
fn is_between(word: &Word) -> bool {
    matches!(
        word.key.as_str(),
        "لا" | "لم"
            | "لن"
            | "قد"
            | "س"
            | "سوف"
            | "لقد"
            | "ما"
            | "ايضا"
            | "كذلك"
            | "\""
            | "«"
            | "»"
            | "“"
            | "”"
            | "بالفعل"
            | "فعلا"
            | "اليوم"
            | "امس"
            | "ايضاً"
    ) || word.upos == Upos::Adv
}

fn is_relative(word: &Word) -> bool {
    matches!(word.key.as_str(), "الذي" | "التي" | "الذين" | "اللذان" | "اللتان" | "اللذين" | "اللتين" | "اللواتي")
}

fn is_boundary(word: &Word) -> bool {
    word.upos == Upos::Verb
        || is_relative(word)
        || matches!(
            word.key.as_str(),
            "ان" | "لكن"
                | "بينما"
                | "فيما"
                | "حيث"
                | "اذ"
                | "."
                | ":"
                | "؛"
                | ";"
                | ","
                | "،"
                | "|"
                | "-"
                | "–"
                | "—"
                | "!"
                | "؟"
                | "?"
                | "ف"
                | "اما"
                | "بل"
                | "لان"
                | "رغم"
                | "كما"
                | "لو"
                | "اذا"
                | "حين"
                | "عندما"
                | "مما"
                | "من"
                | "ما"
        ) && !(word.key == "ما" && word.upos == Upos::Noun)
}

/// The head of a definite noun phrase that fills the clause from its start to the verb.
fn subject_before(words: &[Word], verb: usize) -> Option<usize> {
    let mut end = verb;
    while end > 0 && is_between(&words[end - 1]) {
        end -= 1;
    }
    // الصين، من جهتها، تصطدم: a turn between commas.
    end = skip_turn(words, end);
    let mut start = end;
    let mut depth = 0;
    while start > 0 {
        let word = &words[start - 1];
        match word.form.as_str() {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => {}
        }
        // "من" inside a phrase (النماذج من الصين) is no boundary after the first noun was seen.
        let inner_preposition = word.key == "من" && start < end;
        if depth <= 0 && is_boundary(word) && !inner_preposition {
            break;
        }
        start -= 1;
    }
    if start > 0 && is_relative(&words[start - 1]) || start == end {
        return None;
    }
    // A conjunction and quotation marks may open the clause.
    let mut first = start;
    while first < end && (matches!(words[first].upos, Upos::Cconj | Upos::Punct) || is_between(&words[first])) {
        first += 1;
    }
    let head = words.get(first).filter(|_| first < end)?;
    // Fronted adjuncts (في مصر وقعت) and adverbial accusatives leave no subject in front.
    if !matches!(head.upos, Upos::Noun | Upos::Propn | Upos::X | Upos::Adj | Upos::Det | Upos::Pron)
        || head.key.ends_with('ا')
            && head.article.is_none()
            && head.upos != Upos::X
            && head.upos != Upos::Propn
            && head.form.ends_with('ا')
    {
        return None;
    }
    if matches!(
        head.key.as_str(),
        "بعد"
            | "قبل"
            | "خلال"
            | "منذ"
            | "عند"
            | "حسب"
            | "وفق"
            | "رغم"
            | "اثر"
            | "وسط"
            | "نحو"
            | "عبر"
            | "ضمن"
            | "لدي"
            | "بين"
            | "تحت"
            | "فوق"
            | "امام"
            | "ذلك"
            | "هناك"
            | "هنا"
            | "غير"
            | "يوم"
            | "عام"
            | "سنه"
            | "مطلع"
            | "نهايه"
            | "بدايه"
            | "صباح"
            | "مساء"
            | "الاثنين"
            | "الثلاثاء"
            | "الاربعاء"
            | "الخميس"
            | "الجمعه"
            | "السبت"
            | "الاحد"
            | "حتي"
            | "كل"
    ) && head.article.is_none()
    {
        return None;
    }
    let phrase = &words[first..end.min(first + 4)];
    let definite = phrase.iter().any(|w| w.article.is_some() || w.key.starts_with("ال"))
        || matches!(head.upos, Upos::Propn | Upos::X)
        || head.form.starts_with(|c: char| c.is_ascii_uppercase())
        || head.upos == Upos::Pron
        || phrase.get(1).is_some_and(|w| w.clitic.is_some() || matches!(w.upos, Upos::X | Upos::Propn))
        || end - first <= 2;
    // Quantified indefinites (كثير من الشركات, بعض) open a clause too.
    let quantified = matches!(head.key.as_str(), "بعض" | "معظم" | "كثير" | "عدد" | "اكثر" | "جميع" | "احد");
    (definite || quantified).then_some(first)
}

/// Skips "، من جهتها،" and "من جانبها" backwards from `end`.
fn skip_turn(words: &[Word], end: usize) -> usize {
    let window = end.saturating_sub(6);
    for start in (window..end).rev() {
        if words[start].key == "من"
            && words[start + 1..end].iter().any(|w| {
                matches!(
                    w.key.as_str(),
                    "جهت" | "جهه" | "جانب" | "ناحيه" | "ناحيت" | "جهته" | "جهتها" | "جانبه" | "جانبها"
                )
            })
        {
            let mut at = start;
            while at > 0 && matches!(words[at - 1].form.as_str(), "،" | ",") {
                at -= 1;
            }
            return at;
        }
        if words[start].key == "ب"
            && words.get(start + 1).is_some_and(|w| matches!(w.key.as_str(), "دور" | "دورها" | "دوره"))
        {
            return start;
        }
    }
    end
}

/// Hangs `subject` on `verb`; where the verb hung below it, the verb takes its place.
fn make_subject(tree: &mut Tree, verb: usize, subject: usize) {
    if tree[subject].0 == Some(verb) {
        tree[subject].1 = Relation::Nsubj;
        return;
    }
    let below = |tree: &Tree, mut at: usize, above: usize| {
        for _ in 0..tree.len() {
            if at == above {
                return true;
            }
            match tree[at].0 {
                Some(head) => at = head,
                None => return false,
            }
        }
        false
    };
    if below(tree, verb, subject) {
        tree[verb] = tree[subject];
    }
    tree[subject] = (Some(verb), Relation::Nsubj);
    // A verb that hung on a word of the phrase now stands on its own; nothing else may loop.
    if below_loop(tree, verb) {
        tree[verb] = (None, Relation::Root);
        for at in 0..tree.len() {
            if at != verb && tree[at].0.is_none() {
                tree[at] = (Some(verb), Relation::Dep);
            }
        }
    }
}

fn below_loop(tree: &Tree, start: usize) -> bool {
    let mut at = start;
    for _ in 0..=tree.len() {
        match tree[at].0 {
            Some(head) if head == start => return true,
            Some(head) => at = head,
            None => return false,
        }
    }
    true
}

/// الشركة محرومة من …: an indefinite adjective as modifier of a definite noun that heads a clause.
fn nominal_predicate(words: &[Word], tree: &mut Tree, adjective: usize) {
    let word = &words[adjective];
    if word.upos != Upos::Adj || word.article.is_some() || word.key.starts_with("ال") || word.clitic.is_some() {
        return;
    }
    let (
        Some(noun),
        Relation::Amod | Relation::Nmod | Relation::Acl | Relation::Dep | Relation::Advmod | Relation::Appos,
    ) = tree[adjective]
    else {
        return;
    };
    if noun >= adjective || !matches!(words[noun].upos, Upos::Noun | Upos::X | Upos::Propn | Upos::Adj) {
        return;
    }
    let definite = words[noun].article.is_some()
        || words.get(noun + 1).is_some_and(|w| w.article.is_some() && w.upos == Upos::Noun);
    let clause =
        matches!(tree[noun].1, Relation::Root | Relation::Ccomp | Relation::Parataxis | Relation::Conj | Relation::Dep)
            || tree[noun].0.is_none();
    // Only where no verb heads the noun's clause already.
    let verbless = tree[noun].0.is_none_or(|h| words[h].upos == Upos::Verb && tree[noun].1 != Relation::Conj)
        || matches!(tree[noun].1, Relation::Ccomp | Relation::Parataxis);
    if definite && clause && verbless && !has_subject(tree, noun) {
        tree[adjective] = tree[noun];
        tree[noun] = (Some(adjective), Relation::Nsubj);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotator::{morphology::Morphology, syntax::Syntax};
    use crate::article::Article;
    use crate::document::{Annotator, Document};
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn subject_of(text: &str, verb: &str) -> String {
        let mut document = Document::new(Article::from_text(text));
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &Morphology::default(), &Syntax::default()] {
            let layer = stage.annotate(&document);
            document.add(layer);
        }
        let layers = document.layers();
        let at = layers.words.iter().position(|w| w.form == verb).expect("the verb is a word");
        let found = (0..layers.words.len())
            .find(|&w| layers.dependencies[w].head == Some(at) && layers.dependencies[w].relation == Relation::Nsubj);
        found.map_or_else(String::new, |w| layers.words[w].form.clone())
    }

    #[test]
    fn subjects_before_the_verb_are_subjects() {
        assert_eq!(subject_of("الصين تفرض قيودا جديدة على الشركات.", "تفرض"), "الصين");
        assert_eq!(subject_of("بكين من جانبها لم تخف غضبها من القرار.", "تخف"), "بكين");
        assert_eq!(subject_of("شركة OpenAI أصدرت نماذج جديدة.", "أصدرت"), "شركة");
    }

    #[test]
    fn an_indefinite_adjective_after_a_definite_noun_is_a_predicate() {
        assert_eq!(subject_of("الشركة محرومة من الآلات الحديثة.", "محرومة"), "الشركة");
    }
}
