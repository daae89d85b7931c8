//! The ground floor: what a stage, its source, its sink and who watches it must all
//! know of each other. It knows none of them.
//!
//! | module | what it is |
//! |---|---|
//! | [`input`] | [`Input`]: where a stage's batches come from, and how that fails |
//! | [`outlet`] | [`Outlet`]: where they go, what of it commits, and how that fails |
//! | [`waited`] | [`Waited`]: time that is no work |
//! | [`lines`] | [`LineForm`]: records as lines of text |
//! | [`bad`] | [`BadRecords`]: what becomes of records that cannot be processed |

pub mod bad;
pub mod input;
pub mod lines;
pub mod outlet;
pub mod waited;

pub use bad::{BadRecords, OnError};
pub use input::{Input, InputError};
pub use lines::{LineForm, push_lines};
pub use outlet::{Committing, Outlet, OutletError, Under};
pub use waited::Waited;
