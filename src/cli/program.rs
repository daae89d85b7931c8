//! jq programs in options and arguments.

use super::ToolError;
use crate::error::{Exit, Failure as _};
use crate::expr::{ExprError, Program};

/// The program that an option or argument holds.
///
/// ```
/// use sstream::connect::{Exit, Failure as _, program};
///
/// assert!(program("--key", ".user", &[]).is_ok());
/// assert_eq!(program("--key", ".user |", &[]).unwrap_err().exit(), Exit::Usage);
/// ```
pub fn program(name: &str, source: &str, variables: &[&str]) -> Result<Program, ToolError> {
    Program::parse(source, variables).map_err(|error| expr_error(name, error))
}

/// The error of an expression in the option or argument `name`.
pub fn expr_error(name: &str, error: ExprError) -> ToolError {
    let message = format!("{name}: {error}");
    match error.exit() {
        Exit::Usage => ToolError::Usage(message),
        exit => ToolError::Command { message, exit },
    }
}
