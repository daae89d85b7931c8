//! What sources on sockets and processes share: tasks that receive, on a tokio
//! runtime that turns only while the cutter waits for bytes.
//!
//! Each task gives whole lines, so that lines of several connections never mix.
//! It reads only when it holds a place in a short queue: while the pipeline is
//! busy nobody reads, the kernel's buffers fill, and the senders wait. Beside
//! that queue, a connection keeps no more than its unfinished line.

pub mod allowance;
pub mod backoff;
pub mod clients;
pub mod connection;

use std::io;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::console::Console;
use crate::flow::Waited;
use crate::record::forms::Coding;
use crate::signal::StopSignal;
use crate::source::{ByteSource, Client, Got, SourceError, Torn};

/// How many pieces may wait for the cutter.
const QUEUE: usize = 4;

/// What receivers need from the stage around them.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The process's stop signal.
    pub stop: StopSignal,
    /// Counts waiting.
    pub waited: Waited,
    /// For connections that come and go.
    pub console: Console,
    /// The longest line, in bytes without its end.
    pub max_line: usize,
    /// How lines are cut, and what they say.
    pub coding: Coding,
    /// Keep the lines of several clients apart.
    pub tells_clients: bool,
}

/// What a task gives.
#[derive(Debug)]
pub struct Piece {
    /// Whose it is, where clients are kept apart.
    client: Option<Client>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Whole lines.
    Lines(Vec<u8>),
    /// A connection is over, and what follows is none of its rows.
    Over(Option<Torn>),
    /// What ends the stage.
    Failed(SourceError),
}

/// A [`ByteSource`] whose bytes come from tasks. It ends when they all have.
pub struct Receiver {
    name: String,
    runtime: Runtime,
    pieces: mpsc::Receiver<Piece>,
    stop: watch::Sender<bool>,
    signal: pipe::Receiver,
    waited: Waited,
    /// The chunk that is being given, and how much of it was.
    chunk: Vec<u8>,
    given: usize,
    /// A connection is over, which was not given yet, or whose unfinished line was not.
    over: Option<Option<Torn>>,
    torn: Option<Torn>,
    /// What ends the stage, behind what is here.
    failed: Option<SourceError>,
    /// Whose piece came last.
    client: Option<Client>,
    /// That is another one than before, which was not told yet.
    is_turn: bool,
}

impl Receiver {
    /// Runs `start` on a new runtime, where it may open sockets and spawn tasks
    /// that send to the outbox. Messages call the source `name`.
    pub fn start<F>(name: &str, around: &Surroundings, start: F) -> Result<Receiver, SourceError>
    where
        F: AsyncFnOnce(Outbox) -> io::Result<()>,
    {
        let failed = |error| SourceError::read(name, error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, pieces) = mpsc::channel(QUEUE);
        let (stop, stop_receiver) = watch::channel(false);
        let outbox = Outbox {
            pieces: sender,
            stop: stop_receiver,
            console: around.console.clone(),
            max_line: around.max_line,
            coding: around.coding,
            tells_clients: around.tells_clients,
        };
        let wake = around.stop.wake().try_clone_to_owned().map_err(failed)?;
        let signal = runtime
            .block_on(async {
                start(outbox).await?;
                pipe::Receiver::from_owned_fd(wake)
            })
            .map_err(failed)?;
        let waited = around.waited.clone();
        Ok(Receiver {
            name: name.to_owned(),
            runtime,
            pieces,
            stop,
            signal,
            waited,
            chunk: Vec::new(),
            given: 0,
            over: None,
            torn: None,
            failed: None,
            client: None,
            is_turn: false,
        })
    }

    fn take_in(&mut self, piece: Piece) {
        if piece.client.is_some() && piece.client != self.client {
            (self.client, self.is_turn) = (piece.client, true);
        }
        match piece.what {
            What::Lines(lines) => (self.chunk, self.given) = (lines, 0),
            What::Over(torn) => self.over = Some(torn),
            What::Failed(error) => self.failed = Some(error),
        }
    }

