//! Names with places for dates, as strftime has them, and in braces for values: `--index`, `--collection`.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::record::text;
use super::{Braced, ToolError};

/// The variables that programs in a pattern may use: the batch's time in ms.
const VARIABLES: &[&str] = &["time"];

/// A name with places.
///
/// ```
/// use sstream::connect::NamePattern;
///
/// let mut logs = NamePattern::parse("--index", "{.app}-%Y.%m").unwrap();
/// assert_eq!(logs.name(br#"{"app":"shop"}"#, 1_469_283_110_000, b"0"), Ok("shop-2016.07".to_owned()));
/// assert!(logs.name(b"{}", 0, b"0").unwrap_err().contains("{.app} is null"));
/// assert!(logs.has_date() && !NamePattern::parse("--index", "logs").unwrap().has_date());
/// ```
#[derive(Debug)]
pub struct NamePattern {
    option: &'static str,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Date(Date),
    Value(Braced),
}

impl NamePattern {
    /// Reads `logs-{.app}-%Y.%m.%d`, the value of an option. The variable `$time` in braces is the batch's time in ms.
    ///
    /// # Errors
    /// Wrong usage.
    pub fn parse(option: &'static str, source: &str) -> Result<NamePattern, ToolError> {
        let wrong = |why: &str| ToolError::Usage(format!("{option} '{source}': {why}"));
        let (mut pieces, mut rest) = (Vec::new(), source);
        while !rest.is_empty() {
            if rest.starts_with('{') {
                let (value, end) =
                    Braced::parse(option, rest, VARIABLES)?.ok_or_else(|| wrong("a { that is not closed"))?;
                pieces.push(Piece::Value(value));
                rest = &rest[end..];
                continue;
            }
            let (text, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            pieces.push(match text.contains('%') {
                true => Piece::Date(Date::parse(text).map_err(|error| wrong(&error))?),
                false => Piece::Text(text.to_owned()),
            });
            rest = behind;
        }
        match pieces.is_empty() {
            true => Err(wrong("it is empty")),
            false => Ok(NamePattern { option, pieces }),
        }
    }

    /// Whether a moment is a part of it.
    pub fn has_date(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Date(_)))
    }

    /// The name for a record of this moment, in ms since 1970; `time` is the batch's as text.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn name(&mut self, record: &[u8], moment_ms: i64, time: &[u8]) -> Result<String, String> {
        let NamePattern { option, pieces } = self;
        let mut name = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Date(date) => name.push_str(date.at(moment_ms)?),
                Piece::Value(value) => {
                    let value = value.value(record, &[time]).map_err(|error| format!("{option}: {error}"))?;
                    name.push_str(&String::from_utf8_lossy(&text(&value)));
                }
            }
        }
        Ok(name)
    }
}

/// A date in UTC, as the names of the days' indices are everywhere.
#[derive(Debug)]
struct Date {
    format: String,
    /// The last one that was made: most records of a batch have the same moment.
    made: Option<(i64, String)>,
}

impl Date {
    fn parse(format: &str) -> Result<Date, String> {
        let mut date = Date { format: format.to_owned(), made: None };
        date.at(0)?;
        Ok(date)
    }

    fn at(&mut self, moment_ms: i64) -> Result<&str, String> {
        if self.made.as_ref().is_none_or(|(made, _)| *made != moment_ms) {
            let moment = Timestamp::from_millisecond(moment_ms).map_err(|error| error.to_string())?;
            let made = strtime::format(&self.format, &moment.to_zoned(TimeZone::UTC))
                .map_err(|error| format!("{}: {error}", self.format))?;
            self.made = Some((moment_ms, made));
        }
        Ok(self.made.as_ref().map_or("", |(_, made)| made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dates_and_values() {
        let name = |pattern: &str, record: &str, ms| {
            let mut pattern = NamePattern::parse("--index", pattern).unwrap();
            pattern.name(record.as_bytes(), ms, b"5000")
        };
        let is = |name: &str| Ok(name.to_owned());
        assert_eq!(name("logs", "1", 0), is("logs"));
        assert_eq!(name("logs-%Y.%m.%d", "1", 1_469_283_110_123), is("logs-2016.07.23"));
        assert_eq!(name("{.app}-%Y-{.n}-%%", r#"{"app":"shop","n":3}"#, -1), is("shop-1969-3-%"));
        assert_eq!(name("at-{$time}", "1", 0), is("at-5000"));
        assert!(name("{.app}", "{}", 0).unwrap_err().contains("{.app} is null"));
        assert!(name("{.[]}", "[1,2]", 0).unwrap_err().contains("2 values"));
        for (wrong, says) in [("", "empty"), ("a{.b", "not closed"), ("a-%!", "%!"), ("a{.b |}", "--index")] {
            let error = NamePattern::parse("--index", wrong).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_same_pattern_follows_the_moments() {
        let mut pattern = NamePattern::parse("--index", "d-%H").unwrap();
        for (ms, name) in [(0, "d-00"), (0, "d-00"), (3_600_000, "d-01"), (0, "d-00")] {
            assert_eq!(pattern.name(b"1", ms, b"0").unwrap(), name);
        }
    }
}
