//! Fields from Parquet's types, and back.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

use super::{Field, FieldKind, Leaf, Store, Unit};

/// The most digits of a decimal, which are 128 bits.
const MOST_DIGITS: i32 = 38;

/// The schema of a file with these columns.
///
/// # Errors
/// Parquet has no such schema.
pub fn to_parquet(fields: &[Field]) -> Result<TypePtr, ParquetError> {
    let fields = fields.iter().map(field_type).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

fn field_type(field: &Field) -> Result<TypePtr, ParquetError> {
    let repetition = if field.is_optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let group = |name: &str, repetition, logical, fields| {
        let builder = Type::group_type_builder(name).with_repetition(repetition).with_logical_type(logical);
        Ok(Arc::new(builder.with_fields(fields).build()?))
    };
    match &field.kind {
        FieldKind::Leaf(leaf) => leaf_type(&field.name, repetition, *leaf).map(Arc::new),
        FieldKind::Group(fields) => {
            let fields = fields.iter().map(field_type).collect::<Result<Vec<_>, ParquetError>>()?;
            group(&field.name, repetition, None, fields)
        }
        FieldKind::List(element) => {
            let list = group("list", Repetition::REPEATED, None, vec![field_type(element)?])?;
            group(&field.name, repetition, Some(LogicalType::List), vec![list])
        }
        FieldKind::Map(key, value) => {
            let pairs = group("key_value", Repetition::REPEATED, None, vec![field_type(key)?, field_type(value)?])?;
            group(&field.name, repetition, Some(LogicalType::Map), vec![pairs])
        }
    }
}

fn leaf_type(name: &str, repetition: Repetition, leaf: Leaf) -> Result<Type, ParquetError> {
    let (physical, logical) = match leaf {
        Leaf::Boolean => (Physical::BOOLEAN, None),
        Leaf::Integer { bits: 64, is_signed: true } => (Physical::INT64, None),
        Leaf::Integer { bits: 32, is_signed: true } => (Physical::INT32, None),
        Leaf::Integer { bits, is_signed } => {
            let physical = if bits == 64 { Physical::INT64 } else { Physical::INT32 };
            (physical, Some(LogicalType::integer(bits.cast_signed(), is_signed)))
        }
        Leaf::Float => (Physical::FLOAT, None),
        Leaf::Double => (Physical::DOUBLE, None),
        Leaf::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Leaf::Enum => (Physical::BYTE_ARRAY, Some(LogicalType::Enum)),
        Leaf::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Leaf::Bytes => (Physical::BYTE_ARRAY, None),
        Leaf::Decimal { precision, scale, store } => {
            let physical = match store {
                Store::Int32 => Physical::INT32,
                Store::Int64 => Physical::INT64,
                Store::Fixed(_) => Physical::FIXED_LEN_BYTE_ARRAY,
                Store::Bytes => Physical::BYTE_ARRAY,
            };
            (physical, Some(LogicalType::decimal(scale.into(), precision.into())))
        }
        Leaf::Date => (Physical::INT32, Some(LogicalType::Date)),
        Leaf::Timestamp { unit, is_utc } => {
            let unit = match unit {
                Unit::Ms => TimeUnit::MILLIS,
                Unit::Us => TimeUnit::MICROS,
                Unit::Ns => TimeUnit::NANOS,
            };
            (Physical::INT64, Some(LogicalType::timestamp(is_utc, unit)))
        }
    };
    let mut builder =
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical);
    if let Leaf::Decimal { precision, scale, store } = leaf {
        builder = builder.with_precision(precision.into()).with_scale(scale.into());
        if let Store::Fixed(bytes) = store {
            builder = builder.with_length(bytes.into());
        }
    }
    builder.build()
}

/// The columns of a file's schema.
///
/// # Errors
/// A type that no JSON value is of, and where it stands.
pub fn from_parquet(root: &Type) -> Result<Vec<Field>, String> {
    root.get_fields().iter().map(|field| of_type(field)).collect()
}

