//! Results as records: `{"start","end","key","result"}`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::agg::{Accumulator, Aggregator};
use crate::event::EventTime;
use crate::op::Out;

/// How times are written.
#[derive(Clone, Debug)]
pub enum TimeOutput {
    /// Milliseconds since the Unix epoch.
    Milliseconds,
    /// RFC 3339, in a zone.
    Rfc3339(TimeZone),
}

/// Writes results.
pub(super) struct Output {
    times: TimeOutput,
    result: Vec<u8>,
}

impl Output {
    pub fn new(times: TimeOutput) -> Output {
        Output { times, result: Vec::new() }
    }

    /// Whether times are numbers, which the next stage can read.
    pub fn is_in_ms(&self) -> bool {
        matches!(self.times, TimeOutput::Milliseconds)
    }

    /// Gives a window's result; without a key there is none in it.
    pub fn give(
        &mut self,
        key: &[u8],
        (start, end): (EventTime, EventTime),
        result: &Accumulator,
        aggregator: &Aggregator,
        out: &mut Out<'_>,
    ) {
        self.result.clear();
        if !aggregator.write(result, &mut self.result) {
            return;
        }
        let times = [start, end].map(|time| self.show(time));
        let record = out.buffer();
        for (name, time) in ["{\"start\":", ",\"end\":"].iter().zip(&times) {
            record.extend_from_slice(name.as_bytes());
            record.extend_from_slice(time.as_bytes());
        }
        if !key.is_empty() {
            record.extend_from_slice(b",\"key\":");
            record.extend_from_slice(key);
        }
        record.extend_from_slice(b",\"result\":");
        record.extend_from_slice(&self.result);
        record.push(b'}');
        out.finish_record();
    }

    fn show(&self, ms: EventTime) -> String {
        let TimeOutput::Rfc3339(zone) = &self.times else { return ms.to_string() };
        let Ok(moment) = Timestamp::from_millisecond(ms) else { return format!("\"{ms}\"") };
        match zone {
            zone if *zone == TimeZone::UTC => format!("\"{moment}\""),
            zone => format!("\"{}\"", moment.display_with_offset(zone.to_offset(moment))),
        }
    }
}
