//! Classes as a stream describes them: name, `serialVersionUID`, fields in Java's order, and the class above.

use clap::ValueEnum;

/// A class whose objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `java.lang.Object[]`
    Objects,
    /// `byte[]`
    Bytes,
    /// `java.lang.Number`
    Number,
    /// `java.lang.Long`
    Long,
    /// `java.lang.Double`
    Double,
    /// `java.lang.Boolean`
    Boolean,
    /// `java.math.BigInteger`
    BigInteger,
    /// `java.math.BigDecimal`
    BigDecimal,
    /// `java.util.HashMap`
    HashMap,
    /// `java.util.LinkedHashMap`
    LinkedHashMap,
    /// `scala.Tuple2`
    Tuple2,
}

impl Class {
    /// How many there are.
    pub const COUNT: usize = Class::Tuple2 as usize + 1;
}

/// The version of Scala that reads: its tuples have another number in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scala {
    /// What Spark 3 is built for, unless it says so
    #[default]
    #[value(name = "2.12")]
    V2_12,
    /// Spark 4, and builds of Spark 3 that say so
    #[value(name = "2.13")]
    V2_13,
}

/// What a stream says of a class.
pub struct Description {
    /// Its full name; arrays have `[` and what is in them.
    pub name: &'static str,
    /// Its `serialVersionUID`.
    pub number: i64,
    /// Whether it writes something itself, behind its fields.
    pub writes_more: bool,
    /// Its fields: numbers first, then objects, each by name.
    pub fields: &'static [Field],
    /// The class above it, if that is serializable.
    pub above: Option<Class>,
}

/// A field: its type's letter, its name, and an object's class.
pub type Field = (u8, &'static str, Option<&'static str>);

const fn int(name: &'static str) -> Field {
    (b'I', name, None)
}

const TUPLE_FIELDS: &[Field] = &[(b'L', "_1", Some("Ljava/lang/Object;")), (b'L', "_2", Some("Ljava/lang/Object;"))];

const BIG_DECIMAL_FIELDS: &[Field] = &[int("scale"), (b'L', "intVal", Some("Ljava/math/BigInteger;"))];

const HASH_MAP_FIELDS: &[Field] = &[(b'F', "loadFactor", None), int("threshold")];

const BIG_INTEGER_FIELDS: &[Field] = &[
    int("bitCount"),
    int("bitLength"),
    int("firstNonzeroByteNum"),
    int("lowestSetBit"),
    int("signum"),
    (b'[', "magnitude", Some("[B")),
];

/// Describes a class.
pub fn describe(class: Class, scala: Scala) -> Description {
    let (name, number, fields): (_, i64, &'static [Field]) = match class {
        Class::Objects => ("[Ljava.lang.Object;", -8_012_369_246_846_506_644, &[]),
        Class::Bytes => ("[B", -5_984_413_125_824_719_648, &[]),
        Class::Number => ("java.lang.Number", -8_742_448_824_652_078_965, &[]),
        Class::Long => ("java.lang.Long", 4_290_774_380_558_885_855, &[(b'J', "value", None)]),
        Class::Double => ("java.lang.Double", -9_172_774_392_245_257_468, &[(b'D', "value", None)]),
        Class::Boolean => ("java.lang.Boolean", -3_665_804_199_014_368_530, &[(b'Z', "value", None)]),
        Class::BigInteger => ("java.math.BigInteger", -8_287_574_255_936_472_291, BIG_INTEGER_FIELDS),
        Class::BigDecimal => ("java.math.BigDecimal", 6_108_874_887_143_696_463, BIG_DECIMAL_FIELDS),
        Class::HashMap => ("java.util.HashMap", 362_498_820_763_181_265, HASH_MAP_FIELDS),
        Class::LinkedHashMap => ("java.util.LinkedHashMap", 3_801_124_242_820_219_131, &[(b'Z', "accessOrder", None)]),
        Class::Tuple2 => {
            let number = match scala {
                Scala::V2_12 => 3_356_420_310_891_166_197,
                Scala::V2_13 => 142_951_686_315_914_362,
            };
            ("scala.Tuple2", number, TUPLE_FIELDS)
        }
    };
    let above = match class {
        Class::Long | Class::Double | Class::BigInteger | Class::BigDecimal => Some(Class::Number),
        Class::LinkedHashMap => Some(Class::HashMap),
        _ => None,
    };
    let writes_more = matches!(class, Class::BigInteger | Class::BigDecimal | Class::HashMap);
    Description { name, number, writes_more, fields, above }
}
