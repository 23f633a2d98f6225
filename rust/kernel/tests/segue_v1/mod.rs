//! The messages of `proto/segue/v1` that the kernel reads and writes, read and written by generated code: what ours is held against.

#![allow(dead_code, reason = "each test file uses a part of it")]

/// `segue.v1.ProfileBatch`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ProfileBatch {
    #[prost(string, repeated, tag = "1")]
    pub(crate) field_keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) profiles: Vec<Profile>,
}

/// `segue.v1.Profile`.
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the proto file"
)]
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Profile {
    #[prost(string, tag = "1")]
    pub(crate) profile_id: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) alternate_ids: Vec<Identifier>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) emails: Vec<Identifier>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) phones: Vec<Identifier>,
    #[prost(string, optional, tag = "5")]
    pub(crate) customer_type: Option<String>,
    #[prost(message, optional, tag = "6")]
    pub(crate) name: Option<PersonName>,
    #[prost(string, optional, tag = "7")]
    pub(crate) locale: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) country: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub(crate) region: Option<String>,
    #[prost(double, optional, tag = "10")]
    pub(crate) latitude: Option<f64>,
    #[prost(double, optional, tag = "11")]
    pub(crate) longitude: Option<f64>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) fields: Vec<FieldValue>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) memberships: Vec<Membership>,
    #[prost(int64, tag = "14")]
    pub(crate) created_at_millis: i64,
    #[prost(int64, tag = "15")]
    pub(crate) changed_at_millis: i64,
    #[prost(bool, tag = "16")]
    pub(crate) removed: bool,
    #[prost(string, repeated, tag = "17")]
    pub(crate) tags: Vec<String>,
    #[prost(message, repeated, tag = "18")]
    pub(crate) topics: Vec<TopicState>,
    #[prost(message, repeated, tag = "19")]
    pub(crate) consents: Vec<Consent>,
    #[prost(message, repeated, tag = "20")]
    pub(crate) preferences: Vec<Preference>,
    #[prost(string, repeated, tag = "21")]
    pub(crate) groups: Vec<String>,
    #[prost(string, repeated, tag = "22")]
    pub(crate) removed_tags: Vec<String>,
    #[prost(string, repeated, tag = "23")]
    pub(crate) removed_groups: Vec<String>,
    #[prost(message, repeated, tag = "24")]
    pub(crate) addresses: Vec<Address>,
}

/// `segue.v1.Address`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Address {
    #[prost(string, tag = "1")]
    pub(crate) r#type: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) lines: Vec<String>,
    #[prost(string, tag = "3")]
    pub(crate) locality: String,
    #[prost(string, tag = "4")]
    pub(crate) region: String,
    #[prost(string, tag = "5")]
    pub(crate) postal_code: String,
    #[prost(string, tag = "6")]
    pub(crate) country: String,
    #[prost(bool, tag = "7")]
    pub(crate) primary: bool,
    #[prost(bool, tag = "8")]
    pub(crate) inactive: bool,
}

/// `segue.v1.Preference`. Enums are open, so their numbers are plain here.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Preference {
    #[prost(string, tag = "1")]
    pub(crate) program: String,
    #[prost(int32, tag = "2")]
    pub(crate) channel: i32,
    #[prost(string, tag = "3")]
    pub(crate) filter: String,
    #[prost(int32, tag = "4")]
    pub(crate) choice: i32,
    #[prost(string, tag = "5")]
    pub(crate) frequency: String,
    #[prost(int64, optional, tag = "6")]
    pub(crate) expire_at_millis: Option<i64>,
    #[prost(int32, tag = "7")]
    pub(crate) basis: i32,
    #[prost(int64, optional, tag = "8")]
    pub(crate) stated_at_millis: Option<i64>,
}

/// `segue.v1.TopicState`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TopicState {
    #[prost(string, tag = "1")]
    pub(crate) topic: String,
    #[prost(int32, tag = "2")]
    pub(crate) state: i32,
}

