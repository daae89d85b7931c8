//! What `sstream-top` shows: a screen on the terminal, or a line a batch.
//!
//! [`tee`] is for its place in a pipeline: the stream passes through byte for
//! byte, whatever becomes of the screen. [`screen`] draws a [`Scene`], which is
//! either what passes by or what running stages publish.

pub mod keys;
pub mod lines;
pub mod screen;
pub mod tee;
pub mod terminal;

use super::checkpoint::Checkpoint;
use super::registry::Pipeline;
use super::view::View;
use crate::frame::BatchTime;
use crate::op::Held;

/// How many batches a screen keeps for looking back.
pub const RETAIN: usize = 3600;

/// What there is to draw at a moment.
pub struct Scene<'a> {
    /// The pipeline's figures.
    pub view: &'a View,
    /// Running, or how it ended.
    pub state: String,
    /// How many batches each stage is behind; empty if that is not known.
    pub backlog: Vec<Option<u64>>,
    /// How much each stage keeps; empty if that is not known.
    pub held: Vec<Option<Held>>,
    /// How far the checkpoint is.
    pub checkpoint: Option<Checkpoint>,
    /// First records of the batch that is looked at, by stage.
    pub records: Vec<Records>,
}

/// First records of a batch that one stage gave out.
pub struct Records {
    /// The stage.
    pub stage: String,
    /// The records, as JSON, a newline after each.
    pub lines: String,
}

/// Gives scenes to who draws.
pub trait Stage {
    /// Calls `draw` with each pipeline's scene; `batch` is the batch that is
    /// looked at, if one is.
    fn scenes(&mut self, batch: Option<BatchTime>, draw: &mut dyn FnMut(&[Scene<'_>]));

    /// Somebody wants to see records.
    fn wish_for_records(&mut self) {}
}

/// The scene of a pipeline that publishes, or of a trace log.
pub fn scene_of<'a>(pipeline: &Pipeline<'a>, batch: Option<BatchTime>) -> Scene<'a> {
    let stages = &pipeline.view.facts().stages;
    let records = batch.into_iter().flat_map(|batch| {
        pipeline.members.iter().filter_map(move |(index, feed)| {
            let lines = String::from_utf8_lossy(feed.sample(batch)?).into_owned();
            Some(Records { stage: stages.get(*index)?.description.clone(), lines })
        })
    });
    Scene {
        view: pipeline.view,
        state: pipeline.state(),
        backlog: (0..stages.len()).map(|stage| pipeline.backlog(stage)).collect(),
        held: (0..stages.len()).map(|stage| pipeline.held(stage)).collect(),
        checkpoint: pipeline.end.checkpoint(),
        records: records.collect(),
    }
}

impl Stage for super::sources::Sources {
    fn scenes(&mut self, batch: Option<BatchTime>, draw: &mut dyn FnMut(&[Scene<'_>])) {
        self.refresh();
        let scenes: Vec<Scene<'_>> = self.pipelines().iter().map(|pipeline| scene_of(pipeline, batch)).collect();
        draw(&scenes);
    }

    fn wish_for_records(&mut self) {
        // Without it there are no records to look at, and all else is the same.
        let _ = super::sources::Sources::wish_for_records(self);
    }
}
