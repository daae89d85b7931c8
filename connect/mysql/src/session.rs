//! One connection, and what was learnt on it.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value as Sent};
use sstream::connect::BatchTime;
use sstream_tables::args::quoted;
use sstream_tables::{ColumnType, Fault, Rows, Statement, Table, Target, Writer};

use crate::columns::{Column, as_text};
use crate::fault::{fault, of_preparing};

/// So many rows are in one statement, if their values are no more than a statement may have.
const ROWS: usize = 1000;

/// The most values that a statement takes.
const VALUES: usize = 65_535;

/// What holds on our connections: a value that does not suit is refused, not bent, and times without a zone are UTC.
const SETTINGS: &str = "set session time_zone = '+00:00', autocommit = 1, \
                        sql_mode = concat_ws(',', nullif(@@sql_mode, ''), 'STRICT_ALL_TABLES')";

/// A connection.
pub struct Session {
    connection: Conn,
    is_mariadb: bool,
    /// The table's columns; none before it was looked at.
    columns: Vec<Column>,
    /// Whether the transaction has a savepoint before the next part.
    has_savepoint: bool,
    /// `--sql`, prepared.
    prepared: Vec<mysql_async::Statement>,
}

impl Session {
    /// Makes a connection ours.
    pub async fn new(mut connection: Conn) -> Result<Session, Fault> {
        connection.query_drop(SETTINGS).await.map_err(of_preparing)?;
        let version: Option<String> = connection.query_first("select version()").await.map_err(of_preparing)?;
        let is_mariadb = version.is_some_and(|version| version.contains("MariaDB"));
        Ok(Session { connection, is_mariadb, columns: Vec::new(), has_savepoint: false, prepared: Vec::new() })
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &str) -> Result<(), Fault> {
        self.connection.query_drop(sql).await.map_err(fault)
    }

    /// The newest batch of a sink. Makes the table of commits.
    pub async fn newest(&mut self, writer: &Writer) -> Result<Option<BatchTime>, Fault> {
        let there = "select 1 from information_schema.tables where table_schema = database() \
                     and table_name = 'sstream_commits'";
        let row: Option<u8> = self.connection.query_first(there).await.map_err(of_preparing)?;
        if row.is_none() {
            // Upper and lower case are different jobs.
            let sql = "create table if not exists sstream_commits (job varchar(255) not null, stage varchar(255) not null, \
                       batch bigint not null, primary key (job, stage)) \
                       engine = innodb character set utf8mb4 collate utf8mb4_bin";
            self.connection.query_drop(sql).await.map_err(of_preparing)?;
        }
        let sql = "select max(batch) from sstream_commits where job = ? and stage = ?";
        let newest: Option<Option<i64>> =
            self.connection.exec_first(sql, (&writer.job, &writer.stage)).await.map_err(of_preparing)?;
        Ok(newest.flatten().map(|time| BatchTime(time.cast_unsigned())))
    }

    /// Removes what is known of a sink.
    pub async fn forget(&mut self, writer: &Writer) -> Result<(), Fault> {
        let sql = "delete from sstream_commits where job = ? and stage = ?";
        self.connection.exec_drop(sql, (&writer.job, &writer.stage)).await.map_err(of_preparing)
    }

    /// Makes a table.
    pub async fn create(&mut self, table: &Table, columns: &[(&str, ColumnType)]) -> Result<(), Fault> {
        let (major, minor, patch) = self.connection.server_version();
        // A key has a length, and keys that differ in case, or in a space at their end, are different.
        let collation = match self.is_mariadb {
            true => "utf8mb4_nopad_bin",
            false if (major, minor, patch) >= (8, 0, 17) => "utf8mb4_0900_bin",
            false => "utf8mb4_bin",
        };
        let key_type = format!("varchar(255) character set utf8mb4 collate {collation}");
        let told = |name: &str| table.types.iter().find(|(column, _)| column == name).map(|(_, told)| told.as_str());
        let column = |(name, kind): &(&str, ColumnType)| {
            let is_key = table.key.iter().any(|column| column == name);
            let kind = told(name).unwrap_or(match kind {
                ColumnType::Boolean => "boolean",
                ColumnType::Integer => "bigint",
                ColumnType::Number => "decimal(65,30)",
                ColumnType::Text if is_key => &key_type,
                ColumnType::Text => "longtext character set utf8mb4",
                ColumnType::Json => "json",
            });
            format!("{} {kind}", quoted(name, '`'))
        };
        let mut columns: Vec<String> = columns.iter().map(column).collect();
        if !table.key.is_empty() {
            columns.push(format!("primary key ({})", list(&table.key)));
        }
        let sql = format!("create table if not exists {} ({}) engine = innodb", table.quoted('`'), columns.join(", "));
        self.connection.query_drop(sql).await.map_err(of_preparing)
    }

