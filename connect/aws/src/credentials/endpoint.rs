//! Credentials that are asked for over HTTP: of a container, and of an instance.

use std::path::Path;
use std::time::{Duration, SystemTime};

use sstream::connect::record::canonicalize;
use sstream::connect::{Secret, describe};
use ureq::Agent;
use ureq::http::Uri;

use super::{Credentials, Environment};
use crate::json;

/// They are next door.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A request that came to nothing is sent so often.
const TRIES: usize = 3;

/// Where a container's credentials are without TLS, beside loopback: of ECS, and of EKS.
const NEXT_DOOR: &[&str] = &["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost"];

/// Where a container asks.
#[derive(Clone, Debug)]
pub struct Container {
    url: String,
    token: Option<Secret>,
}

/// The container's endpoint, if it has one.
///
/// # Errors
/// It is at an address to which no token may be sent.
pub fn container(environment: &Environment) -> Result<Option<Container>, String> {
    let url = match environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some(path) => format!("http://169.254.170.2{path}"),
        None => match environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Some(url) => url.to_owned(),
            None => return Ok(None),
        },
    };
    let uri: Option<Uri> = url.parse().ok();
    let is_safe = uri.as_ref().is_some_and(|uri| {
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_matches(['[', ']']);
        let is_loopback = bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        uri.scheme_str() == Some("https") || is_loopback || NEXT_DOOR.contains(&host)
    });
    if !is_safe {
        return Err(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI: it is to be https://, or at this machine's own address".to_owned()
        );
    }
    let token = match environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        // It changes, and is read anew each time.
        Some(path) => {
            Some(Secret::read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Path::new(path)).map_err(|e| e.to_string())?)
        }
        None => environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|token| Secret::from(token.to_owned())),
    };
    Ok(Some(Container { url, token }))
}

impl Container {
    /// Asks.
    ///
    /// # Errors
    /// What came of it.
    pub fn fetch(&self) -> Result<Credentials, String> {
        let header = self.token.as_ref().map(|token| ("authorization", token.reveal()));
        let text = ask(&agent()?, "GET", &self.url, header)?;
        parse(&text).ok_or_else(|| format!("{}: it gives no credentials", self.url))
    }
}

/// Asks an instance's metadata service: first for a token, then for the role, then for its keys.
///
/// # Errors
/// What came of it.
pub fn instance(environment: &Environment) -> Result<Credentials, String> {
    if environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err("AWS_EC2_METADATA_DISABLED".to_owned());
    }
    let base = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or("http://169.254.169.254");
    let base = format!("{}/latest", base.trim_end_matches('/'));
    let agent = agent()?;
    let token =
        ask(&agent, "PUT", &format!("{base}/api/token"), Some(("x-aws-ec2-metadata-token-ttl-seconds", "300")))?;
    let header = Some(("x-aws-ec2-metadata-token", token.as_str()));
    let roles = format!("{base}/meta-data/iam/security-credentials/");
    let role = ask(&agent, "GET", &roles, header)?;
    let role = role.lines().next().unwrap_or_default().trim();
    let text = ask(&agent, "GET", &format!("{roles}{role}"), header)?;
    parse(&text).ok_or_else(|| format!("{roles}{role}: it gives no credentials"))
}

fn agent() -> Result<Agent, String> {
    sstream_tls::ureq::agent(None, TIMEOUT, 1).map_err(|error| error.to_string())
}

/// The text of an answer.
fn ask(agent: &Agent, method: &str, url: &str, header: Option<(&str, &str)>) -> Result<String, String> {
    let mut message = String::new();
    for _ in 0..TRIES {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let request = request.body(&[][..]).map_err(|error| format!("{url}: {error}"))?;
        match agent.run(request) {
            Ok(mut response) if response.status().is_success() => match response.body_mut().read_to_string() {
                Ok(text) => return Ok(text),
                Err(error) => message = format!("{url}: {error}"),
            },
            Ok(response) if response.status().is_server_error() => message = format!("{url}: {}", response.status()),
            Ok(response) => return Err(format!("{url}: {}", response.status())),
            Err(ureq::Error::Io(error)) => message = format!("{url}: {}", describe(&error)),
            Err(error) => message = format!("{url}: {error}"),
        }
    }
    Err(message)
}

/// The credentials of an answer; both endpoints give them in the same form.
fn parse(text: &str) -> Option<Credentials> {
    let mut object = Vec::new();
    canonicalize(text.as_bytes(), &mut object).ok()?;
    let get = |name: &str| json::string(&object, name);
    let expires = get("Expiration").map(|time| humantime::parse_rfc3339_weak(&time));
    Some(Credentials {
        key_id: get("AccessKeyId")?,
        secret: Secret::from(get("SecretAccessKey")?),
        token: get("Token").map(Secret::from),
        // Not to know when is to ask again soon.
        expires: expires.map(|time| time.unwrap_or(SystemTime::UNIX_EPOCH)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::from(variables.collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn tokens_go_next_door_or_over_tls() {
        let at = |url: &str| container(&environment(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]));
        for url in ["http://127.0.0.1:80/x", "http://[::1]/x", "http://169.254.170.23/v1", "https://h.example/x"] {
            assert_eq!(at(url).unwrap().unwrap().url, url);
        }
        for url in ["http://h.example/x", "http://10.0.0.1/", "", "x"] {
            assert!(at(url).map_or(true, |container| container.is_none()), "{url}");
        }
        let relative = environment(&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")]);
        assert_eq!(container(&relative).unwrap().unwrap().url, "http://169.254.170.2/v2/x");
        assert!(container(&environment(&[])).unwrap().is_none());
    }

    #[test]
    fn an_answer_has_keys_and_a_time() {
        let text = r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"b","Token":"t","Expiration":"1970-01-01T00:01:00Z"}"#;
        let given = parse(text).unwrap();
        assert_eq!((given.key_id.as_str(), given.secret.reveal()), ("A", "b"));
        assert_eq!(given.expires, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
        assert!(parse("{}").is_none() && parse("<html>").is_none());
    }
}
