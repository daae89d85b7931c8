//! `text` and `json`: lines, as they come.

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::{SinkGuarantee, WRITTEN};
use crate::flow::LineForm;
use crate::sink::Sink;
use crate::sink::kinds::text::Lines;

/// A kind without options of its own.
pub struct LineKind {
    pub name: &'static str,
    form: LineForm,
}

pub const TEXT: LineKind = LineKind { name: "text", form: LineForm::Text };
pub const JSON: LineKind = LineKind { name: "json", form: LineForm::Json };

impl BuiltIn for LineKind {
    fn name(&self) -> &str {
        self.name
    }

    fn does(&self) -> &'static str {
        "writes every record, a line each"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(WRITTEN)
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let (output, what) = opening.output()?;
        Ok(Box::new(Lines::new(output, what, self.form)))
    }
}