    /// Begins a transaction with the batch's time in it; false if a newer one has it already.
    pub async fn begin(&mut self, writer: &Writer, time: BatchTime) -> Result<bool, Fault> {
        self.has_savepoint = false;
        self.run("start transaction").await?;
        let sql = "insert into sstream_commits values (?, ?, ?) \
                   on duplicate key update batch = greatest(batch, values(batch))";
        let row = (&writer.job, &writer.stage, time.0.cast_signed());
        self.connection.exec_drop(sql, row).await.map_err(of_preparing)?;
        // A row that stays as it is counts as none.
        let is_noted = self.connection.affected_rows() > 0;
        if !is_noted {
            self.run("rollback").await?;
        }
        Ok(is_noted)
    }

    /// Writes all rows, or none.
    pub async fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault> {
        if !self.has_savepoint {
            self.run("savepoint sstream").await?;
            self.has_savepoint = true;
        }
        let inserted = match target {
            Target::Statements(statements) => self.execute(statements, rows).await,
            Target::Table(table) => self.insert_into(table, rows).await,
        };
        match inserted {
            Err(Fault::Refused(_) | Fault::Columns(_)) => self.run("rollback to savepoint sstream").await?,
            _ => self.has_savepoint = false,
        }
        inserted
    }

    async fn insert_into(&mut self, table: &Table, rows: &Rows<'_>) -> Result<(), Fault> {
        if self.columns.is_empty() {
            self.look_at(table).await?;
        }
        let column = |name: &String| {
            let known = self.columns.iter().find(|column| column.is_called(name));
            known.cloned().ok_or_else(|| Fault::Columns(format!("the table {} has no column {name}", table.name)))
        };
        let columns: Vec<Column> = rows.columns().iter().map(column).collect::<Result<_, _>>()?;
        let at_once = (VALUES / columns.len().max(1)).clamp(1, ROWS);
        let all: Vec<&[&[u8]]> = rows.iter().collect();
        for part in all.chunks(at_once) {
            let sql = insert(table, rows.columns(), part.len());
            let values = part.iter().flat_map(|row| columns.iter().zip(row.iter()));
            let values: Vec<Sent> = values.map(|(column, json)| column.value(json)).collect::<Result<_, _>>()?;
            self.connection.exec_drop(sql, Params::Positional(values)).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Learns a table's columns, and whether it can hold what we promise.
    async fn look_at(&mut self, table: &Table) -> Result<(), Fault> {
        let (schema, name) = match table.name.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, table.name.as_str()),
        };
        let place = (schema, name);
        let sql = "select t.engine, e.transactions from information_schema.tables t \
                   left join information_schema.engines e on e.engine = t.engine \
                   where t.table_schema = ifnull(?, database()) and t.table_name = ?";
        let engine: Option<(Option<String>, Option<String>)> =
            self.connection.exec_first(sql, place).await.map_err(of_preparing)?;
        match engine {
            None => {
                return Err(Fault::Hopeless(format!(
                    "there is no table {}: make it, or have it made by --create",
                    table.name
                )));
            }
            // A view has no engine of its own.
            Some((Some(engine), transactions)) if transactions.as_deref() != Some("YES") => {
                return Err(Fault::Hopeless(format!(
                    "the table {0} is kept by {engine}, which has no transactions: alter table {0} engine = innodb",
                    table.name
                )));
            }
            Some(_) => {}
        }
        if !table.key.is_empty() {
            self.look_for_key(table, place).await?;
        }
        let checked = self.checked_as_json(place).await?;
        let sql = "select column_name, data_type from information_schema.columns \
                   where table_schema = ifnull(?, database()) and table_name = ? order by ordinal_position";
        let columns: Vec<(String, String)> = self.connection.exec(sql, place).await.map_err(of_preparing)?;
        let column = |(name, data_type): (String, String)| {
            let is_checked = checked.contains(&format!("json_valid({})", quoted(&name, '`')));
            Column::new(name, &data_type.to_lowercase(), is_checked)
        };
        self.columns = columns.into_iter().map(column).collect();
        Ok(())
    }

