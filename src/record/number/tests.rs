use super::write::Digits;
use super::*;
use proptest::prelude::*;

fn decimal(number: &str) -> Decimal {
    Decimal::parse(number.as_bytes()).unwrap()
}

fn written(number: &Decimal) -> String {
    let mut out = Vec::new();
    number.push(&mut out);
    String::from_utf8(out).unwrap()
}

fn sum(numbers: &[&str]) -> String {
    let mut sum = Decimal::ZERO;
    for number in numbers {
        sum.add(&decimal(number));
    }
    written(&sum)
}

fn average(numbers: &[&str]) -> String {
    let mut sum = Decimal::ZERO;
    for number in numbers {
        sum.add(&decimal(number));
    }
    let mut out = Vec::new();
    sum.push_quotient(numbers.len() as u64, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_decimal_takes_24_bytes() {
    assert_eq!(size_of::<Decimal>(), 24);
}

#[test]
fn sums_are_exact() {
    assert_eq!(sum(&[]), "0");
    assert_eq!(sum(&["0.1", "0.2"]), "0.3");
    assert_eq!(sum(&["1.50", "1.50"]), "3");
    assert_eq!(sum(&["9223372036854775807", "1"]), "9223372036854775808");
    assert_eq!(sum(&["12345678901234567890123", "1"]), "12345678901234567890124");
    let i128_max = i128::MAX.to_string();
    assert_eq!(sum(&[&i128_max, "1"]), "170141183460469231731687303715884105728");
    assert_eq!(sum(&[&i128_max, "1", "-2"]), (i128::MAX - 1).to_string());
    assert_eq!(sum(&["1e300", "1", "-1e300"]), "1");
    assert_eq!(sum(&["1e300", "1e-300", "-1e300"]), "1e-300");
    assert_eq!(sum(&["1e300", "1e-300", "-1e-300"]), "1e300");
    assert_eq!(sum(&["-0", "-0.0"]), "0");
    assert_eq!(sum(&["0e9999", "5", "0e-9999"]), "5");
    assert_eq!(sum(&["1e10000", "1e-10000", "-1e10000"]), "1e-10000");
}

#[test]
fn what_is_no_number_is_told() {
    for garbage in ["", "\"1\"", "null", "[1]", "-", ".", "1x", "1.2.3"] {
        assert_eq!(Decimal::parse(garbage.as_bytes()), Err(NumberError::NotANumber), "{garbage}");
    }
    for huge in ["1e10001", "1e-10001", "1e99999999999999999999", "0.1e-10000"] {
        assert_eq!(Decimal::parse(huge.as_bytes()), Err(NumberError::OutOfRange), "{huge}");
    }
    assert!(Decimal::parse(b"0e99999999999999999999").unwrap().is_zero());
    assert_eq!(decimal("10e9999"), decimal("1000e9997"));
    // An integer has no limit: its digits are there.
    let long = "7".repeat(20_000);
    assert_eq!(written(&decimal(&long)), long);
}

#[test]
fn integers_are_written_exactly() {
    for (number, expected) in [
        ("1e20", "100000000000000000000"),
        ("1e39", "1000000000000000000000000000000000000000"),
        ("1e40", "1e40"),
        ("1e300", "1e300"),
        ("-1.5e300", "-1.5e300"),
        ("120e0", "120"),
        ("1.20e1", "12"),
    ] {
        assert_eq!(written(&decimal(number)), expected);
    }
    let long = format!("{}{}", "3".repeat(30), "0".repeat(20));
    assert_eq!(written(&decimal(&long)), long);
}

#[test]
fn fractions_are_rounded_once_to_34_digits() {
    let digits34 = "1234567890123456789012345678901234";
    for (number, expected) in [
        ("0.10", "0.1".to_string()),
        ("-12.75", "-12.75".into()),
        ("0.000001", "0.000001".into()),
        ("0.0000001", "1e-7".into()),
        ("1.25e-300", "1.25e-300".into()),
        (&format!("0.{digits34}"), format!("0.{digits34}")),
        (&format!("0.{digits34}5"), format!("0.{digits34}")),
        (&format!("0.{digits34}51"), format!("0.{}5", &digits34[..33])),
        (&format!("0.{}35", &digits34[..33]), format!("0.{}4", &digits34[..33])),
        (&format!("0.{}", "9".repeat(40)), "1".into()),
        (&format!("9.{}", "9".repeat(40)), "10".into()),
        (&format!("1{}.5", "0".repeat(50)), "1e50".into()),
    ] {
        assert_eq!(written(&decimal(number)), expected, "{number}");
    }
}

#[test]
fn averages() {
    for (numbers, expected) in [
        (vec!["1", "2"], "1.5"),
        (vec!["1", "1", "2"], "1.3333333333333333"),
        (vec!["-1", "-1", "-2"], "-1.3333333333333333"),
        (vec!["0.1", "0.2"], "0.15"),
        (vec!["5", "-5"], "0"),
        (vec!["12345678901234567890123", "12345678901234567890125"], "12345678901234567890124"),
        (vec!["12345678901234567890123", "12345678901234567890124"], "1.2345678901234568e22"),
        (vec!["1e300", "3e300"], "2e300"),
        (vec!["1e300", "0", "0"], "3.3333333333333335e299"),
        (vec!["1e400", "0", "0"], "3.3333333333333333e399"),
        (vec!["1e-400", "1e-400", "3e-400"], "1.6666666666666667e-400"),
        (vec!["1e-400", "2e-400"], "1.5e-400"),
        (vec!["1e25", "0", "0"], "3.3333333333333333e24"),
        (vec!["0.12345678901234567", "0"], "0.061728394506172835"),
    ] {
        assert_eq!(average(&numbers), expected, "{numbers:?}");
    }
}

#[test]
fn a_running_sum_over_mixed_magnitudes_does_not_drift() {
    // A window of 50 values slides 100,000 times; deterministic values between
    // 1e-30 and 1e30 of both signs.
    let mut state = 88172645463325252u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let values: Vec<Decimal> = (0..100_000)
        .map(|_| {
            let mantissa = next() as i64 % 1_000_000_007;
            let exponent = (next() % 61) as i64 - 30;
            decimal(&format!("{mantissa}e{exponent}"))
        })
        .collect();
    let mut running = Decimal::ZERO;
    for (index, value) in values.iter().enumerate() {
        running.add(value);
        if index >= 50 {
            running.subtract(&values[index - 50]);
        }
        if index % 997 == 0 || index == values.len() - 1 {
            let mut exact = Decimal::ZERO;
            values[index.saturating_sub(49)..=index].iter().for_each(|value| exact.add(value));
            assert_eq!(running, exact);
            assert_eq!(written(&running), written(&exact));
        }
    }
}

/// Numbers of many sizes and writings.
fn any_number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (-100i32..100).prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,45})(\\.[0-9]{1,30})?(e-?[0-9]{1,2})?",
    ]
}

