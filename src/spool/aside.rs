//! What waits by `--spool` while the pipeline is held up, and what people are told of it.

use super::{Spool, SpoolError};
use crate::console::Console;
use crate::duration;
use crate::frame::{BatchTime, Block};

/// What is told of what waits: each thing once, until nothing waits any more.
#[derive(Debug)]
pub struct News {
    name: String,
    limit: String,
    console: Console,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    Waits,
    Full,
}

impl News {
    /// Of a source that messages call `name`, of which at most `limit` bytes wait.
    pub fn new(name: &str, limit: u64, console: Console) -> News {
        News { name: name.to_owned(), limit: duration::show_size(limit), console, told: Told::Nothing }
    }

    /// Something waits.
    pub fn waits(&mut self) {
        let message = format!("the pipeline is held up: what comes waits, {} at most (--spool)", self.limit);
        self.tell(Told::Waits, &message);
    }

    /// No more may wait.
    pub fn tell_full(&mut self) {
        let message = format!(
            "{} wait, which is all that --spool allows: no more is taken until the pipeline goes on",
            self.limit
        );
        self.tell(Told::Full, &message);
    }

    /// There is no disk for it.
    pub fn fails(&mut self, error: &SpoolError) {
        self.tell(Told::Full, &format!("{error}: no more is taken until the pipeline goes on"));
    }

    /// Nothing waits.
    pub fn goes_on(&mut self) {
        if self.told > Told::Nothing {
            self.tell(Told::Full, "goes on: nothing waits any more");
            self.told = Told::Nothing;
        }
    }

    fn tell(&mut self, what: Told, message: &str) {
        if self.told < what {
            self.told = what;
            self.console.warn(&format!("{}: {message}", self.name));
        }
    }
}

/// Pieces of what has come, on disk, in their order: for a connector's `--spool SIZE`.
///
/// ```
/// use sstream::connect::{Aside, Console, Level};
///
/// let mut aside = Aside::new("localhost:80", 1 << 20, Console::new("sstream-source", Level::Error));
/// assert!(aside.put(b"1\n2\n") && aside.put(b"3\n"));
/// assert_eq!(aside.bytes(), 6);
/// assert_eq!(aside.take().unwrap(), b"1\n2\n");
/// assert_eq!(aside.take().unwrap(), b"3\n");
/// ```
#[derive(Debug)]
pub struct Aside {
    spool: Spool,
    limit: u64,
    /// Of the next piece: pieces have numbers in place of batch times.
    number: u64,
    news: News,
}

impl Aside {
    /// Of a source that messages call `name`; at most about `limit` bytes wait.
    pub fn new(name: &str, limit: u64, console: Console) -> Aside {
        Aside { spool: Spool::new(0), limit, number: 0, news: News::new(name, limit, console) }
    }

    /// Puts a piece on disk, if it may be there; people are told where not, and why.
    pub fn put(&mut self, bytes: &[u8]) -> bool {
        if !self.spool.is_empty() && self.spool.bytes() + bytes.len() as u64 > self.limit {
            self.news.tell_full();
            return false;
        }
        let put = self.spool.append(Block { time: BatchTime(self.number), records: 0, bytes });
        match &put {
            Ok(()) => {
                self.number += 1;
                self.news.waits();
            }
            Err(error) => self.news.fails(error),
        }
        put.is_ok()
    }

    /// Takes the oldest piece; an empty one where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take(&mut self) -> Result<Vec<u8>, SpoolError> {
        let mut piece = Vec::new();
        self.spool.take_oldest(&mut piece)?;
        if self.spool.is_empty() {
            self.news.goes_on();
        }
        Ok(piece)
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> u64 {
        self.spool.bytes()
    }
}
