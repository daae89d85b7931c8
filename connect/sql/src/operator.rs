//! The operator: collects a batch, runs the query on it, gives the rows.

use std::sync::Arc;
use std::time::Duration;

use sstream::connect::record::push_string;
use sstream::connect::{BatchTime, Block, OpError, Operator, Out, nearest};

use crate::column::{self, Found};
use crate::database::{Asked, Database};
use crate::table::{Held, lock};
use crate::value::{Origin, push_json};

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
    database: Database,
    query: String,
    columns: Columns,
    found: Found,
    timeout: Option<Duration>,
    /// The open batch.
    held: Vec<u8>,
}

impl Sql {
    /// Checks the query and prepares for it. `fixed` are the columns that `batch` has, without them
    /// it has what the records have.
    ///
    /// # Errors
    /// What is wrong with the query, where.
    pub fn new(query: &str, fixed: Option<&[String]>, timeout: Option<Duration>) -> Result<Sql, String> {
        let database = Database::open().map_err(|error| error.to_string())?;
        let Asked { columns, all } = database.ask(query)?;
        let (declared, columns) = match fixed {
            Some(fixed) => {
                if let Some(unknown) = columns.iter().find(|name| !has(fixed, name)) {
                    return Err(no_column(unknown, fixed));
                }
                (fixed.to_vec(), Columns::Fixed)
            }
            None if all => (columns.clone(), Columns::All(columns)),
            None => (columns.clone(), Columns::Asked(columns)),
        };
        database.declare(&declared).map_err(|error| error.to_string())?;
        let sql =
            Sql { database, query: query.to_owned(), columns, found: Found::default(), timeout, held: Vec::new() };
        if !matches!(sql.columns, Columns::All(_)) {
            let statement = sql.database.connection().prepare(query);
            let statement = statement.map_err(|error| sql.database.explain(&error, query))?;
            names_in_json(&sql.database.columns(&statement))?;
        }
        Ok(sql)
    }

    /// Looks for the columns that the query wants, in the records of the open batch.
    fn look(&mut self) -> Result<(), String> {
        let records = || self.held.split(|&byte| byte == b'\n').filter(|record| !record.is_empty());
        match &mut self.columns {
            Columns::Fixed => Ok(()),
            Columns::Asked(unseen) => {
                if self.held.is_empty() {
                    return Ok(());
                }
                unseen.retain(|name| !records().any(|record| column::read(record, name).is_some()));
                let Some(name) = unseen.first() else { return Ok(()) };
                let mut found = Found::default();
                records().for_each(|record| {
                    found.look(record);
                });
                Err(no_column(name, found.names()))
            }
            Columns::All(named) => {
                let found = &mut self.found;
                let has_new = records().fold(false, |has_new, record| found.look(record) | has_new);
                let missing = (!self.held.is_empty()).then(|| named.iter().find(|name| !has(found.names(), name)));
                if let Some(name) = missing.flatten() {
                    return Err(no_column(name, found.names()));
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
        self.database.shared().put(Held { bytes: std::mem::take(&mut self.held), time, ..Held::default() });
        self.database.limit(self.timeout);
        let ran = self.rows(give);
        self.database.limit(None);
        if let Ok(held) = Arc::try_unwrap(self.database.shared().put(Held::default())) {
            self.held = held.bytes;
        }
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
    fn block(&mut self, block: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
        self.held.extend_from_slice(block.bytes);
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
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
            if self.held.is_empty() {
                out.bad_record(b"null", &format!("the query failed on an empty batch: {reason}"))?;
            }
            for record in self.held.split(|&byte| byte == b'\n').filter(|record| !record.is_empty()) {
                out.bad_record(record, &format!("its batch: {reason}"))?;
            }
        }
        self.held.clear();
        out.end(time);
        Ok(())
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
