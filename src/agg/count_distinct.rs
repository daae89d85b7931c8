//! How many different values there are: exact while they are few, then a
//! HyperLogLog sketch (Flajolet et al. 2007; Apache DataSketches' HLL).

use super::distinct::DistinctRecords;
use super::error::AggError;
use super::saved::{push_bytes, take_bytes};
use crate::record::normal_key;
use datasketches::hash::value::raw_bytes;
use datasketches::hll::{HllSketch, HllType, HllUnion};

/// Up to this many different values the count is exact.
pub const MAX_EXACT: usize = 1024;

#[derive(Clone)]
pub(super) enum CountDistinct {
    /// The values, in normal form.
    Exact(DistinctRecords),
    Sketch(HllSketch),
}

/// The binary logarithm of the number of registers with which the relative
/// standard error, 1.04 / √registers, is at most `error`. Each takes a byte:
/// 16 KiB for an error of 0.01.
fn register_bits(error: f64) -> u8 {
    let registers = (1.04 / error).powi(2);
    (registers.log2().ceil() as u8).clamp(4, 21)
}

fn new_sketch(error: f64) -> Option<HllSketch> {
    HllSketch::new(register_bits(error), HllType::Hll8).ok()
}

impl Default for CountDistinct {
    fn default() -> CountDistinct {
        CountDistinct::Exact(DistinctRecords::default())
    }
}

impl CountDistinct {
    pub fn is_empty(&self) -> bool {
        matches!(self, CountDistinct::Exact(values) if values.len() == 0)
    }

    pub fn add(&mut self, value: &[u8], error: f64, buffer: &mut Vec<u8>) {
        let normal = normal_key(value);
        match self {
            CountDistinct::Exact(values) => {
                values.add(&normal, buffer);
                self.give_up_exactness(error);
            }
            CountDistinct::Sketch(sketch) => sketch.update(raw_bytes::RawBytes::new(&*normal)),
        }
    }

    /// Turns to a sketch once there are too many values.
    fn give_up_exactness(&mut self, error: f64) {
        if let CountDistinct::Exact(values) = self
            && values.len() > MAX_EXACT
            && let Some(mut sketch) = new_sketch(error)
        {
            for value in values.iter() {
                sketch.update(raw_bytes::RawBytes::new(value));
            }
            *self = CountDistinct::Sketch(sketch);
        }
    }

    pub fn merge(&mut self, other: &CountDistinct, error: f64, buffer: &mut Vec<u8>) {
        match (&mut *self, other) {
            (_, CountDistinct::Exact(values)) => {
                for value in values.iter() {
                    self.add(value, error, buffer);
                }
            }
            (CountDistinct::Exact(values), CountDistinct::Sketch(sketch)) => {
                let mut merged = sketch.clone();
                for value in values.iter() {
                    merged.update(raw_bytes::RawBytes::new(value));
                }
                *self = CountDistinct::Sketch(merged);
            }
            (CountDistinct::Sketch(one), CountDistinct::Sketch(two)) => {
                if let Ok(mut union) = HllUnion::new(one.lg_config_k()) {
                    union.update(one);
                    union.update(two);
                    *one = union.to_sketch(HllType::Hll8);
                }
            }
        }
    }

    /// The count. Of a sketch it is the estimate that does not depend on the
    /// order in which values came.
    pub fn count(&self) -> u64 {
        match self {
            CountDistinct::Exact(values) => values.len() as u64,
            CountDistinct::Sketch(sketch) => sketch.composite_estimate().round() as u64,
        }
    }

    /// The values as [`DistinctRecords`] save them, under the first of two
    /// tags; a sketch as bytes in DataSketches' own form, under the second.
    pub fn save(&self, tags: [u8; 2], out: &mut Vec<u8>) {
        match self {
            CountDistinct::Exact(values) => {
                out.push(tags[0]);
                values.save(out);
            }
            CountDistinct::Sketch(sketch) => {
                out.push(tags[1]);
                push_bytes(&sketch.serialize(), out);
            }
        }
    }

    pub fn load_exact(input: &mut &[u8]) -> Result<CountDistinct, AggError> {
        DistinctRecords::load(input).map(CountDistinct::Exact)
    }

    pub fn load_sketch(error: f64, input: &mut &[u8]) -> Result<CountDistinct, AggError> {
        let sketch = HllSketch::deserialize(take_bytes(input)?).map_err(|_| AggError::Damaged)?;
        if sketch.lg_config_k() != register_bits(error) || sketch.target_type() != HllType::Hll8 {
            return Err(AggError::Damaged);
        }
        Ok(CountDistinct::Sketch(sketch))
    }
}
