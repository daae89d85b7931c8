//! Options of a stage that runs in parts, which `sstream-submit` gives.

use clap::Args;

use crate::event::Timing;
use crate::op::grouping::Grouping;

/// A stage of which each part has its share of the keys, as on a cluster.
#[derive(Args, Clone, Debug, Default)]
pub struct ShareArgs {
    /// Give the records with their keys, by which they are dealt to the parts, in the place of what is done
    /// with them
    #[arg(long, hide = true, conflicts_with = "dealt")]
    pub deal: bool,

    /// Be such a part: take records as --deal gives them
    #[arg(long, hide = true)]
    pub dealt: bool,
}

impl ShareArgs {
    /// The keys, as a part has them.
    pub fn grouping(&self, grouping: Grouping) -> Grouping {
        if self.dealt { grouping.dealt() } else { grouping }
    }

    /// What `--jobs` comes to: a part is one thread's.
    pub fn jobs(&self, jobs: usize) -> usize {
        if self.dealt { 1 } else { jobs }
    }

    /// The times, as a part has them.
    pub fn timing(&self, timing: Timing) -> Timing {
        if self.dealt { timing.of_parts() } else { timing }
    }
}
