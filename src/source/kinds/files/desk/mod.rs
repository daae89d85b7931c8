//! The files that a source has taken up, read one at a time in turn.
//!
//! A source finds files and puts them on the desk; the desk opens them when their turn
//! comes, reads, and keeps account of which ranges became records. Only whole
//! lines are taken of a file that may still grow.

mod events;
mod read;
mod taken;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

pub use taken::Taken;

use events::Quiet;

use super::identity::{Fingerprint, Stamp, open_regular};
use super::position::{Boundary, FileEntry, Range, Record};
use super::reader::{FileReader, Lines};
use crate::console::Console;
use crate::source::SourceError;

/// Why a file was not taken when its turn came.
#[derive(Debug)]
pub enum NotTaken {
    /// It was gone.
    Gone,
    /// It is not as it was when it was found.
    Changed,
    /// It cannot be opened.
    Failed(io::Error),
}

/// What came of reading on.
#[derive(Debug)]
pub enum Step {
    /// There is something to take.
    Records,
    /// Something was read that is no whole line yet.
    Bytes,
    /// There is nothing more in this file now.
    AtEnd(u64),
    /// There may be more in this file, but it is not to be read.
    AtLimit(u64),
    /// The file does not hold any more what was read of it.
    Anew(u64),
    /// The file is packed, and cannot be unpacked on.
    Damaged(u64, io::Error),
    /// The file was not taken when its turn came; it is off the desk.
    NotTaken(FileEntry, NotTaken),
    /// No file has anything.
    Idle,
}

/// A range of a file of which records were taken.
#[derive(Clone, Copy, Debug)]
struct Taking {
    number: u64,
    from: Boundary,
    to: Boundary,
    /// Behind the event that the range before it ends with.
    goes_on: bool,
}

/// Files in turn.
pub struct Desk {
    lines: Lines,
    console: Console,
    /// A file is read to its end before the next one.
    one_by_one: bool,
    files: BTreeMap<u64, Taken>,
    turn: VecDeque<u64>,
    /// The one whose lines are being taken.
    active: Option<u64>,
    /// Those that are over, and whose unfinished line is still to be taken.
    ending: VecDeque<u64>,
    /// Of events that wait for more of their lines.
    quiet: Quiet,
    /// A file whose next range does not go on with the one before: there an event was complete because
    /// nothing came for a while, which reading again cannot know.
    apart: Option<u64>,
    ranges: Vec<Taking>,
    changed: BTreeSet<u64>,
    /// Files that are off the desk, and what the next position is to say of them.
    finished: Vec<FileEntry>,
    /// What the next position says must be kept even if no record was taken.
    is_urgent: bool,
    next_number: u64,
    invalid_lines: u64,
    told_invalid: bool,
    /// Bytes of holes in files that are off the desk.
    hole_bytes: u64,
    told_hole: bool,
    /// Bytes read since that was asked.
    read_bytes: u64,
}

impl Desk {
    /// With no files.
    pub fn new(lines: Lines, one_by_one: bool, console: Console) -> Desk {
        Desk {
            lines,
            console,
            one_by_one,
            files: BTreeMap::new(),
            turn: VecDeque::new(),
            active: None,
            ending: VecDeque::new(),
            quiet: Quiet::default(),
            apart: None,
            ranges: Vec::new(),
            changed: BTreeSet::new(),
            finished: Vec::new(),
            is_urgent: false,
            // An entry of a file that was never on the desk has none, which is 0.
            next_number: 1,
            invalid_lines: 0,
            told_invalid: false,
            hole_bytes: 0,
            told_hole: false,
            read_bytes: 0,
        }
    }

    /// How lines become records.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Whether a file is read to its end before the next one.
    #[cfg(test)]
    pub fn is_one_by_one(&self) -> bool {
        self.one_by_one
    }

    /// Numbers from here on are new.
    pub fn skip_numbers(&mut self, used: u64) {
        self.next_number = self.next_number.max(used + 1);
    }

    fn insert(&mut self, entry: FileEntry, reader: Option<FileReader>) -> u64 {
        let number = entry.number;
        self.skip_numbers(number);
        let taken =
            Taken { entry, reader, limit: u64::MAX, after: None, in_turn: false, carried_to: None, carried_from: None };
        self.files.insert(number, taken);
        self.ready(number);
        number
    }

