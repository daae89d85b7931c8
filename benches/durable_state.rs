//! What it costs to keep a large state in a checkpoint, and how long it takes to
//! have it back: 5 million keys, of which 1 % change in a batch, `--emit changed`.
//!
//! `cargo bench --bench durable_state [-- KEYS]`; the checkpoint is in a new
//! directory in `$TMPDIR`, or in `./target` without it: it should be a real disk.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sstream::agg::{Aggregation, Aggregator};
use sstream::checkpoint::state::StateLog;
use sstream::checkpoint::storage::Disk;
use sstream::frame::{BatchTime, Block, Watermark};
use sstream::keyed_state::KeyedState as _;
use sstream::op::durable::Durable as _;
use sstream::op::grouping::{By, Grouping};
use sstream::op::state::{Emit, State, Update};
use sstream::op::{Downstream, OpError, Operator as _, Out};

const INTERVAL_MS: u64 = 1000;
/// Batches that are measured with a checkpoint, and without one.
const BATCHES: u64 = 300;

struct Nowhere;

impl Downstream for Nowhere {
    fn block(&mut self, _: Block<'_>) {}
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}
    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

/// Feeds a state with batches.
struct Stream {
    keys: u64,
    batch: u64,
    random: u64,
    bytes: Vec<u8>,
}

impl Stream {
    fn fill(&mut self, numbers: impl Iterator<Item = u64>) {
        use std::io::Write as _;
        self.bytes.clear();
        for number in numbers {
            writeln!(self.bytes, "[\"key{number:08}\",{}]", number % 1_000_003).unwrap();
        }
    }

    /// One batch of a hundredth of the keys, of which none comes twice: new ones
    /// at first, then some that are there.
    fn next(&mut self) -> u64 {
        let records = self.keys / 100;
        let first = self.batch * records;
        if first < self.keys {
            self.fill(first..first + records);
        } else {
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // A prime step goes through all keys in a scattered order.
            let (start, step, keys) = (self.random >> 33, 2_999_999, self.keys);
            self.fill((0..records).map(move |number| (start + number * step) % keys));
        }
        self.batch += 1;
        records
    }

    /// The time that the operator takes for the batch.
    fn feed(&mut self, state: &mut State, records: u64) -> Took {
        let time = BatchTime(self.batch * INTERVAL_MS);
        let mut nowhere = Nowhere;
        let mut out = Out::new(&mut nowhere);
        out.set_time(time);
        let started = Stopwatch::start();
        // Blocks of the size that they have in a stream.
        let mut given = 0;
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            let end = match rest.len() > 256 << 10 {
                true => rest[..256 << 10].iter().rposition(|byte| *byte == b'\n').unwrap() + 1,
                false => rest.len(),
            };
            let block = rest[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
            state.block(Block { time, records: block, bytes: &rest[..end] }, &mut out).unwrap();
            given += block;
            rest = &rest[end..];
        }
        assert_eq!(given, records);
        state.end(time, &mut out).unwrap();
        started.took()
    }
}

fn new_state(aggregation: &str) -> State {
    let aggregator = Aggregator::new(Aggregation::parse(aggregation).unwrap());
    State::new(Grouping::new(By::Pair, None), Update::Aggregation(aggregator), Emit::Changed, None)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn bytes_in(dir: &Path) -> u64 {
    segments(dir).iter().map(|path| path.metadata().unwrap().len()).sum()
}

/// Time by the clock, and of the processor in this process.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    wall: Duration,
    processor: Duration,
}

impl std::ops::Add for Took {
    type Output = Took;

    fn add(self, other: Took) -> Took {
        Took { wall: self.wall + other.wall, processor: self.processor + other.processor }
    }
}

struct Stopwatch(Instant, Duration);

impl Stopwatch {
    fn start() -> Stopwatch {
        Stopwatch(Instant::now(), processor_time())
    }

    fn took(&self) -> Took {
        Took { wall: self.0.elapsed(), processor: processor_time() - self.1 }
    }
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Median, 99th percentile and greatest in ms, of the clock and of the processor.
fn spread(times: &[Took]) -> String {
    let line = |of: fn(&Took) -> Duration| {
        let mut times: Vec<Duration> = times.iter().map(of).collect();
        times.sort_unstable();
        let ms = |at: usize| times[at.min(times.len() - 1)].as_secs_f64() * 1e3;
        format!("{:.1}\t{:.1}\t{:.1}", ms(times.len() / 2), ms(times.len() * 99 / 100), ms(times.len()))
    };
    format!("{}\tprocessor\t{}", line(|took| took.wall), line(|took| took.processor))
}

fn peak_memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) >> 10
}

