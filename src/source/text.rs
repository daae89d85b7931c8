//! Text lines to JSON strings: the hot loop of every first stage.

/// Appends each line, which ends in a newline, as a canonical JSON string with
/// a newline; a CR before the newline is part of the line's end. The text must
/// be UTF-8. Returns the number of lines.
pub fn push_lines(lines: &[u8], out: &mut Vec<u8>) -> u64 {
    let mut records = 0;
    out.reserve(lines.len() + lines.len() / 8 + 16);
    out.push(b'"');
    let mut copied = 0;
    for_each_special(lines, |at| {
        match lines[at] {
            b'\n' => {
                out.extend_from_slice(&lines[copied..at]);
                out.extend_from_slice(b"\"\n\"");
                records += 1;
            }
            b'\r' if lines.get(at + 1) == Some(&b'\n') => out.extend_from_slice(&lines[copied..at]),
            byte => {
                out.extend_from_slice(&lines[copied..at]);
                push_escape(byte, out);
            }
        }
        copied = at + 1;
    });
    // The quote that would have begun the next line.
    out.pop();
    records
}

fn push_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let hex = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Calls `found` with the position of every byte that cannot stand in a JSON
/// string as it is: `"`, `\` and what lies below 0x20.
#[inline]
fn for_each_special(bytes: &[u8], mut found: impl FnMut(usize)) {
    let (chunks, rest) = bytes.as_chunks::<64>();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut mask = special_mask(chunk);
        while mask != 0 {
            found(index * 64 + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
    }
    let from = chunks.len() * 64;
    for (index, byte) in rest.iter().enumerate() {
        if is_special(*byte) {
            found(from + index);
        }
    }
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// A bit for each byte that is special.
#[cfg(target_arch = "x86_64")]
#[inline]
fn special_mask(chunk: &[u8; 64]) -> u64 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    // SSE2 is part of every x86-64, so these are plain safe calls.
    fn load(bytes: &[u8; 16]) -> __m128i {
        let (low, high) = bytes.split_at(8);
        let word = |half: &[u8]| i64::from_le_bytes(half.try_into().unwrap_or_default());
        _mm_set_epi64x(word(high), word(low))
    }
    let (parts, _) = chunk.as_chunks::<16>();
    let mut mask = 0;
    for (index, part) in parts.iter().enumerate() {
        let bytes = load(part);
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let any = _mm_or_si128(_mm_or_si128(quote, backslash), control);
        mask |= u64::from(_mm_movemask_epi8(any) as u32 as u16) << (index * 16);
    }
    mask
}

/// A bit for each byte that is special.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn special_mask(chunk: &[u8; 64]) -> u64 {
    chunk.iter().enumerate().fold(0, |mask, (index, byte)| mask | (u64::from(is_special(*byte)) << index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(lines: &str) -> (u64, String) {
        let mut out = Vec::new();
        let records = push_lines(lines.as_bytes(), &mut out);
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
