//! Paths with globs, as shells know them: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`,
//! `\` before a character that is to stand for itself, and `**` for any number
//! of directories. A wildcard does not match a dot at a name's beginning. Names are
//! bytes: they need not be UTF-8.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use regex::bytes::Regex;

/// A path in which there may be globs.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: PathBuf,
    /// What stands before the first glob.
    base: PathBuf,
    parts: Vec<Part>,
}

/// One name of a path, after the first glob.
#[derive(Clone, Debug)]
enum Part {
    Literal(OsString),
    Glob { regex: Regex, takes_hidden: bool },
    AnyDepth,
}

/// What a look at the disk found.
pub struct Found<'f> {
    /// Takes each path that matches.
    pub matched: &'f mut dyn FnMut(PathBuf, &Metadata),
    /// Directories where a path that matches may come or go.
    pub looked_in: Vec<PathBuf>,
    /// Directories that are not there or cannot be read.
    pub failed: Vec<(PathBuf, io::Error)>,
}

impl Pattern {
    /// Reads a pattern; a path that is there is taken as it stands. The error says
    /// what is wrong with a glob.
    pub fn parse(path: &Path) -> Result<Pattern, String> {
        let mut pattern = Pattern { text: path.to_owned(), base: PathBuf::new(), parts: Vec::new() };
        if path.symlink_metadata().is_ok() {
            pattern.base = path.to_owned();
            return Ok(pattern);
        }
        Pattern::parse_elsewhere(path)
    }

    /// The same of a path that is none of this machine's.
    ///
    /// # Errors
    /// What is wrong with a glob.
    pub fn parse_elsewhere(path: &Path) -> Result<Pattern, String> {
        let mut pattern = Pattern { text: path.to_owned(), base: PathBuf::new(), parts: Vec::new() };
        for name in path.components().map(|component| component.as_os_str()) {
            let part = parse_part(name)
                .map_err(|reason| format!("{}: {reason} in {}", path.display(), name.to_string_lossy()))?;
            match part {
                Part::Literal(name) if pattern.parts.is_empty() => pattern.base.push(name),
                part => pattern.parts.push(part),
            }
        }
        Ok(pattern)
    }

    /// As the user wrote it.
    pub fn text(&self) -> &Path {
        &self.text
    }

    /// What stands before the first glob: all that matches is below it.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Whether it is one path, with no glob in it.
    pub fn is_literal(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether a path matches, there or not.
    pub fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.base) else { return false };
        let names: Vec<&OsStr> = rest.iter().collect();
        matches(&self.parts, &names)
    }

    /// Finds every path that matches.
    pub fn find(&self, found: &mut Found<'_>) {
        walk(&self.base, &self.parts, found);
    }
}

fn matches(parts: &[Part], names: &[&OsStr]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((Part::AnyDepth, rest)), None) => matches(rest, names),
        (Some((Part::AnyDepth, rest)), Some((name, below))) => {
            matches(rest, names) || (!is_hidden(name) && matches(parts, below))
        }
        (Some((part, rest)), Some((name, below))) => part.takes(name) && matches(rest, below),
        _ => false,
    }
}

impl Part {
    fn takes(&self, name: &OsStr) -> bool {
        match self {
            Part::Literal(literal) => literal == name,
            Part::Glob { regex, takes_hidden } => {
                (*takes_hidden || !is_hidden(name)) && regex.is_match(name.as_bytes())
            }
            Part::AnyDepth => false,
        }
    }
}

/// Whether a name begins with a dot.
pub fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().first() == Some(&b'.')
}

fn walk(at: &Path, parts: &[Part], found: &mut Found<'_>) {
    let Some((part, rest)) = parts.split_first() else {
        match at.metadata() {
            Ok(metadata) => (found.matched)(at.to_owned(), &metadata),
            Err(error) => found.failed.push((at.to_owned(), error)),
        }
        return;
    };
    match part {
        Part::Literal(name) => {
            found.looked_in.push(at.to_owned());
            let next = at.join(name);
            // One of many directories that lacks it is no failure.
            if if rest.is_empty() { next.exists() } else { next.is_dir() } {
                walk(&next, rest, found);
            }
        }
        Part::Glob { .. } => list(at, found, |path, name, found| {
            if part.takes(name) {
                match rest {
                    [] => {
                        // Gone between, or a link to nothing.
                        if let Ok(metadata) = path.metadata() {
                            (found.matched)(path, &metadata);
                        }
                    }
                    _ if path.is_dir() => walk(&path, rest, found),
                    _ => {}
                }
            }
        }),
        Part::AnyDepth => {
            walk(at, rest, found);
            list(at, found, |path, name, found| {
                // Links are not followed here: they may lead back.
                if !is_hidden(name) && path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
                    walk(&path, parts, found);
                }
            });
        }
    }
}

/// Calls `each` with path and name of what is in a directory.
pub fn list<'f>(dir: &Path, found: &mut Found<'f>, mut each: impl FnMut(PathBuf, &OsStr, &mut Found<'f>)) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return found.failed.push((dir.to_owned(), error)),
    };
    found.looked_in.push(dir.to_owned());
    for entry in entries {
        match entry {
            Ok(entry) => {
                let name = entry.file_name();
                each(dir.join(&name), &name, found);
            }
            Err(error) => return found.failed.push((dir.to_owned(), error)),
        }
    }
}

