//! Profiles in `~/.aws/credentials` and `~/.aws/config`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sstream::connect::Secret;

use super::{Credentials, Environment};

/// A profile, and where it is looked for.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Its name.
    name: String,
    /// The user has named it, so that nobody else is asked.
    pub is_named: bool,
    credentials: PathBuf,
    config: PathBuf,
}

impl Profiles {
    /// The one of this name, or of the environment's.
    pub fn of(environment: &Environment, name: Option<&str>) -> Profiles {
        let home = PathBuf::from(environment.get("HOME").unwrap_or_default());
        let file = |variable: &str, name: &str| match environment.get(variable) {
            Some(path) => PathBuf::from(path),
            None => home.join(".aws").join(name),
        };
        Profiles {
            name: name.or_else(|| environment.get("AWS_PROFILE")).unwrap_or("default").to_owned(),
            is_named: name.is_some(),
            credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            config: file("AWS_CONFIG_FILE", "config"),
        }
    }

    /// Where it is looked for, in words.
    pub fn place(&self) -> String {
        format!("profile {} of {}", self.name, self.credentials.display())
    }

    /// The region that it says.
    pub fn region(&self) -> Option<String> {
        self.settings().remove("region")
    }

    /// Its keys; none where it has none, or is not there and was not named.
    ///
    /// # Errors
    /// It was named, and has none; or it has them in a way that is not ours.
    pub fn credentials(&self) -> Result<Option<Credentials>, String> {
        let mut settings = self.settings();
        let secret = settings.remove("aws_secret_access_key").map(Secret::from);
        if let (Some(key_id), Some(secret)) = (settings.remove("aws_access_key_id"), secret) {
            let token = settings.remove("aws_session_token").map(Secret::from);
            return Ok(Some(Credentials { key_id, secret, token, expires: None }));
        }
        let other = ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"];
        if let Some(way) = other.into_iter().find(|way| settings.contains_key(*way)) {
            return Err(format!(
                "profile {}: {way} is a way that this tool does not know: `aws configure export-credentials \
                 --profile {} --format env` gives keys for the environment",
                self.name, self.name
            ));
        }
        match self.is_named {
            true => Err(format!("{}: there is no aws_access_key_id and aws_secret_access_key", self.place())),
            false => Ok(None),
        }
    }

    /// What both files say of it; the first one counts more.
    fn settings(&self) -> BTreeMap<String, String> {
        // A file that cannot be read says nothing.
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let mut settings = section(&read(&self.config), &format!("profile {}", self.name));
        if self.name == "default" {
            settings.extend(section(&read(&self.config), "default"));
        }
        settings.extend(section(&read(&self.credentials), &self.name));
        settings
    }
}

/// The settings of a section.
fn section(text: &str, name: &str) -> BTreeMap<String, String> {
    let (mut settings, mut is_ours) = (BTreeMap::new(), false);
    for line in text.lines() {
        // What is indented belongs to the setting above it, and is none of ours.
        if line.starts_with(['#', ';', ' ', '\t']) {
            continue;
        }
        if let Some(header) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_ours = header.split_whitespace().eq(name.split_whitespace());
        } else if let Some((key, value)) = line.split_once('=').filter(|_| is_ours) {
            settings.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(folder: &std::path::Path, name: Option<&str>) -> Profiles {
        let home = BTreeMap::from([("HOME".to_owned(), folder.display().to_string())]);
        Profiles::of(&Environment::from(home), name)
    }

    #[test]
    fn both_files_are_read() {
        let folder = std::env::temp_dir().join(format!("sstream-profiles-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".aws")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(".aws").join(name), text).unwrap();
        write(
            "credentials",
            "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=b=c\n\n[ other ]\naws_access_key_id = O\n\
             aws_secret_access_key = o\naws_session_token = t\n",
        );
        write(
            "config",
            "[default]\nregion = eu-west-1\ns3 =\n  region = none\n[profile other]\nregion=us-west-2\n[profile role]\n\
             role_arn = arn\n",
        );
        let default = profiles(&folder, None);
        let given = default.credentials().unwrap().unwrap();
        assert_eq!((given.key_id.as_str(), given.secret.reveal()), ("A", "b=c"));
        assert_eq!(default.region().as_deref(), Some("eu-west-1"));
        let other = profiles(&folder, Some("other"));
        assert_eq!(other.credentials().unwrap().unwrap().token.unwrap().reveal(), "t");
        assert_eq!(other.region().as_deref(), Some("us-west-2"));
        for (name, says) in [("role", "role_arn"), ("none", "no aws_access_key_id")] {
            let error = profiles(&folder, Some(name)).credentials().unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(profiles(&folder, None).credentials().unwrap().is_none());
    }
}