    /// Takes up a file, which is opened when its turn comes.
    pub fn add(&mut self, path: PathBuf, stamp: Stamp) -> u64 {
        let entry = FileEntry { number: self.next_number, name: path.clone(), path, stamp, ..FileEntry::default() };
        self.insert(entry, None)
    }

    /// Takes up an open file, from the byte `from`; records call it `name`.
    pub fn add_open(&mut self, path: &Path, name: &Path, file: File, from: u64) -> Result<u64, SourceError> {
        let failed = |error| SourceError::read(path.display().to_string(), error);
        let entry = FileEntry {
            number: self.next_number,
            path: path.to_owned(),
            name: name.to_owned(),
            stamp: Stamp::of_file(&file).map_err(failed)?,
            print: Fingerprint::of_content(path, &file).map_err(failed)?,
            offset: from,
            ahead: None,
            is_done: false,
        };
        let reader = FileReader::open(path, name, file, Boundary::at(from), &self.lines)?;
        let number = self.insert(entry, Some(reader));
        self.changed.insert(number);
        Ok(number)
    }

    /// Goes on with a file that is known from a position and was found.
    pub fn add_known(&mut self, entry: FileEntry, file: File) -> Result<u64, SourceError> {
        let reader = FileReader::open(&entry.path, entry.name(), file, entry.boundary(), &self.lines)?;
        Ok(self.insert(entry, Some(reader)))
    }

    /// A file on the desk.
    pub fn get(&self, number: u64) -> Option<&Taken> {
        self.files.get(&number)
    }

    /// The files on the desk.
    #[cfg(test)]
    pub fn entries(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.values().map(|taken| &taken.entry)
    }

    /// There may be more in this file: it gets a turn.
    pub fn ready(&mut self, number: u64) {
        if let Some(taken) = self.files.get_mut(&number)
            && !std::mem::replace(&mut taken.in_turn, true)
        {
            self.turn.push_back(number);
        }
    }

    /// Whether a file, whose stamp is this now, begins as it did; then its fingerprint grows with it.
    pub fn begins_as_before(&mut self, number: u64, stamp: Stamp) -> io::Result<bool> {
        let Some(Taken { entry, reader: Some(reader), .. }) = self.files.get_mut(&number) else { return Ok(true) };
        entry.stamp = stamp;
        match entry.print.grown(reader.file())? {
            Some(print) if print != entry.print => {
                entry.print = print;
                self.changed.insert(number);
            }
            Some(_) => {}
            None => return Ok(false),
        }
        Ok(true)
    }

    /// A file has taken another one's place: that one is read before.
    pub fn read_after(&mut self, number: u64, before: u64) {
        if let Some(taken) = self.files.get_mut(&number).filter(|_| before < number) {
            taken.after = Some(before);
        }
    }

    /// Whether one before it has a turn still.
    fn must_wait(&self, number: u64) -> bool {
        let mut before = self.files.get(&number).and_then(|taken| taken.after);
        while let Some(taken) = before.and_then(|before| self.files.get(&before)) {
            if taken.in_turn {
                return true;
            }
            before = taken.after;
        }
        false
    }

    /// The file has another name now.
    pub fn rename(&mut self, number: u64, path: &Path) {
        if let Some(taken) = self.files.get_mut(&number) {
            taken.entry.path = path.to_owned();
            self.changed.insert(number);
        }
    }

    /// A file goes on in another one, at the same byte.
    pub fn move_to(&mut self, number: u64, path: &Path, file: File) -> Result<(), SourceError> {
        self.take_back(number)?;
        let Some(taken) = self.files.get_mut(&number) else { return Ok(()) };
        taken.entry.path = path.to_owned();
        taken.entry.stamp =
            Stamp::of_file(&file).map_err(|error| SourceError::read(path.display().to_string(), error))?;
        let name = taken.entry.name();
        taken.reader = Some(FileReader::open(path, name, file, taken.entry.boundary(), &self.lines)?);
        self.changed.insert(number);
        self.ready(number);
        Ok(())
    }

