//! What the stages of a running pipeline publish about themselves, as systemd
//! wants to know it: whether they have begun, how they do, whether they get on.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::cause::Stage;
use super::processes::Table;
use crate::clock::Reading;
use crate::frame::BatchTime;
use crate::monitor::registry::{Life, Pipeline, Registry};
use crate::monitor::runtime;
use crate::monitor::view::{show_span, show_time};

/// Batches that are kept, to show a rate.
const BATCHES: usize = 10;

/// A first stage that reads lines of a foreign command has a head only when the
/// first byte comes; a service need not wait for that longer than this.
const FIRST_BYTE: Duration = Duration::from_secs(10);

/// As much of a command's name as a process table has, in bytes.
const NAME_BYTES: usize = 15;

/// Follows what is published.
#[derive(Debug)]
pub struct Progress {
    registry: Registry,
    /// Tools of the family that are no stages.
    no_stages: Vec<String>,
    /// Tools that begin a stream; those of connectors are called as them, and more.
    sources: Vec<String>,
    /// How many stages the pipeline's text has.
    expected: usize,
    started: Duration,
    /// Stages that have published.
    begun: HashSet<u32>,
    /// The newest end of each pipeline, and when it was first seen.
    newest: HashMap<String, (Option<BatchTime>, Duration)>,
}

/// How far the pipeline is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Every stage has read the head.
    pub is_ready: bool,
    /// How far it is, in a line.
    pub status: String,
    /// How long the next end of a batch is overdue.
    pub overdue: Duration,
}

impl Progress {
    /// Of a pipeline that starts at `now`; `no_stages` are tools of the family that publish nothing, `sources` those that
    /// begin a stream.
    pub fn new(stages: &[Stage], no_stages: &[String], sources: &[String], now: Reading) -> Progress {
        Progress {
            registry: Registry::new(vec![runtime::directory()], BATCHES),
            no_stages: no_stages.to_vec(),
            sources: sources.to_vec(),
            expected: stages.iter().filter(|stage| stage.is_ours && is_stage(&stage.name, no_stages)).count(),
            started: now.monotonic,
            begun: HashSet::new(),
            newest: HashMap::new(),
        }
    }

    /// Looks at what the pipeline's processes have published.
    pub fn look(&mut self, table: &Table, now: Reading) -> Standing {
        self.registry.refresh();
        let processes: HashSet<u32> = table.processes.iter().map(|process| process.pid.cast_unsigned()).collect();
        let is_here = |pid: Option<u32>| pid.is_some_and(|pid| processes.contains(&pid));
        let (mut texts, mut overdue) = (Vec::new(), Duration::ZERO);
        for pipeline in self.registry.pipelines() {
            let pids = pipeline.members.iter().filter_map(|(_, feed)| feed.pid());
            self.begun.extend(pids.filter(|pid| processes.contains(pid)));
            if pipeline.end.life() != Life::Running || !is_here(pipeline.end.pid()) {
                continue;
            }
            texts.push(describe(&pipeline, now));
            let time = pipeline.view.batches().back().map(|batch| batch.time);
            let known = self.newest.entry(pipeline.key()).or_insert((time, now.monotonic));
            if known.0 != time {
                *known = (time, now.monotonic);
            }
            let interval = pipeline.view.facts().interval;
            let interval = Duration::from_millis(time.map_or(interval.ms(), |time| interval.length(time.0)));
            overdue = overdue.max(now.monotonic.saturating_sub(known.1).saturating_sub(interval));
        }
        Standing { is_ready: self.is_ready(table, now), status: texts.join("; "), overdue }
    }

    fn is_ready(&self, table: &Table, now: Reading) -> bool {
        let mut stages =
            table.processes.iter().filter(|process| is_stage(&process.command, &self.no_stages)).peekable();
        if self.begun.is_empty() {
            let waits_for_a_byte = stages.peek().is_some() && !stages.any(|stage| is_of(&stage.command, &self.sources));
            return waits_for_a_byte && now.monotonic.saturating_sub(self.started) >= FIRST_BYTE;
        }
        self.begun.len() >= self.expected && stages.all(|stage| self.begun.contains(&stage.pid.cast_unsigned()))
    }
}

/// Whether a command of this name publishes what it does.
fn is_stage(name: &str, no_stages: &[String]) -> bool {
    name.starts_with("sstream") && !is_of(name, no_stages)
}

/// Whether a command's name, as much of it as the system keeps, begins as that of one of these tools.
fn is_of(name: &str, tools: &[String]) -> bool {
    tools.iter().any(|tool| name.starts_with(&tool[..tool.len().min(NAME_BYTES)]))
}

/// A pipeline's newest batch, lag and rate.
fn describe(pipeline: &Pipeline<'_>, now: Reading) -> String {
    let (view, facts) = (pipeline.view, pipeline.view.facts());
    let Some(last) = view.batches().back() else { return "waiting for the first batch".to_owned() };
    if facts.is_virtual {
        return format!("batch {}", last.time);
    }
    let overdue = now.wall_ms().saturating_sub(last.time.after(facts.interval).0) as f64;
    let lag = show_span(last.delays.total_ms().max(overdue));
    let records: u64 = view.batches().iter().map(|batch| batch.input(facts)).sum();
    let seconds = (view.batches().len() as u64 * facts.interval.ms()) as f64 / 1000.0;
    format!("batch {}, lag {lag}, {:.0} records/s", show_time(last.time), records as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::processes::Process;

    fn reading(seconds: u64) -> Reading {
        Reading { wall: Duration::from_secs(seconds), monotonic: Duration::from_secs(seconds) }
    }

    fn table(commands: &[&str]) -> Table {
        let process =
            |(pid, command): (i32, &&str)| Process { pid, command: (*command).to_owned(), ..Process::default() };
        Table { processes: (1..).zip(commands).map(process).collect(), ..Table::default() }
    }

    fn progress(expected: usize, begun: &[u32]) -> Progress {
        let tools = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let no_stages = tools(&["sstream-top", "sstream-checkpoint"]);
        let mut progress = Progress::new(&[], &no_stages, &tools(&["sstream-source"]), reading(0));
        (progress.expected, progress.begun) = (expected, begun.iter().copied().collect());
        progress
    }

    #[test]
    fn ready_when_every_stage_has_the_head() {
        let three = table(&["sstream-source", "sstream-transfo", "jq", "sstream-sink", "sstream-top"]);
        for (begun, expected, is_ready) in [
            (&[][..], 3, false),
            (&[1, 2], 3, false),
            (&[1, 2, 4], 3, true),
            (&[1, 2, 4], 0, true),
            (&[1, 2, 4], 4, false),
        ] {
            assert_eq!(progress(expected, begun).is_ready(&three, reading(60)), is_ready, "{begun:?} {expected}");
        }
    }

    #[test]
    fn a_first_stage_that_waits_for_its_first_byte_is_not_waited_for() {
        let lines = table(&["nc", "sstream-filter", "sstream-sink"]);
        assert!(!progress(2, &[]).is_ready(&lines, reading(9)));
        assert!(progress(2, &[]).is_ready(&lines, reading(10)));
        // It waits for the run before.
        for source in ["sstream-source", "sstream-source-"] {
            assert!(!progress(2, &[]).is_ready(&table(&[source, "sstream-sink"]), reading(10)), "{source}");
        }
        assert!(!progress(2, &[]).is_ready(&table(&["bash"]), reading(10)));
    }
}
