//! Messages that somebody else has read, on standard input: on a cluster Spark's executors read the topic, and
//! this makes the records of the messages, as it does of its own. A message is, numbers big-endian:
//!
//! ```text
//! time       i64, ms since the epoch; -1: none
//! partition  i32
//! offset     i64
//! topic      bytes
//! key        bytes
//! value      bytes
//! headers    i32, how many; each a name and a value: bytes, bytes
//! ```
//!
//! where bytes are an i32, how many follow (-1: there is no such thing), and these.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::time::Duration;

use super::arrivals::Arrivals;
use super::ledger::Ledger;
use super::message::{Form, Parts, Records};
use sstream::connect::{BLOCK_BYTES, Bad, Came, Reason, RecordSource, Room, SourceError};

/// A source of the messages that come from a reader, to its end.
pub struct Piped<R> {
    input: BufReader<R>,
    records: Records,
    held: Arrivals,
    /// Nobody asks here for the offsets that were read.
    ledger: Ledger,
    partition: usize,
    is_over: bool,
}

impl<R: Read> Piped<R> {
    /// The records are of this form.
    pub fn new(input: R, form: Form) -> Piped<R> {
        let mut ledger = Ledger::default();
        let partition = ledger.begin("", 0, 0);
        Piped {
            input: BufReader::with_capacity(1 << 16, input),
            records: Records::new(form),
            held: Arrivals::default(),
            ledger,
            partition,
            is_over: false,
        }
    }

    /// Takes about a block.
    fn fill(&mut self) -> io::Result<()> {
        while !self.is_over && self.held.bytes() < BLOCK_BYTES {
            self.is_over = self.input.fill_buf()?.is_empty();
            if !self.is_over {
                self.message()?;
            }
        }
        Ok(())
    }

    fn message(&mut self) -> io::Result<()> {
        let input = &mut self.input;
        let time_ms = i64::from_be_bytes(array(input)?);
        let partition = i32::from_be_bytes(array(input)?);
        let offset = i64::from_be_bytes(array(input)?);
        let topic = text(input)?;
        let (key, value) = (bytes(input)?, bytes(input)?);
        let count = i32::from_be_bytes(array(input)?);
        let headers: io::Result<Vec<_>> = (0..count).map(|_| Ok((text(input)?, bytes(input)?))).collect();
        let headers = headers?;
        let parts = Parts {
            value: value.as_deref(),
            key: key.as_deref(),
            timestamp_ms: (time_ms >= 0).then_some(time_ms),
            topic: &topic,
            partition,
            offset,
        };
        let out = self.held.space();
        let pushed = self.records.push(
            &parts,
            &mut |each| headers.iter().for_each(|(name, value)| each(name, value.as_deref())),
            out,
        );
        if pushed.is_err() {
            out.extend_from_slice(parts.value.unwrap_or_default());
        }
        self.held.added(self.partition, offset, pushed.err());
        Ok(())
    }
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    input.read_exact(&mut array)?;
    Ok(array)
}

fn bytes(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let Ok(length) = u64::try_from(i32::from_be_bytes(array(input)?)) else { return Ok(None) };
    let mut bytes = Vec::new();
    match input.take(length).read_to_end(&mut bytes)? as u64 {
        read if read == length => Ok(Some(bytes)),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// A name.
fn text(input: &mut impl Read) -> io::Result<String> {
    String::from_utf8(bytes(input)?.unwrap_or_default()).map_err(|_| ErrorKind::InvalidData.into())
}

impl<R: Read> RecordSource for Piped<R> {
    fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
        // Whoever has the messages writes all of them, and ends.
        self.fill().map_err(|error| SourceError::read("the messages on standard input", error))?;
        Ok(if self.held.is_empty() { Came::End } else { Came::Something })
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        !self.held.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.held.take(room, &mut self.ledger, block, bad)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::message::Field;
    use sstream::connect::ValueForm;

    fn message(offset: i64, key: Option<&str>, value: Option<&str>) -> Vec<u8> {
        let bytes = |text: Option<&str>| match text {
            Some(text) => [&(text.len() as i32).to_be_bytes()[..], text.as_bytes()].concat(),
            None => (-1i32).to_be_bytes().to_vec(),
        };
        [
            5i64.to_be_bytes().to_vec(),
            3i32.to_be_bytes().to_vec(),
            offset.to_be_bytes().to_vec(),
            bytes(Some("t")),
            bytes(key),
            bytes(value),
            1i32.to_be_bytes().to_vec(),
            bytes(Some("h")),
            bytes(None),
        ]
        .concat()
    }

    #[test]
    fn records_are_those_that_the_source_itself_would_make() {
        let input =
            [message(7, Some("k"), Some("{\"a\" : 1.50}")), message(8, None, Some("{")), message(9, None, None)]
                .concat();
        let with = vec![Field::Key, Field::Headers, Field::Timestamp, Field::Topic, Field::Partition, Field::Offset];
        let mut piped = Piped::new(&input[..], Form { value: ValueForm::Json, with });
        let (mut block, mut told) = (Vec::new(), Vec::new());
        assert_eq!(piped.wait(Duration::ZERO).unwrap(), Came::Something);
        let mut bad = |record: &[u8], _: &str| {
            told.push(record.to_vec());
            Ok(())
        };
        assert_eq!(piped.take(Room { records: 9, bytes: 1000 }, &mut block, &mut bad).unwrap(), 2);
        assert_eq!(told, [b"{"]);
        assert_eq!(
            String::from_utf8(block).unwrap(),
            "{\"key\":\"k\",\"headers\":[[\"h\",null]],\"timestamp\":5,\"topic\":\"t\",\"partition\":3,\"offset\":7,\"value\":{\"a\":1.50}}\n\
             {\"key\":null,\"headers\":[[\"h\",null]],\"timestamp\":5,\"topic\":\"t\",\"partition\":3,\"offset\":9,\"value\":null}\n"
        );
        assert_eq!(piped.wait(Duration::ZERO).unwrap(), Came::End);
    }

    #[test]
    fn a_message_that_is_cut_off_is_no_end() {
        let whole = message(1, Some("k"), Some("v"));
        for length in 1..whole.len() {
            assert!(Piped::new(&whole[..length], Form::default()).wait(Duration::ZERO).is_err(), "{length}");
        }
    }
}
