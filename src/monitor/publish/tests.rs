use super::*;
use crate::frame::Reason;
use crate::monitor::follow::Follower;
use crate::monitor::log::LogEvent;
use std::os::unix::fs::MetadataExt as _;

fn head() -> Head {
    let mut head = Head::new(1000);
    head.stages = vec!["source stdin".into()];
    head.other.insert("pipeline".into(), "abc123".into());
    head
}

fn files(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Ends beyond the write limit, so that they are written at once.
fn long_end(time: u64) -> End {
    let mut end = End::new(BatchTime(time), 0);
    end.other.insert("filler".into(), "x".repeat(66_000).into());
    end
}

#[test]
fn a_stage_is_published_from_its_head_to_its_close() {
    let directory = tempfile::tempdir().unwrap();
    let mut publisher = Publisher::start(directory.path(), &head(), 77).unwrap();
    let [path] = &files(directory.path())[..] else { panic!("one file") };
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    let mut follower = Follower::open(path).unwrap();
    let mut events = Vec::new();
    publisher.end(&End::new(BatchTime(1000), 3)).unwrap();
    follower.poll(&mut |event| events.push(event)).unwrap();
    assert!(follower.is_published());
    publisher.close(&Close::new(Reason::Eof)).unwrap();
    drop(publisher);
    follower.poll(&mut |event| events.push(event)).unwrap();
    assert!(!follower.is_published());
    assert!(files(directory.path()).is_empty());
    let mut expected = head();
    expected.other.insert("published".into(), serde_json::json!({ "pid": std::process::id(), "since": 77 }));
    assert_eq!(
        events,
        [
            LogEvent::Head(expected),
            LogEvent::End(End::new(BatchTime(1000), 3)),
            LogEvent::Close(Close::new(Reason::Eof))
        ]
    );
}

#[test]
fn a_file_that_is_begun_anew_loses_nothing_for_who_follows_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut publisher = Publisher::start(directory.path(), &head(), 0).unwrap();
    let path = files(directory.path()).remove(0);
    let mut follower = Follower::open(&path).unwrap();
    let mut seen = Vec::new();
    for time in 1..=20 {
        publisher.end(&long_end(time)).unwrap();
        if time % 3 == 0 || time == 20 {
            let mut last = seen.last().copied().unwrap_or(0);
            let mut take = |event| {
                if let LogEvent::End(end) = event
                    && end.time.0 > last
                {
                    last = end.time.0;
                    seen.push(last);
                }
            };
            follower.poll(&mut take).unwrap();
        }
        assert!(path.metadata().unwrap().len() < MOST_BYTES + 140_000);
    }
    assert_eq!(seen, (1..=20).collect::<Vec<u64>>());
    assert!(follower.is_published());
}

#[test]
fn records_are_sampled_only_while_somebody_wishes() {
    let directory = tempfile::tempdir().unwrap();
    let wish = Wish::make(directory.path()).unwrap();
    let second = Wish::make(directory.path()).unwrap();
    let mut publisher = Publisher::start(directory.path(), &head(), 0).unwrap();
    let path =
        files(directory.path()).into_iter().find(|path| path.extension().is_some_and(|e| e == EXTENSION)).unwrap();
    let mut follower = Follower::open(&path).unwrap();
    let bytes = (0..30).map(|n| format!("{n}\n")).collect::<String>();
    let block = |time| Block { time: BatchTime(time), records: 30, bytes: bytes.as_bytes() };
    publisher.block(block(1));
    publisher.end(&long_end(1)).unwrap();
    drop((wish, second));
    publisher.end(&long_end(2)).unwrap();
    publisher.block(block(3));
    publisher.end(&long_end(3)).unwrap();
    let mut samples = Vec::new();
    let mut take = |event| {
        if let LogEvent::Sample(sample) = event {
            samples.push((sample.time.0, String::from_utf8(sample.records).unwrap()));
        }
    };
    follower.poll(&mut take).unwrap();
    assert_eq!(samples, [(1, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n".to_owned())]);
}

#[test]
fn a_stage_that_was_killed_leaves_a_file_without_a_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("abc.1.jsonl");
    drop(replace(&path, b"{\"sstream\":1,\"interval\":1000,\"stages\":[]}\n").unwrap());
    assert!(!Follower::open(&path).unwrap().is_published());
}
