//! The JSON files of a checkpoint and where everything is.
//!
//! Beside `format` and the checksum (see [`super::sealed`]) they have:
//!
//! ```text
//! job.json     job: 32 hex digits, start: ms, pipeline: the stages as in a head,
//!              resets: how often it was reset; not there if never
//! source.json  arguments, interval: ms, calendar: as in a head, if there is one, retain, wal: whether it has one; of a source that reads several
//!              things: places, and beside: what else of the arguments must stay the same
//! stage.json   arguments, interval: ms, calendar, base: ms
//! sink.json    arguments, interval: ms, calendar, base: ms, end: whether nothing comes after
//! both         line: the tools up to it, as it came up last,
//!              number: its place in the line, where that is not the one of its name;
//!              changing: true from the start at which a source has another interval until the stage has come up
//! ```
//!
//! `arguments` is the stage as it adds itself to the head's `stages`. `retain`
//! is as [`Retain`] is written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::{Map, Value};

use super::name::Id;
use super::storage::{Storage, check_trusted, make_dir, names};
use super::{Error, Result, sealed};
use crate::interval::Interval;

/// Where the parts of a checkpoint are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// Of the checkpoint in `dir`.
    pub fn new(dir: &Path) -> Layout {
        Layout { dir: dir.to_owned() }
    }

    /// The checkpoint's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn job(&self) -> PathBuf {
        self.dir.join("job.json")
    }

    /// Where the sources are.
    pub fn sources(&self) -> PathBuf {
        self.dir.join("sources")
    }

    /// A source's folder.
    pub fn source(&self, name: &str) -> PathBuf {
        self.sources().join(name)
    }

    /// Where the states are.
    pub fn stages(&self) -> PathBuf {
        self.dir.join("stages")
    }

    /// Where the commits are.
    pub fn commits(&self) -> PathBuf {
        self.dir.join("commits")
    }

    /// Where the locks are.
    pub fn locks(&self) -> PathBuf {
        self.dir.join("locks")
    }

    /// A lock.
    pub fn lock(&self, id: &Id) -> PathBuf {
        self.locks().join(id.to_string())
    }

    /// The lock that a source holds while it decides where to resume.
    pub fn start_lock(&self) -> PathBuf {
        self.locks().join(".start")
    }

    /// Makes the directory and those in it, or refuses one that is in other use.
    pub fn make(&self, storage: &dyn Storage) -> Result<()> {
        const OWN: [&str; 6] = ["job.json", ".job.json.tmp", "sources", "stages", "commits", "locks"];
        make_dir(storage, &self.dir)?;
        let there = names(storage, &self.dir)?;
        if let Some(found) = there.iter().find(|name| !OWN.contains(&name.as_str())) {
            return Err(Error::NotACheckpoint { dir: self.dir.clone(), found: found.clone() });
        }
        // An empty one is made private; who could write into one that is not, may have done so.
        if !there.is_empty() {
            check_trusted(storage, &self.dir)?;
        }
        storage.make_private(&self.dir).map_err(|error| Error::io("cannot make private", &self.dir, error))?;
        check_trusted(storage, &self.dir)?;
        [self.locks(), self.sources(), self.stages(), self.commits()].iter().try_for_each(|dir| make_dir(storage, dir))
    }
}

/// What `job.json` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// A random number that is this checkpoint's alone.
    pub id: String,
    /// The time before the first batch; what was forgotten moves it on.
    pub start_ms: u64,
    /// The pipeline as it was, in the form of a head's `stages`.
    pub pipeline: Value,
    /// How often what was committed was taken back.
    pub resets: u64,
}

impl Job {
    /// Removes it, durably.
    pub fn remove(storage: &dyn Storage, layout: &Layout) -> Result<()> {
        let path = layout.job();
        storage.remove(&path).map_err(|error| Error::io("cannot remove", &path, error))?;
        storage.sync_dir(layout.dir()).map_err(|error| Error::io("cannot sync", layout.dir(), error))
    }

