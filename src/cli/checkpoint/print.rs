//! Output that may be long, and may have a reader that goes away.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use crate::cli::ToolError;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::{Downstream, OpError};
use crate::os;
use crate::record::{push_visible, visible};

/// Writes to stdout; an error is kept until the end.
pub struct Printer {
    stdout: io::Result<BufWriter<File>>,
    is_terminal: bool,
}

impl Printer {
    /// On stdout.
    pub fn new() -> Printer {
        Printer { is_terminal: io::stdout().is_terminal(), stdout: os::stdout().map(BufWriter::new) }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Ok(stdout) = &mut self.stdout
            && let Err(error) = stdout.write_all(bytes)
        {
            self.stdout = Err(error);
        }
    }

    /// Writes records: on a terminal without what it would obey.
    pub fn records(&mut self, bytes: &[u8]) {
        if !self.is_terminal {
            return self.bytes(bytes);
        }
        let mut shown = Vec::with_capacity(bytes.len());
        push_visible(bytes, &mut shown);
        self.bytes(&shown);
    }

    /// Writes a line for people.
    pub fn line(&mut self, line: &str) {
        self.bytes(visible(line).as_bytes());
        self.bytes(b"\n");
    }

    /// Says whether all was written.
    pub fn finish(self) -> Result<(), ToolError> {
        match self.stdout.and_then(|mut stdout| stdout.flush()) {
            // `sstream-checkpoint state DIR STAGE | head`
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(ToolError::Open { what: "stdout".to_owned(), error }),
            Ok(()) => Ok(()),
        }
    }
}

/// Records of an operator, as lines.
impl Downstream for Printer {
    fn block(&mut self, block: Block<'_>) {
        self.records(block.bytes);
    }

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn is_closed(&self) -> bool {
        self.stdout.is_err()
    }

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

/// Prints a short text.
pub fn text(text: &str) -> Result<(), ToolError> {
    let mut printer = Printer::new();
    printer.bytes(visible(text).as_bytes());
    printer.finish()
}
