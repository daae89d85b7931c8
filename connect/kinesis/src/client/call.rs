//! Calls of the service.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use sstream::connect::record::canonicalize;
use sstream::connect::{Console, describe};
use sstream_tls::ureq::may_pass;
use ureq::Agent;
use ureq::http::{Request, Response};

use super::KinesisError;
use super::credentials::{Credentials, NoCredentials, Provider};
use super::json;
use super::patience::Patience;
use super::sign::{Signed, Signer};

const TYPE: &str = "application/x-amz-json-1.1";

/// No answer is longer: 10 MiB of records as base64, and what is around them.
const LONGEST: u64 = 64 << 20;

/// Where the stream is.
#[derive(Clone, Debug)]
pub struct Service {
    /// The stream.
    pub stream: String,
    region: String,
    url: String,
    host: String,
}

impl Service {
    /// Of a region, or at an address of its own.
    pub fn new(stream: String, region: String, endpoint: Option<String>) -> Service {
        let url = endpoint.unwrap_or_else(|| {
            let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
            format!("https://kinesis.{region}.amazonaws.com{suffix}")
        });
        let host = url.split("://").nth(1).unwrap_or_default().to_owned();
        Service { stream, region, url: format!("{url}/"), host }
    }
}

/// What the service said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its JSON, in canonical form.
    pub json: Vec<u8>,
    /// Its clock, in ms since the epoch.
    pub now_ms: u64,
}

/// Why a call was for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The same call may succeed later.
    Passing(String),
    /// There were too many calls, or too many bytes.
    Throttled(String),
    /// An iterator was not used for five minutes.
    Expired,
    /// What was asked for is not there.
    Missing(String),
    /// An argument is not what the service takes.
    Invalid(String),
    /// Trying again is of no use.
    Final(KinesisError),
}

/// Speaks with the service, from several threads.
pub struct Client {
    agent: Agent,
    service: Service,
    provider: Provider,
    patience: Patience,
}

impl Client {
    /// Speaks to nobody yet.
    pub fn new(agent: Agent, service: Service, provider: Provider, console: Console) -> Client {
        let patience = Patience::new(format!("kinesis {}", service.stream), console);
        Client { agent, service, provider, patience }
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.service.stream
    }

    /// What is told when nothing goes.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Calls an action, as `GetRecords`, with a JSON object.
    ///
    /// # Errors
    /// What came of it.
    pub fn call(&self, action: &str, body: &str) -> Result<Answer, Fault> {
        let credentials = self.credentials()?;
        match self.call_as(&credentials, action, body) {
            Err(Refusal { fault, is_expired: true }) => {
                // They were renewed elsewhere, or are too old by the service's clock.
                let renewed = self.provider.renew(&credentials).map_err(|error| self.nobody(error))?;
                if renewed.is_same(&credentials) {
                    return Err(fault);
                }
                self.call_as(&renewed, action, body).map_err(|refusal| refusal.fault)
            }
            other => other.map_err(|refusal| refusal.fault),
        }
    }

    fn credentials(&self) -> Result<Arc<Credentials>, Fault> {
        self.provider.get().map_err(|error| self.nobody(error))
    }

    fn nobody(&self, error: NoCredentials) -> Fault {
        match error {
            NoCredentials::Passing(message) => Fault::Passing(message),
            NoCredentials::Final(message) => Fault::Final(KinesisError::Credentials { message }),
        }
    }

    fn call_as(&self, credentials: &Credentials, action: &str, body: &str) -> Result<Answer, Refusal> {
        let hopeless = |message: String| KinesisError::Hopeless { url: self.service.url.clone(), message };
        let target = format!("Kinesis_20131202.{action}");
        let date = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = vec![
            ("content-type", TYPE),
            ("host", self.service.host.as_str()),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        if let Some(token) = &credentials.token {
            headers.push(("x-amz-security-token", token.reveal()));
        }
        let (key_id, region) = (credentials.key_id.as_str(), self.service.region.as_str());
        let signer = Signer { key_id, secret: &credentials.secret, region, service: "kinesis" };
        let signed = Signed { method: "POST", path: "/", headers: &headers, body: body.as_bytes(), date: &date };
        let mut request = Request::post(&self.service.url).header("authorization", signer.authorization(&signed));
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body.as_bytes())
            .map_err(|error| Refusal::of(Fault::Final(hopeless(format!("no request can be made: {error}")))))?;
        let failed = |error: ureq::Error| match may_pass(&error) {
            true => Refusal::of(Fault::Passing(format!("{}: {error}", self.service.host))),
            false => Refusal::of(Fault::Final(hopeless(error.to_string()))),
        };
        let response = self.agent.run(request).map_err(failed)?;
        self.judge(response, action)
    }

