//! The sink: a batch is a transaction, with its time in it.

use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, SinkParts, Spool, Under, run_id};

use crate::args::{Table, TableArgs, Target};
use crate::fault::{Failed, Fault, TableError};
use crate::patience::Patience;
use crate::rows::{Pushed, Rows};
use crate::types::{ColumnType, Types};

/// At most so many rows are given to the database at once.
const MOST_ROWS: usize = 10_000;

/// Who writes: together no other sink has these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The checkpoint's id, or one of this run.
    pub job: String,
    /// The sink's name in it.
    pub stage: String,
}

/// What a kind of database does. All of it is for one connection, with one transaction at a time.
pub trait Database {
    /// Connects, unless it is connected.
    fn connect(&mut self) -> Result<(), Fault>;

    /// Lets go of a connection, and of what was begun on it.
    fn disconnect(&mut self);

    /// Makes `sstream_commits`, if it is not there; the newest batch of this sink that it has.
    fn newest(&mut self, writer: &Writer) -> Result<Option<BatchTime>, Fault>;

    /// Removes what `sstream_commits` has of a sink that will not come again.
    fn forget(&mut self, writer: &Writer) -> Result<(), Fault>;

    /// Makes a table, if it is not there.
    fn create(&mut self, table: &Table, columns: &[(&str, ColumnType)]) -> Result<(), Fault>;

    /// Begins a transaction, and notes the batch in it as the newest one of this sink; false, and
    /// nothing is begun, if it is there already. Waits for a transaction that has noted it and is not over.
    fn begin(&mut self, writer: &Writer, time: BatchTime) -> Result<bool, Fault>;

    /// Writes all these rows or, with an error, none of them; the transaction goes on.
    fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault>;

    /// Commits. After [`Fault::Away`] nobody knows whether it has; [`Database::begin`] on the next connection tells.
    fn commit(&mut self) -> Result<(), Fault>;

    /// Takes back what was begun.
    fn roll_back(&mut self);
}

/// Writes batches into a database.
pub struct TableSink<'a, D> {
    database: D,
    target: Target,
    columns: Option<Vec<String>>,
    retry: u32,
    patience: Patience,
    bad_records: &'a BadRecords,
    spool: Spool,
    writer: Writer,
    is_under_checkpoint: bool,
    /// Whether `sstream_commits` is there.
    has_commits: bool,
    /// Whether the table is there.
    is_created: bool,
    /// So many bad records of this batch were told already.
    told: u64,
}

impl<'a, D: Database> TableSink<'a, D> {
    /// Speaks to nobody yet. `name` is the database's, for messages.
    pub fn new(database: D, name: String, args: &TableArgs, parts: SinkParts<'a>) -> TableSink<'a, D> {
        let SinkParts { console, stop, waited, bad_records } = parts;
        TableSink {
            database,
            target: args.target(),
            columns: args.columns(),
            retry: args.retry,
            patience: Patience::new(name, console, stop, waited, args.retry_for),
            bad_records,
            spool: Spool::new(args.memory.memory),
            writer: Writer { job: run_id(), stage: "sink".to_owned() },
            is_under_checkpoint: false,
            has_commits: false,
            is_created: false,
            told: 0,
        }
    }

    /// Has something done until it is done, or will never be.
    fn insist<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<T, Failed>) -> Result<T, OutletError> {
        let mut tries = 1;
        loop {
            let fault = match self.patience.waited().during(|| attempt(self)) {
                Ok(done) => {
                    self.patience.note_back();
                    return Ok(done);
                }
                Err(Failed::Over(error)) => return Err(error),
                Err(Failed::Fault(fault)) => fault,
            };
            match fault {
                Fault::Away(message) => {
                    self.database.disconnect();
                    self.patience.pause(message)?;
                }
                Fault::Again(message) => {
                    self.database.roll_back();
                    if tries > self.retry {
                        let name = self.patience.name().to_owned();
                        return Err(TableError::Conflicts { name, message, tries }.into());
                    }
                    tries += 1;
                    self.patience.wait();
                }
                Fault::Refused(message) | Fault::Columns(message) | Fault::Hopeless(message) => {
                    self.database.roll_back();
                    return Err(TableError::Hopeless { name: self.patience.name().to_owned(), message }.into());
                }
            }
        }
    }

