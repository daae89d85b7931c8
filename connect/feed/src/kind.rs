//! Options of `sstream-source feed`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use sstream::connect::{
    Opened, Secret, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueForm, duration, program,
};

use crate::reader::{Mode, Settings};
use crate::records::Field;
use crate::source::FeedSource;
use crate::target::Target;

/// What the source takes.
#[derive(Args, Debug)]
pub struct FeedArgs {
    /// Where the feed is: http://, https://, ws:// or wss://
    #[arg(value_name = "URL")]
    pub url: Target,

    /// The stream is one of server-sent events, and not of lines
    #[arg(long, help_heading = "Feed")]
    pub events: bool,

    /// Ask again and again, this often, for something that is no stream
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Feed")]
    pub every: Option<Duration>,

    /// With --every: the records of an answer, the results of a jq program on its JSON
    #[arg(long, value_name = "EXPR", requires = "every", help_heading = "Feed")]
    pub each: Option<String>,

    /// With --every: where an answer ends, the result of a jq program on its JSON, which the next
    /// request asks to go on behind
    #[arg(long, value_name = "EXPR", requires = "every", help_heading = "Feed")]
    pub cursor: Option<String>,

    /// What the cursor is called in a request's query
    #[arg(long, value_name = "NAME", requires = "cursor", default_value = "cursor", help_heading = "Feed")]
    pub cursor_name: String,

    /// Of a WebSocket: a message to send first, as a subscription
    #[arg(long, value_name = "TEXT", help_heading = "Feed")]
    pub send: Option<String>,

    /// What a line, an event's data, a message or an answer is
    #[arg(long, value_enum, default_value = "text", help_heading = "Feed")]
    pub value: Value,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Feed")]
    pub with: Vec<Field>,

    /// A stream on which nothing comes for so long, not even a sign of life, has stalled
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "60s", help_heading = "Feed")]
    pub stall: Duration,

    /// Send the token in this file (Authorization: Bearer)
    #[arg(long, value_name = "FILE", help_heading = "Feed")]
    pub bearer_file: Option<PathBuf>,

    /// Headers of every request from a file, 'Name: value' a line: for those that are secrets
    #[arg(long, value_name = "FILE", help_heading = "Feed")]
    pub header_file: Option<PathBuf>,

    /// A header of every request, as 'Name: value'; several times for several
    #[arg(long, value_name = "HEADER", value_parser = parse_header, help_heading = "Feed")]
    pub header: Vec<(HeaderName, HeaderValue)>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Feed")]
    pub ca: Option<PathBuf>,
}

/// What a value is: what comes is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Value {
    /// A string
    Text,
    /// A JSON value
    Json,
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = split_header(text)?;
    match name.as_str() {
        "authorization" | "proxy-authorization" | "cookie" => {
            Err("a command line is seen by everybody: give --bearer-file or --header-file".to_owned())
        }
        _ => Ok((name, value)),
    }
}

fn split_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("a header is as 'Name: value'")?;
    let name: HeaderName = name.trim().parse().map_err(|_| format!("'{name}' is no name of a header"))?;
    if ["host", "content-length", "last-event-id", "if-none-match", "accept-encoding"].contains(&name.as_str()) {
        return Err(format!("{name} is this source's own"));
    }
    let value = value.trim().parse().map_err(|_| format!("{name}: its value has characters that a header has not"))?;
    Ok((name, value))
}

impl FeedArgs {
    fn mode(&self) -> Mode {
        match (self.every, self.url.is_websocket, self.events) {
            (Some(every), _, _) => Mode::Poll(every),
            (_, true, _) => Mode::WebSocket,
            (_, _, true) => Mode::Events,
            _ => Mode::Lines,
        }
    }

