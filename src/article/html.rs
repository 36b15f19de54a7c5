//! Saved or scraped pages: main text, title, date, outlet, language.
//!
//! What is never text (navigation, share buttons, captions, paywalls, cookie banners) is taken out first, then
//! `dom_smoothie` finds the main text. The text has one paragraph a line.

use dom_query::{Document, NodeRef};
use dom_smoothie::{Config, Readability};
use serde_json::Value;

use super::{Metadata, date};
use crate::error::{Error, ErrorKind, Result};

/// Elements that hold no running text.
const NEVER: &str = "script, style, template, nav, aside, form, button, select, input, textarea, figcaption, svg, iframe, \
     video, audio, object, canvas, dialog, [role=navigation], [role=complementary], [role=dialog], [role=alert], \
     [role=search], [aria-modal=true], [hidden], [style*='display:none'], [style*='display: none']";

/// Parts of class names and ids of boxes that are not the article.
const BOXES: &[&str] = &[
    "cookie",
    "consent",
    "gdpr",
    "newsletter",
    "subscribe",
    "subscription",
    "paywall",
    "regwall",
    "share",
    "sharing",
    "social",
    "related",
    "recommend",
    "read-more",
    "readmore",
    "read-also",
    "readalso",
    "also-read",
    "most-read",
    "most-viewed",
    "trending",
    "breadcrumb",
    "comment",
    "disqus",
    "advert",
    "ad-slot",
    "adbox",
    "banner",
    "sponsor",
    "promo",
    "outbrain",
    "taboola",
    "caption",
    "credit",
    "byline",
    "author-bio",
    "author-box",
    "tags",
    "tag-list",
    "topics",
    "keywords",
    "sidebar",
    "footer",
    "popup",
    "modal",
    "sr-only",
    "screen-reader",
    "visually-hidden",
    "toolbar",
    "audio-player",
    "listen",
    "print-only",
    "skip-link",
    "follow-us",
    "app-download",
];

/// Elements after which a new line starts.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "table",
    "tr",
    "figure",
    "dl",
    "dt",
    "dd",
    "hr",
    "address",
    "details",
    "summary",
    "body",
    "br",
];

/// Title, date and so on from the page's head.
#[derive(Debug, Default)]
struct Head {
    title: Option<String>,
    date: Option<String>,
    byline: Option<String>,
    outlet: Option<String>,
    url: Option<String>,
    language: Option<String>,
    body: Option<String>,
}

/// Reads a page: the text of its main part and what it says about itself.
pub(super) fn read(page: &str) -> Result<(String, Metadata)> {
    let document = Document::from(page);
    let mut head = head(&document);
    prune(&document);
    let cleaned = document.html().to_string();
    let mut body = main_text(&cleaned, head.title.as_deref());
    // A page that is built by scripts, or that hides its text, may still name it in its data.
    if let Some(whole) = head.body.take()
        && whole.chars().count() > body.chars().count() * 2
    {
        body = whole;
    }
    if body.chars().filter(|c| c.is_alphabetic()).count() < 40 {
        let all = fallback(&document);
        if all.len() > body.len() {
            body = all;
        }
    }
    if body.chars().filter(|c| c.is_alphabetic()).count() < 20 {
        return Err(Error::new(ErrorKind::NoMainText, "no main text was found in the page"));
    }
    let metadata = Metadata {
        title: head.title,
        date: head.date,
        byline: head.byline,
        outlet: head.outlet,
        url: head.url,
        declared_language: head.language,
    };
    Ok((body, metadata))
}

/// The text of an HTML fragment, such as a JSON value: all of it, one paragraph a line.
pub(super) fn fragment(html: &str) -> String {
    let document = Document::from(html);
    document.select("script, style, figcaption, iframe, form").remove();
    text_of(&document.root())
}

