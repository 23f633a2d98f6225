//! Addresses, preferences, groups and answers to consents of a record.

use super::builder::Builder;
use super::check;
use super::problem::{Place, Problem};
use crate::batch::{BatchEntries, Identifier};
use crate::entry::{
    self, Address, CHANNELS, ConsentAnswers, FormerAnswer, PREFERENCE_BASES, PREFERENCE_CHOICES,
    Preference,
};
use crate::schema::{ColumnId, MarkKind, builtin};
use crate::wire::calendar;

const MAX_TYPE_BYTES: usize = 100;
const MAX_LINES: usize = 5;
const MAX_LINE_BYTES: usize = 250;
const MAX_PLACE_BYTES: usize = 100;
const MAX_POSTAL_CODE_BYTES: usize = 20;
const MAX_PROGRAM_BYTES: usize = 50;
const MAX_FILTER_BYTES: usize = 50;
const MAX_FREQUENCY_BYTES: usize = 20;
const MAX_GROUP_BYTES: usize = 100;

/// An address as a record gives it.
#[derive(Debug, Clone, Default)]
pub(super) struct GivenAddress<'a> {
    pub(super) kind: &'a [u8],
    pub(super) lines: Vec<&'a [u8]>,
    pub(super) locality: &'a [u8],
    pub(super) region: &'a [u8],
    pub(super) postal_code: &'a [u8],
    pub(super) country: &'a [u8],
    pub(super) is_primary: bool,
    pub(super) is_inactive: bool,
}

/// A preference as a record gives it, with the numbers of the protocol; 0 is not given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GivenPreference<'a> {
    pub(super) program: &'a [u8],
    pub(super) channel: u32,
    pub(super) filter: &'a [u8],
    pub(super) choice: u32,
    pub(super) frequency: &'a [u8],
    pub(super) expire_at_millis: Option<i64>,
    pub(super) basis: u32,
    pub(super) stated_at_millis: Option<i64>,
}

/// What a record says of a consent besides its state.
#[derive(Debug, Clone, Default)]
pub(super) struct GivenAnswers {
    pub(super) version: u32,
    pub(super) stated_at_millis: Option<i64>,
    pub(super) history: Vec<GivenFormer>,
}

/// A former answer as a record gives it, with the number of its state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GivenFormer {
    pub(super) state: u32,
    pub(super) version: u32,
    pub(super) stated_at_millis: i64,
}

impl Builder {
    /// Checks the address that stands at some position of a row's, and appends it.
    pub(super) fn push_address(&mut self, row: u32, position: usize, given: &GivenAddress) {
        let place = |part| Place::Entry {
            collection: "addresses",
            position,
            part,
        };
        let mut part = |name, text, max| self.checked_part(row, place(name), text, max);
        let kind = part("type", given.kind, MAX_TYPE_BYTES);
        let locality = part("locality", given.locality, MAX_PLACE_BYTES);
        let region = part("region", given.region, MAX_PLACE_BYTES);
        let postal_code = part("postal_code", given.postal_code, MAX_POSTAL_CODE_BYTES);
        let country = part("country", given.country, MAX_PLACE_BYTES);
        let lines = self.checked_lines(row, position, &given.lines);
        if let (
            Some(kind),
            Some(lines),
            Some(locality),
            Some(region),
            Some(postal_code),
            Some(country),
        ) = (kind, lines, locality, region, postal_code, country)
        {
            let address = Address {
                kind,
                lines,
                locality,
                region,
                postal_code,
                country,
                is_active: !given.is_inactive,
                is_primary: given.is_primary,
            };
            self.push_entry(row, builtin::ADDRESSES, address.pack(), place("type"));
        }
    }

