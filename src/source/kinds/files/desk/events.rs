//! Events of several lines that wait for more: how long nothing has come to each, so that it is complete
//! at last.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::{Desk, Taken, Taking};
use crate::clock::Reading;
use crate::source::SourceError;
use crate::source::kinds::files::identity::Stamp;
use crate::source::kinds::files::position::Boundary;
use crate::source::kinds::files::reader::FileReader;

/// Files that were read to their end, where an event may go on.
#[derive(Debug, Default)]
pub struct Quiet {
    /// When the event of each is complete, by the monotonic clock.
    due: HashMap<u64, Duration>,
    /// Those whose event is.
    complete: VecDeque<u64>,
}

impl Quiet {
    /// Something came, or the file is no more.
    pub fn forget(&mut self, number: u64) {
        self.due.remove(&number);
        self.complete.retain(|other| *other != number);
    }

    /// Whether there is an event that is complete.
    pub fn has_complete(&self) -> bool {
        !self.complete.is_empty()
    }

    /// The next file whose event is complete.
    pub fn take_complete(&mut self) -> Option<u64> {
        self.complete.pop_front()
    }
}

impl Desk {
    /// A file was read to its end. An event that is begun there is complete if nothing has come to it for the
    /// time it is waited for; by the system's times of the file, if that was before.
    pub fn at_end(&mut self, number: u64, now: Reading) {
        let Some(timeout) = self.lines.recipe.timeout() else { return };
        let reader = self.files.get(&number).and_then(|taken| taken.reader.as_ref());
        let Some(reader) = reader.filter(|reader| reader.has_quiet_event()) else { return };
        let stamp = Stamp::of_file(reader.file()).unwrap_or_default();
        if !reader.is_packed() && stamp.size > reader.read_at() {
            // There is more, which is not to be read now.
            return;
        }
        let age = now.wall.saturating_sub(Duration::from_nanos(stamp.modified_ns));
        let due = now.monotonic.saturating_add(timeout.saturating_sub(age));
        let due = *self.quiet.due.entry(number).or_insert(due);
        if due <= now.monotonic {
            self.quiet.due.remove(&number);
            self.quiet.complete.push_back(number);
        }
    }

    /// When the next event is complete to which nothing comes, by the monotonic clock.
    pub fn next_complete(&self) -> Option<Duration> {
        self.quiet.due.values().min().copied()
    }

    /// Files whose event is complete now, if nothing has come since the last look: each is looked at once more.
    /// Whether there are any.
    pub fn look_at_quiet(&mut self, now: Reading) -> bool {
        let due: Vec<u64> =
            self.quiet.due.iter().filter(|(_, due)| **due <= now.monotonic).map(|(number, _)| *number).collect();
        due.iter().for_each(|number| self.ready(*number));
        !due.is_empty()
    }

    /// The file that has taken this one's place, and of which nothing was taken yet.
    fn successor(&self, number: u64) -> Option<u64> {
        let is_behind = |taken: &Taken| {
            taken.after == Some(number) && taken.reader.as_ref().is_some_and(|reader| reader.is_untouched())
        };
        self.files.iter().find(|(_, taken)| is_behind(taken)).map(|(number, _)| *number)
    }

    /// Whether the event at a file's end may go on in the file that has taken its place, or does.
    pub(super) fn may_go_on(&self, number: u64) -> bool {
        let Some(taken) = self.files.get(&number) else { return false };
        let has_event = taken.reader.as_ref().is_some_and(|reader| reader.has_quiet_event());
        taken.carried_to.is_some()
            || (has_event && !self.quiet.complete.contains(&number) && self.successor(number).is_some())
    }

    /// The first lines of a file are about to be taken: the event at the end of the one whose place it has taken
    /// may go on in it.
    pub(super) fn carry_to(&mut self, number: u64) {
        let is_untouched = |taken: &Taken| taken.reader.as_ref().is_some_and(|reader| reader.is_untouched());
        let Some(taken) = self.files.get(&number).filter(|taken| is_untouched(taken)) else { return };
        let mut before = taken.after;
        // One that was rotated before anything was written to it is as good as none.
        while let Some(between) = before.and_then(|before| self.files.get(&before))
            && is_untouched(between)
            && between.carried_to.is_none()
            && !between.reader.as_ref().is_some_and(|reader| reader.has_event())
        {
            before = between.after;
        }
        let Some(before) = before.filter(|before| self.may_go_on(*before)) else { return };
        let (Some(mut old), Some(new)) = (self.files.remove(&before), self.files.get_mut(&number)) else { return };
        if let (Some(old_reader), Some(reader), None) = (&mut old.reader, &mut new.reader, old.carried_to) {
            reader.go_on_from(old_reader);
            (old.carried_to, new.carried_from) = (Some(number), Some(before));
            self.quiet.forget(before);
        }
        self.files.insert(before, old);
    }

    /// The event that began at the end of this file is complete: it was read to its end.
    pub(super) fn took_carried(&mut self, number: u64) {
        let Some(taken) = self.files.get_mut(&number) else { return };
        taken.carried_to = None;
        let (from, to) = (taken.entry.boundary(), Boundary::at(taken.read_at()));
        taken.entry.go_to(to);
        let before = taken.carried_from.take();
        before.into_iter().for_each(|before| self.took_carried(before));
        self.took(Taking { number, from, to, goes_on: before.is_some() });
    }

    /// More comes to a file whose last event is taken to go on in the one that has its place: it does not, and
    /// what there is of it is to be taken first. Whether it is so.
    pub(super) fn ends_carried(&mut self, number: u64) -> bool {
        let Some(taken) = self.files.get(&number) else { return false };
        let (Some(mut next), Some(file)) = (taken.carried_to, taken.file()) else { return false };
        while let Some(behind) = self.files.get(&next).and_then(|taken| taken.carried_to) {
            next = behind;
        }
        let has_more = file.metadata().is_ok_and(|metadata| metadata.len() > taken.read_at());
        if has_more {
            self.quiet.forget(next);
            self.quiet.complete.push_back(next);
        }
        has_more
    }

    /// A file will be read from elsewhere: the event that began in the one before it is read there once more.
    pub(super) fn take_back(&mut self, number: u64) -> Result<(), SourceError> {
        let Some(before) = self.files.get_mut(&number).and_then(|taken| taken.carried_from.take()) else {
            return Ok(());
        };
        self.take_back(before)?;
        let Some(taken) = self.files.get_mut(&before) else { return Ok(()) };
        taken.carried_to = None;
        if let Some(file) = taken.file() {
            let path = &taken.entry.path;
            let file = file.try_clone().map_err(|error| SourceError::read(path.display().to_string(), error))?;
            taken.reader = Some(FileReader::open(path, taken.entry.name(), file, taken.entry.boundary(), &self.lines)?);
        }
        self.ready(before);
        Ok(())
    }

    /// Nothing more is read: all events are complete.
    pub fn complete_all(&mut self) {
        let begun = |reader: &Option<FileReader>| reader.as_ref().is_some_and(|reader| reader.has_event());
        let numbers = self.files.iter().filter(|(_, taken)| begun(&taken.reader)).map(|(number, _)| *number);
        self.quiet.complete = numbers.collect();
        self.quiet.due.clear();
    }

    /// Whether an event is begun in any file.
    pub fn has_events(&self) -> bool {
        self.files.keys().any(|number| self.has_event(*number))
    }

    /// Whether an event is begun in a file.
    pub fn has_event(&self, number: u64) -> bool {
        self.files.get(&number).and_then(|taken| taken.reader.as_ref()).is_some_and(|reader| reader.has_event())
    }
}