    /// Asks for the newest batch, which makes the table of commits.
    fn newest(&mut self) -> Result<Option<BatchTime>, Failed> {
        self.database.connect()?;
        let newest = self.database.newest(&self.writer)?;
        self.has_commits = true;
        Ok(newest)
    }

    /// Tries to write all that is held, which is the batch `time`.
    fn write(&mut self, time: BatchTime) -> Result<(), Failed> {
        self.database.connect()?;
        if !self.has_commits {
            self.newest()?;
        }
        if !self.is_created {
            self.is_created = self.create()?;
        }
        if !self.database.begin(&self.writer, time)? {
            return Ok(());
        }
        let TableSink { database, target, columns, bad_records, spool, told, .. } = self;
        let mut batch = Batch { database, target, bad_records, time, bad: 0, told };
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next().map_err(OutletError::from)? {
            let mut rows = Rows::new(columns.as_deref());
            for record in block {
                if rows.len() >= MOST_ROWS {
                    batch.insert(std::mem::replace(&mut rows, Rows::new(columns.as_deref())))?;
                }
                let mut pushed = rows.push(record);
                if pushed == Pushed::OtherColumns {
                    batch.insert(std::mem::replace(&mut rows, Rows::new(columns.as_deref())))?;
                    pushed = rows.push(record);
                }
                if let Pushed::Bad(reason) = pushed {
                    batch.bad(record, &reason)?;
                }
            }
            batch.insert(rows)?;
        }
        Ok(self.database.commit()?)
    }

    /// Makes the table, if that is wanted, for the records that are held; false if these are no rows,
    /// and the next batch may tell.
    fn create(&mut self) -> Result<bool, Failed> {
        let Target::Table(table) = &self.target else { return Ok(true) };
        if !table.create {
            return Ok(true);
        }
        let mut types = Types::default();
        let mut blocks = self.spool.blocks();
        while let Some(block) = blocks.next().map_err(OutletError::from)? {
            for record in block {
                let mut row = Rows::new(self.columns.as_deref());
                if row.push(record) == Pushed::Taken {
                    row.iter().for_each(|values| {
                        row.columns().iter().zip(values).for_each(|(column, value)| types.see(column, value));
                    });
                }
            }
        }
        let columns = types.columns();
        if !columns.is_empty() {
            self.database.create(table, &columns)?;
        }
        Ok(!columns.is_empty())
    }
}

/// A transaction under way.
struct Batch<'t, D> {
    database: &'t mut D,
    target: &'t Target,
    bad_records: &'t BadRecords,
    time: BatchTime,
    /// So many bad records were met in this transaction.
    bad: u64,
    told: &'t mut u64,
}

impl<D: Database> Batch<'_, D> {
    /// Writes the rows but for those that are refused, which are found by halving.
    fn insert(&mut self, rows: Rows<'_>) -> Result<(), Failed> {
        if rows.is_empty() {
            return Ok(());
        }
        match self.database.insert(self.target, &rows) {
            Err(Fault::Columns(reason)) => (0..rows.len()).try_for_each(|row| self.bad(rows.record(row), &reason)),
            Err(Fault::Refused(reason)) if rows.len() == 1 => self.bad(rows.record(0), &reason),
            Err(Fault::Refused(_)) => {
                let (first, second) = rows.halves();
                self.insert(first)?;
                self.insert(second)
            }
            done => Ok(done?),
        }
    }

    /// A transaction that is tried again finds the same bad records again: each is told once.
    fn bad(&mut self, record: &[u8], reason: &str) -> Result<(), Failed> {
        self.bad += 1;
        if self.bad > *self.told {
            self.bad_records.take(self.time, record, reason).map_err(OutletError::from)?;
            *self.told = self.bad;
        }
        Ok(())
    }
}

impl<D: Database> Sink for TableSink<'_, D> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.writer = Writer { job: under.job.to_owned(), stage: under.stage.to_owned() };
        self.is_under_checkpoint = true;
        self.insist(Self::newest)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        // Nothing is as good twice as once.
        if self.spool.is_empty() {
            return Ok(());
        }
        self.told = 0;
        self.insist(|this| this.write(time))?;
        self.spool.clear();
        Ok(())
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        if complete && self.has_commits && !self.is_under_checkpoint {
            return self.insist(|this| {
                this.database.connect()?;
                Ok(this.database.forget(&this.writer)?)
            });
        }
        Ok(())
    }
}