/// Whether a string holds HTML mark-up, not only a stray `<`.
pub(super) fn has_markup(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["</p>", "<p>", "<p ", "<br", "</div>", "</a>", "</strong>", "</em>", "</span>", "</h2>", "</li>", "</b>"]
        .iter()
        .any(|tag| lower.contains(tag))
}

fn clean(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn head(document: &Document) -> Head {
    let mut head = Head::default();
    for script in document.select("script[type='application/ld+json']").nodes() {
        if let Ok(value) = serde_json::from_str::<Value>(script.text().trim()) {
            linked_data(&value, &mut head, 0);
        }
    }
    let attribute =
        |selector: &str, name: &str| document.select(selector).nodes().iter().find_map(|n| clean(&n.attr(name)?));
    let meta = |names: &[&str]| {
        names.iter().find_map(|name| {
            attribute(&format!("meta[property='{name}']"), "content")
                .or_else(|| attribute(&format!("meta[name='{name}']"), "content"))
                .or_else(|| attribute(&format!("meta[itemprop='{name}']"), "content"))
        })
    };
    let outlet =
        head.outlet.take().or_else(|| meta(&["og:site_name", "application-name", "publisher", "dc.publisher"]));
    let page_title = document.select("title").nodes().first().and_then(|n| clean(&n.text()));
    let declared = head
        .title
        .take()
        .or_else(|| meta(&["og:title", "twitter:title", "dc.title", "headline"]))
        .or_else(|| page_title.clone())
        .map(|t| without_outlet(&t, outlet.as_deref()));
    // What stands on the page goes before what it says of itself: that is what a reader quotes.
    let headings: Vec<String> = document.select("h1").nodes().iter().filter_map(|n| clean(&n.text())).collect();
    let shown = match &declared {
        Some(declared) => headings.iter().find(|h| shares_words(h, declared)).cloned(),
        None => headings.first().cloned(),
    };
    head.title = shown.or(declared);
    let time =
        || document.select("time[datetime]").nodes().iter().find_map(|n| date::parse(&n.attr("datetime")?, false));
    head.date = head
        .date
        .take()
        .or_else(|| {
            meta(&[
                "article:published_time",
                "datePublished",
                "og:published_time",
                "date",
                "dc.date",
                "dc.date.issued",
                "pubdate",
                "publishdate",
                "publish-date",
                "parsely-pub-date",
                "sailthru.date",
                "cXenseParse:recs:publishtime",
            ])
            .and_then(|d| date::parse(&d, true))
        })
        .or_else(time)
        .or_else(|| {
            let shown = document.select("time, .date, .published, .post-date, .article-date, .entry-date, .timestamp");
            shown.nodes().iter().find_map(|n| date::parse(&n.text(), true))
        });
    head.byline = head.byline.take().or_else(|| meta(&["author", "article:author", "dc.creator"])).or_else(|| {
        document
            .select("[rel=author], .byline, .author, [itemprop=author]")
            .nodes()
            .first()
            .and_then(|n| clean(&n.text()))
    });
    head.byline = head.byline.take().filter(|b| !b.starts_with("http") && b.chars().count() < 120).map(|b| {
        let rest =
            b.strip_prefix("By ").or_else(|| b.strip_prefix("بقلم:")).or_else(|| b.strip_prefix("بقلم ")).unwrap_or(&b);
        rest.trim().to_owned()
    });
    head.url = attribute("link[rel=canonical]", "href")
        .or_else(|| meta(&["og:url"]))
        .or(head.url.take())
        .filter(|u| u.starts_with("http"))
        .or_else(|| saved_from(document));
    head.language = attribute("html", "lang")
        .or_else(|| attribute("html", "xml:lang"))
        .or_else(|| meta(&["og:locale", "language", "content-language", "inLanguage"]))
        .or(head.language.take());
    head.outlet = outlet;
    head
}

/// The comment that browsers write into a saved page.
fn saved_from(document: &Document) -> Option<String> {
    let html = document.html();
    let head = html.get(..html.len().min(2000)).or_else(|| html.get(..1000))?;
    let rest = head.split_once("saved from url=")?.1;
    let url = rest.split_once(')').map_or(rest, |(_, url)| url).split_whitespace().next()?;
    url.starts_with("http").then(|| url.to_owned())
}

/// Reads schema.org data: the article anywhere in it.
fn linked_data(value: &Value, head: &mut Head, depth: usize) {
    if depth > 6 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| linked_data(item, head, depth + 1)),
        Value::Object(object) => {
            let kinds = match object.get("@type") {
                Some(Value::String(kind)) => kind.clone(),
                Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                _ => String::new(),
            };
            if ["Article", "Posting", "Report"].iter().any(|k| kinds.contains(k)) {
                let string = |name: &str| object.get(name).and_then(Value::as_str).and_then(|s| clean(&fragment(s)));
                head.title = head.title.take().or_else(|| string("headline"));
                head.date = head.date.take().or_else(|| {
                    string("datePublished").or_else(|| string("dateCreated")).and_then(|d| date::parse(&d, true))
                });
                head.byline = head.byline.take().or_else(|| object.get("author").and_then(names));
                head.outlet = head.outlet.take().or_else(|| object.get("publisher").and_then(names));
                head.url = head.url.take().or_else(|| string("url"));
                head.language = head.language.take().or_else(|| string("inLanguage"));
                if head.body.is_none()
                    && let Some(body) = object.get("articleBody").and_then(Value::as_str)
                {
                    head.body = Some(if has_markup(body) { fragment(body) } else { lines(body) });
                }
            }
            if let Some(graph) = object.get("@graph") {
                linked_data(graph, head, depth + 1);
            }
            if let Some(main) = object.get("mainEntity") {
                linked_data(main, head, depth + 1);
            }
        }
        _ => {}
    }
}

