//! A connection on which the statement is prepared.

use std::rc::Rc;

use sstream_tables::Fault;

use crate::connection::Connection;
use crate::frame::{NO_ANSWER, op};
use crate::hosts::{Hosts, named};
use crate::layout::{Column, Layout};
use crate::message::{self, Prepared};
use crate::table::{Does, Name, Target, does};

/// The schema of a table.
const SCHEMA: &str =
    "SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";

/// Who is spoken with, and about what.
pub struct Session {
    hosts: Hosts,
    target: Target,
    /// Whether counters may be counted up, which is not the same twice as once.
    allows_counters: bool,
    connected: Option<(String, Connection)>,
    /// The statement's id, if this server has told it.
    id: Option<Vec<u8>>,
    /// The statement and its rows' layout: the same from server to server.
    known: Option<(String, Rc<Layout>)>,
}

impl Session {
    /// Speaks to nobody yet.
    pub fn new(hosts: Hosts, target: Target, allows_counters: bool) -> Session {
        Session { hosts, target, allows_counters, connected: None, id: None, known: None }
    }

    /// Connects, unless that is so, and has the statement prepared: its id, and the connection.
    ///
    /// # Errors
    /// Servers are away, or it is no use to try again; each with where.
    pub fn ready(&mut self) -> Result<(&[u8], &mut Connection), Fault> {
        self.connect()?;
        if self.id.is_none() {
            let done = self.prepare();
            self.at_its_place(done)?;
        }
        match (&self.id, &mut self.connected) {
            (Some(id), Some((_, connection))) => Ok((id, connection)),
            _ => Err(Fault::Away("there is no connection".to_owned())),
        }
    }

    /// How rows are laid out, which is known once the statement was prepared for the first time.
    pub fn layout(&self) -> Option<Rc<Layout>> {
        self.known.as_ref().map(|(_, layout)| layout.clone())
    }

    /// Runs a statement that has no values.
    ///
    /// # Errors
    /// As [`Session::ready`].
    pub fn run(&mut self, statement: &str) -> Result<(), Fault> {
        let connection = self.connect()?;
        let done = connection.ask(op::QUERY, &message::query(statement, &[])).map(drop);
        self.at_its_place(done)
    }

    /// Lets go of the connection: the next one is to another server, if there is one.
    pub fn lose(&mut self) {
        if self.connected.take().is_some() {
            self.hosts.pass_over();
        }
        self.id = None;
    }

    /// Has the statement prepared once more: the server has forgotten it.
    pub fn forget(&mut self) {
        self.id = None;
    }

    /// A result that says where it was met, if it is a fault.
    pub fn at_its_place<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| match &self.connected {
            Some((place, _)) => named(place, fault),
            None => fault,
        })
    }

    fn connect(&mut self) -> Result<&mut Connection, Fault> {
        let found = match self.connected.take() {
            Some(found) => found,
            None => {
                self.id = None;
                self.hosts.connect()?
            }
        };
        Ok(&mut self.connected.insert(found).1)
    }

    fn prepare(&mut self) -> Result<(), Fault> {
        let Session { target, connected: Some((_, connection)), known, .. } = self else { return Ok(()) };
        if let Some((statement, layout)) = known {
            let prepared = prepared(connection, statement)?;
            if prepared.parameters != layout.parameters {
                return Err(Fault::Hopeless(
                    "the table's columns have other types than before: start again".to_owned(),
                ));
            }
            self.id = Some(prepared.id);
            return Ok(());
        }
        let (statement, prepared, layout) = match target {
            Target::Table(table) => {
                let columns = schema(connection, &table.name)?;
                if columns.is_empty() {
                    let name = &table.name;
                    return Err(Fault::Hopeless(format!("there is no table {name}: --create makes one")));
                }
                let all = || columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
                let statement = table.insert(&table.columns.clone().unwrap_or_else(all));
                let prepared = prepared(connection, &statement)?;
                let layout = Layout::of_table(&prepared, &columns, table.columns.is_some());
                (statement, prepared, layout)
            }
            Target::Statement(statement) => {
                let prepared = prepared(connection, statement)?;
                let columns = match &prepared.table {
                    None => Vec::new(),
                    Some((keyspace, table)) => {
                        schema(connection, &Name { keyspace: keyspace.clone(), table: table.clone() })?
                    }
                };
                let layout = Layout::of_statement(&prepared, &columns, does(statement) == Does::WritesIf);
                (statement.clone(), prepared, layout)
            }
        };
        match (layout.is_counter, self.allows_counters) {
            (true, false) => return Err(Fault::Hopeless(COUNTS.to_owned())),
            (false, true) => {
                return Err(Fault::Hopeless("--counter: the table has no counters: leave it out".to_owned()));
            }
            _ => {}
        }
        self.id = Some(prepared.id);
        self.known = Some((statement, Rc::new(layout)));
        Ok(())
    }
}

const COUNTS: &str = "a counter counts a batch that comes again once more: --counter says that this may be";

fn prepared(connection: &mut Connection, statement: &str) -> Result<Prepared, Fault> {
    let answer = connection.ask(op::PREPARE, &message::prepare(statement))?;
    let prepared = Prepared::read(&answer.body).filter(|_| answer.op == op::RESULT);
    prepared.ok_or_else(|| Fault::Hopeless(NO_ANSWER.to_owned()))
}

/// The columns of a table; none where there is no such table.
fn schema(connection: &mut Connection, name: &Name) -> Result<Vec<Column>, Fault> {
    let answer = connection.ask(op::QUERY, &message::query(SCHEMA, &[&name.keyspace, &name.table]))?;
    let rows = message::rows(&answer.body).filter(|_| answer.op == op::RESULT);
    let rows = rows.ok_or_else(|| Fault::Hopeless(NO_ANSWER.to_owned()))?;
    let column = |row: Vec<String>| {
        let [name, kind, is] = <[String; 3]>::try_from(row).ok()?;
        Some(Column { name, is_key: kind == "partition_key" || kind == "clustering", is_counter: is == "counter" })
    };
    rows.into_iter().map(column).collect::<Option<_>>().ok_or_else(|| Fault::Hopeless(NO_ANSWER.to_owned()))
}
