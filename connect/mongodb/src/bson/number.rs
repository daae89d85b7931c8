//! Numbers without loss: JSON knows no sizes, BSON has four types.

use sstream_tables::exact_float;

use super::kind;

/// The digits that a Decimal128 has.
const DIGITS: usize = 34;

/// Its powers of ten.
const LEAST: i64 = -6176;
const GREATEST: i64 = 6111;

/// Appends the value of a number as JSON has it, in the least type that keeps it: an integer of 32 or 64 bits, a
/// floating-point number where that is read back as the same digits, a Decimal128. The type.
///
/// # Errors
/// None keeps it.
pub fn push(number: &str, out: &mut Vec<u8>) -> Result<u8, String> {
    if let Ok(integer) = number.parse::<i32>() {
        out.extend_from_slice(&integer.to_le_bytes());
        return Ok(kind::INT32);
    }
    if let Ok(integer) = number.parse::<i64>() {
        out.extend_from_slice(&integer.to_le_bytes());
        return Ok(kind::INT64);
    }
    let is_integer = !number.contains(['.', 'e', 'E']);
    if let Some(float) = exact_float(number).filter(|_| !is_integer) {
        out.extend_from_slice(&float.to_le_bytes());
        return Ok(kind::DOUBLE);
    }
    push_decimal(number, out)?;
    Ok(kind::DECIMAL)
}

/// Appends a Decimal128.
///
/// # Errors
/// It has too many digits, or is too large or too small.
pub fn push_decimal(number: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let special: Option<u128> = match number {
        "NaN" => Some(0x7c << 120),
        "Infinity" => Some(0x78 << 120),
        "-Infinity" => Some(0xf8 << 120),
        _ => None,
    };
    let shown = || number.chars().take(60).collect::<String>();
    let bits = match special {
        Some(bits) => bits,
        None => decimal(number).ok_or_else(|| {
            format!("{}: a number has {DIGITS} digits at most in MongoDB: --doc may make a string of it", shown())
        })?,
    };
    out.extend_from_slice(&bits.to_le_bytes());
    Ok(())
}

/// The bits of a Decimal128, in the form in which its digits are a binary integer.
fn decimal(number: &str) -> Option<u128> {
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let mut digits = digits.trim_start_matches('0').to_owned();
    let mut exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    // Zeros at the end may be a part of the power of ten, and the other way round.
    while digits.ends_with('0') && (digits.len() > DIGITS || exponent < LEAST) {
        digits.pop();
        exponent += 1;
    }
    if digits.is_empty() {
        exponent = exponent.clamp(LEAST, GREATEST);
    }
    while exponent > GREATEST && digits.len() < DIGITS {
        digits.push('0');
        exponent -= 1;
    }
    if digits.len() > DIGITS || !(LEAST..=GREATEST).contains(&exponent) {
        return None;
    }
    let coefficient: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let power = u128::try_from(exponent - LEAST).ok()?;
    Some(u128::from(is_negative) << 127 | power << 113 | coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_type_that_keeps_a_number() {
        for (number, expected) in [
            ("0", kind::INT32),
            ("-2147483648", kind::INT32),
            ("2147483648", kind::INT64),
            ("-9223372036854775808", kind::INT64),
            ("9223372036854775808", kind::DECIMAL),
            ("18446744073709551616", kind::DECIMAL),
            ("1.5", kind::DOUBLE),
            ("1.10", kind::DOUBLE),
            ("1e3", kind::DOUBLE),
            ("0.1", kind::DOUBLE),
            ("0.12345678901234567890", kind::DECIMAL),
            ("1e400", kind::DECIMAL),
        ] {
            assert_eq!(push(number, &mut Vec::new()), Ok(expected), "{number}");
        }
        for wrong in ["12345678901234567890123456789012345", "1e7000", "1e-7000", "1e99999999999999999999"] {
            assert!(push(wrong, &mut Vec::new()).unwrap_err().contains("34 digits"), "{wrong}");
        }
    }

    /// As the specification of Decimal128 in BSON has them.
    #[test]
    fn bits_of_decimals() {
        for (number, bits) in [
            ("0", "00000000000000000000000000004030"),
            ("-0", "000000000000000000000000000040b0"),
            ("1", "01000000000000000000000000004030"),
            ("0.1", "01000000000000000000000000003e30"),
            ("0.1234567890123456789012345678901234", "f2af967ed05c82de3297ff6fde3cfc2f"),
            ("1E+6144", "000000000a5bc138938d44c64d31fe5f"),
            ("9.999999999999999999999999999999999e6144", "ffffffff638e8d37c087adbe09edff5f"),
            ("1e-6176", "01000000000000000000000000000000"),
            ("NaN", "0000000000000000000000000000007c"),
            ("-Infinity", "000000000000000000000000000000f8"),
        ] {
            let mut out = Vec::new();
            push_decimal(number, &mut out).unwrap();
            let shown: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown, bits, "{number}");
        }
        for wrong in ["", ".", "-", "one", "1e"] {
            assert!(push_decimal(wrong, &mut Vec::new()).is_err(), "{wrong:?}");
        }
    }
}
