//! Lines of JSON as records.

use std::ops::Range;

use super::Bad;
use super::line::LineForm;
use super::shaped::{Grammar, Line, Pass, Scalar, Shaped};
use crate::error::Failure;
use crate::record::escape::{decode_escape, push_canonical};
use crate::record::{Canonicalizer, skip_value};

/// Each line is a JSON value; blank lines are none, as in jq.
#[derive(Debug, Default)]
pub struct Json {
    canonicalizer: Canonicalizer,
    shaped: Shaped,
}

impl LineForm for Json {
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
        Ok(self.canonicalizer.line(line.as_bytes(), out)? != Line::Blank)
    }

    fn push_lines(
        &mut self,
        lines: &[u8],
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        self.shaped.push_lines(&mut self.canonicalizer, lines, out, bad)
    }
}

impl Grammar for Canonicalizer {
    const ALSO: u8 = b'"';

    #[inline]
    fn begins_scalar(byte: u8) -> bool {
        matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    }

    #[inline]
    fn scalar(pass: &mut Pass<'_>) -> Option<()> {
        match pass.peek()? {
            b'"' => string(pass),
            b't' => literal(pass, b"true"),
            b'f' => literal(pass, b"false"),
            b'n' => literal(pass, b"null"),
            _ => number(pass),
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<Line, String> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(Line::Blank);
        }
        let has_equal_keys = self.canonicalize_utf8(line, out).map_err(|error| error.to_string())?;
        Ok(if has_equal_keys { Line::Odd } else { Line::Record })
    }

    fn scalars(&self, line: &[u8], record: &[u8]) -> impl Iterator<Item = Scalar> {
        scalars(line).zip(scalars(record)).map(|(came, made)| Scalar { came, made })
    }
}

#[inline]
fn string(pass: &mut Pass<'_>) -> Option<()> {
    pass.at += 1;
    loop {
        match pass.go_to_special()? {
            b'"' => {
                pass.at += 1;
                return Some(());
            }
            b'\\' => escape(pass)?,
            _ => return None,
        }
    }
}

fn escape(pass: &mut Pass<'_>) -> Option<()> {
    let escape = &pass.lines[pass.at..];
    if matches!(escape.get(1), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
        pass.at += 2;
        return Some(());
    }
    let (character, length) = decode_escape(escape)?;
    pass.replace(length, |out| push_canonical(character, out));
    Some(())
}

#[inline]
fn number(pass: &mut Pass<'_>) -> Option<()> {
    pass.at += usize::from(pass.peek() == Some(b'-'));
    let has_zero = pass.peek() == Some(b'0');
    if digits(pass)? > 1 && has_zero {
        return None;
    }
    if pass.peek() == Some(b'.') {
        pass.at += 1;
        digits(pass)?;
    }
    if let Some(b'e' | b'E') = pass.peek() {
        pass.at += 1;
        pass.at += usize::from(matches!(pass.peek(), Some(b'+' | b'-')));
        digits(pass)?;
    }
    Some(())
}

/// Reads digits, at least one and fewer than 64; how many.
#[inline]
fn digits(pass: &mut Pass<'_>) -> Option<u32> {
    let count = pass.index.digits(pass.at).trailing_ones();
    pass.at += count as usize;
    (1..u64::BITS).contains(&count).then_some(count)
}

fn literal(pass: &mut Pass<'_>, literal: &[u8]) -> Option<()> {
    let is_here = pass.lines[pass.at..].starts_with(literal);
    pass.at += literal.len();
    is_here.then_some(())
}

/// Where the scalars of a JSON text are that are no object's keys.
pub(super) fn scalars(json: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at;
            if !Canonicalizer::begins_scalar(*json.get(start)?) {
                at += 1;
                continue;
            }
            at = skip_value(json, start)?;
            let behind = json[at..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
            if behind != Some(&b':') {
                return Some(start..at);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_no_scalars() {
        let json = br#" {"a" : "b:", "c":[1,true ,{"d":null}],"e":{}} "#;
        let found: Vec<_> = scalars(json).map(|range| &json[range]).collect();
        assert_eq!(found, [&br#""b:""#[..], b"1", b"true", b"null"]);
    }
}
