//! Batches that end where the calendar of a zone has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::{Folder, explains};

/// The 1st of October 2026 begins in Berlin. The 25th has 25 hours.
const BEGIN_MS: u64 = 1_790_805_600_000;
const HOUR_MS: u64 = 3_600_000;
const DAYS: u64 = 40;

/// What begins there, a line of the queue a day.
fn source(options: &str) -> String {
    format!("sstream-source queue q --start {BEGIN_MS} --batch 1d --time-zone Europe/Berlin --no-trace {options}")
}

/// When each day ends.
fn ends() -> Vec<u64> {
    let end = |day: u64| BEGIN_MS + day * 24 * HOUR_MS + if day >= 25 { HOUR_MS } else { 0 };
    (1..=DAYS).map(end).collect()
}

/// A few records a day, each with a time within it: some keys have none for days.
fn folder() -> Folder {
    let mut queue = String::new();
    for (day, end_ms) in ends().into_iter().enumerate() {
        let records: Vec<String> = (0..day as u64 % 5)
            .map(|number| {
                // The last one is in the day's last minute.
                let key = ["a", "b", "c"][(day / 3 + number as usize) % 3];
                format!("{{\"t\":{},\"k\":\"{key}\"}}", end_ms - 60_000 - number * 5 * HOUR_MS)
            })
            .collect();
        writeln!(queue, "[{}]", records.join(",")).unwrap();
    }
    let folder = Folder::new();
    folder.file("q", queue);
    for directory in ["out", "whole"] {
        std::fs::create_dir(folder.path(directory)).unwrap();
    }
    folder
}

/// The times of the ends of a stream.
fn times(stream: &str) -> Vec<u64> {
    let end = |line: &str| line.strip_prefix("{\"end\":")?.split(',').next()?.parse().ok();
    stream.lines().filter_map(end).collect()
}

/// All files of a directory, by their names.
fn files(folder: &Folder, directory: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder.path(directory)).into_iter().flatten().flatten();
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn days_end_at_midnight_and_the_stream_says_by_which_calendar() {
    let folder = folder();
    let ran = folder.run(&source("")).exits(0);
    assert!(ran.stdout.contains("\"interval\":86400000,\"calendar\":\"1d,Europe/Berlin\""), "{ran}");
    assert_eq!(times(&ran.stdout), ends());
    // A saved stream has its batches still, and what changes nothing reads on.
    let saved = format!("{} > saved; sstream-source replay saved | sstream-filter -v nothing", source(""));
    let ran = folder.run(&saved).exits(0);
    assert_eq!(times(&ran.stdout), ends());
    // The value can name the zone itself, in the environment too.
    let other = source("").replace("--batch 1d --time-zone Europe/Berlin", "");
    let ran = folder.run(&format!("SSTREAM_BATCH=1d,Europe/Berlin {other}")).exits(0);
    assert_eq!(times(&ran.stdout), ends());
}

/// Windows of batches that are days give what windows of the records' own times give.
#[test]
fn windows_over_days_are_those_of_the_calendar() {
    for (window, by_event) in [("7d 1d", "7d 1d"), ("1d", "1d 1d"), ("1w 1w", "1w 1w"), ("2w 1w", "2w 1w")] {
        let folder = folder();
        let by_batch = format!("{} | sstream-window {window} --by .k count | sstream-sink files out/x", source(""));
        folder.run(&by_batch).exits(0);
        let time = "--time .t --time-zone Europe/Berlin --watermark 1d";
        let ran = folder.run(&format!("{} | sstream-window {by_event} --by .k count {time} --output json", source("")));
        let ran = ran.exits(0);
        let mut expected: BTreeMap<(u64, String), String> = BTreeMap::new();
        for line in ran.stdout.lines() {
            let field =
                |name: &str| line.split(&format!("\"{name}\":")).nth(1).unwrap().split([',', '}']).next().unwrap();
            expected.insert((field("end").parse().unwrap(), field("key").to_owned()), field("result").to_owned());
        }
        let mut got = BTreeMap::new();
        for (name, text) in files(&folder, "out") {
            let time_ms: u64 = name.strip_prefix("x-").unwrap().parse().unwrap();
            for line in text.lines() {
                let (key, count) = line.trim_matches(['[', ']']).split_once(',').unwrap();
                got.insert((time_ms, key.to_owned()), count.to_owned());
            }
        }
        // At its end the batches' stream gives one window that is not over, those of events all of them.
        let over = |windows: &BTreeMap<(u64, String), String>| -> Vec<((u64, String), String)> {
            let last = ends()[DAYS as usize - 1];
            windows
                .iter()
                .filter(|((end, _), _)| *end <= last)
                .map(|(key, count)| (key.clone(), count.clone()))
                .collect()
        };
        assert!(over(&got).len() > 10, "{window}: {got:?}");
        assert_eq!(over(&got), over(&expected), "{window}");
    }
}

