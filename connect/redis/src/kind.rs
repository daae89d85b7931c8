//! Options of `sstream-sink redis`, and what it says of itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sstream::connect::{
    MemoryArgs, Secret, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, Spool, ToolError, duration, run_id,
};
use sstream_tables::patience::Patience;

use crate::connection::Place;
use crate::sink::RedisSink;
use crate::template::Template;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The server, as redis://user@host:port/database, or rediss:// with TLS
    #[arg(value_parser = parse_url)]
    url: Url,

    /// The command for each record, as 'hset {.user} at {.time}': in braces are jq programs on the record, whose $time is the
    /// batch's time in ms; several times for several commands
    #[arg(long, value_name = "COMMAND", required = true, help_heading = "Redis")]
    command: Vec<String>,

    /// The password is in this file
    #[arg(long, value_name = "FILE", help_heading = "Redis")]
    password_file: Option<PathBuf>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Redis")]
    ca: Option<PathBuf>,

    /// Give up (exit 1) when the server is away for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Redis")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    memory: MemoryArgs,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Url {
    is_tls: bool,
    user: Option<String>,
    host: String,
    port: u16,
    database: u32,
}

fn parse_url(text: &str) -> Result<Url, String> {
    let form = || "an address is as redis://host:port/database".to_owned();
    let (is_tls, rest) = match text.strip_prefix("rediss://") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix("redis://").ok_or_else(form)?),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, address) = match authority.rsplit_once('@') {
        Some((user, address)) => (Some(user).filter(|user| !user.is_empty()), address),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password in an address is seen by everybody: give --password-file FILE".to_owned());
    }
    // The address of an IPv6 host is in brackets.
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| form())?),
        _ => (address, 6379),
    };
    let database = if path.is_empty() { 0 } else { path.parse().map_err(|_| form())? };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() || host.contains(':') != address.starts_with('[') {
        return Err(form());
    }
    Ok(Url { is_tls, user: user.map(str::to_owned), host, port, database })
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-redis";

    const ABOUT: &'static str = "Commands of Redis

Each record is a command, a batch is one transaction (MULTI), in which its time is written too: whatever is killed, \
                                 on either side, its commands have run once. A value in braces is a string's text, or JSON; an array that \
                                 is a whole word is a word for each of its values. A command that the server refuses is a \
                                 bad record, for --on-error; the others of its batch run. A server that is away is waited for.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink redis redis://localhost --command 'set {.user} {.}'
  … | sstream-window 1m count --by .path | sstream-sink redis redis://localhost/1 --command 'zadd top {.[1]} {.[0]}'
  … | sstream-sink redis rediss://app@cache.example --password-file pw --command 'xadd hits * {to_entries|map(.key,.value)}'
";

    const DOES: &'static str = "runs a command for each record, a batch in one transaction";

    fn check(&self) -> Result<(), String> {
        match self.ca.is_some() && !self.url.is_tls {
            true => Err("--ca is for TLS: an address with TLS begins with rediss://".to_owned()),
            false => Ok(()),
        }
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by the batch's time in the same transaction")
    }

    /// Commands go in order, and a batch is one transaction.
    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Whole
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let SinkParts { console, stop, waited, bad_records } = parts;
        let Url { is_tls, user, host, port, database } = self.url;
        let name = format!("redis {host}:{port}/{database}");
        let password = self.password_file.map(|path| Secret::read("--password-file", &path)).transpose()?;
        if user.is_some() && password.is_none() {
            return Err(ToolError::Usage("a user has a password: give --password-file FILE".to_owned()));
        }
        let tls = if is_tls { Some(Arc::new(sstream_tls::client(self.ca.as_deref())?)) } else { None };
        let templates: Result<Vec<Template>, ToolError> =
            self.command.iter().map(|source| Template::parse(source)).collect();
        Ok(Box::new(RedisSink {
            place: Place { host, port, database, user, password, tls },
            templates: templates?,
            patience: Patience::new(name, console, stop, waited, self.retry_for),
            bad_records,
            spool: Spool::new(self.memory.memory),
            key: format!("sstream:commits:{}", run_id()),
            is_kept: false,
            connection: None,
            refused: BTreeMap::new(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_secrets() {
        let url = |text| parse_url(text).map(|url| (url.is_tls, url.user, url.host, url.port, url.database));
        assert_eq!(url("redis://h"), Ok((false, None, "h".to_owned(), 6379, 0)));
        assert_eq!(url("rediss://ann@[::1]:7/3"), Ok((true, Some("ann".to_owned()), "::1".to_owned(), 7, 3)));
        for (wrong, says) in [
            ("redis://ann:hunter2@h", "--password-file"),
            ("redis://:hunter2@h", "--password-file"),
            ("h:6379", "an address is as"),
            ("redis://", "an address is as"),
            ("redis://h/x", "an address is as"),
            ("redis://h:port", "an address is as"),
            ("redis://::1", "an address is as"),
        ] {
            let error = parse_url(wrong).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }
}
