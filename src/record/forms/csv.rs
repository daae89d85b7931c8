//! Comma-separated values, as RFC 4180 has them and as they are in the wild.
//!
//! Each row is an object by the columns' names, which are given or stand in the first
//! row. A quoted field may hold newlines, so a row may be several lines. What is not as
//! it should be is a bad record, or is read like this:
//!
//! - A row that is the header once more (a program was started again, a server was
//!   connected to again, files were joined) is no record.
//! - The second column called `a` is `a_2`; one without a name is called by its place,
//!   from 1.
//! - Blank lines are no rows.
//! - A quote that is not closed when the input or the connection ends is a bad record,
//!   which holds all that came behind the quote; so is one that goes on for longer than
//!   the longest line.
//! - A row with more or fewer fields than there are columns is a bad record.

use std::borrow::Cow;

use csv_core::ReadRecordResult;

use crate::error::Failure;
use crate::record;
use crate::record::forms::shaped::Index;
use crate::record::forms::{Bad, Format, Origin, Place, too_long};

/// Makes an object of each row.
pub struct Csv {
    reader: csv_core::Reader,
    columns: Option<Columns>,
    /// Fields of the row that is being read, end to end, and where they end.
    fields: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    ends_used: usize,
    /// The raw bytes of the row, for a message.
    row: Vec<u8>,
    invalid: u64,
    origin: Option<Origin>,
    /// Where the row begins, and the next line.
    row_place: Place,
    place: Place,
    index: Index,
}

/// The columns' names.
struct Columns {
    /// As the header has them.
    header: Vec<String>,
    /// As records have them, no two the same.
    keys: Vec<String>,
    /// What stands before each field in a record.
    before: Vec<Vec<u8>>,
}

impl Columns {
    fn new(header: Vec<String>) -> Columns {
        let mut keys: Vec<String> = Vec::with_capacity(header.len());
        for (index, name) in header.iter().enumerate() {
            let name = if name.is_empty() { (index + 1).to_string() } else { name.clone() };
            let is_taken = |key: &String| keys.contains(key) || header[index + 1..].contains(key);
            let key = match keys.contains(&name) {
                false => name,
                true => (2..).map(|n| format!("{name}_{n}")).find(|key| !is_taken(key)).unwrap_or(name),
            };
            keys.push(key);
        }
        let before = keys.iter().enumerate().map(|(index, key)| {
            let mut before = if index == 0 { b"{".to_vec() } else { b"\",".to_vec() };
            record::push_string(key.as_bytes(), &mut before);
            before.extend_from_slice(b":\"");
            before
        });
        Columns { before: before.collect(), header, keys }
    }

    /// Appends the record of the row that begins at `start`, if it is a plain one: a line in which
    /// no field has anything that is not itself, in quotes or without. Where the line ends, whose
    /// special bytes `index` knows. If not, nothing is done.
    fn push_plain(&self, lines: &[u8], index: &Index, start: usize, out: &mut Vec<u8>) -> Option<usize> {
        // Blank lines are no rows; a byte order mark is no part of one.
        if self.keys.is_empty() || matches!(lines.get(start)?, b'\r' | b'\n' | 0xef) {
            return None;
        }
        let length = out.len();
        let end = self.push_fields(lines, index, start, out);
        if end.is_none() {
            out.truncate(length);
        }
        end
    }

    fn push_fields(&self, lines: &[u8], index: &Index, mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
        let mut is_header = true;
        let last = self.before.len() - 1;
        for (column, (before, name)) in self.before.iter().zip(&self.header).enumerate() {
            let (field, end) = plain_field(lines, index, at)?;
            is_header &= field == name.as_bytes();
            out.extend_from_slice(before);
            out.extend_from_slice(field);
            at = end + 1;
            match lines.get(end)? {
                b',' if column < last => {}
                b'\n' if column == last => {}
                b'\r' if column == last && lines.get(at) == Some(&b'\n') => at += 1,
                _ => return None,
            }
        }
        out.extend_from_slice(b"\"}\n");
        (!is_header).then_some(at)
    }
}

/// The text of a field in which nothing is escaped, and where it ends.
#[inline]
fn plain_field<'a>(lines: &'a [u8], index: &Index, start: usize) -> Option<(&'a [u8], usize)> {
    let is_quoted = lines.get(start) == Some(&b'"');
    let mut end = start + usize::from(is_quoted);
    loop {
        let distance = index.to_special(end);
        end += distance;
        if distance == u64::BITS as usize {
            continue;
        }
        match lines.get(end)? {
            b',' if is_quoted => end += 1,
            b'"' if is_quoted => return Some((&lines[start + 1..end], end + 1)),
            b',' | b'\r' | b'\n' if !is_quoted => return Some((&lines[start..end], end)),
            _ => return None,
        }
    }
}

