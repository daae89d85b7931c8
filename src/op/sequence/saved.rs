//! Records, links and what is open of a key, as bytes: in a [checkpoint](super::durable), and in a [store](super::entry).
//! All numbers are little-endian.

use super::buffer::{Link, Taken};
use super::matcher::{Run, Runs, Way};
use crate::op::OpError;
use crate::op::saved::Bytes;

pub fn record_value(record: &Taken) -> Vec<u8> {
    [&record.time.to_le_bytes()[..], &record.number.to_le_bytes(), &record.bytes].concat()
}

pub fn read_record(value: &[u8]) -> Option<Taken> {
    let mut bytes = Bytes(value);
    Some(Taken { time: bytes.i64()?, number: bytes.u64()?, bytes: bytes.0.into() })
}

pub fn link_value(link: Link) -> Vec<u8> {
    [link.before.map_or(0, |before| before + 1), link.record, link.place].map(u32::to_le_bytes).concat()
}

/// A link that was saved, of a pattern with so many places.
pub fn read_link(bytes: &mut Bytes<'_>, places: usize) -> Option<Link> {
    let before = bytes.u32()?.checked_sub(1);
    let (record, place) = (bytes.u32()?, bytes.u32()?);
    ((place as usize) < places).then_some(Link { before, record, place })
}

pub fn runs_value(written: &[u8], runs: &Runs) -> Vec<u8> {
    let mut value = (written.len() as u32).to_le_bytes().to_vec();
    value.extend_from_slice(written);
    for run in runs {
        value.extend_from_slice(&run.start.to_le_bytes());
        value.extend_from_slice(&run.number.to_le_bytes());
        let (best, end) = run.best.map_or((0, 0), |(best, end)| (best + 1, end));
        value.extend_from_slice(&best.to_le_bytes());
        value.extend_from_slice(&end.to_le_bytes());
        value.extend_from_slice(&(run.ways.len() as u32).to_le_bytes());
        for way in &run.ways {
            value.extend_from_slice(&way.last.to_le_bytes());
            value.extend_from_slice(&way.open.to_le_bytes());
            value.push(way.is_fresh.into());
        }
    }
    value
}

pub fn read_runs(value: &[u8]) -> Option<(&[u8], Runs)> {
    let mut bytes = Bytes(value);
    let length = bytes.u32()? as usize;
    let written = bytes.slice(length)?;
    let mut runs = Runs::new();
    while !bytes.0.is_empty() {
        let (start, number) = (bytes.i64()?, bytes.u64()?);
        let (best, end) = (bytes.u32()?, bytes.i64()?);
        let count = bytes.u32()?;
        let mut ways = Vec::new();
        for _ in 0..count {
            let (last, open) = (bytes.u32()?, bytes.u64()?);
            ways.push(Way { last, open, is_fresh: bytes.take::<1>()? == [1] });
        }
        runs.push_back(Run { start, number, ways, best: best.checked_sub(1).map(|best| (best, end)) });
    }
    Some((written, runs))
}

pub fn damaged() -> OpError {
    OpError::Damaged { what: "an entry is none of open matches".to_owned() }
}
