//! Files as a source: [`dir`] takes every file of a directory once and whole,
//! [`tail`] follows files as they grow. Both can read any batch again, from ranges of
//! files.
//!
//! A [`Discovery`] finds files, from events and from looking by itself now and
//! then, and puts them on the [`Desk`], which reads them. [`FileSource`] ties the
//! two together and is what the cutter asks.

mod again;
mod desk;
pub mod dir;
mod events;
mod find;
mod identity;
mod left_out;
mod packed;
mod paths;
mod pattern;
pub mod position;
mod reader;
pub mod tail;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use desk::Desk;
pub use events::{Events, Seen};
pub use find::Finder;
pub use paths::{PathError, patterns};
pub use pattern::Pattern;
pub use position::{Boundary, FileEntry, Record};
pub use reader::{LineReader, Lines, ReadAt};

use again::Again;
use desk::{NotTaken, Step};
use left_out::LeftOut;

use crate::checkpoint::offsets::Position;
use crate::clock::{Clock, Reading};
use crate::console::Console;
use crate::frame::Reason;
use crate::op::BLOCK_BYTES;
use crate::progress::Progress;
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::records::{Came, ReadAgain, RecordSource, Room};
use crate::source::kinds::stdin::Ready;

/// At a stop no more than this is still read of what files hold.
const HELD_BYTES: u64 = 64 << 20;

/// How often to look where there are no events.
const LOOK_WITHOUT_EVENTS: Duration = Duration::from_secs(1);

/// Finds files, and decides what is to be read of them.
pub trait Discovery {
    /// Looks at what happened, and everywhere if it is time for that.
    fn look(&mut self, seen: Seen, now: Reading, desk: &mut Desk) -> Result<(), SourceError>;

    /// When to look again without an event, by the monotonic clock.
    fn due(&self) -> Duration;

    /// Looks everywhere at least so often from now on.
    fn look_often(&mut self, every: Duration);

    /// The directories where something may happen.
    fn dirs(&self) -> &[PathBuf];

    /// A file has nothing more to read now.
    fn at_end(&mut self, number: u64, now: Reading, desk: &mut Desk);

    /// A file was truncated, or written anew, before all of it was read.
    fn anew(&mut self, number: u64, desk: &mut Desk) -> Result<(), SourceError>;

    /// A file cannot be read on: what was read of it counts, and it is over.
    fn damaged(&mut self, number: u64, error: &io::Error, desk: &mut Desk);

    /// All of a file was taken, as [`Desk::end`] asked for.
    fn ended(&mut self, number: u64, desk: &mut Desk);

    /// A file was not taken when its turn came.
    fn not_taken(&mut self, entry: &FileEntry, why: NotTaken, now: Reading);

    /// What was to be taken by `--available-now` and could not be.
    fn left_out(&self) -> &LeftOut;

    /// Whether all that is to be taken by `--available-now` is on the desk.
    fn is_complete(&self) -> bool;

    /// Goes on from what a position says of files; those that are done last are last.
    /// `is_first` on a first start.
    fn restore(&mut self, files: Vec<FileEntry>, is_first: bool, desk: &mut Desk) -> Result<(), SourceError>;

    /// What is known of files that are not on the desk.
    fn known(&self) -> Vec<FileEntry>;

    /// Finds files that positions name.
    fn finder(&self) -> Finder;

    /// Limits what is read to what there is now, and to `total` bytes; how much is left.
    fn limit(&self, total: u64, desk: &mut Desk) -> u64;
}

/// Records of files.
pub struct FileSource<'a, D> {
    discovery: D,
    desk: Desk,
    clock: &'a dyn Clock,
    /// None in tests, which never wait.
    events: Option<Events>,
    available_now: bool,
    console: Console,
    /// Directories are watched, and were looked through.
    has_begun: bool,
    /// A checkpoint knows how far it has come.
    is_kept: bool,
    /// After a stop: how much is left unread.
    held: Option<u64>,
    again: Option<Again>,
    /// Of what was there at the start.
    progress: Option<Progress>,
}

