//! `sstream-source`.

mod external;
mod files;
mod kind;
mod open;
pub mod position;
mod received;

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

use clap::Parser;

use super::account::{Account, Begins, Stream, describe_interval};
use super::args::{Common, CutArgs, InputForm};
use super::cluster::{NOBODY_KNOWS_WHERE, Origin, Spread, WHOLE_AT_ONCE};
use super::connector::known::Role;
use super::first::{self, SourceIdentity};
use super::guarantee::SourceGuarantee;
use super::{Environment, Tool, ToolError, output, tell_skipped};
use crate::flow::Input;
use crate::frame::{BatchTime, Event, FrameReader};
use crate::interval::Interval;
use crate::op::pass::Pass;
use crate::os;
use crate::record::forms::{Field, Recipe};
use crate::source::SourceError;
use crate::source::engine::first::Stopped;
use crate::stage::{self, Context};
use kind::{ChosenSource, ClockKind, WithField, is_seekable};

/// Begin a pipeline: read records from somewhere and cut them into batches
///
/// A KIND that is not listed here is run from PATH: `sstream-source mykind ARGS`
/// is `sstream-source exec -- sstream-source-mykind ARGS`.
#[derive(Parser, Debug)]
#[command(mut_args(|argument| argument.global(true)))]
pub struct SourceTool {
    #[command(subcommand)]
    kind: ChosenSource,

    /// What a line is; text unless told
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Raw input")]
    input: Option<InputForm>,

    /// Make objects of the value and of where it is from, several with commas: tail and dir know file, line, offset and host, listen, udp and unix client and host, others host
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',', help_heading = "Raw input")]
    with: Vec<WithField>,

    #[command(flatten)]
    cut: CutArgs,

    #[command(flatten)]
    common: Common,
}

impl Tool for SourceTool {
    const NAME: &'static str = "sstream-source";
    const EXAMPLES: &'static str = "  \
  sstream-source tcp localhost:9999 | sstream-filter ERROR
  sstream-source listen 9999 --batch 10s | sstream-window 30s 10s count
  sstream-source queue --batch 1s batches.jsonl | sstream-sink print
  sstream-source exec -- journalctl -f | sstream-filter -i error
";

    const CONNECTORS: Option<Role> = Some(Role::Source);

    fn common(&self) -> &Common {
        &self.common
    }

    fn elsewhere(&self) -> Option<&[OsString]> {
        match &self.kind {
            ChosenSource::Other(words) => Some(words),
            _ => None,
        }
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.cut)
    }

    fn begins(&self) -> Option<Begins> {
        let lines = Begins::with_lines(&self.cut);
        let interval = lines.interval.map_or_else(String::new, describe_interval);
        let begins = Begins { reads_stdin: self.kind.reads_stdin(), guarantee: self.kind.guarantee(), ..lines };
        Some(match &self.kind {
            ChosenSource::Replay { .. } => Begins {
                interval: None,
                does: "gives the batches of a saved stream again, with their times".to_owned(),
                ..begins
            },
            ChosenSource::Queue { clock: ClockKind::Virtual, .. } => Begins {
                does: format!("batches of {interval} from a file, as fast as they go (virtual clock)"),
                ..begins
            },
            _ => begins,
        })
    }

    fn source(&self, _: Option<InputForm>) -> Result<SourceIdentity, ToolError> {
        self.identity()
    }

    fn account(&self, _: &mut Stream) -> Account {
        self.check().map_or_else(Account::mistake, |()| Account::default())
    }

    fn spread(&self) -> Spread {
        match &self.kind {
            ChosenSource::Queue { file, .. } if file == Path::new("-") => {
                Spread::Refused("standard input is that of one machine: give the file's name".to_owned())
            }
            ChosenSource::Queue { file, clock: ClockKind::Virtual, start } => {
                Spread::Source(Origin::Queue(file.clone(), start.unwrap_or(0)))
            }
            ChosenSource::Queue { .. } => Spread::not_yet("queue by the wall clock"),
            ChosenSource::Tcp { .. }
            | ChosenSource::Exec { .. }
            | ChosenSource::Rate { .. }
            | ChosenSource::Other(_) => Spread::Source(Origin::Received),
            ChosenSource::Stdin { .. } => Spread::Refused("standard input is that of one machine".to_owned()),
            ChosenSource::Listen { .. } | ChosenSource::Udp { .. } | ChosenSource::Unix { .. } => {
                Spread::Refused(NOBODY_KNOWS_WHERE.to_owned())
            }
            ChosenSource::Dir { .. } if self.cut.limits.max_rate.is_some() => Spread::Refused(WHOLE_AT_ONCE.to_owned()),
            ChosenSource::Dir { paths, new_only, look, .. } => {
                let has_file = self.with.contains(&WithField::File);
                files::spread(paths, *new_only, look, has_file).unwrap_or_else(Spread::Refused)
            }
            ChosenSource::Tail { .. } => Spread::Refused("tail follows the files of one machine".to_owned()),
            ChosenSource::Replay { .. } => Spread::not_yet("replay"),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        self.check()?;
        let bad_records = super::bad_records(self.cut.on_error.clone(), environment)?;
        let context = super::context(environment, bad_records, &self.common);
        let mut outlet = output::open(self.common.output, environment)?;
        let mut input = self.open(environment, &context)?;
        let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
        let must_restart = input.must_restart();
        // A source may have a program to end or a file to remove.
        drop(input);
        tell_skipped(&context, environment);
        super::end(result, must_restart)
    }
}

