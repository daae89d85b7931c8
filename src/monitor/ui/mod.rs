//! What `sstream-ui` serves: a page, and `/api/v1` with the names of Spark's
//! streaming REST API where they mean the same.

mod api;
mod assets;
mod events;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::metrics::{Format, Subject, render};
use super::sources::Sources;
use crate::frame::BatchTime;
use crate::net::http::{self, Guard, Request, Response};
use crate::net::watchers::Watchers;
use crate::signal::StopSignal;

/// How often published files are looked at.
const REFRESH: Duration = Duration::from_millis(250);

/// What the page shows and what it must not.
pub struct Site {
    sources: Mutex<Sources>,
    show_records: bool,
    ticks: tokio::sync::watch::Sender<u64>,
    watchers: Mutex<Watchers>,
}

impl Site {
    /// A site about these pipelines.
    pub fn new(sources: Sources, show_records: bool) -> Site {
        Site {
            sources: Mutex::new(sources),
            show_records,
            ticks: tokio::sync::watch::Sender::new(0),
            watchers: Mutex::default(),
        }
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves until the process is asked to stop.
    pub fn serve(self, listener: TcpListener, guard: Guard, stop: &StopSignal) -> std::io::Result<()> {
        let site = Arc::new(self);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let answering = site.clone();
            let answer = move |request: &mut Request| answering.answer(request);
            let server = tokio::spawn(http::serve_in_runtime(listener, guard, answer));
            let mut refresh = tokio::time::interval(REFRESH);
            while !stop.is_asked() && !server.is_finished() {
                refresh.tick().await;
                site.sources().refresh();
                site.ticks.send_modify(|tick| *tick += 1);
            }
            if stop.is_asked() { Ok(()) } else { server.await.unwrap_or(Ok(())) }
        })
    }

    fn answer(self: &Arc<Site>, request: &Request) -> Response {
        let path = request.uri().path();
        let query = Query(request.uri().query().unwrap_or_default());
        match path.strip_prefix("/api/v1/") {
            Some("events") => events::stream(self.clone(), query.text("app"), query.time("since")),
            Some(rest) => self.api(rest, &query),
            None if path == "/metrics" => {
                let sources = self.sources();
                let pipelines = sources.pipelines();
                let subjects: Vec<_> = pipelines.iter().map(Subject::of_pipeline).collect();
                let format = Format::accepted(http::header(request, "accept"));
                http::text(format.content_type(), render(&subjects, format))
            }
            None => assets::find(path).unwrap_or_else(|| http::not_found("the page is at /, the API at /api/v1/")),
        }
    }

    fn api(&self, path: &str, query: &Query<'_>) -> Response {
        let sources = self.sources();
        let parts: Vec<&str> = path.split('/').collect();
        let value = match parts[..] {
            ["version"] => Some(json!({ "sstream": env!("CARGO_PKG_VERSION") })),
            ["applications"] => Some(sources.pipelines().iter().map(api::application).collect()),
            ["applications", key, ref rest @ ..] => {
                let Some(pipeline) = sources.pipeline(&key.replace("%2B", "+")) else {
                    return http::not_found("no such pipeline, /api/v1/applications lists them");
                };
                match *rest {
                    [] => Some(api::application(&pipeline)),
                    ["streaming", "statistics"] => Some(api::statistics(&pipeline)),
                    ["streaming", "receivers"] => Some(api::receivers(&pipeline)),
                    ["streaming", "batches"] => Some(api::batches(&pipeline, query.number("length").unwrap_or(1000))),
                    ["streaming", "batches", time] => {
                        time.parse().ok().and_then(|time| api::batch(&pipeline, BatchTime(time)))
                    }
                    ["streaming", "batches", _, "records"] if !self.show_records => {
                        return refuse_records();
                    }
                    ["streaming", "batches", time, "records"] => {
                        time.parse().ok().map(|time| api::records(&pipeline, BatchTime(time)))
                    }
                    ["streaming", "columns"] => {
                        let columns = api::columns(&pipeline, query.time("since"));
                        return http::text("application/json", columns);
                    }
                    ["streaming", "stages"] => Some(api::stages(&pipeline)),
                    _ => None,
                }
            }
            _ => None,
        };
        match value {
            Some(value) => json_response(&value),
            None => http::not_found("nothing under this path"),
        }
    }
}

fn json_response(value: &Value) -> Response {
    http::text("application/json", value.to_string())
}

fn refuse_records() -> Response {
    let mut response = http::text("text/plain; charset=utf-8", "records are shown only under --show-records\n");
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// The query of a request's address. Its values are keys and numbers, which
/// need no unescaping.
struct Query<'a>(&'a str);

impl Query<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        // A join's key has a plus sign.
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.replace("%2B", "+")).next()
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    fn time(&self, name: &str) -> Option<BatchTime> {
        self.text(name)?.parse().ok().map(BatchTime)
    }
}
