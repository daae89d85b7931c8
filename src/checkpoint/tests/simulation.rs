//! A whole pipeline in memory, process by process, on the checkpoint's own
//! interface: a source of numbered items, a keyed count, two sinks of files.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::job::Retain;
use super::super::memory::Memory;
use super::super::name::numbered;
use super::super::offsets::Closed;
use super::super::participant::{Participant, SinkCheckpoint, StageCheckpoint, StageOptions, Stream};
use super::super::source::{SourceCheckpoint, SourceOptions};
use super::super::state::{KeyedState, PairOut};
use super::super::storage::Storage;
use super::super::{Result, Times};
use crate::interval::{Extent, Interval, parse_zone};

pub const INTERVAL_MS: u64 = 10;
const KEYS: u32 = 5;

/// What pipeline it is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Items of each source, over all runs.
    pub items: u32,
    pub wal: bool,
    pub join: bool,
    pub every_ms: u64,
    /// Whether stages give one more batch at the close, as a window does.
    pub gives_at_close: bool,
    /// Whether stages and sinks may begin where they have no folder.
    pub new: bool,
    /// Whether each start has another interval than the one before.
    pub intervals: bool,
    /// Whether batches go by a calendar: those of 10 ms are then quarters of days in Berlin, and the second day of the
    /// simulation has 25 hours.
    pub calendar: bool,
    /// Whether each other start has a stage without state in front of all others.
    pub moves: bool,
    /// Chooses batch sizes and who works next.
    pub seed: u64,
}

impl Shape {
    /// What a millisecond of the simulation stands for.
    fn unit_ms(&self) -> u64 {
        if self.calendar { 6 * 3_600_000 / INTERVAL_MS } else { 1 }
    }

    /// When it begins.
    fn begin_ms(&self) -> u64 {
        // 2026-10-24T06:00 in Berlin.
        if self.calendar { 1_792_814_400_000 } else { 100 }
    }

    /// The interval that a start is to have.
    fn interval(&self, attempt: u64) -> Interval {
        let other = if self.every_ms > 0 && !self.calendar { self.every_ms } else { 2 * INTERVAL_MS };
        let ms = if self.intervals { [INTERVAL_MS, other, INTERVAL_MS / 2][attempt as usize % 3] } else { INTERVAL_MS };
        let zone = self.calendar.then(|| parse_zone("Europe/Berlin").unwrap());
        Interval::new(Extent::Plain(ms * self.unit_ms()), zone.as_ref()).unwrap()
    }
}

/// A line as it is in one start.
#[derive(Clone, Copy)]
struct Line {
    interval: Interval,
    has_filter: bool,
    new: bool,
}

impl Line {
    /// The options of the stage that is called so where nothing was put in front.
    fn with<T>(&self, part: &str, arguments: &str, then: impl FnOnce(&StageOptions<'_>) -> T) -> T {
        let (number, tool) = part.split_once('-').unwrap();
        let mut number: usize = number.parse().unwrap();
        let mut pipeline = vec!["source items", "count", "files one", "files two"];
        if self.has_filter {
            pipeline.insert(1, "filter x");
            number += 1;
        }
        let pipeline = json!(pipeline[..=number.min(pipeline.len() - 1)]);
        let (part, interval, new) = (numbered(number, tool), self.interval, self.new);
        let is_pinned = false;
        then(&StageOptions { part: &part, is_pinned, arguments, pipeline: &pipeline, interval, new })
    }
}

/// The world outside of the pipeline.
pub struct World {
    pub memory: Memory,
    /// The next item that a source that cannot be read again gives.
    pub given: u32,
    /// Items that reached the WAL.
    pub reached: Vec<u32>,
    /// The clock.
    pub now_ms: u64,
    /// What consumers took from each output, by batch.
    pub taken: BTreeMap<String, BTreeMap<u64, String>>,
}

impl World {
    pub fn new(shape: &Shape) -> World {
        let memory = Memory::new("/d");
        for dir in ["/d/one", "/d/two"] {
            memory.create_dir(Path::new(dir)).unwrap();
        }
        memory.sync_dir(Path::new("/d")).unwrap();
        World { memory, given: 0, reached: Vec::new(), now_ms: shape.begin_ms(), taken: BTreeMap::new() }
    }

