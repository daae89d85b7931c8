//! What documentation and `sstream explain` want to know of a tool.

use super::account::{Account, Begins, Stream};
use super::args::{CutArgs, InputForm};
use super::cluster::{self, Spread};
use super::connector::known::{self, Role};
use super::describe::identity;
use super::first::SourceIdentity;
use super::restart::Candidate;
use super::{Tool, ToolError, command, config};
use std::ffi::OsString;

/// What documentation wants to know of a tool.
#[derive(Debug)]
pub struct Described {
    /// The definition of its command line.
    pub command: clap::Command,
    /// Whether it takes part in a stream.
    pub is_stage: bool,
    /// See [`Tool::HAS_SIDES`].
    pub has_sides: bool,
    /// See [`Tool::KIND_OF_FILES`].
    pub kind_of_files: Option<&'static str>,
    /// Its examples, a line each, indented by two spaces.
    pub examples: &'static str,
    /// Kinds that are programs of their own, and what each is.
    pub connectors: Vec<(&'static str, &'static str)>,
    /// Its options, parsed by its own definition; URLs are files, as they are for Spark.
    pub parse: Parse,
}

/// Parses a command line by a tool's own definition.
pub type Parse = fn(&[&str]) -> Result<Box<dyn Parsed>, clap::Error>;

/// A tool with the options of some command line, which runs nothing.
pub trait Parsed {
    /// See [`Tool::elsewhere`]: the role, the kind, and how many words the kind and what is behind it are.
    fn elsewhere(&self) -> Option<(Role, String, usize)>;
    /// See [`Tool::cut`].
    fn cut(&self) -> Option<&CutArgs>;
    /// See [`Tool::begins`].
    fn begins(&self) -> Option<Begins>;
    /// See [`Tool::reads_stdin`].
    fn reads_stdin(&self) -> bool;
    /// See [`Tool::account`]; `--output` is in it.
    fn account(&self, stream: &mut Stream) -> Account;
    /// See [`Tool::source`]; `--input` is in it.
    fn source(&self) -> Result<SourceIdentity, ToolError>;
    /// What it is to a checkpoint behind a source: itself with `words`, and its options.
    fn candidate(&self, words: &[&str], stream: (&Stream, &Stream), ends: bool) -> Candidate<'_>;
    /// See [`Tool::spread`]; options that are about one machine alone are refused.
    fn spread(&self) -> Spread;
}

struct Options<T>(T, Option<InputForm>);

impl<T: Tool> Parsed for Options<T> {
    fn elsewhere(&self) -> Option<(Role, String, usize)> {
        let words = self.0.elsewhere()?;
        Some((T::CONNECTORS?, words.first()?.to_string_lossy().into_owned(), words.len()))
    }

    fn cut(&self) -> Option<&CutArgs> {
        self.0.cut()
    }

    fn begins(&self) -> Option<Begins> {
        self.0.begins()
    }

    fn reads_stdin(&self) -> bool {
        self.0.reads_stdin()
    }

    fn account(&self, stream: &mut Stream) -> Account {
        self.0.account(stream).with_output(self.0.common(), stream)
    }

    fn source(&self) -> Result<SourceIdentity, ToolError> {
        self.0.source(self.1)
    }

    fn candidate(&self, words: &[&str], (comes, goes): (&Stream, &Stream), ends: bool) -> Candidate<'_> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let tool = T::NAME.strip_prefix("sstream-").unwrap_or(T::NAME);
        let (tool, sink) = match self.0.sink() {
            Some((kind, is_end)) => (kind, Some(is_end)),
            None => (tool.to_owned(), ends.then_some(true)),
        };
        Candidate {
            arguments: identity::<T>(&command::<T>(), &words),
            tool,
            part: &self.0.common().part,
            has_state: self.0.has_state(),
            sink,
            intervals: (comes.interval.unwrap_or_default(), goes.interval.unwrap_or_default()),
        }
    }

    fn spread(&self) -> Spread {
        match cluster::of_this_machine(self.0.common(), self.0.cut()) {
            Some(reason) => Spread::Refused(reason),
            None => self.0.spread(),
        }
    }
}

/// What documentation wants to know of one tool.
pub fn describe<T: Tool + 'static>() -> Described {
    let connectors = T::CONNECTORS.into_iter().flat_map(known::kinds).collect();
    Described {
        command: command::<T>(),
        is_stage: T::IS_STAGE,
        has_sides: T::HAS_SIDES,
        kind_of_files: T::KIND_OF_FILES,
        examples: T::EXAMPLES,
        connectors,
        parse: |words| {
            let mut command = command::<T>();
            let words = words.iter().map(OsString::from).collect();
            let refused = |message: String| clap::Error::raw(clap::error::ErrorKind::Io, message);
            let matches = command.try_get_matches_from_mut(config::expand(&command, words).map_err(refused)?.words)?;
            let form = matches.try_get_one::<InputForm>("input").ok().flatten().copied();
            Ok(Box::new(Options(T::from_arg_matches(&matches)?, form)))
        },
    }
}
