//! By what a message names its schema: CRC-64-AVRO of the schema's canonical form, in which only is what data are read by.

use serde_json::{Map, Value};

use super::schema::{full, primitive, string};

/// A schema's fingerprint, as it stands in messages: its lowest byte first.
pub type Fingerprint = [u8; 8];

/// The sum of nothing, and the polynomial.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

const SUMS: [u64; 256] = {
    let mut sums = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u64, 0);
        while bit < 8 {
            sum = (sum >> 1) ^ (EMPTY & (sum & 1).wrapping_neg());
            bit += 1;
        }
        sums[byte] = sum;
        byte += 1;
    }
    sums
};

/// The fingerprint of a schema.
pub fn fingerprint(schema: &Value) -> Fingerprint {
    let mut canonical = Vec::new();
    push(schema, "", &mut canonical);
    let sum = canonical.iter().fold(EMPTY, |sum, byte| (sum >> 8) ^ SUMS[usize::from(sum as u8 ^ byte)]);
    sum.to_le_bytes()
}

/// Appends the canonical form of a schema, which is one.
fn push(schema: &Value, namespace: &str, out: &mut Vec<u8>) {
    match schema {
        Value::String(name) if primitive(name).is_some() => out.extend(string(name)),
        Value::String(name) => out.extend(string(&full(name, namespace))),
        Value::Array(branches) => push_list(branches, out, |branch, out| push(branch, namespace, out)),
        Value::Object(schema) => push_complex(schema, namespace, out),
        _ => {}
    }
}

fn push_complex(schema: &Map<String, Value>, namespace: &str, out: &mut Vec<u8>) {
    let of = schema.get("type").unwrap_or(&Value::Null);
    let Some(kind @ ("record" | "error" | "enum" | "fixed" | "array" | "map")) = of.as_str() else {
        return push(of, namespace, out);
    };
    let name = schema.get("name").and_then(Value::as_str).map(|name| {
        let namespace = schema.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        full(name, namespace)
    });
    let inside = name.as_deref().map_or(namespace, |name| name.rsplit_once('.').map_or("", |(namespace, _)| namespace));
    out.push(b'{');
    if let Some(name) = &name {
        out.extend_from_slice(b"\"name\":");
        out.extend(string(name));
        out.push(b',');
    }
    out.extend_from_slice(b"\"type\":");
    out.extend(string(kind));
    let list = |key: &str| schema.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match kind {
        "record" | "error" => {
            out.extend_from_slice(b",\"fields\":");
            push_list(list("fields"), out, |field, out| {
                out.extend_from_slice(b"{\"name\":");
                out.extend(string(field.get("name").and_then(Value::as_str).unwrap_or_default()));
                out.extend_from_slice(b",\"type\":");
                push(field.get("type").unwrap_or(&Value::Null), inside, out);
                out.push(b'}');
            });
        }
        "enum" => {
            out.extend_from_slice(b",\"symbols\":");
            push_list(list("symbols"), out, |symbol, out| out.extend(string(symbol.as_str().unwrap_or_default())));
        }
        "fixed" => {
            let size = schema.get("size").and_then(Value::as_u64).unwrap_or_default();
            out.extend_from_slice(format!(",\"size\":{size}").as_bytes());
        }
        // Items, or values: the one that an array or a map has.
        _ => {
            let key = if kind == "array" { "items" } else { "values" };
            out.extend_from_slice(format!(",\"{key}\":").as_bytes());
            push(schema.get(key).unwrap_or(&Value::Null), namespace, out);
        }
    }
    out.push(b'}');
}

fn push_list(items: &[Value], out: &mut Vec<u8>, mut item: impl FnMut(&Value, &mut Vec<u8>)) {
    out.push(b'[');
    for (number, value) in items.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        item(value, out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What fastavro 1.13.1 for Python says of them.
    #[test]
    fn fingerprints_are_those_of_others() {
        for (schema, expected) in [
            (r#""int""#, "8f5c393f1ad57572"),
            (r#"{"type":{"type":"int","logicalType":"date"}}"#, "8f5c393f1ad57572"),
            (
                r#"{"type":"record","name":"a.b.Foo","doc":"x","fields":[{"name":"f1","type":"boolean","default":true}]}"#,
                "a34b679b1254da8a",
            ),
            (
                r#"{"type":"record","namespace":"x.y","name":"R","aliases":["Q"],"fields":[
                    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}},
                    {"name":"f","type":["null",{"type":"fixed","name":"z.F","size":16}],"default":null},
                    {"name":"g","type":{"type":"array","items":"E"}},
                    {"name":"h","type":{"type":"map","values":{"type":"record","name":"z.S","fields":[
                        {"name":"i","type":["null","F"]},{"name":"j","type":"x.y.R"}]}}},
                    {"name":"k","type":"R"}]}"#,
                "d3feef5bb677d79b",
            ),
        ] {
            let schema = serde_json::from_str(schema).unwrap();
            let mut canonical = Vec::new();
            push(&schema, "", &mut canonical);
            let shown: String = fingerprint(&schema).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown, expected, "{}", String::from_utf8_lossy(&canonical));
        }
    }
}
