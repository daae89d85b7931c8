//! `sstream explain`: walks along a pipeline and says what each stage would do,
//! and what is wrong. Options are checked by the tools' own definitions.

mod connector;
mod restart;

use std::path::PathBuf;

use super::shell::{self, Command, Pipeline};
use crate::cli::account::{Begins, Stream};
use crate::cli::args::CutArgs;
use crate::cli::connector::found::{self, Named};
use crate::cli::connector::remote;
use crate::cli::described::{Described, Parsed};
use crate::cli::guarantee::Kept;
use crate::cli::restart::{Line, Restart};
use crate::cli::tools;
use crate::cli::{ToolError, usage};
use crate::interval::Interval;

/// Programs that read lines and give some of them, or others: between two
/// stages they break the stream.
const LINE_TOOLS: [&str; 14] =
    ["awk", "cut", "egrep", "fgrep", "gawk", "grep", "head", "mawk", "rg", "sed", "sort", "tail", "tr", "uniq"];

/// Programs that hand on what they get, byte for byte.
const BYTE_TOOLS: [&str; 5] = ["buffer", "cat", "mbuffer", "pv", "ssh"];

/// What pipelines would do.
#[derive(Debug)]
pub struct Explained {
    /// In words.
    pub text: String,
    /// How many mistakes there are.
    pub mistakes: usize,
    /// How many stages would be refused under the checkpoint that they were tried with.
    pub refusals: usize,
}

/// Explains pipelines, and what a restart of them under `checkpoint` would go on with.
pub fn explain(text: &str, checkpoint: Option<PathBuf>) -> Result<Explained, ToolError> {
    let pipelines = shell::parse(text)
        .map_err(|error| ToolError::Usage(format!("explain: the line cannot be read: {}", error.0)))?;
    if pipelines.is_empty() {
        return Err(ToolError::Usage("explain: there is no pipeline to explain".to_owned()));
    }
    let restart = checkpoint.map(Restart::new);
    let mut walk = Walk { tools: tools::all(), text: String::new(), mistakes: 0, number: 0, depth: 0, restart };
    for pipeline in &pipelines {
        walk.pipeline(pipeline);
    }
    let refusals = walk.restart.as_ref().map_or(0, |restart| restart.refusals().len());
    Ok(Explained { text: walk.text, mistakes: walk.mistakes, refusals })
}

/// What runs between two commands.
#[derive(Clone, Debug)]
enum Flow {
    /// The pipeline's own stdin.
    Outside,
    /// Lines of a program that is none of ours.
    Lines,
    /// A stream of batches.
    Batches(Stream),
    /// Nothing that a stage could read, with the stage that ended it.
    Ended(String),
}

struct Walk {
    tools: Vec<Described>,
    text: String,
    mistakes: usize,
    number: usize,
    depth: usize,
    /// Where a restart is tried out.
    restart: Option<Restart>,
}

