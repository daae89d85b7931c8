//! Options of `sstream-source http`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sstream::connect::{
    OnCluster, Opened, OwnAddress, Secret, SourceGuarantee, SourceKind, SourceParts, ToolError, duration,
};
use sstream_rpc::{Doors, Intake, WaitingArgs};
use sstream_tls::server::ServerArgs;

use super::answer::{Desk, Rules};
use super::auth::Doorkeeper;
use super::content::{Content, Making};
use super::fields::Field;
use super::server::Server;

/// What bodies are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum BodyForm {
    /// What the Content-Type of each says; text without one
    #[default]
    Auto,
    /// Lines, each a string
    Text,
    /// One JSON value
    Json,
    /// A JSON value a line
    Ndjson,
    /// An HTML form, which becomes an object of strings
    Form,
}

impl BodyForm {
    fn content(self) -> Option<Content> {
        Some(match self {
            BodyForm::Auto => return None,
            BodyForm::Text => Content::Text,
            BodyForm::Json => Content::Json,
            BodyForm::Ndjson => Content::JsonLines,
            BodyForm::Form => Content::Form,
        })
    }

    fn name(self) -> &'static str {
        match self {
            BodyForm::Auto => "auto",
            BodyForm::Text => "text",
            BodyForm::Json => "json",
            BodyForm::Ndjson => "ndjson",
            BodyForm::Form => "form",
        }
    }
}

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// The port, and the address to listen on
    #[arg(value_name = "[HOST:]PORT")]
    pub address: OwnAddress,

    /// Take records at this path alone; several times for several
    #[arg(long, value_name = "PATH", value_parser = parse_path, help_heading = "HTTP")]
    pub path: Vec<String>,

    /// What a body is
    #[arg(long, value_enum, default_value = "auto", help_heading = "HTTP")]
    pub body: BodyForm,

    /// The elements of a JSON array are records each
    #[arg(long, help_heading = "HTTP")]
    pub open_arrays: bool,

    /// Take the good records of a body that has bad ones, which --on-error is for; without
    /// this such a body is refused whole (400)
    #[arg(long, help_heading = "HTTP")]
    pub partly: bool,

    /// Make objects of the value and of these, several with commas: client, path, query, user,
    /// time (ms since the epoch), header:NAME
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', help_heading = "HTTP")]
    pub with: Vec<Field>,

    /// Who sends has one of the tokens in this file, a line each (Authorization: Bearer)
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    pub bearer_file: Option<PathBuf>,

    /// Who sends is one of the users in this file, user:password a line (Authorization: Basic)
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    pub basic_file: Option<PathBuf>,

    /// TLS.
    #[command(flatten, next_help_heading = "HTTP")]
    pub tls: ServerArgs,

    /// A larger body, packed or unpacked, is refused (413)
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "HTTP")]
    pub max_body: usize,

    /// How much waits.
    #[command(flatten, next_help_heading = "HTTP")]
    pub waiting: WaitingArgs,

    /// So many clients at a time; more wait until one has gone
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), help_heading = "HTTP")]
    pub max_clients: u32,

    /// A client that sends no head within this time, also between two requests, is cut off
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10s", help_heading = "HTTP")]
    pub head_timeout: Duration,

    /// A body that is not there within this time is refused (408)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "HTTP")]
    pub body_timeout: Duration,
}

fn parse_path(text: &str) -> Result<String, String> {
    match text.starts_with('/') {
        true => Ok(text.to_owned()),
        false => Err(format!("a path begins with /: /{text}")),
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-http";

    const ABOUT: &'static str = "Records that others POST

A request is answered 200 when its records are safe: in the checkpoint's log, on disk, or without --checkpoint when \
                                 their batch has left. What is made of a body its Content-Type says: text/plain, or \
                                 none, is lines; application/json a value; application/x-ndjson a value a line; a form \
                                 is an object. Content-Encoding may be gzip or zstd. A body counts whole or not at all: \
                                 one with an error in it is refused (400).

Listens on 127.0.0.1 unless a host is given: 0.0.0.0:8080 listens to everybody, with --bearer-file, --basic-file and \
                                 --tls-cert to know whom. Port 0 is any free port, which stderr tells.";

    const EXAMPLES: &'static str = "  \
  sstream-source http 8080 --checkpoint ck | sstream-reduce count | sstream-sink files out/counts
  curl -T app.log http://localhost:8080/     # in another terminal: lines
  sstream-source http 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --bearer-file tokens --with client,path
";

    fn check(&self) -> Result<(), String> {
        if self.waiting.max_waiting < self.max_body {
            return Err("--max-waiting: a body of --max-body would never find a place: let it be no less".to_owned());
        }
        Ok(())
    }

    /// What records are made of; who may send, and where to, may change.
    fn identity(&self) -> String {
        let mut words = String::new();
        if self.body != BodyForm::Auto {
            words.push_str(&format!(" --body {}", self.body.name()));
        }
        if self.open_arrays {
            words.push_str(" --open-arrays");
        }
        for (index, field) in self.with.iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(&field.to_string());
        }
        words.trim_start().to_owned()
    }

    fn on_cluster(&self) -> OnCluster {
        OnCluster::listens()
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::Redelivered("with what clients send then, again what had no answer")
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let secrets = |option: &str, path: &Option<PathBuf>| match path {
            Some(path) => Secret::read_lines(option, path),
            None => Ok(Vec::new()),
        };
        let door = Doorkeeper {
            tokens: secrets("--bearer-file", &self.bearer_file)?,
            users: secrets("--basic-file", &self.basic_file)?,
        };
        let tls = self.tls.acceptor()?;
        // An object has each of its fields once.
        let mut with = self.with.clone();
        with.sort_unstable();
        with.dedup();
        let rules = Rules {
            door,
            paths: self.path.clone(),
            content: self.body.content(),
            making: Making { max_line: parts.max_line, open_arrays: self.open_arrays, partly: self.partly },
            with,
            max_body: self.max_body,
            body_timeout: self.body_timeout,
        };
        let (address, max_clients) = (self.address.0.clone(), self.max_clients as usize);
        let doors = Doors { protocol: "http", address, max_clients };
        let (name, console, head_timeout) = (doors.name(), parts.console.clone(), self.head_timeout);
        Ok(Opened::Records(Box::new(Intake::open(doors, self.waiting, &parts, |queue| {
            let desk = Desk::new(rules, queue, console.clone(), name.clone());
            Server { tls, head_timeout, desk, console, name }
        })?)))
    }
}
