//! Who we are: the usual chain of AWS, and what it gives as long as it holds.
//!
//! | in this order | where |
//! |---|---|
//! | environment | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` |
//! | profile | `~/.aws/credentials`, `~/.aws/config` ([`profile`]) |
//! | container | `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI` ([`endpoint`]) |
//! | instance | the metadata service, version 2 ([`endpoint`]) |
//!
//! Where a profile is named by `--profile`, the environment's keys are not asked.

pub mod endpoint;
pub mod profile;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sstream::connect::Secret;

pub use profile::Profiles;

/// New ones are fetched so long before these expire.
const BEFORE: Duration = Duration::from_secs(5 * 60);

/// Where that did not work, it is tried again this often while the old ones hold.
const AGAIN: Duration = Duration::from_secs(60);

/// Keys that sign requests.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The access key's ID, which is no secret.
    pub key_id: String,
    /// The access key.
    pub secret: Secret,
    /// Of temporary keys what goes with them.
    pub token: Option<Secret>,
    /// Of temporary keys the time after which they are none.
    pub expires: Option<SystemTime>,
}

impl Credentials {
    /// Whether others are no newer than these.
    pub fn is_same(&self, other: &Credentials) -> bool {
        self.key_id == other.key_id && self.secret == other.secret && self.token == other.token
    }
}

/// Why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCredentials {
    /// There were some, and new ones cannot be had now.
    Passing(String),
    /// Nobody has any.
    Final(String),
}

/// The variables of the environment, of which some are secrets.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl From<BTreeMap<String, String>> for Environment {
    fn from(variables: BTreeMap<String, String>) -> Self {
        Environment(variables)
    }
}

impl Environment {
    /// One that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn keys(&self) -> Option<Credentials> {
        let secret = |name: &str| self.get(name).map(|value| Secret::from(value.to_owned()));
        Some(Credentials {
            key_id: self.get("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret: secret("AWS_SECRET_ACCESS_KEY")?,
            token: secret("AWS_SESSION_TOKEN"),
            expires: None,
        })
    }
}

/// Gives credentials, and fetches new ones in time.
#[derive(Debug)]
pub struct Provider {
    environment: Environment,
    profiles: Profiles,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    credentials: Option<Arc<Credentials>>,
    /// When new ones were to be had last, and were not.
    failed: Option<SystemTime>,
}

impl Provider {
    /// Asks nobody yet.
    pub fn new(environment: Environment, profiles: Profiles) -> Provider {
        Provider { environment, profiles, held: Mutex::default() }
    }

    /// Those that hold now.
    ///
    /// # Errors
    /// There are none.
    pub fn get(&self) -> Result<Arc<Credentials>, NoCredentials> {
        self.at(SystemTime::now(), || self.fetch())
    }

    /// Newer ones than these, if there are any: the service does not take these any more.
    ///
    /// # Errors
    /// There are none.
    pub fn renew(&self, refused: &Credentials) -> Result<Arc<Credentials>, NoCredentials> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(newer) = held.credentials.clone().filter(|newer| !newer.is_same(refused)) {
            return Ok(newer);
        }
        let fetched = self.fetch().map(Arc::new).map_err(NoCredentials::Passing)?;
        held.credentials = Some(fetched.clone());
        Ok(fetched)
    }

    fn at(
        &self,
        now: SystemTime,
        fetch: impl FnOnce() -> Result<Credentials, String>,
    ) -> Result<Arc<Credentials>, NoCredentials> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.credentials.as_ref().map(|held| match held.expires {
            Some(expires) => expires.duration_since(now).unwrap_or_default(),
            None => Duration::MAX,
        });
        let has_failed = held.failed.is_some_and(|failed| now.duration_since(failed).unwrap_or_default() < AGAIN);
        if let Some(credentials) = &held.credentials
            && left.is_some_and(|left| left > BEFORE || (!left.is_zero() && has_failed))
        {
            return Ok(credentials.clone());
        }
        match fetch() {
            Ok(fetched) => {
                *held = Held { credentials: Some(Arc::new(fetched)), failed: None };
            }
            Err(message) if held.credentials.is_none() => return Err(NoCredentials::Final(message)),
            Err(message) if left.is_some_and(|left| left.is_zero()) => return Err(NoCredentials::Passing(message)),
            Err(_) => held.failed = Some(now),
        }
        held.credentials.clone().ok_or_else(|| NoCredentials::Final("no credentials".to_owned()))
    }

    /// Asks one after the other.
    fn fetch(&self) -> Result<Credentials, String> {
        let Provider { environment, profiles, .. } = self;
        if let Some(credentials) = environment.keys().filter(|_| !profiles.is_named) {
            return Ok(credentials);
        }
        if let Some(credentials) = profiles.credentials()? {
            return Ok(credentials);
        }
        if let Some(container) = endpoint::container(environment)? {
            return container.fetch();
        }
        if environment.get("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
            return Err("AWS_WEB_IDENTITY_TOKEN_FILE is set, and roles by web identity are none that this tool \
                        knows: give keys by the environment or a profile, or the pod an identity (EKS Pod Identity)"
                .to_owned());
        }
        endpoint::instance(environment).map_err(|message| {
            format!(
                "no credentials: not in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), not in {}, no \
                 container's (AWS_CONTAINER_CREDENTIALS_FULL_URI), and none of an instance: {message}",
                profiles.place()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn made(key_id: &str, expires_s: Option<u64>) -> Credentials {
        let expires = expires_s.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        Credentials { key_id: key_id.to_owned(), secret: Secret::from("s".to_owned()), token: None, expires }
    }

    #[test]
    fn new_ones_come_before_the_old_ones_expire() {
        let provider = Provider::new(Environment::default(), Profiles::default());
        let at = |seconds: u64, fetched: Result<Credentials, String>| {
            let given = provider.at(UNIX_EPOCH + Duration::from_secs(seconds), || fetched);
            given.map(|credentials| credentials.key_id.clone())
        };
        let none = || Err("away".to_owned());
        assert_eq!(at(0, none()), Err(NoCredentials::Final("away".to_owned())));
        assert_eq!(at(0, Ok(made("a", Some(1000)))), Ok("a".to_owned()));
        assert_eq!(at(600, none()), Ok("a".to_owned()), "nobody is asked");
        assert_eq!(at(710, none()), Ok("a".to_owned()), "they still hold");
        assert_eq!(at(720, Ok(made("b", Some(2000)))), Ok("a".to_owned()), "not asked again so soon");
        assert_eq!(at(1001, none()), Err(NoCredentials::Passing("away".to_owned())));
        assert_eq!(at(1002, Ok(made("b", None))), Ok("b".to_owned()));
        assert_eq!(at(1_000_000, none()), Ok("b".to_owned()), "for ever");
    }

    #[test]
    fn the_environment_comes_first_unless_a_profile_is_named() {
        let variables = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "hidden"), ("AWS_SESSION_TOKEN", "t")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment::from(BTreeMap::from(variables));
        let given = Provider::new(environment.clone(), Profiles::default()).get().unwrap();
        assert_eq!((given.key_id.as_str(), given.token.as_ref().map(Secret::reveal)), ("k", Some("t")));
        assert!(!format!("{given:?} {environment:?}").contains("hidden"));
        let named = Profiles::of(&environment, Some("missing"));
        let error = Provider::new(environment, named).get().unwrap_err();
        assert!(matches!(error, NoCredentials::Final(message) if message.contains("missing")));
    }
}
