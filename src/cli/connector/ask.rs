//! What a connector's program answers without running, if its command line begins with one of
//! these words:
//!
//! ```text
//! --declare ARGS      what it would do with that command line: JSON, for sstream explain
//! --generate FORM     its man page, or what completes its command line: man, bash, zsh, fish
//! --show-position     how it reads a position, which comes on stdin as JSON: for sstream-checkpoint show
//! ```

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::known::Role;
use super::mark::{DECLARE, GENERATE, SHOW_POSITION};
use super::{OperatorKind, OperatorTool, SinkKind, SinkTool, SourceKind, SourceTool, sound};
use crate::checkpoint::offsets::Position;
use crate::cli::account::{Stream, describe_batches};
use crate::cli::args::StageArgs;
use crate::cli::described;
use crate::cli::docs::Form;
use crate::cli::guarantee::{SinkGuarantee, SourceGuarantee};
use crate::cli::{Tool, cluster, command, config, describe, usage};
use crate::console::{Console, Level};
use crate::error::Exit;
use crate::interval::Interval;
use crate::os;

/// A tool that says of itself what others want to know.
pub trait Declared {
    /// What it would do, as `sstream explain` understands it.
    fn declare(&self) -> Value;

    /// What is wrong with its definition, for whoever writes it.
    fn faults() -> Vec<String>;

    /// How what it recorded of a batch reads, behind what it had recorded before.
    fn show_position(_before: &Position, _recorded: &[u8]) -> Option<String> {
        None
    }
}

impl<K: SourceKind> Declared for SourceTool<K> {
    fn declare(&self) -> Value {
        if let Err(error) = self.check() {
            return json!({ "mistake": error.to_string() });
        }
        let (again, words) = match self.kind.guarantee() {
            SourceGuarantee::ReadAgain(words) => ("source", words),
            SourceGuarantee::Logged => ("log", ""),
            SourceGuarantee::Redelivered(words) => ("redelivered", words),
        };
        let keep = &self.rest.cut.keep;
        json!({
            "interval": self.rest.cut.interval().ok().map(Interval::ms),
            "calendar": self.rest.cut.interval().ok().and_then(Interval::calendar_text),
            "cuts": self.rest.cut.batching().ok().map(describe_batches),
            "checkpoint": keep.dir().map(|dir| dir.display().to_string()),
            "again": again,
            "words": words,
            "source": self.identity().ok().map(|identity| identity.to_json()),
            "name": keep.name,
            "cluster": cluster::declare_source(self.kind.on_cluster(), &self.rest.common, &self.rest.cut),
        })
    }

    fn faults() -> Vec<String> {
        let (own, shared) = (sound::options(K::augment_args), sound::options(super::source::Rest::augment_args));
        sound::faults((Role::Source, K::TOOL), &own, &shared, &[])
    }

    fn show_position(before: &Position, recorded: &[u8]) -> Option<String> {
        K::show_position(before, recorded)
    }
}

impl<K: SinkKind> Declared for SinkTool<K> {
    fn declare(&self) -> Value {
        if let Err(message) = self.kind.check() {
            return json!({ "mistake": message });
        }
        let (once, words) = match self.kind.guarantee() {
            SinkGuarantee::ExactlyOnce(words) => (Some(true), words),
            SinkGuarantee::AtLeastOnce(words) => (Some(false), words),
            SinkGuarantee::BestEffort(words) => (None, words),
        };
        let part = &self.common().part;
        json!({
            "does": K::DOES, "once": once, "words": words, "pass": self.rest.pass,
            "new": part.new, "stage_name": part.stage_name,
            "cluster": cluster::declare_sink(self.kind.on_cluster(), self.common(), &self.rest.stage.input.cut),
        })
    }

    fn faults() -> Vec<String> {
        let (own, shared) = (sound::options(K::augment_args), sound::options(super::sink::Rest::augment_args));
        sound::faults((Role::Sink, K::TOOL), &own, &shared, &[])
    }
}

impl<K: OperatorKind> Declared for OperatorTool<K> {
    fn declare(&self) -> Value {
        let account = self.account(&mut Stream::default());
        if let Some(mistake) = account.mistakes.first() {
            return json!({ "mistake": mistake });
        }
        let (cut, part) = (&self.stage.input.cut, &self.common().part);
        json!({
            "does": account.does,
            "interval": cut.interval().ok().map(Interval::ms),
            "calendar": cut.interval().ok().and_then(Interval::calendar_text),
            "checkpoint": cut.keep.dir().map(|dir| dir.display().to_string()),
            "again": "log",
            "of_first_stage": cut.of_first_stage(),
            "source": self.source(self.stage.input.input).ok().map(|identity| identity.to_json()),
            "name": cut.keep.name,
            "state": self.has_state(), "new": part.new, "stage_name": part.stage_name,
            "output": self.stage.common.output.and_then(|form| form.of_records()),
            "cluster": cluster::declare_operator(self.kind.on_cluster(), self.has_state(), self.common(), cut),
        })
    }

