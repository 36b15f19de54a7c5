//! The resolved configuration: every value with where it came from, and its hash.
//!
//! Later wins: defaults, the user's file (`$XDG_CONFIG_HOME/khabar/khabar.toml`), the project's file (`khabar.toml` in
//! the working folder), the environment (`KHABAR_` and the key in capitals), the command line. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::article::ReadOptions;
use crate::claim::Method;
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::OffsetUnit;
use crate::network::Choice;
use crate::provenance::sha256_hex;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The type of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Texts,
    Number,
    Switch,
    Unit,
    Model,
    Claims,
}

/// A key: name, type, default in TOML, whether it bears on what is written, what it is for.
struct Key {
    name: &'static str,
    kind: Kind,
    default: &'static str,
    bears: bool,
    about: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, bears: bool, about: &'static str) -> Key {
    Key { name, kind, default, bears, about }
}

const KEYS: &[Key] = &[
    key("author_field", Kind::Texts, r#"["author", "byline", "authors", "الكاتب"]"#, true, "fields with the by-line"),
    key("claims", Kind::Claims, r#""network""#, true, "what finds claims: network or rules"),
    key(
        "date_field",
        Kind::Texts,
        r#"["date", "published", "published_at", "datePublished", "pubDate", "publish_date", "التاريخ"]"#,
        true,
        "fields with the date",
    ),
    key("encoding", Kind::Text, r#""auto""#, true, "encoding of the input; auto finds it for each file"),
    key("fail_fast", Kind::Switch, "false", false, "stop at the first article that fails"),
    key("jobs", Kind::Number, "0", false, "articles at a time; 0 is one for each core"),
    key("language_field", Kind::Texts, r#"["language", "lang"]"#, true, "fields with the language"),
    key("max_bytes", Kind::Number, "16777216", true, "largest article that is read, in bytes"),
    key("max_errors", Kind::Number, "0", false, "stop after so many failed articles; 0 never stops"),
    key("model", Kind::Model, r#""fast""#, true, "what reads the words: fast or accurate"),
    key("offset_unit", Kind::Unit, r#""code-point""#, true, "what start and end count: code-point, utf16 or byte"),
    key(
        "outlet_field",
        Kind::Texts,
        r#"["source", "outlet", "publisher", "site", "المصدر"]"#,
        true,
        "fields with the outlet",
    ),
    key(
        "text_field",
        Kind::Texts,
        r#"["text", "content", "body", "article", "articleBody", "النص"]"#,
        true,
        "fields with the text",
    ),
    key("title_field", Kind::Texts, r#"["title", "headline", "العنوان"]"#, true, "fields with the headline"),
    key("url_field", Kind::Texts, r#"["url", "link"]"#, true, "fields with the address"),
];

/// The names of all keys, sorted.
pub fn key_names() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.name).collect()
}

/// The values of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    values: BTreeMap<&'static str, (toml::Value, Source)>,
}

impl Default for Config {
    fn default() -> Self {
        let values = KEYS
            .iter()
            .map(|key| {
                let table: toml::Table = toml::from_str(&format!("value = {}", key.default)).expect("defaults parse");
                (key.name, (table["value"].clone(), Source::Default))
            })
            .collect();
        Self { values }
    }
}

impl Config {
    /// Resolves the user's file, the project's file and the environment, in this order, over the defaults.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a file that does not parse, an unknown key, or a value of the wrong type.
    pub fn resolve(
        user: Option<&Path>,
        project: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut config = Self::default();
        for path in [user, project].into_iter().flatten() {
            config.read_file(path)?;
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix("KHABAR_") {
                config.set_text(&key.to_lowercase(), &value, Source::Environment(name))?;
            }
        }
        Ok(config)
    }

    /// Reads a file over the values so far; a file that is not there changes nothing.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    pub fn read_file(&mut self, path: &Path) -> Result<()> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::new(ErrorKind::Config, error.to_string()).at(path)),
        };
        let table: toml::Table = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            Error::new(ErrorKind::Config, error.message().to_owned()).at(path).line(line as u64)
        })?;
        for (name, value) in table {
            self.set(&name, value, Source::File(path.to_path_buf())).map_err(|error| error.at(path))?;
        }
        Ok(())
    }

    /// Sets a value from the command line or the environment, where a list is separated by commas.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    pub fn set_text(&mut self, name: &str, text: &str, source: Source) -> Result<()> {
        let wrong = |what: &str| Error::new(ErrorKind::Config, format!("{source}: {text:?} is no {what}"));
        let value = match find(name, &source)?.kind {
            Kind::Text | Kind::Unit | Kind::Model | Kind::Claims => toml::Value::String(text.to_owned()),
            Kind::Texts => {
                toml::Value::Array(text.split(',').map(|part| toml::Value::String(part.trim().to_owned())).collect())
            }
            Kind::Number => toml::Value::Integer(text.trim().parse().map_err(|_| wrong("number"))?),
            Kind::Switch => toml::Value::Boolean(match text.trim() {
                "1" | "true" | "yes" | "on" => true,
                "" | "0" | "false" | "no" | "off" => false,
                _ => return Err(wrong("switch (true or false)")),
            }),
        };
        self.set(name, value, source)
    }

    fn set(&mut self, name: &str, value: toml::Value, source: Source) -> Result<()> {
        let key = find(name, &source)?;
        let (fits, wanted) = match key.kind {
            Kind::Text => (value.is_str(), "a text"),
            Kind::Unit => (
                value.as_str().is_some_and(|v| OffsetUnit::ALL.iter().any(|(_, name)| *name == v)),
                "code-point, utf16 or byte",
            ),
            Kind::Model => (value.as_str().and_then(Choice::from_name).is_some(), "fast or accurate"),
            Kind::Claims => (value.as_str().and_then(Method::from_name).is_some(), "network or rules"),
            Kind::Texts => (
                value.is_str()
                    || value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(toml::Value::is_str)),
                "a text or a list of texts",
            ),
            Kind::Number => (value.as_integer().is_some_and(|n| n >= 0), "a number from 0"),
            Kind::Switch => (value.is_bool(), "true or false"),
        };
        if !fits {
            let message = format!("{} (from {source}) must be {wanted}, not {value}", key.name);
            return Err(Error::new(ErrorKind::Config, message));
        }
        let value = if key.kind == Kind::Texts && value.is_str() { toml::Value::Array(vec![value]) } else { value };
        self.values.insert(key.name, (value, source));
        Ok(())
    }

    fn value(&self, name: &str) -> &toml::Value {
        &self.values.get(name).expect("all keys have a value").0
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let list = self.value(name).as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }

    fn number(&self, name: &str) -> usize {
        self.value(name).as_integer().and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    }

    /// How files are read.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            encoding: self.value("encoding").as_str().filter(|e| *e != "auto" && !e.is_empty()).map(str::to_owned),
            max_bytes: self.number("max_bytes") as u64,
            title_fields: self.texts("title_field"),
            text_fields: self.texts("text_field"),
            date_fields: self.texts("date_field"),
            url_fields: self.texts("url_field"),
            source_fields: self.texts("outlet_field"),
            author_fields: self.texts("author_field"),
            language_fields: self.texts("language_field"),
        }
    }

    /// What the spans of the output count.
    pub fn offset_unit(&self) -> OffsetUnit {
        let name = self.value("offset_unit").as_str().unwrap_or_default();
        OffsetUnit::ALL.iter().find(|(_, known)| *known == name).map(|(unit, _)| *unit).unwrap_or_default()
    }

    /// What reads the words.
    pub fn model(&self) -> Choice {
        self.value("model").as_str().and_then(Choice::from_name).unwrap_or_default()
    }

    /// What finds claims.
    pub fn claims(&self) -> Method {
        self.value("claims").as_str().and_then(Method::from_name).unwrap_or_default()
    }

    /// How many articles are worked on at a time.
    pub fn jobs(&self) -> usize {
        match self.number("jobs") {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            jobs => jobs.min(1024),
        }
    }

    /// After how many failed articles the run stops; `None` never stops it.
    pub fn max_errors(&self) -> Option<usize> {
        if self.value("fail_fast").as_bool() == Some(true) {
            return Some(1);
        }
        Some(self.number("max_errors")).filter(|&n| n > 0)
    }

    /// SHA-256 over the values that bear on what is written for an article, hex.
    pub fn hash(&self) -> String {
        let lines: Vec<String> =
            KEYS.iter().filter(|key| key.bears).map(|key| format!("{}={}", key.name, self.value(key.name))).collect();
        sha256_hex(lines.join("\n").as_bytes())
    }

    /// The values, sorted by key.
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for (name, (value, _)) in &self.values {
            object.insert((*name).to_owned(), serde_json::to_value(value).unwrap_or_default());
        }
        object.into()
    }

    /// TOML that gives the same configuration, with the origin of each value.
    pub fn to_toml(&self) -> String {
        KEYS.iter().fold(String::new(), |mut text, key| {
            let source = self.values.get(key.name).map_or(&Source::Default, |(_, source)| source);
            let _ = writeln!(text, "# {}\n{} = {}  # {source}", key.about, key.name, self.value(key.name));
            text
        })
    }
}

