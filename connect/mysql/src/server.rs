//! The server as a database of tables. The library is asynchronous and a sink is not: a runtime on
//! this thread runs while a call lasts. Between two calls nothing is read from the connection, so
//! that a server that went away is found by the next call.

use std::io;
use std::time::Duration;

use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};
use sstream::connect::BatchTime;
use sstream_tables::{ColumnType, Database, Fault, Rows, Table, Target, Writer};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::fault::fault;
use crate::session::Session;

/// How long a server may take to answer a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a call may take: longer than a server waits for a lock, by default.
const ANSWER: Duration = Duration::from_secs(300);

/// When a server is spoken to by TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    Disabled,
    /// Where the server speaks it.
    Preferred,
    /// Always.
    Required,
}

/// A server, connected or not.
pub struct Server {
    options: OptsBuilder,
    tls: Tls,
    trust: SslOpts,
    runtime: Runtime,
    session: Option<Session>,
}

impl Server {
    /// Speaks to nobody yet.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new(options: OptsBuilder, tls: Tls, trust: SslOpts) -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Server { options, tls, trust, runtime, session: None })
    }

    /// Has something done on the connection, which is no longer ours when that does not end.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&mut Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let session = self.session.as_mut().ok_or_else(|| Fault::Away("there is no connection".to_owned()))?;
        let done = self.runtime.block_on(async { timeout(ANSWER, work(session)).await });
        done.unwrap_or_else(|_| Err(Fault::Away(format!("no answer for {} s", ANSWER.as_secs()))))
    }
}

async fn open(options: OptsBuilder, tls: Tls, trust: SslOpts) -> Result<Session, Fault> {
    let plain = Opts::from(options.clone());
    if tls == Tls::Disabled {
        return Session::new(Conn::new(plain).await.map_err(fault)?).await;
    }
    match Conn::new(options.ssl_opts(trust)).await {
        Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if tls == Tls::Preferred => {
            Session::new(Conn::new(plain).await.map_err(fault)?).await
        }
        connected => Session::new(connected.map_err(fault)?).await,
    }
}

impl Database for Server {
    fn connect(&mut self) -> Result<(), Fault> {
        if self.session.is_some() {
            return Ok(());
        }
        let (options, tls, trust) = (self.options.clone(), self.tls, self.trust.clone());
        let opened = self.runtime.block_on(async { timeout(CONNECT, open(options, tls, trust)).await });
        let opened = opened.unwrap_or_else(|_| Err(Fault::Away(format!("no answer for {} s", CONNECT.as_secs()))));
        self.session = Some(opened?);
        Ok(())
    }

    fn disconnect(&mut self) {
        // It is let go of within the runtime, which it was made in.
        let _inside = self.runtime.enter();
        self.session = None;
    }

    fn newest(&mut self, writer: &Writer) -> Result<Option<BatchTime>, Fault> {
        self.run(async |session| session.newest(writer).await)
    }

    fn forget(&mut self, writer: &Writer) -> Result<(), Fault> {
        self.run(async |session| session.forget(writer).await)
    }

    fn create(&mut self, table: &Table, columns: &[(&str, ColumnType)]) -> Result<(), Fault> {
        self.run(async |session| session.create(table, columns).await)
    }

    fn begin(&mut self, writer: &Writer, time: BatchTime) -> Result<bool, Fault> {
        self.run(async |session| session.begin(writer, time).await)
    }

    fn insert(&mut self, target: &Target, rows: &Rows<'_>) -> Result<(), Fault> {
        self.run(async |session| session.insert(target, rows).await)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.run(async |session| session.run("commit").await)
    }

    fn roll_back(&mut self) {
        // If that fails there is no transaction on the next connection either.
        if self.run(async |session| session.run("rollback").await).is_err() {
            self.disconnect();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.disconnect();
    }
}