impl SourceTool {
    /// Options that do not fit this kind.
    fn check(&self) -> Result<(), ToolError> {
        let brings_batches = match self.kind {
            ChosenSource::Queue { .. } => Some("queue"),
            ChosenSource::Rate { .. } => Some("rate"),
            ChosenSource::Replay { .. } => Some("replay"),
            _ => None,
        };
        let has_many_clients = match self.kind {
            ChosenSource::Listen { .. } => Some("listen"),
            ChosenSource::Udp { .. } => Some("udp"),
            ChosenSource::Unix { .. } => Some("unix"),
            _ => None,
        };
        let unknown = self.with.iter().copied().find(|field| !self.kind.knows(*field));
        let message = match (brings_batches, has_many_clients, &self.kind) {
            (Some(kind), _, _) if !self.with.is_empty() => {
                format!("--with: {kind} does not read lines of text: leave it out")
            }
            _ if unknown.is_some() => {
                let name = unknown.map_or("", |field| field.of_records().name());
                format!(
                    "--with {name}: this source does not know it: tail and dir know file, line, offset and host, listen, \
                     udp and unix client and host, others host"
                )
            }
            (Some(kind), _, _) if self.input.is_some() => {
                format!("--input: {kind} does not read lines of text: leave it out")
            }
            (Some(kind), _, _) if self.cut.events.given().is_some() => {
                let option = self.cut.events.given().unwrap_or_default();
                format!("{option}: {kind} does not read lines of text: leave it out")
            }
            (Some(kind), _, _) if self.cut.form.given().is_some() => {
                let option = self.cut.form.given().unwrap_or_default();
                format!("{option}: {kind} does not read lines of text: leave it out")
            }
            _ if self.input == Some(InputForm::Avro) && !self.kind.reads_whole_files() => {
                "--input avro: container files are read by stdin, dir and tail".to_owned()
            }
            (_, Some(kind), _) if self.input.is_some_and(InputForm::has_rows) => format!(
                "--input csv: {kind} takes lines of several clients in turn, whose headers and rows would mix: send json \
                 or logfmt"
            ),
            (_, _, ChosenSource::Queue { .. } | ChosenSource::Rate { .. } | ChosenSource::Replay { .. })
                if self.cut.count().is_some() =>
            {
                "--batch: this source has batches of its own, that are of no count: give an interval".to_owned()
            }
            (_, _, ChosenSource::Replay { .. }) if self.cut.zone.time_zone.is_some() => {
                "--time-zone: replay keeps the batches of the saved stream: leave it out".to_owned()
            }
            (_, _, ChosenSource::Replay { .. }) if self.cut.batch.is_some() => {
                "--batch: replay keeps the batches of the saved stream: leave it out".to_owned()
            }
            (_, _, ChosenSource::Queue { clock: ClockKind::Wall, start: Some(_), .. }) => {
                "--start: by the wall clock batches start at the present: leave out --start or --clock wall".to_owned()
            }
            (Some(kind), ..) if self.cut.limits.given().is_some() => format!(
                "{}: {kind} gives its batches as they are: leave it out",
                self.cut.limits.given().unwrap_or_default()
            ),
            (_, _, ChosenSource::Replay { file, .. }) if file == Path::new("-") && self.cut.keep.dir().is_some() => {
                "--checkpoint: standard input cannot be replayed again after a restart: give the file's name".to_owned()
            }
            (_, _, ChosenSource::Replay { file, .. }) if self.cut.keep.dir().is_some() && !is_seekable(file) => {
                format!("--checkpoint: {} cannot be read again after a restart: save it in a file", file.display())
            }
            _ => {
                self.kind.check_coding(&self.cut.form).map_err(ToolError::Usage)?;
                self.cut.check_zone()?;
                return self.cut.check(self.input);
            }
        };
        Err(ToolError::Usage(message))
    }

