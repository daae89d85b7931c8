//! `sstream-source-KIND`: a source made of what its kind says.

use std::fmt;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser};

use super::known::Role;
use super::with_about;
use crate::checkpoint::job::Places;
use crate::checkpoint::offsets::Position;
use crate::cli::account::Begins;
use crate::cli::args::{Common, CutArgs, FormArgs, InputForm, MultilineArgs};
use crate::cli::first::{self, SourceIdentity};
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::console::Console;
use crate::flow::{BadRecords, Input, Waited};
use crate::op::pass::Pass;
use crate::record::forms::Recipe;
use crate::signal::StopSignal;
use crate::source::ByteSource;
use crate::source::engine::first::Stopped;
use crate::source::engine::kept::OnLoss;
use crate::source::engine::records::{Came, RecordSource};
use crate::source::kinds::stdin::{Ready, wait_readable};
use crate::stage;

/// A kind of source: its options (this type, by clap), and what it says of itself once
/// for its help, its checkpoint, `sstream explain` and the manual.
pub trait SourceKind: Args + fmt::Debug + 'static {
    /// The program, `sstream-source-KIND`.
    const TOOL: &'static str;

    /// What it is: a line for lists; behind an empty line more, for its help.
    const ABOUT: &'static str;

    /// Examples, a line each, indented by two spaces.
    const EXAMPLES: &'static str;

    /// What to do in the place of `--input`, for a source that gives records and no
    /// lines; none if it gives lines, [`Opened::Lines`].
    const WITHOUT_INPUT: Option<&'static str> = Some("leave it out");

    /// Whether it reads whole files by itself, with [`SourceParts::recipe`]: then what only a file's beginning tells
    /// goes too, as `--input avro`.
    const READS_FILES: bool = false;

    /// Options that do not go together; what is wrong with them, and what to do.
    ///
    /// # Errors
    /// The message of a wrong usage (exit 2).
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What must stay the same under a checkpoint, as an option would be written: which
    /// records are read, and what they are made of. No more: a restart may have other values of all
    /// options that are not in it, as addresses and speeds.
    fn identity(&self) -> String;

    /// Of a source that reads several things, each for itself, as topics: what they are, and what of
    /// [`identity`](SourceKind::identity) must stay the same beside them. A restart may then have more of them, and
    /// fewer if they `may_go`.
    fn places(&self) -> Option<Places> {
        None
    }

    /// How what [`position`](crate::source::engine::records::ReadAgain::position) gave for a batch reads, for `sstream-checkpoint show`:
    /// `records 120 to 180`. `before` is all that the checkpoint has of the source before that
    /// batch. Unless this says it, it is shown in hex.
    fn show_position(before: &Position, recorded: &[u8]) -> Option<String> {
        let _ = (before, recorded);
        None
    }

    /// What holds after a crash.
    fn guarantee(&self) -> SourceGuarantee;

    /// Whether the source has positions, from which its batches are read again: who promises that has. One
    /// whose positions hold all of a batch, and whose other end repeats more than was asked for, says so
    /// too, and promises [`SourceGuarantee::Redelivered`].
    fn has_positions(&self) -> bool {
        matches!(self.guarantee(), SourceGuarantee::ReadAgain(_))
    }

    /// Begins to read. The options are checked, and a checkpoint is open.
    ///
    /// # Errors
    /// What keeps it from beginning; what may pass by itself is waited for instead.
    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError>;
}

/// What a source has around it.
#[derive(Clone, Debug)]
pub struct SourceParts {
    /// For what a careful person wants to know.
    pub console: Console,
    /// Whoever waits, waits for this too: the source is asked to stop.
    pub stop: StopSignal,
    /// Counts the time that the world is waited for.
    pub waited: Waited,
    /// What becomes of records that a position names and that are gone.
    pub on_loss: OnLoss,
    /// A longer line is a bad record, in bytes.
    pub max_line: usize,
    /// What makes records of lines, as the options of raw input say; for who reads whole files by itself.
    pub recipe: Recipe,
}

