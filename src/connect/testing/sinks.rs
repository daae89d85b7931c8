//! What a sink promises under a checkpoint.

use super::difference;
use crate::connect::{BatchTime, Block, Sink, SinkGuarantee, Under};

/// Batches, each in blocks of so many records; some are empty.
const BATCHES: [&[u64]; 7] = [&[1], &[], &[2, 1], &[3], &[], &[1, 1], &[2]];

/// So many batches are prepared before they are committed together.
const TOGETHER: usize = 2;

/// Checks what a kind of sink promises: plays a stream of a few batches to it, has it die before
/// each call in turn, once and twice, starts it again as a checkpoint would, and looks at what is there in the
/// end. A record is `{"batch":TIME,"n":NUMBER}`. `place` makes a fresh place for it to write to, as an
/// empty folder; `open` opens the sink there; `seen` gives the records that somebody sees who reads that
/// place, a line each, in order.
///
/// The sink is dropped where it dies: what `kill -9` leaves is to be tried with the program.
///
/// # Panics
/// A record came twice, or is missing, against the guarantee: which, and after which call the
/// sink had died.
pub fn check_sink<P>(
    guarantee: &SinkGuarantee,
    place: impl Fn() -> P,
    open: impl for<'p> Fn(&'p P) -> Box<dyn Sink + 'p>,
    seen: impl Fn(&P) -> Vec<u8>,
) {
    let trial = |deaths: &[usize]| {
        let (place, mut committed, mut told) = (place(), Vec::new(), "never killed".to_owned());
        for death in deaths {
            let mut run = Run { sink: open(&place), committed: &mut committed, calls: 0, death: Some(*death) };
            if let Err(Died { before }) = run.play() {
                told = format!("killed before its {}. call, {before}", death + 1);
            }
        }
        let mut run = Run { sink: open(&place), committed: &mut committed, calls: 0, death: None };
        let ran = run.play();
        let calls = run.calls;
        drop(run);
        assert!(ran.is_ok(), "nothing kills the last run");
        check_seen(guarantee, &seen(&place), &told);
        (calls, place)
    };
    let (calls, full) = trial(&[]);
    for death in 0..calls {
        for second in [None, Some(0), Some(1), Some(3)] {
            trial(&[Some(death), second].into_iter().flatten().collect::<Vec<_>>());
        }
    }
    // After a reset the job is another one, and what is there is to be written again.
    let under = Under { job: "0123-1", stage: STAGE, resume: BatchTime(0), notes: &[] };
    let newest = open(&full).begin(&under).unwrap_or_else(|error| panic!("begin: {error}"));
    assert_eq!(newest, None, "begin answers with a batch of another job: look for those of `job` and `stage` alone");
    let place = place();
    without_a_checkpoint(open(&place));
    check_seen(&SinkGuarantee::ExactlyOnce(""), &seen(&place), "without a checkpoint");
}

const STAGE: &str = "a.01-sink";

fn check_seen(guarantee: &SinkGuarantee, seen: &[u8], told: &str) {
    let expected: Vec<u8> =
        BATCHES.iter().enumerate().flat_map(|(batch, blocks)| records(batch, blocks.iter().sum())).collect();
    match guarantee {
        SinkGuarantee::ExactlyOnce(_) => {
            assert!(seen == expected, "{told}: {}", difference(&expected, seen));
        }
        SinkGuarantee::AtLeastOnce(_) | SinkGuarantee::BestEffort(_) => {
            let lines =
                |bytes: &[u8]| -> Vec<String> { String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect() };
            let (seen, expected) = (lines(seen), lines(&expected));
            let is_promised = matches!(guarantee, SinkGuarantee::AtLeastOnce(_));
            for line in expected.iter().filter(|_| is_promised) {
                assert!(seen.contains(line), "{told}: {line} is missing");
            }
            for line in &seen {
                assert!(expected.contains(line), "{told}: {line} is no record that came");
            }
        }
    }
}

fn time(batch: usize) -> BatchTime {
    BatchTime((batch as u64 + 1) * 1000)
}

/// The first records of a batch.
fn records(batch: usize, records: u64) -> Vec<u8> {
    (0..records).flat_map(|n| format!("{{\"batch\":{},\"n\":{n}}}\n", time(batch)).into_bytes()).collect()
}

