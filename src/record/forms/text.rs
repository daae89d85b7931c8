//! Text lines to JSON strings: the hot loop of every first stage.

use std::ops::Range;

use wide::u8x16;

use crate::record::{self, escape};

/// A part of at most so many bytes is short.
const SHORT: usize = 32;

/// The text is not as simple as this takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPlain {
    /// It is not UTF-8.
    NotUtf8,
    /// It has a byte order mark.
    HasMark,
}

/// Appends each line, which ends in a newline, as a canonical JSON string with
/// a newline; a CR before the newline is part of the line's end. Returns the
/// number of lines, or leaves `out` as it was if the text is not UTF-8, or a byte order
/// mark is in it.
pub fn push_lines(lines: &[u8], out: &mut Vec<u8>) -> Result<u64, NotPlain> {
    let before = out.len();
    let mut records = 0;
    out.reserve(lines.len() + lines.len() / 8 + 16);
    out.push(b'"');
    let mut copied = 0;
    let is_ascii = for_each_special(lines, |at| {
        push_part(lines, copied..at, out);
        copied = at + 1;
        match lines[at] {
            b'\n' => {
                out.extend_from_slice(b"\"\n\"");
                records += 1;
            }
            b'\r' if lines.get(at + 1) == Some(&b'\n') => {}
            byte => push_escape(byte, out),
        }
    });
    // The quote that would have begun the next line.
    out.pop();
    // Most logs are ASCII, and then there is nothing to validate.
    let problem = match is_ascii {
        true => return Ok(records),
        false if std::str::from_utf8(lines).is_err() => NotPlain::NotUtf8,
        false if memchr::memmem::find(lines, record::MARK).is_some() => NotPlain::HasMark,
        false => return Ok(records),
    };
    out.truncate(before);
    Err(problem)
}

/// Appends a part of the lines. Of a short one more is copied than it has, and taken back: what has one length always is
/// copied by two instructions, in place of a call.
#[inline]
fn push_part(lines: &[u8], part: Range<usize>, out: &mut Vec<u8>) {
    match lines[part.start..].first_chunk::<SHORT>() {
        Some(more) if part.len() <= SHORT => {
            let end = out.len() + part.len();
            out.extend_from_slice(more);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&lines[part]),
    }
}

/// Kept apart from the loop, which is smaller so: most lines have none.
#[cold]
fn push_escape(byte: u8, out: &mut Vec<u8>) {
    escape::push_escape(byte, out);
}

/// Calls `found` with the position of every byte that cannot stand in a JSON
/// string as it is: `"`, `\` and what lies below 0x20. Returns whether all the
/// bytes are ASCII.
#[inline]
fn for_each_special(bytes: &[u8], mut found: impl FnMut(usize)) -> bool {
    let mut highest = u8x16::ZERO;
    // The last ones, in spaces. There is one call of `found`, so that it is part of this loop.
    let mut last = [b' '; 64];
    let mut from = 0;
    while from < bytes.len() {
        let rest = &bytes[from..];
        let chunk = rest.first_chunk().unwrap_or_else(|| {
            last[..rest.len()].copy_from_slice(rest);
            &last
        });
        let mut mask = special_mask(chunk, &mut highest);
        while mask != 0 {
            found(from + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
        from += chunk.len();
    }
    highest.to_array().is_ascii()
}

/// A bit for each byte that is special; `highest` collects all bytes' bits.
#[inline]
fn special_mask(chunk: &[u8; 64], highest: &mut u8x16) -> u64 {
    let (parts, _) = chunk.as_chunks::<16>();
    let mut mask = 0;
    for (index, part) in parts.iter().enumerate() {
        *highest |= u8x16::new(*part);
        mask |= u64::from(escape::special_lanes(part)) << (index * 16);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(lines: &str) -> (u64, String) {
        let mut out = Vec::new();
        let records = push_lines(lines.as_bytes(), &mut out).unwrap();
        (records, String::from_utf8(out).unwrap())
    }

    #[test]
    fn line_ends_and_escapes() {
        assert_eq!(encode(""), (0, String::new()));
        assert_eq!(encode("\n\r\n"), (2, "\"\"\n\"\"\n".into()));
        assert_eq!(
            encode("a\"b\\c\td\u{8}\u{c}\u{0}\u{1f}\u{7f}é\re\r\r\n"),
            (1, "\"a\\\"b\\\\c\\td\\b\\f\\u0000\\u001f\u{7f}é\\re\\r\"\n".into())
        );
    }

    #[test]
    fn invalid_utf8_is_refused_and_leaves_no_trace() {
        let mut out = b"before".to_vec();
        for lines in ["ok\n\u{e9}\n".as_bytes(), b"\xff\n", &[&b"x".repeat(100)[..], b"\xc3\n"].concat()] {
            let valid = std::str::from_utf8(lines).is_ok();
            assert_eq!(push_lines(lines, &mut out).is_ok(), valid);
            if !valid {
                assert_eq!(out, b"before");
            }
            out.truncate(6);
        }
    }

    proptest! {
        #[test]
        fn every_line_is_the_string_that_serde_writes(lines in prop::collection::vec("([a-z]{0,70}|\\PC{0,9}|[\\x00-\\x7f]{0,9}){0,4}", 0..8)) {
            let lines: Vec<String> = lines.iter().map(|line| line.replace('\n', "").trim_end_matches('\r').to_owned()).collect();
            for end in ["\n", "\r\n"] {
                let raw: String = lines.iter().map(|line| format!("{line}{end}")).collect();
                let want: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
                prop_assert_eq!(encode(&raw), (lines.len() as u64, want));
            }
        }
    }
}
