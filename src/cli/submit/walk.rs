//! From a line to its plan: walks along the pipeline as `sstream explain` does, and asks each
//! tool, by its own parsed options, what of it runs where.

use std::path::Path;

use serde_json::Value;

use super::plan::{Clock, Node, Plan, Work};
use super::stage::{Stage, Tools};
use crate::cli::ToolError;
use crate::cli::cluster::{Keys, Life, Origin, Parts, Spread, Target, absolute};
use crate::cli::connector::remote::is_url;
use crate::cli::describe::shell_text;
use crate::cli::front::shell::{self, Command, Pipeline};
use crate::duration;

/// Where commands between two stages, or before them, would run.
const NONE_OF_OURS: &str =
    "is none of sstream's tools, and runs nowhere on a cluster: sstream-transform -- CMD runs a command once a batch";

/// The same of what stands before the first stage.
const BEGUN_BY_OTHERS: &str = "is none of sstream's tools, and would bring what it has to this machine: begin with \
     sstream-source: tcp HOST:PORT reads lines of who serves them, exec -- CMD what a command writes";

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
    let mut walk =
        Walk { tools: Tools::new(), nodes: Vec::new(), sources: Vec::new(), begun: None, number: 0, on_driver };
    let end = walk.pipeline(pipeline)?;
    if let Some(end) = end {
        // As on a terminal.
        let print = ["sstream-sink", "print"].map(str::to_owned).to_vec();
        let Stage { words: command, spread, .. } = walk.tools.stage(print).map_err(ToolError::Usage)?;
        if let Spread::Sink { target, .. } = spread {
            walk.push(Work::Sink { command, target }, vec![end.node], end.interval_ms);
        }
    }
    let (clock, life) = walk.begun.unwrap_or((Clock::Wall, Life::default()));
    let shown = shown(walk.sources, pipeline);
    Ok(Plan { line: line.to_owned(), clock, life, nodes: walk.nodes, shown })
}

/// The stages that a line is shown as: its sources, and what the cluster makes of them as one.
fn shown(sources: Vec<String>, pipeline: &Pipeline) -> Vec<Value> {
    let is_rest = |(index, command): &(usize, &Command)| *index > 0 || !command.substitutions.is_empty();
    let rest: Vec<String> =
        pipeline.iter().enumerate().filter(is_rest).map(|(_, command)| description(command)).collect();
    let rest = if rest.is_empty() { "sink print".to_owned() } else { rest.join(" | ") };
    let sides = match sources.len() {
        1 => sources.into_iter().map(Value::from).collect(),
        _ => sources.into_iter().map(|source| Value::from(vec![source])).collect::<Vec<Value>>(),
    };
    sides.into_iter().chain([rest.into()]).collect()
}

/// A command as the head of a stream has it: `filter ERROR`.
fn description(command: &Command) -> String {
    let text = words_of(command).map_or_else(|| shell_text(&command.words), shell_text);
    text.strip_prefix("sstream-").unwrap_or(&text).to_owned()
}

/// A stream at a place in the line.
#[derive(Clone, Copy, Debug)]
struct Flow {
    node: usize,
    interval_ms: u64,
}

