//! `sstream-run`.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::account::{Account, Stream};
use super::args::{Batching, Common, Messages};
use super::checkpoint::CheckpointTool;
use super::front::shell;
use super::source::SourceTool;
use super::submit::SubmitTool;
use super::top::TopTool;
use super::ui::UiTool;
use super::{Environment, Tool, ToolError, config};
use crate::console::{RUN_INPUT_VARIABLE, RUN_VARIABLE};
use crate::duration;
use crate::os;
use crate::run::cause::Stage;
use crate::run::command::Pipeline;
use crate::run::restart::{Restart, RestartRules};
use crate::run::running::Patience;
use crate::run::{Rules, RunError, supervise};

/// Run a pipeline: start it again when it fails, stop it so that nothing is lost
///
/// The pipeline is a line of shell, run by bash with pipefail in a process group
/// of its own. When a stage fails (exit 1 or 3, or a signal), the whole pipeline is
/// started again, once no process of it is left; not after 2, 4 and 5, which would
/// come again. SIGTERM, SIGINT and SIGHUP ask the first stages alone to stop; the
/// others drain, and the exit code is 0. A second signal a second later makes all
/// end at once.
///
/// It says nothing while all goes well. Under systemd (Type=notify) it tells
/// when every stage has begun, batch and lag, and feeds the watchdog as long as
/// batches end. Its own exit code is that of the stage that failed first.
#[derive(Parser, Debug)]
pub struct RunTool {
    /// The pipeline, quoted as one word; words behind it are its $1, $2 and so on
    #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true, value_names = ["PIPELINE", "ARGUMENT"])]
    pipeline: Vec<OsString>,

    /// PIPELINE is the name of a file of shell, not the text itself
    #[arg(long)]
    file: bool,

    /// What to call the pipeline: on stderr, in sstream ps and sstream-top
    #[arg(long)]
    name: Option<String>,

    /// The pipeline's checkpoint: sets SSTREAM_CHECKPOINT for its first stages
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,

    /// The interval between batches, or their count of records: sets SSTREAM_BATCH for its first stages
    #[arg(long, value_name = "DURATION|COUNT", value_parser = Batching::parse)]
    batch: Option<Batching>,

    /// When to start the pipeline again: never after exit codes 2, 4 and 5
    #[arg(long, value_enum, value_name = "WHEN", default_value = "on-failure", help_heading = "Restarts")]
    restart: RestartWhen,

    /// Give up after so many restarts in a row
    #[arg(long, value_name = "N", help_heading = "Restarts")]
    max_restarts: Option<u32>,

    /// Wait so long before the first restart, and twice as long before each further one
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration::parse, help_heading = "Restarts")]
    restart_delay: Duration,

    /// Wait at most so long; a run that lasted longer begins anew with the first delay
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration::parse, help_heading = "Restarts")]
    max_restart_delay: Duration,

    /// Stop when this file is there, as at SIGTERM
    #[arg(long, value_name = "PATH", help_heading = "Stopping")]
    stop_file: Option<PathBuf>,

    /// How long stages may drain after a stop; then all get SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = duration::parse, help_heading = "Stopping")]
    stop_timeout: Duration,

    /// How long what is left of an ended pipeline may go on; then SIGTERM, then SIGKILL
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration::parse, help_heading = "Stopping")]
    kill_after: Duration,

    #[command(flatten)]
    messages: Messages,
}

/// When to start a pipeline again.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum RestartWhen {
    /// Also when it ended well
    Always,
    /// When it failed
    OnFailure,
    /// Never: for cron
    No,
}

impl Tool for RunTool {
    const NAME: &'static str = "sstream-run";
    const EXAMPLES: &'static str = "  \
  sstream-run 'nc -lk 9999 | sstream-filter --input text ERROR | sstream-window 30s 10s count'
  sstream-run --checkpoint /var/lib/errors 'sstream-source tail /var/log/app.log | sstream-filter ERROR | sstream-sink files out/errors'
  sstream-run --name orders --file /etc/sstream/orders.sh
  sstream-run --restart no --checkpoint cp 'sstream-source dir --available-now in | sstream-sink files out/batch'
";

    const IS_STAGE: bool = false;
    const TAKES_SIGNALS: bool = true;

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::ends("runs the pipeline that it is given: explain that one")
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let mut words = self.pipeline.into_iter();
        let text = words.next().unwrap_or_default();
        if text.is_empty() {
            return Err(ToolError::Usage("PIPELINE is empty: write it as one word, in quotes".to_owned()));
        }
        let variables = [
            ("SSTREAM_CHECKPOINT", self.checkpoint.map(OsString::from)),
            ("SSTREAM_BATCH", self.batch.map(|batching| batching.to_string().into())),
            (config::VARIABLE, self.messages.config.map(OsString::from)),
            (RUN_VARIABLE, Some(self.name.clone().unwrap_or_default().into())),
            (RUN_INPUT_VARIABLE, Some(os::identity(io::stdin()).unwrap_or_default().into())),
        ];
        let mut pipeline = Pipeline {
            text,
            is_file: self.file,
            arguments: words.collect(),
            variables: variables.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            stages: Vec::new(),
            name: self.name,
        };
        let script = pipeline.script().map_err(RunError::Start)?;
        pipeline.stages = stages(&script.to_string_lossy());
        let rules = Rules {
            restart: RestartRules {
                restart: match self.restart {
                    RestartWhen::Always => Restart::Always,
                    RestartWhen::OnFailure => Restart::OnFailure,
                    RestartWhen::No => Restart::No,
                },
                most: self.max_restarts,
                first_delay: self.restart_delay,
                longest_delay: self.max_restart_delay.max(self.restart_delay),
            },
            patience: Patience { stop: self.stop_timeout, kill: self.kill_after },
            stop_file: self.stop_file,
            no_stages: no_stages(),
            sources: vec![SourceTool::NAME.to_owned()],
        };
        Ok(supervise(&pipeline, &rules, &environment.clock, &environment.console)?)
    }
}

/// Tools that publish nothing about themselves.
pub(in crate::cli) fn no_stages() -> Vec<String> {
    [CheckpointTool::NAME, RunTool::NAME, SubmitTool::NAME, TopTool::NAME, UiTool::NAME].map(str::to_owned).to_vec()
}

/// Words that make one command of several.
const COMPOUND: [&str; 12] = ["{", "}", "if", "fi", "while", "until", "for", "select", "do", "done", "case", "esac"];

/// The commands of the last pipeline of a line, which the shell tells the exit
/// codes of; nothing where the line cannot be read without running it.
fn stages(text: &str) -> Vec<Stage> {
    let pipelines = shell::parse(text).unwrap_or_default();
    let mut firsts = pipelines.iter().flatten().filter_map(|command| command.words.first());
    if firsts.any(|word| COMPOUND.contains(&word.as_str())) {
        return Vec::new();
    }
    let last = pipelines.last().map(Vec::as_slice).unwrap_or_default();
    last.iter().map(|command| Stage::of(&command.words)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told_where_the_text_shows_them() {
        let names = |text: &str| stages(text).into_iter().map(|stage| stage.name).collect::<Vec<_>>().join(" ");
        assert_eq!(names("cd /tmp; nc -l 1 | /usr/bin/sstream-filter 'a | b' | tee >(cat)"), "nc sstream-filter tee");
        for text in
            ["{ a; b; } | sstream-filter x", "while a; do b; done | c", "(a; b) | c", "f() { a; }; f | b", "a |"]
        {
            assert_eq!(names(text), "", "{text}");
        }
    }
}
