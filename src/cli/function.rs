//! What tools share that run a function over records: EXPR, a command in its
//! place, several threads.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::args::StageArgs;
use super::program::{expr_error, program};
use super::{Environment, ToolError, run_stage};
use crate::duration;
use crate::expr::{DEFAULT_EXEC_TIMEOUT, Exec};
use crate::op::Each;
use crate::op::function::AnyFunction;
use crate::op::parallel::{AnyPerRecord, Parallel};
use crate::op::pattern::PatternError;

/// A command in the place of an expression.
#[derive(Args, Clone, Debug, Default)]
pub struct ExecArgs {
    /// A command in the place of EXPR: answers each line of JSON with a line of
    /// JSON, and is run once for the whole stream
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,

    /// How the command is waited for.
    #[command(flatten)]
    pub timeout: ExecTimeout,
}

impl ExecArgs {
    /// The function that EXPR (of the option or argument so named) or the
    /// command is; none if there is neither. Starts the command, so it is to be
    /// called when all else is checked.
    pub fn function(&self, name: &str, source: Option<&str>) -> Result<Option<AnyFunction>, ToolError> {
        Ok(match (source, &self.exec) {
            (Some(source), _) => Some(Box::new(program(name, source, &[])?)),
            (None, Some(command)) => Some(Box::new(self.timeout.start(command, &[])?)),
            (None, None) => None,
        })
    }
}

/// How long a command may take.
#[derive(Args, Clone, Debug, Default)]
pub struct ExecTimeout {
    /// How long an answer of the command may take [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "exec")]
    pub exec_timeout: Option<Duration>,
}

impl ExecTimeout {
    /// Refuses the option where there is no command. (The definition asks for
    /// one too, but not beside an option that excludes commands.)
    pub fn check(&self, has_command: bool) -> Result<(), ToolError> {
        match self.exec_timeout {
            Some(_) if !has_command => Err(ToolError::Usage(
                "--exec-timeout does not go without --exec: nothing else is waited for".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Starts a command that is asked with these variables; with none, it is
    /// asked with the record.
    pub fn start(&self, command: &str, variables: &[&str]) -> Result<Exec, ToolError> {
        let timeout = self.exec_timeout.unwrap_or(DEFAULT_EXEC_TIMEOUT);
        Exec::start(command, variables, timeout).map_err(|error| expr_error("--exec", error.into()))
    }
}

impl From<PatternError> for ToolError {
    fn from(error: PatternError) -> ToolError {
        ToolError::Usage(error.to_string())
    }
}

/// How a function of each record by itself is run.
#[derive(Args, Clone, Debug)]
pub struct FunctionArgs {
    /// A command.
    #[command(flatten)]
    pub exec: ExecArgs,

    /// Work on so many blocks at once, output in order; 0: as many as there are
    /// processors; fewer where the system gives no more threads
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with = "exec", hide_default_value = true)]
    pub jobs: usize,
}

/// Runs what `make` makes, an operator that looks at each record by itself, on
/// as many threads as were asked for.
pub fn run_per_record(
    make: &dyn Fn() -> Result<AnyPerRecord, ToolError>,
    arguments: &FunctionArgs,
    stage: &StageArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    arguments.exec.timeout.check(arguments.exec.exec.is_some())?;
    run_with_jobs(make, arguments.jobs, stage, environment)
}

/// Why `--jobs` is refused where keys are dealt and there is none.
pub const NO_KEY_TO_DEAL: &str = "--jobs: there is no key, so that nothing can be dealt over threads: leave it out, \
                                  or choose the key with --by-key, --by EXPR or --by-value";

/// How many threads `--jobs` asks for; 0: as many as there are processors.
pub fn threads(jobs: usize) -> usize {
    match jobs {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        jobs => jobs,
    }
}

/// The same on as many threads as `--jobs` says; 0: as there are processors.
pub fn run_with_jobs(
    make: &dyn Fn() -> Result<AnyPerRecord, ToolError>,
    jobs: usize,
    stage: &StageArgs,
    environment: &Environment,
) -> Result<(), ToolError> {
    match threads(jobs) {
        1 => run_stage(&mut Each(make()?), stage, environment),
        threads => {
            let others = (0..threads).map(|_| make()).collect::<Result<_, _>>()?;
            run_stage(&mut Parallel::new(make()?, others), stage, environment)
        }
    }
}
