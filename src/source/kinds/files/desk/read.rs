//! Reading the files in their turn, and making records of their lines.

use std::io;

use super::{Desk, NotTaken, Step, Taking, open};
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::records::Room;
use crate::source::kinds::files::identity::Stamp;
use crate::source::kinds::files::reader::FileReader;

/// What is taken of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Lines that were read.
    Lines,
    /// The event that is begun, which is complete.
    Event,
    /// What is left at the file's end.
    End,
}

impl Desk {
    /// The file that the next [`Desk::take`] ends.
    pub fn ends_next(&self) -> Option<u64> {
        let is_first = self.active.is_none() && !self.quiet.has_complete();
        self.ending.front().copied().filter(|_| is_first)
    }

    /// Whether [`Desk::take`] has something to do.
    pub fn has_records(&self) -> bool {
        self.active.is_some() || self.quiet.has_complete() || !self.ending.is_empty()
    }

    /// Reads on, of the file whose turn it is.
    pub fn step(&mut self) -> Result<Step, SourceError> {
        while self.turn.front().is_some_and(|number| self.must_wait(*number)) {
            self.turn.rotate_left(1);
        }
        let Some(&number) = self.turn.front() else { return Ok(Step::Idle) };
        if self.ends_carried(number) {
            return Ok(Step::Records);
        }
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
                    none.insert(FileReader::open(
                        &taken.entry.path,
                        taken.entry.name(),
                        file,
                        taken.entry.boundary(),
                        &self.lines,
                    )?)
                }
                Ok(_) => return Ok(self.not_taken(number, NotTaken::Changed)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(self.not_taken(number, NotTaken::Gone));
                }
                Err(error) => return Ok(self.not_taken(number, NotTaken::Failed(error))),
            },
        };
        // What follows is compared as it was read: it may be another file's beginning by now.
        let print = (reader.read_at() == 0 && !reader.is_packed()).then_some(taken.entry.print);
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
        if print.is_some_and(|print| !reader.began_as(print, taken.limit)) {
            taken.in_turn = false;
            self.turn.pop_front();
            return Ok(Step::Anew(number));
        }
        self.quiet.forget(number);
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
        let what = match self.active {
            Some(_) => What::Lines,
            None if self.quiet.has_complete() => What::Event,
            None => What::End,
        };
        let next = match what {
            What::Lines => self.active,
            What::Event => self.quiet.take_complete(),
            What::End => self.ending.pop_front(),
        };
        let Some(number) = next else { return Ok(0) };
        self.carry_to(number);
        let Some(taken) = self.files.get_mut(&number) else {
            self.active = None;
            return Ok(0);
        };
        let Some(reader) = &mut taken.reader else { return Ok(0) };
        let records = match what {
            What::Lines => reader.take(room, block, bad)?,
            What::Event => reader.complete(block, bad)?,
            What::End => reader.finish(block, bad)?,
        };
        let (from, to) = (taken.entry.boundary(), reader.boundary());
        let carried = if reader.has_carried() { None } else { taken.carried_from.take() };
        // Behind an event that began in the file before, one of two streams may be further than the first line.
        let has_come = to.offset > from.offset || (carried.is_some() && to.ahead.is_some());
        if has_come {
            taken.entry.go_to(to);
        }
        if !self.told_invalid && reader.invalid_lines() > 0 {
            self.told_invalid = true;
            self.console.warn(&format!(
                "{}: a line has invalid {}, which became U+FFFD: is it in another encoding (--encoding)?",
                taken.entry.path.display(),
                reader.encoding_name()
            ));
        }
        if !self.told_hole && reader.hole_bytes() > 0 {
            self.told_hole = true;
            self.console.warn(&format!(
                "{}: left out a hole of zeros before a line: the file was truncated while its writer went on where it \
                 was (does it open it to append?), or the machine went down",
                taken.entry.path.display()
            ));
        }
        if what == What::End {
            taken.entry.stamp = Stamp::of_file(reader.file()).unwrap_or(taken.entry.stamp);
        }
        let has_line = reader.has_line();
        if let Some(before) = carried {
            self.took_carried(before);
        }
        if has_come {
            self.took(Taking { number, from, to, goes_on: carried.is_some() });
        }
        if what == What::Event {
            self.apart = Some(number);
        }
        if what == What::Lines && !has_line {
            self.active = None;
            if !self.one_by_one && self.turn.len() > 1 {
                self.turn.rotate_left(1);
            }
        }
        Ok(records)
    }

    /// Records were made of a range.
    pub(super) fn took(&mut self, range: Taking) {
        match self.ranges.last_mut() {
            Some(last) if last.number == range.number && self.apart != Some(range.number) => last.to = range.to,
            _ => self.ranges.push(range),
        }
        self.apart.take_if(|apart| *apart == range.number);
    }

    /// How many bytes of holes were left out.
    pub fn hole_bytes(&self) -> u64 {
        let readers = self.files.values().filter_map(|taken| taken.reader.as_ref());
        self.hole_bytes + readers.map(|reader| reader.hole_bytes()).sum::<u64>()
    }

    /// How many bytes were read that are no whole line, and how many lines in all
    /// had invalid UTF-8.
    pub fn left(&self) -> (u64, u64) {
        let readers = || self.files.values().filter_map(|taken| taken.reader.as_ref());
        let unfinished = readers().map(|reader| reader.unfinished()).sum();
        (unfinished, self.invalid_lines + readers().map(|reader| reader.invalid_lines()).sum::<u64>())
    }
}
