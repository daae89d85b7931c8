//! `filter`: keeps the records that match, as grep does.
//!
//! A pattern is matched on the text of a string, on the JSON text of anything
//! else. A plain literal is searched for in whole blocks, since it stands in the
//! JSON as it stands in the text.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::{OpError, Out, PerRecord};
use crate::frame::Block;
use crate::record;

/// How patterns are read, as grep's options say.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatternOptions {
    /// `-F`: patterns are plain text.
    pub fixed: bool,
    /// `-i`: case does not matter.
    pub ignore_case: bool,
    /// `-w`: a match must be a whole word.
    pub word: bool,
    /// `-x`: a match must be the whole text.
    pub whole: bool,
}

/// Patterns, any of which may match.
pub struct Matcher {
    regex: Regex,
    /// The one plain literal that is all there is to find.
    literal: Option<Finder<'static>>,
}

impl Matcher {
    /// Compiles patterns. The error says what is wrong with which.
    pub fn new(patterns: &[String], options: PatternOptions) -> Result<Matcher, String> {
        let mut alternatives = Vec::new();
        for pattern in patterns {
            let source = if options.fixed { regex::escape(pattern) } else { pattern.clone() };
            // Alone first, so that the error is about what the user wrote.
            Regex::new(&source).map_err(|error| explain(pattern, &error))?;
            alternatives.push(format!("(?:{source})"));
        }
        let any = alternatives.join("|");
        let source = match (options.whole, options.word) {
            (true, _) => format!(r"\A(?:{any})\z"),
            (_, true) => format!(r"\b{{start-half}}(?:{any})\b{{end-half}}"),
            _ => any,
        };
        let regex = RegexBuilder::new(&source)
            .case_insensitive(options.ignore_case)
            .build()
            .map_err(|error| explain(&patterns.join(" "), &error))?;
        let literal = match patterns {
            [text] if !options.ignore_case && !options.word && !options.whole => {
                let is_plain = options.fixed || regex::escape(text) == *text;
                let stands_as_it_is = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
                (is_plain && !text.is_empty() && text.bytes().all(stands_as_it_is))
                    .then(|| Finder::new(text.as_bytes()).into_owned())
            }
            _ => None,
        };
        Ok(Matcher { regex, literal })
    }

    /// Whether a record, canonical JSON, matches.
    pub fn matches(&self, record: &[u8]) -> bool {
        self.regex.is_match(&record::text(record))
    }
}

/// Says which pattern is wrong, and how, on one line.
fn explain(pattern: &str, error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    format!("pattern '{pattern}': {}: -F takes it as plain text", reason.trim_start_matches("error: "))
}

/// Keeps the records that match, or with `invert` those that do not.
pub struct Filter {
    matcher: Matcher,
    invert: bool,
}

impl Filter {
    /// A filter on the record's text.
    pub fn new(matcher: Matcher, invert: bool) -> Filter {
        Filter { matcher, invert }
    }

    /// Looks for the literal in the whole block, and at lines only where it
    /// stands.
    fn search(&self, finder: &Finder<'_>, block: Block<'_>, keep: &mut Runs<'_, '_, '_>) {
        let bytes = block.bytes;
        let mut from = 0;
        while let Some(found) = finder.find(&bytes[from..]) {
            let at = from + found;
            let start = from + memchr::memrchr(b'\n', &bytes[from..at]).map_or(0, |newline| newline + 1);
            let end = at + memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len() - at, |newline| newline + 1);
            let record = &bytes[start..end - 1];
            // With escapes in it, an `n` may be the end of a `\n`.
            let is_match = memchr::memchr(b'\\', record).is_none() || self.matcher.matches(record);
            if is_match {
                keep.matched(start, end);
            }
            from = end;
        }
    }
}

impl PerRecord for Filter {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut keep = Runs { bytes: block.bytes, invert: self.invert, start: 0, end: 0, records: 0, out };
        if let Some(finder) = &self.matcher.literal {
            self.search(finder, block, &mut keep);
        } else {
            let mut start = 0;
            for record in block {
                let end = start + record.len() + 1;
                if self.matcher.matches(record) {
                    keep.matched(start, end);
                }
                start = end;
            }
        }
        keep.finish();
        Ok(())
    }
}

