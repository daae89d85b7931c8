//! Options of `sstream-sink serve`.

use clap::Args;

use crate::cli::guarantee::SinkGuarantee;
use crate::cli::{Environment, ToolError};
use crate::duration;
use crate::net::address::OwnAddress;
use crate::net::http::Guard;
use crate::sink::kinds::serve::{Limits, Serve};

/// What holds for the records of a page.
pub const SHOWN: SinkGuarantee =
    SinkGuarantee::BestEffort("the page shows the newest batches; a restart begins with those that come then");

/// `serve`.
#[derive(Args, Clone, Debug)]
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

impl ServeArgs {
    /// Makes the sink, which serves at once.
    pub fn open(&self, environment: &Environment) -> Result<Serve, ToolError> {
        let place = &self.address.0;
        let failed = |error| ToolError::Open { what: format!("serve {place}"), error };
        let (listener, address) = Serve::listen(&place.host, place.port).map_err(failed)?;
        let guard = Guard::for_address(address, self.host.clone());
        let limits = Limits { batches: self.history, rows: self.rows, bytes: self.buffer };
        let serve = Serve::new(listener, guard, &self.title, limits, environment.waited.clone()).map_err(failed)?;
        environment.console.warn(&format!("the page is at http://{address}/"));
        Ok(if self.stay { serve.staying(environment.stop.clone()) } else { serve })
    }
}
