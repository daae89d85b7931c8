//! `serve`: a web page.

use clap::Args;

use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::SinkGuarantee;
use crate::duration;
use crate::net::address::OwnAddress;
use crate::net::http::Guard;
use crate::sink::Sink;
use crate::sink::kinds::serve::{Limits, Serve};

/// A web page that shows the newest batch, for whoever opens it
///
/// The newest batch as a table, its numbers as bars, and as curves over the batches before it. Pairs, objects, numbers and a top list
/// are each shown as what they are. On 127.0.0.1 unless a host is given; port 0 is any free port, and stderr
/// tells the address. /latest.json has the newest batch, /batches.json all that the history holds, /events each new
/// one as a server-sent event, /ws as a WebSocket's message: {"batch":TIME,"records":N,"rows":[...]}.
///
/// The pipeline waits for nobody: who takes batches more slowly than the history is long is told how many it
/// missed. Whoever reaches the port sees the records.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The port, and the address to serve on
    #[arg(value_name = "[HOST:]PORT")]
    address: OwnAddress,

    /// A name by which browsers may reach the page, beside addresses and localhost
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// What the page is called
    #[arg(long, value_name = "TEXT", default_value = "sstream")]
    title: String,

    /// So many batches are kept, for curves and for who comes late
    #[arg(long, value_name = "BATCHES", default_value_t = 300, value_parser = parse_history)]
    history: usize,

    /// The first records of a batch that are shown
    #[arg(long, value_name = "RECORDS", default_value_t = 1000)]
    rows: u64,

    /// After the end of the stream go on serving, until Ctrl-C or SIGTERM
    #[arg(long)]
    stay: bool,

    /// Batches held in memory: with more the oldest are forgotten earlier, and of one batch a quarter of it is shown
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "32MiB", help_heading = "Memory")]
    buffer: usize,
}

fn parse_history(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|batches| *batches > 0).ok_or_else(|| "a whole number from 1 on".to_owned())
}

pub const NAME: &str = "serve";

impl BuiltIn for ServeArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "shows the newest batches on a web page"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        let what = "the page shows the newest batches; a restart begins with those that come then";
        Some(SinkGuarantee::BestEffort(what))
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let environment = opening.environment;
        let place = &self.address.0;
        let failed = |error| ToolError::Open { what: format!("serve {place}"), error };
        let (listener, address) = Serve::listen(&place.host, place.port).map_err(failed)?;
        let guard = Guard::for_address(address, self.host.clone());
        let limits = Limits { batches: self.history, rows: self.rows, bytes: self.buffer };
        let serve = Serve::new(listener, guard, &self.title, limits, environment.waited.clone()).map_err(failed)?;
        environment.console.warn(&format!("the page is at http://{address}/"));
        Ok(Box::new(if self.stay { serve.staying(environment.stop.clone()) } else { serve }))
    }
}
