//! The options of all sinks that write into tables.

use std::time::Duration;

use clap::Args;
use sstream::connect::{MemoryArgs, SinkOnCluster, duration};

use crate::statement::Statement;

/// What is written where.
#[derive(Args, Clone, Debug)]
pub struct TableArgs {
    /// The table to insert into, as NAME or SCHEMA.NAME, with a column for each key of a record; as 'NAME(COLUMN,…)'
    /// into these: other keys are left out, keys that lack are NULL, and a record that is an array has its values in
    /// this order
    #[arg(long, value_name = "TABLE", value_parser = parse_table, help_heading = "Tables", required_unless_present = "sql")]
    table: Option<Named>,

    /// The columns of a key of the table: a row that is there with the same ones gets the other values
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', help_heading = "Tables", conflicts_with = "sql")]
    key: Vec<String>,

    /// Make the table, if there is none, with columns for the records of the first batch
    #[arg(long, help_heading = "Tables", conflicts_with = "sql")]
    create: bool,

    /// The type of a column that --create makes, as at=timestamptz; several times for several
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = parse_type, help_heading = "Tables", requires = "create")]
    types: Vec<(String, String)>,

    /// A statement to run for each record, with :name for the value of that key; several times for
    /// several statements
    #[arg(long, value_name = "STATEMENT", help_heading = "Tables", conflicts_with = "table")]
    sql: Vec<String>,

    /// How often a transaction is tried again that was in the way of others (a deadlock, a conflict)
    #[arg(long, value_name = "TIMES", default_value_t = 10, help_heading = "Tables")]
    pub retry: u32,

    /// Give up (exit 1) when the database is away for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Tables")]
    pub retry_for: Option<Duration>,

    /// How much of a batch is kept in memory until its end has come.
    #[command(flatten)]
    pub memory: MemoryArgs,
}

/// A table, with its columns if these were told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    name: String,
    columns: Option<Vec<String>>,
}

fn parse_table(text: &str) -> Result<Named, String> {
    let Some((name, columns)) = text.split_once('(') else {
        return Ok(Named { name: text.to_owned(), columns: None });
    };
    let columns = columns.strip_suffix(')').ok_or("columns of a table are as 'totals(path,count)'")?;
    let columns: Vec<String> = columns.split(',').map(|column| column.trim().to_owned()).collect();
    match columns.iter().any(String::is_empty) {
        true => Err("a column without a name: columns of a table are as 'totals(path,count)'".to_owned()),
        false => Ok(Named { name: name.trim().to_owned(), columns: Some(columns) }),
    }
}

fn parse_type(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, kind)) if !column.is_empty() && !kind.is_empty() => Ok((column.to_owned(), kind.to_owned())),
        _ => Err("a column and its type are as at=timestamptz".to_owned()),
    }
}

/// Where rows go.
#[derive(Clone, Debug)]
pub enum Target {
    /// Into a table.
    Table(Table),
    /// Into statements, all of them for each row. Their parameters are the row's columns.
    Statements(Vec<Statement>),
}

/// A table, and how rows get into it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name; a schema stands before it, and a dot between.
    pub name: String,
    /// The columns by which a row is found that is there already; none if rows are only added.
    pub key: Vec<String>,
    /// Whether it is to be made.
    pub create: bool,
    /// Types that were told.
    pub types: Vec<(String, String)>,
}

impl Table {
    /// The name in quotes of this kind, each part for itself.
    pub fn quoted(&self, quote: char) -> String {
        let parts: Vec<String> = self.name.split('.').map(|part| quoted(part, quote)).collect();
        parts.join(".")
    }

    /// The columns that are no part of the key.
    pub fn others<'c>(&self, columns: &'c [String]) -> Vec<&'c String> {
        columns.iter().filter(|column| !self.key.contains(column)).collect()
    }
}

/// A name in quotes, as it is.
pub fn quoted(name: &str, quote: char) -> String {
    format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
}

impl TableArgs {
    /// Options that do not go together.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn check(&self) -> Result<(), String> {
        let told = self.table.as_ref().and_then(|table| table.columns.as_ref());
        let is_column = |column: &String| told.is_none_or(|told| told.contains(column));
        match self.key.iter().find(|column| !is_column(column)) {
            Some(column) => Err(format!("--key {column} is none of the columns of --table")),
            None => Ok(()),
        }
    }

    /// Where the sink is on a Spark cluster: rows that are added do not meet; of a row that is changed the last change
    /// counts, and a table is made for all records of a batch.
    pub fn on_cluster(&self) -> SinkOnCluster {
        match self.sql.is_empty() && self.key.is_empty() && !self.create {
            true => SinkOnCluster::Partitions,
            false => SinkOnCluster::Whole,
        }
    }

    /// Where rows go.
    pub fn target(&self) -> Target {
        match &self.table {
            Some(table) => Target::Table(Table {
                name: table.name.clone(),
                key: self.key.clone(),
                create: self.create,
                types: self.types.clone(),
            }),
            None => Target::Statements(self.sql.iter().map(|sql| Statement::parse(sql)).collect()),
        }
    }

    /// The columns that rows have, if that is told.
    pub fn columns(&self) -> Option<Vec<String>> {
        if let Some(table) = &self.table {
            return table.columns.clone();
        }
        let mut columns: Vec<String> = Vec::new();
        for statement in self.sql.iter().map(|sql| Statement::parse(sql)) {
            for name in statement.names() {
                if !columns.contains(name) {
                    columns.push(name.clone());
                }
            }
        }
        Some(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_may_have_its_columns_with_it() {
        let named = |name: &str, columns: Option<&[&str]>| Named {
            name: name.to_owned(),
            columns: columns.map(|columns| columns.iter().map(|column| column.to_string()).collect()),
        };
        assert_eq!(parse_table("a.b"), Ok(named("a.b", None)));
        assert_eq!(parse_table("t(a, b)"), Ok(named("t", Some(&["a", "b"]))));
        for wrong in ["t(a", "t()", "t(a,)"] {
            assert!(parse_table(wrong).is_err(), "{wrong}");
        }
        assert_eq!(quoted("a\"b", '"'), "\"a\"\"b\"");
    }
}
