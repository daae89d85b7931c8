//! `sstream explain --checkpoint DIR`: what a restart would go on with, stage by stage.

use super::Walk;
use crate::cli::ToolError;
use crate::cli::account::Stream;
use crate::cli::args::KeepArgs;
use crate::cli::first::SourceIdentity;
use crate::cli::restart::Candidate;

impl Walk {
    /// Tries a source under the checkpoint, if there is one to be tried.
    pub(super) fn restart_source(
        &mut self,
        stream: &mut Stream,
        identity: Result<SourceIdentity, ToolError>,
        keep: &KeepArgs,
    ) {
        let Some(restart) = &mut self.restart else { return };
        let told = match identity {
            Ok(identity) => {
                let (line, told) = restart.source(&identity, keep);
                stream.line = line;
                told
            }
            Err(error) => format!("restart: not known: {error}"),
        };
        self.say(&told);
    }

    /// The same of a stage behind a source.
    pub(super) fn restart_stage<'c>(&mut self, stream: &mut Stream, candidate: impl FnOnce(&Stream) -> Candidate<'c>) {
        let Some(restart) = &mut self.restart else { return };
        let told = match stream.line.take() {
            Some(line) => {
                let (line, told) = restart.stage(line, &candidate(stream));
                stream.line = line;
                told
            }
            None => "restart: not known, for a stage before it".to_owned(),
        };
        self.say(&told);
    }
}
