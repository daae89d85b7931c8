//! Where a stage's batches come from.

use std::fmt;
use std::io;

use super::OutletError;
use crate::error::{Exit, Failure};
use crate::frame::{Event, FrameError, FrameReader};

/// Where a stage's batches come from.
pub trait Input {
    /// The next event; waits for it if it must.
    fn next(&mut self) -> Result<Event<'_>, InputError>;

    /// The buffer that each block is in right after its event, of an input that has one: who takes it leaves another in its
    /// place. An input either always has one or never.
    fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        None
    }

    /// Whether the next event is here already, so that [`Input::next`] will not
    /// wait.
    fn is_ready(&self) -> bool;

    /// How many bytes have come and are in no batch yet, where a source lets them wait and tells: `--spool`.
    fn waiting(&self) -> Option<u64> {
        None
    }

    /// Asked after the close: whether this run only ended what the one before had
    /// begun to close, so that the tool is to be started again.
    fn must_restart(&self) -> bool {
        false
    }
}

impl<R: io::Read> Input for FrameReader<R> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(FrameReader::next(self)?)
    }

    fn is_ready(&self) -> bool {
        self.is_buffered()
    }
}

/// Why the input ended otherwise than by a close.
#[derive(Debug)]
pub enum InputError {
    /// A framed stream that is cut off, malformed or unreadable.
    Frame(FrameError),
    /// The same, of one of several streams.
    Side {
        /// Which.
        name: String,
        /// What it lacks.
        error: FrameError,
    },
    /// A source failed.
    Source(Box<dyn Failure>),
    /// Nobody reads what the stage writes, which was found out while it waited.
    ReaderGone,
}

impl InputError {
    /// Whether the stream just stopped, with no close.
    pub fn is_cut_off(&self) -> bool {
        matches!(self, InputError::Frame(error) | InputError::Side { error, .. }
            if matches!(error, FrameError::CutOff { .. }))
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputError::Frame(error) => error.fmt(f),
            // The message speaks of the input; here there are several.
            InputError::Side { name, error } => write!(f, "{name}{}", error.to_string().trim_start_matches("input")),
            InputError::Source(error) => error.fmt(f),
            InputError::ReaderGone => OutletError::ReaderGone.fmt(f),
        }
    }
}

impl std::error::Error for InputError {}

impl Failure for InputError {
    fn exit(&self) -> Exit {
        match self {
            InputError::Frame(error) | InputError::Side { error, .. } => error.exit(),
            InputError::Source(error) => error.exit(),
            InputError::ReaderGone => OutletError::ReaderGone.exit(),
        }
    }
}

impl From<FrameError> for InputError {
    fn from(error: FrameError) -> Self {
        InputError::Frame(error)
    }
}