/// `segue.v1.Consent`.
#[expect(clippy::struct_field_names, reason = "the names of the protocol")]
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Consent {
    #[prost(string, tag = "1")]
    pub(crate) consent_type: String,
    #[prost(int32, tag = "2")]
    pub(crate) state: i32,
    #[prost(uint32, tag = "3")]
    pub(crate) version: u32,
    #[prost(int64, optional, tag = "4")]
    pub(crate) stated_at_millis: Option<i64>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) history: Vec<ConsentAnswer>,
}

/// `segue.v1.ConsentAnswer`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConsentAnswer {
    #[prost(int32, tag = "1")]
    pub(crate) state: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) version: u32,
    #[prost(int64, tag = "3")]
    pub(crate) stated_at_millis: i64,
}

/// `segue.v1.Identifier`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Identifier {
    #[prost(string, tag = "1")]
    pub(crate) value: String,
    #[prost(string, tag = "2")]
    pub(crate) r#type: String,
    #[prost(bool, tag = "3")]
    pub(crate) primary: bool,
    #[prost(bool, tag = "4")]
    pub(crate) inactive: bool,
}

/// `segue.v1.PersonName`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PersonName {
    #[prost(string, optional, tag = "1")]
    pub(crate) prefix: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) given_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) middle_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) family_name: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) suffix: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) full_name: Option<String>,
}

/// `segue.v1.Membership`. Enums are open, so their numbers are plain here.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Membership {
    #[prost(string, tag = "1")]
    pub(crate) list: String,
    #[prost(int32, tag = "2")]
    pub(crate) state: i32,
    #[prost(int64, optional, tag = "3")]
    pub(crate) joined_at_millis: Option<i64>,
    #[prost(int64, optional, tag = "4")]
    pub(crate) active_at_millis: Option<i64>,
    #[prost(int32, tag = "5")]
    pub(crate) consent_to_track: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) fields: Vec<FieldValue>,
}

/// `segue.v1.FieldValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FieldValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(uint32, tag = "2")]
    pub(crate) key_index: u32,
    #[prost(oneof = "Value", tags = "3, 4, 5, 6, 7, 8, 9")]
    pub(crate) value: Option<Value>,
}

/// The value of a `segue.v1.FieldValue`.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Value {
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(double, tag = "4")]
    Number(f64),
    #[prost(bool, tag = "5")]
    Boolean(bool),
    #[prost(sint32, tag = "6")]
    DateDays(i32),
    #[prost(int64, tag = "7")]
    DateTimeMillis(i64),
    #[prost(message, tag = "8")]
    Options(OptionList),
    #[prost(bool, tag = "9")]
    Null(bool),
}

/// `segue.v1.OptionList`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OptionList {
    #[prost(string, repeated, tag = "1")]
    pub(crate) options: Vec<String>,
}

/// `segue.v1.RetrieveExportResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RetrieveExportResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) data: Vec<u8>,
    #[prost(fixed64, tag = "2")]
    pub(crate) offset: u64,
    #[prost(fixed64, tag = "3")]
    pub(crate) next_offset: u64,
    #[prost(fixed32, tag = "4")]
    pub(crate) crc32c: u32,
    #[prost(fixed32, tag = "5")]
    pub(crate) row_count: u32,
}

/// Reads a serialized message.
pub(crate) fn read<M: prost::Message + Default>(bytes: &[u8]) -> M {
    M::decode(bytes).expect("a serialized message")
}

/// A value with its key spelled out.
pub(crate) fn value(key: &str, value: Value) -> FieldValue {
    FieldValue {
        key: key.to_owned(),
        value: Some(value),
        ..FieldValue::default()
    }
}

/// An identifier of empty type.
pub(crate) fn plain(value: &str) -> Identifier {
    Identifier {
        value: value.to_owned(),
        ..Identifier::default()
    }
}

/// A profile that is nothing but its id.
pub(crate) fn profile(id: &str) -> Profile {
    Profile {
        profile_id: id.to_owned(),
        ..Profile::default()
    }
}

/// A membership of a list with field values.
pub(crate) fn member(list: &str, fields: Vec<FieldValue>) -> Membership {
    Membership {
        list: list.to_owned(),
        fields,
        ..Membership::default()
    }
}
