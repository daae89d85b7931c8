use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::memory::{Image, Memory};
use super::*;

const DIR: &str = "/d/log";

fn memory() -> Memory {
    let memory = Memory::new("/d");
    memory.create_dir(Path::new(DIR)).unwrap();
    memory.sync_dir(Path::new("/d")).unwrap();
    memory
}

fn create(memory: &Memory) -> Log {
    Log::create(Arc::new(memory.clone()), Path::new(DIR), LogKind::Wal).unwrap()
}

fn open(memory: &Memory) -> Result<Log> {
    Log::open(Arc::new(memory.clone()), Path::new(DIR), LogKind::Wal)
}

fn read(mut reader: Reader) -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        all.push(entry.payload.to_vec());
    }
    Ok(all)
}

fn all(log: &Log) -> Vec<Vec<u8>> {
    read(log.reader(log.start()).unwrap()).unwrap()
}

fn segment(number: u64) -> PathBuf {
    path_of(Path::new(DIR), number)
}

#[test]
fn entries_come_back_across_segments_and_restarts() {
    let memory = memory();
    let mut log = create(&memory);
    let mut expected = Vec::new();
    for index in 0..20_u8 {
        let part = vec![index; usize::from(index) * 7];
        log.append(&[b"x", &part]).unwrap();
        expected.push([b"x".to_vec(), part].concat());
        if index % 6 == 5 {
            log.roll().unwrap();
        }
    }
    assert_eq!(all(&log), expected);
    log.sync().unwrap();
    drop(log);
    let mut log = open(&memory.after_crash(Image::Synced)).unwrap();
    assert_eq!((all(&log), log.torn_bytes()), (expected.clone(), 0));
    log.purge_before(3).unwrap();
    assert_eq!(all(&log), expected[12..]);
    log.purge_before(99).unwrap();
    assert_eq!(all(&log), expected[18..], "the newest stays");
}

#[test]
fn a_torn_end_is_cut_off_and_the_rest_goes_on() {
    let memory = memory();
    let mut log = create(&memory);
    let first = log.append(&[b"first"]).unwrap();
    log.sync().unwrap();
    log.append(&[b"second"]).unwrap();
    drop(log);
    let bytes = memory.read(&segment(1)).unwrap();
    for len in first.offset as usize..bytes.len() {
        let memory = memory.after_crash(Image::Everything);
        memory.put(&segment(1), &bytes[..len]);
        let mut log = open(&memory).unwrap();
        assert_eq!((all(&log), log.torn_bytes()), (vec![b"first".to_vec()], len as u64 - first.offset));
        log.append(&[b"third"]).unwrap();
        assert_eq!(all(&log), [b"first".to_vec(), b"third".to_vec()]);
    }
}

