//! What of a stage runs where on a cluster: each tool says it of its own parsed options,
//! for `sstream-submit`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::agg::{ExprArgs, KeyArgs};
use super::args::{Common, CutArgs};
use crate::agg::Aggregation;
use crate::cli::connector::remote::is_url;
use crate::flow::OnError;

/// How the work of a stage is spread over a cluster with the same answers as in a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spread {
    /// It begins a stream.
    Source(Origin),
    /// It treats each record by itself: the tool runs in every partition.
    EachRecord,
    /// It needs the whole of a batch, in order, and keeps nothing for the next one: the tool runs
    /// in one partition.
    WholeBatch,
    /// It aggregates each batch: partial results in every partition, merged by key.
    Aggregation(Merging),
    /// A window over batches: over partial results where it aggregates, else over records.
    Window {
        /// How far it reaches back, in ms.
        length_ms: u64,
        /// What is computed; none if its records come out.
        merging: Option<Merging>,
    },
    /// A state by key, of partial results, over all batches; all keys come out with each.
    State(Merging),
    /// A state that the tool keeps as it does in a shell: it runs once a batch for each part, begins with what
    /// the part's state was, and leaves what it is.
    Carried(Parts),
    /// Two streams of pairs, batch by batch: the tool runs for each part of the keys.
    Join,
    /// Several streams, batch by batch.
    Union,
    /// It takes the stream.
    Sink {
        /// What it does with it.
        target: Target,
        /// Whether the stream goes on behind it.
        pass: bool,
    },
    /// It is not run on a cluster, and why.
    Refused(String),
}

impl Spread {
    /// Refuses what could be done on a cluster, and is not done so far.
    pub fn not_yet(what: &str) -> Spread {
        Spread::Refused(format!("{what}: not on a cluster yet"))
    }
}

/// How a stage with a state of its own is in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// By which keys.
    pub keys: Keys,
    /// A file of pairs with which the states begin.
    pub initial: Option<PathBuf>,
    /// Whether its ends carry a watermark.
    pub has_watermark: bool,
}

/// The keys by which records are dealt to parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// There is one part, with the whole stream in order.
    #[default]
    None,
    /// Those of pairs.
    OfPairs,
    /// Those that the tool finds, with `--deal`; parts run with `--dealt`.
    Dealt,
    /// The same of two sides, with `--deal=left` and `--deal=right`.
    DealtSides,
}

impl Parts {
    /// Spread like this, unless `late` records would go into a file.
    pub fn spread(keys: Keys, has_watermark: bool, late: &OnError) -> Spread {
        match late {
            OnError::Fail | OnError::Skip => Spread::Carried(Parts { keys, has_watermark, ..Parts::default() }),
            _ => Spread::Refused("--late FILE: every executor would have a file of its own: fail or drop".to_owned()),
        }
    }
}

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Batches in a file, by a virtual clock that starts here, in ms.
    Queue(PathBuf, u64),
    /// The tool itself, on an executor, whose records Spark receives.
    Received,
    /// By Spark's own means; our program makes the records in every partition.
    Native {
        /// What the driver knows it by.
        kind: String,
        /// What the driver is told.
        settings: Map<String, Value>,
        /// The options by which the program takes what Spark has read.
        makes: Vec<String>,
        /// A word that it is not given then.
        leaves: Option<String>,
        /// See [`OnCluster::Native`].
        needs_jars: bool,
    },
}

