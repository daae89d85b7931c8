//! From a line to its plan: walks along the pipeline as `sstream explain` does, and asks each
//! tool, by its own parsed options, what of it runs where.

use std::path::Path;

use super::plan::{Clock, Node, Plan, Work};
use crate::cli::account::Stream;
use crate::cli::args::CutArgs;
use crate::cli::cluster::{Origin, Spread, Target, absolute};
use crate::cli::connector::found::{self, Named};
use crate::cli::describe::shell_text;
use crate::cli::described::{Described, Parsed};
use crate::cli::front::shell::{self, Command, Pipeline};
use crate::cli::{ToolError, tools, usage};
use crate::duration;
use crate::interval::Interval;

/// Where commands between two stages, or before them, would run.
const NONE_OF_OURS: &str =
    "is none of sstream's tools, and runs nowhere on a cluster: sstream-transform -- CMD runs a command once a batch";

/// Tools that read several streams.
const OF_SEVERAL: [&str; 2] = ["sstream-join", "sstream-union"];

/// The plan of a line; `on_driver` lets commands of sinks run on the driver.
///
/// # Errors
/// Wrong usage: the line cannot be read, or has a stage that is wrong or could not give the same
/// answers on a cluster, with its number, itself and the reason.
pub fn plan(line: &str, on_driver: bool) -> Result<Plan, ToolError> {
    let pipelines =
        shell::parse(line).map_err(|error| ToolError::Usage(format!("the line cannot be read: {}", error.0)))?;
    let [pipeline] = &pipelines[..] else {
        return Err(ToolError::Usage(format!("one pipeline is wanted, and there are {}", pipelines.len())));
    };
    let mut walk = Walk { tools: tools::all(), nodes: Vec::new(), clock: None, number: 0, on_driver };
    let end = walk.pipeline(pipeline)?;
    if let Some(end) = end {
        // As on a terminal.
        let words = ["sstream-sink", "print"].map(str::to_owned);
        let target = walk.parse(&words)?.spread();
        if let Spread::Sink { target, .. } = target {
            walk.push(Work::Sink { command: words.to_vec(), target }, vec![end.node], end.interval_ms);
        }
    }
    Ok(Plan { line: line.to_owned(), clock: walk.clock.unwrap_or(Clock::Wall), nodes: walk.nodes })
}

/// A stream at a place in the line.
#[derive(Clone, Copy, Debug)]
struct Flow {
    node: usize,
    interval_ms: u64,
}

struct Walk {
    tools: Vec<Described>,
    nodes: Vec<Node>,
    clock: Option<Clock>,
    number: usize,
    on_driver: bool,
}

impl Walk {
    /// The stream that a pipeline gives; none if a sink has taken it.
    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Option<Flow>, ToolError> {
        let mut flow = None;
        for (index, command) in pipeline.iter().enumerate() {
            if index > 0 && flow.is_none() {
                self.number += 1;
                return Err(
                    self.refused(command, "the stage before it ends the stream: a sink passes it on with --pass")
                );
            }
            flow = self.stage(command, flow)?;
        }
        Ok(flow)
    }

    fn stage(&mut self, command: &Command, flow: Option<Flow>) -> Result<Option<Flow>, ToolError> {
        // What stands in <(…) comes first: that is the way of the data.
        let sides = self.inner(command)?;
        self.number += 1;
        let sides = self.sides(command, flow, sides)?;
        if let Some(word) = &command.expanded {
            let reason = format!("what the shell would make of {word} is not known here: write it out, or quote it");
            return Err(self.refused(command, &reason));
        }
        if let Some((operator, file)) = command.redirections.first() {
            let reason =
                format!("{operator} {file}: a file of this machine: begin with sstream-source, end with sstream-sink");
            return Err(self.refused(command, &reason));
        }
        if let Some(assignment) = command.assignments.first() {
            return Err(self.refused(command, &format!("{assignment}: executors have an environment of their own")));
        }
        let words = words_of(command).ok_or_else(|| self.refused(command, NONE_OF_OURS))?;
        let parsed = self.parse_stage(command, &words)?;
        let begins = parsed.begins().is_some();
        match (begins, flow.is_some() || !sides.is_empty()) {
            (true, true) => {
                return Err(self.refused(command, "a source begins a pipeline: what stands before it is not read"));
            }
            (false, false) => {
                let reason = "its input is that of the shell, on this machine: begin with sstream-source";
                return Err(self.refused(command, reason));
            }
            _ => {}
        }
        let option = parsed.cut().filter(|_| !begins).and_then(CutArgs::of_first_stage);
        if let Some(option) = option {
            return Err(self.refused(command, &format!("{option} behind the first stage: give it to the first one")));
        }
        let interval_ms = self.interval(command, &*parsed, flow, &sides)?;
        let spread = parsed.spread();
        self.add(command, words, spread, flow, &sides, interval_ms)
    }

