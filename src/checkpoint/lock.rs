//! Who runs: one lock file for each source and each stage that takes part, in
//! `DIR/locks`, and what they say of themselves in it.
//!
//! ```text
//! NAME.source     {"pid":1,"run":"4f0c…","generation":"99ab…","resume":1469283110000,"finish":false}
//! NAME.NN-tool    {"pid":2,"run":"4f0c…"}        run as in the head: 4f0c…+77aa… behind a join
//! .start          {"pid":1}                      held while a source decides
//! ```
//!
//! The content counts while the lock is held; what a dead process left there is
//! only used to tell whether a source was in the generation of one that lives.

use std::path::Path;

use serde_json::{Map, Value};

use super::job::{Layout, random};
use super::name::{Id, SOURCE_PART, check_source};
use super::storage::{LockFile, Storage, make_dir, names, read_if_there};
use super::{Error, Result};

/// Somebody who is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The lock that is held.
    pub lock: String,
    /// By which process, if its file says so.
    pub pid: Option<u64>,
}

/// Called each time that a lock was found held. It sleeps a little (50 ms or
/// so), tells the user if it takes long, and gives false to stop waiting.
pub type Wait<'w> = dyn FnMut(&Waiting) -> bool + 'w;

/// A lock is tried so often before it counts as held: whoever looks whether it
/// is held holds it for a moment.
const TRIES: usize = 5;

/// Another source of the generation before is waited for so often, which is some
/// ten seconds, and no longer: it may have been started together with this one, when a
/// source of the run before was still there, and have joined that one's generation. Then
/// it waits for this one, behind a join. All of them have to be started again.
const PATIENCE: u32 = 200;

/// What a lock file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The process.
    pub pid: Option<u64>,
    /// The token of the run that it is in.
    pub run: String,
    /// Of a source: the run of the whole pipeline that it was or is in.
    pub generation: Option<String>,
    /// Of a source: where that generation resumed.
    pub resume_ms: Option<u64>,
    /// Of a source: whether that generation only finishes what was closed.
    pub finish: bool,
}

impl Said {
    /// Reads it; what is not readable says nothing.
    pub fn parse(bytes: &[u8]) -> Said {
        // The file is written in place: behind the line may be the end of a longer one.
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Ok(Value::Object(object)) = serde_json::from_slice(line) else { return Said::default() };
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| object.get(key).and_then(Value::as_u64);
        Said {
            pid: number("pid"),
            run: text("run").unwrap_or_default(),
            generation: text("generation"),
            resume_ms: number("resume"),
            finish: object.get("finish").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// Of a lock file, held or not.
    pub fn of(storage: &dyn Storage, path: &Path) -> Result<Said> {
        Ok(read_if_there(storage, path)?.map_or_else(Said::default, |bytes| Said::parse(&bytes)))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut object = Map::new();
        object.insert("pid".into(), self.pid.into());
        object.insert("run".into(), self.run.as_str().into());
        if let Some(generation) = &self.generation {
            object.insert("generation".into(), generation.as_str().into());
        }
        if let Some(resume_ms) = self.resume_ms {
            object.insert("resume".into(), resume_ms.into());
            object.insert("finish".into(), self.finish.into());
        }
        format!("{}\n", Value::Object(object)).into_bytes()
    }
}

/// A lock that this process holds until it is dropped.
pub struct Lock {
    file: Box<dyn LockFile>,
    path: std::path::PathBuf,
}

impl Lock {
    /// Says something in the file.
    pub fn say(&mut self, said: &Said) -> Result<()> {
        let said = Said { pid: Some(std::process::id().into()), ..said.clone() };
        self.file.write(&said.to_bytes()).map_err(|error| Error::io("cannot write", &self.path, error))
    }

    /// Says it so that a power cut does not take it back.
    pub fn say_durably(&mut self, said: &Said) -> Result<()> {
        self.say(said)?;
        self.file.sync().map_err(|error| Error::io("cannot sync", &self.path, error))
    }

    /// What the file says; after [`take`] what its last holder said.
    pub fn said(&mut self) -> Result<Said> {
        let bytes = self.file.read().map_err(|error| Error::io("cannot read", &self.path, error))?;
        Ok(Said::parse(&bytes))
    }
}

/// Takes a lock, waiting for it.
pub fn take(storage: &dyn Storage, path: &Path, wait: &mut Wait<'_>) -> Result<Lock> {
    loop {
        match try_take(storage, path)? {
            Some(lock) => return Ok(lock),
            None => wait_for(storage, path, wait)?,
        }
    }
}

/// Takes a lock that should be free; `None` if it is held.
pub fn take_free(storage: &dyn Storage, path: &Path, wait: &mut Wait<'_>) -> Result<Option<Lock>> {
    for _ in 0..TRIES {
        match try_take(storage, path)? {
            Some(lock) => return Ok(Some(lock)),
            None => wait_for(storage, path, wait)?,
        }
    }
    Ok(None)
}

/// Takes a lock if it is free at this moment.
pub fn try_take(storage: &dyn Storage, path: &Path) -> Result<Option<Lock>> {
    let file = storage.lock(path).map_err(|error| Error::io("cannot lock", path, error))?;
    Ok(file.map(|file| Lock { file, path: path.to_owned() }))
}

fn wait_for(storage: &dyn Storage, path: &Path, wait: &mut Wait<'_>) -> Result<()> {
    let lock = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    match wait(&Waiting { lock, pid: Said::of(storage, path)?.pid }) {
        true => Ok(()),
        false => Err(Error::Interrupted),
    }
}

/// A lock that a process holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// The source or stage.
    pub id: Id,
    /// What its process says.
    pub said: Said,
}

/// The locks of sources and stages that are held now.
pub fn held(storage: &dyn Storage, layout: &Layout) -> Result<Vec<HeldLock>> {
    let mut held = Vec::new();
    for id in names(storage, &layout.locks())?.iter().filter_map(|name| Id::parse(name).ok()) {
        let path = layout.lock(&id);
        if is_held(storage, &path)? {
            held.push(HeldLock { id, said: Said::of(storage, &path)? });
        }
    }
    Ok(held)
}

/// Holds a checkpoint still, so that it can be changed: no source starts, and
/// a stage left over that comes late finds that its run is over.
pub struct Still {
    _locks: Vec<Lock>,
}

/// Takes all that is needed to change a checkpoint, or says who runs.
pub fn hold_still(storage: &dyn Storage, layout: &Layout) -> Result<Still> {
    make_dir(storage, &layout.locks())?;
    let busy = |held: HeldLock| Error::InUse { name: held.id.to_string(), pid: held.said.pid };
    let start_lock = layout.start_lock();
    let Some(mut start) = try_take(storage, &start_lock)? else {
        return Err(Error::InUse { name: ".start".to_owned(), pid: Said::of(storage, &start_lock)?.pid });
    };
    start.say(&Said::default())?;
    let mut locks = vec![start];
    if let Some(held) = held(storage, layout)?.into_iter().next() {
        return Err(busy(held));
    }
    for name in names(storage, &layout.sources())?.iter().filter(|name| check_source(name).is_ok()) {
        let id = Id::source(name)?;
        let Some(mut lock) = try_take(storage, &layout.lock(&id))? else {
            let said = Said::of(storage, &layout.lock(&id))?;
            return Err(busy(HeldLock { id, said }));
        };
        let before = lock.said()?;
        lock.say(&Said { run: random()?, ..before })?;
        locks.push(lock);
    }
    // Whoever came before it could see that its run is over.
    let own = |held: &HeldLock| held.id.is_source();
    match held(storage, layout)?.into_iter().find(|held| !own(held)) {
        Some(held) => Err(busy(held)),
        None => Ok(Still { _locks: locks }),
    }
}

fn is_held(storage: &dyn Storage, path: &Path) -> Result<bool> {
    storage.is_locked(path).map_err(|error| Error::io("cannot look at lock", path, error))
}

/// The generation that a source finds when nothing is in its way any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Nobody runs: it makes a new one.
    New,
    /// It joins the one of another source, which resumed there.
    Joined {
        /// Its name.
        generation: String,
        /// Where it resumed.
        resume_ms: u64,
        /// Whether it only finishes what was closed.
        finish: bool,
    },
}