fn of_type(of: &Type) -> Result<Field, String> {
    let info = of.get_basic_info();
    let is_repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    if is_repeated {
        return Err(format!("{}: repeated, and no (LIST) or (MAP) around it", of.name()));
    }
    let is_optional = info.has_repetition() && info.repetition() == Repetition::OPTIONAL;
    let kind = if of.is_primitive() { FieldKind::Leaf(of_leaf(of)?) } else { of_group(of)? };
    Ok(Field { name: of.name().to_owned(), is_optional, kind })
}

fn of_group(of: &Type) -> Result<FieldKind, String> {
    let info = of.get_basic_info();
    let fields = of.get_fields();
    let wrong = |what: &str| Err(format!("{}: {what}", of.name()));
    let is_list = info.logical_type_ref() == Some(&LogicalType::List) || info.converted_type() == ConvertedType::LIST;
    let is_map = info.logical_type_ref() == Some(&LogicalType::Map)
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    if !is_list && !is_map {
        if fields.is_empty() {
            return wrong("a group without fields");
        }
        return fields.iter().map(|field| of_type(field)).collect::<Result<_, _>>().map(FieldKind::Group);
    }
    let inner = match fields {
        [inner] if !inner.is_primitive() && inner.get_basic_info().repetition() == Repetition::REPEATED => inner,
        _ => {
            return wrong(
                "a list is 'group NAME (LIST) { repeated group list { optional TYPE element; } }', a map \
                           'group NAME (MAP) { repeated group key_value { required binary key (STRING); optional TYPE value; } }'",
            );
        }
    };
    match (inner.get_fields(), is_list) {
        ([element], true) => Ok(FieldKind::List(Box::new(of_type(element)?))),
        ([key, value], false) => {
            let key = of_type(key)?;
            match key {
                Field { is_optional: false, kind: FieldKind::Leaf(Leaf::Text | Leaf::Enum | Leaf::Bytes), .. } => {
                    Ok(FieldKind::Map(Box::new(key), Box::new(of_type(value)?)))
                }
                _ => wrong("the key of a map is 'required binary key (STRING)', as keys of JSON are strings"),
            }
        }
        (_, true) => wrong("a list has one element"),
        (_, false) => wrong("a map has a key and a value"),
    }
}

fn of_leaf(of: &Type) -> Result<Leaf, String> {
    let info = of.get_basic_info();
    let physical = of.get_physical_type();
    let logical = info.logical_type_ref();
    let leaf = match (physical, logical, info.converted_type()) {
        (_, Some(LogicalType::Decimal(told)), _) => decimal(of, told.precision, told.scale),
        (_, None, ConvertedType::DECIMAL) => decimal(of, of.get_precision(), of.get_scale()),
        (Physical::BOOLEAN, None, ConvertedType::NONE) => Some(Leaf::Boolean),
        (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(told)), _) => {
            Some(Leaf::Integer { bits: told.bit_width.cast_unsigned(), is_signed: told.is_signed })
        }
        (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, None, ConvertedType::DATE) => {
            Some(Leaf::Date)
        }
        (Physical::INT64, Some(LogicalType::Timestamp(told)), _) => {
            let unit = match told.unit {
                TimeUnit::MILLIS => Unit::Ms,
                TimeUnit::MICROS => Unit::Us,
                TimeUnit::NANOS => Unit::Ns,
            };
            Some(Leaf::Timestamp { unit, is_utc: told.is_adjusted_to_u_t_c })
        }
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => {
            Some(Leaf::Timestamp { unit: Unit::Ms, is_utc: true })
        }
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => {
            Some(Leaf::Timestamp { unit: Unit::Us, is_utc: true })
        }
        (Physical::INT32, None, converted) => integer(32, converted),
        (Physical::INT64, None, converted) => integer(64, converted),
        (Physical::FLOAT, None, ConvertedType::NONE) => Some(Leaf::Float),
        (Physical::DOUBLE, None, ConvertedType::NONE) => Some(Leaf::Double),
        (Physical::BYTE_ARRAY, Some(LogicalType::String), _) | (Physical::BYTE_ARRAY, None, ConvertedType::UTF8) => {
            Some(Leaf::Text)
        }
        (Physical::BYTE_ARRAY, Some(LogicalType::Enum), _) | (Physical::BYTE_ARRAY, None, ConvertedType::ENUM) => {
            Some(Leaf::Enum)
        }
        (Physical::BYTE_ARRAY, Some(LogicalType::Json), _) | (Physical::BYTE_ARRAY, None, ConvertedType::JSON) => {
            Some(Leaf::Json)
        }
        (Physical::BYTE_ARRAY, None, ConvertedType::NONE) => Some(Leaf::Bytes),
        _ => None,
    };
    leaf.ok_or_else(|| {
        let shown = match logical {
            Some(logical) => format!("{physical} ({logical:?})"),
            None => format!("{physical} ({})", info.converted_type()),
        };
        format!(
            "{}: {shown} is none of the types that are written: boolean, int32, int64 (also (INTEGER(8,true)) and the like), \
             float, double, binary, binary (STRING), (ENUM), (JSON), decimals of up to 38 digits, (DATE), (TIMESTAMP(MICROS,true))",
            of.name()
        )
    })
}

