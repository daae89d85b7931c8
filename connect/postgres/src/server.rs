//! A PostgreSQL server as a database of tables.
//!
//! The client library is asynchronous and a sink is not: a runtime on this thread runs while a
//! call lasts. Between two calls nothing is read from the connection, so that a server that went away is
//! found by the next call.

use std::future::Future;
use std::io;

use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::future::try_join_all;
use sstream::connect::BatchTime;
use sstream_tables::args::quoted;
use sstream_tables::{ColumnType, Database, Fault, Rows, Statement, Table, Target, Value, Writer};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::copy::push_rows;
use crate::fault::{fault, of_preparing};
use crate::parameter::{Parameter, is_json};

/// So many statements are under way at once.
const AHEAD: usize = 500;

/// The end of a part, and the beginning of the next one: constraints that wait for the commit are looked at now,
/// while it is known whose rows these are.
const NEXT: &str = "set constraints all immediate; set constraints all deferred; release savepoint sstream; \
                    savepoint sstream";

/// A server, connected or not.
pub struct Server {
    config: Config,
    tls: MakeRustlsConnect,
    runtime: Runtime,
    session: Option<Session>,
}

/// A connection, and what was learnt on it.
struct Session {
    client: Client,
    /// The table's columns; none before it was looked at.
    columns: Vec<Column>,
    /// Whether the transaction has a savepoint before the next part.
    has_savepoint: bool,
    /// The newest COPY, prepared, and its text.
    copying: Option<(String, tokio_postgres::Statement)>,
    /// `--sql`, prepared.
    prepared: Vec<tokio_postgres::Statement>,
}

struct Column {
    name: String,
    /// As it is written, `numeric(10,2)`.
    type_name: String,
}

impl Server {
    /// Speaks to nobody yet.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new(config: Config, tls: MakeRustlsConnect) -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Server { config, tls, runtime, session: None })
    }

    /// Has something done on the connection.
    fn run<'s, T, F: Future<Output = Result<T, Fault>>>(
        &'s mut self,
        work: impl FnOnce(&'s mut Session) -> F,
    ) -> Result<T, Fault> {
        let session = self.session.as_mut().ok_or_else(|| Fault::Away("there is no connection".to_owned()))?;
        self.runtime.block_on(work(session))
    }
}