    fn faults() -> Vec<String> {
        let (own, shared) = (sound::options(K::augment_args), sound::options(StageArgs::augment_args));
        sound::faults((Role::Operator, K::TOOL), &own, &shared, K::OF_RUNNING)
    }
}

/// Answers, if the command line asks.
pub fn asked<T: Tool + Declared + 'static>() -> Option<ExitCode> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let word = arguments.get(1)?.to_str()?.to_owned();
    let answer = match word.as_str() {
        DECLARE => {
            arguments.remove(1);
            declare::<T>(&arguments).to_string().into_bytes()
        }
        GENERATE => match generate::<T>(arguments.get(2).map(OsString::as_os_str)) {
            Ok(text) => text,
            Err(message) => {
                Console::new(T::NAME, Level::Error).error(&message);
                return Some(Exit::Usage.code().into());
            }
        },
        SHOW_POSITION => {
            let asked = io::read_to_string(io::stdin()).ok();
            let position = asked.and_then(|asked| parse_question(&asked));
            let shown = position.and_then(|(before, recorded)| T::show_position(&before, &recorded));
            json!({ "position": shown }).to_string().into_bytes()
        }
        _ => return None,
    };
    let end: &[u8] = if answer.ends_with(b"\n") { b"" } else { b"\n" };
    let written = os::stdout().and_then(|mut stdout| stdout.write_all(&[&answer, end].concat()));
    Some(if written.is_ok() { Exit::Done } else { Exit::World }.code().into())
}

fn declare<T: Tool + Declared>(arguments: &[OsString]) -> Value {
    let command = command::<T>();
    let expanded = match config::expand(&command, arguments.to_vec()) {
        Ok(expanded) => expanded,
        Err(message) => return json!({ "mistake": message }),
    };
    let parsed = command.try_get_matches_from(&expanded.words).and_then(|matches| T::from_arg_matches(&matches));
    match parsed {
        Ok(tool) => {
            let mut answer = tool.declare();
            let command = crate::cli::command::<T>();
            answer["arguments"] = describe::identity::<T>(&command, &expanded.words).into();
            let words = expanded.words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
            answer["line"] = describe::without(&command, words, &cluster::is_of_plan).into();
            answer
        }
        Err(error) if !error.use_stderr() => json!({ "help": true }),
        Err(error) => json!({ "mistake": expanded.with_place(usage::explain(&error, T::NAME)) }),
    }
}

fn generate<T: Tool + 'static>(form: Option<&OsStr>) -> Result<Vec<u8>, String> {
    let form = form.and_then(OsStr::to_str).and_then(Form::of).ok_or_else(|| {
        let names: Vec<&str> = Form::ALL.iter().map(|(name, _)| *name).collect();
        format!("{GENERATE}: of what? One of {}", names.join(", "))
    })?;
    let others = match Role::of(T::NAME) {
        Some((Role::Source, _)) => ["sstream", "sstream-source"],
        Some((Role::Sink, _)) => ["sstream", "sstream-sink"],
        _ => ["sstream", "sstream-run"],
    };
    Ok(form.text(&described::describe::<T>(), &others.map(str::to_owned)))
}

/// What a program is asked that shows a position: all that its source recorded, in hex.
pub fn question(before: &Position, recorded: &[u8]) -> Value {
    let since: Vec<String> = before.since.iter().map(|bytes| hex(bytes)).collect();
    json!({ "base": hex(&before.base), "since": since, "recorded": hex(recorded) })
}

fn parse_question(text: &str) -> Option<(Position, Vec<u8>)> {
    let question: Value = serde_json::from_str(text).ok()?;
    let since: Option<Vec<Vec<u8>>> =
        question["since"].as_array()?.iter().map(|bytes| from_hex(bytes.as_str()?)).collect();
    Some((
        Position { base: from_hex(question["base"].as_str()?)?, since: since? },
        from_hex(question["recorded"].as_str()?)?,
    ))
}

/// Bytes as two digits each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_comes_as_it_was_asked() {
        let before = Position { base: vec![0, 1, 254, 255], since: vec![vec![], b"abc".to_vec()] };
        let asked = question(&before, b"\n\xff").to_string();
        assert_eq!(parse_question(&asked), Some((before, b"\n\xff".to_vec())));
        assert_eq!(parse_question("{}"), None);
    }
}
