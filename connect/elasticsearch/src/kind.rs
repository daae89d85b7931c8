//! Options of `sstream-sink elasticsearch`, and what it says of itself.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use sstream::connect::{
    NamePattern, Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, TimeForm, TimeOf, ToolError,
    duration, program, run_id,
};
use sstream_tables::patience::{Patience, Tries};
use ureq::http::Uri;

use crate::client::Client;
use crate::document::{Op, Template, VARIABLES};
use crate::sender::Sender;
use crate::sink::ElasticsearchSink;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// A server, as http://host:9200; several nodes of a cluster are tried in turn
    #[arg(value_name = "URL", required = true, value_parser = parse_url)]
    urls: Vec<String>,

    /// The index, data stream or alias, as 'logs-{.app}-%Y.%m.%d': in braces are jq programs on the record, whose $time is the
    /// batch's time in ms; behind % are parts of the batch's time, in UTC
    #[arg(long, value_name = "NAME", help_heading = "Elasticsearch")]
    index: String,

    /// The time that --index names parts of: a jq program on the record that gives ms since 1970 or RFC 3339
    #[arg(long, value_name = "EXPR", help_heading = "Elasticsearch")]
    time: Option<String>,

    /// The document's id: a jq program on the record [default: made of the batch's time and the record's place in it]
    #[arg(long, value_name = "EXPR", help_heading = "Elasticsearch")]
    id: Option<String>,

    /// What is done where there is a document with this id [default: create; with --id index]
    #[arg(long, value_enum, help_heading = "Elasticsearch")]
    op: Option<Op>,

    /// The document, an object: a jq program on the record; without a result nothing is written [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "Elasticsearch")]
    doc: Option<String>,

    /// What chooses the document's shard: a jq program on the record [default: its id]
    #[arg(long, value_name = "EXPR", help_heading = "Elasticsearch")]
    routing: Option<String>,

    /// The ingest pipeline that documents go through
    #[arg(long, value_name = "NAME", help_heading = "Elasticsearch")]
    pipeline: Option<String>,

    /// Send the API key in this file, encoded or as id:key
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch", conflicts_with_all = ["basic_file", "bearer_file"])]
    api_key_file: Option<PathBuf>,

    /// Send the user in this file, user:password
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch", conflicts_with = "bearer_file")]
    basic_file: Option<PathBuf>,

    /// Send the token in this file
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch")]
    bearer_file: Option<PathBuf>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch")]
    ca: Option<PathBuf>,

    /// A request has about so many bytes at most
    #[arg(long, value_name = "SIZE", value_parser = parse_bulk, default_value = "5MiB", help_heading = "Elasticsearch")]
    bulk_bytes: usize,

    /// Pack requests with gzip
    #[arg(long, help_heading = "Elasticsearch")]
    gzip: bool,

    /// The time for a request and its answer
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "60s", help_heading = "Elasticsearch")]
    timeout: Duration,

    /// Give up (exit 1) after so many tries in a row that came to nothing, since servers are away or have no room
    /// (429, 503) [default: never]
    #[arg(long, value_name = "TIMES", help_heading = "Elasticsearch")]
    retry: Option<u32>,

    /// Give up (exit 1) when nothing was taken for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Elasticsearch")]
    retry_for: Option<Duration>,

    /// How much of a batch is held in memory until its end has come; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "Memory")]
    memory: usize,
}

/// The longest request: most servers take no more than 100 MB.
const LONGEST_BULK: usize = 64 << 20;

