//! What sources, stages and locks are called.

use std::fmt;

use super::{Error, Result};

const SOURCE_RULE: &str = "letters, digits, '_', '-' and '.', not beginning with '.'";
const STAGE_RULE: &str = "letters, digits, '_' and '-', and not the word source";
const ID_RULE: &str = "not the name of a stage in a checkpoint";

/// The part of a source's lock that stands where a stage's has its name.
pub(super) const SOURCE_PART: &str = "source";

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Checks a source's name: `[A-Za-z0-9_-][A-Za-z0-9._-]*`.
pub fn check_source(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    if bytes.next().is_some_and(plain) && bytes.all(|byte| plain(byte) || byte == b'.') && name.len() <= 100 {
        return Ok(());
    }
    Err(Error::BadName { name: name.to_owned(), rule: SOURCE_RULE })
}

/// Checks a stage's own part of its name, as `--stage-name` gives it: a
/// source's name without dots, for the last dot of a folder's name ends the
/// names of its sources.
pub fn check_stage(name: &str) -> Result<()> {
    if !name.is_empty() && name.bytes().all(plain) && name != SOURCE_PART && name.len() <= 100 {
        return Ok(());
    }
    Err(Error::BadName { name: name.to_owned(), rule: STAGE_RULE })
}

/// A stage's part when it is not pinned: `03-files`. `number` counts stages
/// from the source (0), behind a join from the longer side; `tool` is the
/// tool's name with or without `sstream-`.
pub fn numbered(number: usize, tool: &str) -> String {
    format!("{number:02}-{}", tool.strip_prefix("sstream-").unwrap_or(tool))
}

/// A source, or a stage behind some sources: the name of its folders and lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    sources: Vec<String>,
    part: String,
}

impl Id {
    /// The source called `name`.
    pub fn source(name: &str) -> Result<Id> {
        check_source(name)?;
        Ok(Id { sources: vec![name.to_owned()], part: SOURCE_PART.to_owned() })
    }

    /// The stage called `part`, behind the sources of `name` (`a`, or `a+b`).
    pub fn stage(name: &str, part: &str) -> Result<Id> {
        let sources: Vec<String> = name.split('+').map(str::to_owned).collect();
        sources.iter().try_for_each(|source| check_source(source))?;
        check_stage(part)?;
        Ok(Id { sources, part: part.to_owned() })
    }

    /// Reads the name of a folder of a stage, or of a lock.
    pub fn parse(text: &str) -> Result<Id> {
        let bad = || Error::BadName { name: text.to_owned(), rule: ID_RULE };
        let (name, part) = text.rsplit_once('.').ok_or_else(bad)?;
        match part {
            SOURCE_PART => Id::source(name),
            _ => Id::stage(name, part),
        }
    }

    /// The sources in front of it, or itself.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Whether the source called `name` is one of them.
    pub fn contains(&self, name: &str) -> bool {
        self.sources.iter().any(|source| source == name)
    }

    /// The number and the tool of a stage that is not pinned: see [`numbered`].
    pub fn numbered(&self) -> Option<(usize, &str)> {
        let (number, tool) = self.part.split_once('-')?;
        let is_number = number.len() >= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        Some((number.parse().ok().filter(|_| is_number)?, tool))
    }

    /// Another stage behind the same sources.
    pub(super) fn with_part(&self, part: String) -> Id {
        Id { sources: self.sources.clone(), part }
    }

    /// Whether this is a source.
    pub fn is_source(&self) -> bool {
        self.part == SOURCE_PART
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.sources.join("+"), self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_directory() {
        for good in ["a", "tail", "my.log", "-x", "_", "0.1", "A-b_c.d"] {
            assert!(check_source(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".x", "a/b", "a+b", "ü", "a b", "a\0", "a\n"] {
            assert!(check_source(bad).is_err(), "{bad:?}");
            assert!(check_stage(bad).is_err(), "{bad:?}");
        }
        assert!(check_stage("a.b").is_err());
        assert!(check_stage("source").is_err());
        assert!(check_source(&"x".repeat(101)).is_err());
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let cases = [
            ("a.01-window", &["a"][..], false),
            ("a+b.03-files", &["a", "b"], false),
            ("access.log.02-state", &["access.log"], false),
            ("access.log.source", &["access.log"], true),
            ("a.b+c.words", &["a.b", "c"], false),
        ];
        for (text, sources, is_source) in cases {
            let id = Id::parse(text).unwrap();
            assert_eq!(
                (id.sources(), id.is_source(), id.to_string().as_str()),
                (sources.iter().map(|s| s.to_string()).collect::<Vec<_>>().as_slice(), is_source, text)
            );
        }
        for bad in ["a", ".start", "a.", "a+.x", "a..x", "a+b.source", "a/b.x"] {
            assert!(Id::parse(bad).is_err() || bad == "a..x", "{bad}");
        }
        let window = Id::parse("a.b.01-window").unwrap();
        assert!(window.contains("a.b") && !window.contains("a") && !window.contains("b"));
        assert_eq!(numbered(3, "sstream-window"), "03-window");
        assert_eq!(window.numbered(), Some((1, "window")));
        assert_eq!(Id::stage("a", "112-sink-x").unwrap().numbered(), Some((112, "sink-x")));
        for pinned in ["words", "1-x", "a1-x", "01"] {
            assert_eq!(Id::stage("a", pinned).unwrap().numbered(), None, "{pinned}");
        }
    }
}
