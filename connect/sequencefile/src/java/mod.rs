//! Java's serialisation, stream protocol 5: what `ObjectInputStream` reads.
//!
//! | module | what it is |
//! |---|---|
//! | [`classes`] | the classes that a stream describes, with the numbers that the JDK and Scala give them |
//! | [`stream`] | objects, each behind the description of its class; what was described is referred to |
//! | [`value`] | JSON values as objects |

pub mod classes;
pub mod stream;
pub mod value;
