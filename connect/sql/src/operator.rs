//! The operator: collects a batch, runs the query on it, gives the rows.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sstream::connect::{BatchTime, Beside, Block, Durable, FileBeside, Held, OpError, Operator, Out};

use crate::ask::{Asked, Statement, ask, has, no_column};
use crate::batch::Batch;
use crate::column::{Found, HIDDEN};
use crate::database::{Database, is_of_the_world};
use crate::guard::May;
use crate::living::Living;
use crate::rows::{Failed, give_rows, names_in_json};
use crate::table;

/// SQLite's tables have 2000 columns at most, and two of them are hidden.
const MOST_COLUMNS: usize = 2000 - HIDDEN.len();

/// How the table gets its columns.
#[derive(Debug)]
enum Columns {
    /// They are these, whatever comes.
    Fixed,
    /// They are those that the query names; of these no record has had one yet.
    Asked(Vec<String>),
    /// They are those that the records have, in the order in which they came.
    All(Vec<String>),
}

/// What an [`Sql`] works with.
pub struct Tables {
    /// Where all tables are.
    pub database: Rc<Database>,
    /// The files of static tables.
    pub files: Vec<FileBeside<()>>,
    /// Tables that live on, if there are any.
    pub living: Option<Living>,
}

/// Runs SQL for each batch.
pub struct Sql {
    database: Rc<Database>,
    files: Vec<FileBeside<()>>,
    living: Option<Living>,
    statements: Vec<Statement>,
    columns: Columns,
    found: Found,
    timeout: Option<Duration>,
    /// The query needs records as they are.
    keeps_records: bool,
    /// The open batch.
    batch: Batch,
    /// Its first record, to be told where the batch is a bad one.
    first: Vec<u8>,
}

impl Sql {
    /// Checks the SQL and prepares for it, with these tables. `fixed` are the columns that `batch` has,
    /// without them it has what the records have. Of several statements each may change tables that live
    /// on, and the last query gives the result; without such tables there is a query and nothing else.
    ///
    /// # Errors
    /// What is wrong with it, where.
    pub fn new(
        tables: Tables,
        (sql, may): (&str, May),
        fixed: Option<&[String]>,
        timeout: Option<Duration>,
    ) -> Result<Sql, String> {
        let Tables { database, files, living } = tables;
        let Asked { statements, columns: named, all, records } = ask(&database, sql, may, fixed)?;
        let (declared, kept, columns) = match fixed {
            Some(fixed) => (fixed.to_vec(), if all { fixed.to_vec() } else { named }, Columns::Fixed),
            None if all => (named.clone(), Vec::new(), Columns::All(named)),
            None => (named.clone(), named.clone(), Columns::Asked(named)),
        };
        database.declare(&declared).map_err(|error| error.to_string())?;
        let sql = Sql {
            database,
            files,
            living,
            statements,
            keeps_records: records || matches!(columns, Columns::All(_)),
            columns,
            found: Found::default(),
            timeout,
            batch: Batch::new(&kept),
            first: Vec::new(),
        };
        if let Some(Statement { sql: query, .. }) = sql.statements.iter().find(|statement| statement.gives)
            && !matches!(sql.columns, Columns::All(_))
        {
            sql.database.letting(may, |connection| {
                let statement = connection.prepare(query).map_err(|error| sql.database.explain(&error, query))?;
                names_in_json(&sql.database.columns(&statement)).map(|_| ())
            })?;
        }
        Ok(sql)
    }

    /// The tables that live on, if there are any.
    pub fn living(&self) -> Option<&Living> {
        self.living.as_ref()
    }

    /// Takes one more record of the open batch.
    fn push(&mut self, record: &[u8], is_kept: bool) {
        let Sql { columns, found, batch, .. } = self;
        match columns {
            Columns::Asked(unseen) if !unseen.is_empty() => {
                batch.push(record, is_kept, |column| unseen.retain(|name| name != column));
                if !unseen.is_empty() {
                    // To tell what there is instead.
                    found.look(record);
                }
            }
            _ => batch.push(record, is_kept, |_| {}),
        }
    }

