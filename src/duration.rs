//! Durations and sizes as options: `500ms 10s 1m30s 2h 1d`, `64KiB`.

use std::time::Duration;

/// Parses a duration. Bare numbers are refused, as are months and years, whose
/// length depends.
pub fn parse(text: &str) -> Result<Duration, String> {
    if text.trim_end().ends_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("a duration needs a unit: {text}s, {text}ms or {text}m?"));
    }
    let units = text.split(|c: char| c.is_ascii_digit() || c.is_whitespace()).filter(|unit| !unit.is_empty());
    for unit in units {
        if matches!(unit, "M" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years") {
            return Err(format!("'{unit}' has no fixed length: give days, as 30d"));
        }
    }
    humantime::parse_duration(text).map_err(|error| {
        let reason = match error {
            // The full message lists the units that were refused above too.
            humantime::DurationError::UnknownUnit { unit, .. } => format!("no unit of time '{unit}'"),
            other => other.to_string(),
        };
        format!("{reason}: durations are written as 500ms, 10s, 1m30s, 2h or 1d")
    })
}

/// Parses a duration that is a whole number of milliseconds, at least one.
pub fn parse_ms(text: &str) -> Result<u64, String> {
    let duration = parse(text)?;
    // Half of the range, so that a batch time and a duration can be added.
    match i64::try_from(duration.as_millis()).map(i64::unsigned_abs) {
        Ok(ms) if ms > 0 && Duration::from_millis(ms) == duration => Ok(ms),
        Ok(_) => Err("must be whole milliseconds, at least 1ms".to_owned()),
        Err(_) => Err("is too long: at most 292 million years".to_owned()),
    }
}

/// Parses a duration that is a whole number of milliseconds, or none at all: `0s`.
pub fn parse_ms_or_none(text: &str) -> Result<u64, String> {
    if parse(text)?.is_zero() { Ok(0) } else { parse_ms(text) }
}

/// Parses a size in bytes: `512`, `64KiB`, `1.5MiB`, `10MB`.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" | "K" | "k" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        other => return Err(format!("unknown unit '{other}': sizes are written as 512, 64KiB, 10MiB or 1GiB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("'{text}' is no size, as 64KiB is"))?;
    let bytes = number * factor as f64;
    if !(1.0..=1e15).contains(&bytes) {
        return Err(format!("'{text}' is out of range"));
    }
    Ok(bytes as usize)
}

/// A size for people: `512 B`, `64.0 KiB`.
pub fn show_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"KiB");
    while size >= 1000.0 {
        let Some(next) = units.next() else { break };
        unit = next;
        size /= 1024.0;
    }
    format!("{size:.1} {unit}")
}

/// A duration as a user would write it.
pub fn show_ms(ms: u64) -> String {
    humantime::format_duration(Duration::from_millis(ms)).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_ms("1m30s"), Ok(90_000));
        assert_eq!(parse_ms("500ms"), Ok(500));
        assert_eq!(parse_ms("1d"), Ok(86_400_000));
        assert_eq!(show_ms(90_500), "1m30s500ms");
        for (text, says) in [
            ("30", "needs a unit"),
            ("1M", "no fixed length"),
            ("1y", "no fixed"),
            ("5 apples", "500ms"),
            ("100us", "whole"),
            ("0s", "whole"),
        ] {
            assert!(parse_ms(text).unwrap_err().contains(says), "{text}: {:?}", parse_ms(text));
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("64KiB"), Ok(65_536));
        assert_eq!(parse_size("1.5MiB"), Ok(1_572_864));
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!([0, 1023, 1024, 1_572_864].map(show_size), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
        assert!(parse_size("12XB").unwrap_err().contains("XB"));
        assert!(parse_size("").is_err());
    }
}
