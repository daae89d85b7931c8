//! A SQLite file as a database of tables.
//!
//! - *What is committed is on disk*: the checkpoint relies on it, so every commit is synced
//!   (`synchronous = full`).
//! - *Readers are never in the way*: the file has a write-ahead log.
//! - *No digit is lost without a word*: SQLite has integers of 64 bits and floating-point numbers. A number that is
//!   neither is stored as text, and refused by a column that would make a number of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params};
use sstream::connect::BatchTime;
use sstream_tables::args::quoted;
use sstream_tables::{ColumnType, Database, Fault, Rows, Statement, Table, Target, Value, Writer, exact_float};

/// How long another writer is waited for before the transaction is tried again.
const BUSY: Duration = Duration::from_secs(5);

/// So many prepared statements are kept.
const STATEMENTS: usize = 64;

/// A file, open or not.
pub struct File {
    path: PathBuf,
    connection: Option<Connection>,
    /// What the columns of the table make of values.
    affinities: HashMap<String, Affinity>,
}

/// What a column makes of a value, told from its declared type as SQLite does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affinity {
    /// Numbers become text.
    Text,
    /// Integers become floating-point numbers.
    Real,
    /// Text that looks like a number becomes one.
    Number,
    /// Values stay as they are.
    None,
}

impl Affinity {
    fn of(declared: &str) -> Affinity {
        let declared = declared.to_ascii_lowercase();
        let has = |part: &&str| declared.contains(part);
        if has(&"int") {
            Affinity::Number
        } else if ["char", "clob", "text"].iter().any(has) {
            Affinity::Text
        } else if declared.is_empty() || has(&"blob") {
            Affinity::None
        } else if ["real", "floa", "doub"].iter().any(has) {
            Affinity::Real
        } else {
            Affinity::Number
        }
    }
}

impl File {
    /// The file is opened when there is something to write.
    pub fn new(path: PathBuf) -> File {
        File { path, connection: None, affinities: HashMap::new() }
    }

    fn connection(&self) -> Result<&Connection, Fault> {
        self.connection.as_ref().ok_or_else(|| Fault::Away("it is not open".to_owned()))
    }

    fn insert_into(&self, table: &Table, rows: &Rows<'_>) -> Result<(), Fault> {
        let connection = self.connection()?;
        let mut affinities = Vec::new();
        for column in rows.columns() {
            let known = self.affinities.get(&column.to_lowercase());
            affinities.push(
                *known.ok_or_else(|| Fault::Columns(format!("the table {} has no column {column}", table.name)))?,
            );
        }
        let mut statement = connection.prepare_cached(&insert(table, rows.columns())).map_err(hopeless)?;
        for row in rows.iter() {
            for (index, (value, affinity)) in row.iter().zip(&affinities).enumerate() {
                let parameter = Parameter::of(value, *affinity)
                    .map_err(|number| Fault::Refused(lossy(&rows.columns()[index], number)))?;
                statement.raw_bind_parameter(index + 1, parameter).map_err(fault)?;
            }
            statement.raw_execute().map_err(fault)?;
        }
        Ok(())
    }

    fn execute(&self, statements: &[Statement], rows: &Rows<'_>) -> Result<(), Fault> {
        let connection = self.connection()?;
        for row in rows.iter() {
            for statement in statements {
                let sql = statement.with_placeholders(|number| format!("?{number}"));
                let mut prepared = connection.prepare_cached(&sql).map_err(hopeless)?;
                for (index, name) in statement.names().iter().enumerate() {
                    let column = rows.columns().iter().position(|column| column == name);
                    let value = column.map_or(&b"null"[..], |column| row[column]);
                    let parameter =
                        Parameter::of(value, Affinity::None).map_err(|number| Fault::Refused(lossy(name, number)))?;
                    prepared.raw_bind_parameter(index + 1, parameter).map_err(fault)?;
                }
                let mut results = prepared.raw_query();
                // A statement may give rows, as with `returning`: it has run when the last one is asked for.
                while results.next().map_err(fault)?.is_some() {}
            }
        }
        Ok(())
    }

