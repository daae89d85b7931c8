//! `null`: takes everything.

use clap::Args;

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::SinkGuarantee;
use crate::sink::Sink;
use crate::sink::kinds::null::Null;

/// Nowhere
#[derive(Args, Debug)]
pub struct NullArgs {}

pub const NAME: &str = "null";

impl BuiltIn for NullArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "takes everything and does nothing"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        None
    }

    fn open<'a>(&self, _: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        Ok(Box::new(Null))
    }
}
