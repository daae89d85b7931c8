//! Data of Avro, as JSON.

use std::borrow::Cow;
use std::io::Write as _;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use num_bigint::BigInt;

use super::schema::{Field, Schema, Type, Unit};
use crate::record::forms::binary::{push_bytes, push_float, push_float32};
use crate::record::number::push_integer;
use crate::record::{self, MAX_DEPTH};
use crate::varint;

/// Of items that take no bytes, a datum may have no more.
const MOST_EMPTY: u64 = 1 << 16;

/// The JSON of a datum has no more bytes: what takes few or none may become many.
const MOST_JSON: usize = 256 << 20;

/// A decimal has no more bytes, some ten thousand digits: writing them out takes the square of that.
const MOST_DECIMAL: usize = 4096;

/// Data, one behind the other.
pub struct Datums<'d> {
    bytes: &'d [u8],
    at: usize,
    /// How many items took no bytes, in the datum that is read.
    empty: u64,
    /// Where its JSON would be too long.
    end: usize,
    is_invalid: bool,
}

impl<'d> Datums<'d> {
    /// From the beginning of these bytes on.
    pub fn new(bytes: &'d [u8]) -> Datums<'d> {
        Datums { bytes, at: 0, empty: 0, end: 0, is_invalid: false }
    }

    /// From the byte `at` on.
    pub fn at(self, at: usize) -> Datums<'d> {
        Datums { at, ..self }
    }

    /// How many bytes of data were read.
    pub fn read(&self) -> usize {
        self.at
    }

    /// Whether there was text with invalid UTF-8, which became U+FFFD.
    pub fn is_invalid(&self) -> bool {
        self.is_invalid
    }

    /// Appends the JSON of the next one.
    ///
    /// # Errors
    /// It is none of this schema, or nests too deep.
    pub fn push_json(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), String> {
        self.push_json_of(schema, schema.root(), out)
    }

    /// The same of one of the schema's types, by its place.
    ///
    /// # Errors
    /// It is none of this type, or nests too deep.
    pub fn push_json_of(&mut self, schema: &Schema, of: usize, out: &mut Vec<u8>) -> Result<(), String> {
        self.empty = 0;
        self.end = out.len() + MOST_JSON;
        self.value(schema, of, 0, out)
    }

