//! Connection strings, as `mongodb://user@host:port,host/database?replicaSet=name`.

use sstream_tls::stream::Host;

/// Where servers listen, unless told.
pub const PORT: u16 = 27017;

/// What a connection string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Servers, of which one at least can be reached: the others are told by it.
    pub hosts: Vec<Host>,
    /// Who logs in.
    pub user: Option<String>,
    /// The database, where none is told by an option.
    pub database: Option<String>,
    /// The database that knows the user.
    pub source: String,
    /// The name of the replica set, if it is to be that one.
    pub set: Option<String>,
    /// Whether TLS is spoken.
    pub is_tls: bool,
    /// Whether the server that is named is to be taken, whatever others it knows.
    pub is_direct: bool,
}

const FORM: &str = "an address is as mongodb://host:27017/database";

impl Url {
    /// Reads a connection string.
    ///
    /// # Errors
    /// What is wrong with it; never a password that is in it.
    pub fn parse(text: &str) -> Result<Url, String> {
        let form = || FORM.to_owned();
        if text.starts_with("mongodb+srv://") {
            return Err(
                "mongodb+srv:// asks the DNS for servers: name them, as mongodb://host1,host2/database?tls=true"
                    .to_owned(),
            );
        }
        let rest = text.strip_prefix("mongodb://").ok_or_else(form)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password in an address is seen by everybody: give --password-file FILE".to_owned());
        }
        let hosts: Option<Vec<Host>> = hosts.split(',').map(|host| Host::parse(host, PORT)).collect();
        let database = Some(decoded(database).ok_or_else(form)?).filter(|database| !database.is_empty());
        let mut url = Url {
            hosts: hosts.ok_or_else(form)?,
            user: user.map(|user| decoded(user).ok_or_else(form)).transpose()?.filter(|user| !user.is_empty()),
            database,
            source: "admin".to_owned(),
            set: None,
            is_tls: false,
            is_direct: false,
        };
        for (name, value) in
            query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
        {
            url.set(name, decoded(value).ok_or_else(form)?)?;
        }
        if url.is_direct && url.hosts.len() > 1 {
            return Err("directConnection=true is for one host".to_owned());
        }
        Ok(url)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        let is = |value: &str| match value {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("{name} is true or false")),
        };
        match name {
            "tls" | "ssl" => self.is_tls = is(&value)?,
            "directConnection" => self.is_direct = is(&value)?,
            "replicaSet" => self.set = Some(value),
            "authSource" => self.source = value,
            "authMechanism" if value == "SCRAM-SHA-256" => {}
            "authMechanism" => return Err(format!("{value}: a login is by SCRAM-SHA-256")),
            "w" | "wtimeoutMS" | "journal" => {
                return Err(format!("{name} is told by an option: see --write-concern, --journal and --timeout"));
            }
            "tlsCAFile" => return Err("tlsCAFile is told by an option: --ca FILE".to_owned()),
            "retryWrites" => return Err("what fails is tried again anyway: leave retryWrites out".to_owned()),
            _ => {
                return Err(format!(
                    "{name} is not known: tls, replicaSet, authSource, authMechanism and directConnection are"
                ));
            }
        }
        Ok(())
    }
}

/// A part of an address, with what is behind `%`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? << 4 | digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_addresses_say() {
        let url =
            Url::parse("mongodb://ann%40home@a,b:7,[::1]:8/shop%20one?replicaSet=rs&tls=true&authSource=shop").unwrap();
        let hosts: Vec<String> = url.hosts.iter().map(Host::to_string).collect();
        assert_eq!(hosts, ["a:27017", "b:7", "[::1]:8"]);
        assert_eq!((url.user.as_deref(), url.database.as_deref()), (Some("ann@home"), Some("shop one")));
        assert_eq!((url.source.as_str(), url.set.as_deref(), url.is_tls), ("shop", Some("rs"), true));
        let plain = Url::parse("mongodb://h/?directConnection=true").unwrap();
        assert_eq!((plain.user, plain.database, plain.is_tls, plain.is_direct), (None, None, false, true));
        for (wrong, says) in [
            ("mongodb://ann:hunter2@h/db", "--password-file"),
            ("mongodb+srv://h/db", "host1,host2"),
            ("h:27017", FORM),
            ("mongodb://", FORM),
            ("mongodb:///db", FORM),
            ("mongodb://h:port", FORM),
            ("mongodb://::1", FORM),
            ("mongodb://a,,b", FORM),
            ("mongodb://h/%zz", FORM),
            ("mongodb://h/db?w=1", "--write-concern"),
            ("mongodb://h/db?tls=yes", "true or false"),
            ("mongodb://h/db?retryWrites=true", "anyway"),
            ("mongodb://h/db?compressors=zlib", "compressors is not known"),
            ("mongodb://h/db?authMechanism=PLAIN", "SCRAM-SHA-256"),
            ("mongodb://a,b/?directConnection=true", "one host"),
        ] {
            let error = Url::parse(wrong).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }
}
