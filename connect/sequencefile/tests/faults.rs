//! Pipelines that are killed at any moment, and files that hold each record once afterwards.
//!
//! `SEQUENCEFILE_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;

use crate::support::{is_possible, peer};

fn rounds() -> u64 {
    std::env::var("SEQUENCEFILE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// Each record is in a file once, whatever is killed; and who reads meanwhile sees none twice.
fn killed(seed: u64, options: &str) {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.file("log", "").run("mkdir out").exits(0);
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms | sstream-map '[tonumber, \"row \" + .]' \
         | sstream-sink sequencefile out/b --key-type long {options}"
    );
    let keeper = Keeper::start(&folder, "pipeline", &line);
    let mut random = Random::new(seed);
    let mut sent = 0;
    for _ in 0..rounds() {
        for _ in 0..5 {
            folder.run(&format!("seq {} {} >>log", sent + 1, sent + 400)).exits(0);
            sent += 400;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(250)));
        }
        if folder.run("ls out | grep -q .").code() == Some(0) {
            let numbers = peer(&folder, "numbers out/b-*");
            let words: Vec<&str> = numbers.split_whitespace().collect();
            assert_eq!(words[0], words[1], "somebody reads a record twice: {numbers}");
        }
        keeper.kill_some(&mut random);
    }
    keeper.finish(Duration::from_secs(60));
    // What is not read yet is read now.
    folder.run(&line.replace("--batch 100ms", "--batch 100ms --idle-timeout 1s")).exits(0);
    assert_eq!(peer(&folder, "numbers out/b-*"), format!("{sent} {sent} 1 {sent}\n"));
    assert_eq!(folder.run("ls -A out | grep '^\\.' || true").exits(0).stdout, "", "something is under way for ever");
}

#[test]
fn a_file_a_batch() {
    killed(21, "");
}

#[test]
fn a_directory_a_batch() {
    killed(22, "--layout spark --compression block");
}

/// Batches that are run again take the place of those that are there, each as a whole, while all is killed and somebody looks.
#[test]
fn directories_are_replaced_as_a_whole() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = |value: &str| format!("[[1,\"{value}\"],[2,\"{value}\"],[3,\"{value}\"]]\n").repeat(300);
    folder.file("old", batches("old")).file("new", batches("new")).run("mkdir out").exits(0);
    let line = "sstream-source queue old --batch 1s --checkpoint ck.old \
                | sstream-sink sequencefile out/b --key-type long --layout spark";
    folder.run(line).exits(0).says_nothing();
    let keeper = Keeper::start(&folder, "pipeline", &line.replace("old", "new"));
    let mut random = Random::new(23);
    for _ in 0..rounds() {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(random.below(120)));
            let rows = peer(&folder, "there out/b-*");
            assert!(rows.lines().all(|row| row.ends_with("old old old") || row.ends_with("new new new")), "{rows}");
        }
        keeper.kill_some(&mut random);
    }
    keeper.finish(Duration::from_secs(60));
    folder.run(&line.replace("old", "new")).exits(0);
    let rows = peer(&folder, "there out/b-*");
    assert_eq!(rows.lines().filter(|row| row.ends_with("new new new")).count(), 300, "{rows}");
    assert_eq!(folder.run("ls -A out | grep '^\\.' || true").exits(0).stdout, "", "something is under way for ever");
}
