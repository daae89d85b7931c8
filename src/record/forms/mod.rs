//! What raw lines mean: text, JSON, [CSV](crate::record::forms::csv) or logfmt.
//!
//! A byte order mark at the beginning of a line, as programs of Windows put it at that
//! of a file, is no part of the line: wherever files, connections and restarts begin,
//! and whoever joined files with cat, and the same at each reading.

pub mod csv;
mod logfmt;
mod text;

use std::borrow::Cow;

use crate::error::Failure;
use crate::record;

/// Takes a bad line and why it is bad; an error ends the stage.
pub type Bad<'b> = dyn FnMut(&[u8], &str) -> Result<(), Box<dyn Failure>> + 'b;

/// Makes records of raw lines.
pub trait Format {
    /// Appends the records of `lines`, each of which ends in a newline, as
    /// canonical JSON with a newline each. A line longer than `max_line` bytes
    /// without its end is bad. Returns how many records there were.
    fn records(
        &mut self,
        lines: &[u8],
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

    /// How many lines so far had invalid UTF-8, which became U+FFFD.
    fn invalid_lines(&self) -> u64 {
        0
    }

    /// How many bytes of an unfinished row, of whole lines, are kept.
    fn unfinished(&self) -> usize {
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

/// The lines, without their ends and byte order marks.
fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let newline = memchr::memchr(b'\n', rest)?;
        let line = record::without_mark(&rest[..newline]);
        rest = &rest[newline + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// Each line is a string.
#[derive(Debug, Default)]
pub struct Text {
    invalid: u64,
}

impl Format for Text {
    fn records(
        &mut self,
        lines: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        if lines.len() <= max_line
            && let Ok(records) = text::push_lines(lines, out)
        {
            return Ok(records);
        }
        each_record(lines, max_line, out, bad, |line, out| {
            let text = String::from_utf8_lossy(line);
            self.invalid += u64::from(matches!(text, Cow::Owned(_)));
            record::push_string(text.as_bytes(), out);
            Ok(true)
        })
    }

    fn invalid_lines(&self) -> u64 {
        self.invalid
    }
}

/// Each line is a JSON value; blank lines are none, as in jq.
#[derive(Debug, Default)]
pub struct Json {
    invalid: u64,
}

impl Format for Json {
    fn records(
        &mut self,
        lines: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        each_record(lines, max_line, out, bad, |line, out| {
            if line.iter().all(u8::is_ascii_whitespace) {
                return Ok(false);
            }
            let before = out.len();
            let mut result = record::canonicalize(line, out);
            if result.is_err()
                && let Cow::Owned(text) = String::from_utf8_lossy(line)
            {
                self.invalid += 1;
                out.truncate(before);
                result = record::canonicalize(text.as_bytes(), out);
            }
            result.map(|()| true).map_err(|error| error.to_string())
        })
    }

    fn invalid_lines(&self) -> u64 {
        self.invalid
    }
}

/// Each line is `key=value` pairs, an object.
#[derive(Debug, Default)]
pub struct Logfmt {
    invalid: u64,
}

impl Format for Logfmt {
    fn records(
        &mut self,
        lines: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        each_record(lines, max_line, out, bad, |line, out| {
            let text = String::from_utf8_lossy(line);
            self.invalid += u64::from(matches!(text, Cow::Owned(_)));
            if text.trim().is_empty() {
                return Ok(false);
            }
            logfmt::push_object(&text, out).map(|()| true)
        })
    }

    fn invalid_lines(&self) -> u64 {
        self.invalid
    }
}

/// Makes a record of each line by `push`, which appends it and says whether
/// there is one, or why the line is bad.
fn each_record(
    lines: &[u8],
    max_line: usize,
    out: &mut Vec<u8>,
    bad: &mut Bad<'_>,
    mut push: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<u64, Box<dyn Failure>> {
    let mut records = 0;
    for line in each_line(lines) {
        let before = out.len();
        let pushed = if line.len() > max_line { Err(too_long(max_line)) } else { push(line, out) };
        match pushed {
            Ok(true) => {
                out.push(b'\n');
                records += 1;
            }
            Ok(false) => {}
            Err(reason) => {
                out.truncate(before);
                bad(line, &reason)?;
            }
        }
    }
    Ok(records)
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
            records += format.records(chunk.as_bytes(), 40, &mut out, &mut take).unwrap();
        }
        records += format.finish(&mut out, &mut take).unwrap();
        let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(records, lines.len() as u64);
        (lines, bad)
    }

    #[test]
    fn json_lines_are_made_canonical() {
        let (records, bad) =
            run(&mut Json::default(), &["{\"a\" : 1.0, \"a\":2}\r\n\n  \n[1,\n12345678901234567890123\n"]);
        assert_eq!(records, ["{\"a\":2}", "12345678901234567890123"]);
        assert_eq!(bad.len(), 1);
        assert!(bad[0].starts_with("[1,: "), "{bad:?}");
    }

    #[test]
    fn byte_order_marks_are_no_part_of_a_line() {
        let mark = "\u{feff}";
        let text = format!("{mark}a\nb\n{mark}c {mark}\n{mark}\n");
        assert_eq!(run(&mut Text::default(), &[&text]).0, ["\"a\"", "\"b\"", &format!("\"c {mark}\""), "\"\""]);
        let json = format!("{mark}[1]\n{mark}\n");
        assert_eq!(run(&mut Json::default(), &[&json]), (vec!["[1]".to_owned()], vec![]));
        let logfmt = format!("{mark}level=error\n");
        assert_eq!(run(&mut Logfmt::default(), &[&logfmt]).0, [r#"{"level":"error"}"#]);
    }

    #[test]
    fn text_counts_what_is_invalid_and_refuses_long_lines() {
        let mut text = Text::default();
        let mut out = Vec::new();
        let mut bad = 0;
        let records = text
            .records(b"a\xff\nok\nlonger\n", 5, &mut out, &mut |_, _| {
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
        let (records, bad) = run(&mut Logfmt::default(), &["level=info msg=\"a \\\"b\\\" c\" n=3 flag\n\nx=\"open\n"]);
        assert_eq!(records, [r#"{"level":"info","msg":"a \"b\" c","n":"3","flag":true}"#]);
        assert_eq!(bad.len(), 1);
    }
}
