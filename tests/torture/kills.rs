//! SIGKILL to a random process of a real pipeline, or to all, at random moments; it is
//! started again each time. At the end the output is what it would have been.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::check::{self, counts, every_line_in_one_batch, files, framed, same};
use crate::input::Writers;
use crate::pipeline::{Pipeline, run};
use crate::random::Random;

const INTERVAL_MS: u64 = 200;
const WINDOW_MS: (u64, u64) = (2000, 400);

/// What a run may take to end once a part of it is gone.
pub const ENDS_WITHIN: Duration = Duration::from_secs(30);

fn behind_union(out: &str) -> String {
    format!(
        "sstream-filter keep | sstream-window 2s 400ms --by 'split(\" \")[2]' count \
         | sstream-state sum | sstream-sink files {out}/state"
    )
}

fn whole(checkpoint: &str, out: &str, port: u16) -> String {
    let source = |name: &str, what: &str| {
        format!("<(sstream-source {what} --checkpoint {checkpoint} --name {name} --batch {INTERVAL_MS}ms --retain all)")
    };
    format!(
        "sstream-union {} {} {} | sstream-sink --pass files {out}/all | {}",
        source("tail", "tail logs/app.log"),
        source("dir", "dir in"),
        source("tcp", &format!("tcp 127.0.0.1:{port}")),
        behind_union(out)
    )
}

/// What is done to a pipeline in a round.
#[derive(Clone, Copy, Debug)]
enum Blow {
    KillOne,
    KillSource,
    KillAll,
    Stop,
    StopAndKill,
    /// One is stopped with SIGSTOP, the others are killed and restarted meanwhile.
    Freeze,
}

impl Blow {
    fn choose(random: &mut Random) -> Blow {
        match random.below(20) {
            0..=7 => Blow::KillOne,
            8..=9 => Blow::KillSource,
            10..=13 => Blow::KillAll,
            14..=15 => Blow::Stop,
            16..=17 => Blow::StopAndKill,
            _ => Blow::Freeze,
        }
    }
}

