//! `https://HOST[:PORT]/PATH` and its like, as an argument.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// Where a feed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// Whether it is a WebSocket.
    pub is_websocket: bool,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let uri: Uri = text.parse().map_err(|error| format!("{error}: an address is as https://host/path"))?;
        let (tls, is_websocket) = match uri.scheme_str() {
            Some("http") => (false, false),
            Some("https") => (true, false),
            Some("ws") => (false, true),
            Some("wss") => (true, true),
            _ => return Err("an address begins with http://, https://, ws:// or wss://".to_owned()),
        };
        let authority = uri.authority().ok_or("an address is as https://host/path")?;
        if authority.as_str().contains('@') {
            return Err("a password in an address is seen by everybody: give --header-file FILE".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Target { host, port, tls, is_websocket, uri })
    }
}

/// Without the query, which may hold what is nobody's business.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority) = (self.uri.scheme_str(), self.uri.authority());
        write!(f, "{}://{}{}", scheme.unwrap_or_default(), authority.map_or("", |a| a.as_str()), self.uri.path())
    }
}

impl Target {
    /// The Host header.
    pub fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// What a request asks for: path and query, with one more parameter if there is one.
    pub fn path(&self, parameter: Option<(&str, &str)>) -> String {
        let mut path = self.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        if let Some((name, value)) = parameter {
            path.push(if self.uri.query().is_some() { '&' } else { '?' });
            push_escaped(name, &mut path);
            path.push('=');
            push_escaped(value, &mut path);
        }
        path
    }
}

/// As the standard has it for a query.
fn push_escaped(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let target: Target = "https://h/a?key=secret".parse().unwrap();
        assert_eq!((target.host.as_str(), target.port, target.tls), ("h", 443, true));
        assert_eq!(target.to_string(), "https://h/a");
        assert_eq!(target.path(None), "/a?key=secret");
        assert_eq!(target.path(Some(("since", "a b&c"))), "/a?key=secret&since=a%20b%26c");
        let target: Target = "ws://[::1]:5".parse().unwrap();
        assert_eq!((target.host.as_str(), target.port, target.is_websocket), ("::1", 5, true));
        assert_eq!(target.path(Some(("c", "1"))), "/?c=1");
        for (wrong, says) in [("host:80", "begins with"), ("/path", "begins with"), ("http://a:b@h/", "--header-file")]
        {
            let error = wrong.parse::<Target>().unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
