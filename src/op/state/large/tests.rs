use super::*;
use crate::agg::{Aggregation, Aggregator};
use crate::event::{TimeForm, Timing, Watermarks};
use crate::expr::Program;
use crate::op::grouping::{By, Grouping};
use crate::op::large::testing::{goes_on, key, turns};
use crate::op::state::{Update, VARIABLES};
use crate::op::testing;
use proptest::prelude::*;

/// What a state computes.
#[derive(Clone, Debug)]
struct Kind {
    update: &'static str,
    emit: Emit,
    timeout_ms: Option<u64>,
    is_timed: bool,
}

impl Kind {
    fn state(&self) -> State {
        let update = match Aggregation::parse(self.update) {
            Ok(aggregation) => Update::Aggregation(Aggregator::new(aggregation)),
            Err(_) => Update::Function(Box::new(Program::parse(self.update, &VARIABLES).unwrap())),
        };
        let state = State::new(Grouping::new(By::Pair, None), update, self.emit, self.timeout_ms);
        match self.is_timed {
            true => {
                let time = Program::parse("if type == \"array\" then .[1] | length * 1000 else 0 end", &[]).unwrap();
                state.with_timing(Timing::new(Some(time), TimeForm::default(), Watermarks::own(1500, None)))
            }
            false => state,
        }
    }

    fn large(&self, memory: usize) -> LargeState {
        LargeState::new(self.state(), memory)
    }

    fn operator(&self, memory: Option<usize>) -> Box<dyn Operator> {
        match memory {
            Some(memory) => Box::new(self.large(memory)),
            None => Box::new(self.state()),
        }
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    let update = prop::sample::select(vec![
        "count",
        "sum",
        "collect",
        "max",
        "if ($values | length) > 3 then null else ($state // []) + $values end",
        "($state // 0) + ($values | map(length) | add // 0) | if . % 5 == 4 then error(\"five\") else . end",
    ]);
    let emit = prop::sample::select(vec![Emit::All, Emit::Changed, Emit::Each, Emit::Timeout]);
    let timeout = prop::sample::select(vec![None, Some(1000), Some(3000)]);
    (update, emit, timeout, any::<bool>()).prop_map(|(update, emit, timeout_ms, is_timed)| Kind {
        update,
        emit,
        timeout_ms,
        is_timed: is_timed && timeout_ms.is_some(),
    })
}

/// Of some 40 keys, in several ways to write them; some records are bad for some.
fn record() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec!["1", "[1,2]", "\"xyz\"", "null", "[]", "2.5", "7"]);
    prop_oneof![
        20 => (key(40), value).prop_map(|(key, value)| format!("[{key},{value}]")),
        1 => Just("\"no pair\"".to_owned()),
    ]
}

fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(record(), 0..60), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_comes_out_is_the_same_however_little_is_in_memory(
        kind in kinds(),
        batches in batches(),
        memory in 100..6000usize,
    ) {
        let (mut state, mut large) = (kind.state(), kind.large(memory));
        testing::assert_same(&testing::run(&mut large, &batches), &testing::run(&mut state, &batches));
        prop_assert_eq!(large.keys(), state.entries.keys.len() as u64);
    }

    #[test]
    fn it_goes_on_after_each_batch_with_any_memory(
        kind in kinds(),
        batches in batches(),
        turns in turns(),
    ) {
        goes_on(&|memory| kind.operator(memory), &batches, turns);
    }
}

/// Batches of records, as they are written.
fn written(batches: &[&[&str]]) -> Vec<Vec<String>> {
    batches.iter().map(|batch| batch.iter().map(|&record| record.to_owned()).collect()).collect()
}

#[test]
fn files_that_were_made_while_it_was_loaded_are_kept() {
    let kind = Kind { update: "collect", emit: Emit::All, timeout_ms: Some(1000), is_timed: true };
    let batches = written(&[
        &["[\"key-0\",1]", "[1,1]", "[\"\\u006bey-3\",7]", "[2,1]"],
        &["[\"key-9\",7]"],
        &[],
        &["[\"key-0\",7]"],
        &[],
        &[],
    ]);
    // The first has files; of the second all is in the log, and the files are gone; the third makes some again.
    goes_on(&|memory| kind.operator(memory), &batches, vec![(Some(1344), 0, 0), (None, 1, 0), (Some(100), 1, 0)]);
}

#[test]
fn keys_that_were_changed_may_be_gone_at_the_end_of_the_batch() {
    let update = "($state // 0) + ($values | map(length) | add // 0) | if . % 5 == 4 then error(\"five\") else . end";
    let kind = Kind { update, emit: Emit::Changed, timeout_ms: Some(1000), is_timed: true };
    let first = ["[5,1]", "[2,1]", "[\"key-3\",7]", "[\"key-6\",1]", "[\"key-0\",1]", "[7,1]"];
    let mut second = vec!["[\"key-0\",1]"; 13];
    (second[9], second[12]) = ("[\"key-0\",7]", "[\"key-9\",7]");
    second.insert(9, "[\"key-0\",1]");
    second.push("[\"key-9\",7]");
    goes_on(&|memory| kind.operator(memory), &written(&[&first, &second]), vec![(Some(1104), 1, 0)]);
}
