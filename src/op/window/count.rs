//! How many records the window holds.

use std::collections::VecDeque;

use super::Panes;
use crate::frame::Block;
use crate::op::{OpError, Out};

/// Counts by block headers: no record is looked at.
#[derive(Debug, Default)]
pub struct Count {
    open: u64,
    panes: VecDeque<u64>,
    sum: u64,
}

impl Panes for Count {
    fn block(&mut self, block: Block<'_>, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.open += block.records;
        Ok(())
    }

    fn end_pane(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.sum += self.open;
        self.panes.push_back(std::mem::take(&mut self.open));
        Ok(())
    }

    fn evict(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.sum -= self.panes.pop_front().unwrap_or(0);
        Ok(())
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        out.record(self.sum.to_string().as_bytes());
        Ok(())
    }
}
