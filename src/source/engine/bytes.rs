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
    /// The process was asked to stop.
    Stop,
    /// The input is over.
    End,
}

/// Bytes from the world.
pub trait ByteSource {
    /// Waits at most `timeout` for bytes, and puts what is there into `buffer`.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError>;

    /// After a stop, instead of [`ByteSource::read`]: what the input held at the
    /// first of these calls, piece by piece. 0 when that was all.
    fn read_held(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError>;
}
