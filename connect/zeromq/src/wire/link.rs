//! A connection on which messages go to and fro.

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::args::Security;
use super::command::{self, SocketKind};
use super::curve::Boxes;
use super::error::Broken;
use super::frame::{self, COMMAND, MORE};
use super::greeting::greet;

/// Bytes to and from a peer.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The longest that is taken before we know who the other end is, in bytes.
const LONGEST_AT_FIRST: usize = 64 << 10;

/// So much is read at a time.
const READ: usize = 64 << 10;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// A part of a message, which [`Link::part`] gives; more of the message may follow.
    Part {
        /// Where it is.
        at: Range<usize>,
        /// Whether more parts follow.
        more: bool,
    },
    /// The answer to the ping of this number.
    Pong(u64),
    /// The other end subscribes to what begins so, or does no more.
    Topic {
        /// Whether it subscribes.
        on: bool,
        /// What messages begin with.
        prefix: Vec<u8>,
    },
}

/// What [`Link::exchange`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Something has come.
    pub has_read: bool,
    /// Something has gone.
    pub has_written: bool,
}

/// A connection.
pub struct Link {
    stream: Box<dyn Stream>,
    /// What was read; what of it before `read` is done with.
    buffer: Vec<u8>,
    read: usize,
    /// What is to be written; what of it before `written` was.
    out: Vec<u8>,
    written: usize,
    longest: usize,
    boxes: Option<Boxes>,
    /// Whether the other end answers pings.
    pub answers_pings: bool,
}

impl Link {
    /// Greets who is at the other end; parts of messages are as long as this at most, in bytes.
    ///
    /// # Errors
    /// It is none that we can speak with.
    pub async fn open(
        stream: Box<dyn Stream>,
        kind: SocketKind,
        security: &Security,
        longest: usize,
    ) -> Result<Link, Broken> {
        let mut link = Link {
            stream,
            buffer: Vec::new(),
            read: 0,
            out: Vec::new(),
            written: 0,
            longest: LONGEST_AT_FIRST,
            boxes: None,
            answers_pings: false,
        };
        let agreed = greet(&mut link, kind, security).await?;
        (link.answers_pings, link.boxes, link.longest) = (agreed.answers_pings, agreed.boxes, longest);
        Ok(link)
    }

    /// What is to be written.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// How many bytes are still to be written.
    pub fn unwritten(&self) -> usize {
        self.out.len() - self.written
    }

    /// Appends a command of the handshake.
    pub fn push_command(&mut self, body: &[u8]) {
        frame::push(COMMAND, body, &mut self.out);
    }

    /// Appends the frames of a message, as [`frame::push`] makes them.
    pub fn push_frames(&mut self, frames: &[u8]) {
        let Some(boxes) = &mut self.boxes else {
            return self.out.extend_from_slice(frames);
        };
        let mut rest = frames;
        while let Ok(Some(frame)) = frame::read(rest, usize::MAX) {
            boxes.push(frame.flags, &rest[frame.body.clone()], &mut self.out);
            rest = &rest[frame.body.end..];
        }
    }

    /// Appends a part that is a message of its own, or a command.
    fn push_one(&mut self, flags: u8, body: &[u8]) {
        match &mut self.boxes {
            None => frame::push(flags, body, &mut self.out),
            Some(boxes) => boxes.push(flags, body, &mut self.out),
        }
    }

    /// Appends a subscription, which is a message that begins with a one.
    pub fn push_subscription(&mut self, prefix: &[u8]) {
        self.push_one(0, &[b"\x01", prefix].concat());
    }

    /// Appends a ping of this number, which the other end answers when it has read what went before.
    pub fn push_ping(&mut self, number: u64) {
        self.push_one(COMMAND, &[b"\x04PING\x00\x00", &number.to_be_bytes()[..]].concat());
    }

    /// What is there already, if it is whole.
    ///
    /// # Errors
    /// It is none.
    pub fn at_hand(&mut self) -> Result<Option<Came>, Broken> {
        loop {
            let Some(frame) = frame::read(&self.buffer[self.read..], self.longest)? else {
                self.buffer.drain(..self.read);
                self.read = 0;
                return Ok(None);
            };
            let mut at = self.read + frame.body.start..self.read + frame.body.end;
            let mut flags = frame.flags;
            self.read = at.end;
            if let Some(boxes) = &mut self.boxes {
                let (within, part) = boxes.open(&mut self.buffer[at.clone()])?;
                (flags, at) = (within, at.start + part.start..at.start + part.end);
            }
            if flags & COMMAND == 0 {
                return Ok(Some(Came::Part { at, more: flags & MORE != 0 }));
            }
            if let Some(came) = self.said(at)? {
                return Ok(Some(came));
            }
        }
    }

