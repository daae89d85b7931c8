//! Options of `sstream-sink http`, and what it says of itself.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use sstream::connect::{
    MemoryArgs, Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, duration, program,
    run_id,
};
use ureq::http::{HeaderName, Method, Uri};

use super::client::{Client, Settings};
use super::template::{BodyForm, Template, VARIABLES};
use super::{HttpSink, Per};

/// How a request is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Verb {
    /// POST
    #[default]
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
}

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// Where to send, as https://host/path
    #[arg(value_parser = parse_url)]
    url: String,

    /// What a request has
    #[arg(long, value_enum, default_value = "batch", help_heading = "HTTP")]
    per: Per,

    /// How records are written into the body; ndjson of a batch and json of a record unless told
    #[arg(long, value_enum, help_heading = "HTTP", conflicts_with = "body")]
    form: Option<BodyForm>,

    /// The body: the result of a jq program on the record, or with --per batch on the array of the
    /// records; $time is the batch's time in ms. A string is sent as its text, anything else as
    /// JSON; without a result nothing is sent
    #[arg(long, value_name = "EXPR", help_heading = "HTTP")]
    body: Option<String>,

    /// What stands behind URL: the result, a string, of a jq program on the same
    #[arg(long, value_name = "EXPR", help_heading = "HTTP")]
    path: Option<String>,

    /// How requests are called
    #[arg(long, value_enum, default_value = "post", help_heading = "HTTP")]
    method: Verb,

    /// A header of every request, as 'Name: value'; several times for several
    #[arg(long, value_name = "HEADER", value_parser = parse_header, help_heading = "HTTP")]
    header: Vec<(String, String)>,

    /// Headers of every request from a file, a line each: for those that are secrets
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    header_file: Option<PathBuf>,

    /// Send the token in this file (Authorization: Bearer)
    #[arg(long, value_name = "FILE", help_heading = "HTTP", conflicts_with = "basic_file")]
    bearer_file: Option<PathBuf>,

    /// Send the user in this file, user:password (Authorization: Basic)
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    basic_file: Option<PathBuf>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    ca: Option<PathBuf>,

    /// Pack bodies with gzip
    #[arg(long, help_heading = "HTTP")]
    gzip: bool,

    /// A batch of more bytes is several requests
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "8MiB", help_heading = "HTTP")]
    max_body: usize,

    /// Send a request for a batch without records too
    #[arg(long, help_heading = "HTTP")]
    empty: bool,

    /// The time for a request and its answer
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "HTTP")]
    timeout: Duration,

    /// Give up (exit 1) when a request was not taken for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "HTTP")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    memory: MemoryArgs,
}

fn parse_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}: an address is as https://host/path"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("an address begins with http:// or https://".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a password in an address is seen by everybody: give --basic-file FILE".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = split_header(text)?;
    if name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("proxy-authorization") {
        return Err("a command line is seen by everybody: give --bearer-file, --basic-file or --header-file".to_owned());
    }
    Ok((name, value))
}

fn split_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is as 'Name: value'")?;
    let name: HeaderName = name.trim().parse().map_err(|_| format!("'{name}' is no name of a header"))?;
    if ["idempotency-key", "content-length", "content-encoding", "transfer-encoding"].contains(&name.as_str()) {
        return Err(format!("{name} is this sink's own"));
    }
    Ok((name.as_str().to_owned(), value.trim().to_owned()))
}

impl SinkArgs {
    fn headers(&self) -> Result<Vec<(String, Secret)>, ToolError> {
        let plain = self.header.iter().map(|(name, value)| (name.clone(), Secret::from(value.clone())));
        let mut headers: Vec<(String, Secret)> = plain.collect();
        if let Some(path) = &self.header_file {
            for line in Secret::read_lines("--header-file", path)? {
                let (name, value) = split_header(line.reveal())
                    .map_err(|error| ToolError::Usage(format!("--header-file: {}: {error}", path.display())))?;
                headers.push((name, Secret::from(value)));
            }
        }
        let authorization = match (&self.bearer_file, &self.basic_file) {
            (Some(path), _) => Some(format!("Bearer {}", Secret::read("--bearer-file", path)?.reveal())),
            (None, Some(path)) => {
                let user = Secret::read("--basic-file", path)?;
                Some(format!("Basic {}", STANDARD.encode(user.reveal())))
            }
            (None, None) => None,
        };
        headers.extend(authorization.map(|value| ("authorization".to_owned(), Secret::from(value))));
        Ok(headers)
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-http";

    const ABOUT: &'static str = "Requests to an HTTP server

A batch is a POST with a record a line, or with --per record each record is one. A request that the server does not \
                                 take (no connection, no answer, 408, 425, 429, 5xx) is sent again, later and later up \
                                 to every 10 s or as its Retry-After says, with the same Idempotency-Key: a server that \
                                 keeps keys takes it once. What it refuses (any other 4xx) are bad records, for --on-error; \
                                 401, 403 and redirects end the sink. Nothing is sent before a batch's end has come.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink http https://example.org/in --bearer-file token --gzip
  … | sstream-sink http https://hooks.example.org/alert --body '{text: \"\\(length) errors at \\($time)\"}'
  … | sstream-sink http http://localhost:9200/words/_doc/ --per record --path '.[0]|@uri' --method put
";

    const DOES: &'static str = "sends each batch, or each record, as a request";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::AtLeastOnce("a request may come again, with the same Idempotency-Key")
    }

    /// A batch is one request; and what is put at a path takes the place of what was there.
    fn on_cluster(&self) -> SinkOnCluster {
        match (self.per, self.method) {
            (Per::Record, Verb::Post) => SinkOnCluster::Partitions,
            _ => SinkOnCluster::Whole,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let parse = |option: &str, source: &Option<String>| {
            source.as_deref().map(|source| program(option, source, VARIABLES)).transpose()
        };
        let template =
            Template { form: self.form, body: parse("--body", &self.body)?, path: parse("--path", &self.path)? };
        let method = match self.method {
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
        };
        let headers = self.headers()?;
        let agent = sstream_tls::ureq::agent(self.ca.as_deref(), self.timeout, 1)?;
        let settings = Settings { url: self.url, method, headers, gzip: self.gzip, retry_for: self.retry_for };
        let SinkParts { console, stop, waited, bad_records } = parts;
        Ok(Box::new(HttpSink {
            client: Client::new(agent, settings, console, stop, waited),
            template,
            per: self.per,
            max_body: self.max_body,
            empty: self.empty,
            spool: Spool::new(self.memory.memory),
            bad_records,
            // Without a checkpoint keys are those of this run.
            id: run_id(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_for_command_lines() {
        assert!(parse_url("http://ann:secret@host/").unwrap_err().contains("--basic-file"));
        assert!(parse_header("Authorization: Bearer x").unwrap_err().contains("--bearer-file"));
        assert_eq!(parse_header("X-App:  a: b").unwrap(), ("x-app".to_owned(), "a: b".to_owned()));
        for wrong in ["X-App", "a b: c", "Idempotency-Key: 1"] {
            assert!(parse_header(wrong).is_err(), "{wrong}");
        }
        for wrong in ["host:80", "ftp://host/", "http://", "/path"] {
            assert!(parse_url(wrong).is_err(), "{wrong}");
        }
        assert!(parse_url("https://host:8443/in?a=b").is_ok());
    }
}
