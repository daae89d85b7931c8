//! Comma-separated values, as RFC 4180 has them and as they are in the wild, with other delimiters
//! and quotes too.
//!
//! Each row is an object by the columns' names, which are given or stand in the first
//! row, or are the columns' places. A quoted field may hold newlines, so a row may be several lines. What is not as
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

use super::row::Dialect;
use super::shaped::Index;
use crate::error::Failure;
use crate::record;
use crate::record::forms::{Bad, Coding, Course, Format, Lines, Origin, Place, too_long};
use crate::record::number::push_number_or_string;

/// How rows become records.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// What rows are written with.
    pub dialect: Dialect,
    /// The columns' names, if they are given.
    pub columns: Option<Vec<String>>,
    /// No row has the columns' names: without given ones they are called by their places, from 1.
    pub no_header: bool,
    /// Fields that are numbers become numbers.
    pub numbers: bool,
}

/// Makes an object of each row.
#[derive(Debug)]
pub struct Csv {
    options: CsvOptions,
    columns: Option<Columns>,
    /// The row that goes on in the next line, as it came: a quote is open.
    row: Vec<u8>,
    /// Where that row begins.
    row_place: Place,
    course: Course,
    index: Index,
}

/// The columns' names.
#[derive(Debug)]
struct Columns {
    /// As the header has them.
    header: Vec<String>,
    /// As records have them, no two the same.
    keys: Vec<String>,
    /// What stands before each value: quotes, colon and all.
    begins: Vec<Vec<u8>>,
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
        let begin = |(index, key): (usize, &String)| {
            let mut begin = vec![if index == 0 { b'{' } else { b',' }];
            record::push_string(key.as_bytes(), &mut begin);
            begin.push(b':');
            begin
        };
        let begins = keys.iter().enumerate().map(begin).collect();
        Columns { header, keys, begins }
    }

    /// Appends the record of the row that begins at `start`, if it is a plain one: a line in which
    /// no field has anything that is not itself, in quotes or without. Where the line ends, whose
    /// special bytes `index` knows. If not, nothing is done.
    fn push_plain(&self, lines: &[u8], index: &Index, delimiter: u8, start: usize, out: &mut Vec<u8>) -> Option<usize> {
        // Blank lines are no rows; a byte order mark is no part of one.
        if self.keys.is_empty() || matches!(lines.get(start)?, b'\r' | b'\n' | 0xef) {
            return None;
        }
        let length = out.len();
        let end = self.push_fields(lines, index, delimiter, start, out);
        if end.is_none() {
            out.truncate(length);
        }
        end
    }

    fn push_fields(
        &self,
        lines: &[u8],
        index: &Index,
        delimiter: u8,
        mut at: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let mut is_header = true;
        let last = self.begins.len() - 1;
        for (column, (begin, name)) in self.begins.iter().zip(&self.header).enumerate() {
            let (field, end) = plain_field(lines, index, delimiter, at)?;
            is_header &= field == name.as_bytes();
            out.extend_from_slice(begin);
            out.push(b'"');
            out.extend_from_slice(field);
            out.push(b'"');
            at = end + 1;
            match lines.get(end)? {
                byte if *byte == delimiter && column < last => {}
                b'\n' if column == last => {}
                b'\r' if column == last && lines.get(at) == Some(&b'\n') => at += 1,
                _ => return None,
            }
        }
        out.extend_from_slice(b"}\n");
        (!is_header).then_some(at)
    }
}

/// The text of a field in which nothing is escaped, and where it ends.
#[inline]
fn plain_field<'a>(lines: &'a [u8], index: &Index, delimiter: u8, start: usize) -> Option<(&'a [u8], usize)> {
    let is_quoted = lines.get(start) == Some(&b'"');
    let mut end = start + usize::from(is_quoted);
    loop {
        let distance = index.to_special(end);
        end += distance;
        if distance == u64::BITS as usize {
            continue;
        }
        match lines.get(end)? {
            // As a delimiter, too, it is not itself in JSON.
            b'\t' | b'\\' if is_quoted => return None,
            byte if *byte == delimiter && is_quoted => end += 1,
            b'"' if is_quoted => return Some((&lines[start + 1..end], end + 1)),
            b'\r' | b'\n' if !is_quoted => return Some((&lines[start..end], end)),
            byte if *byte == delimiter => return Some((&lines[start..end], end)),
            _ => return None,
        }
    }
}

impl Csv {
    /// With where a row is from, if that is asked for.
    pub fn new(mut options: CsvOptions, origin: Option<Origin>) -> Csv {
        let columns = options.columns.take().map(Columns::new);
        Csv {
            options,
            columns,
            row: Vec::new(),
            row_place: Place::default(),
            course: Course::new(origin),
            index: Index::default(),
        }
    }

