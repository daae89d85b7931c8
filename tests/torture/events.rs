//! SIGKILL at random moments to pipelines that go by event time. What comes out of these does not hang on how
//! records fall into batches: it is compared with what the tools give for the finished log, undisturbed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::check;
use crate::kills::{ENDS_WITHIN, why_it_ended};
use crate::pipeline::{Pipeline, run};
use crate::random::Random;

/// Between two orders, by their own time and by the clock.
const STEP_MS: u64 = 20;

/// The pipelines: what each is of, and its stages behind a source of all records, or of orders and of payments.
const PIPELINES: [(&str, &str); 10] = [
    (
        "windows",
        "ALL | sstream-dedup --by '[.n, .type]' --within 20s --time .t --watermark 2s \
         | sstream-window 2s 500ms --by .k --time .t count",
    ),
    ("join", "sstream-join ORDERS PAYMENTS --type left --by .n --within 0s..3s --time .t --watermark 2s"),
    (
        "match",
        "ALL | sstream-match 'order -> other{2,}? -> payment' --within 4s --by .k --emit both --time .t --watermark 2s \
         --define 'order=.type == \"order\"' --define 'other=.n > $order[0].n' \
         --define 'payment=.type == \"payment\" and .n == $order[0].n'",
    ),
    (
        "alert",
        "ALL | sstream-alert --when '.type == \"order\"' --for 40ms --by .k --absent 150ms --time .t --watermark 2s",
    ),
    ("state", "ALL | sstream-state --by .n count --timeout 20s --emit timeout --time .t --watermark 2s"),
    ("large", "ALL | sstream-state --by .n count --timeout 20s --emit timeout --time .t --watermark 2s --memory 4KiB"),
    (
        "large-windows",
        "ALL | sstream-window 2s 500ms --by '[.k, .t % 997]' --time .t --watermark 2s --memory 4KiB count",
    ),
    (
        "large-join",
        "sstream-join ORDERS PAYMENTS --type full --by .n --within 0s..3s --time .t --watermark 2s --memory 4KiB",
    ),
    (
        "large-match",
        "ALL | sstream-match 'order -> payment' --within 3s --by .n --emit both --time .t --watermark 2s --memory 4KiB \
         --define 'order=.type == \"order\"' --define 'payment=.type == \"payment\"'",
    ),
    ("large-dedup", "ALL | sstream-dedup --by '[.n, .type]' --within 20s --time .t --watermark 2s --memory 4KiB"),
];

/// A line of shell for a pipeline; `source` is given the name of a log.
fn line(stages: &str, name: &str, out: &str, source: &dyn Fn(&str) -> String) -> String {
    let stages = stages.replace("ALL", &source("all"));
    let stages = stages.replace("ORDERS", &format!("<({})", source("orders")));
    format!("{} | sstream-sink files {out}/{name}", stages.replace("PAYMENTS", &format!("<({})", source("payments"))))
}

/// A pipeline that is killed and started again.
struct Tortured {
    name: &'static str,
    line: String,
    running: Pipeline,
    starts: usize,
}

impl Tortured {
    fn start(dir: &Path, name: &'static str, stages: &str) -> Tortured {
        let source = |log: &str| {
            format!(
                "sstream-source tail logs/{log}.jsonl --input json --checkpoint ck-{name} --name {log} --batch 100ms"
            )
        };
        let line = line(stages, name, "out", &source);
        let running = Pipeline::start(dir, &line, &dir.join(format!("stderr.{name}")));
        Tortured { name, line, running, starts: 1 }
    }

    fn start_again(&mut self, dir: &Path) {
        let stderr = self.running.stderr.clone();
        fs::write(&stderr, "").unwrap();
        self.running = Pipeline::start(dir, &self.line, &stderr);
        self.starts += 1;
    }

    /// What came out so far, sorted: in which batch it did hangs on the clock.
    fn came(&self, dir: &Path) -> Vec<String> {
        sorted(&check::files(&dir.join("out"), self.name))
    }
}

