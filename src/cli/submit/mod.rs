//! `sstream-submit`.

mod launch;
mod plan;
mod published;
mod stage;
#[cfg(test)]
mod tests;
mod walk;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, Messages};
use super::{Environment, Tool, ToolError};
use crate::os;
use launch::Launch;

/// Run a pipeline on a Spark cluster: the same line, with the same answers
///
/// The line is read as sstream explain reads it, and checked by the tools' own options. Its plan says
/// what runs where: stages that treat each record by itself in every partition, aggregations as
/// partial results that are merged by key, windows over partial results, what needs a whole batch
/// in one partition, sinks. A stage that could not give the same answers on a cluster is refused,
/// with the reason (exit code 2), before anything is sent.
///
/// spark-submit, of SPARK_HOME or in PATH, takes the place of this command, and so its exit code is
/// that of the pipeline. At SIGTERM and SIGINT the sources stop, and what they have brought is
/// done.
#[derive(Parser, Debug)]
pub struct SubmitTool {
    /// The pipeline, quoted as one word
    pipeline: String,

    /// Options for spark-submit: --conf, --num-executors and its others
    #[arg(last = true, value_name = "SPARK-OPTION")]
    options: Vec<OsString>,

    /// The cluster, as spark://host:7077, yarn or local[4]
    #[arg(long, value_name = "URL", required_unless_present = "plan")]
    master: Option<String>,

    /// Print the plan, as JSON that docs/SPARK-SUBMIT.md describes, and start nothing
    #[arg(long, conflicts_with_all = ["master", "sstream_home", "jar", "parts", "options"])]
    plan: bool,

    /// The directory in which every node has our tools; without it those beside this command are
    /// sent with the application
    #[arg(long, value_name = "DIR")]
    sstream_home: Option<PathBuf>,

    /// The driver for Spark, if it is not where make install puts it
    #[arg(long, value_name = "FILE")]
    jar: Option<PathBuf>,

    /// How many parts keys are spread over [default: as Spark has cores, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    parts: Option<u32>,

    /// Run sinks that are of one machine (exec, kinds that are programs, files of a connector) on the
    /// driver, which gets every batch whole for that
    #[arg(long)]
    on_driver: bool,

    #[command(flatten)]
    messages: Messages,
}

impl Tool for SubmitTool {
    const NAME: &'static str = "sstream-submit";
    const EXAMPLES: &'static str = "  \
  sstream-submit --master spark://host:7077 \
    'sstream-source tcp feed:9999 --batch 10s | sstream-filter ERROR | sstream-window 30s 10s count'
  sstream-submit --master yarn --sstream-home /opt/sstream/bin \"$(cat pipeline.sh)\" -- --num-executors 8
  sstream-submit --plan 'sstream-source tcp h:9999 | sstream-filter ERROR | sstream-window 30s 10s --by-value count'
  sstream-submit --plan \"$(cat pipeline.sh)\" | jq '.nodes[] | {is, runs}'
";

    const IS_STAGE: bool = false;

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::ends("runs the pipeline that it is given on a cluster: explain that one")
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let plan = walk::plan(&self.pipeline, self.on_driver)?;
        if let Some(master) = &self.master {
            let launch = Launch {
                master,
                home: self.sstream_home.as_deref(),
                jar: self.jar.as_deref(),
                parts: self.parts,
                options: &self.options,
                console: &environment.console,
            };
            return launch.exec(&plan);
        }
        let failed = |error| ToolError::Open { what: "stdout".to_owned(), error };
        let mut stdout = os::stdout().map_err(failed)?;
        writeln!(stdout, "{}", plan.to_json()).map_err(failed)
    }
}
