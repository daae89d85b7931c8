//! How results of arithmetic are written: the one place where they are rounded.

use super::{Decimal, Repr};
use crate::record::literal::push_plain;
use std::io::Write;

/// Significant digits of a result that is no integer, as in IEEE decimal128.
const FRACTION_DIGITS: usize = 34;

/// An integer is written with an exponent when it is longer than this …
const PLAIN_INTEGER_DIGITS: i64 = 40;

/// … and ends in more zeros than this.
const PLAIN_ZEROS: i64 = 20;

/// Decimal digits of a number: zero point `digits` times ten to the `point`.
pub(super) struct Digits {
    pub negative: bool,
    /// ASCII; no zero at the start, and none at the end once trimmed.
    pub digits: Vec<u8>,
    pub point: i64,
}

impl Decimal {
    /// Appends the number as canonical JSON.
    ///
    /// - An integer is written exactly, whatever its size: plain, or with an
    ///   exponent (`1e300`) if the plain form would have more than 40 digits
    ///   and more than 20 zeros at its end.
    /// - Anything else is written exactly if it has at most 34 significant
    ///   digits, and is otherwise rounded to 34, half to even; plain, or with
    ///   an exponent below 0.000001.
    pub fn push(&self, out: &mut Vec<u8>) {
        if let Repr::Small(mantissa, 0) = &self.0 {
            let mantissa = mantissa.0;
            return match i64::try_from(mantissa) {
                Ok(short) => push_integer(short, out),
                Err(_) => push_integer(mantissa, out),
            };
        }
        let mut number = self.to_digits();
        if !number.is_integer() {
            number.round(FRACTION_DIGITS, false);
        }
        number.push(out);
    }

    /// Whether this is an integer.
    pub(super) fn is_integer(&self) -> bool {
        self.exponent() >= 0 || self.to_digits().is_integer()
    }

    pub(super) fn to_digits(&self) -> Digits {
        let (text, exponent) = match &self.0 {
            Repr::Small(mantissa, exponent) => ({ mantissa.0 }.unsigned_abs().to_string(), *exponent),
            Repr::Big(big) => (big.0.magnitude().to_string(), big.1),
        };
        let point = text.len() as i64 + i64::from(exponent);
        let mut number = Digits { negative: self.is_negative(), digits: text.into_bytes(), point };
        number.trim();
        number
    }
}

impl Digits {
    /// Drops the zeros at the end; zero has no digits.
    fn trim(&mut self) {
        let zeros = self.digits.iter().rev().take_while(|&&digit| digit == b'0').count();
        self.digits.truncate(self.digits.len() - zeros);
    }

    fn is_integer(&self) -> bool {
        self.point >= self.digits.len() as i64 || self.digits.is_empty()
    }

    /// Rounds to `limit` significant digits, half to even. `has_more` says that
    /// digits other than zero follow that are not in `digits`.
    pub fn round(&mut self, limit: usize, has_more: bool) {
        if self.digits.len() <= limit {
            return;
        }
        let rest = self.digits.split_off(limit);
        let is_above_half =
            rest[0] > b'5' || rest[0] == b'5' && (has_more || rest[1..].iter().any(|&digit| digit != b'0'));
        let is_half = rest[0] == b'5';
        let is_odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        if is_above_half || is_half && is_odd {
            let nines = self.digits.iter().rev().take_while(|&&digit| digit == b'9').count();
            self.digits.truncate(self.digits.len() - nines);
            match self.digits.last_mut() {
                Some(digit) => *digit += 1,
                None => {
                    self.digits.push(b'1');
                    self.point += 1;
                }
            }
        }
        self.trim();
    }

    pub fn push(&self, out: &mut Vec<u8>) {
        let zeros = self.point - self.digits.len() as i64;
        if self.digits.is_empty() {
            out.push(b'0');
        } else if self.point < -5 || zeros > PLAIN_ZEROS && self.point > PLAIN_INTEGER_DIGITS {
            self.push_scientific(out);
        } else {
            push_plain(self.negative, self.digits.iter().copied(), self.point, out);
        }
    }

    /// Appends the number as one digit, the others behind the point, exponent.
    pub fn push_scientific(&self, out: &mut Vec<u8>) {
        push_plain(self.negative, self.digits.iter().copied(), 1, out);
        let _ = write!(out, "e{}", self.point - 1);
    }
}

/// Appends an integer.
pub fn push_integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a finite float in its shortest form that reads back as the same
/// float; plain from 0.000001 up to below 1e21, else with an exponent, as
/// JavaScript does. What is not finite has no JSON: `null`.
pub fn push_float(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    let size = value.abs();
    let _ = if size == 0.0 {
        write!(out, "0")
    } else if (1e-6..1e21).contains(&size) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
}
