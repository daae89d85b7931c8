//! Forms that say their names themselves: JSON, logfmt, the named groups of a regular expression.

use regex::Regex;

use super::Form;
use super::fields::Fields;
use crate::op::pattern::{self, PatternError};
use crate::record::{self, forms};

/// A JSON object.
#[derive(Debug, Default)]
pub struct Json;

impl Form for Json {
    fn parse(&mut self, text: &str, _: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let mut object = Vec::new();
        record::canonicalize(text.as_bytes(), &mut object).map_err(|error| error.to_string())?;
        if record::kind(&object) != Some(record::Kind::Object) {
            return Err("JSON, but no object".to_owned());
        }
        record::members(&object).for_each(|(key, value)| fields.push_member(key, value));
        Ok(())
    }
}

/// Pairs of `key=value`.
#[derive(Debug)]
pub struct Logfmt {
    /// Values that are numbers become numbers.
    pub numbers: bool,
}

impl Form for Logfmt {
    fn parse(&mut self, text: &str, _: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let mut object = Vec::new();
        forms::push_logfmt(text, self.numbers, &mut object)?;
        record::members(&object).for_each(|(key, value)| fields.push_member(key, value));
        Ok(())
    }
}

/// The named groups of the first match.
pub struct Groups {
    regex: Regex,
    numbers: bool,
}

impl Groups {
    /// Of this pattern; values that are numbers become numbers, if so asked for.
    pub fn new(pattern: &str, numbers: bool) -> Result<Groups, PatternError> {
        Ok(Groups { regex: pattern::compile(pattern)?, numbers })
    }
}

impl Form for Groups {
    fn parse(&mut self, text: &str, _: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let found = self.regex.captures(text).ok_or("the pattern does not match")?;
        for name in self.regex.capture_names().flatten() {
            match found.name(name) {
                Some(group) if self.numbers => fields.number_or_text(name, group.as_str()),
                Some(group) => fields.text(name, group.as_str()),
                None => fields.raw(name, b"null"),
            }
        }
        Ok(())
    }
}
