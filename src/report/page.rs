//! The page: one HTML file without any outside resource.
//!
//! - Every text goes through maud, which escapes it; markup that is not escaped is the page's own style and script, the
//!   numbers of the sets of claims, and what [`super::chart`] wrote through maud.
//! - The Content-Security-Policy allows nothing but this very style and script, by their hashes: markup that came in with an
//!   article could not run, even if it were not escaped.
//! - Quoted text has its own direction and is isolated; overrides of direction (U+202D, U+202E) are kept, but shut in and
//!   made visible, so that no text can show itself as another.
//! - A number is a link to the set of claims that it counts; the script shows the cards of that set.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::breakdown::{Breakdown, Column, Counter, Day, Label, Measure, Row, SIDES, abstained, breakdowns, timeline};
use super::chart::{self, Bar, Group};
use super::cluster::{Cluster, Clusters, Reason};
use super::folder::{Evidence, Material, Piece, Reported};
use super::word::{self, PageLanguage, Words, dir, words};
use crate::batch::Ending;
use crate::claim::Basis;
use crate::document::{Direction, Language, Side};
use crate::export::json::SpanRecord;
use crate::export::table::{name, shown};
use crate::provenance::VERSION;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Repeated claims that are listed.
const REPEATED: usize = 40;
/// Titles that a day of the timeline names.
const TITLES: usize = 4;
/// Below it a claim counts as doubtful.
const DOUBTFUL: f64 = 0.5;

/// The sets of claims that numbers open; the same set is written once.
#[derive(Debug, Default)]
struct Sets {
    sets: Vec<Vec<u32>>,
    known: BTreeMap<Vec<u32>, usize>,
}

impl Sets {
    fn number(&mut self, claims: &[u32]) -> usize {
        if let Some(&number) = self.known.get(claims) {
            return number;
        }
        self.sets.push(claims.to_vec());
        self.known.insert(claims.to_vec(), self.sets.len() - 1);
        self.sets.len() - 1
    }
}

/// The policy's source of an inline style or script: its SHA-256.
fn source(inline: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(inline.as_bytes())))
}

/// Text of an article: overrides of direction are shut in and made visible, everything else is as it is.
fn article_text(text: &str) -> Markup {
    let name = |c: char| match c {
        '\u{202d}' => Some("LRO"),
        '\u{202e}' => Some("RLO"),
        _ => None,
    };
    html! {
        @for part in text.split_inclusive(|c: char| name(c).is_some()) {
            @if let Some((at, c)) = part.char_indices().next_back().filter(|(_, c)| name(*c).is_some()) {
                (&part[..at])
                bdi class="control" data-name=[name(c)] { (c) }
            } @else {
                (part)
            }
        }
    }
}

/// A date, a code, a path: left to right, without anything that could turn it.
fn code(text: &str) -> Markup {
    html! { bdi dir="ltr" { (shown(text)) } }
}

/// A date, on one line.
fn dated(text: &str) -> Markup {
    html! { bdi dir="ltr" class="date" { (shown(text)) } }
}

/// Quoted words inside a line, with their own direction.
fn quoted(text: &str) -> Markup {
    html! { bdi dir=(dir(Direction::of(text))) { (article_text(text)) } }
}

fn tag(language: Language) -> Option<&'static str> {
    match language {
        Language::Ar => Some("ar"),
        Language::En => Some("en"),
        Language::Mixed | Language::Other => None,
    }
}

fn piece(piece: &Piece) -> Markup {
    let roles = piece.roles;
    let classes: Vec<&str> = [(roles.content, "content"), (roles.source, "source"), (roles.cue, "cue")]
        .into_iter()
        .filter_map(|(has, class)| has.then_some(class))
        .collect();
    html! {
        @if classes.is_empty() { (article_text(&piece.text)) }
        @else { mark class=(classes.join(" ")) { (article_text(&piece.text)) } }
    }
}

fn evidence(evidence: &Evidence) -> Markup {
    html! {
        p class="evidence" dir=(dir(evidence.direction)) lang=[tag(evidence.language)] {
            @if evidence.gap { "[…] " }
            @for part in &evidence.pieces { (piece(part)) }
        }
    }
}

/// Writes the page.
struct Writer<'a> {
    material: &'a Material,
    clusters: &'a Clusters,
    counter: Counter<'a>,
    language: PageLanguage,
    sets: RefCell<Sets>,
}

