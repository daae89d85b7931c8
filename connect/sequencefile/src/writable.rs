//! Hadoop's Writables: what keys and values are in a file.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use sstream::connect::record::{Kind, kind, normal_key, text};

/// A class of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Writable {
    /// Text: a string as itself, anything else as JSON
    #[default]
    Text,
    /// `LongWritable`: an integer of 64 bits
    Long,
    /// `IntWritable`: an integer of 32 bits
    Int,
    /// `DoubleWritable`: a number
    Double,
    /// `BooleanWritable`: true or false
    Boolean,
    /// `BytesWritable`: the UTF-8 of what text has
    Bytes,
    /// `BytesWritable`: the bytes that a string is the base64 of
    Base64,
    /// `NullWritable`: nothing
    Null,
}

impl Writable {
    /// The class that readers look for.
    pub fn class(self) -> &'static str {
        match self {
            Writable::Text => "org.apache.hadoop.io.Text",
            Writable::Long => "org.apache.hadoop.io.LongWritable",
            Writable::Int => "org.apache.hadoop.io.IntWritable",
            Writable::Double => "org.apache.hadoop.io.DoubleWritable",
            Writable::Boolean => "org.apache.hadoop.io.BooleanWritable",
            Writable::Bytes | Writable::Base64 => "org.apache.hadoop.io.BytesWritable",
            Writable::Null => "org.apache.hadoop.io.NullWritable",
        }
    }

    /// Appends a value, which is JSON.
    ///
    /// # Errors
    /// It is none of this class, and why; nothing is appended then.
    pub fn push(self, value: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Writable::Text => {
                let text = text(value);
                let length = i32::try_from(text.len()).map_err(|_| TOO_LONG)?;
                push_vint(length, out);
                out.extend_from_slice(&text);
            }
            Writable::Long => out.extend(integer::<i64>(value, "a long")?.to_be_bytes()),
            Writable::Int => out.extend(integer::<i32>(value, "an int")?.to_be_bytes()),
            Writable::Double => out.extend(double(value)?.to_be_bytes()),
            Writable::Boolean => out.push(match value {
                b"true" => 1,
                b"false" => 0,
                _ => return Err(format!("{} is no boolean", shown(value))),
            }),
            Writable::Bytes => push_bytes(&text(value), out)?,
            Writable::Base64 => {
                let text = Some(text(value)).filter(|_| kind(value) == Some(Kind::String));
                let bytes = text.and_then(|text| STANDARD.decode(&*text).ok());
                push_bytes(&bytes.ok_or_else(|| format!("{} is no base64", shown(value)))?, out)?;
            }
            Writable::Null => {}
        }
        Ok(())
    }
}

/// What Java counts in 31 bits.
pub const TOO_LONG: &str = "it is longer than 2 GiB";

/// A `BytesWritable`.
fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    out.extend(i32::try_from(bytes.len()).map_err(|_| TOO_LONG)?.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// An integer that may be written as 42, 42.0 or 4.2e1.
fn integer<N: std::str::FromStr>(value: &[u8], what: &str) -> Result<N, String> {
    let parse = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    let number = (kind(value) == Some(Kind::Number)).then(|| parse(value).or_else(|| parse(&normal_key(value))));
    number.flatten().ok_or_else(|| format!("{} is no number that {what} has", shown(value)))
}

fn double(value: &[u8]) -> Result<f64, String> {
    let number = (kind(value) == Some(Kind::Number)).then(|| fast_float2::parse::<f64, _>(value).ok()).flatten();
    let number = number.ok_or_else(|| format!("{} is no number", shown(value)))?;
    if number.is_finite() { Ok(number) } else { Err(format!("{} is beyond what a double has", shown(value))) }
}

/// A value in a message.
pub fn shown(value: &[u8]) -> Cow<'_, str> {
    const MOST: usize = 60;
    match value.get(..MOST) {
        None => String::from_utf8_lossy(value),
        Some(begin) => Cow::Owned(format!("{}…", String::from_utf8_lossy(begin))),
    }
}

/// Appends a number as `WritableUtils.writeVInt` does: itself in a byte, or how many bytes it has, and these.
pub fn push_vint(number: i32, out: &mut Vec<u8>) {
    if (-112..=127).contains(&number) {
        out.push(number as u8);
        return;
    }
    // A negative number is written as its complement.
    let (base, magnitude) = if number < 0 { (-120i8, !number) } else { (-112, number) };
    let bytes = magnitude.to_be_bytes();
    let used = &bytes[magnitude.leading_zeros() as usize / 8..];
    out.push((base - used.len() as i8) as u8);
    out.extend_from_slice(used);
}

/// Appends a text as `Text.writeString` does.
pub fn push_text(text: &str, out: &mut Vec<u8>) {
    // Names of classes, and words of a command line.
    push_vint(text.len() as i32, out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(writable: Writable, json: &str) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        writable.push(json.as_bytes(), &mut out).map(|()| out)
    }

    /// What Hadoop's own writeVInt gives.
    #[test]
    fn small_numbers_have_few_bytes() {
        for (number, want) in [
            (0, &[0][..]),
            (127, &[127]),
            (-112, &[0x90]),
            (-113, &[0x87, 112]),
            (128, &[0x8f, 0x80]),
            (255, &[0x8f, 0xff]),
            (256, &[0x8e, 1, 0]),
            (65_536, &[0x8d, 1, 0, 0]),
            (i32::MAX, &[0x8c, 0x7f, 0xff, 0xff, 0xff]),
            (i32::MIN, &[0x84, 0x7f, 0xff, 0xff, 0xff]),
        ] {
            let mut out = Vec::new();
            push_vint(number, &mut out);
            assert_eq!(out, want, "{number}");
        }
    }

    #[test]
    fn values_are_exact_or_refused() {
        let be = |number: i64| Ok(number.to_be_bytes().to_vec());
        assert_eq!(bytes(Writable::Long, "9223372036854775807"), be(i64::MAX));
        assert_eq!(bytes(Writable::Long, "-9223372036854775808"), be(i64::MIN));
        assert_eq!(bytes(Writable::Long, "4.20e1"), be(42));
        assert_eq!(bytes(Writable::Int, "-2147483648"), Ok(i32::MIN.to_be_bytes().to_vec()));
        assert_eq!(bytes(Writable::Double, "-0.0"), Ok((-0.0f64).to_be_bytes().to_vec()));
        assert_eq!(bytes(Writable::Boolean, "true"), Ok(vec![1]));
        assert_eq!(bytes(Writable::Bytes, "\"é\""), Ok(vec![0, 0, 0, 2, 0xc3, 0xa9]));
        assert_eq!(bytes(Writable::Base64, "\"AP8=\""), Ok(vec![0, 0, 0, 2, 0, 0xff]));
        assert_eq!(bytes(Writable::Text, "[1,\"a\"]"), Ok(b"\x07[1,\"a\"]".to_vec()));
        assert_eq!(bytes(Writable::Null, "[1]"), Ok(vec![]));
        for (writable, json, says) in [
            (Writable::Long, "9223372036854775808", "no number that a long has"),
            (Writable::Long, "1.5", "1.5 is no number that a long has"),
            (Writable::Long, "\"1\"", "no number"),
            (Writable::Int, "2147483648", "no number that an int has"),
            (Writable::Double, "1e400", "beyond"),
            (Writable::Double, "null", "null is no number"),
            (Writable::Boolean, "1", "no boolean"),
            (Writable::Base64, "\"?\"", "no base64"),
            (Writable::Base64, "1234", "no base64"),
        ] {
            let error = bytes(writable, json).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
