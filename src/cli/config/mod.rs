//! Options from a file, by `--config FILE` or SSTREAM_CONFIG.
//!
//! What a file says becomes words of the command line, before that is parsed: so all that goes by the command
//! line (help, errors, the head, what a checkpoint knows a stage by, `sstream explain`) goes by what holds. What there may
//! be is what the tool's own definition has; there is no other list of options.
//!
//! A word of the command line goes before the file's, also one that excludes it; `[source.tail]` before `[source]`.

mod file;
pub mod show;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::connector::known::{self, Role};
use super::nearest::nearest;
use file::{ConfigFile, Given, Values};

/// Names the file where `--config` does not.
pub const VARIABLE: &str = "SSTREAM_CONFIG";

/// A command line with the words of the file.
#[derive(Debug)]
pub struct Expanded {
    /// The whole command line.
    pub words: Vec<OsString>,
    /// The options that are the file's, as a user writes them, and where each stands.
    pub from_file: Vec<(String, String)>,
}

impl Expanded {
    /// What is wrong with an option, with its place if it is the file's.
    pub fn with_place(&self, message: String) -> String {
        let is_of = |option: &str| message.strip_prefix(option).is_some_and(|rest| rest.starts_with([':', ' ']));
        match self.from_file.iter().find(|(option, _)| is_of(option)) {
            Some((_, place)) => format!("{place}: {message}"),
            None => message,
        }
    }
}

/// Puts what the file says into a command line, if there is a file.
///
/// # Errors
/// The file cannot be read or is wrong: what, where, and what to do.
pub fn expand(command: &Command, words: Vec<OsString>) -> Result<Expanded, String> {
    let nothing = |words| Ok(Expanded { words, from_file: Vec::new() });
    let variable = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let is_asked = words.iter().any(|word| word.to_string_lossy().starts_with("--config"));
    if variable.is_none() && !is_asked {
        return nothing(words);
    }
    // What is missing may be in the file. For help and the version nothing is needed.
    let Ok(matches) = command.clone().ignore_errors(true).try_get_matches_from(&words) else { return nothing(words) };
    let Some(path) = matches.try_get_one::<PathBuf>("config").ok().flatten().cloned().or(variable) else {
        return nothing(words);
    };
    let file = ConfigFile::read(&path)?;
    check_sections(command, &file)?;
    insert(command, &matches, &file, words)
}

/// The sections that a tool reads, the general one first: `source` and `source.tail`.
fn sections_of(tool: &str, kind: Option<&str>) -> Vec<Vec<String>> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match (Role::of(tool), kind) {
        (Some((Role::Source, kind)), _) => vec![names(&["source"]), names(&["source", kind])],
        (Some((Role::Sink, kind)), _) => vec![names(&["sink"]), names(&["sink", kind])],
        (Some((Role::Operator, name)), Some(kind)) => vec![names(&[name]), names(&[name, kind])],
        (Some((Role::Operator, name)), None) => vec![names(&[name])],
        (None, _) => Vec::new(),
    }
}

/// The tools that may have a section, without `sstream-`, beside those of connectors: a test compares them with
/// [`tools::all`](super::tools::all), which knows this module through them.
const TOOLS: [&str; 22] = [
    "alert",
    "checkpoint",
    "dedup",
    "filter",
    "flatmap",
    "join",
    "learn",
    "map",
    "match",
    "parse",
    "reduce",
    "run",
    "sample",
    "sink",
    "source",
    "state",
    "submit",
    "top",
    "transform",
    "ui",
    "union",
    "window",
];

/// Refuses sections that are of no tool, and those of `command` that are of no kind.
fn check_sections(command: &Command, file: &ConfigFile) -> Result<(), String> {
    let own = command.get_name().trim_start_matches("sstream-");
    let names = TOOLS.into_iter().chain(known::kinds(Role::Operator).map(|(name, _)| name));
    let names: Vec<String> = names.map(str::to_owned).collect();
    for (section, place) in file.sections()? {
        let Some((name, kind)) = section.split_first() else { continue };
        if !names.contains(name) && name != own {
            let near = nearest(name, &names).map_or_else(String::new, |near| format!(", did you mean [{near}]?"));
            return Err(format!("{place}: [{name}] is no tool{near}: sstream --list lists them, without sstream-"));
        }
        let Some(kind) = kind.first().filter(|_| name == own) else { continue };
        let role = match own {
            "source" => Some(Role::Source),
            "sink" => Some(Role::Sink),
            _ => None,
        };
        let mut kinds: Vec<String> = command.get_subcommands().map(|kind| kind.get_name().to_owned()).collect();
        kinds.extend(role.into_iter().flat_map(known::kinds).map(|(kind, _)| kind.to_owned()));
        match (nearest(kind, &kinds), role) {
            _ if kinds.contains(kind) => {}
            (Some(near), _) => return Err(format!("{place}: [{name}.{kind}]: no such kind, did you mean {near}?")),
            // A kind of a program in PATH is nobody's whom we know.
            (None, Some(_)) => {}
            (None, None) => return Err(format!("{place}: [{name}.{kind}]: sstream-{name} has no kinds of that name")),
        }
    }
    Ok(())
}

