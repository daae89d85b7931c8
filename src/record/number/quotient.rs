//! Averages: the quotient of an exact sum and a count.

use super::write::{Digits, push_float};
use super::{Decimal, POWERS, Repr, power_of_ten};
use num_bigint::{BigInt, BigUint};

/// Significant digits up to which a quotient that ends is written exactly: as
/// many as tell any two floats apart.
const EXACT_DIGITS: usize = 17;

/// Up to here every integer is a float.
const MAX_EXACT_FLOAT: u64 = 1 << 53;

impl Decimal {
    /// Appends the quotient of this number and `divisor` as canonical JSON; a
    /// divisor of 0 counts as 1.
    ///
    /// The quotient is written exactly if it is an integer or ends within 17
    /// significant digits (the average of 0.1 and 0.2 is 0.15). Otherwise it is
    /// the nearest float in its shortest form (1/3 is 0.3333333333333333), or,
    /// beyond the range of floats, rounded half to even to 17 digits.
    pub fn push_quotient(&self, divisor: u64, out: &mut Vec<u8>) {
        let divisor = divisor.max(1);
        if let Some(exact) = self.terminating_quotient(divisor)
            && (exact.is_integer() || exact.to_digits().digits.len() <= EXACT_DIGITS)
        {
            exact.push(out);
            return;
        }
        match self.float_quotient(divisor) {
            Some(float) => push_float(float, out),
            None => self.push_rounded_quotient(divisor, out),
        }
    }

    /// The exact quotient, if its decimal digits come to an end: if nothing but
    /// twos and fives is left of the divisor in the reduced fraction.
    pub(super) fn terminating_quotient(&self, divisor: u64) -> Option<Decimal> {
        let remainder = match &self.0 {
            Repr::Small(mantissa, _) => ({ mantissa.0 }.unsigned_abs() % u128::from(divisor)) as u64,
            Repr::Big(big) => u64::try_from(big.0.magnitude() % divisor).ok()?,
        };
        let mut reduced = divisor / greatest_common_divisor(remainder, divisor);
        let twos = reduced.trailing_zeros();
        reduced >>= twos;
        let mut fives = 0;
        while reduced.is_multiple_of(5) {
            reduced /= 5;
            fives += 1;
        }
        if reduced != 1 {
            return None;
        }
        let places = twos.max(fives);
        let exponent = self.exponent() - places as i32;
        if let Repr::Small(mantissa, _) = &self.0
            && let Some(power) = POWERS.get(places as usize)
            && let Some(scaled) = { mantissa.0 }.checked_mul(*power)
        {
            return Some(Decimal::small(scaled / i128::from(divisor), exponent));
        }
        Some(Decimal::of_big(self.mantissa() * power_of_ten(places) / divisor, exponent))
    }

    /// The float nearest to the quotient; `None` outside the range of normal
    /// floats.
    pub(super) fn float_quotient(&self, divisor: u64) -> Option<f64> {
        if let Repr::Small(mantissa, exponent @ -15..=0) = &self.0
            && { mantissa.0 }.unsigned_abs() <= MAX_EXACT_FLOAT.into()
            && let Some(scaled) = divisor.checked_mul(POWERS[exponent.unsigned_abs() as usize] as u64)
            && scaled <= MAX_EXACT_FLOAT
        {
            // Both are exact, so IEEE division gives the nearest.
            return Some(mantissa.0 as f64 / scaled as f64);
        }
        let (numerator, denominator) = self.fraction(divisor);
        // A quotient of 66 or 67 bits, the lowest of which also stands for the
        // remainder: more than a float holds, so that rounding it is right.
        let shift = 66 + denominator.bits() as i64 - numerator.bits() as i64;
        let (numerator, denominator) = if shift >= 0 {
            (numerator << shift as u64, denominator)
        } else {
            (numerator, denominator << shift.unsigned_abs())
        };
        let quotient = &numerator / &denominator;
        let has_remainder = &quotient * &denominator != numerator;
        let bits = u128::try_from(&quotient).ok()? | u128::from(has_remainder);
        let exponent = 66 - shift;
        if !(-1020..=1022).contains(&exponent) {
            return None;
        }
        // Two steps, because 2^-shift itself may be out of range.
        let half = (-shift / 2) as i32;
        let size = bits as f64 * 2f64.powi(half) * 2f64.powi(-(shift as i32) - half);
        Some(if self.is_negative() { -size } else { size })
    }

    fn push_rounded_quotient(&self, divisor: u64, out: &mut Vec<u8>) {
        let (numerator, denominator) = self.fraction(divisor);
        let decimal_digits = |number: &BigUint| number.bits() as i64 * 30103 / 100_000;
        // At least two digits more than are kept, whatever the estimate's error.
        let places = EXACT_DIGITS as i64 + 4 + decimal_digits(&denominator) - decimal_digits(&numerator);
        let power = power_of_ten(places.unsigned_abs() as u32).magnitude().clone();
        let (numerator, denominator) =
            if places >= 0 { (numerator * power, denominator) } else { (numerator, denominator * power) };
        let quotient = &numerator / &denominator;
        let has_more = &quotient * &denominator != numerator;
        let digits = quotient.to_string().into_bytes();
        let point = digits.len() as i64 - places;
        let mut number = Digits { negative: self.is_negative(), digits, point };
        number.round(EXACT_DIGITS, has_more);
        number.push_scientific(out);
    }

    /// Size of the quotient as a fraction of two integers.
    fn fraction(&self, divisor: u64) -> (BigUint, BigUint) {
        let mantissa = self.mantissa().magnitude().clone();
        let exponent = self.exponent();
        let power = power_of_ten(exponent.unsigned_abs());
        let (numerator, denominator): (BigInt, BigInt) = if exponent >= 0 {
            (BigInt::from(mantissa) * power, BigInt::from(divisor))
        } else {
            (BigInt::from(mantissa), power * divisor)
        };
        (numerator.magnitude().clone(), denominator.magnitude().clone())
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}