impl SourceParts {
    /// Waits, for a source whose world does not say when something has come:
    /// [`Came::Timeout`] after so long, or [`Came::Stop`] at once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sstream::connect::{Came, testing};
    ///
    /// assert_eq!(testing::source_parts().pause(Duration::from_millis(1)), Came::Timeout);
    /// ```
    pub fn pause(&self, time: Duration) -> Came {
        match self.waited.during(|| wait_readable(self.stop.wake(), None, Some(time))) {
            Ok(Ready::Input) => Came::Stop,
            _ => Came::Timeout,
        }
    }
}

/// A source that has begun.
pub enum Opened {
    /// It gives records.
    Records(Box<dyn RecordSource>),
    /// It gives bytes, of which `--input` makes records, a line each.
    Lines(Box<dyn ByteSource>),
}

/// A source as a tool.
#[derive(Debug)]
pub struct SourceTool<K: SourceKind> {
    pub(super) kind: K,
    pub(super) rest: Rest,
}

/// What every source has.
#[derive(Args, Debug)]
pub(super) struct Rest {
    /// What a line is; text unless told
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Raw input")]
    input: Option<InputForm>,

    #[command(flatten)]
    pub(super) cut: CutArgs,

    #[command(flatten)]
    common: Common,
}

impl<K: SourceKind> CommandFactory for SourceTool<K> {
    fn command() -> clap::Command {
        let command = Rest::augment_args(K::augment_args(clap::Command::new(K::TOOL)));
        // They are refused with advice; help would only send people there.
        let of_lines = match K::WITHOUT_INPUT {
            Some(_) => options_of_lines(),
            None => Vec::new(),
        };
        let command = of_lines.into_iter().fold(command, |command, id| command.mut_arg(id, |option| option.hide(true)));
        with_about(command, K::ABOUT)
    }

    fn command_for_update() -> clap::Command {
        Self::command()
    }
}

impl<K: SourceKind> FromArgMatches for SourceTool<K> {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        Ok(SourceTool { kind: K::from_arg_matches(matches)?, rest: Rest::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<K: SourceKind> Parser for SourceTool<K> {}

impl<K: SourceKind> Tool for SourceTool<K> {
    const NAME: &'static str = K::TOOL;
    const EXAMPLES: &'static str = K::EXAMPLES;

    fn common(&self) -> &Common {
        &self.rest.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.rest.cut)
    }

    fn begins(&self) -> Option<Begins> {
        Some(Begins { reads_stdin: false, guarantee: self.kind.guarantee(), ..Begins::with_lines(&self.rest.cut) })
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        self.check()?;
        let Rest { cut, common, .. } = &self.rest;
        let bad_records = crate::cli::bad_records(cut.on_error.clone(), environment)?;
        let identity = self.identity()?;
        let mut context = crate::cli::context(environment, bad_records, common);
        context.checkpoint.arguments.clone_from(&identity.arguments);
        let mut outlet = output::open(common.output, environment)?;
        let mut input = self.open(identity, environment, &context.bad_records)?;
        let result = stage::run(input.as_mut(), &mut Pass, outlet.as_mut(), &context);
        let must_restart = input.must_restart();
        // A source may have something to close.
        drop(input);
        tell_skipped(&context, environment);
        crate::cli::end(result, must_restart)
    }
}

impl<K: SourceKind> SourceTool<K> {
    /// Options that do not go together, of the kind and of all sources.
    pub(super) fn check(&self) -> Result<(), ToolError> {
        let Rest { input, cut, .. } = &self.rest;
        let given = input.is_some().then_some("--input");
        let given = given.or(cut.form.given()).or(cut.events.given());
        if let (Some(option), Some(advice)) = (given, K::WITHOUT_INPUT) {
            return Err(ToolError::Usage(format!("{option}: this source gives no lines: {advice}")));
        }
        if *input == Some(InputForm::Avro) && !K::READS_FILES {
            let message = "--input avro: container files are read by sstream-source stdin, dir and tail";
            return Err(ToolError::Usage(message.to_owned()));
        }
        cut.check(*input)?;
        cut.check_zone()?;
        self.kind.check().map_err(ToolError::Usage)
    }

    /// What the source is to a checkpoint.
    pub(super) fn identity(&self) -> Result<SourceIdentity, ToolError> {
        let Rest { input: form, cut, .. } = &self.rest;
        let name = kind_name::<K>();
        let words = format!("{name} {}", self.kind.identity());
        let form = form.unwrap_or(InputForm::Text);
        Ok(SourceIdentity {
            reads_again: self.kind.has_positions(),
            places: self.kind.places().map(|places| Places {
                beside: format!("{}{}", places.beside, first::form_arguments(form, cut)),
                ..places
            }),
            ..SourceIdentity::of_lines(name, words.trim_end(), form, cut, cut.interval()?)
        })
    }

    fn open<'a>(
        &self,
        identity: SourceIdentity,
        environment: &'a Environment,
        bad_records: &'a BadRecords,
    ) -> Result<Box<dyn Input + 'a>, ToolError> {
        let Rest { input: form, cut, .. } = &self.rest;
        let form = form.unwrap_or(InputForm::Text);
        let interval = identity.interval;
        let Some(mut begun) = first::begin(identity, cut, environment)? else {
            return Ok(Box::new(Stopped::new(interval)));
        };
        let parts = SourceParts {
            console: environment.console.clone(),
            stop: environment.stop.clone(),
            waited: environment.waited.clone(),
            on_loss: cut.keep.on_loss(),
            max_line: cut.max_line,
            recipe: cut.recipe(Some(form)),
        };
        let mut source = match begun.open(environment, || self.kind.open(parts))? {
            Opened::Records(source) => source,
            Opened::Lines(source) => {
                let recipe = cut.recipe(Some(form)).of_many();
                input::lines(source, recipe, Vec::new(), cut, environment)
            }
        };
        check_promise(&self.kind.guarantee(), source.as_mut())?;
        let batches = input::cutter(source, false, cut, begun.interval(), environment, bad_records);
        Ok(begun.input(batches, cut, environment, bad_records))
    }
}