    fn look_at(&mut self, table: &Table) -> Result<(), Fault> {
        let connection = self.connection()?;
        let (schema, name) = table.name.split_once('.').unwrap_or(("main", &table.name));
        let mut query = connection.prepare("select name, type from pragma_table_info(?1, ?2)").map_err(fault)?;
        let columns = query.query_map([name, schema], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let columns: Result<Vec<_>, _> = columns.map_err(fault)?.collect();
        let columns = columns.map_err(fault)?;
        drop(query);
        if columns.is_empty() {
            return Err(Fault::Hopeless(format!(
                "there is no table {}: make it, or have it made by --create",
                table.name
            )));
        }
        self.affinities =
            columns.into_iter().map(|(name, declared)| (name.to_lowercase(), Affinity::of(&declared))).collect();
        Ok(())
    }
}

/// `insert`, or with a key what takes the place of a row that is there.
fn insert(table: &Table, columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quoted(column, '"')).collect();
    let values: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    let mut sql = format!("insert into {} ({}) values ({})", table.quoted('"'), names.join(", "), values.join(", "));
    if !table.key.is_empty() {
        let key: Vec<String> = table.key.iter().map(|column| quoted(column, '"')).collect();
        let others = table.others(columns).into_iter().map(|column| quoted(column, '"'));
        let sets: Vec<String> = others.map(|column| format!("{column} = excluded.{column}")).collect();
        let then = if sets.is_empty() { "nothing".to_owned() } else { format!("update set {}", sets.join(", ")) };
        sql.push_str(&format!(" on conflict ({}) do {then}", key.join(", ")));
    }
    sql
}

fn lossy(column: &str, number: &str) -> String {
    format!("{column}: {number} would lose digits as SQLite's number: have the column's type be text")
}

/// A value as it is bound.
struct Parameter<'v>(Value<'v>);

impl<'v> Parameter<'v> {
    /// The error is a number that would not be what it is in a column of this kind.
    fn of(json: &'v [u8], affinity: Affinity) -> Result<Parameter<'v>, &'v str> {
        let value = Value::of(json);
        if let Value::Number(number) = value
            && match affinity {
                Affinity::Text | Affinity::None => false,
                Affinity::Number => number.parse::<i64>().is_err() && exact_float(number).is_none(),
                Affinity::Real => exact_float(number).is_none(),
            }
        {
            return Err(number);
        }
        // As text it has all digits, where a number would become other text.
        if let (Value::Number(number), Affinity::Text) = (&value, affinity) {
            return Ok(Parameter(Value::Text(number.as_bytes().into())));
        }
        Ok(Parameter(value))
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            Value::Null => ToSqlOutput::Owned(Stored::Null),
            Value::Boolean(value) => ToSqlOutput::Owned(Stored::Integer(i64::from(*value))),
            Value::Number(number) => match (number.parse::<i64>(), exact_float(number)) {
                (Ok(integer), _) => ToSqlOutput::Owned(Stored::Integer(integer)),
                (_, Some(float)) => ToSqlOutput::Owned(Stored::Real(float)),
                _ => ToSqlOutput::Borrowed(ValueRef::Text(number.as_bytes())),
            },
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text)),
            Value::Json(json) => ToSqlOutput::Borrowed(ValueRef::Text(json)),
        })
    }
}

/// What SQLite means.
fn fault(error: rusqlite::Error) -> Fault {
    let words = match &error {
        rusqlite::Error::SqliteFailure(_, Some(words)) => words.clone(),
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            Fault::Again(words)
        }
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => Fault::Refused(words),
        // SQL that looks at values, as json() or abs(), says so where they do not suit it.
        Some(ErrorCode::Unknown) => Fault::Refused(words),
        _ => Fault::Hopeless(words),
    }
}

/// A statement that cannot be prepared is wrong whatever the rows are.
fn hopeless(error: rusqlite::Error) -> Fault {
    match fault(error) {
        Fault::Refused(words) => Fault::Hopeless(words),
        other => other,
    }
}

