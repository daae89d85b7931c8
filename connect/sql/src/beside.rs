//! Static tables: files beside the stream, of CSV, of JSON lines, or SQLite's own.

use std::path::{Path, PathBuf};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags};
use sstream::connect::SourceError;
use sstream::connect::forms::{Csv, CsvOptions, Form, Format, Recipe};
use sstream::connect::record::{canonicalize, unescape};

use crate::column::{self, Found};
use crate::database::{Database, quoted};
use crate::value;

/// How a file of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// A table and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// What it is called in SQL.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Parses `NAME=FILE`.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<TableFile, String> {
    let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("expected NAME=FILE, as users=users.csv".to_owned());
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let is_name = name.as_bytes().first().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(&byte) || byte.is_ascii_digit());
    if !is_name || name.len() > 64 {
        return Err(format!("{name}: a table's name is letters, digits and _, and begins with no digit"));
    }
    if name.eq_ignore_ascii_case("batch") || name.to_ascii_lowercase().starts_with("sqlite_") {
        return Err(format!("{name} is taken: choose another name"));
    }
    Ok(TableFile { name: name.to_owned(), path: PathBuf::from(path) })
}

/// Makes the table of the content of its file, in the place of the one there was.
///
/// # Errors
/// The content is none; the table that there was is still there.
pub fn load(database: &Database, name: &str, path: &Path, content: &[u8]) -> Result<(), SourceError> {
    let malformed = |message: String| SourceError::Malformed { place: path.display().to_string(), message };
    if content.starts_with(SQLITE) {
        return copy(database, name, path).map_err(malformed);
    }
    let Read { records, columns, is_csv } = read(path, content)?;
    if columns.is_empty() {
        return Err(malformed("there is no record, and so no column, which a table needs".to_owned()));
    }
    let filled = database.replace(name, &columns, |insert| {
        for record in records.split(|&byte| byte == b'\n').filter(|record| !record.is_empty()) {
            for (index, column) in columns.iter().enumerate() {
                let json = column::read(record, column);
                let number = json.filter(|_| is_csv).and_then(number);
                let json = number.as_deref().or(json);
                value::with_plain(json, |value| insert.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(value)))?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    });
    filled.map_err(|error| malformed(database.explain(&error, "")))
}

/// The records of a file.
#[derive(Default)]
struct Read {
    records: Vec<u8>,
    columns: Vec<String>,
    is_csv: bool,
}

fn read(path: &Path, content: &[u8]) -> Result<Read, SourceError> {
    let place = |message: String| SourceError::Malformed { place: path.display().to_string(), message };
    let mut table = Read { is_csv: is_csv(path, content), ..Read::default() };
    let mut wrong: Option<String> = None;
    let mut bad = |line: &[u8], reason: &str| {
        wrong.get_or_insert_with(|| format!("{reason}: {}", String::from_utf8_lossy(&line[..line.len().min(200)])));
        Ok(())
    };
    // Lines come whole, as the forms expect it.
    let ended = [content, b"\n"].concat();
    let mut csv = Csv::new(CsvOptions::default(), None);
    let mut json = Recipe { form: Form::Json, ..Recipe::default() }.format(b"");
    let format: &mut dyn Format = if table.is_csv { &mut csv } else { &mut *json };
    let took = format.records(ended[..].into(), usize::MAX / 2, &mut table.records, &mut bad);
    took.and_then(|_| format.finish(&mut table.records, &mut bad)).map_err(|error| place(error.to_string()))?;
    if let Some(wrong) = wrong {
        return Err(place(wrong));
    }
    table.columns = match csv.columns() {
        Some(columns) => columns.to_vec(),
        None => {
            let mut found = Found::default();
            table.records.split(|&byte| byte == b'\n').filter(|record| !record.is_empty()).for_each(|record| {
                found.look(record);
            });
            found.names().to_vec()
        }
    };
    Ok(table)
}

/// By its name, or else by how it begins.
fn is_csv(path: &Path, content: &[u8]) -> bool {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("csv") => true,
        Some("json" | "jsonl" | "ndjson") => false,
        _ => !matches!(content.trim_ascii_start().first(), Some(b'{' | b'[')),
    }
}

/// The number that a field of CSV is; one with zeros in front, as in 007, is a name.
fn number(json: &[u8]) -> Option<Vec<u8>> {
    let text = unescape(json);
    let mut canonical = Vec::new();
    let is_number = matches!(text.first(), Some(b'-' | b'0'..=b'9')) && canonicalize(&text, &mut canonical).is_ok();
    (is_number && canonical == *text).then_some(canonical)
}

/// Copies a table of a file of SQLite.
fn copy(database: &Database, name: &str, path: &Path) -> Result<(), String> {
    let words = |error: rusqlite::Error| database.explain(&error, "");
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(words)?;
    let there: Vec<String> = file
        .prepare(
            "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%' order by name",
        )
        .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
        .map_err(words)?;
    if !there.iter().any(|other| other.eq_ignore_ascii_case(name)) {
        return Err(format!("there is no table {name} in it, but {}: --table NAME=FILE names it", there.join(", ")));
    }
    let mut select = file.prepare(&format!("select * from {}", quoted(name))).map_err(words)?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let copied = database.replace(name, &columns, |insert| {
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            for index in 0..columns.len() {
                insert.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(row.get_ref(index)?))?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    });
    copied.map_err(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_as_sql_names_it() {
        assert_eq!(parse("users=a=b.csv").unwrap(), TableFile { name: "users".into(), path: "a=b.csv".into() });
        for wrong in ["users", "users=", "=x", "1a=x", "a-b=x", "Batch=x", "sqlite_x=x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_field_of_csv_is_a_number_where_it_is_written_as_one() {
        for (field, is_number) in
            [("7", true), ("-1.50", true), ("007", false), ("1e3", true), ("+1", false), ("", false)]
        {
            assert_eq!(number(format!("\"{field}\"").as_bytes()).is_some(), is_number, "{field}");
        }
    }
}
