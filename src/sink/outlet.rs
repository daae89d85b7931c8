//! A sink as the outlet of a stage.

use super::Sink;
use super::commit::Committer;
use crate::checkpoint::participant::SinkCheckpoint;
use crate::error::Failure as _;
use crate::flow::{Committing, Outlet, OutletError, Under};
use crate::frame::{BatchTime, Block, Close, End, Head, Reason};

/// A sink at the end of a pipeline, or one that passes the stream on: each
/// batch's end after the sink is done with that batch.
pub struct SinkOutlet<'a> {
    sink: Box<dyn Sink + 'a>,
    pass: Option<Next<'a>>,
    commits: Option<Committer>,
}

/// Where the stream is passed on.
struct Next<'a> {
    outlet: Box<dyn Outlet + 'a>,
    /// The tool, which tells the next one when it fails.
    tool: String,
}

impl<'a> SinkOutlet<'a> {
    /// The end of the pipeline.
    pub fn new(sink: Box<dyn Sink + 'a>) -> SinkOutlet<'a> {
        SinkOutlet { sink, pass: None, commits: None }
    }

    /// Hands everything on to `outlet`, in this tool's name.
    pub fn passing(sink: Box<dyn Sink + 'a>, outlet: Box<dyn Outlet + 'a>, tool: &str) -> SinkOutlet<'a> {
        SinkOutlet { pass: Some(Next { outlet, tool: tool.to_owned() }), ..SinkOutlet::new(sink) }
    }

    /// Has the sink do something. If it fails, the stream that is passed on
    /// ends with that failure: a stage behind must not take it for cut off.
    fn sink<T>(&mut self, work: impl FnOnce(&mut SinkOutlet<'a>) -> Result<T, OutletError>) -> Result<T, OutletError> {
        work(self).inspect_err(|error| {
            if let Some(pass) = &mut self.pass {
                // If that stage has gone too, there is nobody to tell.
                let _ = pass.outlet.close(&Close::error(error.exit(), format!("{}: {error}", pass.tool)));
            }
        })
    }

    fn pass(&mut self, hand_on: impl FnOnce(&mut dyn Outlet) -> Result<(), OutletError>) -> Result<(), OutletError> {
        self.pass.as_mut().map_or(Ok(()), |pass| hand_on(pass.outlet.as_mut()))
    }

    /// The commits, if what is passed on has to wait for them.
    fn waiting(&mut self) -> Option<&mut Committer> {
        self.commits.as_mut().filter(|commits| self.pass.is_some() && commits.is_waiting())
    }

    fn settle(&mut self) -> Result<(), OutletError> {
        match &mut self.commits {
            Some(commits) => {
                commits.settle(self.sink.as_mut(), self.pass.as_mut().map(|pass| pass.outlet.as_mut() as _))
            }
            None => Ok(()),
        }
    }

    fn settle_if_due(&mut self) -> Result<(), OutletError> {
        if self.commits.as_ref().is_some_and(Committer::is_due) { self.settle() } else { Ok(()) }
    }
}

impl Outlet for SinkOutlet<'_> {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.pass(|pass| pass.head(head))
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.sink(|this| {
            this.settle_if_due()?;
            match &this.commits {
                Some(commits) if commits.is_committed(block.time) => Ok(()),
                _ => this.sink.block(block),
            }
        })?;
        match self.waiting() {
            Some(commits) => {
                commits.hold_block(block);
                Ok(())
            }
            None => self.pass(|pass| pass.block(block)),
        }
    }

    fn finish_batch(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        self.sink(|this| {
            if this.sink.commits_each() {
                this.settle()?;
            }
            let finished = match &mut this.commits {
                Some(commits) => commits.finish(time, records, this.sink.as_mut()),
                None => this.sink.end(time, records),
            };
            // What was done before is not to be done again because of this batch.
            finished.or_else(|error| this.settle().and(Err(error)))
        })?;
        match self.waiting() {
            Some(commits) => {
                commits.hold_finish(time, records);
                Ok(())
            }
            None => self.pass(|pass| pass.finish_batch(time, records)),
        }
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        match self.waiting() {
            Some(commits) => {
                commits.hold_end(end.clone());
                Ok(())
            }
            None => self.pass(|pass| pass.end(end)),
        }
    }

    fn batch_done(&mut self) -> Result<(), OutletError> {
        match &self.commits {
            Some(commits) if commits.is_waiting() && !commits.is_due() => self.sink(|this| this.sink.flush()),
            _ => self.flush(),
        }
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        let complete = !matches!(close.reason, Reason::Error { .. });
        self.sink(|this| {
            // Batches that had ended before an error have ended well.
            this.settle()?;
            this.sink.close(complete)?;
            match &mut this.commits {
                Some(commits) if complete => commits.close(),
                _ => Ok(()),
            }
        })?;
        if close.reason == Reason::Stop && self.sink.is_reader_gone() {
            return Err(OutletError::ReaderGone);
        }
        self.pass(|pass| pass.close(close))
    }

    fn cut_off(&mut self, close: &Close) {
        // What is done stays done, also where nobody reads what is passed on. Should that fail, the
        // stage ends with what cut it off.
        let _ = self.settle();
        if let Some(pass) = &mut self.pass {
            pass.outlet.cut_off(close);
        }
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.sink(|this| {
            this.sink.flush()?;
            this.settle()
        })?;
        self.pass(|pass| pass.flush())
    }

    fn committing(&mut self) -> Option<&mut dyn Committing> {
        Some(self)
    }
}

impl Committing for SinkOutlet<'_> {
    fn is_end(&self) -> bool {
        self.pass.is_none()
    }

    fn begin(&mut self, checkpoint: SinkCheckpoint, under: &Under<'_>) -> Result<(), OutletError> {
        self.commits = Some(Committer::begin(checkpoint, under, self.sink.as_mut())?);
        Ok(())
    }
}
