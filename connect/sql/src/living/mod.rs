//! Tables that live on from batch to batch: a batch is a transaction, and what its commit changed
//! is the state that a checkpoint keeps.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

use rusqlite::Error;
use rusqlite::types::ValueRef;
use sstream::connect::record::push_string;
use sstream::connect::{Durable, KeyedState, OpError, Out, PairOut, Shown};

use crate::database::{Database, quoted};
use crate::guard::May;
use crate::pages::{self, PAGE, Pages};
use crate::scratch::Scratch;
use crate::value::{Passed, push_json};

/// So many frames gather in the log before they are copied into the file: 16 MiB.
const MANY_FRAMES: u64 = if cfg!(test) { 12 } else { 4096 };

/// The tables, in a file of their own.
pub struct Living {
    database: Rc<Database>,
    pages: Pages,
    /// A checkpoint keeps what changes.
    is_tracked: bool,
    /// What a checkpoint kept, while it is loaded.
    loading: Option<Loading>,
    /// What is there could not be looked through.
    failed: Option<io::Error>,
    scratch: Scratch,
}

impl Living {
    /// Follows the tables that `--init` made in a database in `scratch`.
    ///
    /// # Errors
    /// As the system says.
    pub fn new(database: Rc<Database>, scratch: Scratch) -> Result<Living, OpError> {
        let opened = Pages::open(&scratch.database(), database.frames());
        let pages = opened.map_err(|error| storage(&scratch, error))?;
        Ok(Living { database, pages, is_tracked: false, loading: None, failed: None, scratch })
    }

    /// How many bytes the tables have.
    pub fn bytes(&self) -> u64 {
        if self.is_tracked {
            return self.pages.bytes();
        }
        self.database.pages().map_or(0, |pages| pages * PAGE as u64)
    }

    /// Begins a batch.
    pub fn begin(&self) -> Result<(), Error> {
        self.database.letting(May::All, |connection| connection.execute_batch("begin immediate"))
    }

    /// What the batch changed holds.
    pub fn commit(&mut self) -> Result<(), OpError> {
        let committed = self.database.letting(May::All, |connection| connection.execute_batch("commit"));
        committed.map_err(|error| self.of_sqlite(&error))?;
        self.follow()
    }

    /// All is as before the batch.
    pub fn roll_back(&self) -> Result<(), OpError> {
        // After some errors SQLite has done so itself.
        let roll_back = |connection: &rusqlite::Connection| match connection.is_autocommit() {
            true => Ok(()),
            false => connection.execute_batch("rollback"),
        };
        self.database.letting(May::All, roll_back).map_err(|error| self.of_sqlite(&error))
    }

    /// Takes what was committed.
    fn follow(&mut self) -> Result<(), OpError> {
        let frames = self.database.frames();
        if self.is_tracked {
            self.pages.take(frames).map_err(|error| storage(&self.scratch, error))?;
        }
        if frames > MANY_FRAMES {
            self.database.copy_log().map_err(|error| self.of_sqlite(&error))?;
        }
        Ok(())
    }

    fn reopened(&mut self) -> Result<(), OpError> {
        let frames = self.database.copy_log().map_err(|error| self.of_sqlite(&error))?;
        let opened = Pages::open(&self.scratch.database(), frames);
        self.pages = opened.map_err(|error| storage(&self.scratch, error))?;
        Ok(())
    }

    /// An error of SQLite that is the machine's.
    pub fn of_sqlite(&self, error: &Error) -> OpError {
        storage(&self.scratch, io::Error::other(self.database.explain(error, "")))
    }

