//! `print`: as Spark prints a batch.

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::{BuiltIn, Opening};
use crate::cli::args::MemoryArgs;
use crate::cli::cluster::Target;
use crate::cli::guarantee::{SinkGuarantee, WRITTEN};
use crate::cli::{ToolError, output};
use crate::sink::Sink;
use crate::sink::kinds::print::{Print, Style};

/// The first records of each batch, as Spark prints them
#[derive(Args, Debug)]
pub struct PrintArgs {
    /// How many records of a batch
    #[arg(short = 'n', value_name = "RECORDS", default_value_t = output::PRINT_LIMIT)]
    limit: u64,

    /// As who prints
    #[arg(long, value_enum, value_name = "STYLE", default_value = "spark")]
    style: PrintStyle,

    #[command(flatten)]
    memory: MemoryArgs,
}

/// As who prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PrintStyle {
    /// As Spark's print: times in ms, pairs as (key,value)
    Spark,
    /// As PySpark's pprint: local times (TZ), ('key', value), True, None
    Python,
}

pub const NAME: &str = "print";

impl BuiltIn for PrintArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "prints the first records of each batch"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(WRITTEN)
    }

    fn target(&self) -> Result<Target, String> {
        // One more says that there are more.
        Ok(Target::Driver(Some(self.limit.saturating_add(1))))
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let style = match self.style {
            PrintStyle::Spark => Style::Spark,
            PrintStyle::Python => Style::Python(TimeZone::system()),
        };
        let (output, what) = opening.output()?;
        Ok(Box::new(Print::new(output, what, self.limit).with_style(style).with_memory(self.memory.memory)))
    }
}
