//! An object that is read by a thread of its own, piece by piece: so that whoever waits for it can wait for something
//! else too. It goes on where it was when the connection is lost, as long as the object is the same.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sstream::connect::files::{Packing, ReadAt};
use sstream::connect::{Backoff, Bell, Console};

use crate::store::{Object, Pieces, Store};
use crate::trouble::Trouble;

/// So many pieces wait to be taken.
const PIECES: usize = 4;

/// A piece has so many bytes at most.
const PIECE_BYTES: usize = 256 << 10;

/// What those who read objects have in common.
#[derive(Clone)]
pub struct Reading {
    /// Where objects are.
    pub store: Arc<dyn Store>,
    /// Is rung when a piece has come.
    pub bell: Bell,
    /// For a store that is away.
    pub console: Console,
    /// Give up when nothing could be done for so long.
    pub retry_for: Option<Duration>,
}

/// What an object holds, as it comes.
pub struct Fetch {
    reading: Reading,
    object: Object,
    pieces: Receiver<Result<Vec<u8>, Trouble>>,
    /// What has come, and was not taken.
    piece: Vec<u8>,
    /// What of it was.
    taken: usize,
    /// The byte of the content that is next.
    at: u64,
    /// Why nothing more comes.
    over: Option<Result<(), Trouble>>,
    _alive: Arc<()>,
}

impl Fetch {
    /// Begins to read an object, from this byte of what it holds.
    pub fn start(reading: Reading, object: Object, from: u64) -> Fetch {
        let alive = Arc::new(());
        let pieces = spawn(&reading, &object, from, Arc::downgrade(&alive));
        Fetch { reading, object, pieces, piece: Vec::new(), taken: 0, at: from, over: None, _alive: alive }
    }

    /// Takes what has come, without waiting: whether there is something to take, or nothing more will come.
    pub fn poll(&mut self) -> bool {
        if self.taken < self.piece.len() || self.over.is_some() {
            return true;
        }
        match self.pieces.try_recv() {
            Ok(came) => self.came(came),
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => self.over = Some(Ok(())),
        }
        true
    }

    /// Why it ended before its end.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.over.as_ref()?.as_ref().err()
    }

    fn came(&mut self, came: Result<Vec<u8>, Trouble>) {
        match came {
            Ok(piece) => (self.piece, self.taken) = (piece, 0),
            Err(trouble) => self.over = Some(Err(trouble)),
        }
    }

    fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        if from != self.at {
            *self = Fetch::start(self.reading.clone(), self.object.clone(), from);
        }
        if self.taken == self.piece.len() && self.over.is_none() {
            match self.pieces.recv() {
                Ok(came) => self.came(came),
                Err(_) => self.over = Some(Ok(())),
            }
        }
        if let Some(over) = self.over.as_ref().filter(|_| self.taken == self.piece.len()) {
            return match over {
                Ok(()) => Ok(0),
                Err(trouble) => Err(io::Error::other(trouble.to_string())),
            };
        }
        let rest = &self.piece[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        self.at += count as u64;
        Ok(count)
    }
}

/// A handle on it, for the lines that are made of it.
pub struct Handle(pub Rc<RefCell<Fetch>>);

impl ReadAt for Handle {
    fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        self.0.borrow_mut().read_at(buffer, from)
    }
}

/// Starts the thread. It ends when nobody takes what it brings.
fn spawn(reading: &Reading, object: &Object, from: u64, alive: Weak<()>) -> Receiver<Result<Vec<u8>, Trouble>> {
    let (sender, receiver) = sync_channel(PIECES);
    let (reading, object) = (reading.clone(), object.clone());
    std::thread::spawn(move || {
        if let Err(trouble) = bring(&reading, &object, from, alive, &sender) {
            let _ = sender.send(Err(trouble));
        }
        // Those who wait for the end are woken by it.
        drop(sender);
        reading.bell.ring();
    });
    receiver
}

fn bring(
    reading: &Reading,
    object: &Object,
    from: u64,
    alive: Weak<()>,
    to: &SyncSender<Result<Vec<u8>, Trouble>>,
) -> Result<(), Trouble> {
    let packing = Packing::of(Path::new(&object.url));
    let at = if packing.is_some() { 0 } else { from };
    let trouble = Rc::new(RefCell::new(None));
    let stored = Stored {
        reading: reading.clone(),
        object: object.clone(),
        at,
        pieces: None,
        piece: Bytes::new(),
        alive,
        trouble: trouble.clone(),
    };
    let (mut content, mut skip): (Box<dyn Read>, u64) = match packing {
        Some(packing) => (packing.unpack(stored), from),
        None => (Box::new(stored), 0),
    };
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(count);
                skip -= skipped as u64;
                if skipped == count {
                    continue;
                }
                if to.send(Ok(buffer[skipped..count].to_vec())).is_err() {
                    return Ok(());
                }
                reading.bell.ring();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let of_store = trouble.borrow_mut().take();
                let damaged = || Trouble::Damaged(format!("packed, and cut off or damaged: {error}"));
                return Err(of_store.unwrap_or_else(damaged));
            }
        }
    }
}

/// The object as it is stored.
struct Stored {
    reading: Reading,
    object: Object,
    /// The byte that is next.
    at: u64,
    /// What the store gives, while it is connected.
    pieces: Option<Pieces>,
    piece: Bytes,
    /// Is dropped when nobody wants it any more.
    alive: Weak<()>,
    /// What the store says, for whoever finds out that reading failed.
    trouble: Rc<RefCell<Option<Trouble>>>,
}

impl Stored {
    fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        let came = match &mut self.pieces {
            Some(pieces) => pieces(),
            none => none.insert(self.reading.store.read(&self.object, self.at)?)(),
        };
        if came.is_err() {
            self.pieces = None;
        }
        came
    }

    /// The next piece; nothing at the end. A store that is away is waited for.
    fn wait(&mut self) -> Result<Bytes, Trouble> {
        let (mut backoff, mut away) = (Backoff::default(), None);
        loop {
            match self.next() {
                Ok(piece) => {
                    if away.is_some() {
                        self.reading.console.warn(&format!("{}: goes on", self.object.url));
                    }
                    return Ok(piece.unwrap_or_default());
                }
                Err(Trouble::Away(message)) => {
                    let since = *away.get_or_insert_with(|| {
                        self.reading.console.warn(&format!("{}: {message}: trying again", self.object.url));
                        Instant::now()
                    });
                    if self.reading.retry_for.is_some_and(|limit| since.elapsed() >= limit) {
                        return Err(Trouble::Hopeless(format!("{message}: given up, as --retry-for says")));
                    }
                    if self.alive.strong_count() == 0 {
                        return Err(Trouble::Away(message));
                    }
                    std::thread::sleep(backoff.next());
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = self.wait().map_err(|trouble| {
                let error = io::Error::other(trouble.to_string());
                *self.trouble.borrow_mut() = Some(trouble);
                error
            })?;
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        self.at += count as u64;
        Ok(count)
    }
}