fn sorted(files: &check::Files) -> Vec<String> {
    // The last records are there to move the watermark.
    let lines = files.values().flat_map(|content| content.lines()).filter(|line| !line.contains("\"last\""));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

/// One torture: so many rounds, then the comparison.
pub fn torture(rounds: u64, seed: u64) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    for name in ["logs", "out", "undisturbed"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    println!("{rounds} rounds by event time, seed {seed}, in {}", dir.display());
    let mut random = Random::new(seed);
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (dir, is_over, random) = (dir.to_owned(), is_over.clone(), random.split());
        thread::spawn(move || write_logs(&dir, &is_over, random))
    };
    let mut pipelines: Vec<Tortured> =
        PIPELINES.iter().map(|(name, stages)| Tortured::start(dir, name, stages)).collect();
    for round in 1..=rounds {
        thread::sleep(Duration::from_millis(random.between(50, 800)));
        let hit = random.below(pipelines.len() as u64) as usize;
        let tortured = &mut pipelines[hit];
        let processes = tortured.running.processes();
        let blow = match random.below(4) {
            0 => {
                tortured.running.signal_all(Signal::KILL);
                "all".to_owned()
            }
            1 => {
                tortured.running.signal_sources(Signal::TERM);
                "stopped".to_owned()
            }
            _ => random.choose(&processes).map_or("none".to_owned(), |process| {
                process.signal(Signal::KILL);
                format!("{} {}", process.name, process.pid)
            }),
        };
        println!("round {round}: {} {blow}", tortured.name);
        if processes.is_empty() {
            why_it_ended(&mut tortured.running);
        }
        let ended = tortured.running.wait(ENDS_WITHIN);
        assert!(ended.is_some(), "round {round}, {blow}: still there: {:?}", tortured.running.members());
        tortured.start_again(dir);
    }
    is_over.store(true, Ordering::SeqCst);
    let records = writer.join().unwrap();
    for tortured in &mut pipelines {
        let (name, stages) = PIPELINES.iter().find(|(name, _)| *name == tortured.name).unwrap();
        let undisturbed =
            line(stages, name, "undisturbed", &|log| format!("sstream-source stdin --input json < logs/{log}.jsonl"));
        let (status, _, said) = run(dir, &undisturbed);
        assert!(status.success(), "{name}: {said}");
        let wanted = sorted(&check::files(&dir.join("undisturbed"), name));
        assert!(!wanted.is_empty(), "{name}: nothing comes out");
        let until = Instant::now() + ENDS_WITHIN;
        while tortured.came(dir).len() < wanted.len() && Instant::now() < until {
            thread::sleep(Duration::from_millis(200));
            // What a supervisor would do.
            if tortured.running.processes().is_empty() {
                why_it_ended(&mut tortured.running);
                tortured.start_again(dir);
            }
        }
        tortured.running.signal_sources(Signal::TERM);
        let status = tortured.running.wait(ENDS_WITHIN);
        assert!(status.is_some_and(|status| status.success()), "{name}: {status:?}\n{}", tortured.running.said());
        same(name, &tortured.came(dir), &wanted);
        check::verify(dir, &format!("ck-{name}"));
        println!("{name}: {} results of {records} records as undisturbed, {} starts", wanted.len(), tortured.starts);
    }
}

#[track_caller]
fn same(name: &str, got: &[String], wanted: &[String]) {
    let mut times: BTreeMap<&str, i64> = BTreeMap::new();
    got.iter().for_each(|line| *times.entry(line).or_default() += 1);
    wanted.iter().for_each(|line| *times.entry(line).or_default() -= 1);
    let wrong: Vec<_> = times.into_iter().filter(|(_, times)| *times != 0).take(5).collect();
    assert!(
        wrong.is_empty(),
        "{name}: {} lines and not {}; more often (1) or less (-1): {wrong:#?}",
        got.len(),
        wanted.len()
    );
}

/// Writes orders, and of most of them payments up to four seconds later, some of them twice; up to a second out of
/// order, which is less than the watermark allows. How many records that were.
fn write_logs(dir: &Path, is_over: &AtomicBool, mut random: Random) -> u64 {
    let open = |name: &str| File::create(dir.join(format!("logs/{name}.jsonl"))).unwrap();
    let (mut all, mut orders, mut payments) = (open("all"), open("orders"), open("payments"));
    let mut waiting: BTreeMap<u64, String> = BTreeMap::new();
    let (mut now_ms, mut records) = (1_700_000_000_000, 0);
    let mut number = 0;
    let mut last = None;
    loop {
        let is_last = last.is_some_and(|last| now_ms > last);
        let (mut of_orders, mut of_payments) = (String::new(), String::new());
        if is_over.load(Ordering::SeqCst) && last.is_none() {
            last = Some(now_ms + 5000);
        }
        if last.is_none() {
            number += 1;
            let (time_ms, key) = (now_ms - random.below(1000), random.below(5));
            let record = |time_ms: u64, kind: &str| {
                format!("{{\"t\":{time_ms},\"n\":{number},\"k\":\"k{key}\",\"type\":\"{kind}\"}}\n")
            };
            of_orders = record(time_ms, "order").repeat(if random.below(10) == 0 { 2 } else { 1 });
            if random.below(4) > 0 {
                let paid_ms = time_ms + random.below(4000);
                *waiting.entry(paid_ms).or_default() += &record(paid_ms, "payment");
            }
        }
        let later = waiting.split_off(&now_ms);
        std::mem::replace(&mut waiting, later).values().for_each(|payment| of_payments += payment);
        if is_last {
            for (kind, to) in [("order", &mut of_orders), ("payment", &mut of_payments)] {
                let time_ms = now_ms + 3_600_000;
                writeln!(to, "{{\"t\":{time_ms},\"n\":\"last\",\"k\":\"last\",\"type\":\"{kind}\"}}").unwrap();
            }
        }
        records += (of_orders.lines().count() + of_payments.lines().count()) as u64;
        orders.write_all(of_orders.as_bytes()).unwrap();
        payments.write_all(of_payments.as_bytes()).unwrap();
        all.write_all((of_orders + &of_payments).as_bytes()).unwrap();
        if is_last {
            return records;
        }
        now_ms += STEP_MS;
        if last.is_none() {
            thread::sleep(Duration::from_millis(STEP_MS));
        }
    }
}
