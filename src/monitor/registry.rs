//! All stages that publish into some directories, and the pipelines that they
//! make: each stage at the end of one stands for it, since its ends carry what
//! all stages before it did.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint::{self, Checkpoint};
use super::follow::Follower;
use super::log::LogEvent;
use super::publish::EXTENSION;
use super::view::View;
use crate::frame::BatchTime;
use crate::op::Held;

/// Stages before the end of a pipeline need few batches: what they did is in
/// the end's.
const BEFORE_THE_END: usize = 30;

/// Samples of records are kept for so many batches.
const SAMPLES: usize = 200;

/// A checkpoint is looked at this often at most.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// This many pipelines that are over are kept in sight.
const MOST_GONE: usize = 50;

/// How a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its process runs.
    Running,
    /// It closed its stream.
    Closed,
    /// Its process went without a close.
    Killed,
}

/// What one stage publishes, or one trace log.
#[derive(Debug)]
pub struct Feed {
    follower: Follower,
    view: Option<View>,
    samples: Vec<(BatchTime, Vec<u8>)>,
    life: Life,
    checkpoint: Option<(Instant, Checkpoint)>,
}

impl Feed {
    /// Reads a trace log, or begins to follow a published file.
    pub fn open(path: &Path) -> std::io::Result<Feed> {
        let follower = Follower::open(path)?;
        Ok(Feed { follower, view: None, samples: Vec::new(), life: Life::Running, checkpoint: None })
    }

    /// Takes what has come; keeps at most `limit` batches. The error says what
    /// is wrong with the file.
    pub fn poll(&mut self, limit: usize) -> Result<(), super::follow::FollowError> {
        let (view, samples) = (&mut self.view, &mut self.samples);
        self.follower.poll(&mut |event| match event {
            LogEvent::Head(head) => match view {
                // The file was begun anew; the stage is the same.
                Some(known) if known.facts().publisher.is_some() => {}
                // A log that several runs appended to: the last one counts.
                _ => *view = Some(View::new(&head, limit)),
            },
            LogEvent::Sample(sample) => {
                if samples.iter().all(|(time, _)| *time != sample.time) {
                    samples.push((sample.time, sample.records));
                }
                if samples.len() > SAMPLES {
                    samples.remove(0);
                }
            }
            LogEvent::End(end) => view.iter_mut().for_each(|view| view.end(&end)),
            LogEvent::Close(close) => view.iter_mut().for_each(|view| view.close(&close)),
        })
    }

    /// What it says, nothing before its head.
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// How the stage is.
    pub fn life(&self) -> Life {
        self.life
    }

    /// The first records that the stage gave out in a batch, if they were asked
    /// for.
    pub fn sample(&self, time: BatchTime) -> Option<&[u8]> {
        self.samples.iter().find(|(of, _)| *of == time).map(|(_, records)| &records[..])
    }

    /// How far the pipeline's checkpoint is, if it has one and this stage is its
    /// end.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint.map(|(_, checkpoint)| checkpoint)
    }

    fn look_at_checkpoint(&mut self) {
        let directory = self.view.as_ref().and_then(|view| view.facts().checkpoint.as_deref());
        if let Some(directory) = directory
            && self.checkpoint.is_none_or(|(looked, _)| looked.elapsed() >= BETWEEN_LOOKS)
        {
            self.checkpoint = Some((Instant::now(), checkpoint::look(directory)));
        }
    }

    /// The process.
    pub fn pid(&self) -> Option<u32> {
        self.view.as_ref()?.facts().publisher.map(|(pid, _)| pid)
    }

    fn refresh(&mut self, limit: usize) {
        if self.life != Life::Running {
            return;
        }
        // Asked before reading: what a process wrote last is read after it went.
        let is_published = self.follower.is_published();
        let read = self.poll(limit);
        let is_closed = self.view.as_ref().is_some_and(|view| view.closed().is_some());
        if is_closed {
            self.life = Life::Closed;
        } else if !is_published || read.is_err() {
            self.life = Life::Killed;
        }
    }
}

/// All published stages.
#[derive(Debug)]
pub struct Registry {
    directories: Vec<PathBuf>,
    limit: usize,
    feeds: HashMap<PathBuf, Feed>,
    /// Stages that are over, oldest first, with what their file was.
    gone: Vec<(PathBuf, Feed)>,
}

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

impl Registry {
    /// Looks at these directories; keeps at most `limit` batches a pipeline.
    pub fn new(directories: Vec<PathBuf>, limit: usize) -> Registry {
        Registry { directories, limit, feeds: HashMap::new(), gone: Vec::new() }
    }

