//! What a program gives of a record.

use crate::expr::{ExprError, Program};

/// Results of a program for one record, one behind another.
#[derive(Clone, Debug, Default)]
pub(super) struct Results {
    pub(super) bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Results {
    /// Holds the results of `program` for `input`, or `otherwise` alone if
    /// there is no program.
    pub(super) fn fill(
        &mut self,
        program: Option<&mut Program>,
        input: &[u8],
        otherwise: &[u8],
    ) -> Result<(), ExprError> {
        self.clear();
        self.add(program, input, otherwise)
    }

    /// The same, behind what it holds.
    pub(super) fn add(
        &mut self,
        program: Option<&mut Program>,
        input: &[u8],
        otherwise: &[u8],
    ) -> Result<(), ExprError> {
        let mut push = |result: &[u8]| {
            self.bytes.extend_from_slice(result);
            self.ends.push(self.bytes.len());
        };
        match program {
            Some(program) => program.run(input, &[], &mut push),
            None => {
                push(otherwise);
                Ok(())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.ends.truncate(length);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }
}
