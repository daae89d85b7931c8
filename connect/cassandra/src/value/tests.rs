use num_bigint::BigInt;
use proptest::prelude::*;
use sstream::connect::record::push_string;

use super::*;

fn made(kind: &CqlType, json: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    push(kind, json.as_bytes(), &mut out)?;
    let (length, content) = out.split_at(4);
    assert_eq!(length, (content.len() as u32).to_be_bytes());
    Ok(content.to_vec())
}

fn list(of: CqlType) -> CqlType {
    CqlType::List(Box::new(of))
}

/// Bytes as the protocol's specification and Java's classes have them.
#[test]
fn values_of_every_type() {
    let map = CqlType::Map(Box::new(CqlType::SmallInt), Box::new(list(CqlType::Boolean)));
    let own =
        CqlType::Own("place".to_owned(), vec![("x".to_owned(), CqlType::TinyInt), ("y".to_owned(), CqlType::Text)]);
    for (kind, json, bytes) in [
        (CqlType::Text, "\"é\\u0000\"", &b"\xC3\xA9\0"[..]),
        (CqlType::Text, "[1,{\"a\":null}]", b"[1,{\"a\":null}]"),
        (CqlType::Text, "1.50", b"1.50"),
        (CqlType::Ascii, "\"az\"", b"az"),
        (CqlType::Boolean, "true", b"\x01"),
        (CqlType::Boolean, "\"false\"", b"\0"),
        (CqlType::TinyInt, "-128", b"\x80"),
        (CqlType::SmallInt, "300", b"\x01\x2C"),
        (CqlType::Int, "3.0", b"\0\0\0\x03"),
        (CqlType::Int, "-1e3", b"\xFF\xFF\xFC\x18"),
        (CqlType::Int, "-0.0", b"\0\0\0\0"),
        (CqlType::BigInt, "\"9223372036854775807\"", b"\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        (CqlType::Counter, "1", b"\0\0\0\0\0\0\0\x01"),
        (CqlType::VarInt, "128", b"\0\x80"),
        (CqlType::VarInt, "-129", b"\xFF\x7F"),
        (CqlType::VarInt, "0", b"\0"),
        (CqlType::Decimal, "1.50", b"\0\0\0\x02\0\x96"),
        (CqlType::Decimal, "-2e3", b"\xFF\xFF\xFF\xFD\xFE"),
        (CqlType::Double, "0.5", b"\x3F\xE0\0\0\0\0\0\0"),
        (CqlType::Float, "0.1", b"\x3D\xCC\xCC\xCD"),
        (CqlType::Timestamp, "\"1970-01-01T00:00:01.5Z\"", b"\0\0\0\0\0\0\x05\xDC"),
        (CqlType::Timestamp, "-1", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        (CqlType::Date, "\"1970-01-02\"", b"\x80\0\0\x01"),
        (CqlType::Date, "\"1969-12-31\"", b"\x7F\xFF\xFF\xFF"),
        (CqlType::Time, "\"00:00:01.000000002\"", b"\0\0\0\0\x3B\x9A\xCA\x02"),
        (
            CqlType::Uuid,
            "\"00112233-4455-6677-8899-AAbbccddeeff\"",
            b"\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF",
        ),
        (CqlType::Blob, "\"0x00fF\"", b"\0\xFF"),
        (CqlType::Blob, "\"0x\"", b""),
        (CqlType::Inet, "\"127.0.0.1\"", b"\x7F\0\0\x01"),
        (CqlType::Inet, "\"::1\"", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        (list(CqlType::TinyInt), "[1,2]", b"\0\0\0\x02\0\0\0\x01\x01\0\0\0\x01\x02"),
        (map, "{\"7\":[true]}", b"\0\0\0\x01\0\0\0\x02\0\x07\0\0\0\x09\0\0\0\x01\0\0\0\x01\x01"),
        (CqlType::Tuple(vec![CqlType::TinyInt, CqlType::Text]), "[1,null]", b"\0\0\0\x01\x01\xFF\xFF\xFF\xFF"),
        (own, "{\"y\":\"a\"}", b"\xFF\xFF\xFF\xFF\0\0\0\x01a"),
        (CqlType::Vector(2), "[1,0.5]", b"\x3F\x80\0\0\x3F\0\0\0"),
    ] {
        assert_eq!(made(&kind, json).as_deref(), Ok(bytes), "{kind} {json}");
    }
    let mut null = Vec::new();
    push(&CqlType::Int, b"null", &mut null).unwrap();
    assert_eq!(null, NULL);
}

#[test]
fn what_does_not_fit_is_told() {
    let long = format!("\"{}\"", "é".repeat(100));
    for (kind, json, says) in [
        (CqlType::Ascii, "\"é\"", "\"é\" is no ascii"),
        (CqlType::Ascii, &long, "… is no ascii"),
        (CqlType::Boolean, "1", "1 is no boolean"),
        (CqlType::TinyInt, "128", "128 is no tinyint"),
        (CqlType::Int, "1.5", "1.5 is no int"),
        (CqlType::Int, "\"\"", "is no int"),
        (CqlType::Int, "[1]", "[1] is no int"),
        (CqlType::Int, "1e99999999999999999999", "is no int"),
        (CqlType::VarInt, "1e10001", "is no varint"),
        (CqlType::Decimal, "1e-2147483648", "is no decimal"),
        (CqlType::Decimal, "\"NaN\"", "is no decimal"),
        (CqlType::Double, "9007199254740993", "which decimal keeps"),
        (CqlType::Double, "\"inf\"", "is no double"),
        (CqlType::Float, "0.12345678901", "which decimal keeps"),
        (CqlType::Float, "1e-50", "is no float"),
        (CqlType::Timestamp, "\"yesterday\"", "RFC 3339"),
        (CqlType::Date, "\"2016-07-23T10:00\"", "a string as"),
        (CqlType::Date, "19700102", "a string as"),
        (CqlType::Date, "\"2016-02-30\"", "a string as"),
        (CqlType::Time, "\"2016-07-23T10:00\"", "a string as"),
        (CqlType::Time, "\"24:00:00\"", "a string as"),
        (CqlType::Time, "\"23:59:60\"", "a string as"),
        (CqlType::Uuid, "\"00112233445566778899aabbccddeeff\"", "is no uuid"),
        (CqlType::TimeUuid, "\"00112233-4455-6677-8899-aabbccddeeff\"", "is no timeuuid"),
        (CqlType::Blob, "\"00ff\"", "a string as"),
        (CqlType::Blob, "\"0x0\"", "a string as"),
        (CqlType::Inet, "\"localhost\"", "is no inet"),
        (list(CqlType::Int), "{}", "an array is wanted"),
        (list(CqlType::Int), "[1,null]", "a null in it"),
        (CqlType::Map(Box::new(CqlType::Int), Box::new(CqlType::Int)), "{\"a\":1}", "\"a\" is no int"),
        (CqlType::Tuple(vec![CqlType::Int]), "[1,2]", "an array of 1"),
        (CqlType::Own("place".to_owned(), Vec::new()), "{\"z\":1}", "place has no field \"z\""),
        (CqlType::Vector(2), "[1]", "an array of 2 numbers"),
        (CqlType::Vector(1), "[\"x\"]", "is no float"),
        (CqlType::Other("duration".to_owned()), "\"1h\"", "values of duration are not written"),
    ] {
        let error = made(&kind, json).unwrap_err();
        assert!(error.contains(says), "{error}: {says}");
    }
}

proptest! {
    #[test]
    fn integers_come_back(number: i64, small: i32) {
        prop_assert_eq!(made(&CqlType::BigInt, &number.to_string()).unwrap(), number.to_be_bytes());
        prop_assert_eq!(made(&CqlType::Int, &format!("{small}.000")).unwrap(), small.to_be_bytes());
        prop_assert_eq!(made(&CqlType::Int, &number.to_string()).is_ok(), i32::try_from(number).is_ok());
        let varint = made(&CqlType::VarInt, &format!("{number}e2")).unwrap();
        prop_assert_eq!(BigInt::from_signed_bytes_be(&varint), BigInt::from(number) * 100);
    }

    /// The digits and their places are there, each of them.
    #[test]
    fn decimals_come_back(digits in "-?[1-9][0-9]{0,40}", places in "[0-9]{0,20}", power in -50i32..50) {
        let text = if places.is_empty() { format!("{digits}e{power}") } else { format!("{digits}.{places}e{power}") };
        let bytes = made(&CqlType::Decimal, &text).unwrap();
        let scale = i32::from_be_bytes(bytes[..4].try_into().unwrap());
        prop_assert_eq!(scale, places.len() as i32 - power);
        prop_assert_eq!(BigInt::from_signed_bytes_be(&bytes[4..]).to_string(), format!("{digits}{places}"));
    }

    /// What a floating-point number is written as is taken for it, and what is taken is written so.
    #[test]
    fn floating_point_numbers_come_back(double: f64, single: f32, text in "-?[0-9]{1,12}\\.[0-9]{1,12}") {
        prop_assume!(double.is_finite() && single.is_finite());
        prop_assert_eq!(made(&CqlType::Double, &format!("{double:e}")).unwrap(), double.to_be_bytes());
        prop_assert_eq!(made(&CqlType::Float, &format!("{single:e}")).unwrap(), single.to_be_bytes());
        if let Ok(bytes) = made(&CqlType::Float, &text) {
            let float = f32::from_be_bytes(bytes.try_into().unwrap());
            // As near to it as six digits tell.
            let exact: f64 = text.parse().unwrap();
            prop_assert!((f64::from(float) - exact).abs() <= exact.abs() * 1e-6);
        }
    }

    #[test]
    fn days_and_times_come_back(days in -700_000i32..2_900_000, ns in 0i64..86_400_000_000_000) {
        let date = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(days);
        if date.year() > 0 {
            prop_assert_eq!(time::date(&date.to_string()), Some((i64::from(days) + (1 << 31)) as u32));
        }
        let at = jiff::civil::Time::midnight() + jiff::Span::new().nanoseconds(ns);
        prop_assert_eq!(time::time(&at.to_string()), Some(ns));
    }

    /// No text makes it panic, whatever the type; and a text is a text.
    #[test]
    fn any_text(text: String) {
        let mut json = Vec::new();
        push_string(text.as_bytes(), &mut json);
        let json = String::from_utf8(json).unwrap();
        prop_assert_eq!(made(&CqlType::Text, &json).unwrap(), text.as_bytes());
        for kind in [CqlType::Int, CqlType::Decimal, CqlType::Date, CqlType::Time, CqlType::Uuid, CqlType::Blob, CqlType::Inet, CqlType::Float] {
            let _ = made(&kind, &json);
        }
    }
}
