//! What statements may do, and how long they may take: SQLite asks while it prepares and runs them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::column::RECORD;
use crate::table::lock;

/// A column that no record can have: a query that reads it asks for all.
pub const ALL: &str = "\u{1}all";

/// What statements may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum May {
    /// They read.
    #[default]
    Read,
    /// They change the rows of tables that live on, too.
    Change,
    /// They make such tables, too.
    Make,
    /// They are ours.
    All,
}

/// What callbacks of SQLite know.
#[derive(Debug, Default)]
pub struct Guard {
    may: Mutex<May>,
    read: Mutex<Reads>,
    /// What was refused.
    refused: Mutex<Option<&'static str>>,
    /// When what runs is stopped.
    deadline: Mutex<Option<Instant>>,
}

/// What the statement that was prepared last reads of `batch`.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Columns by their names.
    pub columns: Vec<String>,
    /// Whatever columns there are.
    pub all: bool,
    /// Records as they are.
    pub records: bool,
}

impl Guard {
    /// Lets what follows do that; gives what it could before.
    pub fn let_them(&self, may: May) -> May {
        std::mem::replace(&mut *lock(&self.may), may)
    }

    /// What was read since this was asked last.
    pub fn reads(&self) -> Reads {
        std::mem::take(&mut *lock(&self.read))
    }

    /// What was refused since this was asked last, in words.
    pub fn refused(&self) -> Option<&'static str> {
        lock(&self.refused).take()
    }

    /// Stops what runs next when it has run so long.
    pub fn limit(&self, longest: Option<Duration>) {
        *lock(&self.deadline) = longest.map(|longest| Instant::now() + longest);
    }

    /// Whether what runs is to stop.
    pub fn is_over(&self) -> bool {
        lock(&self.deadline).is_some_and(|deadline| Instant::now() > deadline)
    }

    /// Whether a statement may do this.
    pub fn may(&self, context: &AuthContext<'_>) -> Authorization {
        let may = *lock(&self.may);
        if may == May::All {
            return Authorization::Allow;
        }
        if let AuthAction::Read { table_name: "batch", column_name } = context.action {
            self.note(column_name);
        }
        match refusal(context, may) {
            Some(refused) => {
                lock(&self.refused).get_or_insert(refused);
                Authorization::Deny
            }
            None => Authorization::Allow,
        }
    }

    fn note(&self, column: &str) {
        let mut reads = lock(&self.read);
        match column {
            ALL => reads.all = true,
            RECORD => reads.records = true,
            _ if reads.columns.iter().any(|other| other == column) => {}
            _ => reads.columns.push(column.to_owned()),
        }
    }
}

/// Why a statement may not do something; nothing if it may.
fn refusal(context: &AuthContext<'_>, may: May) -> Option<&'static str> {
    const CHANGES: &str = "statements that change something are refused: a query only reads";
    const MAKES: &str = "--init may have CREATE TABLE, INDEX, VIEW, TRIGGER, and INSERT, UPDATE, DELETE, but nothing \
                         else, and nothing temporary";
    // What is temporary is of the stream, of --table, or our own.
    let is_kept = context.database_name == Some("main");
    match context.action {
        AuthAction::Select | AuthAction::Recursive | AuthAction::Read { .. } => None,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => None,
        AuthAction::Function { .. } => Some("load_extension is refused: only the stream's tables are there"),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Some("ATTACH, DETACH and VACUUM are refused: only the stream's tables are there")
        }
        AuthAction::Pragma { .. } => Some("PRAGMA is refused"),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("transactions are refused: a batch is one")
        }
        AuthAction::Insert { .. } | AuthAction::Update { .. } | AuthAction::Delete { .. } => match may {
            May::Read => Some(CHANGES),
            _ if is_kept => None,
            May::Make => Some(MAKES),
            _ => Some("only tables of --init can be changed"),
        },
        _ if may == May::Read => Some(CHANGES),
        AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::Reindex { .. }
            if may == May::Make && is_kept =>
        {
            None
        }
        _ if may == May::Make => Some(MAKES),
        _ => Some("tables are made in --init, and not changed in their form afterwards"),
    }
}
