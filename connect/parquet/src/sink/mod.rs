//! The sink: batches into groups, and groups into files.
//!
//! A *group* is what is in one file a folder: a batch, or with `--every` the batches until it is large or old enough. Its name is the
//! time of its first batch, so that the same batches give the same names.
//!
//! # Why nothing is lost and nothing comes twice
//!
//! Under a checkpoint a batch's commit has a [`Note`](note::Note):
//!
//! - *files*: with this batch the group is complete. Its files are durable under temporary names, and so is a list of them.
//!   The commit decides that they are shown; a restart does what was left undone of that. Without the commit they are removed at a restart,
//!   and made again.
//! - *rows*: the group goes on. Its rows are durable too, in a file of rows, and the note says how much of it counts. A restart
//!   cuts off the rest, and puts the rows into new files of Parquet.
//!
//! A list is removed only when the names of what it has shown are durable. Whoever has taken a file away by then does not get it
//! twice, because a file that has no temporary name any more is not shown again.
//!
//! When the stream is over, no commit comes any more that could complete a group: then a list decides by itself
//! ([`Staging::decide`](crate::store::staging::Staging::decide)). It has the length of the rows in its name, and stays until a newer
//! commit: a restart that finds neither the rows of its newest note nor that list knows that something is gone.

mod calls;
mod group;
mod note;

use std::collections::BTreeSet;
use std::path::PathBuf;

use memchr::memchr;
use sstream::connect::{BLOCK_BYTES, BadRecords, BatchTime, Block, Console, Layout, OutletError};

pub use group::Every;
use group::Group;

use crate::partition::Partitioner;
use crate::rows::shred::Refused;
use crate::schema::guess::Guess;
use crate::schema::table::Table;
use crate::store::directory::gather;
use crate::store::files::{Files, HERE, Place, Settings};
use crate::store::held::Rows;
use crate::store::staging::{Staging, Whole, failed};

/// What a sink is made of.
pub struct Plan {
    /// Where files are under way.
    pub staging: Staging,
    /// Which folder records belong to; without, all belong to the same.
    pub partitioner: Option<Partitioner>,
    /// The columns.
    pub table: Table,
    /// What files are like.
    pub settings: Settings,
    /// When a file is complete; with every batch unless that is told.
    pub every: Option<Every>,
}

/// Writes batches as files of Parquet.
pub struct ParquetSink<'a> {
    staging: Staging,
    partitioner: Option<Partitioner>,
    table: Table,
    every: Option<Every>,
    console: Console,
    bad_records: &'a BadRecords,
    files: Files,
    group: Option<Group>,
    /// The first records, until their columns are known.
    first: Vec<u8>,
    /// Groups that are complete, and not shown.
    prepared: Vec<Prepared>,
    /// Lists of what is shown, under names that may not be durable: in these folders.
    shown: Vec<String>,
    changed: BTreeSet<PathBuf>,
    is_under_checkpoint: bool,
    is_closed: bool,
    /// Whether columns came that are not durable.
    has_new_columns: bool,
    /// Rows of a block that were taken.
    rows: Vec<u8>,
}

/// A group that is complete.
struct Prepared {
    list: String,
    files: Vec<Whole>,
    /// The file of its rows, if it has one.
    held: Option<String>,
}

/// So many bytes of the first batch tell the columns.
const FIRST_BYTES: usize = 8 << 20;

/// The name of the file with the columns.
const SCHEMA: &str = "schema";

