//! A batch that is to be an object.

use std::cell::RefCell;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use sstream::connect::{Block, LineForm, OutletError, Spool, push_lines};

use crate::store::Content;
use crate::trouble::Trouble;

/// The records of a batch: in memory up to a limit, then on disk.
pub struct Batch {
    spool: Spool,
    form: LineForm,
    size: u64,
    hash: Sha256,
    digest: String,
    lines: RefCell<Vec<u8>>,
}

impl Batch {
    /// With no records, and so many bytes in memory at most.
    pub fn new(form: LineForm, memory: usize) -> Batch {
        let (hash, lines) = (Sha256::new(), RefCell::default());
        Batch { spool: Spool::new(memory), form, size: 0, hash, digest: String::new(), lines }
    }

    /// Takes records.
    ///
    /// # Errors
    /// The disk is full.
    pub fn append(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let lines = self.lines.get_mut();
        lines.clear();
        push_lines(block, self.form, lines);
        self.hash.update(&*lines);
        self.size += lines.len() as u64;
        Ok(self.spool.append(block)?)
    }

    /// All records have come.
    pub fn complete(&mut self) {
        let digest = std::mem::take(&mut self.hash).finalize();
        self.digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    }

    /// Begins with no records.
    pub fn clear(&mut self) {
        self.spool.clear();
        (self.size, self.hash, self.digest) = (0, Sha256::new(), String::new());
    }
}

impl Content for Batch {
    fn size(&self) -> u64 {
        self.size
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn pieces(&self, bytes: usize, each: &mut dyn FnMut(Bytes) -> Result<(), Trouble>) -> Result<(), Trouble> {
        let mut lines = self.lines.borrow_mut();
        lines.clear();
        let mut blocks = self.spool.blocks();
        let failed = |error: &dyn std::fmt::Display| Trouble::Hopeless(format!("what was kept of the batch: {error}"));
        while let Some(block) = blocks.next().map_err(|error| failed(&error))? {
            push_lines(block, self.form, &mut lines);
            while lines.len() >= bytes {
                let rest = lines.split_off(bytes);
                each(std::mem::replace(&mut *lines, rest).into())?;
            }
        }
        if lines.is_empty() { Ok(()) } else { each(std::mem::take(&mut *lines).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::BatchTime;

    #[test]
    fn pieces_are_of_one_size_and_given_again() {
        let mut batch = Batch::new(LineForm::Text, 10);
        for n in 0..100u64 {
            let bytes = format!("\"{n:07}\"\n");
            batch.append(Block { time: BatchTime(1), records: 1, bytes: bytes.as_bytes() }).unwrap();
        }
        batch.complete();
        for _ in 0..2 {
            let (mut sizes, mut all) = (Vec::new(), Vec::new());
            let mut each = |piece: Bytes| {
                sizes.push(piece.len());
                all.extend_from_slice(&piece);
                Ok(())
            };
            batch.pieces(300, &mut each).unwrap();
            assert_eq!(sizes, [300, 300, 200]);
            let digest: String = Sha256::digest(&all).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((batch.size(), batch.digest()), (800, digest.as_str()));
        }
        batch.clear();
        batch.pieces(300, &mut |_| panic!("there is none")).unwrap();
    }
}
