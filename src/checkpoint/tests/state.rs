//! The log of a state against a plain map.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::log::View;
use super::super::memory::{Image, Memory};
use super::super::state::{KeyedState, PairOut, StateLog, look, look_at};
use super::super::storage::Storage;

const DIR: &str = "/d/state";
const STEP_MS: u64 = 10;

/// A state that is given in slices of its keys in order.
#[derive(Clone, Default)]
struct Model {
    map: BTreeMap<u8, Vec<u8>>,
    changed: Vec<u8>,
    cursor: Option<u8>,
}

impl Model {
    fn set(&mut self, key: u8, value: Option<Vec<u8>>) {
        match value {
            Some(value) => drop(self.map.insert(key, value)),
            None => drop(self.map.remove(&key)),
        }
        self.changed.push(key);
    }

    fn load(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.set(key[0], value.map(<[u8]>::to_vec));
        self.changed.clear();
    }
}

impl KeyedState for Model {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        for key in self.changed.drain(..) {
            out(&[key], self.map.get(&key).map(|value| &value[..]));
        }
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        if from_start {
            self.cursor = None;
        }
        let mut given = 0;
        let from = self.cursor.map_or(0, |cursor| usize::from(cursor) + 1);
        for (key, value) in self.map.iter().filter(|(key, _)| usize::from(**key) >= from) {
            if given >= bytes {
                return false;
            }
            out(&[*key], Some(value));
            given += 1 + value.len();
            self.cursor = Some(*key);
        }
        true
    }

    fn live_bytes(&self) -> u64 {
        self.map.values().map(|value| 1 + value.len() as u64).sum()
    }
}

fn storage() -> (Memory, Arc<dyn Storage>) {
    let memory = Memory::new("/d");
    memory.create_dir(Path::new(DIR)).unwrap();
    memory.sync_dir(Path::new("/d")).unwrap();
    (memory.clone(), Arc::new(memory))
}

fn open(memory: &Memory, resume_ms: u64, model: &mut Model) -> StateLog {
    let mut load = |key: &[u8], value: Option<&[u8]>| model.load(key, value);
    let storage = Arc::new(memory.clone());
    StateLog::open(storage, Path::new(DIR), (0, resume_ms), (STEP_MS.into(), 0), &mut load).unwrap()
}

fn covered(memory: &Memory) -> Vec<(u64, u64)> {
    look(Arc::new(memory.clone()), Path::new(DIR), View::Visible, 0, STEP_MS.into()).unwrap().unwrap().covers
}

type Change = (u8, Option<u8>);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever was saved, restored at any time that is covered it is what it was then,
    /// and goes on from there.
    #[test]
    fn restored_at_any_time_it_is_what_it_was(
        batches in prop::collection::vec(prop::collection::vec((0u8..40, prop::option::of(0u8..60)), 0..6), 1..60),
        cut in any::<prop::sample::Index>(), purge in any::<prop::sample::Index>(),
    ) {
        let (memory, storage) = storage();
        let mut log = StateLog::create(storage, Path::new(DIR), STEP_MS.into(), 0).unwrap();
        let mut model = Model::default();
        let mut then = vec![model.map.clone()];
        let run = |log: &mut StateLog, model: &mut Model, then: &mut Vec<_>, batches: &[Vec<Change>]| {
            for batch in batches {
                for (key, len) in batch {
                    model.set(*key, len.map(|len| vec![then.len() as u8; usize::from(len)]));
                }
                log.save(then.len() as u64 * STEP_MS, model).unwrap();
                then.push(model.map.clone());
            }
            log.sync().unwrap();
        };
        run(&mut log, &mut model, &mut then, &batches);
        let purge_ms = purge.index(then.len()) as u64 * STEP_MS;
        log.purge(purge_ms).unwrap();
        drop(log);
        let spans = covered(&memory);
        let covers = |time_ms| spans.iter().any(|(from, to)| (*from..*to).contains(&time_ms));
        for (index, then) in then.iter().enumerate() {
            for time_ms in [index as u64 * STEP_MS, index as u64 * STEP_MS + STEP_MS - 1] {
                prop_assert!(time_ms < purge_ms || covers(time_ms), "{time_ms} is gone");
                let mut seen = Model::default();
                let mut load = |key: &[u8], value: Option<&[u8]>| seen.load(key, value);
                let found = look_at(Arc::new(memory.clone()), Path::new(DIR), (0, time_ms), STEP_MS.into(), &mut load).unwrap();
                prop_assert_eq!(found, covers(time_ms));
                if found {
                    prop_assert_eq!(&seen.map, then);
                }
            }
        }
        let resume = (purge_ms / STEP_MS) as usize + cut.index(then.len() - (purge_ms / STEP_MS) as usize);
        let memory = memory.after_crash(Image::Synced);
        let mut restored = Model::default();
        let mut log = open(&memory, resume as u64 * STEP_MS + 3, &mut restored);
        prop_assert_eq!(&restored.map, &then[resume]);
        prop_assert_eq!(covered(&memory).last().unwrap().1, (resume as u64 + 1) * STEP_MS);
        then.truncate(resume + 1);
        run(&mut log, &mut restored, &mut then, &batches);
        drop(log);
        let mut last = Model::default();
        drop(open(&memory, (then.len() as u64 - 1) * STEP_MS, &mut last));
        prop_assert_eq!(&last.map, then.last().unwrap());
    }
}

#[test]
fn a_batch_writes_no_more_than_its_share() {
    let (memory, storage) = storage();
    let mut log = StateLog::create(storage, Path::new(DIR), STEP_MS.into(), 0).unwrap();
    let mut model = Model::default();
    for key in 0..200 {
        model.set(key, Some(vec![key; 50]));
    }
    log.save(STEP_MS, &mut model).unwrap();
    let size = || memory.all_files().iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let before = size();
    let batches = 500;
    for batch in 0..batches {
        for key in 0..10 {
            model.set((batch * 10 + key) as u8 % 200, Some(vec![batch as u8; 50]));
        }
        log.save((2 + batch as u64) * STEP_MS, &mut model).unwrap();
    }
    let changed = 10 * 53;
    // Entries are small in tests, so that their headers weigh.
    assert!(size() - before < batches * changed * 3, "{}", (size() - before) / batches);
    log.sync().unwrap();
    log.purge(batches as u64 * STEP_MS).unwrap();
    assert!(size() < 200 * 53 * 8, "{}", size());
}

#[test]
fn a_closed_state_lasts_until_it_goes_on() {
    let (memory, storage) = storage();
    let mut log = StateLog::create(storage, Path::new(DIR), STEP_MS.into(), 0).unwrap();
    let mut model = Model::default();
    model.set(1, Some(vec![1]));
    log.save(10, &mut model).unwrap();
    model.set(2, Some(vec![2]));
    // A window gave one more batch, of time 30.
    log.close(30, &mut model).unwrap();
    drop(log);
    assert_eq!(covered(&memory), [(0, 20), (30, u64::MAX)]);
    let mut restored = Model::default();
    drop(open(&memory.after_crash(Image::Synced), 10, &mut restored));
    assert_eq!(restored.map.len(), 1, "before the close");
    let mut restored = Model::default();
    let mut log = open(&memory, 500, &mut restored);
    assert_eq!(restored.map.len(), 2, "after it");
    assert_eq!(covered(&memory), [(0, 20), (30, 510)], "there is more to come now");
    log.save(600, &mut restored).unwrap();
    log.sync().unwrap();
    assert_eq!(covered(&memory), [(0, 20), (30, 510), (600, 610)]);
}
