//! `filter`: keeps the records that match a pattern, as grep does, or on which
//! an expression is true.

use std::ops::ControlFlow;

use super::function::{self, AnyFunction};
use super::pattern::Matcher;
use super::{OpError, Out, PerRecord};
use crate::expr::{Answer, truthy};
use crate::frame::Block;

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
}

impl PerRecord for Filter {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut keep = Runs::new(block.bytes, self.invert, out);
        self.matcher.search(block.bytes, |start, end| keep.matched(start, end));
        keep.finish();
        Ok(())
    }
}

/// What makes a record match, of what a function says of it.
#[derive(Clone, Debug)]
pub enum Test {
    /// A result that jq takes for true: anything but null and false.
    Truthy,
    /// A result whose text matches; null, which is what a missing field is,
    /// never does.
    Matches(Matcher),
}

impl Test {
    pub(super) fn passes(&self, result: &[u8]) -> bool {
        match self {
            Test::Truthy => truthy(result),
            Test::Matches(matcher) => result != b"null" && matcher.matches(result),
        }
    }
}

/// Keeps the records for which any result of a function passes a test, or with
/// `invert` those for which none does. One on which the function fails is a bad
/// record, and not kept either way.
pub struct FilterBy {
    function: AnyFunction,
    test: Test,
    invert: bool,
}

impl FilterBy {
    /// A filter on what `function` says of a record.
    pub fn new(function: AnyFunction, test: Test, invert: bool) -> FilterBy {
        FilterBy { function, test, invert }
    }
}

/// What was found out about a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    NoMatch,
    Match,
    Bad,
}

impl PerRecord for FilterBy {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let records: Vec<&[u8]> = block.iter().collect();
        let mut verdicts = vec![Verdict::NoMatch; records.len()];
        let mut failed = None;
        let Self { function, test, invert } = self;
        let ran = function.call_many(&records, &mut |index, answer| {
            match answer {
                Answer::Result(_) if verdicts[index] == Verdict::Match => {}
                Answer::Result(result) if test.passes(result) => verdicts[index] = Verdict::Match,
                Answer::Result(_) => {}
                Answer::Failed(reason) => {
                    verdicts[index] = Verdict::Bad;
                    failed = out.bad_record(records[index], reason).err();
                }
            }
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed.map_or(Ok(()), Err)?;
        ran.map_err(function::stage_error)?;
        let mut keep = Runs::new(block.bytes, *invert, out);
        let mut start = 0;
        for (record, verdict) in records.iter().zip(verdicts) {
            let end = start + record.len() + 1;
            // What matches is left out by an inverted filter, as a bad one is.
            if verdict == Verdict::Match || verdict == Verdict::Bad && *invert {
                keep.matched(start, end);
            }
            start = end;
        }
        keep.finish();
        Ok(())
    }

    fn close(&mut self) -> Result<(), OpError> {
        self.function.close().map_err(function::stage_error)
    }
}

/// Collects neighbouring records that are kept, and gives each run at once.
pub(super) struct Runs<'b, 'o, 'd> {
    bytes: &'b [u8],
    invert: bool,
    start: usize,
    end: usize,
    records: u64,
    out: &'o mut Out<'d>,
}

impl<'b, 'o, 'd> Runs<'b, 'o, 'd> {
    pub(super) fn new(bytes: &'b [u8], invert: bool, out: &'o mut Out<'d>) -> Self {
        Runs { bytes, invert, start: 0, end: 0, records: 0, out }
    }

    /// The record at these bytes matches; calls come in order.
    pub(super) fn matched(&mut self, start: usize, end: usize) {
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

    pub(super) fn finish(&mut self) {
        if self.invert { self.give(self.end, self.bytes.len()) } else { self.give_run() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::function::tests::program;
    use super::super::pattern::PatternOptions;
    use super::*;
    use crate::op::{Each, testing};
    use proptest::prelude::*;

    fn matcher(patterns: &[&str], options: PatternOptions) -> Matcher {
        let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
        Matcher::new(&patterns, options).unwrap()
    }

    fn keep(patterns: &[&str], options: PatternOptions, invert: bool, records: &[String]) -> Vec<String> {
        let mut filter = Each(Filter::new(matcher(patterns, options), invert));
        testing::run(&mut filter, &[records.to_vec()]).batches.remove(0).1
    }

    fn keep_by(source: &str, test: Test, invert: bool, records: &[&str]) -> testing::Collected {
        testing::run(&mut Each(FilterBy::new(program(source), test, invert)), &[records.to_vec()])
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
    fn a_field_is_matched_by_its_text() {
        let records = [r#"{"l":"ERROR"}"#, r#"{"l":"ok"}"#, r#"{"l":{"x":"ERROR"}}"#, "{}", r#"{"l":"null"}"#];
        let field = |pattern, invert| {
            let test = Test::Matches(matcher(&[pattern], PatternOptions::default()));
            keep_by(".l", test, invert, &records).batches.remove(0).1
        };
        assert_eq!(field("ERROR", false), [records[0], records[2]]);
        assert_eq!(field("^ERROR$", false), [records[0]]);
        assert_eq!(field("null", false), [records[4]]);
        assert_eq!(field("", true), [records[3]]);
        assert_eq!(field("ERROR", true), [records[1], records[3], records[4]]);
    }

    #[test]
    fn any_true_result_keeps_a_record_once() {
        let records = ["[1,2]", "[0]", "[5,\"x\",6]", "[]", "[-1,3,0]"];
        let kept = keep_by(".[] > 0", Test::Truthy, false, &records);
        assert_eq!(kept.batches[0].1, ["[1,2]", "[5,\"x\",6]", "[-1,3,0]"]);
        assert_eq!(keep_by(".[] > 0", Test::Truthy, true, &records).batches[0].1, ["[0]", "[]"]);
    }

    #[test]
    fn bad_records_are_not_kept_either_way() {
        let records = ["1", "\"x\"", "0", "\"y\"", "3"];
        for (invert, want) in [(false, vec!["1", "3"]), (true, vec!["0"])] {
            let kept = keep_by(". * 2 / 2 > 0", Test::Truthy, invert, &records);
            assert_eq!(kept.batches[0].1, want);
            assert_eq!(kept.bad.iter().map(|(record, _)| record.as_str()).collect::<Vec<_>>(), ["\"x\"", "\"y\""]);
        }
    }

    proptest! {
        #[test]
        fn a_literal_is_found_as_in_its_text(
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