    /// Puts a stage into the plan.
    fn add(
        &mut self,
        command: &Command,
        words: Vec<String>,
        spread: Spread,
        flow: Option<Flow>,
        sides: &[Flow],
        interval_ms: u64,
    ) -> Result<Option<Flow>, ToolError> {
        let of: Vec<usize> = match sides {
            [] => flow.iter().map(|flow| flow.node).collect(),
            sides => sides.iter().map(|side| side.node).collect(),
        };
        let work = match spread {
            Spread::Refused(reason) => return Err(self.refused(command, &reason)),
            Spread::Source(origin) => self.source(command, words, origin)?,
            Spread::EachRecord => {
                if let ([node], Some(Node { work: Work::Each(commands), .. })) = (&of[..], self.nodes.last())
                    && node + 1 == self.nodes.len()
                {
                    let longer = commands.iter().cloned().chain([words]).collect();
                    self.nodes[*node].work = Work::Each(longer);
                    return Ok(flow);
                }
                Work::Each(vec![words])
            }
            Spread::WholeBatch => Work::Batch(words),
            Spread::Aggregation(merging) => Work::Aggregate(merging),
            Spread::Window { length_ms, merging } => Work::Window { length_ms, merging },
            Spread::State(merging) => Work::State(merging),
            Spread::Update => Work::Update(words),
            Spread::Join => Work::Join(words.into_iter().filter(|word| !["<(…)", "-"].contains(&&word[..])).collect()),
            Spread::Union => Work::Union,
            Spread::Sink { target: Target::Command, .. } if !self.on_driver => {
                let reason =
                    "a command of this machine: with --on-driver it runs on the driver, which gets every batch whole";
                return Err(self.refused(command, reason));
            }
            Spread::Sink { target, pass } => {
                let command = words.into_iter().filter(|word| word != "--pass").collect();
                self.push(Work::Sink { command, target }, of, interval_ms);
                return Ok(flow.filter(|_| pass));
            }
        };
        Ok(Some(self.push(work, of, interval_ms)))
    }

    fn source(&mut self, command: &Command, mut words: Vec<String>, origin: Origin) -> Result<Work, ToolError> {
        let (clock, work) = match origin {
            Origin::Queue(file, start_ms) => {
                // The driver may run in another directory.
                let whole = absolute(&file).display().to_string();
                words.iter_mut().filter(|word| Path::new(&word[..]) == file).for_each(|word| word.clone_from(&whole));
                (Clock::Virtual(start_ms), Work::Queue(words))
            }
            Origin::Received => {
                words.insert(1, "--output=json".to_owned());
                (Clock::Wall, Work::Receive(words))
            }
        };
        match self.clock.replace(clock) {
            Some(other) if other != clock => Err(self.refused(
                command,
                "its clock is not that of the pipeline's other source: give both the same kind and --start",
            )),
            _ => Ok(work),
        }
    }

    /// The streams of what stands in `<(…)`, by the index of the word; none for one that has none.
    fn inner(&mut self, command: &Command) -> Result<Vec<(usize, Option<Flow>)>, ToolError> {
        let mut flows = Vec::new();
        for (index, pipelines) in &command.substitutions {
            let is_read = command.words[*index].starts_with('<');
            match &pipelines[..] {
                [pipeline] if is_read => flows.push((*index, self.pipeline(pipeline)?)),
                _ => flows.push((*index, None)),
            }
        }
        Ok(flows)
    }

    /// The streams that a tool on several reads, in its order.
    fn sides(
        &self,
        command: &Command,
        flow: Option<Flow>,
        inner: Vec<(usize, Option<Flow>)>,
    ) -> Result<Vec<Flow>, ToolError> {
        if !tool_of(command).is_some_and(|tool| OF_SEVERAL.contains(&&tool[..])) {
            return match inner.is_empty() {
                true => Ok(Vec::new()),
                false => Err(self.refused(command, "<(…) and >(…) are for sstream-join and sstream-union")),
            };
        }
        let mut sides = Vec::new();
        for (index, word) in command.words.iter().enumerate() {
            let inner = inner.iter().find(|(place, _)| *place == index);
            match (inner, flow) {
                (Some((_, Some(side))), _) => sides.push(*side),
                (Some((_, None)), _) => {
                    return Err(self.refused(command, "a side is one pipeline in <(…), which gives a stream"));
                }
                (None, Some(flow)) if word == "-" => sides.push(flow),
                _ => {}
            }
        }
        if sides.len() < 2 && !command.words.iter().any(|word| word == "--static" || word.starts_with("--static=")) {
            return Err(self.refused(command, "its sides are files or FIFOs of this machine: write them as <(…)"));
        }
        Ok(sides)
    }

