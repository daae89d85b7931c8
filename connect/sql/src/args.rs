//! The command line.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use sstream::connect::{
    Console, Exit, FileBeside, Level, Operator, OperatorKind, OperatorParts, Shown, StateArgs, ToolError, duration,
};

use crate::beside::{self, TableFile};
use crate::column::HIDDEN;
use crate::database::Database;
use crate::guard::May;
use crate::living::{self, Living};
use crate::operator::{Sql, Tables};
use crate::running;
use crate::scratch::Scratch;

/// Options of `sstream-sql`.
#[derive(clap::Args, Debug)]
pub struct SqlArgs {
    /// A query of the table batch, in SQLite's SQL; with --init also several statements with ; between, which
    /// change its tables, and of which the last query gives the result
    #[arg(required_unless_present = "query")]
    sql: Option<String>,

    /// Tables that live on from batch to batch: CREATE TABLE and what else makes them and fills them in the beginning
    #[arg(long, value_name = "SQL", help_heading = "Tables")]
    init: Option<String>,

    /// A table NAME for the query to join with, of a file: CSV with a header (.csv), JSON lines (.jsonl), or
    /// the table NAME of a database of SQLite; read again when it changes. May be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = beside::parse, help_heading = "Tables")]
    table: Vec<TableFile>,

    /// Asks the tables of --init in a pipeline that runs, by its --name, id or process as sstream ps lists
    /// them, and prints the rows as JSON lines; it only reads
    #[arg(long, num_args = 2, value_names = ["NAME", "SQL"], exclusive = true, help_heading = "Tables")]
    query: Option<Vec<String>>,

    /// The columns that batch has, whatever the records have; one that a record lacks is NULL
    /// [default: those of the records]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Query")]
    fields: Option<Vec<String>>,

    /// A batch whose SQL takes longer fails
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "1m", help_heading = "Query")]
    query_timeout: Duration,

    #[command(flatten)]
    state: StateArgs,
}

impl SqlArgs {
    /// The SQL, which clap has seen to be there.
    fn sql(&self) -> &str {
        self.sql.as_deref().unwrap_or_default()
    }

    /// What the statements may do.
    fn may(&self) -> May {
        if self.init.is_some() { May::Change } else { May::Read }
    }

