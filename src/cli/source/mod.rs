//! `sstream-source`.

pub(in crate::cli) mod kinds;
mod received;
mod with;

use std::ffi::OsString;

use clap::Parser;

use super::account::{Account, Begins, Stream};
use super::args::{Common, CutArgs, InputForm};
use super::cluster::Spread;
use super::connector::known::Role;
use super::first::{self, SourceIdentity};
use super::guarantee::SourceGuarantee;
use super::{Environment, Tool, ToolError, input, output, tell_skipped};
use crate::flow::Input;
use crate::op::pass::Pass;
use crate::os;
use crate::record::forms::{Field, Recipe};
use crate::source::ByteSource;
use crate::source::engine::batches::Batches;
use crate::source::engine::first::Stopped;
use crate::source::kinds::receive::Surroundings;
use crate::stage::{self, Context};
use kinds::{ChosenSource, Opening, who_knows};
use with::WithField;

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

    /// Where a record is from: [`who_knows`] what.
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',', help_heading = "Raw input")]
    #[arg(help = format!("Make objects of the value and of where it is from, several with commas: {}", who_knows()))]
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
    const KIND_OF_FILES: Option<&'static str> = Some(kinds::OF_FILES);

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
        let kind = self.kind.built_in();
        let lines = Begins::with_lines(&self.cut);
        Some(kind.begins(Begins { reads_stdin: kind.reads_stdin(), guarantee: kind.guarantee(), ..lines }))
    }

    fn source(&self, _: Option<InputForm>) -> Result<SourceIdentity, ToolError> {
        self.kind.built_in().identity(self)
    }

    fn account(&self, _: &mut Stream) -> Account {
        self.check().map_or_else(Account::mistake, |()| Account::default())
    }

    fn spread(&self) -> Spread {
        self.kind.built_in().spread(self)
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
    /// Options that do not fit this kind, or each other.
    fn check(&self) -> Result<(), ToolError> {
        let kind = self.kind.built_in();
        kind.declaration().check(self).and_then(|()| kind.check(self)).map_err(ToolError::Usage)?;
        self.cut.check_zone()?;
        self.cut.check(self.input)
    }

    fn open<'a>(
        &self,
        environment: &'a Environment,
        context: &'a Context<'_>,
    ) -> Result<Box<dyn Input + 'a>, ToolError> {
        let kind = self.kind.built_in();
        let identity = kind.identity(self)?;
        let interval = identity.interval;
        let bad_records = &context.bad_records;
        match first::begin(identity, &self.cut, environment)? {
            Some(mut begun) => {
                let opening =
                    Opening { interval: begun.interval(), gone: begun.gone().to_vec(), environment, bad_records };
                let batches = begun.open(environment, || kind.open(self, &opening))?;
                Ok(begun.input(batches, &self.cut, environment, bad_records))
            }
            None => Ok(Box::new(Stopped::new(interval))),
        }
    }

    /// What a source of this kind and these words is to a checkpoint, if nothing else is to be said of it.
    fn identity_of(&self, kind: &str, words: &str) -> Result<SourceIdentity, ToolError> {
        let words = if words.is_empty() { kind.to_owned() } else { format!("{kind} {words}") };
        let form = self.input.unwrap_or(InputForm::Text);
        let mut identity = SourceIdentity::of_lines(kind, &words, form, &self.cut, self.cut.interval()?);
        identity.arguments.push_str(&self.with_words());
        let reads_again = matches!(self.kind.built_in().guarantee(), SourceGuarantee::ReadAgain(_));
        Ok(SourceIdentity { reads_again, ..identity })
    }

    /// The batches of lines that `source` brings.
    fn of_lines<'a>(
        &self,
        source: Box<dyn ByteSource + 'a>,
        recipe: Recipe,
        opening: &Opening<'a>,
    ) -> Box<dyn Batches + 'a> {
        let Opening { interval, environment, bad_records, .. } = *opening;
        let lines = input::lines(source, recipe, Vec::new(), &self.cut, environment);
        input::cutter(lines, false, &self.cut, interval, environment, bad_records)
    }

    /// The same of several connections or clients.
    fn of_many_lines<'a>(&self, source: Box<dyn ByteSource + 'a>, opening: &Opening<'a>) -> Box<dyn Batches + 'a> {
        self.of_lines(source, self.recipe().of_many(), opening)
    }

    /// What a source has around it that tasks bring something to.
    fn surroundings(&self, opening: &Opening<'_>) -> Surroundings {
        let (recipe, environment) = (self.recipe(), opening.environment);
        Surroundings {
            stop: environment.stop.clone(),
            waited: environment.waited.clone(),
            console: environment.console.clone(),
            max_line: self.cut.max_line,
            tells_clients: recipe.tells_clients(),
            coding: recipe.coding.decided(),
        }
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
