//! `sstream-union`.

use std::path::PathBuf;

use clap::Parser;

use super::account::{Account, Stream};
use super::args::Common;
use super::cluster::Spread;
use super::sides::{MergeArgs, run_merge};
use super::{Environment, Tool, ToolError};
use crate::flow::OnError;
use crate::op::union::Union;

/// Put several streams together, batch by batch, the first one's records first
///
/// All streams are read at once. A batch comes out when every stream has ended
/// it; one that a stream lacks, before its first or after its close, is empty
/// there. A stream that is ahead of the others is held back.
#[derive(Parser, Debug)]
pub struct UnionTool {
    /// Framed streams of one interval, two or more: files, FIFOs, <(…), or - for stdin
    #[arg(value_name = "STREAM", num_args = 2.., required = true)]
    streams: Vec<PathBuf>,

    #[command(flatten)]
    merge: MergeArgs,

    #[command(flatten)]
    common: Common,
}

impl Tool for UnionTool {
    const NAME: &'static str = "sstream-union";
    const HAS_SIDES: bool = true;
    const EXAMPLES: &'static str = "  \
  sstream-union <(sstream-source tcp web1:9999) <(sstream-source tcp web2:9999) | sstream-filter ERROR
  … | sstream-union - other.frames | sstream-window 30s 10s count
";

    fn common(&self) -> &Common {
        &self.common
    }

    fn account(&self, _: &mut Stream) -> Account {
        Account::does("one stream of several, batch by batch, in the order of the sides")
    }

    fn spread(&self) -> Spread {
        Spread::Union
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let common = (&self.common, OnError::Fail);
        run_merge(&mut Union::default(), &self.streams, &[], &self.merge, common, environment)
    }
}
