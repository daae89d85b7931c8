//! JSON values as objects of Java.

use clap::ValueEnum;
use sstream::connect::record::{Decimal, Kind, elements, kind, members, normal_key, pair, push_float, unescape};

use super::classes::Class;
use super::stream::Stream;
use crate::writable::shown;

/// Which arrays of two elements are a `scala.Tuple2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Tuples {
    /// A record that is a pair; what is inside of records is an array
    #[default]
    Record,
    /// Every array of two
    All,
    /// None
    None,
}

/// Writes a value as an object:
///
/// | value | object |
/// |---|---|
/// | null | null |
/// | true, false | `Boolean` |
/// | a string | `String` |
/// | an integer of 64 bits | `Long` |
/// | a larger one | `BigInteger` |
/// | any other number | `Double` if that shows the same digits again, else `BigDecimal` |
/// | an array | `Object[]`, or `scala.Tuple2` as [`Tuples`] says |
/// | an object | `LinkedHashMap` |
///
/// # Errors
/// A number has an exponent beyond all measure; the stream has to be taken back then.
pub fn push(value: &[u8], tuples: Tuples, stream: &mut Stream) -> Result<(), String> {
    let inside = if tuples == Tuples::All { Tuples::All } else { Tuples::None };
    match kind(value) {
        Some(Kind::String) => stream.string(&unescape(value)),
        Some(Kind::Number) => number(value, stream)?,
        Some(Kind::Array) => match pair(value) {
            Some((first, second)) if tuples != Tuples::None => {
                stream.object(Class::Tuple2);
                push(first, inside, stream)?;
                push(second, inside, stream)?;
            }
            _ => {
                let place = stream.array(Class::Objects, 0);
                let mut length = 0;
                for element in elements(value) {
                    push(element, inside, stream)?;
                    length += 1;
                }
                stream.set_length(place, length);
            }
        },
        Some(Kind::Object) => map(value, inside, stream)?,
        _ => match value {
            b"true" | b"false" => {
                stream.object(Class::Boolean);
                stream.raw(&[(value == b"true").into()]);
            }
            _ => stream.null(),
        },
    }
    Ok(())
}

fn number(value: &[u8], stream: &mut Stream) -> Result<(), String> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    // Only a double has a negative zero.
    let is_integer = digits.iter().all(u8::is_ascii_digit) && value != b"-0";
    if is_integer {
        match std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok()) {
            Some(long) => {
                stream.object(Class::Long);
                stream.raw(&long.to_be_bytes());
            }
            None => exact(value, true, stream)?,
        }
        return Ok(());
    }
    match fast_float2::parse::<f64, _>(value) {
        Ok(double) if shows(double, value) => {
            stream.object(Class::Double);
            stream.raw(&double.to_be_bytes());
            Ok(())
        }
        _ => exact(value, false, stream),
    }
}

/// Whether a double is the number itself, as far as its digits go.
fn shows(double: f64, value: &[u8]) -> bool {
    let mut shortest = Vec::new();
    push_float(double, &mut shortest);
    double.is_finite() && (shortest == value || normal_key(&shortest) == normal_key(value))
}

/// A `BigInteger` or `BigDecimal`.
fn exact(value: &[u8], is_integer: bool, stream: &mut Stream) -> Result<(), String> {
    let decimal = Decimal::parse(value).map_err(|error| format!("{}: {error}", shown(value)))?;
    decimal.with_parts(|exponent, mantissa| {
        let (is_negative, magnitude) = magnitude(mantissa);
        if is_integer {
            // Zeros at its end are in the exponent.
            big_integer(is_negative, &shifted(magnitude, exponent), stream);
        } else {
            stream.object(Class::BigDecimal);
            stream.raw(&(-exponent).to_be_bytes());
            big_integer(is_negative, &magnitude, stream);
            stream.end_of_block();
        }
    });
    Ok(())
}

fn big_integer(is_negative: bool, magnitude: &[u8], stream: &mut Stream) {
    stream.object(Class::BigInteger);
    // What Java once kept there.
    [-1, -1, -2, -2].iter().for_each(|unused: &i32| stream.raw(&unused.to_be_bytes()));
    let sign = match (magnitude.is_empty(), is_negative) {
        (true, _) => 0,
        (_, true) => -1,
        _ => 1i32,
    };
    stream.raw(&sign.to_be_bytes());
    stream.array(Class::Bytes, magnitude.len() as u32);
    stream.raw(magnitude);
    stream.end_of_block();
}

