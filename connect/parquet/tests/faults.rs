//! Pipelines that are killed at any moment, and files that hold each record once afterwards.
//!
//! `PARQUET_KILLS` says how often; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::shell::Folder;

use crate::support::{is_possible, peer};

fn rounds() -> u64 {
    std::env::var("PARQUET_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Each record is in a file once, whatever is killed; and who reads meanwhile sees none twice.
fn killed(seed: u64, options: &str) {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.file("log", "").run("mkdir out").exits(0);
    let line = format!(
        "sstream-source tail log --checkpoint ck --batch 100ms \
         | sstream-map 'tonumber | {{n: ., of: (. % 7), l: [range(. % 3)], s: \"row \\(.)\", \"c\\(. / 1500 | floor)\": .}}' | sstream-sink parquet out --on-new-column add {options}"
    );
    let keeper = Keeper::start(&folder, "pipeline", &line);
    let mut random = Random::new(seed);
    let mut sent = 0;
    for round in 0..rounds() {
        for _ in 0..5 {
            folder.run(&format!("seq {} {} >>log", sent + 1, sent + 400)).exits(0);
            sent += 400;
            // When is left to chance, which is the test.
            std::thread::sleep(Duration::from_millis(random.below(250)));
        }
        if round > 0 && folder.run("find out -name '*.parquet' | grep -q .").code() == Some(0) {
            let numbers = peer(&folder, "numbers out n");
            let words: Vec<&str> = numbers.split_whitespace().collect();
            assert_eq!(words[0], words[1], "somebody reads a record twice: {numbers}");
        }
        keeper.kill_some(&mut random);
    }
    keeper.finish(Duration::from_secs(60));
    // What is not read yet is read now, and the stream's end completes the last file.
    folder.run(&line.replace("--batch 100ms", "--batch 100ms --idle-timeout 1s")).exits(0);
    assert_eq!(peer(&folder, "numbers out n"), format!("{sent} {sent} 1 {sent}\n"));
    let sql = "select count(*), sum(n), sum(len(l)), count(distinct s) from read_parquet('out/**/*.parquet', union_by_name=true)";
    let lengths: u64 = (1..=sent).map(|n| n % 3).sum();
    assert_eq!(
        peer(&folder, &format!("duckdb \"{sql}\"")),
        format!("{sent}|{}|{lengths}|{sent}\n", sent * (sent + 1) / 2)
    );
    // What is under way is the columns, and at most the list that has closed the last file.
    let left = folder.run("ls out/.sstream-part").exits(0).stdout;
    assert!(left.lines().all(|name| name.ends_with(".schema") || name.ends_with(".closed")), "{left}");
}

#[test]
fn a_file_a_batch() {
    killed(11, "");
}

#[test]
fn a_file_a_batch_and_folder() {
    killed(12, "--partition 'of={.of}'");
}

#[test]
fn a_directory_a_batch() {
    killed(15, "--layout spark --partition 'of={.of}'");
}

#[test]
fn a_file_every_second() {
    killed(13, "--every 1s");
}

#[test]
fn a_file_of_a_size_and_folder() {
    killed(14, "--every 100KiB --partition 'of={.of}' --row-group 64KiB");
}