    /// Milliseconds between the batches that a stage gives.
    fn interval(
        &self,
        command: &Command,
        parsed: &dyn Parsed,
        flow: Option<Flow>,
        sides: &[Flow],
    ) -> Result<u64, ToolError> {
        let begun = parsed.begins().and_then(|begins| begins.interval);
        if let Some(Interval::Calendar(calendar)) = begun {
            let reason = format!("batches of {calendar}: Spark's batches are always of one length");
            return Err(self.refused(command, &reason));
        }
        let input = sides.first().copied().or(flow).map(|flow| flow.interval_ms).or(begun.map(Interval::ms));
        if let Some(other) = sides.iter().map(|side| side.interval_ms).find(|interval_ms| Some(*interval_ms) != input) {
            return Err(self.refused(
                command,
                &format!(
                    "its sides have batches of {} and {}: give both the same interval",
                    duration::show_ms(input.unwrap_or_default()),
                    duration::show_ms(other)
                ),
            ));
        }
        let mut stream = Stream { interval: input.map(Interval::Fixed), ..Stream::default() };
        let account = parsed.account(&mut stream);
        match account.mistakes.first() {
            Some(mistake) => Err(self.refused(command, mistake)),
            None => Ok(stream.interval.map_or(1000, Interval::ms)),
        }
    }

    fn parse_stage(&self, command: &Command, words: &[String]) -> Result<Box<dyn Parsed>, ToolError> {
        let is_known = self.tools.iter().any(|tool| tool.command.get_name() == words[0]);
        if !is_known {
            return Err(match found::program(&words[0]) {
                Ok(Named::Connector(_)) => self.refused(command, "connectors: not on a cluster yet"),
                Ok(_) => self.refused(command, "there is no such tool: sstream --list lists them"),
                Err(error) => self.refused(command, &error.to_string()),
            });
        }
        let parsed = self.parse(words).map_err(|error| self.refused(command, &error.to_string()))?;
        let Some((role, kind, _)) = parsed.elsewhere() else { return Ok(parsed) };
        match found::kind(role, kind.as_ref()) {
            Ok(Named::Lines) => Ok(parsed),
            Ok(Named::Connector(_)) => Err(self.refused(command, &format!("{kind}: not on a cluster yet"))),
            Ok(Named::Nothing) => {
                let reason = format!("{kind}: no such kind, and no program {} in PATH", role.program(&kind));
                Err(self.refused(command, &reason))
            }
            Err(error) => Err(self.refused(command, &error.to_string())),
        }
    }

    /// A command line by the tool's own definition.
    fn parse(&self, words: &[String]) -> Result<Box<dyn Parsed>, ToolError> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let described = self.tools.iter().find(|tool| tool.command.get_name() == words[0]);
        let described = described.ok_or_else(|| ToolError::Usage(format!("there is no {}", words[0])))?;
        (described.parse)(&words).map_err(|error| match error.use_stderr() {
            true => ToolError::Usage(usage::explain(&error, words[0])),
            false => ToolError::Usage("it would show its help or version".to_owned()),
        })
    }

    fn push(&mut self, work: Work, of: Vec<usize>, interval_ms: u64) -> Flow {
        let node = self.nodes.len();
        self.nodes.push(Node { work, of, interval_ms });
        Flow { node, interval_ms }
    }

    fn refused(&self, command: &Command, reason: &str) -> ToolError {
        let text = shell_text(&command.words);
        ToolError::Usage(format!("stage {}, {text}: {reason}", self.number.max(1)))
    }
}

/// The tool that a command runs, `sstream-filter` for `sstream filter` too.
fn tool_of(command: &Command) -> Option<String> {
    let name = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
    let first = command.words.first().map(name)?;
    match (&first[..], command.words.get(1)) {
        ("sstream", Some(tool)) => Some(format!("sstream-{tool}")),
        _ => first.starts_with("sstream-").then_some(first),
    }
}

/// The words of a command, the tool by its name.
fn words_of(command: &Command) -> Option<Vec<String>> {
    let tool = tool_of(command)?;
    let is_front = command.words[0].rsplit('/').next() == Some("sstream");
    Some(std::iter::once(tool).chain(command.words[1 + usize::from(is_front)..].iter().cloned()).collect())
}
