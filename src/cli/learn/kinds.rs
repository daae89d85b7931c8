//! The options of each kind of `sstream-learn`, and what they make.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::numbers::{
    Numbers, Rows, parse_factor, parse_fraction, parse_not_negative, parse_numbers, parse_positive, parse_rows,
};
use crate::cli::ToolError;
use crate::cli::args::StateArgs;
use crate::cli::program::program;
use crate::op::learn::descent::{Linear, Logistic, Regression, Steps, Target};
use crate::op::learn::kmeans::{Decay, KMeans};
use crate::op::learn::model::Model;
use crate::op::learn::predict::Answer;
use crate::op::learn::samples::Parts;
use crate::op::learn::two_samples::{Method, Options, TwoSamples};
use crate::op::learn::{Emit, Learn};

/// Where features and keys are.
#[derive(Args, Clone, Debug)]
pub struct PartsArgs {
    /// The features are what EXPR makes of a record, an array of numbers; nothing leaves it out
    #[arg(long, value_name = "EXPR", help_heading = "Records")]
    features: Option<String>,

    /// Predictions come out as [KEY,PREDICTION], with what EXPR makes of the record as the key
    #[arg(long, value_name = "EXPR", help_heading = "Records")]
    by: Option<String>,
}

impl PartsArgs {
    pub(super) fn parts(&self, label: Option<&String>) -> Result<Parts, ToolError> {
        let parse = |name, source: Option<&String>| source.map(|source| program(name, source, &[])).transpose();
        Ok(Parts {
            features: parse("--features", self.features.as_ref())?,
            label: parse("--label", label)?,
            by: parse("--by", self.by.as_ref())?,
        })
    }
}

/// What comes out of what learns.
#[derive(Args, Clone, Debug)]
pub struct EmitArgs {
    /// What comes out
    #[arg(long, value_enum, default_value = "model", help_heading = "Results")]
    emit: EmitArg,
}

/// What `--emit` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmitArg {
    /// The model after each batch, one record
    Model,
    /// A prediction for each record, by the model from before its batch
    Before,
    /// A prediction for each record, by the model that has learnt from its batch
    After,
}

/// The operator around a model.
fn learn<M: Model>(
    model: M,
    emit: &EmitArgs,
    parts: &PartsArgs,
    label: Option<&String>,
) -> Result<Learn<M>, ToolError> {
    let emit = match emit.emit {
        EmitArg::Model if parts.by.is_some() => {
            return Err(ToolError::Usage(
                "--by: it is the key of predictions, and what comes out are models: add --emit before or after"
                    .to_owned(),
            ));
        }
        EmitArg::Model => Emit::Model,
        EmitArg::Before => Emit::Before,
        EmitArg::After => Emit::After,
    };
    Ok(Learn::new(model, parts.parts(label)?, emit))
}

/// Options of `kmeans`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("begin").required(true).args(["centers", "random"]))]
pub struct KMeansArgs {
    /// How many clusters [default: as many as --centers, or 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Clusters")]
    k: Option<u32>,

    /// Begin with these centers: [[0,0],[5,5]]
    #[arg(long, value_name = "JSON", value_parser = parse_rows, help_heading = "Clusters")]
    centers: Option<Rows>,

    /// Begin with centers of DIM numbers each, drawn from the normal distribution
    #[arg(long, value_name = "DIM", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Clusters")]
    random: Option<u32>,

    /// Draw the centers that this number gives, here as in Spark
    #[arg(
        long,
        value_name = "N",
        default_value = "0",
        allow_hyphen_values = true,
        conflicts_with = "centers",
        help_heading = "Clusters"
    )]
    seed: i64,

    /// The weight of each center at the beginning: [1,1]; by default none, so that the first
    /// points decide
    #[arg(long, value_name = "JSON", value_parser = parse_numbers, help_heading = "Clusters")]
    weights: Option<Numbers>,

    /// What the past counts after a batch: 1 as much as ever, 0 nothing [default: 1]
    #[arg(long, value_name = "F", value_parser = parse_factor, conflicts_with = "half_life", help_heading = "Clusters")]
    decay: Option<f64>,

    /// After so many batches or points the past counts half
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Clusters")]
    half_life: Option<f64>,

    /// What --decay and --half-life count
    #[arg(long, value_enum, default_value = "batches", help_heading = "Clusters")]
    unit: UnitArg,

    #[command(flatten)]
    emit: EmitArgs,

    #[command(flatten)]
    parts: PartsArgs,

    #[command(flatten)]
    pub(super) saved: StateArgs,
}

