//! Requests, several of them at a time, until nothing is left to do.

use std::rc::Rc;

use sstream::connect::{OpError, OutletError};
use sstream_tables::patience::Tries;
use sstream_tables::{Failed, Fault};

use crate::answer::{Refusal, Verdict};
use crate::chunk::Bulk;
use crate::frame::{Answer, NO_ANSWER, op};
use crate::layout::{Layout, Repeat};
use crate::message::{self, Consistency, Manner};
use crate::session::Session;

/// Takes a bad record, and why it is one.
pub type Refused<'b> = dyn FnMut(&[u8], &str) -> Result<(), OpError> + 'b;

/// Sends requests.
pub struct Sender {
    session: Session,
    consistency: Consistency,
    /// So many requests are under way at most.
    at_once: usize,
    tries: Tries,
}

/// What came of the requests that were sent on one connection, until one of them had to wait.
#[derive(Default)]
struct Round {
    /// Why some are to be sent again.
    again: Option<String>,
    /// So many are done with.
    settled: usize,
}

impl Sender {
    /// Speaks to nobody yet.
    pub fn new(session: Session, consistency: Consistency, at_once: usize, tries: Tries) -> Sender {
        Sender { session, consistency, at_once, tries }
    }

    /// How rows are laid out.
    ///
    /// # Errors
    /// It was tried for long enough, or is no use to be tried.
    pub fn layout(&mut self) -> Result<Rc<Layout>, OutletError> {
        match self.session.layout() {
            Some(layout) => Ok(layout),
            None => self.insist(|session| {
                session.ready()?;
                session.layout().ok_or_else(|| Fault::Away("nothing is prepared".to_owned()))
            }),
        }
    }

    /// Runs a statement that may be run twice.
    ///
    /// # Errors
    /// As [`Sender::layout`].
    pub fn run(&mut self, statement: &str) -> Result<(), OutletError> {
        self.insist(|session| session.run(statement))
    }

    /// The error of what no try would change.
    pub fn hopeless(&self, message: String) -> OutletError {
        self.tries.hopeless(message).into()
    }

    /// Has the rows written, all of them, sooner or later, but for those of bad records.
    ///
    /// # Errors
    /// It was tried for long enough, or is no use to be tried.
    pub fn deliver(&mut self, bulks: Vec<Bulk>, bad: &mut Refused<'_>) -> Result<(), OutletError> {
        // The next one is the last.
        let mut waiting: Vec<Bulk> = bulks.into_iter().rev().collect();
        while !waiting.is_empty() {
            let mut round = Round::default();
            let waited = self.tries.waited();
            match waited.during(|| self.fly(&mut waiting, &mut round, bad)) {
                Ok(()) => self.tries.after(round.again, round.settled == 0)?,
                Err(Failed::Over(error)) => return Err(error),
                Err(Failed::Fault(Fault::Away(message))) => {
                    self.session.lose();
                    if round.settled > 0 {
                        self.tries.note_back();
                    }
                    self.tries.pause(message)?;
                }
                Err(Failed::Fault(fault)) => return Err(self.hopeless(words(fault))),
            }
        }
        Ok(())
    }

    /// Sends what waits until all of it is answered, or some of it has to wait. What is not settled waits afterwards.
    fn fly(&mut self, waiting: &mut Vec<Bulk>, round: &mut Round, bad: &mut Refused<'_>) -> Result<(), Failed> {
        let mut flying: Vec<Option<Bulk>> = Vec::new();
        let done = self.exchange(waiting, &mut flying, round, bad);
        waiting.extend(flying.into_iter().flatten());
        done
    }