    fn headers(&self) -> Result<HeaderMap, ToolError> {
        let mut headers: HeaderMap = self.header.iter().cloned().collect();
        if let Some(path) = &self.header_file {
            for line in Secret::read_lines("--header-file", path)? {
                let (name, mut value) = split_header(line.reveal())
                    .map_err(|error| ToolError::Usage(format!("--header-file: {}: {error}", path.display())))?;
                value.set_sensitive(true);
                headers.append(name, value);
            }
        }
        if let Some(path) = &self.bearer_file {
            let token = Secret::read("--bearer-file", path)?;
            let mut value: HeaderValue = format!("Bearer {}", token.reveal()).parse().map_err(|_| {
                ToolError::Usage(format!("--bearer-file: {}: it is no token that a header takes", path.display()))
            })?;
            value.set_sensitive(true);
            headers.insert(hyper::header::AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

impl SourceKind for FeedArgs {
    const TOOL: &'static str = "sstream-source-feed";

    const ABOUT: &'static str = "Feeds of the web: streams, WebSockets, answers

A URL is asked for a stream, of which a line is a record, or with --events a server-sent event; ws:// and wss:// are \
                                 WebSockets, of which a message is one; and with --every something is asked for again and \
                                 again, whose changes are seen by its ETag or asked for by --cursor. A server that is away, \
                                 ends or stalls is asked again: after 0.25 s and up to every 16 s, when it answers 5xx after \
                                 5 s and up to every 320 s, at 429 after 1 min and up to every 16 min, or as its \
                                 Retry-After says.";

    const EXAMPLES: &'static str = "  \
  sstream-source feed https://api.x.com/2/tweets/search/stream --bearer-file token --value json | sstream-map .data.text
  sstream-source feed https://stream.wikimedia.org/v2/stream/recentchange --events --value json --checkpoint ck
  sstream-source feed https://example.org/items --every 10s --each '.items[]' --cursor .next --checkpoint ck
  sstream-source feed wss://example.org/trades --send '{\"subscribe\":\"all\"}' --value json
";

    const WITHOUT_INPUT: Option<&'static str> = Some("give --value text or --value json");

    fn check(&self) -> Result<(), String> {
        let mode = self.mode();
        if self.events && mode != Mode::Events {
            return Err("--events is for a stream of http:// or https://".to_owned());
        }
        if self.every.is_some() && self.url.is_websocket {
            return Err("--every is for http:// and https://: a WebSocket is a stream".to_owned());
        }
        if self.send.is_some() && mode != Mode::WebSocket {
            return Err("--send is for ws:// and wss://".to_owned());
        }
        if mode != Mode::Events && self.with.iter().any(|field| *field != Field::Time) {
            return Err("--with id and event are of --events".to_owned());
        }
        if (self.each.is_some() || self.cursor.is_some()) && self.value == Value::Text {
            return Err("--each and --cursor look into JSON: give --value json".to_owned());
        }
        match self.ca.is_some() && !self.url.tls {
            true => Err("--ca is for https:// and wss://".to_owned()),
            false => Ok(()),
        }
    }

    /// Which records are read, and what they are made of.
    fn identity(&self) -> String {
        let mut words = self.url.to_string();
        if self.events {
            words.push_str(" --events");
        }
        if self.every.is_some() {
            words.push_str(" --every");
        }
        for (option, value) in [("--each", &self.each), ("--cursor", &self.cursor), ("--send", &self.send)] {
            if let Some(value) = value {
                words.push_str(&format!(" {option} {value}"));
            }
        }
        if self.value == Value::Json {
            words.push_str(" --value json");
        }
        for (index, field) in self.with.iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        words
    }

    fn guarantee(&self) -> SourceGuarantee {
        match self.mode() {
            Mode::Events => SourceGuarantee::ReadAgain(
                "from the checkpoint, which keeps them; the server is asked for what came behind the last event's ID",
            ),
            Mode::Poll(_) => SourceGuarantee::ReadAgain(
                "from the checkpoint, which keeps them; the server is asked for what is behind the cursor, or has another ETag",
            ),
            Mode::Lines | Mode::WebSocket => SourceGuarantee::Logged,
        }
    }

    fn show_position(_: &sstream::connect::Position, recorded: &[u8]) -> Option<String> {
        let mark = crate::position::Mark::take(&mut &*recorded)?;
        let place = match (mark.place.id.as_str(), mark.place.etag.as_str()) {
            ("", "") => "from the beginning".to_owned(),
            ("", etag) => format!("behind ETag {etag}"),
            (id, _) => format!("behind {id}"),
        };
        Some(if mark.taken > 0 { format!("{place}, {} records", mark.taken) } else { place })
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        // They are parsed again where they are run.
        for (option, source) in [("--each", &self.each), ("--cursor", &self.cursor)] {
            if let Some(source) = source {
                program(option, source, &[])?;
            }
        }
        let settings = Settings {
            target: self.url.clone(),
            mode: self.mode(),
            headers: self.headers()?,
            tls: self.url.tls.then(|| sstream_tls::client(self.ca.as_deref())).transpose()?.map(Arc::new),
            each: self.each.clone(),
            cursor: self.cursor.clone(),
            cursor_name: self.cursor_name.clone(),
            send: self.send.clone(),
            value: match self.value {
                Value::Text => ValueForm::Text,
                Value::Json => ValueForm::Json,
            },
            with: self.with.clone(),
            stall: self.stall,
            longest: parts.max_line,
        };
        Ok(Opened::Records(Box::new(FeedSource::open(settings, &parts)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_for_command_lines() {
        assert!(parse_header("Authorization: Bearer x").unwrap_err().contains("--bearer-file"));
        assert_eq!(parse_header("X-App:  a: b").unwrap().1, "a: b");
        for wrong in ["X-App", "a b: c", "Last-Event-ID: 1", "x: \u{1}"] {
            assert!(parse_header(wrong).is_err(), "{wrong}");
        }
    }
}