impl Walk {
    fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        let mut flow = Flow::Outside;
        for (index, command) in pipeline.iter().enumerate() {
            let sides: Vec<Flow> = self.substitutions(command);
            self.number += 1;
            let title = title(command);
            let indent = "  ".repeat(self.depth);
            self.text.push_str(&format!("{indent}{}. {title}\n", self.number));
            let is_last = index + 1 == pipeline.len();
            let goes_on = pipeline[index + 1..].iter().any(|next| tool_of(next).is_some());
            flow = match tool_of(command) {
                Some(tool) => match self.tools.iter().any(|described| described.command.get_name() == tool) {
                    true => self.tool(&tool, command, flow, &sides),
                    false => self.other(&tool, command, flow, goes_on),
                },
                None => self.program(command, flow, goes_on),
            };
            if is_last && self.depth == 0 {
                self.last(command, &flow);
            }
        }
        flow
    }

    /// Explains what stands in `<(…)` first: that is the way of the data.
    fn substitutions(&mut self, command: &Command) -> Vec<Flow> {
        self.depth += 1;
        let mut flows = Vec::new();
        for (_, pipelines) in &command.substitutions {
            flows.extend(pipelines.iter().map(|pipeline| self.pipeline(pipeline)).last());
        }
        self.depth -= 1;
        flows
    }

    fn last(&mut self, command: &Command, flow: &Flow) {
        if let Flow::Batches(stream) = flow {
            match command.redirections.iter().find(|(operator, _)| operator.starts_with('>')) {
                Some((_, file)) => {
                    if stream.kept.as_ref().is_some_and(Kept::has_checkpoint) {
                        self.say(&format!("guarantee: none for {file}: nobody commits it: sstream-sink --pass would"));
                    }
                    self.say(&format!("the stream goes to {file}: sstream-source replay {file} gives it again"))
                }
                None => {
                    self.say("on a terminal prints the first 10 records of each batch, gives the stream anywhere else")
                }
            }
        }
    }

    /// A program that is no tool of ours.
    fn program(&mut self, command: &Command, flow: Flow, goes_on: bool) -> Flow {
        let name = command.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        match flow {
            Flow::Batches(stream) if BYTE_TOOLS.contains(&name) => {
                self.say("hands the stream on as it is");
                Flow::Batches(stream)
            }
            Flow::Batches(stream) if name == "tee" => {
                self.say("hands the stream on, and a copy of it");
                if stream.kept.as_ref().is_some_and(Kept::has_checkpoint) {
                    self.say("guarantee: none for the copy: nobody commits it: sstream-sink --pass would");
                }
                Flow::Batches(stream)
            }
            Flow::Batches(_) if goes_on && LINE_TOOLS.contains(&name) => {
                self.mistake(&format!(
                    "{name} between two stages breaks the stream: run it on each batch with sstream-transform -- {}",
                    command.words.join(" ")
                ));
                Flow::Lines
            }
            Flow::Batches(_) => {
                self.say("gets the stream as JSON lines, control lines among them: --output text or json on the stage before gives records alone");
                Flow::Lines
            }
            Flow::Outside | Flow::Lines | Flow::Ended(_) => {
                self.say("none of sstream's tools: its output is lines");
                Flow::Lines
            }
        }
    }

    /// A program whose name is that of a tool, and that is none of this family: a connector
    /// says itself what it would do.
    fn other(&mut self, tool: &str, command: &Command, flow: Flow, goes_on: bool) -> Flow {
        let first = command.words.first().map_or("", String::as_str);
        let is_front = first.rsplit('/').next() == Some("sstream");
        match found::program(if is_front { tool } else { first }) {
            Ok(Named::Connector(found)) => {
                let words = arguments(tool, command);
                return self.connector(&found, command, flow, &words[1..]);
            }
            Ok(Named::Lines) => return self.program(command, flow, goes_on),
            Ok(Named::Nothing) => self.mistake(&format!("there is no tool {tool}: sstream --list lists them")),
            Err(error) => self.mistake(&error.to_string()),
        }
        Flow::Batches(Stream::default())
    }

    fn tool(&mut self, tool: &str, command: &Command, flow: Flow, sides: &[Flow]) -> Flow {
        let unknown = Flow::Batches(Stream::default());
        let mut words = arguments(tool, command);
        let Some(described) = self.tools.iter().find(|described| described.command.get_name() == tool) else {
            return unknown;
        };
        if let Some(place) = remote::place(&described.command, described.kind_of_files, &words) {
            words[place] = remote::KIND;
        }
        let parsed = match (described.parse)(&words) {
            Ok(parsed) => parsed,
            Err(error) if !error.use_stderr() => {
                self.say("shows its help or version");
                return Flow::Ended(tool.to_owned());
            }
            Err(error) => {
                let message = usage::explain(&error, tool);
                if depends_on_a_variable(&words) {
                    self.say(&format!("not sure, since it depends on a variable: {message}"));
                } else {
                    self.mistake(&message);
                }
                return unknown;
            }
        };
        if let Some((role, kind, behind)) = parsed.elsewhere() {
            let place = words.len() - behind;
            match found::kind(role, kind.as_ref()) {
                Ok(Named::Connector(found)) => {
                    let all = [&words[1..place], &words[place + 1..]].concat();
                    return self.connector(&found, command, flow, &all);
                }
                Ok(Named::Lines) => {}
                Ok(Named::Nothing) => {
                    self.mistake(&format!("{kind}: no such kind, and no program {} in PATH", role.program(&kind)));
                }
                Err(error) => self.mistake(&error.to_string()),
            }
        }
        let mut stream = self.input(&*parsed, command, flow, sides);
        let before = stream.clone();
        let account = parsed.account(&mut stream);
        account.does.iter().for_each(|line| self.say(line));
        // A source passes on what it has.
        if parsed.begins().is_none() {
            self.restart_stage(&mut stream, |stream| parsed.candidate(&words, (&before, stream), account.ends));
        }
        for line in &account.mistakes {
            match depends_on_a_variable(&words) {
                true => self.say(&format!("not sure, since it depends on a variable: {line}")),
                false => self.mistake(line),
            }
        }
        if account.ends { Flow::Ended(tool.to_owned()) } else { Flow::Batches(stream) }
    }

    fn ends_too_early(&mut self, stage: &str) {
        self.mistake(&format!("{stage} before it ends the stream: nothing comes: a sink passes it on with --pass"));
    }

    /// What a tool reads.
    fn input(&mut self, tool: &dyn Parsed, command: &Command, flow: Flow, sides: &[Flow]) -> Stream {
        if let (Some(begins), Some(cut)) = (tool.begins(), tool.cut()) {
            self.before_a_source(&flow, begins.reads_stdin);
            let mut stream = self.begin(&begins, cut, command);
            if let Err(error) = cut.keep.check_dir() {
                self.mistake(&error.to_string());
            }
            self.restart_source(&mut stream, tool.source(), &cut.keep);
            return stream;
        }
        if !sides.is_empty() {
            return self.merge(sides);
        }
        let from_file = command.redirections.iter().any(|(operator, _)| operator == "<");
        match (flow, tool.cut()) {
            (Flow::Batches(stream), cut) => {
                if let Some(option) = cut.and_then(CutArgs::of_first_stage) {
                    self.mistake(&format!("{option} behind the first stage: give it to the first one"));
                }
                stream
            }
            (Flow::Ended(stage), _) => {
                self.ends_too_early(&stage);
                Stream::default()
            }
            (Flow::Outside, _) if !tool.reads_stdin() => Stream::default(),
            (Flow::Outside | Flow::Lines, None) => Stream::default(),
            (flow, Some(cut)) => {
                if matches!(flow, Flow::Outside) && !from_file {
                    self.say("reads the stdin of the whole pipeline: lines, or a stream of batches");
                } else if from_file {
                    self.say("reads a file: lines, or a saved stream of batches");
                }
                let mut stream = self.begin(&Begins::with_lines(cut), cut, command);
                self.restart_source(&mut stream, tool.source(), &cut.keep);
                stream.line = stream.line.map(Line::of_this_stage);
                stream
            }
        }
    }

    /// A stream begins here.
    fn begin(&mut self, begins: &Begins, cut: &CutArgs, command: &Command) -> Stream {
        let (stream, lines) = begins.stream(cut, checkpoint(command));
        lines.iter().for_each(|line| self.say(line));
        stream
    }

    /// What stands before a source is a mistake, unless it reads that.
    fn before_a_source(&mut self, flow: &Flow, reads_stdin: bool) {
        match flow {
            Flow::Batches(_) | Flow::Ended(_) => {
                self.mistake("a source begins a pipeline: what stands before it is not read");
            }
            Flow::Lines if !reads_stdin => {
                self.mistake("this source does not read its stdin: what stands before it is lost");
            }
            Flow::Lines | Flow::Outside => {}
        }
    }

    /// Streams that come together must have one interval.
    fn merge(&mut self, sides: &[Flow]) -> Stream {
        let streams: Vec<&Stream> = sides
            .iter()
            .filter_map(|side| match side {
                Flow::Batches(stream) => Some(stream),
                _ => None,
            })
            .collect();
        let mut intervals: Vec<Interval> = streams.iter().filter_map(|stream| stream.interval).collect();
        intervals.dedup();
        if let [first, second, ..] = intervals[..] {
            self.mistake(&format!("its sides have batches of {} and {}: give both the same interval", first, second));
        }
        if streams.len() < sides.len() {
            self.mistake("a side gives no stream of batches: begin it with a tool of sstream");
        }
        let sides: Vec<&Kept> = streams.iter().filter_map(|stream| stream.kept.as_ref()).collect();
        let kept = Kept::of_sides(&sides);
        if let Some(side) = sides.iter().find(|side| !side.is_with(sides[0])) {
            let [first, second] = [sides[0], side].map(|side| side.checkpoint.as_deref().unwrap_or("none"));
            self.mistake(&format!("its sides have the checkpoints {first} and {second}: give both the same one"));
        }
        let mut stream = streams.first().map_or_else(Stream::default, |stream| (*stream).clone());
        stream.kept = kept;
        stream.line = Line::of_sides(&streams.iter().map(|stream| stream.line.as_ref()).collect::<Vec<_>>());
        stream
    }

    fn say(&mut self, line: &str) {
        let indent = "  ".repeat(self.depth);
        self.text.push_str(&format!("{indent}   {line}\n"));
    }

    fn mistake(&mut self, line: &str) {
        self.mistakes += 1;
        self.say(&format!("MISTAKE: {line}"));
    }
}

