//! Runs a function (EXPR or a command) over the records of a block.

use std::ops::ControlFlow;

use super::{BLOCK_BYTES, OpError, Out};
use crate::error::Failure as _;
use crate::expr::{Answer, ExprError, Function};
use crate::frame::Block;
use crate::record;
use crate::spool::Spool;

/// A function that may run on any thread.
pub type AnyFunction = Box<dyn Function + Send>;

/// What a function sees of each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Record,
    /// The value of a pair; each result is paired with the key, as written.
    Value,
}

/// Why a record is bad that should be a pair.
pub(super) const NOT_A_PAIR: &str = "not a pair: --values needs [KEY, VALUE], which sstream-map --key EXPR makes";

/// A record, and what a function is given of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    /// All of the record.
    pub record: &'a [u8],
    /// What the function sees.
    pub input: &'a [u8],
    key: Option<&'a [u8]>,
}

impl Part {
    /// What is given of a record; `None` if it should be a pair and is none.
    #[inline]
    pub(super) fn of(self, record: &[u8]) -> Option<Given<'_>> {
        match self {
            Part::Record => Some(Given { record, input: record, key: None }),
            Part::Value => record::pair(record).map(|(key, input)| Given { record, input, key: Some(key) }),
        }
    }
}

impl Given<'_> {
    /// Begins a record to which what is appended next belongs.
    #[inline]
    pub(super) fn open(&self, buffer: &mut Vec<u8>) {
        if let Some(key) = self.key {
            buffer.push(b'[');
            buffer.extend_from_slice(key);
            buffer.push(b',');
        }
    }

    /// Ends the record that was opened.
    #[inline]
    pub(super) fn close(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(if self.key.is_some() { b"]\n" } else { b"\n" });
    }

    /// Appends a record that is this result, or a pair of it.
    #[inline]
    pub(super) fn push(&self, result: &[u8], buffer: &mut Vec<u8>) {
        self.open(buffer);
        buffer.extend_from_slice(result);
        self.close(buffer);
    }
}

/// Makes records of one result: appends them with a newline each, and says how
/// many there are.
pub(super) type Write<'w> = dyn FnMut(&Given<'_>, &[u8], &mut Vec<u8>) -> u64 + 'w;

/// Runs `function` on what `part` of each record it sees; `write` makes records
/// of each result. A record that the function fails on gives nothing, whatever
/// results came before, and is set aside as a bad one.
pub(super) fn run(
    function: &mut dyn Function,
    part: Part,
    block: Block<'_>,
    out: &mut Out<'_>,
    write: &mut Write<'_>,
) -> Result<(), OpError> {
    let mut given = Vec::with_capacity(block.records as usize);
    for record in block {
        match part.of(record) {
            Some(one) => given.push(one),
            None => {
                run_given(function, &given, out, write)?;
                given.clear();
                out.bad_record(record, NOT_A_PAIR)?;
            }
        }
    }
    run_given(function, &given, out, write)
}

fn run_given(
    function: &mut dyn Function,
    given: &[Given<'_>],
    out: &mut Out<'_>,
    write: &mut Write<'_>,
) -> Result<(), OpError> {
    let inputs: Vec<&[u8]> = given.iter().map(|one| one.input).collect();
    let mut open = Open::at(0, out);
    let mut failed = None;
    let ran = function.call_many(&inputs, &mut |index, answer| {
        let mut take = || {
            if index != open.index {
                open.finish(out)?;
                open = Open::at(index, out);
            }
            match answer {
                Answer::Result(result) => {
                    open.records += write(&given[index], result, out.buffer());
                    open.relieve(out)
                }
                Answer::Failed(reason) => {
                    open.void(out);
                    out.bad_record(given[index].record, reason)
                }
            }
        };
        failed = take().err();
        if failed.is_some() || out.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if ran.is_err() || failed.is_some() {
        open.void(out);
    } else {
        open.finish(out)?;
    }
    failed.map_or_else(|| ran.map_err(stage_error), Err)
}

/// The record that results come for.
struct Open {
    index: usize,
    /// Where its results begin in the output's buffer, and how many records there are from there on.
    start: usize,
    records: u64,
    /// Very many results of a record that may still turn out a bad one.
    kept: Option<Spool>,
}

/// So much of the results of a record that may still be a bad one is kept in memory.
const KEPT_BYTES: usize = 4 << 20;

impl Open {
    fn at(index: usize, out: &mut Out<'_>) -> Open {
        Open { index, start: out.buffer().len(), records: 0, kept: None }
    }

    /// Makes room in the buffer if the results are many: they are given on where the batch is
    /// void if the record is bad, and are else put aside.
    fn relieve(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if out.buffer().len() - self.start < BLOCK_BYTES {
            return Ok(());
        }
        if !out.ends_with_a_bad_record() {
            return self.keep(out);
        }
        out.finish_records(std::mem::take(&mut self.records));
        self.start = out.buffer().len();
        Ok(())
    }

    /// Puts the results in the buffer aside.
    fn keep(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let time = out.time();
        let bytes = &out.buffer()[self.start..];
        if !bytes.is_empty() {
            let records = std::mem::take(&mut self.records);
            let kept = self.kept.get_or_insert_with(|| Spool::new(KEPT_BYTES));
            kept.append(Block { time, records, bytes })?;
            out.buffer().truncate(self.start);
        }
        Ok(())
    }

    /// The record is a good one.
    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.kept.is_none() {
            out.finish_records(std::mem::take(&mut self.records));
            return Ok(());
        }
        self.keep(out)?;
        let Some(kept) = self.kept.take() else { return Ok(()) };
        let (batch, mut buffer) = (kept.batch(out.time()), Vec::new());
        for index in 0..batch.blocks() {
            if out.is_closed() {
                break;
            }
            let block = batch.block(index, &mut buffer)?;
            out.records(block.records, block.bytes);
        }
        self.start = out.buffer().len();
        Ok(())
    }

    /// The record gives nothing.
    fn void(&mut self, out: &mut Out<'_>) {
        out.buffer().truncate(self.start);
        (self.records, self.kept) = (0, None);
    }
}

/// The error of a function that cannot go on.
pub(super) fn stage_error(error: ExprError) -> OpError {
    let exit = error.exit();
    OpError::Command { message: error.to_string(), exit }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::expr::Program;

    /// A jq program as a function.
    pub fn program(source: &str) -> AnyFunction {
        Box::new(Program::parse(source, &[]).unwrap())
    }
}
