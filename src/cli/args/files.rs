//! Options of sinks that write a file a batch.

use std::path::PathBuf;

use clap::Args;

use crate::cli::ToolError;
use crate::sink::kinds::files::{Content, FileNames, Files, Layout};

/// Where batches become files, and how these are called.
#[derive(Args, Clone, Debug)]
pub struct FileArgs {
    /// The directory, and how the names begin
    pub prefix: PathBuf,

    /// How the names end, behind a dot
    pub suffix: Option<String>,

    /// An empty batch has a file too
    #[arg(long)]
    pub empty: bool,

    /// What a batch is: a file, or as Spark has it a directory with part-00000 and _SUCCESS, of an empty batch too
    #[arg(long, value_enum, value_name = "files|spark", default_value = "files", hide_possible_values = true)]
    pub layout: Layout,
}

impl FileArgs {
    /// How the files are called.
    ///
    /// # Errors
    /// What is wrong with the prefix or the suffix.
    pub fn names(&self) -> Result<FileNames, String> {
        Ok(FileNames::new(&self.prefix, self.suffix.as_deref())?.in_layout(self.layout))
    }

    /// The sink that writes them, of what is in each.
    ///
    /// # Errors
    /// The names are none (exit 2), or the directory is not there or not writable.
    pub fn open<C: Content>(&self, content: C) -> Result<Files<C>, ToolError> {
        let names = self.names().map_err(ToolError::Usage)?;
        let what = format!("directory {}, which must be there and writable", names.directory().display());
        Files::open(names, content, self.empty).map_err(|error| ToolError::Open { what, error })
    }
}