impl Session {
    async fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.client.batch_execute(sql).await.map_err(fault)
    }

    /// Makes a table that may be there. Two that make it at once are in each other's way, since the
    /// server looks first whether it is there: the second one then fails by whichever catalogue comes first.
    async fn make(&self, sql: &str) -> Result<(), Fault> {
        let meanwhile = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];
        self.client.batch_execute(sql).await.map_err(|error| match error.code() {
            Some(code) if meanwhile.contains(code) => Fault::Again(error.to_string()),
            _ => fault(error),
        })
    }

    async fn look_at(&mut self, table: &Table) -> Result<(), Fault> {
        let sql = "select attname::text, format_type(atttypid, atttypmod) from pg_attribute \
                   where attrelid = to_regclass($1) and attnum > 0 and not attisdropped";
        let rows = self.client.query(sql, &[&table.quoted('"')]).await.map_err(of_preparing)?;
        if rows.is_empty() {
            return Err(Fault::Hopeless(format!(
                "there is no table {}: make it, or have it made by --create",
                table.name
            )));
        }
        self.columns = rows.iter().map(|row| Column { name: row.get(0), type_name: row.get(1) }).collect();
        Ok(())
    }

    /// The types of these columns.
    fn types(&self, table: &Table, columns: &[String]) -> Result<Vec<&str>, Fault> {
        let column = |name: &String| {
            let known = self.columns.iter().find(|column| column.name == *name);
            known
                .map(|column| column.type_name.as_str())
                .ok_or_else(|| Fault::Columns(format!("the table {} has no column {name}", table.name)))
        };
        columns.iter().map(column).collect()
    }

    async fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault> {
        match target {
            Target::Statements(statements) => self.execute(statements, rows).await,
            Target::Table(table) => {
                if self.columns.is_empty() {
                    self.look_at(table).await?;
                }
                let is_copied = table.key.is_empty();
                if is_copied {
                    // Who has a column that is none is told so in our words.
                    self.types(table, rows.columns())?;
                    self.prepare_copy(table, rows.columns()).await?;
                }
                let types = self.types(table, rows.columns())?;
                if is_copied { self.copy(&types, rows).await } else { self.merge(table, &types, rows).await }
            }
        }
    }

    async fn prepare_copy(&mut self, table: &Table, columns: &[String]) -> Result<(), Fault> {
        let names: Vec<String> = columns.iter().map(|column| quoted(column, '"')).collect();
        let sql = format!("copy {} ({}) from stdin", table.quoted('"'), names.join(", "));
        if self.copying.as_ref().is_none_or(|(prepared, _)| *prepared != sql) {
            let statement = self.client.prepare(&sql).await.map_err(fault)?;
            self.copying = Some((sql, statement));
        }
        Ok(())
    }

    async fn copy(&self, types: &[&str], rows: &Rows<'_>) -> Result<(), Fault> {
        let Some((_, statement)) = &self.copying else { return Err(Fault::Away("nothing is prepared".to_owned())) };
        let is_json: Vec<bool> = types.iter().map(|name| is_json(name)).collect();
        let mut lines = Vec::new();
        push_rows(rows, &is_json, &mut lines);
        let sink = self.client.copy_in::<_, Bytes>(statement).await.map_err(fault)?;
        let mut sink = std::pin::pin!(sink);
        sink.send(Bytes::from(lines)).await.map_err(fault)?;
        sink.finish().await.map_err(fault)?;
        Ok(())
    }

    /// Rows that are there already get the other values; of several with one key the last counts.
    async fn merge(&self, table: &Table, types: &[&str], rows: &Rows<'_>) -> Result<(), Fault> {
        let text = |index: usize, row: &[&[u8]]| {
            let text = Value::text(row[index], is_json(types[index]));
            text.map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let arrays: Vec<Vec<Option<String>>> =
            (0..types.len()).map(|index| rows.iter().map(|row| text(index, row)).collect()).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(|array| array as &(dyn ToSql + Sync)).collect();
        let sql = merge(table, types, rows.columns());
        self.client.execute(sql.as_str(), &parameters).await.map_err(fault)?;
        Ok(())
    }

    async fn execute(&mut self, statements: &[Statement], rows: &Rows<'_>) -> Result<(), Fault> {
        for statement in &statements[self.prepared.len()..] {
            let sql = statement.with_placeholders(|number| format!("${number}"));
            self.prepared.push(self.client.prepare(&sql).await.map_err(of_preparing)?);
        }
        let place = |name: &String| rows.columns().iter().position(|column| column == name);
        let places: Vec<Vec<Option<usize>>> =
            statements.iter().map(|statement| statement.names().iter().map(place).collect()).collect();
        let mut ahead = Vec::new();
        for row in rows.iter() {
            for (prepared, places) in self.prepared.iter().zip(&places) {
                let value = |place: &Option<usize>| Parameter(place.map_or(&b"null"[..], |place| row[place]));
                let values: Vec<Parameter<'_>> = places.iter().map(value).collect();
                let client = &self.client;
                ahead.push(async move {
                    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
                    client.execute(prepared, &values).await
                });
            }
            if ahead.len() >= AHEAD {
                try_join_all(ahead.drain(..)).await.map_err(fault)?;
            }
        }
        try_join_all(ahead).await.map_err(fault)?;
        Ok(())
    }
}

fn merge(table: &Table, types: &[&str], columns: &[String]) -> String {
    let name = |column: &String| quoted(column, '"');
    let list = |columns: &mut dyn Iterator<Item = String>| columns.collect::<Vec<_>>().join(", ");
    let cast = |(column, kind): (&String, &&str)| format!("(x.{})::{kind}", name(column));
    let columns_with_types = || columns.iter().zip(types);
    let is_key = |(column, _): &(&String, &&str)| table.key.contains(column);
    let keys = list(&mut columns_with_types().filter(is_key).map(cast));
    let sets = list(&mut table.others(columns).into_iter().map(|column| format!("{0} = excluded.{0}", name(column))));
    format!(
        "insert into {table} ({names}) select distinct on ({keys}) {values} from unnest({arrays}) \
         with ordinality as x({names}, sstream_row) order by {keys}, x.sstream_row desc on conflict ({key}) do {then}",
        table = table.quoted('"'),
        names = list(&mut columns.iter().map(name)),
        values = list(&mut columns_with_types().map(cast)),
        arrays = list(&mut (1..=columns.len()).map(|number| format!("${number}::text[]"))),
        key = list(&mut table.key.iter().map(name)),
        then = if sets.is_empty() { "nothing".to_owned() } else { format!("update set {sets}") },
    )
}

