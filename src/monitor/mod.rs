//! Seeing what goes on in a pipeline: while it runs and afterwards, with no side
//! channel but the trace that its ends carry.
//!
//! The way of a figure, from a stage to a screen:
//!
//! | module | what it does |
//! |---|---|
//! | [`watch`] | beside a stage's outlet: tells the watchers below each head, end and close |
//! | [`publish`] | a watcher: keeps the newest ends in a file that other processes find |
//! | [`log`] | a watcher: `--trace-log`, and the form that a published file has too |
//! | [`metrics`] | a watcher: the same as OpenMetrics text, by HTTP or in a file |
//! | [`runtime`] | the directory that stages publish into |
//! | [`follow`] | reads such a file or log, as it grows |
//! | [`shape`], [`delays`] | what a trace says: stages, and the delays of a batch; pure |
//! | [`view`] | one pipeline as far as one of its stages: totals, batches, a verdict; pure |
//! | [`checkpoint`] | how far a pipeline's checkpoint is |
//! | [`registry`] | all published stages, put together to pipelines |
//! | [`sources`] | what a viewer was told to look at |
//! | [`top`], [`ui`] | the screen and the web page |
//!
//! `cli` has the tools that show it: `sstream-top`, `sstream-ui`, `sstream ps`.

pub mod checkpoint;
pub mod delays;
pub mod follow;
pub mod log;
pub mod metrics;
pub mod publish;
pub mod registry;
pub mod runtime;
pub mod shape;
pub mod sources;
pub mod top;
pub mod ui;
pub mod view;
pub mod watch;
