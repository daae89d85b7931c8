//! Those who follow a stream of events, which has no end.

use std::collections::VecDeque;

use hyper::StatusCode;
use hyper::header::{CONNECTION, HeaderValue};
use tokio::task::AbortHandle;

use super::http::{self, Body, Response};

/// So many may follow at a time: half of all clients, for a stream of events has no end, and little in
/// it shows whether it is read.
const MOST_WATCHERS: usize = http::MOST_CLIENTS / 2;

/// Who follows, the oldest first.
#[derive(Debug, Default)]
pub struct Watchers(VecDeque<AbortHandle>);

impl Watchers {
    /// Lets one more follow. Where there are too many, the oldest has to go; a browser that was
    /// that one connects again by itself.
    pub fn admit(&mut self, new: AbortHandle) {
        self.0.retain(|watcher| !watcher.is_finished());
        while self.0.len() >= MOST_WATCHERS {
            self.0.pop_front().iter().for_each(AbortHandle::abort);
        }
        self.0.push_back(new);
    }
}

/// A response of server-sent events.
pub fn stream_of_events(body: Body) -> Response {
    let mut response = http::respond(StatusCode::OK, "text/event-stream", body);
    // Its place is free once the stream ends, whatever the client has asked for behind it.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
