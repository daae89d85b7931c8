//! How far a pipeline's checkpoint is: looked up in its directory by whoever
//! shows it, so that it costs the stages nothing.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::checkpoint::commits;
use crate::checkpoint::job::Layout;
use crate::checkpoint::log::View;
use crate::checkpoint::storage::{Disk, Storage};
use crate::frame::BatchTime;

/// What a look at a checkpoint gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The newest batch that all sinks have committed.
    pub committed: Option<BatchTime>,
    /// When the sink whose newest commit is the oldest made it, in ms since the
    /// Unix epoch.
    pub committed_at_ms: Option<u64>,
    /// When the stage whose newest save is the oldest made it.
    pub saved_at_ms: Option<u64>,
    /// What all of it takes on disk.
    pub bytes: u64,
}

/// Looks at the checkpoint in a directory. What is not there, or cannot be
/// read now, is left out: others write while this looks.
pub fn look(directory: &Path) -> Checkpoint {
    let layout = Layout::new(directory);
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let (sinks, stages) = (folders(&layout.commits()), folders(&layout.stages()));
    let committed: Option<Vec<u64>> = sinks
        .iter()
        .map(|folder| commits::look(storage.clone(), folder, View::Visible).ok().flatten()?.last_ms)
        .collect();
    let oldest = |folders: &[std::path::PathBuf]| folders.iter().map(|folder| weigh(folder).1).min().flatten();
    Checkpoint {
        committed: committed.and_then(|times| times.into_iter().min()).map(BatchTime),
        committed_at_ms: oldest(&sinks),
        saved_at_ms: oldest(&stages),
        bytes: weigh(directory).0,
    }
}

fn folders(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The bytes of all files below a directory, and when the newest was written.
fn weigh(directory: &Path) -> (u64, Option<u64>) {
    let (mut bytes, mut newest_ms) = (0, None);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let (more, written_ms) = if metadata.is_dir() {
            weigh(&entry.path())
        } else {
            (metadata.len(), metadata.modified().ok().and_then(milliseconds))
        };
        bytes += more;
        newest_ms = newest_ms.max(written_ms);
    }
    (bytes, newest_ms)
}

fn milliseconds(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_millis()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::commits::CommitLog;

    #[test]
    fn the_slowest_sink_counts() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(look(directory.path()), Checkpoint::default());
        let storage: Arc<dyn Storage> = Arc::new(Disk);
        let commits = directory.path().join("commits");
        fs::create_dir(&commits).unwrap();
        for (name, last_ms) in [("stdin.02-print", 5000), ("stdin.04-files", 3000)] {
            fs::create_dir(commits.join(name)).unwrap();
            let mut log = CommitLog::create(storage.clone(), &commits.join(name), 1000.into()).unwrap();
            (1..=last_ms / 1000).for_each(|second| log.commit(second * 1000, b"").unwrap());
            log.sync().unwrap();
        }
        let seen = look(directory.path());
        assert_eq!((seen.committed, seen.saved_at_ms), (Some(BatchTime(3000)), None));
        assert!(seen.committed_at_ms.is_some() && seen.bytes > 0, "{seen:?}");
    }
}
