//! Forms in which a line, or an event of several lines, is a record by itself: text, and beside it [JSON](super::json) and
//! [logfmt](super::logfmt).

use std::borrow::Cow;

use super::events::{Event, Join};
use super::{Bad, Format, Origin, Place, bare, text, too_long};
use crate::error::Failure;
use crate::record;

/// Makes a record of a line.
pub trait LineForm {
    /// Appends the record of a line without its end; or says that there is none, or why the line
    /// is bad.
    fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String>;

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

    /// How many lines so far had invalid UTF-8, which became U+FFFD.
    fn invalid_lines(&self) -> u64;
}

/// Each line is a string.
#[derive(Debug, Default)]
pub struct Text {
    invalid: u64,
}

impl LineForm for Text {
    fn push(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
        let text = String::from_utf8_lossy(line);
        self.invalid += u64::from(matches!(text, Cow::Owned(_)));
        record::push_string(text.as_bytes(), out);
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

    fn invalid_lines(&self) -> u64 {
        self.invalid
    }
}

/// Records of lines, or of events of several lines, in a form.
pub struct Records<F> {
    form: F,
    join: Option<Box<dyn Join>>,
    origin: Option<Origin>,
    /// Where the next line begins.
    place: Place,
    max_line: usize,
}

impl<F: LineForm> Records<F> {
    /// Of lines, which `join` makes events of, and each with where it is from, as far as there are these.
    pub fn new(form: F, join: Option<Box<dyn Join>>, origin: Option<Origin>) -> Records<F> {
        Records { form, join, origin, place: Place::default(), max_line: usize::MAX }
    }

    /// Where the oldest event begins that is not complete.
    fn begun(&self) -> Option<Place> {
        self.join.as_ref().and_then(|join| join.begun())
    }

    /// Gives what is begun as an event.
    fn give_begun(&mut self, out: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, Box<dyn Failure>> {
        let Records { form, join: Some(join), origin, max_line, .. } = self else { return Ok(0) };
        let mut records = 0;
        join.finish(&mut |event| {
            records += push_event(form, origin.as_ref(), &event, *max_line, out, bad)?;
            Ok(())
        })?;
        Ok(records)
    }
}

impl<F: LineForm> Format for Records<F> {
    fn records(
        &mut self,
        lines: &[u8],
        max_line: usize,
        out: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, Box<dyn Failure>> {
        self.max_line = max_line;
        let is_plain = self.join.is_none() && self.origin.is_none();
        if is_plain
            && lines.len() <= max_line
            && let Some(records) = self.form.push_lines(lines, out, bad)?
        {
            return Ok(records);
        }
        let mut records = 0;
        let mut rest = lines;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(newline + 1);
            rest = behind;
            let text = bare(line);
            let place = self.place;
            self.place.pass(line.len() as u64);
            if self.join.is_some() && text.len() > max_line {
                // It ends the event before it, wherever pieces of what is read end.
                records += self.give_begun(out, bad)?;
                bad(text, &too_long(max_line))?;
                continue;
            }
            let Records { form, join, origin, .. } = self;
            let mut give = |event: Event<'_>| {
                records += push_event(form, origin.as_ref(), &event, max_line, out, bad)?;
                Ok(())
            };
            match join {
                None => give(Event { text, place, problem: None })?,
                Some(join) => join.push(text, place, &mut give)?,
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

    fn go_on(&mut self) {
        self.place = Place { files: self.place.files + 1, ..Place::default() };
    }

    fn has_carried(&self) -> bool {
        self.begun().is_some_and(|place| place.files < self.place.files)
    }

    fn go_to(&mut self, place: Place) {
        self.place = place;
    }

    fn needs_line_numbers(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::has_line)
    }

    fn pass_over(&mut self, bytes: u64) {
        self.place.pass(bytes);
    }

    fn invalid_lines(&self) -> u64 {
        self.form.invalid_lines()
    }

    fn unfinished(&self) -> u64 {
        match self.begun() {
            None => 0,
            Some(place) if place.files < self.place.files => self.place.offset,
            Some(place) => self.place.offset - place.offset,
        }
    }
}

fn push_event<F: LineForm>(
    form: &mut F,
    origin: Option<&Origin>,
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
            origin.iter().for_each(|origin| origin.begin(event.place, out));
            form.push(event.text, out)
        }
    };
    match pushed {
        Ok(true) => {
            origin.iter().for_each(|origin| origin.end(out));
            out.push(b'\n');
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
