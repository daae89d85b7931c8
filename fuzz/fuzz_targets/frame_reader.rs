//! The reader of the stream format, on any bytes:
//!
//! - it never panics;
//! - any split of the bytes gives the same events and the same error;
//! - a proper prefix of an accepted stream is never taken for a whole one;
//! - what was accepted, written anew, reads as the same events.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use sstream::frame::{BatchTime, Block, Close, End, Event, FrameError, FrameReader, FrameWriter, Head};

/// An event that owns its bytes.
#[derive(Debug, PartialEq)]
enum Owned {
    Head(Head),
    Block(BatchTime, u64, Vec<u8>),
    End(End),
    Close(Close),
}

/// How reading ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Closed,
    /// The message: what, and at which byte.
    Failed(String),
}

/// Gives its bytes in pieces of at most `size`.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.size.min(buffer.len());
        let (piece, rest) = self.rest.split_at(size.min(self.rest.len()));
        buffer[..piece.len()].copy_from_slice(piece);
        self.rest = rest;
        Ok(piece.len())
    }
}

fn read(bytes: &[u8], size: usize) -> (Vec<Owned>, Outcome) {
    let mut reader = FrameReader::new(Pieces { rest: bytes, size });
    let mut events = Vec::new();
    loop {
        match reader.next() {
            Ok(Event::Head(head)) => events.push(Owned::Head(head)),
            Ok(Event::Block(Block { time, records, bytes })) => {
                events.push(Owned::Block(time, records, bytes.to_vec()));
            }
            Ok(Event::End(end)) => events.push(Owned::End(end)),
            Ok(Event::Close(close)) => {
                events.push(Owned::Close(close));
                return (events, Outcome::Closed);
            }
            Err(error) => {
                let cut_off = matches!(error, FrameError::CutOff { .. });
                assert!(!error.to_string().is_empty());
                return (events, Outcome::Failed(format!("{cut_off} {error}")));
            }
        }
    }
}

fn write(events: &[Owned]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = FrameWriter::new(&mut out);
    for event in events {
        match event {
            Owned::Head(head) => writer.head(head),
            Owned::Block(time, records, bytes) => {
                writer.block(Block { time: *time, records: *records, bytes: bytes.as_slice() })
            }
            Owned::End(end) => writer.end(end),
            Owned::Close(close) => writer.close(close),
        }
        .expect("a Vec takes everything");
    }
    out
}

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the split, and where a prefix ends.
    let Some((&choice, bytes)) = input.split_first() else { return };
    let size = 1 + usize::from(choice) % 61;
    let (events, outcome) = read(bytes, size);

    // Bytes behind the close are seen only if they came in one read with it.
    let (whole, whole_outcome) = read(bytes, usize::MAX);
    let (single, single_outcome) = read(bytes, 1);
    let behind_close = [&outcome, &whole_outcome].into_iter().any(
        |outcome| matches!(outcome, Outcome::Failed(message) if message.contains("nothing after the close")),
    );
    if !behind_close {
        assert_eq!((&events, &outcome), (&single, &single_outcome));
        assert_eq!((&whole, &whole_outcome), (&single, &single_outcome));
    }

    if whole_outcome == Outcome::Closed {
        let again = write(&whole);
        assert_eq!(read(&again, usize::MAX), (whole, Outcome::Closed));
        let cut = bytes.len() * usize::from(choice) / 256;
        assert_ne!(read(&bytes[..cut], usize::MAX).1, Outcome::Closed);
    }
});
