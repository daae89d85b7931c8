//! A batch's time as people name it.

use std::str::FromStr;
use std::time::UNIX_EPOCH;

use crate::checkpoint::inspect::Inspected;
use crate::cli::ToolError;
use crate::frame::BatchTime;
use crate::monitor::view;

/// A batch, named by its time or counted from the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At this time, in milliseconds.
    At(u64),
    /// The newest is 1.
    Newest(usize),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        if let Ok(time_ms) = text.parse() {
            return Ok(Moment::At(time_ms));
        }
        if let Some(Ok(back @ 1..)) = text.strip_prefix('-').map(str::parse) {
            return Ok(Moment::Newest(back));
        }
        let moment = humantime::parse_rfc3339_weak(text.trim_end_matches('Z'));
        let since = moment.ok().and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
        since.and_then(|since| u64::try_from(since.as_millis()).ok()).map(Moment::At).ok_or_else(|| {
            "give a batch's time in milliseconds, as 1469283110000, as a date in UTC, as 2016-07-23T14:11:50Z, \
             or -1 for the newest batch"
                .to_owned()
        })
    }
}

impl Moment {
    /// Its time in milliseconds.
    pub fn time_ms(self, inspected: &Inspected) -> Result<u64, ToolError> {
        match self {
            Moment::At(time_ms) => Ok(time_ms),
            Moment::Newest(back) => {
                let times = inspected.times();
                times.len().checked_sub(back).map(|at| times[at]).ok_or_else(|| {
                    let dir = inspected.layout.dir().display();
                    ToolError::Usage(format!("-{back}: {dir} has {} batches: sstream-checkpoint ls {dir}", times.len()))
                })
            }
        }
    }
}

/// A time for people and programs: `1469283110000 (2016-07-23 14:11:50Z)`.
pub fn show(time_ms: u64) -> String {
    format!("{time_ms} ({})", date(time_ms))
}

/// A time for people.
pub fn date(time_ms: u64) -> String {
    // What humantime can write; a virtual clock's times are in it too.
    const YEAR_9999_MS: u64 = 253_402_300_799_999;
    match time_ms {
        0..=YEAR_9999_MS => view::show_time(BatchTime(time_ms)),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_named_in_three_ways() {
        for (text, moment) in [
            ("0", Moment::At(0)),
            ("1469283110000", Moment::At(1_469_283_110_000)),
            ("2016-07-23T14:11:50Z", Moment::At(1_469_283_110_000)),
            ("2016-07-23 14:11:50.5", Moment::At(1_469_283_110_500)),
            ("-1", Moment::Newest(1)),
            ("-20", Moment::Newest(20)),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
        for wrong in ["", "-0", "-x", "now", "1.5", "1960-01-01T00:00:00Z"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
        assert_eq!(show(1_469_283_110_000), "1469283110000 (2016-07-23 14:11:50Z)");
        assert_eq!(date(u64::MAX), "-");
    }
}
