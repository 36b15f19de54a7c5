//! The files of the page, built into the program. They are plain HTML, CSS and ES modules: what is served is the source.

/// A file of the page: name, media type, content.
pub(super) type File = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All files; the first is the page itself.
pub(super) const FILES: [File; 9] = [
    ("", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("app.js", SCRIPT, include_str!("page/app.js")),
    ("card.js", SCRIPT, include_str!("page/card.js")),
    ("desk.js", SCRIPT, include_str!("page/desk.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("editor.js", SCRIPT, include_str!("page/editor.js")),
    ("text.js", SCRIPT, include_str!("page/text.js")),
    ("words.js", SCRIPT, include_str!("page/words.js")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_asks_for_anything_outside_or_makes_markup_of_text() {
        for (name, _, content) in FILES {
            for forbidden in [
                "http://",
                "https://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "srcdoc",
                " style=\"",
                " onclick=",
            ] {
                // The name of the vector format is no address that is asked for.
                let content = content.replace("http://www.w3.org/2000/svg", "");
                assert!(!content.contains(forbidden), "{name} holds {forbidden}");
            }
        }
    }

    #[test]
    fn every_import_is_a_file_that_is_built_in() {
        for (name, _, content) in FILES {
            for line in content.lines().filter(|line| line.starts_with("import ") || line.starts_with("} from ")) {
                let Some(from) = line.split(" from \"./").nth(1) else { continue };
                let file = from.trim_end_matches("\";");
                assert!(FILES.iter().any(|(known, _, _)| *known == file), "{name} imports {file}");
            }
        }
    }
}