fn run(aggregation: &str, keys: u64, dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let mut stream = Stream { keys, batch: 0, random: 1, bytes: Vec::new() };
    let mut state = new_state(aggregation);
    while stream.batch < 100 {
        let records = stream.next();
        stream.feed(&mut state, records);
    }
    println!("{aggregation}: {keys} keys, {} MiB resident", peak_memory_mib());
    let without = (0..BATCHES).map(|_| {
        let records = stream.next();
        stream.feed(&mut state, records)
    });
    println!("\tms a batch of 1 %: median\tp99\tgreatest");
    println!("\twithout checkpoint\t{}", spread(&without.collect::<Vec<_>>()));

    state.track(false);
    let mut log = StateLog::create(Arc::new(Disk), dir, INTERVAL_MS.into(), 0).unwrap();
    let started = Stopwatch::start();
    log.save(stream.batch * INTERVAL_MS, &mut state).unwrap();
    let snapshot = bytes_in(dir);
    println!(
        "\tfirst save\t{:.2} s\t{:.1} bytes a key",
        started.took().wall.as_secs_f64(),
        snapshot as f64 / keys as f64
    );
    log.sync().unwrap();
    let (mut with, mut sliced, mut saves, mut syncs, mut written) = (vec![], vec![], vec![], vec![], vec![]);
    for batch in 0..BATCHES {
        let records = stream.next();
        let fed = stream.feed(&mut state, records);
        let before = bytes_in(dir);
        let started = Stopwatch::start();
        log.save(stream.batch * INTERVAL_MS, &mut state).unwrap();
        let saved = started.took();
        let bytes = bytes_in(dir) - before;
        // A slice makes the difference between about 1 % and 2 %.
        if bytes * 100 > snapshot * 5 / 4 {
            sliced.push(fed + saved);
        }
        with.push(fed + saved);
        saves.push(saved);
        written.push(bytes);
        // A stage syncs at most once a second; a batch does not wait for it.
        if batch % 10 == 9 {
            let started = Stopwatch::start();
            log.sync().unwrap();
            syncs.push(started.took());
        }
    }
    let slices = sliced.len();
    println!("\twith checkpoint\t{}", spread(&with));
    println!("\t  its save\t{}", spread(&saves));
    if slices > 0 {
        println!("\t  with slices ({slices} of {BATCHES})\t{}", spread(&sliced));
    }
    println!("\tsync of 10 batches\t{}", spread(&syncs));
    let share = |bytes: u64| bytes as f64 * 100.0 / snapshot as f64;
    let mean = written.iter().sum::<u64>() / BATCHES;
    println!(
        "\t% of a snapshot written in a batch: mean {:.2}, greatest {:.2}",
        share(mean),
        share(written.iter().copied().max().unwrap_or(0))
    );
    log.sync().unwrap();
    drop(log);
    let live = state.live_bytes();
    let last = stream.next();
    stream.feed(&mut state, last);
    let mut want = Vec::new();
    state.slice(true, usize::MAX, &mut |key, entry| want.push((key.to_vec(), entry.map(<[u8]>::len))));
    let keys_there = want.len();
    drop((want, state));

    for path in segments(dir) {
        let file = File::open(path).unwrap();
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    }
    for cache in ["cold", "warm"] {
        let started = Stopwatch::start();
        let mut restored = new_state(aggregation);
        restored.track(true);
        let resume_ms = (stream.batch - 1) * INTERVAL_MS;
        let (mut entries, mut read) = (0u64, 0u64);
        let log = StateLog::open(Arc::new(Disk), dir, (0, resume_ms), (INTERVAL_MS.into(), 0), &mut |key, entry| {
            entries += 1;
            read += (key.len() + entry.map_or(0, <[u8]>::len)) as u64;
            restored.load(key, entry).unwrap();
        });
        drop(log.unwrap());
        let loaded = started.took();
        restored.finish_load().unwrap();
        let whole = started.took();
        println!(
            "\trestore ({cache})\t{:.2} s, processor {:.2} s\tof which the log {:.2} s\t{entries} entries, {:.2} times the live state",
            whole.wall.as_secs_f64(),
            whole.processor.as_secs_f64(),
            loaded.wall.as_secs_f64(),
            read as f64 / live as f64
        );
        let mut found = 0;
        restored.slice(true, usize::MAX, &mut |_, _| found += 1);
        assert_eq!(found, keys_there);
    }
}

fn main() {
    let keys = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5_000_000);
    let base = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let dir = base.join(format!("durable-state-{}", std::process::id()));
    for aggregation in ["count", "sum"] {
        run(aggregation, keys, &dir.join(aggregation));
    }
    fs::remove_dir_all(&dir).unwrap();
}
