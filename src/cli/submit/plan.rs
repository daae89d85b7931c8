//! A plan: what of a line runs where on a cluster. `docs/SPARK-SUBMIT.md` is its specification.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::cli::cluster::{Keys, Life, Merging, Parts, Target};
use crate::cli::describe::shell_text;

/// The version of the plan's form. Whoever runs a plan refuses others.
const VERSION: u64 = 1;

/// What holds for what a connector writes from a task.
const AGAIN: &str =
    "each record at least once: a task that is tried again, and a batch that runs again after a restart, write again";

/// What reads the pairs that states begin with.
const INITIAL: [&str; 4] = ["sstream-source", "--output=json", "stdin", "--input=json"];

/// Who says what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The wall clock: sources that receive.
    Wall,
    /// A clock of the plan's own, which stands at this many ms before the first batch: sources
    /// that have their batches already.
    Virtual(u64),
}

/// What of a line runs where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The line.
    pub line: String,
    /// Its clock.
    pub clock: Clock,
    /// Its checkpoint, and when it stops.
    pub life: Life,
    /// Nodes, each behind those that it takes from.
    pub nodes: Vec<Node>,
    /// The stages that it is shown as, in the form of a head: its sources, and all the rest as one.
    pub shown: Vec<Value>,
}

/// Something that is done with batches, and gives batches.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is done.
    pub work: Work,
    /// The nodes whose batches it takes.
    pub of: Vec<usize>,
    /// Milliseconds between its batches.
    pub interval_ms: u64,
    /// Whether their ends carry a watermark.
    pub has_watermark: bool,
}

/// What a node does. Commands are words, of which the first is a tool.
#[derive(Clone, Debug)]
pub enum Work {
    /// Batches of a file, as the command gives them.
    Queue(Vec<String>),
    /// Records that a command writes on an executor, as lines of JSON.
    Receive(Vec<String>),
    /// What Spark reads by its own means, and the command makes records of in every partition.
    Native {
        /// How it is read, as the driver knows it.
        kind: String,
        /// What the driver is told of it.
        settings: Map<String, Value>,
        /// The command.
        command: Vec<String>,
        /// Whether Spark lacks what it reads that with.
        needs_jars: bool,
    },
    /// Commands, a pipe between each two, in every partition.
    Each(Vec<Vec<String>>),
    /// A command on the whole batch, in one partition.
    Batch(Vec<String>),
    /// An aggregation of each batch.
    Aggregate(Merging),
    /// A window.
    Window {
        /// How far it reaches back.
        length_ms: u64,
        /// What is computed of it; none: its records.
        merging: Option<Merging>,
    },
    /// A state by key.
    State(Merging),
    /// A command that runs for each part, with a state of its own.
    Carried {
        /// What finds the keys by which records are dealt to the parts, for each of the sides; none: they are those of
        /// pairs.
        deal: Vec<Vec<String>>,
        /// The command.
        command: Vec<String>,
        /// The parts.
        parts: Parts,
    },
    /// A command on the two sides of each part of the keys.
    Join(Vec<String>),
    /// The sides' records, one side's behind the other's.
    Union,
    /// The end, or one of them.
    Sink {
        /// The sink.
        command: Vec<String>,
        /// What it does with the stream.
        target: Target,
    },
}

impl Plan {
    /// The plan as it is written.
    pub fn to_json(&self) -> String {
        let nodes: Vec<Value> = self.nodes.iter().enumerate().map(|(id, node)| node.to_json(id)).collect();
        let (clock, start) = match self.clock {
            Clock::Wall => ("wall", None),
            Clock::Virtual(start_ms) => ("virtual", Some(start_ms)),
        };
        let mut plan = Map::new();
        plan.insert("sstream-plan".to_owned(), VERSION.into());
        plan.insert("line".to_owned(), self.line.as_str().into());
        plan.insert("interval".to_owned(), self.interval_ms().into());
        plan.insert("clock".to_owned(), clock.into());
        plan.extend(start.map(|start_ms| ("start".to_owned(), start_ms.into())));
        plan.extend(self.life.checkpoint.as_deref().map(|dir| ("checkpoint".to_owned(), dir.into())));
        if !self.life.stop.is_empty() {
            plan.insert("stop".to_owned(), self.life.stop.clone().into());
        }
        plan.insert("nodes".to_owned(), nodes.into());
        // For people too; what cannot be written is no value of JSON, of which there is none here.
        serde_json::to_string_pretty(&plan).unwrap_or_default()
    }

    /// The tools that its commands run; some more than once.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().flat_map(|node| {
            let of_commands: Vec<&str> = match &node.work {
                Work::Carried { command, parts, .. } => {
                    let reads = parts.initial.as_ref().map(|_| INITIAL[0]);
                    [&command[0][..]].into_iter().chain(reads).collect()
                }
                Work::Queue(command)
                | Work::Receive(command)
                | Work::Native { command, .. }
                | Work::Batch(command)
                | Work::Join(command) => {
                    vec![&command[0]]
                }
                Work::Each(commands) => commands.iter().map(|command| &command[0][..]).collect(),
                Work::Aggregate(_) | Work::State(_) | Work::Window { merging: Some(_), .. } => vec![Merging::TOOL],
                Work::Sink { command, .. } => vec![&command[0]],
                Work::Window { merging: None, .. } | Work::Union => Vec::new(),
            };
            of_commands
        })
    }

    /// The kinds that Spark reads by its own means, once it has been given what it lacks for that.
    pub fn kinds_with_jars(&self) -> BTreeSet<&str> {
        let of_nodes = self.nodes.iter().filter_map(|node| match &node.work {
            Work::Native { kind, needs_jars: true, .. } => Some(&kind[..]),
            _ => None,
        });
        of_nodes.collect()
    }

    /// The interval at which Spark cuts: that of the sources, all of which have the same.
    pub fn interval_ms(&self) -> u64 {
        self.nodes.first().map_or(1000, |node| node.interval_ms)
    }
}

