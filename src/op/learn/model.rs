//! What all models have in common.

use super::samples::{Labels, Samples};
use crate::record::number::push_float;

/// Learns from whole batches.
pub trait Model {
    /// What labels its samples have.
    const LABELS: Labels;

    /// How many features a sample has.
    fn dimensions(&self) -> usize;

    /// Appends the prediction for each sample, by what was learnt from the batches before.
    fn predict(&self, samples: &Samples, to: &mut Vec<f64>);

    /// Takes samples of the open batch.
    fn take(&mut self, samples: &Samples);

    /// The batch is complete: learns from it.
    ///
    /// # Errors
    /// The numbers would be infinite or none. The model is as it was before the batch.
    fn learn(&mut self) -> Result<(), String>;

    /// Appends the model as a record.
    fn write(&self, to: &mut Vec<u8>);

    /// Appends all numbers that it is, of which there are always as many.
    fn numbers(&self, to: &mut Vec<f64>);

    /// Takes such numbers for its own; whether there are as many as must be.
    fn set_numbers(&mut self, numbers: &[f64]) -> bool;

    /// About how many bytes it takes, with the samples of the open batch.
    fn bytes(&self) -> usize;
}

/// Appends numbers as a JSON array.
pub fn push_array(numbers: &[f64], to: &mut Vec<u8>) {
    push_list(numbers, to, |number, to| push_float(*number, to));
}

/// Appends a JSON array of what `push` makes of each item.
pub fn push_list<T>(items: impl IntoIterator<Item = T>, to: &mut Vec<u8>, mut push: impl FnMut(T, &mut Vec<u8>)) {
    to.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            to.push(b',');
        }
        push(item, to);
    }
    to.push(b']');
}

/// The sum of the products, in four sums side by side.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a4.iter().zip(b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Adds `factor` times `x` to `to`.
pub fn add_scaled(to: &mut [f64], factor: f64, x: &[f64]) {
    for (to, x) in to.iter_mut().zip(x) {
        *to += factor * x;
    }
}