#[test]
fn what_was_synced_is_damage_when_it_changes() {
    let memory = memory();
    let mut log = create(&memory);
    log.append(&[b"first"]).unwrap();
    log.sync().unwrap();
    // This one says that the first was synced.
    let second = log.append(&[b"second"]).unwrap();
    drop(log);
    let bytes = memory.read(&segment(1)).unwrap();
    let first_end = HEADER + segment::ENTRY_HEADER + 5;
    assert_eq!(second.offset as usize, bytes.len());
    for at in 0..bytes.len() {
        let memory = memory.after_crash(Image::Everything);
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        memory.put(&segment(1), &flipped);
        let read = open(&memory).and_then(|log| read(log.reader(log.start())?));
        match read {
            Err(Error::Damaged { path, offset, .. }) => {
                assert_eq!(path, segment(1));
                assert!(at < first_end && offset as usize <= at, "{at}: {offset}");
            }
            Ok(entries) => assert!(at >= first_end && entries == [b"first"], "{at}: {entries:?}"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn damage_in_an_older_segment_is_never_a_torn_end() {
    let memory = memory();
    let mut log = create(&memory);
    log.append(&[b"first"]).unwrap();
    log.roll().unwrap();
    log.append(&[b"second"]).unwrap();
    drop(log);
    let bytes = memory.read(&segment(1)).unwrap();
    for len in 0..bytes.len() {
        memory.put(&segment(1), &bytes[..len]);
        let read = open(&memory).and_then(|log| read(log.reader(log.start())?));
        match read {
            Err(Error::Damaged { path, .. }) => assert_eq!(path, segment(1)),
            other => panic!("cut at {len}: {other:?}"),
        }
    }
}

#[test]
fn a_segment_that_was_begun_and_never_used_is_left_out() {
    let memory = memory();
    let mut log = create(&memory);
    log.append(&[b"first"]).unwrap();
    log.roll().unwrap();
    drop(log);
    for len in [0, 1, HEADER - 1] {
        memory.put(&segment(2), &vec![0; len]);
        let mut log = open(&memory.after_crash(Image::Everything)).unwrap();
        assert_eq!(all(&log), [b"first"]);
        log.roll().unwrap();
        assert_eq!(log.end().segment, 2);
    }
}

#[test]
fn older_segments_that_a_crash_brought_back_do_not_count() {
    let memory = memory();
    let mut log = create(&memory);
    for _ in 0..4 {
        log.append(&[b"x"]).unwrap();
        log.roll().unwrap();
    }
    log.sync().unwrap();
    drop(log);
    memory.remove(&segment(2)).unwrap();
    let log = open(&memory).unwrap();
    assert_eq!(log.start().segment, 3);
    assert_eq!(all(&log).len(), 2);
}

#[test]
fn nothing_is_written_after_a_failure() {
    let memory = memory();
    let mut log = create(&memory);
    log.append(&[b"first"]).unwrap();
    memory.fail_at(1);
    assert!(matches!(log.sync(), Err(Error::Io { .. })));
    assert!(matches!(log.sync(), Err(Error::Latched { .. })));
    assert!(matches!(log.append(&[b"second"]), Err(Error::Latched { .. })));
    assert!(matches!(log.roll(), Err(Error::Latched { .. })));
    assert_eq!(all(&open(&memory).unwrap()), [b"first"]);
}

#[test]
fn others_see_what_is_durable_or_what_is_there() {
    let memory = memory();
    let look = |view| {
        let reader = Reader::open(Arc::new(memory.clone()), Path::new(DIR), LogKind::Wal, view).unwrap();
        read(reader.unwrap()).unwrap().len()
    };
    let mut log = create(&memory);
    log.append(&[b"first"]).unwrap();
    log.sync().unwrap();
    // Nothing says yet that it was synced.
    assert_eq!((look(View::Durable), look(View::Visible)), (0, 1));
    log.append(&[b"second"]).unwrap();
    assert_eq!((look(View::Durable), look(View::Visible)), (1, 2));
    log.roll().unwrap();
    assert_eq!((look(View::Durable), look(View::Visible)), (2, 2));
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let memory = memory();
    drop(create(&memory));
    let mut bytes = memory.read(&segment(1)).unwrap();
    bytes[8] = 2;
    let crc = crc32fast::hash(&bytes[..HEADER - 4]);
    bytes[HEADER - 4..HEADER].copy_from_slice(&crc.to_le_bytes());
    memory.put(&segment(1), &bytes);
    let reader = Reader::of_segments(
        Arc::new(memory),
        Path::new(DIR),
        LogKind::Wal,
        first_place(1),
        Place { segment: 2, offset: 0 },
    );
    assert!(matches!(reader.unwrap().next_entry(), Err(Error::Version { version: 2, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// After any crash the log is what was synced, and perhaps some of what came after.
    #[test]
    fn a_crash_keeps_what_was_synced(sizes in prop::collection::vec((0usize..900, 0u8..4), 1..20), seed in any::<u64>()) {
        let memory = memory();
        let mut log = create(&memory);
        let (mut expected, mut synced) = (Vec::new(), 0);
        for (index, (size, then)) in sizes.into_iter().enumerate() {
            let payload = vec![index as u8; size];
            log.append(&[&payload]).unwrap();
            expected.push(payload);
            match then {
                0 => log.sync().unwrap(),
                1 => log.roll().unwrap(),
                _ => continue,
            }
            synced = expected.len();
        }
        let after = all(&open(&memory.after_crash(Image::Some(seed))).unwrap());
        prop_assert!(after.len() >= synced);
        prop_assert_eq!(&after[..], &expected[..after.len()]);
    }
}
