//! What a source promises that has positions.

use std::time::Duration;

use super::difference;
use crate::connect::{Bad, Came, Position, ReadAgain, RecordSource, Room};

/// So often nothing may come before a test takes it for the end.
const TRIES: usize = 300;

/// Takes records until there are so many, or until nothing comes any more, as a pipeline
/// does: how many there were. Bad ones fail the test.
///
/// # Panics
/// The source fails, has a bad record, or breaks a rule of [`RecordSource`].
pub fn take(source: &mut dyn RecordSource, records: u64, block: &mut Vec<u8>) -> u64 {
    let mut bad = |_: &[u8], reason: &str| panic!("a bad record: {reason}");
    take_some(source, records, block, &mut bad)
}

fn take_some(source: &mut dyn RecordSource, records: u64, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> u64 {
    let (mut taken, mut idle) = (0, 0);
    while taken < records && idle < TRIES {
        idle += 1;
        if source.has_records() {
            let (room, before) = (Room { records: records - taken, bytes: usize::MAX / 2 }, block.len());
            let count = source.take(room, block, bad).unwrap_or_else(|error| panic!("take: {error}"));
            check_block(&block[before..], count);
            assert!(count <= room.records, "take gave {count} records, with room for {}", room.records);
            (taken, idle) = (taken + count, if count > 0 { 0 } else { idle });
            continue;
        }
        match source.wait(Duration::from_millis(100)) {
            Ok(Came::Something | Came::Timeout) => {}
            Ok(Came::End | Came::Stop) => break,
            Err(error) => panic!("wait: {error}"),
        }
    }
    assert!(
        taken >= records || !source.has_records(),
        "has_records says that there are some, and take gives none of them"
    );
    taken
}

/// Records are lines, each a JSON value in canonical form.
fn check_block(block: &[u8], records: u64) {
    let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(
        lines.len() as u64,
        records,
        "so many lines, and records as it says, in {}",
        String::from_utf8_lossy(block)
    );
    for line in lines {
        let (shown, mut canonical) = (String::from_utf8_lossy(line), Vec::new());
        let record = line.strip_suffix(b"\n").unwrap_or_else(|| panic!("a record without a newline: {shown}"));
        let is_json = crate::record::canonicalize(record, &mut canonical);
        is_json.unwrap_or_else(|error| panic!("a record is no JSON: {error}: {shown}"));
        assert!(
            canonical == record,
            "a record is not canonical: {shown}, and not {}",
            String::from_utf8_lossy(&canonical)
        );
    }
}

/// A batch as it was taken.
#[derive(Debug, PartialEq, Eq)]
struct Batch {
    position: Vec<u8>,
    block: Vec<u8>,
    records: u64,
    bad: Vec<String>,
}

/// Takes the next batch, and asks for its position.
fn next_batch(source: &mut dyn RecordSource, size: u64) -> Batch {
    let mut batch = Batch { position: Vec::new(), block: Vec::new(), records: 0, bad: Vec::new() };
    batch.records = take_some(source, size, &mut batch.block, &mut |record: &[u8], reason: &str| {
        batch.bad.push(format!("{reason}: {}", String::from_utf8_lossy(record)));
        Ok(())
    });
    let replay = again(source);
    replay.position(&mut batch.position);
    let mut second = Vec::new();
    replay.position(&mut second);
    assert!(second.is_empty(), "nothing was taken since the last call, and position gives something");
    batch
}

/// Checks all that [`ReadAgain`] promises: what one source took, in batches of growing size, others give
/// again from what it recorded: the same records and bad ones, in the same batches, to the byte. And
/// each goes on right behind them, whichever of the batches a restart had to send again: none, the last
/// ones, or all. `open` opens the source of a first start, on the same world each time, which has so many `records` or
/// more, and at least one; how many were taken.
///
/// # Panics
/// Something is not the same: which, and what it was.
pub fn check_replay<S: RecordSource>(open: impl Fn() -> S, records: u64) -> u64 {
    let start = |position: &Position| {
        let mut source = open();
        again(&mut source).restore(position).unwrap_or_else(|error| panic!("restore: {error}"));
        source
    };
    let (mut first, mut unasked) = (start(&Position::default()), start(&Position::default()));
    let (mut batches, mut bases, mut taken) = (Vec::new(), vec![Vec::new()], 0);
    for size in (0..).map(|power| 1u64 << power) {
        let batch = next_batch(&mut first, size.min(records - taken));
        let mut base = Vec::new();
        again(&mut first).base(&mut base);
        // A base is asked for now and then only.
        let other = next_batch(&mut unasked, size.min(records - taken));
        assert!(batch == other, "batch {} is another one where no base was asked for", batches.len() + 1);
        taken += batch.records;
        let is_over = batch.records == 0 || taken >= records;
        batches.push(batch);
        bases.push(base);
        if is_over {
            break;
        }
    }
    assert!(taken > 0, "the source gives nothing");
    let beyond = next_record(&mut first);
    // A checkpoint has a base, what was recorded since, and some of that to be sent again.
    for (at, base) in bases.iter().enumerate() {
        for end in at..=batches.len() {
            let since = batches[at..end].iter().map(|batch| batch.position.clone()).collect();
            let position = Position { base: base.clone(), since };
            let mut resumes = vec![at, at.midpoint(end), end];
            resumes.dedup();
            for resume in resumes {
                let told = format!("after {end} batches, {} of them sent again", end - resume);
                go_on(&mut start(&position), (&batches[resume..end], batches.get(end), beyond.as_deref()), &told);
            }
        }
    }
    taken
}

/// A record that is there, if there is one.
fn next_record(source: &mut dyn RecordSource) -> Option<Vec<u8>> {
    let mut block = Vec::new();
    for _ in 0..10 {
        if source.has_records() {
            break;
        }
        source.wait(Duration::from_millis(1)).unwrap_or_else(|error| panic!("wait: {error}"));
    }
    (source.has_records() && take(source, 1, &mut block) > 0).then_some(block)
}

/// What a restart gives: some batches again, and the next one, or what is behind all of them.
type Gives<'b> = (&'b [Batch], Option<&'b Batch>, Option<&'b [u8]>);

