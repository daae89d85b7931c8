//! The connection: what a query may do, how long it may take, which columns it asks for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use regex::Regex;
use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, Error};

use crate::column::RECORD;
use crate::table::{self, Shared, lock};
use crate::value::Origin;

/// A column that no record can have: a query that reads it asks for all.
const ALL: &str = "\u{1}all";

/// How many of SQLite's instructions pass between two looks at the time.
const INSTRUCTIONS: i32 = 100_000;

/// A connection with the table `batch`, and nothing else.
pub struct Database {
    connection: Connection,
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

/// What callbacks of SQLite know.
#[derive(Default)]
struct Guard {
    /// The statement is one of ours.
    is_open: AtomicBool,
    /// Somebody asked for [`ALL`].
    asks_for_all: AtomicBool,
    /// Somebody asked for records as they are.
    asks_for_records: AtomicBool,
    /// What was refused.
    refused: Mutex<Option<&'static str>>,
    /// When the query is stopped.
    deadline: Mutex<Option<Instant>>,
}

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// The columns of `batch` that it names.
    pub columns: Vec<String>,
    /// It has a `*`: whatever columns there are.
    pub all: bool,
    /// It asks for records as they are.
    pub records: bool,
}

impl Database {
    /// An empty one in memory.
    pub fn open() -> Result<Database, Error> {
        let mut connection = Connection::open_in_memory()?;
        let (shared, guard) = (Arc::<Shared>::default(), Arc::<Guard>::default());
        // Else "level" is a string where no column has that name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        table::register(&connection, shared.clone())?;
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection.create_scalar_function("regexp", 2, flags, |context| matches(context))?;
        let (authorizer, clock) = (guard.clone(), guard.clone());
        connection.authorizer(Some(move |context: AuthContext<'_>| authorizer.may(&context)))?;
        connection.progress_handler(INSTRUCTIONS, Some(move || clock.is_over()))?;
        Ok(Database { connection, shared, guard })
    }

    /// What the table and the operator share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The connection, for a query.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Makes the table anew, with these columns.
    pub fn declare(&self, columns: &[String]) -> Result<(), Error> {
        self.connection.flush_prepared_statement_cache();
        self.guard.is_open.store(true, Ordering::Relaxed);
        let declared = table::declare(&self.connection, &self.shared, columns);
        self.guard.is_open.store(false, Ordering::Relaxed);
        declared
    }

    /// Makes a static table anew, with these columns and the rows that `fill` inserts. When something
    /// fails the one before is still there.
    pub fn replace(
        &self,
        name: &str,
        columns: &[String],
        fill: impl FnOnce(&mut rusqlite::Statement<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.guard.is_open.store(true, Ordering::Relaxed);
        let replaced = self.replace_within(name, columns, fill);
        self.guard.is_open.store(false, Ordering::Relaxed);
        replaced
    }

    fn replace_within(
        &self,
        name: &str,
        columns: &[String],
        fill: impl FnOnce(&mut rusqlite::Statement<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let table = quoted(name);
        let names = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
        let places = vec!["?"; columns.len()].join(",");
        // Taken back when it is dropped without a commit.
        let transaction = self.connection.unchecked_transaction()?;
        self.connection
            .execute_batch(&format!("drop table if exists temp.{table}; create table temp.{table}({names})"))?;
        fill(&mut self.connection.prepare(&format!("insert into temp.{table} values({places})"))?)?;
        transaction.commit()
    }

    /// Stops the query that runs next when it has run so long.
    pub fn limit(&self, longest: Option<Duration>) {
        *lock(&self.guard.deadline) = longest.map(|longest| Instant::now() + longest);
    }

    /// Finds out what a query asks for; nothing is run.
    ///
    /// # Errors
    /// What is wrong with it, where.
    pub fn ask(&self, query: &str) -> Result<Asked, String> {
        let mut columns: Vec<String> = Vec::new();
        let mut tried: Vec<String> = Vec::new();
        loop {
            let with_all: Vec<String> = columns.iter().cloned().chain([ALL.to_owned()]).collect();
            self.declare(&with_all).map_err(|error| error.to_string())?;
            self.guard.asks_for_all.store(false, Ordering::Relaxed);
            self.guard.asks_for_records.store(false, Ordering::Relaxed);
            let error = match self.connection.prepare(query) {
                Ok(statement) => {
                    if statement.column_count() == 0 || statement.is_explain() != 0 {
                        return Err("this is no query: begin it with select, values or with".to_owned());
                    }
                    if statement.parameter_count() > 0 {
                        return Err("a parameter (? or :name) has no value here: write the value".to_owned());
                    }
                    // The columns of a natural join are those that both sides have.
                    let all = self.guard.asks_for_all.load(Ordering::Relaxed) || has_word(query, "natural");
                    return Ok(Asked { columns, all, records: self.guard.asks_for_records.load(Ordering::Relaxed) });
                }
                Err(error) => error,
            };
            // It may be a column of records to come: first without what may be its table, as b.level,
            // then all of it, as "user.id".
            let Some(name) = missing_column(&error) else { return Err(self.explain(&error, query)) };
            let short = unqualified(&name);
            match tried.iter().filter(|tried| **tried == name).count() {
                0 => columns.push(short.to_owned()),
                1 if short != name => {
                    columns.retain(|column| column != short);
                    columns.push(name.clone());
                }
                _ => return Err(self.explain(&error, query)),
            }
            tried.push(name);
        }
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

    /// An error of SQLite in words, with the place where it is known.
    pub fn explain(&self, error: &Error, query: &str) -> String {
        if let Some(refused) = lock(&self.guard.refused).take() {
            return format!("{refused}: a query only reads, and only the stream's tables");
        }
        match error {
            Error::SqlInputError { msg, offset, .. } => match usize::try_from(*offset).ok() {
                Some(offset) => format!("{msg}, at {}", place(query, offset)),
                None => msg.clone(),
            },
            Error::MultipleStatement => "there is something behind the query's end: one query, please".to_owned(),
            Error::SqliteFailure(failure, _) if failure.code == rusqlite::ErrorCode::OperationInterrupted => {
                "the query ran longer than --query-timeout allows".to_owned()
            }
            Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        }
    }
}

impl Guard {
    fn may(&self, context: &AuthContext<'_>) -> Authorization {
        if self.is_open.load(Ordering::Relaxed) {
            return Authorization::Allow;
        }
        let refused = match context.action {
            AuthAction::Select | AuthAction::Recursive => return Authorization::Allow,
            AuthAction::Read { column_name, .. } => {
                if column_name == ALL {
                    self.asks_for_all.store(true, Ordering::Relaxed);
                }
                if column_name == RECORD {
                    self.asks_for_records.store(true, Ordering::Relaxed);
                }
                return Authorization::Allow;
            }
            AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
                return Authorization::Allow;
            }
            AuthAction::Function { .. } => "load_extension is refused",
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => "ATTACH and DETACH are refused",
            AuthAction::Pragma { .. } => "PRAGMA is refused",
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => "transactions are refused",
            _ => "statements that change something are refused",
        };
        lock(&self.refused).get_or_insert(refused);
        Authorization::Deny
    }

    fn is_over(&self) -> bool {
        lock(&self.deadline).is_some_and(|deadline| Instant::now() > deadline)
    }
}

/// A name as SQL takes it for one.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The column that SQLite does not know, as the query calls it.
fn missing_column(error: &Error) -> Option<String> {
    // Of one in a join no place is known.
    let (Error::SqlInputError { msg, .. } | Error::SqliteFailure(_, Some(msg))) = error else { return None };
    if let Some(rest) = msg.strip_prefix("cannot join using column ") {
        return rest.strip_suffix(" - column not present in both tables").map(str::to_owned);
    }
    let name = msg.strip_prefix("no such column: ")?;
    // Behind a name in double quotes comes advice.
    let name = name.strip_suffix(" - should this be a string literal in single-quotes?").unwrap_or(name);
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    Some(name.to_owned())
}

/// Whether a query has a word somewhere.
fn has_word(query: &str, word: &str) -> bool {
    query.split(|c: char| !c.is_alphanumeric() && c != '_').any(|other| other.eq_ignore_ascii_case(word))
}

/// A name without its table's.
fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

/// A place in a query, for people.
fn place(query: &str, offset: usize) -> String {
    let before = query.get(..offset).unwrap_or(query);
    let line = before.matches('\n').count() + 1;
    let character = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let rest: String = query.get(offset..).unwrap_or_default().chars().take(20).collect();
    let line = if query.contains('\n') { format!("line {line}, ") } else { String::new() };
    format!("{line}character {character}: {}", rest.lines().next().unwrap_or_default())
}

/// `text REGEXP pattern`; the pattern is compiled once a query where it is a constant.
fn matches(context: &Context<'_>) -> Result<Option<bool>, Error> {
    let regex: Arc<Regex> = context
        .get_or_create_aux(0, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            Ok(Regex::new(pattern.as_str()?)?)
        })?;
    let text = context.get_raw(1);
    if text == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    let text: String = match text.as_str() {
        Ok(text) => text.to_owned(),
        Err(_) => match text {
            rusqlite::types::ValueRef::Integer(value) => value.to_string(),
            rusqlite::types::ValueRef::Real(value) => value.to_string(),
            _ => return Ok(Some(false)),
        },
    };
    Ok(Some(regex.is_match(&text)))
}
