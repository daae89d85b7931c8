//! `files`: a file a batch.

use clap::Args;

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::args::FileArgs;
use crate::cli::cluster::Target;
use crate::cli::guarantee::SinkGuarantee;
use crate::flow::LineForm;
use crate::sink::Sink;
use crate::sink::kinds::files::Layout;

/// A file a batch, PREFIX-TIME_IN_MS[.SUFFIX], whole or not there
///
/// The directory must be there. A batch is written under a temporary name
/// that begins with a dot, synced and renamed; a file of that name is
/// replaced, as the same batch comes again after a restart. An empty batch
/// has no file. A URL (s3:// gs:// az:// hdfs://) is written to by sstream-sink objects, a connector that files becomes.
///
/// With --layout spark a batch is a directory PREFIX-TIME_IN_MS[.SUFFIX], as Spark's saveAsTextFiles makes it: its lines
/// are in part-00000, and _SUCCESS is in it from the moment on at which it is seen. An empty batch has one too. A
/// directory of that name is replaced as a whole, if it has a _SUCCESS.
#[derive(Args, Debug)]
pub struct FilesArgs {
    #[command(flatten)]
    files: FileArgs,

    /// Every record as JSON, one a line, strings too
    #[arg(long)]
    json: bool,
}

pub const NAME: &str = "files";

impl BuiltIn for FilesArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        match self.files.layout {
            Layout::Spark => "writes a directory a batch, as Spark does, whole or not there",
            Layout::Files => "writes a file a batch, whole or not there",
        }
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(SinkGuarantee::ExactlyOnce("whatever dies"))
    }

    fn target(&self) -> Result<Target, String> {
        let FilesArgs { files, json } = self;
        if files.names()?.layout() == Layout::Spark {
            return Err("--layout spark: on a cluster a batch is a file".to_owned());
        }
        Ok(Target::Files {
            prefix: files.prefix.display().to_string(),
            suffix: files.suffix.clone(),
            json: *json,
            empty: files.empty,
        })
    }

    fn open<'a>(&self, _: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let form = if self.json { LineForm::Json } else { LineForm::Text };
        Ok(Box::new(self.files.open(form)?))
    }
}