/// Sign and magnitude, most significant byte first, of a two's complement with its least byte first.
fn magnitude(mantissa: &[u8]) -> (bool, Vec<u8>) {
    let is_negative = mantissa.last().is_some_and(|last| *last >= 0x80);
    let mut bytes = mantissa.to_vec();
    if is_negative {
        // Complement, plus one.
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(carry.into());
        }
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.reverse();
    (is_negative, bytes)
}

/// Times ten, so many times.
fn shifted(magnitude: Vec<u8>, exponent: i32) -> Vec<u8> {
    let mut bytes = magnitude;
    for _ in 0..exponent.max(0) {
        let mut carry = 0u16;
        for byte in bytes.iter_mut().rev() {
            let product = u16::from(*byte) * 10 + carry;
            (*byte, carry) = (product as u8, product >> 8);
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    bytes
}

fn map(value: &[u8], tuples: Tuples, stream: &mut Stream) -> Result<(), String> {
    let size = members(value).count() as u32;
    stream.object(Class::LinkedHashMap);
    stream.raw(&0.75f32.to_be_bytes());
    // What a table of three quarters full begins with; readers make one by the size.
    let buckets = (size + size / 3 + 1).next_power_of_two().max(16);
    let threshold = if size == 0 { 0 } else { buckets / 4 * 3 };
    stream.raw(&threshold.to_be_bytes());
    let mut counts = [0; 8];
    counts[..4].copy_from_slice(&buckets.to_be_bytes());
    counts[4..].copy_from_slice(&size.to_be_bytes());
    stream.block(&counts);
    for (key, value) in members(value) {
        stream.string(&unescape(key));
        push(value, tuples, stream)?;
    }
    stream.end_of_block();
    // In the order of insertion.
    stream.raw(&[0]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::classes::Scala;
    use super::*;

    /// What `ObjectOutputStream` itself writes of an array with this value alone.
    fn bytes(json: &str, tuples: Tuples) -> String {
        let mut stream = Stream::new(Scala::default());
        stream.array(Class::Objects, 1);
        push(json.as_bytes(), tuples, &mut stream).unwrap();
        stream.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn objects_are_as_java_writes_them() {
        for line in include_str!("../../tests/data/java").lines() {
            let (json, want) = line.split_once('\t').unwrap();
            assert_eq!(bytes(json, Tuples::Record), want, "{json}");
        }
    }

    #[test]
    fn numbers_lose_no_digit() {
        let class = |json: &str| {
            let bytes = bytes(json, Tuples::None);
            let name = |name: &str| name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            let names = ["java.math.BigDecimal", "java.math.BigInteger", "java.lang.Double", "java.lang.Long"];
            names.into_iter().find(|class| bytes.contains(&name(class))).unwrap()
        };
        for (json, want) in [
            ("9223372036854775807", "java.lang.Long"),
            ("9223372036854775808", "java.math.BigInteger"),
            ("-9223372036854775808", "java.lang.Long"),
            ("-9223372036854775809", "java.math.BigInteger"),
            ("100000000000000000000000", "java.math.BigInteger"),
            ("0.1", "java.lang.Double"),
            ("1.10", "java.lang.Double"),
            ("-0", "java.lang.Double"),
            ("-0.0", "java.lang.Double"),
            ("1e3", "java.lang.Double"),
            ("1e22", "java.lang.Double"),
            ("0.1000000000000000055511151231257827", "java.math.BigDecimal"),
            ("1e400", "java.math.BigDecimal"),
            ("1e-400", "java.math.BigDecimal"),
        ] {
            assert_eq!(class(json), want, "{json}");
        }
        let error = push(b"1e99999999999", Tuples::None, &mut Stream::new(Scala::default())).unwrap_err();
        assert!(error.contains("1e99999999999"), "{error}");
    }

    #[test]
    fn integers_are_shifted_by_their_zeros() {
        assert_eq!(shifted(vec![1], 3), [3, 232]);
        assert_eq!(magnitude(&[0, 0xff]), (true, vec![1, 0]));
        assert_eq!(magnitude(&[0]), (false, vec![]));
        assert_eq!(magnitude(&[0xff]), (true, vec![1]));
    }

    #[test]
    fn a_stream_that_is_taken_back_describes_again() {
        let mut stream = Stream::new(Scala::V2_13);
        let place = stream.place();
        push(b"[1,{\"a\":2.5}]", Tuples::All, &mut stream).unwrap();
        let bytes = stream.bytes().to_vec();
        stream.back(place);
        push(b"[1,{\"a\":2.5}]", Tuples::All, &mut stream).unwrap();
        assert_eq!(stream.bytes(), bytes);
        stream.clear();
        assert_eq!(stream.bytes().len(), 4);
    }
}
