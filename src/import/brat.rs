//! brat stand-off, in the form of [`crate::export::brat`]: `NAME.ann` belongs to the article `NAME`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::draft::{ClaimDraft, EntityDraft, Origin};
use super::{Reading, Target, wrong};
use crate::error::Error;
use crate::export::brat::{CLAIM, ENTITY_SIDE, breaks_line};
use crate::export::field::{ENTITY_TYPES, Label, Role};
use crate::offset::{Byte, Span};

/// A text-bound annotation.
struct Bound<'a> {
    line: u64,
    kind: &'a str,
    span: Span<Byte>,
    /// Whether text that is no line break lies between its pieces.
    torn: bool,
}

/// An event.
struct Event<'a> {
    line: u64,
    kind: &'a str,
    trigger: &'a str,
    roles: Vec<(&'a str, &'a str)>,
}

/// An annotation file while it is read.
#[derive(Default)]
struct File<'a> {
    bound: BTreeMap<&'a str, Bound<'a>>,
    events: BTreeMap<&'a str, Event<'a>>,
    /// In the order of the file.
    order: Vec<&'a str>,
    /// By what they are of.
    attributes: BTreeMap<&'a str, Vec<(u64, &'a str, &'a str)>>,
}

/// Reads `start end;start end` and checks the text.
fn bound<'a>(target: &Target, line: u64, body: &'a str, quote: Option<&str>) -> Result<Bound<'a>, String> {
    let (kind, places) = body.split_once(' ').ok_or("no place after the type")?;
    let mut pieces = Vec::new();
    for place in places.split(';') {
        let numbers: Option<(usize, usize)> =
            place.trim().split_once(' ').and_then(|(start, end)| Some((start.parse().ok()?, end.trim().parse().ok()?)));
        let (start, end) = numbers.ok_or_else(|| format!("{place:?} is no place: two numbers are"))?;
        let span = target.points(start, end).filter(|span| !span.is_empty());
        pieces.push(span.ok_or_else(|| format!("characters {start} to {end} are not in the text"))?);
    }
    let found = pieces.iter().map(|piece| piece.slice(&target.text)).collect::<Vec<_>>().join(" ");
    let quote = quote.ok_or("no text after the place")?;
    // Editors that wrap or trim lines do not change a word; anything else is another text.
    if found != quote {
        return Err(format!("the text has “{found}” there, not “{quote}”"));
    }
    let torn = pieces.windows(2).any(|pair| {
        pair[1].start() < pair[0].end()
            || !target.text[pair[0].end()..pair[1].start()].chars().all(|c| breaks_line(c) || c.is_whitespace())
    });
    let whole = pieces.iter().copied().reduce(Span::cover).ok_or("no place")?;
    Ok(Bound { line, kind, span: whole, torn })
}

/// Reads the lines; gives what is wrong with them.
fn parse<'a>(target: &Target, path: &Path, text: &'a str) -> (File<'a>, Vec<Error>) {
    let mut file = File::default();
    let mut errors = Vec::new();
    for (number, whole) in text.split('\n').enumerate() {
        let line = number as u64 + 1;
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        let mut fields = whole.splitn(3, '\t');
        let (id, body, quote) = (fields.next().unwrap_or_default(), fields.next(), fields.next());
        let Some(body) = body else {
            if !whole.trim().is_empty() {
                errors.push(wrong(path, line, "no annotation: id, tab, body"));
            }
            continue;
        };
        match id.chars().next() {
            Some('T') => match bound(target, line, body, quote) {
                Ok(bound) => {
                    if file.bound.insert(id, bound).is_some() {
                        errors.push(wrong(path, line, format!("{id} is there twice")));
                    }
                }
                Err(message) => errors.push(wrong(path, line, format!("{id}: {message}"))),
            },
            Some('E') => {
                let mut parts = body.split(' ').filter(|part| !part.is_empty()).map(|part| part.split_once(':'));
                let Some(Some((kind, trigger))) = parts.next() else {
                    errors.push(wrong(path, line, format!("{id} has no trigger")));
                    continue;
                };
                let roles = parts.flatten().collect();
                file.events.insert(id, Event { line, kind, trigger, roles });
                file.order.push(id);
            }
            Some('A' | 'M') => {
                let mut parts = body.splitn(3, ' ');
                if let (Some(name), Some(of)) = (parts.next(), parts.next()) {
                    file.attributes.entry(of).or_default().push((line, name, parts.next().unwrap_or_default()));
                }
            }
            // Notes, references, relations and equivalences are no part of gold.
            _ => {}
        }
    }
    (file, errors)
}

