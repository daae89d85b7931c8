//! The kinds that are built in, a file each: a kind's options, with their help, and all that it says of itself. Nobody
//! else asks which kind a source is.

mod dir;
mod exec;
mod external;
mod files;
mod listen;
mod queue;
mod rate;
mod replay;
mod saved;
mod stdin;
mod tail;
mod tcp;
mod udp;
mod unix;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;

use super::SourceTool;
use super::with::WithField;
use crate::cli::account::Begins;
use crate::cli::args::InputForm;
use crate::cli::cluster::Spread;
use crate::cli::first::SourceIdentity;
use crate::cli::guarantee::SourceGuarantee;
use crate::cli::{Environment, ToolError};
use crate::flow::BadRecords;
use crate::interval::Interval;
use crate::record::forms::Framing;
use crate::source::engine::batches::Batches;

/// Kinds of sources, with their help.
#[derive(Subcommand, Debug)]
pub enum ChosenSource {
    #[command(name = stdin::KIND.name)]
    Stdin(stdin::StdinArgs),

    #[command(name = tcp::KIND.name)]
    Tcp(tcp::TcpArgs),

    #[command(name = listen::KIND.name)]
    Listen(listen::ListenArgs),

    #[command(name = udp::KIND.name)]
    Udp(udp::UdpArgs),

    #[command(name = unix::KIND.name)]
    Unix(unix::UnixArgs),

    #[command(name = exec::KIND.name)]
    Exec(exec::ExecArgs),

    #[command(name = rate::KIND.name)]
    Rate(rate::RateArgs),

    #[command(name = dir::KIND.name)]
    Dir(dir::DirArgs),

    #[command(name = tail::KIND.name)]
    Tail(tail::TailArgs),

    #[command(name = queue::KIND.name)]
    Queue(queue::QueueArgs),

    #[command(name = replay::KIND.name)]
    Replay(replay::ReplayArgs),

    /// A kind that is a program on PATH.
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl ChosenSource {
    /// What is to be known of it.
    pub fn built_in(&self) -> &dyn BuiltIn {
        match self {
            ChosenSource::Stdin(kind) => kind,
            ChosenSource::Tcp(kind) => kind,
            ChosenSource::Listen(kind) => kind,
            ChosenSource::Udp(kind) => kind,
            ChosenSource::Unix(kind) => kind,
            ChosenSource::Exec(kind) => kind,
            ChosenSource::Rate(kind) => kind,
            ChosenSource::Dir(kind) => kind,
            ChosenSource::Tail(kind) => kind,
            ChosenSource::Queue(kind) => kind,
            ChosenSource::Replay(kind) => kind,
            ChosenSource::Other(words) => words,
        }
    }
}

/// The kind that names files which may be a connector's.
pub const OF_FILES: &str = dir::KIND.name;

/// The same kinds, for who has no options of them.
const ALL: [&Declaration; 11] = [
    &stdin::KIND,
    &tcp::KIND,
    &listen::KIND,
    &udp::KIND,
    &unix::KIND,
    &exec::KIND,
    &rate::KIND,
    &dir::KIND,
    &tail::KIND,
    &queue::KIND,
    &replay::KIND,
];

/// A kind of source: its options (this type, by clap), and what it says of itself.
pub trait BuiltIn {
    /// What holds whatever its options say.
    fn declaration(&self) -> &'static Declaration;

    /// What must stay the same under a checkpoint, behind the kind's name.
    fn words(&self) -> String;

    /// The kind and these words, for messages.
    fn named(&self) -> String {
        format!("{} {}", self.declaration().name, self.words())
    }

    /// What it is to a checkpoint.
    ///
    /// # Errors
    /// It cannot be told: an option is wrong, or what it names is not there.
    fn identity(&self, tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
        tool.identity_of(self.declaration().name, &self.words())
    }

    /// What holds after a crash.
    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::Logged
    }

