//! Options of `sstream-sink mysql`, and what it says of itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mysql_async::{Opts, OptsBuilder, SslOpts};
use sstream::connect::{Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError};
use sstream_tables::{TableArgs, TableSink};

use crate::server::{Server, Tls};

/// A connection on which nothing comes is looked after so often.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The database, as mysql://user@host:port/database; ?ssl-mode=DISABLED, PREFERRED or REQUIRED, and
    /// ?socket=PATH behind it
    #[arg(value_parser = parse_url)]
    url: Box<Url>,

    /// The password is in this file
    #[arg(long, value_name = "FILE", help_heading = "MySQL")]
    password_file: Option<PathBuf>,

    /// Speak TLS alone, with servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "MySQL")]
    ca: Option<PathBuf>,

    #[command(flatten)]
    tables: TableArgs,
}

/// An address.
#[derive(Clone, Debug)]
struct Url {
    options: Opts,
    tls: Tls,
    socket: Option<String>,
}

fn parse_url(text: &str) -> Result<Box<Url>, String> {
    const FORM: &str = "an address is as mysql://user@host/database";
    let text = match text.strip_prefix("mariadb://") {
        Some(rest) => format!("mysql://{rest}"),
        None => text.to_owned(),
    };
    if !text.starts_with("mysql://") {
        return Err(FORM.to_owned());
    }
    let (address, settings) = text.split_once('?').unwrap_or((&text, ""));
    // What the library says of it might be a part of it that is a password.
    let options =
        Opts::from_url(address).map_err(|_| "this is no address as mysql://user@host:port/database?ssl-mode=…")?;
    if options.pass().is_some() {
        return Err("a password in an address is seen by everybody: give --password-file FILE".to_owned());
    }
    if options.user().is_none_or(str::is_empty) {
        return Err("it has no user: mysql://user@host/database".to_owned());
    }
    if options.db_name().is_none_or(str::is_empty) {
        return Err("it has no database: mysql://user@host/database".to_owned());
    }
    let (mut tls, mut socket) = (Tls::Preferred, None);
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=') {
            Some(("ssl-mode", mode)) => {
                tls = match mode.to_uppercase().as_str() {
                    "DISABLED" => Tls::Disabled,
                    "PREFERRED" => Tls::Preferred,
                    "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY" => Tls::Required,
                    _ => return Err("ssl-mode is DISABLED, PREFERRED or REQUIRED".to_owned()),
                }
            }
            Some(("socket", path)) if !path.is_empty() => socket = Some(path.to_owned()),
            _ => return Err("the settings of an address are ssl-mode and socket".to_owned()),
        }
    }
    Ok(Box::new(Url { options, tls, socket }))
}

impl SinkArgs {
    /// Where it is, without anything that others might not know.
    fn name(&self) -> String {
        let Url { options, socket, .. } = &*self.url;
        let database = options.db_name().unwrap_or_default();
        match socket {
            Some(path) => format!("mysql {path}/{database}"),
            None => format!("mysql {}:{}/{database}", options.ip_or_hostname(), options.tcp_port()),
        }
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-mysql";

    const ABOUT: &'static str = "A table of MySQL or MariaDB

A batch is one transaction, in which its time is written too (table sstream_commits): whatever is killed, on \
                                 either side, its rows are there once. The columns are a record's keys; rows go by INSERT of many \
                                 rows, with --key by INSERT … ON DUPLICATE KEY UPDATE. A row that the server refuses is a bad \
                                 record, for --on-error; the others of its batch are written. A server that is away is waited for; \
                                 deadlocks and locks that are not had in time are tried again.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink mysql mysql://app@db.example/shop --table hits --password-file pw
  … | sstream-window 1m count --by .path | sstream-sink mysql mysql://app@db/shop --table 'totals(path,count)' --key path
  … | sstream-sink mysql mysql://app@db/shop --sql 'update page set hits = hits + :count where path = :path'
";

    const DOES: &'static str = "writes each batch into a table, in one transaction";

    fn check(&self) -> Result<(), String> {
        if self.ca.is_some() && self.url.tls == Tls::Disabled {
            return Err("--ca wants TLS, and ssl-mode=DISABLED none".to_owned());
        }
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
        let Url { options, tls, socket } = *self.url;
        let password = match &self.password_file {
            Some(path) => Some(Secret::read("--password-file", path)?.reveal().to_owned()),
            None => None,
        };
        let tls = if self.ca.is_some() { Tls::Required } else { tls };
        let trust = match tls {
            Tls::Disabled => SslOpts::default(),
            _ => {
                let roots = sstream_tls::roots(self.ca.as_deref())?;
                SslOpts::default()
                    .with_root_certs(roots.into_iter().map(|root| root.to_vec().into()).collect())
                    .with_disable_built_in_roots(true)
            }
        };
        let options = OptsBuilder::from_opts(options)
            .pass(password)
            // A host that is this one is no reason to look for a socket.
            .prefer_socket(false)
            .socket(socket)
            .tcp_keepalive(Some(KEEP_ALIVE))
            .connect_attribute("program_name", Self::TOOL);
        let server = Server::new(options, tls, trust).map_err(|error| ToolError::Open { what: name.clone(), error })?;
        Ok(Box::new(TableSink::new(server, name, &self.tables, parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_secrets() {
        for (url, says) in [
            ("mysql://ann:hunter2@host/db", "--password-file"),
            ("mysql://host/db", "no user"),
            ("mysql://ann@host", "no database"),
            ("host=db user=ann", "an address is as"),
            ("mysql://ann@host:hunter2/db", "this is no address"),
            ("mysql://ann@host/db?password=hunter2", "ssl-mode and socket"),
            ("mysql://ann@host/db?ssl-mode=hunter2", "ssl-mode is"),
        ] {
            let error = parse_url(url).map(drop).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{url}: {error}");
        }
        assert!(parse_url("mariadb://ann@host:3307/db?ssl-mode=required&socket=/run/s").is_ok());
    }
}