impl<'a, D: Discovery> FileSource<'a, D> {
    /// Reads what `discovery` finds. With `available_now` ends, as a stop, when what
    /// was there at the start is read.
    pub fn new(
        discovery: D,
        desk: Desk,
        events: Option<Events>,
        clock: &'a dyn Clock,
        available_now: bool,
        console: Console,
    ) -> FileSource<'a, D> {
        let (has_begun, is_kept, held, again, progress) = (false, false, None, None, None);
        FileSource { discovery, desk, clock, events, available_now, console, has_begun, is_kept, held, again, progress }
    }

    fn look(&mut self) -> Result<(), SourceError> {
        let now = self.clock.read();
        if !self.has_begun {
            return self.begin(now);
        }
        let seen = match &mut self.events {
            Some(events) if !self.available_now => events.take(),
            _ => Seen::default(),
        };
        if !seen.is_empty() || now.monotonic >= self.discovery.due() {
            self.discovery.look(seen, now, &mut self.desk)?;
            self.watch();
        }
        Ok(())
    }

    /// Looks for the first time.
    fn begin(&mut self, now: Reading) -> Result<(), SourceError> {
        self.has_begun = true;
        self.discovery.look(Seen::default(), now, &mut self.desk)?;
        if self.available_now {
            self.discovery.limit(u64::MAX, &mut self.desk);
            self.progress = Progress::start(self.desk.unread());
            return Ok(());
        }
        self.watch();
        // What came before the directories were watched.
        let everywhere = Seen { look_everywhere: true, ..Seen::default() };
        self.discovery.look(everywhere, now, &mut self.desk)
    }

    fn watch(&mut self) {
        if let Some(events) = &mut self.events
            && !self.available_now
        {
            events.watch(self.discovery.dirs());
            if !events.are_told() {
                self.discovery.look_often(LOOK_WITHOUT_EVENTS);
            }
        }
    }

    /// Reads until something came, or there is nothing more now.
    fn read(&mut self) -> Result<bool, SourceError> {
        loop {
            let step = self.desk.step()?;
            if let Some(progress) = &mut self.progress {
                progress.add(self.desk.take_read_bytes());
            }
            match step {
                Step::Records => return Ok(true),
                Step::Bytes => {}
                Step::AtEnd(number) => {
                    let now = self.clock.read();
                    self.desk.at_end(number, now);
                    self.discovery.at_end(number, now, &mut self.desk);
                }
                // What is there at the start is all that is to be read.
                Step::AtLimit(number) if self.available_now => {
                    self.desk.at_end(number, self.clock.read());
                    self.discovery.at_end(number, self.clock.read(), &mut self.desk);
                }
                Step::AtLimit(_) => {}
                Step::Damaged(number, error) => self.discovery.damaged(number, &error, &mut self.desk),
                Step::Anew(number) => self.discovery.anew(number, &mut self.desk)?,
                Step::NotTaken(entry, why) => self.discovery.not_taken(&entry, why, self.clock.read()),
                Step::Idle => return Ok(self.desk.has_records()),
            }
            if self.desk.has_records() {
                return Ok(true);
            }
        }
    }
}

impl<D: Discovery> RecordSource for FileSource<'_, D> {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let deadline = self.clock.read().monotonic.saturating_add(timeout);
        loop {
            self.look()?;
            if self.desk.has_records() || self.read()? {
                return Ok(Came::Something);
            }
            let now = self.clock.read();
            if self.desk.look_at_quiet(now) {
                continue;
            }
            let complete = self.desk.next_complete();
            if self.available_now && self.discovery.is_complete() && complete.is_none() {
                self.progress = None;
                return Ok(Came::Stop);
            }
            let now = now.monotonic;
            let Some(events) = self.events.as_ref().filter(|_| now < deadline) else { return Ok(Came::Timeout) };
            let due = complete.map_or(self.discovery.due(), |complete| complete.min(self.discovery.due()));
            let wait = deadline.min(due).saturating_sub(now);
            match events.wait(wait).map_err(|error| SourceError::read("events of files", error))? {
                Ready::Wake => return Ok(Came::Stop),
                Ready::Input | Ready::Timeout => {}
            }
        }
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        if self.available_now {
            return Ok(false);
        }
        if self.held.is_none() {
            self.look()?;
            self.held = Some(self.discovery.limit(HELD_BYTES, &mut self.desk));
        }
        Ok(self.desk.has_records() || self.read()?)
    }

    fn has_records(&self) -> bool {
        self.desk.has_records()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let ends = self.desk.ends_next();
        let records = self.desk.take(room, block, bad)?;
        if let Some(number) = ends {
            self.discovery.ended(number, &mut self.desk);
        }
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let mut records = 0;
        if !self.is_kept {
            // No later start will read on where this one ends.
            self.desk.complete_all();
            while self.desk.has_records() {
                records += self.desk.take(Room { records: u64::MAX, bytes: BLOCK_BYTES }, block, bad)?;
            }
        }
        let (unfinished, invalid) = self.desk.left();
        let left = self.held.unwrap_or(0);
        if left > 0 {
            self.console.warn(&format!("input: left {left} bytes of files unread at the stop"));
        }
        if unfinished > 0 {
            let what = if self.desk.has_events() { "event" } else { "line" };
            let message = format!("input: left an unfinished {what} of {unfinished} bytes at the stop");
            // A run from cron that finds a line half written has nothing to complain about.
            if self.available_now { self.console.info(&message) } else { self.console.warn(&message) }
        }
        if invalid > 0 {
            self.console.warn(&format!("input: {invalid} lines in all had invalid text"));
        }
        let holes = self.desk.hole_bytes();
        if holes > 0 {
            self.console.warn(&format!("input: {holes} bytes of zeros in all were left out"));
        }
        Ok(records)
    }

    fn close(&mut self) -> Result<(), SourceError> {
        let left_out = self.discovery.left_out();
        if left_out.is_empty() { Ok(()) } else { Err(SourceError::kind(left_out.clone())) }
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl<D: Discovery> ReadAgain for FileSource<'_, D> {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        let mut files = Vec::new();
        let mut is_first = true;
        for bytes in std::iter::once(&position.base).chain(&position.since) {
            is_first &= bytes.is_empty();
            files.extend(read_record(bytes)?.files);
        }
        self.discovery.restore(files, is_first, &mut self.desk)
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        self.desk.position(delta);
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        let mut files = self.discovery.known();
        files.extend(self.desk.open_entries());
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Record { files, ranges: Vec::new() }.write(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.again = Some(Again::new(read_record(delta)?));
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let Some(again) = &mut self.again else { return Ok(None) };
        again.next_block(self.desk.lines(), &self.discovery.finder(), block, bad)
    }
}

fn read_record(bytes: &[u8]) -> Result<Record, SourceError> {
    Record::read(bytes).ok_or(SourceError::Position { what: "of files" })
}
