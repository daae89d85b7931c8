//! Matches beside a search through all ways, and after a restart.

mod naive;

use proptest::prelude::*;

use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::expr::Program;
use crate::frame::{Head, Reason};
use crate::op::grouping::By;
use crate::op::testing;
use naive::Row;

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

/// A record: its key, time and letter.
type Record = (i64, i64, char);

/// How late a record may come.
const LATE_MS: i64 = 3;

/// The letters of a name: some fit several names.
fn letters(name: &str) -> &'static str {
    match name {
        "A" => "ab",
        "B" => "b",
        "C" => "bc",
        _ => "c",
    }
}

/// D looks at what was taken before: an even number of As.
fn definition(name: &String, names: &[String]) -> Definition {
    let mut source = format!(".[2] as $l | (\"{}\" | contains($l))", letters(name));
    if name == "D" && names.iter().any(|name| name == "A") {
        source.push_str(" and ($A | length % 2 == 0)");
    }
    Definition::parse(name, &source, names).unwrap()
}

/// The same for the naive matcher.
fn fits(names: &[String], name: usize, (_, letter): Row, taken: &[(usize, usize)]) -> bool {
    let is_odd = || taken.iter().filter(|(_, of)| names[*of] == "A").count() % 2 == 1;
    letters(&names[name]).contains(letter) && !(names[name] == "D" && is_odd())
}

pub(super) fn sequences(pattern: &str, within_ms: Option<i64>, skip: Option<Skip>) -> Sequences {
    let own = Watermarks::own(LATE_MS as u64, None);
    sequences_by(pattern, within_ms, skip, Some(Timing::new(Some(program(".[1]")), TimeForm::default(), own)))
}

/// The same in order of arrival.
pub(super) fn by_arrival(pattern: &str, within_ms: Option<i64>, skip: Option<Skip>) -> Sequences {
    sequences_by(pattern, within_ms, skip, None)
}

fn sequences_by(pattern: &str, within_ms: Option<i64>, skip: Option<Skip>, timing: Option<Timing>) -> Sequences {
    let pattern = Pattern::parse(pattern).unwrap();
    let definitions = pattern.names.iter().map(|name| definition(name, &pattern.names)).collect();
    let automaton = Automaton::new(&pattern).unwrap();
    Sequences::new(Options {
        rules: Rules { automaton, definitions, within_ms, skip, finds_timeouts: true },
        names: pattern.names,
        grouping: Grouping::new(By::Program(program(".[0]")), None),
        timing,
        emit: Emit { matches: true, timeouts: within_ms.is_some() },
        answer: Answer::Plain,
        most_partial: 100_000,
    })
}

fn text((key, time, letter): Record) -> String {
    format!("[{key},{time},\"{letter}\"]")
}

fn texts(batches: &[Vec<Record>]) -> Vec<Vec<String>> {
    batches.iter().map(|batch| batch.iter().copied().map(text).collect()).collect()
}

fn batches() -> impl Strategy<Value = Vec<Vec<Record>>> {
    let letter = prop::sample::select(vec!['a', 'b', 'c']);
    prop::collection::vec(prop::collection::vec((0_i64..2, 0_i64..40, letter), 0..5), 0..8)
}

/// Patterns of all that the language has.
pub(super) fn patterns() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["A", "B", "C", "D"]);
    let times = || {
        let some = vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{2,}", "{1,2}", "{2,3}?", "{0,2}", "{2,}?"];
        prop_oneof![3 => Just(""), 2 => prop::sample::select(some)]
    };
    let joint = || prop::sample::select(vec![" ", " -> ", " -> "]);
    let not = prop_oneof![3 => Just(String::new()), 1 => (joint(), name()).prop_map(|(j, n)| format!("{j}!{n}"))];
    let leaf = (name(), times()).prop_map(|(name, times)| format!("{name}{times}"));
    let pattern = leaf.prop_recursive(3, 8, 3, move |inner| {
        let group = (inner.clone(), times()).prop_map(|(inner, times)| format!("({inner}){times}"));
        let element = prop_oneof![3 => inner.clone(), 1 => group].boxed();
        let more = prop::collection::vec((not.clone(), joint(), element.clone()), 0..3);
        let sequence = (element, more, not.clone()).prop_map(|(first, more, end)| {
            let more: String = more.into_iter().map(|(not, joint, element)| format!("{not}{joint}{element}")).collect();
            format!("{first}{more}{end}")
        });
        let either = (inner.clone(), inner).prop_map(|(one, other)| format!("({one} | {other})"));
        prop_oneof![4 => sequence, 1 => either]
    });
    pattern.prop_filter("a pattern that means something", |text| {
        Pattern::parse(text).is_ok_and(|pattern| Automaton::new(&pattern).is_ok())
    })
}

