//! `sstream-learn`.

mod kinds;
mod numbers;

use std::path::Path;

use clap::{Parser, Subcommand};

use self::kinds::{DescentArgs, KMeansArgs, LinearArgs, PredictArgs, TestArgs};
use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs, StateArgs};
use super::cluster::{Parts, Spread};
use super::first::stop_rules;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_saved};
use crate::op::Out;
use crate::op::learn::Learner;
use crate::op::learn::predict::{Answer, Learnt, Predict};
use crate::record;
use crate::source::SourceError;
use crate::source::beside::FileBeside;

/// Learn from a stream as it flows, or predict by what another pipeline has learnt
///
/// A record is an array of features, [1,2.5]; for linear and logistic [LABEL,FEATURES]; for
/// test [GROUP,VALUE]; or what --features, --label, --by and --of make of it. Numbers are
/// finite, and all records have as many features as the model: others are bad records.
///
/// After each batch the model comes out, as one record; with --emit before or after a
/// prediction for each record. The model is state: under a checkpoint a restart goes on with
/// it, and sstream-checkpoint state shows it.
///
/// The numbers are those of Spark's StreamingKMeans, StreamingLinearRegressionWithSGD,
/// StreamingLogisticRegressionWithSGD and StreamingTest.
#[derive(Parser, Debug)]
#[command(subcommand_value_name = "KIND", subcommand_help_heading = "Kinds", disable_help_subcommand = true)]
pub struct LearnTool {
    #[command(subcommand)]
    kind: LearnKind,

    #[command(flatten)]
    stage: StageArgs,
}

/// What is learnt.
#[derive(Subcommand, Debug)]
enum LearnKind {
    /// Clusters: centers that move to where points are
    ///
    /// Gives {"centers":[[…],…],"weights":[…]}, or the number of the nearest center. Points
    /// are not kept.
    Kmeans(Box<KMeansArgs>),
    /// A number, by linear regression
    ///
    /// Gives {"weights":[…],"intercept":0}, or the number. For an intercept give a feature
    /// that is always 1. The numbers of a batch are in memory until its end.
    Linear(Box<LinearArgs>),
    /// One of two classes, 0 and 1, by logistic regression
    ///
    /// Gives {"weights":[…],"intercept":0}, or the class. For an intercept give a feature
    /// that is always 1. The numbers of a batch are in memory until its end.
    Logistic(Box<DescentArgs>),
    /// Whether two groups have the same mean
    ///
    /// Gives {"pValue","degreesOfFreedom","statistic","method","nullHypothesis"}, and nothing
    /// while a group has fewer than 2 values. The statistic is below 0 where the group that
    /// sorts first (false, "v1") has the lesser mean. What is not finite is null.
    Test(TestArgs),
    /// Predict by a model in a file
    ///
    /// The file is looked at when a batch begins, and read again when it has changed; to
    /// replace it safely write another one and rename it:
    /// … | sstream-sink exec --sh 'cat >model.new && mv model.new model.json'
    Predict(PredictArgs),
}

/// What the options make.
enum Made<'a> {
    /// What learns, and how its state is kept.
    Learns(Box<dyn Learner>, StateArgs),
    /// What predicts, and has no state.
    Predicts(&'a PredictArgs),
}

