//! The connection: what is in it, and who may do what with it.

use std::cell::{Ref, RefCell};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::AuthContext;
use rusqlite::{Connection, Error, ErrorCode, MAIN_DB, OpenFlags};

use crate::column::RECORD;
use crate::functions;
use crate::guard::{Guard, May, Reads};
use crate::table::{self, Shared};
use crate::value::Origin;

/// How many of SQLite's instructions pass between two looks at the time.
const INSTRUCTIONS: i32 = 100_000;

/// A connection with the table `batch`, static tables, and perhaps some that live on.
///
/// What lives on is in `main`, all else in `temp`.
pub struct Database {
    connection: RefCell<Connection>,
    shared: Arc<Shared>,
    guard: Arc<Guard>,
    /// How many frames the write-ahead log has.
    frames: Arc<AtomicU64>,
}

impl Database {
    /// One in memory.
    pub fn in_memory() -> Result<Database, Error> {
        Database::new(Connection::open_in_memory()?)
    }

    /// One in a new file, with a write-ahead log that nobody but us empties. Nothing is synced:
    /// what is to outlive the process is in a checkpoint.
    pub fn in_file(path: &Path) -> Result<Database, Error> {
        let connection = Connection::open(path)?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "off")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        let database = Database::new(connection)?;
        let frames = database.frames.clone();
        database.connection.borrow_mut().wal_hook(Some(move |_: &mut _, pages| {
            frames.store(u64::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(database)
    }

    /// The file of a stage that runs, to read from.
    pub fn of_stage(path: &Path) -> Result<Database, Error> {
        Database::new(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
    }

    fn new(mut connection: Connection) -> Result<Database, Error> {
        let (shared, guard) = (Arc::<Shared>::default(), Arc::<Guard>::default());
        // Else "level" is a string where no column has that name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        table::register(&connection, shared.clone())?;
        functions::register(&connection, &shared)?;
        let (authorizer, clock) = (guard.clone(), guard.clone());
        connection.authorizer(Some(move |context: AuthContext<'_>| authorizer.may(&context)))?;
        connection.progress_handler(INSTRUCTIONS, Some(move || clock.is_over()))?;
        Ok(Database { connection: RefCell::new(connection), shared, guard, frames: Arc::default() })
    }

    /// What the table and the operator share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The connection, for what may only read.
    pub fn connection(&self) -> Ref<'_, Connection> {
        self.connection.borrow()
    }

    /// Lets `work` prepare statements that may do more.
    pub fn letting<T>(&self, may: May, work: impl FnOnce(&Connection) -> T) -> T {
        let before = self.guard.let_them(may);
        let done = work(&self.connection());
        self.guard.let_them(before);
        done
    }

    /// Makes the table `batch` anew, with these columns.
    pub fn declare(&self, columns: &[String]) -> Result<(), Error> {
        self.connection().flush_prepared_statement_cache();
        self.letting(May::All, |connection| table::declare(connection, &self.shared, columns))
    }

    /// Makes a static table anew, with these columns and the rows that `fill` inserts. When something
    /// fails the one before is still there.
    pub fn replace(
        &self,
        name: &str,
        columns: &[String],
        fill: impl FnOnce(&mut rusqlite::Statement<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let table = quoted(name);
        let names = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
        let places = vec!["?"; columns.len()].join(",");
        self.letting(May::All, |connection| {
            // Taken back when it is dropped without a commit.
            let transaction = connection.unchecked_transaction()?;
            connection
                .execute_batch(&format!("drop table if exists temp.{table}; create table temp.{table}({names})"))?;
            fill(&mut connection.prepare(&format!("insert into temp.{table} values({places})"))?)?;
            transaction.commit()
        })
    }

    /// Puts the content of another file in the place of what lives on.
    pub fn restore(&self, path: &Path) -> Result<(), Error> {
        self.connection.borrow_mut().restore(MAIN_DB, path, None::<fn(rusqlite::backup::Progress)>)
    }

    /// How many frames the write-ahead log had after the last commit.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Copies the write-ahead log into the file, as far as no reader is in the way; gives how many
    /// frames it has. When all was copied the next commit begins it anew.
    pub fn copy_log(&self) -> Result<u64, Error> {
        self.number("pragma main.wal_checkpoint(passive)", 1)
    }

    /// How many pages the file has.
    pub fn pages(&self) -> Result<u64, Error> {
        self.number("pragma main.page_count", 0)
    }

    /// The columns of all tables but `batch`.
    pub fn columns_of_tables(&self) -> Result<Vec<String>, Error> {
        self.letting(May::All, |connection| {
            let mut columns = connection.prepare(
                "select distinct lower(c.name) from (select name, 'main' as s from main.sqlite_schema where type = 'table' \
                 union all select name, 'temp' from temp.sqlite_schema where type = 'table' and name <> 'batch') t \
                 join pragma_table_info(t.name, t.s) c",
            )?;
            columns.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// A number that SQLite answers, in a column; -1 is none.
    fn number(&self, sql: &str, column: usize) -> Result<u64, Error> {
        let number = |connection: &Connection| connection.query_row(sql, [], |row| row.get::<_, i64>(column));
        self.letting(May::All, number).map(|number| u64::try_from(number).unwrap_or_default())
    }

    /// Stops what runs next when it has run so long.
    pub fn limit(&self, longest: Option<Duration>) {
        self.guard.limit(longest);
    }

    /// What the statements read of `batch` that were prepared since this was asked last.
    pub fn reads(&self) -> Reads {
        self.guard.reads()
    }

    /// The columns of a result: their names, and what of `batch` they pass on.
    pub fn columns(&self, statement: &rusqlite::Statement<'_>) -> Vec<(String, Option<Origin>)> {
        let columns = self.shared.columns();
        let origin = |name: &str| match name {
            RECORD => Some(Origin::Record),
            name => columns.iter().position(|column| column == name).map(Origin::Column),
        };
        let of_batch = |column: &rusqlite::ColumnMetadata<'_>| {
            column.database_name() == Some("temp") && column.table_name() == Some("batch")
        };
        let told = statement.columns_with_metadata().map(|column| {
            let origin = column.origin_name().filter(|_| of_batch(&column)).and_then(origin);
            (column.name().to_owned(), origin)
        });
        told.collect()
    }

    /// An error of SQLite in words, with the place in `sql` where it is known.
    pub fn explain(&self, error: &Error, sql: &str) -> String {
        if let Some(refused) = self.guard.refused() {
            return refused.to_owned();
        }
        match error {
            Error::SqlInputError { msg, offset, sql: rest, .. } => match usize::try_from(*offset).ok() {
                // Of several statements the rest is told from the wrong one on.
                Some(offset) => {
                    let before = if sql.ends_with(rest) { sql.len() - rest.len() } else { 0 };
                    format!("{msg}, at {}", place(sql, before + offset))
                }
                None => msg.clone(),
            },
            Error::SqliteFailure(failure, _) if failure.code == ErrorCode::OperationInterrupted => {
                "it ran longer than --query-timeout allows".to_owned()
            }
            Error::MultipleStatement => "there is something behind the query's end: one query, please".to_owned(),
            Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        }
    }
}

/// Whether an error is the machine's, whatever the statement and the records are.
pub fn is_of_the_world(error: &Error) -> bool {
    use ErrorCode::{CannotOpen, DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, OutOfMemory, SystemIoFailure};
    error.sqlite_error_code().is_some_and(|code| {
        matches!(
            code,
            CannotOpen | DatabaseBusy | DatabaseCorrupt | DiskFull | NotADatabase | OutOfMemory | SystemIoFailure
        )
    })
}

/// A name as SQL takes it for one.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A place in SQL, for people.
fn place(sql: &str, offset: usize) -> String {
    let before = sql.get(..offset).unwrap_or(sql);
    let line = before.matches('\n').count() + 1;
    let character = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let rest: String = sql.get(offset..).unwrap_or_default().chars().take(20).collect();
    let line = if sql.contains('\n') { format!("line {line}, ") } else { String::new() };
    format!("{line}character {character}: {}", rest.lines().next().unwrap_or_default())
}