    /// What is here: bytes for `buffer`, or that a connection is over.
    fn take(&mut self, buffer: &mut [u8]) -> Result<Option<Got>, SourceError> {
        match self.fill(buffer) {
            0 if std::mem::take(&mut self.is_turn) => Ok(Some(Got::Turn)),
            0 => {
                self.failed.take().map_or(Ok(()), Err)?;
                let over = self.over.take();
                Ok(over.map(|torn| {
                    self.torn = torn;
                    Got::Over
                }))
            }
            filled => Ok(Some(Got::Bytes(filled))),
        }
    }

    /// Fills `buffer` from the lines that are here, up to a connection's end or another client.
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() && self.over.is_none() && self.failed.is_none() && !self.is_turn {
            if self.given == self.chunk.len() {
                let Ok(piece) = self.pieces.try_recv() else { break };
                self.take_in(piece);
                continue;
            }
            let count = (buffer.len() - filled).min(self.chunk.len() - self.given);
            buffer[filled..filled + count].copy_from_slice(&self.chunk[self.given..self.given + count]);
            filled += count;
            self.given += count;
        }
        filled
    }
}

impl ByteSource for Receiver {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        if let Some(got) = self.take(buffer)? {
            return Ok(got);
        }
        let (pieces, signal) = (&mut self.pieces, &self.signal);
        let next = self.waited.during(|| {
            self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    ready = signal.readable() => ready.map(|_| Err(Got::Stop)),
                    piece = pieces.recv() => Ok(piece.ok_or(Got::End)),
                    () = tokio::time::sleep(timeout) => Ok(Err(Got::Timeout)),
                }
            })
        });
        match next.map_err(|error| SourceError::read(&self.name, error))? {
            Ok(piece) => {
                self.take_in(piece);
                Ok(self.take(buffer)?.unwrap_or(Got::Timeout))
            }
            Err(got) => Ok(got),
        }
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        self.stop.send_replace(true);
        loop {
            if let Some(got) = self.take(buffer)? {
                return Ok(got);
            }
            let (pieces, runtime) = (&mut self.pieces, &self.runtime);
            match self.waited.during(|| runtime.block_on(pieces.recv())) {
                Some(piece) => self.take_in(piece),
                None => return Ok(Got::End),
            }
        }
    }

    fn torn(&mut self) -> Option<Torn> {
        self.torn.take()
    }

    fn client(&self) -> Option<Client> {
        self.client.clone()
    }
}

/// A task's end of a [`Receiver`].
#[derive(Clone, Debug)]
pub struct Outbox {
    pieces: mpsc::Sender<Piece>,
    stop: watch::Receiver<bool>,
    /// For messages.
    pub console: Console,
    /// The longest line, in bytes without its end.
    pub max_line: usize,
    /// How lines are cut, and what they say.
    pub coding: Coding,
    /// Whether lines of several clients are kept apart.
    pub tells_clients: bool,
}

/// A place in the queue: what is read now can be given at once.
pub struct Place<'o>(mpsc::Permit<'o, Piece>);

impl Place<'_> {
    /// Gives whole lines, of one client where clients are kept apart.
    pub fn give(self, client: Option<Client>, lines: Vec<u8>) {
        if !lines.is_empty() {
            self.0.send(Piece { client, what: What::Lines(lines) });
        }
    }

    /// Tells what ends the stage.
    pub fn fail(self, error: SourceError) {
        self.0.send(Piece { client: None, what: What::Failed(error) });
    }

    /// Tells that a connection is over, and of the line that it left undone.
    pub fn give_over(self, client: Option<Client>, torn: Option<Torn>) {
        self.0.send(Piece { client, what: What::Over(torn) });
    }
}

impl Outbox {
    /// Waits for a place in the queue. None when nobody will read it.
    pub async fn place(&self) -> Option<Place<'_>> {
        self.pieces.reserve().await.ok().map(Place)
    }

    /// Returns when the source is to stop.
    pub async fn stopped(&self) {
        // An error means that the source is gone, and this task with it.
        let _ = self.stop.clone().wait_for(|is_asked| *is_asked).await;
    }

    /// Waits, or not when the source is to stop: then it gives false.
    pub async fn pause(&self, delay: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stopped() => false,
            () = tokio::time::sleep(delay) => true,
        }
    }
}