    fn show_table(&self, table: &str, keys: &[String], out: &mut Out<'_>) -> Result<(), Error> {
        let connection = self.database.connection();
        let quoted_keys: Vec<String> = match keys {
            [] => vec!["rowid".to_owned()],
            keys => keys.iter().map(|key| quoted(key)).collect(),
        };
        let keys = quoted_keys.join(",");
        let sql = format!("select {keys}, * from main.{} order by {keys}", quoted(table));
        let mut statement = connection.prepare(&sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let (key_count, mut rows) = (quoted_keys.len(), statement.query([])?);
        while let Some(row) = rows.next()? {
            let mut json = b"[[".to_vec();
            push_string(table.as_bytes(), &mut json);
            for (index, name) in names.iter().enumerate() {
                match index {
                    _ if index < key_count => json.push(b','),
                    _ if index == key_count => json.extend_from_slice(b"],{"),
                    _ => json.push(b','),
                }
                if index >= key_count {
                    push_string(name.as_bytes(), &mut json);
                    json.push(b':');
                }
                push_any(row.get_ref(index)?, &mut json);
            }
            json.extend_from_slice(b"}]");
            out.record(&json);
        }
        Ok(())
    }
}

impl Shown for Living {
    /// Each row is `[[TABLE, KEY…], ROW]`: by its primary key, or else its number.
    fn show(&self, out: &mut Out<'_>) -> Result<(), OpError> {
        let tables = tables(&self.database).map_err(|error| self.of_sqlite(&error))?;
        for (table, keys) in tables {
            self.show_table(&table, &keys, out).map_err(|error| self.of_sqlite(&error))?;
        }
        Ok(())
    }
}

/// A value as JSON; one that JSON does not have as a string, as SQL writes it.
fn push_any(value: ValueRef<'_>, json: &mut Vec<u8>) {
    if push_json(value, None, &Passed::default(), json).is_err() {
        let text = match value {
            ValueRef::Blob(bytes) => {
                format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
            }
            _ if matches!(value, ValueRef::Real(value) if value > 0.0) => "9e999".to_owned(),
            _ => "-9e999".to_owned(),
        };
        push_string(text.as_bytes(), json);
    }
}

/// The tables that live on, by name, and the columns of their primary keys.
pub fn tables(database: &Database) -> Result<BTreeMap<String, Vec<String>>, Error> {
    database.letting(May::All, |connection| {
        let mut tables = connection.prepare(
            "select t.name, c.name, c.pk from main.sqlite_schema t join pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\' order by t.name, c.pk",
        )?;
        let mut rows = tables.query([])?;
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let keys = found.entry(row.get(0)?).or_default();
            if row.get::<_, i64>(2)? > 0 {
                keys.push(row.get(1)?);
            }
        }
        Ok(found)
    })
}

fn storage(scratch: &Scratch, error: io::Error) -> OpError {
    OpError::Storage { what: format!("cannot keep the tables in {}", scratch.database().display()), error }
}

fn damaged(what: &str) -> OpError {
    OpError::Damaged { what: what.to_owned() }
}

impl KeyedState for Living {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.pages.changes(out)
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.pages.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.pages.bytes()
    }
}

impl Durable for Living {
    fn track(&mut self, is_restored: bool) {
        self.is_tracked = true;
        if !is_restored {
            self.failed = self.pages.change_all().err();
        }
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let entry = entry.ok_or_else(|| damaged("a piece of a table was dropped"))?;
        let place = pages::place(key, entry).ok_or_else(|| damaged("it is no piece of a table"))?;
        let loading = match self.loading.take() {
            Some(loading) => Ok(loading),
            None => File::create(self.scratch.path(LOADED)).map(Loading::new),
        };
        let written = loading.and_then(|mut loading| {
            loading.write(place, entry)?;
            self.loading = Some(loading);
            Ok(())
        });
        written.map_err(|error| storage(&self.scratch, error))
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let loading = self.loading.take().ok_or_else(|| damaged("it has no tables"))?;
        loading.finish().map_err(|error| storage(&self.scratch, error))?;
        let path = self.scratch.path(LOADED);
        let restored = self.database.restore(&path);
        restored.map_err(|error| damaged(&format!("its tables: {}", self.database.explain(&error, ""))))?;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(pages::with_suffix(&path, suffix));
        }
        self.reopened()
    }
}

/// The file that a state is loaded into.
const LOADED: &str = "loaded.db";

/// Pieces that follow each other are written at once, up to so many bytes.
const TOGETHER: usize = 64 << 10;

/// A file of SQLite that is made of its pieces.
struct Loading {
    file: File,
    bytes: u64,
    /// What is not written yet, and where it goes.
    waiting: (u64, Vec<u8>),
}

impl Loading {
    fn new(file: File) -> Loading {
        Loading { file, bytes: 0, waiting: (0, Vec::new()) }
    }

    fn write(&mut self, place: u64, piece: &[u8]) -> io::Result<()> {
        self.bytes = self.bytes.max((place / PAGE as u64 + 1) * PAGE as u64);
        let (start, waiting) = &mut self.waiting;
        if *start + waiting.len() as u64 != place || waiting.len() >= TOGETHER {
            self.file.write_all_at(waiting, *start)?;
            waiting.clear();
            *start = place;
        }
        waiting.extend_from_slice(piece);
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        self.file.write_all_at(&self.waiting.1, self.waiting.0)?;
        self.file.set_len(self.bytes)
    }
}

#[cfg(test)]
mod tests;
