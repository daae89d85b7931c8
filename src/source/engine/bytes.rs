//! Where bytes come from.

use std::sync::Arc;
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
    /// What follows is another client's: [`ByteSource::client`] says whose.
    Turn,
    /// The process was asked to stop.
    Stop,
    /// The input is over.
    End,
}

/// A client's address, or its number: what records call it. Until one is over no other has the same.
pub type Client = Arc<str>;

/// The beginning of a line whose connection or program did not end well.
///
/// ```
/// use std::collections::VecDeque;
/// use std::time::Duration;
/// use sstream::connect::{ByteSource, Client, Got, SourceError, Torn};
///
/// /// What came of clients that are kept apart.
/// enum Said {
///     Turn(Client),
///     Bytes(&'static [u8]),
///     /// The connection was reset, in the middle of this line.
///     Reset(&'static [u8]),
/// }
///
/// struct Clients {
///     said: VecDeque<Said>,
///     client: Option<Client>,
///     torn: Option<Torn>,
/// }
///
/// impl ByteSource for Clients {
///     fn read(&mut self, buffer: &mut [u8], _: Duration) -> Result<Got, SourceError> {
///         Ok(match self.said.pop_front() {
///             None => Got::End,
///             Some(Said::Turn(client)) => {
///                 self.client = Some(client);
///                 Got::Turn
///             }
///             Some(Said::Bytes(bytes)) => {
///                 buffer[..bytes.len()].copy_from_slice(bytes);
///                 Got::Bytes(bytes.len())
///             }
///             Some(Said::Reset(line)) => {
///                 self.torn = Some(Torn { line: line.to_vec(), reason: "the connection was reset".to_owned() });
///                 Got::Over
///             }
///         })
///     }
///     fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
///         self.read(buffer, Duration::ZERO)
///     }
///     fn client(&self) -> Option<Client> {
///         self.client.clone()
///     }
///     fn torn(&mut self) -> Option<Torn> {
///         self.torn.take()
///     }
/// }
///
/// let said = [Said::Turn("10.0.0.7:4000".into()), Said::Bytes(b"whole\n"), Said::Reset(b"hal")];
/// let mut clients = Clients { said: said.into(), client: None, torn: None };
/// let mut got = || clients.read(&mut [0; 100], Duration::ZERO).unwrap();
/// assert_eq!([got(), got(), got(), got()], [Got::Turn, Got::Bytes(6), Got::Over, Got::End]);
/// assert_eq!(clients.client().as_deref(), Some("10.0.0.7:4000"));
/// assert_eq!(clients.torn().unwrap().line, b"hal");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// What came of it.
    pub line: Vec<u8>,
    /// What became of the connection.
    pub reason: String,
}

/// Bytes from the world.
///
/// ```
/// use std::time::Duration;
/// use sstream::connect::{ByteSource, Got, SourceError};
///
/// /// Bytes that are there already.
/// struct Text(&'static [u8]);
///
/// impl ByteSource for Text {
///     fn read(&mut self, buffer: &mut [u8], _: Duration) -> Result<Got, SourceError> {
///         let count = self.0.len().min(buffer.len());
///         buffer[..count].copy_from_slice(&self.0[..count]);
///         self.0 = &self.0[count..];
///         Ok(if count > 0 { Got::Bytes(count) } else { Got::End })
///     }
///     fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
///         self.read(buffer, Duration::ZERO)
///     }
/// }
///
/// let (mut source, mut buffer) = (Text(b"a line\n"), [0; 4]);
/// assert_eq!(source.read(&mut buffer, Duration::ZERO).unwrap(), Got::Bytes(4));
/// // A kind gives it as `Opened::Lines(Box::new(source))`, and --input makes records of it.
/// ```
pub trait ByteSource {
    /// Waits at most `timeout` for bytes, and puts what is there into `buffer`.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError>;

    /// After a stop, instead of [`ByteSource::read`]: what the input held at the
    /// first of these calls, piece by piece. [`Got::End`] when that was all.
    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError>;

    /// The last batch's end has left, and the close is next: an error where the input did not end well,
    /// though what was given is whole.
    fn close(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// After [`Got::Turn`]: whose bytes follow. A source that nobody asked to keep its clients apart
    /// has no turns.
    fn client(&self) -> Option<Client> {
        None
    }

    /// After [`Got::Over`]: the unfinished line of that connection, if it did not end
    /// well.
    fn torn(&mut self) -> Option<Torn> {
        None
    }

    /// How many bytes have come and are in no batch yet, where they wait in the source and it tells: by `--spool`. Who
    /// watches sees it.
    fn waiting(&self) -> Option<u64> {
        None
    }
}
