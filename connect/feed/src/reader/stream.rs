//! A stream of lines, or of events.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::header::HeaderName;

use super::{Mode, Task};
use crate::dial::Broken;
use crate::events::Events;
use crate::lines::{Line, Lines};
use crate::position::Place;
use sstream::connect::duration;

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
        let (mut body, mut lines, mut whole) = (answer.into_body(), Lines::new(longest), Vec::new());
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
            self.is_back();
            lines.push(&frame.into_data().unwrap_or_default(), &mut whole);
            for line in whole.drain(..) {
                match (line, &mut events) {
                    (Line::TooLong(beginning), _) => {
                        self.put_behind(Err((beginning, format!("a line of more than {longest} bytes")))).await;
                    }
                    (Line::Whole(line), Some(events)) => self.event(events, &line).await,
                    // An empty one keeps the connection alive.
                    (Line::Whole(line), None) if line.is_empty() => {}
                    (Line::Whole(line), None) => {
                        let made = self.records.make(&line, "", "");
                        self.put_behind(made).await;
                    }
                }
            }
        }
    }

    async fn event(&mut self, events: &mut Events, line: &[u8]) {
        let made = match events.line(line) {
            Ok(None) => return self.retry = events.retry,
            Ok(Some(event)) => {
                if event.id != self.place.id {
                    self.place = Arc::new(Place { id: event.id.clone(), etag: String::new() });
                }
                self.records.make(&event.data, &event.id, &event.event)
            }
            Err(data) => Err((data, format!("an event of more than {} bytes", self.settings.longest))),
        };
        self.put_behind(made).await;
    }
}