impl<'a> ParquetSink<'a> {
    /// Has written nothing yet.
    pub fn new(plan: Plan, console: Console, bad_records: &'a BadRecords) -> ParquetSink<'a> {
        let Plan { staging, partitioner, table, settings, every } = plan;
        ParquetSink {
            staging,
            partitioner,
            table,
            every,
            console,
            bad_records,
            first: Vec::new(),
            files: Files::new(settings),
            group: None,
            prepared: Vec::new(),
            shown: Vec::new(),
            changed: BTreeSet::new(),
            is_under_checkpoint: false,
            is_closed: false,
            has_new_columns: false,
            rows: Vec::new(),
        }
    }

    /// Puts the records of a block into files; those of `--every` are held beside.
    fn take(&mut self, time: BatchTime, block: &[u8]) -> Result<(), OutletError> {
        self.rows.clear();
        self.put(time, block, true)?;
        if let (Some(Group { held: Some(held), .. }), false) = (&mut self.group, self.rows.is_empty()) {
            held.append(&self.staging, time, &self.rows)?;
        }
        Ok(())
    }

    /// Puts records into files, and notes those that were taken if they are `new`.
    fn put(&mut self, time: BatchTime, block: &[u8], is_new: bool) -> Result<(), OutletError> {
        let mut rest = block;
        while let Some(end) = memchr(b'\n', rest) {
            let record = &rest[..end];
            match self.push(time, record)? {
                Ok(()) => {
                    if is_new && self.every.is_some() {
                        self.rows.extend_from_slice(&rest[..=end]);
                    }
                }
                Err(Refused::Bad(reason)) => self.bad_records.take(time, record, &reason)?,
                Err(Refused::New(path)) => {
                    if self.widen(rest)? || self.widen(&rest[..=end])? {
                        // Once more, with the new columns.
                        continue;
                    }
                    let reason = format!("column {path}: it does not go with the columns beside it");
                    self.bad_records.take(time, record, &reason)?;
                }
            }
            rest = &rest[end + 1..];
        }
        if let (Some(group), Some(columns)) = (&mut self.group, self.table.columns()) {
            self.files.relieve(columns, Place { staging: &self.staging, start: group.start })?;
        }
        Ok(())
    }

    fn push(&mut self, time: BatchTime, record: &[u8]) -> Result<Result<(), Refused>, OutletError> {
        let Some(columns) = self.table.columns() else {
            return Ok(Err(Refused::Bad(
                "it has no value for a column, nor has one before it that would tell the columns: --schema tells them"
                    .to_owned(),
            )));
        };
        let folder = match &mut self.partitioner {
            None => Ok(HERE),
            Some(partitioner) => partitioner.folder(record, time),
        };
        let pushed = folder.map_err(Refused::Bad).and_then(|folder| self.files.push(folder, record, columns));
        if pushed.is_ok() && self.group.is_none() {
            self.group = Some(Group::begin(time, self.every, &self.staging)?);
        }
        Ok(pushed)
    }

    /// Makes columns of keys that are none, from all of these records; whether there were any. What is under way has its
    /// file, and the next record begins one.
    fn widen(&mut self, records: &[u8]) -> Result<bool, OutletError> {
        let mut guess = Guess::default();
        objects(records).for_each(|record| guess.see(record));
        match (self.table.columns(), &self.group) {
            (Some(columns), Some(group)) => {
                self.files.finish_all(columns, Place { staging: &self.staging, start: group.start })?;
            }
            _ => self.files.clear(),
        }
        let is_wider = self.table.learn(&guess)?;
        self.has_new_columns |= is_wider;
        Ok(is_wider)
    }

    /// Takes records that tell the columns, until there are enough of them, or their batch is over.
    fn wait(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.first.extend_from_slice(block.bytes);
        if self.first.len() >= FIRST_BYTES { self.learn(block.time) } else { Ok(()) }
    }

    /// Finds the columns in the first records of a batch, which go into files only now.
    fn learn(&mut self, time: BatchTime) -> Result<(), OutletError> {
        let first = std::mem::take(&mut self.first);
        if first.is_empty() {
            return Ok(());
        }
        let mut guess = Guess::default();
        objects(&first).for_each(|record| guess.see(record));
        self.has_new_columns |= self.table.learn(&guess)?;
        if let (Some(path), true) = (self.table.unknown(), self.has_new_columns) {
            self.console.warn(&format!("column {path}: the first records have no value for it"));
        }
        // In pieces: a row group is written between them when there is enough for one.
        let mut rest = first.as_slice();
        while !rest.is_empty() {
            let piece = rest.len().min(BLOCK_BYTES);
            let end = memchr(b'\n', &rest[piece - 1..]).map_or(rest.len(), |newline| piece + newline);
            self.take(time, &rest[..end])?;
            rest = &rest[end..];
        }
        Ok(())
    }

    /// Completes the files of the group.
    fn finish(&mut self) -> Result<Option<(Group, Vec<Whole>)>, OutletError> {
        let Some(group) = self.group.take() else { return Ok(None) };
        let place = Place { staging: &self.staging, start: group.start };
        if let Some(columns) = self.table.columns() {
            self.files.finish_all(columns, place)?;
        }
        let mut files = self.files.take();
        let Settings { layout, prefix, .. } = self.files.settings();
        if *layout == Layout::Spark {
            files = vec![gather(&files, prefix, place)?];
        }
        Ok(Some((group, files)))
    }

    /// A batch without records is a directory all the same in Spark's layout, with a file that has the columns if there is but
    /// one folder; unless several batches are one.
    fn begin_empty(&mut self, time: BatchTime) -> Result<(), OutletError> {
        let is_wanted = self.files.settings().layout == Layout::Spark && self.every.is_none() && self.group.is_none();
        if !is_wanted {
            return Ok(());
        }
        self.group = Some(Group::begin(time, None, &self.staging)?);
        match self.table.columns() {
            Some(columns) if self.partitioner.is_none() => {
                self.files.add_empty(columns, Place { staging: &self.staging, start: time })
            }
            _ => Ok(()),
        }
    }

    /// Makes the columns durable, if there are new ones: a later run has the same then.
    fn save_columns(&mut self) -> Result<(), OutletError> {
        if !std::mem::take(&mut self.has_new_columns) || !self.is_under_checkpoint {
            return Ok(());
        }
        let (name, new) = (self.staging.name(SCHEMA), self.staging.name("schema.new"));
        let path = self.staging.path(&new);
        self.table.save(&path)?.sync_all().map_err(|error| failed(&path, error))?;
        std::fs::rename(&path, self.staging.path(&name)).map_err(|error| failed(&path, error))
    }

    /// Puts rows that are held into files again, for a group whose files are gone.
    fn replay(&mut self, name: &str, length: u64) -> Result<(), OutletError> {
        let mut rows = Rows::open(&self.staging, name, length)?;
        while let Some((time, rows)) = rows.next()? {
            self.put(time, rows, false)?;
        }
        Ok(())
    }
}

/// The records of a block that could be rows.
fn objects(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.split(|byte| *byte == b'\n').filter(|record| record.first() == Some(&b'{'))
}
