use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::frame::{Close, End, Head, Reason};
use crate::stage::Outlet;

/// What happened, in order, to a sink and to the stream behind it.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, what: String) -> Result<(), OutletError> {
        self.0.borrow_mut().push(what);
        Ok(())
    }
}

struct Taking {
    log: Log,
    fails: bool,
}

impl Sink for Taking {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.log.add(format!("sink {} records", block.records))
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        if self.fails {
            return Err(OutletError::Command { message: "no".into(), exit: crate::error::Exit::Usage });
        }
        self.log.add(format!("sink end {time}"))
    }
}

impl Outlet for Log {
    fn head(&mut self, _: &Head) -> Result<(), OutletError> {
        self.add("head".into())
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.add(format!("{} records", block.records))
    }

    fn end(&mut self, end: &End) -> Result<(), OutletError> {
        self.add(format!("end {}", end.time))
    }

    fn close(&mut self, close: &Close) -> Result<(), OutletError> {
        self.add(format!("close {:?}", close.reason))
    }

    fn flush(&mut self) -> Result<(), OutletError> {
        Ok(())
    }
}

fn run(fails: bool) -> (Result<(), OutletError>, Vec<String>) {
    let log = Log::default();
    let mut outlet = SinkOutlet::new(Box::new(Taking { log: log.clone(), fails }), Some(Box::new(log.clone())));
    let time = BatchTime(5);
    let result = outlet
        .head(&Head::new(5))
        .and_then(|()| outlet.block(Block { time, records: 2, bytes: b"1\n2\n" }))
        .and_then(|()| outlet.finish_batch(time, 2))
        .and_then(|()| outlet.end(&End::new(time, 2)))
        .and_then(|()| outlet.close(&Close::new(Reason::Eof)));
    let log = log.0.borrow().clone();
    (result, log)
}

#[test]
fn an_end_passes_when_the_sink_is_done() {
    let (result, log) = run(false);
    result.unwrap();
    assert_eq!(log, ["head", "sink 2 records", "2 records", "sink end 5", "end 5", "close Eof"]);
}

#[test]
fn the_stage_behind_is_told_of_a_sink_that_fails() {
    let (result, log) = run(true);
    assert!(result.is_err());
    let told = "close Error { exit: Usage, message: \"sstream-sink: no\" }";
    assert_eq!(log, ["head", "sink 2 records", "2 records", told]);
}
