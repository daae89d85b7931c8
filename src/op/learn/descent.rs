//! Linear and logistic regression by stochastic gradient descent, as Spark's
//! `StreamingLinearRegressionWithSGD` and `StreamingLogisticRegressionWithSGD`: from each batch a model is
//! learnt that begins with the weights from before, in so many steps.
//!
//! Step i goes step / sqrt(i) down the mean gradient of the samples it looks at, after the weights have
//! shrunk by that times the regularisation (L2). Steps end early when one changes the weights by less
//! than the tolerance times their length, or times 1 where that is shorter. There is no intercept: a
//! feature that is always 1 is one. An empty batch changes nothing.
//!
//! Of a fraction below 1 each step looks at a sample of the batch: the one that Spark would take of a
//! batch that is one partition, the same on every machine and after every restart.
//!
//! The numbers of the open batch are held, 8 bytes each.

use super::model::{Model, add_scaled, dot, push_array};
use super::random::Sampler;
use super::samples::{Labels, Samples};

/// How steps are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// The length of the first one.
    pub step: f64,
    /// How many at most.
    pub iterations: u32,
    /// How much weights shrink.
    pub regularisation: f64,
    /// The share of the batch that each looks at.
    pub fraction: f64,
    /// When they are small enough to end.
    pub tolerance: f64,
}

/// What is to be predicted.
pub trait Target {
    /// What labels are.
    const LABELS: Labels;

    /// What is predicted at this sum of weighted features, in between.
    fn expected(margin: f64) -> f64;

    /// What is predicted.
    fn predicted(margin: f64) -> f64;
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub struct Linear;

impl Target for Linear {
    const LABELS: Labels = Labels::Number;

    fn expected(margin: f64) -> f64 {
        margin
    }

    fn predicted(margin: f64) -> f64 {
        margin
    }
}

/// One of two classes, 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Logistic;

impl Target for Logistic {
    const LABELS: Labels = Labels::Class;

    /// The probability of class 1.
    fn expected(margin: f64) -> f64 {
        1.0 / (1.0 + (-margin).exp())
    }

    fn predicted(margin: f64) -> f64 {
        if Self::expected(margin) > 0.5 { 1.0 } else { 0.0 }
    }
}

/// Weights, and the samples of the open batch.
#[derive(Clone, Debug)]
pub struct Regression<T> {
    weights: Vec<f64>,
    steps: Steps,
    batch: Samples,
    target: std::marker::PhantomData<T>,
}

impl<T: Target> Regression<T> {
    /// Begins with these weights.
    pub fn new(weights: Vec<f64>, steps: Steps) -> Regression<T> {
        Regression { weights, steps, batch: Samples::default(), target: std::marker::PhantomData }
    }

    /// The weights after the steps of a batch.
    fn descend(&self) -> Vec<f64> {
        let mut weights = self.weights.clone();
        let mut gradient = vec![0.0; weights.len()];
        // Not so after the first step, which has none before it to be compared with.
        let mut has_stepped = false;
        for iteration in 1..=self.steps.iterations {
            gradient.fill(0.0);
            let samples = self.add_gradients(&weights, iteration, &mut gradient);
            if samples == 0 {
                continue;
            }
            let step = self.steps.step / f64::from(iteration).sqrt();
            let before = weights.clone();
            weights.iter_mut().for_each(|weight| *weight *= 1.0 - step * self.steps.regularisation);
            gradient.iter_mut().for_each(|sum| *sum /= samples as f64);
            add_scaled(&mut weights, -step, &gradient);
            let change: Vec<f64> = before.iter().zip(&weights).map(|(before, after)| before - after).collect();
            if has_stepped && length(&change) < self.steps.tolerance * length(&weights).max(1.0) {
                break;
            }
            has_stepped = true;
        }
        weights
    }

    /// Adds the gradient of each sample that a step looks at; how many those are.
    fn add_gradients(&self, weights: &[f64], iteration: u32, gradient: &mut [f64]) -> u64 {
        let mut sampler = Sampler::new(self.steps.fraction, 42 + i64::from(iteration));
        let mut count = 0;
        for (features, label) in self.batch.features.chunks_exact(weights.len()).zip(&self.batch.labels) {
            if sampler.takes() {
                add_scaled(gradient, T::expected(dot(features, weights)) - label, features);
                count += 1;
            }
        }
        count
    }
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

impl<T: Target> Model for Regression<T> {
    const LABELS: Labels = T::LABELS;

    fn dimensions(&self) -> usize {
        self.weights.len()
    }

    fn predict(&self, samples: &Samples, to: &mut Vec<f64>) {
        let margins = samples.features.chunks_exact(self.weights.len()).map(|features| dot(features, &self.weights));
        to.extend(margins.map(T::predicted));
    }

    fn take(&mut self, samples: &Samples) {
        self.batch.features.extend_from_slice(&samples.features);
        self.batch.labels.extend_from_slice(&samples.labels);
    }

    fn learn(&mut self) -> Result<(), String> {
        let samples = self.batch.labels.len();
        let weights = if samples == 0 { self.weights.clone() } else { self.descend() };
        self.batch.clear();
        if !weights.iter().all(|weight| weight.is_finite()) {
            return Err(format!(
                "with the {samples} samples of this batch the weights grow beyond all bounds: a smaller --step, or \
                 features of about the same size, keep them finite"
            ));
        }
        self.weights = weights;
        Ok(())
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"{\"weights\":");
        push_array(&self.weights, to);
        to.extend_from_slice(b",\"intercept\":0}");
    }

    fn numbers(&self, to: &mut Vec<f64>) {
        to.extend_from_slice(&self.weights);
    }

    fn set_numbers(&mut self, numbers: &[f64]) -> bool {
        let is_mine = numbers.len() == self.weights.len();
        if is_mine {
            self.weights.copy_from_slice(numbers);
        }
        is_mine
    }

    fn bytes(&self) -> usize {
        size_of::<f64>() * self.weights.len() + self.batch.bytes()
    }
}
