//! Markdown to plain text: one paragraph a line; the text of links; no code, no images, no mark-up.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Metadata, date, html};

/// Reads the front matter, if there is any, and the text.
pub(super) fn read(source: &str) -> (String, Metadata) {
    let (mut metadata, body) = front_matter(source);
    let (text, first_heading) = plain(body);
    if metadata.title.is_none() {
        metadata.title = first_heading;
    }
    (text, metadata)
}

/// `title:`, `date:` and so on between `---` lines at the top.
fn front_matter(source: &str) -> (Metadata, &str) {
    let mut metadata = Metadata::default();
    let Some(rest) = source.trim_start().strip_prefix("---\n") else { return (metadata, source) };
    let Some((head, body)) = rest.split_once("\n---").or_else(|| rest.split_once("\n...")) else {
        return (metadata, source);
    };
    if !head.lines().any(|l| l.contains(':')) {
        return (metadata, source);
    }
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().trim_matches(['"', '\'']).trim();
        if value.is_empty() {
            continue;
        }
        let slot = match name.trim().to_lowercase().as_str() {
            "title" | "headline" | "العنوان" => &mut metadata.title,
            "date" | "published" | "pubdate" | "التاريخ" => {
                metadata.date = date::parse(value, true);
                continue;
            }
            "author" | "byline" | "الكاتب" => &mut metadata.byline,
            "source" | "outlet" | "publisher" | "المصدر" => &mut metadata.outlet,
            "url" | "link" | "canonical" => &mut metadata.url,
            "lang" | "language" => &mut metadata.declared_language,
            _ => continue,
        };
        *slot = Some(value.to_owned());
    }
    (metadata, body.split_once('\n').map_or("", |(_, body)| body))
}

/// The text, and the first heading if it is of the first level.
fn plain(source: &str) -> (String, Option<String>) {
    let mut out = String::new();
    let mut heading: Option<String> = None;
    let (mut code, mut image) = (false, false);
    let mut in_title = None;
    let line = |out: &mut String| {
        if !out.is_empty() && !out.ends_with('\n') && !out.ends_with("• ") {
            out.push('\n');
        }
    };
    for event in Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Start(Tag::Image { .. }) => image = true,
            Event::End(TagEnd::Image) => image = false,
            Event::Start(Tag::Heading { level, .. }) => {
                line(&mut out);
                if level == pulldown_cmark::HeadingLevel::H1 && heading.is_none() && out.trim().is_empty() {
                    in_title = Some(out.len());
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(start) = in_title.take() {
                    heading = out.get(start..).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
                }
                line(&mut out);
            }
            Event::Start(Tag::Item) => {
                line(&mut out);
                out.push_str("• ");
            }
            Event::Start(Tag::Paragraph | Tag::TableRow | Tag::TableHead | Tag::BlockQuote(_))
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead)
            | Event::Rule => line(&mut out),
            Event::End(TagEnd::TableCell) | Event::SoftBreak => out.push(' '),
            Event::HardBreak => line(&mut out),
            Event::Text(text) if !code && !image => out.push_str(&text),
            Event::Code(text) if !image => out.push_str(&text),
            Event::Html(block) if !code => {
                let text = html::fragment(&block);
                if !text.is_empty() {
                    line(&mut out);
                    out.push_str(&text);
                    line(&mut out);
                }
            }
            _ => {}
        }
    }
    let text: Vec<&str> = out.lines().map(str::trim).filter(|l| !l.is_empty() && *l != "•").collect();
    (text.join("\n"), heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        let source = "---\ntitle: \"بكين ترد\"\ndate: 2026-01-13\nauthor: ليلى\n---\n\nقالت **الصين** إنها\nستردّ على [القرار](https://x.example/1).\n\n## خلفية\n\n- أولًا\n- ثانيًا\n\n```rust\nfn main() {}\n```\n![صورة](a.png)\n";
        let (text, metadata) = read(source);
        assert_eq!(text, "قالت الصين إنها ستردّ على القرار.\nخلفية\n• أولًا\n• ثانيًا");
        assert_eq!(metadata.title.as_deref(), Some("بكين ترد"));
        assert_eq!(metadata.date.as_deref(), Some("2026-01-13"));
        assert_eq!(metadata.byline.as_deref(), Some("ليلى"));
    }

    #[test]
    fn the_first_heading_is_the_title() {
        let (text, metadata) = read("# Chips and rules\n\nThe ministry said so.\n");
        assert_eq!(metadata.title.as_deref(), Some("Chips and rules"));
        assert_eq!(text, "Chips and rules\nThe ministry said so.");
    }
}