    fn checked_lines<'g>(
        &mut self,
        row: u32,
        address: usize,
        lines: &[&'g [u8]],
    ) -> Option<Vec<&'g str>> {
        if lines.len() > MAX_LINES {
            let place = Place::Entry {
                collection: "addresses",
                position: address,
                part: "lines",
            };
            self.report(row, place, Problem::TooManyLines { max: MAX_LINES });
            return None;
        }
        let mut checked = Vec::with_capacity(lines.len());
        for (line, text) in lines.iter().enumerate() {
            let place = Place::AddressLine { address, line };
            checked.extend(self.checked_part(row, place, text, MAX_LINE_BYTES));
        }
        (checked.len() == lines.len()).then_some(checked)
    }

    /// Checks the preference that stands at some position of a row's, and appends it.
    pub(super) fn push_preference(&mut self, row: u32, position: usize, given: &GivenPreference) {
        let place = |part| Place::Entry {
            collection: "preferences",
            position,
            part,
        };
        let mut part = |name, text, max| self.checked_part(row, place(name), text, max);
        let program = part("program", given.program, MAX_PROGRAM_BYTES);
        let filter = part("filter", given.filter, MAX_FILTER_BYTES);
        let frequency = part("frequency", given.frequency, MAX_FREQUENCY_BYTES);
        let numbers = [
            ("channel", given.channel, 1, CHANNELS.len()),
            ("choice", given.choice, 0, PREFERENCE_CHOICES.len()),
            ("basis", given.basis, 0, PREFERENCE_BASES.len()),
        ];
        let mut is_valid = true;
        for (name, number, least, most) in numbers {
            if !(least..=most).contains(&(number as usize)) {
                self.report(row, place(name), Problem::PreferenceNumber);
                is_valid = false;
            }
        }
        if given.filter.is_empty() {
            self.report(row, place("filter"), Problem::FilterMissing);
            is_valid = false;
        }
        is_valid &= self.check_time(row, place("expire_at_millis"), given.expire_at_millis);
        is_valid &= self.check_time(row, place("stated_at_millis"), given.stated_at_millis);
        if let (true, Some(program), Some(filter), Some(frequency), Ok(channel)) = (
            is_valid,
            program,
            filter,
            frequency,
            u16::try_from(given.channel),
        ) {
            let preference = Preference {
                program,
                channel: channel - 1,
                filter,
                is_wanted: (given.choice > 0).then_some(given.choice == 1),
                frequency,
                expire_at_millis: given.expire_at_millis,
                is_implied: given.basis == 2,
                stated_at_millis: given.stated_at_millis,
            };
            self.push_entry(row, builtin::PREFERENCES, preference.pack(), place(""));
        }
    }

    /// Checks the name of a group that stands at some position of a row's groups, or of those to be left, and appends it.
    pub(super) fn push_group(&mut self, row: u32, position: usize, name: &[u8], is_in: bool) {
        let collection = if is_in { "groups" } else { "removed_groups" };
        let place = Place::Entry {
            collection,
            position,
            part: "",
        };
        if name.is_empty() {
            self.report(row, place, Problem::GroupMissing);
        } else if let Some(name) = self.checked_part(row, place, name, MAX_GROUP_BYTES) {
            self.push_entry(row, builtin::GROUPS, entry::group(name, is_in), place);
        }
    }

    /// Checks what a row says of a consent besides its state, and appends it where there is a state.
    ///
    /// `column` is that of the consent type of this `id`, whose state was stored before.
    pub(super) fn push_answers(
        &mut self,
        row: u32,
        column: ColumnId,
        id: &[u8],
        has_state: bool,
        given: &GivenAnswers,
    ) {
        let place = Place::MarkPart {
            collection: MarkKind::Consent.collection(),
            id,
            part: "stated_at_millis",
        };
        let mut is_valid = self.check_time(row, place, given.stated_at_millis);
        for (position, former) in given.history.iter().enumerate() {
            let place = |part| Place::FormerAnswer { id, position, part };
            if !(1..=2).contains(&former.state) {
                self.report(row, place("state"), Problem::StateUnknown);
                is_valid = false;
            }
            let time = Some(former.stated_at_millis);
            is_valid &= self.check_time(row, place("stated_at_millis"), time);
        }
        let former = given.history.iter().map(|former| FormerAnswer {
            is_given: former.state == 1,
            version: former.version,
            stated_at_millis: former.stated_at_millis,
        });
        let mut answers = ConsentAnswers {
            version: given.version,
            stated_at_millis: given.stated_at_millis,
            former: former.collect(),
        };
        if is_valid && has_state && !answers.is_empty() {
            answers.keep_last();
            self.append(row, builtin::CONSENT_ANSWERS, answers.pack(column));
        }
    }

    /// Appends an entry, unless the row has one of its key.
    fn push_entry(&mut self, row: u32, column: ColumnId, entry: Identifier, place: Place) {
        let of_column = self.entries.iter().find(|given| given.column == column);
        let of_row = of_column.and_then(|given| given.rows.last().filter(|(last, _)| *last == row));
        let is_repeated =
            of_row.is_some_and(|(_, given)| given.iter().any(|other| other.kind == entry.kind));
        if is_repeated {
            self.report(row, place, Problem::Duplicate);
        } else {
            self.append(row, column, entry);
        }
    }

    fn append(&mut self, row: u32, column: ColumnId, entry: Identifier) {
        let position = self.entries.iter().position(|given| given.column == column);
        let position = position.unwrap_or_else(|| {
            let rows = Vec::new();
            self.entries.push(BatchEntries { column, rows });
            self.entries.len() - 1
        });
        let rows = &mut self.entries[position].rows;
        match rows.last_mut() {
            Some((last, entries)) if *last == row => entries.push(entry),
            _ => rows.push((row, vec![entry])),
        }
    }

    /// Checks a text that becomes a part of an entry.
    fn checked_part<'g>(
        &mut self,
        row: u32,
        place: Place,
        text: &'g [u8],
        max_bytes: usize,
    ) -> Option<&'g str> {
        let checked = check::text(text, max_bytes).and_then(|()| {
            let is_part = entry::is_part(text);
            is_part.then_some(text).ok_or(Problem::NotPart)
        });
        match checked.map(std::str::from_utf8) {
            Ok(text) => text.ok(),
            Err(problem) => {
                self.report(row, place, problem);
                None
            }
        }
    }

    /// Checks a time where there is one; answers whether nothing is wrong.
    fn check_time(&mut self, row: u32, place: Place, millis: Option<i64>) -> bool {
        let is_valid = millis.is_none_or(calendar::is_time);
        if !is_valid {
            self.report(row, place, Problem::TimeOutside);
        }
        is_valid
    }
}
