//! A sink for streams whose results nobody needs: for measuring, and for stages
//! that are run for what they do on the way.

use crate::flow::OutletError;
use crate::frame::{BatchTime, Block};
use crate::sink::Sink;

/// Takes everything and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Sink for Null {
    fn block(&mut self, _: Block<'_>) -> Result<(), OutletError> {
        Ok(())
    }

    fn end(&mut self, _: BatchTime, _: u64) -> Result<(), OutletError> {
        Ok(())
    }
}
