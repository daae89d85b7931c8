//! What PySpark's `pprint` prints: the local time in the header, and each record as Python's `str`
//! and `repr` write it (`DStream.pprint` of PySpark 3.5).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::frame::BatchTime;
use crate::record;

/// A batch's time as Python's `datetime.fromtimestamp` shows it.
pub fn push_time(time: BatchTime, zone: &TimeZone, out: &mut Vec<u8>) {
    let shown = i64::try_from(time.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).map(|timestamp| {
        let civil = timestamp.to_zoned(zone.clone()).datetime();
        let form = if civil.subsec_nanosecond() == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S.%6f" };
        civil.strftime(form).to_string()
    });
    // Python's calendar ends with the year 9999 too.
    out.extend_from_slice(shown.unwrap_or_else(|| format!("{time} ms")).as_bytes());
}

/// Appends a record as Python's `print` writes it: a string bare, a pair as a tuple, which holds for a
/// pair inside of a pair too, as a join gives it.
pub fn push_shown(record: &[u8], out: &mut Vec<u8>) {
    match record.first() {
        Some(b'"') => out.extend_from_slice(&record::text(record)),
        _ => push_part(record, out),
    }
}

/// A record or a part of a pair as `repr` writes it.
fn push_part(record: &[u8], out: &mut Vec<u8>) {
    if let Some((key, value)) = record::pair(record) {
        out.push(b'(');
        push_part(key, out);
        out.extend_from_slice(b", ");
        push_part(value, out);
        out.push(b')');
        return;
    }
    match serde_json::from_slice(record) {
        Ok(value) => out.extend_from_slice(repr(&value).as_bytes()),
        // Deeper than serde_json goes.
        Err(_) => out.extend_from_slice(record),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number_repr(&number.to_string()),
        Value::String(text) => string_repr(text),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}: {}", string_repr(name), repr(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

/// An integer of any length as it is, anything else as the float that it is.
fn number_repr(digits: &str) -> String {
    if digits == "-0" {
        return "0".to_owned();
    }
    if !digits.contains(['.', 'e', 'E']) {
        return digits.to_owned();
    }
    let float: f64 = digits.parse().unwrap_or(f64::NAN);
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // The same shortest digits as Python's, which writes an exponent outside of 1e-4..1e16.
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        exponent if (-4..16).contains(&exponent) || float == 0.0 => format!("{float:?}"),
        exponent if exponent < 0 => format!("{mantissa}e-{:02}", -exponent),
        exponent => format!("{mantissa}e+{exponent:02}"),
    }
}

fn string_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => out.extend(['\\', quote]),
            _ if is_printable(character) => out.push(character),
            _ => match character as u32 {
                code @ 0..0x100 => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
    out
}

/// As Python's `str.isprintable` says, whose categories are those that Rust's escapes leave alone.
fn is_printable(character: char) -> bool {
    // The first character of a text is escaped where it would join the one before it, others are not.
    character.is_ascii_graphic() || character == ' ' || {
        let text = ['a', character].iter().collect::<String>();
        text.escape_debug().eq(text.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `print` of Python 3.11 writes of the same values.
    #[test]
    fn records_are_as_python_writes_them() {
        for (record, shown) in [
            (r#""it's""#, "it's"),
            (r#"["a",1]"#, "('a', 1)"),
            (r#"["k",["x",null]]"#, "('k', ('x', None))"),
            (r#"["a",1,true]"#, "['a', 1, True]"),
            (r#"["k",[["a",1],2,3]]"#, "('k', [['a', 1], 2, 3])"),
            (r#"{"a":"it's","b":[false]}"#, r#"{'a': "it's", 'b': [False]}"#),
            (
                r#"["'\"","\\\n\t\u0000\u00a0\u200b\u00e9日\ud83d\ude00e\u0301"]"#,
                "('\\'\"', '\\\\\\n\\t\\x00\\xa0\\u200bé日😀e\u{301}')",
            ),
            ("[1.10,1e2]", "(1.1, 100.0)"),
            ("[1e16,1.5e-5]", "(1e+16, 1.5e-05)"),
            ("[0.0001,123456789012345678]", "(0.0001, 123456789012345678)"),
            ("[1e999,-0.0]", "(inf, -0.0)"),
            ("null", "None"),
            ("[]", "[]"),
        ] {
            let mut out = Vec::new();
            push_shown(record.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), shown, "{record}");
        }
    }

    #[test]
    fn times_are_local_and_have_fractions_where_there_are_any() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        for (time, shown) in
            [(1_469_283_110_000, "2016-07-23 19:41:50"), (1_469_283_110_500, "2016-07-23 19:41:50.500000")]
        {
            let mut out = Vec::new();
            push_time(BatchTime(time), &zone, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }
}
