//! Forms in which a line, or an event of several lines, is a record by itself: text, and beside it [JSON](super::json) and
//! [logfmt](super::logfmt).

use super::events::{Ahead, Event, Join, Line};
use super::{Bad, Course, Format, Lines, Origin, Place, bare, text, too_long};
use crate::error::Failure;
use crate::record;

/// Makes a record of a line.
pub trait LineForm {
    /// Appends the record of a line without its end; or says that there is none, or why the line
    /// is bad.
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String>;

    /// Appends the records of whole lines, a newline each, if that is quicker than one by one; how
    /// many, and bad lines go to `bad`. If not, there is none, and `out` is as before.
    fn push_lines(
        &mut self,
        lines: &[u8],
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        let _ = (lines, out, bad);
        Ok(None)
    }
}

/// Each line is a string.
#[derive(Debug)]
pub struct Text;

impl LineForm for Text {
    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
        record::push_string(line.as_bytes(), out);
        Ok(true)
    }

    fn push_lines(
        &mut self,
        lines: &[u8],
        out: &mut Vec<u8>,
        _: &mut Bad<'_>,
    ) -> Result<Option<u64>, Box<dyn Failure>> {
        Ok(text::push_lines(lines, out).ok())
    }
}

/// Records of lines, or of events of several lines, in a form.
pub struct Records<F> {
    form: F,
    join: Option<Box<dyn Join>>,
    course: Course,
    max_line: usize,
    /// What the bytes are from, for messages; nothing is the only input there is.
    source: String,
}

impl<F: LineForm> Records<F> {
    /// Of lines, which `join` makes events of, and each with where it is from, as far as there are these.
    pub fn new(form: F, join: Option<Box<dyn Join>>, origin: Option<Origin>) -> Records<F> {
        Records { form, join, course: Course::new(origin), max_line: usize::MAX, source: String::new() }
    }

    /// The same where messages say that bytes are of this file or client.
    pub fn of(self, source: &[u8]) -> Records<F> {
        Records { source: String::from_utf8_lossy(source).into_owned(), ..self }
    }

    /// Where a record is that is none.
    fn shown(&self, place: Place) -> String {
        let comma = if self.source.is_empty() { "" } else { ", " };
        format!("{}{comma}byte {}", self.source, place.offset)
    }

    /// The same, where zeros at the beginning of a line are no part of it.
    pub fn without_holes(self) -> Records<F> {
        Records { course: self.course.without_holes(), ..self }
    }

    /// Where the oldest event begins that is not complete.
    fn begun(&self) -> Option<Place> {
        self.join.as_ref().and_then(|join| join.begun())
    }

    /// Gives what is begun as an event.
    fn give_begun(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        let Records { form, join: Some(join), course, max_line, .. } = self else { return Ok(0) };
        let mut records = 0;
        join.finish(&mut |event| {
            records += push_event(form, course, &event, *max_line, out, bad)?;
            Ok(())
        })?;
        Ok(records)
    }
}

impl<F: LineForm> Format for Records<F> {
    fn records(
        &mut self,
        lines: Lines<'_>,
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        self.max_line = max_line;
        let Lines { bytes, coding } = lines;
        let is_plain = self.join.is_none() && self.course.is_plain() && coding.is_plain();
        if is_plain
            && bytes.len() <= max_line
            && !self.course.has_hole(bytes)
            && let Some(records) = self.form.push_lines(bytes, out, bad)?
        {
            return Ok(records);
        }
        let mut records = 0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (line, behind) = coding.split(rest);
            rest = behind;
            let (place, text) = self.course.take(line, coding);
            let text = match &text {
                // Between two counted records of syslog there may be a newline.
                Ok(text) if text.is_empty() && coding.may_have_counts() => continue,
                Ok(text) if coding.has_lines() => bare(text),
                Ok(text) => text,
                Err(reason) => {
                    records += self.give_begun(out, bad)?;
                    bad(line, &format!("{}: {reason}", self.shown(place)))?;
                    continue;
                }
            };
            if self.join.is_some() && text.len() > max_line {
                // It ends the event before it, wherever pieces of what is read end.
                records += self.give_begun(out, bad)?;
                bad(text, &too_long(max_line))?;
                continue;
            }
            let end = self.course.place().offset;
            let Records { form, join, course, .. } = self;
            let mut give = |event: Event<'_>| {
                records += push_event(form, course, &event, max_line, out, bad)?;
                Ok(())
            };
            match join {
                None => give(Event { text, place, problem: None })?,
                Some(join) => join.push(Line { text, place, end }, &mut give)?,
            }
        }
        Ok(records)
    }

    fn finish(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        self.give_begun(out, bad)
    }

    fn complete(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        self.give_begun(out, bad)
    }

    fn has_event(&self) -> bool {
        self.begun().is_some()
    }

    fn has_carried(&self) -> bool {
        self.begun().is_some_and(|place| place.files < self.course.place().files)
    }

    fn ahead(&self) -> Option<Ahead> {
        let at = self.begun().unwrap_or(self.course.place());
        self.join.as_ref().filter(|_| at.files == self.course.place().files).and_then(|join| join.ahead(at))
    }

    fn join(&mut self) -> Option<&mut (dyn Join + 'static)> {
        self.join.as_deref_mut()
    }

    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn invalid_lines(&self) -> u64 {
        self.course.invalid_lines()
    }

    fn hole_bytes(&self) -> u64 {
        self.course.hole_bytes()
    }

    fn unfinished(&self) -> u64 {
        self.begun().map_or(0, |place| self.course.since(place))
    }
}

fn push_event<F: LineForm>(
    form: &mut F,
    course: &mut Course,
    event: &Event<'_>,
    max_line: usize,
    out: &mut Vec<u8>,
    bad: &mut Bad<'_>,
) -> Result<u64, Box<dyn Failure>> {
    let before = out.len();
    let pushed = match event.problem {
        Some(problem) => Err(problem.to_owned()),
        None if event.text.len() > max_line => Err(too_long(max_line)),
        None => {
            let text = course.text(event.text);
            course.begin_record(event.place, out);
            form.push(&text, out)
        }
    };
    match pushed {
        Ok(true) => {
            course.end_record(out);
            return Ok(1);
        }
        Ok(false) => out.truncate(before),
        Err(reason) => {
            out.truncate(before);
            bad(event.text, &reason)?;
        }
    }
    Ok(0)
}
