//! `text`: lines of text.

use clap::Args;

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::{SinkGuarantee, WRITTEN};
use crate::flow::LineForm;
use crate::sink::Sink;
use crate::sink::kinds::text::Lines;

/// A string as itself and anything else as JSON, one a line, as they come
#[derive(Args, Debug)]
pub struct TextArgs {}

pub const NAME: &str = "text";

impl BuiltIn for TextArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "writes every record, a line each"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(WRITTEN)
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let (output, what) = opening.output()?;
        Ok(Box::new(Lines::new(output, what, LineForm::Text)))
    }
}
