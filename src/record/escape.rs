//! Text to JSON strings and back.

use std::borrow::Cow;

use wide::u8x16;

/// U+FFFD, which stands for a lone surrogate, in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The bytes that are looked at together.
const LANES: usize = 16;

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Marks the bytes of `word` that are special. The lowest mark is exact; marks
/// above it may be wrong, because a borrow runs upwards.
fn special_mask(word: u64) -> u64 {
    let zero_in = |x: u64| x.wrapping_sub(LOW_BITS) & !x;
    let control = word.wrapping_sub(LOW_BITS * 0x20) & !word;
    let quote = zero_in(word ^ (LOW_BITS * b'"' as u64));
    let backslash = zero_in(word ^ (LOW_BITS * b'\\' as u64));
    (control | quote | backslash) & HIGH_BITS
}

fn special_in_word(bytes: &[u8], at: usize) -> Option<Option<usize>> {
    let word = bytes.get(at..)?.first_chunk::<8>()?;
    let mask = special_mask(u64::from_le_bytes(*word));
    Some((mask != 0).then(|| at + (mask.trailing_zeros() / 8) as usize))
}

/// A bit for each byte that is special.
#[inline]
pub(in crate::record) fn special_lanes(lanes: &[u8; LANES]) -> u32 {
    let bytes = u8x16::new(*lanes);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    (quote | backslash | control).to_bitmask()
}

/// Position of the first byte, from `at` on, that a JSON string cannot hold as
/// itself: `"`, `\` or a control byte; the length of `bytes` if there is none.
#[inline]
pub fn find_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_lanes(lanes);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += LANES;
    }
    match special_in_word(bytes, at) {
        Some(Some(found)) => return found,
        Some(None) => at += 8,
        None => {}
    }
    while at < bytes.len() && !is_special(bytes[at]) {
        at += 1;
    }
    at
}

/// Appends `text` as a canonical JSON string, quotes included. `text` has to be
/// valid UTF-8 for the result to be JSON.
#[inline]
pub fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

/// Appends `text` as the inside of a canonical JSON string, without quotes.
#[inline]
pub fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    let mut copied = 0;
    loop {
        let special = find_special(text, copied);
        out.extend_from_slice(&text[copied..special]);
        let Some(&byte) = text.get(special) else {
            return;
        };
        push_escape(byte, out);
        copied = special + 1;
    }
}

/// Appends the canonical escape of one special byte.
pub(in crate::record) fn push_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let (high, low) = (byte >> 4, byte & 15);
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[high as usize], HEX[low as usize]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The text of a JSON string, which is given with its quotes. Borrowed if there
/// is nothing to unescape. What is no valid escape stays as it is.
pub fn unescape(string: &[u8]) -> Cow<'_, [u8]> {
    let inside = string.strip_prefix(b"\"").unwrap_or(string);
    let inside = inside.strip_suffix(b"\"").unwrap_or(inside);
    if memchr::memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut text = Vec::with_capacity(inside.len());
    push_unescaped(inside, &mut text);
    Cow::Owned(text)
}

/// Appends the text of the inside of a JSON string (given without quotes).
pub fn push_unescaped(inside: &[u8], out: &mut Vec<u8>) {
    let mut rest = inside;
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..backslash]);
        rest = &rest[backslash..];
        match decode_escape(rest) {
            Some((character, length)) => {
                push_utf8(character, out);
                rest = &rest[length..];
            }
            None => {
                out.push(b'\\');
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
}

/// Appends `character`, or U+FFFD for a lone surrogate, as UTF-8.
fn push_utf8(character: Option<char>, out: &mut Vec<u8>) {
    match character {
        Some(character) => {
            let mut buffer = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        None => out.extend_from_slice(REPLACEMENT),
    }
}

/// Appends the canonical form of what an escape stands for.
pub(in crate::record) fn push_canonical(character: Option<char>, out: &mut Vec<u8>) {
    match character {
        Some(character) if character.is_ascii() && is_special(character as u8) => {
            push_escape(character as u8, out);
        }
        _ => push_utf8(character, out),
    }
}

/// The character that the escape at the start of `bytes` stands for (`None`: a
/// lone surrogate) and the escape's length in bytes; a surrogate pair is one
/// escape of 12 bytes. `None` if this is no JSON escape.
pub(in crate::record) fn decode_escape(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(bytes),
        _ => return None,
    };
    Some((Some(character), 2))
}

fn decode_unicode_escape(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let first = hex_unit(bytes)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = bytes.get(6..).and_then(hex_unit)
        && (0xdc00..0xe000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(code), 12));
    }
    Some((char::from_u32(first), 6))
}

/// The UTF-16 unit of a `\uXXXX` at the start of `bytes`.
fn hex_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        push_string(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        assert_eq!(string(""), r#""""#);
        assert_eq!(string("a\"b\\c/d\u{7f}é日\u{2028}"), "\"a\\\"b\\\\c/d\u{7f}é日\u{2028}\"");
        assert_eq!(string("\u{8}\u{c}\n\r\t\u{0}\u{b}\u{1f}"), r#""\b\f\n\r\t\u0000\u000b\u001f""#);
    }

    #[test]
    fn every_escape_is_read() {
        let cases: &[(&str, &str)] = &[
            (r#""plain""#, "plain"),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""A\u00e9\u65E5""#, "Aé日"),
            (r#""\ud83d\ude00!""#, "😀!"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00x""#, "\u{fffd}x"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83dA""#, "\u{fffd}A"),
        ];
        for (json, text) in cases {
            assert_eq!(unescape(json.as_bytes()), text.as_bytes(), "{json}");
        }
        assert!(matches!(unescape(br#""plain""#), Cow::Borrowed(_)));
    }

    #[test]
    fn garbage_escapes_stay() {
        for json in [r#""\x""#, r#""\u12""#, r#""\"#, r#"""#, "", r#""\u"#] {
            unescape(json.as_bytes());
        }
        assert_eq!(unescape(br#""\x\u12zz""#), br"\x\u12zz".as_slice());
    }

    #[test]
    fn the_first_special_byte_is_found_at_every_place() {
        for length in 0..130 {
            let clean = vec![b'x'; length];
            assert_eq!(find_special(&clean, 0), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes = clean.clone();
                    bytes[at] = special;
                    assert_eq!(find_special(&bytes, 0), at);
                    assert_eq!(find_special(&bytes, at + 1), length);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn find_special_agrees_with_a_byte_loop(bytes: Vec<u8>, from in 0usize..20) {
            let from = from.min(bytes.len());
            let naive = bytes[from..].iter().position(|&b| is_special(b));
            prop_assert_eq!(find_special(&bytes, from), naive.map_or(bytes.len(), |n| from + n));
        }

        #[test]
        fn text_comes_back_and_serde_agrees(text: String) {
            let json = string(&text);
            prop_assert_eq!(unescape(json.as_bytes()), text.as_bytes());
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn unescape_never_panics(bytes: Vec<u8>) {
            unescape(&bytes);
        }
    }
}
