use super::*;
use crate::connect::{Reason, SourceError};

/// The numbers below 100, from a world that gives seven at a time; right, or wrong in one way.
#[derive(Default)]
struct Numbers {
    wrong: Wrong,
    next: u8,
    come: u8,
    batch: u8,
    again: (u8, u8),
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Wrong {
    #[default]
    Nothing,
    /// Goes on at the beginning of what is sent again.
    GoesBack,
    /// Takes a restart for a first start.
    Forgets,
    /// Reads a base and nothing behind it.
    BaseAlone,
    /// Its entry of the first batch behind a restart has what was sent again in it.
    KeepsBatch,
    /// Gives an entry where nothing was taken.
    Talks,
    /// Never says that it has records.
    Hides,
    /// Gives more than there is room for.
    Floods,
    /// Writes records that are not canonical.
    Spaces,
    /// Gives another record again.
    Differs,
}

impl Numbers {
    fn give(&self, from: u8, to: u8, block: &mut Vec<u8>) {
        let space = if self.wrong == Wrong::Spaces { " " } else { "" };
        (from..to).for_each(|n| block.extend(format!("{n}{space}\n").bytes()));
    }
}

impl RecordSource for Numbers {
    fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
        if self.next >= 100 {
            return Ok(Came::End);
        }
        self.come = (self.next + 7).min(100);
        Ok(Came::Something)
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        self.come > self.next && self.wrong != Wrong::Hides
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        let all = u64::from(self.come - self.next);
        let count = if self.wrong == Wrong::Floods { all } else { room.records.min(all) } as u8;
        self.give(self.next, self.next + count, block);
        self.next += count;
        Ok(count.into())
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for Numbers {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        let mut all = position.since.iter().rev().chain([&position.base]);
        let newest = match self.wrong {
            Wrong::BaseAlone => position.base.last(),
            Wrong::Forgets => None,
            _ => all.find_map(|bytes| bytes.last()),
        };
        self.next = newest.copied().unwrap_or(0);
        (self.batch, self.come) = (self.next, self.next);
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if self.next > self.batch || self.wrong == Wrong::Talks {
            delta.extend([self.batch, self.next]);
            self.batch = self.next;
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        base.push(self.batch);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        let &[from, to] = delta else { return Err(SourceError::Position { what: "of numbers" }) };
        self.again = (from, to);
        match self.wrong {
            Wrong::GoesBack => (self.next, self.come, self.batch) = (from, from, from),
            Wrong::KeepsBatch => self.batch = from,
            _ => {}
        }
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let (from, to) = std::mem::take(&mut self.again);
        let other = u8::from(self.wrong == Wrong::Differs && from == 1);
        self.give(from + other, to + other, block);
        Ok(Some(u64::from(to - from)).filter(|records| *records > 0))
    }
}

fn check(wrong: Wrong) -> u64 {
    check_replay(|| Numbers { wrong, ..Numbers::default() }, 100)
}

#[test]
fn a_source_that_is_right_passes() {
    assert_eq!(check(Wrong::Nothing), 100);
}

#[test]
fn a_source_without_end_passes_too() {
    assert_eq!(check_replay(Numbers::default, 50), 50);
    assert_eq!(check_replay(Numbers::default, 77), 77);
}

#[test]
fn a_source_that_is_wrong_does_not_pass() {
    for (wrong, says) in [
        (Wrong::GoesBack, "goes on elsewhere"),
        (Wrong::Forgets, "goes on elsewhere: record 1 is `0`, and was `1`"),
        (Wrong::BaseAlone, "goes on elsewhere"),
        (Wrong::KeepsBatch, "nothing new was taken, and position gives something"),
        (Wrong::Talks, "nothing was taken since the last call"),
        (Wrong::Hides, "the source gives nothing"),
        (Wrong::Floods, "with room for 1"),
        (Wrong::Spaces, "not canonical: 0 \n, and not 0"),
        (Wrong::Differs, "the next batch is another one again: record 1 is `2`, and was `1`"),
    ] {
        let panicked = std::panic::catch_unwind(|| check(wrong)).unwrap_err();
        let text = panicked.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panicked.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap();
        assert!(text.contains(says), "{says}: {text}");
    }
}