/// How a cluster takes in what a connector's source brings.
///
/// ```
/// use sstream::connect::OnCluster;
///
/// /// What `SourceKind::on_cluster` says of a source that polls a server, or waits to be called by it.
/// fn on_cluster(is_called: bool) -> OnCluster {
///     if is_called { OnCluster::listens() } else { OnCluster::Received }
/// }
///
/// assert_eq!(on_cluster(false), OnCluster::Received);
/// assert!(matches!(on_cluster(true), OnCluster::Refused(why) if why.contains("no client would know")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnCluster {
    /// A receiver runs the program itself, on an executor.
    Received,
    /// Spark reads by its own means, and the program makes the records in every partition.
    Native {
        /// What the driver knows it by.
        kind: &'static str,
        /// What the driver is told, as the plan has it.
        settings: Map<String, Value>,
        /// The option by which the program takes what Spark has read.
        makes: &'static str,
        /// Whether Spark lacks what it reads that with: it gets the jars in `sstream-spark-KIND` then, beside the driver's.
        needs_jars: bool,
    },
    /// Not at all, and why.
    Refused(String),
}

/// Where on a cluster a connector's sink is. A task that is tried again writes again, in each of these places: there is no
/// checkpoint of ours.
///
/// ```
/// use sstream::connect::SinkOnCluster;
///
/// /// What `SinkKind::on_cluster` says of a database: in a server, or in a file.
/// fn on_cluster(is_file: bool) -> SinkOnCluster {
///     if is_file { SinkOnCluster::of_one_machine("a file") } else { SinkOnCluster::Whole }
/// }
///
/// assert_eq!(on_cluster(false), SinkOnCluster::Whole);
/// assert!(matches!(on_cluster(true), SinkOnCluster::Driver(why) if why.starts_with("a file of one machine")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkOnCluster {
    /// In every partition that has records, once a batch, several at a time: for records that do not meet where they go.
    Partitions,
    /// In one partition, once a batch, with the batch whole and in order: where a later record takes the place of one
    /// before it, or the batch is one request, one transaction, one name.
    Whole,
    /// On the driver, one process for the whole stream, if the user says `--on-driver`; why it may not be elsewhere.
    Driver(String),
    /// Not at all, and why.
    Refused(String),
}

impl SinkOnCluster {
    /// Of a sink that writes on the machine that it runs on; `what` does.
    pub fn of_one_machine(what: &str) -> SinkOnCluster {
        SinkOnCluster::Driver(format!("{what} of one machine, and Spark chooses the executor"))
    }
}

/// Why a rate is refused where Spark reads.
pub const WHOLE_AT_ONCE: &str = "--max-rate: Spark itself reads what there is for a batch";

/// Why a source that listens is refused.
pub const NOBODY_KNOWS_WHERE: &str =
    "Spark chooses the executor that a source runs on, and no client would know where it listens";

impl OnCluster {
    /// Of a source that others send to.
    pub fn listens() -> OnCluster {
        OnCluster::Refused(NOBODY_KNOWS_WHERE.to_owned())
    }
}

/// What a line's source says of the whole application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Where what a restart needs is kept.
    pub checkpoint: Option<String>,
    /// When the application stops by itself: `file`, `after` and `idle`, as the plan has them.
    pub stop: Map<String, Value>,
}

impl Life {
    /// As a source's options have it.
    pub fn of(cut: &CutArgs) -> Life {
        let ms = |duration: std::time::Duration| Value::from(duration.as_millis() as u64);
        let stop = [
            ("file", cut.stop_file.as_deref().map(|file| absolute(file).display().to_string().into())),
            ("after", cut.stop_after.map(ms)),
            ("idle", cut.idle_timeout.map(ms)),
        ];
        Life {
            checkpoint: cut.keep.dir().map(|dir| dir.display().to_string()),
            stop: stop.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect(),
        }
    }

    /// As a connector says it of itself.
    pub fn to_json(&self) -> Value {
        json!({ "checkpoint": self.checkpoint, "stop": self.stop })
    }

    /// The same, read again.
    pub fn from_json(json: &Value) -> Life {
        Life {
            checkpoint: json["checkpoint"].as_str().map(str::to_owned),
            stop: json["stop"].as_object().cloned().unwrap_or_default(),
        }
    }
}

