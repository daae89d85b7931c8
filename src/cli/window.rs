//! `sstream-window`.

use clap::Parser;

use super::args::{Common, StageArgs};
use super::{Environment, Tool, ToolError, run_stage};
use crate::duration;
use crate::op::window::{Count, TimeWindow};

/// Slide a window over the batches
#[derive(Parser, Debug)]
pub struct WindowTool {
    /// How far the window reaches back, as 30s
    #[arg(value_name = "LEN", value_parser = duration::parse_ms)]
    length: u64,

    /// How far apart windows are, as 10s
    #[arg(value_name = "SLIDE", value_parser = duration::parse_ms)]
    slide: Option<u64>,

    /// What to compute
    aggregation: Option<String>,

    #[command(flatten)]
    stage: StageArgs,
}

impl Tool for WindowTool {
    const NAME: &'static str = "sstream-window";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        run_stage(&mut TimeWindow::new(self.length, self.slide, Box::new(Count::default())), &self.stage, environment)
    }
}
