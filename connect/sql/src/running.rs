//! `--query NAME SQL`: asks the tables of a stage that runs, and only reads.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use sstream::connect::{Exit, ToolError, runtime};

use crate::ask::check;
use crate::database::{Database, is_of_the_world};
use crate::guard::May;
use crate::rows::{Failed, give_rows};
use crate::scratch;

/// It is stopped when it runs longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Prints what a query answers, a line of JSON a row.
///
/// # Errors
/// No such stage runs, or the query is wrong.
pub fn query(name: &str, sql: &str) -> Result<(), ToolError> {
    let path = tables_of(name)?;
    let failed = |what: String, exit| ToolError::Command { message: format!("{name}: {what}"), exit };
    let gone = |error: &rusqlite::Error| {
        failed(format!("its tables cannot be read: {error}: has it ended just now?"), Exit::World)
    };
    let database = Database::of_stage(&path).map_err(|error| gone(&error))?;
    check_query(&database, sql).map_err(|reason| ToolError::Usage(format!("SQL: {reason}")))?;
    database.limit(Some(LONGEST));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let answered = give_rows(&database, sql, &mut |row| {
        written = out.write_all(row).and_then(|()| out.write_all(b"\n"));
        written.is_ok()
    });
    answered.map_err(|error| {
        let is_of_the_world = matches!(&error, Failed::Sqlite(error) if is_of_the_world(error));
        failed(error.words(&database, sql), if is_of_the_world { Exit::World } else { Exit::BadRecord })
    })?;
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(ToolError::Open { what: "stdout".to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// Whether it is one query, that only reads. There is no `batch` here.
fn check_query(database: &Database, sql: &str) -> Result<(), String> {
    let connection = database.connection();
    let statement = connection.prepare(sql).map_err(|error| database.explain(&error, sql))?;
    check(&statement, May::Read, 0)
}

/// Where the tables are of the only stage that is meant.
fn tables_of(name: &str) -> Result<PathBuf, ToolError> {
    let called = runtime::stages_of(name);
    if called.is_empty() {
        return Err(ToolError::Command {
            message: format!(
                "{name}: no running pipeline of this user is called so: sstream ps lists them, by name, id or process"
            ),
            exit: Exit::World,
        });
    }
    let found: Vec<(u32, String, PathBuf)> =
        called.into_iter().filter_map(|(pid, stage)| Some((pid, stage, scratch::of_process(pid)?))).collect();
    match found.as_slice() {
        [] => Err(ToolError::Usage(format!("{name}: it has no sstream-sql with tables of --init"))),
        [(_, _, path)] => Ok(path.clone()),
        several => {
            let stages: Vec<String> = several.iter().map(|(pid, stage, _)| format!("{pid} ({stage})")).collect();
            Err(ToolError::Usage(format!(
                "{name}: several stages have tables: name one process: {}",
                stages.join(", ")
            )))
        }
    }
}