impl Database for Server {
    fn connect(&mut self) -> Result<(), Fault> {
        if self.session.as_ref().is_some_and(|session| !session.client.is_closed()) {
            return Ok(());
        }
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let client = self.runtime.block_on(async {
            let (client, connection) = config.connect(tls).await.map_err(fault)?;
            // It ends with the client; how, the client's calls tell.
            tokio::spawn(connection);
            Ok(client)
        })?;
        self.session =
            Some(Session { client, columns: Vec::new(), has_savepoint: false, copying: None, prepared: Vec::new() });
        Ok(())
    }

    fn disconnect(&mut self) {
        self.session = None;
    }

    fn newest(&mut self, writer: &Writer) -> Result<Option<BatchTime>, Fault> {
        self.run(async |session| {
            let there = "select to_regclass('sstream_commits') is not null";
            let row = session.client.query_one(there, &[]).await.map_err(of_preparing)?;
            if !row.get::<_, bool>(0) {
                let sql = "create table if not exists sstream_commits \
                           (job text, stage text, batch bigint not null, primary key (job, stage))";
                session.make(sql).await?;
            }
            let sql = "select max(batch) from sstream_commits where job = $1 and stage = $2";
            let row = session.client.query_one(sql, &[&writer.job, &writer.stage]).await.map_err(of_preparing)?;
            Ok(row.get::<_, Option<i64>>(0).map(|time| BatchTime(time.cast_unsigned())))
        })
    }

    fn forget(&mut self, writer: &Writer) -> Result<(), Fault> {
        let sql = "delete from sstream_commits where job = $1 and stage = $2";
        self.run(async |session| {
            session.client.execute(sql, &[&writer.job, &writer.stage]).await.map_err(of_preparing)?;
            Ok(())
        })
    }

    fn create(&mut self, table: &Table, columns: &[(&str, ColumnType)]) -> Result<(), Fault> {
        let told = |name: &str| table.types.iter().find(|(column, _)| column == name).map(|(_, told)| told.as_str());
        let column = |(name, kind): &(&str, ColumnType)| {
            let kind = told(name).unwrap_or(match kind {
                ColumnType::Boolean => "boolean",
                ColumnType::Integer => "bigint",
                ColumnType::Number => "numeric",
                ColumnType::Text => "text",
                ColumnType::Json => "jsonb",
            });
            format!("{} {kind}", quoted(name, '"'))
        };
        let mut columns: Vec<String> = columns.iter().map(column).collect();
        if !table.key.is_empty() {
            let key: Vec<String> = table.key.iter().map(|column| quoted(column, '"')).collect();
            columns.push(format!("primary key ({})", key.join(", ")));
        }
        let sql = format!("create table if not exists {} ({})", table.quoted('"'), columns.join(", "));
        self.run(async |session| session.make(&sql).await)
    }

    fn begin(&mut self, writer: &Writer, time: BatchTime) -> Result<bool, Fault> {
        let sql = "insert into sstream_commits as c values ($1, $2, $3) on conflict (job, stage) \
                   do update set batch = excluded.batch where c.batch < excluded.batch";
        let time = time.0.cast_signed();
        self.run(async |session| {
            session.has_savepoint = false;
            session.batch("begin").await?;
            let noted =
                session.client.execute(sql, &[&writer.job, &writer.stage, &time]).await.map_err(of_preparing)?;
            if noted == 0 {
                session.batch("rollback").await?;
            }
            Ok(noted > 0)
        })
    }

    fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault> {
        self.run(async |session| {
            if !session.has_savepoint {
                session.batch("savepoint sstream").await?;
                session.has_savepoint = true;
            }
            let mut inserted = session.insert(target, rows).await;
            if inserted.is_ok() {
                inserted = session.batch(NEXT).await;
            }
            if let Err(Fault::Refused(_) | Fault::Columns(_)) = inserted {
                session.batch("rollback to savepoint sstream").await?;
            }
            inserted
        })
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.run(async |session| session.batch("commit").await)
    }

    fn roll_back(&mut self) {
        // If that fails there is no transaction on the next connection either.
        if self.run(async |session| session.batch("rollback").await).is_err() {
            self.disconnect();
        }
    }
}
