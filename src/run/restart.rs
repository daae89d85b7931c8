//! Whether and when to start a pipeline again.

use std::time::Duration;

use super::cause::Outcome;

/// After which ends a pipeline is started again. Never where the same pipeline
/// would fail again: exit codes 2, 4 and 5, and commands that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Also when all was done.
    Always,
    /// When it failed.
    OnFailure,
    /// Never.
    No,
}

/// The rules of restarting.
#[derive(Clone, Copy, Debug)]
pub struct RestartRules {
    /// After which ends.
    pub restart: Restart,
    /// How many times in a row.
    pub most: Option<u32>,
    /// How long to wait before the first restart; twice as long before each
    /// further one.
    pub first_delay: Duration,
    /// How long to wait at most. A pipeline that ran for longer was well: the
    /// waits, and the count, begin anew.
    pub longest_delay: Duration,
}

/// What to do after a pipeline has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Start it again after this wait.
    StartAfter(Duration),
    /// No more.
    End,
    /// No more, only because it has been started again too often.
    GiveUp,
}

/// Counts restarts.
#[derive(Debug)]
pub struct Restarts {
    rules: RestartRules,
    in_a_row: u32,
}

impl Restarts {
    /// Before the first start.
    pub fn new(rules: RestartRules) -> Restarts {
        Restarts { rules, in_a_row: 0 }
    }

    /// How many restarts there were in a row.
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// What to do after a run of this outcome and length.
    pub fn next(&mut self, outcome: &Outcome, lasted: Duration) -> Next {
        let is_wanted = match (self.rules.restart, outcome) {
            (Restart::No, _) | (_, Outcome::ReaderGone) => false,
            (_, Outcome::Failed(cause)) => !cause.is_final(),
            (restart, Outcome::Done) => restart == Restart::Always,
        };
        if !is_wanted {
            return Next::End;
        }
        if lasted > self.rules.longest_delay {
            self.in_a_row = 0;
        }
        if self.rules.most.is_some_and(|most| self.in_a_row >= most) {
            return Next::GiveUp;
        }
        let doubled = 2_u32.checked_pow(self.in_a_row).and_then(|factor| self.rules.first_delay.checked_mul(factor));
        self.in_a_row += 1;
        Next::StartAfter(doubled.unwrap_or(Duration::MAX).min(self.rules.longest_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cause::outcome;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn restarts(restart: Restart, most: Option<u32>) -> Restarts {
        Restarts::new(RestartRules { restart, most, first_delay: SECOND, longest_delay: 60 * SECOND })
    }

    fn ended(code: u8) -> Outcome {
        outcome(&[code], &[], false)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_good_run() {
        let mut restarts = restarts(Restart::OnFailure, None);
        let mut after = |lasted: Duration| match restarts.next(&ended(1), lasted) {
            Next::StartAfter(delay) => delay.as_secs(),
            next => panic!("{next:?}"),
        };
        let waits: Vec<u64> = (0..8).map(|_| after(SECOND)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!((0..40).map(|_| after(SECOND)).max(), Some(60));
        assert_eq!(after(61 * SECOND), 1);
        assert_eq!(after(SECOND), 2);
    }

    #[test]
    fn which_ends_are_followed_by_a_start() {
        for (restart, started_again) in [
            (Restart::Always, &[0_u8, 1, 3, 7, 137, 143][..]),
            (Restart::OnFailure, &[1, 3, 7, 137, 143]),
            (Restart::No, &[]),
        ] {
            for code in [0, 1, 2, 3, 4, 5, 7, 126, 127, 137, 141, 143] {
                let next = restarts(restart, None).next(&ended(code), SECOND);
                assert_eq!(next != Next::End, started_again.contains(&code), "{restart:?} {code}");
            }
        }
    }

    #[test]
    fn so_many_in_a_row_and_no_more() {
        let mut restarts = restarts(Restart::OnFailure, Some(2));
        let mut next = |lasted| restarts.next(&ended(137), lasted);
        assert_eq!(next(SECOND), Next::StartAfter(SECOND));
        assert_eq!(next(SECOND), Next::StartAfter(2 * SECOND));
        assert_eq!(next(90 * SECOND), Next::StartAfter(SECOND));
        assert_eq!(next(SECOND), Next::StartAfter(2 * SECOND));
        assert_eq!(next(SECOND), Next::GiveUp);
    }
}
