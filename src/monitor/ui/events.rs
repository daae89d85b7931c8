//! Server-sent events: the list of pipelines as it changes, and of one of them
//! each new batch and how its stages are.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{Site, api};
use crate::frame::BatchTime;
use crate::net::http::Response;
use crate::net::watchers::stream_of_events;

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
    stream_of_events(body.boxed_unsync())
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
