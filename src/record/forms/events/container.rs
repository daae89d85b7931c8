//! What containers' long lines were cut into, joined to what they were: a runtime writes a long line in
//! parts of 16 KiB, those of standard output and of standard error in turn. The event is a line as
//! the runtime would have written it, had it not cut it: with the first part's time.
//!
//! Events come in the order of their first parts, so that one waits for those that began before it.

use std::collections::VecDeque;
use std::ops::Range;

use super::{Event, Give, Join, Most};
use crate::error::Failure;
use crate::record::forms::Place;

/// A line of a runtime, by its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which stream it is of.
    stream: Range<usize>,
    /// What the container wrote.
    content: Range<usize>,
    /// Whether more of it follows.
    is_partial: bool,
    /// The byte that says so, and what it is in a whole line.
    mark: Option<(usize, u8)>,
}

/// `TIME STREAM P|F CONTENT`, as containerd and CRI-O write it.
pub fn cri(line: &[u8]) -> Option<Part> {
    let space = |from: usize| memchr::memchr(b' ', &line[from..]).map(|at| from + at);
    let first = space(0)?;
    let second = space(first + 1)?;
    let stream = first + 1..second;
    if !matches!(&line[stream.clone()], b"stdout" | b"stderr") {
        return None;
    }
    let tags = second + 1;
    let content = space(tags)? + 1..line.len();
    // Tags are separated by colons, and the first is this one.
    let is_partial = match (line[tags], line[tags + 1]) {
        (b'P', b' ' | b':') => true,
        (b'F', b' ' | b':') => false,
        _ => return None,
    };
    Some(Part { stream, content, is_partial, mark: Some((tags, b'F')) })
}

/// `{"log":"CONTENT\n","stream":"stdout","time":"…"}`, as Docker's json-file driver writes it. The
/// content is left escaped; that of a part has no newline at its end.
pub fn docker(line: &[u8]) -> Option<Part> {
    const LOG: &[u8] = b"{\"log\":\"";
    const STREAM: &[u8] = b"\"stream\":\"";
    let rest = line.strip_prefix(LOG)?;
    let mut at = 0;
    let end = loop {
        at += memchr::memchr2(b'"', b'\\', &rest[at..])?;
        match rest[at] {
            b'"' => break LOG.len() + at,
            _ => at = (at + 2).min(rest.len()),
        }
    };
    let stream = end + memchr::memmem::find(&line[end..], STREAM)? + STREAM.len();
    let stream = stream..stream + memchr::memchr(b'"', &line[stream..])?;
    let is_partial = !ends_line(&line[LOG.len()..end]);
    Some(Part { stream, content: LOG.len()..end, is_partial, mark: None })
}

/// Whether escaped text ends with a newline.
fn ends_line(escaped: &[u8]) -> bool {
    let Some(before) = escaped.strip_suffix(b"\\n") else { return false };
    // Of an even number of backslashes before it, each is one by itself.
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}

/// An event of parts.
struct Begun {
    /// None is a line that is no part of anything.
    stream: Option<Vec<u8>>,
    text: Vec<u8>,
    /// Where the next part's content goes.
    content_end: usize,
    parts: usize,
    place: Place,
    problem: Option<String>,
    is_whole: bool,
}

/// Joins the parts of lines.
pub struct PartJoin {
    read: fn(&[u8]) -> Option<Part>,
    most: Most,
    /// In the order of their first parts.
    begun: VecDeque<Begun>,
}

impl PartJoin {
    /// Of lines that `read` takes apart.
    pub fn new(read: fn(&[u8]) -> Option<Part>, most: Most) -> PartJoin {
        PartJoin { read, most, begun: VecDeque::new() }
    }

    fn give_whole(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        while self.begun.front().is_some_and(|event| event.is_whole)
            && let Some(event) = self.begun.pop_front()
        {
            give(Event { text: &event.text, place: event.place, problem: event.problem.as_deref() })?;
        }
        Ok(())
    }
}

impl Join for PartJoin {
    fn push(&mut self, line: &[u8], place: Place, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        let part = (self.read)(line);
        let is_partial = part.as_ref().is_some_and(|part| part.is_partial);
        if !is_partial && self.begun.is_empty() {
            return give(Event { text: line, place, problem: None });
        }
        let stream = part.as_ref().map(|part| &line[part.stream.clone()]);
        let open = self.begun.iter_mut().find(|event| !event.is_whole && event.stream.as_deref() == stream);
        match (open, part) {
            (Some(event), Some(part)) => {
                let content = &line[part.content];
                event.parts += 1;
                event.is_whole = !is_partial;
                if event.problem.is_none() {
                    event.problem = self.most.problem(event.parts, event.text.len() + content.len());
                }
                if event.problem.is_none() {
                    event.text.splice(event.content_end..event.content_end, content.iter().copied());
                    event.content_end += content.len();
                }
            }
            (_, part) => {
                let mut text = line.to_vec();
                if let Some((at, whole)) = part.as_ref().and_then(|part| part.mark) {
                    text[at] = whole;
                }
                let content_end = part.map_or(text.len(), |part| part.content.end);
                let stream = stream.map(<[u8]>::to_vec);
                let is_whole = !is_partial;
                self.begun.push_back(Begun { stream, text, content_end, parts: 1, place, problem: None, is_whole });
            }
        }
        self.give_whole(give)
    }

    fn finish(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        self.begun.iter_mut().for_each(|event| event.is_whole = true);
        self.give_whole(give)
    }

    fn begun(&self) -> Option<Place> {
        self.begun.front().map(|event| event.place)
    }
}
