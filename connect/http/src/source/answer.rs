//! What a request is answered.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};

use super::auth::Doorkeeper;
use super::body::{self, CODINGS, Coding};
use super::content::{Content, Making, TYPES, shown, shown_time};
use super::fields::{Facts, Field};
use sstream::connect::Console;
use sstream_rpc::queue::{Queue, Records, Share};

/// A request.
pub type Request = hyper::Request<Incoming>;
/// A response, of a few words.
pub type Response = hyper::Response<Full<Bytes>>;

/// How many seconds who comes when there is no place is to wait.
const COME_AGAIN: &str = "1";

/// What requests are judged by.
#[derive(Debug)]
pub struct Rules {
    /// Who may send.
    pub door: Doorkeeper,
    /// The paths that are taken; all, if there is none.
    pub paths: Vec<String>,
    /// What every body is, whatever its Content-Type says.
    pub content: Option<Content>,
    /// How bodies become records.
    pub making: Making,
    /// The fields beside the value.
    pub with: Vec<Field>,
    /// The most bytes of a body, packed and unpacked.
    pub max_body: usize,
    /// The time for a body.
    pub body_timeout: Duration,
}

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// A page in a browser sent it, and nobody is asked for a token.
    Page,
    /// No token, or a wrong one.
    Unauthorized(&'static str),
    /// Another path than those that are taken.
    Path,
    /// Neither POST nor PUT.
    Method,
    /// Of a type that nothing is made of.
    Type(String),
    /// Packed in another way.
    Coding(String),
    /// Larger than so many bytes.
    TooLarge(usize),
    /// Not there within the time.
    Slow(Duration),
    /// It broke off.
    Broken,
    /// What is wrong with the body.
    Bad(String),
    /// Too much waits already.
    Full,
    /// The pipeline is stopping, or has stopped.
    Stopping,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::Page => StatusCode::FORBIDDEN,
            Refusal::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Refusal::Path => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::Type(_) | Refusal::Coding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Slow(_) => StatusCode::REQUEST_TIMEOUT,
            Refusal::Broken | Refusal::Bad(_) => StatusCode::BAD_REQUEST,
            Refusal::Full => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The header that goes with the status.
    fn header(&self) -> Option<(HeaderName, &'static str)> {
        Some(match self {
            Refusal::Unauthorized(challenge) => (WWW_AUTHENTICATE, challenge),
            Refusal::Method => (ALLOW, "POST, PUT"),
            Refusal::Type(_) => (HeaderName::from_static("accept-post"), TYPES),
            Refusal::Coding(_) => (ACCEPT_ENCODING, CODINGS),
            Refusal::Full | Refusal::Stopping => (RETRY_AFTER, COME_AGAIN),
            _ => return None,
        })
    }

    fn response(&self) -> Response {
        let mut response = respond(self.status(), "text/plain; charset=utf-8", format!("{self}\n"));
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        // Of a body that is not read there may be no end.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Page => {
                f.write_str("from a web page: pages may send where --bearer-file or --basic-file is given")
            }
            Refusal::Unauthorized(_) => f.write_str("not with a token or user of those that are known"),
            Refusal::Path => f.write_str("nothing is taken at this path"),
            Refusal::Method => f.write_str("POST records here"),
            Refusal::Type(given) => write!(f, "Content-Type {given}: taken are {TYPES}"),
            Refusal::Coding(given) => write!(f, "Content-Encoding {given}: taken are {CODINGS}"),
            Refusal::TooLarge(most) => write!(f, "the body is larger than --max-body {}", shown(*most)),
            Refusal::Slow(time) => write!(f, "the body took longer than {}", shown_time(*time)),
            Refusal::Broken => f.write_str("the body broke off"),
            Refusal::Bad(what) => f.write_str(what),
            Refusal::Full => f.write_str("the pipeline is busy: send it again later"),
            Refusal::Stopping => f.write_str("the pipeline is stopping: send it again later"),
        }
    }
}

