//! jaq values to canonical JSON.

use std::io::Write as _;

use jaq_json::{Num, Val};

use super::number_prefix;
use crate::record::push_escaped;

/// Appends `value` to `out` as canonical JSON.
pub(in crate::expr) fn write(value: &Val, out: &mut Vec<u8>) {
    match value {
        Val::Null => out.extend_from_slice(b"null"),
        Val::Bool(true) => out.extend_from_slice(b"true"),
        Val::Bool(false) => out.extend_from_slice(b"false"),
        Val::Num(number) => write_number(number, out),
        Val::TStr(string) | Val::BStr(string) => write_string(string, out),
        Val::Arr(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Val::Obj(map) => {
            out.push(b'{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(key, out);
                out.push(b':');
                write(item, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends `string` in quotes; what is not UTF-8 in it becomes U+FFFD.
fn write_string(string: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in string.utf8_chunks() {
        push_escaped(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

fn write_number(number: &Num, out: &mut Vec<u8>) {
    match number {
        Num::Int(integer) => drop(write!(out, "{integer}")),
        Num::BigInt(integer) => drop(write!(out, "{integer}")),
        Num::Float(float) => write_float(*float, out),
        // A literal of a program may be of a form that JSON does not know: `.5`.
        Num::Dec(digits) => match number_prefix(digits.as_bytes()) {
            Some((length, _)) if length == digits.len() => {
                out.extend_from_slice(digits.as_bytes());
            }
            _ => write_float(digits.parse().unwrap_or(f64::NAN), out),
        },
    }
}

/// Writes as jq does: the fewest digits that read as the same double, with an
/// exponent of at least two digits where the number is below 1e-5 or where a
/// plain form would need more than 16 digits; NaN is null, an infinity the
/// greatest double.
fn write_float(float: f64, out: &mut Vec<u8>) {
    if float.is_nan() {
        return out.extend_from_slice(b"null");
    }
    let scientific = format!("{:e}", float.clamp(f64::MIN, f64::MAX));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    out.extend_from_slice(sign.as_bytes());
    let digits = mantissa.replacen('.', "", 1);
    let length = digits.len() as i32;
    // Where the decimal point stands, counted from the first digit.
    let point = exponent + 1;
    let zeros = |count: i32| std::iter::repeat_n(b'0', count.max(0) as usize);
    if point <= -4 || point > length + 15 {
        let sign = if exponent < 0 { '-' } else { '+' };
        let exponent = exponent.unsigned_abs();
        drop(write!(out, "{mantissa}e{sign}{exponent:02}"));
    } else if point <= 0 {
        out.extend_from_slice(b"0.");
        out.extend(zeros(-point));
        out.extend_from_slice(digits.as_bytes());
    } else if point >= length {
        out.extend_from_slice(digits.as_bytes());
        out.extend(zeros(point - length));
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        drop(write!(out, "{whole}.{fraction}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(float: f64) -> String {
        let mut out = Vec::new();
        write_float(float, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_written_as_jq_writes_them() {
        for (value, text) in [
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
            (3.0, "3"),
            (1e15, "1000000000000000"),
            (1e17, "1e+17"),
            (123456789012345680.0, "123456789012345680"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1.234e-5, "1.234e-05"),
            (-0.0, "-0"),
            (0.0, "0"),
            (-12.5, "-12.5"),
            (f64::INFINITY, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-1.7976931348623157e+308"),
            (f64::NAN, "null"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn what_is_not_utf_8_is_replaced() {
        let mut out = Vec::new();
        write_string(b"a\xffb", &mut out);
        assert_eq!(out, "\"a\u{fffd}b\"".as_bytes());
    }
}
