//! What a viewer looks at: all published pipelines, those of some names, or
//! trace logs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::follow::FollowError;
use super::publish::Wish;
use super::registry::{Feed, Pipeline, Registry};
use super::runtime::{self, RuntimeError};

/// Pipelines from the runtime directory and from trace logs.
#[derive(Debug)]
pub struct Sources {
    registry: Option<Registry>,
    directory: PathBuf,
    names: Vec<String>,
    logs: Vec<(PathBuf, Feed)>,
    limit: usize,
    wish: Option<Wish>,
}

/// Why a trace log cannot be shown.
#[derive(Debug)]
pub struct LogError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: FollowError,
}

impl Sources {
    /// A NAME that is a file is a trace log, any other one a running pipeline;
    /// without names all that run. Keeps at most `limit` batches a pipeline.
    pub fn open(names: &[OsString], limit: usize) -> Result<Sources, LogError> {
        let (files, names): (Vec<&OsString>, Vec<&OsString>) = names.iter().partition(|name| Path::new(name).is_file());
        let mut logs = Vec::new();
        for path in files.iter().map(PathBuf::from) {
            let opened = Feed::open(&path).map_err(FollowError::Read).and_then(|mut feed| {
                feed.poll(limit)?;
                Ok(feed)
            });
            match opened {
                Ok(feed) => logs.push((path, feed)),
                Err(error) => return Err(LogError { path, error }),
            }
        }
        let directory = runtime::directory();
        let looks_at_running = files.is_empty() || !names.is_empty();
        let registry = looks_at_running.then(|| Registry::new(vec![directory.clone()], limit));
        let names = names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let mut sources = Sources { registry, directory, names, logs, limit, wish: None };
        sources.refresh();
        Ok(sources)
    }

    /// Takes what has come since the last time.
    pub fn refresh(&mut self) {
        if let Some(registry) = &mut self.registry {
            registry.refresh();
        }
        for (_, feed) in &mut self.logs {
            // A log that breaks off is shown as far as it goes.
            let _ = feed.poll(self.limit);
        }
    }

    /// Asks the stages for samples of their records from now on.
    pub fn wish_for_records(&mut self) -> Result<(), RuntimeError> {
        if self.wish.is_none() {
            self.wish = Some(Wish::make(&self.directory)?);
        }
        Ok(())
    }

    /// The pipelines, the newest first, then the trace logs.
    pub fn pipelines(&self) -> Vec<Pipeline<'_>> {
        let mut pipelines: Vec<Pipeline<'_>> = self.registry.iter().flat_map(Registry::pipelines).collect();
        if !self.names.is_empty() {
            pipelines.retain(|pipeline| self.names.iter().any(|name| pipeline.is_called(name)));
        }
        let logs =
            self.logs.iter().filter_map(|(_, feed)| Some(Pipeline { end: feed, view: feed.view()?, members: vec![] }));
        pipelines.extend(logs);
        pipelines
    }

    /// The pipeline with this key.
    pub fn pipeline(&self, key: &str) -> Option<Pipeline<'_>> {
        self.pipelines().into_iter().find(|pipeline| pipeline.key() == key)
    }
}