impl LearnTool {
    /// What the options make; nothing is opened for it.
    fn made(&self) -> Result<Made<'_>, ToolError> {
        Ok(match &self.kind {
            LearnKind::Kmeans(kind) => Made::Learns(Box::new(kind.operator()?), kind.saved.clone()),
            LearnKind::Linear(kind) => Made::Learns(Box::new(kind.operator()?), kind.descent.saved.clone()),
            LearnKind::Logistic(kind) => Made::Learns(Box::new(kind.logistic()?), kind.saved.clone()),
            LearnKind::Test(kind) => Made::Learns(Box::new(kind.operator()?), kind.saved.clone()),
            LearnKind::Predict(kind) => Made::Predicts(kind),
        })
    }

    fn predict(&self, kind: &PredictArgs, environment: &Environment) -> Result<(), ToolError> {
        let (parts, answer) = (kind.parts.parts(None)?, kind.answer());
        let stop = stop_rules(&self.stage.input.cut, environment);
        let parse = Box::new(move |path: &Path, content: &[u8]| parse_model(path, content, answer));
        let models = FileBeside::open(&kind.model, parse, environment.console.clone(), &environment.clock, stop);
        let models = models.map_err(ToolError::Input)?;
        run_stage(&mut Predict::new(models, parts), &self.stage, environment)
    }
}

/// The model that a file has in its last line.
fn parse_model(path: &Path, content: &[u8], answer: Option<Answer>) -> Result<Learnt, SourceError> {
    let lines = || content.split(|byte| *byte == b'\n').enumerate();
    let last = lines().filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace)).last();
    let malformed = |line: usize, message: String| SourceError::Malformed {
        place: format!("{}, line {line}", path.display()),
        message,
    };
    let Some((index, line)) = last else { return Err(malformed(1, "no model, the file is empty".to_owned())) };
    let mut model = Vec::new();
    record::canonicalize(record::without_mark(line), &mut model)
        .map_err(|error| malformed(index + 1, error.to_string()))?;
    Learnt::parse(&model, answer).map_err(|reason| malformed(index + 1, reason))
}

impl Tool for LearnTool {
    const NAME: &'static str = "sstream-learn";
    const EXAMPLES: &'static str = "  \
  … | sstream-learn kmeans --centers '[[0,0],[10,10]]' --half-life 10
  … | sstream-learn logistic --label .spam --features '[.links, .capitals, 1]' --weights '[0,0,0]' |
        sstream-sink exec --sh 'cat >model.new && mv model.new model.json'
  … | sstream-learn predict --model model.json --as class --features '[.links, .capitals, 1]' --by .id
  … | sstream-learn test --by .version --of .ms --window 60
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        !matches!(self.kind, LearnKind::Predict(_))
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        if let Made::Learns(mut learner, _) = self.made()?
            && let Some(durable) = learner.durable()
        {
            saved.load(durable)?;
            learner.show(out);
        }
        Ok(())
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        if let Err(error) = self.made() {
            return Account::mistake(error);
        }
        let state = "state: the model".to_owned();
        match &self.kind {
            LearnKind::Kmeans(kind) => Account::does(kind.does()).and(state),
            LearnKind::Linear(kind) => {
                let account = Account::does("learns to predict a number from each batch").and(state);
                account.and(kind.caveat().map(str::to_owned))
            }
            LearnKind::Logistic(_) => Account::does("learns to tell two classes apart from each batch").and(state),
            LearnKind::Test(kind) => {
                Account::does(kind.does()).and("state: count, mean and variance of each group".to_owned())
            }
            LearnKind::Predict(kind) => match kind.parts.parts(None) {
                Ok(_) => Account::does("predicts by the model in a file, read again when it changes"),
                Err(error) => Account::mistake(error),
            },
        }
    }

    fn spread(&self) -> Spread {
        match &self.kind {
            LearnKind::Predict(_) => Spread::Refused(
                "its model is read again when it changes, which executors would see at other times".to_owned(),
            ),
            _ => match self.made() {
                Ok(_) => Spread::Carried(Parts::default()),
                Err(error) => Spread::Refused(error.to_string()),
            },
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let made = self.made()?;
        if let LearnKind::Linear(kind) = &self.kind
            && let Some(caveat) = kind.caveat()
        {
            environment.console.warn(caveat);
        }
        match made {
            Made::Learns(mut learner, saved) => run_stage_saved(learner.as_mut(), &self.stage, saved, environment),
            Made::Predicts(kind) => self.predict(kind, environment),
        }
    }
}
