//! Opens standard input, framed or raw, whichever it is.

use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use super::args::{CutArgs, InputArgs, InputForm};
use super::first::{self, SourceIdentity};
use super::{Environment, ToolError};
use crate::clock::Clock as _;
use crate::console::RUN_INPUT_VARIABLE;
use crate::flow::{BadRecords, Input, InputError};
use crate::frame::{Event, FrameError, FrameReader, MAGIC};
use crate::interval::Interval;
use crate::os;
use crate::record::forms::Recipe;
use crate::source::engine::batches::Batches;
use crate::source::engine::cut::{CutOptions, Cutter, CutterParts};
use crate::source::engine::first::Stopped;
use crate::source::engine::line_source::LineSource;
use crate::source::engine::records::RecordSource;
use crate::source::engine::stop::StopRules;
use crate::source::kinds::packing::Packing;
use crate::source::kinds::stdin::Stdin;
use crate::source::kinds::unpacked::UnpackedStdin;
use crate::source::{ByteSource, Got, SourceError};

/// How long a stage that was asked to stop, and does not know yet whether it is
/// the first one, waits for the first byte or the end.
const GRACE: Duration = Duration::from_secs(1);

/// Opens standard input. A terminal there is a usage error unless it was asked
/// for: a person wants to know how the tool is used.
pub fn open<'a>(
    arguments: &InputArgs,
    environment: &'a Environment,
    bad_records: &'a BadRecords,
) -> Result<Box<dyn Input + 'a>, ToolError> {
    if arguments.input.is_none() && io::stdin().is_terminal() {
        return Err(ToolError::Terminal { tool: environment.console.tool() });
    }
    let mut stdin = stdin_with_progress(environment)?;
    let (form, read) = match arguments.input {
        Some(form) => (form, Vec::new()),
        None => match detect(&mut stdin, &first::stop_rules(&arguments.cut, environment), environment)? {
            Detected::Raw(read) => {
                if read.is_empty() && stdin.is_pipe() && may_be_behind(&arguments.cut) {
                    return Err(ToolError::NoHead);
                }
                (InputForm::Text, read)
            }
            Detected::Framed(read) => {
                let reader = FrameReader::resume(FramedStdin(stdin), read);
                return Ok(Box::new(Framed { reader, given: not_here(&arguments.cut, environment) }));
            }
        },
    };
    arguments.cut.check(Some(form))?;
    if !environment.has_times {
        arguments.cut.check_zone()?;
    }
    let recipe = arguments.cut.recipe(Some(form));
    let interval = arguments.cut.interval()?;
    let identity = SourceIdentity::of_lines("stdin", "stdin", form, &arguments.cut, interval);
    let Some(begun) = first::begin(identity, &arguments.cut, environment)? else {
        return Ok(Box::new(Stopped::new(interval)));
    };
    let (has_begun, interval) = (!read.is_empty(), begun.interval());
    let bytes: Box<dyn ByteSource> = match form {
        InputForm::Avro => Box::new(unpacked(stdin, environment).of(Packing::Avro)),
        _ => Box::new(stdin),
    };
    let source = lines(bytes, recipe, read, &arguments.cut, environment);
    let cutter = cutter(source, has_begun, &arguments.cut, interval, environment, bad_records);
    Ok(begun.input(cutter, &arguments.cut, environment, bad_records))
}

/// An option that says nothing where batches are cut already.
fn not_here(arguments: &CutArgs, environment: &Environment) -> Option<&'static str> {
    let zone = arguments.zone.time_zone.is_some() && !environment.has_times;
    arguments.of_first_stage().or(zone.then_some("--time-zone"))
}

/// Whether a stage whose pipe was closed before anything came may stand behind another
/// one, which was killed before it had said that it is one. A source of this stage's own in
/// the line's checkpoint would then be wrong whatever came of it, so that SSTREAM_CHECKPOINT, which all
/// stages see, is not taken: but by one that reads what sstream-run itself was given to read, which
/// is the line's first stage for certain, as is one that has `--checkpoint` or `--input`.
fn may_be_behind(arguments: &CutArgs) -> bool {
    arguments.keep.checkpoint.is_none() && arguments.keep.dir().is_some() && !is_input_of_run()
}

/// Whether stdin is that of the sstream-run around this stage.
fn is_input_of_run() -> bool {
    std::env::var(RUN_INPUT_VARIABLE).is_ok_and(|input| os::identity(io::stdin()).is_some_and(|own| own == input))
}

/// Standard input as a byte source.
pub fn stdin(environment: &Environment) -> Result<Stdin, ToolError> {
    Stdin::open(environment.stop.clone(), environment.waited.clone())
        .map_err(|error| ToolError::Open { what: "stdin".to_owned(), error })
}

