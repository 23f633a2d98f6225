//! Lines with problems.

use serde_json::{Map, Value};

use super::lines;
use crate::wire::decode::BYTE_ORDER_MARK;
use crate::wire::decode::rejected::{EXCEPTIONS, Reasons};

/// Member that holds a line which is no object.
const LINE: &str = "import_line";

/// Writes the lines with problems, each with a member that tells them.
pub(in crate::wire::decode) fn rejected(data: &[u8], reasons: &Reasons) -> Vec<u8> {
    let text = data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data);
    let mut out = Vec::new();
    for (position, line) in lines(text).enumerate() {
        if let Some(reason) = reasons.get(position) {
            out.extend_from_slice(told(line, reason).as_bytes());
            out.push(b'\n');
        }
    }
    out
}

/// A line with its problems: an object in its own order and spelling, unless it has problems of an earlier import.
fn told(line: &[u8], reason: &str) -> String {
    let member = |name: &str, value: &str| format!("{}:{}", Value::from(name), Value::from(value));
    let reason = member(EXCEPTIONS, reason);
    let text = String::from_utf8_lossy(line.trim_ascii());
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(line) else {
        return format!("{{{},{reason}}}", member(LINE, &text));
    };
    if object.remove(EXCEPTIONS).is_some() {
        let object = Value::Object(object).to_string();
        return format!("{{{reason}{}", rest_of(&object));
    }
    format!("{{{reason}{}", rest_of(&text))
}

/// What follows the first member of an object when another is put before it.
fn rest_of(object: &str) -> String {
    let inside = object
        .strip_prefix('{')
        .unwrap_or(object)
        .trim_ascii_start();
    let comma = if inside.starts_with('}') { "" } else { "," };
    format!("{comma}{inside}")
}
