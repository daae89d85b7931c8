//! Requests, and what their statuses mean.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::{Settings, Task};
use crate::dial::{Broken, dial};
use crate::error::FeedError;
use crate::pace::Trouble;

/// The time to connect, and for the head of an answer.
const HEAD: Duration = Duration::from_secs(30);

impl Task {
    /// Asks for a path, and gives an answer of 200, or one of 304.
    pub(super) async fn get(
        &self,
        path: &str,
        accept: &'static str,
        own: &[(header::HeaderName, &str)],
    ) -> Result<Response<Incoming>, Broken> {
        let answer = tokio::time::timeout(HEAD, ask(&self.settings, path, accept, own)).await;
        let answer = answer.unwrap_or_else(|_| Err(Broken::network("no answer")))?;
        match answer.status() {
            StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(answer),
            // The standard of server-sent events has a server say so that there are no more.
            StatusCode::NO_CONTENT => Err(Broken::Over),
            _ => Err(self.refusal(answer).await),
        }
    }

    /// What an answer means that is not a success.
    pub(super) async fn refusal(&self, answer: Response<Incoming>) -> Broken {
        let (status, wish) = (answer.status(), retry_after(answer.headers()));
        let words = beginning(answer.into_body()).await;
        judge(&self.settings.target.to_string(), status, &words, wish)
    }
}

/// Asks for a path, with these headers beside those of the settings.
pub(super) async fn ask(
    settings: &Settings,
    path: &str,
    accept: &'static str,
    own: &[(header::HeaderName, &str)],
) -> Result<Response<Incoming>, Broken> {
    let stream = dial(&settings.target, settings.tls.as_ref()).await?;
    let failed = |error: hyper::Error| Broken::network(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // It ends with the answer, or when nobody wants that any more; its errors are those of the answer.
    tokio::spawn(async { drop(connection.with_upgrades().await) });
    let wrong = |error: &dyn std::fmt::Display| {
        let (url, status) = (settings.target.to_string(), format!("no request can be made: {error}"));
        Broken::Final(FeedError::Refused { url, status, advice: "see URL and --header" })
    };
    let mut request = Request::get(path).body(Empty::<Bytes>::new()).map_err(|error| wrong(&error))?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, settings.target.authority().parse().map_err(|error| wrong(&error))?);
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("sstream/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in &settings.headers {
        headers.insert(name, value.clone());
    }
    for (name, value) in own {
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|error| wrong(&error))?);
    }
    sender.send_request(request).await.map_err(failed)
}

/// The beginning of what a server says of an error, in one line.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < 4096
            && let Some(Ok(frame)) = body.frame().await
        {
            bytes.extend(frame.into_data().unwrap_or_default());
        }
    };
    // Words are no reason to wait.
    let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
    String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

/// What a status means that is not a success.
fn judge(url: &str, status: StatusCode, words: &str, wish: Option<Duration>) -> Broken {
    let shown = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    let advice = match status {
        StatusCode::TOO_MANY_REQUESTS => return Broken::Passing(Trouble::Busy, shown, wish),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => return Broken::Passing(Trouble::Status, shown, wish),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "see --bearer-file and --header-file",
        status if status.is_server_error() => return Broken::Passing(Trouble::Status, shown, wish),
        status if status.is_redirection() => "it has moved: give its new address",
        status if status.is_success() || status.is_informational() => "it is none that a feed has",
        _ => "see URL",
    };
    Broken::Final(FeedError::Refused { url: url.to_owned(), status: shown, advice })
}

/// Seconds; a date is as good as nothing here.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let is = |code: u16| judge("u", StatusCode::from_u16(code).unwrap(), "", None);
        assert!(matches!(is(429), Broken::Passing(Trouble::Busy, _, _)));
        for passing in [408, 425, 500, 502, 503, 504] {
            assert!(matches!(is(passing), Broken::Passing(Trouble::Status, _, _)), "{passing}");
        }
        for last in [201, 301, 308, 400, 401, 403, 404, 410] {
            assert!(matches!(is(last), Broken::Final(_)), "{last}");
        }
    }
}