/// What `--unit` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnitArg {
    /// Batches, empty ones too
    Batches,
    /// Points
    Points,
}

impl KMeansArgs {
    pub(super) fn operator(&self) -> Result<Learn<KMeans>, ToolError> {
        let k = self.k.map(|k| k as usize);
        let (clusters, dimensions, centers) = match (&self.centers, self.random) {
            (Some(rows), _) => (rows.len(), rows.width, rows.numbers.clone()),
            (None, dimensions) => {
                let (clusters, dimensions) = (k.unwrap_or(2), dimensions.map_or(1, |dimensions| dimensions as usize));
                (clusters, dimensions, KMeans::random_centers(clusters, dimensions, self.seed))
            }
        };
        if k.is_some_and(|k| k != clusters) {
            return Err(ToolError::Usage(format!(
                "--k {}: there are {clusters} --centers, and each cluster has one",
                k.unwrap_or_default()
            )));
        }
        let weights = match &self.weights {
            None => vec![0.0; clusters],
            Some(Numbers(weights)) if weights.len() != clusters => {
                let many = weights.len();
                return Err(ToolError::Usage(format!(
                    "--weights: there are {many}, and {clusters} clusters have one each"
                )));
            }
            Some(Numbers(weights)) if weights.iter().any(|weight| *weight < 0.0) => {
                return Err(ToolError::Usage("--weights: a weight is 0 or more".to_owned()));
            }
            Some(Numbers(weights)) => weights.clone(),
        };
        let by_points = self.unit == UnitArg::Points;
        let decay = match self.half_life {
            Some(half_life) => Decay::half_life(half_life, by_points),
            None => Decay { factor: self.decay.unwrap_or(1.0), by_points },
        };
        learn(KMeans::new(dimensions, centers, weights, decay), &self.emit, &self.parts, None)
    }

    pub(super) fn does(&self) -> String {
        let past = match (self.half_life, self.decay) {
            (Some(half_life), _) => format!("the past counts half after {half_life} {}", self.unit_name()),
            (None, Some(decay)) if decay < 1.0 => format!("the past counts {decay} of it, by {}", self.unit_name()),
            _ => "nothing is forgotten".to_owned(),
        };
        format!("learns clusters from each batch; {past}")
    }

    fn unit_name(&self) -> &'static str {
        match self.unit {
            UnitArg::Batches => "batches",
            UnitArg::Points => "points",
        }
    }
}

/// Options of `linear` and `logistic`.
#[derive(Args, Clone, Debug)]
pub struct DescentArgs {
    /// Begin with these weights, one a feature: [0,0]
    #[arg(long, value_name = "JSON", value_parser = parse_numbers, required = true, help_heading = "Steps")]
    weights: Option<Numbers>,

    /// The length of the first step in a batch; step i is as long by the root of i
    #[arg(long, value_name = "N", value_parser = parse_positive, default_value = "0.1", help_heading = "Steps")]
    step: f64,

    /// How many steps in a batch, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value = "50", help_heading = "Steps")]
    iterations: u32,

    /// How much weights shrink with each step: L2 regularisation. In linear it changes nothing, as
    /// in Spark, and a warning says so: --ridge does
    #[arg(long, value_name = "N", value_parser = parse_not_negative, default_value = "0", help_heading = "Steps")]
    reg: f64,

    /// What share of the batch each step looks at: a sample, the same whenever the batch is
    /// learnt from
    #[arg(long, value_name = "F", value_parser = parse_fraction, default_value = "1", help_heading = "Steps")]
    fraction: f64,

    /// End the steps when one changes the weights by less than this share of their length
    #[arg(long, value_name = "N", value_parser = parse_not_negative, default_value = "0.001", help_heading = "Steps")]
    tolerance: f64,

    #[command(flatten)]
    emit: EmitArgs,

    /// The label is what EXPR makes of a record: a number; for logistic 0 or 1, or false or true
    #[arg(long, value_name = "EXPR", help_heading = "Records")]
    label: Option<String>,

    #[command(flatten)]
    parts: PartsArgs,

    #[command(flatten)]
    pub(super) saved: StateArgs,
}

