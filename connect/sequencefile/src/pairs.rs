//! Records as keys and values of a SequenceFile.

use sstream::connect::record::pair;
use sstream::connect::{BadRecords, Block, Content, OutletError, Program, only_result};

use crate::file::SequenceFile;
use crate::writable::{TOO_LONG, Writable};

/// Bytes of a key and its value at most: Hadoop counts in 31 bits, and what is compressed may become a little longer.
pub const MOST_BYTES: usize = 2_000_000_000;

/// Where a key or a value is in a record.
pub enum From {
    /// The first of a pair.
    First,
    /// The second of a pair.
    Second,
    /// All of it.
    Record,
    /// What an option's program makes of it.
    Program(&'static str, Program),
}

/// A key or a value.
pub struct Side {
    /// Where it is.
    pub from: From,
    /// What it is in the file.
    pub writable: Writable,
}

/// Puts records into files, a key and a value each.
pub struct Pairs<'a> {
    key: Side,
    value: Side,
    file: SequenceFile,
    bad_records: &'a BadRecords,
    bytes: (Vec<u8>, Vec<u8>),
}

impl<'a> Pairs<'a> {
    /// Has begun no file.
    pub fn new(key: Side, value: Side, file: SequenceFile, bad_records: &'a BadRecords) -> Pairs<'a> {
        Pairs { key, value, file, bad_records, bytes: Default::default() }
    }
}

impl Content for Pairs<'_> {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.file.begin(out);
    }

    fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) -> Result<(), OutletError> {
        for record in block.iter() {
            let (key, value) = &mut self.bytes;
            let written = self.key.write(record, key).and_then(|()| self.value.write(record, value));
            match written {
                Ok(()) if key.len() + value.len() <= MOST_BYTES => self.file.push(key, value, out),
                Ok(()) => self.bad_records.take(block.time, record, TOO_LONG)?,
                Err(reason) => self.bad_records.take(block.time, record, &reason)?,
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.file.end(out);
    }
}

impl Side {
    fn write(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        out.clear();
        let part = |first: bool| {
            let pair = pair(record).ok_or("it is no pair, [KEY,VALUE]: say by --key and --value what they are")?;
            Ok::<&[u8], String>(if first { pair.0 } else { pair.1 })
        };
        match &mut self.from {
            _ if self.writable == Writable::Null => Ok(()),
            From::First => self.writable.push(part(true)?, out).map_err(|reason| format!("key: {reason}")),
            From::Second => self.writable.push(part(false)?, out).map_err(|reason| format!("value: {reason}")),
            From::Record => self.writable.push(record, out),
            From::Program(option, program) => {
                let value = only_result(option, program, record)?.ok_or_else(|| format!("{option} has no result"))?;
                self.writable.push(&value, out).map_err(|reason| format!("{option}: {reason}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sstream::connect::{BatchTime, OnError};

    use super::*;
    use crate::file::Settings;

    #[test]
    fn a_record_that_does_not_fit_leaves_nothing() {
        let side = |from, writable| Side { from, writable };
        let bad_records = BadRecords::new("sink", OnError::Skip);
        let file = SequenceFile::new(Settings::default());
        let mut pairs =
            Pairs::new(side(From::First, Writable::Text), side(From::Second, Writable::Int), file, &bad_records);
        let (mut head, mut out) = (Vec::new(), Vec::new());
        pairs.begin(&mut head);
        let bytes = b"[\"a\",1]\n[\"b\",1.5]\n[\"c\"]\n\"d\"\n[\"e\",2]\n";
        pairs.block(Block { time: BatchTime(1), records: 5, bytes }, &mut out).unwrap();
        pairs.end(&mut out);
        assert_eq!(out, b"\0\0\0\x06\0\0\0\x02\x01a\0\0\0\x01\0\0\0\x06\0\0\0\x02\x01e\0\0\0\x02");
    }
}