fn integer(bits: u8, converted: ConvertedType) -> Option<Leaf> {
    let (bits, is_signed) = match converted {
        ConvertedType::NONE => (bits, true),
        ConvertedType::INT_8 => (8, true),
        ConvertedType::INT_16 => (16, true),
        ConvertedType::INT_32 => (32, true),
        ConvertedType::INT_64 => (64, true),
        ConvertedType::UINT_8 => (8, false),
        ConvertedType::UINT_16 => (16, false),
        ConvertedType::UINT_32 => (32, false),
        ConvertedType::UINT_64 => (64, false),
        _ => return None,
    };
    Some(Leaf::Integer { bits, is_signed })
}

fn decimal(of: &Type, precision: i32, scale: i32) -> Option<Leaf> {
    let store = match of {
        Type::PrimitiveType { physical_type: Physical::INT32, .. } => Store::Int32,
        Type::PrimitiveType { physical_type: Physical::INT64, .. } => Store::Int64,
        Type::PrimitiveType { physical_type: Physical::FIXED_LEN_BYTE_ARRAY, type_length, .. } => {
            Store::Fixed(u8::try_from(*type_length).ok().filter(|bytes| (1..=16).contains(bytes))?)
        }
        Type::PrimitiveType { physical_type: Physical::BYTE_ARRAY, .. } => Store::Bytes,
        _ => return None,
    };
    if !(1..=MOST_DIGITS).contains(&precision) || !(0..=precision).contains(&scale) {
        return None;
    }
    Some(Leaf::Decimal { precision: u8::try_from(precision).ok()?, scale: u8::try_from(scale).ok()?, store })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::schema::parser::parse_message_type;

    fn read(text: &str) -> Result<Vec<Field>, String> {
        from_parquet(&parse_message_type(text).map_err(|error| error.to_string())?)
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        let text = "message m {
          required boolean b; optional int32 i; optional int64 l; optional int32 s (INTEGER(16,true));
          optional int64 u (INTEGER(64,false)); optional float f; required double d; optional binary t (STRING);
          optional binary e (ENUM); optional binary j (JSON); optional binary raw;
          optional int32 p (DECIMAL(9,2)); optional int64 q (DECIMAL(18,0));
          optional fixed_len_byte_array(16) r (DECIMAL(38,10)); optional binary v (DECIMAL(20,5));
          optional int32 day (DATE); optional int64 at (TIMESTAMP(NANOS,false));
          optional group o { required int64 x; }
          optional group l1 (LIST) { repeated group list { optional binary element (STRING); } }
          optional group m1 (MAP) { repeated group key_value { required binary key (STRING); optional double value; } } }";
        let fields = read(text).unwrap();
        assert_eq!(fields.len(), 20);
        assert_eq!(from_parquet(&to_parquet(&fields).unwrap()).unwrap(), fields);
    }

    #[test]
    fn what_no_json_is_of_is_refused() {
        for (text, says) in [
            ("message m { optional int96 a; }", "a: INT96"),
            ("message m { repeated int32 a; }", "a: repeated"),
            ("message m { optional binary a (BSON); }", "a: BYTE_ARRAY"),
            ("message m { optional group a (LIST) { repeated int32 x; } }", "a: a list is"),
            (
                "message m { optional group a (MAP) { repeated group key_value { required int64 key; optional int64 value; } } }",
                "the key of a map",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
