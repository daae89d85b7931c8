//! Exact decimal numbers: what sums are made of.
//!
//! A [`Decimal`] is `mantissa × 10^exponent`. The mantissa is an `i128` as long
//! as it fits (every operation is checked) and a big integer beyond, so nothing
//! wraps and nothing is lost; rounding happens once, when a result is written
//! (see [`Decimal::push`] and [`Decimal::push_quotient`]).

mod quotient;
mod text;
mod write;

pub use text::{advice_on_text, is_number, push_number_or_string};
pub use write::{push_float, push_integer};

use super::literal::Literal;
use num_bigint::{BigInt, Sign};
use std::cmp::Ordering;
use std::fmt;

/// The greatest power of ten, up or down, at which arithmetic is done. A short
/// text like `1e999999999` would otherwise ask for a gigabyte of digits. Keys
/// and comparisons, which need no digits written out, know no such limit.
pub const MAX_EXPONENT: i32 = 10_000;

/// Why bytes are no number to calculate with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// It is not a JSON number.
    NotANumber,
    /// Its exponent is beyond ±[`MAX_EXPONENT`].
    OutOfRange,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NumberError::NotANumber => f.write_str("not a number"),
            NumberError::OutOfRange => {
                write!(f, "number out of range: its exponent is beyond {MAX_EXPONENT}")
            }
        }
    }
}

impl std::error::Error for NumberError {}

/// An exact decimal number of any size, in 24 bytes while it is not huge.
#[derive(Clone)]
pub struct Decimal(Repr);

#[derive(Clone)]
enum Repr {
    Small(Mantissa, i32),
    /// A mantissa that an `i128` does not hold.
    Big(Box<(BigInt, i32)>),
}

/// An `i128` aligned as a `u64` is: accumulators by the million are smaller.
#[derive(Clone, Copy)]
#[repr(C, packed(8))]
struct Mantissa(i128);

/// Powers of ten that an `i128` holds.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};

/// Ten to the `exponent`.
fn power_of_ten(exponent: u32) -> BigInt {
    match POWERS.get(exponent as usize) {
        Some(&power) => BigInt::from(power),
        None => BigInt::from(10).pow(exponent),
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal::small(0, 0);

    const fn small(mantissa: i128, exponent: i32) -> Decimal {
        Decimal(Repr::Small(Mantissa(mantissa), exponent))
    }

    fn of_big(mantissa: BigInt, exponent: i32) -> Decimal {
        match i128::try_from(&mantissa) {
            Ok(small) => Decimal::small(small, exponent),
            Err(_) => Decimal(Repr::Big(Box::new((mantissa, exponent)))),
        }
    }

    /// The exact value of a JSON number.
    #[inline]
    pub fn parse(number: &[u8]) -> Result<Decimal, NumberError> {
        match parse_short(number) {
            Some((mantissa, exponent)) => Ok(Decimal::small(mantissa.into(), exponent)),
            None => parse_long(number),
        }
    }

    /// Adds `other`, exactly.
    #[inline]
    pub fn add(&mut self, other: &Decimal) {
        if let (Repr::Small(a, exponent_a), Repr::Small(b, exponent_b)) = (&self.0, &other.0)
            && let Some((sum, exponent)) = add_small((a.0, *exponent_a), (b.0, *exponent_b))
        {
            self.0 = Repr::Small(Mantissa(sum), exponent);
            return;
        }
        self.add_big(other, false);
    }

    /// Subtracts `other`, exactly.
    #[inline]
    pub fn subtract(&mut self, other: &Decimal) {
        if let (Repr::Small(a, exponent_a), Repr::Small(b, exponent_b)) = (&self.0, &other.0)
            && let Some(negated) = { b.0 }.checked_neg()
            && let Some((sum, exponent)) = add_small((a.0, *exponent_a), (negated, *exponent_b))
        {
            self.0 = Repr::Small(Mantissa(sum), exponent);
            return;
        }
        self.add_big(other, true);
    }

    /// Adds, or subtracts, with big integers.
    #[cold]
    fn add_big(&mut self, other: &Decimal, subtract: bool) {
        if other.is_zero() {
            return;
        }
        let (mut sum, mut exponent) = match std::mem::replace(&mut self.0, Decimal::ZERO.0) {
            Repr::Small(mantissa, exponent) => (BigInt::from(mantissa.0), exponent),
            Repr::Big(big) => *big,
        };
        let other_exponent = other.exponent();
        if sum.sign() == Sign::NoSign {
            exponent = other_exponent;
        } else if exponent > other_exponent {
            sum *= power_of_ten(exponent.abs_diff(other_exponent));
            exponent = other_exponent;
        }
        let scale = exponent.abs_diff(other_exponent);
        let scaled;
        let addend = match &other.0 {
            Repr::Big(big) if scale == 0 => &big.0,
            _ => {
                scaled = other.mantissa() * power_of_ten(scale);
                &scaled
            }
        };
        if subtract {
            sum -= addend;
        } else {
            sum += addend;
        }
        *self = Decimal::of_big(sum, exponent);
        self.strip_when_worth_it();
    }

    /// Drops a big mantissa's trailing zeros where its binary form shows that
    /// they are many: something huge came and what is small has gone since.
    fn strip_when_worth_it(&mut self) {
        const MANY: u64 = 64;
        if let Repr::Big(big) = &mut self.0
            && big.0.trailing_zeros().is_some_and(|zeros| zeros >= MANY)
        {
            let (mantissa, exponent) = &mut **big;
            for step in (0..=14).rev().map(|bit| 1u32 << bit) {
                let power = power_of_ten(step);
                while power.bits() < mantissa.bits() && (&*mantissa % &power).sign() == Sign::NoSign {
                    *mantissa /= &power;
                    *exponent += step as i32;
                }
            }
            *self = Decimal::of_big(std::mem::take(mantissa), *exponent);
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        // A mantissa that an `i128` does not hold is none.
        matches!(self.0, Repr::Small(Mantissa(0), _))
    }

    fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(mantissa, _) => { mantissa.0 }.is_negative(),
            Repr::Big(big) => big.0.sign() == Sign::Minus,
        }
    }

    fn exponent(&self) -> i32 {
        match &self.0 {
            Repr::Small(_, exponent) => *exponent,
            Repr::Big(big) => big.1,
        }
    }

    fn mantissa(&self) -> BigInt {
        match &self.0 {
            Repr::Small(mantissa, _) => BigInt::from(mantissa.0),
            Repr::Big(big) => big.0.clone(),
        }
    }

    /// Lets `take` have the exponent, and the mantissa as two's complement, least
    /// byte first, no longer than it must be: for saving.
    pub fn with_parts(&self, take: impl FnOnce(i32, &[u8])) {
        match &self.0 {
            Repr::Small(mantissa, exponent) => {
                let value = mantissa.0;
                // Leading bits that only repeat the sign need not be there.
                let bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
                let length = (16 - (bits as usize - 1) / 8).max(1);
                take(*exponent, &value.to_le_bytes()[..length]);
            }
            Repr::Big(big) => take(big.1, &big.0.to_signed_bytes_le()),
        }
    }

    /// The number that [`Decimal::with_parts`] took apart; `None` if the exponent
    /// is beyond what sums reach.
    pub fn from_parts(exponent: i32, mantissa: &[u8]) -> Option<Decimal> {
        // A sum may be a little above the limit once zeros are stripped.
        (exponent.unsigned_abs() <= 2 * MAX_EXPONENT.unsigned_abs()).then(|| match mantissa {
            [.., last] if mantissa.len() <= 16 => {
                let mut bytes = [if *last < 0x80 { 0 } else { 0xff }; 16];
                bytes[..mantissa.len()].copy_from_slice(mantissa);
                Decimal::small(i128::from_le_bytes(bytes), exponent)
            }
            _ => Decimal::of_big(BigInt::from_signed_bytes_le(mantissa), exponent),
        })
    }
}

