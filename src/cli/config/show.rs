//! `sstream config TOOL …`: what holds of a tool's options, and where each is from.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::{definition, expand, is_given, key_of, spoken};
use crate::cli::described::Described;
use crate::cli::docs::man::ENVIRONMENT;
use crate::cli::nearest::nearest;

/// Of `all` tools, the options of a command line, `source tail --batch 5s`, an option a line: its name, its value, where that
/// is from.
///
/// # Errors
/// There is no such tool; or the file of options is wrong.
pub fn show(words: &[OsString], all: &[Described]) -> Result<String, String> {
    let name = words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if name.starts_with("sstream") { name } else { format!("sstream-{name}") };
    let Some(tool) = all.iter().find(|tool| tool.command.get_name() == name) else {
        let names: Vec<String> = all.iter().map(|tool| tool.command.get_name().to_owned()).collect();
        let near = nearest(&name, &names).map_or_else(String::new, |near| format!(", did you mean {near}?"));
        return Err(format!("config: {name}: no such tool{near}: sstream --list lists them"));
    };
    let line: Vec<OsString> = [OsString::from(&name)].into_iter().chain(words.iter().skip(1).cloned()).collect();
    let expanded = expand(&tool.command, line.clone())?;
    let mut command = tool.command.clone();
    command.build();
    // What is missing is shown as missing.
    let parse = |words: &[OsString]| command.clone().ignore_errors(true).try_get_matches_from(words);
    let refused = |error: clap::Error| crate::cli::usage::explain(&error, &name);
    let own = parse(&line).map_err(refused)?;
    let matches = parse(&expanded.words).map_err(refused)?;
    let (kind, arguments) = definition(&command, &matches);
    let mut rows = Vec::new();
    for argument in arguments.iter().filter(|argument| key_of(argument).is_some()) {
        let name = spoken(argument);
        let (value, source) = value(&matches, argument);
        let place = expanded.from_file.iter().find(|(option, _)| *option == name).map(|(_, place)| place.clone());
        let from = match (source, place) {
            _ if is_given(&own, argument) => "command line".to_owned(),
            (Some(ValueSource::CommandLine), Some(place)) => place,
            _ => match of_environment(argument) {
                Some((variable, value)) => {
                    rows.push([name, value, format!("{variable} in the environment")]);
                    continue;
                }
                None if value.is_empty() => String::new(),
                None => "default".to_owned(),
            },
        };
        rows.push([name, value, from]);
    }
    let mut text = format!(
        "{}\n",
        [Some(&*name), kind.map(Command::get_name)].map(Option::unwrap_or_default).join(" ").trim_end()
    );
    let width = |column: usize| rows.iter().map(|row: &[String; 3]| row[column].chars().count()).max().unwrap_or(0);
    let (names, values) = (width(0), width(1).min(40));
    for [name, value, from] in &rows {
        let value = if value.is_empty() { "-" } else { value };
        text.push_str(format!("  {name:names$}  {value:values$}  {from}").trim_end());
        text.push('\n');
    }
    Ok(text)
}

/// What an argument is, as it would be written, and who says so.
fn value(matches: &ArgMatches, argument: &Arg) -> (String, Option<ValueSource>) {
    let id = argument.get_id().as_str();
    let inner = matches.subcommand().map(|(_, matches)| matches);
    let scopes = [inner, Some(matches)].into_iter().flatten();
    let Some(scope) = scopes.into_iter().find(|scope| scope.try_contains_id(id).unwrap_or(false)) else {
        return (String::new(), None);
    };
    let source = scope.value_source(id);
    if !argument.get_action().takes_values() {
        return if scope.get_flag(id) { ("true".to_owned(), source) } else { (String::new(), source) };
    }
    let texts = scope.get_raw(id).into_iter().flatten().map(|word| word.to_string_lossy().into_owned());
    (texts.collect::<Vec<_>>().join(" "), source)
}

/// The variable that says it where no option does.
fn of_environment(argument: &Arg) -> Option<(&'static str, String)> {
    let (_, variable, _) = ENVIRONMENT.iter().find(|(option, ..)| *option == argument.get_id().as_str())?;
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty())?;
    Some((variable, value))
}