    /// The same, where zeros at the beginning of a line are no part of it.
    pub fn without_holes(self) -> Csv {
        Csv { course: self.course.without_holes(), ..self }
    }

    /// The columns' names as records have them, once the first row was read.
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_ref().map(|columns| &*columns.keys)
    }

    /// Takes a line, with its end.
    fn take_line(
        &mut self,
        line: &[u8],
        coding: Coding,
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        let (place, content) = self.course.take(line, coding);
        let content = match content {
            Ok(content) => content,
            Err(reason) => return bad(line, &reason).map(|()| 0),
        };
        let mut line = &*content;
        let dialect = self.options.dialect;
        let is_begun = !self.row.is_empty();
        if !is_begun {
            line = record::without_mark(line);
            if dialect.is_blank(line) {
                return Ok(0);
            }
            self.row_place = place;
        }
        let is_open = dialect.is_open_behind(line, is_begun);
        if !is_begun && !is_open {
            return self.take_row(line, max_line, out, bad);
        }
        self.row.extend_from_slice(line);
        self.row.push(b'\n');
        if !is_open {
            let row = std::mem::take(&mut self.row);
            return self.take_row(row.strip_suffix(b"\n").unwrap_or(&row), max_line, out, bad);
        }
        if self.row.len() > max_line {
            bad(&self.row[..max_line], "a row is longer than --max-line: is a quote not closed?")?;
            self.row.clear();
        }
        Ok(0)
    }

    /// Takes a whole row, without its end, but with the CR of a CRLF.
    fn take_row(
        &mut self,
        row: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        let bare = row.strip_suffix(b"\r").unwrap_or(row);
        if bare.len() > max_line {
            bad(&bare[..max_line], &too_long(max_line))?;
            return Ok(0);
        }
        let text = self.course.text(bare);
        let CsvOptions { dialect, no_header, numbers, .. } = self.options;
        let fields: Vec<Cow<'_, str>> = dialect.fields(&text).collect();
        let columns = match &self.columns {
            Some(columns) => columns,
            None if no_header => self.columns.insert(Columns::new(vec![String::new(); fields.len()])),
            None => {
                self.columns = Some(Columns::new(fields.into_iter().map(Cow::into_owned).collect()));
                return Ok(0);
            }
        };
        if fields.len() != columns.keys.len() {
            let reason = format!("{} fields where the columns are {}", fields.len(), columns.keys.len());
            bad(bare.trim_ascii(), &reason)?;
            return Ok(0);
        }
        if !no_header && fields == columns.header {
            return Ok(0);
        }
        self.course.begin_record(self.row_place, out);
        let push = if numbers { push_number_or_string } else { record::push_string };
        for (begin, field) in columns.begins.iter().zip(&fields) {
            out.extend_from_slice(begin);
            push(field.as_bytes(), out);
        }
        out.push(b'}');
        self.course.end_record(out);
        Ok(1)
    }
}

impl Format for Csv {
    fn records(
        &mut self,
        lines: Lines<'_>,
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        let mut records = 0;
        let Lines { bytes, coding } = lines;
        let CsvOptions { dialect: Dialect { delimiter, quote, trim }, numbers, .. } = self.options;
        let mut index = std::mem::take(&mut self.index);
        let is_usual = quote == Some(b'"') && !trim && !numbers && coding.is_plain();
        let is_plain = is_usual
            && self.course.is_plain()
            && !self.course.has_hole(bytes)
            && bytes.len() <= max_line
            && (index.set(bytes, delimiter) || std::str::from_utf8(bytes).is_ok());
        let mut at = 0;
        while at < bytes.len() {
            if is_plain
                && self.row.is_empty()
                && let Some(columns) = &self.columns
                && let Some(end) = columns.push_plain(bytes, &index, delimiter, at, out)
            {
                records += 1;
                self.course.pass((end - at) as u64);
                at = end;
                continue;
            }
            let (line, _) = coding.split(&bytes[at..]);
            at += line.len();
            records += self.take_line(line, coding, max_line, out, bad)?;
        }
        self.index = index;
        Ok(records)
    }

    fn finish(&mut self, _out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        // Lines come whole, so nothing but a quote keeps a row open.
        if !self.row.is_empty() {
            bad(&self.row, "a quote is not closed: all that came behind it is one field")?;
            self.row.clear();
        }
        Ok(0)
    }

    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn invalid_lines(&self) -> u64 {
        self.course.invalid_lines()
    }

    fn hole_bytes(&self) -> u64 {
        self.course.hole_bytes()
    }

    fn unfinished(&self) -> u64 {
        if self.row.is_empty() { 0 } else { self.course.since(self.row_place) }
    }

    fn needs_header(&self) -> bool {
        self.columns.is_none()
    }
}

#[cfg(test)]
mod tests;