fn parse_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}: an address is as http://host:9200"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("an address begins with http:// or https://".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a password in an address is seen by everybody: give --basic-file FILE".to_owned());
    }
    if uri.query().is_some() {
        return Err("an address ends with its path: what stands behind ? is this sink's own".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn parse_bulk(text: &str) -> Result<usize, String> {
    match duration::parse_size(text)? {
        bytes @ 1..=LONGEST_BULK => Ok(bytes),
        _ => Err("a request has at least a byte, and 64 MiB at most".to_owned()),
    }
}

impl SinkArgs {
    fn op(&self) -> Op {
        self.op.unwrap_or(if self.id.is_some() { Op::Index } else { Op::Create })
    }

    /// The header that says who we are.
    fn authorization(&self) -> Result<Option<Secret>, ToolError> {
        let encoded = |text: &str| STANDARD.encode(text);
        if let Some(path) = &self.api_key_file {
            let key = Secret::read("--api-key-file", path)?;
            let key = if key.reveal().contains(':') { encoded(key.reveal()) } else { key.reveal().to_owned() };
            return Ok(Some(Secret::from(format!("ApiKey {key}"))));
        }
        if let Some(path) = &self.basic_file {
            let user = Secret::read("--basic-file", path)?;
            if !user.reveal().contains(':') {
                let what = path.display();
                return Err(ToolError::Usage(format!("--basic-file: {what}: it is to have a line user:password")));
            }
            return Ok(Some(Secret::from(format!("Basic {}", encoded(user.reveal())))));
        }
        let Some(path) = &self.bearer_file else { return Ok(None) };
        Ok(Some(Secret::from(format!("Bearer {}", Secret::read("--bearer-file", path)?.reveal()))))
    }

    fn template(&self) -> Result<Template, ToolError> {
        let parse = |option: &str, source: &Option<String>| {
            source.as_deref().map(|source| program(option, source, VARIABLES)).transpose()
        };
        let moment = self.time.as_deref().map(|source| program("--time", source, &[])).transpose()?;
        Ok(Template {
            op: self.op(),
            index: NamePattern::parse("--index", &self.index)?,
            moment: moment.map(|program| TimeOf::new(program, TimeForm::default())),
            id: parse("--id", &self.id)?,
            document: parse("--doc", &self.doc)?,
            routing: parse("--routing", &self.routing)?,
            ids: run_id(),
        })
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-elasticsearch";

    const ABOUT: &'static str = "Documents of Elasticsearch and OpenSearch

Each record is a document. Its id is made of the batch's time and its place in the batch, so that a batch that comes again \
                                 changes nothing; or it is the record's own (--id), and the newest record replaces the one before. A document \
                                 that the server refuses is a bad record, for --on-error; the others of its batch are written. Servers that are \
                                 away, or have no room, are waited for.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink elasticsearch http://localhost:9200 --index 'logs-%Y.%m.%d' --doc '{message: ., \"@timestamp\": $time}'
  … | sstream-window 1m count --by .path | sstream-sink elasticsearch https://es1:9200 https://es2:9200 --api-key-file key \\
      --index hits --doc '{path: .[0], count: .[1], \"@timestamp\": $time}'
  … | sstream-sink elasticsearch http://localhost:9200 --index users --id .user --op update
";

    const DOES: &'static str = "writes each record as a document, in bulk";

    fn check(&self) -> Result<(), String> {
        if self.time.is_some() && !self.index.contains('%') {
            return Err("--time is for the date in --index, as 'logs-%Y.%m.%d', and there is none".to_owned());
        }
        if self.op == Some(Op::Update) && self.id.is_none() {
            return Err("--op update is of a document that is known by its key: give --id EXPR".to_owned());
        }
        match self.ca.is_some() && !self.urls.iter().any(|url| url.starts_with("https")) {
            true => Err("--ca is for TLS: an address with TLS begins with https://".to_owned()),
            false => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by ids that the documents of a batch which comes again have again")
    }

    /// A document that is known takes the place of the one before it.
    fn on_cluster(&self) -> SinkOnCluster {
        match self.id.is_some() {
            true => SinkOnCluster::Whole,
            false => SinkOnCluster::Partitions,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let SinkParts { console, stop, waited, bad_records } = parts;
        let (op, template, authorization) = (self.op(), self.template()?, self.authorization()?);
        let agent = sstream_tls::ureq::agent(self.ca.as_deref(), self.timeout, self.urls.len())?;
        let client = Client::new(agent, self.urls, op, self.pipeline.as_deref(), authorization, self.gzip);
        let patience = Patience::new("elasticsearch".to_owned(), console, stop, waited, self.retry_for);
        Ok(Box::new(ElasticsearchSink {
            template,
            sender: Sender::new(client, op, Tries::new(patience, self.retry), self.bulk_bytes),
            spool: Spool::new(self.memory),
            bad_records,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_secrets() {
        assert_eq!(parse_url("https://host:9200/es/"), Ok("https://host:9200/es".to_owned()));
        for (wrong, says) in [
            ("http://ann:hunter2@host:9200", "--basic-file"),
            ("host:9200", "begins with http"),
            ("http://h:9200/?refresh=true", "this sink's own"),
            ("http://", "an address is as"),
        ] {
            let error = parse_url(wrong).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{wrong}: {error}");
        }
        for wrong in ["0B", "65MiB", "x"] {
            assert!(parse_bulk(wrong).is_err(), "{wrong}");
        }
    }
}
