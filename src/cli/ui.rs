//! `sstream-ui`.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};

use clap::Parser;

use super::args::{Common, Messages, parse_address};
use super::{Environment, Tool, ToolError, top};
use crate::monitor::ui::Site;
use crate::net::http::Guard;

/// Where the page is served unless told otherwise; the next free port if this
/// one is taken.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4040);

/// So many ports are tried, as Spark does.
const TRIES: u16 = 16;

/// Serve a web page that shows running pipelines, or trace logs
///
/// Without NAME it shows all pipelines of this user. The page is on
/// http://127.0.0.1:4040, or the next free port; /api/v1/ has the same as JSON,
/// /metrics as OpenMetrics.
#[derive(Parser, Debug)]
pub struct UiTool {
    /// Pipelines by --name, id or process, or trace logs by file
    #[arg(value_name = "NAME|FILE")]
    names: Vec<OsString>,

    /// Serve here; a port alone is on 127.0.0.1 [default: 4040 or the next free port]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    listen: Option<SocketAddr>,

    /// A name by which browsers may reach the page, beside addresses and localhost
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// Show the first records of each batch too, to whoever can reach the page
    #[arg(long)]
    show_records: bool,

    /// How many batches of a pipeline to keep
    #[arg(long, value_name = "BATCHES", default_value_t = 86_400)]
    retain: usize,

    #[command(flatten)]
    messages: Messages,
}

impl Tool for UiTool {
    const NAME: &'static str = "sstream-ui";
    const EXAMPLES: &'static str = "  \
  sstream-ui
  sstream-ui --listen 8080 --show-records
  sstream-ui trace.jsonl
";

    const IS_STAGE: bool = false;

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        let mut sources = top::sources(&self.names, self.retain)?;
        if self.show_records {
            sources.wish_for_records().map_err(|error| ToolError::Usage(format!("--show-records: {error}")))?;
        }
        let (listener, address) = self.bind()?;
        environment.console.warn(&format!("the page is at http://{address}/"));
        let guard = Guard::for_address(address, self.host);
        let site = Site::new(sources, self.show_records);
        let served = site.serve(listener, guard, &environment.stop);
        served.map_err(|error| ToolError::Open { what: format!("http://{address}/"), error })
    }
}

impl UiTool {
    fn bind(&self) -> Result<(TcpListener, SocketAddr), ToolError> {
        let mut address = self.listen.unwrap_or(ADDRESS);
        let tries = if self.listen.is_some() { 1 } else { TRIES };
        for left in (0..tries).rev() {
            let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
            match bound {
                Ok((bound, listener)) => return Ok((listener, bound)),
                Err(error) if left == 0 => {
                    return Err(ToolError::Open { what: format!("--listen {address}"), error });
                }
                Err(_) => address.set_port(address.port() + 1),
            }
        }
        Err(ToolError::Usage(format!("--listen: no free port from {ADDRESS} on")))
    }
}
