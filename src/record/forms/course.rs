//! The way along the lines of one file, connection or client: where each begins, and what records
//! say of that.

use std::borrow::Cow;

use super::{Coding, Origin, Place};

/// What all forms know of the lines that they are given.
#[derive(Debug, Default)]
pub struct Course {
    /// Where the next line begins.
    place: Place,
    origin: Option<Origin>,
    invalid: u64,
    /// Bytes of zero that were left out, where they are: at the beginning of lines.
    holes: Option<u64>,
}

impl Course {
    /// From the beginning on; with where records are from, if they are to say so.
    pub fn new(origin: Option<Origin>) -> Course {
        Course { origin, ..Course::default() }
    }

    /// The same, where zeros at the beginning of a line are no part of it: a file that was truncated while a
    /// writer went on at its old place has a hole there.
    pub fn without_holes(self) -> Course {
        Course { holes: Some(0), ..self }
    }

    /// Whether something in these lines is a hole.
    pub fn has_hole(&self, lines: &[u8]) -> bool {
        self.holes.is_some() && memchr::memchr(0, lines).is_some()
    }

    /// Leaves out the beginning of the next line, which is a hole of so many bytes.
    pub fn skip_hole(&mut self, bytes: u64) {
        self.place.offset += bytes;
        self.holes = self.holes.map(|holes| holes + bytes);
    }

    /// How many bytes of holes were left out.
    pub fn hole_bytes(&self) -> u64 {
        self.holes.unwrap_or(0)
    }

    /// Takes the next record, with its end: where it begins, and what it says (see [`Coding::content`]).
    pub fn take<'l>(&mut self, mut record: &'l [u8], coding: Coding) -> (Place, Result<Cow<'l, [u8]>, String>) {
        if self.holes.is_some() && record.first() == Some(&0) && coding.has_lines() {
            let hole = coding.hole(record);
            self.skip_hole(hole as u64);
            record = &record[hole..];
        }
        let place = self.pass(record.len() as u64);
        let content = coding.content(record).map(|(content, is_invalid)| {
            self.invalid += u64::from(is_invalid);
            content
        });
        (place, content)
    }

    /// Where the next line begins.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The next line begins here. Asked for only where nothing is begun.
    pub fn go_to(&mut self, place: Place) {
        self.place = place;
    }

    /// What follows is another file, in which the event that is begun may go on.
    pub fn go_on(&mut self) {
        self.place = Place { files: self.place.files + 1, ..Place::default() };
    }

    /// A line of so many bytes, its end among them, is taken, or left out; where it began.
    pub fn pass(&mut self, bytes: u64) -> Place {
        let place = self.place;
        self.place.offset += bytes;
        self.place.lines += 1;
        place
    }

    /// How many bytes there are from `place` on to where the next line begins, in its file.
    pub fn since(&self, place: Place) -> u64 {
        match place.files < self.place.files {
            true => self.place.offset,
            false => self.place.offset - place.offset,
        }
    }

    /// Whether records say nothing of where they are from.
    pub fn is_plain(&self) -> bool {
        self.origin.is_none()
    }

    /// Whether it must know how many lines come before those that it gets.
    pub fn needs_line_numbers(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::has_line)
    }

    /// Appends what comes before the value of a record that begins at `place`.
    pub fn begin_record(&self, place: Place, out: &mut Vec<u8>) {
        self.origin.iter().for_each(|origin| origin.begin(place, out));
    }

    /// Appends what comes behind it.
    pub fn end_record(&self, out: &mut Vec<u8>) {
        self.origin.iter().for_each(|origin| origin.end(out));
        out.push(b'\n');
    }

    /// What bytes say; what is invalid in them becomes U+FFFD, and is counted.
    pub fn text<'t>(&mut self, bytes: &'t [u8]) -> Cow<'t, str> {
        let text = String::from_utf8_lossy(bytes);
        self.invalid += u64::from(matches!(text, Cow::Owned(_)));
        text
    }

    /// How many lines so far had invalid UTF-8, which became U+FFFD.
    pub fn invalid_lines(&self) -> u64 {
        self.invalid
    }
}
