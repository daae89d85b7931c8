//! Spans and times as people read them.

use crate::frame::{BatchTime, Watermark};
use crate::op::Held;

/// A span of ms as people read it: `0.4 ms`, `35 ms`, `3.2 s`, `4 min 10 s`.
pub fn show_span(ms: f64) -> String {
    let seconds = ms / 1000.0;
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ if seconds < 3600.0 => format!("{} min {} s", seconds as u64 / 60, seconds as u64 % 60),
        _ => format!("{} h {} min", seconds as u64 / 3600, seconds as u64 % 3600 / 60),
    }
}

/// A count in at most seven characters or so: `1234`, `123.4 k`, `5.67 M`.
pub fn show_count(count: f64) -> String {
    match count {
        count if count >= 1e9 => format!("{:.2} G", count / 1e9),
        count if count >= 1e6 => format!("{:.2} M", count / 1e6),
        count if count >= 1e5 => format!("{:.1} k", count / 1e3),
        count if count.fract() == 0.0 => format!("{count:.0}"),
        count => format!("{count:.1}"),
    }
}

/// A size: `900 B`, `12.3 KiB`, `1.2 GiB`.
pub fn show_bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", units[unit])
}

/// How much a stage keeps: `1234 keys, 56.7 KiB`.
pub fn show_held(held: Held) -> String {
    let counts = [(held.keys, "keys"), (held.records, "records")];
    let mut parts: Vec<String> = counts
        .iter()
        .filter_map(|(count, of)| count.map(|count| format!("{} {of}", show_count(count as f64))))
        .collect();
    parts.push(show_bytes(held.bytes));
    parts.join(", ")
}

/// A watermark as [`show_time`], or as a plain number where that has no date of four digits.
pub fn show_watermark(Watermark(ms): Watermark) -> String {
    u64::try_from(ms).map_or_else(|_| ms.to_string(), |ms| show_time(BatchTime(ms)))
}

/// From here on a date has more than four digits.
pub const YEAR_10000_MS: u64 = 253_402_300_800_000;

/// A batch's time as `2016-07-23 14:11:50Z`, with ms where they are not zero; a plain number where
/// that has no date of four digits.
pub fn show_time(time: BatchTime) -> String {
    if time.0 >= YEAR_10000_MS {
        return time.to_string();
    }
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_millis(time.0);
    let text = if time.0.is_multiple_of(1000) {
        humantime::format_rfc3339_seconds(moment).to_string()
    } else {
        humantime::format_rfc3339_millis(moment).to_string()
    };
    text.replacen('T', " ", 1)
}
