//! What makes batches of records, whatever the kind of source. A
//! [`records::RecordSource`] brings records, and the [`cut::Cutter`] cuts them into
//! batches by the clock. For most sources that is a [`line_source::LineSource`]: a
//! [`bytes::ByteSource`] gives bytes, and a [`Format`](crate::record::forms::Format) makes
//! records of their lines. Sources that bring batches of their own (queue, rate, replay) are
//! [`batches::Batches`] as the cutter is. [`first::FirstStage`] makes the stage's input of
//! them, and [`kept::Kept`] puts the checkpoint around.

pub mod backpressure;
pub mod batches;
pub mod bytes;

pub mod cut;
pub mod first;
pub mod kept;
pub mod limits;
pub mod line_source;
pub mod lines;
pub mod pace;
pub mod parties;
pub mod rate_limit;
pub mod records;
pub mod sink_progress;
pub mod stop;
