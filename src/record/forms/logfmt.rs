//! Logfmt lines to JSON objects. Values are strings, since logfmt knows no
//! types, or numbers where that is asked for; a key without a value is true. The crates for it are long unkept.

use std::ops::Range;

use super::Bad;
use super::json::scalars;
use super::line::LineForm;
use super::shaped::{Grammar, Line, Pass, Scalar, Shaped};
use crate::error::Failure;
use crate::record::number::push_number_or_string;
use crate::record::{self, Canonicalizer};

/// Each line is `key=value` pairs, an object.
#[derive(Debug, Default)]
pub struct Logfmt {
    reader: Reader,
    shaped: Shaped,
}

impl Logfmt {
    /// With values that are numbers, in quotes or not, as numbers.
    pub fn with_numbers(numbers: bool) -> Logfmt {
        Logfmt { reader: Reader { numbers, ..Reader::default() }, ..Logfmt::default() }
    }
}

impl LineForm for Logfmt {
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
        Ok(self.reader.push(line, out)? != Line::Blank)
    }

    fn push_lines(
        &mut self,
        lines: &[u8],
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        // Along a shape values are strings.
        if self.reader.numbers { Ok(None) } else { self.shaped.push_lines(&mut self.reader, lines, out, bad) }
    }
}

/// Appends the object of a line; with `numbers`, values that are numbers, in quotes or not, are numbers. The
/// error says what is wrong.
pub fn push_object(line: &str, numbers: bool, out: &mut Vec<u8>) -> Result<(), String> {
    Reader { numbers, ..Reader::default() }.push_object(line, out).map(|_| ())
}

/// Reads lines one by one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    canonicalizer: Canonicalizer,
    numbers: bool,
    object: Vec<u8>,
    /// Where the values were in the line that was read last; none where a key had none.
    values: Vec<Option<Range<usize>>>,
}

impl Reader {
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<Line, String> {
        if line.trim().is_empty() {
            return Ok(Line::Blank);
        }
        let has_equal_keys = self.push_object(line, out)?;
        Ok(if has_equal_keys { Line::Odd } else { Line::Record })
    }

    /// Appends the object of a line; whether two keys may have been equal.
    fn push_object(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
        let Reader { canonicalizer, numbers, object, values } = self;
        object.clear();
        values.clear();
        let mut rest = line.trim_start();
        if rest.is_empty() {
            object.push(b'{');
        }
        while !rest.is_empty() {
            object.push(if object.is_empty() { b'{' } else { b',' });
            let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let key = &rest[..key_end];
            if key.is_empty() || key.contains('"') {
                return Err(format!("no key before '{}'", rest.chars().take(20).collect::<String>()));
            }
            record::push_string(key.as_bytes(), object);
            object.push(b':');
            rest = &rest[key_end..];
            match rest.strip_prefix('=') {
                None => {
                    object.extend_from_slice(b"true");
                    values.push(None);
                }
                Some(after) => {
                    rest = push_value(key, after, *numbers, object)?;
                    values.push(Some(line.len() - after.len()..line.len() - rest.len()));
                }
            }
            rest = rest.trim_start();
        }
        object.push(b'}');
        // The last of two equal keys counts.
        canonicalizer.canonicalize_utf8(object, out).map_err(|error| error.to_string())
    }
}

impl Grammar for Reader {
    const ALSO: u8 = b' ';

    #[inline]
    fn begins_scalar(_: u8) -> bool {
        true
    }

    #[inline]
    fn scalar(pass: &mut Pass<'_>) -> Option<()> {
        if pass.peek() == Some(b'"') {
            return quoted(pass);
        }
        pass.replace(0, |out| out.push(b'"'));
        let start = pass.at;
        if !pass.go_to_special()?.is_ascii_whitespace() || !pass.lines[start..pass.at].is_ascii() {
            // Beyond ASCII there are other spaces.
            return None;
        }
        pass.replace(0, |out| out.push(b'"'));
        Some(())
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<Line, String> {
        self.push(&String::from_utf8_lossy(line), out)
    }

    fn scalars(&self, line: &[u8], record: &[u8]) -> impl Iterator<Item = Scalar> {
        let mark = line.len() - record::without_mark(line).len();
        self.values.iter().zip(scalars(record)).filter_map(move |(came, made)| {
            let came = came.clone()?;
            Some(Scalar { came: mark + came.start..mark + came.end, made })
        })
    }
}

/// Reads a value in quotes, of which each byte means in JSON what it means here.
#[inline]
fn quoted(pass: &mut Pass<'_>) -> Option<()> {
    pass.at += 1;
    loop {
        match pass.go_to_special()? {
            b'"' => {
                pass.at += 1;
                return Some(());
            }
            b' ' => pass.at += 1,
            b'\\' if matches!(pass.lines.get(pass.at + 1), Some(b'"' | b'\\' | b'n' | b'r' | b't')) => pass.at += 2,
            _ => return None,
        }
    }
}

/// Appends the value at the beginning of `rest` and returns what follows it.
fn push_value<'a>(key: &str, rest: &'a str, numbers: bool, out: &mut Vec<u8>) -> Result<&'a str, String> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        push_text(&rest[..end], numbers, out);
        return Ok(&rest[end..]);
    };
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                push_text(&text, numbers, out);
                return Ok(&quoted[at + 1..]);
            }
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(format!("the quote of {key} is not closed"))
}

fn push_text(text: &str, numbers: bool, out: &mut Vec<u8>) {
    let push = if numbers { push_number_or_string } else { record::push_string };
    push(text.as_bytes(), out);
}
