//! What a first stage keeps for a restart.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::checkpoint::job::Retain;
use crate::checkpoint::name::check_source;
use crate::cli::ToolError;
use crate::cli::connector::remote::is_url;
use crate::source::engine::kept::OnLoss;

/// What a first stage keeps for a restart.
#[derive(Args, Clone, Debug)]
pub struct KeepArgs {
    /// Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]
    #[arg(long, value_name = "DIR", help_heading = "Checkpoint")]
    pub checkpoint: Option<PathBuf>,

    /// The source's name in the checkpoint, and the pipeline's where it is shown [default: its kind]
    #[arg(long, value_name = "NAME", value_parser = parse_source_name, help_heading = "Checkpoint")]
    pub name: Option<String>,

    /// Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]
    #[arg(long, value_name = "100|12h|all", value_parser = parse_retain, help_heading = "Checkpoint")]
    pub retain: Option<Retain>,

    /// What a restart needs and is gone (a file removed): fail, or skip it [default: fail]
    #[arg(long, value_enum, value_name = "fail|skip", help_heading = "Checkpoint")]
    pub on_loss: Option<OnLossArg>,
}

/// Choices of `--on-loss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnLossArg {
    /// Stop with exit code 5
    Fail,
    /// Leave it out, with a warning
    Skip,
}

impl KeepArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["checkpoint", "name", "retain", "on-loss"];

    /// Where the checkpoint is: the option, or SSTREAM_CHECKPOINT.
    pub fn dir(&self) -> Option<PathBuf> {
        let from_environment = || std::env::var_os("SSTREAM_CHECKPOINT").filter(|dir| !dir.is_empty());
        self.checkpoint.clone().or_else(|| from_environment().map(PathBuf::from))
    }

    /// Whether the checkpoint can be there. On a cluster it may be anywhere where Spark has file systems.
    ///
    /// # Errors
    /// It is a URL.
    pub fn check_dir(&self) -> Result<(), ToolError> {
        match self.dir().filter(|dir| is_url(dir.as_os_str())) {
            None => Ok(()),
            Some(dir) => Err(ToolError::Usage(format!(
                "--checkpoint {}: a checkpoint is a directory of this machine, since it is locked and synced: give one, on a \
                 disk that outlives the machine if need be",
                dir.display()
            ))),
        }
    }

    /// The first of the options given that mean nothing without a checkpoint.
    pub fn needs_dir(&self) -> Option<&'static str> {
        [(self.retain.is_some(), "--retain"), (self.on_loss.is_some(), "--on-loss")]
            .into_iter()
            .find_map(|(given, option)| given.then_some(option))
    }

    /// What becomes of what is gone.
    pub fn on_loss(&self) -> OnLoss {
        match self.on_loss {
            Some(OnLossArg::Skip) => OnLoss::Skip,
            Some(OnLossArg::Fail) | None => OnLoss::Fail,
        }
    }
}

fn parse_source_name(name: &str) -> Result<String, String> {
    check_source(name).map(|()| name.to_owned()).map_err(|error| error.to_string())
}

fn parse_retain(text: &str) -> Result<Retain, String> {
    text.parse()
}
