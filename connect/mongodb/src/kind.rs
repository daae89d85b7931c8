//! Options of `sstream-sink mongodb`, and what it says of itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sstream::connect::{
    NamePattern, Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, TimeForm, TimeOf, ToolError,
    duration, program, run_id,
};
use sstream_tables::patience::{Patience, Tries};

use crate::address::Url;
use crate::bson::Document;
use crate::bson::encode::{Dates, Encoder};
use crate::connection::{Door, Login};
use crate::document::{Op, Template, VARIABLES};
use crate::members::Members;
use crate::sender::{Manner, Sender};
use crate::sink::MongodbSink;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The servers, as mongodb://user@host:27017,host2/database?replicaSet=name; with tls=true by TLS
    #[arg(value_name = "URL", value_parser = Url::parse)]
    url: Url,

    /// The collection, as 'logs-{.app}-%Y.%m.%d': in braces are jq programs on the record, whose $time is the batch's
    /// time in ms; behind % are parts of the batch's time, in UTC
    #[arg(long, value_name = "NAME", help_heading = "MongoDB")]
    collection: String,

    /// The database, as --collection [default: the address's]
    #[arg(long, value_name = "NAME", help_heading = "MongoDB")]
    database: Option<String>,

    /// The time that --collection and --database name parts of: a jq program on the record that gives ms since 1970 or
    /// RFC 3339
    #[arg(long, value_name = "EXPR", help_heading = "MongoDB")]
    time: Option<String>,

    /// What is done where there is a document with this id or key [default: insert; with --id or --key replace]
    #[arg(long, value_enum, help_heading = "MongoDB")]
    op: Option<Op>,

    /// The document's id: a jq program on the record [default: made of the batch's time and the record's place in it]
    #[arg(long, value_name = "EXPR", help_heading = "MongoDB")]
    id: Option<String>,

    /// The fields by which a document is found that is there already, one in another as a.b
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', help_heading = "MongoDB", conflicts_with = "id")]
    key: Vec<String>,

    /// Make a unique index of the fields of --key, if there is none
    #[arg(long, requires = "key", help_heading = "MongoDB")]
    create: bool,

    /// The document, an object: a jq program on the record; without a result nothing is written [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "MongoDB")]
    doc: Option<String>,

    /// A field that is a date, one in another as a.b; it has ms since 1970 or RFC 3339. Several times for several
    #[arg(long, value_name = "FIELD", help_heading = "MongoDB")]
    date: Vec<String>,

    /// Read objects as {"$oid":"…"}, {"$date":"…"} as Extended JSON: values of the types that JSON has not
    #[arg(long, help_heading = "MongoDB")]
    extended_json: bool,

    /// How many servers have to have a document: a number, majority, or a name of the set's own
    #[arg(long, value_name = "WHO", value_parser = parse_concern, default_value = "majority", help_heading = "MongoDB")]
    write_concern: String,

    /// These have to have it in their journals too
    #[arg(long, help_heading = "MongoDB")]
    journal: bool,

    /// The password of the address's user is in this file
    #[arg(long, value_name = "FILE", help_heading = "MongoDB")]
    password_file: Option<PathBuf>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "MongoDB")]
    ca: Option<PathBuf>,

    /// A command has about so many bytes of documents at most
    #[arg(long, value_name = "SIZE", value_parser = parse_bulk, default_value = "4MiB", help_heading = "MongoDB")]
    bulk_bytes: usize,

    /// The time for a command and its answer; half of it for other servers to have the documents
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout, default_value = "60s", help_heading = "MongoDB")]
    timeout: Duration,

    /// Give up (exit 1) after so many tries in a row that came to nothing, since servers are away or none of them
    /// takes writes [default: never]
    #[arg(long, value_name = "TIMES", help_heading = "MongoDB")]
    retry: Option<u32>,

    /// Give up (exit 1) when nothing was taken for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "MongoDB")]
    retry_for: Option<Duration>,

    /// How much of a batch is held in memory until its end has come; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "Memory")]
    memory: usize,
}

/// The longest command: with one more document, which may have 16 MiB, it is shorter than what servers take.
const LONGEST_BULK: usize = 16 << 20;

fn parse_bulk(text: &str) -> Result<usize, String> {
    match duration::parse_size(text)? {
        bytes @ 1..=LONGEST_BULK => Ok(bytes),
        _ => Err("a command has at least a byte, and 16 MiB at most".to_owned()),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        short if short < Duration::from_millis(100) => Err("no server answers in less than 100 ms".to_owned()),
        timeout => Ok(timeout),
    }
}