/// One torture: so many rounds, then the checks.
pub fn torture(rounds: u64, seed: u64, log: &Path) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let mut log = File::create(log).unwrap();
    let began = Instant::now();
    let mut say = |line: String| {
        writeln!(log, "{:7.1}s {line}", began.elapsed().as_secs_f64()).unwrap();
        println!("{:7.1}s {line}", began.elapsed().as_secs_f64());
    };
    say(format!("{rounds} rounds, seed {seed}, in {}", dir.display()));
    std::fs::create_dir(dir.join("out")).unwrap();
    let mut random = Random::new(seed);
    let mut writers = Writers::start(dir, &mut random);
    let line = whole("ckpt", "out", writers.port);
    let mut runs = 0;
    let mut start = || {
        runs += 1;
        Pipeline::start(dir, &line, &dir.join(format!("stderr.{runs:04}")))
    };
    let mut ended: Vec<Pipeline> = Vec::new();
    let mut pipeline = start();
    let mut ended_by_itself = 0;
    for round in 1..=rounds {
        thread::sleep(Duration::from_millis(random.between(50, 1500)));
        let blow = Blow::choose(&mut random);
        if !writers.written.is_known.load(Ordering::SeqCst) {
            let came = files(&dir.join("out"), "all").values().any(|content| content.contains("tail 1 k"));
            writers.written.is_known.store(came, Ordering::SeqCst);
        }
        let processes = pipeline.processes();
        if processes.is_empty() {
            say(format!("round {round}: had ended by itself: {}", why_it_ended(&mut pipeline)));
            ended_by_itself += 1;
        }
        let sources: Vec<_> = processes.iter().filter(|process| process.name == "sstream-source").cloned().collect();
        let mut frozen = None;
        let mut hit = "all".to_owned();
        match blow {
            Blow::KillOne | Blow::KillSource => {
                let among = if matches!(blow, Blow::KillOne) { &processes } else { &sources };
                if let Some(process) = random.choose(among) {
                    process.signal(Signal::KILL);
                    hit = format!("{} {}", process.name, process.pid);
                }
            }
            Blow::KillAll => pipeline.signal_all(Signal::KILL),
            Blow::Stop => pipeline.signal_sources(Signal::TERM),
            Blow::StopAndKill => {
                pipeline.signal_sources(Signal::TERM);
                thread::sleep(Duration::from_millis(random.below(100)));
                if let Some(process) = random.choose(&pipeline.processes()) {
                    process.signal(Signal::KILL);
                    hit = format!("{} {}", process.name, process.pid);
                }
            }
            Blow::Freeze => {
                if let Some(process) = random.choose(&processes) {
                    process.signal(Signal::STOP);
                    hit = format!("{} {}", process.name, process.pid);
                    pipeline.members().iter().filter(|other| other.pid != process.pid).for_each(|other| {
                        other.signal(Signal::KILL);
                    });
                    frozen = Some(process.clone());
                }
            }
        }
        // Half of the time what is left of the run goes on for a while beside the next one.
        let at_once = frozen.is_some() || random.below(2) == 0;
        if !at_once {
            let ended = pipeline.wait(ENDS_WITHIN);
            assert!(ended.is_some(), "round {round}, {blow:?} {hit}: still there: {:?}", pipeline.members());
        }
        ended.push(std::mem::replace(&mut pipeline, start()));
        if let Some(process) = frozen {
            thread::sleep(Duration::from_millis(random.between(100, 1500)));
            process.signal(Signal::CONT);
        }
        for old in &mut ended {
            assert!(
                old.wait(ENDS_WITHIN).is_some(),
                "round {round}, {blow:?} {hit}: of an earlier run there are still {:?}\n{}",
                old.members(),
                old.said()
            );
        }
        ended.clear();
        if round % 10 == 0 {
            check::verify(dir, "ckpt");
        }
        let written: Vec<String> = counts(&writers.written).iter().map(|(name, n)| format!("{name} {n}")).collect();
        say(format!(
            "round {round}: {blow:?} {hit}, restarted {}; written: {}",
            if at_once { "at once" } else { "then" },
            written.join(", ")
        ));
    }
    // All that was written comes, then a stop in good order.
    writers.stop();
    let written = counts(&writers.written);
    let has_come = || {
        let all: String = files(&dir.join("out"), "all").into_values().collect();
        let came = |source: &str| all.lines().filter(|line| line.starts_with(source)).count() as u64;
        written.iter().all(|(source, count)| *source == "tcp" || came(source) >= *count)
    };
    let until = Instant::now() + ENDS_WITHIN;
    loop {
        // What a supervisor would do.
        thread::sleep(Duration::from_millis(500));
        if pipeline.processes().is_empty() {
            why_it_ended(&mut pipeline);
            pipeline = start();
        } else if has_come() {
            break;
        }
        assert!(Instant::now() < until, "what was written does not come: {written:?}\n{}", pipeline.said());
    }
    pipeline.signal_sources(Signal::TERM);
    let status = pipeline.wait(ENDS_WITHIN);
    assert!(status.is_some_and(|status| status.success()), "the last stop: {status:?}\n{}", pipeline.said());
    tell_what_was_said(dir, runs, &mut say);

    check::verify(dir, "ckpt");
    let (all, state) = (files(&dir.join("out"), "all"), files(&dir.join("out"), "state"));
    every_line_in_one_batch(dir, &all, &written);
    let leftover: Vec<_> =
        std::fs::read_dir(dir.join("out")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(leftover.len(), all.len() + state.len(), "temporary files are left: {leftover:?}");

    let (_, listed, _) = run(dir, "sstream-checkpoint ls ckpt --json");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let start_ms = listed["start"].as_u64().unwrap();
    let newest = |source: &serde_json::Value| source["newest"].as_u64();
    let last_ms = listed["sources"].as_array().unwrap().iter().filter_map(newest).max().unwrap();
    let span = (start_ms + INTERVAL_MS, last_ms);

    // By a model that knows nothing of the tools, by the tools without a checkpoint, and by the
    // same pipeline, undisturbed, from the same offsets.
    same("windows and state against the model", &state, &check::model(&all, span, INTERVAL_MS, WINDOW_MS), last_ms);
    std::fs::create_dir(dir.join("replayed")).unwrap();
    std::fs::write(dir.join("union.frames"), framed(&all, span, INTERVAL_MS)).unwrap();
    let (status, _, said) = run(dir, &format!("sstream-source replay union.frames | {}", behind_union("replayed")));
    assert!(status.success(), "{said}");
    let mut replayed = files(&dir.join("replayed"), "state");
    // Without a checkpoint a stop gives the window that is open, too.
    replayed.retain(|time_ms, _| *time_ms <= last_ms);
    same("windows and state against a replay", &state, &replayed, last_ms);

    std::fs::create_dir(dir.join("again")).unwrap();
    let (status, found, said) =
        run(dir, &format!("cp -a ckpt again/ckpt && sstream-checkpoint reset again/ckpt --to {start_ms} --yes"));
    assert!(status.success(), "{found}{said}");
    let mut again = Pipeline::start(dir, &whole("again/ckpt", "again", writers.port), &dir.join("stderr.again"));
    let until = Instant::now() + ENDS_WITHIN;
    while files(&dir.join("again"), "state").keys().next_back() < state.keys().next_back() {
        assert!(Instant::now() < until, "the run from the same offsets does not come up\n{}", again.said());
        thread::sleep(Duration::from_millis(200));
    }
    again.signal_sources(Signal::TERM);
    let status = again.wait(ENDS_WITHIN);
    assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}", again.said());
    let up_to = |mut files: check::Files| {
        files.retain(|time_ms, _| *time_ms <= last_ms);
        files
    };
    same("all lines against a run from the same offsets", &all, &up_to(files(&dir.join("again"), "all")), last_ms);
    same("state against a run from the same offsets", &state, &up_to(files(&dir.join("again"), "state")), last_ms);
    let lines: usize = all.values().map(|content| content.lines().count()).sum();
    say(format!(
        "all is as it should be: {rounds} rounds, {runs} starts, of which {ended_by_itself} ended by themselves, to be started again, {} batches, {lines} lines ({}), {} rotations, {} files",
        (last_ms - start_ms) / INTERVAL_MS,
        written.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", "),
        writers.written.rotations.load(Ordering::SeqCst),
        all.len() + state.len(),
    ));
}

