//! What else of a request is in its records: `--with`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use hyper::HeaderMap;
use sstream::connect::record::push_string;

/// A field beside the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The client's address, without its port.
    Client,
    /// The path.
    Path,
    /// What stands behind `?`, or null.
    Query,
    /// The user, or null with a token or without either.
    User,
    /// When the head came, in ms since the epoch.
    Time,
    /// A header's text, or null.
    Header(String),
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Field, String> {
        Ok(match text {
            "client" => Field::Client,
            "path" => Field::Path,
            "query" => Field::Query,
            "user" => Field::User,
            "time" => Field::Time,
            _ => match text.strip_prefix("header:").filter(|name| !name.is_empty()) {
                Some(name) => Field::Header(name.to_ascii_lowercase()),
                None => return Err("it is client, path, query, user, time or header:NAME".to_owned()),
            },
        })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Client => "client",
            Field::Path => "path",
            Field::Query => "query",
            Field::User => "user",
            Field::Time => "time",
            Field::Header(name) => return write!(f, "header:{name}"),
        })
    }
}

/// What is known of a request.
pub struct Facts<'r> {
    /// Where it is from.
    pub client: SocketAddr,
    /// What it is for.
    pub uri: &'r hyper::Uri,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// Who sends it.
    pub user: Option<&'r str>,
    /// When its head came, in ms since the epoch.
    pub time_ms: u64,
}

impl Facts<'_> {
    /// What stands before the value of each of its records: the beginning of an object with these
    /// fields. Nothing of no fields.
    pub fn prefix(&self, fields: &[Field]) -> Vec<u8> {
        let mut out = Vec::new();
        for field in fields {
            out.push(if out.is_empty() { b'{' } else { b',' });
            push_string(field.to_string().as_bytes(), &mut out);
            out.push(b':');
            match field {
                Field::Client => push_string(self.client.ip().to_canonical().to_string().as_bytes(), &mut out),
                Field::Path => push_string(self.uri.path().as_bytes(), &mut out),
                Field::Query => push_optional(self.uri.query().map(str::as_bytes), &mut out),
                Field::User => push_optional(self.user.map(str::as_bytes), &mut out),
                Field::Time => out.extend_from_slice(self.time_ms.to_string().as_bytes()),
                Field::Header(name) => {
                    let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
                    push_optional(value.as_ref().map(|value| value.as_bytes()), &mut out);
                }
            }
        }
        if !out.is_empty() {
            out.extend_from_slice(b",\"value\":");
        }
        out
    }
}

fn push_optional(text: Option<&[u8]>, out: &mut Vec<u8>) {
    match text {
        Some(text) => push_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_before_the_value() {
        let mut headers = HeaderMap::new();
        headers.insert("x-app", "a\"b".parse().unwrap());
        let uri = "/in/a%20b?n=1".parse().unwrap();
        let facts = Facts {
            client: "[::ffff:10.0.0.1]:5".parse().unwrap(),
            uri: &uri,
            headers: &headers,
            user: None,
            time_ms: 5,
        };
        let fields: Vec<Field> = ["client", "path", "query", "user", "time", "header:X-App", "header:y"]
            .map(|text| text.parse().unwrap())
            .into();
        assert_eq!(
            String::from_utf8(facts.prefix(&fields)).unwrap(),
            r#"{"client":"10.0.0.1","path":"/in/a%20b","query":"n=1","user":null,"time":5,"header:x-app":"a\"b","header:y":null,"value":"#
        );
        assert_eq!(facts.prefix(&[]), b"");
        assert!("header:".parse::<Field>().is_err() && "clients".parse::<Field>().is_err());
    }
}
