//! The columns of a table, and values as they take them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mysql_async::Value as Sent;
use sstream_tables::{Fault, Value};

/// What a column does with a value that is sent to it as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// JSON, in which a string has quotes.
    Json,
    /// Whole numbers: it would round others without a word.
    Integers,
    /// Times without a zone, which are UTC on our connections.
    Times,
    /// All else, as the server reads it.
    Others,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the table was made with it.
    pub name: String,
    /// What it takes.
    pub takes: Takes,
}

impl Column {
    /// One of this type (`data_type` of `information_schema.columns`); `is_checked`: MariaDB's JSON, which is
    /// text with a check.
    pub fn new(name: String, data_type: &str, is_checked: bool) -> Column {
        let takes = match data_type {
            "json" => Takes::Json,
            _ if is_checked => Takes::Json,
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => Takes::Integers,
            "datetime" | "timestamp" => Takes::Times,
            _ => Takes::Others,
        };
        Column { name, takes }
    }

    /// Whether it is called so; the server does not look at the case of a column's name either.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }

    /// A value as it is sent.
    ///
    /// # Errors
    /// The server would make another value of it without a word.
    pub fn value(&self, json: &[u8]) -> Result<Sent, Fault> {
        match (self.takes, Value::of(json)) {
            (_, Value::Null) => Ok(Sent::NULL),
            (Takes::Json, _) => Ok(Sent::Bytes(json.to_vec())),
            (Takes::Integers, Value::Number(digits)) if !is_whole(digits) => {
                Err(Fault::Refused(format!("column {}: {digits} is no whole number", self.name)))
            }
            (Takes::Times, Value::Text(text)) => Ok(Sent::Bytes(without_zone(&text).into_owned())),
            _ => Ok(as_text(json)),
        }
    }
}

/// A value for a place of which nobody knows the type.
pub fn as_text(json: &[u8]) -> Sent {
    match Value::of(json) {
        Value::Null => Sent::NULL,
        Value::Boolean(is_true) => Sent::Int(is_true.into()),
        // As a number where one of the protocol has all its digits; a column of bits takes no text.
        Value::Number(digits) => match digits.parse() {
            Ok(number) => Sent::Int(number),
            Err(_) => digits.parse().map_or_else(|_| Sent::Bytes(digits.as_bytes().to_vec()), Sent::UInt),
        },
        Value::Text(text) => Sent::Bytes(text.into_owned()),
        Value::Json(json) => Sent::Bytes(json.to_vec()),
    }
}

/// Whether only zeros follow the point. With an exponent the server's own reading decides, which refuses.
fn is_whole(digits: &str) -> bool {
    digits.split_once('.').is_none_or(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'))
}

/// A time with a zone (RFC 3339) as the same time in UTC; all else as it is.
fn without_zone(text: &[u8]) -> Cow<'_, [u8]> {
    let time = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Timestamp>().ok());
    match time {
        Some(time) => Cow::Owned(time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S%.f").to_string().into()),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_sent_as_the_column_takes_them() {
        let sent = |data_type: &str, json: &str| Column::new("c".to_owned(), data_type, false).value(json.as_bytes());
        let bytes = |text: &str| Ok(Sent::Bytes(text.as_bytes().to_vec()));
        assert_eq!(sent("varchar", "null"), Ok(Sent::NULL));
        assert_eq!(sent("json", "\"a\""), bytes("\"a\""));
        assert_eq!(sent("varchar", "\"a\\n\""), bytes("a\n"));
        assert_eq!(sent("varchar", "[1]"), bytes("[1]"));
        assert_eq!(sent("tinyint", "true"), Ok(Sent::Int(1)));
        assert_eq!(sent("bigint", "18446744073709551615"), Ok(Sent::UInt(u64::MAX)));
        assert_eq!(sent("bigint", "2.00"), bytes("2.00"));
        assert!(sent("bigint", "1.5").is_err());
        assert_eq!(sent("decimal", "12345678901234567890.10"), bytes("12345678901234567890.10"));
        assert_eq!(sent("datetime", "\"2016-07-23T14:00:00.5+02:00\""), bytes("2016-07-23 12:00:00.5"));
        assert_eq!(sent("timestamp", "\"2016-07-23T14:00:00Z\""), bytes("2016-07-23 14:00:00"));
        assert_eq!(sent("timestamp", "\"2016-07-23 14:00:00\""), bytes("2016-07-23 14:00:00"));
    }
}
