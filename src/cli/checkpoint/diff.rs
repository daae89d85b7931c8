//! `sstream-checkpoint diff`.

use std::collections::HashMap;

use super::moment::Moment;
use super::print::Printer;
use super::readable::give;
use crate::checkpoint::inspect::Inspected;
use crate::cli::ToolError;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::{Downstream, OpError};
use crate::record;

/// States by key in normal form, in order.
#[derive(Default)]
struct States {
    order: Vec<Vec<u8>>,
    /// The key as it is written, and the state.
    by_key: HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Downstream for States {
    fn block(&mut self, block: Block<'_>) {
        for (key, state) in block.iter().filter_map(record::pair) {
            let normal = record::normal_key(key).into_owned();
            self.order.push(normal.clone());
            self.by_key.insert(normal, (key.to_vec(), state.to_vec()));
        }
    }

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        Err(OpError::bad_record(record, reason))
    }
}

/// Prints what differs. `of` is perhaps a stage, and two times.
pub fn diff(inspected: &Inspected, of: &[String], json: bool) -> Result<(), ToolError> {
    let (stage, times) = match of {
        [first, second] => (only_stage(inspected)?, [first, second]),
        [stage, first, second] => (stage.clone(), [first, second]),
        _ => return Err(ToolError::Usage("diff: give two times, T1 and T2".to_owned())),
    };
    let parse = |text: &String| {
        let moment: Moment = text.parse().map_err(|reason| ToolError::Usage(format!("diff: '{text}': {reason}")))?;
        moment.time_ms(inspected)
    };
    let (mut was, mut is) = (States::default(), States::default());
    give(inspected, &stage, parse(times[0])?, &mut was)?;
    give(inspected, &stage, parse(times[1])?, &mut is)?;
    let mut printer = Printer::new();
    for key in was.order.iter().filter(|key| !is.by_key.contains_key(*key)) {
        print(&mut printer, json, was.by_key.get(key), None);
    }
    for key in &is.order {
        print(&mut printer, json, was.by_key.get(key), is.by_key.get(key));
    }
    printer.finish()
}

type Written = (Vec<u8>, Vec<u8>);

fn print(printer: &mut Printer, json: bool, was: Option<&Written>, is: Option<&Written>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let parts = match (was, is) {
        (Some((key, was)), None) => [("-", "gone"), ("key", &text(key)), ("was", &text(was))].map(owned).to_vec(),
        (None, Some((key, is))) => [("+", "new"), ("key", &text(key)), ("is", &text(is))].map(owned).to_vec(),
        (Some((key, was)), Some((_, is))) if was != is => {
            [("~", "changed"), ("key", &text(key)), ("was", &text(was)), ("is", &text(is))].map(owned).to_vec()
        }
        _ => return,
    };
    let (sign, change) = &parts[0];
    let line = if json {
        let fields: Vec<String> = parts[1..].iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{\"change\":\"{change}\",{}}}", fields.join(","))
    } else {
        let values: Vec<&str> = parts[2..].iter().map(|(_, value)| value.as_str()).collect();
        format!("{sign} {}\t{}", parts[1].1, values.join(" -> "))
    };
    printer.line(&line);
}

fn owned((name, value): (&'static str, &str)) -> (&'static str, String) {
    (name, value.to_owned())
}

fn only_stage(inspected: &Inspected) -> Result<String, ToolError> {
    let names: Vec<String> = inspected.survey.stages.iter().map(|(id, ..)| id.to_string()).collect();
    match names.as_slice() {
        [name] => Ok(name.clone()),
        [] => Err(ToolError::Usage("diff: no stage of this checkpoint has a state".to_owned())),
        names => Err(ToolError::Usage(format!("diff: which stage? one of {}", names.join(", ")))),
    }
}
