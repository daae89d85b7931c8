//! What raw lines mean: text, JSON, CSV or logfmt.

mod logfmt;
mod text;

use std::borrow::Cow;

use csv_core::ReadRecordResult;

use crate::op::OpError;
use crate::record;

/// Takes a bad line and why it is bad; an error ends the stage.
pub type Bad<'b> = dyn FnMut(&[u8], &str) -> Result<(), OpError> + 'b;

/// Makes records of raw lines.
pub trait Format {
    /// Appends the records of `lines`, each of which ends in a newline, as
    /// canonical JSON with a newline each. A line longer than `max_line` bytes
    /// without its end is bad. Returns how many records there were.
    fn records(&mut self, lines: &[u8], max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError>;

    /// The input is over; what is unfinished is a record.
    fn finish(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
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

/// The lines, without their ends.
fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let newline = memchr::memchr(b'\n', rest)?;
        let line = &rest[..newline];
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
    fn records(&mut self, lines: &[u8], max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
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
    fn records(&mut self, lines: &[u8], max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
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
    fn records(&mut self, lines: &[u8], max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
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
) -> Result<u64, OpError> {
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

/// Comma-separated values: each row is an object by the columns' names, which
/// are given or stand in the first row. A quoted field may hold newlines, so a
/// row may be several lines.
pub struct Csv {
    reader: csv_core::Reader,
    columns: Option<Vec<String>>,
    /// Fields of the row that is being read, end to end, and where they end.
    fields: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    ends_used: usize,
    /// The raw bytes of the row, for a message.
    row: Vec<u8>,
    text: Text,
}

impl Csv {
    /// With the columns' names, or the names from the first row.
    pub fn new(columns: Option<Vec<String>>) -> Csv {
        Csv {
            reader: csv_core::Reader::new(),
            columns,
            fields: vec![0; 4096],
            used: 0,
            ends: vec![0; 64],
            ends_used: 0,
            row: Vec::new(),
            text: Text::default(),
        }
    }

    /// Reads `input` to its end (an empty one is the end of the stream).
    fn feed(
        &mut self,
        mut input: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, OpError> {
        let mut records = 0;
        let at_end = input.is_empty();
        loop {
            let (result, read, written, ends) =
                self.reader.read_record(input, &mut self.fields[self.used..], &mut self.ends[self.ends_used..]);
            self.row.extend_from_slice(&input[..read]);
            input = &input[read..];
            self.used += written;
            self.ends_used += ends;
            match result {
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    records += self.finish_row(max_line, out, bad)?;
                    (self.used, self.ends_used) = (0, 0);
                    self.row.clear();
                }
                ReadRecordResult::InputEmpty if !at_end => {
                    // Blank lines are no rows.
                    if self.row.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                        self.row.clear();
                    }
                    if self.row.len() > max_line {
                        bad(&self.row[..max_line], "a row is longer than --max-line: is a quote not closed?")?;
                        self.reader = csv_core::Reader::new();
                        (self.used, self.ends_used) = (0, 0);
                        self.row.clear();
                    }
                    return Ok(records);
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return Ok(records),
            }
        }
    }

    fn finish_row(&mut self, max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
        if self.row.len() > max_line.saturating_add(2) {
            bad(&self.row[..max_line], &too_long(max_line))?;
            return Ok(0);
        }
        let mut start = 0;
        let mut invalid = false;
        let fields: Vec<_> = self.ends[..self.ends_used]
            .iter()
            .map(|end| {
                let field = String::from_utf8_lossy(&self.fields[start..*end]);
                start = *end;
                invalid |= matches!(field, std::borrow::Cow::Owned(_));
                field
            })
            .collect();
        self.text.invalid += u64::from(invalid);
        let Some(columns) = &self.columns else {
            self.columns = Some(fields.into_iter().map(|name| name.into_owned()).collect());
            return Ok(0);
        };
        if fields.len() != columns.len() {
            let reason = format!("{} fields where the columns are {}", fields.len(), columns.len());
            bad(self.row.trim_ascii(), &reason)?;
            return Ok(0);
        }
        let mut object = Vec::new();
        for (name, field) in columns.iter().zip(&fields) {
            object.push(if object.is_empty() { b'{' } else { b',' });
            record::push_string(name.as_bytes(), &mut object);
            object.push(b':');
            record::push_string(field.as_bytes(), &mut object);
        }
        object.push(b'}');
        // Two columns of one name are one key: the last counts.
        if record::canonicalize(&object, out).is_ok() {
            out.push(b'\n');
        }
        Ok(1)
    }
}

impl Format for Csv {
    fn records(&mut self, lines: &[u8], max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
        // By lines, so that a row that is too long ends at the same place however
        // the lines come.
        let mut records = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            records += self.feed(line, max_line, out, bad)?;
        }
        Ok(records)
    }

    fn finish(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, OpError> {
        self.feed(&[], usize::MAX - 2, out, bad)
    }

    fn invalid_lines(&self) -> u64 {
        self.text.invalid
    }

    fn unfinished(&self) -> usize {
        self.row.len()
    }

    fn needs_header(&self) -> bool {
        self.columns.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(format: &mut dyn Format, chunks: &[&str]) -> (Vec<String>, Vec<String>) {
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
    fn csv_rows_are_objects() {
        let (records, bad) =
            run(&mut Csv::new(None), &["a,b\r\n1,\"x \"\"y\"\",z\"\r\n", "2,\"two\n", "lines\"\n\n3\n4,\"\"\n"]);
        assert_eq!(records, [r#"{"a":"1","b":"x \"y\",z"}"#, r#"{"a":"2","b":"two\nlines"}"#, r#"{"a":"4","b":""}"#]);
        assert_eq!(bad, ["3: 1 fields where the columns are 2"]);
        let (records, _) = run(&mut Csv::new(Some(vec!["x".into(), "y".into()])), &["1,2\n"]);
        assert_eq!(records, [r#"{"x":"1","y":"2"}"#]);
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
