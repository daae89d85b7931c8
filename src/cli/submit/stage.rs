//! A stage of the line as its tool understands it: by the tool's own definition or, of a connector, by what its
//! program says of the command line.

use std::ffi::OsString;

use serde_json::Value;

use crate::cli::account::Stream;
use crate::cli::args::CutArgs;
use crate::cli::cluster::{self, Life, Spread};
use crate::cli::connector::found::{self, Found, Named};
use crate::cli::connector::known::Role;
use crate::cli::describe::without;
use crate::cli::described::{Described, Parsed};
use crate::cli::{config, tools, usage};
use crate::interval::Interval;

/// A stage that is right.
pub struct Stage {
    /// Its words as they are run on a cluster: with those of a file of options, and without what the plan itself
    /// says.
    pub words: Vec<String>,
    /// What of it runs where.
    pub spread: Spread,
    /// What it says of the application, if it begins a stream.
    pub life: Option<Life>,
    /// An option that only a first stage has.
    pub of_first_stage: Option<&'static str>,
    /// How far apart the batches are that it begins with.
    begun: Option<Interval>,
    /// The options of a tool; none of a connector.
    options: Option<Box<dyn Parsed>>,
}

impl Stage {
    /// Milliseconds between the batches that it gives; `input` are those between the batches that come.
    ///
    /// # Errors
    /// What is wrong.
    pub fn interval_ms(&self, input: Option<u64>) -> Result<u64, String> {
        if let Some(Interval::Calendar(calendar)) = self.begun {
            return Err(format!("batches of {calendar}: Spark's batches are always of one length"));
        }
        let input = input.or(self.begun.map(Interval::ms));
        let mut stream = Stream { interval: input.map(Interval::Fixed), ..Stream::default() };
        let account = self.options.as_ref().map(|options| options.account(&mut stream));
        match account.and_then(|account| account.mistakes.into_iter().next()) {
            Some(mistake) => Err(mistake),
            None => Ok(stream.interval.map_or(1000, Interval::ms)),
        }
    }
}

/// All tools, with their definitions.
pub struct Tools(Vec<Described>);

impl Tools {
    /// Those that there are.
    pub fn new() -> Tools {
        Tools(tools::all())
    }

    /// Those that read several streams.
    pub fn of_sides(&self) -> Vec<&str> {
        self.0.iter().filter(|tool| tool.has_sides).map(|tool| tool.command.get_name()).collect()
    }

    /// A command whose first word is a tool.
    ///
    /// # Errors
    /// Why it is none that a cluster could run.
    pub fn stage(&self, words: Vec<String>) -> Result<Stage, String> {
        let Some(tool) = self.0.iter().find(|described| described.command.get_name() == words[0]) else {
            return match found::program(&words[0]) {
                Ok(Named::Connector(found)) => connector(&found, &words[1..]),
                Ok(_) => Err("there is no such tool: sstream --list lists them".to_owned()),
                Err(error) => Err(error.to_string()),
            };
        };
        let given = words.into_iter().map(OsString::from).collect();
        let expanded = config::expand(&tool.command, given)?.words;
        let words: Vec<String> = expanded.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let options = parse(tool, &words)?;
        if let Some((role, kind, behind)) = options.elsewhere() {
            let place = words.len() - behind;
            match found::kind(role, kind.as_ref()) {
                Ok(Named::Lines) => {}
                Ok(Named::Connector(found)) => {
                    return connector(&found, &[&words[1..place], &words[place + 1..]].concat());
                }
                Ok(Named::Nothing) => {
                    return Err(format!("{kind}: no such kind, and no program {} in PATH", role.program(&kind)));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        let begins = options.begins();
        let rest = without(&tool.command, words[1..].iter().cloned(), &cluster::is_of_plan);
        Ok(Stage {
            words: [words[0].clone()].into_iter().chain(rest).collect(),
            spread: options.spread(),
            life: options.cut().filter(|_| begins.is_some()).map(Life::of),
            of_first_stage: options.cut().filter(|_| begins.is_none()).and_then(CutArgs::of_first_stage),
            begun: begins.and_then(|begins| begins.interval),
            options: Some(options),
        })
    }
}

/// A command line by the tool's own definition.
fn parse(tool: &Described, words: &[String]) -> Result<Box<dyn Parsed>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    (tool.parse)(&words).map_err(|error| match error.use_stderr() {
        true => usage::explain(&error, words[0]),
        false => "it would show its help or version".to_owned(),
    })
}

/// A connector says itself what it would do.
fn connector(found: &Found, words: &[String]) -> Result<Stage, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(answer) = found.declared(&words, None) else {
        return Err(format!("{} does not say what it would do", found.path().display()));
    };
    if let Some(mistake) = answer["mistake"].as_str() {
        return Err(mistake.to_owned());
    }
    if answer["help"] == true {
        return Err("it would show its help or version".to_owned());
    }
    if let Some(calendar) = answer["calendar"].as_str() {
        return Err(format!("batches of {calendar}: Spark's batches are always of one length"));
    }
    let rest = answer["line"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let spread = cluster::declared(&answer).unwrap_or_else(|| Spread::not_yet(&found.name()));
    let begins = found.role == Role::Source;
    Ok(Stage {
        words: [found.name()].into_iter().chain(rest).collect(),
        spread,
        life: begins.then(|| Life::from_json(&answer["cluster"]["life"])),
        of_first_stage: None,
        begun: answer["interval"].as_u64().filter(|_| begins).map(Interval::Fixed),
        options: None,
    })
}
