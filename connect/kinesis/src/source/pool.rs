//! Threads that read shards and list them, and what they have brought.
//!
//! A shard is read by one thread at a time, and not more often than its readers together may. What was read
//! and is not taken yet takes a bounded memory: beyond that nothing is read.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sstream::connect::{Backoff, Bell, Console, OnLoss, SourceError, describe};

use super::chunk::{Chunk, State};
use super::lane::{Lane, Read};
use super::records::{Form, Records};
use super::shards::{Listing, list};
use crate::client::{Client, Fault, KinesisError, error_of};

/// What waits for the pipeline, or is being read, holds about so many bytes.
pub const MEMORY: usize = 24 << 20;

/// So many shards are read at a time.
pub const THREADS: usize = 16;

/// Shards are listed this often, besides when one has ended.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// That nothing comes is told this often, in ms: as often as the ledger notes it.
const TELL_EVERY_MS: u64 = 3_600_000;

/// That a shard has too many readers is told this often.
const TELL_THROTTLED_EVERY: Duration = Duration::from_secs(60);

/// How shards are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What records are made of.
    pub form: Form,
    /// The shortest time from one read of a shard to the next.
    pub pace: Duration,
    /// A shard is read until there is no more, and no longer.
    pub available_now: bool,
    /// What becomes of lost records.
    pub on_loss: OnLoss,
}

/// The threads. Dropped, they end when they are done with what they do.
pub struct Pool {
    inner: Arc<Inner>,
    threads: usize,
}

struct Inner {
    client: Arc<Client>,
    reading: Reading,
    console: Console,
    bell: Bell,
    state: Mutex<Shared>,
    changed: Condvar,
}

#[derive(Default)]
struct Shared {
    /// Those that no thread reads now.
    lanes: Vec<Lane>,
    chunks: Vec<Chunk>,
    /// Bytes that chunks have, here or there, and reads will have.
    held: usize,
    listing: Option<Listing>,
    /// A listing is wanted.
    is_wanted: bool,
    error: Option<SourceError>,
    is_closed: bool,
}

