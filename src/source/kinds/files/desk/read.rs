//! Reading the files in their turn, and making records of their lines.

use std::io;

use super::{Desk, NotTaken, Step, open};
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::records::Room;
use crate::source::kinds::files::identity::Stamp;
use crate::source::kinds::files::reader::FileReader;

impl Desk<'_> {
    /// The file that the next [`Desk::take`] ends.
    pub fn ends_next(&self) -> Option<u64> {
        if self.active.is_some() { None } else { self.ending.front().copied() }
    }

    /// Whether [`Desk::take`] has something to do.
    pub fn has_records(&self) -> bool {
        self.active.is_some() || !self.ending.is_empty()
    }

    /// Reads on, of the file whose turn it is.
    pub fn step(&mut self) -> Result<Step, SourceError> {
        while self.turn.front().is_some_and(|number| self.must_wait(*number)) {
            self.turn.rotate_left(1);
        }
        let Some(&number) = self.turn.front() else { return Ok(Step::Idle) };
        let Some(taken) = self.files.get_mut(&number) else {
            self.turn.pop_front();
            return Ok(Step::Bytes);
        };
        if taken.read_at() >= taken.limit {
            taken.in_turn = false;
            self.turn.pop_front();
            return Ok(Step::AtLimit(number));
        }
        if !taken.is_as_before().map_err(|error| SourceError::read(taken.entry.path.display().to_string(), error))? {
            taken.in_turn = false;
            self.turn.pop_front();
            return Ok(Step::Anew(number));
        }
        let reader = match &mut taken.reader {
            Some(reader) => reader,
            none => match open(&taken.entry.path) {
                Ok((file, stamp, print)) if stamp == taken.entry.stamp => {
                    taken.entry.print = print;
                    none.insert(FileReader::open(&taken.entry.path, file, taken.entry.offset, &self.lines)?)
                }
                Ok(_) => return Ok(self.not_taken(number, NotTaken::Changed)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(self.not_taken(number, NotTaken::Gone));
                }
                Err(error) => return Ok(self.not_taken(number, NotTaken::Failed(error))),
            },
        };
        let read = match reader.read(taken.limit) {
            Err(SourceError::Read { error, .. }) if reader.is_packed() => {
                taken.in_turn = false;
                self.turn.pop_front();
                return Ok(Step::Damaged(number, error));
            }
            read => read?,
        };
        self.read_bytes += read as u64;
        if read == 0 {
            reader.park();
            taken.in_turn = false;
            self.turn.pop_front();
            return Ok(Step::AtEnd(number));
        }
        if reader.has_line() {
            self.active = Some(number);
            return Ok(Step::Records);
        }
        Ok(Step::Bytes)
    }

    /// Takes the file off the desk whose turn it is, and which cannot be begun.
    fn not_taken(&mut self, number: u64, why: NotTaken) -> Step {
        self.turn.pop_front();
        self.files.remove(&number).map_or(Step::Bytes, |taken| Step::NotTaken(taken.entry, why))
    }

    /// Takes what is there, as far as there is room.
    pub fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let is_over = self.active.is_none();
        let Some(number) = self.active.or_else(|| self.ending.pop_front()) else { return Ok(0) };
        let Some(taken) = self.files.get_mut(&number) else {
            self.active = None;
            return Ok(0);
        };
        let Some(reader) = &mut taken.reader else { return Ok(0) };
        let records = if is_over { reader.finish(block, bad)? } else { reader.take(room, block, bad)? };
        let (from, to) = (taken.entry.offset, reader.boundary());
        if to > from {
            match self.ranges.last_mut() {
                Some((last, _, end)) if *last == number => *end = to,
                _ => self.ranges.push((number, from, to)),
            }
            taken.entry.offset = to;
        }
        if !self.told_invalid && reader.invalid_lines() > 0 {
            self.told_invalid = true;
            self.console.warn(&format!(
                "{}: a line has invalid UTF-8, which became U+FFFD: is it in another encoding?",
                taken.entry.path.display()
            ));
        }
        if is_over {
            taken.entry.stamp = Stamp::of_file(reader.file()).unwrap_or(taken.entry.stamp);
        } else if !reader.has_line() {
            self.active = None;
            if !self.one_by_one && self.turn.len() > 1 {
                self.turn.rotate_left(1);
            }
        }
        Ok(records)
    }

    /// How many bytes were read that are no whole line, and how many lines in all
    /// had invalid UTF-8.
    pub fn left(&self) -> (u64, u64) {
        let readers = || self.files.values().filter_map(|taken| taken.reader.as_ref());
        let unfinished = readers().map(FileReader::unfinished).sum();
        (unfinished, self.invalid_lines + readers().map(FileReader::invalid_lines).sum::<u64>())
    }
}
