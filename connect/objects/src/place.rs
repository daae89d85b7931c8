//! URLs: `s3://bucket/logs/in`, `gs://…`, `az://container/…`, `hdfs://namenode:9000/…`.

use std::fmt;

/// What a URL's scheme stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// S3, and what speaks as it does.
    S3,
    /// Google Cloud Storage.
    Gs,
    /// Azure Blob Storage.
    Az,
    /// HDFS.
    Hdfs,
}

impl Scheme {
    const ALL: [Scheme; 4] = [Scheme::S3, Scheme::Gs, Scheme::Az, Scheme::Hdfs];

    /// As URLs begin.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::S3 => "s3",
            Scheme::Gs => "gs",
            Scheme::Az => "az",
            Scheme::Hdfs => "hdfs",
        }
    }
}

/// A URL, in which the path may be a pattern, or the beginning of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of which store.
    pub scheme: Scheme,
    /// The bucket, the container, or the NameNode: of HDFS it may be empty, which is that of its configuration.
    pub bucket: String,
    /// What stands behind it, without a slash at the beginning.
    pub path: String,
}

impl Place {
    /// Reads one, as an option's value: the error says what is wrong.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Place, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let Some(scheme) = Scheme::ALL.into_iter().find(|known| known.name() == scheme) else {
            return Err("a URL begins with s3://, gs://, az:// or hdfs://: give all in one kind, URLs or local paths"
                .to_owned());
        };
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() && scheme != Scheme::Hdfs {
            return Err(format!("there is no bucket: a URL is as {}://bucket/path", scheme.name()));
        }
        if bucket.contains(['*', '?', '[', '{']) {
            return Err("a pattern begins behind the bucket: give a URL for each".to_owned());
        }
        Ok(Place { scheme, bucket: bucket.to_owned(), path: path.trim_matches('/').to_owned() })
    }

    /// What is no part of a URL, and is not told.
    ///
    /// # Errors
    /// It is one that everybody sees.
    pub fn check(&self) -> Result<(), String> {
        if self.bucket.contains('@') {
            return Err(
                "who we are is no part of a URL, which everybody sees: it comes from the environment".to_owned()
            );
        }
        match self.scheme == Scheme::Az && self.path.contains('?') && self.path.contains("sig=") {
            true => Err("a signature in a URL is seen by everybody: set AZURE_STORAGE_SAS_KEY".to_owned()),
            false => Ok(()),
        }
    }

    /// The URL without its path: what is reached by one client.
    pub fn root(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.bucket)
    }

    /// The URL of a path in the same bucket.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.root())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_secrets_refused() {
        let place = Place::parse("s3://logs/in/*.gz").unwrap();
        assert_eq!((place.bucket.as_str(), place.path.as_str()), ("logs", "in/*.gz"));
        assert_eq!(Place::parse("s3://logs").unwrap().path, "");
        assert_eq!(Place::parse("hdfs:///in/").unwrap().to_string(), "hdfs:///in");
        assert_eq!(Place::parse("az://c/a/b/").unwrap().url("x"), "az://c/x");
        for (wrong, says) in [
            ("in", "URLs or local paths"),
            ("https://h/in", "begins with s3://"),
            ("s3:///in", "no bucket"),
            ("s3://k:hunter2@b/in", "no part of a URL"),
            ("s3://b*/in", "behind the bucket"),
            ("az://c/in?sv=1&sig=hunter2", "AZURE_STORAGE_SAS_KEY"),
        ] {
            let error = Place::parse(wrong).and_then(|place| place.check()).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }
}
