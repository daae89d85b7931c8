use super::*;
use serde_json::{Value, json};

/// The view of a pipeline whose map takes `map_ms` a batch of 1 s.
fn slow_map(map_ms: u64, batches: u64) -> View {
    let mut head = Head::new(1000);
    head.stages = vec!["source tcp".into(), "map --exec ./slow".into(), "sink print".into()];
    let mut view = View::new(&head, 100);
    let mut free = 0;
    for time in (1..=batches).map(|n| 1_000_000 + n * 1000) {
        let done = free.max(time) + map_ms;
        view.end(&end(
            time,
            json!([
                ["source", 50, 50, 1, 2.0, time],
                ["map", 50, 40, 0, map_ms, done],
                ["sink", 40, 40, 0, 0.5, done + 1]
            ]),
        ));
        free = done;
    }
    view
}

fn end(time: u64, trace: Value) -> End {
    let mut end = End::new(BatchTime(time), 40);
    end.trace = Some(trace.as_array().unwrap().clone());
    end
}

#[test]
fn a_slow_stage_is_named_with_since_when_and_by_how_much() {
    let view = slow_map(3000, 20);
    assert_eq!(view.behind_since(), Some(BatchTime(1_001_000)));
    let (stage, load) = view.slowest().unwrap();
    assert_eq!((stage, load.busy_ms, load.share), (1, 3000.0, 3.0));
    assert_eq!(
        view.verdict(),
        "behind since 1970-01-01 00:16:41Z: total delay 41.0 s, interval 1s; slowest is map --exec ./slow: 3.0 s of \
         work a batch, 300 % of the interval"
    );
}

#[test]
fn a_pipeline_that_keeps_up_says_so() {
    let view = slow_map(30, 20);
    assert_eq!(view.behind_since(), None);
    assert!(
        view.verdict().starts_with("keeps up: total delay 31 ms, interval 1s; slowest is map"),
        "{}",
        view.verdict()
    );
    assert_eq!(view.loads()[0].records_per_second, 50.0);
}

#[test]
fn totals_are_those_of_all_ends_however_few_are_kept() {
    let mut view = slow_map(30, 20);
    view.set_limit(12);
    assert_eq!(view.batches().len(), 12);
    assert_eq!((view.totals().batches, view.totals().input), (20, 1000));
    assert_eq!(view.totals().stages[0].aside, 20);
    assert_eq!(view.batch(BatchTime(1_001_000)), None);
    assert_eq!(view.batch(BatchTime(1_020_000)).unwrap().input(view.facts()), 50);
    assert_eq!(view.since(Some(BatchTime(1_018_000))).count(), 2);
}

#[test]
fn an_end_read_twice_counts_once() {
    let mut view = slow_map(30, 20);
    view.end(&end(1_020_000, json!([["source", 1, 1, 0, 1, 1]])));
    assert_eq!(view.totals().batches, 20);
}

#[test]
fn lost_records_are_told_with_their_first_batch() {
    let mut view = slow_map(30, 2);
    for time in [1_003_000, 1_004_000] {
        view.end(&end(time, json!([["source", 5, 5, 0, 1, 1], ["map", 4, 4, 0, 1, 1], ["sink", 4, 4, 0, 1, 1]])));
    }
    let found = view.disagreement().unwrap();
    assert_eq!((found.batches, found.first), (2, BatchTime(1_003_000)));
    assert_eq!(found.mismatch, Mismatch { stage: 1, given: 5, taken: 4 });
}

#[test]
fn a_stream_without_trace_still_has_batches() {
    let mut head = Head::new(1000);
    head.stages = vec!["source tcp".into()];
    let mut view = View::new(&head, 100);
    view.end(&End::new(BatchTime(1000), 7));
    assert_eq!(view.batches()[0].input(view.facts()), 7);
    assert!(view.verdict().contains("--no-trace"));
}

#[test]
fn a_day_of_second_batches_is_small() {
    // What a batch of five stages takes, without the allocator's share.
    let bytes = size_of::<Batch>() + 5 * size_of::<Entry>();
    assert!(bytes * 86_400 <= 30 << 20, "{bytes} bytes a batch");
}

#[test]
fn spans_and_times_are_readable() {
    assert_eq!(
        [0.42, 35.4, 3210.0, 250_000.0, 7_300_000.0].map(show_span),
        ["0.4 ms", "35 ms", "3.2 s", "4 min 10 s", "2 h 1 min"]
    );
    assert_eq!(show_time(BatchTime(1_469_283_110_000)), "2016-07-23 14:11:50Z");
    assert_eq!(show_time(BatchTime(1_469_283_110_250)), "2016-07-23 14:11:50.250Z");
    assert_eq!([900, 12_595, 1 << 30].map(show_bytes), ["900 B", "12.3 KiB", "1.0 GiB"]);
    let held = Held { keys: Some(1_234_567), records: None, bytes: 99 };
    assert_eq!(show_held(held), "1.23 M keys, 99 B");
}

#[test]
fn what_a_stage_keeps_is_read_as_it_was_written() {
    let mut view = slow_map(30, 1);
    assert_eq!(view.held(), None);
    let held = Held { keys: None, records: Some(7), bytes: 99 };
    let mut last = end(1_003_000, json!([]));
    last.other.insert(keys::HELD.into(), held_to_json(held));
    view.end(&last);
    assert_eq!(view.held(), Some(held));
}

#[test]
fn every_time_that_the_format_allows_is_shown() {
    use super::show::{YEAR_10000_MS, show_time};
    for (ms, shown) in [
        (1_469_283_110_000, "2016-07-23 14:11:50Z"),
        (YEAR_10000_MS - 1, "9999-12-31 23:59:59.999Z"),
        (YEAR_10000_MS, "253402300800000"),
        (u64::MAX, "18446744073709551615"),
    ] {
        assert_eq!(show_time(BatchTime(ms)), shown);
    }
}