    /// What an answer means.
    fn judge(&self, mut response: Response<ureq::Body>, action: &str) -> Result<Answer, Refusal> {
        let (status, now_ms) = (response.status(), clock(&response));
        let cut = |error: ureq::Error| {
            // One that breaks off says so in words of the system.
            let message = match &error {
                ureq::Error::Io(error) => describe(error),
                error => error.to_string(),
            };
            Refusal::of(Fault::Passing(format!("{}: {message}", self.service.host)))
        };
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(cut)?;
        let mut json = Vec::with_capacity(body.len());
        let is_json = canonicalize(&body, &mut json).is_ok();
        if status.is_success() && (is_json || body.is_empty()) {
            return Ok(Answer { json, now_ms });
        }
        let name = json::string(&json, "__type").unwrap_or_default();
        // As com.amazonaws.kinesis#ExpiredIteratorException, where it is long.
        let name = name.rsplit('#').next().unwrap_or_default();
        let words = json::string(&json, "message").or_else(|| json::string(&json, "Message")).unwrap_or_default();
        let message = match name {
            "" => format!("{action}: {status}"),
            name => format!("{action}: {name}: {words}"),
        };
        if status.is_server_error() || is_json == status.is_success() {
            return Err(Refusal::of(Fault::Passing(message)));
        }
        Err(Refusal { is_expired: EXPIRED.contains(&name), fault: self.fault(name, message) })
    }

    fn fault(&self, name: &str, message: String) -> Fault {
        let refused = |message: String, advice| {
            Fault::Final(KinesisError::Refused { stream: self.service.stream.clone(), message, advice })
        };
        match name {
            "ExpiredIteratorException" => Fault::Expired,
            "ResourceNotFoundException" => Fault::Missing(message),
            "ResourceInUseException" | "InternalFailure" | "ServiceUnavailable" | "RequestTimeout" | "" => {
                Fault::Passing(message)
            }
            name if name.contains("Throttl") || name.contains("Exceeded") => Fault::Throttled(message),
            "InvalidArgumentException" | "ValidationException" | "SerializationException" => Fault::Invalid(message),
            name if name.contains("Signature") || name == "RequestExpired" => {
                refused(message, "is the secret right, and this machine's clock?")
            }
            name if EXPIRED.contains(&name) => refused(message, "renew the credentials"),
            _ => refused(message, "see the credentials, --profile, and what they are allowed to"),
        }
    }
}

/// These credentials are too old.
const EXPIRED: &[&str] = &["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"];

/// A fault, and whether newer credentials may help.
#[derive(Debug)]
struct Refusal {
    fault: Fault,
    is_expired: bool,
}

impl Refusal {
    fn of(fault: Fault) -> Refusal {
        Refusal { fault, is_expired: false }
    }
}

/// The service's clock, or ours where it does not say.
fn clock(response: &Response<ureq::Body>) -> u64 {
    let date = response.headers().get("date").and_then(|value| value.to_str().ok());
    let time = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    match time {
        Some(time) => u64::try_from(time.timestamp().as_millisecond()).unwrap_or(0),
        None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64,
    }
}

/// The error of a fault for which there is nothing to wait.
pub fn error_of(client: &Client, fault: Fault) -> KinesisError {
    let stream = client.stream().to_owned();
    match fault {
        Fault::Final(error) => error,
        Fault::Missing(message) => {
            KinesisError::Refused { stream, message, advice: "see --region and --endpoint, or create the stream" }
        }
        Fault::Passing(message) | Fault::Throttled(message) | Fault::Invalid(message) => {
            KinesisError::Strange { stream, message }
        }
        Fault::Expired => KinesisError::Strange { stream, message: "its iterators expire at once".to_owned() },
    }
}