/// A kind that says that it reads again gives a source that can: otherwise its checkpoint would keep a log, and
/// `sstream explain` would tell people something else.
fn check_promise(guarantee: &SourceGuarantee, source: &mut dyn RecordSource) -> Result<(), ToolError> {
    match guarantee {
        SourceGuarantee::ReadAgain(_) if source.replay().is_none() => Err(ToolError::Usage(
            "a fault of this connector: its guarantee is ReadAgain, and its source has no `replay`, which gives \
             Some(self): add it, or say Logged"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The options that say what a line is.
fn options_of_lines() -> Vec<clap::Id> {
    let options = MultilineArgs::augment_args(FormArgs::augment_args(clap::Command::new("lines")));
    let options = options.get_arguments().map(|option| option.get_id().clone());
    [clap::Id::from("input")].into_iter().chain(options).collect()
}

/// What the kind is called: its program's name behind `sstream-source-`.
fn kind_name<K: SourceKind>() -> &'static str {
    Role::of(K::TOOL).map_or(K::TOOL, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Reason;
    use crate::record::forms::Bad;
    use crate::source::SourceError;
    use crate::source::engine::records::Room;

    /// Nothing, and not again.
    struct Nothing;

    impl RecordSource for Nothing {
        fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
            Ok(Came::End)
        }
        fn held(&mut self) -> Result<bool, SourceError> {
            Ok(false)
        }
        fn has_records(&self) -> bool {
            false
        }
        fn take(&mut self, _: Room, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
            Ok(0)
        }
        fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
            Ok(0)
        }
    }

    #[test]
    fn who_says_that_it_reads_again_can() {
        let error = check_promise(&SourceGuarantee::ReadAgain("from nowhere"), &mut Nothing).unwrap_err();
        assert!(error.to_string().contains("has no `replay`"), "{error}");
        check_promise(&SourceGuarantee::Logged, &mut Nothing).unwrap();
        check_promise(&SourceGuarantee::Redelivered("from somebody"), &mut Nothing).unwrap();
    }
}
