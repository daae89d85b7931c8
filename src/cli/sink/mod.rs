//! `sstream-sink`.

mod kinds;

use std::ffi::OsString;

use clap::Parser;

use crate::cli::account::{Account, Stream};
use crate::cli::args::{Common, CutArgs, StageArgs};
use crate::cli::cluster::Spread;
use crate::cli::connector::known::Role;
use crate::cli::connector::run_sink;
use crate::cli::guarantee;
use crate::cli::{Environment, Tool, ToolError};
use kinds::{ChosenSink, Opening};

/// End a pipeline, or with --pass give it one more output
///
/// A KIND that is not listed is run from PATH, as git does: `sstream-sink s3
/// ARGS` is `sstream-sink exec -- sstream-sink-s3 ARGS`.
#[derive(Parser, Debug)]
#[command(subcommand_value_name = "KIND", subcommand_help_heading = "Kinds", disable_help_subcommand = true)]
pub struct SinkTool {
    #[command(subcommand)]
    kind: ChosenSink,

    /// Hand the stream on, each batch's end after the sink is done with it; what goes to stdout otherwise goes to stderr
    #[arg(long)]
    pass: bool,

    #[command(flatten)]
    stage: StageArgs,
}

impl Tool for SinkTool {
    const NAME: &'static str = "sstream-sink";
    const EXAMPLES: &'static str = "  \
  … | sstream-sink print -n 20
  … | sstream-sink files /var/spool/errors/batch log     # batch-1469283110000.log, …
  … | sstream-sink exec --sh 'mail -s \"batch $SSTREAM_BATCH_TIME\" root'
  … | sstream-sink exec --keep -- python3 to-database.py
  … | sstream-sink listen 9999                           # nc localhost 9999, in as many terminals as you like
  … | sstream-filter ERROR | sstream-sink --pass print | sstream-window 30s 10s count
";

    const ENDS: bool = true;

    const CONNECTORS: Option<Role> = Some(Role::Sink);
    const KIND_OF_FILES: Option<&'static str> = Some(kinds::OF_FILES);

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn writes_stream(&self) -> bool {
        self.pass
    }

    fn elsewhere(&self) -> Option<&[OsString]> {
        match &self.kind {
            ChosenSink::Other(words) => Some(words),
            _ => None,
        }
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, stream: &mut Stream) -> Account {
        let kind = self.kind.built_in();
        let told = stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, kind.guarantee().as_ref()));
        let passes = self.pass.then(|| "passes the stream on, each batch when this sink is done with it".to_owned());
        Account { ends: !self.pass, ..Account::does(kind.does()).and(told).and(passes) }
    }

    fn sink(&self) -> Option<(String, bool)> {
        Some((self.kind.built_in().name().to_owned(), !self.pass))
    }

    fn spread(&self) -> Spread {
        match self.kind.built_in().target() {
            Ok(target) => Spread::Sink { target, pass: self.pass },
            Err(message) => Spread::Refused(message),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let SinkTool { kind, pass, stage } = &self;
        let opening = Opening { pass: *pass, environment };
        run_sink(kind.built_in().name(), *pass, stage, environment, Box::new(|_| kind.built_in().open(&opening)))
    }
}