    fn value(&mut self, schema: &Schema, of: usize, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH}"));
        }
        if out.len() > self.end {
            return Err(format!("its JSON is longer than {} MiB", MOST_JSON >> 20));
        }
        match schema.get(of) {
            Type::Record(fields) => {
                out.push(b'{');
                let mut is_first = true;
                for Field { key, of, .. } in fields {
                    let before = out.len();
                    if let Some(key) = key {
                        if !std::mem::take(&mut is_first) {
                            out.push(b',');
                        }
                        out.extend_from_slice(key);
                    }
                    self.value(schema, *of, depth + 1, out)?;
                    if key.is_none() {
                        out.truncate(before);
                    }
                }
                out.push(b'}');
            }
            Type::Union(branches) => {
                let of = *self.one_of(branches, "a union")?;
                self.value(schema, of, depth + 1, out)?;
            }
            Type::Array(items) => {
                out.push(b'[');
                self.items(|data, is_first| {
                    if !is_first {
                        out.push(b',');
                    }
                    data.value(schema, *items, depth + 1, out)
                })?;
                out.push(b']');
            }
            Type::Map(values) => {
                out.push(b'{');
                self.items(|data, is_first| {
                    if !is_first {
                        out.push(b',');
                    }
                    data.text(out)?;
                    out.push(b':');
                    data.value(schema, *values, depth + 1, out)
                })?;
                out.push(b'}');
            }
            leaf => return self.leaf(leaf, out),
        }
        Ok(())
    }

    /// A value that has no others in it: apart, so that those that have need little of the stack.
    #[inline(never)]
    fn leaf(&mut self, of: &Type, out: &mut Vec<u8>) -> Result<(), String> {
        match of {
            Type::Null => out.extend_from_slice(b"null"),
            Type::Boolean => match self.take(1)? {
                [0] => out.extend_from_slice(b"false"),
                [1] => out.extend_from_slice(b"true"),
                other => return Err(format!("a boolean is {other:?}")),
            },
            Type::Int => push_integer(self.int()?, out),
            Type::Long => push_integer(self.long()?, out),
            Type::Float => push_float32(f32::from_le_bytes(self.array()?), out),
            Type::Double => push_float(f64::from_le_bytes(self.array()?), out),
            Type::Bytes => push_bytes(self.counted()?, out),
            Type::Text => self.text(out)?,
            Type::Fixed(size) => push_bytes(self.take(*size)?, out),
            Type::Enum(symbols) => out.extend_from_slice(self.one_of(symbols, "an enum")?),
            Type::Date => {
                let days = self.int()?;
                let date = civil(i64::from(days) * 86_400_000, Unit::Millis);
                push_or_number(date.map(|date| date.date()), days.into(), out);
            }
            Type::Time(unit) => {
                let time = if *unit == Unit::Millis { self.int()?.into() } else { self.long()? };
                push_or_number(time_of_day(time, *unit), time, out);
            }
            Type::Timestamp(unit) => {
                let time = self.long()?;
                push_or_number(timestamp(time, *unit), time, out);
            }
            Type::LocalTimestamp(unit) => {
                let time = self.long()?;
                push_or_number(civil(time, *unit), time, out);
            }
            Type::Decimal(scale, size) => {
                let bytes = match size {
                    Some(size) => self.take(*size)?,
                    None => self.counted()?,
                };
                if bytes.len() > MOST_DECIMAL {
                    return Err(format!("a decimal of {} bytes: it has {MOST_DECIMAL} at most", bytes.len()));
                }
                push_decimal(&BigInt::from_signed_bytes_be(bytes), *scale, out);
            }
            Type::Uuid => {
                let hex: String = self.take(16)?.iter().map(|byte| format!("{byte:02x}")).collect();
                let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                record::push_string(groups.join("-").as_bytes(), out);
            }
            Type::Duration => {
                let [months, days, milliseconds] =
                    [self.array()?, self.array()?, self.array()?].map(u32::from_le_bytes);
                let text = format!("{{\"months\":{months},\"days\":{days},\"milliseconds\":{milliseconds}}}");
                out.extend_from_slice(text.as_bytes());
            }
            // Rounded, as Avro has it.
            Type::LongAsFloat => push_float32(self.long()? as f32, out),
            Type::LongAsDouble => push_float(self.long()? as f64, out),
            Type::Constant(json) => out.extend_from_slice(json),
            Type::Never(reason) => return Err(reason.clone()),
            Type::Record(_) | Type::Union(_) | Type::Array(_) | Type::Map(_) => {}
        }
        Ok(())
    }

    /// Items come in blocks, which may say how many bytes they have, up to one of none.
    fn items(&mut self, mut item: impl FnMut(&mut Self, bool) -> Result<(), String>) -> Result<(), String> {
        let mut is_first = true;
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let before = self.at;
                item(self, is_first)?;
                is_first = false;
                self.empty += u64::from(self.at == before);
                if self.empty > MOST_EMPTY {
                    return Err(format!("more than {MOST_EMPTY} items that take no bytes"));
                }
            }
        }
    }

    fn one_of<'s, T>(&mut self, list: &'s [T], what: &str) -> Result<&'s T, String> {
        let number = self.long()?;
        let one = usize::try_from(number).ok().and_then(|number| list.get(number));
        one.ok_or_else(|| format!("{what} of {} says number {number}", list.len()))
    }

    fn long(&mut self) -> Result<i64, String> {
        let mut rest = &self.bytes[self.at..];
        let before = rest.len();
        let number = varint::take_signed(&mut rest).ok_or_else(|| match before < varint::LONGEST {
            true => too_few(before + 1, before),
            false => "an integer of more than 64 bits".to_owned(),
        })?;
        self.at += before - rest.len();
        Ok(number)
    }

    fn int(&mut self) -> Result<i32, String> {
        let number = self.long()?;
        i32::try_from(number).map_err(|_| format!("an int is {number}"))
    }

    fn counted(&mut self) -> Result<&'d [u8], String> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| format!("text or bytes have the length {length}"))?;
        self.take(length)
    }

    fn text(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let text = String::from_utf8_lossy(self.counted()?);
        self.is_invalid |= matches!(text, Cow::Owned(_));
        record::push_string(text.as_bytes(), out);
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'d [u8], String> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or_else(|| too_few(length, rest.len()))?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| "cut off".to_owned())
    }
}

fn too_few(wanted: usize, left: usize) -> String {
    format!("{wanted} bytes are wanted where {left} are left: is it of another schema?")
}

/// Appends a time as text, or its number if it is none.
fn push_or_number(time: Option<impl std::fmt::Display>, number: i64, out: &mut Vec<u8>) {
    match time {
        Some(time) => {
            let _ = write!(out, "\"{time}\"");
        }
        None => push_integer(number, out),
    }
}

/// So many units since 1970.
fn timestamp(count: i64, unit: Unit) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(count) * i128::from(unit.nanos())).ok()
}

fn civil(count: i64, unit: Unit) -> Option<DateTime> {
    Some(timestamp(count, unit)?.to_zoned(TimeZone::UTC).datetime())
}

