//! One week of an access log, in one go and line by line: the windows are the same.

use std::fmt::Write as _;

use super::support::Folder;

/// Saturday 2016-07-23T00:00:00Z, in seconds.
const BEGIN: u64 = 1_469_232_000;
const WEEK: u64 = 7 * 86_400;
/// How late a line may come, in seconds: the watermark of `TIME`.
const DELAY: u64 = 90;

/// Makes a record of a line as web servers write it.
const EXTRACT: &str =
    r#"sstream-map --extract '^\S+ \S+ \S+ \[(?<t>[^]]+)\] "(?<method>\S+) \S+ \S+" (?<status>\d+) (?<bytes>\d+)'"#;
const TIME: &str = "--time .t --time-format '%d/%b/%Y:%H:%M:%S %z' --watermark 90s";

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0 * 16_807 % 2_147_483_647;
        self.0 % limit
    }
}

/// A log of a week: lines with their times, in order; busy by day, still by night.
fn week() -> Vec<(u64, String)> {
    let mut numbers = Numbers(11);
    let mut lines = Vec::new();
    let mut time = BEGIN;
    loop {
        let hour = (time - BEGIN) / 3600 % 24;
        time += numbers.below(if (7..23).contains(&hour) { 240 } else { 1500 });
        if time >= BEGIN + WEEK {
            return lines;
        }
        let second = time - BEGIN;
        let (day, minute) = (23 + second / 86_400, second % 3600 / 60);
        let method = ["GET", "GET", "GET", "POST"][numbers.below(4) as usize];
        let status = [200, 200, 200, 304, 404, 500][numbers.below(6) as usize];
        let (client, page, bytes) = (numbers.below(50), numbers.below(9), numbers.below(50_000));
        let line = format!(
            "10.0.0.{client} - - [{day}/Jul/2016:{hour:02}:{minute:02}:{:02} +0000] \"{method} /page/{page} HTTP/1.1\" {status} {bytes}",
            second % 60,
            hour = second / 3600 % 24,
        );
        lines.push((time, line));
    }
}

/// The same lines in an order that the watermark allows: none comes after one that is newer by DELAY.
fn disordered(week: &[(u64, String)], seed: u64) -> Vec<&str> {
    let mut numbers = Numbers(seed);
    let mut moved: Vec<(u64, &str)> =
        week.iter().map(|(time, line)| (time + numbers.below(DELAY), line.as_str())).collect();
    moved.sort_by_key(|(arrival, _)| *arrival);
    moved.into_iter().map(|(_, line)| line).collect()
}

/// Each line a batch of its own, now and then an empty one between.
fn batches(lines: &[&str]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let gap = if number % 7 == 3 { "[]\n" } else { "" };
        let _ = writeln!(text, "{gap}[{}]", serde_json::Value::from(*line));
    }
    text
}

/// Windows of each kind.
const WINDOWS: [&str; 8] = [
    "sstream-window 1h count",
    "sstream-window 1h 5m --of '.bytes | tonumber' sum",
    "sstream-window 1d 6h --of '.bytes | tonumber' max --time-zone Europe/Berlin --time-output rfc3339",
    "sstream-window 15m 1h --of '.bytes | tonumber' avg --offset 10m",
    "sstream-window --session 4m count",
    "sstream-window --cumulate 1d 2h count",
    "sstream-window 1h --by .status count",
    "sstream-window --session 20m --by .method --of '.bytes | tonumber' min",
];

#[test]
fn a_week_of_a_log_in_one_go_and_line_by_line_gives_the_same_windows() {
    let week = week();
    assert!(week.len() > 3000, "{} lines", week.len());
    let folder = Folder::new();
    let in_order: Vec<&str> = week.iter().map(|(_, line)| line.as_str()).collect();
    folder.file("log", in_order.join("\n") + "\n");
    folder.file("0", batches(&in_order));
    for seed in [1, 2, 3] {
        let lines = disordered(&week, seed);
        assert_ne!(lines, in_order);
        folder.file(&seed.to_string(), batches(&lines));
    }
    for window in WINDOWS {
        let line = |source: &str| format!("{source} | {EXTRACT} | {window} {TIME} --late fail --output json");
        let at_once = folder.run(&line("sstream-source stdin --batch 1h < log")).exits(0).stdout;
        assert!(at_once.lines().count() >= 28, "{window}: {at_once}");
        for file in 0..4 {
            let one_by_one = folder.run(&line(&format!("sstream-source queue {file}"))).exits(0).stdout;
            assert_eq!(one_by_one, at_once, "{window} of order {file}");
        }
    }
}