/// The directory that SSTREAM_CHECKPOINT names: in front of the command, or around all.
fn checkpoint(command: &Command) -> Option<String> {
    let own = command.assignments.iter().rev().find_map(|word| word.strip_prefix("SSTREAM_CHECKPOINT="));
    let dir = own.map(str::to_owned).or_else(|| std::env::var("SSTREAM_CHECKPOINT").ok());
    dir.filter(|dir| !dir.is_empty())
}

/// Whether a command line cannot be known before a shell has read it.
fn depends_on_a_variable(words: &[&str]) -> bool {
    words.iter().any(|word| word.contains(['$', '`']))
}

/// The tool that a command runs, `sstream-filter` for `sstream filter` too.
fn tool_of(command: &Command) -> Option<String> {
    let first = command.words.first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    if name == "sstream" {
        let word = command.words.get(1).map_or("", String::as_str);
        let is_own = word.is_empty() || word.starts_with('-') || ["ps", "stop", "explain"].contains(&word);
        return Some(if is_own { name.to_owned() } else { format!("sstream-{word}") });
    }
    name.starts_with("sstream-").then(|| name.to_owned())
}

fn arguments<'a>(tool: &'a str, command: &'a Command) -> Vec<&'a str> {
    let is_front = command.words[0].rsplit('/').next() == Some("sstream");
    let own = if is_front && tool != "sstream" { 2 } else { 1 };
    std::iter::once(tool).chain(command.words[own.min(command.words.len())..].iter().map(String::as_str)).collect()
}

/// The command as it stands, more or less.
fn title(command: &Command) -> String {
    let quote = |word: &String| {
        let plain = |c: char| c.is_alphanumeric() || "-_./:,=@%+[]<>()…$".contains(c);
        if !word.is_empty() && word.chars().all(plain) { word.clone() } else { format!("'{word}'") }
    };
    let mut words: Vec<String> = command.words.iter().map(quote).collect();
    words.extend(command.redirections.iter().map(|(operator, target)| format!("{operator} {target}")));
    words.join(" ")
}

#[cfg(test)]
mod tests;