    fn exchange(
        &mut self,
        waiting: &mut Vec<Bulk>,
        flying: &mut Vec<Option<Bulk>>,
        round: &mut Round,
        bad: &mut Refused<'_>,
    ) -> Result<(), Failed> {
        let Sender { session, consistency, at_once, .. } = self;
        session.ready()?;
        let Some(layout) = session.layout() else { return Ok(()) };
        let at_once = if layout.is_alone { 1 } else { *at_once };
        flying.resize(at_once, None);
        // The numbers of streams that are free.
        let mut free: Vec<i16> = (0..at_once).rev().filter_map(|stream| i16::try_from(stream).ok()).collect();
        let (mut under_way, mut again) = (0, Vec::new());
        let mut outcome = Ok(());
        loop {
            let (id, connection) = session.ready()?;
            // Once something has to wait, nothing more is sent before that.
            while again.is_empty()
                && let Some(stream) = free.pop()
            {
                let Some(bulk) = waiting.pop() else {
                    free.push(stream);
                    break;
                };
                let (op, body) = request(&layout, id, *consistency, &bulk);
                connection.send(stream, op, &body);
                flying[stream as usize] = Some(bulk);
                under_way += 1;
            }
            if under_way == 0 {
                break;
            }
            let answer = connection.receive();
            let answer = match session.at_its_place(answer) {
                Ok(answer) => answer,
                Err(fault) => {
                    outcome = Err(fault.into());
                    break;
                }
            };
            let place = usize::try_from(answer.stream).ok().filter(|place| *place < flying.len());
            let Some(bulk) = place.and_then(|place| flying[place].take()) else {
                outcome = session.at_its_place(Err(Fault::Hopeless(NO_ANSWER.to_owned()))).map_err(Failed::from);
                break;
            };
            free.push(answer.stream);
            under_way -= 1;
            match verdict(&answer) {
                Verdict::Done => round.settled += 1,
                Verdict::Again(words) => {
                    round.again.get_or_insert(words);
                    again.push(bulk);
                }
                Verdict::Unprepared => {
                    round.again.get_or_insert_with(|| "the server has forgotten the statement".to_owned());
                    again.push(bulk);
                }
                Verdict::Refused(words) => {
                    round.settled += 1;
                    outcome = refuse(bulk, &words, waiting, bad);
                }
                Verdict::Hopeless(words) => {
                    outcome = session.at_its_place(Err(Fault::Hopeless(words))).map_err(Failed::from);
                }
            }
            if outcome.is_err() {
                break;
            }
        }
        if !again.is_empty() {
            // It costs little to have it prepared once more, and is needed where that was the reason.
            session.forget();
            waiting.append(&mut again);
        }
        outcome
    }

    fn insist<T>(&mut self, mut attempt: impl FnMut(&mut Session) -> Result<T, Fault>) -> Result<T, OutletError> {
        loop {
            let Sender { session, tries, .. } = self;
            match tries.waited().during(|| attempt(session)) {
                Ok(done) => {
                    tries.note_back();
                    return Ok(done);
                }
                Err(Fault::Away(message)) => {
                    session.lose();
                    tries.pause(message)?;
                }
                Err(fault) => return Err(tries.hopeless(words(fault)).into()),
            }
        }
    }
}

fn words(fault: Fault) -> String {
    match fault {
        Fault::Away(words)
        | Fault::Again(words)
        | Fault::Refused(words)
        | Fault::Columns(words)
        | Fault::Hopeless(words) => words,
    }
}

fn request(layout: &Layout, id: &[u8], consistency: Consistency, bulk: &Bulk) -> (u8, Vec<u8>) {
    // Counters and conditions have the servers' time.
    let timestamp = (layout.repeat != Repeat::Written).then_some(bulk.timestamp);
    let manner = Manner { consistency, is_counter: layout.is_counter, timestamp };
    let columns = layout.parameters.len();
    match &bulk.rows[..] {
        [row] => (op::EXECUTE, message::execute(id, manner, columns, &row.values)),
        rows => (op::BATCH, message::batch(id, manner, columns, rows.iter().map(|row| &row.values[..]))),
    }
}

fn verdict(answer: &Answer) -> Verdict {
    match answer.op {
        op::RESULT => Verdict::Done,
        op::ERROR => Refusal::read(&answer.body).verdict(),
        _ => Verdict::Hopeless(NO_ANSWER.to_owned()),
    }
}

/// Halves a request until the row is found that is refused: its records are bad ones.
fn refuse(bulk: Bulk, words: &str, waiting: &mut Vec<Bulk>, bad: &mut Refused<'_>) -> Result<(), Failed> {
    match &bulk.rows[..] {
        [row] => row.records().try_for_each(|record| bad(record, words).map_err(|error| Failed::Over(error.into()))),
        _ => {
            let (first, second) = bulk.halves();
            waiting.extend([second, first]);
            Ok(())
        }
    }
}