impl Csv {
    /// With the columns' names, or the names from the first row; and with where a row is from, if
    /// that is asked for.
    pub fn new(columns: Option<Vec<String>>, origin: Option<Origin>) -> Csv {
        Csv {
            reader: csv_core::Reader::new(),
            columns: columns.map(Columns::new),
            fields: vec![0; 4096],
            used: 0,
            ends: vec![0; 64],
            ends_used: 0,
            row: Vec::new(),
            invalid: 0,
            origin,
            row_place: Place::default(),
            place: Place::default(),
            index: Index::default(),
        }
    }

    /// The columns' names as records have them, once the first row was read.
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_ref().map(|columns| &*columns.keys)
    }

    /// Reads a line, with its end.
    fn feed(
        &mut self,
        mut line: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        let mut records = 0;
        if self.row.is_empty() {
            self.row_place = self.place;
            line = record::without_mark(line);
        }
        loop {
            let (result, read, written, ends) =
                self.reader.read_record(line, &mut self.fields[self.used..], &mut self.ends[self.ends_used..]);
            self.row.extend_from_slice(&line[..read]);
            line = &line[read..];
            self.used += written;
            self.ends_used += ends;
            match result {
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    records += self.finish_row(max_line, out, bad)?;
                    self.begin_row();
                }
                // The line is read.
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    if self.row.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                        self.row.clear();
                    }
                    if self.row.len() > max_line {
                        bad(&self.row[..max_line], "a row is longer than --max-line: is a quote not closed?")?;
                        self.reader = csv_core::Reader::new();
                        self.begin_row();
                    }
                    return Ok(records);
                }
            }
        }
    }

    fn begin_row(&mut self) {
        (self.used, self.ends_used) = (0, 0);
        self.row.clear();
    }

    fn finish_row(&mut self, max_line: usize, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
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
                invalid |= matches!(field, Cow::Owned(_));
                field
            })
            .collect();
        self.invalid += u64::from(invalid);
        let Some(Columns { header, before, .. }) = &self.columns else {
            self.columns = Some(Columns::new(fields.into_iter().map(|name| name.into_owned()).collect()));
            return Ok(0);
        };
        if fields.len() != before.len() {
            let reason = format!("{} fields where the columns are {}", fields.len(), before.len());
            bad(self.row.trim_ascii(), &reason)?;
            return Ok(0);
        }
        if fields == *header {
            return Ok(0);
        }
        self.origin.iter().for_each(|origin| origin.begin(self.row_place, out));
        for (before, field) in before.iter().zip(&fields) {
            out.extend_from_slice(before);
            record::push_escaped(field.as_bytes(), out);
        }
        out.extend_from_slice(b"\"}");
        self.origin.iter().for_each(|origin| origin.end(out));
        out.push(b'\n');
        Ok(1)
    }
}

