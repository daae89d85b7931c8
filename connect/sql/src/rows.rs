//! The rows of a query, as records.

use rusqlite::Error;
use sstream::connect::record::push_string;

use crate::database::Database;
use crate::table::lock;
use crate::value::{Origin, push_json};

/// Why SQL gave no result.
#[derive(Debug)]
pub enum Failed {
    /// SQLite's error.
    Sqlite(Error),
    /// Ours, in words.
    Words(String),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Sqlite(error)
    }
}

impl From<String> for Failed {
    fn from(words: String) -> Failed {
        Failed::Words(words)
    }
}

impl Failed {
    /// For people; of SQL that is `sql`.
    pub fn words(&self, database: &Database, sql: &str) -> String {
        match self {
            Failed::Sqlite(error) => database.explain(error, sql),
            Failed::Words(words) => words.clone(),
        }
    }
}

/// Runs a query; each row goes to `give` as an object, until that wants no more.
///
/// # Errors
/// The query fails, or has a value that JSON has nothing for.
pub fn give_rows(database: &Database, sql: &str, give: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), Failed> {
    let connection = database.connection();
    let mut statement = connection.prepare_cached(sql)?;
    let columns = database.columns(&statement);
    let held = database.shared().held();
    let mut rows = statement.query([])?;
    let mut names = Vec::new();
    let mut json = Vec::new();
    while let Some(row) = rows.next()? {
        if names.is_empty() {
            // Not sooner: before any record has come * may stand for a column that is named beside it.
            names = names_in_json(&columns)?;
        }
        json.clear();
        for (index, (name, (_, origin))) in names.iter().zip(&columns).enumerate() {
            json.extend_from_slice(name);
            push_json(row.get_ref(index)?, *origin, &lock(&held.passed), &mut json)
                .map_err(|what| format!("the result's column {} {what}", columns[index].0))?;
        }
        json.push(b'}');
        if !give(&json) {
            break;
        }
    }
    Ok(())
}

/// What stands in front of each value of a row.
///
/// # Errors
/// Two columns have one name.
pub fn names_in_json(columns: &[(String, Option<Origin>)]) -> Result<Vec<Vec<u8>>, String> {
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
