//! The batches of each kind.

use std::fs::File;
use std::path::Path;

use super::kind::{ChosenSource, ClockKind, is_seekable};
use super::{SourceTool, external, files};
use crate::cli::args::InputForm;
use crate::cli::{Environment, ToolError, first, input};
use crate::flow::BadRecords;
use crate::interval::Interval;
use crate::net::address::OwnAddress;
use crate::source::ByteSource;
use crate::source::engine::batches::Batches;
use crate::source::engine::kept::OnLoss;
use crate::source::engine::pace::Pace;
use crate::source::kinds::exec;
use crate::source::kinds::listen;
use crate::source::kinds::packing::Packing;
use crate::source::kinds::queue::Queue;
use crate::source::kinds::rate::{Rate, RateOptions};
use crate::source::kinds::receive::Surroundings;
use crate::source::kinds::replay::Replay;
use crate::source::kinds::stdin::Stdin;
use crate::source::kinds::tcp;
use crate::source::kinds::udp;
use crate::source::kinds::unix;
use crate::source::kinds::until_stop::{UntilStop, open_at_once};

impl SourceTool {
    fn files<'c, 'a>(&'c self, environment: &'a Environment) -> files::Opening<'c, 'a> {
        files::Opening { recipe: self.recipe(), cut: &self.cut, environment }
    }

    /// Opens the source; `gone` is what it read in the run before and does not any more.
    pub(super) fn batches<'a>(
        &self,
        interval: Interval,
        gone: &[String],
        environment: &'a Environment,
        bad_records: &'a BadRecords,
    ) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let around = Surroundings {
            stop: environment.stop.clone(),
            waited: environment.waited.clone(),
            console: environment.console.clone(),
            max_line: self.cut.max_line,
            coding: self.recipe().coding.decided(),
            tells_clients: self.recipe().tells_clients(),
        };
        let clock = &environment.clock;
        let stop = first::stop_rules(&self.cut, environment);
        let trace = !self.cut.no_trace;
        let source: Box<dyn ByteSource> = match &self.kind {
            ChosenSource::Stdin { .. } if self.input == Some(InputForm::Avro) => {
                Box::new(input::unpacked(input::stdin_with_progress(environment)?, environment).of(Packing::Avro))
            }
            ChosenSource::Stdin { unpack: true } => {
                Box::new(input::unpacked(input::stdin_with_progress(environment)?, environment))
            }
            ChosenSource::Stdin { unpack: false } => Box::new(input::stdin_with_progress(environment)?),
            ChosenSource::Tcp { address, spool } => {
                let server = address.clone();
                spool.open(&format!("tcp {address}"), &around, move |around| tcp::open(&server, around))?
            }
            ChosenSource::Listen { address: OwnAddress(address), clients, spool } => {
                let (port, limits) = (address.clone(), clients.limits());
                spool.open(&format!("listen {address}"), &around, move |around| listen::open(&port, limits, around))?
            }
            ChosenSource::Udp { address: OwnAddress(address), spool } => {
                let port = address.clone();
                spool.open(&format!("udp {address}"), &around, move |around| udp::open(&port, around))?
            }
            ChosenSource::Unix { path, clients, spool } => {
                let (socket, limits) = (path.clone(), clients.limits());
                let name = format!("unix {}", path.display());
                spool.open(&name, &around, move |around| unix::open(&socket, limits, around))?
            }
            ChosenSource::Exec { command } => Box::new(exec::open(command, &around)?),
            ChosenSource::Other(words) => Box::new(exec::open(&external::command(words)?, &around)?),
            ChosenSource::Dir { paths, settle, new_only, look } => {
                let options = files::dir_options(*settle, *new_only, look, &self.cut);
                let source = self.files(environment).dir(paths, options)?;
                return Ok(input::cutter(source, false, &self.cut, interval, environment, bad_records));
            }
            ChosenSource::Tail { paths, from, look } => {
                let source = self.files(environment).tail(paths, files::tail_options(*from, look, &self.cut, gone))?;
                return Ok(input::cutter(source, false, &self.cut, interval, environment, bad_records));
            }
            ChosenSource::Rate { per_second } => {
                let block_interval = self.cut.block_interval;
                let options = RateOptions { per_second: *per_second, interval, block_interval, trace };
                return Ok(Box::new(Rate::new(options, clock, stop)));
            }
            ChosenSource::Queue { file: path, clock: kind, start } => {
                let pace = match kind {
                    ClockKind::Virtual => Pace::virtual_from(start.unwrap_or(0), clock, stop.clone()),
                    ClockKind::Wall => Pace::wall(clock, stop.clone()),
                };
                let (file, name) = open_file(path)?;
                let again = file.as_ref().filter(|_| is_seekable(path)).map(File::try_clone).transpose();
                let again = again.map_err(|error| ToolError::Open { what: name.clone(), error })?;
                let reader = UntilStop::new(read_whole(file, &name, environment)?, clock, stop);
                let queue = Queue::new(reader, &name, interval, trace, pace);
                return Ok(Box::new(match again {
                    Some(file) => queue.read_again_from(file, self.cut.keep.on_loss() == OnLoss::Skip),
                    None => queue,
                }));
            }
            ChosenSource::Replay { file, speed } => {
                let (file, name) = open_file(file)?;
                let reader = UntilStop::new(read_whole(file, &name, environment)?, clock, stop.clone());
                return Ok(Box::new(Replay::new(reader, &name, *speed, clock, stop)));
            }
        };
        let recipe = match self.kind {
            ChosenSource::Stdin { .. } => self.recipe(),
            _ => self.recipe().of_many(),
        };
        let lines = input::lines(source, recipe, Vec::new(), &self.cut, environment);
        Ok(input::cutter(lines, false, &self.cut, interval, environment, bad_records))
    }
}

/// Opens a file to be read whole, and gives its name for messages; `-` is standard
/// input, and no file.
fn open_file(path: &Path) -> Result<(Option<File>, String), ToolError> {
    if path == Path::new("-") {
        return Ok((None, "stdin".to_owned()));
    }
    let name = path.display().to_string();
    match open_at_once(path) {
        Ok(file) => Ok((Some(file), name)),
        Err(error) => Err(ToolError::Open { what: name, error }),
    }
}

/// What reads a file, or standard input.
fn read_whole(file: Option<File>, name: &str, environment: &Environment) -> Result<Stdin, ToolError> {
    let input = match file {
        Some(file) => Stdin::from_file(file, name, environment.stop.clone(), environment.waited.clone()),
        None => input::stdin(environment)?,
    };
    Ok(input::with_progress(input, environment))
}
