//! The operator of sources and of sinks: hands everything on as it is.

use super::{OpError, Operator, Out};
use crate::frame::Block;

/// Hands every block on.
pub struct Pass;

impl Operator for Pass {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        out.records(block.records, block.bytes);
        Ok(())
    }

    fn gives_all(&self) -> bool {
        true
    }
}
