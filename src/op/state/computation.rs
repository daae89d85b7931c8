//! New states by a function of `$key`, `$values` and `$state`.

use super::change_set::ChangeSet;
use super::entries::Entries;
use super::values::Values;
use crate::expr::{Answer, Function};
use crate::op::grouping::function_failed;
use crate::op::{OpError, Out};
use crate::record::push_string;

/// The variables that the function is made with, in this order.
pub const VARIABLES: [&str; 3] = ["key", "values", "state"];

/// How many calls are under way at once, where a command stands for the
/// function.
const CALLS_AT_ONCE: usize = 256;

const SEVERAL: &str = "the expression gives several results: it has to give one, the key's new state, or none";

/// Calls the function with the values of a batch.
pub(super) struct Computation {
    function: Box<dyn Function + Send>,
    /// Keys that have values in the open batch.
    keys: ChangeSet,
    /// The values of each, as a JSON array, in the order of `keys`.
    values: Vec<Vec<u8>>,
    /// What the calls gave, one behind another.
    results: Vec<u8>,
    outcomes: Vec<Outcome>,
}

/// What a call gave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Nothing,
    /// Where it stands in the results.
    State(usize, usize),
    /// Where the reason stands in the results.
    Failed(usize, usize),
    Several,
}

impl Computation {
    pub fn new(function: Box<dyn Function + Send>) -> Computation {
        Computation { function, keys: ChangeSet::new(), values: Vec::new(), results: Vec::new(), outcomes: Vec::new() }
    }

    /// The key has another value in the open batch.
    pub fn add(&mut self, index: usize, value: &[u8]) {
        let (position, is_new) = self.keys.insert(index);
        if is_new {
            self.values.push(vec![b'[']);
        } else {
            self.values[position].pop();
            self.values[position].push(b',');
        }
        self.values[position].extend_from_slice(value);
        self.values[position].push(b']');
    }

    /// Keys that have values in the open batch.
    pub fn keys_with_values(&self) -> &[u32] {
        self.keys.indexes()
    }

    /// The values of such a key, the one at `position`, as a JSON array.
    pub fn values_at(&self, position: usize) -> &[u8] {
        &self.values[position]
    }

    /// The key has more values in the open batch, a JSON array of them.
    pub fn add_all(&mut self, index: usize, array: &[u8]) {
        self.add(index, &array[1..array.len() - 1]);
    }

    /// The batch is over: there are no values any more.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    /// Lets the function make new states of the keys at `indexes`, and gives
    /// `[key, state]` of each if `is_giving`. A call that fails leaves the state
    /// as it was; the bad record is `record`, or the call's variables.
    pub fn run(
        &mut self,
        entries: &mut Entries,
        indexes: &[u32],
        record: Option<&[u8]>,
        is_giving: bool,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        for indexes in indexes.chunks(CALLS_AT_ONCE) {
            self.call(entries, indexes)?;
            for (&index, outcome) in indexes.iter().zip(&self.outcomes) {
                let index = index as usize;
                if record.is_none() {
                    out.set_place(entries.place(index));
                }
                let reason = match *outcome {
                    Outcome::Nothing => {
                        entries.drop(index);
                        continue;
                    }
                    Outcome::State(start, end) => {
                        set(entries, index, &self.results[start..end]);
                        if is_giving {
                            entries.give(index, out);
                        }
                        continue;
                    }
                    Outcome::Failed(start, end) => String::from_utf8_lossy(&self.results[start..end]),
                    Outcome::Several => SEVERAL.into(),
                };
                match record {
                    Some(record) => out.bad_record(record, &reason)?,
                    None => out.bad_record(&object(self.variables(entries, index)), &reason)?,
                }
                if state_of(entries, index).is_none() {
                    entries.drop(index);
                }
            }
        }
        Ok(())
    }

    /// Calls the function for each key and keeps the outcomes.
    fn call(&mut self, entries: &Entries, indexes: &[u32]) -> Result<(), OpError> {
        let (mut results, mut outcomes) = (std::mem::take(&mut self.results), std::mem::take(&mut self.outcomes));
        results.clear();
        outcomes.clear();
        outcomes.resize(indexes.len(), Outcome::Nothing);
        let Computation { function, keys, values, .. } = self;
        let variables: Vec<&[u8]> =
            indexes.iter().flat_map(|&index| variables(keys, values, entries, index as usize)).collect();
        let called = function.call_many_with(VARIABLES.len(), &variables, &mut |call, answer| {
            let start = results.len();
            let outcome = match (answer, outcomes[call]) {
                (Answer::Failed(reason), _) => {
                    results.extend_from_slice(reason.as_bytes());
                    Outcome::Failed(start, results.len())
                }
                (Answer::Result(b"null"), Outcome::Nothing) => return,
                (Answer::Result(state), Outcome::Nothing) => {
                    results.extend_from_slice(state);
                    Outcome::State(start, results.len())
                }
                (Answer::Result(_), _) => Outcome::Several,
            };
            outcomes[call] = outcome;
        });
        (self.results, self.outcomes) = (results, outcomes);
        called.map_err(function_failed)
    }

    fn variables<'a>(&'a self, entries: &'a Entries, index: usize) -> [&'a [u8]; 3] {
        variables(&self.keys, &self.values, entries, index)
    }

    /// The stream is over.
    pub fn close(&mut self) -> Result<(), OpError> {
        self.function.close().map_err(function_failed)
    }
}

/// The values of [`VARIABLES`] for a key.
fn variables<'a>(keys: &ChangeSet, values: &'a [Vec<u8>], entries: &'a Entries, index: usize) -> [&'a [u8]; 3] {
    let values = keys.position(index).map_or(b"[]".as_slice(), |position| &values[position]);
    [entries.keys.written(index), values, state_of(entries, index).unwrap_or(b"null")]
}

/// The variables as a record.
fn object(values: [&[u8]; 3]) -> Vec<u8> {
    let mut object = Vec::new();
    for (name, value) in VARIABLES.into_iter().zip(values) {
        object.push(if object.is_empty() { b'{' } else { b',' });
        push_string(name.as_bytes(), &mut object);
        object.push(b':');
        object.extend_from_slice(value);
    }
    object.push(b'}');
    object
}

/// The state of a key that has one.
fn state_of(entries: &Entries, index: usize) -> Option<&[u8]> {
    match &entries.values {
        Values::Computed(states) => states.get(index).map(|state| &**state).filter(|state| !state.is_empty()),
        Values::Aggregated { .. } => None,
    }
}

fn set(entries: &mut Entries, index: usize, state: &[u8]) {
    if let Values::Computed(states) = &mut entries.values
        && *states[index] != *state
    {
        states[index] = state.into();
        entries.changed(index);
    }
}
