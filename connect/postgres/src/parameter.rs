//! Values as parameters of a statement: as text, which the server reads as the type that it wants,
//! so that no digit is lost on the way.

use std::error::Error;

use bytes::BytesMut;
use sstream_tables::Value;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A value as JSON.
#[derive(Debug)]
pub struct Parameter<'v>(pub &'v [u8]);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match Value::text(self.0, is_json(wanted.name())) {
            None => Ok(IsNull::Yes),
            Some(text) => {
                out.extend_from_slice(&text);
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Whether values of this type are JSON, in which a string has quotes.
pub fn is_json(type_name: &str) -> bool {
    matches!(type_name, "json" | "jsonb")
}
