//! A group of batches that have one file a folder.

use sstream::connect::{BatchTime, OutletError, duration};

use crate::store::held::HeldRows;
use crate::store::staging::Staging;

/// When a file is complete that has several batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Every {
    /// So many bytes of records have come.
    pub bytes: Option<u64>,
    /// A batch has come that ends at a multiple of this, or later.
    pub ms: Option<u64>,
}

impl Every {
    /// Takes a size or a duration more.
    ///
    /// # Errors
    /// It is neither, or there is one already.
    pub fn with(mut self, text: &str) -> Result<Every, String> {
        let is_second = match (duration::parse_ms(text), duration::parse_size(text)) {
            (Ok(ms), _) => self.ms.replace(ms).is_some(),
            (_, Ok(bytes)) => self.bytes.replace(bytes as u64).is_some(),
            _ => return Err(format!("--every {text} is neither a size, as 128MiB, nor a duration, as 10m")),
        };
        match is_second {
            true => Err(format!("--every {text}: one size and one duration at most, and whichever comes first counts")),
            false => Ok(self),
        }
    }
}

/// Batches that are being written.
pub struct Group {
    /// The first.
    pub start: BatchTime,
    /// Their rows, if there are to be several batches.
    pub held: Option<HeldRows>,
    /// How much of those is of batches that are over.
    pub ended: u64,
    every: Option<Every>,
}

impl Group {
    /// One with its first record.
    pub fn begin(start: BatchTime, every: Option<Every>, staging: &Staging) -> Result<Group, OutletError> {
        let held = match every {
            Some(_) => Some(HeldRows::create(staging, rows_name(staging, start))?),
            None => None,
        };
        Ok(Group { start, held, ended: 0, every })
    }

    /// One of an earlier run.
    pub fn restore(start: BatchTime, every: Option<Every>, held: HeldRows) -> Group {
        Group { start, ended: held.length, held: Some(held), every }
    }

    /// Whether the batch that is over now is the last.
    pub fn is_complete(&self, time: BatchTime) -> bool {
        let (Some(every), Some(held)) = (self.every, &self.held) else { return true };
        let is_large = every.bytes.is_some_and(|bytes| held.length >= bytes);
        // A batch is what has come up to its time: one that ends at a multiple is the last before it.
        let is_old = every.ms.is_some_and(|ms| time.0 / ms > self.start.0.saturating_sub(1) / ms);
        is_large || is_old
    }
}

/// The file of a group's rows.
pub fn rows_name(staging: &Staging, start: BatchTime) -> String {
    staging.name(&format!("{start}.rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_complete_at_a_multiple_or_a_size() {
        let every = |texts: &[&str]| texts.iter().try_fold(Every::default(), |every, text| every.with(text));
        assert_eq!(every(&["10s", "1MiB"]), Ok(Every { bytes: Some(1 << 20), ms: Some(10_000) }));
        assert!(every(&["10s", "5s"]).unwrap_err().contains("one size and one duration"));
        assert!(every(&["x"]).unwrap_err().contains("neither"));
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path(), "part").unwrap();
        let mut group = Group::begin(BatchTime(11_000), Some(every(&["10s", "1KiB"]).unwrap()), &staging).unwrap();
        assert!(!group.is_complete(BatchTime(19_999)) && group.is_complete(BatchTime(20_000)));
        let mut whole = Group::begin(BatchTime(10_000), Some(every(&["10s"]).unwrap()), &staging).unwrap();
        assert!(whole.is_complete(BatchTime(10_000)));
        whole.start = BatchTime(10_001);
        assert!(!whole.is_complete(BatchTime(10_001)));
        group.held.as_mut().unwrap().append(&staging, BatchTime(11_000), &[b'x'; 1024]).unwrap();
        assert!(group.is_complete(BatchTime(11_000)));
        assert!(Group::begin(BatchTime(1), None, &staging).unwrap().is_complete(BatchTime(1)));
    }
}
