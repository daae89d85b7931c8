//! What the user's SQL asks for, found out before the first batch: SQLite prepares it on a table
//! `batch` that gets the columns that it does not know yet, until all are there.

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Error};
use sstream::connect::nearest;

use crate::database::Database;
use crate::guard::{ALL, May};

/// SQL that was checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its statements.
    pub statements: Vec<Statement>,
    /// The columns of `batch` that it names.
    pub columns: Vec<String>,
    /// It has a `*`: whatever columns there are.
    pub all: bool,
    /// It asks for records as they are.
    pub records: bool,
}

/// One of several statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub sql: String,
    /// Its rows are the result.
    pub gives: bool,
    /// It has a `*` of `batch`.
    pub all: bool,
}

/// Finds out what SQL asks for; nothing is run. `fixed` are the columns of `batch`, if they do not
/// depend on its records.
///
/// # Errors
/// What is wrong with it, where.
pub fn ask(database: &Database, sql: &str, may: May, fixed: Option<&[String]>) -> Result<Asked, String> {
    let mut columns: Vec<String> = Vec::new();
    let mut tried: Vec<String> = Vec::new();
    loop {
        let declared: Vec<String> = match fixed {
            Some(fixed) => fixed.to_vec(),
            None => columns.iter().cloned().chain([ALL.to_owned()]).collect(),
        };
        database.declare(&declared).map_err(|error| error.to_string())?;
        let error = match prepare(database, sql, may)? {
            Ok(mut asked) => {
                if fixed.is_none() {
                    one_meaning(database, sql, may, &columns)?;
                    asked.columns = columns;
                }
                return Ok(asked);
            }
            Err(error) => error,
        };
        let explain = || {
            let text = database.explain(&error, sql);
            let is_of_star = fixed.is_none() && text.contains("values were supplied");
            text + if is_of_star { ": name the columns in the place of *, or give --fields" } else { "" }
        };
        // It may be a column of records to come: first without what may be its table, as b.level,
        // then all of it, as "user.id".
        let Some(name) = missing_column(&error) else {
            let reason = explain();
            if fixed.is_none() {
                one_meaning(database, sql, may, &columns)?;
            }
            return Err(reason);
        };
        let short = unqualified(&name);
        if let Some(fixed) = fixed {
            return Err(no_column(short, fixed));
        }
        match tried.iter().filter(|tried| **tried == name).count() {
            0 => columns.push(short.to_owned()),
            1 if short != name => {
                columns.retain(|column| column != short);
                columns.push(name.clone());
            }
            _ => return Err(explain()),
        }
        tried.push(name);
    }
}

/// Names of a subquery that would be others if `batch` had such a column, which is not known before
/// its records are, have no sure meaning.
fn one_meaning(database: &Database, sql: &str, may: May, columns: &[String]) -> Result<(), String> {
    let of_tables = database.columns_of_tables().map_err(|error| error.to_string())?;
    let others: Vec<String> = of_tables.into_iter().filter(|name| !has(columns, name)).collect();
    if others.is_empty() {
        return Ok(());
    }
    let declared: Vec<String> = columns.iter().chain(&others).cloned().chain([ALL.to_owned()]).collect();
    database.declare(&declared).map_err(|error| error.to_string())?;
    // Where it is wrong with them it is not meant with them, as where a name is in a join.
    let Ok(Ok(asked)) = prepare(database, sql, may) else { return Ok(()) };
    match asked.columns.iter().find(|name| has(&others, name)) {
        Some(name) if !asked.all => Err(format!(
            "{name} may be a column of batch or of another table, as the records are: write batch.{name}, or the other \
             table's name in front"
        )),
        _ => Ok(()),
    }
}

/// Prepares each statement, and says what they are. The outer error is in words.
fn prepare(database: &Database, sql: &str, may: May) -> Result<Result<Asked, Error>, String> {
    database.reads();
    database.letting(may, |connection| {
        let mut asked = Asked { statements: Vec::new(), columns: Vec::new(), all: false, records: false };
        let mut batch = Batch::new(connection, sql);
        loop {
            let statement = match batch.next() {
                Ok(Some(statement)) => statement,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            check(&statement, may, asked.statements.len())?;
            let reads = database.reads();
            let text = statement.expanded_sql().unwrap_or_default();
            // The columns of a natural join are those that both sides have.
            let all = reads.all || has_word(&text, "natural");
            let gives = statement.column_count() > 0;
            if let Some(lost) = asked.statements.iter().find(|statement| statement.gives && gives) {
                return Err(format!(
                    "only the rows of the last query come out: those of the one before would be lost: {}",
                    lost.sql
                ));
            }
            asked.all |= all;
            asked.records |= reads.records;
            for name in reads.columns {
                if !asked.columns.contains(&name) {
                    asked.columns.push(name);
                }
            }
            asked.statements.push(Statement { sql: text, gives, all });
        }
        if asked.statements.is_empty() {
            return Err("SQL is empty".to_owned());
        }
        Ok(Ok(asked))
    })
}

/// Whether a statement is one that can be there, after so many others.
///
/// # Errors
/// Why not.
pub fn check(statement: &rusqlite::Statement<'_>, may: May, others: usize) -> Result<(), String> {
    let is_query = statement.column_count() > 0 && statement.is_explain() == 0;
    if statement.is_explain() != 0 || (may == May::Read && !is_query) {
        return Err("this is no query: begin it with select, values or with".to_owned());
    }
    if may == May::Read && others > 0 {
        return Err("there is something behind the query's end: one query, please".to_owned());
    }
    // Of this one SQLite does not ask before it runs.
    let begins = statement.expanded_sql().unwrap_or_default();
    if begins.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("vacuum")) {
        return Err("ATTACH, DETACH and VACUUM are refused: only the stream's tables are there".to_owned());
    }
    if statement.parameter_count() > 0 {
        return Err("a parameter (? or :name) has no value here: write the value".to_owned());
    }
    Ok(())
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

/// Whether a name is among these, as SQL compares names.
pub fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// That a column is not there, and which are.
pub fn no_column(name: &str, names: &[String]) -> String {
    let near = nearest(name, names).map_or_else(String::new, |near| format!("did you mean {near}? "));
    let there = match names {
        [] => "record and batch_time alone".to_owned(),
        names => names.join(", "),
    };
    format!("no such column: {name}: {near}there are {there}")
}
