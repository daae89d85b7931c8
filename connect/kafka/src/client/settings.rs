//! Properties of the client: those that sstream sets, then `--properties FILE`, then
//! `-X`, each over the one before.

use std::fs;
use std::path::{Path, PathBuf};

use super::KafkaError;

/// What the user said about the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `--brokers`: HOST:PORT, several with commas.
    pub brokers: String,
    /// `--properties`: a file of properties.
    pub file: Option<PathBuf>,
    /// `-X key=value`.
    pub properties: Vec<Property>,
}

/// A property of librdkafka and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name, as `linger.ms`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Properties whose values must not be on a command line, which every user of
/// the machine can read.
const SECRETS: &[&str] = &[
    "sasl.password",
    "ssl.key.password",
    "ssl.keystore.password",
    "ssl.key.pem",
    "ssl_key",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
];

/// Properties on which the guarantees rest, or for which there is an option.
const TAKEN: &[(&str, &str)] = &[
    ("bootstrap.servers", "give --brokers"),
    ("metadata.broker.list", "give --brokers"),
    ("group.id", "give --group, to a source"),
    ("transactional.id", "it follows from the checkpoint"),
    ("enable.auto.commit", "the checkpoint owns the offsets"),
    ("enable.auto.offset.store", "the checkpoint owns the offsets"),
    ("auto.offset.reset", "give --from, and --on-loss"),
    ("enable.partition.eof", "the source needs it as it is"),
    ("isolation.level", "give --isolation"),
    ("partitioner", "give --partitioner"),
    ("compression.type", "give --compression"),
    ("compression.codec", "give --compression"),
    ("enable.idempotence", "the sink is idempotent"),
    ("delivery.report.only.error", "the sink needs it as it is"),
];

impl std::str::FromStr for Property {
    type Err = String;

    /// Parses `name=value`.
    fn from_str(text: &str) -> Result<Property, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Property { name: name.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("a property is name=value, as in linger.ms=50".to_owned()),
        }
    }
}

impl Settings {
    /// The user's properties with the place of each, for messages, in the order
    /// in which they are to be set.
    ///
    /// # Errors
    /// A file that cannot be read or has a line that is no property; a property
    /// that is not the user's to set; a secret given by `-X`.
    pub fn properties(&self) -> Result<Vec<(String, Property)>, KafkaError> {
        let mut all = match &self.file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|error| KafkaError::file(path, &error))?;
                parse_file(path, text.trim_start_matches('\u{feff}'))?
            }
            None => Vec::new(),
        };
        for property in &self.properties {
            if SECRETS.contains(&property.name.as_str()) {
                let message =
                    "every user of this machine can read a command line: put it into a file, for --properties";
                return Err(refused("-X", &property.name, message));
            }
            all.push(("-X".to_owned(), property.clone()));
        }
        for (place, property) in &all {
            if let Some((_, advice)) = TAKEN.iter().find(|(name, _)| *name == property.name) {
                return Err(refused(place, &property.name, advice));
            }
        }
        Ok(all)
    }
}

fn refused(place: &str, name: &str, message: &str) -> KafkaError {
    KafkaError::Property { place: place.to_owned(), name: name.to_owned(), message: message.to_owned() }
}

/// `name=value` lines, blank lines, and comments that begin with `#`.
fn parse_file(path: &Path, text: &str) -> Result<Vec<(String, Property)>, KafkaError> {
    let mut properties = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("--properties {}, line {}", path.display(), index + 1);
        let property = line
            .parse()
            // The line may be a secret.
            .map_err(|reason: String| refused(&place, "not a property", &reason))?;
        properties.push((place, property));
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::{Exit, Failure as _};

    fn settings(properties: &[&str]) -> Settings {
        let properties = properties.iter().map(|text| text.parse().unwrap()).collect();
        Settings { brokers: "localhost:9092".to_owned(), file: None, properties }
    }

    #[test]
    fn options_come_after_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("client.properties");
        fs::write(&path, "# TLS\nsecurity.protocol=SASL_SSL\n\n sasl.password = a=b \nlinger.ms=5\n").unwrap();
        let settings = Settings { file: Some(path), ..settings(&["linger.ms=50"]) };
        let all: Vec<_> =
            settings.properties().unwrap().into_iter().map(|(_, Property { name, value })| (name, value)).collect();
        let expected =
            [("security.protocol", "SASL_SSL"), ("sasl.password", "a=b"), ("linger.ms", "5"), ("linger.ms", "50")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn secrets_and_what_others_set_are_refused() {
        for (property, says) in [
            ("sasl.password=x", "-X: sasl.password: every user of this machine can read"),
            ("group.id=g", "-X: group.id: give --group"),
            ("enable.auto.commit=true", "the checkpoint owns the offsets"),
        ] {
            let error = settings(&[property]).properties().unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert_eq!(error.exit(), Exit::Usage);
        }
        assert!("linger.ms".parse::<Property>().is_err());
        assert!("=5".parse::<Property>().is_err());
    }

    #[test]
    fn a_bad_line_is_named_and_not_shown() {
        let error = parse_file(Path::new("secrets"), "a=b\nhunter2\n").unwrap_err().to_string();
        assert!(error.contains("secrets, line 2") && !error.contains("hunter2"), "{error}");
        let missing = Settings { file: Some("/nowhere/client".into()), ..settings(&[]) };
        assert_eq!(missing.properties().unwrap_err().exit(), Exit::World);
    }
}