impl DescentArgs {
    /// Logistic regression with these options.
    pub(super) fn logistic(&self) -> Result<Learn<Regression<Logistic>>, ToolError> {
        self.operator(self.reg)
    }

    fn operator<T: Target>(&self, regularisation: f64) -> Result<Learn<Regression<T>>, ToolError> {
        let steps = Steps {
            step: self.step,
            iterations: self.iterations,
            regularisation,
            fraction: self.fraction,
            tolerance: self.tolerance,
        };
        let weights = self.weights.as_ref().map_or_else(Vec::new, |Numbers(weights)| weights.clone());
        learn(Regression::new(weights, steps), &self.emit, &self.parts, self.label.as_ref())
    }
}

/// Options of `linear`.
#[derive(Args, Clone, Debug)]
pub struct LinearArgs {
    #[command(flatten)]
    pub(super) descent: DescentArgs,

    /// How much weights shrink with each step: L2 regularisation, as Spark's
    /// RidgeRegressionWithSGD has it
    #[arg(long, value_name = "N", value_parser = parse_not_negative, default_value = "0", help_heading = "Steps")]
    ridge: f64,
}

impl LinearArgs {
    pub(super) fn operator(&self) -> Result<Learn<Regression<Linear>>, ToolError> {
        self.descent.operator(self.ridge)
    }

    /// What somebody who gave --reg should know.
    pub(super) fn caveat(&self) -> Option<&'static str> {
        let is_in_vain = self.descent.reg > 0.0;
        is_in_vain.then_some("--reg changes nothing in linear, as in Spark: weights shrink by --ridge N")
    }
}

/// Options of `test`.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// Which test
    #[arg(long, value_enum, default_value = "welch", help_heading = "Test")]
    method: MethodArg,

    /// So many batches at the beginning do not count, while what is new to people wears off
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Test")]
    peace: u64,

    /// Compare the newest N batches; 0: all there were
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Test")]
    window: u64,

    /// The group is what EXPR makes of a record
    #[arg(long, value_name = "EXPR", help_heading = "Records")]
    by: Option<String>,

    /// The value is what EXPR makes of a record, or of a pair's second
    #[arg(long, value_name = "EXPR", visible_alias = "features", help_heading = "Records")]
    of: Option<String>,

    #[command(flatten)]
    pub(super) saved: StateArgs,
}

/// What `--method` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Welch's t-test: groups may vary differently
    Welch,
    /// Student's t-test: both vary alike
    Student,
}

impl TestArgs {
    pub(super) fn operator(&self) -> Result<TwoSamples, ToolError> {
        let parse =
            |name, source: &Option<String>| source.as_ref().map(|source| program(name, source, &[])).transpose();
        Ok(TwoSamples::new(Options {
            method: match self.method {
                MethodArg::Welch => Method::Welch,
                MethodArg::Student => Method::Student,
            },
            peace: self.peace,
            window: self.window,
            by: parse("--by", &self.by)?,
            of: parse("--of", &self.of)?,
        }))
    }

    pub(super) fn does(&self) -> String {
        let of = match self.window {
            0 => "of all batches".to_owned(),
            window => format!("of the newest {window} batches"),
        };
        match self.peace {
            0 => format!("tests whether two groups have the same mean, {of}"),
            peace => format!("tests whether two groups have the same mean, {of}; the first {peace} do not count"),
        }
    }
}

/// Options of `predict`.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// The model, as --emit model gives it: the last line of FILE
    #[arg(long, value_name = "FILE", help_heading = "Model")]
    pub(super) model: PathBuf,

    /// What is predicted by weights; clusters give the number of the nearest
    #[arg(long = "as", value_enum, value_name = "WHAT", help_heading = "Model")]
    answer: Option<AnswerArg>,

    #[command(flatten)]
    pub(super) parts: PartsArgs,
}

/// What `--as` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerArg {
    /// Of linear: the sum of the weighted features (the default)
    Value,
    /// Of logistic: 0 or 1
    Class,
    /// Of logistic: the probability of 1
    Probability,
}

impl PredictArgs {
    pub(super) fn answer(&self) -> Option<Answer> {
        self.answer.map(|answer| match answer {
            AnswerArg::Value => Answer::Value,
            AnswerArg::Class => Answer::Class,
            AnswerArg::Probability => Answer::Probability,
        })
    }
}