    /// What a command says to us; a ping is answered.
    fn said(&mut self, at: Range<usize>) -> Result<Option<Came>, Broken> {
        let (name, rest) = command::split(&self.buffer[at])?;
        Ok(match name {
            b"PING" => {
                // Two bytes say how long silence may last, 16 at most come back.
                let context = &rest[rest.len().min(2)..rest.len().min(18)];
                let pong = [b"\x04PONG", context].concat();
                self.push_one(COMMAND, &pong);
                None
            }
            b"PONG" => rest.try_into().ok().map(|number| Came::Pong(u64::from_be_bytes(number))),
            b"SUBSCRIBE" | b"CANCEL" => Some(Came::Topic { on: name == b"SUBSCRIBE", prefix: rest.to_vec() }),
            // As the protocol has it: later versions may have more of them.
            _ => None,
        })
    }

    /// A part that came last.
    pub fn part(&self, at: Range<usize>) -> &[u8] {
        &self.buffer[at]
    }

    /// Writes what is to be written, and reads what comes if it may, until something was moved. Nothing is
    /// lost when this is given up.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn exchange(&mut self, may_read: bool) -> Result<Moved, Broken> {
        let Link { stream, buffer, out, written, .. } = self;
        if may_read {
            buffer.reserve(READ);
        }
        poll_fn(|context| {
            let mut moved = Moved::default();
            while *written < out.len() {
                match Pin::new(&mut *stream).poll_write(context, &out[*written..]) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(Broken::Ended)),
                    Poll::Ready(Ok(count)) => *written += count,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                    Poll::Pending => break,
                }
                moved.has_written = true;
            }
            if *written == out.len() {
                out.clear();
                *written = 0;
            }
            if may_read {
                match read_once(stream, buffer, context) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(Broken::Ended)),
                    Poll::Ready(Ok(_)) => moved.has_read = true,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                    Poll::Pending => {}
                }
            }
            if moved == Moved::default() { Poll::Pending } else { Poll::Ready(Ok(moved)) }
        })
        .await
    }

    /// Writes all that is to be written.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn flush(&mut self) -> Result<(), Broken> {
        self.stream.write_all(&self.out[self.written..]).await?;
        self.out.clear();
        self.written = 0;
        Ok(self.stream.flush().await?)
    }

    /// Says that nothing more will be written, after which the other end ends the connection: what it had
    /// sent before is there to be read still.
    pub async fn hang_up(&mut self) {
        // One that is lost already has nothing to say.
        let _ = self.stream.shutdown().await;
    }

    /// So many bytes of the greeting.
    pub(super) async fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        loop {
            if let Some(bytes) = self.buffer[self.read..].first_chunk::<N>() {
                let bytes = *bytes;
                self.read += N;
                return Ok(bytes);
            }
            self.read_more().await?;
        }
    }

    /// The next command of the handshake.
    pub(super) async fn command(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            if let Some(frame) = frame::read(&self.buffer[self.read..], self.longest)? {
                let body = self.buffer[self.read + frame.body.start..self.read + frame.body.end].to_vec();
                self.read += frame.body.end;
                return match frame.flags & COMMAND {
                    0 => Err(Broken::passing("what came is no ZMTP: a message before its time")),
                    _ => Ok(body),
                };
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<(), Broken> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Broken::Ended),
            _ => Ok(()),
        }
    }
}

fn read_once(
    stream: &mut Box<dyn Stream>,
    buffer: &mut Vec<u8>,
    context: &mut std::task::Context<'_>,
) -> Poll<std::io::Result<usize>> {
    let begin = buffer.len();
    buffer.resize(begin + READ, 0);
    let mut room = ReadBuf::new(&mut buffer[begin..]);
    let polled = Pin::new(stream).poll_read(context, &mut room);
    let read = room.filled().len();
    buffer.truncate(begin + read);
    polled.map_ok(|()| read)
}