fn find(name: &str, source: &Source) -> Result<&'static Key> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    let closest = KEYS
        .iter()
        .map(|key| (strsim::jaro_winkler(key.name, name), key.name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > 0.75);
    let advice = closest.map_or_else(
        || format!("known keys: {}", key_names().join(", ")),
        |(_, closest)| format!("did you mean {closest:?}?"),
    );
    Err(Error::new(ErrorKind::Config, format!("unknown key {name:?} from {source}; {advice}")))
}

/// The user's configuration file by the XDG rules, whether it is there or not.
pub fn user_file(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = variable("XDG_CONFIG_HOME")
        .filter(|path| Path::new(path).is_absolute())
        .map(PathBuf::from)
        .or_else(|| variable("HOME").filter(|home| !home.is_empty()).map(|home| Path::new(&home).join(".config")))?;
    Some(folder.join("khabar").join("khabar.toml"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn later_wins_and_origin_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (user, project) = (folder.path().join("user.toml"), folder.path().join("khabar.toml"));
        std::fs::write(&user, "jobs = 3\nmax_bytes = 5\ntext_field = \"متن\"\n").unwrap();
        std::fs::write(&project, "jobs = 4\n").unwrap();
        let environment = [("KHABAR_MAX_BYTES".to_owned(), "7".to_owned()), ("HOME".to_owned(), "x".to_owned())];
        let mut config = Config::resolve(Some(&user), Some(&project), environment).unwrap();
        config.set_text("offset_unit", "utf16", Source::Flag("--offset-unit".into())).unwrap();
        assert_eq!((config.jobs(), config.read_options().max_bytes, config.offset_unit()), (4, 7, OffsetUnit::Utf16));
        assert_eq!(config.read_options().text_fields, ["متن"]);
        let shown = config.to_toml();
        assert!(shown.contains("max_bytes = 7  # KHABAR_MAX_BYTES"), "{shown}");
        assert!(shown.contains("offset_unit = \"utf16\"  # --offset-unit"), "{shown}");
        let again = folder.path().join("again.toml");
        std::fs::write(&again, shown).unwrap();
        assert_eq!(Config::resolve(None, Some(&again), []).unwrap().hash(), config.hash());
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("khabar.toml");
        for (text, part) in [
            ("max_byte = 3", "did you mean \"max_bytes\"?"),
            ("zzz = 3", "known keys: author_field"),
            ("jobs = \"many\"", "must be a number"),
            ("jobs = -1", "must be a number"),
            ("offset_unit = \"inch\"", "code-point, utf16 or byte"),
            ("jobs = ", "khabar.toml:1"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Config::resolve(None, Some(&file), []).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        let environment = [("KHABAR_OFFSETUNIT".to_owned(), "byte".to_owned())];
        let error = Config::resolve(None, None, environment).unwrap_err().to_string();
        assert!(error.contains("did you mean \"offset_unit\"?"), "{error}");
    }

    #[test]
    fn the_hash_is_of_what_bears_on_the_output() {
        let mut config = Config::default();
        let before = config.hash();
        config.set_text("jobs", "7", Source::Flag("-j".into())).unwrap();
        assert_eq!(config.hash(), before);
        config.set_text("offset_unit", "byte", Source::Flag("--offset-unit".into())).unwrap();
        assert_ne!(config.hash(), before);
    }

    #[test]
    fn defaults_are_those_of_the_reader() {
        assert_eq!(Config::default().read_options(), ReadOptions::default());
    }

    #[test]
    fn keys_are_sorted() {
        assert!(KEYS.is_sorted_by_key(|key| key.name));
    }
}
