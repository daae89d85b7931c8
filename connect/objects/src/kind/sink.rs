//! Options of the sink.

use std::path::Path;

use clap::Args;
use sstream::connect::files::FileNames;
use sstream::connect::{LineForm, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError, duration};
use sstream_tables::patience::Patience;

use crate::args::StoreArgs;
use crate::content::Batch;
use crate::place::Place;
use crate::sink::ObjectSink;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    /// The bucket, the folder, and how the names begin: s3://results/hourly/count
    #[arg(value_name = "URL", value_parser = parse_prefix)]
    prefix: Place,

    /// How the names end, behind a dot
    suffix: Option<String>,

    /// Every record as JSON, one a line, strings too
    #[arg(long, help_heading = "Objects")]
    json: bool,

    /// An empty batch is an empty object
    #[arg(long, help_heading = "Objects")]
    empty: bool,

    #[command(flatten)]
    store: StoreArgs,

    /// How much of a batch is held in memory until its end has come; what is more goes to a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "Memory")]
    memory: usize,
}

fn parse_prefix(text: &str) -> Result<Place, String> {
    let place = Place::parse(text)?;
    match text.ends_with('/') || place.path.is_empty() {
        true => Err(format!("it ends without a name for objects: as in {}/batch", text.trim_end_matches('/'))),
        false => Ok(place),
    }
}

impl SinkArgs {
    fn names(&self) -> Result<FileNames, String> {
        FileNames::new(Path::new(&self.prefix.path), self.suffix.as_deref())
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-objects";

    const ABOUT: &'static str = "Objects of S3, Google Cloud Storage and Azure, and files of HDFS: what files is for a URL

An object a batch, URL-TIME_IN_MS[.SUFFIX], whole or not there. It is put under its name on the condition that there is none; a \
                                 batch that comes again after a restart finds itself there. Large batches go in parts. In HDFS a batch is \
                                 written under a name that begins with a dot, and renamed. An empty batch has no object. A store that is away is \
                                 waited for. Credentials come by the usual chains.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink files s3://results/hourly/count jsonl --json     # hourly/count-1469283110000.jsonl, …
  … | sstream-sink objects s3://results/errors --endpoint http://localhost:9000
  … | sstream-sink files hdfs://namenode:9000/results/errors log
";

    const DOES: &'static str = "writes an object a batch, whole or not there";

    fn check(&self) -> Result<(), String> {
        self.names()?;
        self.store.check(&self.prefix)
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::ExactlyOnce("by the name of its batch")
    }

    /// An object has the name of its batch.
    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Whole
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let names = self.names().map_err(ToolError::Usage)?;
        let SinkParts { console, stop, waited, .. } = parts;
        let form = if self.json { LineForm::Json } else { LineForm::Text };
        Ok(Box::new(ObjectSink {
            store: self.store.store(&self.prefix)?,
            batch: Batch::new(form, self.memory),
            keeps_empty: self.empty,
            patience: Patience::new("objects".to_owned(), console.clone(), stop, waited, self.store.retry_for),
            place: self.prefix,
            names,
            console,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_with_a_name() {
        assert_eq!(parse_prefix("s3://b/x").unwrap().path, "x");
        for wrong in ["s3://b", "s3://b/", "s3://b/x/"] {
            assert!(parse_prefix(wrong).unwrap_err().contains("as in s3://b"), "{wrong}");
        }
    }
}
