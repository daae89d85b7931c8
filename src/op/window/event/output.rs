//! Results as records: `{"start","end","key","result"}`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::EventTime;
use crate::op::Out;
use crate::op::shards::push_order;

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
    /// The beginning of a record, for results of these bounds.
    bounds: (EventTime, EventTime),
    prefix: Vec<u8>,
    /// Whether records begin with what they are ordered by.
    pub is_ordered: bool,
}

impl Output {
    pub fn new(times: TimeOutput) -> Output {
        let mut output = Output { times, bounds: (0, 0), prefix: Vec::new(), is_ordered: false };
        output.write_prefix();
        output
    }

    /// Whether times are numbers, which the next stage can read.
    pub fn is_in_ms(&self) -> bool {
        matches!(self.times, TimeOutput::Milliseconds)
    }

    /// The results that come next are of a window that begins and ends so.
    pub fn set_bounds(&mut self, bounds: (EventTime, EventTime)) {
        if bounds != self.bounds {
            self.bounds = bounds;
            self.write_prefix();
        }
    }

    fn write_prefix(&mut self) {
        let (start, end) = self.bounds;
        self.prefix = format!("{{\"start\":{},\"end\":{}", self.show(start), self.show(end)).into_bytes();
    }

    /// Gives a result, if `write` appends one and says so, which comes in this order among those of all keys: by
    /// two times, then by bytes. Without a key there is none in the record.
    #[inline]
    pub fn give(
        &self,
        key: &[u8],
        order: ((EventTime, EventTime), &[u8]),
        write: impl FnOnce(&mut Vec<u8>) -> bool,
        out: &mut Out<'_>,
    ) {
        let record = out.buffer();
        let begin = record.len();
        if self.is_ordered {
            push_order(order.0, order.1, record);
        }
        record.extend_from_slice(&self.prefix);
        if !key.is_empty() {
            record.extend_from_slice(b",\"key\":");
            record.extend_from_slice(key);
        }
        record.extend_from_slice(b",\"result\":");
        if write(record) {
            record.push(b'}');
            out.finish_record();
        } else {
            record.truncate(begin);
        }
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