fn time_of_day(count: i64, unit: Unit) -> Option<Time> {
    let nanos = count.checked_mul(unit.nanos()).filter(|nanos| *nanos >= 0)?;
    Time::midnight().checked_add(SignedDuration::from_nanos(nanos)).ok()
}

/// Appends a number whose last `scale` digits are behind the point.
fn push_decimal(unscaled: &BigInt, scale: usize, out: &mut Vec<u8>) {
    let text = unscaled.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, behind) = digits.split_at(digits.len() - scale);
    out.extend_from_slice([sign, whole].concat().as_bytes());
    if scale > 0 {
        out.extend_from_slice([".", behind].concat().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(schema: &str, bytes: &[u8]) -> Result<String, String> {
        let schema = Schema::parse(schema.as_bytes())?;
        let (mut data, mut out) = (Datums::new(bytes), Vec::new());
        data.push_json(&schema, &mut out)?;
        assert_eq!(data.read(), bytes.len());
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn data_becomes_json() {
        let logical = |of: &str, logical: &str| format!(r#"{{"type":"{of}","logicalType":"{logical}"}}"#);
        let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#;
        for (schema, bytes, expected) in [
            ("\"long\"", &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..], "-9223372036854775808"),
            ("{\"type\":{\"type\":\"int\"}}", b"\x7f", "-64"),
            ("\"float\"", b"\xcd\xcc\xcc\x3d", "0.1"),
            ("\"double\"", b"\0\0\0\0\0\0\xf0\x7f", "\"Infinity\""),
            ("\"bytes\"", b"\x04\0\xff", "\"AP8=\""),
            ("[\"null\",\"string\"]", b"\x02\x06a\"b", "\"a\\\"b\""),
            ("{\"type\":\"array\",\"items\":\"int\"}", b"\x03\x04\x02\x04\x02\x06\0", "[1,2,3]"),
            ("{\"type\":\"map\",\"values\":\"boolean\"}", b"\x02\x02k\x01\0", "{\"k\":true}"),
            ("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", b"\x02", "\"B\""),
            (&logical("int", "date"), b"\x01", "\"1969-12-31\""),
            (&logical("int", "time-millis"), b"\x02", "\"00:00:00.001\""),
            (&logical("long", "timestamp-micros"), b"\x01", "\"1969-12-31T23:59:59.999999Z\""),
            (&logical("long", "timestamp-millis"), b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", "9223372036854775807"),
            (&logical("long", "local-timestamp-millis"), b"\0", "\"1970-01-01T00:00:00\""),
            (&logical("int", "unheard-of"), b"\x02", "1"),
            (decimal, b"\x04\x04\xce", "12.30"),
            (decimal, b"\x02\xff", "-0.01"),
        ] {
            assert_eq!(shown(schema, bytes).as_deref(), Ok(expected), "{schema}");
            for cut in 0..bytes.len() {
                shown(schema, &bytes[..cut]).unwrap_err();
            }
        }
        let fixed = |logical: &str, size: usize| {
            format!(r#"{{"type":"fixed","name":"F","size":{size},"logicalType":"{logical}"}}"#)
        };
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(shown(&fixed("uuid", 16), &bytes).unwrap(), "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"");
        assert_eq!(
            shown(&fixed("duration", 12), b"\x01\0\0\0\x02\0\0\0\x03\0\0\0").unwrap(),
            "{\"months\":1,\"days\":2,\"milliseconds\":3}"
        );
    }

    #[test]
    fn types_are_known_by_their_names_in_themselves_too() {
        let list = r#"{"type":"record","name":"a.List","fields":[{"name":"v","type":"int"},
            {"name":"next","type":["null","List"]},{"name":"f","type":{"type":"fixed","name":"F","size":1}},
            {"name":"g","type":"a.F"}]}"#;
        let shown_list = shown(list, b"\x02\x02\x04\x00xyzz").unwrap();
        assert_eq!(shown_list, r#"{"v":1,"next":{"v":2,"next":null,"f":"eA==","g":"eQ=="},"f":"eg==","g":"eg=="}"#);
        let endless = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}"#;
        assert!(shown(endless, b"").unwrap_err().contains("deeper"));
        let empty = r#"{"type":"array","items":"null"}"#;
        let many = shown(empty, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01").unwrap_err();
        assert!(many.contains("take no bytes"), "{many}");
        for (schema, says) in [
            ("{", "no JSON"),
            ("\"strin\"", "no type strin"),
            ("{\"type\":\"record\",\"name\":\"R\"}", "no fields"),
            ("{\"type\":\"fixed\",\"name\":\"R\"}", "size"),
            ("7", "where a type is wanted"),
        ] {
            let error = Schema::parse(schema.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
