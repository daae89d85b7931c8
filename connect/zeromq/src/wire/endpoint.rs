//! `tcp://HOST:PORT` and `ipc://PATH`: where to connect to, or to be bound.

use std::fmt;
use std::fs;
use std::io;
use std::net::{TcpListener, ToSocketAddrs as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rustix::net::sockopt;
use sstream::connect::Address;
use tokio::net::TcpStream;

use super::link::Stream;

/// After so long a silence the system asks whether the other end is there still.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Where a socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A host and a port; the host `*` is every address of this machine.
    Tcp(Address),
    /// A socket among files.
    Ipc(PathBuf),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Endpoint, String> {
        match (text.strip_prefix("tcp://"), text.strip_prefix("ipc://")) {
            (Some(address), _) => Ok(Endpoint::Tcp(address.parse()?)),
            (_, Some("")) => Err("which path? ipc:///run/app/socket, say".to_owned()),
            (_, Some(name)) if name.starts_with('@') => {
                Err("a name with @ is open to every user of the machine, and not taken: name a path".to_owned())
            }
            (_, Some(path)) => Ok(Endpoint::Ipc(path.into())),
            (None, None) => Err("an endpoint is as tcp://localhost:5555 or ipc:///run/app/socket".to_owned()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp(address) => write!(f, "tcp://{address}"),
            Endpoint::Ipc(path) => write!(f, "ipc://{}", path.display()),
        }
    }
}

/// What peers connect to.
#[derive(Debug)]
pub enum Listener {
    /// A port.
    Tcp(TcpListener),
    /// A socket among files, which is taken away in the end.
    Ipc(UnixListener, PathBuf),
}

impl Endpoint {
    /// Connects to whoever is bound here.
    ///
    /// # Errors
    /// The system's.
    pub async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Endpoint::Tcp(address) => prepared(TcpStream::connect((address.host.as_str(), address.port)).await?),
            Endpoint::Ipc(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        }
    }

    /// Is bound here.
    ///
    /// # Errors
    /// The system's: somebody else is.
    pub fn bind(&self) -> io::Result<Listener> {
        Ok(match self {
            Endpoint::Tcp(address) => {
                let host = if address.host == "*" { "0.0.0.0" } else { &address.host };
                let addresses: Vec<_> = (host, address.port).to_socket_addrs()?.collect();
                let listener = TcpListener::bind(addresses.as_slice())?;
                listener.set_nonblocking(true)?;
                Listener::Tcp(listener)
            }
            Endpoint::Ipc(path) => {
                remove_stale(path)?;
                let listener = UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                Listener::Ipc(listener, path.clone())
            }
        })
    }
}

/// A socket that nobody listens at any more, as one that was killed leaves it, is in nobody's way.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Ok(()),
    }
}

/// Messages wait for no company, and a connection that was cut is found out.
pub fn prepared(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, KEEP_ALIVE)?;
    sockopt::set_tcp_keepintvl(&stream, KEEP_ALIVE / 6)?;
    sockopt::set_tcp_keepcnt(&stream, 6)?;
    Ok(Box::new(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for right in ["tcp://h:5", "tcp://*:5", "tcp://[::1]:5", "ipc://a/b"] {
            assert_eq!(right.parse::<Endpoint>().unwrap().to_string(), right);
        }
        for (wrong, says) in [
            ("h:5", "tcp://"),
            ("tcp://h", "which port"),
            ("ipc://", "which path"),
            ("ipc://@a", "@"),
            ("udp://h:5", "tcp://"),
        ] {
            let error = wrong.parse::<Endpoint>().unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
