//! Where to resume, case by case. Times in these tables are seconds.

use super::super::Times;
use super::super::resume::{Conflict, Folder, Inputs, Source, Spans, resume};

const FOREVER: u64 = u64::MAX;

fn source(name: &str, first: u64, last: u64) -> Source {
    let runs = if first <= last { vec![Times { first_ms: first, last_ms: last, step_ms: 1 }] } else { vec![] };
    Source { name: name.into(), from_ms: 0, runs, last_ms: last, closed: false }
}

fn folder(name: &str, covers: Spans, newest: u64) -> Folder {
    let sources = name.split('.').next().unwrap().split('+').map(str::to_owned).collect();
    Folder { name: name.into(), sources, covers, newest_ms: Some(newest), is_sink: false, end: false }
}

/// A stage that can restore each time from `first` to `last`.
fn stage(name: &str, first: u64, last: u64) -> Folder {
    folder(name, vec![(first, last + 1)], last)
}

/// A sink on a stream of `interval`, that has committed up to `last`.
fn sink(name: &str, last: u64, interval: u64) -> Folder {
    Folder { is_sink: true, ..folder(name, vec![(0, last + interval)], last) }
}

fn end(name: &str, last: u64, interval: u64) -> Folder {
    Folder { end: true, ..sink(name, last, interval) }
}

fn at(sources: Vec<Source>, folders: Vec<Folder>) -> Inputs {
    Inputs { start_ms: 0, sources, folders }
}

fn closed(source: Source) -> Source {
    Source { closed: true, ..source }
}

#[test]
fn the_newest_time_that_all_cover() {
    let every_5 = |name, times: &[u64]| {
        folder(name, times.iter().map(|time| (*time, time + 1)).collect(), *times.last().unwrap())
    };
    let after_close = |name, last: u64| folder(name, vec![(0, last), (last, FOREVER)], last);
    #[rustfmt::skip]
    let table: Vec<(&str, Inputs, u64, Option<&str>)> = vec![
        ("first start", at(vec![], vec![]), 0, None),
        ("nothing but a source", at(vec![source("a", 1, 50)], vec![]), 0, None),
        ("all have all", at(vec![source("a", 1, 50)], vec![end("a.01-files", 50, 1)]), 50, None),
        ("end sent, not committed",
            at(vec![source("a", 1, 50)], vec![end("a.01-files", 49, 1)]), 49, Some("a.01-files")),
        ("a slow sink",
            at(vec![source("a", 1, 50)], vec![stage("a.01-state", 0, 48), end("a.02-files", 7, 1)]), 7, Some("a.02-files")),
        ("state not yet durable",
            at(vec![source("a", 1, 50)], vec![stage("a.01-state", 0, 30), end("a.02-files", 50, 1)]), 30, Some("a.01-state")),
        ("a window that slides by 10: committed 20 covers up to 29",
            at(vec![source("a", 1, 50)], vec![stage("a.01-window", 0, 50), end("a.02-files", 20, 10)]), 29, Some("a.02-files")),
        ("a window that slides by 10, state at multiples of 5",
            at(vec![source("a", 1, 50)], vec![every_5("a.01-window", &[20, 25, 30]), end("a.02-files", 20, 10)]), 25, Some("a.02-files")),
        ("two states at multiples of 2 and of 3",
            at(vec![source("a", 1, 14)], vec![
                every_5("a.01-state", &[0, 2, 4, 6, 8, 10, 12, 14]), every_5("a.02-state", &[0, 3, 6, 9, 12]),
                end("a.03-files", 11, 1)]), 6, Some("a.03-files")),
        ("two sinks by --pass",
            at(vec![source("a", 1, 50)], vec![sink("a.01-files", 50, 1), end("a.02-print", 47, 1)]), 47, Some("a.02-print")),
        ("a sink before the end, and the end never came up",
            at(vec![source("a", 1, 5)], vec![sink("a.01-files", 5, 1)]), 0, Some("a.01-files")),
        ("a state, and the end never came up",
            at(vec![source("a", 1, 5)], vec![stage("a.01-state", 0, 5)]), 0, Some("a.01-state")),
        ("a join",
            at(vec![source("a", 1, 20), source("b", 3, 18)], vec![
                stage("a.01-window", 0, 20), stage("b.01-state", 0, 18), end("a+b.02-files", 15, 1)]), 15, Some("a+b.02-files")),
        ("a join whose left side has a sink of its own",
            at(vec![source("a", 1, 20), source("b", 1, 18)], vec![
                sink("a.01-files", 19, 1), end("a+b.02-files", 16, 1)]), 16, Some("a+b.02-files")),
        ("a join whose right side closed long ago: its state lasts",
            at(vec![source("a", 1, 900), closed(source("b", 1, 20))], vec![
                after_close("b.01-state", 20), end("a+b.02-files", 890, 1)]), 890, Some("a+b.02-files")),
        ("a source that is new has nothing yet",
            at(vec![source("a", 1, 20), source("c", 41, 40)], vec![end("a.01-files", 20, 1)]), 20, None),
        ("a source that was purged up to 90",
            at(vec![Source { from_ms: 90, ..source("a", 91, 200) }], vec![end("a.01-files", 150, 1)]), 150, Some("a.01-files")),
        ("everything closed, with a window's last batch at 30",
            at(vec![closed(source("a", 1, 27))], vec![
                folder("a.01-window", vec![(0, 28), (30, FOREVER)], 30),
                Folder { end: true, is_sink: true, ..folder("a.02-files", vec![(0, FOREVER)], 30) }]), 30, None),
        ("a stage that was put in at 40 by --new",
            at(vec![source("a", 1, 50)], vec![stage("a.01-state", 40, 45), end("a.02-files", 50, 1)]), 45, Some("a.01-state")),
    ];
    for (case, inputs, resume_s, held_back_by) in table {
        let decided = resume(&inputs).unwrap_or_else(|conflict| panic!("{case}: {conflict:?}"));
        assert_eq!(
            (decided.resume_ms, decided.held_back_by.as_deref(), decided.finish),
            (resume_s, held_back_by, false),
            "{case}"
        );
    }
}