    fn open<'a>(
        &self,
        environment: &'a Environment,
        context: &'a Context<'_>,
    ) -> Result<Box<dyn Input + 'a>, ToolError> {
        let identity = self.identity()?;
        let interval = identity.interval;
        match first::begin(identity, &self.cut, environment)? {
            Some(mut begun) => {
                let (interval, gone) = (begun.interval(), begun.gone().to_vec());
                let batches =
                    begun.open(environment, || self.batches(interval, &gone, environment, &context.bad_records))?;
                Ok(begun.input(batches, &self.cut, environment, &context.bad_records))
            }
            None => Ok(Box::new(Stopped::new(interval))),
        }
    }

    /// What the source is to a checkpoint. An external program must be there; a saved stream is
    /// looked into.
    fn identity(&self) -> Result<SourceIdentity, ToolError> {
        let interval = self.cut.interval()?;
        let form = self.input.unwrap_or(InputForm::Text);
        let lines = |kind: &str, words: &str| {
            let words = if words.is_empty() { kind.to_owned() } else { format!("{kind} {words}") };
            let reads_again = matches!(self.kind.guarantee(), SourceGuarantee::ReadAgain(_));
            let mut identity = SourceIdentity::of_lines(kind, &words, form, &self.cut, interval);
            identity.arguments.push_str(&self.with_words());
            SourceIdentity { reads_again, ..identity }
        };
        Ok(match &self.kind {
            ChosenSource::Stdin { .. } => lines("stdin", ""),
            ChosenSource::Tcp { address, .. } => lines("tcp", &address.to_string()),
            ChosenSource::Listen { address, .. } => lines("listen", &address.0.to_string()),
            ChosenSource::Udp { address, .. } => lines("udp", &address.0.to_string()),
            ChosenSource::Unix { path, .. } => lines("unix", &path.display().to_string()),
            ChosenSource::Exec { command } => lines("exec", &joined(command)),
            ChosenSource::Other(words) => {
                external::command(words)?;
                let kind = words.first().map_or_else(String::new, |word| word.to_string_lossy().into_owned());
                lines(&kind, &joined(words.get(1..).unwrap_or_default()))
            }
            ChosenSource::Dir { paths, .. } => files::identity("dir", paths, lines),
            ChosenSource::Tail { paths, .. } => files::identity("tail", paths, lines),
            // The numbers go on, at whatever rate.
            ChosenSource::Rate { .. } => lines("rate", ""),
            ChosenSource::Queue { file, clock, start } => {
                let is_wall = *clock == ClockKind::Wall;
                let words = format!("{}{}", file.display(), if is_wall { " --clock wall" } else { "" });
                SourceIdentity { virtual_start_ms: (!is_wall).then_some(start.unwrap_or(0)), ..lines("queue", &words) }
            }
            ChosenSource::Replay { file, .. } => {
                let (interval, start_ms) = match self.cut.keep.dir() {
                    Some(_) => look_into(file)?,
                    None => (interval, 0),
                };
                let words = file.display().to_string();
                let virtual_start_ms = Some(start_ms);
                SourceIdentity { interval, virtual_start_ms, ..lines("replay", &words) }
            }
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            with: self.with.iter().map(|field| field.of_records()).collect(),
            host: if self.with.contains(&WithField::Host) { os::host_name() } else { String::new() },
            ..self.cut.recipe(self.input)
        }
    }

    /// What `--with` says of what a record is, in one order.
    fn with_words(&self) -> String {
        let mut fields: Vec<_> = self.with.iter().map(|field| field.of_records()).collect();
        fields.sort_unstable();
        fields.dedup();
        let names: Vec<_> = fields.into_iter().map(Field::name).collect();
        if names.is_empty() { String::new() } else { format!(" --with {}", names.join(",")) }
    }
}

fn joined(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The interval of a saved stream, and where its first batch begins.
fn look_into(path: &Path) -> Result<(Interval, u64), ToolError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| ToolError::Open { what: name.clone(), error })?;
    let failed = |error| ToolError::Input(SourceError::frames(&name, error));
    let mut reader = FrameReader::new(file);
    let interval = match reader.next().map_err(failed)? {
        Event::Head(head) => head.interval,
        // A stream that failed before it began.
        _ => return Ok((Interval::Fixed(1), 0)),
    };
    let first = match reader.next().map_err(failed)? {
        Event::Block(block) => block.time,
        Event::End(end) => end.time,
        Event::Head(_) | Event::Close(_) => BatchTime(interval.after(0)),
    };
    Ok((interval, interval.begin(first.0)))
}