fn parse_concern(text: &str) -> Result<String, String> {
    match text.parse::<i32>() {
        Ok(number) if number < 1 => Err("one server has to have a document at least: 0 waits for no answer".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

impl SinkArgs {
    fn op(&self) -> Op {
        let is_known = self.id.is_some() || !self.key.is_empty();
        self.op.unwrap_or(if is_known { Op::Replace } else { Op::Insert })
    }

    fn concern(&self) -> Document {
        let concern = match self.write_concern.parse() {
            Ok(number) => Document::new().int("w", number),
            Err(_) => Document::new().text("w", &self.write_concern),
        };
        let half_ms = i32::try_from(self.timeout.as_millis() / 2).unwrap_or(i32::MAX);
        let concern = concern.int("wtimeout", half_ms);
        if self.journal { concern.boolean("j", true) } else { concern }
    }

    fn login(&self) -> Result<Option<Login>, ToolError> {
        match (&self.url.user, &self.password_file) {
            (None, None) => Ok(None),
            (Some(user), Some(path)) => {
                let password = Secret::read("--password-file", path)?;
                Ok(Some(Login { user: user.clone(), password, source: self.url.source.clone() }))
            }
            (Some(_), None) => Err(ToolError::Usage("a user has a password: give --password-file FILE".to_owned())),
            (None, Some(_)) => Err(ToolError::Usage(
                "--password-file: whose? name the user in the address, as mongodb://user@host/database".to_owned(),
            )),
        }
    }

    fn database(&self) -> &str {
        self.database.as_deref().or(self.url.database.as_deref()).unwrap_or_default()
    }

    fn template(&self) -> Result<Template, ToolError> {
        let parse = |option: &str, source: &Option<String>| {
            source.as_deref().map(|source| program(option, source, VARIABLES)).transpose()
        };
        let moment = self.time.as_deref().map(|source| program("--time", source, &[])).transpose()?;
        let database = NamePattern::parse("--database", self.database())?;
        let collection = NamePattern::parse("--collection", &self.collection)?;
        if moment.is_some() && !database.has_date() && !collection.has_date() {
            return Err(ToolError::Usage(
                "--time is for the date in --collection, as 'logs-%Y.%m.%d', or in --database, and there is none"
                    .to_owned(),
            ));
        }
        Ok(Template {
            op: self.op(),
            database,
            collection,
            moment: moment.map(|program| TimeOf::new(program, TimeForm::default())),
            id: parse("--id", &self.id)?,
            key: self.key.clone(),
            document: parse("--doc", &self.doc)?,
            encoder: Encoder { dates: Dates::of(&self.date), is_extended: self.extended_json },
            ids: run_id(),
        })
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-mongodb";

    const ABOUT: &'static str = "Documents of MongoDB

Each record is a document. Its id is made of the batch's time and its place in the batch, so that a batch that comes again \
                                 changes nothing; or it is known by its own id (--id) or fields (--key), and the newest record replaces the \
                                 one before. A document that the server refuses is a bad record, for --on-error; the others of its batch are \
                                 written. Servers that are away are waited for, and after an election the new primary is found.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink mongodb mongodb://localhost/shop --collection 'hits-%Y.%m' --doc '{path: .[0], count: .[1], at: $time}' --date at
  … | sstream-window 1m count --by .path | sstream-sink mongodb mongodb://app@db1,db2/shop?replicaSet=rs --password-file pw \\
      --collection hits --id '.[0]' --doc '{path: .[0], count: .[1]}'
  … | sstream-sink mongodb mongodb://localhost/shop --collection users --key name --create --op update
";

    const DOES: &'static str = "writes each record as a document, in bulk";

    fn check(&self) -> Result<(), String> {
        if self.database.is_none() && self.url.database.is_none() {
            return Err(
                "which database? name it in the address, as mongodb://host/database, or by --database".to_owned()
            );
        }
        let is_known = self.id.is_some() || !self.key.is_empty();
        if self.op == Some(Op::Update) && !is_known {
            return Err(
                "--op update is of a document that is known by its id or key: give --id EXPR, or --key".to_owned()
            );
        }
        if self.op == Some(Op::Insert) && !self.key.is_empty() {
            return Err("--key finds a document that is there: leave --op out, or give --op update".to_owned());
        }
        if self.key.iter().any(|field| field.split('.').any(str::is_empty)) {
            return Err("--key has a field without a name".to_owned());
        }
        match self.ca.is_some() && !self.url.is_tls {
            true => Err("--ca is for TLS: an address with TLS ends with ?tls=true".to_owned()),
            false => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by ids that the documents of a batch which comes again have again")
    }

    /// A document that is known takes the place of the one before it.
    fn on_cluster(&self) -> SinkOnCluster {
        match self.id.is_some() || !self.key.is_empty() {
            true => SinkOnCluster::Whole,
            false => SinkOnCluster::Partitions,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let SinkParts { console, stop, waited, bad_records } = parts;
        let (template, login) = (self.template()?, self.login()?);
        let manner = Manner { op: self.op(), key: self.key.clone(), create: self.create, concern: self.concern() };
        let Url { hosts, set, is_tls, is_direct, .. } = self.url;
        let tls = if is_tls { Some(Arc::new(sstream_tls::client(self.ca.as_deref())?)) } else { None };
        let members = Members::new(hosts, set, is_direct, Door { login, tls, timeout: self.timeout });
        let patience = Patience::new("mongodb".to_owned(), console, stop, waited, self.retry_for);
        Ok(Box::new(MongodbSink {
            template,
            sender: Sender::new(members, manner, Tries::new(patience, self.retry)),
            bulk_bytes: self.bulk_bytes,
            spool: Spool::new(self.memory),
            bad_records,
        }))
    }
}
