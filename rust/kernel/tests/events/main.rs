//! Laws of events: what is decoded, recorded, erased and written is what a list of all events says.

#![expect(clippy::unwrap_used)]

mod decode;
mod hostile;
mod mirror;
mod model;
mod record;
mod recorded;
mod restore;
mod rules;
mod snapshot;

use segue_kernel::schema::Schema;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A moment in 2023.
const NOW: i64 = 1_700_000_000_000;

/// A campaign's id.
const CAMPAIGN: &str = "0123456789abcdef";

/// An account with an event type of its own that has a property of each kind.
fn schema() -> Schema {
    let json = r#"{"lists": [], "fields": [], "event_types": [
        {"id": "bought", "code": 16, "properties": [
            {"key": "item", "type": "text"}, {"key": "price", "type": "number"},
            {"key": "gift", "type": "boolean"}, {"key": "due", "type": "date_time"}]},
        {"id": "seen", "code": 20, "properties": []}]}"#;
    Schema::from_json(json.as_bytes()).unwrap()
}
