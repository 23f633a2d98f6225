//! A `segue.v1.EventProperty`.

use crate::wire::fields::event_property as f;
use crate::wire::protobuf::{FIXED64, LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// A property of an event as it stands on the wire.
#[derive(Debug, Default)]
pub(super) struct GivenDatum<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: Option<GivenValue<'a>>,
}

/// Its value; not checked yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum GivenValue<'a> {
    Text(&'a [u8]),
    Number(f64),
    Boolean(bool),
    DateTime(i64),
}

/// Reads a property.
#[inline]
pub(super) fn read(bytes: &[u8]) -> ReadResult<GivenDatum<'_>> {
    const KEY: u32 = tag(f::KEY, LENGTH_DELIMITED);
    const TEXT: u32 = tag(f::TEXT, LENGTH_DELIMITED);
    const NUMBER: u32 = tag(f::NUMBER, FIXED64);
    const BOOLEAN: u32 = tag(f::BOOLEAN, VARINT);
    const DATE_TIME: u32 = tag(f::DATE_TIME_MILLIS, VARINT);
    let mut given = GivenDatum::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            KEY => given.key = reader.bytes()?,
            TEXT => given.value = Some(GivenValue::Text(reader.bytes()?)),
            NUMBER => given.value = Some(GivenValue::Number(reader.double()?)),
            BOOLEAN => given.value = Some(GivenValue::Boolean(reader.varint()? != 0)),
            DATE_TIME => given.value = Some(GivenValue::DateTime(reader.int64()?)),
            other if (f::KEY..=f::DATE_TIME_MILLIS).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(given)
}
