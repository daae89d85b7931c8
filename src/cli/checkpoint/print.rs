//! Output that may be long, and may have a reader that goes away.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use crate::cli::ToolError;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::{Downstream, OpError};
use crate::record::{push_visible, visible};

/// Writes to stdout; an error is kept until the end.
pub struct Printer {
    stdout: BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
    result: io::Result<()>,
}

impl Printer {
    /// On stdout.
    pub fn new() -> Printer {
        let stdout = io::stdout().lock();
        Printer { is_terminal: stdout.is_terminal(), stdout: BufWriter::new(stdout), result: Ok(()) }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.result.is_ok() {
            self.result = self.stdout.write_all(bytes);
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
    pub fn finish(mut self) -> Result<(), ToolError> {
        match self.result.and_then(|()| self.stdout.flush()) {
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
        self.result.is_err()
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
