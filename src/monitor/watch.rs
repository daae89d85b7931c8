//! Around a stage's outlet: tells whoever watches the stage each head, end and
//! close that goes out. Stages, operators, sources and sinks know nothing of it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::log::LogWriter;
use super::metrics::StageMetrics;
use super::publish::Publisher;
use super::shape;
use super::view::{held_to_json, keys};
use crate::clock::{Clock as _, SystemClock};
use crate::console::Console;
use crate::error::describe;
use crate::flow::{Committing, Outlet, OutletError};
use crate::frame::{Block, Close, End, Head, OwnBlock};
use crate::op::Held;

/// Who watches a stage.
pub struct Watch {
    directory: Option<PathBuf>,
    publisher: Option<Publisher>,
    log: Option<(PathBuf, LogWriter<File>)>,
    metrics: Option<StageMetrics>,
    /// How much the operator keeps as of the next end.
    held: Option<Held>,
    clock: SystemClock,
    console: Console,
}

impl Watch {
    /// Nobody yet.
    pub fn nobody(console: Console) -> Watch {
        Watch {
            directory: None,
            publisher: None,
            log: None,
            metrics: None,
            held: None,
            clock: SystemClock::new(),
            console,
        }
    }

    /// Publishes into `directory`, once there is a head.
    pub fn publishing(directory: PathBuf, console: Console) -> Watch {
        Watch { directory: Some(directory), ..Watch::nobody(console) }
    }

    /// Keeps a trace log too.
    pub fn add_log(&mut self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        self.log = Some((path.to_owned(), LogWriter::new(file)));
        Ok(())
    }

    /// Keeps metrics too.
    pub fn add_metrics(&mut self, metrics: StageMetrics) {
        self.metrics = Some(metrics);
    }

    fn head(&mut self, head: &Head) {
        self.console.stands_at(shape::stages(&head.stages).len());
        if let Some(directory) = &self.directory {
            match Publisher::start(directory, head, self.clock.read().wall_ms()) {
                Ok(publisher) => self.publisher = Some(publisher),
                Err(error) => self.console.info(&format!("cannot be seen by sstream-top: {error}")),
            }
        }
        self.log(|log| log.head(head));
        if let Some(metrics) = &mut self.metrics {
            metrics.head(head);
        }
    }

    #[inline]
    fn block(&mut self, block: Block<'_>) {
        if let Some(publisher) = &mut self.publisher {
            publisher.block(block);
        }
    }

    fn end(&mut self, end: &End) {
        // Those who watch see more than the stage behind: the stream itself does
        // not depend on how much memory something takes.
        let with_held = self.held.take().map(|held| {
            let mut end = end.clone();
            end.other.insert(keys::HELD.into(), held_to_json(held));
            end
        });
        let end = with_held.as_ref().unwrap_or(end);
        self.publish(|publisher| publisher.end(end));
        self.log(|log| log.end(end));
        if let Some(metrics) = &mut self.metrics {
            let wrote = metrics.end(end);
            self.told(wrote);
        }
    }

    fn idle(&mut self) {
        self.publish(Publisher::idle);
        self.log(LogWriter::write_if_due);
    }

    fn is_watched(&self) -> bool {
        self.publisher.is_some() || self.log.is_some() || self.metrics.is_some()
    }

    /// The stage is over.
    fn close(&mut self, close: &Close) {
        self.publish(|publisher| publisher.close(close));
        self.publisher = None;
        self.log(|log| log.close(close));
        self.log = None;
        if let Some(mut metrics) = self.metrics.take() {
            let wrote = metrics.close(close);
            self.told(wrote);
        }
    }

    /// A stage that cannot publish any more does its work all the same.
    fn publish(&mut self, act: impl FnOnce(&mut Publisher) -> io::Result<()>) {
        if let Some(publisher) = &mut self.publisher
            && let Err(error) = act(publisher)
        {
            self.console.info(&format!("cannot be seen by sstream-top any more: {}", describe(&error)));
            self.publisher = None;
        }
    }

    /// Nor does a full disk under a trace log end a pipeline; but it is told.
    fn log(&mut self, act: impl FnOnce(&mut LogWriter<File>) -> io::Result<usize>) {
        if let Some((path, log)) = &mut self.log
            && let Err(error) = act(log)
        {
            let path = path.display();
            self.console.warn(&format!("--trace-log {path}: {}: the log ends here", describe(&error)));
            self.log = None;
        }
    }

    fn told(&self, wrote: io::Result<()>) {
        if let Err(error) = wrote {
            self.console.warn(&format!("--metrics-file: cannot write: {}", describe(&error)));
        }
    }
}

/// An outlet, and who watches it.
pub struct Watched<'a> {
    outlet: Box<dyn Outlet + 'a>,
    watch: Watch,
}

impl<'a> Watched<'a> {
    /// Tells `watch` of all that goes to `outlet`.
    pub fn new(outlet: Box<dyn Outlet + 'a>, watch: Watch) -> Watched<'a> {
        Watched { outlet, watch }
    }
}

impl Outlet for Watched<'_> {
    fn head(&mut self, head: &Head) -> Result<(), OutletError> {
        self.watch.head(head);
        self.outlet.head(head)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.watch.block(block);
        self.outlet.block(block)
    }

    fn own_block(&mut self, block: OwnBlock<'_>) -> Result<(), OutletError> {
        self.watch.block(block.block());
        self.outlet.own_block(block)
    }

    fn finish_batch(&mut self, time: crate::frame::BatchTime, records: u64) -> Result<(), OutletError> {
        self.outlet.finish_batch(time, records)
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.outlet.end(end)?;
        self.watch.end(end);
        Ok(())
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        let closed = self.outlet.close(close);
        self.watch.close(close);
        closed
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.outlet.flush()?;
        self.watch.idle();
        Ok(())
    }

    fn batch_done(&mut self) -> Result<(), OutletError> {
        self.outlet.batch_done()?;
        self.watch.idle();
        Ok(())
    }

    fn holds(&mut self, held: Held) {
        if self.watch.is_watched() {
            self.watch.held = Some(held);
        }
    }

    fn cut_off(&mut self, close: &Close) {
        self.watch.close(close);
    }

    fn committing(&mut self) -> Option<&mut dyn Committing> {
        self.outlet.committing()
    }
}
