use super::super::tests::TYPES;
use super::super::{Range, SideOptions, Type, by};
use super::*;
use crate::event::{TimeForm, Timing, Watermarks};
use crate::expr::Program;
use crate::frame::Block;
use crate::op::large::testing::{dated, goes_on, goes_on_after_ends, key, turns};
use crate::op::testing::{self, Collected};
use crate::op::{Operator, sides};
use proptest::prelude::*;

/// A join of one stream, of which records that end in `0]` are of the left side, as an operator.
struct Sides {
    join: Box<dyn Merge>,
    sides: [Vec<String>; 2],
}

impl Operator for Sides {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.join.head(head)
    }

    fn block(&mut self, block: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
        for record in block {
            let record = std::str::from_utf8(record).unwrap();
            self.sides[usize::from(!record.ends_with("0]"))].push(record.to_owned());
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let [left, right] = std::mem::take(&mut self.sides);
        self.join.batch(time, &[&left as &dyn sides::Whole, &right], out)?;
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        self.join.close(close, out)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        self.join.durable()
    }
}

/// What is drawn of the join's options.
#[derive(Clone, Copy, Debug)]
struct Options {
    kind: Type,
    range: Range,
    delay_ms: u64,
}

impl Options {
    fn join(self) -> IntervalJoin {
        let program = |source| Program::parse(source, &[]).unwrap();
        let side = || SideOptions {
            grouping: by(program(".[0][]?")),
            timing: Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(self.delay_ms, None)),
        };
        IntervalJoin::new(self.kind, self.range, [side(), side()])
    }

    fn operator(self, memory: Option<usize>) -> Box<dyn Operator> {
        let join: Box<dyn Merge> = match memory {
            Some(memory) => Box::new(LargeIntervalJoin::new(self.join(), memory)),
            None => Box::new(self.join()),
        };
        Box::new(Sides { join, sides: Default::default() })
    }
}

fn options() -> impl Strategy<Value = Options> {
    (prop::sample::select(&TYPES[..]), -12..12_i64, 0..20_i64, 0..12_u64).prop_map(|(kind, from_ms, span, delay_ms)| {
        Options { kind, range: Range { from_ms, to_ms: from_ms + span }, delay_ms }
    })
}

fn batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let rest = (prop::option::weighted(0.95, -15..15_i64), 0..2).prop_map(|(time, side)| (time, format!(",{side}")));
    let key = prop_oneof![6 => key(30), 1 => Just("null".to_owned())];
    dated(key, rest, 40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_comes_out_is_the_same_however_little_is_in_memory(
        options in options(), batches in batches(), memory in 100..6000usize,
    ) {
        let run = |memory| testing::run(&mut *options.operator(memory), &batches);
        testing::assert_same(&run(Some(memory)), &run(None));
    }

    #[test]
    fn as_many_records_wait(
        options in options(), batches in batches(), memory in 100..6000usize, before in 0..14usize,
    ) {
        let (mut small, mut large) = (options.join(), LargeIntervalJoin::new(options.join(), memory));
        for join in [&mut small as &mut dyn Merge, &mut large] {
            join.head(&mut Head::new(1000)).unwrap();
            let mut collected = Collected::default();
            let mut out = Out::new(&mut collected);
            for (index, batch) in batches.iter().enumerate().take(before) {
                let (left, right) = batch.iter().cloned().partition::<Vec<String>, _>(|record| record.ends_with("0]"));
                let time = BatchTime((index as u64 + 1) * 1000);
                out.set_time(time);
                join.batch(time, &[&left as &dyn sides::Whole, &right], &mut out).unwrap();
                out.end(time);
            }
        }
        prop_assert_eq!(large.holds().records, small.held().records);
    }

    #[test]
    fn it_goes_on_after_each_batch_with_any_memory(options in options(), batches in batches(), turns in turns()) {
        goes_on(&|memory| options.operator(memory), &batches, turns);
    }

    #[test]
    fn it_goes_on_after_an_end_with_any_memory(options in options(), batches in batches(), turns in turns()) {
        goes_on_after_ends(&|memory| options.operator(memory), &batches, &turns);
    }
}
