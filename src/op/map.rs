//! `map`: every result of a function is a record.

use super::function::{self, AnyFunction, Part};
use super::{OpError, Out, PerRecord};
use crate::frame::Block;

/// What becomes of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is a record; of a value, a pair of the key and it.
    Record(Part),
    /// It is the key of a pair, whose value is the record that it came from.
    Key,
}

/// Spark's `map` and `mapValues`.
pub struct Map {
    function: AnyFunction,
    role: Role,
}

impl Map {
    /// Gives what `function` makes of each record.
    pub fn new(function: AnyFunction, role: Role) -> Map {
        Map { function, role }
    }
}

impl PerRecord for Map {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let function = self.function.as_mut();
        match self.role {
            Role::Record(part) => function::run(function, part, block, out, &mut |given, result, buffer| {
                given.push(result, buffer);
                1
            }),
            Role::Key => function::run(function, Part::Record, block, out, &mut |given, key, buffer| {
                for piece in [b"[", key, b",", given.record, b"]\n"] {
                    buffer.extend_from_slice(piece);
                }
                1
            }),
        }
    }

    fn close(&mut self) -> Result<(), OpError> {
        self.function.close().map_err(function::stage_error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::function::tests::program;
    use super::*;
    use crate::frame::{BatchTime, Watermark};
    use crate::op::{Each, testing};

    fn map(source: &str, role: Role, records: &[&str]) -> testing::Collected {
        testing::run(&mut Each(Map::new(program(source), role)), &[records.to_vec()])
    }

    #[test]
    fn every_result_is_a_record() {
        let whole = Role::Record(Part::Record);
        assert_eq!(map(". * 2", whole, &["3", "-1"]).batches, [(1000, vec!["6".into(), "-2".into()])]);
        assert_eq!(map("range(.)", whole, &["0", "2", "1"]).batches[0].1, ["0", "1", "0"]);
        assert_eq!(map("[., 1]", whole, &["\"é\""]).batches[0].1, ["[\"é\",1]"]);
        assert_eq!(map("empty", whole, &["1"]).batches[0].1, Vec::<String>::new());
    }

    #[test]
    fn of_a_value_the_key_is_kept_as_written() {
        let kept = map(".n, 1", Role::Record(Part::Value), &[r#"[{"b":1.0,"a":2},{"n":5}]"#]);
        assert_eq!(kept.batches[0].1, [r#"[{"b":1.0,"a":2},5]"#, r#"[{"b":1.0,"a":2},1]"#]);
    }

    #[test]
    fn a_key_is_paired_with_its_record() {
        let keyed = map(".k", Role::Key, &[r#"{"k":"a","n":1.10}"#, "{}"]);
        assert_eq!(keyed.batches[0].1, [r#"["a",{"k":"a","n":1.10}]"#, "[null,{}]"]);
    }

    #[test]
    fn results_before_a_failure_are_void() {
        let role = Role::Record(Part::Record);
        let records = ["1", "\"x\"", "2", "[]", "3"];
        let mapped = map("., (. + 1), if . == 3 then empty else . + 2 end", role, &records);
        assert_eq!(mapped.batches[0].1, ["1", "2", "3", "2", "3", "4", "3", "4"]);
        let bad: Vec<&str> = mapped.bad.iter().map(|(record, _)| record.as_str()).collect();
        assert_eq!(bad, ["\"x\"", "[]"]);
        assert!(mapped.bad[0].1.contains("cannot be added"), "{:?}", mapped.bad);
    }

    /// Takes blocks up to a number, then goes. Knows how large the largest was.
    struct Reader {
        blocks: usize,
        largest: usize,
        bad: u64,
        is_fatal: bool,
    }

    impl crate::op::Downstream for Reader {
        fn block(&mut self, block: Block<'_>) {
            self.blocks = self.blocks.saturating_sub(1);
            self.largest = self.largest.max(block.bytes.len());
        }

        fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

        fn is_closed(&self) -> bool {
            self.blocks == 0
        }

        fn ends_with_a_bad_record(&self) -> bool {
            self.is_fatal
        }

        fn bad_record(&mut self, _: BatchTime, _: &[u8], _: &str) -> Result<(), OpError> {
            self.bad += 1;
            Ok(())
        }
    }

    fn read(source: &str, is_fatal: bool, blocks: usize) -> Reader {
        let mut reader = Reader { blocks, largest: 0, bad: 0, is_fatal };
        let mut out = Out::new(&mut reader);
        let block = Block { time: BatchTime(1000), records: 2, bytes: b"7\n8\n" };
        Map::new(program(source), Role::Record(Part::Record)).block(block, &mut out).unwrap();
        out.finish_block();
        reader
    }

    #[test]
    fn very_many_results_of_a_record_go_on_in_blocks_as_long_as_somebody_reads() {
        let endless = read("repeat(. + 1)", true, 3);
        assert!(endless.blocks == 0 && endless.largest < 2 * crate::op::BLOCK_BYTES, "{}", endless.largest);
        let kept = read("range(2000000)", false, 1000);
        assert!(kept.blocks < 1000 - 50 && kept.largest <= 2 * crate::op::BLOCK_BYTES, "{}", kept.largest);
        let void = read("range(2000000), error", false, 1000);
        assert_eq!((void.blocks, void.bad), (1000, 2), "what a bad record gave is void however much it was");
    }

    #[test]
    fn what_is_no_pair_is_bad_in_its_place() {
        let mapped = map("1 / .", Role::Record(Part::Value), &["[1,2]", "3", "[1,0]", "[1]", "[2,4]"]);
        assert_eq!(mapped.batches[0].1, ["[1,0.5]", "[2,0.25]"]);
        let bad: Vec<&str> = mapped.bad.iter().map(|(record, _)| record.as_str()).collect();
        assert_eq!(bad, ["3", "[1,0]", "[1]"]);
    }
}
