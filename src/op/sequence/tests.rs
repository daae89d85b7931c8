//! Matches beside a search through all ways, and after a restart.

use proptest::prelude::*;

use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::frame::Reason;
use crate::op::grouping::By;
use crate::op::testing;

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

/// Records are `[key,time,letter]`; a name is the letters that its records may be.
fn sequences(pattern: &str, defines: &[(&str, &str)], within_ms: Option<i64>, skip: Option<Skip>) -> Sequences {
    let pattern = Pattern::parse(pattern).unwrap();
    let define = |name: &String| {
        let letters = defines.iter().find(|(defined, _)| defined == name).map_or("abc", |(_, letters)| letters);
        Definition::parse(&format!(".[2] as $l | \"{letters}\" | contains($l)"), &pattern.names).unwrap()
    };
    let definitions = pattern.names.iter().map(define).collect();
    let automaton = Automaton::new(&pattern).unwrap();
    Sequences::new(Options {
        rules: Rules { automaton, definitions, within_ms, skip, finds_timeouts: true },
        names: pattern.names,
        grouping: Grouping::new(By::Program(program(".[0]")), None),
        timing: Some(Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(3, None))),
        emit: Emit { matches: true, timeouts: within_ms.is_some() },
        answer: Answer::Plain,
        most_partial: 10_000,
    })
}

fn texts(batches: &[Vec<(i64, i64, char)>]) -> Vec<Vec<String>> {
    let text = |(key, time, letter): &(i64, i64, char)| format!("[{key},{time},\"{letter}\"]");
    batches.iter().map(|batch| batch.iter().map(text).collect()).collect()
}

fn batches() -> impl Strategy<Value = Vec<Vec<(i64, i64, char)>>> {
    let letter = prop::sample::select(vec!['a', 'b', 'c']);
    prop::collection::vec(prop::collection::vec((0_i64..2, 0_i64..40, letter), 0..5), 0..10)
}

const PATTERNS: [&str; 8] =
    ["A B", "A -> B", "A B+ C", "A -> B+ -> C", "A -> B*? -> C", "A+ B?", "A -> !B", "(A B)+ -> C"];

proptest! {
    #[test]
    fn restored_anywhere_they_are_undisturbed(
        batches in batches(), pattern in 0..PATTERNS.len(), at in 0_usize..10, all: bool, next: bool
    ) {
        let skip = (!all).then_some(if next { Skip::Next } else { Skip::PastLast });
        let mut make = || -> Box<dyn Operator> {
            Box::new(sequences(PATTERNS[pattern], &[("A", "ab"), ("B", "b"), ("C", "bc")], Some(15), skip))
        };
        let batches = texts(&batches);
        let whole = testing::run_restored(&mut make, &batches, usize::MAX);
        prop_assert_eq!(testing::run_restored(&mut make, &batches, at), whole);
    }

    #[test]
    fn every_pair_of_a_relaxed_pattern(batches in batches()) {
        // Of each a the first b behind it: what `A -> B` means, by looking at all records in order.
        let mut rows: Vec<(i64, i64, char)> = Vec::new();
        let mut passed = i64::MIN;
        let mut greatest = i64::MIN;
        for batch in &batches {
            for row in batch {
                greatest = greatest.max(row.1);
                if row.1 >= passed {
                    rows.push(*row);
                }
            }
            passed = passed.max(greatest.saturating_sub(3));
        }
        rows.sort_by_key(|row| row.1);
        let mut want: Vec<String> = Vec::new();
        for (index, (key, time, letter)) in rows.iter().enumerate() {
            let next = rows[index + 1..].iter().find(|(other, _, letter)| other == key && *letter == 'b');
            if let (Some((_, end, _)), 'a') = (next, *letter) {
                want.push(format!(
                    "{{\"key\":{key},\"start\":{time},\"end\":{end},\"match\":{{\"A\":[[{key},{time},\"a\"]],\
                     \"B\":[[{key},{end},\"b\"]]}}}}"
                ));
            }
        }
        let mut operator = sequences("A -> B", &[("A", "a"), ("B", "b")], None, None);
        let run = testing::try_run(&mut operator, 1000, &texts(&batches), Reason::Eof).unwrap();
        let mut got: Vec<String> = run.batches.into_iter().flat_map(|(_, records)| records).collect();
        got.sort();
        want.sort();
        prop_assert_eq!(got, want);
        prop_assert_eq!(operator.matcher.buffer.records(), 0, "nothing is left");
    }
}

#[test]
fn too_many_open_ways_are_told() {
    let mut operator = sequences("A+ -> C", &[("A", "ab"), ("C", "c")], None, Some(Skip::PastLast));
    operator.most_partial = 5;
    let batch: Vec<String> = (0..50).map(|time| format!("[1,{time},\"a\"]")).collect();
    let error = testing::try_run(&mut operator, 1000, &[batch], Reason::Eof).unwrap_err();
    assert!(error.to_string().contains("key 1: more than 5 partial matches are open"), "{error}");
}