pub(super) fn skips() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("past-last"), Some("next"), Some("first"), Some("last")])
}

/// A skip to a name is one to the pattern's last.
fn skip(pattern: &Pattern, to: Option<&str>) -> Option<Skip> {
    let name = pattern.names.len() - 1;
    Some(match to? {
        "next" => Skip::Next,
        "first" => Skip::First(name),
        "last" => Skip::Last(name),
        _ => Skip::PastLast,
    })
}

/// The same of a pattern's text.
pub(super) fn skip_of(text: &str, to: Option<&str>) -> Option<Skip> {
    skip(&Pattern::parse(text).unwrap(), to)
}

/// A time limit, where one is wanted or the pattern needs it.
pub(super) fn within_of(text: &str, is_wanted: bool) -> Option<i64> {
    (is_wanted || Automaton::new(&Pattern::parse(text).unwrap()).unwrap().has_absence()).then_some(15)
}

/// The records that are not late, in order of time.
fn in_order(batches: &[Vec<Record>]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let (mut passed, mut greatest) = (i64::MIN, i64::MIN);
    for batch in batches {
        records.extend(batch.iter().filter(|(_, time, _)| *time >= passed));
        greatest = batch.iter().map(|(_, time, _)| *time).chain([greatest]).max().unwrap();
        passed = passed.max(greatest.saturating_sub(LATE_MS));
    }
    records.sort_by_key(|(_, time, _)| *time);
    records
}

/// What must come out, in no order.
fn wanted(pattern: &Pattern, batches: &[Vec<Record>], within: Option<i64>, skip: Option<Skip>) -> Option<Vec<String>> {
    let all = in_order(batches);
    let mut wanted = Vec::new();
    for key in 0..2 {
        let records: Vec<Record> = all.iter().copied().filter(|(of, _, _)| *of == key).collect();
        let rows: Vec<Row> = records.iter().map(|(_, time, letter)| (*time, *letter)).collect();
        let fits = |name, row, taken: &[(usize, usize)]| fits(&pattern.names, name, row, taken);
        for answer in naive::answers(pattern, &rows, within, skip, &fits)? {
            let of_name = |name: usize| {
                let taken = answer.taken.iter().filter(|(_, of)| *of == name);
                taken.map(|(row, _)| text(records[*row])).collect::<Vec<_>>().join(",")
            };
            let named = pattern.names.iter().enumerate().map(|(index, name)| (name, of_name(index)));
            let named = named.filter(|(_, records)| !records.is_empty());
            let matched: Vec<String> = named.map(|(name, records)| format!("\"{name}\":[{records}]")).collect();
            wanted.push(format!(
                "{{\"key\":{key},\"start\":{},\"end\":{},\"match\":{{{}}}{}}}",
                rows[answer.taken[0].0].0,
                answer.end,
                matched.join(","),
                if answer.is_timeout { ",\"timeout\":true" } else { "" }
            ));
        }
    }
    wanted.sort();
    Some(wanted)
}

/// What came out, and what had to; None if there are too many ways to try.
fn answers(
    batches: &[Vec<Record>],
    text: &str,
    to: Option<&str>,
    has_time_limit: bool,
) -> Option<(Vec<String>, Vec<String>)> {
    let pattern = Pattern::parse(text).unwrap();
    let skip = skip(&pattern, to);
    let within = within_of(text, has_time_limit);
    let wanted = wanted(&pattern, batches, within, skip)?;
    let mut operator = sequences(text, within, skip);
    let run = testing::try_run(&mut operator, 1000, &texts(batches), Reason::Eof).unwrap();
    let mut got: Vec<String> = run.batches.into_iter().flat_map(|(_, records)| records).collect();
    got.sort();
    assert_eq!((operator.matcher.buffer.records(), operator.keys.len()), (0, 0), "something is left");
    Some((got, wanted))
}

