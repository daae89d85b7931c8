//! Fault tests on a file system in memory.

mod crashes;
mod damage;
mod fixtures;
mod reset;
mod resume;
mod simulation;
mod start;
mod state;
mod windows;
