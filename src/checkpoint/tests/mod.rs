//! Fault tests on a file system in memory.

mod crashes;
mod damage;
mod resume;
mod simulation;
