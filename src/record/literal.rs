//! JSON numbers taken apart: sign, significant digits, and where the decimal
//! point stands. Exact for any number of digits and any exponent.

use num_bigint::BigInt;
use std::cmp::Ordering;

/// The exact value of a JSON number: zero point `digits`, times ten to the
/// `point`. The digits, which may lie in two pieces of the text (around the
/// decimal point), have no zeros at either end; zero has no digits, no sign,
/// and point 0. So two literals are the same number only if they are equal.
#[derive(Clone, Debug)]
pub(super) struct Literal<'a> {
    pub negative: bool,
    head: &'a [u8],
    tail: &'a [u8],
    pub point: Point,
}

impl<'a> Literal<'a> {
    /// Takes a JSON number apart; `None` if it is none.
    pub fn parse(number: &'a [u8]) -> Option<Literal<'a>> {
        let (negative, rest) = match number.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (integer, rest) = split_digits(rest);
        let (fraction, rest) = match rest.strip_prefix(b".") {
            Some(rest) => split_digits(rest),
            None => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => Point::Small(0),
            [b'e' | b'E', exponent @ ..] => Point::parse(exponent)?,
            _ => return None,
        };
        if integer.is_empty() {
            return None;
        }
        let head = trim_start_zeros(integer);
        let tail = trim_end_zeros(fraction);
        Some(if !head.is_empty() {
            let point = exponent.plus(head.len() as i64);
            let head = if tail.is_empty() { trim_end_zeros(head) } else { head };
            Literal { negative, head, tail, point }
        } else if !tail.is_empty() {
            let digits = trim_start_zeros(tail);
            let point = exponent.plus(-((tail.len() - digits.len()) as i64));
            Literal { negative, head: digits, tail: &[], point }
        } else {
            Literal { negative: false, head: &[], tail: &[], point: Point::Small(0) }
        })
    }

    pub fn is_zero(&self) -> bool {
        self.head.is_empty()
    }

    /// How many significant digits there are.
    pub fn digit_count(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// The significant digits, as ASCII.
    pub fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.head.iter().chain(self.tail).copied()
    }

    /// Compares by value.
    pub fn compare(&self, other: &Literal) -> Ordering {
        let sign = |literal: &Literal| match (literal.is_zero(), literal.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign != Ordering::Equal || self.is_zero() {
            return by_sign;
        }
        let by_size = self.point.cmp(&other.point).then_with(|| self.digits().cmp(other.digits()));
        if self.negative { by_size.reverse() } else { by_size }
    }
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

fn trim_start_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|&&digit| digit == b'0').count()..]
}

fn trim_end_zeros(digits: &[u8]) -> &[u8] {
    &digits[..digits.len() - digits.iter().rev().take_while(|&&digit| digit == b'0').count()]
}

/// A power of ten of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Small(i64),
    /// One that an `i64` does not hold.
    Big(Box<BigInt>),
}

impl Point {
    /// Parses what follows the `e`.
    fn parse(exponent: &[u8]) -> Option<Point> {
        let digits = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let text = std::str::from_utf8(exponent).ok()?;
        match text.parse() {
            Ok(small) => Some(Point::Small(small)),
            Err(_) => text.parse().ok().map(Point::of_big),
        }
    }

    fn of_big(big: BigInt) -> Point {
        i64::try_from(&big).map_or_else(|_| Point::Big(Box::new(big)), Point::Small)
    }

    fn to_big(&self) -> BigInt {
        match self {
            Point::Small(small) => BigInt::from(*small),
            Point::Big(big) => (**big).clone(),
        }
    }

    pub fn plus(&self, other: i64) -> Point {
        if let Point::Small(small) = self
            && let Some(sum) = small.checked_add(other)
        {
            return Point::Small(sum);
        }
        Point::of_big(self.to_big() + other)
    }

    /// The power, if an `i64` holds it.
    pub fn small(&self) -> Option<i64> {
        match self {
            Point::Small(small) => Some(*small),
            Point::Big(_) => None,
        }
    }

    pub fn push(&self, out: &mut Vec<u8>) {
        let text = match self {
            Point::Small(small) => small.to_string(),
            Point::Big(big) => big.to_string(),
        };
        out.extend_from_slice(text.as_bytes());
    }

    fn cmp(&self, other: &Point) -> Ordering {
        match (self, other) {
            (Point::Small(a), Point::Small(b)) => a.cmp(b),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// Appends zero point `digits` times ten to the `point` as a plain decimal
/// number, without exponent.
pub(super) fn push_plain(negative: bool, digits: impl Iterator<Item = u8>, point: i64, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    if point <= 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
    }
    let mut left_of_point = point;
    for digit in digits {
        if left_of_point == 0 && point > 0 {
            out.push(b'.');
        }
        out.push(digit);
        left_of_point -= 1;
    }
    out.extend(std::iter::repeat_n(b'0', left_of_point.max(0) as usize));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(number: &str) -> Option<(bool, String, Point)> {
        let literal = Literal::parse(number.as_bytes())?;
        let digits = String::from_utf8(literal.digits().collect()).unwrap();
        Some((literal.negative, digits, literal.point))
    }

    #[test]
    fn numbers_are_taken_apart() {
        let cases = [
            ("0", false, "", 0),
            ("-0.00e7", false, "", 0),
            ("1", false, "1", 1),
            ("-120", true, "12", 3),
            ("1.0", false, "1", 1),
            ("10e-1", false, "1", 1),
            ("0.0012", false, "12", -2),
            ("102.030", false, "10203", 3),
            ("100.5", false, "1005", 3),
            ("1E+2", false, "1", 3),
            ("0.1e1", false, "1", 1),
        ];
        for (number, negative, digits, point) in cases {
            let expected = Some((negative, digits.to_string(), Point::Small(point)));
            assert_eq!(parts(number), expected, "{number}");
        }
        for garbage in ["", "-", ".5", "1e", "1e+", "1x", "1e5x", "1.5.5", "1e+-5", "e5"] {
            assert_eq!(parts(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn exponents_have_any_size() {
        let huge = format!("1e{}", i64::MAX);
        assert!(matches!(parts(&huge), Some((_, _, Point::Big(_)))));
        let back = format!("0.01e{}", i64::MAX);
        assert_eq!(parts(&back), Some((false, "1".into(), Point::Small(i64::MAX - 1))));
    }

    #[test]
    fn plain_writing() {
        let plain = |digits: &str, point| {
            let mut out = Vec::new();
            push_plain(false, digits.bytes(), point, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(plain("12", 2), "12");
        assert_eq!(plain("12", 4), "1200");
        assert_eq!(plain("12", 1), "1.2");
        assert_eq!(plain("12", 0), "0.12");
        assert_eq!(plain("12", -2), "0.0012");
    }
}