    /// Whether it reads standard input.
    fn reads_stdin(&self) -> bool {
        false
    }

    /// Options that do not go together, beside those of which [`Declaration::check`] knows.
    ///
    /// # Errors
    /// The message of a wrong usage.
    fn check(&self, _: &SourceTool) -> Result<(), String> {
        Ok(())
    }

    /// How it begins a stream, where it does not do so as sources of `lines` do.
    fn begins(&self, lines: Begins) -> Begins {
        lines
    }

    /// What a cluster does with it.
    fn spread(&self, tool: &SourceTool) -> Spread;

    /// Begins to read.
    ///
    /// # Errors
    /// What keeps it from that.
    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError>;
}

/// What a kind is opened with.
pub struct Opening<'a> {
    /// How far apart batches are.
    pub interval: Interval,
    /// What it read in the run before and does not any more.
    pub gone: Vec<String>,
    /// What the tool has around it.
    pub environment: &'a Environment,
    /// What becomes of records that are none.
    pub bad_records: &'a BadRecords,
}

/// What a kind is, whatever its options say.
pub struct Declaration {
    /// As it is called: on the command line, in a checkpoint, in messages.
    pub name: &'static str,
    /// What it brings.
    pub brings: Brings,
    /// What its records can say of where they are from, beside the name of this machine.
    pub knows: &'static [WithField],
    /// What a batch was made of, by the source's [words](BuiltIn::words) and the entry that a checkpoint has of the batch;
    /// none where that is no entry of this kind, or the kind leaves none.
    pub made_of: fn(words: &str, recorded: &[u8]) -> Option<Made>,
}

/// What a kind of source brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    /// Batches of its own, and no lines of text.
    Batches,
    /// Lines of one input, from its beginning on.
    OneInput,
    /// Lines of files, each from its beginning on.
    Files,
    /// Lines of connections or programs, one behind the other.
    Lines,
    /// Lines of several clients in turn.
    Clients,
}

/// What a batch was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Of bytes of files.
    OfBytes(Vec<FileRange>),
    /// Of what these words say.
    Of(String),
}

/// Bytes of a file that a batch was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRange {
    /// The file.
    pub path: PathBuf,
    /// The first byte.
    pub from: u64,
    /// The byte behind the last one.
    pub to: u64,
}

/// Why octets are not counted in files and datagrams.
const COUNTS_OF_CONNECTIONS: &str =
    "--framing octets: counts are of connections, as listen and tcp have them: leave it out";

impl Declaration {
    /// A kind that brings lines, which a checkpoint keeps in its log.
    const OF_LINES: Declaration = Declaration { name: "", brings: Brings::Lines, knows: &[], made_of: |_, _| None };

