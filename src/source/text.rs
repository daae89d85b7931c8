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

/// A bit for each byte that is special, eight bytes at a time.
#[inline]
fn special_mask(chunk: &[u8; 64]) -> u64 {
    /// 0x80 in each byte of `word` that is zero, exactly.
    fn zeros(word: u64) -> u64 {
        !(((word & 0x7f7f_7f7f_7f7f_7f7f) + 0x7f7f_7f7f_7f7f_7f7f) | word) & 0x8080_8080_8080_8080
    }
    let every = |byte: u8| u64::from_ne_bytes([byte; 8]);
    let (words, _) = chunk.as_chunks::<8>();
    let mut mask = 0;
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = zeros(word & every(0xe0)) | zeros(word ^ every(b'"')) | zeros(word ^ every(b'\\'));
        // Gathers the eight high bits into the top byte, the first one lowest.
        mask |= ((special >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
    }
    mask
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