/// The naive model: every number times ten to the 200, as a big integer.
fn scaled(number: &str) -> BigInt {
    let literal = Literal::parse(number.as_bytes()).unwrap();
    let digits: String = literal.digits().map(char::from).collect();
    let mantissa: BigInt = if digits.is_empty() { BigInt::from(0) } else { digits.parse().unwrap() };
    let exponent = literal.point.small().unwrap() - literal.digit_count() as i64 + 200;
    let value = mantissa * BigInt::from(10).pow(exponent as u32);
    if literal.negative { -value } else { value }
}

fn scaled_decimal(number: &Decimal) -> BigInt {
    number.mantissa() * BigInt::from(10).pow((number.exponent() + 200) as u32)
}

proptest! {
    #[test]
    fn arithmetic_agrees_with_big_integers(
        steps in prop::collection::vec((any_number(), any::<bool>()), 0..30)
    ) {
        let mut sum = Decimal::ZERO;
        let mut model = BigInt::from(0);
        for (number, is_added) in steps {
            if is_added {
                sum.add(&decimal(&number));
                model += scaled(&number);
            } else {
                sum.subtract(&decimal(&number));
                model -= scaled(&number);
            }
            prop_assert_eq!(scaled_decimal(&sum), model.clone());
            prop_assert_eq!(sum.is_zero(), model.sign() == Sign::NoSign);
            let (mut exponent, mut mantissa) = (0, Vec::new());
            sum.with_parts(|e, m| (exponent, mantissa) = (e, m.to_vec()));
            prop_assert_eq!(&mantissa, &sum.mantissa().to_signed_bytes_le());
            prop_assert_eq!(Decimal::from_parts(exponent, &mantissa), Some(sum.clone()));
        }
    }

    #[test]
    fn order_agrees_with_big_integers(a in any_number(), b in any_number()) {
        let expected = scaled(&a).cmp(&scaled(&b));
        prop_assert_eq!(decimal(&a).cmp(&decimal(&b)), expected);
        prop_assert_eq!(crate::record::compare(a.as_bytes(), b.as_bytes()), expected);
    }

    #[test]
    fn what_is_written_reads_as_the_same_or_rounded(number in any_number()) {
        let value = decimal(&number);
        let text = written(&value);
        let mut canonical = Vec::new();
        crate::record::canonicalize(text.as_bytes(), &mut canonical).unwrap();
        prop_assert_eq!(String::from_utf8(canonical).unwrap(), text.clone());
        if value.is_integer() || value.to_digits().digits.len() <= 34 {
            prop_assert_eq!(decimal(&text), value);
        } else {
            prop_assert_eq!(decimal(&text).to_digits().digits.len().max(34), 34);
        }
    }

    #[test]
    fn quotients_of_integers_are_what_floats_give(sum in -(1i64 << 53)..1 << 53, count in 1u64..1 << 53) {
        let mut out = Vec::new();
        Decimal::from(sum).push_quotient(count, &mut out);
        let text = String::from_utf8(out).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap(), sum as f64 / count as f64);
    }

    #[test]
    fn quotients_by_big_integers_are_rounded_right(number in any_number(), count in 1u64..1000) {
        // Dividing by a power of two is exact in decimals, and the standard
        // library reads long decimals rounded right.
        let power = count.next_power_of_two();
        let value = decimal(&number);
        let exact = value.terminating_quotient(power).unwrap();
        let Digits { negative, digits, point } = exact.to_digits();
        let mut text = Vec::new();
        if digits.is_empty() {
            text.push(b'0');
        } else {
            crate::record::literal::push_plain(negative, digits.into_iter(), point, &mut text);
        }
        let nearest: f64 = String::from_utf8(text).unwrap().parse().unwrap();
        if !value.is_zero() {
            prop_assert_eq!(value.float_quotient(power), Some(nearest));
        }
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        let _ = Decimal::parse(&bytes);
    }
}
