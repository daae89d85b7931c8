//! One connection, or the output of one process: bytes to whole lines.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use tokio::net::unix::pipe;
use tokio::net::{TcpStream, UnixStream};

use crate::error::describe;
use crate::frame::MAGIC;
use crate::os;
use crate::source::engine::lines::Assembler;
use crate::source::kinds::receive::Outbox;
use crate::source::kinds::receive::allowance::Share;
use crate::source::{Client, Torn};

/// The most that is read at a time, in bytes.
const READ: usize = 256 << 10;

/// How reading a connection came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The other side has ended it.
    End,
    /// The source is to stop.
    Stop,
}

/// What a connection reads from.
#[derive(Debug)]
pub enum Stream {
    /// A TCP connection.
    Tcp(TcpStream),
    /// A connection over a unix socket.
    Unix(UnixStream),
    /// The output of a process.
    Pipe(pipe::Receiver),
}

impl Stream {
    async fn readable(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.readable().await,
            Stream::Unix(stream) => stream.readable().await,
            Stream::Pipe(stream) => stream.readable().await,
        }
    }

    /// Reads what is there, into a buffer of about its size; nothing at the end.
    fn try_read(&self) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.bytes_waiting()).unwrap_or(READ).clamp(64, READ);
        let mut bytes = Vec::with_capacity(size);
        match self {
            Stream::Tcp(stream) => stream.try_read_buf(&mut bytes),
            Stream::Unix(stream) => stream.try_read_buf(&mut bytes),
            Stream::Pipe(stream) => stream.try_read_buf(&mut bytes),
        }?;
        Ok(bytes)
    }

    fn bytes_waiting(&self) -> u64 {
        os::bytes_waiting(self.fd())
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
            Stream::Pipe(stream) => stream.as_fd(),
        }
    }
}

/// What is known of the first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// It may be anything.
    Any,
    /// It has not come, and may not be the head of a stream of batches.
    Expected,
    /// It was one.
    Head,
}

/// A stream that is read line by line.
pub struct Connection {
    stream: Stream,
    /// For messages.
    name: String,
    lines: Assembler,
    /// What it may hold, where it is one of many clients.
    share: Option<Share>,
    beginning: Beginning,
    /// What records call it, where clients are kept apart.
    client: Option<Client>,
}

impl Connection {
    /// Of a stream that messages call `name`.
    pub fn new(stream: Stream, name: &str, outbox: &Outbox) -> Connection {
        if let Stream::Pipe(pipe) = &stream {
            os::enlarge_pipe(pipe);
        }
        Connection {
            stream,
            name: name.to_owned(),
            lines: Assembler::new(outbox.max_line, outbox.coding),
            share: None,
            beginning: Beginning::Any,
            client: None,
        }
    }

    /// The same, as one of many clients.
    pub fn among(self, share: Share, client: Option<Client>) -> Connection {
        Connection { share: Some(share), client, ..self }
    }

    /// The same, which is over when it turns out to be a stream of batches.
    pub fn of_lines_only(self) -> Connection {
        Connection { beginning: Beginning::Expected, ..self }
    }

    /// Whether it was refused as a stream of batches.
    pub fn is_of_batches(&self) -> bool {
        self.beginning == Beginning::Head
    }

    /// Gives lines until the other side ends or the source is to stop, and keeps what
    /// is unfinished then.
    pub async fn forward(&mut self, outbox: &Outbox) -> io::Result<Over> {
        tokio::select! {
            biased;
            () = outbox.stopped() => Ok(Over::Stop),
            over = self.forward_whole_lines(outbox) => over,
        }
    }

    /// The connection is over. What is unfinished is a last line where it ended well,
    /// and a bad record where it did not, for the reason given.
    pub async fn end(self, outbox: &Outbox, torn: Option<String>) {
        let Connection { name, mut lines, client, .. } = self;
        let (line, torn) = match torn {
            None => match lines.finish() {
                Ok(line) => (line, None),
                Err((line, reason)) => (None, Some(Torn { line, reason: format!("{name}: {reason}") })),
            },
            Some(reason) => {
                let reason = format!("{name}: ended inside a line: {reason}");
                (None, lines.take_unfinished().map(|line| Torn { line, reason }))
            }
        };
        if let (Some(line), Some(place)) = (line, outbox.place().await) {
            place.give(client.clone(), line);
        }
        if let Some(place) = outbox.place().await {
            place.give_over(client, torn);
        }
    }

    /// Gives lines until the other side ends, stop or not, and keeps what is
    /// unfinished then.
    pub async fn forward_whole_lines(&mut self, outbox: &Outbox) -> io::Result<Over> {
        loop {
            self.stream.readable().await?;
            let Some(place) = outbox.place().await else { return Ok(Over::Stop) };
            // From here on nothing waits, so that no byte is lost at a stop.
            match self.stream.try_read() {
                Ok(bytes) if bytes.is_empty() => return Ok(Over::End),
                Ok(bytes) => {
                    let lines = self.lines.push(bytes).unwrap_or_default();
                    if self.beginning == Beginning::Expected && !lines.is_empty() {
                        let is_head = lines.starts_with(MAGIC);
                        self.beginning = if is_head { Beginning::Head } else { Beginning::Any };
                    }
                    if self.is_of_batches() {
                        return Ok(Over::End);
                    }
                    place.give(self.client.clone(), lines);
                    let unfinished = self.lines.unfinished();
                    self.share.as_mut().map_or(Ok(()), |share| share.set(unfinished))?;
                }
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// At a stop: gives the lines that the descriptor holds at this moment, and
    /// tells what is unfinished.
    pub async fn forward_held(mut self, outbox: &Outbox) {
        let mut held = self.stream.bytes_waiting();
        loop {
            let Some(place) = outbox.place().await else { return };
            // One read more than what is held: had the other side ended?
            let is_last = held == 0;
            match self.stream.try_read() {
                Ok(bytes) if !bytes.is_empty() => {
                    held = held.saturating_sub(bytes.len() as u64);
                    place.give(self.client.clone(), self.lines.push(bytes).unwrap_or_default());
                }
                // There are bytes, which the runtime has not been told of yet, as on a new connection.
                Err(error) if is_transient(&error) && !is_last => {
                    if self.stream.readable().await.is_err() {
                        break;
                    }
                    continue;
                }
                Err(error) if is_transient(&error) => break,
                Ok(_) => {
                    drop(place);
                    return self.end(outbox, None).await;
                }
                Err(error) => {
                    drop(place);
                    return self.end(outbox, Some(describe(&error))).await;
                }
            }
            if is_last {
                break;
            }
        }
        self.tell_unfinished(outbox);
    }

    /// Says what of a line is left behind at a stop.
    pub fn tell_unfinished(&self, outbox: &Outbox) {
        let bytes = self.lines.unfinished();
        if bytes > 0 {
            let message = format!("{}: left an unfinished line of {bytes} bytes at the stop", self.name);
            outbox.console.warn(&message);
        }
    }
}

/// Whether nothing is wrong, and there is nothing to read either.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
