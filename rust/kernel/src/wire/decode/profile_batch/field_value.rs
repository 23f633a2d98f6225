//! A `segue.v1.FieldValue`.

use crate::wire::decode::given::Given;
use crate::wire::decode::keys::Key;
use crate::wire::fields::{field_value as f, option_list};
use crate::wire::protobuf::{FIXED64, LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// A value and its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldValue<'a> {
    pub(super) key: Key<'a>,
    pub(super) value: Value<'a>,
}

/// What the value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Nothing: the field keeps what it has.
    Absent,
    /// A value in place.
    Given(Given<'a>),
    /// The options gathered while reading.
    Options,
}

/// Reads a value. The names of chosen options are left in `options`, which is emptied first.
#[inline]
pub(super) fn read<'a>(bytes: &'a [u8], options: &mut Vec<&'a [u8]>) -> ReadResult<FieldValue<'a>> {
    const KEY: u32 = tag(f::KEY, LENGTH_DELIMITED);
    const KEY_INDEX: u32 = tag(f::KEY_INDEX, VARINT);
    const TEXT: u32 = tag(f::TEXT, LENGTH_DELIMITED);
    const NUMBER: u32 = tag(f::NUMBER, FIXED64);
    const BOOLEAN: u32 = tag(f::BOOLEAN, VARINT);
    const DATE_DAYS: u32 = tag(f::DATE_DAYS, VARINT);
    const DATE_TIME_MILLIS: u32 = tag(f::DATE_TIME_MILLIS, VARINT);
    const OPTIONS: u32 = tag(f::OPTIONS, LENGTH_DELIMITED);
    const NULL: u32 = tag(f::NULL, VARINT);

    let mut reader = Reader::new(bytes);
    let mut key: &[u8] = &[];
    let mut key_index = 0;
    let mut value = Value::Absent;
    while let Some(field_tag) = reader.tag()? {
        value = match field_tag {
            KEY => {
                key = reader.bytes()?;
                continue;
            }
            KEY_INDEX => {
                key_index = reader.uint32()?;
                continue;
            }
            TEXT => Value::Given(Given::Text(reader.bytes()?)),
            NUMBER => Value::Given(Given::Number(reader.double()?)),
            BOOLEAN => Value::Given(Given::Boolean(reader.varint()? != 0)),
            DATE_DAYS => Value::Given(Given::Date(reader.sint32()?)),
            DATE_TIME_MILLIS => Value::Given(Given::DateTime(reader.int64()?)),
            OPTIONS => {
                // Lists that follow each other are merged; after another value the list begins anew.
                if !matches!(value, Value::Options) {
                    options.clear();
                }
                read_options(reader.bytes()?, options)?;
                Value::Options
            }
            NULL => {
                reader.varint()?;
                Value::Given(Given::Null)
            }
            other if (f::KEY..=f::NULL).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => {
                reader.skip(unknown)?;
                continue;
            }
        };
    }
    let key = match key_index {
        0 => Key::Spelled(key),
        index => Key::Index(index as usize),
    };
    Ok(FieldValue { key, value })
}

fn read_options<'a>(bytes: &'a [u8], options: &mut Vec<&'a [u8]>) -> ReadResult<()> {
    const OPTION: u32 = tag(option_list::OPTIONS, LENGTH_DELIMITED);
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            OPTION => options.push(reader.bytes()?),
            other if other >> 3 == option_list::OPTIONS => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(())
}
