//! `sstream-checkpoint reset` and `forget`.

use super::moment::{self, Moment};
use super::print;
use crate::checkpoint::forget::forget as forget_stage;
use crate::checkpoint::inspect::Inspected;
use crate::checkpoint::reset::{self, Change, What};
use crate::cli::{Environment, ToolError};

/// Lets all begin again, or says what that would do.
pub fn reset(inspected: &Inspected, to: Moment, yes: bool, environment: &Environment) -> Result<(), ToolError> {
    let to_ms = to.time_ms(inspected)?;
    let changes = match yes {
        true => reset::reset(inspected, to_ms)?,
        false => reset::plan(inspected, to_ms)?,
    };
    let begin = if yes { "all begins" } else { "all would begin" };
    let mut text = format!("{begin} again after {}\n", moment::show(to_ms));
    for change in &changes {
        text += &format!("  {}: {}\n", change.folder, show(change, to_ms));
    }
    print::text(&text)?;
    if !yes {
        environment.console.warn("nothing was done: --yes does it");
    }
    Ok(())
}

fn show(change: &Change, to_ms: u64) -> String {
    match change.what {
        What::SendAgain(0) => "sends nothing again".to_owned(),
        What::SendAgain(batches) => format!("sends {} again, as recorded", count(batches)),
        What::CutOff(Some(newest_ms)) if newest_ms > to_ms => {
            format!("its state goes back, from {}", moment::show(newest_ms))
        }
        What::CutOff(_) => "its state is as it was then".to_owned(),
        What::TakeBack { batches, span: Some((first_ms, last_ms)) } => format!(
            "{} committed, from {} to {}, to be written again; output that is there stays until then",
            count(batches),
            moment::show(first_ms),
            moment::show(last_ms)
        ),
        What::TakeBack { span: None, .. } => "has committed nothing newer".to_owned(),
    }
}

/// So many batches, for people.
pub fn count(batches: u64) -> String {
    if batches == 1 { "1 batch".to_owned() } else { format!("{batches} batches") }
}

/// Lets a stage go, or says what that would do.
pub fn forget(inspected: &Inspected, stage: &str, yes: bool, environment: &Environment) -> Result<(), ToolError> {
    if yes {
        let resume_ms = forget_stage(&inspected.storage, &inspected.layout, stage)?;
        return print::text(&format!("{stage} is forgotten: all resume after {}\n", moment::show(resume_ms)));
    }
    let survey = &inspected.survey;
    let known = survey.stage_names();
    if !known.iter().any(|known| known == stage) {
        return Err(crate::checkpoint::Error::NoStage { name: stage.to_owned(), known }.into());
    }
    let mut text = String::new();
    if survey.stages.iter().any(|(id, ..)| id.to_string() == stage) {
        text += &format!("stages/{stage}: its state would be lost; a stage of this name would begin with nothing\n");
    }
    if survey.sinks.iter().any(|(id, ..)| id.to_string() == stage) {
        text += &format!("commits/{stage}: what it has committed would be forgotten, and not be written by it again\n");
    }
    print::text(&text)?;
    environment.console.warn("nothing was done: --yes does it");
    Ok(())
}