    /// Lets files be read no further than they are now, and in all not more than
    /// `total` bytes. Returns how many bytes are left unread.
    pub fn limit(&mut self, mut total: u64) -> u64 {
        let mut left = 0;
        let is_all = total == u64::MAX;
        for taken in self.files.values_mut() {
            if taken.is_packed() && is_all {
                continue;
            }
            let more = taken.unread();
            let granted = more.min(total);
            (total, left) = (total - granted, left + more - granted);
            taken.limit = taken.read_at() + granted;
        }
        left
    }

    /// How many bytes the files have that were not read.
    pub fn unread(&self) -> u64 {
        self.files.values().map(Taken::unread).sum()
    }

    /// How many bytes were read since the last call.
    pub fn take_read_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.read_bytes)
    }

    /// The same where only whole files are taken: one that was begun is read to its end.
    pub fn limit_whole(&mut self, mut total: u64) -> u64 {
        let mut left = 0;
        for taken in self.files.values_mut() {
            let size = taken.entry.stamp.size;
            if taken.reader.is_none() && size > total {
                (total, left, taken.limit) = (0, left + size, 0);
            }
            total = total.saturating_sub(size);
        }
        left
    }

    /// The file is over: what is unfinished in it is a record, then it is done.
    /// Not yet where an event at its end may go on elsewhere; whoever asks will ask again.
    pub fn end(&mut self, number: u64) {
        if !self.may_go_on(number) && !self.ending.contains(&number) {
            self.ending.push_back(number);
        }
    }

    /// Takes a file off the desk that has nothing more to give.
    pub fn drop_file(&mut self, number: u64) -> Option<FileEntry> {
        let mut taken = self.files.remove(&number)?;
        self.turn.retain(|other| *other != number);
        self.active.take_if(|active| *active == number);
        self.quiet.forget(number);
        if let Some(before) = taken.carried_from.and_then(|before| self.files.get_mut(&before)) {
            before.carried_to = None;
        }
        if let Some(reader) = &taken.reader {
            self.invalid_lines += reader.invalid_lines();
            self.hole_bytes += reader.hole_bytes();
        }
        taken.entry.is_done = true;
        self.finished.push(taken.entry.clone());
        Some(taken.entry)
    }

    /// Takes a file off the desk that was not begun.
    pub fn forget(&mut self, number: u64) {
        self.files.remove(&number);
        self.turn.retain(|other| *other != number);
    }

    /// Says something of a file that is not on the desk with the next position.
    pub fn tell_of(&mut self, entry: FileEntry) {
        self.finished.push(entry);
    }

    /// The next position must be kept even if no record is taken before.
    pub fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// What was taken since the last call, and what has become of files: nothing
    /// if that need not be kept yet.
    pub fn position(&mut self, out: &mut Vec<u8>) {
        // Of a file in which nothing but an event was begun, a restart must know too.
        let has_begun = self.changed.iter().any(|number| self.has_event(*number));
        if self.ranges.is_empty() && !std::mem::take(&mut self.is_urgent) && !has_begun {
            return;
        }
        self.is_urgent = false;
        self.changed.extend(self.ranges.iter().map(|range| range.number));
        let mut record = Record { files: std::mem::take(&mut self.finished), ranges: Vec::new() };
        for number in std::mem::take(&mut self.changed) {
            if let Some(taken) = self.files.get_mut(&number) {
                taken.refresh_print();
                record.files.push(taken.entry.clone());
            }
        }
        record.files.sort_by(|a, b| a.path.cmp(&b.path));
        let indexes: HashMap<u64, usize> =
            record.files.iter().enumerate().map(|(index, entry)| (entry.number, index)).collect();
        record.ranges.extend(self.ranges.drain(..).filter_map(|Taking { number, from, to, goes_on }| {
            Some(Range { file: *indexes.get(&number)?, from, to, goes_on })
        }));
        record.write(out);
    }

    /// The files that are being read, for a base.
    pub fn open_entries(&mut self) -> Vec<FileEntry> {
        let started = self.files.values_mut().filter(|taken| taken.reader.is_some());
        started
            .map(|taken| {
                taken.refresh_print();
                taken.entry.clone()
            })
            .collect()
    }
}

fn open(path: &Path) -> io::Result<(File, Stamp, Fingerprint)> {
    let file = open_regular(path)?;
    let stamp = Stamp::of_file(&file)?;
    let print = Fingerprint::of_content(path, &file)?;
    Ok((file, stamp, print))
}
