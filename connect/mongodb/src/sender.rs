//! A command, until nothing of it is left to do.

use std::collections::HashSet;

use sstream::connect::record::field;
use sstream::connect::{OpError, OutletError};
use sstream_tables::Fault;
use sstream_tables::patience::Tries;

use crate::answer::{Answer, Verdict, of_write};
use crate::bson::{Document, read};
use crate::bulk::Bulk;
use crate::connection::Connection;
use crate::document::{Op, Space, push_wanted};
use crate::members::Members;
use crate::message::Documents;

/// Takes a bad record, and why it is one.
pub type Refused<'b> = dyn FnMut(&[u8], &str) -> Result<(), OpError> + 'b;

/// What a command says beside its documents.
#[derive(Debug)]
pub struct Manner {
    /// What is done.
    pub op: Op,
    /// The fields by which documents are found, if it is not their id.
    pub key: Vec<String>,
    /// Whether an index of these is made.
    pub create: bool,
    /// How many servers have to have a document before it counts.
    pub concern: Document,
}

/// Sends commands.
pub struct Sender {
    members: Members,
    manner: Manner,
    tries: Tries,
    /// Collections that have their index.
    indexed: HashSet<Space>,
    /// The first of the operations that are sent next was refused for a key that it did not find: once is by chance.
    was_duplicate: bool,
}

impl Sender {
    /// Speaks to nobody yet.
    pub fn new(members: Members, manner: Manner, tries: Tries) -> Sender {
        Sender { members, manner, tries, indexed: HashSet::new(), was_duplicate: false }
    }

    /// Has the operations done, all of them, sooner or later, but for those of bad records.
    ///
    /// # Errors
    /// It was tried for long enough, or is no use to be tried.
    pub fn deliver(&mut self, bulk: Bulk, bad: &mut Refused<'_>) -> Result<(), OutletError> {
        // The next one is the last.
        let mut waiting = vec![bulk];
        while let Some(bulk) = waiting.pop() {
            if bulk.is_empty() {
                continue;
            }
            let waited = self.tries.waited();
            match waited.during(|| self.send(&bulk)) {
                Ok(Answer::Done(verdicts)) => waiting.push(self.settle(&bulk, verdicts, bad)?),
                Ok(Answer::Malformed(why)) if bulk.len() == 1 => {
                    self.tries.note_back();
                    bad(bulk.record(0), &why)?;
                }
                Ok(Answer::Malformed(_)) => {
                    self.tries.note_back();
                    // What is wrong with one of them is found by halving.
                    let (first, second) = bulk.halves();
                    waiting.extend([second, first]);
                }
                Ok(Answer::NoName(why)) => {
                    self.tries.note_back();
                    (0..bulk.len()).try_for_each(|item| bad(bulk.record(item), &why))?;
                }
                Err(Fault::Away(message)) => {
                    self.members.lose();
                    self.tries.pause(message)?;
                    waiting.push(bulk);
                }
                Err(
                    Fault::Hopeless(message)
                    | Fault::Again(message)
                    | Fault::Refused(message)
                    | Fault::Columns(message),
                ) => return Err(self.tries.hopeless(message).into()),
            }
        }
        Ok(())
    }

    fn send(&mut self, bulk: &Bulk) -> Result<Answer, Fault> {
        let Sender { members, manner, indexed, .. } = self;
        let connection = members.primary()?;
        let space = bulk.space();
        if manner.create && !indexed.contains(space) {
            connection.ask(&index(&manner.key, space))?;
            indexed.insert(space.clone());
        }
        let (command, name) = match manner.op {
            Op::Insert => ("insert", "documents"),
            Op::Replace | Op::Update => ("update", "updates"),
        };
        let command = Document::new()
            .text(command, &space.collection)
            // The newest record of a key is to be the last one; inserts are independent of each other.
            .boolean("ordered", manner.op != Op::Insert)
            .document("writeConcern", manner.concern.clone())
            .text("$db", &space.database)
            .bytes();
        let answer = connection.run(&command, Some(Documents { name, bytes: bulk.bytes() }));
        let answer = answer.and_then(|answer| {
            let mut answer = of_write(manner.op, &manner.key, &answer)?;
            if let Answer::Done(verdicts) = &mut answer {
                verdicts.iter_mut().try_for_each(|(item, verdict)| clear(connection, bulk, *item, verdict))?;
            }
            Ok(answer)
        });
        answer.map_err(|fault| match fault {
            Fault::Away(message) => Fault::Away(format!("{}: {message}", members.place())),
            Fault::Hopeless(message) => Fault::Hopeless(format!("{}: {message}", members.place())),
            other => other,
        })
    }

    /// Does what is to be done where some operations have a verdict of their own; those that are to be tried again.
    fn settle(
        &mut self,
        bulk: &Bulk,
        verdicts: Vec<(usize, Verdict)>,
        bad: &mut Refused<'_>,
    ) -> Result<Bulk, OutletError> {
        let (mut again, mut message, was_duplicate) = (Vec::new(), None, std::mem::take(&mut self.was_duplicate));
        let mut tried = bulk.len();
        for (item, verdict) in verdicts.into_iter().filter(|(item, _)| *item < bulk.len()) {
            match verdict {
                Verdict::Taken => {}
                Verdict::Again(words) => {
                    again.push(item);
                    message.get_or_insert(words);
                }
                // The next try finds it.
                Verdict::Duplicate(_) if item > 0 || !was_duplicate => {
                    again.push(item);
                    self.was_duplicate = true;
                }
                Verdict::Duplicate(words) | Verdict::Unclear(words) | Verdict::Bad(words) => {
                    bad(bulk.record(item), &words)?
                }
                Verdict::Hopeless(words) => return Err(self.tries.hopeless(words).into()),
            }
            if self.manner.op != Op::Insert {
                tried = item + 1;
                break;
            }
        }
        again.extend(tried..bulk.len());
        self.tries.after(message, again.len() == bulk.len())?;
        Ok(bulk.only(again.into_iter()))
    }
}

/// Where the server does not say which key of a document is there already, it is asked for the document's id: with that one
/// it is done, and with another one it is refused.
fn clear(connection: &mut Connection, bulk: &Bulk, item: usize, verdict: &mut Verdict) -> Result<(), Fault> {
    let Verdict::Unclear(words) = verdict else { return Ok(()) };
    let space = bulk.space();
    let mut wanted = Vec::new();
    if item < bulk.len()
        && let Some(id) = read::first(bulk.operation(item))
    {
        push_wanted(id, &mut wanted);
    }
    let query =
        Document::new().text("count", &space.collection).elements("query", &wanted).text("$db", &space.database);
    let answer = connection.ask(&query.bytes())?;
    *verdict = match field(&answer, b"n").unwrap_or(b"0") {
        b"0" | b"0.0" => Verdict::Bad(std::mem::take(words)),
        _ => Verdict::Taken,
    };
    Ok(())
}

/// The command that makes the unique index of a key, if it is not there.
fn index(key: &[String], space: &Space) -> Vec<u8> {
    let fields = key.iter().fold(Document::new(), |fields, field| fields.int(field, 1));
    let name = format!("sstream_{}", key.join("_"));
    Document::new()
        .text("createIndexes", &space.collection)
        .only("indexes", Document::new().document("key", fields).text("name", &name).boolean("unique", true))
        .text("$db", &space.database)
        .bytes()
}