/// What a sink does with the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The tool itself runs on the driver, for the whole stream; so many records of a batch are
    /// enough for it, all if none.
    Driver(Option<u64>),
    /// A file a batch.
    Files {
        /// The directory, and how the names begin.
        prefix: String,
        /// How they end.
        suffix: Option<String>,
        /// Strings as JSON too.
        json: bool,
        /// Files of empty batches too.
        empty: bool,
    },
    /// The same, if the user says so; why it would be wrong elsewhere.
    OnDriver(String),
    /// The program itself, once a partition and batch, where the partition is.
    Partitions,
    /// The program itself, once a batch, in one partition.
    Whole,
}

/// Whether an option, by its long name, has done its part when the plan is made: it is of the whole application, of
/// this machine's files, or of how the stream goes on.
pub fn is_of_plan(option: &str) -> bool {
    ["checkpoint", "stop-file", "stop-after", "idle-timeout", "config", "pass", "new-only", "settle", "initial"]
        .contains(&option)
}

/// Words of a connector's answer, by which it says what a cluster does with it.
mod said {
    pub const REFUSED: &str = "refused";
    pub const RECEIVED: &str = "received";
    pub const NATIVE: &str = "native";
    pub const WHOLE: &str = "whole";
    pub const DRIVER: &str = "driver";
    pub const CARRIED: &str = "carried";
}

/// What a connector's source says of itself to `sstream-submit`.
pub fn declare_source(on_cluster: OnCluster, common: &Common, cut: &CutArgs) -> Value {
    match (of_this_machine(common, Some(cut)), on_cluster) {
        (Some(reason), _) | (_, OnCluster::Refused(reason)) => json!({ said::REFUSED: reason }),
        (_, OnCluster::Received) => json!({ said::RECEIVED: true, "life": Life::of(cut).to_json() }),
        (_, OnCluster::Native { .. }) if cut.limits.max_rate.is_some() => json!({ said::REFUSED: WHOLE_AT_ONCE }),
        (_, OnCluster::Native { kind, settings, makes, needs_jars }) => json!({
            said::NATIVE: kind, "settings": settings, "makes": makes, "needs_jars": needs_jars,
            "life": Life::of(cut).to_json()
        }),
    }
}

/// What a connector's sink says of itself.
pub fn declare_sink(on_cluster: SinkOnCluster, common: &Common, cut: &CutArgs) -> Value {
    match of_this_machine(common, Some(cut)).map_or(on_cluster, SinkOnCluster::Refused) {
        SinkOnCluster::Partitions => json!({}),
        SinkOnCluster::Whole => json!({ said::WHOLE: true }),
        SinkOnCluster::Driver(reason) => json!({ said::DRIVER: reason }),
        SinkOnCluster::Refused(reason) => json!({ said::REFUSED: reason }),
    }
}

/// What a connector's operator says of itself.
pub fn declare_operator(may: Result<(), String>, has_state: bool, common: &Common, cut: &CutArgs) -> Value {
    let of_first_stage = || cut.of_first_stage().map(|option| format!("{option} is of a pipeline's first stage"));
    match of_this_machine(common, Some(cut)).or_else(of_first_stage).map_or(may, Err) {
        Ok(()) if has_state => json!({ said::CARRIED: true }),
        Ok(()) => json!({ said::WHOLE: true }),
        Err(reason) => json!({ said::REFUSED: reason }),
    }
}

/// What a connector has said, read again: nothing if it says nothing.
pub fn declared(answer: &Value) -> Option<Spread> {
    let said = answer["cluster"].as_object()?;
    if let Some(reason) = said.get(said::REFUSED).and_then(Value::as_str) {
        return Some(Spread::Refused(reason.to_owned()));
    }
    if let Some(pass) = answer["pass"].as_bool() {
        let target = match said.get(said::DRIVER).and_then(Value::as_str) {
            Some(reason) => Target::OnDriver(reason.to_owned()),
            None if said.contains_key(said::WHOLE) => Target::Whole,
            None => Target::Partitions,
        };
        return Some(Spread::Sink { target, pass });
    }
    if said.contains_key(said::WHOLE) {
        return Some(Spread::WholeBatch);
    }
    if said.contains_key(said::CARRIED) {
        return Some(Spread::Carried(Parts::default()));
    }
    Some(Spread::Source(match said.get(said::NATIVE).and_then(Value::as_str) {
        Some(kind) => Origin::Native {
            kind: kind.to_owned(),
            settings: said.get("settings")?.as_object()?.clone(),
            makes: vec![said.get("makes")?.as_str()?.to_owned()],
            leaves: None,
            needs_jars: said.get("needs_jars")?.as_bool()?,
        },
        None => Origin::Received,
    }))
}