/// Why a pipeline has ended by itself; there are good reasons. It found a source of the run
/// before, which was still there, or its sources did not find together; or it has finished what the run before was doing when it was
/// cut off at its close. A supervisor starts it again. What it said.
pub fn why_it_ended(pipeline: &mut Pipeline) -> String {
    let status = pipeline.wait(ENDS_WITHIN).and_then(|status| status.code());
    let said = pipeline.said();
    // The shell does not see how a process substitution ends.
    let is_expected = match said.contains("start again to go on") {
        true => matches!(status, Some(0 | 1)),
        false if said.contains("start all sources of the pipeline together") => matches!(status, Some(1 | 3)),
        false => status == Some(1) && said.contains("already runs under this checkpoint"),
    };
    assert!(is_expected, "{status:?}\n{said}");
    said.lines().next().unwrap_or_default().to_owned()
}

/// Adds up what was said on stderr; digits do not count.
fn tell_what_was_said(dir: &Path, runs: usize, say: &mut dyn FnMut(String)) {
    let mut said: BTreeMap<String, u64> = BTreeMap::new();
    for run in 1..=runs {
        let text = std::fs::read_to_string(dir.join(format!("stderr.{run:04}"))).unwrap_or_default();
        for line in text.lines() {
            for bad in ["internal error", "damaged at", "no time that", "is not in it", "where there were"] {
                assert!(!line.contains(bad), "run {run}: {line}\n{text}");
            }
            let mut pattern = String::new();
            for c in line.chars() {
                let c = if c.is_ascii_digit() { '0' } else { c };
                if !(c == '0' && pattern.ends_with('0')) {
                    pattern.push(c);
                }
            }
            *said.entry(pattern).or_default() += 1;
        }
    }
    for (pattern, times) in said {
        say(format!("said {times} times: {pattern}"));
    }
}
