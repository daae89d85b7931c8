//! Lines become server-sent events, as the HTML standard has them.

use std::time::Duration;

use memchr::memchr;

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'e> {
    /// Its type; `message` unless the server says it.
    pub event: &'e str,
    /// Its data, lines with newlines between.
    pub data: &'e [u8],
    /// The last ID that there was: its own, or that of one before.
    pub id: &'e str,
}

/// What has come of an event.
#[derive(Debug)]
pub struct Events {
    longest: usize,
    event: String,
    data: Vec<u8>,
    id: String,
    /// Whether there is data, though it may be empty.
    has_data: bool,
    /// Whether the event was given, and the next line begins another one.
    is_given: bool,
    /// How long the server wishes that we wait before we come back.
    pub retry: Option<Duration>,
}

impl Events {
    /// Behind the event of this ID, with events of so many bytes at most.
    pub fn new(id: String, longest: usize) -> Events {
        Events { longest, event: String::new(), data: Vec::new(), id, has_data: false, is_given: false, retry: None }
    }

    /// Takes a line: the event that it completes.
    ///
    /// # Errors
    /// The event is longer than allowed; it is passed over, and this is what had come of it.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Event<'_>>, &[u8]> {
        if std::mem::take(&mut self.is_given) {
            self.event.clear();
            self.data.clear();
            self.has_data = false;
        }
        if line.is_empty() {
            self.is_given = true;
            // One without data is none, as the standard has it.
            return match self.has_data {
                false => Ok(None),
                true if self.data.len() > self.longest => Err(&self.data),
                true => {
                    let event = if self.event.is_empty() { "message" } else { &self.event };
                    Ok(Some(Event { event, data: &self.data, id: &self.id }))
                }
            };
        }
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let (name, value) = match memchr(b':', line) {
            // A comment keeps the connection alive.
            Some(0) => return Ok(None),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"data" => self.push_data(value),
            b"event" => self.event = text(),
            b"id" if !value.contains(&0) => self.id = text(),
            b"retry" => self.retry = text().parse().ok().map(Duration::from_millis).or(self.retry),
            _ => {}
        }
        Ok(None)
    }

    /// No more of it is held than one byte beyond the limit, which tells that there was more.
    fn push_data(&mut self, value: &[u8]) {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.data.truncate(self.longest + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a text: of an event its type, data and ID, and otherwise what had come of it.
    fn events(text: &str) -> Vec<[String; 3]> {
        let (mut events, mut all) = (Events::new("0".to_owned(), 10), Vec::new());
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for line in text.lines() {
            match events.line(line.as_bytes()) {
                Ok(None) => {}
                Ok(Some(event)) => all.push([event.event.to_owned(), text_of(event.data), event.id.to_owned()]),
                Err(data) => all.push(["too long".to_owned(), text_of(data), String::new()]),
            }
        }
        all
    }

    #[test]
    fn as_the_standard_has_them() {
        assert_eq!(
            events(
                "\u{feff}data: YHOO\ndata: +2\n\n: a comment\n\ndata:first\nid: 1\n\nevent: add\ndata:  second\nid\n\nid: 2\n\ndata\n\ndata: unfinished"
            ),
            [["message", "YHOO\n+2", "0"], ["message", "first", "1"], ["add", " second", ""], ["message", "", "2"]]
        );
        assert_eq!(events("event: none\n\ndata: x\nretry: 5x\nother: y\n\n"), [["message", "x", "0"]]);
    }

    #[test]
    fn one_that_is_too_long_is_passed_over() {
        assert_eq!(
            events("data: 0123456789\n\ndata: 01234\ndata: 56789\n\nid: 3\ndata: x\n\n"),
            [["message", "0123456789", "0"], ["too long", "01234\n56789", ""], ["message", "x", "3"]]
        );
    }

    #[test]
    fn the_server_says_when_to_come_back() {
        let mut events = Events::new(String::new(), 10);
        events.line(b"retry: 1500").unwrap();
        assert_eq!(events.retry, Some(Duration::from_millis(1500)));
    }
}
