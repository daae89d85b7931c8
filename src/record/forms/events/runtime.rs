//! Lines of container runtimes, by their parts: when a container wrote what to which of its two streams, and
//! whether more of the same line follows.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use crate::record;

/// Where a container writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Stream {
    fn of(name: &[u8]) -> Option<Stream> {
        match name {
            b"stdout" => Some(Stream::Out),
            b"stderr" => Some(Stream::Err),
            _ => None,
        }
    }
}

/// Who writes the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// containerd and CRI-O: `TIME STREAM P|F CONTENT`.
    Cri,
    /// Docker's json-file driver: `{"log":"CONTENT\n","stream":"stdout","time":"…"}`.
    Docker,
}

/// A line of a runtime, by its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which stream it is of.
    pub stream: Stream,
    /// When it was written, in µs since the epoch.
    pub time_us: i64,
    /// Where what the container wrote is in the line; of Docker it is left escaped.
    pub content: Range<usize>,
    /// Whether more of it follows.
    pub is_partial: bool,
    /// The byte that says so, and what it is in a whole line.
    mark: Option<(usize, u8)>,
}

impl Runtime {
    /// The parts of a line; none if it is no line of this runtime.
    pub fn part(self, line: &[u8]) -> Option<Part> {
        match self {
            Runtime::Cri => cri(line),
            Runtime::Docker => docker(line),
        }
    }

    /// What the container wrote, of a whole line's content.
    pub fn text(self, content: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Runtime::Cri => Cow::Borrowed(content),
            Runtime::Docker => {
                let content = if ends_line(content) { &content[..content.len() - 2] } else { content };
                let mut text = Vec::with_capacity(content.len());
                record::push_unescaped(content, &mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Appends the content of a line in which the container wrote this.
    pub fn push_content(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Runtime::Cri => out.extend_from_slice(text),
            Runtime::Docker => {
                record::push_escaped(text, out);
                out.extend_from_slice(b"\\n");
            }
        }
    }
}

impl Part {
    /// What stands before and behind the content, in a line that is whole.
    pub fn around(&self, line: &[u8]) -> [Vec<u8>; 2] {
        let mut head = line[..self.content.start].to_vec();
        if let Some((at, whole)) = self.mark {
            head[at] = whole;
        }
        [head, line[self.content.end..].to_vec()]
    }
}

fn cri(line: &[u8]) -> Option<Part> {
    let space = |from: usize| memchr::memchr(b' ', &line[from..]).map(|at| from + at);
    let first = space(0)?;
    let second = space(first + 1)?;
    let stream = Stream::of(&line[first + 1..second])?;
    let tags = second + 1;
    // An empty line of some runtimes ends with its tags.
    let tags_end = space(tags).unwrap_or(line.len());
    let content = (tags_end + 1).min(line.len())..line.len();
    // Tags are separated by colons, and the first is this one.
    let is_partial = match line[tags..tags_end].split(|byte| *byte == b':').next()? {
        b"P" => true,
        b"F" => false,
        _ => return None,
    };
    Some(Part { stream, time_us: time_us(&line[..first])?, content, is_partial, mark: Some((tags, b'F')) })
}

/// The content of a part has no newline at its end.
fn docker(line: &[u8]) -> Option<Part> {
    const LOG: &[u8] = b"{\"log\":\"";
    let rest = line.strip_prefix(LOG)?;
    let mut at = 0;
    let end = loop {
        at += memchr::memchr2(b'"', b'\\', &rest[at..])?;
        match rest[at] {
            b'"' => break LOG.len() + at,
            _ => at = (at + 2).min(rest.len()),
        }
    };
    let behind = &line[end..];
    let value = |from: usize| Some(&behind[from..from + memchr::memchr(b'"', &behind[from..])?]);
    let (stream, time) = (b"\"stream\":\"", b"\"time\":\"");
    let stream = Stream::of(value(memchr::memmem::find(behind, stream)? + stream.len())?)?;
    // Labels of the container come before it, and may be called as they like.
    let time_us = time_us(value(memchr::memmem::rfind(behind, time)? + time.len())?)?;
    let content = LOG.len()..end;
    Some(Part { stream, time_us, is_partial: !ends_line(&line[content.clone()]), content, mark: None })
}

fn time_us(text: &[u8]) -> Option<i64> {
    let time: Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(time.as_microsecond())
}

/// Whether escaped text ends with a newline.
fn ends_line(escaped: &[u8]) -> bool {
    let Some(before) = escaped.strip_suffix(b"\\n") else { return false };
    // Of an even number of backslashes before it, each is one by itself.
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}
