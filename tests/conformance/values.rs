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

/// Whether two values are the same but for their numbers, which may differ by such a share of their size,
/// or by so much where they are small.
pub fn is_near(one: &Value, other: &Value, tolerance: f64) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let [one, other] = [one, other].map(|number| number.to_string().parse::<f64>().unwrap());
            (one - other).abs() <= tolerance * one.abs().max(other.abs()).max(1.0)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_near(one, other, tolerance))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has_near = |(key, one)| other.get(key).is_some_and(|other| is_near(one, other, tolerance));
            one.len() == other.len() && one.iter().all(has_near)
        }
        _ => one == other,
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

#[test]
fn near_values() {
    for (one, other, near) in [
        ("{\"a\":[1,2000000000]}", "{\"a\":[1.0,2000000001]}", true),
        ("[1]", "[1.00001]", false),
        ("[1]", "[1,2]", false),
        ("{\"a\":1}", "{\"b\":1}", false),
        ("\"a\"", "\"a\"", true),
        ("0", "false", false),
    ] {
        let [one, other] = [one, other].map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(is_near(&one, &other, 1e-9), near, "{one} {other}");
    }
}
