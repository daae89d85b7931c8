//! What connectors are tested with, without a process and without a clock.

use std::time::Duration;

use super::{
    Bad, Came, Console, Failure, Level, OnLoss, Position, RecordSource, Room, SourceParts, StopSignal, Waited,
};

/// What a source has around it in a test: it is never asked to stop, and says errors
/// alone.
///
/// # Panics
/// The system has no pipe left.
pub fn source_parts() -> SourceParts {
    let (stop, stopper) = StopSignal::manual().unwrap_or_else(|error| panic!("a pipe: {error}"));
    // Dropped, it would look like a signal.
    std::mem::forget(stopper);
    SourceParts {
        console: Console::new("sstream-test", Level::Error),
        stop,
        waited: Waited::default(),
        on_loss: OnLoss::Fail,
        max_line: 1 << 20,
    }
}

/// Takes records until there are so many, or until nothing comes any more: how many there
/// were. Bad ones fail the test.
///
/// # Panics
/// The source fails, or has a bad record.
pub fn take(source: &mut dyn RecordSource, records: u64, block: &mut Vec<u8>) -> u64 {
    let mut taken = 0;
    for _ in 0..300 {
        if taken >= records {
            break;
        }
        match source.wait(Duration::from_millis(100)) {
            Ok(Came::Something) => {
                let room = Room { records: records - taken, bytes: usize::MAX / 2 };
                taken += source.take(room, block, no_bad()).unwrap_or_else(|error| panic!("{error}"));
            }
            Ok(Came::End | Came::Stop) => break,
            Ok(Came::Timeout) => {}
            Err(error) => panic!("{error}"),
        }
    }
    taken
}

fn no_bad() -> &'static mut Bad<'static> {
    Box::leak(Box::new(|_: &[u8], reason: &str| -> Result<(), Box<dyn Failure>> { panic!("a bad record: {reason}") }))
}

/// Checks the promise of [`ReadAgain`](super::ReadAgain): what one source took in batches of
/// growing size, another one, from the positions alone, gives again: the same records in the same
/// batches, to the byte; and then it goes on behind them, where there is nothing more of
/// the `records` that there are. How many were taken.
///
/// # Panics
/// Something is not the same.
pub fn check_replay<S: RecordSource>(open: impl Fn() -> S, records: u64) -> u64 {
    let fresh = || {
        let mut source = open();
        restore(&mut source, &Position::default());
        source
    };
    let (mut first, mut batches, mut taken) = (fresh(), Vec::new(), 0);
    let mut bases = vec![Vec::new()];
    for size in (0..).map(|power| 1u64 << power) {
        let mut block = Vec::new();
        let count = take(&mut first, size.min(records - taken), &mut block);
        let replay = first.replay().unwrap_or_else(|| panic!("the source cannot read again"));
        let (mut delta, mut base) = (Vec::new(), Vec::new());
        replay.position(&mut delta);
        replay.base(&mut base);
        taken += count;
        batches.push((delta, block, count));
        bases.push(base);
        if taken >= records || count == 0 {
            break;
        }
    }
    // From each base that a checkpoint may have kept, with what came behind it.
    for (kept, base) in bases.into_iter().enumerate() {
        let since = batches[kept..].iter().map(|(delta, ..)| delta.clone()).collect();
        let mut second = open();
        restore(&mut second, &Position { base, since });
        for (delta, block, count) in &batches[kept..] {
            assert_eq!(read_again(&mut second, delta), (block.clone(), *count), "a batch is another one");
        }
        let came = second.wait(Duration::from_millis(1)).unwrap_or_else(|error| panic!("{error}"));
        assert!(came != Came::Something, "behind the batches nothing more was to come");
    }
    taken
}

fn restore(source: &mut dyn RecordSource, position: &Position) {
    let replay = source.replay().unwrap_or_else(|| panic!("the source cannot read again"));
    replay.restore(position).unwrap_or_else(|error| panic!("{error}"));
}

fn read_again(source: &mut dyn RecordSource, delta: &[u8]) -> (Vec<u8>, u64) {
    let replay = source.replay().unwrap_or_else(|| panic!("the source cannot read again"));
    let (mut all, mut records) = (Vec::new(), 0);
    // A batch in which nothing was taken has no entry.
    if delta.is_empty() {
        return (all, records);
    }
    replay.begin_again(delta).unwrap_or_else(|error| panic!("{error}"));
    loop {
        let mut block = Vec::new();
        match replay.next_again(&mut block, no_bad()) {
            Ok(Some(count)) => {
                all.append(&mut block);
                records += count;
            }
            Ok(None) => return (all, records),
            Err(error) => panic!("{error}"),
        }
    }
}