    /// Takes all files that have their name.
    pub fn consume(&mut self) {
        for (path, bytes) in self.memory.all_files() {
            let (dir, name) = (path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
            if ![Path::new("/d/one"), Path::new("/d/two")].contains(&dir) || name.ends_with(".tmp") {
                continue;
            }
            let (time_ms, text) = (name.parse().unwrap(), String::from_utf8(bytes).unwrap());
            let taken = self.taken.entry(dir.to_str().unwrap().to_owned()).or_default();
            assert!(taken.insert(time_ms, text).is_none(), "{path:?} came twice");
            self.memory.remove(&path).unwrap();
            self.memory.sync_dir(dir).unwrap();
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

/// What passes between two stages.
enum Frame {
    End(u64, Vec<u32>),
    Close,
}

type Pipe = VecDeque<Frame>;

/// Counts of items by key, with what a checkpoint needs of them.
#[derive(Default)]
struct Counts {
    counts: BTreeMap<u32, u32>,
    changed: Vec<u32>,
    cursor: u32,
}

impl Counts {
    fn load(&mut self, key: &[u8], value: Option<&[u8]>) {
        let key = u32::from_le_bytes(key.try_into().unwrap());
        match value {
            Some(value) => self.counts.insert(key, u32::from_le_bytes(value.try_into().unwrap())),
            None => self.counts.remove(&key),
        };
    }

    fn add(&mut self, items: &[u32]) {
        for item in items {
            let key = item % KEYS;
            *self.counts.entry(key).or_default() += 1;
            if !self.changed.contains(&key) {
                self.changed.push(key);
            }
        }
        // A key that is dropped every now and then.
        if self.counts.get(&0).is_some_and(|count| *count >= 4) {
            self.counts.remove(&0);
        }
    }
}

impl KeyedState for Counts {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        for key in self.changed.drain(..) {
            let value = self.counts.get(&key).map(|count| count.to_le_bytes());
            out(&key.to_le_bytes(), value.as_ref().map(|value| &value[..]));
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        if from_start {
            self.cursor = 0;
        }
        let mut given = 0;
        while self.cursor < KEYS && given < bytes {
            if let Some(count) = self.counts.get(&self.cursor) {
                out(&self.cursor.to_le_bytes(), Some(&count.to_le_bytes()));
                given += 8;
            }
            self.cursor += 1;
        }
        self.cursor == KEYS
    }

    fn live_bytes(&self) -> u64 {
        self.counts.len() as u64 * 8
    }
}

struct SourceProcess {
    checkpoint: SourceCheckpoint,
    head: serde_json::Map<String, Value>,
    ready: VecDeque<(Times, Vec<u32>)>,
    next_item: u32,
    last_ms: u64,
    interval: Interval,
    again: bool,
    done: bool,
    finish: Option<Closed>,
}

fn options(name: &'static str, shape: &Shape, interval: Interval, now_ms: u64) -> SourceOptions<'static> {
    SourceOptions {
        dir: Path::new("/d/checkpoint"),
        name,
        arguments: "source items",
        places: None,
        interval,
        start_ms: interval.up_to(now_ms),
        retain: Retain::Batches(0),
        wal: shape.wal,
    }
}

fn item_bytes(items: &[u32]) -> Vec<u8> {
    items.iter().flat_map(|item| format!("{item}\n").into_bytes()).collect()
}

fn items_of(block: &[u8]) -> Vec<u32> {
    std::str::from_utf8(block).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

impl SourceProcess {
    fn open(world: &World, shape: &Shape, interval: Interval, name: &'static str) -> Result<SourceProcess> {
        let storage: Arc<dyn Storage> = Arc::new(world.memory.clone());
        let (mut checkpoint, plan) =
            SourceCheckpoint::open(storage, &options(name, shape, interval, world.now_ms), &mut |_| false)?;
        let interval = plan.interval;
        let newest = plan.position.since.iter().rev().chain([&plan.position.base]).find(|bytes| !bytes.is_empty());
        let next_item =
            newest.filter(|_| !shape.wal).map_or(0, |bytes| u32::from_le_bytes(bytes[4..8].try_into().unwrap()));
        let mut ready = VecDeque::new();
        let mut last_ms = plan.after_ms;
        // Batches missed while nobody ran.
        let first_ms = interval.after(last_ms);
        if plan.is_restart && first_ms < world.now_ms {
            let missed = Times::runs(first_ms, interval.count(last_ms, world.now_ms), interval);
            ready.extend(missed.map(|times| (times, Vec::new())));
            last_ms = interval.up_to(world.now_ms);
        }
        if plan.finish.is_some() {
            ready.clear();
            let (head, finish) = (plan.head(), plan.finish);
            return Ok(SourceProcess {
                checkpoint,
                head,
                ready,
                next_item,
                last_ms,
                interval,
                again: true,
                done: false,
                finish,
            });
        }
        let mut leftover = Vec::new();
        if let Some(mut blocks) = checkpoint.leftover()? {
            while let Some((_, block)) = blocks.next_block()? {
                leftover.extend(items_of(block));
            }
            checkpoint.adopt(&blocks);
        }
        if !leftover.is_empty() {
            last_ms = interval.after(last_ms);
            ready.push_back((Times::one(last_ms, interval), leftover));
        }
        Ok(SourceProcess {
            checkpoint,
            head: plan.head(),
            ready,
            next_item,
            last_ms,
            interval,
            again: true,
            done: false,
            finish: None,
        })
    }

    fn step(&mut self, world: &mut World, shape: &Shape, random: &mut Random, out: &mut Pipe) -> Result<bool> {
        if self.done || out.len() > 3 {
            return Ok(false);
        }
        if self.again {
            match self.checkpoint.next_again()? {
                Some((times, recorded)) => {
                    let mut items = Vec::new();
                    if shape.wal && !recorded.is_empty() {
                        let mut blocks = self.checkpoint.read_again(&recorded)?.unwrap();
                        while let Some((_, block)) = blocks.next_block()? {
                            items.extend(items_of(block));
                        }
                    } else if !recorded.is_empty() {
                        let number = |at: usize| u32::from_le_bytes(recorded[at..at + 4].try_into().unwrap());
                        items.extend(number(0)..number(4));
                    }
                    times.iter().for_each(|time_ms| out.push_back(Frame::End(time_ms, items.clone())));
                }
                None => self.again = false,
            }
            return Ok(true);
        }
        // One or more batches share a sync.
        let mut ends = Vec::new();
        if let Some(finish) = self.finish {
            self.checkpoint.close(finish)?;
            self.done = true;
            out.push_back(Frame::Close);
            return Ok(true);
        }
        for _ in 0..1 + random.below(2) {
            let (times, items) = match self.ready.pop_front() {
                Some(ready) => ready,
                None => match self.fresh(world, shape, random)? {
                    Some(fresh) => fresh,
                    None => break,
                },
            };
            if shape.wal && items.is_empty() {
                self.checkpoint.record_wal_empty(times);
            } else if shape.wal {
                self.checkpoint.record_wal(times.last_ms)?;
            } else {
                let from = self.next_item;
                self.next_item += items.len() as u32;
                let position = [from.to_le_bytes(), self.next_item.to_le_bytes()].concat();
                let recorded = if items.is_empty() { &[][..] } else { &position };
                self.checkpoint.record(times, recorded, &mut |base| base.extend(&position))?;
            }
            times.iter().for_each(|time_ms| ends.push(Frame::End(time_ms, items.clone())));
        }
        if ends.is_empty() {
            self.checkpoint.close(Closed::Eof)?;
            ends.push(Frame::Close);
            self.done = true;
        }
        self.checkpoint.sync()?;
        out.extend(ends);
        Ok(true)
    }

    /// A new batch, none at the end of the input.
    fn fresh(&mut self, world: &mut World, shape: &Shape, random: &mut Random) -> Result<Option<(Times, Vec<u32>)>> {
        let next = if shape.wal { world.given } else { self.next_item };
        if next >= shape.items {
            return Ok(None);
        }
        let mut items = Vec::new();
        for item in next..(next + random.below(4) as u32).min(shape.items) {
            items.push(item);
            if shape.wal {
                self.checkpoint.append(1, &item_bytes(&[item]))?;
                world.given += 1;
                world.reached.push(item);
            }
        }
        self.last_ms = self.interval.after(self.last_ms);
        Ok(Some((Times::one(self.last_ms, self.interval), items)))
    }
}

fn enter(memory: &Memory, stream: &Stream, options: &StageOptions<'_>) -> Result<Participant> {
    Participant::enter(Arc::new(memory.clone()), stream, options, &mut |_| false)
}

struct StageProcess {
    _participant: Participant,
    checkpoint: StageCheckpoint,
    counts: Counts,
    time_ms: u64,
    interval: Interval,
    gives_at_close: bool,
}

impl StageProcess {
    fn open(memory: &Memory, stream: &Stream, shape: &Shape, line: &Line) -> Result<StageProcess> {
        let mut counts = Counts::default();
        let (participant, checkpoint) = line.with("01-count", "count", |options| {
            let participant = enter(memory, stream, options)?;
            let checkpoint = participant
                .stage(options, shape.every_ms * shape.unit_ms(), &mut |key, value| counts.load(key, value))?;
            Ok((participant, checkpoint))
        })?;
        let (time_ms, gives_at_close, interval) = (stream.resume_ms(), shape.gives_at_close, line.interval);
        Ok(StageProcess { _participant: participant, checkpoint, counts, time_ms, interval, gives_at_close })
    }

    /// Passes each batch on with the state after it.
    fn step(&mut self, random: &mut Random, from: &mut Pipe, to: &mut VecDeque<Out>) -> Result<bool> {
        match from.pop_front() {
            None => return Ok(false),
            Some(Frame::Close) => {
                if self.gives_at_close {
                    self.time_ms = self.interval.after(self.time_ms);
                    to.push_back(Out::End(self.time_ms, Vec::new(), self.counts.counts.clone()));
                }
                self.checkpoint.close(self.time_ms, &mut self.counts)?;
                to.push_back(Out::Close);
            }
            Some(Frame::End(time_ms, items)) => {
                self.time_ms = time_ms;
                self.counts.add(&items);
                if self.checkpoint.is_due(time_ms) {
                    self.checkpoint.save(time_ms, &mut self.counts)?;
                }
                if random.below(4) == 0 {
                    self.checkpoint.sync()?;
                }
                to.push_back(Out::End(time_ms, items, self.counts.counts.clone()));
            }
        }
        Ok(true)
    }
}

/// What a sink gets: the items of a batch, and the counts after it.
#[derive(Clone)]
enum Out {
    End(u64, Vec<u32>, BTreeMap<u32, u32>),
    Close,
}

struct SinkProcess {
    memory: Memory,
    _participant: Participant,
    checkpoint: SinkCheckpoint,
    dir: PathBuf,
}

impl SinkProcess {
    fn open(memory: &Memory, stream: &Stream, line: &Line, part: &str, dir: &str, end: bool) -> Result<SinkProcess> {
        let (participant, checkpoint) = line.with(part, &format!("files {dir}"), |options| {
            let participant = enter(memory, stream, options)?;
            let checkpoint = participant.sink(options, end)?;
            Ok((participant, checkpoint))
        })?;
        let dir = PathBuf::from(dir);
        checkpoint.notes(&mut |_, note| {
            let name = std::str::from_utf8(note).unwrap();
            let temporary = dir.join(format!("{name}.tmp"));
            match memory.read(&temporary) {
                Ok(_) => memory
                    .rename(&temporary, &dir.join(name))
                    .map_err(|error| super::super::Error::io("cannot rename", &temporary, error)),
                Err(_) => Ok(()),
            }
        })?;
        Ok(SinkProcess { memory: memory.clone(), _participant: participant, checkpoint, dir })
    }

    fn step(&mut self, random: &mut Random, from: &mut VecDeque<Out>, to: &mut VecDeque<Out>) -> Result<bool> {
        let mut renames = Vec::new();
        let mut passed = Vec::new();
        for _ in 0..1 + random.below(3) {
            let Some(out) = from.pop_front() else { break };
            if let Out::End(time_ms, items, counts) = &out
                && !self.checkpoint.is_committed(*time_ms)
            {
                if items.is_empty() {
                    self.checkpoint.commit(*time_ms, b"")?;
                } else {
                    let temporary = self.dir.join(format!("{time_ms}.tmp"));
                    self.write(&temporary, format!("{items:?}{counts:?}").as_bytes())?;
                    self.checkpoint.commit(*time_ms, time_ms.to_string().as_bytes())?;
                    renames.push((temporary, self.dir.join(time_ms.to_string())));
                }
            }
            passed.push(out);
        }
        let worked = !passed.is_empty();
        if !renames.is_empty() {
            self.checkpoint.sync()?;
        }
        for (from, to) in renames {
            self.memory.rename(&from, &to).map_err(|error| super::super::Error::io("cannot rename", &from, error))?;
        }
        if matches!(passed.last(), Some(Out::Close)) {
            self.checkpoint.close()?;
        }
        to.extend(passed);
        Ok(worked)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let write = || {
            let _ = self.memory.remove(path);
            let mut file = self.memory.open(path, true)?;
            file.append(&mut [IoSlice::new(bytes)])?;
            file.sync()?;
            self.memory.sync_dir(&self.dir)
        };
        write().map_err(|error| super::super::Error::io("cannot write", path, error))
    }
}

/// Runs the pipeline to its end, or to the first error.
pub fn run(world: &mut World, shape: &Shape, attempt: u64) -> Result<()> {
    for _ in 0..5 {
        if run_once(world, shape, attempt)? {
            return Ok(());
        }
    }
    panic!("each start only finishes a close: {shape:?}");
}

/// False if it only finished what a run before had closed.
fn run_once(world: &mut World, shape: &Shape, attempt: u64) -> Result<bool> {
    let mut random = Random((shape.seed * 1000 + attempt + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let memory = world.memory.clone();
    world.now_ms += 35 * shape.unit_ms();
    let names: &[&'static str] = if shape.join { &["a", "b"] } else { &["a"] };
    let mut sources = Vec::new();
    let mut stages = Vec::new();
    let has_filter = shape.moves && attempt % 2 == 1;
    let mut line = Line { interval: shape.interval(attempt), has_filter, new: shape.new };
    let mut heads: Vec<serde_json::Map<String, Value>> = Vec::new();
    for name in names {
        let source = SourceProcess::open(world, shape, shape.interval(attempt), name)?;
        line.interval = source.interval;
        let own = Stream::of_head(&source.head).unwrap();
        stages.push((StageProcess::open(&memory, &own, shape, &line)?, Pipe::new(), VecDeque::new()));
        heads.push(source.head.clone());
        sources.push(source);
        world.now_ms += 7 * shape.unit_ms();
    }
    let mut head = heads.swap_remove(0);
    for other in heads {
        assert_eq!(head["resume"], other["resume"]);
        for key in ["name", "run"] {
            let both = format!("{}+{}", head[key].as_str().unwrap(), other[key].as_str().unwrap());
            head.insert(key.into(), both.into());
        }
    }
    let stream = Stream::of_head(&head).unwrap();
    let mut first = SinkProcess::open(&memory, &stream, &line, "02-files", "/d/one", false)?;
    let mut second = SinkProcess::open(&memory, &stream, &line, "03-files", "/d/two", true)?;
    let (mut merged, mut passed, mut over) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
    let mut idle = 0;
    while !matches!(over.back(), Some(Out::Close)) {
        let worked = match random.below(5) {
            0 => {
                let index = random.below(sources.len() as u64) as usize;
                sources[index].step(world, shape, &mut random, &mut stages[index].1)?
            }
            1 => {
                let index = random.below(stages.len() as u64) as usize;
                let (stage, from, to) = &mut stages[index];
                stage.step(&mut random, from, to)?
            }
            2 => match stages.as_mut_slice() {
                [(_, _, only)] => only.pop_front().map(|out| merged.push_back(out)).is_some(),
                [(_, _, left), (_, _, right)] => merge(left, right, &mut merged),
                _ => unreachable!(),
            },
            3 => first.step(&mut random, &mut merged, &mut passed)?,
            // The second sink is slow.
            _ => random.below(3) == 0 && second.step(&mut random, &mut passed, &mut over)?,
        };
        idle = if worked { 0 } else { idle + 1 };
        assert!(idle < 10_000, "the simulation hangs");
    }
    Ok(sources.iter().all(|source| source.finish.is_none()))
}

/// Joins two sides batch by batch; a batch that one side lacks is empty there.
fn merge(left: &mut VecDeque<Out>, right: &mut VecDeque<Out>, to: &mut VecDeque<Out>) -> bool {
    let time = |side: &VecDeque<Out>| match side.front() {
        Some(Out::End(time_ms, ..)) => Some(*time_ms),
        Some(Out::Close) => Some(u64::MAX),
        None => None,
    };
    let (Some(left_ms), Some(right_ms)) = (time(left), time(right)) else { return false };
    let time_ms = left_ms.min(right_ms);
    if time_ms == u64::MAX {
        to.push_back(Out::Close);
        return true;
    }
    let (mut all, mut counts) = (Vec::new(), BTreeMap::new());
    for (side, side_ms, offset) in [(left, left_ms, 0), (right, right_ms, 1000)] {
        if side_ms == time_ms
            && let Some(Out::End(_, items, side_counts)) = side.pop_front()
        {
            all.extend(items.iter().map(|item| item + offset));
            counts.extend(side_counts.into_iter().map(|(key, count)| (key + offset, count)));
        }
    }
    to.push_back(Out::End(time_ms, all, counts));
    true
}

/// Checks that every item is in exactly one batch of each output, in order, and
/// that each batch's counts are those after it. `lossy` allows items of a WAL
/// that a power cut took before they were synced.
pub fn check(world: &World, shape: &Shape, lossy: bool) {
    let outputs: Vec<_> = world.taken.values().collect();
    assert_eq!(outputs.len(), 2, "two outputs: {:?}", world.taken);
    assert_eq!(outputs[0], outputs[1], "both sinks have the same");
    let mut sides = [(Vec::new(), Counts::default()), (Vec::new(), Counts::default())];
    for (time_ms, text) in outputs[0] {
        let (items, counts) = text.split_once(']').unwrap();
        let items: Vec<u32> = items[1..].split(", ").map(|item| item.parse().unwrap()).collect();
        let mut expected: Vec<String> = Vec::new();
        for (offset, (all, state)) in [0, 1000].into_iter().zip(&mut sides) {
            let own: Vec<u32> =
                items.iter().filter(|item| (offset..offset + 1000).contains(*item)).map(|item| item - offset).collect();
            state.add(&own);
            all.extend(own);
            expected.extend(state.counts.iter().map(|(key, count)| format!("{}: {count}", key + offset)));
        }
        // A side that has closed, or not begun, gives no counts.
        if !shape.join {
            assert_eq!(counts, format!("{{{}}}", expected.join(", ")), "counts after {time_ms}");
        }
    }
    let expected: Vec<u32> = (0..shape.items).collect();
    for (all, _) in &sides[..if shape.join { 2 } else { 1 }] {
        if lossy {
            assert!(all.is_sorted_by(|a, b| a < b), "twice or out of order: {all:?}");
        } else {
            assert_eq!(*all, expected);
        }
    }
    if shape.wal && !lossy {
        assert_eq!(world.reached, expected);
    }
}
