//! Addresses, preferences and groups of a `segue.v1.Profile`.

use super::record::RecordReader;
use crate::wire::decode::entries::{GivenAddress, GivenPreference};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::{address, preference, profile as f};
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// Numbers of fields from the first collection to the last.
const COLLECTIONS: usize = (f::ADDRESSES - f::PREFERENCES + 1) as usize;

impl<'a> RecordReader<'a, '_> {
    /// Reads the entries that were found in a record, and stores them.
    pub(super) fn read_entries(&mut self, row: u32) {
        let entries = std::mem::take(&mut self.scratch.entries);
        let mut positions = [0; COLLECTIONS];
        for &(number, bytes) in &entries {
            let position = &mut positions[(number - f::PREFERENCES) as usize];
            self.read_entry(row, number, *position, bytes);
            *position += 1;
        }
        self.scratch.entries = entries;
    }

    fn read_entry(&mut self, row: u32, number: u32, position: usize, bytes: &'a [u8]) {
        let read = match number {
            f::ADDRESSES => read_address(bytes)
                .map(|given| self.builder.push_address(row, position, &given))
                .map_err(|damage| ("addresses", damage)),
            f::PREFERENCES => read_preference(bytes)
                .map(|given| self.builder.push_preference(row, position, &given))
                .map_err(|damage| ("preferences", damage)),
            _ => {
                let is_in = number == f::GROUPS;
                self.builder.push_group(row, position, bytes, is_in);
                Ok(())
            }
        };
        if let Err((collection, damage)) = read {
            let place = Place::Entry {
                collection,
                position,
                part: "",
            };
            let problem = Problem::damaged(bytes, damage);
            self.builder.report(row, place, problem);
        }
    }
}

fn read_address(bytes: &[u8]) -> ReadResult<GivenAddress<'_>> {
    const TYPE: u32 = tag(address::TYPE, LENGTH_DELIMITED);
    const LINE: u32 = tag(address::LINES, LENGTH_DELIMITED);
    const LOCALITY: u32 = tag(address::LOCALITY, LENGTH_DELIMITED);
    const REGION: u32 = tag(address::REGION, LENGTH_DELIMITED);
    const POSTAL_CODE: u32 = tag(address::POSTAL_CODE, LENGTH_DELIMITED);
    const COUNTRY: u32 = tag(address::COUNTRY, LENGTH_DELIMITED);
    const PRIMARY: u32 = tag(address::PRIMARY, VARINT);
    const INACTIVE: u32 = tag(address::INACTIVE, VARINT);

    let mut given = GivenAddress::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            TYPE => given.kind = reader.bytes()?,
            LINE => given.lines.push(reader.bytes()?),
            LOCALITY => given.locality = reader.bytes()?,
            REGION => given.region = reader.bytes()?,
            POSTAL_CODE => given.postal_code = reader.bytes()?,
            COUNTRY => given.country = reader.bytes()?,
            PRIMARY => given.is_primary = reader.varint()? != 0,
            INACTIVE => given.is_inactive = reader.varint()? != 0,
            other if (address::TYPE..=address::INACTIVE).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(given)
}

fn read_preference(bytes: &[u8]) -> ReadResult<GivenPreference<'_>> {
    use preference as p;
    const PROGRAM: u32 = tag(p::PROGRAM, LENGTH_DELIMITED);
    const CHANNEL: u32 = tag(p::CHANNEL, VARINT);
    const FILTER: u32 = tag(p::FILTER, LENGTH_DELIMITED);
    const CHOICE: u32 = tag(p::CHOICE, VARINT);
    const FREQUENCY: u32 = tag(p::FREQUENCY, LENGTH_DELIMITED);
    const EXPIRE_AT: u32 = tag(p::EXPIRE_AT_MILLIS, VARINT);
    const BASIS: u32 = tag(p::BASIS, VARINT);
    const STATED_AT: u32 = tag(p::STATED_AT_MILLIS, VARINT);

    let mut given = GivenPreference::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            PROGRAM => given.program = reader.bytes()?,
            CHANNEL => given.channel = reader.uint32()?,
            FILTER => given.filter = reader.bytes()?,
            CHOICE => given.choice = reader.uint32()?,
            FREQUENCY => given.frequency = reader.bytes()?,
            EXPIRE_AT => given.expire_at_millis = Some(reader.int64()?),
            BASIS => given.basis = reader.uint32()?,
            STATED_AT => given.stated_at_millis = Some(reader.int64()?),
            other if (p::PROGRAM..=p::STATED_AT_MILLIS).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(given)
}
