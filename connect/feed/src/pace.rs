//! How long to wait before trying again, by the rules that X (formerly Twitter) gives to whoever reads
//! its streams, and that fit others.
//!
//! | trouble | first | then | at most |
//! |---|---|---|---|
//! | network: no connection, one that ended or stalled | 0.25 s | 0.25 s more each time | 16 s |
//! | a status of 408, 425 or 5xx | 5 s | twice as long each time | 320 s |
//! | 429, too many requests | 60 s | twice as long each time | 960 s |

use std::time::Duration;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// With the network.
    Network,
    /// The server answers, and cannot do it now.
    Status,
    /// We ask too often.
    Busy,
}

/// How often the same trouble came in a row.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    last: Option<Trouble>,
    times: u32,
}

impl Pace {
    /// How long to wait now; not shorter than the server wishes, which is believed up to the longest wait
    /// that there is.
    pub fn next(&mut self, trouble: Trouble, wish: Option<Duration>) -> Duration {
        if self.last != Some(trouble) {
            *self = Pace { last: Some(trouble), times: 0 };
        }
        self.times += 1;
        let doubled = |first_s: u64, times: u32| Duration::from_secs(first_s << (self.times - 1).min(times));
        let own = match trouble {
            Trouble::Network => Duration::from_millis(250) * self.times.min(64),
            Trouble::Status => doubled(5, 6),
            Trouble::Busy => doubled(60, 4),
        };
        own.max(wish.unwrap_or_default().min(Duration::from_secs(960)))
    }

    /// It goes well.
    pub fn reset(&mut self) {
        *self = Pace::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_as_the_table_has_it() {
        let mut pace = Pace::default();
        let mut waits = |trouble, count: usize| -> Vec<f64> {
            (0..count).map(|_| pace.next(trouble, None).as_secs_f64()).collect()
        };
        assert_eq!(waits(Trouble::Network, 3), [0.25, 0.5, 0.75]);
        assert_eq!(waits(Trouble::Status, 8), [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 320.0]);
        assert_eq!(waits(Trouble::Busy, 6), [60.0, 120.0, 240.0, 480.0, 960.0, 960.0]);
        assert_eq!(waits(Trouble::Network, 100)[99], 16.0);
        pace.reset();
        assert_eq!(pace.next(Trouble::Network, None), Duration::from_millis(250));
        assert_eq!(pace.next(Trouble::Network, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(pace.next(Trouble::Network, Some(Duration::from_secs(7000))), Duration::from_secs(960));
    }
}
