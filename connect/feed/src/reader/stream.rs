//! A stream of lines, or of events.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::header::HeaderName;

use super::{Mode, Task};
use crate::dial::Broken;
use crate::events::Events;
use crate::lines::{Block, Lines, Piece};
use crate::position::Place;
use crate::queue::Item;
use sstream::connect::{BLOCK_BYTES, duration};

/// Lines become records together, so many bytes of them that most of these fit a block, quotes and all.
const LINES_BYTES: usize = BLOCK_BYTES - BLOCK_BYTES / 8;

impl Task {
    /// Asks for the stream and reads it: how it ended.
    pub(super) async fn stream(&mut self) -> Broken {
        let is_events = self.settings.mode == Mode::Events;
        let last = HeaderName::from_static("last-event-id");
        let place = self.place.clone();
        let own: Vec<_> = (!place.id.is_empty()).then_some((last, place.id.as_str())).into_iter().collect();
        let accept = if is_events { "text/event-stream" } else { "*/*" };
        let answer = match self.get(&self.settings.target.path(None), accept, &own).await {
            Ok(answer) if answer.status() == StatusCode::OK => answer,
            Ok(_) => return Broken::network("it says that nothing has changed, and was not asked"),
            Err(broken) => return broken,
        };
        let longest = self.settings.longest;
        let mut events = is_events.then(|| Events::new(place.id.clone(), longest));
        let (mut body, mut lines, mut items) = (answer.into_body(), Lines::new(longest), Vec::new());
        loop {
            let frame = match tokio::time::timeout(self.settings.stall, body.frame()).await {
                Err(_) => {
                    let stall = duration::show_ms(self.settings.stall.as_millis() as u64);
                    return Broken::network(format!("stalled: nothing came for {stall}"));
                }
                Ok(None) => return Broken::network("the server has ended the stream"),
                Ok(Some(Err(error))) => return Broken::network(error.to_string()),
                Ok(Some(Ok(frame))) => frame,
            };
            self.note_back();
            lines.push(&frame.into_data().unwrap_or_default(), |piece| match (piece, &mut events) {
                (Piece::TooLong(beginning), _) => {
                    let reason = format!("a line of more than {longest} bytes");
                    items.push(self.behind(Err((beginning.to_vec(), reason))));
                }
                (Piece::Lines(block), Some(events)) => {
                    block.lines().for_each(|line| self.event(events, line, &mut items));
                }
                (Piece::Lines(block), None) => block.split(LINES_BYTES).for_each(|block| self.lines(block, &mut items)),
            });
            self.put(&mut items).await;
        }
    }

    /// Records of lines, at once where they can be made so.
    fn lines(&mut self, block: Block<'_>, items: &mut Vec<Item>) {
        let mut records = Vec::new();
        if !block.has_empty()
            && let Some(count) = self.records.push_lines(block.bytes(), &mut records)
        {
            return items.push(Item { count, ..self.behind(Ok(records)) });
        }
        // An empty one keeps the connection alive.
        block.lines().filter(|line| !line.is_empty()).for_each(|line| self.give(line, "", "", items));
    }

    fn event(&mut self, events: &mut Events, line: &[u8], items: &mut Vec<Item>) {
        match events.line(line) {
            Ok(None) => self.retry = events.retry,
            Ok(Some(event)) => {
                // Most feeds have none; and glibc's comparison of nothing with nothing is slow.
                let has_none = event.id.is_empty() && self.place.id.is_empty();
                if !has_none && event.id != self.place.id {
                    self.place = Arc::new(Place { id: event.id.to_owned(), etag: String::new() });
                }
                self.give(event.data, event.id, event.event, items);
            }
            Err(data) => {
                let reason = format!("an event of more than {} bytes", self.settings.longest);
                items.push(self.behind(Err((data.to_vec(), reason))));
            }
        }
    }

    /// A record of a value, which joins those before it where the feed has come no further since.
    fn give(&mut self, value: &[u8], id: &str, event: &str, items: &mut Vec<Item>) {
        let made = match items.last_mut() {
            Some(Item { made: Ok(records), count, mark, .. })
                if Arc::ptr_eq(&mark.place, &self.place) && records.len() < BLOCK_BYTES =>
            {
                match self.records.push(value, id, event, records) {
                    Ok(()) => return *count += 1,
                    Err(bad) => Err(bad),
                }
            }
            _ => self.records.make(value, id, event),
        };
        items.push(self.behind(made));
    }
}