    /// The checks by which MariaDB keeps columns of JSON.
    async fn checked_as_json(&mut self, place: (Option<&str>, &str)) -> Result<Vec<String>, Fault> {
        if !self.is_mariadb {
            return Ok(Vec::new());
        }
        let sql = "select check_clause from information_schema.check_constraints \
                   where constraint_schema = ifnull(?, database()) and table_name = ?";
        self.connection.exec(sql, place).await.map_err(of_preparing)
    }

    /// Without such a key rows would only be added, and nobody would be told.
    async fn look_for_key(&mut self, table: &Table, place: (Option<&str>, &str)) -> Result<(), Fault> {
        let sql = "select index_name, column_name from information_schema.statistics \
                   where table_schema = ifnull(?, database()) and table_name = ? and non_unique = 0 \
                   order by index_name, seq_in_index";
        let parts: Vec<(String, String)> = self.connection.exec(sql, place).await.map_err(of_preparing)?;
        let sorted = |names: &mut dyn Iterator<Item = &String>| {
            let mut names: Vec<String> = names.map(|name| name.to_lowercase()).collect();
            names.sort();
            names
        };
        let wanted = sorted(&mut table.key.iter());
        let is_there = parts
            .chunk_by(|(one, _), (other, _)| one == other)
            .any(|index| sorted(&mut index.iter().map(|(_, column)| column)) == wanted);
        match is_there {
            true => Ok(()),
            false => Err(Fault::Hopeless(format!(
                "the table {} has no unique key of --key {}",
                table.name,
                table.key.join(",")
            ))),
        }
    }

    async fn execute(&mut self, statements: &[Statement], rows: &Rows<'_>) -> Result<(), Fault> {
        for statement in &statements[self.prepared.len()..] {
            let sql = statement.with_placeholders(|_| "?".to_owned());
            self.prepared.push(self.connection.prep(sql).await.map_err(of_preparing)?);
        }
        let place = |name: &String| rows.columns().iter().position(|column| column == name);
        let places: Vec<Vec<Option<usize>>> =
            statements.iter().map(|statement| statement.names().iter().map(place).collect()).collect();
        for row in rows.iter() {
            for (prepared, places) in self.prepared.iter().zip(&places) {
                let value = |place: &Option<usize>| place.map_or(Sent::NULL, |place| as_text(row[place]));
                let values = match places.is_empty() {
                    true => Params::Empty,
                    false => Params::Positional(places.iter().map(value).collect()),
                };
                self.connection.exec_drop(prepared, values).await.map_err(fault)?;
            }
        }
        Ok(())
    }
}

/// Names with quotes and commas.
fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name, '`')).collect::<Vec<_>>().join(", ")
}

/// The statement for so many rows; of several with one key the last counts.
fn insert(table: &Table, columns: &[String], rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    let mut sql =
        format!("insert into {} ({}) values {}", table.quoted('`'), list(columns), vec![row.as_str(); rows].join(","));
    if !table.key.is_empty() {
        let mut changed = table.others(columns);
        if changed.is_empty() {
            // It gets what it has.
            changed = table.key.iter().take(1).collect();
        }
        let sets: Vec<String> =
            changed.iter().map(|column| quoted(column, '`')).map(|name| format!("{name} = values({name})")).collect();
        sql.push_str(&format!(" on duplicate key update {}", sets.join(", ")));
    }
    sql
}
