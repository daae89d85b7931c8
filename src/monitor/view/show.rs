//! Spans and times as people read them.

use crate::frame::BatchTime;

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

/// A batch's time as `2016-07-23 14:11:50Z`, with ms where they are not zero.
pub fn show_time(time: BatchTime) -> String {
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_millis(time.0);
    let text = if time.0.is_multiple_of(1000) {
        humantime::format_rfc3339_seconds(moment).to_string()
    } else {
        humantime::format_rfc3339_millis(moment).to_string()
    };
    text.replacen('T', " ", 1)
}
