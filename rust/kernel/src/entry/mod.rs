//! Entries of a profile's collections other than identifiers, typed and packed.
//!
//! A column of entries holds, for each row, keys with values; a value is one text, in which the parts of an entry stand one behind the other
//! with U+001F between them, and answers with U+001E between them. Texts of records hold neither, so packing and unpacking are inverse.
//!
//! | column | key | parts of the value |
//! | --- | --- | --- |
//! | `ADDRESSES` | type | locality, region, postal code, country, lines |
//! | `PREFERENCES` | program, channel, filter | choice, frequency, end, basis, time |
//! | `GROUPS` | name | none: the text is `1` |
//! | `CONSENT_ANSWERS` | number of the consent type's column | version, time; then of each former answer state, version, time |
//!
//! Numbers are decimal text, and empty where they are absent. An entry given with an empty value removes the stored one of its key.

mod address;
mod consent;
mod preference;

pub use address::Address;
pub use consent::{ConsentAnswers, FormerAnswer, MAX_FORMER_ANSWERS};
pub use preference::{CHANNELS, PREFERENCE_BASES, PREFERENCE_CHOICES, Preference};

use crate::batch::Identifier;

const PART: char = '\u{1f}';
const ANSWER: char = '\u{1e}';

/// Value of an entry that says nothing but its key.
const THERE: &str = "1";

/// Whether a text can be a part of an entry: it holds neither U+001E nor U+001F.
pub fn is_part(text: &[u8]) -> bool {
    memchr::memchr2(0x1e, 0x1f, text).is_none()
}

/// The entry of a group, or the one that removes it.
pub fn group(name: &str, is_in: bool) -> Identifier {
    Identifier::new(name, if is_in { THERE } else { "" })
}

/// Parts one behind the other.
fn joined<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for (position, part) in parts.into_iter().enumerate() {
        if position > 0 {
            text.push(PART);
        }
        text.push_str(part);
    }
    text
}

/// A number as decimal text; empty for none.
fn decimal(number: Option<i64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = String> {
        "[^\u{1e}\u{1f}]{0,4}"
    }

    proptest! {
        #[test]
        fn an_address_comes_out_as_it_went_in(kind in part(), lines in vec(part(), 0..6), others in vec(part(), 4), flags: (bool, bool)) {
            let address = Address {
                kind: &kind,
                lines: lines.iter().map(String::as_str).collect(),
                locality: &others[0],
                region: &others[1],
                postal_code: &others[2],
                country: &others[3],
                is_active: flags.0,
                is_primary: flags.1,
            };
            let packed = address.pack();
            if address.is_empty() {
                prop_assert_eq!(&*packed.value, "");
            } else {
                prop_assert_eq!(Address::unpack(&packed), address);
            }
        }

        #[test]
        fn a_preference_comes_out_as_it_went_in(
            texts in vec(part(), 3),
            channel in 0..5_u16,
            is_wanted in option::weighted(0.9, any::<bool>()),
            is_implied: bool,
            times: (Option<i64>, Option<i64>),
        ) {
            let preference = Preference {
                program: &texts[0],
                channel,
                filter: &texts[1],
                is_wanted,
                frequency: &texts[2],
                expire_at_millis: times.0,
                is_implied,
                stated_at_millis: times.1,
            };
            let packed = preference.pack();
            if is_wanted.is_none() {
                prop_assert_eq!(&*packed.value, "");
            } else {
                prop_assert_eq!(Preference::unpack(&packed), preference);
            }
        }

        #[test]
        fn answers_come_out_as_they_went_in(version: u32, stated_at_millis: Option<i64>, former: Vec<(bool, u32, i64)>) {
            let former = former.into_iter().map(|(is_given, version, stated_at_millis)| FormerAnswer { is_given, version, stated_at_millis });
            let answers = ConsentAnswers { version, stated_at_millis, former: former.collect() };
            let packed = answers.pack(70);
            prop_assert_eq!(ConsentAnswers::of(&[ConsentAnswers::default().pack(71), packed], 70), Some(answers));
        }
    }
}
