//! Server-sent events: the list of pipelines as it changes, and of one of them
//! each new batch and how its stages are.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HeaderValue};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::{Site, api};
use crate::frame::BatchTime;
use crate::monitor::http::{self, Response};

/// So many events may wait for a slow client before the next are made.
const WAITING: usize = 4;

/// After so many quiet refreshes a comment shows that the line lives.
const QUIET: u32 = 40;

/// A stream about all pipelines and, if `key` is given, about batches of that
/// one after `since`.
pub fn stream(site: Arc<Site>, key: Option<String>, since: Option<BatchTime>) -> Response {
    let (sender, body) = Channel::<Bytes, Infallible>::new(WAITING);
    let task = tokio::spawn(send(site.clone(), key, since, sender));
    site.watchers().admit(task.abort_handle());
    let mut response = http::respond(StatusCode::OK, "text/event-stream", body.boxed_unsync());
    // Its place is free once the stream ends, whatever the client has asked for behind it.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// So many clients may watch at a time: half of all, for a stream of events has no end, and little in
/// it shows whether it is read.
const MOST_WATCHERS: usize = http::MOST_CLIENTS / 2;

/// Who watches, the oldest first.
#[derive(Default)]
pub struct Watchers(VecDeque<AbortHandle>);

impl Watchers {
    /// Lets one more watch. Where there are too many, the oldest has to go; a browser that was
    /// that one connects again by itself.
    fn admit(&mut self, new: AbortHandle) {
        self.0.retain(|watcher| !watcher.is_finished());
        while self.0.len() >= MOST_WATCHERS {
            self.0.pop_front().iter().for_each(AbortHandle::abort);
        }
        self.0.push_back(new);
    }
}

/// What one client was told last.
#[derive(Default)]
struct Told {
    pipelines: Value,
    status: Value,
    last: Option<BatchTime>,
    quiet: u32,
}

async fn send(site: Arc<Site>, key: Option<String>, since: Option<BatchTime>, mut sender: Sender<Bytes, Infallible>) {
    let mut ticks = site.ticks.subscribe();
    let mut told = Told { last: since, ..Told::default() };
    loop {
        let news = news(&site, key.as_deref(), &mut told);
        if !news.is_empty() && sender.send_data(news.into()).await.is_err() {
            return;
        }
        if ticks.changed().await.is_err() {
            return;
        }
    }
}

fn news(site: &Site, key: Option<&str>, told: &mut Told) -> String {
    let mut text = String::new();
    let sources = site.sources();
    let pipelines: Value = sources.pipelines().iter().map(api::application).collect();
    if pipelines != told.pipelines {
        push(&mut text, "pipelines", &pipelines);
        told.pipelines = pipelines;
    }
    if let Some(pipeline) = key.and_then(|key| sources.pipeline(key)) {
        let newest = pipeline.view.batches().back().map(|batch| batch.time);
        if newest > told.last {
            push(&mut text, "batches", &api::columns(&pipeline, told.last));
            told.last = newest;
        }
        let status = json!({ "statistics": api::statistics(&pipeline), "stages": api::stages(&pipeline) });
        if status != told.status {
            push(&mut text, "status", &status);
            told.status = status;
        }
    }
    told.quiet = if text.is_empty() { told.quiet + 1 } else { 0 };
    if told.quiet >= QUIET {
        told.quiet = 0;
        text.push_str(": still here\n\n");
    }
    text
}

fn push(text: &mut String, event: &str, data: &impl std::fmt::Display) {
    text.push_str(&format!("event: {event}\ndata: {data}\n\n"));
}
