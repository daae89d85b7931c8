//! What comes out of keys some at a time, put in order.

use super::temporary;
use crate::agg::saved::{push_bytes, take_bytes};
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::shards::split_order;
use crate::op::{Downstream, OpError, Out, Placed};
use crate::store;
use crate::store::sorter::Sorter;

/// Takes records, bad ones among them, that begin with what they are [ordered](crate::op::shards::push_order) by.
pub struct InOrder {
    to: Sorter,
    /// Bad records, behind why they are.
    bad: Sorter,
    result: store::Result<()>,
}

impl InOrder {
    /// With about so many bytes in memory.
    pub fn new(memory: usize) -> InOrder {
        let sorter = || Sorter::new(temporary(), memory);
        InOrder { to: sorter(), bad: sorter(), result: Ok(()) }
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

    /// Gives all that was taken, in order and without what it began with: the bad records behind the others.
    ///
    /// # Errors
    /// A file cannot be read or written; a bad record ends the stage.
    pub fn give(self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.to.drain(&mut |_, _, record| {
            out.records(1, record);
            Ok::<_, OpError>(())
        })?;
        self.bad.drain(&mut |_, _, mut bad| {
            let reason = take_bytes(&mut bad).map_err(|error| OpError::Damaged { what: error.to_string() })?;
            out.bad_record(bad, &String::from_utf8_lossy(reason))
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

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let (order, record) = split_order(record);
        let mut bad = Vec::new();
        push_bytes(reason.as_bytes(), &mut bad);
        bad.extend_from_slice(record);
        Ok(self.bad.push(0, order, &bad)?)
    }
}
