//! Plain forms beside EXPR, on the text of a record (of anything but a string,
//! its JSON text): no JSON is parsed for them.

use std::borrow::Cow;

use regex::Regex;

use super::function::{Given, NOT_A_PAIR, Part};
use super::pattern::{self, PatternError};
use super::{OpError, Out, PerRecord};
use crate::frame::Block;
use crate::record::{push_string, text};

/// Makes records of a text.
pub(super) trait OfText {
    /// Appends the records that come of `text`, each between `given.open` and
    /// `given.close`, and says how many there are.
    fn write(&self, text: &str, given: &Given<'_>, buffer: &mut Vec<u8>) -> u64;
}

/// Applies an [`OfText`] to each record, or to the value of each pair.
pub(super) struct EachText<T> {
    pub function: T,
    pub part: Part,
}

impl<T: OfText> EachText<T> {
    /// Takes one record.
    pub fn record(&self, record: &[u8], out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(given) = self.part.of(record) else {
            return out.bad_record(record, NOT_A_PAIR);
        };
        let text = text(given.input);
        // A stream from elsewhere may not be what it says; the output is.
        let text: Cow<'_, str> = String::from_utf8_lossy(&text);
        let records = self.function.write(&text, &given, out.buffer());
        out.finish_records(records);
        Ok(())
    }
}

impl<T: OfText> PerRecord for EachText<T> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        block.iter().try_for_each(|record| self.record(record, out))
    }
}

/// Gives every match, as `grep -o` does: they do not overlap, and empty ones
/// are none.
pub struct Find(EachText<Regex>);

impl Find {
    /// Of a regular expression.
    pub fn new(pattern: &str, part: Part) -> Result<Find, PatternError> {
        Ok(Find(EachText { function: pattern::compile(pattern)?, part }))
    }
}

impl PerRecord for Find {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.0.block(block, out)
    }
}

impl OfText for Regex {
    fn write(&self, text: &str, given: &Given<'_>, buffer: &mut Vec<u8>) -> u64 {
        let mut records = 0;
        for found in self.find_iter(text).filter(|found| !found.is_empty()) {
            given.open(buffer);
            push_string(found.as_str().as_bytes(), buffer);
            given.close(buffer);
            records += 1;
        }
        records
    }
}

/// Makes an object of the named groups of the first match, as jq's `capture`
/// does: a group that took no part is null, a text that does not match gives
/// nothing.
pub struct Extract(EachText<Groups>);

impl Extract {
    /// Of a regular expression with named groups.
    pub fn new(pattern: &str, part: Part) -> Result<Extract, PatternError> {
        let regex = pattern::compile(pattern)?;
        let mut members: Vec<(usize, Vec<u8>)> = Vec::new();
        for (index, name) in regex.capture_names().enumerate() {
            let Some(name) = name else { continue };
            let mut start = vec![if members.is_empty() { b'{' } else { b',' }];
            push_string(name.as_bytes(), &mut start);
            start.push(b':');
            members.push((index, start));
        }
        if members.is_empty() {
            return Err(PatternError::NoGroups { pattern: pattern.to_owned() });
        }
        Ok(Extract(EachText { function: Groups { regex, members }, part }))
    }
}

impl PerRecord for Extract {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.0.block(block, out)
    }
}

struct Groups {
    regex: Regex,
    /// Each named group, and what stands before its value in the object.
    members: Vec<(usize, Vec<u8>)>,
}

impl OfText for Groups {
    fn write(&self, text: &str, given: &Given<'_>, buffer: &mut Vec<u8>) -> u64 {
        let Some(groups) = self.regex.captures(text) else {
            return 0;
        };
        given.open(buffer);
        for (index, start) in &self.members {
            buffer.extend_from_slice(start);
            match groups.get(*index) {
                Some(group) => push_string(group.as_str().as_bytes(), buffer),
                None => buffer.extend_from_slice(b"null"),
            }
        }
        buffer.push(b'}');
        given.close(buffer);
        1
    }
}

#[cfg(test)]
mod tests {
    use super::super::function::tests::program;
    use super::super::map::{Map, Role};
    use super::*;
    use crate::op::{Each, testing};

    fn run(operator: impl PerRecord, records: &[&str]) -> testing::Collected {
        testing::run(&mut Each(operator), &[records.to_vec()])
    }

    #[test]
    fn finds_as_grep_o_does() {
        let find = |pattern: &str, records: &[&str]| {
            run(Find::new(pattern, Part::Record).unwrap(), records).batches.remove(0).1
        };
        assert_eq!(
            find("#\\w+", &[r##""#a, #é x""##, r#""none""#, r##""#b#c""##]),
            ["\"#a\"", "\"#é\"", "\"#b\"", "\"#c\""]
        );
        assert_eq!(find("a*", &["\"baac\"", "\"\""]), ["\"aa\""]);
        assert_eq!(find("\\s\\w", &[r#""a\tb c""#]), [r#""\tb""#, r#"" c""#]);
        assert_eq!(find("[0-9]+", &["[10,{\"a\":2}]"]), ["\"10\"", "\"2\""]);
    }

    #[test]
    fn finds_in_values() {
        let found = run(Find::new("[a-z]", Part::Value).unwrap(), &[r#"["K","ab"]"#, "1", r#"[2,"c"]"#]);
        assert_eq!(found.batches[0].1, [r#"["K","a"]"#, r#"["K","b"]"#, r#"[2,"c"]"#]);
        assert_eq!(found.bad[0].0, "1");
    }

    #[test]
    fn extracts_as_capture_does() {
        let pattern = r#"(?P<verb>[A-Z]+) (?<path>\S+)( (?<"#.to_owned() + r#"code>\d+))?"#;
        let records = [r#""GET /a\"b 200""#, r#""POST /""#, r#""nothing here""#, "[\"PUT x\"]"];
        let extracted = run(Extract::new(&pattern, Part::Record).unwrap(), &records).batches.remove(0).1;
        assert_eq!(
            extracted,
            [
                r#"{"verb":"GET","path":"/a\"b","code":"200"}"#,
                r#"{"verb":"POST","path":"/","code":null}"#,
                r#"{"verb":"PUT","path":"x\"]","code":null}"#
            ]
        );
        let source = format!("capture({})", serde_json::to_string(&pattern).unwrap());
        let captured = run(Map::new(program(&source), Role::Record(Part::Record)), &[records[0], records[2]]);
        assert_eq!(captured.batches[0].1, &extracted[..1]);
    }

    #[test]
    fn extracting_needs_named_groups() {
        let error = Extract::new("(a)", Part::Record).err().unwrap().to_string();
        assert!(error.contains("no named group"), "{error}");
        assert!(Find::new("(", Part::Record).err().unwrap().to_string().contains("unclosed group"));
    }
}