/// A claim's event.
fn claim(target: &Target, path: &Path, file: &File<'_>, id: &str, event: &Event<'_>) -> Result<ClaimDraft, Error> {
    let wrong = |message: String| wrong(path, event.line, message);
    let find = |bound: &str| file.bound.get(bound).ok_or_else(|| wrong(format!("{id} points to {bound}: not there")));
    let whole = |bound: &Bound<'_>| {
        if bound.torn {
            let message = "the annotation is in pieces with other text between: gold has one piece";
            return Err(super::wrong(path, bound.line, message));
        }
        Ok(bound.span)
    };
    let mut draft = ClaimDraft {
        origin: Origin::new(path, event.line),
        content: whole(find(event.trigger)?)?,
        roles: BTreeMap::new(),
        labels: BTreeMap::new(),
    };
    for (name, bound) in &event.roles {
        // brat numbers the second and further ones: Actor2.
        let role = Role::named(name.trim_end_matches(|c: char| c.is_ascii_digit()))
            .ok_or_else(|| wrong(format!("{id} has a role {name} that claims do not have")))?;
        let words = whole(find(bound)?)?.slice(&target.text).to_owned();
        if draft.roles.insert(role, words).is_some() {
            return Err(wrong(format!("{id} has more than one {}", role.label())));
        }
    }
    for &(line, name, value) in file.attributes.get(id).into_iter().flatten() {
        let Some(label) = Label::named(name) else {
            return Err(super::wrong(path, line, format!("claims have no attribute {name}")));
        };
        if draft.labels.insert(label.key, value.to_owned()).is_some_and(|other| other != value) {
            return Err(super::wrong(path, line, format!("{id} has two values of {name}")));
        }
    }
    Ok(draft)
}

/// Reads one file.
pub(super) fn read(reading: &mut Reading, name: &str, path: &Path, text: &str) {
    let target = match reading.targets.get(name) {
        Ok(target) => target,
        Err(error) => {
            let error = if error.path().is_some() { error } else { error.at(path) };
            return reading.fail(error);
        }
    };
    let (file, mut errors) = parse(target, path, text);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let (mut claims, mut others) = (Vec::new(), 0);
    for id in &file.order {
        let Some(event) = file.events.get(id) else { continue };
        used.insert(event.trigger);
        used.extend(event.roles.iter().map(|(_, bound)| *bound));
        if event.kind != CLAIM {
            others += 1;
            continue;
        }
        match claim(target, path, &file, id, event) {
            Ok(draft) => claims.push(draft),
            Err(error) => errors.push(error),
        }
    }
    let (mut entities, mut loose) = (Vec::new(), 0);
    for (id, bound) in &file.bound {
        if !ENTITY_TYPES.contains(&bound.kind) {
            loose += usize::from(!used.contains(id));
            continue;
        }
        if bound.torn {
            let message = "the name is in pieces with other text between: gold has one piece";
            errors.push(wrong(path, bound.line, message));
            continue;
        }
        let sides = file.attributes.get(id).into_iter().flatten();
        let side =
            sides.filter(|(_, name, _)| *name == ENTITY_SIDE).map(|(_, _, value)| (*value).to_owned()).next_back();
        entities.push(EntityDraft {
            origin: Origin::new(path, bound.line),
            span: bound.span,
            kind: bound.kind.to_owned(),
            side,
        });
    }
    let draft = reading.draft(name);
    draft.claims.extend(claims);
    draft.entities.extend(entities);
    reading.note("attributions are no part of gold", others);
    reading.note("annotations belong to no claim and are no names", loose);
    for error in errors {
        reading.fail_article(name, error);
    }
}