/// The name of an option or an argument in a file: what help calls it, without dashes.
fn key_of(argument: &Arg) -> Option<String> {
    if argument.is_hide_set() || ["help", "version", "config"].contains(&argument.get_id().as_str()) {
        return None;
    }
    match argument.get_long() {
        Some(long) => Some(long.to_owned()),
        None => argument.is_positional().then(|| spoken(argument).to_lowercase()),
    }
}

/// What help calls an argument: `--batch`, `PATH`.
fn spoken(argument: &Arg) -> String {
    let name = || argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => name().unwrap_or_else(|| argument.get_id().as_str().to_uppercase()),
    }
}

/// The definition that holds for a command line: of the tool, or of the kind.
fn definition<'c>(command: &'c Command, matches: &ArgMatches) -> (Option<&'c Command>, Vec<&'c Arg>) {
    let kind = matches.subcommand_name().and_then(|name| command.find_subcommand(name));
    let of_kind = kind.into_iter().flat_map(Command::get_arguments);
    let own: Vec<&Arg> = of_kind.collect();
    let is_there = |argument: &&Arg| !own.iter().any(|other| other.get_id() == argument.get_id());
    let shared: Vec<&Arg> = command.get_arguments().filter(is_there).collect();
    (kind, own.into_iter().chain(shared).collect())
}

