//! EXPR: jq programs over records.
//!
//! A [`Program`] takes a record as canonical JSON and gives each of its
//! results as canonical JSON. Plain programs (paths, arrays and objects of
//! paths, comparisons with a constant) are answered from the bytes of the
//! record by [`plain`]; all others, and whatever is not plain about a record,
//! by jaq's interpreter, which is loaded only then. Both give the same bytes.
//!
//! [`Exec`] stands in for a program: a command that answers each JSON line
//! with one JSON line. Both are a [`Function`].

mod compile;
mod exec;
mod functions;
mod json;
mod messages;
mod plain;
mod recursion;
mod regexes;
mod scan;
mod value;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use crate::error::{Exit, Failure};
use compile::Compiled;
pub(crate) use exec::pipe;
pub use exec::{DEFAULT_TIMEOUT as DEFAULT_EXEC_TIMEOUT, Exec, ExecError};

use plain::Plain;

/// The most bytes of a program that may be a plain one: it can nest so deep.
const PLAIN_MAX: usize = 1024;

/// Why a program cannot be used, or has failed on a record.
#[derive(Debug)]
pub enum ExprError {
    /// The source is not a jq program, or uses what is not defined.
    Syntax {
        /// The source of the program.
        source_text: String,
        /// The byte of the source where the trouble is.
        at: usize,
        /// What is wrong there.
        message: String,
    },
    /// The program failed on a record, which thereby is a bad record. Results
    /// that it gave before are void.
    Eval {
        /// What the program said.
        message: String,
    },
    /// The command that stands for the program failed.
    Exec(ExecError),
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExprError::Syntax { source_text, at, message } => {
                let before = source_text.get(..*at).unwrap_or(source_text);
                let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
                let line = source_text[line_start..].lines().next().unwrap_or("");
                let column = before[line_start..].chars().count();
                write!(f, "the jq program, ")?;
                if source_text.trim_end().contains('\n') {
                    write!(f, "line {}, ", 1 + before.matches('\n').count())?;
                }
                write!(f, "column {}: {message}\n  {line}\n  ", column + 1)?;
                write!(f, "{:column$}^", "")
            }
            ExprError::Eval { message } => f.write_str(message),
            ExprError::Exec(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExprError {}

impl Failure for ExprError {
    fn exit(&self) -> Exit {
        match self {
            ExprError::Syntax { .. } => Exit::Usage,
            ExprError::Eval { .. } => Exit::BadRecord,
            ExprError::Exec(error) => error.exit(),
        }
    }
}

impl From<ExecError> for ExprError {
    fn from(error: ExecError) -> Self {
        ExprError::Exec(error)
    }
}

/// What came of one record of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// One result, as canonical JSON.
    Result(&'a [u8]),
    /// The record is a bad one, for the reason given; results that came for it
    /// before are void.
    Failed(&'a str),
}

/// Takes a result, and says whether more are wanted.
pub type Each<'e> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'e;

/// Takes what comes of the record with an index, and says whether more is wanted.
pub type EachOfMany<'e> = dyn FnMut(usize, Answer<'_>) -> ControlFlow<()> + 'e;

/// An operator's main EXPR: a jq program, or a command that stands for one.
pub trait Function {
    /// Gives each result for `record` (canonical JSON) to `each`, as canonical
    /// JSON. `variables` are the values of the variables that the function was
    /// made with, in that order. After a break there are no more results.
    ///
    /// # Errors
    /// [`ExprError::Eval`]: the record is a bad one, and results given before
    /// are void. [`ExprError::Exec`]: the stage cannot go on.
    fn call(&mut self, record: &[u8], variables: &[&[u8]], each: &mut Each<'_>) -> Result<(), ExprError>;

    /// As [`Function::call`] for each of `records`, in order, with no
    /// variables; `each` also gets the index of the record. A command is fed
    /// ahead of its answers, which saves it most of the waiting. After a break
    /// nothing more is wanted of any record, and the function is not called again.
    ///
    /// # Errors
    /// [`ExprError::Exec`]: the stage cannot go on.
    fn call_many(&mut self, records: &[&[u8]], each: &mut EachOfMany<'_>) -> Result<(), ExprError> {
        for (index, record) in records.iter().enumerate() {
            let mut flow = ControlFlow::Continue(());
            let result = self.call(record, &[], &mut |result| {
                flow = each(index, Answer::Result(result));
                flow
            });
            match result {
                Ok(()) => {}
                Err(ExprError::Eval { message }) => flow = each(index, Answer::Failed(&message)),
                Err(error) => return Err(error),
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// As [`Function::call_many`] of calls with variables, for which there is
    /// no record: `variables` holds the values of the first call, then those of
    /// the second, and so on, `count` for each.
    ///
    /// # Errors
    /// [`ExprError::Exec`]: the stage cannot go on.
    fn call_many_with(
        &mut self,
        count: usize,
        variables: &[&[u8]],
        each: &mut dyn FnMut(usize, Answer<'_>),
    ) -> Result<(), ExprError> {
        for (index, variables) in variables.chunks(count).enumerate() {
            let result = self.call(b"null", variables, &mut |result| {
                each(index, Answer::Result(result));
                ControlFlow::Continue(())
            });
            match result {
                Ok(()) => {}
                Err(ExprError::Eval { message }) => each(index, Answer::Failed(&message)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The stream is over: a command is ended and waited for.
    ///
    /// # Errors
    /// [`ExprError::Exec`]: the command did not end well.
    fn close(&mut self) -> Result<(), ExprError> {
        Ok(())
    }
}

/// A jq program, ready to run. Clones share what was compiled: one for each
/// thread costs nothing.
///
/// ```
/// use sstream::connect::Program;
///
/// let mut key = Program::parse(".user", &[]).unwrap();
/// let mut results = Vec::new();
/// key.run(br#"{"user":"ada","n":1}"#, &[], &mut |result| results.push(result.to_vec())).unwrap();
/// assert_eq!(results, [br#""ada""#]);
/// ```
#[derive(Clone)]
pub struct Program {
    source: Arc<str>,
    variables: Arc<[String]>,
    plain: Option<Arc<Plain>>,
    /// Compiled when first needed: a plain program never is, on plain records.
    compiled: Arc<OnceLock<Compiled>>,
    out: Vec<u8>,
}

impl Program {
    /// Parses a program that may use `variables` (their names, with no `$`).
    ///
    /// All of jq's standard library is there but `input`, `inputs`, `import`
    /// and `include`; `env` and `$ENV` are the tool's environment.
    ///
    /// # Errors
    /// [`ExprError::Syntax`].
    pub fn parse(source: &str, variables: &[&str]) -> Result<Program, ExprError> {
        let program = Program {
            source: source.into(),
            variables: variables.iter().map(|name| name.to_string()).collect(),
            plain: Some(source).filter(|source| source.len() <= PLAIN_MAX).and_then(Plain::parse).map(Arc::new),
            compiled: Arc::default(),
            out: Vec::new(),
        };
        if program.plain.is_none() {
            program.compiled()?;
        }
        Ok(program)
    }

    /// The source of the program.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn compiled(&self) -> Result<&Compiled, ExprError> {
        if let Some(compiled) = self.compiled.get() {
            return Ok(compiled);
        }
        let compiled = Compiled::new(&self.source, &self.variables)?;
        Ok(self.compiled.get_or_init(|| compiled))
    }

    /// The one result of the program for `record`, if that is a piece of the record, or null, as for `.a.b`. If not,
    /// [`Program::run`] says what comes of it.
    #[inline]
    pub fn piece<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        self.plain.as_ref()?.piece(record)
    }

    /// Gives each result of the program for `record` to `each`, as canonical
    /// JSON. `variables` are the values of the variables in the order of their
    /// names, as JSON.
    ///
    /// # Errors
    /// [`ExprError::Eval`]: the record is a bad one, and results given before
    /// are void.
    pub fn run(&mut self, record: &[u8], variables: &[&[u8]], each: &mut dyn FnMut(&[u8])) -> Result<(), ExprError> {
        self.run_while(record, variables, &mut |result| {
            each(result);
            ControlFlow::Continue(())
        })
    }

    /// As [`Program::run`], as long as `each` wants more.
    ///
    /// # Errors
    /// [`ExprError::Eval`], as there.
    pub fn run_while(&mut self, record: &[u8], variables: &[&[u8]], each: &mut Each<'_>) -> Result<(), ExprError> {
        if let Some(plain) = &self.plain {
            match plain.run(record, &mut self.out) {
                plain::Outcome::Result(result) => {
                    let _ = each(result);
                    return Ok(());
                }
                plain::Outcome::Nothing => return Ok(()),
                plain::Outcome::NotPlain => {}
            }
        }
        let mut out = std::mem::take(&mut self.out);
        let result = self.compiled().and_then(|compiled| compiled.run(record, variables, &mut out, each));
        self.out = out;
        result
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.source).finish()
    }
}

impl Function for Program {
    fn call(&mut self, record: &[u8], variables: &[&[u8]], each: &mut Each<'_>) -> Result<(), ExprError> {
        self.run_while(record, variables, each)
    }
}

/// Whether jq takes a result for true: all but `null` and `false`.
pub fn truthy(result: &[u8]) -> bool {
    !matches!(result, b"null" | b"false")
}

#[cfg(test)]
mod tests;