#[test]
fn forgetting_lets_the_rest_go_on() {
    let mut inputs = at(vec![source("a", 1, 50)], vec![sink("a.01-files", 48, 1), end("a.02-old", 3, 1)]);
    assert_eq!(resume(&inputs).unwrap().resume_ms, 3);
    inputs.folders.pop();
    // No end is left: whoever forgets moves the start on.
    assert_eq!(resume(&inputs).unwrap().resume_ms, 0);
    inputs.start_ms = 48;
    assert_eq!(resume(&inputs).unwrap().resume_ms, 48);
}

#[test]
fn a_close_that_only_some_sinks_saw_is_finished() {
    let folders = |committed| {
        vec![
            folder("a.01-window", vec![(0, 28), (30, FOREVER)], 30),
            sink("a.02-files", committed, 10),
            end("a.03-files", 20, 10),
        ]
    };
    let inputs = at(vec![closed(source("a", 1, 27))], folders(30));
    let decided = resume(&inputs).unwrap();
    assert_eq!((decided.resume_ms, decided.finish), (27, true));
    // While no sink has what came at the close, the source just goes on.
    let decided = resume(&at(vec![closed(source("a", 1, 27))], folders(20))).unwrap();
    assert_eq!((decided.resume_ms, decided.finish), (27, false));
}

#[test]
fn what_nobody_can_have_is_damage() {
    let lost = |inputs: &Inputs| matches!(resume(inputs), Err(Conflict::Unknown { .. }));
    assert!(lost(&at(vec![source("a", 1, 50)], vec![end("a.01-files", 51, 1)])), "a commit past the offsets");
    assert!(lost(&at(vec![source("a", 1, 50)], vec![stage("a.01-state", 0, 51)])), "a state past the offsets");
    assert!(lost(&at(vec![], vec![end("a.01-files", 5, 1)])), "no offsets at all");
    let joined = |b: Source| at(vec![source("a", 1, 50), b], vec![end("a+b.01-files", 50, 1)]);
    assert!(lost(&joined(source("b", 1, 49))), "one side of a join");
    assert!(!lost(&joined(closed(source("b", 1, 49)))), "a side that closed");
}

#[test]
fn nothing_in_common_is_an_error() {
    let purged = Source { from_ms: 90, ..source("a", 91, 200) };
    let inputs = at(vec![purged], vec![end("a.01-files", 50, 1)]);
    assert_eq!(resume(&inputs), Err(Conflict::NoTime));
}
