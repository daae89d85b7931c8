//! One stage, as far as it tells: the file it publishes, or a trace log.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::frame::BatchTime;
use crate::monitor::checkpoint::{self, Checkpoint};
use crate::monitor::follow::{FollowError, Follower};
use crate::monitor::log::LogEvent;
use crate::monitor::view::View;

/// Samples of records are kept for so many batches.
const SAMPLES: usize = 200;

/// A checkpoint is looked at this often at most.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

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
    pub(super) view: Option<View>,
    samples: Vec<(BatchTime, Vec<u8>)>,
    pub(super) life: Life,
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
    pub fn poll(&mut self, limit: usize) -> Result<(), FollowError> {
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

    pub(super) fn look_at_checkpoint(&mut self) {
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

    pub(super) fn refresh(&mut self, limit: usize) {
        if self.life != Life::Running {
            return;
        }
        let (mut is_published, mut read);
        loop {
            // Asked before reading: what a process wrote last is read after it went.
            is_published = self.follower.is_published();
            let file = self.follower.inode();
            read = self.poll(limit);
            // A file that was begun anew has no lock any more: the one in its place is asked.
            if is_published || read.is_err() || self.follower.inode() == file {
                break;
            }
        }
        let is_closed = self.view.as_ref().is_some_and(|view| view.closed().is_some());
        if is_closed {
            self.life = Life::Closed;
        } else if !is_published || read.is_err() {
            self.life = Life::Killed;
        }
    }
}