fn go_on(source: &mut dyn RecordSource, (sent_again, next, beyond): Gives<'_>, told: &str) {
    for batch in sent_again.iter().filter(|batch| !batch.position.is_empty()) {
        let (block, bad) = read_again(source, &batch.position);
        assert!(block == batch.block, "{told}: a batch is another one: {}", difference(&batch.block, &block));
        assert!(bad == batch.bad, "{told}: a batch has other bad records: {bad:?}, not {:?}", batch.bad);
    }
    let mut position = Vec::new();
    again(source).position(&mut position);
    assert!(position.is_empty(), "{told}: nothing new was taken, and position gives something");
    let Some(next) = next else {
        let (record, beyond) = (next_record(source).unwrap_or_default(), beyond.unwrap_or_default());
        assert!(record == beyond, "{told}: it goes on elsewhere: {}", difference(beyond, &record));
        return;
    };
    let new = next_batch(source, next.records);
    assert!(new.block == next.block, "{told}: it goes on elsewhere: {}", difference(&next.block, &new.block));
    let (block, _) = read_again(source, &new.position);
    assert!(block == new.block, "{told}: the next batch is another one again: {}", difference(&new.block, &block));
}

fn again<'s>(source: &'s mut (dyn RecordSource + '_)) -> &'s mut dyn ReadAgain {
    source.replay().unwrap_or_else(|| panic!("the source has no `replay`: it cannot read again"))
}

fn read_again(source: &mut dyn RecordSource, position: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut all, mut bad) = (Vec::new(), Vec::new());
    let replay = again(source);
    replay.begin_again(position).unwrap_or_else(|error| panic!("begin_again: {error}"));
    loop {
        let mut block = Vec::new();
        let next = replay.next_again(&mut block, &mut |record: &[u8], reason: &str| {
            bad.push(format!("{reason}: {}", String::from_utf8_lossy(record)));
            Ok(())
        });
        match next {
            Ok(Some(count)) => {
                check_block(&block, count);
                all.append(&mut block);
            }
            Ok(None) => {
                assert!(block.is_empty(), "next_again gives records, and says that the batch is complete");
                return (all, bad);
            }
            Err(error) => panic!("next_again: {error}"),
        }
    }
}

#[cfg(test)]
mod tests;