    /// The kind of this name.
    pub fn of(name: &str) -> Option<&'static Declaration> {
        ALL.into_iter().find(|kind| kind.name == name)
    }

    /// Whether what is only to be understood from its beginning on can be understood.
    fn has_beginnings(&self) -> bool {
        matches!(self.brings, Brings::OneInput | Brings::Files)
    }

    /// Options of all sources that do not go with what the kind is.
    ///
    /// # Errors
    /// The message of a wrong usage.
    pub fn check(&self, tool: &SourceTool) -> Result<(), String> {
        let SourceTool { input, with, cut, .. } = tool;
        if self.brings == Brings::Batches {
            self.check_no_lines(tool)?;
        }
        if let Some(field) = with.iter().find(|field| **field != WithField::Host && !self.knows.contains(field)) {
            let name = field.of_records().name();
            return Err(format!("--with {name}: this source does not know it: {}", who_knows()));
        }
        if *input == Some(InputForm::Avro) && !self.has_beginnings() {
            let readers: Vec<&str> =
                ALL.into_iter().filter(|kind| kind.has_beginnings()).map(|kind| kind.name).collect();
            return Err(format!("--input avro: container files are read by {}", listed(&readers)));
        }
        if self.brings == Brings::Clients && input.is_some_and(InputForm::has_rows) {
            return Err(format!(
                "--input csv: {} takes lines of several clients in turn, whose headers and rows would mix: send json or \
                 logfmt",
                self.name
            ));
        }
        if !self.has_beginnings() && cut.form.encoding.is_some_and(|charset| charset.by_mark) {
            let message = "byte order marks are looked for in files and standard input: say utf-16le or utf-16be";
            return Err(format!("--encoding utf-16: {message}"));
        }
        match (self.brings, cut.form.framing) {
            (Brings::Files, Some(Framing::Octets)) => Err(COUNTS_OF_CONNECTIONS.to_owned()),
            _ => Ok(()),
        }
    }

    /// Options that are of lines, or of how lines become batches.
    fn check_no_lines(&self, tool: &SourceTool) -> Result<(), String> {
        let SourceTool { input, with, cut, .. } = tool;
        let of_lines =
            [(!with.is_empty()).then_some("--with"), input.map(|_| "--input"), cut.events.given(), cut.form.given()];
        if let Some(option) = of_lines.into_iter().flatten().next() {
            return Err(format!("{option}: {} does not read lines of text: leave it out", self.name));
        }
        if cut.count().is_some() {
            let message = "this source has batches of its own, that are of no count: give an interval";
            return Err(format!("--batch: {message}"));
        }
        match cut.limits.given() {
            Some(option) => Err(format!("{option}: {} gives its batches as they are: leave it out", self.name)),
            None => Ok(()),
        }
    }
}

/// Which kinds know what for `--with`.
pub fn who_knows() -> String {
    let mut told: Vec<(&[WithField], Vec<&str>)> = Vec::new();
    for kind in ALL.into_iter().filter(|kind| !kind.knows.is_empty()) {
        match told.iter_mut().find(|(fields, _)| *fields == kind.knows) {
            Some((_, kinds)) => kinds.push(kind.name),
            None => told.push((kind.knows, vec![kind.name])),
        }
    }
    let told = told.into_iter().map(|(fields, kinds)| {
        let fields: Vec<&str> =
            fields.iter().chain(&[WithField::Host]).map(|field| field.of_records().name()).collect();
        format!("{} know {}", listed(&kinds), listed(&fields))
    });
    told.chain(["others host".to_owned()]).collect::<Vec<_>>().join("; ")
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}

fn joined(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_kind_is_known_by_its_name() {
        let command = SourceTool::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, ALL.map(|kind| kind.name));
    }

    #[test]
    fn it_is_told_who_knows_what() {
        assert_eq!(
            who_knows(),
            "listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host"
        );
    }

    #[test]
    fn a_position_reads_as_what_a_batch_was_made_of() {
        let made_of = |kind: &str, words: &str, recorded: &[u8]| {
            Declaration::of(kind).and_then(|kind| (kind.made_of)(words, recorded))
        };
        let recorded = [10u64, 25, 3].map(u64::to_le_bytes).concat();
        let recorded = [&recorded[..], &[0; 4]].concat();
        let range = FileRange { path: "b.jsonl".into(), from: 10, to: 25 };
        for (kind, words) in [("queue", "b.jsonl"), ("queue", "b.jsonl --clock wall"), ("replay", "b.jsonl")] {
            assert_eq!(made_of(kind, words, &recorded), Some(Made::OfBytes(vec![range.clone()])), "{kind} {words}");
            assert_eq!(made_of(kind, words, b"x"), None);
        }
        let recorded = [1_469_283_110_000u64, 100, 10, 5, 15].map(u64::to_le_bytes).concat();
        assert_eq!(made_of("rate", "", &recorded), Some(Made::Of("the numbers from 105 to 115".to_owned())));
        assert_eq!(made_of("rate", "", b"x"), None);
        assert_eq!((made_of("tcp", "h:1", &recorded), made_of("kafka", "t", &recorded)), (None, None));
    }
}
