//! Where batches go. A [`Sink`] takes each batch of a stream; [`SinkOutlet`]
//! makes the end of a pipeline of it or, with `--pass`, a stage that hands the
//! stream on. [`frames`] is how one tool hands a stream to the next. One file a
//! kind.

mod commit;
pub mod form;
pub mod frames;
pub mod kinds;
mod outlet;
mod pages;
pub mod stdout;

pub use outlet::SinkOutlet;

use crate::flow::{OutletError, Under};
use crate::frame::{BatchTime, Block};

/// Takes each batch of a stream.
///
/// Without a checkpoint a sink gets [`Sink::block`] and [`Sink::end`], and no more is
/// asked of it. Under a checkpoint it is told by [`Sink::begin`], gets no batch that is
/// committed, and in the place of `end`:
///
/// 1. [`Sink::prepare`], for one batch or for several;
/// 2. [`Sink::persist`], then their commits are written and synced;
/// 3. [`Sink::publish`].
///
/// So there are three kinds of sinks:
///
/// - *At least once* (a terminal, a command): nothing to do. By default `prepare` is
///   `end`, and what is lost between that and the commit comes again.
/// - *Exactly once, by a name* (files): `prepare` writes what nobody looks at yet and leaves a note
///   of it, `publish` lets it be seen, and `begin` does what a crash between the commit
///   and `publish` has left undone, from the notes.
/// - *Exactly once, by a transaction* (Kafka): the transaction's commit is the commit. `prepare` runs the
///   whole transaction, with the batch's time in it. `begin` answers with the
///   newest batch that is in the sink's own system: what the checkpoint's log does not have
///   yet counts as committed all the same.
///
/// Exactly once, by a transaction:
///
/// ```
/// use std::collections::BTreeMap;
/// use sstream::connect::{BatchTime, Block, OutletError, Sink, Under};
///
/// /// A database with a row for the newest batch of each sink.
/// #[derive(Default)]
/// struct Database {
///     records: Vec<Vec<u8>>,
///     newest: BTreeMap<String, BatchTime>,
/// }
///
/// /// What is open of a batch, and who writes it.
/// struct Table<'d> {
///     database: &'d mut Database,
///     open: Vec<Vec<u8>>,
///     sink: String,
/// }
///
/// impl Sink for Table<'_> {
///     fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
///         self.sink = format!("{}/{}", under.job, under.stage);
///         Ok(self.database.newest.get(&self.sink).copied())
///     }
///     fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
///         self.open.extend(block.iter().map(<[u8]>::to_vec));
///         Ok(())
///     }
///     fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
///         // Both in one transaction: a restart finds the time, if it finds the records.
///         self.database.records.append(&mut self.open);
///         self.database.newest.insert(self.sink.clone(), time);
///         Ok(())
///     }
/// }
///
/// let mut database = Database::default();
/// let under = Under { job: "0123", stage: "a.01-table", resume: BatchTime(0), notes: &[] };
/// let mut sink = Table { database: &mut database, open: Vec::new(), sink: String::new() };
/// assert_eq!(sink.begin(&under).unwrap(), None);
/// sink.block(Block { time: BatchTime(1000), records: 1, bytes: b"1\n" }).unwrap();
/// sink.end(BatchTime(1000), 1).unwrap();
/// // Killed before the commit was in the checkpoint's log; the next one finds it.
/// let mut next = Table { database: &mut database, open: Vec::new(), sink: String::new() };
/// assert_eq!(next.begin(&under).unwrap(), Some(BatchTime(1000)));
/// ```
///
/// Exactly once, by a name:
///
/// ```
/// use std::cell::Cell;
/// use std::fs::{self, File};
/// use std::io;
/// use std::path::PathBuf;
/// use sstream::connect::directory::sync_directory;
/// use sstream::connect::{BatchTime, Block, OutletError, Sink, SinkGuarantee, Under, testing};
///
/// /// A file for each batch, which appears whole.
/// struct Files {
///     dir: PathBuf,
///     open: Vec<u8>,
///     /// Names of files that are written, and that nobody sees yet.
///     prepared: Vec<String>,
/// }
///
/// impl Files {
///     fn write(&mut self, name: &str) -> io::Result<()> {
///         fs::write(self.dir.join(format!(".{name}")), std::mem::take(&mut self.open))
///     }
///     fn sync(&self) -> io::Result<()> {
///         self.prepared.iter().try_for_each(|name| File::open(self.dir.join(format!(".{name}")))?.sync_all())?;
///         sync_directory(&self.dir)
///     }
///     /// What is not there any more was shown by the run before.
///     fn show(&self, name: &str) -> io::Result<()> {
///         match fs::rename(self.dir.join(format!(".{name}")), self.dir.join(name)) {
///             Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
///             shown => shown,
///         }
///     }
///     fn failed(&self, error: io::Error) -> OutletError {
///         OutletError::write(self.dir.display().to_string(), error)
///     }
/// }
///
/// impl Sink for Files {
///     fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
///         let mut names = under.notes.iter().map(|note| String::from_utf8_lossy(note));
///         names.try_for_each(|name| self.show(&name)).map_err(|error| self.failed(error))?;
///         Ok(None)
///     }
///     fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
///         self.open.extend_from_slice(block.bytes);
///         Ok(())
///     }
///     fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
///         self.prepare(time, records, &mut Vec::new())?;
///         self.persist()?;
///         self.publish()
///     }
///     fn prepare(&mut self, time: BatchTime, records: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
///         if records > 0 {
///             let name = format!("{time}.jsonl");
///             self.write(&name).map_err(|error| self.failed(error))?;
///             note.extend_from_slice(name.as_bytes());
///             self.prepared.push(name);
///         }
///         Ok(())
///     }
///     fn persist(&mut self) -> Result<(), OutletError> {
///         self.sync().map_err(|error| self.failed(error))
///     }
///     fn publish(&mut self) -> Result<(), OutletError> {
///         let names = std::mem::take(&mut self.prepared);
///         names.iter().try_for_each(|name| self.show(name)).map_err(|error| self.failed(error))
///     }
/// }
///
/// let (top, number) = (std::env::temp_dir().join(format!("files-{}", std::process::id())), Cell::new(0));
/// testing::check_sink(
///     &SinkGuarantee::ExactlyOnce(""),
///     || {
///         let dir = top.join(number.replace(number.get() + 1).to_string());
///         fs::create_dir_all(&dir).unwrap();
///         dir
///     },
///     |dir| Box::new(Files { dir: dir.clone(), open: Vec::new(), prepared: Vec::new() }),
///     |dir| {
///         let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
///         let is_seen = |path: &PathBuf| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
///         let mut paths: Vec<PathBuf> = paths.filter(is_seen).collect();
///         paths.sort_by_key(|path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap());
///         paths.iter().flat_map(|path| fs::read(path).unwrap()).collect()
///     },
/// );
/// # fs::remove_dir_all(top).unwrap();
/// ```
pub trait Sink {
    /// Takes records of the open batch.
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError>;

