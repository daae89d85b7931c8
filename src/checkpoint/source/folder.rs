//! The files of a source's folder, found or made.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::SourceOptions;
use crate::checkpoint::job::{Job, Layout, Places, SourceFile, random, show_pipeline};
use crate::checkpoint::offsets::{Offsets, Position};
use crate::checkpoint::storage::{Storage, make_dir, names, remove_folder};
use crate::checkpoint::wal::{Range, Wal};
use crate::checkpoint::{Error, Result};

/// What all sources have in common, and whether it is made now, by the first of them.
pub(super) fn open_job(storage: &dyn Storage, layout: &Layout, options: &SourceOptions<'_>) -> Result<(Job, bool)> {
    match Job::read(storage, layout)? {
        Some(job) => Ok((job, false)),
        None => {
            // It is written before any folder.
            for name in names(storage, &layout.sources())? {
                if SourceFile::read(storage, &layout.source(&name))?.is_some() {
                    let path = layout.dir().to_owned();
                    return Err(Error::Lost { path, what: "job.json is gone".to_owned() });
                }
            }
            let pipeline = json!([options.arguments]);
            let job = Job { id: random()?, start_ms: options.start_ms, pipeline, resets: 0 };
            job.write(storage, layout)?;
            Ok((job, true))
        }
    }
}

/// What a source goes on with.
pub(super) struct Opened {
    pub(super) offsets: Offsets,
    pub(super) wal: Option<Wal>,
    pub(super) position: Position,
    pub(super) last_range: Option<Range>,
}

/// Of a source that was not there before.
pub(super) fn make_folder(
    storage: &Arc<dyn Storage>,
    folder: &Path,
    options: &SourceOptions<'_>,
    base_ms: u64,
) -> Result<Opened> {
    // What a crash left without its file.
    remove_folder(&**storage, folder)?;
    make_dir(&**storage, folder)?;
    let dir = folder.join("offsets");
    make_dir(&**storage, &dir)?;
    let offsets = Offsets::create(storage.clone(), &dir, base_ms)?;
    let wal = match options.wal {
        true => {
            let dir = folder.join("wal");
            make_dir(&**storage, &dir)?;
            Some(Wal::create(storage.clone(), &dir)?)
        }
        false => None,
    };
    file_of(options).write(&**storage, folder)?;
    Ok(Opened { offsets, wal, position: Position::default(), last_range: None })
}

/// Of one that was.
pub(super) fn open_folder(storage: &Arc<dyn Storage>, folder: &Path, known: &SourceFile) -> Result<Opened> {
    let dir = folder.join("offsets");
    let (offsets, position) = Offsets::open(storage.clone(), &dir)?;
    let (mut wal, mut last_range) = (None, None);
    if known.wal {
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        last_range = newest.map(|bytes| Range::from_bytes(bytes, &dir)).transpose()?;
        wal = Some(Wal::open(storage.clone(), &folder.join("wal"), last_range)?);
    }
    Ok(Opened { offsets, wal, position, last_range })
}

/// Refuses a source that cannot go on with what another one has left.
pub(super) fn check_same(options: &SourceOptions<'_>, known: &SourceFile, job: &Job) -> Result<()> {
    let file = file_of(options);
    let follows = options.places.zip(known.places.as_ref()).is_some_and(|(places, was)| places.follow(was));
    if (file.arguments == known.arguments || follows) && file.wal == known.wal {
        return Ok(());
    }
    let show = |file: &SourceFile| format!("{} (a batch each {})", file.arguments, file.interval);
    let pipelines = Box::new((show_pipeline(&job.pipeline), format!("{} | …", options.arguments)));
    let (name, was, now) = (options.name.to_owned(), show(known), show(&file));
    Err(Error::Mismatch { name, was, now, pipelines })
}

pub(super) fn file_of(options: &SourceOptions<'_>) -> SourceFile {
    SourceFile {
        arguments: options.arguments.to_owned(),
        interval: options.interval,
        retain: options.retain,
        wal: options.wal,
        places: options.places.map(|places| Places { may_go: false, ..places.clone() }),
    }
}

/// What a source read and does not any more.
pub(super) fn gone(known: &SourceFile, options: &SourceOptions<'_>) -> Vec<String> {
    let now = options.places.map_or(&[][..], |places| &places.all);
    let was = known.places.iter().flat_map(|places| &places.all);
    was.filter(|place| options.places.is_some() && !now.contains(place)).cloned().collect()
}
