//! The command line.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use sstream::connect::{FileBeside, Operator, OperatorKind, OperatorParts, ToolError, duration};

use crate::beside::{self, TableFile};
use crate::column::HIDDEN;
use crate::database::Database;
use crate::operator::Sql;

/// Options of `sstream-sql`.
#[derive(clap::Args, Debug)]
pub struct SqlArgs {
    /// A query of the table batch, in SQLite's SQL
    query: String,

    /// The columns that batch has, whatever the records have; one that a record lacks is NULL
    /// [default: those of the records]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Query")]
    fields: Option<Vec<String>>,

    /// A table NAME for the query to join with, of a file: CSV with a header (.csv), JSON lines (.jsonl), or
    /// the table NAME of a database of SQLite; read again when it changes. May be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = beside::parse, help_heading = "Query")]
    table: Vec<TableFile>,

    /// A query that takes longer fails
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "1m", help_heading = "Query")]
    query_timeout: Duration,
}

impl SqlArgs {
    /// The operator, in a database with the tables of these files.
    fn operator(&self, database: Rc<Database>, files: Vec<FileBeside<()>>) -> Result<Sql, ToolError> {
        Sql::new(database, files, &self.query, self.fields.as_deref(), Some(self.query_timeout))
            .map_err(|reason| ToolError::Usage(format!("QUERY: {reason}")))
    }

    /// Opens what `--table` names.
    fn files(&self, database: &Rc<Database>, parts: &OperatorParts<'_>) -> Result<Vec<FileBeside<()>>, ToolError> {
        let open = |table: &TableFile| {
            let (database, name) = (database.clone(), table.name.clone());
            let load = move |path: &Path, content: &[u8]| beside::load(&database, &name, path, content);
            parts.beside(&table.path, Box::new(load))
        };
        self.table.iter().map(open).collect()
    }

    /// Options that do not go together.
    fn check(&self) -> Result<(), ToolError> {
        for (index, TableFile { name, .. }) in self.table.iter().enumerate() {
            if self.table[..index].iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
                return Err(ToolError::Usage(format!("--table {name}: there are two tables of that name")));
            }
        }
        self.check_fields().map_err(ToolError::Usage)
    }
}

impl SqlArgs {
    /// Names that a table can have beside each other.
    fn check_fields(&self) -> Result<(), String> {
        let fields = self.fields.as_deref().unwrap_or_default();
        for (index, name) in fields.iter().enumerate() {
            let is_same = |other: &str| other.eq_ignore_ascii_case(name);
            if name.is_empty() {
                return Err("--fields: a column without a name".to_owned());
            }
            if HIDDEN.iter().any(|hidden| is_same(hidden)) {
                return Err(format!("--fields: {name} is there anyway, and is not one of the record's: leave it out"));
            }
            if let Some(other) = fields[..index].iter().find(|other| is_same(other)) {
                return Err(format!("--fields: {other} and {name} are one column to SQL: name it once"));
            }
        }
        Ok(())
    }
}

impl OperatorKind for SqlArgs {
    const TOOL: &'static str = "sstream-sql";

    const ABOUT: &'static str = "Ask each batch in SQL

The query, in SQLite's SQL, is run when a batch has ended; its rows come out as objects, in the query's order. Each batch is the table batch. Its columns are an object's keys, a pair's key and value, and value of anything else; record (its JSON) and batch_time (milliseconds) are there too, but * leaves them out. What a record lacks is NULL, as null is. A column that no record has had so far is an error. With * a new key is a new column from the batch on in which it came.

Only the columns that the query names are read. Names that differ in case alone are one column.

With --table a file is a table of the same query. A field of CSV that is written as a number is one. A column that is named without its table, as name and not batch.name, is the file's if that has it.

true and false are 1 and 0; arrays and objects are JSON, for SQLite's JSON functions; integers beyond 64 bits are their digits as text. A column of batch that the query only passes on comes out as it was: numbers with all their digits, arrays and objects as such. text REGEXP pattern is there beside SQLite's functions.

A query only reads, and no files but those of --table. One that fails, as by an integer overflow, makes all records of its batch bad records. While a batch is open the columns that the query names are in memory, with * or --on-error all of its records; and so is what a query sorts.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sql 'select level, count(*) as n from batch group by level order by n desc'
  … | sstream-window 30s 10s | sstream-sql 'select host, max(ms) as slowest from batch group by host'
  … | sstream-sql --table users=users.csv 'select users.name, batch.amount from batch join users using (id)'
  … | sstream-sql 'select user ->> \"$.name\" as name, price * amount as sum from batch where amount > 1'
";

    const OF_RUNNING: &'static [&'static str] = &["query-timeout"];

    fn account(&self) -> Result<Vec<String>, ToolError> {
        self.check()?;
        if self.table.is_empty() {
            // What is in a table's file is not known here.
            self.operator(Rc::new(opened()?), Vec::new())?;
        }
        let of_file = |TableFile { name, path }: &TableFile| {
            format!("has {} as its table {name}, read again when it changes", path.display())
        };
        let mut does = vec![format!("asks each batch: {}", self.query)];
        does.extend(self.table.iter().map(of_file));
        does.push("keeps the open batch".to_owned());
        Ok(does)
    }

    fn open(self, parts: &OperatorParts<'_>) -> Result<Box<dyn Operator>, ToolError> {
        self.check()?;
        let database = Rc::new(opened()?);
        let files = self.files(&database, parts)?;
        Ok(Box::new(self.operator(database, files)?))
    }
}

fn opened() -> Result<Database, ToolError> {
    Database::open().map_err(|error| ToolError::Usage(error.to_string()))
}
