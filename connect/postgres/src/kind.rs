//! Options of `sstream-sink postgres`, and what it says of itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sstream::connect::{Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError};
use sstream_tables::{TableArgs, TableSink};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::server::Server;

/// How long a server may take to answer a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A connection on which nothing is acknowledged for so long is lost.
const SILENCE: Duration = Duration::from_secs(60);

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The database, as postgres://user@host:port/database; ?sslmode=disable, prefer or require, and other
    /// settings of a connection behind it
    #[arg(value_parser = parse_url)]
    url: Box<Config>,

    /// The password is in this file
    #[arg(long, value_name = "FILE", help_heading = "PostgreSQL")]
    password_file: Option<PathBuf>,

    /// Speak TLS alone, with servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "PostgreSQL")]
    ca: Option<PathBuf>,

    #[command(flatten)]
    tables: TableArgs,
}

fn parse_url(text: &str) -> Result<Box<Config>, String> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err("an address is as postgres://user@host/database".to_owned());
    }
    // What the library says of it might be a part of it that is a password.
    let config: Config =
        text.parse().map_err(|_| "this is no address as postgres://user@host:port/database?sslmode=…")?;
    if config.get_password().is_some() {
        return Err("a password in an address is seen by everybody: give --password-file FILE".to_owned());
    }
    if config.get_hosts().is_empty() {
        return Err("it has no host: postgres://user@host/database".to_owned());
    }
    if config.get_user().is_none() {
        return Err("it has no user: postgres://user@host/database".to_owned());
    }
    Ok(Box::new(config))
}

impl SinkArgs {
    /// Where it is, without anything that others might not know.
    fn name(&self) -> String {
        let host = match self.url.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let port = self.url.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
        let database = self.url.get_dbname().or(self.url.get_user()).unwrap_or_default();
        format!("postgres {host}{port}/{database}")
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-postgres";

    const ABOUT: &'static str = "A table of PostgreSQL

A batch is one transaction, in which its time is written too (table sstream_commits): whatever is killed, on \
                                 either side, its rows are there once. The columns are a record's keys; rows go by COPY, with --key by \
                                 INSERT … ON CONFLICT. A row that the server refuses is a bad record, for --on-error; the others of its \
                                 batch are written. A server that is away is waited for; deadlocks and \
                                 serialization failures are tried again.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink postgres postgres://app@db.example/shop --table hits --password-file pw
  … | sstream-window 1m count --by .path | sstream-sink postgres postgres://app@db/shop --table 'totals(path,count)' --key path
  … | sstream-sink postgres postgres://app@db/shop --sql 'update page set hits = hits + :count where path = :path'
";

    const DOES: &'static str = "writes each batch into a table, in one transaction";

    fn check(&self) -> Result<(), String> {
        self.tables.check()
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by the batch's time in the same transaction")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        self.tables.on_cluster()
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let name = self.name();
        let tls = MakeRustlsConnect::new(sstream_tls::client(self.ca.as_deref())?);
        let mut config = *self.url;
        if let Some(path) = &self.password_file {
            config.password(Secret::read("--password-file", path)?.reveal());
        }
        if self.ca.is_some() && config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_application_name().is_none() {
            config.application_name(Self::TOOL);
        }
        config.connect_timeout(*config.get_connect_timeout().unwrap_or(&CONNECT));
        config.tcp_user_timeout(*config.get_tcp_user_timeout().unwrap_or(&SILENCE));
        let server = Server::new(config, tls).map_err(|error| ToolError::Open { what: name.clone(), error })?;
        Ok(Box::new(TableSink::new(server, name, &self.tables, parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_secrets() {
        for (url, says) in [
            ("postgres://ann:hunter2@host/db", "--password-file"),
            ("postgres://ann@host/db?password=hunter2", "--password-file"),
            ("postgres://host/db", "no user"),
            ("host=db user=ann", "an address is as"),
            ("postgres://ann@host:hunter2/db", "this is no address"),
        ] {
            let error = parse_url(url).map(drop).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{url}: {error}");
        }
        assert!(parse_url("postgres://ann@host:5433/db?sslmode=require").is_ok());
    }
}
