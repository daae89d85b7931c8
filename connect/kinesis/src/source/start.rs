//! `--from`: where to begin without a checkpoint.

use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use sstream::connect::duration;

use super::ledger::Place;

/// Where shards begin that no position names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At the oldest record that is kept.
    Beginning,
    /// At the next record that is written.
    Latest,
    /// At the first record of this age or younger.
    Ago(Duration),
    /// At the first record that came at this time (ms since the epoch) or later.
    Time(u64),
}

impl FromStr for StartAt {
    type Err = String;

    fn from_str(text: &str) -> Result<StartAt, String> {
        match text {
            "beginning" => return Ok(StartAt::Beginning),
            "latest" => return Ok(StartAt::Latest),
            _ => {}
        }
        if let Some(age) = text.strip_prefix('-') {
            return Ok(StartAt::Ago(duration::parse(age)?));
        }
        match humantime::parse_rfc3339_weak(text) {
            Ok(time) => Ok(StartAt::Time(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64)),
            Err(_) => Err("not a place to begin: beginning, latest, an age as -2h, or a time as \
                           2026-11-20T12:00:00Z"
                .to_owned()),
        }
    }
}

impl StartAt {
    /// Where a shard begins, by the service's clock; one that is closed may have ended before.
    pub fn place(&self, is_closed: bool, now_ms: u64) -> Place {
        match self {
            StartAt::Beginning => Place::Oldest,
            StartAt::Latest if is_closed => Place::Ended,
            StartAt::Latest => Place::Latest(now_ms),
            StartAt::Ago(age) => Place::Time(now_ms.saturating_sub(age.as_millis() as u64)),
            StartAt::Time(time_ms) => Place::Time(*time_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        for (text, place) in [
            ("beginning", Place::Oldest),
            ("latest", Place::Latest(10_000)),
            ("-4s", Place::Time(6_000)),
            ("-4h", Place::Time(0)),
            ("1970-01-01T00:00:02Z", Place::Time(2_000)),
        ] {
            assert_eq!(text.parse::<StartAt>().unwrap().place(false, 10_000), place, "{text}");
        }
        assert_eq!(StartAt::Latest.place(true, 10_000), Place::Ended, "nothing more comes");
        for wrong in ["", "end", "-2", "1"] {
            assert!(wrong.parse::<StartAt>().is_err(), "{wrong}");
        }
    }
}
