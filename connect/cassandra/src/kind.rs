//! Options of `sstream-sink cassandra`, and what it says of itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sstream::connect::{
    Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, duration, program, run_id,
};
use sstream_tables::patience::{Patience, Tries};
use sstream_tls::stream::Host;

use crate::connection::{Door, Login};
use crate::hosts::Hosts;
use crate::message::Consistency;
use crate::row::{Template, VARIABLES};
use crate::sender::Sender;
use crate::session::Session;
use crate::sink::CassandraSink;
use crate::table::{Create, Does, Key, Name, Named, Table, Target, does};

/// Where servers listen, unless told.
const PORT: u16 = 9042;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// Servers of the cluster, as db1,db2:9042: one is spoken with, the next one when it goes away
    #[arg(value_name = "HOST,…", value_parser = parse_hosts)]
    hosts: Hostnames,

    /// The table, with a column for each key of a record, names as they are, also in capitals; as 'KEYSPACE.TABLE(COLUMN,…)'
    /// these columns alone: other keys are left out, and a record that is an array has its values in this order
    #[arg(long, value_name = "KEYSPACE.TABLE", value_parser = Named::parse, help_heading = "Cassandra",
        required_unless_present = "cql")]
    table: Option<Named>,

    /// A statement to run for each record, an INSERT, UPDATE or DELETE with :name for the value of that key
    #[arg(long, value_name = "STATEMENT", help_heading = "Cassandra", conflicts_with = "table")]
    cql: Option<String>,

    /// The row, an object: a jq program on the record, whose $time is the batch's time in ms; without a result nothing is
    /// written [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "Cassandra")]
    row: Option<String>,

    /// The column of text, or the parameter of --cql, that gets an id of the batch's time and the record's place in it: for
    /// rows that have no key of their own
    #[arg(long, value_name = "COLUMN", help_heading = "Cassandra")]
    id: Option<String>,

    /// Make the table, if there is none, with columns for the records of the first batch
    #[arg(long, help_heading = "Cassandra", conflicts_with = "cql")]
    create: bool,

    /// The primary key of the table that --create makes, as Cassandra writes it: 'user,at', the first of which tells the
    /// partition, or '(user,day),at' [default: the column of --id]
    #[arg(long, value_name = "COLUMN,…", value_parser = Key::parse, help_heading = "Cassandra", requires = "create")]
    key: Option<Key>,

    /// The type of a column that --create makes, as at=timestamp; several times for several
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = parse_type, help_heading = "Cassandra", requires = "create")]
    types: Vec<(String, String)>,

    /// Rows are gone after so long, in whole seconds
    #[arg(long, value_name = "DURATION", value_parser = parse_ttl, help_heading = "Cassandra", conflicts_with = "cql")]
    ttl: Option<u64>,

    /// The statement counts up counters: a batch that comes again counts once more
    #[arg(long, help_heading = "Cassandra")]
    counter: bool,

    /// How many replicas have to have a row before it counts
    #[arg(long, value_enum, value_name = "WHO", default_value = "local-quorum", help_heading = "Cassandra")]
    consistency: Consistency,

    /// Who logs in
    #[arg(long, value_name = "NAME", help_heading = "Cassandra", requires = "password_file")]
    user: Option<String>,

    /// The user's password is in this file
    #[arg(long, value_name = "FILE", help_heading = "Cassandra", requires = "user")]
    password_file: Option<PathBuf>,

    /// Speak TLS
    #[arg(long, help_heading = "Cassandra")]
    tls: bool,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Cassandra", requires = "tls")]
    ca: Option<PathBuf>,

    /// A request, which has rows of one partition, has about so many bytes of them at most
    #[arg(long, value_name = "SIZE", value_parser = parse_bulk, default_value = "16KiB", help_heading = "Cassandra")]
    bulk_bytes: usize,

    /// So many requests are under way at a time, at most
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u16).range(1..=2048), default_value_t = 128,
        help_heading = "Cassandra")]
    at_once: u16,

    /// The time for an answer
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout, default_value = "30s", help_heading = "Cassandra")]
    timeout: Duration,

    /// Give up (exit 1) after so many tries in a row that came to nothing, since servers are away or too few of them
    /// answer [default: never]
    #[arg(long, value_name = "TIMES", help_heading = "Cassandra")]
    retry: Option<u32>,

    /// Give up (exit 1) when nothing was taken for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Cassandra")]
    retry_for: Option<Duration>,

    /// How much of a batch is held in memory until its end has come; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "Memory")]
    memory: usize,
}

/// Several, as one value.
#[derive(Clone, Debug)]
struct Hostnames(Vec<Host>);

fn parse_hosts(text: &str) -> Result<Hostnames, String> {
    let hosts: Option<Vec<Host>> = text.split(',').map(|host| Host::parse(host.trim(), PORT)).collect();
    hosts.map(Hostnames).ok_or_else(|| "servers are as db1,db2:9042".to_owned())
}

fn parse_type(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, kind)) if !column.is_empty() && !kind.is_empty() => Ok((column.to_owned(), kind.to_owned())),
        _ => Err("a column and its type are as at=timestamp".to_owned()),
    }
}

/// Cassandra takes no longer ones, in seconds: 20 years.
const LONGEST_TTL: u64 = 20 * 365 * 24 * 60 * 60;

