//! A file of options: TOML, a section a tool.
//!
//! ```toml
//! [source]                  # of every kind
//! batch = "5s"
//!
//! [source.tail]
//! path = ["app.log", "/var/log/*.log"]
//!
//! [filter]
//! pattern = "ERROR"
//! ignore-case = true
//! ```

use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};

/// The options of a file.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    document: Document<String>,
}

/// What a file says of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The option, as it stands there.
    pub key: String,
    /// What it is.
    pub values: Values,
    /// Where it stands: `app.toml:3`.
    pub place: String,
}

/// What an option is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Given or not.
    Switch(bool),
    /// One value, or one after the other.
    Texts(Vec<String>),
}

/// A section's name and where it begins.
pub type Section = (Vec<String>, String);

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML: what, where, and what to do.
    pub fn read(path: &Path) -> Result<ConfigFile, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("--config {}: {}", path.display(), crate::error::describe(&error)))?;
        ConfigFile::parse(path, text)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// It is no TOML.
    pub fn parse(path: &Path, text: String) -> Result<ConfigFile, String> {
        let document = Document::parse(text.clone()).map_err(|error| {
            let place = error.span().map_or_else(String::new, |span| format!(":{}", line_of(&text, span.start)));
            format!("{}{place}: {}", path.display(), error.message().lines().collect::<Vec<_>>().join(", "))
        })?;
        Ok(ConfigFile { path: path.to_owned(), text, document })
    }

    /// Every section, `source` and `source.tail` each.
    ///
    /// # Errors
    /// Something stands in no section.
    pub fn sections(&self) -> Result<Vec<Section>, String> {
        let mut sections = Vec::new();
        let root: &dyn TableLike = self.document.as_table();
        for (name, item) in root.iter() {
            let Some(table) = item.as_table_like() else {
                let place = self.place(root, name);
                return Err(format!("{place}: {name} stands in no section of a tool: [filter], [source.tail]"));
            };
            sections.push((vec![name.to_owned()], self.place(root, name)));
            let inner = table.iter().filter(|(_, item)| item.is_table_like());
            sections.extend(inner.map(|(kind, _)| (vec![name.to_owned(), kind.to_owned()], self.place(table, kind))));
        }
        Ok(sections)
    }

    /// What a section says; nothing if there is none.
    ///
    /// # Errors
    /// A value is none that an option has.
    pub fn section(&self, names: &[&str]) -> Result<Vec<Given>, String> {
        let mut table: &dyn TableLike = self.document.as_table();
        for name in names {
            match table.get(name).and_then(Item::as_table_like) {
                Some(inner) => table = inner,
                None => return Ok(Vec::new()),
            }
        }
        let options = table.iter().filter(|(_, item)| !item.is_table_like() || item.is_inline_table());
        options
            .map(|(key, item)| {
                let place = self.place(table, key);
                let values = values(item).ok_or_else(|| {
                    format!("{place}: {key}: an option is a text, a number, true or false, or an array of these")
                })?;
                Ok(Given { key: key.to_owned(), values, place })
            })
            .collect()
    }

    /// Where a key stands.
    fn place(&self, table: &dyn TableLike, key: &str) -> String {
        let span = table.get_key_value(key).and_then(|(key, item)| key.span().or_else(|| item.span()));
        let line = span.map_or(1, |span| line_of(&self.text, span.start));
        format!("{}:{line}", self.path.display())
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn values(item: &Item) -> Option<Values> {
    let value = item.as_value()?;
    match value {
        Value::Boolean(is_given) => Some(Values::Switch(*is_given.value())),
        Value::Array(values) => values.iter().map(text).collect::<Option<_>>().map(Values::Texts),
        value => text(value).map(|text| Values::Texts(vec![text])),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(Path::new("app.toml"), text.to_owned())
    }

    #[test]
    fn sections_have_options_with_their_places() {
        let file =
            parse("[source]\nbatch = '5s'\n[source.tail]\npath = ['a', 'b']\n[filter]\nv = true\nn = 3\n").unwrap();
        let sections: Vec<String> = file.sections().unwrap().into_iter().map(|(names, _)| names.join(".")).collect();
        assert_eq!(sections, ["source", "source.tail", "filter"]);
        let of = |names: &[&str]| file.section(names).unwrap();
        let given = |key: &str, values, line| Given { key: key.to_owned(), values, place: format!("app.toml:{line}") };
        let texts = |texts: &[&str]| Values::Texts(texts.iter().map(|text| text.to_string()).collect());
        assert_eq!(of(&["source"]), [given("batch", texts(&["5s"]), 2)]);
        assert_eq!(of(&["source", "tail"]), [given("path", texts(&["a", "b"]), 4)]);
        assert_eq!(of(&["filter"]), [given("v", Values::Switch(true), 6), given("n", texts(&["3"]), 7)]);
        assert_eq!(of(&["window"]), []);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert!(parse("[filter]\nx = \n").unwrap_err().starts_with("app.toml:2: "));
        assert!(parse("x = 1").unwrap().sections().unwrap_err().starts_with("app.toml:1: x stands in no section"));
        let error = parse("[filter]\n\nx = 1979-05-27").unwrap().section(&["filter"]).unwrap_err();
        assert!(error.starts_with("app.toml:3: x: an option is a text"), "{error}");
    }
}
