use std::collections::BTreeMap;

use super::*;
use crate::agg::Aggregation;
use crate::event::{TimeForm, Timing, Watermarks};
use crate::expr::Program;
use crate::keyed_state::KeyedState as _;
use crate::op::grouping::By;
use crate::op::merge::Merge;
use crate::op::testing::{self, Collected};
use crate::record;
use proptest::prelude::*;

fn aggregation(name: &str) -> Update {
    Update::Aggregation(Aggregator::new(Aggregation::parse(name).unwrap()))
}

fn function(source: &str) -> Update {
    Update::Function(Box::new(Program::parse(source, &VARIABLES).unwrap()))
}

fn state(update: Update, emit: Emit, timeout_ms: Option<u64>) -> State {
    State::new(Grouping::new(By::Pair, None), update, emit, timeout_ms)
}

fn results(state: &mut State, batches: &[Vec<&str>]) -> Vec<Vec<String>> {
    let collected = testing::run(state, batches);
    assert!(collected.bad.is_empty(), "{:?}", collected.bad);
    collected.batches.into_iter().map(|(_, records)| records).collect()
}

/// Of a stream of three batches, the second without a record.
fn three(update: Update, emit: Emit) -> Vec<String> {
    let batches = [vec![r#"["b",1]"#, "[1.0,5]", r#"["b",2]"#], vec![], vec!["[1,7]", r#"["c",4]"#, "[1,1]"]];
    results(&mut state(update, emit, None), &batches).into_iter().map(|records| records.join(" ")).collect()
}

#[test]
fn what_the_state_takes_is_told_however_long_entries_are() {
    let mut state = state(aggregation("count"), Emit::All, None);
    crate::op::durable::Durable::track(&mut state, false);
    results(&mut state, &[vec![r#"["a",1]"#, r#"["b",1]"#]]);
    state.entries.journal.as_mut().unwrap().written = (1, u64::MAX);
    assert_eq!(state.live_bytes(), u64::MAX);
}

#[test]
fn what_comes_out_when() {
    let sum = || aggregation("sum");
    assert_eq!(three(sum(), Emit::All), [r#"["b",3] [1.0,5]"#, r#"["b",3] [1.0,5]"#, r#"["b",3] [1.0,13] ["c",4]"#]);
    assert_eq!(three(sum(), Emit::Changed), [r#"["b",3] [1.0,5]"#, "", r#"[1.0,13] ["c",4]"#]);
    assert_eq!(three(sum(), Emit::Each), [r#"["b",1] [1.0,5] ["b",3]"#, "", r#"[1.0,12] ["c",4] [1.0,13]"#]);
    assert_eq!(three(sum(), Emit::Timeout), ["", "", ""]);
    let merge = Aggregator::expression(Box::new(Merge::new(Box::new(
        Program::parse("[$a, $b] | flatten", &["a", "b"]).unwrap(),
    ))));
    assert_eq!(three(Update::Aggregation(merge), Emit::Changed)[2], r#"[1.0,[5,7,1]] ["c",4]"#);
}

#[test]
fn a_function_sees_the_batch_and_the_state() {
    let source = "($state // []) + [$values, $key]";
    assert_eq!(
        three(function(source), Emit::All),
        [
            r#"["b",[[1,2],"b"]] [1.0,[[5],1.0]]"#,
            r#"["b",[[1,2],"b",[],"b"]] [1.0,[[5],1.0,[],1.0]]"#,
            r#"["b",[[1,2],"b",[],"b",[],"b"]] [1.0,[[5],1.0,[],1.0,[7,1],1.0]] ["c",[[4],"c"]]"#,
        ]
    );
    assert_eq!(three(function(source), Emit::Changed)[1..], ["", r#"[1.0,[[5],1.0,[7,1],1.0]] ["c",[[4],"c"]]"#]);
    assert_eq!(three(function("$values"), Emit::Each)[0], r#"["b",[1]] [1.0,[5]] ["b",[2]]"#);
    assert_eq!(three(function(source), Emit::Timeout), ["", "", ""]);
}

#[test]
fn null_or_nothing_drops_a_key() {
    for drop in ["null", "empty"] {
        let source = format!("if $values == [] then {drop} else ($state // 0) + ($values | add) end");
        let batches = [vec!["[1,1]", "[2,2]"], vec!["[2,3]"], vec!["[1,4]", "[2,1]"], vec![]];
        let all = results(&mut state(function(&source), Emit::All, None), &batches);
        assert_eq!(all, [vec!["[1,1]", "[2,2]"], vec!["[2,5]"], vec!["[2,6]", "[1,4]"], vec![]]);
    }
    let source = "if $values == [0] then null else $values[0] end";
    let batches = [vec!["[1,5]", "[1,0]", "[2,0]", "[1,6]"]];
    assert_eq!(results(&mut state(function(source), Emit::Each, None), &batches), [["[1,5]", "[1,6]"]]);
}

#[test]
fn keys_time_out_when_more_than_the_timeout_has_passed() {
    let batches = [vec!["[1,1]", "[2,1]"], vec!["[1,1]"], vec![], vec!["[3,1]"], vec!["[2,1]"], vec![]];
    let run = |emit| results(&mut state(aggregation("count"), emit, Some(2000)), &batches);
    let (timeout, all) = (run(Emit::Timeout), run(Emit::All));
    assert_eq!(timeout, [vec![], vec![], vec![], vec!["[2,1]"], vec!["[1,2]"], vec![]]);
    assert_eq!(
        all[2..],
        [vec!["[1,2]", "[2,1]"], vec!["[1,2]", "[3,1]"], vec!["[3,1]", "[2,1]"], vec!["[3,1]", "[2,1]"]]
    );
    // A value in the very batch at which the key would go keeps it.
    let kept = [vec!["[1,1]"], vec![], vec![], vec!["[1,1]"]];
    assert_eq!(results(&mut state(aggregation("count"), Emit::All, Some(2000)), &kept)[3], ["[1,2]"]);
}

#[test]
fn states_to_begin_with() {
    let begin = |name: &str, value: &str| {
        let mut state = state(aggregation(name), Emit::All, Some(1000));
        state.begin_with(b"1", value.as_bytes()).map(|()| results(&mut state, &[vec!["[1,1]"]])[0].concat())
    };
    assert_eq!(begin("sum", "100").unwrap(), "[1,101]");
    assert_eq!(begin("count", "100.0").unwrap(), "[1,101]");
    assert_eq!(begin("max", "100").unwrap(), "[1,100]");
    assert_eq!(begin("last", "100").unwrap(), "[1,1]");
    assert_eq!(begin("collect", "[3,[4]]").unwrap(), "[1,[3,[4],1]]");
    assert_eq!(begin("collect", "[]").unwrap(), "[1,[1]]");
    assert_eq!(begin("distinct", "[3,1.0]").unwrap(), "[1,[3,1.0]]");
    assert_eq!(begin("top:2", "[3,5,4]").unwrap(), "[1,[5,4]]");
    for (name, value, message) in [
        ("count", "-1", "a number from 0 on"),
        ("count", "\"x\"", "a number from 0 on"),
        ("collect", "1", "an array"),
        ("sum", "\"x\"", "not a number"),
        ("avg", "1", "avg cannot go on"),
        ("quantile:0.5", "1", "cannot go on"),
    ] {
        assert!(begin(name, value).unwrap_err().to_string().contains(message), "{name} {value}");
    }
    let mut twice = state(function("$state"), Emit::All, Some(1000));
    assert_eq!(twice.begin_with(b"1.0", b"[1]"), Ok(()));
    assert_eq!(twice.begin_with(b"1", b"[1]"), Err(InitialError::Twice));
    // They belong to the first batch, and time out from there.
    assert_eq!(results(&mut twice, &[vec![], vec![], vec![]]), [vec!["[1.0,[1]]"], vec!["[1.0,[1]]"], vec![]]);
}

#[test]
fn bad_records_change_nothing() {
    let batches = [vec!["[1,1]", "7", "[1,\"x\"]", "[2,\"x\"]", "[3,1]"]];
    let collected = testing::run(&mut state(aggregation("sum"), Emit::All, None), &batches);
    assert_eq!(collected.batches[0].1, ["[1,1]", "[3,1]"]);
    assert_eq!(collected.bad.len(), 3);

    let source = "if $values == [\"x\"] then error(\"no x\") elif $values == [0] then 1, 2 else $values[0] end";
    let batches = [vec!["[1,1]", "[2,\"x\"]", "[3,0]"], vec!["[1,\"x\"]", "[3,3]"]];
    let collected = testing::run(&mut state(function(source), Emit::Changed, None), &batches);
    assert_eq!(collected.batches[0].1, ["[1,1]"]);
    assert_eq!(collected.batches[1].1, ["[3,3]"]);
    let records: Vec<_> = collected.bad.iter().map(|(record, _)| record.as_str()).collect();
    assert_eq!(
        records,
        [
            r#"{"key":2,"values":["x"],"state":null}"#,
            r#"{"key":3,"values":[0],"state":null}"#,
            r#"{"key":1,"values":["x"],"state":1}"#,
        ]
    );
    assert!(collected.bad[0].1.contains("no x") && collected.bad[1].1.contains("several"));
    let collected = testing::run(&mut state(function(source), Emit::Each, None), &batches);
    assert_eq!(collected.bad[0].0, "[2,\"x\"]");
}

/// What a checkpoint holds: the last entry of each key.
type Saved = BTreeMap<Vec<u8>, Vec<u8>>;

fn apply(saved: &mut Saved, key: &[u8], entry: Option<&[u8]>) {
    match entry {
        Some(entry) => saved.insert(key.to_vec(), entry.to_vec()),
        None => saved.remove(key),
    };
}

/// The whole state in slices of a few bytes.
fn sliced(state: &mut State) -> Saved {
    let mut saved = Saved::new();
    let mut from_start = true;
    while !state.slice(from_start, 20, &mut |key, entry| apply(&mut saved, key, entry)) {
        from_start = false;
    }
    saved
}

fn feed(state: &mut State, number: usize, records: &[String]) -> Vec<String> {
    let time = BatchTime((number as u64 + 1) * 1000);
    let mut collected = Collected::default();
    let mut out = Out::new(&mut collected);
    out.set_time(time);
    for record in records {
        let bytes = format!("{record}\n");
        state.block(Block { time, records: 1, bytes: bytes.as_bytes() }, &mut out).unwrap();
    }
    state.end(time, &mut out).unwrap();
    collected.batches.remove(0).1
}

#[test]
fn damaged_entries_are_refused() {
    let mut whole = state(aggregation("sum"), Emit::All, None);
    whole.track(false);
    feed(&mut whole, 0, &["[1.0,5]".to_owned()]);
    let mut entry = Vec::new();
    whole.changes(&mut |_, saved| entry = saved.unwrap().to_vec()).unwrap();
    let load = |bytes: &[u8]| {
        let mut state = state(aggregation("sum"), Emit::All, None);
        state.track(false);
        state.load(b"1", Some(bytes))
    };
    assert!(load(&entry).is_ok());
    assert!((0..entry.len()).all(|end| load(&entry[..end]).is_err()));
    assert!(load(&[&entry, b"x".as_slice()].concat()).is_err());
    assert!(load(&[&[2], &entry[1..]].concat()).is_err());
}

#[test]
fn what_was_there_at_the_start_gives_way_to_what_is_restored() {
    let initial = || {
        let mut state = state(aggregation("sum"), Emit::All, Some(5000));
        for (key, value) in [(b"1", b"7"), (b"2", b"7"), (b"3", b"7")] {
            state.begin_with(key, value).unwrap();
        }
        state
    };
    let mut first = initial();
    first.track(false);
    assert_eq!(feed(&mut first, 0, &["[3,1]".into(), "[9,1]".into()]), ["[1,7]", "[2,7]", "[3,8]", "[9,1]"]);
    let mut saved = Saved::new();
    first.changes(&mut |key, entry| apply(&mut saved, key, entry)).unwrap();
    assert_eq!(saved.len(), 4);
    saved.remove(&b"1"[..]);
    let mut restored = initial();
    restored.track(true);
    for (key, entry) in &saved {
        restored.load(key, Some(entry)).unwrap();
    }
    restored.finish_load().unwrap();
    restored.changes(&mut |key, _| panic!("{key:?} was loaded, not changed")).unwrap();
    assert_eq!(feed(&mut restored, 1, &["[1,1]".into()]), ["[2,7]", "[3,8]", "[9,1]", "[1,1]"]);
}

fn any_update() -> impl Strategy<Value = u8> {
    0..4u8
}

fn update_of(kind: u8) -> Update {
    match kind {
        0 => aggregation("sum"),
        1 => aggregation("collect"),
        2 => aggregation("count"),
        // Keys go when the sum of their values is a multiple of 3.
        _ => function("(($state // 0) + ($values | add // 0)) | if . % 3 == 0 then null else . end"),
    }
}

/// A naive state: pairs of key and values so far, in order.
#[derive(Default)]
struct Model {
    entries: Vec<(String, Vec<i64>, u64)>,
}

impl Model {
    fn state(kind: u8, values: &[i64]) -> String {
        match kind {
            1 => format!("{values:?}").replace(' ', ""),
            2 => values.len().to_string(),
            _ => values.iter().sum::<i64>().to_string(),
        }
    }

    fn batch(&mut self, kind: u8, emit: Emit, timeout_ms: u64, now_ms: u64, pairs: &[(String, i64)]) -> Vec<String> {
        let mut results = Vec::new();
        let give = |key: &str, values: &[i64]| format!("[{key},{}]", Model::state(kind, values));
        let is_dropped = |values: &[i64]| kind == 3 && values.iter().sum::<i64>() % 3 == 0;
        for (key, value) in pairs {
            let at = match self.entries.iter().position(|(known, ..)| known == key) {
                Some(at) => at,
                None => {
                    self.entries.push((key.clone(), Vec::new(), now_ms));
                    self.entries.len() - 1
                }
            };
            self.entries[at].1.push(*value);
            self.entries[at].2 = now_ms;
            if emit == Emit::Each {
                if is_dropped(&self.entries[at].1) {
                    self.entries.remove(at);
                } else {
                    results.push(give(key, &self.entries[at].1));
                }
            }
        }
        for (key, values, last_ms) in &self.entries {
            if emit == Emit::Timeout && now_ms - last_ms > timeout_ms {
                results.push(give(key, values));
            }
        }
        self.entries.retain(|(_, _, last_ms)| now_ms - last_ms <= timeout_ms);
        if emit != Emit::Each {
            self.entries
                .retain(|(_, values, last_ms)| !is_dropped(values) || (emit != Emit::All && *last_ms != now_ms));
        }
        for (key, values, last_ms) in &self.entries {
            if emit == Emit::All || emit == Emit::Changed && *last_ms == now_ms {
                results.push(give(key, values));
            }
        }
        results
    }
}

proptest! {
    #[test]
    fn as_a_list_would_do(
        kind in any_update(),
        emit in prop::sample::select(vec![Emit::All, Emit::Changed, Emit::Each, Emit::Timeout]),
        timeout in 0..4u64,
        batches in prop::collection::vec(prop::collection::vec((0..8u8, -4..5i64), 0..6), 0..25),
        restart_at in 0..25usize,
        compacts: bool,
    ) {
        let timeout_ms = timeout * 1000;
        let new = |is_restored| {
            let mut state = state(update_of(kind), emit, Some(timeout_ms));
            state.track(is_restored);
            state
        };
        let (mut tested, mut model, mut saved) = (new(false), Model::default(), Saved::new());
        // All words since a place where slices began, in order.
        let mut log: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            let pairs: Vec<(String, i64)> = batch.iter().map(|(key, value)| (format!("\"k{key}\""), *value)).collect();
            let records: Vec<String> = pairs.iter().map(|(key, value)| format!("[{key},{value}]")).collect();
            let results = feed(&mut tested, number, &records);
            let expected = model.batch(kind, emit, timeout_ms, (number as u64 + 1) * 1000, &pairs);
            prop_assert_eq!(results, expected, "batch {}", number);
            if compacts {
                let order: Vec<u32> = tested.entries.keys.indexes().map(|index| index as u32).collect();
                tested.entries.reorder(&order);
            }
            tested
                .changes(&mut |key, entry| {
                    apply(&mut saved, key, entry);
                    log.push((key.to_vec(), entry.map(<[u8]>::to_vec)));
                })
                .unwrap();
            let all = sliced(&mut tested);
            prop_assert_eq!(&all, &saved);
            if number % 4 == 1 {
                log.drain(..if number % 8 == 1 { log.len() } else { 0 });
                log.extend(all.into_iter().map(|(key, entry)| (key, Some(entry))));
            }
            if number == restart_at {
                tested = new(true);
                for (key, entry) in &log {
                    tested.load(key, entry.as_deref()).unwrap();
                }
                tested.finish_load().unwrap();
                prop_assert_eq!(&sliced(&mut tested), &saved);
                tested.changes(&mut |key, _| panic!("{key:?} was loaded, not changed")).unwrap();
            }
        }
        prop_assert!(saved.keys().all(|key| *record::normal_key(key) == **key));
    }
}

proptest! {
    /// By event time: what comes out hangs on the watermark, which is restored too.
    #[test]
    fn by_event_time_restored_anywhere_it_is_undisturbed(
        kind in any_update(),
        emit in prop::sample::select(vec![Emit::All, Emit::Changed, Emit::Each, Emit::Timeout]),
        timeout_ms in 0..20u64,
        delay_ms in 0..8u64,
        batches in prop::collection::vec(prop::collection::vec((0..6u8, -4..5i64, -30..60i64), 0..5), 0..16),
        at in 0..16usize,
    ) {
        let program = |source: &str| Program::parse(source, &[]).unwrap();
        let mut make = || -> Box<dyn Operator> {
            let grouping = Grouping::new(By::Program(program(".[0]")), Some(program(".[1]")));
            let timing = Timing::new(Some(program(".[2]")), TimeForm::default(), Watermarks::own(delay_ms, None));
            Box::new(State::new(grouping, update_of(kind), emit, Some(timeout_ms)).with_timing(timing))
        };
        let text = |(key, value, time): &(u8, i64, i64)| format!("[\"k{key}\",{value},{time}]");
        let batches: Vec<Vec<String>> = batches.iter().map(|batch| batch.iter().map(text).collect()).collect();
        let whole = testing::run_restored(&mut make, &batches, usize::MAX);
        prop_assert_eq!(testing::run_restored(&mut make, &batches, at), whole);
    }
}