impl Database for File {
    fn connect(&mut self) -> Result<(), Fault> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = Connection::open(&self.path).map_err(fault)?;
        connection.busy_timeout(BUSY).map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection
            .execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on")
            .map_err(fault)?;
        self.connection = Some(connection);
        Ok(())
    }

    fn disconnect(&mut self) {
        self.connection = None;
    }

    fn newest(&mut self, writer: &Writer) -> Result<Option<BatchTime>, Fault> {
        let connection = self.connection()?;
        connection
            .execute_batch(
                "create table if not exists sstream_commits \
                 (job text, stage text, batch integer not null, primary key (job, stage)) without rowid",
            )
            .map_err(fault)?;
        let newest: Option<i64> = connection
            .query_row(
                "select max(batch) from sstream_commits where job = ?1 and stage = ?2",
                params![writer.job, writer.stage],
                |row| row.get(0),
            )
            .map_err(fault)?;
        Ok(newest.map(|time| BatchTime(time.cast_unsigned())))
    }

    fn forget(&mut self, writer: &Writer) -> Result<(), Fault> {
        let sql = "delete from sstream_commits where job = ?1 and stage = ?2";
        self.connection()?.execute(sql, params![writer.job, writer.stage]).map_err(fault)?;
        Ok(())
    }

    fn create(&mut self, table: &Table, columns: &[(&str, ColumnType)]) -> Result<(), Fault> {
        let told = |name: &str| table.types.iter().find(|(column, _)| column == name).map(|(_, told)| told.as_str());
        let column = |(name, kind): &(&str, ColumnType)| {
            let kind = told(name).unwrap_or(match kind {
                ColumnType::Boolean | ColumnType::Integer => "integer",
                // Without a type values stay as they are.
                ColumnType::Number => "",
                ColumnType::Text | ColumnType::Json => "text",
            });
            format!("{} {kind}", quoted(name, '"'))
        };
        let mut columns: Vec<String> = columns.iter().map(column).collect();
        if !table.key.is_empty() {
            let key: Vec<String> = table.key.iter().map(|column| quoted(column, '"')).collect();
            columns.push(format!("primary key ({})", key.join(", ")));
        }
        let sql = format!("create table if not exists {} ({})", table.quoted('"'), columns.join(", "));
        self.connection()?.execute_batch(&sql).map_err(hopeless)
    }

    fn begin(&mut self, writer: &Writer, time: BatchTime) -> Result<bool, Fault> {
        let connection = self.connection()?;
        connection.execute_batch("begin immediate").map_err(fault)?;
        let noted = connection
            .execute(
                "insert into sstream_commits values (?1, ?2, ?3) \
                 on conflict do update set batch = excluded.batch where batch < excluded.batch",
                params![writer.job, writer.stage, time.0.cast_signed()],
            )
            .map_err(fault)?;
        if noted == 0 {
            self.roll_back();
        }
        Ok(noted > 0)
    }

    fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault> {
        if let Target::Table(table) = target
            && self.affinities.is_empty()
        {
            self.look_at(table)?;
        }
        self.connection()?.execute_batch("savepoint sstream").map_err(fault)?;
        let inserted = match target {
            Target::Table(table) => self.insert_into(table, rows),
            Target::Statements(statements) => self.execute(statements, rows),
        };
        let end = match inserted {
            Ok(()) => "release sstream",
            Err(_) => "rollback to sstream; release sstream",
        };
        let ended = self.connection()?.execute_batch(end).map_err(fault);
        inserted.and(ended)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.connection()?.execute_batch("commit").map_err(fault)
    }

    fn roll_back(&mut self) {
        // If there is none, that is what is wanted; if it fails, a new connection has none.
        if let Some(connection) = &self.connection
            && !connection.is_autocommit()
            && connection.execute_batch("rollback").is_err()
        {
            self.disconnect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinities_are_those_of_sqlite() {
        for (declared, affinity) in [
            ("", Affinity::None),
            ("BIGINT", Affinity::Number),
            ("varchar(10)", Affinity::Text),
            ("double precision", Affinity::Real),
            ("numeric(10,2)", Affinity::Number),
            ("blob", Affinity::None),
            ("timestamp", Affinity::Number),
        ] {
            assert_eq!(Affinity::of(declared), affinity, "{declared}");
        }
    }
}
