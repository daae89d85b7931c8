//! Options of source and sink: where peers are, and who they are.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crypto_box::PublicKey;
use sstream::connect::{ToolError, duration};

use super::endpoint::Endpoint;
use super::keys::{KeyPair, read_all, read_public};

/// Where peers are, and who they are.
#[derive(Args, Debug)]
pub struct SocketArgs {
    #[allow(rustdoc::broken_intra_doc_links)] // it is the option's text
    /// Connect to this: tcp://HOST:PORT or ipc://PATH; several for several
    #[arg(value_name = "ENDPOINT", required_unless_present = "bind")]
    pub connect: Vec<Endpoint>,

    /// Be bound to this, and let peers connect; several times for several. tcp://*:PORT is every
    /// address of this machine
    #[arg(long, value_name = "ENDPOINT", help_heading = "ZeroMQ")]
    pub bind: Vec<Endpoint>,

    /// CURVE: our secret key, or a certificate with it, is in this file. Without --curve-server-key we are
    /// the server, and let in who knows our public key
    #[arg(long, value_name = "FILE", help_heading = "ZeroMQ")]
    pub curve_key: Option<PathBuf>,

    /// CURVE: we are the client of a server whose public key is in this file
    #[arg(long, value_name = "FILE", help_heading = "ZeroMQ")]
    pub curve_server_key: Option<PathBuf>,

    /// CURVE: as a server let in only clients whose public keys are in this file, one a line
    #[arg(
        long,
        value_name = "FILE",
        requires = "curve_key",
        conflicts_with = "curve_server_key",
        help_heading = "ZeroMQ"
    )]
    pub curve_clients: Option<PathBuf>,

    /// So many peers at a time may have connected to each --bind; more wait until one has gone
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), help_heading = "ZeroMQ")]
    pub max_peers: u32,

    /// A peer that does not answer for so long is gone
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "ZeroMQ")]
    pub timeout: Duration,
}

/// Who may speak with us, and how.
#[derive(Clone)]
pub enum Security {
    /// Whoever, in the open.
    Null,
    /// This server, in boxes.
    CurveClient {
        /// Our keys.
        own: KeyPair,
        /// The server's.
        server: PublicKey,
    },
    /// Clients that know our key, in boxes.
    CurveServer {
        /// Our keys.
        own: KeyPair,
        /// Only these, if there are any.
        clients: Option<Vec<PublicKey>>,
    },
}

impl Security {
    /// The mechanism, as the protocol spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Security::Null => "NULL",
            Security::CurveClient { .. } | Security::CurveServer { .. } => "CURVE",
        }
    }

    /// Whether we are CURVE's server.
    pub fn is_server(&self) -> bool {
        matches!(self, Security::CurveServer { .. })
    }

    /// Whether there is any.
    pub fn is_null(&self) -> bool {
        matches!(self, Security::Null)
    }
}

impl SocketArgs {
    /// Who may speak with us, with what is in files.
    ///
    /// # Errors
    /// Wrong usage: a file that cannot be read, or holds something else.
    pub fn security(&self) -> Result<Security, ToolError> {
        let own = self.curve_key.as_deref().map(|path| KeyPair::read("--curve-key", path)).transpose()?;
        if let Some(path) = &self.curve_server_key {
            let own = own.map_or_else(KeyPair::random, Ok)?;
            return Ok(Security::CurveClient { own, server: read_public("--curve-server-key", path)? });
        }
        let Some(own) = own else { return Ok(Security::Null) };
        let clients = self.curve_clients.as_deref().map(|path| read_all("--curve-clients", path)).transpose()?;
        Ok(Security::CurveServer { own, clients })
    }

    /// The endpoints, as a command line has them.
    pub fn identity(&self) -> String {
        let connect = self.connect.iter().map(Endpoint::to_string);
        let bind = self.bind.iter().map(|endpoint| format!("--bind {endpoint}"));
        connect.chain(bind).collect::<Vec<_>>().join(" ")
    }
}
