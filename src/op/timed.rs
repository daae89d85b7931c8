//! What operators by event time do with each record first.

use super::waiting::Place;
use super::{OpError, Out};
use crate::event::{EventTime, Timing};
use crate::frame::Watermark;

/// A record's time, which the watermark is told of; a record that has none is a bad record.
pub fn time_of(timing: &mut Timing, record: &[u8], out: &mut Out<'_>) -> Result<Option<EventTime>, OpError> {
    match timing.read(record) {
        Ok(time) => {
            timing.watermarks.observe(time);
            Ok(Some(time))
        }
        Err(reason) => out.bad_record(record, &reason.to_string()).map(|()| None),
    }
}

/// The same; a record that the watermark had passed is late.
pub fn timely(timing: &mut Timing, record: &[u8], out: &mut Out<'_>) -> Result<Option<EventTime>, OpError> {
    match time_of(timing, record, out)? {
        Some(time) if timing.watermarks.has_reached(time) => late(record, time, out).map(|()| None),
        time => Ok(time),
    }
}

/// Tells of a record that its time was over.
pub fn late(record: &[u8], time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
    out.late_record(record, &format!("the watermark had passed its time {time}"))
}

/// Where a record has its turn among those that are put in order of time, of which `arrived` counts; a
/// record is late where all of its time have had theirs.
pub fn place_of(
    timing: &mut Timing,
    arrived: &mut u64,
    record: &[u8],
    out: &mut Out<'_>,
) -> Result<Option<Place>, OpError> {
    let Some(time) = time_of(timing, record, out)? else { return Ok(None) };
    if let Some(Watermark(passed)) = timing.watermarks.current()
        && time < passed
    {
        out.late_record(record, &format!("records up to {passed} have been put in order"))?;
        return Ok(None);
    }
    *arrived += 1;
    Ok(Some((time, *arrived)))
}
