//! What binary forms have and JSON has not: bytes, and floats that are no numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::record;

/// Appends a float as a number, or in words.
pub fn push_float(number: f64, out: &mut Vec<u8>) {
    if !push_words(number, out) {
        record::push_float(number, out);
    }
}

/// The same of one with 32 bits: with no more digits than it takes to tell it from others of its kind.
pub fn push_float32(number: f32, out: &mut Vec<u8>) {
    if !push_words(number.into(), out) {
        out.extend_from_slice(number.to_string().as_bytes());
    }
}

/// Appends the words for what is no number in JSON; whether it is none.
fn push_words(number: f64, out: &mut Vec<u8>) -> bool {
    let words: &[u8] = match number {
        _ if number.is_nan() => b"\"NaN\"",
        f64::INFINITY => b"\"Infinity\"",
        f64::NEG_INFINITY => b"\"-Infinity\"",
        _ => return false,
    };
    out.extend_from_slice(words);
    true
}

/// Appends bytes as a string, in base64.
pub fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    record::push_string(STANDARD.encode(bytes).as_bytes(), out);
}
