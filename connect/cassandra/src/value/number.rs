//! Numbers, none of whose digits is lost.

use num_bigint::BigInt;
use sstream_tables::exact_float;

/// The longest integer that a number of few characters is made to, in digits.
const LONGEST: i64 = 10_000;

/// A number as it is written: digits times ten to a power.
#[derive(Debug)]
struct Written {
    is_negative: bool,
    /// Without zeros at the beginning; nothing for zero.
    digits: String,
    exponent: i64,
}

impl Written {
    fn parse(text: &str) -> Option<Written> {
        let (is_negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let is_number = !whole.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        is_number.then(|| Written { is_negative, digits: digits.trim_start_matches('0').to_owned(), exponent })
    }

    /// The integer that the digits are.
    fn unscaled(&self) -> BigInt {
        let number = BigInt::parse_bytes(self.digits.as_bytes(), 10).unwrap_or_default();
        if self.is_negative { -number } else { number }
    }

    /// The digits of the number, if it is an integer.
    fn whole(mut self) -> Option<Written> {
        let zeros = usize::try_from(self.exponent.checked_neg()?).unwrap_or(0);
        if self.digits.is_empty() {
            return Some(Written { exponent: 0, ..self });
        }
        if zeros > 0 {
            let kept = self.digits.len().checked_sub(zeros)?;
            if self.digits[kept..].bytes().any(|digit| digit != b'0') {
                return None;
            }
            self.digits.truncate(kept);
        } else if self.exponent <= LONGEST {
            self.digits.extend((0..self.exponent).map(|_| '0'));
        } else {
            return None;
        }
        Some(Written { exponent: 0, ..self })
    }
}

/// An integer of a certain size; nothing where it is none, or does not fit.
pub fn integer<N: std::str::FromStr>(text: &str) -> Option<N> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // As 3.0 or 1e3, which are integers too.
    let Written { is_negative, digits, .. } = Written::parse(text)?.whole()?;
    match digits.as_str() {
        "" => "0".parse().ok(),
        digits => format!("{}{digits}", if is_negative { "-" } else { "" }).parse().ok(),
    }
}

/// An integer of any size, as the fewest bytes of its two's complement.
pub fn varint(text: &str) -> Option<Vec<u8>> {
    Some(Written::parse(text)?.whole()?.unscaled().to_signed_bytes_be())
}

/// A decimal: the number of its decimal places, and its digits as an integer.
pub fn decimal(text: &str) -> Option<Vec<u8>> {
    let written = Written::parse(text)?;
    let scale = i32::try_from(written.exponent.checked_neg()?).ok()?;
    Some([&scale.to_be_bytes()[..], &written.unscaled().to_signed_bytes_be()].concat())
}

/// A floating-point number of 64 bits that is read back as the same digits.
pub fn double(text: &str) -> Option<f64> {
    Written::parse(text)?;
    exact_float(text)
}

/// The same of 32 bits.
pub fn single(text: &str) -> Option<f32> {
    let Written { digits, .. } = Written::parse(text)?;
    let float: f32 = text.parse().ok().filter(|float: &f32| float.is_finite())?;
    let digits = digits.trim_end_matches('0');
    // Of up to 6 every number has one, and of more those that it is written as.
    let shortest = || format!("{float:e}").split('e').next().unwrap_or_default().replace(['-', '.'], "");
    let is_same = || shortest().trim_end_matches('0') == digits;
    let is_kept = digits.is_empty() || float != 0.0 && (float.is_normal() && digits.len() <= 6 || is_same());
    is_kept.then_some(float)
}
