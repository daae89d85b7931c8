use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::frame::{BatchTime, Close, End, Head, Reason};
use crate::monitor::publish::Publisher;
use crate::monitor::view::keys;

/// Writes what a stage would publish; it looks like the file of a process that
/// was killed, since no lock is held.
fn file(directory: &Path, pid: u32, id: &str, stages: Value, ends: &[u64], close: bool) {
    let mut head = Head::new(1000);
    head.stages = stages.as_array().unwrap().clone();
    head.other.insert("pipeline".into(), id.into());
    head.other.insert(keys::PUBLISHED.into(), json!({ "pid": pid, "since": 5 }));
    let mut text = Vec::new();
    head.write(&mut text);
    ends.iter().for_each(|time| End::new(BatchTime(*time), 1).write(&mut text));
    if close {
        Close::new(Reason::Eof).write(&mut text, false);
    }
    fs::write(directory.join(format!("{id}.{pid}.jsonl")), text).unwrap();
}

fn registry(directory: &Path) -> Registry {
    std::os::unix::fs::PermissionsExt::set_mode(&mut fs::metadata(directory).unwrap().permissions(), 0o700);
    let mut registry = Registry::new(vec![directory.to_owned()], 100);
    registry.refresh();
    registry
}

#[test]
fn stages_of_one_line_are_one_pipeline() {
    let directory = tempfile::tempdir().unwrap();
    file(directory.path(), 11, "aaaa", json!(["source tcp"]), &[1000, 2000, 3000], true);
    file(directory.path(), 12, "aaaa", json!(["source tcp", "filter x"]), &[1000, 2000], true);
    file(directory.path(), 13, "aaaa", json!(["source tcp", "filter x", "sink print"]), &[1000], true);
    file(directory.path(), 21, "bbbb", json!(["source tcp"]), &[1000], true);
    let registry = registry(directory.path());
    let pipelines = registry.pipelines();
    assert_eq!(pipelines.len(), 2);
    let long = pipelines.iter().find(|pipeline| pipeline.is_called("aaaa")).unwrap();
    assert_eq!(
        long.members.iter().map(|(index, feed)| (*index, feed.pid().unwrap())).collect::<Vec<_>>(),
        [(0, 11), (1, 12), (2, 13)]
    );
    assert_eq!((long.backlog(1), long.backlog(2), long.backlog(0)), (Some(1), Some(1), None));
    assert_eq!(long.key(), "aaaa-13");
    assert!(long.is_called("12") && !long.is_called("21") && !long.is_called("aaa"));
}

#[test]
fn a_stream_with_two_readers_is_two_pipelines() {
    let directory = tempfile::tempdir().unwrap();
    file(directory.path(), 11, "aaaa", json!(["source tcp"]), &[], true);
    file(directory.path(), 12, "aaaa", json!(["source tcp", "filter x"]), &[], true);
    file(directory.path(), 13, "aaaa", json!(["source tcp", "filter y"]), &[], true);
    let registry = registry(directory.path());
    assert_eq!(registry.pipelines().iter().map(|pipeline| pipeline.members.len()).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn both_sides_belong_to_a_join() {
    let directory = tempfile::tempdir().unwrap();
    file(directory.path(), 11, "aaaa", json!(["source a"]), &[], true);
    file(directory.path(), 12, "aaaa", json!(["source a", "map x"]), &[], true);
    file(directory.path(), 21, "bbbb", json!(["source b"]), &[], true);
    file(directory.path(), 31, "aaaa+bbbb", json!([["source a", "map x"], ["source b"], "join"]), &[], true);
    let registry = registry(directory.path());
    let pipelines = registry.pipelines();
    assert_eq!(pipelines.len(), 1);
    let members: Vec<_> = pipelines[0].members.iter().map(|(index, feed)| (*index, feed.pid().unwrap())).collect();
    assert_eq!(members, [(0, 11), (1, 12), (2, 21), (3, 31)]);
}

#[test]
fn what_a_killed_process_left_is_known_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    file(directory.path(), 11, "aaaa", json!(["source a"]), &[1000], false);
    let registry = registry(directory.path());
    assert_eq!(registry.pipelines()[0].life(), Life::Killed);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_stage_whose_file_is_begun_anew_runs_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut head = Head::new(1);
    head.stages = vec!["source a".into()];
    head.other.insert("pipeline".into(), "aaaa".into());
    let mut publisher = Publisher::start(directory.path(), &head, 5).unwrap();
    let mut registry = registry(directory.path());
    let file = || fs::metadata(directory.path().join(format!("aaaa.{}.jsonl", std::process::id()))).unwrap();
    let mut time = 0;
    for _ in 0..3 {
        let before = std::os::unix::fs::MetadataExt::ino(&file());
        while std::os::unix::fs::MetadataExt::ino(&file()) == before {
            time += 1;
            let mut end = End::new(BatchTime(time), 1);
            end.other.insert("filler".into(), "x".repeat(10_000).into());
            publisher.end(&end).unwrap();
        }
        registry.refresh();
        let pipelines = registry.pipelines();
        assert_eq!((pipelines.len(), pipelines[0].life()), (1, Life::Running));
    }
    assert!(file().len() > 0, "nobody took it for what a killed process left");
    publisher.close(&Close::new(Reason::Eof)).unwrap();
    drop(publisher);
    registry.refresh();
    assert_eq!(registry.pipelines()[0].life(), Life::Closed);
}
