//! Records one a line: as text or as JSON.

use std::io::Write;

use super::{Sink, form};
use crate::frame::{BatchTime, Block};
use crate::stage::OutletError;

/// How a record becomes a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineForm {
    /// A string as itself, anything else as JSON.
    Text,
    /// Every record as JSON.
    Json,
}

/// Writes every record as a line, as it comes.
pub struct Lines<W> {
    output: W,
    form: LineForm,
    /// Where it goes, for messages.
    what: &'static str,
    buffer: Vec<u8>,
}

impl<W: Write> Lines<W> {
    /// Lines to `output`.
    pub fn new(output: W, what: &'static str, form: LineForm) -> Lines<W> {
        Lines { output, form, what, buffer: Vec::new() }
    }
}

/// Appends the records of a block as lines.
pub fn push_lines(block: Block<'_>, form: LineForm, out: &mut Vec<u8>) {
    match form {
        LineForm::Json => out.extend_from_slice(block.bytes),
        LineForm::Text => {
            for record in block {
                form::push_text(record, out);
                out.push(b'\n');
            }
        }
    }
}

impl<W: Write> Sink for Lines<W> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.buffer.clear();
        push_lines(block, self.form, &mut self.buffer);
        self.output.write_all(&self.buffer).map_err(|error| OutletError::write(self.what, error))
    }

    fn end(&mut self, _time: BatchTime, _records: u64) -> Result<(), OutletError> {
        Ok(())
    }
}