/// What standard input holds, if it is packed.
pub fn unpacked(stdin: Stdin, environment: &Environment) -> UnpackedStdin {
    UnpackedStdin::new(stdin, environment.stop.clone(), environment.waited.clone(), environment.console.clone())
}

/// Standard input as a byte source that shows how far its reading is.
pub fn stdin_with_progress(environment: &Environment) -> Result<Stdin, ToolError> {
    Ok(with_progress(stdin(environment)?, environment))
}

/// Lets an input show how far its reading is, unless the tool is to be quiet.
pub fn with_progress(mut input: Stdin, environment: &Environment) -> Stdin {
    if !environment.console.is_quiet() {
        input.show_progress();
    }
    input
}

/// The lines of a byte source, from which `read` was read already, as records.
pub fn lines<'a>(
    source: Box<dyn ByteSource + 'a>,
    recipe: Recipe,
    read: Vec<u8>,
    arguments: &CutArgs,
    environment: &'a Environment,
) -> Box<dyn RecordSource + 'a> {
    let console = environment.console.clone();
    Box::new(LineSource::new(source, recipe, read, arguments.max_line, &environment.clock, console))
}

/// A cutter over any source of records; `has_begun` says whether something has
/// come already.
pub fn cutter<'a>(
    source: Box<dyn RecordSource + 'a>,
    has_begun: bool,
    arguments: &CutArgs,
    interval: Interval,
    environment: &'a Environment,
    bad_records: &'a BadRecords,
) -> Box<dyn Batches + 'a> {
    let options = CutOptions {
        interval,
        count: arguments.count(),
        block_interval: arguments.block_interval,
        trace: !arguments.no_trace,
        skip_missed: arguments.skip_missed,
        limits: arguments.limits.options(),
    };
    let parts = CutterParts {
        source,
        has_begun,
        stop: first::stop_rules(arguments, environment),
        clock: &environment.clock,
        bad_records,
    };
    Box::new(Cutter::new(parts, options))
}

/// What input is, with what was read of it.
enum Detected {
    Framed(Vec<u8>),
    Raw(Vec<u8>),
}

/// Reads until it is clear whether input is framed: raw input is known by its
/// first byte that differs from a head's beginning. Input with no byte at all
/// is an empty raw one; input that ends inside a head's beginning was cut off.
fn detect(stdin: &mut Stdin, stop: &StopRules, environment: &Environment) -> Result<Detected, ToolError> {
    let mut read = Vec::with_capacity(64 << 10);
    let mut asked: Option<Duration> = None;
    loop {
        let length = read.len().min(MAGIC.len());
        if read[..length] != MAGIC[..length] {
            return Ok(Detected::Raw(read));
        }
        if length == MAGIC.len() {
            return Ok(Detected::Framed(read));
        }
        let mut buffer = [0; 64 << 10];
        let now = environment.clock.read().monotonic;
        if asked.is_none() && stop.is_due(now, stop.started) {
            environment.console.info("asked to stop before any input came");
            asked = Some(now);
        }
        let got = match asked {
            None => stdin.read_until_stop(&mut buffer, stop.wait(now, stop.started)),
            Some(since) if now >= since + GRACE => return Ok(Detected::Raw(read)),
            Some(_) => stdin.read_within(&mut buffer, GRACE),
        };
        match got.map_err(|error| ToolError::Input(SourceError::read("stdin", error)))? {
            Got::Bytes(count) => read.extend_from_slice(&buffer[..count]),
            Got::End if read.is_empty() => return Ok(Detected::Raw(read)),
            Got::End => return Err(ToolError::Input(SourceError::CutOff)),
            Got::Timeout | Got::Stop | Got::Over | Got::Turn => {}
        }
    }
}

/// Standard input of a later stage: signals are none of its business.
pub struct FramedStdin(pub Stdin);

impl Read for FramedStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_while_read(buffer)
    }
}

/// A framed input, whose batches are cut already.
struct Framed {
    reader: FrameReader<FramedStdin>,
    /// An option that only a first stage can follow.
    given: Option<&'static str>,
}

impl Input for Framed {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        let event = self.reader.next().map_err(|error| match error {
            FrameError::Read(error) if error.kind() == io::ErrorKind::BrokenPipe => InputError::ReaderGone,
            error => InputError::Frame(error),
        })?;
        if let (Event::Head(head), Some(option)) = (&event, self.given) {
            return Err(InputError::from(SourceError::NotFirst {
                option,
                interval: head.interval,
                stage: head.first_stage().to_owned(),
            }));
        }
        Ok(event)
    }

    fn is_ready(&self) -> bool {
        self.reader.is_buffered()
    }
}
