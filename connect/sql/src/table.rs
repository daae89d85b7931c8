//! The virtual table `batch`: a scan over the records' bytes. A column is read when SQLite asks
//! for it, of the record where the cursor is, and nothing else is parsed.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::vtab::{
    Context, CreateVTab, Filters, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor, VTabKind,
};
use rusqlite::{Connection, Error, Result, ffi};
use sstream::connect::BatchTime;

use crate::column::{self, HIDDEN};
use crate::value::{self, Passed};

/// The name of the module of which the table is made.
const MODULE: &CStr = c"sstream_batch";

/// A batch while it is asked.
#[derive(Debug, Default)]
pub struct Held {
    /// Its records, a line each.
    pub bytes: Vec<u8>,
    /// Its time.
    pub time: BatchTime,
    /// What its values were.
    pub passed: Mutex<Passed>,
}

/// What table and operator share.
#[derive(Debug, Default)]
pub struct Shared {
    held: Mutex<Arc<Held>>,
    columns: Mutex<Arc<[String]>>,
}

/// What is guarded; no thread dies with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The batch that is asked.
    pub fn held(&self) -> Arc<Held> {
        lock(&self.held).clone()
    }

    /// Puts a batch there; gives the one before.
    pub fn put(&self, held: Held) -> Arc<Held> {
        std::mem::replace(&mut *lock(&self.held), Arc::new(held))
    }

    /// The columns that the table has, without those that are hidden.
    pub fn columns(&self) -> Arc<[String]> {
        lock(&self.columns).clone()
    }
}

/// Makes the module known to a connection.
pub fn register(connection: &Connection, shared: Arc<Shared>) -> Result<()> {
    const TABLE: Module<Table> = Module::read_only_module();
    connection.create_module(MODULE, &TABLE, Some(shared))
}

/// Makes the table, with these columns.
pub fn declare(connection: &Connection, shared: &Shared, columns: &[String]) -> Result<()> {
    *lock(&shared.columns) = columns.into();
    connection.execute_batch("drop table if exists temp.batch; create virtual table temp.batch using sstream_batch")
}

#[repr(C)]
struct Table {
    /// What SQLite knows of it: must be first.
    base: ffi::sqlite3_vtab,
    shared: Arc<Shared>,
    columns: Arc<[String]>,
}

// SAFETY: repr(C) and the base in front are what the trait asks for.
#[expect(unsafe_code, reason = "rusqlite has virtual tables by these traits alone")]
unsafe impl<'vtab> VTab<'vtab> for Table {
    type Aux = Arc<Shared>;
    type Cursor = Cursor<'vtab>;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _module_name: &[u8],
        _database_name: &[u8],
        _table_name: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let shared = aux.cloned().unwrap_or_default();
        let columns = shared.columns();
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let visible = columns.iter().map(|name| quoted(name));
        let hidden = HIDDEN.iter().map(|name| format!("{} hidden", quoted(name)));
        let declared = format!("create table batch({})", visible.chain(hidden).collect::<Vec<_>>().join(","));
        db.config(VTabConfig::Innocuous)?;
        let declared = CString::new(declared).map_err(|error| Error::ModuleError(error.to_string()))?;
        Ok((Cow::Owned(declared), Table { base: ffi::sqlite3_vtab::default(), shared, columns }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        // Always all of it: other tables of a join are better looked up for each record.
        info.set_estimated_cost(1e6);
        info.set_estimated_rows(1_000_000);
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<Self::Cursor> {
        Ok(Cursor {
            base: ffi::sqlite3_vtab_cursor::default(),
            held: Arc::default(),
            columns: self.columns.clone(),
            shared: self.shared.clone(),
            start: 0,
            end: 0,
            row: 0,
            table: PhantomData,
        })
    }
}

impl CreateVTab<'_> for Table {
    const KIND: VTabKind = VTabKind::Default;
}

#[repr(C)]
struct Cursor<'vtab> {
    /// What SQLite knows of it: must be first.
    base: ffi::sqlite3_vtab_cursor,
    shared: Arc<Shared>,
    held: Arc<Held>,
    columns: Arc<[String]>,
    /// The record is the bytes from here …
    start: usize,
    /// … to its newline.
    end: usize,
    row: i64,
    table: PhantomData<&'vtab Table>,
}

impl Cursor<'_> {
    fn find_end(&mut self) {
        let rest = self.held.bytes.get(self.start..).unwrap_or_default();
        self.end = self.start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }
}

// SAFETY: repr(C) and the base in front are what the trait asks for.
#[expect(unsafe_code, reason = "rusqlite has virtual tables by these traits alone")]
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _idx_num: c_int, _idx_str: Option<&str>, _args: &Filters<'_>) -> Result<()> {
        self.held = self.shared.held();
        (self.start, self.row) = (0, 1);
        self.find_end();
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.start = self.end + 1;
        self.row += 1;
        self.find_end();
        Ok(())
    }

    fn eof(&self) -> bool {
        self.start >= self.held.bytes.len()
    }

    fn column(&self, ctx: &mut Context, i: c_int) -> Result<()> {
        let record = &self.held.bytes[self.start..self.end];
        let index = usize::try_from(i).unwrap_or_default();
        let keep = |keep: &mut dyn FnMut(&mut Passed)| keep(&mut lock(&self.held.passed));
        match self.columns.get(index) {
            Some(name) => value::deliver(column::read(record, name), index, keep, |value| ctx.set_result(value)),
            None if index == self.columns.len() => ctx.set_result(ToSqlOutput::Borrowed(ValueRef::Text(record))),
            None => ctx.set_result(i64::try_from(self.held.time.0).unwrap_or(i64::MAX)),
        }
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row)
    }
}
