//! Records into columns.
//!
//! | module | what it is |
//! |---|---|
//! | [`shred`] | a record into the columns of a schema: which value belongs where, at which levels |
//! | [`mod@column`] | the values of one column, with definition and repetition levels, until they are written |
//! | [`value`] | JSON values as Parquet stores them: integers, decimals, days, moments |

pub mod column;
pub mod shred;
pub mod value;
