//! Where to resume: a pure function over what the folders of a checkpoint cover.

/// Times [from, to) that something covers, in milliseconds, in order and apart.
pub type Spans = Vec<(u64, u64)>;

/// A source, as far as resuming is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// It can send all batches after this time again.
    pub from_ms: u64,
    /// Its batches, as runs of (first, last, step), oldest first.
    pub runs: Vec<super::Times>,
    /// Its newest batch, or the time before the first.
    pub last_ms: u64,
    /// Whether it closed on purpose after that batch.
    pub closed: bool,
}

/// A stage with state, or a sink, as far as resuming is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Its place in the checkpoint: `commits/a.02-files`.
    pub name: String,
    /// The sources in front of it.
    pub sources: Vec<String>,
    /// What it covers.
    pub covers: Spans,
    /// The newest batch that it has anything of.
    pub newest_ms: Option<u64>,
    /// Whether it is a sink.
    pub is_sink: bool,
    /// Whether it is a sink that nothing comes after.
    pub end: bool,
}

impl Folder {
    /// Whether it has done what is to be done at a close: then it covers all times to come.
    fn has_closed(&self) -> bool {
        self.covers.last().is_some_and(|(_, to_ms)| *to_ms == u64::MAX)
    }
}

/// All that the decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The time before the first batch of the job.
    pub start_ms: u64,
    /// The sources.
    pub sources: Vec<Source>,
    /// The stages with state, and the sinks.
    pub folders: Vec<Folder>,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// All begin after this time.
    pub resume_ms: u64,
    /// The folder that covers least, if batches have to be sent again.
    pub held_back_by: Option<String>,
    /// A source had closed, and not everything behind it has done what is to be done at
    /// a close, but some sinks have. All sources send again what they sent, close
    /// as they did, and are started again.
    pub finish: bool,
}

/// Why nothing can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// No time is covered by all.
    NoTime,
    /// This folder has something of a batch that this source does not know.
    Unknown {
        /// The folder's name.
        folder: String,
        /// The batch.
        time_ms: u64,
        /// The source's name.
        source: String,
    },
}

/// The newest source time that all cover.
///
/// - A folder may not be ahead of a source in front of it, unless that source
///   has closed: what a stage gives at a close has times that no source reached.
/// - While no sink at the end has a folder, only the start counts as covered: a
///   sink that never came up has committed nothing.
pub fn resume(inputs: &Inputs) -> Result<Resume, Conflict> {
    for folder in &inputs.folders {
        check_reach(folder, &inputs.sources)?;
    }
    let mut covered: Spans = vec![(0, u64::MAX)];
    if !inputs.folders.iter().any(|folder| folder.end) {
        covered = vec![(inputs.start_ms, inputs.start_ms.saturating_add(1))];
    }
    for source in &inputs.sources {
        covered = intersect(&covered, &[(source.from_ms, u64::MAX)]);
    }
    for folder in &inputs.folders {
        covered = intersect(&covered, &folder.covers);
    }
    let &(from_ms, to_ms) = covered.last().ok_or(Conflict::NoTime)?;
    let newest_source_time = inputs.sources.iter().filter_map(|source| {
        source.runs.iter().rev().find_map(|times| times.up_to(to_ms - 1)).map(|times| times.last_ms)
    });
    let resume_ms = newest_source_time.fold(from_ms.max(inputs.start_ms.min(to_ms - 1)), u64::max);
    let newest_ms =
        inputs.sources.iter().filter_map(|source| source.runs.last()).map(|run| run.last_ms).max().unwrap_or(0);
    let reach = |folder: &&Folder| folder.covers.last().map_or(0, |(_, to_ms)| *to_ms);
    let least = inputs.folders.iter().min_by_key(reach).filter(|_| resume_ms < newest_ms);
    let held_back_by = least.map(|folder| folder.name.clone());
    let finish = inputs.sources.iter().any(|source| {
        let committed = |folder: &Folder| {
            folder.is_sink && folder.sources.contains(&source.name) && folder.newest_ms > Some(source.last_ms)
        };
        let is_open = |folder: &Folder| folder.sources.contains(&source.name) && !folder.has_closed();
        source.closed
            && resume_ms <= source.last_ms
            && inputs.folders.iter().any(committed)
            && inputs.folders.iter().any(is_open)
    });
    Ok(Resume { resume_ms, held_back_by, finish })
}

fn check_reach(folder: &Folder, sources: &[Source]) -> Result<(), Conflict> {
    let Some(time_ms) = folder.newest_ms else { return Ok(()) };
    for name in &folder.sources {
        match sources.iter().find(|source| source.name == *name) {
            Some(source) if source.closed || source.last_ms >= time_ms => {}
            _ => {
                let (folder, source) = (folder.name.clone(), name.clone());
                return Err(Conflict::Unknown { folder, time_ms, source });
            }
        }
    }
    Ok(())
}

/// What both cover.
pub fn intersect(left: &[(u64, u64)], right: &[(u64, u64)]) -> Spans {
    let (mut l, mut r) = (0, 0);
    let mut both = Vec::new();
    while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
        let (from, to) = (a.0.max(b.0), a.1.min(b.1));
        if from < to {
            both.push((from, to));
        }
        if a.1 < b.1 { l += 1 } else { r += 1 }
    }
    both
}