fn parse_part(name: &OsStr) -> Result<Part, String> {
    let bytes = name.as_bytes();
    if bytes == b"**" {
        return Ok(Part::AnyDepth);
    }
    if !bytes.iter().any(|byte| b"*?[{".contains(byte)) {
        return Ok(Part::Literal(name.to_owned()));
    }
    let mut regex = String::from("(?s-u)^(?:");
    let mut rest = bytes;
    let mut open_braces = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'*' => regex.push_str(".*"),
            b'?' => regex.push_str("(?:(?u:.)|[\\x80-\\xff])"),
            b'{' => {
                open_braces += 1;
                regex.push_str("(?:");
            }
            b'}' if open_braces > 0 => {
                open_braces -= 1;
                regex.push(')');
            }
            b',' if open_braces > 0 => regex.push('|'),
            b'[' => rest = parse_class(rest, &mut regex)?,
            b'\\' if !rest.is_empty() => {
                push_byte(rest[0], &mut regex);
                rest = &rest[1..];
            }
            byte => push_byte(byte, &mut regex),
        }
    }
    if open_braces > 0 {
        return Err("a { is not closed".to_owned());
    }
    regex.push_str(")$");
    let regex = Regex::new(&regex).map_err(|_| "a range in [] is not one".to_owned())?;
    Ok(Part::Glob { regex, takes_hidden: bytes.first() == Some(&b'.') })
}

/// `[a-z]`, of which the `[` was read; returns what is behind it.
fn parse_class<'b>(rest: &'b [u8], regex: &mut String) -> Result<&'b [u8], String> {
    let unclosed = || "a [ is not closed".to_owned();
    let (negated, set) = match rest.first() {
        Some(b'!' | b'^') => (true, &rest[1..]),
        _ => (false, rest),
    };
    // A ] that comes first is one of the set.
    let end = set.iter().skip(1).position(|byte| *byte == b']').ok_or_else(unclosed)? + 1;
    let text = std::str::from_utf8(&set[..end]).map_err(|_| "a set in [] must be UTF-8".to_owned())?;
    regex.push_str(if negated { "(?u:[^" } else { "(?u:[" });
    for (at, character) in text.char_indices() {
        let is_range = character == '-' && at > 0 && at + 1 < text.len();
        if !is_range && character.is_ascii_punctuation() {
            regex.push('\\');
        }
        regex.push(character);
    }
    regex.push_str("])");
    Ok(&set[end + 1..])
}

fn push_byte(byte: u8, regex: &mut String) {
    if byte.is_ascii_alphanumeric() {
        regex.push(char::from(byte));
    } else {
        regex.push_str(&format!("\\x{byte:02x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_a_shell() {
        for (pattern, yes, no) in [
            (
                "in/*.log",
                vec!["in/a.log", "in/a.b.log", "in/é.log"],
                vec!["in/.a.log", "in/a.log.1", "in/x/a.log", "a.log"],
            ),
            ("/data/*/in", vec!["/data/x/in"], vec!["/data/in", "/data/x/y/in", "/data/.x/in"]),
            ("a?c", vec!["abc", "aéc"], vec!["ac", "abbc"]),
            ("[!a-c]x[]-]", vec!["dx]", "éx-"], vec!["ax]", "dxx"]),
            ("{app,web*}.log", vec!["app.log", "web2.log"], vec!["app", "db.log"]),
            ("\\*[.]x", vec!["*.x"], vec!["a.x"]),
            ("x/**/*.log", vec!["x/a.log", "x/y/z/a.log"], vec!["x/.y/a.log", "y/a.log"]),
            (".*rc", vec![".bashrc"], vec!["bashrc"]),
            ("plain", vec!["plain"], vec!["plainer"]),
        ] {
            let pattern = Pattern::parse(Path::new(pattern)).unwrap();
            for path in yes {
                assert!(pattern.matches(Path::new(path)), "{pattern:?} {path}");
            }
            for path in no {
                assert!(!pattern.matches(Path::new(path)), "{pattern:?} {path}");
            }
        }
    }

    #[test]
    fn names_need_not_be_utf8() {
        let pattern = Pattern::parse(Path::new("*?.log")).unwrap();
        assert!(pattern.matches(Path::new(OsStr::from_bytes(b"\xff\xfe.log"))));
    }

    #[test]
    fn a_glob_that_is_none_is_told() {
        for (pattern, says) in [("a[b", "a [ is not closed"), ("x/{a,b", "a { is not closed"), ("[z-a]", "a range")] {
            let error = Pattern::parse(Path::new(pattern)).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn finding_goes_through_directories() {
        let folder = tempfile::tempdir().unwrap();
        for dir in ["a/in", "b/in/deep", "c", ".d/in"] {
            std::fs::create_dir_all(folder.path().join(dir)).unwrap();
        }
        for file in ["a/in/1.log", "a/in/1.txt", "b/in/2.log", "b/in/deep/3.log", "c/in", ".d/in/4.log", "[x].log"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let find = |pattern: &str| {
            let mut paths = Vec::new();
            let mut matched = |path: PathBuf, _: &Metadata| {
                paths.push(path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned());
            };
            let mut found = Found { matched: &mut matched, looked_in: Vec::new(), failed: Vec::new() };
            Pattern::parse(&folder.path().join(pattern)).unwrap().find(&mut found);
            let failed = found.failed.len();
            paths.sort();
            (paths.join(" "), failed)
        };
        assert_eq!(find("*/in/*.log"), ("a/in/1.log b/in/2.log".to_owned(), 0));
        assert_eq!(find("*/in"), ("a/in b/in c/in".to_owned(), 0));
        assert_eq!(find("**/*.log"), ("[x].log a/in/1.log b/in/2.log b/in/deep/3.log".to_owned(), 0));
        assert_eq!(find("[x].log"), ("[x].log".to_owned(), 0));
        assert_eq!(find("none/*.log"), (String::new(), 1));
    }
}
