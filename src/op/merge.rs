//! An expression of `$a` and `$b` as an aggregation.

use std::ops::ControlFlow;

use crate::agg::{AggError, Combine};
use crate::error::Failure as _;
use crate::expr::{ExprError, Function};

/// Lets a function with the variables `$a` and `$b` combine two values. What it
/// sees as the record is null.
pub struct Merge {
    function: Box<dyn Function + Send>,
}

impl Merge {
    /// Of a function that was made with the variables a and b.
    pub fn new(function: Box<dyn Function + Send>) -> Merge {
        Merge { function }
    }
}

impl Combine for Merge {
    fn combine(&mut self, a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Result<bool, AggError> {
        let start = out.len();
        let mut results = 0;
        self.function
            .call(b"null", &[a, b], &mut |result| {
                out.truncate(start);
                out.extend_from_slice(result);
                results += 1;
                if results > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .map_err(explain)?;
        if results > 1 { Err(AggError::ManyResults) } else { Ok(results == 1) }
    }

    fn close(&mut self) -> Result<(), AggError> {
        self.function.close().map_err(explain)
    }
}

fn explain(error: ExprError) -> AggError {
    match error {
        ExprError::Exec(error) => AggError::Command { message: error.to_string(), exit: error.exit() },
        error => AggError::Expression { message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Program;

    fn combine(source: &str, a: &str, b: &str) -> Result<Option<String>, AggError> {
        let program = Program::parse(source, &["a", "b"]).unwrap();
        let mut out = Vec::new();
        let is_there = Merge::new(Box::new(program)).combine(a.as_bytes(), b.as_bytes(), &mut out)?;
        Ok(is_there.then(|| String::from_utf8(out).unwrap()))
    }

    #[test]
    fn two_values_become_one() {
        assert_eq!(combine("$a + $b", "1", "2"), Ok(Some("3".into())));
        assert_eq!(combine("[$a, $b, .]", "1", "[2]"), Ok(Some("[1,[2],null]".into())));
        assert_eq!(combine("empty", "1", "2"), Ok(None));
        assert_eq!(combine("$a, $b", "1", "2"), Err(AggError::ManyResults));
        assert!(matches!(combine("$a + $b", "1", "\"x\""), Err(AggError::Expression { .. })));
    }
}