struct Walk {
    tools: Tools,
    nodes: Vec<Node>,
    /// The sources so far, as they stand in the line.
    sources: Vec<String>,
    /// What the sources so far say of the whole.
    begun: Option<(Clock, Life)>,
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
        let begins = flow.is_none() && sides.is_empty();
        let none_of_ours = if begins { BEGUN_BY_OTHERS } else { NONE_OF_OURS };
        let words = words_of(command).ok_or_else(|| self.refused(command, none_of_ours))?;
        let stage = self.tools.stage(words).map_err(|reason| self.refused(command, &reason))?;
        match (stage.life.is_some(), !begins) {
            (true, true) => {
                return Err(self.refused(command, "a source begins a pipeline: what stands before it is not read"));
            }
            (false, false) => {
                let reason = "its input is that of the shell, on this machine: begin with sstream-source";
                return Err(self.refused(command, reason));
            }
            _ => {}
        }
        if let Some(option) = stage.of_first_stage {
            return Err(self.refused(command, &format!("{option} behind the first stage: give it to the first one")));
        }
        let interval_ms = self.interval(command, &stage, flow, &sides)?;
        if let (Spread::Source(origin), Some(life)) = (&stage.spread, stage.life) {
            self.begin(command, origin, life)?;
            self.sources.push(description(command));
        }
        self.add(command, stage.words, stage.spread, flow, &sides, interval_ms)
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
            Spread::Source(origin) => Walk::source(words, origin),
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
            Spread::Carried(parts) => Walk::carried(words, parts),
            Spread::Join => Work::Join(without_sides(words)),
            Spread::Union if of.iter().any(|side| self.nodes[*side].has_watermark) => {
                let reason =
                    "the least watermark of several sides: not on a cluster yet: let --watermark stand behind it";
                return Err(self.refused(command, reason));
            }
            Spread::Union => Work::Union,
            Spread::Sink { target: Target::OnDriver(reason), .. } if !self.on_driver => {
                let reason = format!("{reason}: with --on-driver it runs on the driver, which gets every batch whole");
                return Err(self.refused(command, &reason));
            }
            Spread::Sink { target, pass } => {
                self.push(Work::Sink { command: words, target }, of, interval_ms);
                return Ok(flow.filter(|_| pass));
            }
        };
        Ok(Some(self.push(work, of, interval_ms)))
    }

    /// A stage whose parts have states of their own.
    fn carried(words: Vec<String>, parts: Parts) -> Work {
        let with = |words: &[String], more: &[&str]| -> Vec<String> {
            words.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect()
        };
        let (deal, command) = match parts.keys {
            Keys::None | Keys::OfPairs => (Vec::new(), words),
            Keys::Dealt => (vec![with(&words, &["--deal"])], with(&words, &["--dealt"])),
            Keys::DealtSides => {
                let words = without_sides(words);
                let sides = ["--deal=left", "--deal=right"].map(|deal| with(&words, &[deal, "-", "-"]));
                (sides.to_vec(), with(&words, &["--dealt"]))
            }
        };
        Work::Carried { deal, command, parts }
    }

    fn source(mut words: Vec<String>, origin: Origin) -> Work {
        match origin {
            Origin::Queue(file, _) => {
                // The driver may run in another directory.
                let whole = absolute(&file).display().to_string();
                words.iter_mut().filter(|word| Path::new(&word[..]) == file).for_each(|word| word.clone_from(&whole));
                Work::Queue(words)
            }
            Origin::Received => {
                words.insert(1, "--output=json".to_owned());
                Work::Receive(words)
            }
            Origin::Native { kind, settings, makes, leaves, needs_jars } => {
                words.retain(|word| leaves.as_ref() != Some(word));
                words.insert(1, "--output=json".to_owned());
                words.extend(makes);
                Work::Native { kind, settings, command: words, needs_jars }
            }
        }
    }

    /// A source: all of a line have one clock, and say the same of the application.
    fn begin(&mut self, command: &Command, origin: &Origin, life: Life) -> Result<(), ToolError> {
        let clock = match origin {
            Origin::Queue(_, start_ms) => Clock::Virtual(*start_ms),
            Origin::Received | Origin::Native { .. } => Clock::Wall,
        };
        if clock != Clock::Wall && life.checkpoint.is_some() {
            let reason = "--checkpoint: a queue is there as a whole before the start, and Spark keeps no place in it";
            return Err(self.refused(command, reason));
        }
        if life.stop.get("file").and_then(Value::as_str).is_some_and(|file| is_url(file.as_ref())) {
            let reason = "--stop-file: the driver looks for a file of the machine it runs on, not for a URL";
            return Err(self.refused(command, reason));
        }
        let reason = match &self.begun {
            Some((other, _)) if *other != clock => {
                "its clock is not that of the pipeline's other source: give both the same kind and --start"
            }
            Some((_, other)) if *other != life => {
                "--checkpoint, --stop-file, --stop-after and --idle-timeout are of the whole application: give the \
                 pipeline's other source the same"
            }
            _ => {
                self.begun = Some((clock, life));
                return Ok(());
            }
        };
        Err(self.refused(command, reason))
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
        let of_sides = self.tools.of_sides();
        if !tool_of(command).is_some_and(|tool| of_sides.contains(&&tool[..])) {
            return match inner.is_empty() {
                true => Ok(Vec::new()),
                false => Err(self.refused(command, &format!("<(…) and >(…) are for {}", of_sides.join(" and ")))),
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
    fn interval(&self, command: &Command, stage: &Stage, flow: Option<Flow>, sides: &[Flow]) -> Result<u64, ToolError> {
        let input = sides.first().copied().or(flow).map(|flow| flow.interval_ms);
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
        stage.interval_ms(input).map_err(|reason| self.refused(command, &reason))
    }

    fn push(&mut self, work: Work, of: Vec<usize>, interval_ms: u64) -> Flow {
        let node = self.nodes.len();
        let makes_watermark = matches!(&work, Work::Carried { parts, .. } if parts.has_watermark);
        let has_watermark = makes_watermark || of.iter().any(|node| self.nodes[*node].has_watermark);
        self.nodes.push(Node { work, of, interval_ms, has_watermark });
        Flow { node, interval_ms }
    }

    fn refused(&self, command: &Command, reason: &str) -> ToolError {
        let text = shell_text(&command.words);
        ToolError::Usage(format!("stage {}, {text}: {reason}", self.number.max(1)))
    }
}

/// The words of a tool on several streams, but for these.
fn without_sides(words: Vec<String>) -> Vec<String> {
    words.into_iter().filter(|word| !["<(…)", "-"].contains(&&word[..])).collect()
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
