//! Records to jaq values and back.
//!
//! jaq has a reader and a writer of its own. These here differ where records
//! have stricter rules: `-0` keeps its digits, what is written is canonical
//! JSON whatever a program computes (jaq would write `NaN`, `3.0` or a byte
//! string), and numbers that were computed are written as jq writes them.

mod write;

use jaq_json::{Map, Num, Val};

use crate::record::MAX_DEPTH;
pub(super) use write::write;

/// Reads the one JSON value that `text` holds. White space around tokens is
/// allowed, of equal object keys the last one counts.
///
/// # Errors
/// What is wrong, and at which byte.
pub(super) fn read(text: &[u8]) -> Result<Val, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.expected("the end")),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expected(&self, what: &str) -> String {
        format!("not JSON: expected {what} at byte {}", self.at)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Val) -> Result<Val, String> {
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.expected("a value"))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Val, String> {
        self.space();
        match self.peek() {
            Some(b'"') => self.string().map(Val::utf8_str),
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                Err(format!("nested deeper than {MAX_DEPTH} levels at byte {}", self.at))
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.word("true", Val::Bool(true)),
            Some(b'f') => self.word("false", Val::Bool(false)),
            Some(b'n') => self.word("null", Val::Null),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Val, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Val::Arr(items.into()));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Val::Arr(items.into()));
            }
            if !self.take(b',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Val, String> {
        self.at += 1;
        let mut map = Map::default();
        self.space();
        if self.take(b'}') {
            return Ok(Val::obj(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key"));
            }
            let key = Val::utf8_str(self.string()?);
            self.space();
            if !self.take(b':') {
                return Err(self.expected("`:`"));
            }
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.space();
            if self.take(b'}') {
                return Ok(Val::obj(map));
            }
            if !self.take(b',') {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn number(&mut self) -> Result<Val, String> {
        let digits = &self.text[self.at..];
        let Some((length, is_integer)) = number_prefix(digits) else {
            return Err(self.expected("a value"));
        };
        self.at += length;
        let digits = String::from_utf8_lossy(&digits[..length]);
        let integer = if is_integer && digits != "-0" { Num::from_str_radix(&digits, 10) } else { None };
        Ok(Val::Num(integer.unwrap_or_else(|| Num::Dec(digits.into_owned().into()))))
    }

    fn string(&mut self) -> Result<Vec<u8>, String> {
        self.at += 1;
        let rest = &self.text[self.at..];
        let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        // A control character is for the loop to find.
        let lowest = rest[..plain].iter().copied().fold(u8::MAX, u8::min);
        let plain = if lowest < 0x20 { 0 } else { plain };
        let mut string = rest[..plain].to_vec();
        self.at += plain;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut string)?,
                Some(..0x20) => return Err(self.expected("no bare control character")),
                Some(byte) => {
                    string.push(byte);
                    self.at += 1;
                }
                None => return Err(self.expected("a closing quote")),
            }
        }
        self.at += 1;
        Ok(string)
    }

    /// Reads one escape sequence; a surrogate with no partner is U+FFFD.
    fn escape(&mut self, string: &mut Vec<u8>) -> Result<(), String> {
        let kind = self.text.get(self.at + 1).copied();
        let byte = match kind {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let first = self.hex()?;
                let mut code = u32::from(first);
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        code = 0x10000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(second) - 0xdc00);
                    } else {
                        self.at = back;
                    }
                }
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                string.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.expected("an escape sequence")),
        };
        string.push(byte);
        self.at += 2;
        Ok(())
    }

    /// Reads a `\uXXXX`.
    fn hex(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at + 2..self.at + 6);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            return Err(self.expected("\\u and four hexadecimal digits"));
        };
        self.at += 6;
        Ok(code)
    }
}

/// The length of the JSON number that `text` begins with, and whether it is an
/// integer (no fraction, no exponent).
pub(super) fn number_prefix(text: &[u8]) -> Option<(usize, bool)> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or(&[]);
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let sign = usize::from(text.first() == Some(&b'-'));
    let whole = digits(sign);
    if whole == 0 || (whole > 1 && text[sign] == b'0') {
        return None;
    }
    let mut at = sign + whole;
    let mut is_integer = true;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
        is_integer = false;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
        is_integer = false;
    }
    Some((at, is_integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_is_written_as_it_was_read() {
        for text in [
            "12345678901234567890123",
            "1.10",
            "1e2",
            "1.0",
            "-0",
            "-0.0",
            "1E+2",
            "\"a\\n\\u0001\\\"\\\\é\u{7f}\"",
            "{\"b\":1,\"a\":[true,null,{}],\"\":[]}",
        ] {
            let value = read(text.as_bytes()).unwrap();
            let mut out = Vec::new();
            write(&value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn other_text_becomes_canonical() {
        for (text, canonical) in [
            (" [ 1 , { \"a\" : 2 } ] ", "[1,{\"a\":2}]"),
            ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
            ("\"\\u00e9\\ud83d\\ude00\\ud83d\\/\"", "\"é😀\u{fffd}/\""),
            ("\"\\ud83d\\u0041\"", "\"\u{fffd}A\""),
        ] {
            let value = read(text.as_bytes()).unwrap();
            let mut out = Vec::new();
            write(&value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), canonical);
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "01",
            "+1",
            ".5",
            "1.",
            "NaN",
            "nul",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "[1",
            "1 2",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "{\"a\":1,}",
            "'a'",
            "-",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read("[".repeat(5000).as_bytes()).is_err());
    }
}
