//! `learn`: models that learn from a stream as it flows, with the numbers of Spark's streaming MLlib.
//!
//! | module | what |
//! |---|---|
//! | [`samples`] | from records to samples |
//! | [`numbers`] | from JSON to doubles |
//! | [`model`] | what models have in common |
//! | [`kmeans`] | clusters |
//! | [`descent`] | linear and logistic regression |
//! | [`predict`] | predictions by a model that was learnt elsewhere |
//! | [`two_samples`] | whether two groups have the same mean |
//! | [`random`] | Spark's random numbers |
//!
//! [`Learn`] is the operator around a [`Model`]. Numbers are doubles, sums are made in the order of the
//! records, and nothing depends on where blocks are cut or on the machine: a restart gives the same again.

pub mod descent;
pub mod kmeans;
pub mod model;
pub mod numbers;
pub mod predict;
mod random;
pub mod samples;
mod t_distribution;
#[cfg(test)]
mod tests;
pub mod two_samples;

use std::io;

use super::durable::Durable;
use super::{Held, OpError, Operator, Out};
use crate::frame::{BatchTime, Block};
use crate::keyed_state::{KeyedState, PairOut};
use crate::record::number::push_float;
use model::Model;
use samples::{Parts, Reader, Samples};

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// The model after each batch, one record.
    Model,
    /// A prediction for each record, by the model from before its batch.
    Before,
    /// A prediction for each record, by the model that has learnt from its batch.
    After,
}

/// An operator that learns, and has what it learnt as its state.
pub trait Learner: Operator {
    /// Gives what it has learnt as records, outside of any batch: for those who look into a checkpoint.
    fn show(&self, out: &mut Out<'_>);
}

/// Learns from each batch.
pub struct Learn<M> {
    model: M,
    reader: Reader,
    emit: Emit,
    /// The samples of the open batch, where predictions wait for its end.
    waiting: Samples,
    predictions: Vec<f64>,
    /// Whether the checkpoint, if there is one, has not seen the model yet.
    is_changed: bool,
}

impl<M: Model> Learn<M> {
    /// Goes on from this model.
    pub fn new(model: M, parts: Parts, emit: Emit) -> Learn<M> {
        let reader = Reader::new(M::LABELS, model.dimensions(), parts);
        let (waiting, predictions) = (Samples::default(), Vec::new());
        Learn { model, reader, emit, waiting, predictions, is_changed: true }
    }
}

impl<M: Model> Learner for Learn<M> {
    fn show(&self, out: &mut Out<'_>) {
        self.model.write(out.buffer());
        out.finish_record();
        out.finish_block();
    }
}

/// Gives predictions: with its key each where there are keys.
fn give(samples: &Samples, predictions: &[f64], out: &mut Out<'_>) {
    let mut keys = samples.keys();
    for prediction in predictions {
        let record = out.buffer();
        match keys.next() {
            Some(key) => {
                record.push(b'[');
                record.extend_from_slice(key);
                record.push(b',');
                push_float(*prediction, record);
                record.push(b']');
            }
            None => push_float(*prediction, record),
        }
        out.finish_record();
    }
}

impl<M: Model> Operator for Learn<M> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Learn { model, reader, emit, waiting, predictions, .. } = self;
        reader.read(block, out, |samples, out| {
            match emit {
                Emit::Model => {}
                Emit::Before => {
                    predictions.clear();
                    model.predict(samples, predictions);
                    give(samples, predictions, out);
                }
                Emit::After => waiting.append(samples),
            }
            model.take(samples);
            Ok(())
        })
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let bytes = self.model.bytes() + self.waiting.bytes();
        if let Err(reason) = self.model.learn() {
            let mut model = Vec::new();
            self.model.write(&mut model);
            out.bad_record(&model, &format!("{reason}: without this batch the model is as it was"))?;
        }
        self.is_changed = true;
        match self.emit {
            Emit::Model => {
                self.model.write(out.buffer());
                out.finish_record();
            }
            Emit::Before => {}
            Emit::After => {
                self.predictions.clear();
                self.model.predict(&self.waiting, &mut self.predictions);
                give(&self.waiting, &self.predictions, out);
                self.waiting.clear();
            }
        }
        out.holds(Held { keys: None, records: None, bytes: bytes as u64 });
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

/// The one key of a model's state; its value is the model's numbers.
const MODEL: &[u8] = b"model";

impl<M: Model> Learn<M> {
    fn give_state(&self, out: &mut PairOut<'_>) {
        let mut numbers = Vec::new();
        self.model.numbers(&mut numbers);
        out(MODEL, Some(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>().as_slice()));
    }
}

impl<M: Model> KeyedState for Learn<M> {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        if std::mem::take(&mut self.is_changed) {
            self.give_state(out);
        }
        Ok(())
    }

    fn slice(&mut self, _from_start: bool, _bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.give_state(out);
        true
    }

    fn live_bytes(&self) -> u64 {
        let mut numbers = Vec::new();
        self.model.numbers(&mut numbers);
        (size_of::<f64>() * numbers.len()) as u64
    }
}

impl<M: Model> Durable for Learn<M> {
    fn track(&mut self, _is_restored: bool) {}

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let damaged = || OpError::Damaged { what: "an entry is no model of this size".to_owned() };
        let (MODEL, Some(entry)) = (key, entry) else { return Err(damaged()) };
        let (numbers, rest) = entry.as_chunks::<8>();
        let numbers: Vec<f64> = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        if rest.is_empty() && self.model.set_numbers(&numbers) { Ok(()) } else { Err(damaged()) }
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.is_changed = false;
        Ok(())
    }
}
