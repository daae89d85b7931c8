//! The virtual table `batch`: a scan over what was kept of the batch. A column that was not kept by
//! itself is read of the record where the cursor is, when SQLite asks for it.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::vtab::{
    Context, CreateVTab, DistinctMode, Filters, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor,
    VTabKind,
};
use rusqlite::{Connection, Error, Result, ffi};

use crate::batch::{Batch, Values};
use crate::column::{self, HIDDEN};
use crate::database::quoted;
use crate::order::Order;
use crate::value::{self, Passed};

/// The name of the module of which the table is made.
const MODULE: &CStr = c"sstream_batch";

/// A batch while it is asked.
#[derive(Debug, Default)]
pub struct AskedBatch {
    /// What was kept of it.
    pub batch: Batch,
    /// What its values were.
    pub passed: Mutex<Passed>,
}

/// What table and operator share.
#[derive(Debug, Default)]
pub struct Shared {
    held: Mutex<Arc<AskedBatch>>,
    columns: Mutex<Arc<[String]>>,
}

/// What is guarded; no thread dies with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The batch that is asked.
    pub fn held(&self) -> Arc<AskedBatch> {
        lock(&self.held).clone()
    }

    /// Puts a batch there; gives the one before.
    pub fn put(&self, held: AskedBatch) -> Arc<AskedBatch> {
        std::mem::replace(&mut *lock(&self.held), Arc::new(held))
    }

    /// What functions compute from now on is of another statement.
    pub fn forget_computed(&self) {
        lock(&self.held().passed).forget_computed();
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
        let visible = columns.iter().map(|name| quoted(name));
        let hidden = HIDDEN.iter().map(|name| format!("{} hidden", quoted(name)));
        let declared = format!("create table batch({})", visible.chain(hidden).collect::<Vec<_>>().join(","));
        db.config(VTabConfig::Innocuous)?;
        let declared = CString::new(declared).map_err(|error| Error::ModuleError(error.to_string()))?;
        Ok((Cow::Owned(declared), Table { base: ffi::sqlite3_vtab::default(), shared, columns }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut wanted = info.order_bys();
        if let (Some(by), None) = (wanted.next(), wanted.next()) {
            let number = usize::try_from(by.column()).ok().filter(|&number| number < self.columns.len());
            let plan = number.and_then(|number| c_int::try_from(number * 2 + 1).ok());
            let is_descending = by.is_order_by_desc();
            // Where only duplicates are to be dropped, rows stay in the order in which they came.
            let is_of_use = !matches!(info.distinct(), DistinctMode::Distinct);
            if let Some(plan) = plan.filter(|_| is_of_use) {
                info.set_idx_num(plan + c_int::from(is_descending));
                info.set_order_by_consumed(true);
            }
        }
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
            sorted: None,
            place: 0,
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
    held: Arc<AskedBatch>,
    columns: Arc<[String]>,
    /// The order, where it is not the one in which records came.
    sorted: Option<Sorted>,
    /// How many records were before this one …
    place: usize,
    /// … and its number, in the order in which they came.
    row: usize,
    table: PhantomData<&'vtab Table>,
}

/// An order by a column.
struct Sorted {
    order: Order,
    /// The column by its number, and what the records have in it, if the batch does not keep that.
    read: Option<(usize, Values)>,
}

impl Cursor<'_> {
    /// Goes to the record that is there after so many others.
    fn go_to(&mut self, place: usize) {
        self.place = place;
        self.row = match &self.sorted {
            Some(sorted) => sorted.order.at(place).unwrap_or(place),
            None => place,
        };
    }

    /// What the record has in a column.
    fn json(&self, index: usize, name: &str) -> Option<&[u8]> {
        let batch = &self.held.batch;
        let sorted = self.sorted.as_ref().and_then(|sorted| sorted.read.as_ref());
        let kept = match sorted {
            Some((number, values)) if *number == index => Some(values),
            _ => batch.column_at(index, name),
        };
        match kept {
            Some(values) => Some(values.get(self.row)),
            None => column::read(batch.records().get(self.row), name),
        }
    }
}

// SAFETY: repr(C) and the base in front are what the trait asks for.
#[expect(unsafe_code, reason = "rusqlite has virtual tables by these traits alone")]
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, plan: c_int, _idx_str: Option<&str>, _args: &Filters<'_>) -> Result<()> {
        self.held = self.shared.held();
        // As `best_index` chose: 1 and 2 are up and down by the first column.
        let wanted = usize::try_from(plan).ok().filter(|&plan| plan > 0).map(|plan| ((plan - 1) / 2, plan % 2 == 0));
        self.sorted = wanted.and_then(|(number, is_descending)| {
            let name = self.columns.get(number)?;
            let batch = &self.held.batch;
            Some(match batch.column_at(number, name) {
                Some(values) => Sorted { order: Order::new(values, is_descending), read: None },
                None => {
                    let values = Values::of_column(batch.records(), name);
                    Sorted { order: Order::new(&values, is_descending), read: Some((number, values)) }
                }
            })
        });
        self.go_to(0);
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.go_to(self.place + 1);
        Ok(())
    }

    fn eof(&self) -> bool {
        self.place >= self.held.batch.rows()
    }

    fn column(&self, ctx: &mut Context, i: c_int) -> Result<()> {
        let index = usize::try_from(i).unwrap_or_default();
        let keep = |keep: &mut dyn FnMut(&mut Passed)| keep(&mut lock(&self.held.passed));
        match self.columns.get(index) {
            Some(name) => value::deliver(self.json(index, name), index, keep, |value| {
                ctx.set_result(ToSqlOutput::Borrowed(value))
            }),
            None if index == self.columns.len() => {
                ctx.set_result(ToSqlOutput::Borrowed(ValueRef::Text(self.held.batch.records().get(self.row))))
            }
            None => ctx.set_result(i64::try_from(self.held.batch.time.0).unwrap_or(i64::MAX)),
        }
    }

    fn rowid(&self) -> Result<i64> {
        Ok(i64::try_from(self.row).unwrap_or(i64::MAX - 1) + 1)
    }
}