/// Whether the command line itself gives an argument.
fn is_given(matches: &ArgMatches, argument: &Arg) -> bool {
    let here = |matches: &ArgMatches| {
        let id = argument.get_id().as_str();
        matches.try_contains_id(id).unwrap_or(false) && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    here(matches) || matches.subcommand().is_some_and(|(_, matches)| here(matches))
}

fn insert(
    command: &Command,
    matches: &ArgMatches,
    file: &ConfigFile,
    words: Vec<OsString>,
) -> Result<Expanded, String> {
    let tool = command.get_name();
    if matches.subcommand_name().is_some_and(|kind| command.find_subcommand(kind).is_none()) {
        // The kind is a program of its own, which reads its options itself.
        return Ok(Expanded { words, from_file: Vec::new() });
    }
    let mut command = command.clone();
    command.build();
    let (kind, arguments) = definition(&command, matches);
    let given = options(file, tool, kind, &arguments)?;
    let on_the_line: Vec<&Arg> = arguments.iter().filter(|argument| is_given(matches, argument)).copied().collect();
    let has_operands = on_the_line.iter().any(|argument| argument.is_positional());
    let place_of_kind = kind.and_then(|kind| place_of(&words, kind.get_name(), &arguments));
    let first_at = place_of_kind.map_or(1, |at| at + 1).min(words.len());
    let mut options_at = first_at;
    let line = words.clone();
    let mut expanded = Expanded { words, from_file: Vec::new() };
    let mut operands: Vec<(usize, Vec<OsString>)> = Vec::new();
    for (argument, Given { values, place, .. }) in given {
        let is_on_the_line = on_the_line.iter().any(|other| other.get_id() == argument.get_id());
        let words_of = words_of(argument, &values);
        if is_on_the_line
            || argument.is_positional() && has_operands
            || is_excluded(&command, &line, (first_at, &words_of))
        {
            continue;
        }
        expanded.from_file.push((spoken(argument), place));
        if argument.is_positional() {
            operands.push((argument.get_index().unwrap_or(usize::MAX), words_of));
            continue;
        }
        for word in words_of {
            expanded.words.insert(options_at, word);
            options_at += 1;
        }
    }
    operands.sort_by_key(|(index, _)| *index);
    let operands: Vec<OsString> = operands.into_iter().flat_map(|(_, texts)| texts).collect();
    if !operands.is_empty() {
        // Whatever an operand begins with.
        expanded.words.push("--".into());
        expanded.words.extend(operands);
    }
    Ok(expanded)
}

/// An argument of the file as words.
fn words_of(argument: &Arg, values: &Values) -> Vec<OsString> {
    match values {
        Values::Switch(_) => vec![spoken(argument).into()],
        Values::Texts(texts) if argument.is_positional() => texts.iter().map(OsString::from).collect(),
        Values::Texts(texts) => texts.iter().map(|text| format!("{}={text}", spoken(argument)).into()).collect(),
    }
}

/// Whether the command line excludes what the file says.
fn is_excluded(command: &Command, line: &[OsString], (at, words): (usize, &[OsString])) -> bool {
    let is_wrong = |words: &[OsString]| match command.clone().try_get_matches_from(words) {
        Ok(_) => false,
        Err(error) => error.kind() == clap::error::ErrorKind::ArgumentConflict,
    };
    let with: Vec<OsString> = line[..at].iter().chain(words).chain(&line[at..]).cloned().collect();
    !is_wrong(line) && is_wrong(&with)
}

/// What a file says to a tool, each with the argument that it is of.
fn options<'a>(
    file: &ConfigFile,
    tool: &str,
    kind: Option<&Command>,
    arguments: &[&'a Arg],
) -> Result<Vec<(&'a Arg, Given)>, String> {
    let keys: Vec<String> = arguments.iter().filter_map(|argument| key_of(argument)).collect();
    let sections = sections_of(tool, kind.map(Command::get_name));
    let mut found: Vec<(&'a Arg, Given)> = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        let names: Vec<&str> = section.iter().map(String::as_str).collect();
        for given in file.section(&names)? {
            let argument = arguments.iter().find(|argument| key_of(argument).as_ref() == Some(&given.key));
            let Some(argument) = argument else {
                // What all sources have, and this connector does not.
                let is_shared =
                    at + 1 < sections.len() && matches!(Role::of(tool), Some((Role::Source | Role::Sink, _)));
                if is_shared {
                    continue;
                }
                let near =
                    nearest(&given.key, &keys).map_or_else(|| ":".to_owned(), |near| format!(", did you mean {near}?"));
                let Given { place, key, .. } = given;
                let spoken = [tool].into_iter().chain(kind.map(Command::get_name)).collect::<Vec<_>>().join(" ");
                return Err(format!(
                    "{place}: {key}: {spoken} has no such option{near} sstream config {} lists them",
                    names.join(" ")
                ));
            };
            let takes_values = argument.get_action().takes_values();
            let Given { key, place, values } = &given;
            match values {
                Values::Texts(_) if !takes_values => return Err(format!("{place}: {key}: is true or false")),
                Values::Switch(_) if takes_values => return Err(format!("{place}: {key}: needs a value")),
                Values::Texts(texts) if texts.len() != 1 && !argument.get_action_is_many() => {
                    return Err(format!("{place}: {key}: takes one value, not {}", texts.len()));
                }
                _ => {}
            }
            found.retain(|(other, _)| other.get_id() != argument.get_id());
            if given.values != Values::Switch(false) {
                found.push((argument, given));
            }
        }
    }
    Ok(found)
}

/// Whether an argument may have several values.
trait Many {
    fn get_action_is_many(&self) -> bool;
}

impl Many for Arg {
    fn get_action_is_many(&self) -> bool {
        matches!(self.get_action(), clap::ArgAction::Append)
            || self.get_num_args().is_some_and(|range| range.max_values() > 1)
    }
}

/// Where the word is that names the kind, and is no option's value.
fn place_of(words: &[OsString], kind: &str, arguments: &[&Arg]) -> Option<usize> {
    let takes_next = |word: &str| {
        let option = arguments.iter().find(|argument| match word.strip_prefix("--") {
            Some(long) => argument.get_long() == Some(long),
            None => {
                word.strip_prefix('-').is_some_and(|short| argument.get_short().is_some_and(|c| short == c.to_string()))
            }
        });
        option.is_some_and(|option| option.get_action().takes_values())
    };
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let word = word.to_string_lossy();
        if word == kind {
            return Some(at);
        }
        at += if takes_next(&word) { 2 } else { 1 };
    }
    None
}

#[cfg(test)]
mod tests;
