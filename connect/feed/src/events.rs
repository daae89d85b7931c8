//! Lines become server-sent events, as the HTML standard has them.

use std::time::Duration;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` unless the server says it.
    pub event: String,
    /// Its data, lines with newlines between.
    pub data: Vec<u8>,
    /// The last ID that there was: its own, or that of one before.
    pub id: String,
}

/// What has come of an event.
#[derive(Debug)]
pub struct Events {
    longest: usize,
    event: String,
    data: Option<Vec<u8>>,
    id: String,
    /// How long the server wishes that we wait before we come back.
    pub retry: Option<Duration>,
}

impl Events {
    /// Behind the event of this ID, with events of so many bytes at most.
    pub fn new(id: String, longest: usize) -> Events {
        Events { longest, event: String::new(), data: None, id, retry: None }
    }

    /// Takes a line: the event that it completes.
    ///
    /// # Errors
    /// The event is longer than allowed; it is passed over, and this is what had come of it.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Event>, Vec<u8>> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            // One without data is none, as the standard has it.
            let Some(data) = self.data.take() else { return Ok(None) };
            let event = if event.is_empty() { "message".to_owned() } else { event };
            let id = self.id.clone();
            return match data.len() > self.longest {
                true => Err(data),
                false => Ok(Some(Event { event, data, id })),
            };
        }
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
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
        let data = match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data
            }
            none => none.insert(Vec::new()),
        };
        data.extend_from_slice(value);
        data.truncate(self.longest + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<Result<Event, Vec<u8>>> {
        let mut events = Events::new("0".to_owned(), 10);
        text.lines().filter_map(|line| events.line(line.as_bytes()).transpose()).collect()
    }

    fn event(event: &str, data: &str, id: &str) -> Result<Event, Vec<u8>> {
        Ok(Event { event: event.to_owned(), data: data.as_bytes().to_vec(), id: id.to_owned() })
    }

    #[test]
    fn as_the_standard_has_them() {
        assert_eq!(
            events(
                "\u{feff}data: YHOO\ndata: +2\n\n: a comment\n\ndata:first\nid: 1\n\nevent: add\ndata:  second\nid\n\nid: 2\n\ndata\n\ndata: unfinished"
            ),
            [
                event("message", "YHOO\n+2", "0"),
                event("message", "first", "1"),
                event("add", " second", ""),
                event("message", "", "2")
            ]
        );
        assert_eq!(events("event: none\n\ndata: x\nretry: 5x\nother: y\n\n"), [event("message", "x", "0")]);
    }

    #[test]
    fn one_that_is_too_long_is_passed_over() {
        assert_eq!(
            events("data: 0123456789\n\ndata: 01234\ndata: 56789\n\nid: 3\ndata: x\n\n"),
            [event("message", "0123456789", "0"), Err(b"01234\n56789".to_vec()), event("message", "x", "3")]
        );
    }

    #[test]
    fn the_server_says_when_to_come_back() {
        let mut events = Events::new(String::new(), 10);
        events.line(b"retry: 1500").unwrap();
        assert_eq!(events.retry, Some(Duration::from_millis(1500)));
    }
}
