//! Batches become objects, each under the name that `sstream-sink files` gives its file.

use std::sync::Arc;

use sstream::connect::files::FileNames;
use sstream::connect::{BatchTime, Block, Console, OutletError, Sink};
use sstream_tables::fault::TableError;
use sstream_tables::patience::Patience;

use crate::content::Batch;
use crate::place::Place;
use crate::store::{Put, Store};
use crate::trouble::Trouble;

/// Writes an object a batch.
pub struct ObjectSink {
    /// Where to.
    pub store: Arc<dyn Store>,
    /// For messages.
    pub place: Place,
    /// How objects are called.
    pub names: FileNames,
    /// The open batch.
    pub batch: Batch,
    /// An empty batch is an empty object.
    pub keeps_empty: bool,
    /// For a store that is away.
    pub patience: Patience,
    /// For what a careful person wants to know.
    pub console: Console,
}

impl ObjectSink {
    fn path(&self, time: BatchTime) -> String {
        let path = self.names.path(time).to_string_lossy().into_owned();
        path.strip_prefix("./").unwrap_or(&path).to_owned()
    }

    fn put(&mut self, path: &str) -> Result<(), OutletError> {
        let url = self.place.url(path);
        let waited = self.patience.waited();
        loop {
            match waited.during(|| self.store.put(path, &self.batch)) {
                Ok(put) => {
                    self.patience.note_back();
                    match put {
                        Put::Written => {}
                        Put::Found => self.console.info(&format!("{url}: is there already, the same")),
                        Put::Replaced => self.console.warn(&format!("{url}: there was another one: replaced")),
                    }
                    return Ok(());
                }
                Err(Trouble::Away(message)) => self.patience.pause(format!("{url}: {message}"))?,
                Err(trouble) => {
                    return Err(TableError::Hopeless { name: url, message: trouble.to_string() }.into());
                }
            }
        }
    }
}

impl Sink for ObjectSink {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.batch.append(block)
    }

    /// A batch that comes again finds itself, so that nothing is to be done behind its commit.
    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        if records > 0 || self.keeps_empty {
            self.batch.complete();
            self.put(&self.path(time))?;
        }
        self.batch.clear();
        Ok(())
    }
}