fn parse_ttl(text: &str) -> Result<u64, String> {
    let ttl = duration::parse(text)?;
    match ttl.as_secs() {
        seconds @ 1..=LONGEST_TTL if ttl.subsec_nanos() == 0 => Ok(seconds),
        _ => Err("rows live for whole seconds, one at least and 20 years at most".to_owned()),
    }
}

fn parse_bulk(text: &str) -> Result<usize, String> {
    match duration::parse_size(text)? {
        bytes @ 1..=1_048_576 => Ok(bytes),
        _ => Err("a request has at least a byte, and 1 MiB at most".to_owned()),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        short if short < Duration::from_millis(100) => Err("no server answers in less than 100 ms".to_owned()),
        timeout => Ok(timeout),
    }
}

impl SinkArgs {
    /// The columns that are written, if they were told.
    fn told(&self) -> Option<Vec<String>> {
        let columns = self.table.as_ref()?.columns.as_ref()?;
        let id = self.id.iter().filter(|id| !columns.contains(id));
        Some(columns.iter().chain(id).cloned().collect())
    }

    fn target(&self) -> Target {
        match (&self.table, &self.cql) {
            (Some(Named { name, .. }), _) => {
                Target::Table(Table { name: name.clone(), columns: self.told(), ttl_s: self.ttl })
            }
            (None, cql) => Target::Statement(cql.clone().unwrap_or_default()),
        }
    }

    fn create(&self) -> Option<(Name, Create, Option<Vec<String>>)> {
        let Named { name, .. } = self.table.as_ref().filter(|_| self.create)?;
        let of_id = || self.id.iter().map(|id| Key { partition: vec![id.clone()], clustering: Vec::new() }).next();
        let key = self.key.clone().or_else(of_id)?;
        let told =
            self.told().map(|columns| columns.into_iter().filter(|column| self.id.as_ref() != Some(column)).collect());
        Some((name.clone(), Create { key, types: self.types.clone() }, told))
    }

    fn login(&self) -> Result<Option<Login>, ToolError> {
        let (Some(user), Some(path)) = (&self.user, &self.password_file) else { return Ok(None) };
        Ok(Some(Login { user: user.clone(), password: Secret::read("--password-file", path)? }))
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-cassandra";

    const ABOUT: &'static str = "Rows of Cassandra

Each record is a row, known by its key, and is written with the batch's time: a batch that comes again changes nothing. \
                                 Rows go by their partition, many requests at a time. A row that is refused is a bad record, for \
                                 --on-error; the others of its batch are written. Servers that are away are waited for.";

    const EXAMPLES: &'static str = "  \
  … | sstream-window 1m count --by .path | sstream-sink cassandra db1,db2 --table shop.hits \\
      --row '{path: .[0], count: .[1], at: $time}' --create --key path,at --type at=timestamp --ttl 30d
  … | sstream-sink cassandra db1 --table 'shop.log(line)' --id id --create
  … | sstream-sink cassandra db1 --user app --password-file pw --tls \\
      --cql 'UPDATE shop.users SET seen = :at, tags = tags + :tags WHERE name = :name'
";

    const DOES: &'static str = "writes each record as a row, by its key";

    fn check(&self) -> Result<(), String> {
        if let Some(cql) = &self.cql
            && does(cql) == Does::Else
        {
            return Err("--cql is an INSERT, UPDATE or DELETE, which is run for each record".to_owned());
        }
        if self.counter && self.cql.is_none() {
            return Err("--counter is of a statement, as --cql 'UPDATE ks.t SET n = n + :n WHERE k = :k'".to_owned());
        }
        if self.create && self.key.is_none() && self.id.is_none() {
            return Err(
                "--create makes a table with a primary key: give --key, or --id for one that is made".to_owned()
            );
        }
        Ok(())
    }

    fn guarantee(&self) -> SinkGuarantee {
        match self.counter {
            true => SinkGuarantee::AtLeastOnce("what comes again is counted again"),
            false => {
                SinkGuarantee::ExactlyOnce("by keys and times that the rows of a batch which comes again have again")
            }
        }
    }

    /// A row takes the place of the one before it with its key, unless its key is made, or it counts up.
    fn on_cluster(&self) -> SinkOnCluster {
        match !self.create && (self.counter || self.id.is_some()) {
            true => SinkOnCluster::Partitions,
            false => SinkOnCluster::Whole,
        }
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let SinkParts { console, stop, waited, bad_records } = parts;
        let row = self.row.as_deref().map(|source| program("--row", source, VARIABLES)).transpose()?;
        let tls = if self.tls { Some(Arc::new(sstream_tls::client(self.ca.as_deref())?)) } else { None };
        let door = Door { login: self.login()?, tls, timeout: self.timeout };
        let session = Session::new(Hosts::new(self.hosts.0.clone(), door), self.target(), self.counter);
        let patience = Patience::new("cassandra".to_owned(), console, stop, waited, self.retry_for);
        let tries = Tries::new(patience, self.retry);
        Ok(Box::new(CassandraSink {
            create: self.create(),
            template: Template { row, id: self.id, ids: run_id() },
            sender: Sender::new(session, self.consistency, usize::from(self.at_once), tries),
            bulk_bytes: self.bulk_bytes,
            spool: Spool::new(self.memory),
            bad_records,
        }))
    }
}
