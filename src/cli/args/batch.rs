//! Where batches end: after a time, or after so many records.

use std::fmt;
use std::time::Duration;

use crate::duration;
use crate::source::engine::cut::Count;

/// The interval of batches by count, whose times are their numbers: as a virtual clock counts unless it is told
/// otherwise.
const COUNTED_MS: u64 = 1000;

/// What `--batch` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// Milliseconds between batches.
    Every(u64),
    /// So many records; or so long after the first of them.
    Count(Count),
}

impl Batching {
    /// Reads `10s`, `1000n` or `1000n,5s`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Batching, String> {
        let (count, at_most) = match text.split_once(',') {
            Some((count, at_most)) => (count, Some(at_most)),
            None => (text, None),
        };
        let Some(records) = count.trim_end().strip_suffix('n') else {
            return match at_most {
                Some(_) => {
                    Err(format!("'{count}' is no count of records: 1000n,5s is 1000 records, or 5s after the first"))
                }
                None => duration::parse_ms(text).map(Batching::Every),
            };
        };
        let records = records.parse().ok().filter(|records| *records > 0);
        let records = records.ok_or_else(|| format!("'{count}' is no count of records, as 1000n is"))?;
        let at_most = at_most.map(|text| duration::parse_ms(text.trim())).transpose()?.map(Duration::from_millis);
        Ok(Batching::Count(Count { records, at_most }))
    }

    /// Milliseconds between batches.
    pub fn interval_ms(self) -> u64 {
        match self {
            Batching::Every(interval_ms) => interval_ms,
            Batching::Count(_) => COUNTED_MS,
        }
    }

    /// When a batch is full, where that is by count.
    pub fn count(self) -> Option<Count> {
        match self {
            Batching::Every(_) => None,
            Batching::Count(count) => Some(count),
        }
    }
}

impl fmt::Display for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Batching::Every(ms) => f.write_str(&duration::show_ms(*ms)),
            Batching::Count(Count { records, at_most: None }) => write!(f, "{records}n"),
            Batching::Count(Count { records, at_most: Some(at_most) }) => {
                write!(f, "{records}n,{}", duration::show_ms(at_most.as_millis() as u64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_by_time_or_by_count() {
        for text in ["10s", "1000n", "1n,500ms"] {
            assert_eq!(Batching::parse(text).unwrap().to_string(), text);
        }
        for (text, says) in [
            ("10", "needs a unit"),
            ("0n", "no count"),
            ("xn", "no count"),
            ("5s,10n", "1000n,5s is"),
            ("10n,5", "needs a unit"),
            ("10n,", "durations are written"),
        ] {
            assert!(Batching::parse(text).unwrap_err().contains(says), "{text}: {:?}", Batching::parse(text));
        }
    }
}