impl Pool {
    /// Begins to list shards; whoever waits for news hears the bell.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(client: Arc<Client>, reading: Reading, console: Console, bell: Bell) -> Result<Pool, KinesisError> {
        let state = Mutex::new(Shared { is_wanted: true, ..Shared::default() });
        let inner = Arc::new(Inner { client, reading, console, bell, state, changed: Condvar::new() });
        let scout = inner.clone();
        spawn(move || scout.scout())?;
        Ok(Pool { inner, threads: 0 })
    }

    /// Begins to read a shard.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn read(&mut self, lane: Lane, active: usize) -> Result<(), KinesisError> {
        self.inner.lock().lanes.push(lane);
        if self.threads < active.min(THREADS) {
            let reader = self.inner.clone();
            spawn(move || reader.read())?;
            self.threads += 1;
        }
        self.inner.changed.notify_all();
        Ok(())
    }

    /// Asks for a listing.
    pub fn want_listing(&self) {
        self.inner.lock().is_wanted = true;
        self.inner.changed.notify_all();
    }

    /// The newest listing, once.
    pub fn listing(&self) -> Option<Listing> {
        self.inner.lock().listing.take()
    }

    /// What has come, once.
    ///
    /// # Errors
    /// Why no more will come; what had come before is given first.
    pub fn chunks(&self) -> Result<Vec<Chunk>, SourceError> {
        let mut state = self.inner.lock();
        let chunks = std::mem::take(&mut state.chunks);
        match state.error.take_if(|_| chunks.is_empty()) {
            Some(error) => Err(error),
            None => Ok(chunks),
        }
    }

    /// A chunk of so many bytes was taken.
    pub fn release(&self, bytes: usize) {
        let mut state = self.inner.lock();
        state.held = state.held.saturating_sub(bytes);
        drop(state);
        self.inner.changed.notify_all();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.inner.lock().is_closed = true;
        self.inner.changed.notify_all();
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> Result<(), KinesisError> {
    let thread = thread::Builder::new().name("kinesis".into()).spawn(run);
    thread.map(drop).map_err(|error| KinesisError::System { message: describe(&error) })
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something changes, or for so long.
    fn wait<'g>(&self, state: MutexGuard<'g, Shared>, time: Duration) -> MutexGuard<'g, Shared> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    fn fail(&self, error: SourceError) {
        self.lock().error.get_or_insert(error);
        self.bell.ring();
    }

    /// Lists shards until the end.
    fn scout(&self) {
        let (mut backoff, mut has_failed) = (Backoff::default(), false);
        let mut due = Instant::now();
        loop {
            let mut state = self.lock();
            loop {
                if state.is_closed {
                    return;
                }
                let left = due.saturating_duration_since(Instant::now());
                if state.is_wanted || left.is_zero() {
                    break;
                }
                state = self.wait(state, left);
            }
            state.is_wanted = false;
            drop(state);
            due = Instant::now() + LIST_EVERY;
            match list(&self.client) {
                Ok(listing) => {
                    if std::mem::take(&mut has_failed) {
                        self.client.patience().note_back();
                    }
                    backoff.reset();
                    self.lock().listing = Some(listing);
                    self.bell.ring();
                }
                Err(Fault::Passing(message) | Fault::Throttled(message)) => {
                    has_failed = true;
                    self.client.patience().note_away(&message);
                    due = Instant::now() + backoff.next();
                }
                Err(fault) => return self.fail(error_of(&self.client, fault).into()),
            }
        }
    }

    /// Reads whatever shard is due, until the end.
    fn read(&self) {
        let mut records = Records::new(self.reading.form.clone());
        while let Some(mut lane) = self.next_lane() {
            let (began, expected) = (Instant::now(), lane.expected);
            let read = lane.read(&self.client, &mut records);
            lane.due = began + self.reading.pace;
            let chunk = match read {
                Ok(Read { chunk, lost }) => {
                    lane.backoff.reset();
                    self.client.patience().note_back();
                    if let Some(reason) = lost
                        && let Err(error) = self.lose(&lane, reason)
                    {
                        return self.fail(error);
                    }
                    Some(chunk)
                }
                Err(Fault::Expired) => None,
                Err(Fault::Throttled(message)) => {
                    lane.due += lane.backoff.next();
                    self.note_throttled(&mut lane, &message);
                    None
                }
                Err(Fault::Passing(message)) => {
                    self.client.patience().note_away(&message);
                    lane.due += lane.backoff.next();
                    None
                }
                Err(fault) => return self.fail(error_of(&self.client, fault).into()),
            };
            self.put(lane, chunk, expected);
        }
    }

    /// The shard that is due first, when it is; none at the end.
    fn next_lane(&self) -> Option<Lane> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            let first = state.lanes.iter().enumerate().min_by_key(|(_, lane)| lane.due);
            let (index, left) = match first {
                Some((index, lane)) => (index, lane.due.saturating_duration_since(Instant::now())),
                None => (0, LIST_EVERY),
            };
            let has_room = state.held < MEMORY;
            if left.is_zero() && has_room {
                let lane = state.lanes.swap_remove(index);
                state.held += lane.expected;
                return Some(lane);
            }
            // Who waits for room is told when there is some.
            state = self.wait(state, if has_room { left } else { LIST_EVERY });
        }
    }

    /// Puts a shard back, and what was read of it, for which so many bytes were set aside.
    fn put(&self, mut lane: Lane, chunk: Option<Chunk>, expected: usize) {
        let mut state = self.lock();
        state.held = state.held.saturating_sub(expected);
        let mut is_over = false;
        if let Some(mut chunk) = chunk {
            let is_due = match chunk.state {
                State::Tip(now_ms) => now_ms >= lane.told_ms.saturating_add(TELL_EVERY_MS),
                State::More | State::End => false,
            };
            if let (State::Tip(now_ms), true) = (chunk.state, is_due) {
                lane.told_ms = now_ms;
            }
            is_over = match (chunk.state, lane.until_ms) {
                (State::End, _) | (State::Tip(_), Some(_)) => true,
                (State::More, Some(until_ms)) => chunk.last().is_some_and(|(_, came_ms)| came_ms >= until_ms),
                (_, None) => false,
            };
            chunk.is_last = is_over;
            if is_due || is_over || !chunk.is_empty() {
                state.held += chunk.cost();
                state.chunks.push(chunk);
                self.bell.ring();
            }
        }
        if !is_over {
            state.lanes.push(lane);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// A shard has too many readers: a word each minute if that goes on.
    fn note_throttled(&self, lane: &mut Lane, message: &str) {
        let words = format!("kinesis {}, {}: {message}", self.client.stream(), lane.shard);
        if lane.backoff.is_longest() && lane.told.is_none_or(|told| told.elapsed() >= TELL_THROTTLED_EVERY) {
            lane.told = Some(Instant::now());
            self.console.warn(&format!("{words}: trying again: do others read it too? see --reads"));
        } else {
            self.console.info(&words);
        }
    }

    /// Records of a shard are lost: the error, or a word.
    fn lose(&self, lane: &Lane, reason: String) -> Result<(), SourceError> {
        let what = format!("kinesis {}, {}", self.client.stream(), lane.shard);
        lose(self.reading.on_loss, &self.console, what, reason)
    }
}

/// Something is lost: the error, or with `--on-loss skip` a word.
///
/// # Errors
/// It is one.
pub fn lose(on_loss: OnLoss, console: &Console, what: String, reason: String) -> Result<(), SourceError> {
    match on_loss {
        OnLoss::Fail => Err(SourceError::Gone { what, reason }),
        OnLoss::Skip => {
            console.warn(&format!("{what}: {reason}: goes on with what is there"));
            Ok(())
        }
    }
}