    /// Whether the columns that the query wants have been in the records.
    fn look(&mut self) -> Result<(), String> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        match &mut self.columns {
            Columns::Fixed => Ok(()),
            Columns::Asked(unseen) => match unseen.first() {
                Some(name) => Err(no_column(name, self.found.names())),
                None => Ok(()),
            },
            Columns::All(named) => {
                let (found, records) = (&mut self.found, self.batch.records());
                let has_new = (0..records.len()).fold(false, |has_new, row| found.look(records.get(row)) | has_new);
                if let Some(name) = named.iter().find(|name| !has(found.names(), name)) {
                    return Err(no_column(name, found.names()));
                }
                if found.names().len() > MOST_COLUMNS {
                    return Err(format!(
                        "the records have more than {MOST_COLUMNS} columns, which is all that a table can have: name \
                         those that are of use with --fields, or in the query in the place of *"
                    ));
                }
                if has_new {
                    self.database.declare(found.names()).map_err(|error| error.to_string())?;
                }
                Ok(())
            }
        }
    }

    /// Runs the statements; the rows of the query among them go to `give`.
    fn run(&mut self, time: BatchTime, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Wrong> {
        self.look().map_err(Wrong::Batch)?;
        self.batch.time = time;
        self.database
            .shared()
            .put(table::AskedBatch { batch: std::mem::take(&mut self.batch), ..table::AskedBatch::default() });
        self.database.limit(self.timeout);
        let ran = self.run_within(give);
        self.database.limit(None);
        let held = self.database.shared().put(table::AskedBatch::default());
        self.batch = Arc::try_unwrap(held).map_or_else(|held| held.batch.clone(), |held| held.batch);
        ran
    }

    /// Runs them in a transaction, where there is something to change.
    fn run_within(&mut self, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Wrong> {
        let Some(living) = &self.living else { return self.run_each(May::Read, give) };
        living.begin().map_err(|error| Wrong::Stage(living.of_sqlite(&error)))?;
        let ran = self.run_each(May::Change, give);
        let Some(living) = &mut self.living else { return ran };
        if ran.is_err() {
            // Not stopped by what was running too long.
            self.database.limit(None);
            living.roll_back().map_err(Wrong::Stage)?;
            return ran;
        }
        living.commit().map_err(Wrong::Stage)
    }

    fn run_each(&self, may: May, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Wrong> {
        // Of records without any column, or none so far, * stands for nothing.
        let has_columns = !matches!(self.columns, Columns::All(_)) || !self.database.shared().columns().is_empty();
        for statement in self.statements.iter().filter(|statement| has_columns || !statement.all) {
            self.database.shared().forget_computed();
            let database = &self.database;
            let ran = database.letting(may, |connection| match statement.gives {
                true => give_rows(database, &statement.sql, give),
                false => connection
                    .prepare_cached(&statement.sql)
                    .and_then(|mut statement| statement.execute([]))
                    .map(|_| ())
                    .map_err(Failed::Sqlite),
            });
            ran.map_err(|failed| self.wrong(&failed, statement))?;
        }
        Ok(())
    }

    fn wrong(&self, failed: &Failed, statement: &Statement) -> Wrong {
        match (failed, &self.living) {
            (Failed::Sqlite(error), Some(living)) if is_of_the_world(error) => Wrong::Stage(living.of_sqlite(error)),
            _ => Wrong::Batch(failed.words(&self.database, &statement.sql)),
        }
    }
}

/// Why there is no result.
enum Wrong {
    /// It is the batch's fault.
    Batch(String),
    /// The stage cannot go on.
    Stage(OpError),
}

impl Operator for Sql {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        // Of a batch that fails all records are set aside, or one is told.
        let is_kept = self.keeps_records || !out.ends_with_a_bad_record();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', block.bytes) {
            let record = &block.bytes[start..end];
            start = end + 1;
            if self.batch.rows() == 0 {
                self.first = record.to_vec();
            }
            self.push(record, is_kept);
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        for file in &mut self.files {
            file.current();
        }
        let ran = if out.ends_with_a_bad_record() {
            self.run(time, &mut |row| {
                out.record(row);
                !out.is_closed()
            })
        } else {
            // A batch that fails gives nothing.
            let (mut rows, mut bytes) = (0, Vec::new());
            let ran = self.run(time, &mut |row| {
                bytes.extend_from_slice(row);
                bytes.push(b'\n');
                rows += 1;
                true
            });
            if ran.is_ok() {
                out.records(rows, &bytes);
            }
            ran
        };
        match ran {
            Ok(()) => {}
            Err(Wrong::Batch(reason)) => self.set_aside(&reason, out)?,
            Err(Wrong::Stage(error)) => return Err(error),
        }
        self.batch.clear();
        if let Some(living) = &self.living {
            out.holds(Held { keys: None, records: None, bytes: living.bytes() });
        }
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        self.living.as_mut().map(|living| living as &mut dyn Durable)
    }
}

impl Sql {
    /// All records of the batch are bad.
    fn set_aside(&self, reason: &str, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.batch.rows() == 0 {
            return out.bad_record(b"null", &format!("the query failed on an empty batch: {reason}"));
        }
        let reason = format!("its batch: {reason}");
        let records = self.batch.records();
        if records.is_empty() {
            return out.bad_record(&self.first, &reason);
        }
        (0..records.len()).try_for_each(|row| out.bad_record(records.get(row), &reason))
    }
}
