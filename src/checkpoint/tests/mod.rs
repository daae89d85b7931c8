//! Fault tests on a file system in memory.

mod crashes;
mod simulation;
