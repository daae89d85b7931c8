//! `sstream ps` and `sstream stop`.

use crate::cli::table::table;
use crate::cli::{Environment, ToolError};
use crate::clock::Clock as _;
use crate::monitor::registry::{Life, Pipeline, Registry};
use crate::monitor::runtime;
use crate::monitor::view::{Spark, show_span, show_time, show_watermark};

/// Few batches are enough for a line.
const BATCHES: usize = 10;

fn registry() -> Registry {
    let mut registry = Registry::new(vec![runtime::directory()], BATCHES);
    registry.refresh();
    registry
}

/// A line for each pipeline that runs.
pub fn list(environment: &Environment) -> Result<String, ToolError> {
    let now_ms = environment.clock.read().wall_ms();
    let registry = registry();
    let running = registry.pipelines();
    let running: Vec<&Pipeline<'_>> = running.iter().filter(|pipeline| pipeline.life() == Life::Running).collect();
    let heads = ["ID", "NAME", "AGE", "INTERVAL", "BATCH", "LAG", "WATERMARK", "STATE", "STAGES"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(running.iter().map(|pipeline| row(pipeline, now_ms)));
    if running.iter().any(|pipeline| pipeline.view.facts().spark.is_some()) {
        add_spark(&mut rows, &running);
    }
    if rows.len() == 1 {
        environment.console.info(&format!("no pipeline of this user publishes in {}", runtime::directory().display()));
    }
    Ok(table(&rows))
}

fn row(pipeline: &Pipeline<'_>, now_ms: u64) -> Vec<String> {
    let (view, facts) = (pipeline.view, pipeline.view.facts());
    let last = view.batches().back();
    let age_ms = facts.publisher.map_or(0, |(_, since)| now_ms.saturating_sub(since));
    let lag = match last {
        Some(batch) if !facts.is_virtual => {
            // What the last batch took, or how long the next one is overdue.
            let overdue = now_ms.saturating_sub(batch.time.after(facts.interval).0) as f64;
            show_span(batch.delays.total_ms().max(overdue))
        }
        _ => "-".to_owned(),
    };
    let state = match view.behind_since() {
        _ if last.is_none() => "waiting".to_owned(),
        Some(since) => format!("behind since {}", show_time(since)),
        None if view.disagreement().is_some() => "loses records".to_owned(),
        None => "keeps up".to_owned(),
    };
    let batch = last
        .map_or("-".to_owned(), |batch| if facts.is_virtual { batch.time.to_string() } else { show_time(batch.time) });
    let stages: Vec<&str> = facts.stages.iter().map(|stage| stage.description.as_str()).collect();
    vec![
        facts.id.split('+').map(|id| &id[..id.len().min(8)]).collect::<Vec<_>>().join("+"),
        facts.called().unwrap_or("-").to_owned(),
        show_span(age_ms as f64),
        facts.interval.to_string(),
        batch,
        lag,
        last.and_then(|batch| batch.watermark).map_or("-".to_owned(), show_watermark),
        state,
        stages.join(" | "),
    ]
}

/// Puts a column before the stages that says which applications on a Spark cluster some of the pipelines are.
fn add_spark(rows: &mut [Vec<String>], pipelines: &[&Pipeline<'_>]) {
    let places =
        pipelines.iter().map(|pipeline| pipeline.view.facts().spark.as_ref().map_or("-".to_owned(), Spark::place));
    for (row, place) in rows.iter_mut().zip(std::iter::once("SPARK".to_owned()).chain(places)) {
        row.insert(row.len() - 1, place);
    }
}

/// Asks the first stages of the named pipelines to stop.
pub fn stop(names: &[String], environment: &Environment) -> Result<(), ToolError> {
    let registry = registry();
    let pipelines: Vec<Pipeline<'_>> =
        registry.pipelines().into_iter().filter(|pipeline| pipeline.life() == Life::Running).collect();
    let mut processes: Vec<(u32, String)> = Vec::new();
    for name in names {
        let mut called = pipelines.iter().filter(|pipeline| pipeline.is_called(name)).peekable();
        if called.peek().is_none() {
            return Err(ToolError::Usage(format!(
                "{name}: no running pipeline of this user is called so: sstream ps lists them, by name, id or process"
            )));
        }
        for pipeline in called {
            let firsts = first_stages(pipeline);
            if firsts.is_empty() {
                return Err(ToolError::Usage(format!(
                    "{name}: its first stage does not run here, or under another user: stop it there"
                )));
            }
            processes.extend(firsts);
        }
    }
    processes.sort();
    processes.dedup();
    for (process, stage) in processes {
        let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
        let asked = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        match asked {
            Some(Err(error)) if error != rustix::io::Errno::SRCH => {
                return Err(ToolError::Open { what: format!("process {process} ({stage})"), error: error.into() });
            }
            _ => environment.console.warn(&format!("asked process {process} to stop: {stage}")),
        }
    }
    Ok(())
}

/// The processes at the beginning of a pipeline that still run; of an application on a Spark cluster its driver, which
/// is all that runs here.
fn first_stages(pipeline: &Pipeline<'_>) -> Vec<(u32, String)> {
    let facts = pipeline.view.facts();
    let stages = &facts.stages;
    let firsts = pipeline.members.iter().filter(|(index, feed)| {
        let is_first = facts.spark.is_some() || stages.get(*index).is_some_and(|stage| stage.inputs.is_empty());
        is_first && feed.life() == Life::Running
    });
    firsts.filter_map(|(index, feed)| Some((feed.pid()?, stages[*index].description.clone()))).collect()
}
