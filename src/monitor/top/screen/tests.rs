use super::*;
use crate::frame::{BatchTime, End, Head, Watermark};
use crate::monitor::top::Records;
use crate::op::Held;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

fn view() -> View {
    let mut head = Head::new(1000);
    head.stages = vec!["source tcp localhost:9999".into(), "map --exec ./slow".into(), "sink print".into()];
    let mut view = View::new(&head, 100);
    for time in (1..=30).map(|n| 1_469_283_000_000 + n * 1000) {
        let mut end = End::new(BatchTime(time), 40);
        let late = 2000 * (time / 1000 % 100);
        end.trace = json!([
            ["source", 50, 50, 1, 2.0, time],
            ["map", 50, 40, 0, 2000.0, time + late],
            ["sink", 40, 40, 0, 0.5, time + late + 1]
        ])
        .as_array()
        .cloned();
        end.watermark = Some(Watermark(time as i64 - 4200));
        view.end(&end);
    }
    view
}

fn drawn(look: &Look, scenes: &[Scene<'_>]) -> String {
    let mut terminal = Terminal::new(TestBackend::new(110, 30)).unwrap();
    terminal.draw(|frame| draw(frame, scenes, look)).unwrap();
    terminal.backend().to_string()
}

fn scene(view: &View) -> Scene<'_> {
    let records = vec![Records { stage: "sink print".to_owned(), lines: "\"a record\"\n".to_owned() }];
    Scene {
        view,
        state: "running".to_owned(),
        backlog: vec![None, Some(7), Some(0)],
        held: Vec::new(),
        checkpoint: None,
        records,
    }
}

#[test]
fn the_slow_stage_is_marked_with_how_far_it_is_behind() {
    let view = view();
    let text = drawn(&Look::default(), &[scene(&view)]);
    let row = text.lines().find(|line| line.contains("▶")).unwrap();
    assert!(row.contains("map --exec ./slow") && row.contains("2.0 s") && row.contains("200 %"), "{text}");
    assert!(row.trim_end_matches(['"', ' ']).ends_with('7'), "{text}");
    for expected in [
        "watermark 2016-07-23 14:10:25.800Z, 4.2 s behind",
        "behind since 2016-07-23 14:10:",
        "source tcp localhost:9999  running  every 1s",
        "total delay",
        "50",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}

#[test]
fn an_open_batch_shows_its_stages_and_records() {
    let view = view();
    let look = Look { marked: Some(BatchTime(1_469_283_005_000)), is_open: true, ..Look::default() };
    let text = drawn(&look, &[scene(&view)]);
    assert!(text.contains("batch 2016-07-23 14:10:05Z"), "{text}");
    assert!(text.contains("\"a record\"") && text.contains("records out of sink print"), "{text}");
}

#[test]
fn nothing_to_show_and_small_terminals_are_no_trouble() {
    assert!(drawn(&Look::default(), &[]).contains("no pipeline yet"));
    let view = view();
    let mut terminal = Terminal::new(TestBackend::new(20, 5)).unwrap();
    terminal.draw(|frame| draw(frame, &[scene(&view)], &Look { help: true, ..Look::default() })).unwrap();
}

#[test]
fn a_wide_terminal_shows_what_stages_keep() {
    let view = view();
    let held = Held { keys: Some(1234), records: None, bytes: 5 << 20 };
    let scene = Scene { held: vec![None, Some(held), None], ..scene(&view) };
    let mut terminal = Terminal::new(TestBackend::new(130, 30)).unwrap();
    terminal.draw(|frame| draw(frame, &[scene], &Look::default())).unwrap();
    let text = terminal.backend().to_string();
    assert!(text.contains("keeps") && text.contains("1234 keys, 5.0 MiB"), "{text}");
}
