//! Lines to whoever connects (`listen`, `unix`), or to a server that is connected to (`tcp`,
//! `unix --connect`).
//!
//! A batch is collected until its end has come, and is then put into a [`Queue`](queue::Queue) that all readers
//! take from, each at its own pace, whole batches only. The readers' sockets are served by a
//! thread of their own; the stage waits for it where the queue has no room, where batches
//! are about to be committed, and at the end of the stream.
//!
//! | part | what |
//! |---|---|
//! | [`batch`] | a batch that is complete, in memory or, where it is large, in a file |
//! | [`queue`] | who has which batch, which ones are dropped for whom: pure |
//! | [`shared`] | the queue between the stage's thread and that of the sockets |
//! | [`feed`] | what one reader gets |
//! | [`server`], [`dial`] | readers that connect, and one that is connected to |

mod batch;
mod dial;
mod feed;
mod queue;
mod server;
mod shared;
mod sink;
mod socket;

pub use dial::Peer;
pub use queue::OnSlow;
pub use server::{Place, Readers};
pub use sink::{Around, Sockets};