#[test]
fn what_was_not_found_once() {
    // Each was a fault: which of several ways comes out, where loops and alternatives stand in one another.
    for (text, letters, to) in [
        ("(A+?)+", "bb", Some("past-last")),
        ("(A | A*?) A", "aa", Some("past-last")),
        ("(B? | A) (A | A)", "aa", Some("past-last")),
        ("((C* | A?)) -> C", "c", None),
        ("B ((A | A*))+", "ba", Some("past-last")),
        ("(B | B -> !A)", "b", None),
        ("A{1,2} -> C -> !B", "acac", Some("past-last")),
        ("A{1,2} -> C -> B", "acacb", Some("past-last")),
    ] {
        let batch: Vec<Record> = (0..).zip(letters.chars()).map(|(time, letter)| (0, time, letter)).collect();
        let (got, wanted) = answers(&[batch], text, to, false).unwrap();
        assert_eq!(got, wanted, "{text} on {letters}");
    }
}

#[test]
fn loops_of_loops_cost_no_more_than_one() {
    // Their ways take the same records: were each tried by itself, they would be 2 to the 40th.
    let letters = vec![vec![(0, 0, 'a'); 40]];
    let mut operator = sequences("((A+?)+)+ D", None, Some(Skip::PastLast));
    operator.most_partial = 100;
    testing::try_run(&mut operator, 1000, &texts(&letters), Reason::Eof).unwrap();
}

proptest! {
    #[test]
    fn all_is_found_that_a_search_through_all_ways_finds(
        batches in batches(), text in patterns(), to in skips(), has_time_limit: bool
    ) {
        let answers = answers(&batches, &text, to, has_time_limit);
        prop_assume!(answers.is_some(), "too many ways to try");
        let (got, wanted) = answers.unwrap_or_default();
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn restored_anywhere_they_are_undisturbed(
        batches in batches(), text in patterns(), to in skips(), at in 0_usize..8, has_time_limit: bool
    ) {
        let pattern = Pattern::parse(&text).unwrap();
        let within = within_of(&text, has_time_limit);
        let skip = skip(&pattern, to);
        let mut make = || -> Box<dyn Operator> { Box::new(sequences(&text, within, skip)) };
        let batches = texts(&batches);
        let whole = testing::run_restored(&mut make, &batches, usize::MAX);
        prop_assert_eq!(testing::run_restored(&mut make, &batches, at), whole);
    }
}

#[test]
fn too_many_open_ways_are_told() {
    let mut operator = sequences("A+ -> D", None, Some(Skip::PastLast));
    operator.most_partial = 5;
    let batch: Vec<String> = (0..50).map(|time| format!("[1,{time},\"a\"]")).collect();
    let error = testing::try_run(&mut operator, 1000, &[batch], Reason::Eof).unwrap_err();
    assert!(error.to_string().contains("key 1: more than 5 partial matches are open"), "{error}");
}

#[test]
fn what_is_held_is_what_can_still_match() {
    // A hundred keys a batch that never come again: 10 ms a batch, so that 15 ms and 3 ms are some three batches.
    let mut operator = sequences("A -> B", Some(15), Some(Skip::PastLast));
    let mut collected = testing::Collected::default();
    let mut out = Out::new(&mut collected);
    operator.head(&mut Head::new(1000)).unwrap();
    let mut bytes = Vec::new();
    for batch in 1..200 {
        let records: String = (0..100).map(|key| text((batch * 100 + key, batch * 10, 'a')) + "\n").collect();
        let time = BatchTime(batch as u64 * 1000);
        out.set_time(time);
        operator.block(Block { time, records: 100, bytes: records.as_bytes() }, &mut out).unwrap();
        operator.end(time, &mut out).unwrap();
        let held = operator.held();
        assert!(held.keys <= Some(300) && held.records <= Some(300), "after batch {batch}: {held:?}");
        bytes.push(held.bytes);
    }
    let (early, late) = (bytes[10..30].iter().max().unwrap(), bytes[30..].iter().max().unwrap());
    assert!(*late <= early + early / 2, "{early} bytes, and later {late}");
}

#[test]
fn a_loop_costs_by_the_record_however_long_it_is() {
    // By its length it would be a billion steps: minutes.
    for pattern in ["D B*", "D -> B* -> D"] {
        let mut operator = sequences(pattern, None, Some(Skip::PastLast));
        let records: Vec<String> = ["c".to_owned()].into_iter().chain((0..50_000).map(|_| "b".to_owned())).collect();
        let records: Vec<String> =
            records.iter().enumerate().map(|(time, letter)| format!("[1,{time},\"{letter}\"]")).collect();
        let run = testing::try_run(&mut operator, 1000, &[records], Reason::Eof).unwrap();
        let found: usize = run.batches.iter().map(|(_, records)| records.len()).sum();
        assert_eq!(found, usize::from(pattern == "D B*"));
    }
}