/// Makes the page. `name` is what the folder is called.
pub fn page(material: &Material, clusters: &Clusters, name: &str, language: PageLanguage) -> String {
    let writer = Writer {
        material,
        clusters,
        counter: Counter::new(material, clusters),
        language,
        sets: RefCell::new(Sets::default()),
    };
    writer.page(name).into_string()
}

impl Writer<'_> {
    fn say(&self, en: &'static str, ar: &'static str) -> &'static str {
        words(en, ar).of(self.language)
    }

    fn word(&self, words: Words) -> &'static str {
        words.of(self.language)
    }

    fn label(&self, label: &Label) -> Markup {
        let text = label.text(self.language);
        match label {
            Label::Words(_) => html! { (text) },
            Label::Code(_) => code(text),
            Label::Quote(_) | Label::Name { .. } => quoted(text),
        }
    }

    /// A number that opens the claims that it counts.
    fn number(&self, claims: &[u32], measure: Measure, what: &str) -> Markup {
        let count = self.counter.count(claims, measure);
        if count == 0 {
            return html! { span class="zero" { "0" } };
        }
        let set = self.sets.borrow_mut().number(claims);
        html! { a href="#claims" data-set=(set) data-by=(measure.key()) title=(shown(what)) { (count) } }
    }

    fn page(&self, folder: &str) -> Markup {
        let breakdowns = breakdowns(self.material);
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            source(STYLE),
            source(SCRIPT)
        );
        let title = self.say("Claims of the United States and of China", "ادعاءات الولايات المتحدة والصين");
        let body = html! {
            (self.head(title, folder))
            main {
                (self.overview())
                @for breakdown in &breakdowns { (self.breakdown(breakdown)) }
                (self.timeline())
                (self.repeated())
                (self.missing())
                (self.method())
                (self.claims())
            }
            (self.dialog())
        };
        let sets = self.sets.borrow();
        let lists: Vec<String> = sets
            .sets
            .iter()
            .map(|set| format!("[{}]", set.iter().map(u32::to_string).collect::<Vec<_>>().join(",")))
            .collect();
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) dir=(dir(self.language.direction())) {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    meta name="generator" content={ "khabar " (VERSION) };
                    title { (title) " · " (shown(folder)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (body)
                    script type="application/json" id="sets" { (PreEscaped(format!("[{}]", lists.join(",")))) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    fn head(&self, title: &str, folder: &str) -> Markup {
        let dates: BTreeSet<&str> = self.material.articles.iter().filter_map(|a| a.date.as_deref()).collect();
        let radio = |group: &str, id: &str, label: &str, checked: bool| {
            html! { input type="radio" name=(group) id=(id) checked[checked]; " " label for=(id) { (label) } }
        };
        html! {
            header {
                h1 { (title) }
                p class="meta" {
                    (quoted(&shown(folder))) " · "
                    (self.say("articles", "المقالات")) ": " (self.material.articles.len()) " · "
                    (self.say("claims", "الادعاءات")) ": " (self.material.claims.len())
                    @if let (Some(first), Some(last)) = (dates.first(), dates.last()) {
                        " · " (self.say("dated", "تواريخها")) " " (dated(first))
                        @if first != last { " " (self.say("to", "إلى")) " " (dated(last)) }
                    }
                }
                p {
                    (self.say(
                        "What the articles attribute to each side; not whether it is true. Every number opens its claims, \
                         every claim its sentence.",
                        "ما تنسبه المقالات إلى كل طرف، لا ما إذا كان صحيحًا. كل رقم يفتح ادعاءاته، وكل ادعاء يفتح جملته.",
                    ))
                }
                noscript {
                    p { strong {
                        (self.say(
                            "Numbers open their claims only where scripts may run. All claims are listed at the end of the page.",
                            "لا تفتح الأرقام ادعاءاتها إلا إذا سُمح بتشغيل النصوص البرمجية. وجميع الادعاءات مدرجة في آخر الصفحة.",
                        ))
                    } }
                }
                nav aria-label=(self.say("Parts of the report", "أقسام التقرير")) {
                    ul {
                        @for (id, label) in [
                            ("overview", words("Side by side", "جنبًا إلى جنب")),
                            ("topic", words("Topics", "الموضوعات")),
                            ("time", words("Over time", "عبر الزمن")),
                            ("actor", words("Actors", "الفاعلون")),
                            ("speakers", words("Who speaks about whom", "من يتحدث عن من")),
                            ("timeline", words("Timeline", "الخط الزمني")),
                            ("repeated", words("Most repeated", "الأكثر تكرارًا")),
                            ("missing", words("What is missing", "ما ينقص")),
                            ("method", words("How it was counted", "طريقة العد")),
                            ("claims", words("All claims", "جميع الادعاءات")),
                        ] {
                            li { a href={ "#" (id) } { (self.word(label)) } }
                        }
                    }
                }
                div class="controls" {
                    fieldset {
                        legend { (self.say("The charts count", "تعدّ الرسوم")) }
                        (radio("by", "by-claims", self.say("claims", "الادعاءات"), true))
                        (radio("by", "by-reports", self.say("reports (articles)", "المقالات"), false))
                        (radio("by", "by-distinct", self.say("distinct claims (clusters)", "الادعاءات المتمايزة"), false))
                    }
                    fieldset {
                        legend { (self.say("Colours", "الألوان")) }
                        (radio("colours", "automatic", self.say("automatic", "تلقائي"), true))
                        (radio("colours", "light", self.say("light", "فاتح"), false))
                        (radio("colours", "dark", self.say("dark", "داكن"), false))
                    }
                }
            }
        }
    }

    /// Rows of claims under columns that each count by the three measures.
    fn table(&self, columns: &[Column], rows: &[Row]) -> Markup {
        html! {
            div class="scroll" {
                table {
                    thead {
                        tr {
                            td {}
                            @for column in columns {
                                th scope="colgroup" colspan="3" class="side" {
                                    span class="key" { span class={ "swatch " (column.key) } {} (self.word(column.label)) }
                                }
                            }
                        }
                        tr {
                            td {}
                            @for _ in columns {
                                @for (at, measure) in Measure::ALL.into_iter().enumerate() {
                                    th scope="col" class={ "count" @if at == 0 { " first" } } { (self.word(measure.label())) }
                                }
                            }
                        }
                    }
                    tbody {
                        @for row in rows {
                            tr {
                                th scope="row" { (self.label(&row.label)) }
                                @for (column, cell) in columns.iter().zip(&row.cells) {
                                    @for (at, measure) in Measure::ALL.into_iter().enumerate() {
                                        td class={ "count" @if at == 0 { " first" } } {
                                            (self.number(cell, measure, &self.what(&row.label, column)))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn what(&self, label: &Label, column: &Column) -> String {
        format!("{} · {}", shown(label.text(self.language)), self.word(column.label))
    }

    fn overview(&self) -> Markup {
        let rows = |label: Words, test: &dyn Fn(&Reported) -> bool| {
            let mut cells = vec![Vec::new(), Vec::new()];
            for (number, reported) in self.material.claims.iter().enumerate() {
                if test(reported) {
                    cells[usize::from(reported.claim.side != Side::Us)].push(number as u32);
                }
            }
            Row { key: String::new(), label: Label::Words(label), cells, aside: false }
        };
        let about = |side: Side| move |reported: &Reported| reported.claim.about.contains(&side);
        let rows = [
            rows(words("All claims", "جميع الادعاءات"), &|_| true),
            rows(word::basis(Basis::Stated), &|reported| reported.claim.basis == Basis::Stated),
            rows(word::basis(Basis::Described), &|reported| reported.claim.basis == Basis::Described),
            rows(words("About the United States", "عن الولايات المتحدة"), &about(Side::Us)),
            rows(words("About China", "عن الصين"), &about(Side::Cn)),
        ];
        html! {
            section id="overview" {
                h2 { (self.say("Side by side", "جنبًا إلى جنب")) }
                p class="note" {
                    (self.say(
                        "Claims are counted under the side that they are attributed to. Reports: articles with such a claim. \
                         Distinct: claims that say the same count once.",
                        "تُعدّ الادعاءات تحت الطرف الذي تُنسب إليه. المقالات: ما فيه ادعاء منها. المتمايزة: ما يقول الشيء نفسه يُعدّ مرة واحدة.",
                    ))
                }
                (self.table(&SIDES, &rows))
            }
        }
    }

    /// The bars of the rows that have a place in the chart.
    fn groups(&self, breakdown: &Breakdown, measure: Measure) -> Vec<Group> {
        let charted = breakdown.rows.iter().filter(|row| !row.aside);
        charted
            .map(|row| {
                let bar = |(column, cell): (&Column, &Vec<u32>)| Bar {
                    class: column.key,
                    count: self.counter.count(cell, measure),
                    set: (!cell.is_empty()).then(|| self.sets.borrow_mut().number(cell)),
                    title: self.what(&row.label, column),
                };
                Group {
                    label: shown(row.label.text(self.language)),
                    bars: breakdown.columns.iter().zip(&row.cells).map(bar).collect(),
                }
            })
            .collect()
    }

    fn breakdown(&self, breakdown: &Breakdown) -> Markup {
        let direction = self.language.direction();
        let drawn = |measure| {
            let groups = self.groups(breakdown, measure);
            if breakdown.over_time { chart::columns(&groups, direction) } else { chart::rows(&groups, direction) }
        };
        // Stretches without claims are gaps of the chart; in the table they would only be long.
        let rows: Vec<Row> =
            breakdown.rows.iter().filter(|row| row.cells.iter().any(|cell| !cell.is_empty())).cloned().collect();
        let file = format!("khabar-{}.csv", breakdown.id);
        html! {
            section id=(breakdown.id) {
                h2 { (self.word(breakdown.title)) }
                @if rows.is_empty() {
                    p class="note" { (self.say("No claims.", "لا ادعاءات.")) }
                } @else {
                    figure aria-label=(self.word(breakdown.title)) {
                        div class="figure-head" {
                            div {
                                @for column in breakdown.columns {
                                    span class="key" { span class={ "swatch " (column.key) } {} (self.word(column.label)) }
                                }
                            }
                            a class="csv" download=(file) href=(self.csv(breakdown)) {
                                (self.say("Data as CSV", "البيانات بصيغة CSV"))
                            }
                        }
                        @for measure in Measure::ALL {
                            div class={ "scroll by-" (measure.key()) } { (drawn(measure)) }
                        }
                        @let note = self.word(breakdown.note);
                        @if !note.is_empty() { figcaption { (note) } }
                    }
                    (self.table(breakdown.columns, &rows))
                }
            }
        }
    }

    /// The table behind a chart as CSV in a `data:` address. It begins with a byte order mark, and no cell would run as a
    /// formula, since it will mostly be opened by a spreadsheet.
    fn csv(&self, breakdown: &Breakdown) -> String {
        let mut rows =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
        let safe = |cell: &str| {
            if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
        };
        // Writing into memory cannot fail.
        let _ = rows.write_record(["row", "label", "column", "claims", "reports", "distinct"]);
        for row in &breakdown.rows {
            for (column, cell) in breakdown.columns.iter().zip(&row.cells) {
                let count = |measure| self.counter.count(cell, measure).to_string();
                let [claims, reports, distinct] = Measure::ALL.map(count);
                let label = row.label.text(self.language);
                let _ = rows.write_record([&safe(&row.key), &safe(label), column.key, &claims, &reports, &distinct]);
            }
        }
        let text = rows.into_inner().unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        format!("data:text/csv;charset=utf-8,{}", utf8_percent_encode(&text, NON_ALPHANUMERIC))
    }

    fn title(&self, article: usize) -> Markup {
        let record = &self.material.articles[article];
        let title = record.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        html! {
            @match title {
                Some(title) => { (quoted(title)) }
                None => { (code(&record.output)) }
            }
        }
    }

    fn timeline(&self) -> Markup {
        let days = timeline(self.material);
        let row = |day: &Day| {
            let what = day.date.clone().unwrap_or_else(|| self.say("no date", "بلا تاريخ").to_owned());
            html! {
                tr {
                    th scope="row" {
                        @if let Some(date) = &day.date { (dated(date)) } @else { (what) }
                        @if day.quiet > 0 {
                            div class="note" { (self.say("quiet days before", "أيام بلا مقالات قبله")) ": " (day.quiet) }
                        }
                    }
                    @for (column, cell) in SIDES.iter().zip(&day.cells) {
                        td class="count first" {
                            (self.number(cell, Measure::Claims, &format!("{what} · {}", self.word(column.label))))
                        }
                    }
                    td class="count first" { (day.articles.len()) }
                    td {
                        @for &article in day.articles.iter().take(TITLES) { div { (self.title(article)) } }
                        @if day.articles.len() > TITLES {
                            div class="note" { (self.say("and more", "وغيرها")) ": " (day.articles.len() - TITLES) }
                        }
                    }
                }
            }
        };
        html! {
            section id="timeline" {
                h2 { (self.say("Timeline", "الخط الزمني")) }
                div class="scroll" {
                    table {
                        thead {
                            tr {
                                th scope="col" { (self.say("date", "التاريخ")) }
                                @for column in &SIDES { th scope="col" class="count first" { (self.word(column.label)) } }
                                th scope="col" class="count first" { (self.say("articles", "المقالات")) }
                                th scope="col" { (self.say("titles", "العناوين")) }
                            }
                        }
                        tbody { @for day in &days { (row(day)) } }
                    }
                }
            }
        }
    }

    fn reason(&self, reason: &Reason) -> Markup {
        html! {
            @match reason {
                Reason::Alone => {}
                Reason::Same => { (self.say("the same words", "الألفاظ نفسها")) }
                Reason::Near => { (self.say("nearly the same words", "الألفاظ نفسها تقريبًا")) }
                Reason::Linked(reason) => { (quoted(&shown(reason))) }
            }
        }
    }

    fn repeated(&self) -> Markup {
        let mut clusters: Vec<&Cluster> = self.clusters.clusters.iter().filter(|c| c.claims.len() > 1).collect();
        clusters.sort_by_key(|cluster| {
            let reports = self.counter.count(&cluster.claims, Measure::Reports);
            (std::cmp::Reverse((reports, cluster.claims.len())), cluster.claims[0])
        });
        let rest: Vec<u32> = {
            let mut rest: Vec<u32> = clusters.iter().skip(REPEATED).flat_map(|c| c.claims.iter().copied()).collect();
            rest.sort_unstable();
            rest
        };
        let row = |cluster: &Cluster| {
            let first = &self.material.claims[cluster.claims[0] as usize];
            let articles: BTreeSet<usize> =
                cluster.claims.iter().map(|&claim| self.material.claims[claim as usize].article).collect();
            let record = |article: &usize| &self.material.articles[*article];
            let dates: BTreeSet<&str> = articles.iter().filter_map(|a| record(a).date.as_deref()).collect();
            let outlets: BTreeSet<&str> = articles.iter().filter_map(|a| record(a).outlet.as_deref()).collect();
            let languages: BTreeSet<Language> = articles.iter().map(|a| record(a).language).collect();
            let languages: Vec<&str> = languages.into_iter().map(|l| self.word(word::language(l))).collect();
            let what = shown(&first.claim.content.quote);
            html! {
                tr {
                    th scope="row" { (self.badge(first.claim.side)) " " (quoted(&first.claim.content.quote)) }
                    @for measure in [Measure::Claims, Measure::Reports] {
                        td class="count first" { (self.number(&cluster.claims, measure, &what)) }
                    }
                    td { @for outlet in &outlets { div { (quoted(outlet)) } } }
                    td { (languages.join(self.say(", ", "، "))) }
                    td {
                        @if let (Some(first), Some(last)) = (dates.first(), dates.last()) {
                            (dated(first))
                            @if first != last { " – " (dated(last)) }
                        }
                    }
                    td { (self.reason(&cluster.reason)) }
                }
            }
        };
        html! {
            section id="repeated" {
                h2 { (self.say("Most repeated claims", "الادعاءات الأكثر تكرارًا")) }
                @if clusters.is_empty() {
                    p class="note" { (self.say("No claim is repeated.", "لم يتكرر أي ادعاء.")) }
                } @else {
                    div class="scroll" {
                        table {
                            thead {
                                tr {
                                    th scope="col" { (self.say("claim, as first written", "الادعاء كما كُتب أولًا")) }
                                    th scope="col" class="count first" { (self.word(Measure::Claims.label())) }
                                    th scope="col" class="count first" { (self.word(Measure::Reports.label())) }
                                    th scope="col" { (self.say("outlets", "وسائل الإعلام")) }
                                    th scope="col" { (self.say("languages", "اللغات")) }
                                    th scope="col" { (self.say("dates", "التواريخ")) }
                                    th scope="col" { (self.say("counted together for", "سبب الجمع")) }
                                }
                            }
                            tbody { @for cluster in clusters.iter().take(REPEATED) { (row(cluster)) } }
                        }
                    }
                    @if !rest.is_empty() {
                        p class="note" {
                            (self.say("Claims of further clusters", "ادعاءات مجموعات أخرى")) ": "
                            (self.number(&rest, Measure::Claims, self.say("further clusters", "مجموعات أخرى")))
                        }
                    }
                }
            }
        }
    }

    /// Claims for which something holds, as a number that opens them.
    fn those(&self, what: &str, test: impl Fn(&Reported) -> bool) -> Markup {
        let claims = self.material.claims.iter().enumerate().filter(|(_, reported)| test(reported));
        let claims: Vec<u32> = claims.map(|(number, _)| number as u32).collect();
        self.number(&claims, Measure::Claims, what)
    }

    fn missing(&self) -> Markup {
        let material = self.material;
        let article = |reported: &Reported| &material.articles[reported.article];
        let line =
            |label: &str, count: Markup| html! { tr { th scope="row" { (label) } td class="count" { (count) } } };
        let plain = |label: &str, count: usize| line(label, html! { (count) });
        let with_claims: BTreeSet<usize> = material.claims.iter().map(|reported| reported.article).collect();
        let silent: Vec<usize> =
            (0..material.articles.len()).filter(|article| !with_claims.contains(article)).collect();
        let counts = material.run.as_ref().map(|run| &run.counts);
        let undecided = abstained(material);
        let no_date = self.say("claims of articles without a date", "ادعاءات مقالات بلا تاريخ");
        let no_outlet = self.say("claims of articles without an outlet", "ادعاءات مقالات بلا وسيلة إعلام");
        let copies = self.say("claims of exact duplicates", "ادعاءات نسخ مطابقة");
        let doubtful = self.say("claims with a confidence below 0.5", "ادعاءات درجة الثقة فيها دون 0.5");
        html! {
            section id="missing" {
                h2 { (self.say("What is missing", "ما ينقص")) }
                table {
                    tbody {
                        @match counts {
                            Some(counts) => {
                                (plain(self.say("inputs of the last run", "مدخلات التشغيل الأخير"), counts.inputs))
                                (plain(self.say("annotated", "جرى تحليله"), counts.ok))
                                (plain(self.say("exact duplicates, annotated too", "نسخ مطابقة، حُلّلت أيضًا"), counts.duplicate))
                                (plain(self.say("neither Arabic nor English", "ليس بالعربية ولا الإنجليزية"), counts.unsupported_language))
                                (plain(self.say("empty", "فارغ"), counts.empty))
                                (plain(self.say("unreadable, failed", "تعذرت قراءته أو تحليله"), counts.failed))
                                (plain(self.say("skipped by their ending", "تُرك بسبب لاحقة اسمه"), counts.skipped))
                            }
                            None => {
                                (line(
                                    self.say("record of the last run (run.json)", "سجل التشغيل الأخير (run.json)"),
                                    html! { (self.say("not there", "غير موجود")) },
                                ))
                            }
                        }
                        (plain(self.say("articles in this report", "مقالات هذا التقرير"), material.articles.len()))
                        (plain(self.say("articles without a claim", "مقالات بلا ادعاءات"), silent.len()))
                        (plain(self.say("files of the folder that could not be read", "ملفات في المجلد تعذرت قراءتها"), material.unreadable.len()))
                        (line(no_date, self.those(no_date, |reported| article(reported).date.is_none())))
                        (line(no_outlet, self.those(no_outlet, |reported| article(reported).outlet.is_none())))
                        (line(copies, self.those(copies, |reported| article(reported).duplicate_of.is_some())))
                        (line(doubtful, self.those(doubtful, |reported| reported.claim.confidence < DOUBTFUL)))
                    }
                }
                @if let Some(run) = material.run.as_ref().filter(|run| run.ending != Ending::Complete) {
                    p { strong {
                        (self.say("The last run did not reach its end", "لم يبلغ التشغيل الأخير نهايته")) ": "
                        (code(&name(&run.ending)))
                    } }
                }
                @if let Some(counts) = counts.filter(|counts| counts.written() != material.articles.len()) {
                    p { strong {
                        (self.say(
                            "The last run wrote another number of articles than the folder holds: files of earlier runs, or \
                             added or removed by hand, are in this report or not in it",
                            "كتب التشغيل الأخير عددًا من المقالات غير ما في المجلد: في التقرير ملفات من تشغيل سابق أو أُضيفت يدويًا، أو تنقصه ملفات",
                        )) ": " (counts.written()) " / " (material.articles.len())
                    } }
                }
                @if !undecided.is_empty() {
                    h3 { (self.say("Not decided by khabar", "ما لم يبتّ فيه خبر")) }
                    (self.table(&SIDES, &undecided))
                }
                @if !silent.is_empty() {
                    details {
                        summary { (self.say("Articles without a claim", "مقالات بلا ادعاءات")) ": " (silent.len()) }
                        ul { @for &article in &silent { li { (self.title(article)) } } }
                    }
                }
                @if !material.failures.is_empty() || !material.unreadable.is_empty() {
                    h3 { (self.say("Not read", "ما لم يُقرأ")) }
                    div class="scroll" {
                        table {
                            thead {
                                tr {
                                    th scope="col" { (self.say("file", "الملف")) }
                                    th scope="col" { (self.say("status", "الحالة")) }
                                    th scope="col" { (self.say("code", "الرمز")) }
                                    th scope="col" { (self.say("message", "الرسالة")) }
                                }
                            }
                            tbody {
                                @for failure in &material.failures {
                                    (self.failure(&failure.path, &failure.status, failure.code.as_deref(), &failure.message))
                                }
                                @for error in &material.unreadable {
                                    (self.failure(
                                        &error.path().map(|path| path.display().to_string()).unwrap_or_default(),
                                        "report",
                                        Some(error.kind().code()),
                                        error.message(),
                                    ))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn failure(&self, path: &str, status: &str, error: Option<&str>, message: &str) -> Markup {
        let status = match status {
            "failed" => self.say("failed", "أخفق"),
            "empty" => self.say("empty", "فارغ"),
            "skipped" => self.say("skipped", "تُرك"),
            _ => self.say("in the output folder", "في مجلد النتائج"),
        };
        html! {
            tr {
                td class="path" { (code(path)) }
                td { (status) }
                td { (code(error.unwrap_or_default())) }
                td dir="ltr" { (shown(message)) }
            }
        }
    }

    fn method(&self) -> Markup {
        html! {
            section id="method" {
                h2 { (self.say("How it was counted", "طريقة العد")) }
                p {
                    (self.say(
                        "khabar found the claims by itself; nobody has checked them unless the folder says so. Its errors are in \
                         every number. The confidence orders claims and is no probability.",
                        "استخرج برنامج خبر الادعاءات آليًا ولم يراجعها أحد ما لم يُذكر ذلك في المجلد، وأخطاؤه داخلة في كل رقم. ودرجة الثقة ترتّب الادعاءات وليست احتمالًا.",
                    ))
                }
                p {
                    @if self.material.links.is_some() {
                        (self.say(
                            "Distinct claims: the clusters of links.json; a claim that it does not name stands alone.",
                            "الادعاءات المتمايزة: مجموعات الملف links.json، وكل ادعاء لا يذكره قائم بذاته.",
                        ))
                        @if self.clusters.unknown > 0 {
                            " " (self.say("Entries of links.json that were not used, since this folder has no such claim or a \
                                           cluster before holds it", "مداخل في links.json لم تُستعمل لأن المجلد لا يضم ادعاءها أو لأن مجموعة سابقة تضمه"))
                            ": " (self.clusters.unknown)
                        }
                    } @else {
                        (self.say(
                            "Distinct claims: within one language, claims of the same side with the same words, or nearly the same \
                             (four fifths of at least five words, the same numbers, polarity and modality). The same thing said in \
                             other words, or in the other language, counts apart.",
                            "الادعاءات المتمايزة: في اللغة الواحدة تُجمع ادعاءات الطرف الواحد ذات الألفاظ نفسها أو المتقاربة (أربعة أخماس خمس كلمات على الأقل مع الأعداد والنفي والجهة نفسها). وما قيل بألفاظ أخرى أو باللغة الأخرى يُعدّ على حدة.",
                        ))
                    }
                }
                @if let Some(run) = &self.material.run {
                    dl class="fields" {
                        dt { "khabar" } dd { (code(&run.version)) }
                        dt { (self.say("models", "النماذج")) } dd { (code(&run.model_hash)) }
                        dt { (self.say("configuration", "الإعدادات")) } dd { (code(&run.config_hash)) }
                    }
                }
            }
        }
    }

    fn badge(&self, side: Side) -> Markup {
        let class = if side == Side::Us { "us" } else { "cn" };
        html! { span class={ "badge " (class) } { (self.word(word::side(side))) } }
    }

    fn claims(&self) -> Markup {
        html! {
            section id="claims" {
                h2 { (self.say("All claims", "جميع الادعاءات")) ": " (self.material.claims.len()) }
                p class="note" {
                    mark class="content" { (self.say("what is claimed", "المدّعى")) } " · "
                    mark class="source" { (self.say("who says it", "القائل")) } " · "
                    mark class="cue" { (self.say("the reporting word", "لفظ القول")) }
                }
                @for (number, reported) in self.material.claims.iter().enumerate() { (self.card(number, reported)) }
            }
        }
    }

    fn card(&self, number: usize, reported: &Reported) -> Markup {
        let claim = &reported.claim;
        let record = &self.material.articles[reported.article];
        let span = |label: &'static str, span: Option<&SpanRecord>| {
            html! { @if let Some(span) = span { dt { (label) } dd { (quoted(&span.quote)) } } }
        };
        let own = |label: &'static str, text: &str| html! { dt { (label) } dd { (text) } };
        let coded = |label: &'static str, text: &str| html! { dt { (label) } dd { (code(text)) } };
        let about = match (claim.about.contains(&Side::Us), claim.about.contains(&Side::Cn)) {
            (true, true) => self.say("the United States and China", "الولايات المتحدة والصين"),
            (true, false) => self.word(word::side(Side::Us)),
            (false, true) => self.word(word::side(Side::Cn)),
            (false, false) => self.say("neither", "لا هذه ولا تلك"),
        };
        let cluster = &self.clusters.clusters[self.clusters.of[number] as usize];
        html! {
            details class="claim" id={ "c" (number) } {
                summary {
                    (self.badge(claim.side)) " "
                    span class="tag" { (self.word(word::basis(claim.basis))) } " "
                    span class="tag" { (self.word(word::topic(claim.topic))) }
                    span class="quote" dir=(dir(Direction::of(&claim.content.quote))) { (article_text(&claim.content.quote)) }
                }
                div class="inside" {
                    @for part in &reported.evidence { (evidence(part)) }
                    dl class="fields" {
                        (span(self.say("source", "المصدر"), claim.source.as_ref()))
                        (span(self.say("reporting word", "لفظ القول"), claim.cue.as_ref()))
                        (span(self.say("actor", "الفاعل"), claim.actor.as_ref()))
                        (span(self.say("predicate", "المسند"), claim.predicate.as_ref()))
                        (own(self.say("about", "عن"), about))
                        (own(self.say("presents the United States", "صورة الولايات المتحدة"), self.word(word::stance(claim.stance.us))))
                        (own(self.say("presents China", "صورة الصين"), self.word(word::stance(claim.stance.cn))))
                        (own(self.say("firmness", "درجة الالتزام"), self.word(word::commitment(claim.commitment))))
                        (own(self.say("reading", "القراءة"), self.word(word::reading(claim.polarity, claim.modality))))
                        dt { (self.say("article", "المقال")) }
                        dd {
                            (self.title(reported.article))
                            @if let Some(outlet) = &record.outlet { " · " (quoted(outlet)) }
                            @if let Some(date) = &record.date { " · " (dated(date)) }
                        }
                        (coded(self.say("file", "الملف"), &record.path))
                        @if cluster.claims.len() > 1 {
                            dt { (self.say("said so often", "عدد مرات قوله")) }
                            dd {
                                (self.number(&cluster.claims, Measure::Claims, &shown(&claim.content.quote)))
                                " · " (self.reason(&cluster.reason))
                            }
                        }
                        (coded(self.say("confidence", "درجة الثقة"), &format!("{:.3}", claim.confidence)))
                        (coded(self.say("rule", "القاعدة"), &claim.rule))
                        @if !claim.abstained.is_empty() {
                            (coded(self.say("not decided", "لم يُبتّ فيه"), &claim.abstained.join("; ")))
                        }
                    }
                }
            }
        }
    }

    fn dialog(&self) -> Markup {
        html! {
            dialog id="opened" aria-labelledby="opened-title" {
                div class="dialog-head" {
                    div {
                        h3 id="opened-title" dir="auto" {}
                        p class="note" { (self.say("claims", "الادعاءات")) ": " span id="opened-count" {} }
                    }
                    button type="button" id="opened-close" { (self.say("Close", "إغلاق")) }
                }
                div class="dialog-body" {
                    div id="opened-list" {}
                    button type="button" id="opened-more" hidden { (self.say("Show more", "عرض المزيد")) }
                }
            }
        }
    }
}
