//! MongoDB's Extended JSON, version 2: objects that stand for values of types which JSON has not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sstream::connect::record::{Kind, field, kind as kind_of, members, text};

use super::encode::{push_date, shown};
use super::{kind, number, push_binary};

/// Appends the value that an object stands for; its type. Nothing if it stands for itself.
///
/// # Errors
/// It begins as such a value, and is none.
pub fn push(object: &[u8], out: &mut Vec<u8>) -> Result<Option<u8>, String> {
    let mut all = members(object);
    let Some((key, value)) = all.next().filter(|(key, _)| key.starts_with(b"\"$")) else { return Ok(None) };
    let name = String::from_utf8_lossy(&text(key)).into_owned();
    let done = match all.next() {
        None => push_value(&name, value, out),
        Some(_) => None,
    };
    done.map(Some).ok_or_else(|| format!("{} is no value of Extended JSON", shown(object)))
}

fn push_value(name: &str, value: &[u8], out: &mut Vec<u8>) -> Option<u8> {
    let string = |value: &[u8]| {
        (kind_of(value) == Some(Kind::String)).then(|| String::from_utf8_lossy(&text(value)).into_owned())
    };
    Some(match name {
        "$oid" => {
            out.extend_from_slice(&hex::<12>(&string(value)?)?);
            kind::OBJECT_ID
        }
        "$date" => match field(value, b"$numberLong") {
            Some(ms) => {
                out.extend_from_slice(&string(ms)?.parse::<i64>().ok()?.to_le_bytes());
                kind::DATE
            }
            None => push_date(value, out).ok()?,
        },
        "$numberInt" => {
            out.extend_from_slice(&string(value)?.parse::<i32>().ok()?.to_le_bytes());
            kind::INT32
        }
        "$numberLong" => {
            out.extend_from_slice(&string(value)?.parse::<i64>().ok()?.to_le_bytes());
            kind::INT64
        }
        "$numberDouble" => {
            // Rust reads NaN and Infinity too.
            out.extend_from_slice(&string(value)?.parse::<f64>().ok()?.to_le_bytes());
            kind::DOUBLE
        }
        "$numberDecimal" => {
            number::push_decimal(&string(value)?, out).ok()?;
            kind::DECIMAL
        }
        "$binary" => {
            let [subtype] = hex::<1>(&format!("{:0>2}", string(field(value, b"subType")?)?))?;
            push_binary(subtype, &STANDARD.decode(string(field(value, b"base64")?)?).ok()?, out);
            kind::BINARY
        }
        "$uuid" => {
            push_binary(4, &hex::<16>(&string(value)?.replace('-', ""))?, out);
            kind::BINARY
        }
        "$regularExpression" => {
            for part in [&b"pattern"[..], b"options"] {
                let part = string(field(value, part)?).filter(|part| !part.contains('\0'))?;
                out.extend_from_slice(part.as_bytes());
                out.push(0);
            }
            kind::REGEX
        }
        "$timestamp" => {
            // Its second half first: the lower one of a number of 64 bits.
            for part in [&b"i"[..], b"t"] {
                let part = std::str::from_utf8(field(value, part)?).ok()?;
                out.extend_from_slice(&part.parse::<u32>().ok()?.to_le_bytes());
            }
            kind::TIMESTAMP
        }
        "$minKey" => kind::MIN_KEY,
        "$maxKey" => kind::MAX_KEY,
        _ => return None,
    })
}

/// So many bytes of two digits each.
fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_other_types() {
        for (json, expected, bytes) in [
            (
                r#"{"$oid":"0123456789abcdefABCDEF00"}"#,
                kind::OBJECT_ID,
                &b"\x01\x23\x45\x67\x89\xab\xcd\xef\xab\xcd\xef\x00"[..],
            ),
            (r#"{"$date":"1970-01-01T00:00:01Z"}"#, kind::DATE, b"\xe8\x03\0\0\0\0\0\0"),
            (r#"{"$date":{"$numberLong":"1000"}}"#, kind::DATE, b"\xe8\x03\0\0\0\0\0\0"),
            (r#"{"$numberInt":"7"}"#, kind::INT32, b"\x07\0\0\0"),
            (r#"{"$numberLong":"7"}"#, kind::INT64, b"\x07\0\0\0\0\0\0\0"),
            (r#"{"$numberDouble":"-Infinity"}"#, kind::DOUBLE, b"\0\0\0\0\0\0\xf0\xff"),
            (r#"{"$numberDecimal":"1"}"#, kind::DECIMAL, b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\x30"),
            (r#"{"$binary":{"base64":"AP8=","subType":"80"}}"#, kind::BINARY, b"\x02\0\0\0\x80\0\xff"),
            (
                r#"{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}"#,
                kind::BINARY,
                b"\x10\0\0\0\x04\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
            ),
            (r#"{"$regularExpression":{"pattern":"a","options":"i"}}"#, kind::REGEX, b"a\0i\0"),
            (r#"{"$timestamp":{"t":1,"i":2}}"#, kind::TIMESTAMP, b"\x02\0\0\0\x01\0\0\0"),
            (r#"{"$minKey":1}"#, kind::MIN_KEY, b""),
        ] {
            let mut out = Vec::new();
            assert_eq!(push(json.as_bytes(), &mut out), Ok(Some(expected)), "{json}");
            assert_eq!(out, bytes, "{json}");
        }
        for itself in ["{}", r#"{"a":{"$oid":1}}"#] {
            assert_eq!(push(itself.as_bytes(), &mut Vec::new()), Ok(None));
        }
        for wrong in [
            r#"{"$oid":"12"}"#,
            r#"{"$oid":"0123456789abcdefABCDEFé"}"#,
            r#"{"$oid":"0123456789abcdefABCDEF00","x":1}"#,
            r#"{"$date":"soon"}"#,
            r#"{"$numberInt":7}"#,
            r#"{"$set":{"a":1}}"#,
            r#"{"$timestamp":{"t":-1,"i":2}}"#,
        ] {
            assert!(push(wrong.as_bytes(), &mut Vec::new()).unwrap_err().contains("Extended JSON"), "{wrong}");
        }
    }
}
