//! Options that source and sink have in common, and the stores that they lead to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ClientOptions, CredentialProvider, RetryConfig};
use sstream::connect::{ToolError, duration};
use sstream_aws::credentials::{Environment, NoCredentials, Profiles, Provider};

use crate::clouds::Clouds;
use crate::hdfs::Hdfs;
use crate::place::{Place, Scheme};
use crate::store::Store;

/// How a store is reached.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// Where the service is, where it is not the cloud's own: http://localhost:9000 [default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL", help_heading = "Objects")]
    endpoint: Option<String>,

    /// The region of S3 [default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's]
    #[arg(long, value_name = "REGION", help_heading = "Objects")]
    region: Option<String>,

    /// The profile of ~/.aws/config and ~/.aws/credentials [default: AWS_PROFILE, or default]
    #[arg(long, value_name = "NAME", help_heading = "Objects")]
    profile: Option<String>,

    /// The storage account of Azure [default: AZURE_STORAGE_ACCOUNT_NAME]
    #[arg(long, value_name = "NAME", help_heading = "Objects")]
    account: Option<String>,

    /// Believe servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Objects")]
    ca: Option<PathBuf>,

    /// A server that says nothing for so long is away
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "Objects")]
    timeout: Duration,

    /// Give up (exit 1) when nothing could be done for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Objects")]
    pub retry_for: Option<Duration>,
}

/// An address of HTTP, with nothing in it that is a secret.
fn parse_endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        None | Some("") => Err("an address is as http://host:port or https://host:port".to_owned()),
        Some(rest) if rest.contains('@') || rest.contains('?') => {
            Err("who we are is no part of an address, which everybody sees: it comes from the environment".to_owned())
        }
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
    }
}

impl StoreArgs {
    /// Options that are not this store's.
    ///
    /// # Errors
    /// Which, and of which one it is.
    pub fn check(&self, place: &Place) -> Result<(), String> {
        place.check()?;
        if let Some(endpoint) = &self.endpoint {
            parse_endpoint(endpoint).map_err(|error| format!("--endpoint: {error}"))?;
        }
        let given = [
            (self.region.is_some(), "--region", &[Scheme::S3][..]),
            (self.profile.is_some(), "--profile", &[Scheme::S3]),
            (self.account.is_some(), "--account", &[Scheme::Az]),
            (self.endpoint.is_some(), "--endpoint", &[Scheme::S3, Scheme::Gs, Scheme::Az]),
            (self.ca.is_some(), "--ca", &[Scheme::S3, Scheme::Gs, Scheme::Az]),
        ];
        match given.iter().find(|(given, _, of)| *given && !of.contains(&place.scheme)) {
            Some((_, option, _)) => Err(format!("{option} is not for {}://: leave it out", place.scheme.name())),
            None => Ok(()),
        }
    }

