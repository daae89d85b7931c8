//! Letting a stage of a checkpoint go.

use std::sync::Arc;

use super::job::{Job, Layout};
use super::lock::hold_still;
use super::log::View;
use super::storage::{Storage, remove_folder};
use super::survey::Survey;
use super::{Error, Result};

/// Forgets the folders of the stage called `name`: they hold nothing back any
/// more, and a stage of that name would begin anew. Gives the time that all
/// resume at now. Refused while the pipeline runs.
pub fn forget(storage: &Arc<dyn Storage>, layout: &Layout, name: &str) -> Result<u64> {
    let Some(job) = Job::read(&**storage, layout)? else {
        return Err(Error::NoCheckpoint { dir: layout.dir().to_owned() });
    };
    // Held to the end of this function.
    let _still = hold_still(&**storage, layout)?;
    let mut survey = Survey::take(storage, layout, job, View::Visible)?;
    let known: Vec<String> = survey.stage_names();
    if !known.iter().any(|known| known == name) {
        return Err(Error::NoStage { name: name.to_owned(), known });
    }
    let before = survey.resume();
    survey.stages.retain(|(id, ..)| id.to_string() != name);
    survey.sinks.retain(|(id, ..)| id.to_string() != name);
    // With no end left only the start would count. So the start moves on, as if
    // one were there.
    let mut inputs = survey.inputs();
    inputs.folders.iter_mut().for_each(|folder| folder.end = true);
    let resume_ms = match inputs.folders.is_empty() {
        // A sink that takes its place goes on where it was.
        true => before?.resume_ms,
        false => survey.resume_of(&inputs)?.resume_ms,
    };
    survey.job.start_ms = resume_ms;
    // First the new start: a crash in between leaves a folder that is forgotten again.
    survey.job.write(&**storage, layout)?;
    for dir in [layout.stages(), layout.commits()] {
        remove_folder(&**storage, &dir.join(name))?;
    }
    Ok(resume_ms)
}
