//! Sends a request until it is taken, or known to be bad.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use sstream::connect::{Backoff, Console, Secret, StopSignal, Waited, duration, wait_readable};
use sstream_tls::ureq::may_pass;
use ureq::http::{HeaderMap, Method, Response, StatusCode};
use ureq::{Agent, Body};

use super::error::HttpError;

/// A server that is away is told again this often.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Asked to stop, a server that is away is waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// The longest wait that a server's Retry-After is believed.
const LONGEST_WISH: Duration = Duration::from_secs(300);

/// How requests are sent.
pub struct Settings {
    /// The address, to which each request's own path is appended.
    pub url: String,
    /// POST, PUT or PATCH.
    pub method: Method,
    /// Headers of every request, which may be secrets.
    pub headers: Vec<(String, Secret)>,
    /// Pack bodies.
    pub gzip: bool,
    /// Give up after so long; never, if it is none.
    pub retry_for: Option<Duration>,
}

/// What became of a request that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server has it.
    Taken,
    /// The server will never take it, for this reason.
    Bad(String),
}

/// A client of one server.
pub struct Client {
    agent: Agent,
    settings: Settings,
    console: Console,
    stop: StopSignal,
    waited: Waited,
    backoff: Backoff,
    /// Since when the server takes nothing, and when that was said last.
    away: Option<(Instant, Instant)>,
}

/// What one try came to.
enum Tried {
    Over(Verdict),
    /// To be tried again: what happened, and when the server wishes to be asked again.
    Again(String, Option<Duration>),
}

impl Client {
    /// Speaks to nobody yet.
    pub fn new(agent: Agent, settings: Settings, console: Console, stop: StopSignal, waited: Waited) -> Client {
        Client { agent, settings, console, stop, waited, backoff: Backoff::default(), away: None }
    }

    /// Sends a request, again and again.
    ///
    /// # Errors
    /// We are not let in, the address is wrong, or it was tried for long enough.
    pub fn deliver(&mut self, path: &str, content_type: &str, body: &[u8], key: &str) -> Result<Verdict, HttpError> {
        let url = format!("{}{path}", self.settings.url);
        let packed = self.settings.gzip.then(|| pack(body));
        let body = packed.as_deref().unwrap_or(body);
        let began = Instant::now();
        loop {
            let waited = self.waited.clone();
            match waited.during(|| self.try_once(&url, content_type, body, key))? {
                Tried::Over(verdict) => {
                    self.note_back();
                    return Ok(verdict);
                }
                Tried::Again(message, wish) => self.pause(&url, message, wish, began, key)?,
            }
        }
    }

    fn try_once(&self, url: &str, content_type: &str, body: &[u8], key: &str) -> Result<Tried, HttpError> {
        let hopeless = |message: String| HttpError::Hopeless { url: url.to_owned(), message };
        let mut request = ureq::http::Request::builder().method(self.settings.method.clone()).uri(url);
        let has_type = self.settings.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !has_type {
            request = request.header("content-type", content_type);
        }
        request = request.header("idempotency-key", key);
        if self.settings.gzip {
            request = request.header("content-encoding", "gzip");
        }
        for (name, value) in &self.settings.headers {
            request = request.header(name, value.reveal());
        }
        let request = request.body(body).map_err(|error| hopeless(format!("no request can be made: {error}")))?;
        match self.agent.run(request) {
            Ok(response) => judge(response, url),
            Err(error) if may_pass(&error) => Ok(Tried::Again(error.to_string(), None)),
            Err(error) => Err(hopeless(error.to_string())),
        }
    }

    /// Waits before the next try.
    fn pause(
        &mut self,
        url: &str,
        message: String,
        wish: Option<Duration>,
        began: Instant,
        key: &str,
    ) -> Result<(), HttpError> {
        let now = Instant::now();
        let (since, told) = *self.away.get_or_insert((now, now));
        let is_long = now.duration_since(told) >= TELL_EVERY;
        if since == now || is_long {
            let so_far = match is_long {
                true => format!(", for {} now", duration::show_ms(now.duration_since(since).as_secs() * 1000)),
                false => String::new(),
            };
            self.console.warn(&format!("http {url}: {message}: trying again{so_far}"));
            self.away = Some((since, now));
        }
        let tried = began.elapsed();
        let is_over =
            self.settings.retry_for.is_some_and(|limit| tried >= limit) || (self.stop.is_asked() && tried >= AT_A_STOP);
        if is_over {
            return Err(HttpError::GaveUp { url: url.to_owned(), message, tried, key: key.to_owned() });
        }
        let delay = self.backoff.next().max(wish.unwrap_or_default().min(LONGEST_WISH));
        self.waited.during(|| match self.stop.is_asked() {
            true => std::thread::sleep(delay.min(Duration::from_secs(1))),
            // A stop is no reason to try at once, but to look at the time again.
            false => drop(wait_readable(self.stop.wake(), None, Some(delay))),
        });
        Ok(())
    }

    fn note_back(&mut self) {
        self.backoff.reset();
        if let Some((since, _)) = self.away.take() {
            let away = duration::show_ms(since.elapsed().as_millis() as u64);
            self.console.warn(&format!("http {}: goes on, after {away}", self.settings.url));
        }
    }
}

/// What a status means.
fn judge(mut response: Response<Body>, url: &str) -> Result<Tried, HttpError> {
    let status = response.status();
    let words = response.body_mut().with_config().limit(4096).read_to_string().unwrap_or_default();
    if status.is_success() {
        return Ok(Tried::Over(Verdict::Taken));
    }
    let shown = match words.trim().chars().take(200).collect::<String>() {
        words if words.is_empty() => status.to_string(),
        words => format!("{status}: {words}"),
    };
    let refused = |advice| Err(HttpError::Refused { url: url.to_owned(), status: shown.clone(), advice });
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Ok(Tried::Again(shown, retry_after(response.headers())))
        }
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => refused("it will not take this"),
        status if status.is_server_error() => Ok(Tried::Again(shown, retry_after(response.headers()))),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            refused("see --bearer-file, --basic-file and --header-file")
        }
        status if status.is_redirection() => refused("it has moved: give its new address"),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Ok(Tried::Over(Verdict::Bad(format!("{shown}: a smaller --max-body makes smaller requests"))))
        }
        _ => Ok(Tried::Over(Verdict::Bad(shown))),
    }
}

/// Seconds; a date is as good as nothing here.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn pack(body: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    // Into memory, which does not fail.
    let _ = packer.write_all(body);
    packer.finish().unwrap_or_default()
}
