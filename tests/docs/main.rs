//! Documentation is kept true: what is generated matches the code, what the
//! README shows is run, and each dependency has its reason and its licence.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod chinese;
mod deb;
mod dependencies;
mod generated;
mod hygiene;
mod imports;
mod kinds;
mod lint;
mod markdown;
mod readme;
mod seam;
mod spark;
mod style;
mod tldr;

use sstream_testkit::bash;
use std::path::Path;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
