//! The operator: collects a batch, runs the query on it, gives the rows.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sstream::connect::record::push_string;
use sstream::connect::{BatchTime, Beside, Block, FileBeside, OpError, Operator, Out, nearest};

use crate::batch::Batch;
use crate::column::{Found, HIDDEN};
use crate::database::{Asked, Database};
use crate::table::{Held, lock};
use crate::value::{Origin, push_json};

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

/// Runs a query for each batch.
pub struct Sql {
    database: Rc<Database>,
    /// The files of its static tables.
    files: Vec<FileBeside<()>>,
    query: String,
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
    /// Checks the query and prepares for it, in a database that has its static tables, of these
    /// files. `fixed` are the columns that `batch` has, without them it has what the records have.
    ///
    /// # Errors
    /// What is wrong with the query, where.
    pub fn new(
        database: Rc<Database>,
        files: Vec<FileBeside<()>>,
        query: &str,
        fixed: Option<&[String]>,
        timeout: Option<Duration>,
    ) -> Result<Sql, String> {
        let Asked { columns: named, all, records } = database.ask(query)?;
        let (declared, kept, columns) = match fixed {
            Some(fixed) => {
                if let Some(unknown) = named.iter().find(|name| !has(fixed, name)) {
                    return Err(no_column(unknown, fixed));
                }
                (fixed.to_vec(), if all { fixed.to_vec() } else { named }, Columns::Fixed)
            }
            None if all => (named.clone(), Vec::new(), Columns::All(named)),
            None => (named.clone(), named.clone(), Columns::Asked(named)),
        };
        database.declare(&declared).map_err(|error| error.to_string())?;
        let sql = Sql {
            database,
            files,
            query: query.to_owned(),
            keeps_records: records || matches!(columns, Columns::All(_)),
            columns,
            found: Found::default(),
            timeout,
            batch: Batch::new(&kept),
            first: Vec::new(),
        };
        if !matches!(sql.columns, Columns::All(_)) {
            let statement = sql.database.connection().prepare(query);
            let statement = statement.map_err(|error| sql.database.explain(&error, query))?;
            names_in_json(&sql.database.columns(&statement))?;
        }
        Ok(sql)
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

    /// Runs the query; its rows go to `give`.
    fn run(&mut self, time: BatchTime, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), String> {
        self.look()?;
        if matches!(self.columns, Columns::All(_)) && self.database.shared().columns().is_empty() {
            // Records without any column, or none so far: * stands for nothing.
            return Ok(());
        }
        self.batch.time = time;
        self.database.shared().put(Held { batch: std::mem::take(&mut self.batch), ..Held::default() });
        self.database.limit(self.timeout);
        let ran = self.rows(give);
        self.database.limit(None);
        let held = self.database.shared().put(Held::default());
        self.batch = Arc::try_unwrap(held).map_or_else(|held| held.batch.clone(), |held| held.batch);
        ran
    }

    fn rows(&self, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), String> {
        let explain = |error| self.database.explain(&error, &self.query);
        let mut statement = self.database.connection().prepare_cached(&self.query).map_err(explain)?;
        let columns = self.database.columns(&statement);
        let held = self.database.shared().held();
        let mut rows = statement.query([]).map_err(explain)?;
        let mut names = Vec::new();
        let mut json = Vec::new();
        while let Some(row) = rows.next().map_err(explain)? {
            if names.is_empty() {
                // Not sooner: before any record has come * may stand for a column that is named beside it.
                names = names_in_json(&columns)?;
            }
            json.clear();
            for (index, (name, (_, origin))) in names.iter().zip(&columns).enumerate() {
                json.extend_from_slice(name);
                let value = row.get_ref(index).map_err(explain)?;
                push_json(value, *origin, &lock(&held.passed), &mut json)
                    .map_err(|what| format!("the result's column {} {what}", columns[index].0))?;
            }
            json.push(b'}');
            if !give(&json) {
                break;
            }
        }
        Ok(())
    }
}

/// What stands in front of each value of a row.
fn names_in_json(columns: &[(String, Option<Origin>)]) -> Result<Vec<Vec<u8>>, String> {
    let in_json = |(index, (name, _)): (usize, &(String, _))| {
        if columns[..index].iter().any(|(other, _)| other == name) {
            return Err(format!("two columns of the result are called {name}: name one of them with AS"));
        }
        let mut json = vec![if index == 0 { b'{' } else { b',' }];
        push_string(name.as_bytes(), &mut json);
        json.push(b':');
        Ok(json)
    };
    columns.iter().enumerate().map(in_json).collect()
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
        if let Err(reason) = ran {
            self.set_aside(&reason, out)?;
        }
        self.batch.clear();
        out.end(time);
        Ok(())
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

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// That a column is not there, and which are.
fn no_column(name: &str, names: &[String]) -> String {
    let near = nearest(name, names).map_or_else(String::new, |near| format!("did you mean {near}? "));
    let there = match names {
        [] => "record and batch_time alone".to_owned(),
        names => names.join(", "),
    };
    format!("no such column: {name}: {near}there are {there}")
}