    /// The open batch is complete: it should be where it belongs when this
    /// returns.
    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError>;

    /// The stream is over; unless `complete`, an open batch is void.
    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        let _ = complete;
        Ok(())
    }

    /// Whether nobody will read what the sink writes any more. Asked at a stop, of which
    /// that may be the reason.
    fn is_reader_gone(&self) -> bool {
        false
    }

    /// Whatever is finished should be seen.
    fn flush(&mut self) -> Result<(), OutletError> {
        Ok(())
    }

    /// The stream has a checkpoint; called before the first batch. The answer is
    /// the newest batch that the sink's own system is known to have, if it can tell:
    /// that batch and those before it are not given to the sink.
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        let _ = under;
        Ok(None)
    }

    /// The open batch is complete and is to be committed. What is put into `note`
    /// comes back in [`Under::notes`] after a restart, until the commit is old.
    fn prepare(&mut self, time: BatchTime, records: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
        let _ = note;
        self.end(time, records)
    }

    /// Whether what [`Sink::prepare`] does can neither be taken back nor done again without harm, as a
    /// command that ran: then each batch is committed before the next one is prepared.
    fn commits_each(&self) -> bool {
        false
    }

    /// The batches prepared are about to be committed: whatever their notes name, and what
    /// was written of them, has to be durable when this returns, as far as this sink can
    /// bring that about. Called if one has a note or records.
    fn persist(&mut self) -> Result<(), OutletError> {
        Ok(())
    }

    /// The batches prepared are committed, durably. Called if one has a note.
    fn publish(&mut self) -> Result<(), OutletError> {
        Ok(())
    }
}

/// Two sinks for one stream, as a stage has that passes the stream on to a
/// terminal. The second one is at the end, and writes as it goes.
pub struct Both<'a> {
    /// The first to get a batch.
    pub first: Box<dyn Sink + 'a>,
    /// What is behind it.
    pub second: Box<dyn Sink + 'a>,
}

impl Sink for Both<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.first.block(block)?;
        self.second.block(block)
    }

    fn end(&mut self, time: BatchTime, records: u64) -> Result<(), OutletError> {
        self.first.end(time, records)?;
        self.second.end(time, records)
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        self.first.close(complete)?;
        self.second.close(complete)
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        self.first.flush()?;
        self.second.flush()
    }

    fn is_reader_gone(&self) -> bool {
        self.second.is_reader_gone()
    }

    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.first.begin(under)
    }

    fn prepare(&mut self, time: BatchTime, records: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
        self.first.prepare(time, records, note)?;
        self.second.end(time, records)
    }

    fn commits_each(&self) -> bool {
        self.first.commits_each() || self.second.commits_each()
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        self.first.persist()?;
        self.second.persist()
    }

    fn publish(&mut self) -> Result<(), OutletError> {
        self.first.publish()
    }
}

#[cfg(test)]
mod tests;
