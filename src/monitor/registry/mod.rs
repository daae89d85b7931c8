//! All stages that publish into some directories, and the pipelines that they
//! make: each stage at the end of one stands for it, since its ends carry what
//! all stages before it did.

mod feed;
mod pipeline;

use std::collections::HashMap;
use std::path::PathBuf;

pub use feed::{Feed, Life};
pub use pipeline::Pipeline;

use super::publish::EXTENSION;
use super::view::View;

/// Stages before the end of a pipeline need few batches: what they did is in
/// the end's.
const BEFORE_THE_END: usize = 30;

/// This many pipelines that are over are kept in sight.
const MOST_GONE: usize = 50;

/// All published stages.
#[derive(Debug)]
pub struct Registry {
    directories: Vec<PathBuf>,
    limit: usize,
    feeds: HashMap<PathBuf, Feed>,
    /// Stages that are over, oldest first, with what their file was.
    gone: Vec<(PathBuf, Feed)>,
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

/// The processes that a user means by `name`, each with what its stage is: all of a pipeline that
/// runs, or the one of that number.
pub fn stages_of(name: &str) -> Vec<(u32, String)> {
    let mut registry = Registry::new(vec![super::runtime::directory()], 1);
    registry.refresh();
    let mut found = Vec::new();
    for pipeline in registry.pipelines().iter().filter(|pipeline| pipeline.is_called(name)) {
        let stages = &pipeline.view.facts().stages;
        let running = pipeline.members.iter().filter(|(_, feed)| feed.life() == Life::Running);
        let told = running.filter_map(|(index, feed)| Some((feed.pid()?, stages.get(*index)?.description.clone())));
        found.extend(told);
    }
    let of_number: Vec<(u32, String)> = found.iter().filter(|(pid, _)| pid.to_string() == name).cloned().collect();
    if of_number.is_empty() { found } else { of_number }
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

#[cfg(test)]
mod tests;
