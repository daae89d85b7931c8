use super::*;
use crate::record::escape::push_string;
use proptest::prelude::*;
use serde_json::Value;

fn canonical(input: &str) -> Result<String, JsonError> {
    let mut out = b"kept ".to_vec();
    let result = canonicalize(input.as_bytes(), &mut out);
    let text = String::from_utf8(out).unwrap();
    let text = text.strip_prefix("kept ").unwrap().to_string();
    match result {
        Ok(()) => Ok(text),
        Err(error) => {
            assert_eq!(text, "", "an error leaves the output alone");
            Err(error)
        }
    }
}

#[test]
fn canonical_input_is_copied() {
    for json in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.10",
        "1E+5",
        "-12.5e-7",
        "12345678901234567890123",
        r#""""#,
        r#""é\"\\\n\u001f""#,
        "[]",
        "{}",
        "[[],{}]",
        r#"{"a":[1,{"b":null}],"":"x"}"#,
    ] {
        assert_eq!(canonical(json).as_deref(), Ok(json));
    }
}

#[test]
fn what_is_not_canonical_is_made_so() {
    let cases = [
        (" \t\r\n1 \n", "1"),
        (r#" { "a" : 1 , "b" : [ 1 , 2 ] , "c" : { } , "d" : [ ] } "#, r#"{"a":1,"b":[1,2],"c":{},"d":[]}"#),
        (r#""\/\u0041\u00E9\u000A\u001F\u0022\u005c""#, r#""/Aé\n\u001f\"\\""#),
        (r#""\ud83d\ude00 \ud83d \ude00""#, "\"😀 \u{fffd} \u{fffd}\""),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
        (r#"[{"x":{"k":1,"k":[2,{"z":1,"z":2}]}}]"#, r#"[{"x":{"k":[2,{"z":2}]}}]"#),
        (r#"{"a":{"k":1},"k":2}"#, r#"{"a":{"k":1},"k":2}"#),
    ];
    for (json, expected) in cases {
        assert_eq!(canonical(json).as_deref(), Ok(expected), "{json}");
    }
}

#[test]
fn objects_with_many_keys_lose_only_equal_ones() {
    let members: Vec<_> = (0..1000).map(|i| format!("\"k{i}\":{i}")).collect();
    let json = format!("{{{}}}", members.join(","));
    assert_eq!(canonical(&json).as_deref(), Ok(json.as_str()));
    let twice = format!("{{{},\"k7\":\"last\"}}", members.join(","));
    let expected = json.replace("\"k7\":7", "\"k7\":\"last\"");
    assert_eq!(canonical(&twice), Ok(expected));
}

#[test]
fn errors_say_where_and_what() {
    use Expected::*;
    let cases: &[(&str, usize, Expected)] = &[
        ("", 0, Value),
        ("  ", 2, Value),
        ("[", 1, Value),
        ("[1,]", 3, Value),
        ("[,1]", 1, Value),
        ("{\"a\":}", 5, Value),
        ("NaN", 0, Value),
        ("Infinity", 0, Value),
        ("+1", 0, Value),
        (".5", 0, Value),
        ("'a'", 0, Value),
        ("tru", 3, Literal),
        ("nul1", 3, Literal),
        ("-", 1, Digit),
        ("-Infinity", 1, Digit),
        ("1.", 2, Digit),
        ("1.e5", 2, Digit),
        ("1e", 2, Digit),
        ("1e+", 3, Digit),
        ("01", 1, NoLeadingZero),
        ("-01", 2, NoLeadingZero),
        ("{1:2}", 1, Key),
        ("{\"a\":1,}", 7, Key),
        ("{", 1, Key),
        ("{\"a\" 1}", 5, Colon),
        ("[1 2]", 3, CommaOrBracket),
        ("[1}", 2, CommaOrBracket),
        ("{\"a\":1]", 6, CommaOrBrace),
        ("\"abc", 4, ClosingQuote),
        ("\"a\nb\"", 2, EscapedControl),
        ("\"\\x\"", 2, Escape),
        ("\"\\", 2, Escape),
        ("\"\\u12\"", 2, Escape),
        ("1 2", 2, End),
        ("{}}", 2, End),
        ("null\0", 4, End),
    ];
    for (json, offset, expected) in cases {
        let error = canonical(json).unwrap_err();
        assert_eq!((error.offset, error.expected), (*offset, *expected), "{json}");
    }
    assert_eq!(canonical("[1 2]").unwrap_err().to_string(), "not JSON at byte 3: expected \",\" or \"]\", found \"2\"");
    assert_eq!(canonical("[1").unwrap_err().to_string(), "not JSON at byte 2: expected \",\" or \"]\", found the end");
}

#[test]
fn invalid_utf8_is_an_error() {
    let mut out = Vec::new();
    let error = canonicalize(b"\"ab\xff\"", &mut out).unwrap_err();
    assert_eq!((error.offset, error.expected), (3, Expected::Utf8));
    assert_eq!(error.found, Some(0xff));
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(canonical(&nested(MAX_DEPTH)), Ok(nested(MAX_DEPTH)));
    let error = canonical(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!((error.offset, error.expected), (MAX_DEPTH, Expected::LessDepth));
    let objects = "{\"a\":1,\"a\":".repeat(MAX_DEPTH) + "1" + &"}".repeat(MAX_DEPTH);
    assert_eq!(canonical(&objects), Ok("{\"a\":".repeat(MAX_DEPTH) + "1" + &"}".repeat(MAX_DEPTH)));
}

/// Any JSON value, with numbers kept as text.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (-1000i64..1000).prop_map(Value::from),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,8})?([eE][+-]?[0-9]{1,3})?"
            .prop_map(|text| serde_json::from_str(&text).unwrap()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        any::<String>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-c]{0,2}|.{0,3}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Writes `value` with foreign escapes and space where `bits` say so.
fn push_foreign(value: &Value, bits: &mut impl Iterator<Item = bool>, out: &mut String) {
    let space = |bits: &mut dyn Iterator<Item = bool>, out: &mut String| {
        if bits.next() == Some(true) {
            out.push_str(" \n");
        }
    };
    space(bits, out);
    match value {
        Value::String(text) => push_foreign_string(text, bits, out),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_foreign(element, bits, out);
            }
            space(bits, out);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                space(bits, out);
                push_foreign_string(key, bits, out);
                space(bits, out);
                out.push(':');
                push_foreign(member, bits, out);
            }
            space(bits, out);
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
    space(bits, out);
}

fn push_foreign_string(text: &str, bits: &mut impl Iterator<Item = bool>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if bits.next() == Some(true) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04X}"));
            }
        } else {
            let mut escaped = Vec::new();
            push_string(character.to_string().as_bytes(), &mut escaped);
            let escaped = String::from_utf8(escaped).unwrap();
            out.push_str(&escaped[1..escaped.len() - 1]);
        }
    }
    out.push('"');
}

proptest! {
    #[test]
    fn foreign_writing_becomes_what_serde_writes(
        value in any_json(), bits in prop::collection::vec(any::<bool>(), 0..200)
    ) {
        let expected = serde_json::to_string(&value).unwrap();
        let mut foreign = String::new();
        push_foreign(&value, &mut bits.into_iter(), &mut foreign);
        prop_assert_eq!(canonical(&foreign), Ok(expected.clone()));
        prop_assert_eq!(canonical(&expected), Ok(expected.clone()));
    }

    #[test]
    fn serde_accepts_the_same_texts(text in r#"[\[\]{},:"\\ut0123aefnlrs.\- +]{0,12}"#) {
        // serde_json takes no lone surrogates, which a generated text this short
        // does not have, and no numbers beyond f64, which arbitrary_precision admits.
        let expected = serde_json::from_str::<Value>(&text).ok().map(|v| v.to_string());
        let got = canonical(&text).ok();
        prop_assert_eq!(got.is_some(), expected.is_some(), "{}", text);
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error_inside(bytes: Vec<u8>) {
        let mut out = Vec::new();
        match canonicalize(&bytes, &mut out) {
            Ok(()) => prop_assert!(serde_json::from_slice::<Value>(&out).is_ok()),
            Err(error) => prop_assert!(error.offset <= bytes.len()),
        }
    }
}
