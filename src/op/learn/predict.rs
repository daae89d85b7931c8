//! `learn predict`: predictions by a model that another pipeline learns, and gives on as a file.

use std::rc::Rc;

use super::descent::{Logistic, Target as _};
use super::give;
use super::kmeans::{Decay, KMeans};
use super::model::{Model as _, dot};
use super::numbers::{number, push_numbers};
use super::samples::{Labels, Parts, Reader, Samples};
use crate::frame::{BatchTime, Block};
use crate::op::beside::Beside;
use crate::op::{OpError, Operator, Out};
use crate::record;

/// What is predicted by weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The sum of the weighted features: that of linear regression.
    Value,
    /// 0 or 1: that of logistic regression.
    Class,
    /// The probability of 1.
    Probability,
}

/// A model as a record has it.
#[derive(Clone, Debug)]
pub enum Learnt {
    /// `{"centers","weights"}`
    Clusters(KMeans),
    /// `{"weights","intercept"}`
    Weights {
        /// One a feature.
        weights: Vec<f64>,
        /// What is added to their sum.
        intercept: f64,
        /// What is made of it.
        answer: Answer,
    },
}

impl Learnt {
    /// Reads a model; `answer` is what is predicted by weights, without it their value.
    ///
    /// # Errors
    /// The record is none, or has no such answer.
    pub fn parse(record: &[u8], answer: Option<Answer>) -> Result<Learnt, String> {
        let numbers = |name: &str, array: Option<&[u8]>| -> Result<Vec<f64>, String> {
            let array = array.ok_or_else(|| format!("no model, which is an object with {name}"))?;
            let mut numbers = Vec::new();
            push_numbers(array, record::elements(array).count(), &mut numbers)
                .map_err(|reason| format!("{name}: {reason}"))?;
            Ok(numbers)
        };
        let weights = numbers("weights", record::field(record, b"weights"))?;
        let Some(centers) = record::field(record, b"centers") else {
            let intercept = record::field(record, b"intercept").map_or(Ok(0.0), number);
            let intercept = intercept.map_err(|reason| format!("intercept: {reason}"))?;
            if weights.is_empty() {
                return Err("a model without any weight".to_owned());
            }
            return Ok(Learnt::Weights { weights, intercept, answer: answer.unwrap_or(Answer::Value) });
        };
        if answer.is_some() {
            return Err("a model of clusters, which predicts a cluster and nothing else: leave --as out".to_owned());
        }
        let rows = record::elements(centers).map(|center| numbers("centers", Some(center)));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let dimensions = rows.first().map_or(0, Vec::len);
        if dimensions == 0 || rows.len() != weights.len() || rows.iter().any(|row| row.len() != dimensions) {
            return Err("centers are as many as weights, and of one length".to_owned());
        }
        Ok(Learnt::Clusters(KMeans::new(dimensions, rows.concat(), weights, Decay { factor: 1.0, by_points: false })))
    }

    fn dimensions(&self) -> usize {
        match self {
            Learnt::Clusters(model) => model.dimensions(),
            Learnt::Weights { weights, .. } => weights.len(),
        }
    }

    fn predict(&self, samples: &Samples, to: &mut Vec<f64>) {
        match self {
            Learnt::Clusters(model) => model.predict(samples, to),
            Learnt::Weights { weights, intercept, answer } => {
                let margins =
                    samples.features.chunks_exact(weights.len()).map(|features| dot(features, weights) + intercept);
                match answer {
                    Answer::Value => to.extend(margins),
                    Answer::Class => to.extend(margins.map(Logistic::predicted)),
                    Answer::Probability => to.extend(margins.map(Logistic::expected)),
                }
            }
        }
    }
}

/// Predicts for each record, by the model that is there when its batch begins.
pub struct Predict<B> {
    models: B,
    /// The model of the open batch, once it has begun.
    model: Option<Rc<Learnt>>,
    reader: Reader,
    predictions: Vec<f64>,
}

impl<B: Beside<Learnt>> Predict<B> {
    /// By these models.
    pub fn new(models: B, parts: Parts) -> Predict<B> {
        Predict { models, model: None, reader: Reader::new(Labels::None, 0, parts), predictions: Vec::new() }
    }
}

impl<B: Beside<Learnt>> Operator for Predict<B> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Predict { models, model, reader, predictions } = self;
        let model = model.get_or_insert_with(|| models.current());
        reader.set_dimensions(model.dimensions());
        reader.read(block, out, |samples, out| {
            predictions.clear();
            model.predict(samples, predictions);
            give(samples, predictions, out);
            Ok(())
        })
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.model = None;
        out.end(time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Program;
    use crate::op::testing;

    /// Another model each batch.
    struct Scripted(Vec<Learnt>);

    impl Beside<Learnt> for Scripted {
        fn current(&mut self) -> Rc<Learnt> {
            Rc::new(self.0.remove(0))
        }
    }

    #[test]
    fn each_batch_goes_by_one_model_of_whatever_kind() {
        let parse = |text: &str, answer| Learnt::parse(text.as_bytes(), answer).unwrap();
        let weights = r#"{"weights":[2,0],"intercept":-1}"#;
        let models = vec![
            parse(weights, None),
            parse(weights, Some(Answer::Class)),
            parse(weights, Some(Answer::Probability)),
            parse(r#"{"centers":[[9],[0]],"weights":[1,1]}"#, None),
        ];
        let parts = Parts { by: Some(Program::parse(".[0]", &[]).unwrap()), ..Parts::default() };
        let batches =
            [vec!["[1,7]", "[0,7]", "[3]"], vec!["[1,7]", "[0,7]"], vec!["[0.5,1]"], vec!["[1]", "[5]", "[1,2]"]];
        let ran = testing::run(&mut Predict::new(Scripted(models), parts), &batches);
        let given: Vec<Vec<String>> = ran.batches.into_iter().map(|(_, records)| records).collect();
        assert_eq!(given, [vec!["[1,1]", "[0,-1]"], vec!["[1,1]", "[0,0]"], vec!["[0.5,0.5]"], vec!["[1,1]", "[5,0]"]]);
        assert_eq!(ran.bad.len(), 2);
    }

    #[test]
    fn what_is_no_model_is_told() {
        for (text, reason) in [
            ("7", "weights"),
            (r#"{"weights":[]}"#, "without any"),
            (r#"{"weights":[1,null]}"#, "feature 1"),
            (r#"{"weights":[1],"intercept":"a"}"#, "intercept"),
            (r#"{"centers":[[1],[2]],"weights":[1]}"#, "as many"),
            (r#"{"centers":[[1],[2,3]],"weights":[1,1]}"#, "one length"),
            (r#"{"centers":[],"weights":[]}"#, "as many"),
        ] {
            let error = Learnt::parse(text.as_bytes(), None).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(
            Learnt::parse(br#"{"centers":[[1]],"weights":[1]}"#, Some(Answer::Class)).unwrap_err().contains("--as")
        );
    }
}
