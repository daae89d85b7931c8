//! What comes out of keys some at a time, put in order.

use super::temporary;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::shards::split_order;
use crate::op::{Downstream, OpError, Out, Placed};
use crate::store;
use crate::store::sorter::Sorter;

/// Takes records that begin with what they are [ordered](crate::op::shards::push_order) by.
pub struct InOrder {
    to: Sorter,
    result: store::Result<()>,
}

impl InOrder {
    /// With about so many bytes in memory.
    pub fn new(memory: usize) -> InOrder {
        InOrder { to: Sorter::new(temporary(), memory), result: Ok(()) }
    }

    /// Takes what `give` gives.
    ///
    /// # Errors
    /// That of `give`; a file cannot be written.
    pub fn take(&mut self, give: impl FnOnce(&mut Out<'_>) -> Result<(), OpError>) -> Result<(), OpError> {
        let mut out = Out::placed(self);
        let given = give(&mut out);
        out.finish_block();
        given?;
        Ok(std::mem::replace(&mut self.result, Ok(()))?)
    }

    /// Gives all that was taken, in order and without what it began with.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn give(self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.to.drain(&mut |_, _, record| {
            out.records(1, record);
            Ok::<_, OpError>(())
        })
    }
}

impl Downstream for InOrder {
    /// Outputs with places have none.
    fn block(&mut self, _: Block<'_>) {}

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn placed(&mut self, records: Placed) {
        let mut start = 0;
        for (_, end) in records.ends {
            let (order, record) = split_order(&records.bytes[start..end]);
            start = end;
            if self.result.is_ok() {
                self.result = self.to.push(0, order, record);
            }
        }
    }

    /// What is over has none.
    fn bad_record(&mut self, _: BatchTime, _: &[u8], _: &str) -> Result<(), OpError> {
        Ok(())
    }
}
