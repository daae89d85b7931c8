//! Where bytes come from.

use std::time::Duration;

use crate::source::SourceError;

/// What came of waiting for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing within the time.
    Timeout,
    /// One of the connections that the bytes come from is over: what follows is
    /// another's. [`ByteSource::torn`] has what it left undone.
    Over,
    /// The process was asked to stop.
    Stop,
    /// The input is over.
    End,
}

/// The beginning of a line whose connection or program did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// What came of it.
    pub line: Vec<u8>,
    /// What became of the connection.
    pub reason: String,
}

/// Bytes from the world.
pub trait ByteSource {
    /// Waits at most `timeout` for bytes, and puts what is there into `buffer`.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError>;

    /// After a stop, instead of [`ByteSource::read`]: what the input held at the
    /// first of these calls, piece by piece. [`Got::End`] when that was all.
    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError>;

    /// After [`Got::Over`]: the unfinished line of that connection, if it did not end
    /// well.
    fn torn(&mut self) -> Option<Torn> {
        None
    }
}