    /// Reads it; `None` if there is none yet.
    pub fn read(storage: &dyn Storage, layout: &Layout) -> Result<Option<Job>> {
        let Some(fields) = sealed::read(storage, &layout.job())? else { return Ok(None) };
        Ok(Some(Job {
            id: fields.text("job")?,
            start_ms: fields.number("start")?,
            pipeline: fields.value("pipeline")?.clone(),
            resets: fields.object().get("resets").and_then(Value::as_u64).unwrap_or(0),
        }))
    }

    /// What sinks mark their output with: the id, and how often it was reset.
    pub fn output_id(&self) -> String {
        match self.resets {
            0 => self.id.clone(),
            resets => format!("{}-{resets}", self.id),
        }
    }

    /// Writes it, whole.
    pub fn write(&self, storage: &dyn Storage, layout: &Layout) -> Result<()> {
        let mut fields = object([
            ("job", Value::from(self.id.as_str())),
            ("start", self.start_ms.into()),
            ("pipeline", self.pipeline.clone()),
        ]);
        if self.resets > 0 {
            fields.insert("resets".into(), self.resets.into());
        }
        sealed::write(storage, &layout.job(), &fields)
    }
}

/// A pipeline for people: `source tail x | filter ERROR | sink files out`, a
/// join as `(left), (right) | join`.
pub fn show_pipeline(stages: &Value) -> String {
    fn side(stages: &Value) -> String {
        match stages {
            Value::Array(items) => match items.as_slice() {
                [left @ Value::Array(_), right @ Value::Array(_), own @ ..] => {
                    let own = own.iter().map(side).collect::<Vec<_>>().join(" | ");
                    format!("({}), ({}) | {own}", side(left), side(right))
                }
                items => items.iter().map(side).collect::<Vec<_>>().join(" | "),
            },
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
    side(stages)
}

/// How far back batches are kept that no restart needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retain {
    /// So many of the newest.
    Batches(u64),
    /// Those of so many milliseconds.
    Milliseconds(u64),
    /// All.
    All,
}

impl Retain {
    /// Milliseconds before the newest batch, `None` for ever.
    pub fn milliseconds(self, interval: Interval) -> Option<u64> {
        match self {
            Retain::Batches(batches) => Some(batches.saturating_mul(interval.ms())),
            Retain::Milliseconds(ms) => Some(ms),
            Retain::All => None,
        }
    }
}

impl Default for Retain {
    fn default() -> Retain {
        Retain::Batches(100)
    }
}

impl fmt::Display for Retain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retain::Batches(batches) => batches.fmt(f),
            Retain::Milliseconds(ms) => write!(f, "{ms}ms"),
            Retain::All => f.write_str("all"),
        }
    }
}

impl FromStr for Retain {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Retain, String> {
        if text == "all" {
            return Ok(Retain::All);
        }
        if let Ok(batches) = text.parse() {
            return Ok(Retain::Batches(batches));
        }
        match humantime::parse_duration(text) {
            Ok(duration) => Ok(Retain::Milliseconds(duration.as_millis().try_into().unwrap_or(u64::MAX))),
            Err(_) => Err(format!("{text:?}: give a number of batches, a duration such as 12h, or all")),
        }
    }
}

/// What `source.json` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The source, as in a head's `stages`.
    pub arguments: String,
    /// How far apart its batches are.
    pub interval: Interval,
    /// How far back it keeps batches.
    pub retain: Retain,
    /// Whether it keeps what came in a log of its own.
    pub wal: bool,
    /// What it reads of several things, some of which may come or go.
    pub places: Option<Places>,
}

