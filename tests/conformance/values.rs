//! Values as they are compared: objects without regard to the order of their
//! keys, and doubles to 12 digits, since Spark adds in another order.

use serde_json::Value;

/// A text that is the same for two values that count as the same.
pub fn comparable(value: &Value) -> String {
    match value {
        Value::Number(number) => comparable_number(&number.to_string()),
        Value::Array(items) => format!("[{}]", items.iter().map(comparable).collect::<Vec<_>>().join(",")),
        Value::Object(entries) => {
            let mut entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key:?}:{}", comparable(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        other => other.to_string(),
    }
}

fn comparable_number(number: &str) -> String {
    if !number.contains(['.', 'e', 'E']) {
        return number.to_owned();
    }
    let double: f64 = format!("{:.11e}", number.parse::<f64>().unwrap()).parse().unwrap();
    // So that 2.0 and 2 are the same.
    double.to_string()
}

#[test]
fn comparable_values() {
    for (one, other, same) in [
        ("2.0", "2", true),
        ("0.30000000000000004", "0.3", true),
        ("0.3001", "0.3", false),
        ("12345678901234567890123", "12345678901234567890124", false),
        ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true),
        ("[1,2]", "[2,1]", false),
        ("\"1\"", "1", false),
    ] {
        let [one, other] = [one, other].map(|text| comparable(&serde_json::from_str(text).unwrap()));
        assert_eq!(one == other, same, "{one} {other}");
    }
}
