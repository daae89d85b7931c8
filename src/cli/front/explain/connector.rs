//! Connectors in a pipeline: each program says itself what it would do.

use serde_json::Value;

use super::{Flow, Walk, checkpoint, depends_on_a_variable};
use crate::cli::ToolError;
use crate::cli::account::{Account, Stream, describe_batches};
use crate::cli::args::{Batching, KeepArgs, PartArgs};
use crate::cli::connector::found::Found;
use crate::cli::connector::known::Role;
use crate::cli::first::SourceIdentity;
use crate::cli::front::shell::Command;
use crate::cli::guarantee;
use crate::cli::restart::{Candidate, Line};
use crate::interval::Interval;

/// What a program of its own says of its command line.
enum Declared {
    /// What it would do.
    Answer(Value),
    /// Nothing that helps; why is told.
    Nothing,
    /// It would show its help.
    Help,
}

impl Walk {
    /// A connector's program, which says itself what it would do.
    pub(super) fn connector(&mut self, found: &Found, command: &Command, flow: Flow, words: &[&str]) -> Flow {
        let role = found.role;
        let mut stream = match (role, flow) {
            (Role::Operator, flow) => return self.operator(found, command, flow, words),
            (Role::Source, flow) => {
                self.before_a_source(&flow, false);
                Stream::default()
            }
            (Role::Sink, Flow::Batches(stream)) => stream,
            (Role::Sink, Flow::Ended(stage)) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            _ => Stream::default(),
        };
        let unknown = |stream| match role {
            Role::Source | Role::Operator => Flow::Batches(stream),
            Role::Sink => Flow::Ended(found.name()),
        };
        let answer = match self.declared(found, command, words) {
            Declared::Answer(answer) => answer,
            Declared::Nothing => return unknown(stream),
            Declared::Help => return Flow::Ended(found.kind.clone()),
        };
        if role == Role::Source {
            stream = self.begin_declared(&answer);
            self.restart_declared(&mut stream, &answer);
            return Flow::Batches(stream);
        }
        self.say(answer["does"].as_str().unwrap_or_default());
        if let Some(kept) = &stream.kept {
            self.say(&guarantee::of_declared_sink(kept, &answer));
        }
        let passes = answer["pass"].as_bool() == Some(true);
        let part = declared_part(&answer);
        self.restart_stage(&mut stream, |stream| Candidate {
            arguments: text(&answer["arguments"]).unwrap_or_default(),
            tool: found.kind.clone(),
            part: &part,
            has_state: false,
            sink: Some(!passes),
            intervals: (stream.interval.unwrap_or_default(), stream.interval.unwrap_or_default()),
        });
        if passes {
            self.say("passes the stream on, each batch when this sink is done with it");
            return Flow::Batches(stream);
        }
        unknown(stream)
    }

    /// What a connector's program says that it would do.
    fn declared(&mut self, found: &Found, command: &Command, words: &[&str]) -> Declared {
        let Some(answer) = found.declared(words, checkpoint(command)) else {
            self.say("its program does not say what it would do");
            return Declared::Nothing;
        };
        if let Some(message) = answer["mistake"].as_str() {
            match depends_on_a_variable(words) {
                true => self.say(&format!("not sure, since it depends on a variable: {message}")),
                false => self.mistake(message),
            }
            return Declared::Nothing;
        }
        if answer["help"].as_bool() == Some(true) {
            self.say("shows its help or version");
            return Declared::Help;
        }
        Declared::Answer(answer)
    }

    /// A tool between two pipes that is a program of its own.
    fn operator(&mut self, found: &Found, command: &Command, flow: Flow, words: &[&str]) -> Flow {
        let begins = matches!(flow, Flow::Outside | Flow::Lines);
        let mut stream = match flow {
            Flow::Batches(stream) => stream,
            Flow::Ended(stage) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            Flow::Outside | Flow::Lines => Stream::default(),
        };
        let answer = match self.declared(found, command, words) {
            Declared::Answer(answer) => answer,
            Declared::Nothing => return Flow::Batches(stream),
            Declared::Help => return Flow::Ended(found.kind.clone()),
        };
        if begins {
            stream = self.begin_declared(&answer);
            self.restart_declared(&mut stream, &answer);
            stream.line = stream.line.map(Line::of_this_stage);
        } else if let Some(option) = answer["of_first_stage"].as_str() {
            self.mistake(&format!("{option} behind the first stage: give it to the first one"));
        }
        let lines = answer["does"].as_array().into_iter().flatten().filter_map(|line| line.as_str());
        let mut account = Account { does: lines.map(str::to_owned).collect(), ..Account::default() };
        if let Some(form) = answer["output"].as_str() {
            account = account.with_form(form, &stream);
        }
        account.does.iter().for_each(|line| self.say(line));
        let part = declared_part(&answer);
        self.restart_stage(&mut stream, |stream| Candidate {
            arguments: text(&answer["arguments"]).unwrap_or_default(),
            tool: found.kind.clone(),
            part: &part,
            has_state: answer["state"].as_bool() == Some(true),
            sink: None,
            intervals: (stream.interval.unwrap_or_default(), stream.interval.unwrap_or_default()),
        });
        if account.ends { Flow::Ended(found.name()) } else { Flow::Batches(stream) }
    }

    /// Tries such a source under the checkpoint, if there is one to be tried.
    fn restart_declared(&mut self, stream: &mut Stream, answer: &Value) {
        let none = || ToolError::Usage("its program does not say what its source is".to_owned());
        let identity = SourceIdentity::of_json(&answer["source"]).ok_or_else(none);
        let keep = KeepArgs { checkpoint: None, name: text(&answer["name"]), retain: None, on_loss: None };
        self.restart_source(stream, identity, &keep);
    }

    /// A stream that a program of its own begins.
    fn begin_declared(&mut self, answer: &Value) -> Stream {
        let (kept, restart) = guarantee::of_declared_source(answer);
        let stream = Stream { interval: interval_of(answer), kept: Some(kept), line: None };
        let batches = answer["cuts"].as_str().map(str::to_owned);
        let batches = batches.or_else(|| stream.interval.map(|interval| describe_batches(Batching::By(interval))));
        self.say(&format!("first stage: cuts its input into {}", batches.as_deref().unwrap_or("batches")));
        self.say(&restart);
        stream
    }
}

/// How the program's stage is known in a checkpoint.
fn declared_part(answer: &Value) -> PartArgs {
    PartArgs { new: answer["new"].as_bool() == Some(true), stage_name: text(&answer["stage_name"]) }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The interval of the batches that a program of its own cuts.
fn interval_of(answer: &Value) -> Option<Interval> {
    Interval::of_parts(answer["interval"].as_u64()?, answer["calendar"].as_str())
}