/// What a source reads, where that can be several things, each read for itself: paths, topics.
///
/// ```
/// use sstream::connect::Places;
///
/// /// What `SourceKind::places` says of topics, read from one server.
/// fn topics(names: &[&str]) -> Places {
///     let all = names.iter().map(|name| (*name).to_owned()).collect();
///     Places { all, beside: "db:1".to_owned(), may_go: false }
/// }
///
/// assert!(topics(&["a", "b"]).follow(&topics(&["a"])), "a restart may read one more");
/// assert!(!topics(&["b"]).follow(&topics(&["a"])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Each of them.
    pub all: Vec<String>,
    /// What must stay the same beside them.
    pub beside: String,
    /// Whether one may go too: what was not read of it is left, and what was read and is not done with can
    /// be read again all the same. Not kept: the source says it at each start.
    pub may_go: bool,
}

impl Places {
    /// Whether a source that read `was` may go on with these.
    pub fn follow(&self, was: &Places) -> bool {
        let has_all = was.all.iter().all(|place| self.all.contains(place));
        let has_some = self.may_go && was.all.iter().any(|place| self.all.contains(place));
        self.beside == was.beside && (has_all || has_some)
    }
}

impl SourceFile {
    const NAME: &str = "source.json";

    /// Reads it; `None` if there is no such source.
    pub fn read(storage: &dyn Storage, folder: &Path) -> Result<Option<SourceFile>> {
        let path = folder.join(Self::NAME);
        let Some(fields) = sealed::read(storage, &path)? else { return Ok(None) };
        let retain = fields.text("retain")?.parse().map_err(|_| Error::damaged(&path, 0, "retain is not a number"))?;
        Ok(Some(SourceFile {
            arguments: fields.text("arguments")?,
            interval: interval(&fields, &path)?,
            retain,
            wal: fields.flag("wal")?,
            places: places(&fields),
        }))
    }

    /// Writes it, whole.
    pub fn write(&self, storage: &dyn Storage, folder: &Path) -> Result<()> {
        let mut fields = object([
            ("arguments", Value::from(self.arguments.as_str())),
            ("interval", self.interval.ms().into()),
            ("retain", self.retain.to_string().into()),
            ("wal", self.wal.into()),
        ]);
        write_calendar(&mut fields, self.interval);
        if let Some(places) = &self.places {
            fields.insert("places".into(), places.all.clone().into());
            fields.insert("beside".into(), places.beside.as_str().into());
        }
        sealed::write(storage, &folder.join(Self::NAME), &fields)
    }
}

/// What `stage.json` and `sink.json` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageFile {
    /// The stage, as in a head's `stages`.
    pub arguments: String,
    /// How far apart the batches are that it gets.
    pub interval: Interval,
    /// Where it began.
    pub base_ms: u64,
    /// Of a sink, whether nothing comes after it; `None` for a stage with state.
    pub end: Option<bool>,
    /// The tools of the line up to it, when it came up last: see [`super::place`].
    pub line: Value,
    /// Its number in the line, if that is not the one of its name: stages without state were put
    /// in or taken out since.
    pub number: Option<usize>,
    /// The source in front of it has another interval since, and the stage has not come up yet: the
    /// interval here is what its batches are apart at least.
    pub changing: bool,
}

impl StageFile {
    const STAGE: &str = "stage.json";
    const SINK: &str = "sink.json";

    /// Reads `stage.json` of a folder; `None` if there is none.
    pub fn read_stage(storage: &dyn Storage, folder: &Path) -> Result<Option<StageFile>> {
        let path = folder.join(Self::STAGE);
        let Some(fields) = sealed::read(storage, &path)? else { return Ok(None) };
        Ok(Some(StageFile {
            arguments: fields.text("arguments")?,
            interval: interval(&fields, &path)?,
            base_ms: fields.number("base")?,
            end: None,
            line: line(&fields),
            number: number(&fields),
            changing: is_changing(&fields),
        }))
    }

