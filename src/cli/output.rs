//! Opens the output in the form that is wanted.

use std::io::{self, IsTerminal as _};

use super::args::OutputForm;
use super::{Environment, ToolError};
use crate::flow::{LineForm, Outlet};
use crate::monitor::watch::{Watch, Watched};
use crate::sink::frames::Frames;
use crate::sink::kinds::print::Print;
use crate::sink::kinds::text::Lines;
use crate::sink::stdout::Stdout;
use crate::sink::{Both, Sink, SinkOutlet};
use crate::stage::StageError;

/// How many records of a batch are printed, as in Spark.
pub const PRINT_LIMIT: u64 = 10;

/// Standard output: print form on a terminal, frames anywhere else, unless told.
pub fn open(form: Option<OutputForm>, environment: &Environment) -> Result<Box<dyn Outlet>, ToolError> {
    Ok(alone(open_either(form, environment)?, environment))
}

/// The same for what reads several streams, and gives nothing before each of them has
/// sent its head.
pub fn open_after_heads(form: Option<OutputForm>, environment: &Environment) -> Result<Box<dyn Outlet>, ToolError> {
    let output = match form_of_stdout(form) {
        OutputForm::Frames => Output::Frames(Box::new(Frames::new(stdout(environment)?))),
        _ => open_either(form, environment)?,
    };
    Ok(alone(output, environment))
}

/// An output with no sink in front of it.
fn alone(output: Output, environment: &Environment) -> Box<dyn Outlet> {
    let outlet = match output {
        Output::Frames(frames) => frames,
        Output::Form(sink) => Box::new(SinkOutlet::new(sink)),
    };
    watched(outlet, environment)
}

/// A sink that is the end of the pipeline.
pub fn open_sink<'a>(sink: Box<dyn Sink + 'a>, environment: &Environment) -> Box<dyn Outlet + 'a> {
    watched(Box::new(SinkOutlet::new(sink)), environment)
}

/// A sink that passes the stream on, and what stands behind it. Where that is no stream
/// but a form of it, both are one sink.
pub fn open_behind<'a>(
    sink: Box<dyn Sink + 'a>,
    form: Option<OutputForm>,
    environment: &Environment,
) -> Result<Box<dyn Outlet + 'a>, ToolError> {
    let outlet = match open_either(form, environment)? {
        Output::Frames(frames) => SinkOutlet::passing(sink, frames, environment.console.tool()),
        Output::Form(second) => SinkOutlet::new(Box::new(Both { first: sink, second })),
    };
    Ok(watched(Box::new(outlet), environment))
}

/// The outlet, and around it who watches the stage.
fn watched<'a>(outlet: Box<dyn Outlet + 'a>, environment: &Environment) -> Box<dyn Outlet + 'a> {
    let watch = environment.watch.replace(Watch::nobody(environment.console.clone()));
    Box::new(Watched::new(outlet, watch))
}

/// Standard output, whose reader is watched from now on.
pub fn stdout(environment: &Environment) -> Result<Stdout, ToolError> {
    let watched = environment.stop.watch_reader().and_then(|()| Stdout::open(environment.waited.clone()));
    watched.map_err(|error| ToolError::Open { what: "stdout".to_owned(), error })
}

enum Output {
    Frames(Box<dyn Outlet>),
    Form(Box<dyn Sink>),
}

/// What stdout gets.
fn form_of_stdout(form: Option<OutputForm>) -> OutputForm {
    form.unwrap_or(if io::stdout().is_terminal() { OutputForm::Print } else { OutputForm::Frames })
}

fn open_either(form: Option<OutputForm>, environment: &Environment) -> Result<Output, ToolError> {
    let output = stdout(environment)?;
    Ok(Output::Form(match form_of_stdout(form) {
        OutputForm::Frames => {
            let frames = Frames::announced(output).map_err(StageError::Outlet)?;
            environment.is_announced.set(true);
            return Ok(Output::Frames(Box::new(frames)));
        }
        OutputForm::Print => Box::new(Print::new(output, "stdout", PRINT_LIMIT)),
        OutputForm::Text => Box::new(Lines::new(output, "stdout", LineForm::Text)),
        OutputForm::Json => Box::new(Lines::new(output, "stdout", LineForm::Json)),
    }))
}