/// Collects neighbouring records that are kept, and gives each run at once.
struct Runs<'b, 'o, 'd> {
    bytes: &'b [u8],
    invert: bool,
    start: usize,
    end: usize,
    records: u64,
    out: &'o mut Out<'d>,
}

impl Runs<'_, '_, '_> {
    /// The record at these bytes matches; calls come in order.
    fn matched(&mut self, start: usize, end: usize) {
        if self.invert {
            self.give(self.end, start);
            self.end = end;
        } else if start == self.end {
            self.records += 1;
            self.end = end;
        } else {
            self.give_run();
            (self.start, self.end, self.records) = (start, end, 1);
        }
    }

    fn give_run(&mut self) {
        if self.records > 0 {
            self.out.records(self.records, &self.bytes[self.start..self.end]);
        }
    }

    fn give(&mut self, start: usize, end: usize) {
        let run = &self.bytes[start..end];
        if !run.is_empty() {
            self.out.records(memchr::memchr_iter(b'\n', run).count() as u64, run);
        }
    }

    fn finish(&mut self) {
        if self.invert { self.give(self.end, self.bytes.len()) } else { self.give_run() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Each, testing};
    use proptest::prelude::*;

    fn keep(patterns: &[&str], options: PatternOptions, invert: bool, records: &[String]) -> Vec<String> {
        let patterns: Vec<String> = patterns.iter().map(|p| p.to_string()).collect();
        let mut filter = Each(Filter::new(Matcher::new(&patterns, options).unwrap(), invert));
        testing::run(&mut filter, &[records.to_vec()]).batches.remove(0).1
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect()
    }

    #[test]
    fn matches_as_grep_does() {
        let lines = strings(&["error: disk", "no errors", "ERROR", "tnt", "a\tb", "", "x.y", "xay"]);
        let plain = PatternOptions::default();
        let kept = |patterns: &[&str], options| keep(patterns, options, false, &lines);
        assert_eq!(kept(&["error"], plain), strings(&["error: disk", "no errors"]));
        assert_eq!(kept(&["error"], PatternOptions { word: true, ..plain }), strings(&["error: disk"]));
        assert_eq!(kept(&["error"], PatternOptions { ignore_case: true, whole: true, ..plain }), strings(&["ERROR"]));
        assert_eq!(kept(&["x.y"], plain), strings(&["x.y", "xay"]));
        assert_eq!(kept(&["x.y"], PatternOptions { fixed: true, ..plain }), strings(&["x.y"]));
        assert_eq!(kept(&["^$", "disk$"], plain), strings(&["error: disk", ""]));
        // The t of a tab's escape is no t, and the quotes are not there.
        assert_eq!(kept(&["t"], plain), strings(&["tnt"]));
        assert_eq!(kept(&["\""], plain), strings(&[]));
        assert_eq!(kept(&["\t"], plain), strings(&["a\tb"]));
    }

    #[test]
    fn anything_but_a_string_is_matched_as_json() {
        let records = ["{\"level\":\"error\"}", "12", "\"12\"", "null"].map(str::to_owned);
        assert_eq!(keep(&["\"error\""], PatternOptions::default(), false, &records), &records[..1]);
        assert_eq!(keep(&["^12$"], PatternOptions::default(), false, &records), &records[1..3]);
    }

    #[test]
    fn a_wrong_pattern_is_named() {
        let error = Matcher::new(&["ok".into(), "a(".into()], PatternOptions::default()).err().unwrap();
        assert!(error.starts_with("pattern 'a('") && error.contains("unclosed group"), "{error}");
        assert!(!error.contains('\n'));
    }

    proptest! {
        #[test]
        fn a_literal_is_found_as_by_its_regex(
            texts in prop::collection::vec("[nt\\\\\"\n\t ab]{0,6}", 0..12), literal in "[nab ]{1,2}", invert: bool
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let records = strings(&texts);
            let want: Vec<String> = texts.iter().zip(&records)
                .filter(|(text, _)| text.contains(&literal) != invert).map(|(_, record)| record.clone()).collect();
            prop_assert_eq!(keep(&[&literal], PatternOptions::default(), invert, &records), want);
        }
    }
}
