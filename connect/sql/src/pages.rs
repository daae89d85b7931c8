//! What the commits of a database change of its file, in pieces of 64 bytes: the state that a
//! checkpoint keeps.
//!
//! SQLite appends the pages of a commit to its write-ahead log. From there they are read after each
//! commit, and compared with what they were. So a batch that changes a row of a page costs a
//! piece or two, not the page.
//!
//! ```text
//! key    the page's number, from 1 (4 bytes, high first), the piece's in it (1)
//! entry  the piece's 64 bytes; a piece of zeros that never was anything else has no entry
//! ```
//!
//! The log (SQLite's file format, section 4): a header of 32 bytes, salts in bytes 16 to 24, which are
//! others whenever it begins anew; frames of 24 bytes and a page, the page's number in front, then
//! in the last one of a commit how many pages the database has.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sstream::connect::PairOut;

/// Bytes of a page: SQLite's own choice, unless told.
pub const PAGE: usize = 4096;
/// Bytes of a piece.
pub const PIECE: usize = 64;

const PIECES: usize = PAGE / PIECE;
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: usize = 24;
const FRAME: u64 = (FRAME_HEADER + PAGE) as u64;

/// A page's content.
type Page = [u8; PAGE];

/// Follows the commits of a database.
#[derive(Debug)]
pub struct Pages {
    file: File,
    log: File,
    salts: [u8; 8],
    /// So many frames of the log were read.
    read: u64,
    /// Where pages are in the log; all others are in the file.
    logged: HashMap<u32, u64>,
    /// How many pages there are.
    count: u32,
    /// Which pieces of pages changed since the last [`Pages::changes`], a bit each.
    changed: BTreeMap<u32, u64>,
    /// The page that the next slice begins with.
    next: u32,
    /// A slice could not be read.
    failed: Option<io::Error>,
}

impl Pages {
    /// Begins to follow a database with a log, of which nothing counts as changed.
    ///
    /// # Errors
    /// As the system says.
    pub fn open(path: &Path, frames: u64) -> io::Result<Pages> {
        let file = File::open(path)?;
        let count = u32::try_from(file.metadata()?.len() / PAGE as u64).map_err(io::Error::other)?;
        let log = File::open(with_suffix(path, "-wal"))?;
        let mut pages = Pages {
            file,
            log,
            salts: [0; 8],
            read: 0,
            logged: HashMap::new(),
            count,
            changed: BTreeMap::new(),
            next: 1,
            failed: None,
        };
        pages.take(frames)?;
        pages.changed.clear();
        Ok(pages)
    }

    /// How many bytes the database has.
    pub fn bytes(&self) -> u64 {
        u64::from(self.count) * PAGE as u64
    }

    /// All that there is counts as changed.
    ///
    /// # Errors
    /// As the system says.
    pub fn change_all(&mut self) -> io::Result<()> {
        let mut page = [0; PAGE];
        for number in 1..=self.count {
            self.page(number, &mut page)?;
            self.changed.insert(number, differing(&page, &[0; PAGE]));
        }
        Ok(())
    }

    /// Takes what commits appended to the log, which has so many frames now.
    ///
    /// # Errors
    /// As the system says.
    pub fn take(&mut self, frames: u64) -> io::Result<()> {
        if frames == 0 {
            return Ok(());
        }
        let mut salts = [0; 8];
        self.log.read_exact_at(&mut salts, 16)?;
        if salts != self.salts {
            // It began anew, once the file had all that was in it.
            (self.salts, self.read) = (salts, 0);
            self.logged.clear();
        }
        let mut newest: BTreeMap<u32, u64> = BTreeMap::new();
        let before = self.count;
        for frame in self.read..frames {
            let mut header = [0; 8];
            let place = LOG_HEADER + frame * FRAME;
            self.log.read_exact_at(&mut header, place)?;
            let [number, count] = [0, 4].map(|at| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[at + byte])));
            newest.insert(number, place + FRAME_HEADER as u64);
            if count > 0 {
                self.count = count;
            }
        }
        self.read = frames;
        for (number, place) in newest {
            let (mut old, mut new) = ([0; PAGE], [0; PAGE]);
            if number <= before {
                self.page(number, &mut old)?;
            }
            self.log.read_exact_at(&mut new, place)?;
            self.logged.insert(number, place);
            let bits = differing(&new, &old);
            if bits > 0 {
                *self.changed.entry(number).or_default() |= bits;
            }
        }
        Ok(())
    }

    /// What a page is as of the last commit that was taken.
    fn page(&self, number: u32, page: &mut Page) -> io::Result<()> {
        match self.logged.get(&number) {
            Some(&place) => self.log.read_exact_at(page, place),
            None => self.file.read_exact_at(page, (u64::from(number) - 1) * PAGE as u64),
        }
    }

    /// Gives the pieces that changed since the last time.
    ///
    /// # Errors
    /// As the system says.
    pub fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut page = [0; PAGE];
        for (number, bits) in std::mem::take(&mut self.changed) {
            self.page(number, &mut page)?;
            for (index, piece) in pieces(&page).enumerate().filter(|(index, _)| bits & (1_u64 << index) != 0) {
                out(&key(number, index), Some(piece));
            }
        }
        Ok(())
    }

    /// As [`KeyedState::slice`](sstream::connect::KeyedState::slice).
    pub fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        if from_start {
            self.next = 1;
        }
        let (mut page, mut given) = ([0; PAGE], 0);
        while given < bytes && self.next <= self.count {
            if let Err(error) = self.page(self.next, &mut page) {
                // The state is saved no more: the next changes say why.
                self.failed = Some(error);
                return false;
            }
            for (index, piece) in pieces(&page).enumerate().filter(|(_, piece)| piece.iter().any(|&byte| byte != 0)) {
                out(&key(self.next, index), Some(piece));
                given += PIECE;
            }
            self.next += 1;
        }
        self.next > self.count
    }
}

fn pieces(page: &Page) -> impl Iterator<Item = &[u8]> {
    page.chunks_exact(PIECE)
}

/// Which pieces of two pages differ.
fn differing(a: &Page, b: &Page) -> u64 {
    let differ = pieces(a).zip(pieces(b)).enumerate().filter(|(_, (a, b))| a != b);
    differ.fold(0, |bits, (index, _)| bits | 1_u64 << index)
}

fn key(number: u32, piece: usize) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [a, b, c, d, piece as u8]
}

/// Where in the database an entry of a state is; none if it is none.
pub fn place(key: &[u8], entry: &[u8]) -> Option<u64> {
    let [a, b, c, d, piece] = *key else { return None };
    let number = u64::from(u32::from_be_bytes([a, b, c, d]));
    let is_one = number > 0 && usize::from(piece) < PIECES && entry.len() == PIECE;
    is_one.then(|| (number - 1) * PAGE as u64 + u64::from(piece) * PIECE as u64)
}

/// A file that SQLite has beside a database.
pub fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
