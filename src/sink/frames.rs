//! Frames on standard output: how a stage hands its stream to the next one.

use super::pages::Pages;
use super::stdout::Stdout;
use crate::flow::{Outlet, OutletError};
use crate::frame::{Block, Close, End, FrameWriter, Head, MAX_BLOCK, OwnBlock};

/// Writes frames to standard output.
pub struct Frames {
    writer: FrameWriter<Stdout>,
}

impl Frames {
    /// Frames to `output`.
    pub fn new(output: Stdout) -> Frames {
        Frames { writer: FrameWriter::new(output) }
    }

    /// The same, and its reader is told at once that frames will come: should this
    /// process be killed before its head, then the next stage does not take itself for the
    /// first one, with an empty input.
    pub fn announced(output: Stdout) -> Result<Frames, OutletError> {
        let mut writer = FrameWriter::new(output);
        writer.announce().map_err(failed)?;
        Ok(Frames { writer })
    }
}

fn failed(error: std::io::Error) -> OutletError {
    OutletError::write("stdout", error)
}

impl Outlet for Frames {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.writer.head(head).map_err(failed)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.writer.block(block).map_err(failed)
    }

    fn own_block(&mut self, block: OwnBlock<'_>) -> Result<(), OutletError> {
        let OwnBlock { time, records, bytes } = block;
        // A block that is too long goes as several.
        if !Pages::are_worth(bytes.len()) || bytes.len() > MAX_BLOCK {
            return self.block(Block { time, records, bytes });
        }
        self.writer
            .block_by(time, records, bytes.len(), |output, head| output.write_buffer(head, bytes))
            .map_err(failed)
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.writer.end(end).map_err(failed)
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.writer.close(close).map_err(failed)
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.writer.flush().map_err(failed)
    }
}