/// The name of a person or organisation, or the names of several.
fn names(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => clean(name),
        Value::Object(object) => object.get("name").and_then(names),
        Value::Array(items) => {
            let all: Vec<String> = items.iter().filter_map(names).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        _ => None,
    }
}

/// A headline without the outlet's name after it.
fn without_outlet(title: &str, outlet: Option<&str>) -> String {
    for separator in [" | ", " - ", " – ", " — ", " :: ", " « "] {
        if let Some((front, back)) = title.rsplit_once(separator) {
            let named = outlet.is_some_and(|o| shares_words(back, o));
            let short = back.split_whitespace().count() <= 3 && front.split_whitespace().count() >= 4;
            if named || short && separator != " - " || short && !back.contains(|c: char| c.is_numeric()) {
                return front.trim().to_owned();
            }
        }
    }
    title.to_owned()
}

/// Whether most words of the shorter one are words of the other.
fn shares_words(a: &str, b: &str) -> bool {
    let list = |text: &str| {
        crate::normalizer::match_key(text)
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (a, b) = (list(a), list(b));
    let common = a.iter().filter(|w| b.contains(w)).count();
    common > 0 && common * 2 > a.len().min(b.len())
}

/// Takes out what is no article, as long as it does not hold much of the text.
fn prune(document: &Document) {
    let letters = |node: &NodeRef<'_>| node.text().chars().filter(|c| c.is_alphanumeric()).count();
    document.select("script, style, template, svg").remove();
    let paragraphs = document.select("p");
    let all: usize = paragraphs.nodes().iter().map(letters).sum();
    let whole = letters(&document.root()).max(1);
    let inside =
        |node: &NodeRef<'_>| -> usize { node.descendants_it().filter(|n| n.has_name("p")).map(|n| letters(&n)).sum() };
    let holds_article = |node: &NodeRef<'_>| {
        if all * 4 >= whole { inside(node) * 5 > all * 2 } else { letters(node) * 5 > whole * 2 }
    };
    for node in document.select(NEVER).nodes() {
        if !holds_article(node) {
            node.remove_from_parent();
        }
    }
    for node in document.select("[class], [id]").nodes() {
        if node.has_name("html") || node.has_name("body") || node.has_name("article") || node.has_name("main") {
            continue;
        }
        let class = node.attr("class").map(|c| c.to_lowercase()).unwrap_or_default();
        let id = node.attr("id").map(|c| c.to_lowercase()).unwrap_or_default();
        let named = class.split_whitespace().chain([id.as_str()]).any(|name| {
            BOXES.iter().any(|part| {
                name.match_indices(part).any(|(at, _)| {
                    // A part of a name, not of a word: `share-bar`, not `shareholders`.
                    let end = name.get(at + part.len()..).unwrap_or_default();
                    let before = name.get(..at).and_then(|s| s.chars().next_back());
                    !before.is_some_and(char::is_alphabetic)
                        && (end.is_empty()
                            || end.starts_with(|c: char| !c.is_alphabetic())
                            || end == "s"
                            || end.starts_with("s-"))
                })
            })
        });
        if named && !holds_article(node) {
            node.remove_from_parent();
        }
    }
}

