//! `HOST:PORT` and `[HOST:]PORT`, as options.

use std::fmt;
use std::str::FromStr;

/// Where to connect to or to listen.
///
/// ```
/// use sstream::connect::{Address, OwnAddress};
///
/// let server: Address = "[::1]:5432".parse().unwrap();
/// assert_eq!((server.host.as_str(), server.port), ("::1", 5432));
/// // Where a source listens, the host may be left out.
/// let own: OwnAddress = "9999".parse().unwrap();
/// assert_eq!(own.0.to_string(), "127.0.0.1:9999");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// An address of one's own, for which the host may be left out: then it is
/// 127.0.0.1, so that nobody listens to the world by accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress(pub Address);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(match text.parse::<u16>() {
                Ok(port) => format!("which host? localhost:{port}, say"),
                Err(_) => format!("which port? {text}:9999, say"),
            });
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') {
            return Err("an IPv6 address goes in brackets, as [::1]:9999".to_owned());
        }
        let host = bare.unwrap_or(host);
        if host.is_empty() {
            return Err("which host? give one before the colon, as localhost:9999".to_owned());
        }
        Ok(Address { host: host.to_owned(), port: parse_port(port)? })
    }
}

impl FromStr for OwnAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<OwnAddress, String> {
        if text.contains(':') {
            return text.parse().map(OwnAddress);
        }
        Ok(OwnAddress(Address { host: "127.0.0.1".to_owned(), port: parse_port(text)? }))
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("'{text}' is no port: a port is a number up to 65535"))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in
            [("localhost:9999", "localhost:9999"), ("[::1]:80", "[::1]:80"), ("10.0.0.1:1", "10.0.0.1:1")]
        {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
            assert_eq!(text.parse::<OwnAddress>().unwrap().0.to_string(), shown);
        }
        assert_eq!("9999".parse::<OwnAddress>().unwrap().0.to_string(), "127.0.0.1:9999");
        for (text, says) in [
            ("9999", "localhost:9999"),
            ("localhost", "localhost:9999"),
            ("::1:9999", "brackets"),
            (":9999", "which host"),
            ("a:b", "'b' is no port"),
            ("a:65536", "up to 65535"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!("x".parse::<OwnAddress>().unwrap_err().contains("'x' is no port"));
    }
}