/// Adds two small numbers; `None` if the sum is not small.
#[inline]
fn add_small(a: (i128, i32), b: (i128, i32)) -> Option<(i128, i32)> {
    if a.1 == b.1 {
        return Some((a.0.checked_add(b.0)?, a.1));
    }
    if a.0 == 0 || b.0 == 0 {
        return Some(if a.0 == 0 { b } else { a });
    }
    let (upper, lower) = if a.1 > b.1 { (a, b) } else { (b, a) };
    let power = POWERS.get((upper.1 - lower.1) as usize)?;
    Some((upper.0.checked_mul(*power)?.checked_add(lower.0)?, lower.1))
}

/// Mantissa and exponent of a number of at most 18 characters that has no
/// exponent of its own; anything else is `None`.
#[inline]
fn parse_short(number: &[u8]) -> Option<(i64, i32)> {
    let (is_negative, digits) = match number.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, number),
    };
    if digits.len() > 18 || !digits.first()?.is_ascii_digit() {
        return None;
    }
    let mut mantissa = 0i64;
    let mut point = None;
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa * 10 + i64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return None;
        }
    }
    let fraction_digits = point.map_or(0, |point| digits.len() - point - 1);
    let mantissa = if is_negative { -mantissa } else { mantissa };
    Some((mantissa, -(fraction_digits as i32)))
}

#[cold]
fn parse_long(number: &[u8]) -> Result<Decimal, NumberError> {
    let literal = Literal::parse(number).ok_or(NumberError::NotANumber)?;
    if literal.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let digits = literal.digit_count();
    let exponent = literal
        .point
        .plus(-(digits as i64))
        .small()
        .and_then(|exponent| i32::try_from(exponent).ok())
        .filter(|exponent| exponent.abs() <= MAX_EXPONENT)
        .ok_or(NumberError::OutOfRange)?;
    if digits < POWERS.len() {
        let mantissa = literal.digits().fold(0, |value, digit| value * 10 + i128::from(digit - b'0'));
        return Ok(Decimal::small(if literal.negative { -mantissa } else { mantissa }, exponent));
    }
    let values: Vec<u8> = literal.digits().map(|digit| digit - b'0').collect();
    let sign = if literal.negative { Sign::Minus } else { Sign::Plus };
    let mantissa = BigInt::from_radix_be(sign, &values, 10).ok_or(NumberError::NotANumber)?;
    Ok(Decimal::of_big(mantissa, exponent))
}

impl Default for Decimal {
    fn default() -> Decimal {
        Decimal::ZERO
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal::small(value.into(), 0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        if let (Repr::Small(a, exponent_a), Repr::Small(b, exponent_b)) = (&self.0, &other.0)
            && exponent_a == exponent_b
        {
            return { a.0 }.cmp(&{ b.0 });
        }
        let mut difference = self.clone();
        difference.subtract(other);
        match (difference.is_zero(), difference.is_negative()) {
            (true, _) => Ordering::Equal,
            (_, true) => Ordering::Less,
            (_, false) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}e{}", self.mantissa(), self.exponent())
    }
}

#[cfg(test)]
mod tests;
