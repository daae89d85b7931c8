//! What raw lines mean: text, JSON, [CSV](crate::record::forms::csv) or logfmt.
//!
//! A byte order mark at the beginning of a line, as programs of Windows put it at that
//! of a file, is no part of the line: wherever files, connections and restarts begin,
//! and whoever joined files with cat, and the same at each reading.

pub mod avro;
mod binary;
mod coding;
mod course;
pub mod csv;
pub mod events;
mod json;
mod line;
mod logfmt;
pub mod msgpack;
mod origin;
mod recipe;
mod row;
mod shaped;
mod text;

use crate::error::Failure;
use crate::record;
use events::{Ahead, Join};

pub use coding::{Coding, Framing, Left, Lines};
pub use course::Course;
pub use json::Json;
pub use line::{LineForm, Records, Text};
pub use logfmt::{Logfmt, push_object as push_logfmt};
pub use origin::{Field, Origin};
pub use recipe::{Form, Recipe};
pub use row::Dialect;
pub use text::push_lines as push_text_lines;

/// Takes a bad line and why it is bad; an error ends the stage.
pub type Bad<'b> = dyn FnMut(&[u8], &str) -> Result<(), Box<dyn Failure>> + 'b;

/// Where a line begins in what it is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The byte.
    pub offset: u64,
    /// How many lines come before it.
    pub lines: u64,
    /// How many files come before this one, of those that one event may go through.
    pub files: u32,
}

/// Makes records of the raw lines of one file, connection or client.
pub trait Format {
    /// Appends the records of `lines`, which are whole, as
    /// canonical JSON with a newline each. A line longer than `max_line` bytes
    /// without its end is bad. Returns how many records there were.
    fn records(
        &mut self,
        lines: Lines<'_>,
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>>;

    /// The input, or the connection that the lines so far came from, is over: what is
    /// unfinished is a record, or a bad one.
    fn finish(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        let _ = (out, bad);
        Ok(0)
    }

    /// The event that is begun is complete, if there is one: nothing came for a while.
    fn complete(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        let _ = (out, bad);
        Ok(0)
    }

    /// Whether an event of several lines is begun that [`Format::complete`] would give.
    fn has_event(&self) -> bool {
        false
    }

    /// Of two streams, the one of which lines were taken behind where the event begins that is begun.
    fn ahead(&self) -> Option<Ahead> {
        None
    }

    /// What makes events of lines, if that is asked for.
    fn join(&mut self) -> Option<&mut (dyn Join + 'static)> {
        None
    }

    /// Where the next line begins, and what records say of it.
    fn course(&mut self) -> &mut Course;

    /// Whether an event is begun still that began in another file than the lines that come now: then [`Format::unfinished`] is all that was taken of this file.
    fn has_carried(&self) -> bool {
        false
    }

    /// How many lines so far had invalid UTF-8, which became U+FFFD.
    fn invalid_lines(&self) -> u64;

    /// How many bytes of holes were left out.
    fn hole_bytes(&self) -> u64 {
        0
    }

    /// How many bytes of an unfinished row or event, of whole lines, were taken.
    fn unfinished(&self) -> u64 {
        0
    }

    /// Whether the first lines say how the others are to be read, and did not come yet.
    fn needs_header(&self) -> bool {
        false
    }
}

/// Why a line is bad that is too long.
pub fn too_long(max_line: usize) -> String {
    format!("the line is longer than --max-line {max_line}")
}

/// A line without its end and byte order mark.
fn bare(line: &[u8]) -> &[u8] {
    let line = record::without_mark(line.strip_suffix(b"\n").unwrap_or(line));
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The records of `chunks`, and the bad ones with their reasons.
    pub fn run(format: &mut dyn Format, chunks: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut out = Vec::new();
        let mut bad = Vec::new();
        let mut records = 0;
        let mut take = |line: &[u8], reason: &str| {
            bad.push(format!("{}: {reason}", String::from_utf8_lossy(line)));
            Ok(())
        };
        for chunk in chunks {
            records += format.records(chunk.as_bytes().into(), 40, &mut out, &mut take).unwrap();
        }
        records += format.finish(&mut out, &mut take).unwrap();
        let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(records, lines.len() as u64);
        (lines, bad)
    }

    fn text() -> Records<Text> {
        Records::new(Text, None, None)
    }

    fn json() -> Records<Json> {
        Records::new(Json::default(), None, None)
    }

    fn logfmt() -> Records<Logfmt> {
        Records::new(Logfmt::default(), None, None)
    }

    #[test]
    fn json_lines_are_made_canonical() {
        let (records, bad) = run(&mut json(), &["{\"a\" : 1.0, \"a\":2}\r\n\n  \n[1,\n12345678901234567890123\n"]);
        assert_eq!(records, ["{\"a\":2}", "12345678901234567890123"]);
        assert_eq!(bad.len(), 1);
        assert!(bad[0].starts_with("[1,: "), "{bad:?}");
    }

    #[test]
    fn byte_order_marks_are_no_part_of_a_line() {
        let mark = "\u{feff}";
        let raw = format!("{mark}a\nb\n{mark}c {mark}\n{mark}\n");
        assert_eq!(run(&mut text(), &[&raw]).0, ["\"a\"", "\"b\"", &format!("\"c {mark}\""), "\"\""]);
        let raw_json = format!("{mark}[1]\n{mark}\n");
        assert_eq!(run(&mut json(), &[&raw_json]), (vec!["[1]".to_owned()], vec![]));
        let raw_logfmt = format!("{mark}level=error\n");
        assert_eq!(run(&mut logfmt(), &[&raw_logfmt]).0, [r#"{"level":"error"}"#]);
    }

    #[test]
    fn text_counts_what_is_invalid_and_refuses_long_lines() {
        let mut text = text();
        let mut out = Vec::new();
        let mut bad = 0;
        let records = text
            .records(b"a\xff\nok\nlonger\n"[..].into(), 5, &mut out, &mut |_, _| {
                bad += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!((records, bad), (2, 1));
        assert_eq!(out, "\"a\u{fffd}\"\n\"ok\"\n".as_bytes());
        assert_eq!(text.invalid_lines(), 1);
    }

    #[test]
    fn logfmt_lines_are_objects() {
        let (records, bad) = run(&mut logfmt(), &["level=info msg=\"a \\\"b\\\" c\" n=3 flag\n\nx=\"open\n"]);
        assert_eq!(records, [r#"{"level":"info","msg":"a \"b\" c","n":"3","flag":true}"#]);
        assert_eq!(bad.len(), 1);
    }
}
