//! Where times that name no zone are, and days begin.

use clap::Args;
use jiff::tz::TimeZone;

use crate::interval::parse_zone;

/// The zone of batches, of windows and of times: one for all that a tool has of these.
#[derive(Args, Clone, Debug, Default)]
pub struct ZoneArgs {
    /// The zone in whose calendar batches and windows of hours, days and longer end, and of times that
    /// name none: Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, help_heading = "Raw input")]
    pub time_zone: Option<TimeZone>,
}

impl ZoneArgs {
    /// The zone of times and days.
    pub fn zone(&self) -> TimeZone {
        self.time_zone.clone().unwrap_or(TimeZone::UTC)
    }
}