/// Gives a batch's records to the sink, block by block.
fn blocks<E>(batch: usize, mut give: impl FnMut(Block<'_>) -> Result<(), E>) -> Result<u64, E> {
    let (mut given, mut before) = (0, 0);
    for count in BATCHES[batch] {
        given += count;
        let all = records(batch, given);
        give(Block { time: time(batch), records: *count, bytes: &all[before..] })?;
        before = all.len();
    }
    Ok(given)
}

fn without_a_checkpoint(mut sink: Box<dyn Sink + '_>) {
    for batch in 0..BATCHES.len() {
        let all = blocks(batch, |block| sink.block(block)).and_then(|records| sink.end(time(batch), records));
        all.unwrap_or_else(|error| panic!("batch {}: {error}", time(batch)));
    }
    sink.close(true).unwrap_or_else(|error| panic!("close: {error}"));
}

/// One life of a sink under a checkpoint, which is what was committed, with notes.
struct Run<'c, 's> {
    sink: Box<dyn Sink + 's>,
    committed: &'c mut Vec<(BatchTime, Vec<u8>)>,
    calls: usize,
    /// It dies before the call of this number.
    death: Option<usize>,
}

struct Died {
    before: String,
}

impl Run<'_, '_> {
    /// The next call, unless it dies before.
    fn at(&mut self, what: &str) -> Result<(), Died> {
        if self.death == Some(self.calls) {
            return Err(Died { before: what.to_owned() });
        }
        self.calls += 1;
        Ok(())
    }

    fn is_committed(&self, time: BatchTime) -> bool {
        self.committed.iter().any(|(committed, _)| *committed == time)
    }

    /// The whole stream, in the order of calls that [`Sink`] tells.
    fn play(&mut self) -> Result<(), Died> {
        self.at("begin")?;
        let notes: Vec<Vec<u8>> =
            self.committed.iter().map(|(_, note)| note.clone()).filter(|note| !note.is_empty()).collect();
        let under = Under { job: "0123", stage: STAGE, resume: BatchTime(0), notes: &notes };
        let newest = self.sink.begin(&under).unwrap_or_else(|error| panic!("begin: {error}"));
        let (mut waiting, mut has_output) = (Vec::new(), false);
        for batch in 0..BATCHES.len() {
            let (time, mut note) = (time(batch), Vec::new());
            if self.is_committed(time) {
                continue;
            }
            let mut count = 0;
            if newest.is_none_or(|newest| time > newest) {
                count = blocks(batch, |block| {
                    self.at(&format!("block of {time}"))?;
                    self.sink.block(block).unwrap_or_else(|error| panic!("block of {time}: {error}"));
                    Ok(())
                })?;
                self.at(&format!("prepare of {time}"))?;
                let prepared = self.sink.prepare(time, count, &mut note);
                prepared.unwrap_or_else(|error| panic!("prepare of {time}: {error}"));
            }
            has_output |= count > 0 || !note.is_empty() || self.sink.commits_each();
            waiting.push((time, note));
            if waiting.len() >= TOGETHER || self.sink.commits_each() {
                self.settle(std::mem::take(&mut waiting), std::mem::take(&mut has_output))?;
            }
        }
        self.settle(waiting, has_output)?;
        self.at("close")?;
        self.sink.close(true).unwrap_or_else(|error| panic!("close: {error}"));
        Ok(())
    }

    fn settle(&mut self, waiting: Vec<(BatchTime, Vec<u8>)>, has_output: bool) -> Result<(), Died> {
        let has_notes = waiting.iter().any(|(_, note)| !note.is_empty());
        if has_output {
            self.at("persist")?;
            self.sink.persist().unwrap_or_else(|error| panic!("persist: {error}"));
        }
        for (time, note) in waiting {
            self.at(&format!("the commit of {time}"))?;
            self.committed.push((time, note));
        }
        if has_notes {
            self.at("publish")?;
            self.sink.publish().unwrap_or_else(|error| panic!("publish: {error}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;
    use crate::connect::OutletError;

    /// What is in a database, with the newest batch of each sink.
    #[derive(Default)]
    struct Database {
        records: Vec<u8>,
        newest: BTreeMap<String, BatchTime>,
    }

    /// A sink of it, right or wrong.
    struct Table<'d> {
        database: &'d RefCell<Database>,
        open: Vec<u8>,
        sink: String,
        wrong: Wrong,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Wrong {
        Nothing,
        /// It does not look for what is there.
        Forgets,
        /// It writes as records come.
        Early,
        /// It answers with what another job wrote.
        Anybody,
    }

    impl Sink for Table<'_> {
        fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
            let job = if self.wrong == Wrong::Anybody { "" } else { under.job };
            self.sink = format!("{job}/{}", under.stage);
            let newest = self.database.borrow().newest.get(&self.sink).copied();
            Ok(newest.filter(|_| self.wrong != Wrong::Forgets))
        }

        fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
            match self.wrong {
                Wrong::Early => self.database.borrow_mut().records.extend(block.bytes),
                _ => self.open.extend(block.bytes),
            }
            Ok(())
        }

        fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
            let mut database = self.database.borrow_mut();
            database.records.append(&mut self.open);
            database.newest.insert(self.sink.clone(), time);
            Ok(())
        }
    }

    fn check(guarantee: &SinkGuarantee, wrong: Wrong) {
        check_sink(
            guarantee,
            RefCell::<Database>::default,
            |database| Box::new(Table { database, open: Vec::new(), sink: String::new(), wrong }),
            |database| database.borrow().records.clone(),
        );
    }

    const ONCE: SinkGuarantee = SinkGuarantee::ExactlyOnce("");

    #[test]
    fn a_transaction_is_exactly_once() {
        check(&ONCE, Wrong::Nothing);
        check(&SinkGuarantee::AtLeastOnce(""), Wrong::Forgets);
        check(&SinkGuarantee::AtLeastOnce(""), Wrong::Early);
    }

    #[test]
    #[should_panic(expected = "killed before its")]
    fn who_does_not_look_for_what_is_there_writes_twice() {
        check(&ONCE, Wrong::Forgets);
    }

    #[test]
    #[should_panic(expected = "killed before its")]
    fn who_writes_as_records_come_writes_twice() {
        check(&ONCE, Wrong::Early);
    }

    #[test]
    #[should_panic(expected = "a batch of another job")]
    fn who_knows_other_jobs_loses_after_a_reset() {
        check(&ONCE, Wrong::Anybody);
    }
}
