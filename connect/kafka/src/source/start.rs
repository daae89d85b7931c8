//! `--from`: where to begin without a checkpoint.

use sstream::connect::duration;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where a partition begins that no position says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At its oldest message.
    Beginning,
    /// At the next message that is written to it.
    End,
    /// At the first message of this age or younger.
    Ago(Duration),
    /// At the first message of this time (ms since the epoch) or later.
    Time(i64),
    /// At these offsets; partitions that are not named at the beginning.
    Offsets(Vec<StartOffset>),
}

/// Where a partition begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartOffset {
    /// Its topic; none is any.
    pub topic: Option<String>,
    /// Its number.
    pub partition: i32,
    /// The first offset to read.
    pub offset: i64,
}

const FORMS: &str = "beginning, end, an age as -2h, a time as 2026-11-20T12:00:00Z, or offsets as 0:1500,1:1720 \
                     (PARTITION:OFFSET, or TOPIC:PARTITION:OFFSET)";

impl FromStr for StartAt {
    type Err = String;

    fn from_str(text: &str) -> Result<StartAt, String> {
        match text {
            "beginning" => return Ok(StartAt::Beginning),
            "end" => return Ok(StartAt::End),
            _ => {}
        }
        if let Some(age) = text.strip_prefix('-') {
            return Ok(StartAt::Ago(duration::parse(age)?));
        }
        if let Ok(time) = humantime::parse_rfc3339_weak(text) {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            return Ok(StartAt::Time(since.as_millis() as i64));
        }
        let offsets: Option<Vec<StartOffset>> = text.split(',').map(start_offset).collect();
        offsets.map(StartAt::Offsets).ok_or_else(|| format!("not a place to begin: {FORMS}"))
    }
}

fn start_offset(text: &str) -> Option<StartOffset> {
    let mut parts = text.rsplitn(3, ':');
    let offset = parts.next()?.parse().ok().filter(|offset| *offset >= 0)?;
    let partition = parts.next()?.parse().ok().filter(|partition| *partition >= 0)?;
    Some(StartOffset { topic: parts.next().map(str::to_owned), partition, offset })
}

impl StartAt {
    /// The time to begin at, in ms since the epoch, if that is what was asked for.
    pub fn time_ms(&self, now: SystemTime) -> Option<i64> {
        match self {
            StartAt::Time(time_ms) => Some(*time_ms),
            StartAt::Ago(age) => {
                let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
                Some(now.saturating_sub(*age).as_millis() as i64)
            }
            StartAt::Beginning | StartAt::End | StartAt::Offsets(_) => None,
        }
    }

    /// The offset of a partition, if one was given.
    pub fn offset(&self, topic: &str, partition: i32) -> Option<i64> {
        let StartAt::Offsets(offsets) = self else { return None };
        offsets
            .iter()
            .find(|start| start.partition == partition && start.topic.as_deref().is_none_or(|name| name == topic))
            .map(|start| start.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        for (text, from) in [
            ("beginning", StartAt::Beginning),
            ("end", StartAt::End),
            ("-1h30m", StartAt::Ago(Duration::from_secs(5400))),
            ("1970-01-01T00:00:02Z", StartAt::Time(2000)),
            ("1970-01-01 00:00:02", StartAt::Time(2000)),
        ] {
            assert_eq!(text.parse(), Ok(from), "{text}");
        }
        let offsets: StartAt = "0:1500,a:1:7,1:3".parse().unwrap();
        assert_eq!(offsets.offset("a", 0), Some(1500));
        assert_eq!((offsets.offset("a", 1), offsets.offset("b", 1)), (Some(7), Some(3)));
        assert_eq!(offsets.offset("a", 2), None);
        for wrong in ["", "latest", "0", "0:-1", "0:1,", "-2", "x:y"] {
            assert!(wrong.parse::<StartAt>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_age_is_a_time_before_now() {
        let now = UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(StartAt::Ago(Duration::from_secs(4)).time_ms(now), Some(6000));
        assert_eq!(StartAt::Ago(Duration::from_secs(40)).time_ms(now), Some(0));
        assert_eq!(StartAt::End.time_ms(now), None);
    }
}
