//! What is at which path, and what one who follows is sent.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use super::follow::{Board, Follower, QUIET};
use super::history::News;
use super::websocket;
use crate::frame::BatchTime;
use crate::net::http::{self, Request, Response};
use crate::net::watchers::{self, Watchers};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use hyper::StatusCode;
use hyper::body::Bytes;

/// So many events may wait for a slow client before the next are made.
const WAITING: usize = 4;

/// What is served.
pub struct Site {
    page: String,
    board: Arc<Board>,
    watchers: Mutex<Watchers>,
}

impl Site {
    /// Under this title.
    pub fn new(title: &str, board: Arc<Board>) -> Site {
        let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        Site {
            page: include_str!("../../../../assets/serve/index.html").replace("{title}", &title),
            board,
            watchers: Mutex::default(),
        }
    }

    fn admit(&self, task: &tokio::task::JoinHandle<()>) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).admit(task.abort_handle());
    }

    /// The answer to a request.
    pub fn answer(&self, request: &mut Request) -> Response {
        const SCRIPT: &str = "text/javascript; charset=utf-8";
        match request.uri().path() {
            "/" | "/index.html" => http::text("text/html; charset=utf-8", self.page.clone()),
            "/serve.js" => http::text(SCRIPT, include_str!("../../../../assets/serve/serve.js")),
            "/shape.js" => http::text(SCRIPT, include_str!("../../../../assets/serve/shape.js")),
            "/show.js" => http::text(SCRIPT, include_str!("../../../../assets/ui/show.js")),
            "/style.css" => http::text("text/css; charset=utf-8", include_str!("../../../../assets/ui/style.css")),
            "/icon.svg" => http::text("image/svg+xml", include_str!("../../../../assets/ui/icon.svg")),
            "/latest.json" => {
                let newest = self.board.history().newest().map(|entry| entry.json.clone());
                http::text("application/json", newest.unwrap_or_else(|| Bytes::from_static(b"null")))
            }
            "/batches.json" => http::text("application/json", self.batches()),
            "/events" => self.events(since(request)),
            "/ws" => self.websocket(request),
            _ => http::not_found("the page is at /, the newest batch at /latest.json, all of them at /batches.json"),
        }
    }

    fn batches(&self) -> Bytes {
        let history = self.board.history();
        let mut json = vec![b'['];
        for entry in history.all() {
            if json.len() > 1 {
                json.push(b',');
            }
            json.extend_from_slice(&entry.json);
        }
        json.push(b']');
        json.into()
    }

    fn events(&self, since: Option<BatchTime>) -> Response {
        let (sender, body) = Channel::<Bytes, Infallible>::new(WAITING);
        let follower = self.board.follow(since);
        // Until the last event has left, which is later than it was made.
        let presence = follower.presence.clone();
        let body = body.map_frame(move |frame| {
            let _ = &presence;
            frame
        });
        self.admit(&tokio::spawn(send(follower, sender)));
        watchers::stream_of_events(body.boxed_unsync())
    }

    fn websocket(&self, request: &mut Request) -> Response {
        let Some(response) = websocket::accept(request) else {
            let mut refused =
                http::text("text/plain; charset=utf-8", "this is a WebSocket: connect as one, version 13\n");
            *refused.status_mut() = StatusCode::UPGRADE_REQUIRED;
            return refused;
        };
        let follower = self.board.follow(since(request));
        let upgrade = hyper::upgrade::on(request);
        self.admit(&tokio::spawn(async move {
            // One that breaks off is no concern of ours.
            if let Ok(stream) = upgrade.await {
                let _ = websocket::send(stream, follower).await;
            }
        }));
        response
    }
}

/// The batch that one who comes back had last: a browser says it by itself, anybody by `?since=TIME`.
fn since(request: &Request) -> Option<BatchTime> {
    let asked = request.uri().query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("since="));
    let last = Some(http::header(request, "last-event-id")).filter(|id| !id.is_empty());
    last.or(asked)?.parse().ok().map(BatchTime)
}

/// Sends events until the stream or the client ends.
async fn send(mut follower: Follower, mut sender: Sender<Bytes, Infallible>) {
    loop {
        let event = match tokio::time::timeout(QUIET, follower.next()).await {
            Err(_) => ": still here\n\n".to_owned(),
            Ok(News::Batch(entry)) => {
                format!("event: batch\nid: {}\ndata: {}\n\n", entry.time, String::from_utf8_lossy(&entry.json))
            }
            Ok(News::Dropped(batches)) => format!("event: dropped\ndata: {{\"dropped\":{batches}}}\n\n"),
            Ok(News::End) => {
                let _ = sender.send_data("event: end\ndata: {\"end\":true}\n\n".into()).await;
                return;
            }
        };
        if sender.send_data(event.into()).await.is_err() {
            return;
        }
    }
}
