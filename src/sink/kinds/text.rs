//! Records one a line: as text or as JSON.

use crate::flow::{LineForm, OutletError, push_lines};
use crate::frame::{BatchTime, Block};
use crate::sink::Sink;
use crate::sink::stdout::Output;

/// Lines are written when so many bytes have come, or earlier at a batch's end
/// or when the stage is about to wait.
const WRITE_BYTES: usize = 64 << 10;

/// Writes every record as a line, as it comes: what came of a batch that is void
/// in the end has been written by then.
pub struct Lines<W> {
    output: W,
    form: LineForm,
    /// Where it goes, for messages.
    what: &'static str,
    buffer: Vec<u8>,
}

impl<W: Output> Lines<W> {
    /// Lines to `output`.
    pub fn new(output: W, what: &'static str, form: LineForm) -> Lines<W> {
        Lines { output, form, what, buffer: Vec::new() }
    }

    fn write(&mut self) -> Result<(), OutletError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let result = self.output.write_all(&self.buffer);
        self.buffer.clear();
        result.map_err(|error| OutletError::write(self.what, error))
    }
}

impl<W: Output> Sink for Lines<W> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        push_lines(block, self.form, &mut self.buffer);
        if self.buffer.len() < WRITE_BYTES { Ok(()) } else { self.write() }
    }

    fn end(&mut self, _time: BatchTime, _records: u64) -> Result<(), OutletError> {
        self.write()
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        self.write()?;
        self.output.sync().map_err(|error| OutletError::write(self.what, error))
    }

    fn close(&mut self, _complete: bool) -> Result<(), OutletError> {
        // A reader that has all it wanted may have gone by now.
        if self.buffer.is_empty() { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.write()
    }

    fn is_reader_gone(&self) -> bool {
        self.output.is_reader_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what was written when it was synced.
    #[derive(Default)]
    struct Synced {
        written: Vec<u8>,
        durable: usize,
    }

    impl std::io::Write for Synced {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.written.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Output for Synced {
        fn sync(&mut self) -> std::io::Result<()> {
            self.durable = self.written.len();
            Ok(())
        }
    }

    #[test]
    fn what_is_committed_is_durable_before() {
        let mut out = Synced::default();
        let mut lines = Lines::new(&mut out, "stdout", LineForm::Text);
        lines.block(Block { time: BatchTime(1), records: 1, bytes: b"\"a\"\n" }).unwrap();
        lines.prepare(BatchTime(1), 1, &mut Vec::new()).unwrap();
        lines.persist().unwrap();
        assert_eq!(out.durable, 2);
    }

    #[test]
    fn lines_are_out_at_a_flush_and_at_an_end() {
        for (form, want) in [(LineForm::Text, "a\n[1,\"b\"]\nc\n"), (LineForm::Json, "\"a\"\n[1,\"b\"]\n\"c\"\n")] {
            let mut out = Vec::new();
            let mut lines = Lines::new(&mut out, "stdout", form);
            lines.block(Block { time: BatchTime(1), records: 2, bytes: b"\"a\"\n[1,\"b\"]\n" }).unwrap();
            assert!(lines.output.is_empty());
            lines.flush().unwrap();
            assert!(!lines.output.is_empty());
            lines.block(Block { time: BatchTime(1), records: 1, bytes: b"\"c\"\n" }).unwrap();
            lines.end(BatchTime(1), 3).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
