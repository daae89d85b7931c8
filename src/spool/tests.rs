use super::*;
use proptest::prelude::*;

fn contents(mut blocks: Blocks<'_>) -> Vec<(u64, String)> {
    let mut records = Vec::new();
    while let Some(block) = blocks.next().unwrap() {
        let before = records.len();
        records.extend(block.iter().map(|record| (block.time.0, String::from_utf8(record.to_vec()).unwrap())));
        assert_eq!((records.len() - before) as u64, block.records);
    }
    records
}

#[derive(Clone, Debug)]
enum Step {
    Append { later: u64, records: Vec<u32> },
    Discard { later: u64 },
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3u64, prop::collection::vec(any::<u32>(), 1..60))
            .prop_map(|(later, records)| Step::Append { later, records }),
        2 => (0..4u64).prop_map(|later| Step::Discard { later }),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #[test]
    fn a_spool_is_a_queue_wherever_it_keeps_things(limit in 0..2000usize, steps in prop::collection::vec(step(), 0..40)) {
        let mut spool = Spool::new(limit);
        let mut model: Vec<(u64, String)> = Vec::new();
        let mut time = 1000;
        for step in steps {
            match step {
                Step::Append { later, records } => {
                    time += later;
                    let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
                    let block = Block { time: BatchTime(time), records: records.len() as u64, bytes: bytes.as_bytes() };
                    spool.append(block).unwrap();
                    model.extend(records.iter().map(|record| (time, record.to_string())));
                }
                Step::Discard { later } => {
                    let through = time.saturating_sub(later);
                    spool.discard_through(BatchTime(through));
                    model.retain(|(time, _)| *time > through);
                }
                Step::Clear => {
                    spool.clear();
                    model.clear();
                }
            }
            prop_assert_eq!(&contents(spool.blocks()), &model);
            prop_assert_eq!(spool.records(), model.len() as u64);
            prop_assert_eq!(spool.bytes(), model.iter().map(|(_, record)| record.len() as u64 + 1).sum::<u64>());
            let (after, through) = (time - 2, time - 1);
            let part: Vec<_> = model.iter().filter(|(time, _)| *time > after && *time <= through).cloned().collect();
            prop_assert_eq!(contents(spool.blocks_between(BatchTime(after), BatchTime(through))), part);
        }
    }
}

#[test]
fn a_batch_is_read_in_any_order_wherever_it_is() {
    for limit in [0, 300, 1 << 20] {
        let mut spool = Spool::new(limit);
        for time in [1, 2, 2, 4] {
            let bytes = format!("\"{time} {}\"\n", "x".repeat(PIECE_BYTES - 100));
            spool.append(Block { time: BatchTime(time), records: 1, bytes: bytes.as_bytes() }).unwrap();
        }
        assert_eq!([0, 1, 2, 3, 4, 5].map(|time| spool.batch(BatchTime(time)).blocks()), [0, 1, 2, 0, 1, 0]);
        spool.discard_through(BatchTime(1));
        let (batch, mut buffer) = (spool.batch(BatchTime(2)), Vec::new());
        for index in [1, 0] {
            assert_eq!(batch.block(index, &mut buffer).unwrap().records, 1);
            assert_eq!(batch.part(index, 0, 4, &mut buffer).unwrap(), b"\"2 x");
            assert_eq!(batch.part(index, PIECE_BYTES - 99, 3, &mut buffer).unwrap(), b"xx\"");
        }
    }
}

#[test]
fn memory_stays_below_the_limit_and_disk_space_comes_back() {
    let limit = 1 << 20;
    let mut spool = Spool::new(limit);
    let bytes = "\"0123456789\"\n".repeat(1000);
    for batch in 1..=200 {
        spool.append(Block { time: BatchTime(batch), records: 1000, bytes: bytes.as_bytes() }).unwrap();
        assert!(spool.memory_bytes <= limit + 200 * size_of::<Piece>());
    }
    assert!(spool.disk.as_ref().unwrap().end > 1 << 20);
    spool.discard_through(BatchTime(150));
    assert_eq!(contents(spool.blocks()).len(), 50_000);
    spool.clear();
    assert_eq!((spool.memory_bytes, spool.disk.as_ref().unwrap().end), (0, 0));
    assert_eq!(spool.disk.as_ref().unwrap().file.metadata().unwrap().len(), 0);
}