#[test]
fn months_and_hours_are_windows_over_days_and_quarters_of_days() {
    let folder = folder();
    let ran = folder.run(&format!("{} | sstream-window 1month 1month count", source(""))).exits(0);
    // October, and what there is of November.
    assert_eq!(times(&ran.stdout), [ends()[30], ends()[30] + 30 * 24 * HOUR_MS]);
    assert!(ran.stdout.contains("\"calendar\":\"1month,Europe/Berlin\""), "{ran}");
    let quarters = source("").replace("--batch 1d", "--batch 6h");
    let ran = folder.run(&format!("{quarters} | sstream-window 1d count")).exits(0);
    assert_eq!(times(&ran.stdout).len() as u64, DAYS);
    folder
        .run(&format!("{} | sstream-window 36h count", source("")))
        .exits(2)
        .says("whole days, weeks, months or years");
    let plain = "sstream-source queue q --batch 1d | sstream-window 1month count";
    folder.run(plain).exits(2).says("--time-zone Europe/Berlin");
}

/// Each batch kills its pipeline once, among them those at the ends of the long day, and what comes out is what
/// would have come out.
#[test]
fn killed_in_every_day_and_started_again_each_record_counts_once() {
    let folder = folder();
    let stages = "sstream-map .k | sstream-state --by-value --emit changed count | sstream-window 7d 1d --by-key max";
    folder.run(&format!("{} | {stages} | sstream-sink files whole/x", source(""))).exits(0);
    let kill = "mkdir killed/$SSTREAM_BATCH_TIME 2> /dev/null && kill -9 $PPID; cat";
    let line = format!(
        "mkdir -p killed; {} | sstream-transform --json --sh '{kill}' | {stages} | sstream-sink files out/x",
        source("--checkpoint ck")
    );
    let mut starts = 0;
    while folder.run(&line).code() != Some(0) {
        starts += 1;
        assert!(starts <= DAYS, "each batch kills once");
    }
    assert_eq!(starts, DAYS);
    assert_eq!(files(&folder, "out"), files(&folder, "whole"));
    assert!(files(&folder, "out").len() as u64 >= DAYS - 1);
    // Another calendar is another interval.
    let explained = |zone: &str| {
        let line = source("").replace("Europe/Berlin", zone);
        folder.run(&format!("sstream explain --checkpoint ck '{line} | {stages} | sstream-sink files out/x'"))
    };
    explained("Europe/Berlin").exits(0);
    let ran = explained("Asia/Kolkata").exits(0);
    assert!(ran.stdout.contains("it was 1d,Europe/Berlin"), "{ran}");
}

#[test]
fn streams_of_one_calendar_come_together_and_those_of_two_do_not() {
    let folder = folder();
    let ran = folder.run(&format!("sstream-union <({0}) <({0}) --output frames", source(""))).exits(0);
    assert_eq!(times(&ran.stdout), ends());
    for other in ["--batch 1d --time-zone Asia/Kolkata", "--batch 1h --time-zone Europe/Berlin", "--batch 1d"] {
        let other = source("").replace("--batch 1d --time-zone Europe/Berlin", other);
        let ran = folder.run(&format!("sstream-union <({}) <({other}) --output frames", source(""))).exits(2);
        assert!(ran.stderr.contains("has batches of 1d,Europe/Berlin"), "{ran}");
    }
}

#[test]
fn a_zone_that_says_nothing_is_refused() {
    let folder = folder();
    folder.run("sstream-source queue q --time-zone Europe/Berlin").exits(2).says("batches of 1s are no others");
    folder.run("sstream-source queue q --batch 7h --time-zone Europe/Berlin").exits(2).says("no part of a day");
    folder.run("sstream-source queue q --batch 1d --time-zone Europe/Nowhere").exits(2).says("is no time zone");
    folder.run(&format!("{} | sstream-filter x --time-zone Asia/Kolkata", source(""))).exits(2).says("--time-zone");
    folder.run("echo x | sstream-state count --by-value --time-zone Asia/Kolkata").exits(2).says("--time-zone");
    // With both, one zone is of both: batches of days, and windows of them by the records' times.
    let line = "jq -c '.[]' q | sstream-window 1d count --input json --time .t --watermark 1d --batch 1d \
                --time-zone Europe/Berlin --output json";
    let ran = folder.run(line).exits(0);
    assert!(ran.stdout.contains(&format!("\"end\":{},", ends()[24])), "{ran}");
}

#[test]
fn explain_says_it() {
    let line = "sstream-source tcp h:1 --batch 1d --time-zone Europe/Berlin | sstream-window 7d 1d count";
    explains(line, 0, &["batches of 1d (calendar of Europe/Berlin)", "every 1d (calendar of Europe/Berlin)"]);
    let line = "sstream-source tcp h:1 --batch 1d --time-zone Europe/Berlin | sstream-window 36h count";
    explains(line, 2, &["whole days, weeks, months or years"]);
    let sides = "sstream-union <(sstream-source tcp h:1 --batch 1d,Asia/Kolkata) <(sstream-source tcp h:1 --batch 1d)";
    explains(sides, 2, &["batches of 1d,Asia/Kolkata and 1day"]);
}
