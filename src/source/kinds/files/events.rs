//! What the system tells of directories: events, and a wait that they end.
//!
//! Events are hints. A file system over a network has none for what others do, and
//! the system drops some when too many come, so whoever uses them also looks by
//! itself now and then.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::console::Console;
use crate::flow::Waited;
use crate::os;
use crate::signal::StopSignal;
use crate::source::kinds::stdin::{Ready, wait_readable};

/// More paths than this at once, and the directories are looked through instead.
const MOST_PATHS: usize = 1 << 16;

/// What happened since it was asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Paths where something happened, and whether a file was renamed to there.
    pub paths: HashMap<PathBuf, bool>,
    /// Something was missed, or a directory came or went: look everywhere.
    pub look_everywhere: bool,
}

impl Seen {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.look_everywhere
    }

    fn add(&mut self, result: notify::Result<Event>) {
        let Ok(event) = result else {
            self.look_everywhere = true;
            return;
        };
        let is_rename = match event.kind {
            // Our own reading is among these.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) if !event.need_rescan() => return,
            EventKind::Modify(ModifyKind::Name(mode)) => mode != RenameMode::From,
            _ => false,
        };
        self.look_everywhere |= event.need_rescan() || event.kind == EventKind::Create(CreateKind::Folder);
        // Of a rename with both names the last one is the new one.
        if let Some(path) = event.paths.into_iter().next_back() {
            *self.paths.entry(path).or_default() |= is_rename;
        }
        if self.paths.len() > MOST_PATHS {
            self.paths.clear();
            self.look_everywhere = true;
        }
    }
}

/// Watches directories.
pub struct Events {
    shared: Arc<Shared>,
    wake: OwnedFd,
    /// None where the system has no events for us.
    watcher: Option<RecommendedWatcher>,
    /// Each with device and inode, since one of the same name may be another.
    dirs: HashMap<PathBuf, (u64, u64)>,
    stop: StopSignal,
    waited: Waited,
    console: Console,
}

/// Between the thread that gets events and the source.
struct Shared {
    seen: Mutex<Seen>,
    wake: OwnedFd,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    /// Watches nothing yet.
    pub fn open(stop: StopSignal, waited: Waited, console: Console) -> io::Result<Events> {
        let (wake, write) = os::pipe_without_waiting()?;
        let shared = Arc::new(Shared { seen: Mutex::default(), wake: write });
        let sender = shared.clone();
        let watcher = notify::recommended_watcher(move |result| {
            let mut seen = sender.seen();
            let was_empty = seen.is_empty();
            seen.add(result);
            if was_empty && !seen.is_empty() {
                // A pipe that is full wakes as well.
                let _ = rustix::io::write(&sender.wake, b"e");
            }
        });
        let mut events = Events { shared, wake, watcher: None, dirs: HashMap::new(), stop, waited, console };
        match watcher {
            Ok(watcher) => events.watcher = Some(watcher),
            Err(error) => events.tell("files", &error),
        }
        Ok(events)
    }

    /// Whether what changes in the watched directories is told, on a local file system.
    pub fn are_told(&self) -> bool {
        self.watcher.is_some()
    }

    /// Watches these directories, and no others.
    pub fn watch(&mut self, dirs: &[PathBuf]) {
        let identity = |dir: &Path| dir.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()));
        let wanted: HashMap<&PathBuf, (u64, u64)> = dirs.iter().filter_map(|dir| Some((dir, identity(dir)?))).collect();
        let Some(watcher) = &mut self.watcher else { return };
        self.dirs.retain(|dir, known| {
            let keep = wanted.get(dir) == Some(known);
            if !keep {
                // The watch is gone already if the directory is.
                let _ = watcher.unwatch(dir);
            }
            keep
        });
        for (dir, identity) in wanted {
            if self.dirs.contains_key(dir) {
                continue;
            }
            match watcher.watch(dir, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.dirs.insert(dir.clone(), identity)),
                // Gone again.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => {
                    self.watcher = None;
                    return self.tell(&dir.display().to_string(), &error);
                }
            }
        }
    }

    fn tell(&self, what: &str, error: &notify::Error) {
        let advice = match error.kind {
            notify::ErrorKind::MaxFilesWatch => ": raise the sysctl fs.inotify.max_user_watches",
            _ => "",
        };
        self.console.warn(&format!("{what}: no events ({error}), looking every second instead{advice}"));
    }

    /// What happened since the last call.
    pub fn take(&mut self) -> Seen {
        let mut byte = [0; 16];
        let _ = rustix::io::read(&self.wake, &mut byte);
        std::mem::take(&mut *self.shared.seen())
    }

    /// Waits for an event, a signal to stop, or for `timeout`.
    pub fn wait(&self, timeout: Duration) -> io::Result<Ready> {
        self.waited.during(|| wait_readable(self.wake.as_fd(), Some(self.stop.wake()), Some(timeout)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Level;

    #[test]
    fn a_rename_is_told_from_a_write_and_reading_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (stop, _stopper) = StopSignal::manual().unwrap();
        let mut events = Events::open(stop, Waited::default(), Console::new("test", Level::Error)).unwrap();
        events.watch(&[folder.path().to_owned()]);
        std::fs::write(path("a"), "1").unwrap();
        std::fs::rename(path("a"), path("b")).unwrap();
        // A rename is told in several events; behind that of the last thing done no more come.
        std::fs::create_dir(path("last")).unwrap();
        let mut seen = Seen::default();
        while !seen.paths.contains_key(&path("last")) {
            assert_eq!(events.wait(Duration::from_secs(20)).unwrap(), Ready::Input);
            let more = events.take();
            seen.paths.extend(more.paths);
        }
        assert_eq!(seen.paths.get(&path("b")), Some(&true));
        assert_eq!(seen.paths.get(&path("a")), Some(&false));
        // It may have been told of while the events were being taken.
        assert!(events.take().is_empty());
        std::fs::read(path("b")).unwrap();
        assert_eq!(events.wait(Duration::from_millis(20)).unwrap(), Ready::Timeout);
        assert!(events.take().is_empty());
    }

    #[test]
    fn what_is_too_much_or_missed_is_looked_for() {
        let mut seen = Seen::default();
        for number in 0..=MOST_PATHS {
            seen.add(Ok(Event::new(EventKind::Create(CreateKind::File)).add_path(number.to_string().into())));
        }
        assert!(seen.look_everywhere && seen.paths.is_empty());
        let mut seen = Seen::default();
        seen.add(Ok(Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan)));
        assert!(seen.look_everywhere);
    }
}