impl Format for Csv {
    fn records(
        &mut self,
        lines: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        // By lines, so that a row that is too long ends at the same place however
        // the lines come.
        let mut records = 0;
        let mut index = std::mem::take(&mut self.index);
        let is_plain = self.origin.is_none()
            && lines.len() <= max_line
            && (index.set(lines, b',') || std::str::from_utf8(lines).is_ok());
        let mut at = 0;
        while at < lines.len() {
            if is_plain
                && self.row.is_empty()
                && let Some(columns) = &self.columns
                && let Some(end) = columns.push_plain(lines, &index, at, out)
            {
                records += 1;
                self.place.pass((end - at) as u64);
                at = end;
                continue;
            }
            let rest = &lines[at..];
            let line = &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1)];
            records += self.feed(line, max_line, out, bad)?;
            self.place.pass(line.len() as u64);
            at += line.len();
        }
        self.index = index;
        Ok(records)
    }

    fn finish(&mut self, _out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        // Lines come whole, so nothing but a quote keeps a row open.
        if !self.row.is_empty() {
            bad(&self.row, "a quote is not closed: all that came behind it is one field")?;
            self.reader = csv_core::Reader::new();
            self.begin_row();
        }
        Ok(0)
    }

    fn invalid_lines(&self) -> u64 {
        self.invalid
    }

    fn unfinished(&self) -> u64 {
        self.row.len() as u64
    }

    fn go_to(&mut self, place: Place) {
        self.place = place;
    }

    fn needs_line_numbers(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::has_line)
    }

    fn pass_over(&mut self, bytes: u64) {
        self.place.pass(bytes);
    }

    fn needs_header(&self) -> bool {
        self.columns.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::forms::tests::run;
    use proptest::prelude::*;

    fn csv(chunks: &[&str]) -> (Vec<String>, Vec<String>) {
        run(&mut Csv::new(None, None), chunks)
    }

    #[test]
    fn rows_are_objects() {
        let (records, bad) = csv(&["a,b\r\n1,\"x \"\"y\"\",z\"\r\n", "2,\"two\n", "lines\"\n\n3\n4,\"\"\n"]);
        assert_eq!(records, [r#"{"a":"1","b":"x \"y\",z"}"#, r#"{"a":"2","b":"two\nlines"}"#, r#"{"a":"4","b":""}"#]);
        assert_eq!(bad, ["3: 1 fields where the columns are 2"]);
        let (records, _) = run(&mut Csv::new(Some(vec!["x".into(), "y".into()]), None), &["1,2\n"]);
        assert_eq!(records, [r#"{"x":"1","y":"2"}"#]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_a_bad_record() {
        let (records, bad) = csv(&["a,b\n1,2\n1,\"2\n3,4\n", "5,6\n"]);
        assert_eq!(records, [r#"{"a":"1","b":"2"}"#]);
        assert_eq!(bad, ["1,\"2\n3,4\n5,6\n: a quote is not closed: all that came behind it is one field"]);
    }

    #[test]
    fn a_connection_that_ends_takes_no_row_of_the_next_one() {
        let mut format = Csv::new(None, None);
        let (_, bad) = run(&mut format, &["a,b\n1,\"2\n"]);
        assert_eq!(bad.len(), 1);
        assert_eq!(run(&mut format, &["a,b\n3,4\n"]), (vec![r#"{"a":"3","b":"4"}"#.to_owned()], vec![]));
    }

    #[test]
    fn a_header_that_comes_again_is_no_record() {
        let one = vec![r#"{"a":"1","b":"2"}"#.to_owned(), r#"{"a":"b","b":"a"}"#.to_owned()];
        let chunks = ["\u{feff}a,b\n1,2\n", "\u{feff}\"a\",b\r\nb,a\n"];
        assert_eq!(csv(&chunks), (one.clone(), vec![]));
        assert_eq!(run(&mut Csv::new(Some(vec!["a".into(), "b".into()]), None), &chunks), (one, vec![]));
    }

    proptest! {
        #[test]
        fn rows_together_are_what_each_is_by_itself(
            rows in prop::collection::vec("(([a-c0é]{0,3}|\"[a-c, é]{0,3}\"|[a\",\r\\\\]{0,3}),){0,2}[ab]{0,2}\r?", 0..20),
            names in 1usize..4,
        ) {
            let names: Vec<String> = ["a", "b", "c"][..names].iter().map(|name| name.to_string()).collect();
            let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
            let read = |by_line: bool| {
                let (mut out, mut bad) = (Vec::new(), Vec::new());
                let mut format = Csv::new(Some(names.clone()), None);
                let mut take = |line: &[u8], reason: &str| {
                    bad.push((line.to_vec(), reason.to_owned()));
                    Ok(())
                };
                let records = if by_line {
                    let lines = text.split_inclusive('\n');
                    lines.map(|line| format.feed(line.as_bytes(), 1 << 20, &mut out, &mut take).unwrap()).sum()
                } else {
                    format.records(text.as_bytes(), 1 << 20, &mut out, &mut take).unwrap()
                };
                (records, String::from_utf8(out).unwrap(), bad, format.unfinished())
            };
            prop_assert_eq!(read(false), read(true));
        }
    }

    #[test]
    fn no_two_columns_have_one_name() {
        for (header, record) in [
            ("a,a,a_2,a", r#"{"a":"1","a_3":"2","a_2":"3","a_4":"4"}"#),
            (",x,,x", r#"{"1":"1","x":"2","3":"3","x_2":"4"}"#),
            ("2,,c,d", r#"{"2":"1","2_2":"2","c":"3","d":"4"}"#),
        ] {
            assert_eq!(csv(&[header, "\n1,2,3,4\n"]).0, [record], "{header}");
        }
    }
}