    /// Takes what has come since the last time.
    pub fn refresh(&mut self) {
        for directory in &self.directories {
            // A directory that is not there has no stages in it yet, and one
            // that others can write to is not looked at.
            if super::runtime::check(directory).is_err() {
                continue;
            }
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == EXTENSION)
                    && !self.feeds.contains_key(&path)
                    && let Ok(feed) = Feed::open(&path)
                {
                    self.feeds.insert(path, feed);
                }
            }
        }
        for feed in self.feeds.values_mut() {
            feed.refresh(self.limit);
        }
        self.bury();
        self.tend_ends();
    }

    /// Puts stages aside that are over, and their file, which a killed process
    /// leaves behind.
    fn bury(&mut self) {
        let over: Vec<PathBuf> =
            self.feeds.iter().filter(|(_, feed)| feed.life != Life::Running).map(|(path, _)| path.clone()).collect();
        for path in over {
            if let Some(feed) = self.feeds.remove(&path) {
                if feed.life == Life::Killed {
                    // Another process of this user may have been faster.
                    let _ = std::fs::remove_file(&path);
                }
                self.gone.push((path, feed));
            }
        }
        let surplus = self.gone.len().saturating_sub(MOST_GONE);
        self.gone.drain(..surplus);
    }

    /// Only the ends of pipelines need all their batches, and tell of checkpoints.
    fn tend_ends(&mut self) {
        let ends: Vec<Option<u32>> = self.pipelines().iter().map(|pipeline| pipeline.end.pid()).collect();
        for feed in self.feeds.values_mut() {
            let is_end = ends.contains(&feed.pid());
            if let (false, Some(view)) = (is_end, &mut feed.view) {
                view.set_limit(BEFORE_THE_END);
            } else if let Some(view) = &mut feed.view {
                view.set_limit(self.limit);
                feed.look_at_checkpoint();
            }
        }
    }

    /// The pipelines, the newest first.
    pub fn pipelines(&self) -> Vec<Pipeline<'_>> {
        let feeds: Vec<(&Feed, &View)> = (self.feeds.values())
            .chain(self.gone.iter().map(|(_, feed)| feed))
            .filter_map(|feed| Some((feed, feed.view.as_ref()?)))
            .collect();
        let mut pipelines: Vec<Pipeline<'_>> = Vec::new();
        for (feed, view) in &feeds {
            let goes_on = feeds.iter().any(|(_, other)| {
                other.facts().stages.len() > view.facts().stages.len() && place(view, other).is_some()
            });
            if goes_on {
                continue;
            }
            let mut members: Vec<(usize, &Feed)> =
                feeds.iter().filter_map(|(member, of)| Some((place(of, view)?, *member))).collect();
            members.sort_by_key(|(index, member)| (*index, member.pid()));
            pipelines.push(Pipeline { end: feed, view, members });
        }
        pipelines.sort_by_key(|pipeline| {
            (
                pipeline.end.life != Life::Running,
                std::cmp::Reverse(pipeline.view.facts().publisher.map(|(_, since)| since)),
            )
        });
        pipelines
    }

    /// The pipeline that a view is a part of, and which of its stages is the
    /// view's first.
    pub fn around(&self, part: &View) -> Option<(Pipeline<'_>, usize)> {
        let length = part.facts().stages.len();
        let found = self.pipelines().into_iter().find_map(|pipeline| Some((place(part, pipeline.view)?, pipeline)));
        found.map(|(last, pipeline)| (pipeline, last + 1 - length))
    }
}

/// Where the stage that `part` is the view of stands in the stages of `whole`,
/// if it belongs there.
fn place(part: &View, whole: &View) -> Option<usize> {
    let (part, whole) = (part.facts(), whole.facts());
    let is_same_id = part.id.split('+').all(|id| whole.id.split('+').any(|other| other == id));
    let length = part.stages.len();
    if !is_same_id || length == 0 {
        return None;
    }
    // The stages up to any stage stand together, in a list of their own.
    whole.stages.windows(length).enumerate().find_map(|(start, stages)| {
        let is_equal = stages.iter().zip(&part.stages).all(|(stage, other)| {
            stage.description == other.description
                && stage.inputs.len() == other.inputs.len()
                && stage.inputs.iter().zip(&other.inputs).all(|(a, b)| *a == b + start)
        });
        is_equal.then_some(start + length - 1)
    })
}

impl Pipeline<'_> {
    /// A name that no other pipeline here has: its id, and the process at its
    /// end.
    pub fn key(&self) -> String {
        format!("{}-{}", self.view.facts().id, self.end.pid().unwrap_or(0))
    }

    /// Whether a user means this pipeline by `name`: its name, the beginning of
    /// its id, or a process of it.
    pub fn is_called(&self, name: &str) -> bool {
        let facts = self.view.facts();
        let is_process = || name.parse::<u32>().is_ok_and(|pid| self.members.iter().any(|(_, m)| m.pid() == Some(pid)));
        facts.name.as_deref() == Some(name)
            || facts.run.as_deref() == Some(name)
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
        if self.killed().next().is_some() { Life::Killed } else { self.end.life }
    }

    /// What the stages are whose processes went without a word.
    pub fn killed(&self) -> impl Iterator<Item = &str> {
        let killed = self.members.iter().filter(|(_, feed)| feed.life == Life::Killed);
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
        self.view.outcome().unwrap_or_else(|| match self.end.life {
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
        let interval_ms = self.member(stage)?.view()?.facts().interval_ms;
        let before = of.inputs.iter().filter_map(|input| newest(*input)).min()?;
        let own = newest(stage)?;
        // Before its first end a stage has all that its input gave.
        let own = if own == 0 { self.first_time(stage)? } else { own };
        Some(before.saturating_sub(own) / interval_ms.max(1))
    }

    /// The time before the first batch that a stage before this one gave.
    fn first_time(&self, stage: usize) -> Option<u64> {
        let input = *self.view.facts().stages.get(stage)?.inputs.first()?;
        let view = self.member(input)?.view()?;
        let first = view.batches().front()?;
        Some(first.time.0.saturating_sub(view.facts().interval_ms))
    }
}

#[cfg(test)]
mod tests;
