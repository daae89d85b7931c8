//! Records as objects of Java, ten in an array, as Spark's `saveAsObjectFile` has them: a `NullWritable`, and a `BytesWritable`
//! with the array.

use sstream::connect::{BadRecords, Block, Content, OutletError, Program, only_result};

use crate::file::SequenceFile;
use crate::java::classes::{Class, Scala};
use crate::java::stream::Stream;
use crate::java::value::{self, Tuples};
use crate::pairs::MOST_BYTES;
use crate::writable::TOO_LONG;

/// Objects of an array, as Spark has it.
const GROUP: u32 = 10;

/// What is longer gets no further objects.
const GROUP_BYTES: usize = 1 << 20;

/// Puts records into files, as objects.
pub struct Objects<'a> {
    value: Option<Program>,
    tuples: Tuples,
    file: SequenceFile,
    bad_records: &'a BadRecords,
    stream: Stream,
    /// Objects in the stream, and where their number is to be written.
    length: u32,
    length_at: usize,
    bytes: Vec<u8>,
}

impl<'a> Objects<'a> {
    /// Has begun no file. Objects are of records, or of what `value` makes of them; `file` is one of nothing and bytes.
    pub fn new(
        value: Option<Program>,
        (tuples, scala): (Tuples, Scala),
        file: SequenceFile,
        bad_records: &'a BadRecords,
    ) -> Objects<'a> {
        Objects {
            value,
            tuples,
            file,
            bad_records,
            stream: Stream::new(scala),
            length: 0,
            length_at: 0,
            bytes: Vec::new(),
        }
    }

    fn push(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let result = match &mut self.value {
            None => None,
            Some(program) => {
                Some(only_result("--value", program, record)?.ok_or_else(|| "--value has no result".to_owned())?)
            }
        };
        if self.length == 0 {
            self.stream.clear();
            self.length_at = self.stream.array(Class::Objects, 0);
        }
        let place = self.stream.place();
        let mut pushed = value::push(result.as_deref().unwrap_or(record), self.tuples, &mut self.stream);
        if self.stream.bytes().len() > MOST_BYTES {
            pushed = Err(TOO_LONG.to_owned());
        }
        if pushed.is_err() {
            self.stream.back(place);
            return pushed;
        }
        self.length += 1;
        if self.length == GROUP || self.stream.bytes().len() > GROUP_BYTES {
            self.finish(out);
        }
        Ok(())
    }

    /// Writes the array, if there is one.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let length = std::mem::take(&mut self.length);
        if length > 0 {
            self.stream.set_length(self.length_at, length);
            self.bytes.clear();
            // No longer than MOST_BYTES.
            self.bytes.extend((self.stream.bytes().len() as u32).to_be_bytes());
            self.bytes.extend_from_slice(self.stream.bytes());
            self.file.push(&[], &self.bytes, out);
        }
    }
}

impl Content for Objects<'_> {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.length = 0;
        self.file.begin(out);
    }

    fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) -> Result<(), OutletError> {
        for record in block.iter() {
            if let Err(reason) = self.push(record, out) {
                self.bad_records.take(block.time, record, &reason)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.finish(out);
        self.file.end(out);
    }
}
