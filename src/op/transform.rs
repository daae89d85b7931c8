//! `transform`: each batch goes through something that takes lines and gives
//! lines, as Spark's `RDD.pipe` does.
//!
//! What that is, is behind [`BatchRunner`]: a command, or in tests a function.
//! Here is what makes records of the lines that come back.

use std::ops::ControlFlow;

use super::{OpError, Operator, Out};
use crate::frame::{BatchTime, Block};
use crate::record::forms::Format;

/// Takes bytes of output as they come, whether they end in a newline or not,
/// and says whether more is wanted.
pub type Take<'t> = dyn FnMut(&[u8]) -> Result<ControlFlow<()>, OpError> + 't;

/// Runs whole batches.
pub trait BatchRunner {
    /// Takes records of the batch that the next run will be about.
    fn block(&mut self, block: Block<'_>) -> Result<(), OpError>;

    /// The batch is complete: runs it, an empty one too, and gives the output
    /// to `take`, in order. An error means that the stage must fail; an error
    /// of `take` is handed on.
    fn run(&mut self, time: BatchTime, take: &mut Take<'_>) -> Result<(), OpError>;
}

/// Gives in place of each batch what a [`BatchRunner`] makes of it.
pub struct Transform<R> {
    runner: R,
    lines: Lines,
}

impl<R: BatchRunner> Transform<R> {
    /// Lines that come back are records by `format`; one longer than `max_line`
    /// bytes is bad.
    pub fn new(runner: R, format: Box<dyn Format>, max_line: usize) -> Transform<R> {
        Transform {
            runner,
            lines: Lines { format, max_line, partial: Vec::new(), is_skipping: false, records: Vec::new() },
        }
    }

    /// How many lines that came back had invalid UTF-8, which became U+FFFD.
    pub fn invalid_lines(&self) -> u64 {
        self.lines.format.invalid_lines()
    }
}

impl<R: BatchRunner> Operator for Transform<R> {
    fn block(&mut self, block: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
        self.runner.block(block)
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Transform { runner, lines } = self;
        runner.run(time, &mut |output| {
            lines.push(output, out)?;
            // Output may be without end, as that of `yes` is.
            Ok(if out.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        lines.finish(out)?;
        out.end(time);
        Ok(())
    }
}

/// Makes records of output that comes in pieces.
struct Lines {
    format: Box<dyn Format>,
    max_line: usize,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// Whether that line was too long already, and what comes of it is dropped.
    is_skipping: bool,
    records: Vec<u8>,
}

impl Lines {
    fn push(&mut self, output: &[u8], out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(first) = memchr::memchr(b'\n', output) else {
            return self.push_partial(output, out);
        };
        let mut whole = output;
        if self.is_skipping {
            whole = &output[first + 1..];
            self.is_skipping = false;
        } else if !self.partial.is_empty() {
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&output[..=first]);
            self.give(&line, out)?;
            line.clear();
            self.partial = line;
            whole = &output[first + 1..];
        }
        let end = memchr::memrchr(b'\n', whole).map_or(0, |last| last + 1);
        self.give(&whole[..end], out)?;
        self.push_partial(&whole[end..], out)
    }

    /// Takes bytes without a newline.
    fn push_partial(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Result<(), OpError> {
        if self.is_skipping {
            return Ok(());
        }
        self.partial.extend_from_slice(bytes);
        // A CR may still turn out to be part of the line's end.
        if self.partial.len() <= self.max_line + 1 {
            return Ok(());
        }
        self.is_skipping = true;
        let mut line = std::mem::take(&mut self.partial);
        line.push(b'\n');
        self.give(&line, out)
    }

    /// The output is over: what has no newline is a line all the same.
    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.is_skipping = false;
        let mut line = std::mem::take(&mut self.partial);
        if !line.is_empty() {
            line.push(b'\n');
            self.give(&line, out)?;
        }
        let mut records = std::mem::take(&mut self.records);
        let count = self.format.finish(&mut records, &mut |bad, reason| Ok(out.bad_record(bad, reason)?))?;
        out.records(count, &records);
        records.clear();
        self.records = records;
        Ok(())
    }

    /// Gives the records of whole lines.
    fn give(&mut self, lines: &[u8], out: &mut Out<'_>) -> Result<(), OpError> {
        self.records.clear();
        let mut bad = |line: &[u8], reason: &str| Ok(out.bad_record(line, reason)?);
        let count = self.format.records(lines.into(), self.max_line, &mut self.records, &mut bad)?;
        if count > 0 {
            out.records(count, &self.records);
        }
        self.records.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::{run, try_run};
    use crate::record::forms::{Form, Recipe};
    use proptest::prelude::*;

    fn format(form: Form) -> Box<dyn Format> {
        Recipe { form, ..Recipe::default() }.format(b"")
    }

    /// Gives the batch's bytes back, then its number, in pieces of some length.
    struct Echo {
        piece: usize,
        held: Vec<u8>,
        after: &'static [u8],
    }

    impl BatchRunner for Echo {
        fn block(&mut self, block: Block<'_>) -> Result<(), OpError> {
            self.held.extend_from_slice(block.bytes);
            Ok(())
        }

        fn run(&mut self, _: BatchTime, take: &mut Take<'_>) -> Result<(), OpError> {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(self.after);
            for piece in held.chunks(self.piece) {
                if take(piece)?.is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    fn echo(piece: usize, after: &'static [u8], format: Box<dyn Format>) -> Transform<Echo> {
        Transform::new(Echo { piece, held: Vec::new(), after }, format, 20)
    }

    #[test]
    fn each_batch_is_what_came_back() {
        for piece in 1..40 {
            let mut transform = echo(piece, b"end\xff", format(Form::Text));
            let got = run(&mut transform, &[vec!["1", "22"], vec![], vec!["3"]]);
            let end = "\"end\u{fffd}\"".to_owned();
            let text = |number: &str| format!("\"{number}\"");
            assert_eq!(
                got.batches,
                [
                    (1000, vec![text("1"), text("22"), end.clone()]),
                    (2000, vec![end.clone()]),
                    (3000, vec![text("3"), end]),
                ]
            );
            assert_eq!(transform.invalid_lines(), 3);
        }
    }

    #[test]
    fn json_lines_are_made_canonical_and_others_are_bad() {
        let got = run(&mut echo(3, b"{\"a\" : 1}\nno\n\n", format(Form::Json)), &[vec!["1.10"]]);
        assert_eq!(got.batches, [(1000, vec!["1.10".to_owned(), "{\"a\":1}".to_owned()])]);
        assert_eq!(got.bad.len(), 1);
        assert_eq!(got.bad[0].0, "no");
    }

    #[test]
    fn a_line_without_end_needs_no_memory() {
        for piece in [1, 7, 100] {
            let after = b"0123456789012345678901234567890123456789\nok";
            let got = run(&mut echo(piece, after, format(Form::Text)), &[vec!["1"]]);
            assert_eq!(got.batches[0].1, ["\"1\"", "\"ok\""]);
            assert_eq!(got.bad.len(), 1);
            assert!(got.bad[0].1.contains("--max-line 20"), "{:?}", got.bad);
        }
    }

    /// Fails, as a command does.
    struct Failing;

    impl BatchRunner for Failing {
        fn block(&mut self, _: Block<'_>) -> Result<(), OpError> {
            Ok(())
        }

        fn run(&mut self, _: BatchTime, take: &mut Take<'_>) -> Result<(), OpError> {
            let _ = take(b"partial")?;
            Err(OpError::Usage("no".to_owned()))
        }
    }

    #[test]
    fn a_failure_ends_the_stage() {
        let mut transform = Transform::new(Failing, format(Form::Text), 20);
        assert!(try_run(&mut transform, 1000, &[vec!["1"]], crate::frame::Reason::Eof).is_err());
    }

    proptest! {
        #[test]
        fn where_output_is_cut_does_not_show(lines in prop::collection::vec("[0-9]{0,18}", 0..20), piece in 1..50usize) {
            let numbers: Vec<String> = lines.iter().map(|line| format!("1{line}")).collect();
            let want: Vec<String> = numbers.iter().map(|number| format!("\"{number}\"")).collect();
            let got = run(&mut echo(piece, b"", format(Form::Text)), &[numbers]);
            prop_assert_eq!(&got.batches[0].1, &want);
        }
    }
}
