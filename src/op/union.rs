//! `union`: the records of every side, batch by batch, the first side's first.

use super::sides::{Merge, Whole};
use super::{OpError, Out};
use crate::frame::BatchTime;

/// Hands every side's batch on as it is, one behind the other.
#[derive(Debug, Default)]
pub struct Union {
    buffer: Vec<u8>,
}

impl Merge for Union {
    fn batch(&mut self, _time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        for side in sides {
            for index in 0..side.blocks() {
                let block = side.block(index, &mut self.buffer)?;
                out.records(block.records, block.bytes);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::sides::testing;

    #[test]
    fn the_first_sides_records_come_first() {
        let sides = [vec!["1", "\"a\""], vec![], vec!["1", "null"]]
            .map(|side| side.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(testing::run(&mut Union::default(), &sides).batches, [(1000, sides.concat())]);
    }
}
