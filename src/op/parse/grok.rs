//! Grok: patterns made of named ones, `%{IP:client} %{WORD:method} %{NUMBER:ms:float}`.
//!
//! The well-known names are data, in [patterns](https://github.com/logstash-plugins/logstash-patterns-core); more
//! may be given. They need look-around and atomic groups, which is why fancy-regex matches them.

use std::collections::HashMap;
use std::fmt;

use fancy_regex::Regex;

use super::Form;
use super::fields::Fields;

const FILES: [&str; 15] = [
    include_str!("patterns/grok.pattern"),
    include_str!("patterns/httpd.pattern"),
    include_str!("patterns/java.pattern"),
    include_str!("patterns/linux-syslog.pattern"),
    include_str!("patterns/haproxy.pattern"),
    include_str!("patterns/squid.pattern"),
    include_str!("patterns/redis.pattern"),
    include_str!("patterns/mongodb.pattern"),
    include_str!("patterns/postgresql.pattern"),
    include_str!("patterns/aws.pattern"),
    include_str!("patterns/rails.pattern"),
    include_str!("patterns/ruby.pattern"),
    include_str!("patterns/exim.pattern"),
    include_str!("patterns/firewalls.pattern"),
    include_str!("patterns/bind.pattern"),
];

/// So deep may names stand for names.
const MOST_DEPTH: usize = 50;

/// What is wrong with a pattern.
#[derive(Debug, PartialEq, Eq)]
pub enum GrokError {
    /// A name that stands for nothing.
    Unknown(String),
    /// A name that stands for itself, by whatever way.
    Endless(String),
    /// A type that is none.
    Type(String),
    /// What it comes to is no regular expression.
    Regex(String),
}

impl fmt::Display for GrokError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GrokError::Unknown(name) => {
                write!(f, "%{{{name}}}: there is no such pattern: is it written right, or --patterns FILE left out?")
            }
            GrokError::Endless(name) => write!(f, "%{{{name}}}: stands for itself"),
            GrokError::Type(name) => write!(f, "{name}: is no type: string, int or float"),
            GrokError::Regex(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for GrokError {}

/// What a field becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Number,
}

/// A pattern.
pub struct Grok {
    regex: Regex,
    /// Group, name, type.
    fields: Vec<(String, String, Type)>,
    numbers: bool,
}

/// The names that patterns may use.
#[derive(Clone, Debug)]
pub struct Patterns(HashMap<String, String>);

impl Default for Patterns {
    fn default() -> Patterns {
        let mut patterns = Patterns(HashMap::new());
        FILES.iter().for_each(|file| patterns.add(file));
        patterns
    }
}

impl Patterns {
    /// Adds those of a file: a name, a space and what it stands for, a line each; `#` begins a comment.
    pub fn add(&mut self, file: &str) {
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, pattern)) = line.trim().split_once(char::is_whitespace) {
                self.0.insert(name.to_owned(), pattern.trim().to_owned());
            }
        }
    }
}

#[cfg(test)]
impl Patterns {
    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Grok {
    /// Of a pattern; values that are numbers become numbers, if so asked for.
    pub fn new(pattern: &str, patterns: &Patterns, numbers: bool) -> Result<Grok, GrokError> {
        let mut fields = Vec::new();
        let mut source = String::new();
        expand(pattern, patterns, 0, &mut fields, &mut source)?;
        let regex = Regex::new(&source).map_err(|error| GrokError::Regex(error.to_string()))?;
        Ok(Grok { regex, fields, numbers })
    }
}

/// Writes what a pattern stands for: each field is a group with a number for a name, since names
/// of fields need not be names of groups.
fn expand(
    pattern: &str,
    patterns: &Patterns,
    depth: usize,
    fields: &mut Vec<(String, String, Type)>,
    source: &mut String,
) -> Result<(), GrokError> {
    let mut rest = pattern;
    while !rest.is_empty() {
        let reference = rest.find("%{").unwrap_or(rest.len());
        let group = rest.find("(?<").filter(|at| !matches!(rest.as_bytes().get(at + 3), Some(b'=' | b'!') | None));
        match group {
            // A field of the pattern's own.
            Some(at) if at < reference => {
                let end = rest[at..]
                    .find('>')
                    .map(|end| at + end)
                    .ok_or_else(|| GrokError::Regex("a group's name has no end".to_owned()))?;
                source.push_str(&rest[..at]);
                begin_group(&rest[at + 3..end], Type::Text, fields, source);
                rest = &rest[end + 1..];
                continue;
            }
            _ => {}
        }
        source.push_str(&rest[..reference]);
        rest = &rest[reference..];
        let Some(inside) = rest.strip_prefix("%{") else { break };
        let end = inside.find('}').ok_or_else(|| GrokError::Regex("%{ has no }".to_owned()))?;
        rest = &inside[end + 1..];
        let mut parts = inside[..end].splitn(3, ':');
        let name = parts.next().unwrap_or_default();
        let field = parts.next().filter(|field| !field.is_empty());
        let kind = match parts.next() {
            None | Some("string" | "") => Type::Text,
            Some("int" | "integer" | "long" | "float" | "double" | "number") => Type::Number,
            Some(other) => return Err(GrokError::Type(other.to_owned())),
        };
        if depth == MOST_DEPTH {
            return Err(GrokError::Endless(name.to_owned()));
        }
        let meaning = patterns.0.get(name).ok_or_else(|| GrokError::Unknown(name.to_owned()))?;
        match field {
            Some(field) => begin_group(field, kind, fields, source),
            None => source.push_str("(?:"),
        }
        expand(meaning, patterns, depth + 1, fields, source)?;
        source.push(')');
    }
    Ok(())
}

fn begin_group(field: &str, kind: Type, fields: &mut Vec<(String, String, Type)>, source: &mut String) {
    let group = format!("f{}", fields.len());
    source.push_str(&format!("(?<{group}>"));
    fields.push((group, field.to_owned(), kind));
}

impl Form for Grok {
    fn parse(&mut self, text: &str, _: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let found = self.regex.captures(text).map_err(|error| error.to_string())?;
        let found = found.ok_or("the pattern does not match")?;
        for (group, name, kind) in &self.fields {
            let Some(value) = found.name(group) else { continue };
            match kind {
                Type::Number => fields.number_or_text(name, value.as_str()),
                Type::Text if self.numbers => fields.number_or_text(name, value.as_str()),
                Type::Text => fields.text(name, value.as_str()),
            }
        }
        Ok(())
    }

    fn is_loose(&self) -> bool {
        // One name may stand at several places.
        true
    }
}
