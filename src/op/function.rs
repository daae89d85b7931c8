//! Runs a function (EXPR or a command) over the records of a block.

use super::{OpError, Out};
use crate::error::Failure as _;
use crate::expr::{Answer, ExprError, Function};
use crate::frame::Block;
use crate::record;

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
    // The record that results come for: where in the buffer they begin, and how
    // many records there are so far.
    let (mut open, mut start, mut records) = (0, out.buffer().len(), 0);
    let mut failed = None;
    let ran = function.call_many(&inputs, &mut |index, answer| {
        if failed.is_some() {
            return;
        }
        if index != open {
            out.finish_records(records);
            (open, start, records) = (index, out.buffer().len(), 0);
        }
        match answer {
            Answer::Result(result) => records += write(&given[index], result, out.buffer()),
            Answer::Failed(reason) => {
                out.buffer().truncate(start);
                records = 0;
                failed = out.bad_record(given[index].record, reason).err();
            }
        }
    });
    if ran.is_err() || failed.is_some() {
        out.buffer().truncate(start);
    } else {
        out.finish_records(records);
    }
    failed.map_or_else(|| ran.map_err(stage_error), Err)
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
