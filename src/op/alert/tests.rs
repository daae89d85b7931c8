//! A property against a definition by milliseconds, and examples that say what it means.

use std::collections::BTreeMap;

use super::*;
use crate::event::{TimeForm, Watermarks};
use crate::op::grouping::By;
use crate::op::testing;
use proptest::prelude::*;

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

/// Records are `[key, value, time]`; the condition is a value above 5.
fn alert(times: Times, clear: Option<&str>, delay_ms: Option<u64>) -> Alert {
    let watermarks = |delay_ms| Watermarks::own(delay_ms, None);
    Alert::new(Options {
        when: Some(program(".[1] > 5")),
        clear: clear.map(program),
        times,
        grouping: Grouping::new(By::Program(program(".[0]")), None),
        timing: delay_ms.map(|ms| Timing::new(Some(program(".[2]")), TimeForm::default(), watermarks(ms))),
    })
}

fn run(mut alert: Alert, batches: &[Vec<&str>]) -> Vec<Vec<String>> {
    testing::run(&mut alert, batches).batches.into_iter().map(|(_, records)| records).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn without_more_an_alert_is_raised_and_cleared_at_once() {
    let got = run(alert(Times::default(), None, None), &[vec!["[1,9]", "[1,8]", "[2,3]"], vec![], vec!["[1,5]"]]);
    assert_eq!(got[0], [r#"{"key":1,"alert":"when","state":"raised","since":1000,"at":1000,"record":[1,9]}"#]);
    assert_eq!(got[1], NOTHING);
    assert_eq!(got[2], [r#"{"key":1,"alert":"when","state":"cleared","since":1000,"at":3000,"record":[1,5]}"#]);
}

#[test]
fn it_is_held_back_and_cleared_by_another_border() {
    let times = Times { hold_ms: 1500, ..Times::default() };
    let batches = [vec!["[1,9]"], vec!["[1,4]", "[1,7]"], vec![], vec!["[1,6]"], vec!["[1,3]"], vec!["[1,1]"]];
    let got = run(alert(times, Some(".[1] < 2"), None), &batches);
    // The 4 of the second batch began it anew.
    let raised = r#"{"key":1,"alert":"when","state":"raised","since":2000,"at":3500,"record":[1,7]}"#;
    let cleared = r#"{"key":1,"alert":"when","state":"cleared","since":2000,"at":6000,"record":[1,1]}"#;
    assert_eq!(got, [vec![], vec![], vec![], vec![raised], vec![], vec![cleared]]);
}

#[test]
fn a_record_on_which_both_are_true_clears_nothing() {
    let got = run(alert(Times::default(), Some(".[1] > 7"), None), &[vec!["[1,9]"], vec!["[1,8]"], vec!["[1,6]"]]);
    assert_eq!(got.concat().len(), 1);
}

#[test]
fn silence_is_raised_and_ends() {
    let times = Times { absent_ms: Some(2000), ..Times::default() };
    let got = run(alert(times, None, None), &[vec!["[1,0]"], vec![], vec![], vec![], vec!["[1,1]"]]);
    let raised = r#"{"key":1,"alert":"absent","state":"raised","since":1000,"at":3000}"#;
    let cleared = r#"{"key":1,"alert":"absent","state":"cleared","since":1000,"at":5000,"record":[1,1]}"#;
    assert_eq!(got, [vec![], vec![], vec![raised], vec![], vec![cleared]]);
}

#[test]
fn a_stream_without_keys_is_watched_from_its_beginning() {
    let times = Times { absent_ms: Some(2000), ..Times::default() };
    let grouping = Grouping::new(By::Nothing, None);
    let alert = Alert::new(Options { when: None, clear: None, times, grouping, timing: None });
    let got = run(alert, &[vec![], vec![], vec!["7"]]);
    let raised = r#"{"alert":"absent","state":"raised","since":0,"at":2000}"#;
    let cleared = r#"{"alert":"absent","state":"cleared","since":0,"at":3000,"record":7}"#;
    assert_eq!(got, [vec![], vec![raised], vec![cleared]]);
}

#[test]
fn what_is_silent_for_long_is_forgotten_and_no_alert_stays() {
    let times = Times { absent_ms: Some(1000), forget_ms: Some(3000), ..Times::default() };
    let got = run(alert(times, None, None), &[vec!["[1,9]"], vec![], vec![], vec![], vec!["[1,1]"]]);
    assert_eq!(got[1], [r#"{"key":1,"alert":"absent","state":"raised","since":1000,"at":2000}"#]);
    let cleared = |alert| format!(r#"{{"key":1,"alert":"{alert}","state":"cleared","since":1000,"at":4000}}"#);
    assert_eq!(got[3], [cleared("when"), cleared("absent")]);
    assert_eq!(got[4], NOTHING);
}

#[test]
fn by_event_time_the_order_in_which_records_come_does_not_matter() {
    let times = Times { hold_ms: 30, ..Times::default() };
    let in_order = [vec!["[1,9,100]", "[1,7,120]", "[1,2,140]", "[1,0,500]"], vec![]];
    let in_disorder = [vec!["[1,2,140]"], vec!["[1,7,120]", "[1,9,100]"], vec!["[1,0,500]"]];
    let raised = r#"{"key":1,"alert":"when","state":"raised","since":100,"at":130,"record":[1,9,100]}"#;
    let cleared = r#"{"key":1,"alert":"when","state":"cleared","since":100,"at":140,"record":[1,2,140]}"#;
    assert_eq!(run(alert(times, None, Some(200)), &in_order).concat(), [raised, cleared]);
    assert_eq!(run(alert(times, None, Some(200)), &in_disorder).concat(), [raised, cleared]);
}

#[test]
fn bad_records_and_late_ones_are_set_aside() {
    let mut operator = alert(Times::default(), None, Some(0));
    let collected = testing::run(&mut operator, &[vec![r#"[1,9,100]"#, r#"[1,9,"x"]"#], vec!["[1,1,99]", "[1,1,100]"]]);
    assert_eq!((collected.bad.len(), collected.late.len()), (1, 1));
    assert_eq!(collected.batches.iter().map(|(_, records)| records.len()).sum::<usize>(), 2);
}

/// A record: key, value, time.
type Record = (i64, i64, i64);

/// What is to come out up to `now` by the definition, a millisecond at a time.
fn defined(records: &[Record], now: i64, times: Times, clear: Option<i64>) -> Vec<String> {
    #[derive(Default)]
    struct Key {
        held: Option<(i64, Record)>,
        raised: Option<i64>,
        last: i64,
        is_absent: bool,
    }
    let mut keys: BTreeMap<i64, Key> = BTreeMap::new();
    let mut found = Vec::new();
    let line = |key, alert, state, since, at, record: Option<Record>| {
        let record =
            record.map_or_else(String::new, |(key, value, time)| format!(",\"record\":[{key},{value},{time}]"));
        format!(r#"{{"key":{key},"alert":"{alert}","state":"{state}","since":{since},"at":{at}{record}}}"#)
    };
    for at in 0..=now {
        for record in records.iter().filter(|(_, _, time)| *time == at) {
            let (key, value, _) = *record;
            let known = keys.entry(key).or_default();
            if std::mem::take(&mut known.is_absent) {
                found.push(line(key, "absent", "cleared", known.last, at, Some(*record)));
            }
            known.last = at;
            let holds = value > 5;
            let clears = !holds && clear.is_none_or(|below| value < below);
            if let Some(since) = known.raised {
                if clears {
                    found.push(line(key, "when", "cleared", since, at, Some(*record)));
                    known.raised = None;
                }
            } else if !holds {
                known.held = None;
            } else if times.hold_ms == 0 {
                found.push(line(key, "when", "raised", at, at, Some(*record)));
                known.raised = Some(at);
            } else if known.held.is_none() {
                known.held = Some((at, *record));
            }
        }
        let mut forgotten = Vec::new();
        for (key, known) in &mut keys {
            if let Some((since, record)) = known.held
                && at - since >= times.hold_ms
            {
                found.push(line(*key, "when", "raised", since, at, Some(record)));
                (known.held, known.raised) = (None, Some(since));
            }
            if !known.is_absent && times.absent_ms.is_some_and(|ms| at - known.last >= ms) {
                found.push(line(*key, "absent", "raised", known.last, at, None));
                known.is_absent = true;
            }
            if times.forget_ms.is_some_and(|ms| at - known.last >= ms) {
                forgotten.push(*key);
                if let Some(since) = known.raised {
                    found.push(line(*key, "when", "cleared", since, at, None));
                }
                if known.is_absent {
                    found.push(line(*key, "absent", "cleared", known.last, at, None));
                }
            }
        }
        keys.retain(|key, _| !forgotten.contains(key));
    }
    found
}

fn any_times() -> impl Strategy<Value = Times> {
    let absent = prop::option::of(1_i64..20);
    let forget = prop::option::of(1_i64..40);
    (0_i64..15, absent, forget).prop_map(|(hold_ms, absent_ms, forget_ms)| Times { hold_ms, absent_ms, forget_ms })
}

proptest! {
    #[test]
    fn as_defined_whatever_comes_when_and_whenever_it_is_killed(
        batches in prop::collection::vec(prop::collection::vec((0_i64..4, 0_i64..10, 0_i64..80), 0..6), 0..15),
        times in any_times(), clear in prop::option::of(0_i64..6), delay in 0_i64..30, at in 0_usize..15,
    ) {
        let (mut greatest, mut watermark) = (None, None);
        let (mut in_time, mut want, mut given) = (Vec::<Record>::new(), Vec::new(), 0);
        for batch in &batches {
            in_time.extend(batch.iter().filter(|(_, _, time)| watermark.is_none_or(|passed| *time >= passed)));
            greatest = batch.iter().map(|(_, _, time)| *time).chain(greatest).max();
            watermark = watermark.max(greatest.map(|greatest| greatest - delay));
            let all = defined(&in_time, watermark.map_or(-1, |watermark| watermark - 1), times, clear);
            want.push(all[given..].to_vec());
            given = all.len();
        }
        let text = |(key, value, time): &Record| format!("[{key},{value},{time}]");
        let batches: Vec<Vec<String>> = batches.iter().map(|batch| batch.iter().map(text).collect()).collect();
        let clear = clear.map(|below| format!(".[1] < {below}"));
        let mut make = || -> Box<dyn Operator> { Box::new(alert(times, clear.as_deref(), Some(delay as u64))) };
        let got = testing::run_restored(&mut make, &batches, at);
        prop_assert_eq!(got.into_iter().map(|(_, records)| records).collect::<Vec<_>>(), want);
    }

    #[test]
    fn as_defined_by_the_times_of_batches(
        batches in prop::collection::vec(prop::collection::vec((0_i64..4, 0_i64..10), 0..4), 0..12),
        hold in 0_i64..4, absent in prop::option::of(1_i64..5), forget in prop::option::of(1_i64..9), at in 0_usize..12,
    ) {
        let times = Times {
            hold_ms: hold * 700,
            absent_ms: absent.map(|absent| absent * 700),
            forget_ms: forget.map(|forget| forget * 700),
        };
        let (mut records, mut want, mut given) = (Vec::new(), Vec::new(), 0);
        for (time, batch) in (1..).map(|number| number * 1000).zip(&batches) {
            records.extend(batch.iter().map(|(key, value)| (*key, *value, time)));
            let all = defined(&records, time, times, None);
            want.push(all[given..].to_vec());
            given = all.len();
        }
        let times_of = (1..).map(|number| number * 1000).zip(&batches);
        let text = |time, batch: &Vec<(i64, i64)>| -> Vec<String> {
            batch.iter().map(|(key, value)| format!("[{key},{value},{time}]")).collect()
        };
        let batches: Vec<Vec<String>> = times_of.map(|(time, batch)| text(time, batch)).collect();
        let got = testing::run_restored(&mut || Box::new(alert(times, None, None)), &batches, at);
        prop_assert_eq!(got.into_iter().map(|(_, records)| records).collect::<Vec<_>>(), want);
    }
}