fn respond(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Answers requests.
#[derive(Debug)]
pub struct Desk {
    rules: Rules,
    queue: Queue,
    console: Console,
    /// For messages.
    name: String,
    has_told_full: AtomicBool,
}

impl Desk {
    /// By these rules; what is taken goes into the queue.
    pub fn new(rules: Rules, queue: Queue, console: Console, name: String) -> Arc<Desk> {
        Arc::new(Desk { rules, queue, console, name, has_told_full: AtomicBool::new(false) })
    }

    /// The answer, which waits until the records are safe.
    pub async fn answer(self: Arc<Desk>, request: Request, client: SocketAddr) -> Result<Response, Infallible> {
        let (head, mut body) = request.into_parts();
        Ok(match self.take(&head, &mut body, client).await {
            Ok(count) => respond(StatusCode::OK, "application/json", format!("{{\"records\":{count}}}\n")),
            Err(refusal) => {
                self.tell(&refusal, client);
                // Who is too slow is not waited for any longer.
                if !matches!(refusal, Refusal::Slow(_)) {
                    tokio::spawn(body::read_on(body));
                }
                refusal.response()
            }
        })
    }

    /// Back-pressure is said out loud, once in a row; the rest to those who want to know.
    fn tell(&self, refusal: &Refusal, client: SocketAddr) {
        match refusal {
            Refusal::Full => {
                if !self.has_told_full.swap(true, Ordering::Relaxed) {
                    let name = &self.name;
                    self.console.warn(&format!(
                        "{name}: the pipeline takes less than comes: clients are told to come again (429)"
                    ));
                }
            }
            other => self.console.info(&format!("{}: client {client}: refused: {other}", self.name)),
        }
    }

    async fn take(&self, head: &Parts, body: &mut Incoming, client: SocketAddr) -> Result<u64, Refusal> {
        let time_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
        let rules = &self.rules;
        let user = self.admit(&head.headers)?;
        if !rules.paths.is_empty() && !rules.paths.iter().any(|path| path == head.uri.path()) {
            return Err(Refusal::Path);
        }
        if head.method != Method::POST && head.method != Method::PUT {
            return Err(Refusal::Method);
        }
        let header = |name| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let coding = header(CONTENT_ENCODING).unwrap_or_default();
        let coding = Coding::of_header(&coding).ok_or_else(|| Refusal::Coding(coding.into_owned()))?;
        let content_type = header(CONTENT_TYPE);
        let content = rules.content.or_else(|| Content::of_type(content_type.as_deref()));
        let content = content.ok_or_else(|| Refusal::Type(content_type.unwrap_or_default().into_owned()))?;
        if self.queue.is_closed() {
            return Err(Refusal::Stopping);
        }
        let mut share = self.queue.share();
        let bytes = body::read(body, rules.max_body, rules.body_timeout, &mut share).await?;
        let facts = Facts { client, uri: &head.uri, headers: &head.headers, user: user.as_deref(), time_ms };
        let prefix = facts.prefix(&rules.with);
        let (records, share) = self.make(coding, content, bytes, prefix, share).await?;
        let count = records.count;
        if count == 0 && records.bad.is_empty() {
            return Ok(0);
        }
        let answered = self.queue.put(records, share).map_err(|_| Refusal::Stopping)?;
        self.has_told_full.store(false, Ordering::Relaxed);
        // An error: the stage has ended, and nobody knows whether they are safe.
        answered.await.map_err(|_| Refusal::Stopping)?;
        Ok(count)
    }

    /// The user who sends, if one does.
    fn admit(&self, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
        let door = &self.rules.door;
        if door.is_open() && headers.contains_key(ORIGIN) {
            return Err(Refusal::Page);
        }
        let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        door.admits(authorization).ok_or_else(|| Refusal::Unauthorized(door.challenge()))
    }

    /// The records of a body. Unpacking is done beside the connections.
    async fn make(
        &self,
        coding: Coding,
        content: Content,
        bytes: Vec<u8>,
        prefix: Vec<u8>,
        mut share: Share,
    ) -> Result<(Records, Share), Refusal> {
        let (making, max_body) = (self.rules.making.clone(), self.rules.max_body);
        let make = move || {
            let body = body::unpack(coding, bytes, max_body, &mut share)?;
            let records = making.records(content, &body, &prefix).map_err(Refusal::Bad)?;
            share.settle(records.block.len());
            Ok((records, share))
        };
        match coding {
            Coding::Plain => make(),
            _ => tokio::task::spawn_blocking(make).await.unwrap_or(Err(Refusal::Stopping)),
        }
    }
}
