//! A request, until nothing of it is left to do.

use std::collections::HashSet;

use sstream::connect::{OpError, OutletError};
use sstream_tables::Fault;
use sstream_tables::patience::Tries;

use crate::answer::{Answer, Verdict};
use crate::bulk::Bulk;
use crate::client::Client;
use crate::document::Op;

/// Takes a bad record, and why it is one.
pub type Refused<'b> = dyn FnMut(&[u8], &str) -> Result<(), OpError> + 'b;

/// Sends requests.
pub struct Sender {
    client: Client,
    op: Op,
    tries: Tries,
    /// A request has about so many bytes at most, since the server takes no more.
    limit: usize,
}

impl Sender {
    /// Speaks to nobody yet.
    pub fn new(client: Client, op: Op, tries: Tries, limit: usize) -> Sender {
        Sender { client, op, tries, limit }
    }

    /// Whether a request is as long as it should be.
    pub fn is_enough(&self, bulk: &Bulk) -> bool {
        bulk.body().len() >= self.limit
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
            match waited.during(|| self.client.send(bulk.body())) {
                Ok(Answer::Taken) => self.tries.note_back(),
                Ok(Answer::Each(verdicts)) => waiting.push(self.settle(&bulk, &verdicts, bad)?),
                Ok(Answer::TooLarge(why) | Answer::Malformed(why)) if bulk.len() == 1 => {
                    self.tries.note_back();
                    bad(bulk.record(0), &why)?;
                }
                Ok(answer) => {
                    self.tries.note_back();
                    if matches!(answer, Answer::TooLarge(_)) {
                        self.limit = self.limit.min(bulk.body().len() / 2);
                    }
                    // What is wrong with one of them is found by halving.
                    let (first, second) = bulk.halves();
                    waiting.extend([second, first]);
                }
                Err(Fault::Away(message)) => {
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

    /// Does what is to be done where each operation has its own verdict; those that are to be tried again.
    fn settle(&mut self, bulk: &Bulk, verdicts: &[Verdict], bad: &mut Refused<'_>) -> Result<Bulk, OutletError> {
        let (mut again, mut of_same, mut message) = (Vec::new(), HashSet::new(), None);
        for item in 0..bulk.len() {
            // What it does not speak of it may not have done.
            let silent = || Verdict::Again("the answer does not say what was done".to_owned());
            match verdicts.get(item).cloned().unwrap_or_else(silent) {
                // A later one of the same document goes behind an earlier one, though it was done.
                Verdict::Taken if self.op != Op::Create && of_same.contains(bulk.action(item)) => again.push(item),
                Verdict::Taken => {}
                Verdict::Again(words) => {
                    again.push(item);
                    of_same.insert(bulk.action(item));
                    message.get_or_insert(words);
                }
                Verdict::Bad(words) => bad(bulk.record(item), &words)?,
                Verdict::Hopeless(words) => return Err(self.tries.hopeless(words).into()),
            }
        }
        self.tries.after(message, again.len() == bulk.len())?;
        Ok(bulk.only(again.into_iter()))
    }
}
