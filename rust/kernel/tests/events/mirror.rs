//! The messages of `proto/segue/v1/event.proto`, written by generated code.

use prost::Message;

/// `segue.v1.EventBatch`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct EventBatch {
    #[prost(message, repeated, tag = "1")]
    pub(crate) events: Vec<Event>,
}

/// `segue.v1.Event`.
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the proto file"
)]
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Event {
    #[prost(string, tag = "1")]
    pub(crate) event_id: String,
    #[prost(string, tag = "2")]
    pub(crate) profile_id: String,
    #[prost(string, tag = "3")]
    pub(crate) event_type: String,
    #[prost(int64, tag = "4")]
    pub(crate) source_time_millis: i64,
    #[prost(message, repeated, tag = "5")]
    pub(crate) data: Vec<EventProperty>,
}

/// `segue.v1.EventProperty`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct EventProperty {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(oneof = "Value", tags = "2, 3, 4, 5")]
    pub(crate) value: Option<Value>,
}

/// The value of a `segue.v1.EventProperty`.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Value {
    #[prost(string, tag = "2")]
    Text(String),
    #[prost(double, tag = "3")]
    Number(f64),
    #[prost(bool, tag = "4")]
    Boolean(bool),
    #[prost(int64, tag = "5")]
    DateTimeMillis(i64),
}

/// A property with a value.
pub(crate) fn property(key: &str, value: Value) -> EventProperty {
    EventProperty {
        key: key.to_owned(),
        value: Some(value),
    }
}

/// A text as a value.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// An event.
pub(crate) fn event(
    id: &str,
    profile: &str,
    kind: &str,
    time: i64,
    data: &[EventProperty],
) -> Event {
    Event {
        event_id: id.to_owned(),
        profile_id: profile.to_owned(),
        event_type: kind.to_owned(),
        source_time_millis: time,
        data: data.to_vec(),
    }
}

/// A block of events.
pub(crate) fn block(events: &[Event]) -> Vec<u8> {
    let events = events.to_vec();
    EventBatch { events }.encode_to_vec()
}
