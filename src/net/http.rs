//! A small HTTP server: for metrics of a stage, and for the pages of `sstream-ui` and `sstream-sink serve`.
//!
//! It answers GET and HEAD alone. Against web pages that reach for it with a
//! name of their own that points here (DNS rebinding) it wants a Host that is
//! an address, `localhost`, or a name that was told it; an Origin must be the
//! Host's own.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// A request; its body is never read.
pub type Request = hyper::Request<Incoming>;
/// The body of a response.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;
/// A response.
pub type Response = hyper::Response<Body>;

/// A client has so long to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that takes nothing of its answer for so long loses its place.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// So many clients at a time; more wait.
pub const MOST_CLIENTS: usize = 128;

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Guard {
    names: Vec<String>,
    any_name: bool,
}

impl Guard {
    /// For a server at this address, known by these names too. One that was
    /// told to serve the network, and no names, takes any.
    pub fn for_address(address: SocketAddr, names: Vec<String>) -> Guard {
        Guard { any_name: !address.ip().is_loopback() && names.is_empty(), names }
    }

    /// Whether a request with these headers may be answered.
    pub fn allows(&self, host: &str, origin: &str) -> bool {
        let name = host_name(host);
        let is_known = self.any_name
            || name == "localhost"
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            || self.names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let origin_host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        is_known && (origin.is_empty() || origin_host == Some(host))
    }
}

/// A Host without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// A header's text, empty if it is not there.
pub fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A response of a whole text.
pub fn text(content_type: &'static str, body: impl Into<Bytes>) -> Response {
    respond(StatusCode::OK, content_type, Full::new(body.into()).boxed_unsync())
}

/// There is nothing at this path; `hint` says where there is.
pub fn not_found(hint: &str) -> Response {
    let body = Full::new(Bytes::from(format!("not found: {hint}\n")));
    respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", body.boxed_unsync())
}

/// Any response.
pub fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Nothing comes from anywhere else, and nobody frames the page.
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Serves until the process ends; gives back only where the system refuses.
pub fn serve<A>(listener: TcpListener, guard: Guard, answer: A) -> std::io::Result<()>
where
    A: Fn(&mut Request) -> Response + Send + Sync + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve_in_runtime(listener, guard, answer))
}

/// The same inside of a tokio runtime.
pub async fn serve_in_runtime<A>(listener: TcpListener, guard: Guard, answer: A) -> std::io::Result<()>
where
    A: Fn(&mut Request) -> Response + Send + Sync + 'static,
{
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let clients = Arc::new(tokio::sync::Semaphore::new(MOST_CLIENTS));
    let shared = Arc::new((guard, answer));
    loop {
        let Ok(permit) = clients.clone().acquire_owned().await else { return Ok(()) };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Too many open files, a client that is gone already: go on, not too fast.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request| {
                let shared = shared.clone();
                async move { Ok::<_, Infallible>(checked(&shared.0, &mut request, &shared.1)) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            // A client that breaks off is no concern of ours.
            let stream = Impatient { stream, waiting: None };
            let _ = server.serve_connection(TokioIo::new(Box::pin(stream)), service).with_upgrades().await;
            drop(permit);
        });
    }
}

/// A client's stream that fails when it takes nothing for [`WRITE_TIMEOUT`].
struct Impatient {
    stream: TcpStream,
    /// While a write waits: until when it may.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    /// What a write came to, and whether its client has been waited for long enough.
    fn judged<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIMEOUT)));
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judged(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn checked(guard: &Guard, request: &mut Request, answer: &impl Fn(&mut Request) -> Response) -> Response {
    let refused = |status, message: &'static str| {
        respond(status, "text/plain; charset=utf-8", Full::new(Bytes::from(message)).boxed_unsync())
    };
    if !guard.allows(header(request, "host"), header(request, "origin")) {
        return refused(StatusCode::FORBIDDEN, "this name is not one of the server's: use its address\n");
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    answer(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_refused() {
        let local = Guard::for_address("127.0.0.1:4040".parse().unwrap(), vec!["box.example".into()]);
        for (host, origin, allowed) in [
            ("127.0.0.1:4040", "", true),
            ("localhost:4040", "http://localhost:4040", true),
            ("[::1]:4040", "", true),
            ("box.example:4040", "", true),
            ("evil.example:4040", "", false),
            ("127.0.0.1:4040", "http://evil.example", false),
            ("127.0.0.1:4040", "null", false),
            ("", "", false),
        ] {
            assert_eq!(local.allows(host, origin), allowed, "{host} {origin}");
        }
        let open = Guard::for_address("0.0.0.0:9100".parse().unwrap(), Vec::new());
        assert!(open.allows("anything:9100", ""));
    }
}
