//! `flatmap`: every result of a function is a record, arrays opened.

use super::function::{self, AnyFunction, Part};
use super::{OpError, Out, PerRecord};
use crate::frame::Block;
use crate::record;

/// Spark's `flatMap` and `flatMapValues`.
pub struct FlatMap {
    function: AnyFunction,
    part: Part,
}

impl FlatMap {
    /// Gives what `function` makes of this part of each record.
    pub fn new(function: AnyFunction, part: Part) -> FlatMap {
        FlatMap { function, part }
    }
}

impl PerRecord for FlatMap {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        function::run(self.function.as_mut(), self.part, block, out, &mut |given, result, buffer| {
            if result.first() != Some(&b'[') {
                given.push(result, buffer);
                return 1;
            }
            let mut records = 0;
            for item in record::elements(result) {
                given.push(item, buffer);
                records += 1;
            }
            records
        })
    }

    fn close(&mut self) -> Result<(), OpError> {
        self.function.close().map_err(function::stage_error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::function::tests::program;
    use super::*;
    use crate::op::{Each, testing};

    fn flatmap(source: &str, part: Part, records: &[&str]) -> Vec<String> {
        let mut operator = Each(FlatMap::new(program(source), part));
        testing::run(&mut operator, &[records.to_vec()]).batches.remove(0).1
    }

    #[test]
    fn arrays_are_opened_once() {
        assert_eq!(flatmap("split(\" \")", Part::Record, &["\"a b\"", "\"\"", "\"c\""]), ["\"a\"", "\"b\"", "\"c\""]);
        assert_eq!(
            flatmap(".", Part::Record, &["[1,[2,3],[]]", "[]", "{\"a\":[1]}"]),
            ["1", "[2,3]", "[]", "{\"a\":[1]}"]
        );
        assert_eq!(flatmap("range(0; .)", Part::Record, &["3", "-1", "1"]), ["0", "1", "2", "0"]);
    }

    #[test]
    fn values_keep_their_key() {
        assert_eq!(
            flatmap(".", Part::Value, &["[\"k\",[1,2]]", "[\"q\",[]]", "[\"r\",3]"]),
            ["[\"k\",1]", "[\"k\",2]", "[\"r\",3]"]
        );
    }
}