impl Node {
    fn to_json(&self, id: usize) -> Value {
        let of = &self.of;
        let own = match &self.work {
            Work::Queue(command) => json!({
                "is": "source", "kind": "queue", "command": shell_text(command), "runs": "on the driver, before the start"
            }),
            Work::Receive(command) => json!({
                "is": "source", "kind": "receive", "command": shell_text(command),
                "runs": "on one executor, in a receiver"
            }),
            Work::Native { kind, settings, command, .. } => {
                let mut own = json!({"is": "source", "kind": kind, "command": shell_text(command)});
                extend(&mut own, settings.clone().into());
                extend(&mut own, json!({"runs": "in every partition: Spark reads, and the command makes the records"}));
                own
            }
            Work::Each(commands) => {
                let texts: Vec<String> = commands.iter().map(shell_text).collect();
                json!({
                    "is": "each", "of": of, "command": texts.join(" | "), "stages": commands,
                    "runs": "in every partition"
                })
            }
            Work::Batch(command) => json!({
                "is": "batch", "of": of, "command": shell_text(command), "stages": [command], "runs": "in one partition"
            }),
            Work::Aggregate(merging) => {
                let mut own = json!({"is": "aggregate", "of": of});
                extend(&mut own, merged(merging));
                own
            }
            Work::Window { length_ms, merging } => {
                let mut own = json!({"is": "window", "of": of, "length": length_ms, "slide": self.interval_ms});
                extend(
                    &mut own,
                    match merging {
                        Some(merging) => merged(merging),
                        None => json!({"runs": "where the records of its batches are"}),
                    },
                );
                own
            }
            Work::State(merging) => json!({
                "is": "state", "of": of, "keyed": true,
                "partial": shell_text(merging.command(&["--partial-out"])),
                "keep": shell_text(merging.command(&["--partial-in", "--partial-out"])),
                "merge": shell_text(merging.command(&["--partial-in"])),
                "runs": "partial results in every partition; by key the state, and they merged into it"
            }),
            Work::Carried { deal, command, parts } => carried(of, deal, command, parts),
            Work::Join(command) => json!({
                "is": "join", "of": of, "command": shell_text(command), "runs": "by key"
            }),
            Work::Union => json!({"is": "union", "of": of, "runs": "where the records are"}),
            Work::Sink { command, target } => sink(command, target, of),
        };
        let mut node = json!({"id": id});
        extend(&mut node, own);
        extend(&mut node, json!({"interval": self.interval_ms}));
        node
    }
}

/// How partial results are made and merged.
fn merged(merging: &Merging) -> Value {
    let runs = match merging.is_keyed {
        true => "partial results in every partition, merged by key",
        false => "partial results in every partition, merged in one",
    };
    json!({
        "keyed": merging.is_keyed,
        "partial": shell_text(merging.command(&["--partial-out"])),
        "merge": shell_text(merging.command(&["--partial-in"])),
        "runs": runs
    })
}

/// A state that a tool keeps itself.
fn carried(of: &[usize], deal: &[Vec<String>], command: &[String], parts: &Parts) -> Value {
    let is_keyed = parts.keys != Keys::None;
    let mut own = json!({"is": "carried", "of": of, "keyed": is_keyed});
    if !deal.is_empty() {
        let deal: Vec<String> = deal.iter().map(shell_text).collect();
        extend(&mut own, json!({ "deal": deal }));
    }
    if let Some(file) = &parts.initial {
        let file = shell_text([file.display().to_string()]);
        extend(&mut own, json!({ "initial": format!("{} <{file}", shell_text(INITIAL)) }));
    }
    let runs = if is_keyed { "by key, with the state of the part's keys" } else { "in one partition, with the state" };
    extend(&mut own, json!({"command": shell_text(command), "runs": runs}));
    own
}

fn sink(command: &[String], target: &Target, of: &[usize]) -> Value {
    match target {
        Target::Driver(records) => json!({
            "is": "sink", "kind": "driver", "of": of, "command": shell_text(command), "records": records,
            "runs": "on the driver, for the whole stream",
            "holds": "each record at least once: a batch that runs again after a restart comes again"
        }),
        Target::OnDriver(_) => sink(command, &Target::Driver(None), of),
        Target::Partitions => json!({
            "is": "sink", "kind": "each", "of": of, "command": shell_text(command),
            "runs": "in every partition that has records", "holds": AGAIN
        }),
        Target::Whole => json!({
            "is": "sink", "kind": "whole", "of": of, "command": shell_text(command),
            "runs": "in one partition, once a batch", "holds": AGAIN
        }),
        Target::Files { prefix, suffix, json, empty } => json!({
            "is": "sink", "kind": "files", "of": of, "prefix": prefix, "suffix": suffix, "empty": empty,
            "command": if *json { "sstream-sink json" } else { "sstream-sink text" },
            "runs": "in one partition, which writes the batch's file",
            "holds": "each record once: a batch that runs again replaces its file"
        }),
    }
}

fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