/// Waits until nothing of an earlier run holds a lock. `before` is the
/// generation that the source called `name` was in.
pub fn wait_for_quiet(
    storage: &dyn Storage,
    layout: &Layout,
    name: &str,
    before: Option<&str>,
    wait: &mut Wait<'_>,
) -> Result<Generation> {
    let mut patience = PATIENCE;
    loop {
        let mut in_the_way = None;
        let mut others = None;
        let mut joined = None;
        for id in names(storage, &layout.locks())?.iter().filter_map(|name| Id::parse(name).ok()) {
            let path = layout.lock(&id);
            let own = id.is_source() && id.contains(name);
            if own || !is_held(storage, &path)? {
                continue;
            }
            if !id.is_source() {
                let found = if id.contains(name) { &mut in_the_way } else { &mut others };
                *found = Some(path);
                continue;
            }
            match Said::of(storage, &path)? {
                Said { generation: Some(generation), resume_ms: Some(resume_ms), finish, .. }
                    if Some(generation.as_str()) != before =>
                {
                    joined = Some(Generation::Joined { generation, resume_ms, finish });
                }
                _ => in_the_way = Some(path),
            }
        }
        // Stages that are not behind this source may belong to the generation joined.
        let path = match (in_the_way, joined, others) {
            (Some(path), ..) | (None, None, Some(path)) => path,
            (None, Some(joined), _) => return Ok(joined),
            (None, None, None) => return Ok(Generation::New),
        };
        if path.extension().is_some_and(|part| part == SOURCE_PART) {
            patience -= 1;
            if patience == 0 {
                let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                return Err(Error::GoesOn { name, pid: Said::of(storage, &path)?.pid });
            }
        }
        wait_for(storage, &path, wait)?;
    }
}

/// Whether the source called `name` is running `run`.
pub fn check_run(storage: &dyn Storage, layout: &Layout, name: &str, run: &str) -> Result<()> {
    let path = layout.lock(&Id::source(name)?);
    let newest = Said::of(storage, &path)?.run;
    if !run.is_empty() && newest == run {
        return Ok(());
    }
    if !run.is_empty() && !newest.is_empty() {
        return Err(Error::Over { source: name.to_owned(), dir: layout.dir().to_owned() });
    }
    Err(Error::OtherRun { source: name.to_owned(), dir: layout.dir().to_owned() })
}