/// An aggregation as `sstream-reduce` runs it, so that partial results can be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merging {
    words: Vec<String>,
    /// Whether results are pairs.
    pub is_keyed: bool,
}

impl Merging {
    /// The tool that aggregates.
    pub const TOOL: &'static str = "sstream-reduce";

    /// With these options of the tool that aggregates.
    pub fn new(keys: &KeyArgs, expr: &ExprArgs, aggregation: Option<&Aggregation>, on_error: &OnError) -> Merging {
        let mut words = keys.words();
        words.extend(expr.words());
        words.extend((*on_error == OnError::Skip).then(|| "--on-error=skip".to_owned()));
        words.extend(aggregation.map(Aggregation::to_string));
        Merging { words, is_keyed: keys.is_keyed() }
    }

    /// The command with these further options: `--partial-out` for partial results, `--partial-in`
    /// to merge them.
    pub fn command(&self, options: &[&str]) -> Vec<String> {
        let options = options.iter().map(|option| (*option).to_owned());
        std::iter::once(Merging::TOOL.to_owned()).chain(options).chain(self.words.iter().cloned()).collect()
    }
}

/// Why these options keep a stage from a cluster, if they do: they are about the machine that the
/// shell runs on.
pub fn of_this_machine(common: &Common, cut: Option<&CutArgs>) -> Option<String> {
    let spark_cuts = "Spark cuts the batches there";
    let options = [
        (common.output.is_some(), "--output", "the stream goes through Spark: end it with sstream-sink"),
        (common.watch.trace_log.is_some(), "--trace-log", "Spark's own page shows the batches"),
        (common.watch.metrics.is_some(), "--metrics", "every executor would serve them"),
        (common.watch.metrics_file.is_some(), "--metrics-file", "every executor would write them"),
        (common.part.new, "--new", "a stage has no part in a checkpoint of ours there"),
        (common.part.stage_name.is_some(), "--stage-name", "a stage has no part in a checkpoint of ours there"),
    ];
    let of_cut = cut.map_or([(false, "", ""); 8], |cut| {
        let keep = &cut.keep;
        [
            (keep.name.is_some(), "--name", "it is the name in a checkpoint of ours"),
            (keep.retain.is_some(), "--retain", "it is about a checkpoint of ours"),
            (keep.on_loss.is_some(), "--on-loss", "it is about a checkpoint of ours"),
            (cut.count().is_some(), "--batch (or SSTREAM_BATCH) by count", "Spark cuts batches by time"),
            (cut.skip_missed, "--skip-missed", spark_cuts),
            (cut.no_trace, "--no-trace", spark_cuts),
            (cut.limits.max_batch.is_some(), "--max-batch", spark_cuts),
            (cut.limits.backpressure, "--backpressure", "spark.streaming.backpressure.enabled is Spark's own"),
        ]
    });
    let bad = cut.and_then(|cut| match &cut.on_error {
        OnError::Fail | OnError::Skip => None,
        _ => Some("--on-error FILE: every executor would have a file of its own: fail or skip".to_owned()),
    });
    let given = options.into_iter().chain(of_cut).find(|(is_given, ..)| *is_given);
    given.map(|(_, option, reason)| format!("{option}: {reason}")).or(bad)
}

/// A file's name that holds in any directory; a URL does.
pub fn absolute(path: &Path) -> PathBuf {
    if is_url(path.as_os_str()) {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