fn main_text(html: &str, title: Option<&str>) -> String {
    let config = Config { char_threshold: 200, disable_json_ld: true, ..Config::default() };
    let Ok(mut readability) = Readability::new(html, None, Some(config)) else { return String::new() };
    let Ok(article) = readability.parse() else { return String::new() };
    let content = Document::from(&*article.content);
    let text = text_of(&content.root());
    let Some(title) = title else { return text };
    // The headline comes first from the metadata.
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(at) =
        lines.iter().take(4).position(|l| crate::normalizer::match_key(l) == crate::normalizer::match_key(title))
    {
        lines.remove(at);
    }
    lines.join("\n")
}

/// All paragraphs of the page that are long enough to be text.
fn fallback(document: &Document) -> String {
    let paragraphs: Vec<String> = document.select("p, h2, h3, li, blockquote").nodes().iter().map(text_of).collect();
    let text = paragraphs.into_iter().filter(|t| t.split_whitespace().count() >= 6).collect::<Vec<_>>().join("\n");
    if text.is_empty() { document.select("body").nodes().first().map(text_of).unwrap_or_default() } else { text }
}

fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The text below a node, one paragraph a line; items of lists begin with a bullet.
fn text_of(node: &NodeRef<'_>) -> String {
    let mut out = String::new();
    // A stack of its own: pages can be nested deeper than the thread's stack allows.
    let mut stack: Vec<Step<'_>> = vec![Step::Enter(*node)];
    while let Some(step) = stack.pop() {
        match step {
            Step::Line => new_line(&mut out),
            Step::Enter(node) if node.is_text() => push_text(&mut out, &node.text()),
            Step::Enter(node) => {
                let name = node.node_name().map(|n| n.to_string()).unwrap_or_default();
                if matches!(name.as_str(), "script" | "style" | "head" | "noscript" | "template") {
                    continue;
                }
                let block = BLOCKS.contains(&name.as_str());
                if block {
                    new_line(&mut out);
                    stack.push(Step::Line);
                }
                if name == "li" {
                    out.push_str("• ");
                }
                if matches!(name.as_str(), "td" | "th") {
                    push_text(&mut out, " ");
                }
                let children: Vec<NodeRef<'_>> = node.children_it(false).collect();
                stack.extend(children.into_iter().rev().map(Step::Enter));
            }
        }
    }
    let joined: Vec<&str> = out.lines().map(str::trim).filter(|l| !l.is_empty() && *l != "•").collect();
    joined.join("\n")
}

enum Step<'a> {
    Enter(NodeRef<'a>),
    Line,
}

fn new_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') && !out.ends_with("• ") {
        out.push('\n');
    }
}

/// Adds text with white space as browsers show it; no-break spaces stay.
fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, ' ' | '\n' | '\t' | '\r' | '\u{c}') {
            if !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
}
