//! The window's records themselves.

use super::Panes;
use super::held::Held;
use crate::frame::Block;
use crate::op::{OpError, Out};

/// Keeps the records of the panes.
pub struct Plain {
    held: Held,
}

impl Plain {
    /// Keeps at most about `memory` bytes of records in memory, the rest on
    /// disk.
    pub fn new(memory: usize) -> Plain {
        Plain { held: Held::new(memory) }
    }
}

impl Panes for Plain {
    fn block(&mut self, block: Block<'_>, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.held.append(block.records, block.bytes)
    }

    fn end_pane(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.held.end_pane();
        Ok(())
    }

    fn evict(&mut self, _out: &mut Out<'_>) -> Result<(), OpError> {
        self.held.evict();
        Ok(())
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.held.read(|records, bytes| out.records(records, bytes))
    }

    fn give_one(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let array = out.buffer();
        let start = array.len();
        array.push(b'[');
        self.held.read(|_, bytes| {
            // Newlines stand between records and nowhere else.
            array.extend(bytes.iter().map(|byte| if *byte == b'\n' { b',' } else { *byte }));
        })?;
        if array.len() > start + 1 {
            array.pop();
        }
        array.push(b']');
        out.finish_record();
        Ok(())
    }
}