    /// A client of the place's store, which has spoken to nobody yet.
    ///
    /// # Errors
    /// Wrong usage: what is missing, or does not go together; files that cannot be read.
    pub fn store(&self, place: &Place) -> Result<Arc<dyn Store>, ToolError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let failed = |error| ToolError::Open { what: "threads".to_owned(), error };
        let runtime = Arc::new(runtime.map_err(failed)?);
        let wrong = |error: object_store::Error| ToolError::Usage(format!("{place}: {error}"));
        let root = place.root();
        Ok(match place.scheme {
            Scheme::S3 => {
                let store = self.s3()?.with_bucket_name(&place.bucket).with_retry(once()).build().map_err(wrong)?;
                Arc::new(Clouds::new(runtime, store, root))
            }
            Scheme::Gs => {
                let mut builder = GoogleCloudStorageBuilder::from_env()
                    .with_bucket_name(&place.bucket)
                    .with_http_connector(self.connector()?)
                    .with_retry(once());
                if let Some(endpoint) = &self.endpoint {
                    builder = builder.with_base_url(endpoint);
                }
                Arc::new(Clouds::new(runtime, builder.build().map_err(wrong)?, root))
            }
            Scheme::Az => {
                let mut builder = MicrosoftAzureBuilder::from_env()
                    .with_container_name(&place.bucket)
                    .with_http_connector(self.connector()?)
                    .with_retry(once());
                if let Some(account) = &self.account {
                    builder = builder.with_account(account);
                }
                if let Some(endpoint) = &self.endpoint {
                    builder = builder.with_endpoint(endpoint.clone());
                }
                Arc::new(Clouds::new(runtime, builder.build().map_err(wrong)?, root))
            }
            Scheme::Hdfs => {
                // Of several NameNodes each is asked; who is away is waited for by us.
                let settings = [
                    ("dfs.client.socket-timeout", self.timeout.as_millis().to_string()),
                    ("dfs.client.failover.max.attempts", "3".to_owned()),
                    ("dfs.client.failover.sleep.base.millis", "100".to_owned()),
                    ("dfs.client.failover.sleep.max.millis", "1000".to_owned()),
                ];
                let builder = hdfs_native::ClientBuilder::new().with_io_runtime(runtime.handle().clone());
                let builder = builder.with_config(settings);
                let builder = if place.bucket.is_empty() { builder } else { builder.with_url(&root) };
                let client = builder.build().map_err(|error| ToolError::Usage(format!("{place}: {error}")))?;
                Arc::new(Hdfs::new(runtime, client, root))
            }
        })
    }

    fn s3(&self) -> Result<AmazonS3Builder, ToolError> {
        let environment: Environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>()
            .into();
        let profiles = Profiles::of(&environment, self.profile.as_deref());
        let variable = |names: &[&str]| names.iter().find_map(|name| environment.get(name)).map(str::to_owned);
        let endpoint = match &self.endpoint {
            Some(endpoint) => Some(endpoint.trim_end_matches('/').to_owned()),
            None => variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
                .map(|url| parse_endpoint(&url).map_err(|error| ToolError::Usage(format!("AWS_ENDPOINT_URL: {error}"))))
                .transpose()?,
        };
        let region = self.region.clone().or_else(|| variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
        let region = region.or_else(|| profiles.region()).or_else(|| {
            // What stands in for the service has none, or takes any.
            endpoint.is_some().then(|| "us-east-1".to_owned())
        });
        let region =
            region.ok_or_else(|| ToolError::Usage("which region? give --region, or set AWS_REGION".to_owned()))?;
        let mut builder = AmazonS3Builder::from_env().with_region(region).with_http_connector(self.connector()?);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        // That way of being somebody is object_store's.
        let by_web = self.profile.is_none()
            && environment.get("AWS_ACCESS_KEY_ID").is_none()
            && environment.get("AWS_WEB_IDENTITY_TOKEN_FILE").is_some();
        match by_web {
            true => Ok(builder),
            false => Ok(builder.with_credentials(Arc::new(Chain(Arc::new(Provider::new(environment, profiles)))))),
        }
    }

    fn connector(&self) -> Result<Connector, ToolError> {
        let tls = sstream_tls::client(self.ca.as_deref())?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(self.timeout)
            .read_timeout(self.timeout)
            .user_agent(concat!("sstream/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|error| ToolError::Usage(format!("HTTP: {error}")))?;
        Ok(Connector(client))
    }
}

/// What fails is told, and tried again by us.
fn once() -> RetryConfig {
    RetryConfig { max_retries: 1, retry_timeout: Duration::from_secs(10), backoff: BackoffConfig::default() }
}

/// The client of HTTP that all stores of the cloud are reached by: it believes whom `--ca` says.
#[derive(Clone, Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The usual chain of credentials.
#[derive(Debug)]
struct Chain(Arc<Provider>);

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let provider = self.0.clone();
        // Containers and instances are asked by requests of its own.
        let given = tokio::task::spawn_blocking(move || provider.get()).await?;
        let given = given.map_err(|error| match error {
            NoCredentials::Passing(message) => object_store::Error::Generic { store: "S3", source: message.into() },
            NoCredentials::Final(message) => {
                object_store::Error::Unauthenticated { path: String::new(), source: message.into() }
            }
        })?;
        Ok(Arc::new(AwsCredential {
            key_id: given.key_id.clone(),
            secret_key: given.secret.reveal().to_owned(),
            token: given.token.as_ref().map(|token| token.reveal().to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_secrets() {
        assert_eq!(parse_endpoint("http://localhost:9000/"), Ok("http://localhost:9000".to_owned()));
        for wrong in ["localhost:9000", "http://a:hunter2@host", "https://h/?sig=hunter2", "http://"] {
            let error = parse_endpoint(wrong).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