    /// The operator, with these tables.
    fn operator(&self, tables: Tables, may: May) -> Result<Sql, ToolError> {
        let name = if self.init.is_some() { "SQL" } else { "QUERY" };
        Sql::new(tables, (self.sql(), may), self.fields.as_deref(), Some(self.query_timeout))
            .map_err(|reason| ToolError::Usage(format!("{name}: {reason}")))
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

    /// A database in memory, with the tables of `--init`.
    fn in_memory(&self) -> Result<Database, ToolError> {
        let database = Database::in_memory().map_err(|error| ToolError::Usage(error.to_string()))?;
        self.make_tables(&database)?;
        Ok(database)
    }

    /// A database with tables that live on, if there are any.
    fn living(&self, console: &Console) -> Result<(Rc<Database>, Option<Living>), ToolError> {
        if self.init.is_none() {
            return Ok((Rc::new(self.in_memory()?), None));
        }
        let scratch = Scratch::new(console).map_err(|error| ToolError::Open { what: "$TMPDIR".to_owned(), error })?;
        let path = scratch.database();
        let database = Rc::new(Database::in_file(&path).map_err(|error| ToolError::Command {
            message: format!("{}: {error}", path.display()),
            exit: Exit::World,
        })?);
        self.make_tables(&database)?;
        let living = Living::new(database.clone(), scratch).map_err(ToolError::kind)?;
        Ok((database, Some(living)))
    }

    /// Does what `--init` says.
    fn make_tables(&self, database: &Database) -> Result<(), ToolError> {
        let Some(init) = &self.init else { return Ok(()) };
        let wrong = |reason: String| ToolError::Usage(format!("--init: {reason}"));
        database.limit(Some(self.query_timeout));
        let made = database.letting(May::Make, |connection| connection.execute_batch(init));
        database.limit(None);
        made.map_err(|error| wrong(database.explain(&error, init)))?;
        let tables = living::tables(database).map_err(|error| wrong(error.to_string()))?;
        if tables.is_empty() {
            return Err(wrong("it makes no table: create table NAME(COLUMN, …)".to_owned()));
        }
        for name in tables.keys() {
            if name.eq_ignore_ascii_case("batch") {
                return Err(wrong("batch is the stream's: choose another name".to_owned()));
            }
            if self.table.iter().any(|file| file.name.eq_ignore_ascii_case(name)) {
                return Err(wrong(format!("{name} is a table of --table, too: choose another name")));
            }
        }
        Ok(())
    }

    /// Options that do not go together.
    fn check(&self) -> Result<(), ToolError> {
        for (index, TableFile { name, .. }) in self.table.iter().enumerate() {
            if self.table[..index].iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
                return Err(ToolError::Usage(format!("--table {name}: there are two tables of that name")));
            }
        }
        if self.init.is_none() && self.state.checkpoint_every.is_some() {
            return Err(ToolError::Usage("--checkpoint-every: there is no state without tables of --init".to_owned()));
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

The SQL, SQLite's, is run when a batch has ended; the rows of its query come out as objects, in the query's order. Each batch is the table batch. Its columns are an object's keys, a pair's key and value, and value of anything else; record (its JSON) and batch_time (milliseconds) are there too, but * leaves them out. What a record lacks is NULL, as null is. A column that no record has had so far is an error. With * a new key is a new column from the batch on in which it came.

Only the columns that the query names are read. Names that differ in case alone are one column.

With --table a file is a table of the same query. A field of CSV that is written as a number is one. A column that is named without its table, as name and not batch.name, is the file's if that has it.

true and false are 1 and 0; arrays and objects are JSON, for SQLite's JSON functions; integers beyond 64 bits are their digits as text. A column of batch that the query only passes on comes out as it was: numbers with all their digits, arrays and objects as such.

With --init there are tables that live on from batch to batch, and the SQL may be several statements, with ; between, that insert, update and delete. Each batch is a transaction; the rows of the last query come out. Under a checkpoint what a batch changes is kept, and restored as any state. sstream-sql --query NAME SQL asks these tables while the pipeline runs.

Beside SQLite's functions there are text REGEXP pattern, quantile(x, q) and count_distinct(x); sum and avg are exact, and rounded once, as in sstream-reduce.

Without --init a query only reads, and never files but those of --table. SQL that fails, as by an integer overflow, makes all records of its batch bad records, and changes nothing. While a batch is open the columns that the query names are in memory, with * or --on-error all of its records; and so is what a query sorts.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sql 'select level, count(*) as n from batch group by level order by n desc'
  … | sstream-window 30s 10s | sstream-sql 'select host, max(ms) as slowest from batch group by host'
  … | sstream-sql --table users=users.csv 'select users.name, batch.amount from batch join users using (id)'
  … | sstream-sql --init 'create table seen(user unique)' 'insert or ignore into seen select user from batch; select count(*) as n from seen'
  sstream-sql --query shop 'select user from seen'
  … | sstream-sql 'select user ->> \"$.name\" as name, price * amount as sum from batch where amount > 1'
";

    const OF_RUNNING: &'static [&'static str] = &["query-timeout", "checkpoint-every"];

    fn account(&self) -> Result<Vec<String>, ToolError> {
        if let Some([name, sql]) = self.query.as_deref() {
            return Ok(vec![format!("asks the tables of {name}, which runs, once: {sql}")]);
        }
        self.check()?;
        let database = Rc::new(self.in_memory()?);
        if self.table.is_empty() {
            // What is in a table's file is not known here.
            self.operator(Tables { database: database.clone(), files: Vec::new(), living: None }, self.may())?;
        }
        let of_file = |TableFile { name, path }: &TableFile| {
            format!("has {} as its table {name}, read again when it changes", path.display())
        };
        let mut does = vec![format!("asks each batch: {}", self.sql())];
        does.extend(self.table.iter().map(of_file));
        does.push("keeps the open batch".to_owned());
        if self.init.is_some() {
            let tables = living::tables(&database).map_err(|error| ToolError::Usage(error.to_string()))?;
            let names = tables.into_keys().collect::<Vec<_>>().join(", ");
            does.push(format!(
                "keeps the tables {names} for as long as it runs, in a file in $TMPDIR; under a checkpoint what each \
                 batch changes of them"
            ));
        }
        Ok(does)
    }

    fn has_state(&self) -> bool {
        self.init.is_some()
    }

    fn saved(&self) -> StateArgs {
        self.state.clone()
    }

    fn on_cluster(&self) -> Result<(), String> {
        if !self.table.is_empty() {
            let reason = "--table: the file is read again when it changes, which executors would see at other times";
            return Err(reason.to_owned());
        }
        if self.fields.is_none() {
            let reason = "batch has the columns that records have had so far, which a process a batch does not know: give \
                          them by --fields";
            return Err(reason.to_owned());
        }
        Ok(())
    }

    fn is_stage(&self) -> bool {
        self.query.is_none()
    }

    fn run_alone(self) -> Result<(), ToolError> {
        let Some([name, sql]) = self.query.as_deref() else { return Ok(()) };
        running::query(name, sql)
    }

    fn shown(self) -> Result<Option<Box<dyn Shown>>, ToolError> {
        let (_, living) = self.living(&Console::new(Self::TOOL, Level::Error))?;
        Ok(living.map(|living| Box::new(living) as Box<dyn Shown>))
    }

    fn open(self, parts: &OperatorParts<'_>) -> Result<Box<dyn Operator>, ToolError> {
        self.check()?;
        let (database, living) = self.living(&parts.console)?;
        let files = self.files(&database, parts)?;
        let may = self.may();
        Ok(Box::new(self.operator(Tables { database, files, living }, may)?))
    }
}
