//! How much memory a stage may take, and takes: one that keeps more than there is ends with a
//! message, before the kernel ends it, or some other process, without one.
//!
//! What counts is the memory that the process has filled with its own ([`os::anonymous_bytes`]),
//! so that whatever an operator keeps is in it: keys, lists, sketches, records.

use std::fmt;

use crate::duration::show_size;
use crate::os;

/// It is looked at each time that so many bytes of records have come: what is kept of them may be
/// several times as much.
const LOOK_EVERY: usize = 4 << 20;

/// How much a stage may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// What `--max-memory` says, in bytes.
    Given(u64),
    /// Three quarters of the machine's memory, which has so many bytes.
    OfMachine(u64),
    /// Three quarters of what the process's control group may take.
    OfGroup(u64),
}

impl MemoryLimit {
    /// Of this machine, or of the control group that the process is in, whichever is less; none where
    /// the system does not tell.
    pub fn of_system() -> Option<MemoryLimit> {
        let machine = os::machine_memory();
        let group = os::group_memory().filter(|group| machine.is_none_or(|machine| *group < machine));
        group.map(MemoryLimit::OfGroup).or(machine.map(MemoryLimit::OfMachine))
    }

    /// In bytes.
    pub fn bytes(self) -> u64 {
        match self {
            MemoryLimit::Given(bytes) => bytes,
            MemoryLimit::OfMachine(all) | MemoryLimit::OfGroup(all) => all / 4 * 3,
        }
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = show_size(self.bytes());
        match self {
            MemoryLimit::Given(_) => write!(f, "{bytes}, by --max-memory"),
            MemoryLimit::OfMachine(all) => write!(f, "{bytes}, three quarters of the machine's {}", show_size(*all)),
            MemoryLimit::OfGroup(all) => {
                write!(f, "{bytes}, three quarters of its control group's {}", show_size(*all))
            }
        }
    }
}

/// Looks now and then whether a stage takes more than it may.
#[derive(Debug)]
pub struct MemoryWatch {
    limit: Option<MemoryLimit>,
    /// The system was asked for the limit, which takes some time.
    is_asked: bool,
    since: usize,
}

impl MemoryWatch {
    /// With the limit that was given, in bytes, or that of the system.
    pub fn new(given: Option<u64>) -> MemoryWatch {
        MemoryWatch { limit: given.map(MemoryLimit::Given), is_asked: given.is_some(), since: 0 }
    }

    /// So many bytes of records have come. If it is time to look and the stage takes more than it may:
    /// how much it takes, and the limit.
    #[inline]
    pub fn took(&mut self, bytes: usize) -> Option<(u64, MemoryLimit)> {
        self.since += bytes;
        if self.since < LOOK_EVERY { None } else { self.look() }
    }

    /// As [`MemoryWatch::took`], at once.
    pub fn look(&mut self) -> Option<(u64, MemoryLimit)> {
        self.since = 0;
        if !std::mem::replace(&mut self.is_asked, true) {
            self.limit = MemoryLimit::of_system();
        }
        let limit = self.limit?;
        let taken = os::anonymous_bytes()?;
        (taken > limit.bytes()).then_some((taken, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_what_it_is_of() {
        assert_eq!(MemoryLimit::Given(1 << 20).to_string(), "1.0 MiB, by --max-memory");
        let machine = MemoryLimit::OfMachine(16 << 30);
        assert_eq!(machine.to_string(), "12.0 GiB, three quarters of the machine's 16.0 GiB");
        let group = MemoryLimit::OfGroup(2 << 30);
        assert_eq!(group.to_string(), "1.5 GiB, three quarters of its control group's 2.0 GiB");
        if cfg!(target_os = "linux") {
            assert!(MemoryLimit::of_system().is_some_and(|limit| limit.bytes() > 1 << 20));
        }
    }

    #[test]
    fn it_is_looked_at_now_and_then() {
        let mut watch = MemoryWatch::new(Some(1));
        assert_eq!(watch.took(LOOK_EVERY - 1), None);
        let over = watch.took(1);
        assert_eq!(over.is_some(), cfg!(target_os = "linux"));
        assert_eq!(watch.took(1), None);
        assert_eq!(MemoryWatch::new(Some(u64::MAX)).look(), None);
        assert_eq!(MemoryWatch::new(None).look(), None, "this test takes little");
    }
}
