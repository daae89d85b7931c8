//! What one reader gets: batches, as they come, until it has gone or there are no more.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::queue::{Missed, Next, ReaderId};
use super::shared::Shared;
use super::socket::Socket;
use crate::console::Console;

/// What a reader misses is told this often.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How often the system is asked whether what was written has arrived: as often as this at
/// first, and less often later.
const ASK: Duration = Duration::from_millis(1);
const ASK_SELDOM: Duration = Duration::from_millis(50);

/// How one reader is served.
pub struct Feed<'s> {
    pub shared: &'s Shared,
    pub socket: &'s Socket,
    pub id: ReaderId,
    /// A line tells the reader what it missed.
    pub tells_dropped: bool,
    /// Who it is, for messages.
    pub name: &'s str,
    pub console: &'s Console,
}

/// How much has been written, and where batches ended in it that are not known to have arrived.
#[derive(Default)]
struct Written {
    bytes: u64,
    ends: VecDeque<(u64, u64)>,
}

impl Feed<'_> {
    /// Serves until all is sent, and has arrived.
    ///
    /// # Errors
    /// The connection is lost; or the reader is cut off, since it took too little of one batch.
    pub async fn run(&self) -> io::Result<()> {
        tokio::select! {
            biased;
            gone = self.socket.read_out() => Err(gone),
            () = self.watch() => Err(io::Error::other(
                "took too little of a batch that it had begun: it is cut off, as nobody gets a part of one")),
            done = self.send() => done,
        }
    }

    /// Tells what the reader misses, and returns when it is cut off.
    async fn watch(&self) {
        let mut pushes = self.shared.pushes();
        let mut told: Option<Instant> = None;
        loop {
            if self.shared.report(|queue| queue.is_cut(self.id)) {
                return;
            }
            if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                let missed = self.shared.report(|queue| queue.untold(self.id));
                if missed.batches > 0 {
                    self.tell(missed);
                    told = Some(Instant::now());
                }
            }
            if pushes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Says what the reader has missed.
    pub fn tell(&self, missed: Missed) {
        if missed.batches > 0 {
            let Missed { batches, records } = missed;
            let message = format!("{}: reads too slowly: dropped {batches} batches, {records} records", self.name);
            self.console.warn(&message);
        }
    }

    async fn send(&self) -> io::Result<()> {
        let mut pushes = self.shared.pushes();
        let mut written = Written::default();
        loop {
            pushes.mark_unchanged();
            match self.shared.report(|queue| queue.take(self.id)) {
                Next::Send(batch, number, missed) => {
                    if self.tells_dropped && missed.batches > 0 {
                        let line = format!("# dropped {} batches, {} records\n", missed.batches, missed.records);
                        self.write(line.as_bytes(), &mut written).await?;
                    }
                    self.write_batch(&batch, &mut written).await?;
                    written.ends.push_back((number, written.bytes));
                    self.shared.report(|queue| queue.taken(self.id));
                    self.tell_arrived(&mut written)?;
                }
                Next::Wait => {
                    tokio::select! {
                        biased;
                        pushed = pushes.changed() => pushed.map_err(io::Error::other)?,
                        arrived = self.until_arrived(&mut written) => {
                            arrived?;
                            pushes.changed().await.map_err(io::Error::other)?;
                        }
                    }
                }
                Next::End => return self.until_arrived(&mut written).await,
            }
        }
    }

    async fn write_batch(&self, batch: &Batch, written: &mut Written) -> io::Result<()> {
        let (mut offset, mut buffer) = (0, Vec::new());
        while offset < batch.length() {
            let piece = batch.piece(offset, &mut buffer)?;
            self.write(piece, written).await?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    async fn write(&self, mut bytes: &[u8], written: &mut Written) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.socket.write(bytes).await?;
            bytes = &bytes[count..];
            written.bytes += count as u64;
            self.shared.has_written();
        }
        Ok(())
    }

    /// Tells which batches have arrived by now; whether all have.
    fn tell_arrived(&self, written: &mut Written) -> io::Result<bool> {
        let there = written.bytes.saturating_sub(self.socket.unsent()?);
        let arrived = written.ends.partition_point(|(_, end)| *end <= there);
        if let Some((last, _)) = written.ends.drain(..arrived).next_back() {
            self.shared.report(|queue| queue.arrived(self.id, last + 1));
        }
        Ok(written.ends.is_empty())
    }

    async fn until_arrived(&self, written: &mut Written) -> io::Result<()> {
        let mut delay = ASK;
        while !self.tell_arrived(written)? {
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(ASK_SELDOM);
        }
        Ok(())
    }
}
