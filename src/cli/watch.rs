//! Who watches a stage: everybody with sstream-top, and whom the options name.

use std::net::TcpListener;

use super::args::WatchArgs;
use super::{Environment, ToolError};
use crate::monitor::metrics::StageMetrics;
use crate::monitor::publish::UNSEEN_VARIABLE;
use crate::monitor::runtime;
use crate::monitor::watch::Watch;

/// Opens what the options name. Nothing is published before there is a head.
pub fn open(arguments: &WatchArgs, environment: &Environment) -> Result<(), ToolError> {
    let mut watch = match std::env::var_os(UNSEEN_VARIABLE) {
        None => Watch::publishing(runtime::directory(), environment.console.clone()),
        Some(_) => Watch::nobody(environment.console.clone()),
    };
    if let Some(path) = &arguments.trace_log {
        let opened = watch.add_log(path);
        opened.map_err(|error| ToolError::Open { what: format!("--trace-log {}", path.display()), error })?;
    }
    if arguments.metrics.is_some() || arguments.metrics_file.is_some() {
        let mut metrics = StageMetrics::new();
        if let Some(address) = arguments.metrics {
            let served = TcpListener::bind(address).and_then(|listener| metrics.serve(listener));
            served.map_err(|error| ToolError::Open { what: format!("--metrics {address}"), error })?;
        }
        if let Some(path) = &arguments.metrics_file {
            metrics.write_to(path.clone());
        }
        watch.add_metrics(metrics);
    }
    environment.watch.replace(watch);
    Ok(())
}
