//! `sstream-submit`.

mod plan;
#[cfg(test)]
mod tests;
mod walk;

use std::io::Write as _;

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, Messages};
use super::{Environment, Tool, ToolError};
use crate::os;

/// Plan a pipeline for a Spark cluster: the same line, with the same answers
///
/// The line is read as sstream explain reads it, and checked by the tools' own options; nothing of
/// it is run. The plan says what runs where: stages that treat each record by itself in every
/// partition, aggregations as partial results that are merged by key, windows over partial
/// results, what needs a whole batch in one partition, sinks. A stage that could not give the same
/// answers on a cluster is refused, with the reason (exit code 2).
#[derive(Parser, Debug)]
pub struct SubmitTool {
    /// The pipeline, quoted as one word
    pipeline: String,

    /// Print the plan, as JSON that docs/SPARK-SUBMIT.md describes
    #[arg(long, required = true)]
    plan: bool,

    /// Run commands of sinks (exec, and kinds that are programs) on the driver, which gets every
    /// batch whole for that
    #[arg(long)]
    on_driver: bool,

    #[command(flatten)]
    messages: Messages,
}

impl Tool for SubmitTool {
    const NAME: &'static str = "sstream-submit";
    const EXAMPLES: &'static str = "  \
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
        Account::ends("plans the pipeline that it is given: explain that one")
    }

    fn run(self, _: &Environment) -> Result<(), ToolError> {
        let plan = walk::plan(&self.pipeline, self.on_driver)?;
        let failed = |error| ToolError::Open { what: "stdout".to_owned(), error };
        let mut stdout = os::stdout().map_err(failed)?;
        writeln!(stdout, "{}", plan.to_json()).map_err(failed)
    }
}