    /// Reads `sink.json` of a folder; `None` if there is none.
    pub fn read_sink(storage: &dyn Storage, folder: &Path) -> Result<Option<StageFile>> {
        let path = folder.join(Self::SINK);
        let Some(fields) = sealed::read(storage, &path)? else { return Ok(None) };
        Ok(Some(StageFile {
            arguments: fields.text("arguments")?,
            interval: interval(&fields, &path)?,
            base_ms: fields.number("base")?,
            end: Some(fields.flag("end")?),
            line: line(&fields),
            number: number(&fields),
            changing: is_changing(&fields),
        }))
    }

    /// Writes it, whole.
    pub fn write(&self, storage: &dyn Storage, folder: &Path) -> Result<()> {
        let mut fields = object([
            ("arguments", Value::from(self.arguments.as_str())),
            ("interval", self.interval.ms().into()),
            ("base", self.base_ms.into()),
        ]);
        write_calendar(&mut fields, self.interval);
        let name = match self.end {
            Some(end) => {
                fields.insert("end".into(), end.into());
                Self::SINK
            }
            None => Self::STAGE,
        };
        fields.insert("line".into(), self.line.clone());
        if let Some(number) = self.number {
            fields.insert("number".into(), number.into());
        }
        if self.changing {
            fields.insert("changing".into(), true.into());
        }
        sealed::write(storage, &folder.join(name), &fields)
    }
}

fn places(fields: &sealed::Fields) -> Option<Places> {
    let fields = fields.object();
    let all = fields.get("places")?.as_array()?.iter().filter_map(|place| Some(place.as_str()?.to_owned())).collect();
    Some(Places { all, beside: fields.get("beside")?.as_str()?.to_owned(), may_go: false })
}

fn line(fields: &sealed::Fields) -> Value {
    fields.object().get("line").cloned().unwrap_or_default()
}

fn number(fields: &sealed::Fields) -> Option<usize> {
    fields.object().get("number").and_then(Value::as_u64).map(|number| number as usize)
}

fn is_changing(fields: &sealed::Fields) -> bool {
    fields.object().get("changing").and_then(Value::as_bool).unwrap_or(false)
}

fn interval(fields: &sealed::Fields, path: &Path) -> Result<Interval> {
    let calendar = fields.object().get("calendar").map(|calendar| {
        let read = calendar.as_str().and_then(|text| Interval::parse_calendar(text).ok());
        read.ok_or_else(|| Error::damaged(path, 0, "the calendar is of no zone that is known here"))
    });
    match (calendar, fields.number("interval")?) {
        (Some(calendar), _) => calendar,
        (None, 0) => Err(Error::damaged(path, 0, "the interval is 0")),
        (None, ms) => Ok(Interval::Fixed(ms)),
    }
}

fn write_calendar(fields: &mut Map<String, Value>, interval: Interval) {
    if let Interval::Calendar(calendar) = interval {
        fields.insert("calendar".into(), calendar.to_string().into());
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// 32 random hex digits.
pub fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    match crate::os::random(&mut bytes) {
        Ok(()) => Ok(format!("{:032x}", u128::from_le_bytes(bytes))),
        Err(error) => Err(Error::io("cannot read random numbers from", Path::new("/dev/urandom"), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pipeline_reads_like_a_command_line() {
        assert_eq!(show_pipeline(&json!(["source tail x", "filter E"])), "source tail x | filter E");
        let joined = json!([["source a", "map ."], ["source b"], "join", "sink files o"]);
        assert_eq!(show_pipeline(&joined), "(source a | map .), (source b) | join | sink files o");
    }

    #[test]
    fn retain_is_read_as_it_is_written() {
        for (text, retain) in
            [("100", Retain::Batches(100)), ("12h", Retain::Milliseconds(43_200_000)), ("all", Retain::All)]
        {
            assert_eq!(text.parse(), Ok(retain));
            assert_eq!(retain.to_string().parse(), Ok(retain));
        }
        assert!("x".parse::<Retain>().is_err());
    }
}
