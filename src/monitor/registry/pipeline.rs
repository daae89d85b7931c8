//! A pipeline, as the stage at its end and those before it tell of it.

use super::{Feed, Life};
use crate::monitor::view::View;
use crate::op::Held;

/// A pipeline, by the stage at its end.
#[derive(Clone, Debug)]
pub struct Pipeline<'a> {
    /// The stage at the end.
    pub end: &'a Feed,
    /// What the end says.
    pub view: &'a View,
    /// The published stages, each with its index in the end's list of stages.
    pub members: Vec<(usize, &'a Feed)>,
}

impl Pipeline<'_> {
    /// A name that no other pipeline here has: its id, and the process at its
    /// end.
    pub fn key(&self) -> String {
        format!("{}-{}", self.view.facts().id, self.end.pid().unwrap_or(0))
    }

    /// Whether a user means this pipeline by `name`: its name, the beginning of
    /// its id, Spark's id of it, or a process of it.
    pub fn is_called(&self, name: &str) -> bool {
        let facts = self.view.facts();
        let is_process = || name.parse::<u32>().is_ok_and(|pid| self.members.iter().any(|(_, m)| m.pid() == Some(pid)));
        facts.name.as_deref() == Some(name)
            || facts.run.as_deref() == Some(name)
            || facts.spark.as_ref().is_some_and(|spark| spark.application == name)
            || self.key() == name
            || (name.len() >= 4 && facts.id.split('+').any(|id| id.starts_with(name)))
            || is_process()
    }

    /// The stage at this index, if it publishes.
    pub fn member(&self, stage: usize) -> Option<&Feed> {
        self.members.iter().find(|(index, _)| *index == stage).map(|(_, feed)| *feed)
    }

    /// How the pipeline is: killed as soon as one of its stages is, whatever the
    /// stages behind that one make of it.
    pub fn life(&self) -> Life {
        if self.killed().next().is_some() { Life::Killed } else { self.end.life() }
    }

    /// What the stages are whose processes went without a word.
    pub fn killed(&self) -> impl Iterator<Item = &str> {
        let killed = self.members.iter().filter(|(_, feed)| feed.life() == Life::Killed);
        killed.filter_map(|(index, _)| Some(self.view.facts().stages.get(*index)?.description.as_str()))
    }

    /// The pipeline's state in words.
    pub fn state(&self) -> String {
        let killed: Vec<&str> = self.killed().collect();
        match killed.len() {
            0 => {}
            1 => return format!("died: {} was killed", killed[0]),
            _ => return format!("died: {} were killed", killed.join(", ")),
        }
        self.view.outcome().unwrap_or_else(|| match self.end.life() {
            Life::Running => "running".to_owned(),
            Life::Closed | Life::Killed => "died: cut off without a word".to_owned(),
        })
    }

    /// How much a stage keeps, if it keeps something and publishes.
    pub fn held(&self, stage: usize) -> Option<Held> {
        if stage + 1 == self.view.facts().stages.len() {
            return self.view.held();
        }
        self.member(stage)?.view()?.held()
    }

    /// How many batches each stage is behind the first ones of its input: what
    /// has left the stages before it and not yet itself. None where a stage does
    /// not publish.
    pub fn backlog(&self, stage: usize) -> Option<u64> {
        let newest = |index: usize| Some(self.member(index)?.view()?.batches().back().map_or(0, |batch| batch.time.0));
        let of = self.view.facts().stages.get(stage)?;
        let interval = self.member(stage)?.view()?.facts().interval;
        let before = of.inputs.iter().filter_map(|input| newest(*input)).min()?;
        let own = newest(stage)?;
        // Before its first end a stage has all that its input gave.
        let own = if own == 0 { self.first_time(stage)? } else { own };
        Some(interval.count(own, before))
    }

    /// The time before the first batch that a stage before this one gave.
    fn first_time(&self, stage: usize) -> Option<u64> {
        let input = *self.view.facts().stages.get(stage)?.inputs.first()?;
        let view = self.member(input)?.view()?;
        let first = view.batches().front()?;
        Some(view.facts().interval.begin(first.time.0))
    }
}
