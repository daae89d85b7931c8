//! Options that source and sink have in common.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sstream::connect::{Console, ToolError, duration};
use ureq::http::Uri;

use super::call::{Client, Service};
use super::credentials::{Environment, Profiles, Provider};

/// Which stream, and how it is reached.
#[derive(Args, Clone, Debug)]
pub struct ClientArgs {
    /// The stream's name
    #[arg(value_name = "STREAM", value_parser = parse_stream)]
    pub stream: String,

    /// The stream's region [default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's]
    #[arg(long, value_name = "REGION", help_heading = "Kinesis")]
    pub region: Option<String>,

    /// Where the service is, where it is not the region's own: http://localhost:4567
    #[arg(long, value_name = "URL", value_parser = parse_url, help_heading = "Kinesis")]
    pub endpoint: Option<String>,

    /// The profile of ~/.aws/config and ~/.aws/credentials [default: AWS_PROFILE, or default]
    #[arg(long, value_name = "NAME", help_heading = "Kinesis")]
    pub profile: Option<String>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Kinesis")]
    pub ca: Option<PathBuf>,

    /// The time for a request and its answer
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "Kinesis")]
    pub timeout: Duration,
}

fn parse_stream(text: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    match (1..=128).contains(&text.len()) && text.chars().all(is_name) {
        true => Ok(text.to_owned()),
        false => Err("a stream's name has up to 128 letters, digits and _ . -".to_owned()),
    }
}

/// An address of HTTP without a path.
pub fn parse_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}: an address is as https://host:port"))?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let Some(authority) = uri.authority().filter(|_| is_http) else {
        return Err("an address is as http://host:port or https://host:port".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("a password in an address is seen by everybody: credentials come from the environment, or \
                    ~/.aws/credentials"
            .to_owned());
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err("the service is at an address without a path".to_owned());
    }
    Ok(format!("{}://{authority}", uri.scheme_str().unwrap_or_default()))
}

impl ClientArgs {
    /// A client, which keeps so many connections, and has spoken to nobody yet.
    ///
    /// # Errors
    /// Wrong usage: a region that nobody says, files that cannot be read.
    pub fn client(&self, connections: usize, console: Console) -> Result<Client, ToolError> {
        let environment: Environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>()
            .into();
        let profiles = Profiles::of(&environment, self.profile.as_deref());
        let endpoint = match &self.endpoint {
            Some(url) => Some(url.clone()),
            None => ["AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL"]
                .iter()
                .find_map(|name| Some((name, environment.get(name)?)))
                .map(|(name, url)| parse_url(url).map_err(|error| ToolError::Usage(format!("{name}: {error}"))))
                .transpose()?,
        };
        let region = self
            .region
            .clone()
            .or_else(|| environment.get("AWS_REGION").map(str::to_owned))
            .or_else(|| environment.get("AWS_DEFAULT_REGION").map(str::to_owned))
            .or_else(|| profiles.region())
            // What stands in for the service has none, or takes any.
            .or_else(|| endpoint.is_some().then(|| "us-east-1".to_owned()))
            .ok_or_else(|| ToolError::Usage("which region? give --region, or set AWS_REGION".to_owned()))?;
        let agent = sstream_tls::ureq::agent(self.ca.as_deref(), self.timeout, connections)?;
        let service = Service::new(self.stream.clone(), region, endpoint);
        Ok(Client::new(agent, service, Provider::new(environment, profiles), console))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        assert_eq!(parse_stream("web-log_1.a"), Ok("web-log_1.a".to_owned()));
        assert!(parse_stream("").is_err() && parse_stream("a/b").is_err());
        assert_eq!(parse_url("http://localhost:4567/"), Ok("http://localhost:4567".to_owned()));
        for (wrong, says) in [
            ("localhost:4567", "http://host"),
            ("http://a:b@host", "credentials"),
            ("https://host/path", "without a path"),
            ("ftp://host", "http://host"),
        ] {
            let error = parse_url(wrong).unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
