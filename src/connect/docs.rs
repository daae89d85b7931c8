//! What documentation is made of: the definitions of command lines.

pub use crate::cli::described::Described;
pub use crate::cli::docs::{Form, man};
pub use crate::cli::front::family;

use crate::cli::connector::{OperatorKind, OperatorTool, SinkKind, SinkTool, SourceKind, SourceTool};
use crate::cli::described::describe;

/// A connector's source.
pub fn source<K: SourceKind>() -> Described {
    describe::<SourceTool<K>>()
}

/// A connector's sink.
pub fn sink<K: SinkKind>() -> Described {
    describe::<SinkTool<K>>()
}

/// A tool between two pipes that is a crate of its own.
pub fn operator<K: OperatorKind>() -> Described {
    describe::<OperatorTool<K>>()
}
