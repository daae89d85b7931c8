//! `sstream-transform`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::command::CommandArgs;
use super::{Environment, Tool, ToolError, run_stage};
use crate::op::transform::Transform;
use crate::record::forms::{Form, Format, Recipe};

/// Run a command on each batch: records in as lines, lines out as records
///
/// The command starts when its batch is complete, with the whole batch as its
/// stdin, for empty batches too; SSTREAM_BATCH_TIME is the batch's time in ms.
/// Each line that it writes is a record of the same batch: a string, where
/// invalid UTF-8 becomes U+FFFD, or with --json any JSON value. A line longer
/// than --max-line, or with --json one that is no JSON, is a bad record. A
/// command that fails ends the stage, and the batch is void.
#[derive(Parser, Debug)]
pub struct TransformTool {
    #[command(flatten)]
    command: CommandArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl Tool for TransformTool {
    const NAME: &'static str = "sstream-transform";
    const EXAMPLES: &'static str = "  \
  … | sstream-transform -- sort | sstream-sink print
  … | sstream-transform --accept 0,1 -- grep -f words.txt
  … | sstream-transform --sh 'sort | uniq -c | sort -rn | head -3'
  … | sstream-transform --json -- jq -c '{user, ms: (.s * 1000)}'
  … | sstream-transform --json -- sort -u                # distinct records of each batch
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::does("runs a command once a batch, empty ones too; its output is the batch")
    }

    fn spread(&self) -> Spread {
        Spread::WholeBatch
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let format: Box<dyn Format> =
            Recipe { form: if self.command.json { Form::Json } else { Form::Text }, ..Recipe::default() }.format(b"");
        let command = self.command.build(environment)?;
        let mut transform = Transform::new(command, format, self.stage.input.cut.max_line);
        let result = run_stage(&mut transform, &self.stage, environment);
        let invalid = transform.invalid_lines();
        if invalid > 0 {
            environment
                .console
                .warn(&format!("the command: {invalid} lines in all had invalid UTF-8, which became U+FFFD"));
        }
        result
    }
}
