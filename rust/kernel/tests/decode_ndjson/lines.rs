//! Profiles written as lines, slowly and in many styles.

use segue_kernel::schema::{CONSENTS_TO_TRACK, MEMBERSHIP_STATES, TOPIC_STATES};
use segue_kernel::wire::calendar;

use crate::segue_v1::{FieldValue, Identifier, Membership, Profile, ProfileBatch, Value};

/// How lines look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Around every value and name.
    pub(crate) space: &'static str,
    /// Whether texts are all escapes.
    pub(crate) is_escaped: bool,
    /// Whether names of members are in `lowerCamelCase`.
    pub(crate) is_camel: bool,
}

/// Makes profiles say what lines can say: keys are spelled, times are texts, no number is NaN and nothing is said of the output.
pub(crate) fn sayable(mut block: ProfileBatch) -> ProfileBatch {
    let keys = std::mem::take(&mut block.field_keys);
    for profile in &mut block.profiles {
        profile.removed = false;
        sayable_fields(&keys, &mut profile.fields);
        for membership in &mut profile.memberships {
            sayable_fields(&keys, &mut membership.fields);
        }
    }
    block
}

fn sayable_fields(keys: &[String], fields: &mut Vec<FieldValue>) {
    fields.retain(|field| field.value.is_some());
    for field in fields {
        if let Some(key) = (field.key_index as usize)
            .checked_sub(1)
            .and_then(|i| keys.get(i))
        {
            field.key.clone_from(key);
        }
        field.key_index = 0;
        field.value = field.value.take().map(|value| match value {
            Value::Number(number) if number.is_nan() => Value::Number(f64::INFINITY),
            Value::DateDays(days) => Value::Text(date(days)),
            Value::DateTimeMillis(millis) => Value::Text(time(millis)),
            other => other,
        });
    }
}

fn date(days: i32) -> String {
    if !calendar::is_day(days) {
        return "in another age".to_owned();
    }
    let (year, month, day) = calendar::date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

pub(crate) fn time(millis: i64) -> String {
    if !calendar::is_time(millis) {
        return "in another age".to_owned();
    }
    let day = i32::try_from(millis.div_euclid(calendar::DAY_MILLIS)).unwrap();
    let millis = millis.rem_euclid(calendar::DAY_MILLIS);
    let (seconds, fraction) = (millis / 1_000, millis % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{}T{hours:02}:{minutes:02}:{:02}.{fraction:03}Z",
        date(day),
        seconds % 60
    )
}

/// A name by its number, from 1; `None` for 0.
pub(crate) fn numbered(names: &[&str], number: i32) -> Option<String> {
    let name = |position: usize| names.get(position).copied().unwrap_or("Nonsense");
    (number != 0).then(|| name(usize::try_from(number - 1).unwrap_or(usize::MAX)).to_owned())
}

impl Style {
    /// A line for each profile.
    pub(crate) fn lines(self, block: &ProfileBatch) -> String {
        let lines = block.profiles.iter().map(|profile| self.profile(profile));
        lines.map(|line| line + "\n").collect()
    }

    fn profile(self, profile: &Profile) -> String {
        let mut members = vec![("created_at", self.text(&time(profile.created_at_millis)))];
        members.push(("profile_id", self.text(&profile.profile_id)));
        for (name, identifiers) in [
            ("emails", &profile.emails),
            ("phones", &profile.phones),
            ("alternate_ids", &profile.alternate_ids),
        ] {
            if !identifiers.is_empty() {
                members.push((name, self.identifiers(identifiers)));
            }
        }
        self.push_texts(
            &mut members,
            &[
                ("customer_type", &profile.customer_type),
                ("locale", &profile.locale),
                ("country", &profile.country),
                ("region", &profile.region),
            ],
        );
        for (name, degrees) in [
            ("latitude", profile.latitude),
            ("longitude", profile.longitude),
        ] {
            members.extend(degrees.map(|degrees| (name, number(degrees))));
        }
        if let Some(name) = &profile.name {
            let mut parts = Vec::new();
            self.push_texts(
                &mut parts,
                &[
                    ("full_name", &name.full_name),
                    ("prefix", &name.prefix),
                    ("given_name", &name.given_name),
                    ("middle_name", &name.middle_name),
                    ("family_name", &name.family_name),
                    ("suffix", &name.suffix),
                ],
            );
            members.push(("name", self.members(parts)));
        }
        members.push(("fields", self.fields(&profile.fields)));
        let memberships = profile.memberships.iter();
        let memberships =
            memberships.map(|membership| (&*membership.list, self.membership(membership)));
        members.push(("memberships", self.object(memberships)));
        self.push_marks(&mut members, profile);
        self.push_entries(&mut members, profile);
        self.members(members)
    }

    fn push_marks(self, members: &mut Vec<(&str, String)>, profile: &Profile) {
        for (name, tags) in [
            ("tags", &profile.tags),
            ("removed_tags", &profile.removed_tags),
        ] {
            members.push((name, self.array(tags.iter().map(|tag| self.text(tag)))));
        }
        let state = |names: &[&str], number| {
            numbered(names, number).map_or("null".to_owned(), |name| self.text(&name))
        };
        let topics = profile.topics.iter().map(|topic| {
            let state = state(&TOPIC_STATES, topic.state);
            self.members(vec![("topic", self.text(&topic.topic)), ("state", state)])
        });
        members.push(("topics", self.array(topics)));
        let consents = profile.consents.iter().map(|consent| self.consent(consent));
        members.push(("consents", self.array(consents)));
    }

    fn push_texts(
        self,
        members: &mut Vec<(&str, String)>,
        texts: &[(&'static str, &Option<String>)],
    ) {
        for (name, text) in texts {
            members.extend(text.iter().map(|text| (*name, self.text(text))));
        }
    }

    fn identifiers(self, identifiers: &[Identifier]) -> String {
        self.array(identifiers.iter().map(|identifier| {
            let mut members = vec![("value", self.text(&identifier.value))];
            if !identifier.r#type.is_empty() {
                members.push(("type", self.text(&identifier.r#type)));
            }
            for (name, flag) in [
                ("primary", identifier.primary),
                ("inactive", identifier.inactive),
            ] {
                members.extend(flag.then(|| (name, "true".to_owned())));
            }
            self.members(members)
        }))
    }

    fn membership(self, membership: &Membership) -> String {
        let mut members = vec![("fields", self.fields(&membership.fields))];
        let times = [
            ("joined_at", membership.joined_at_millis),
            ("active_at", membership.active_at_millis),
        ];
        for (name, millis) in times {
            members.extend(millis.map(|millis| (name, self.text(&time(millis)))));
        }
        let states = [
            ("state", numbered(&MEMBERSHIP_STATES, membership.state)),
            (
                "consent_to_track",
                numbered(&CONSENTS_TO_TRACK, membership.consent_to_track),
            ),
        ];
        for (name, state) in states {
            members.extend(state.map(|state| (name, self.text(&state))));
        }
        self.members(members)
    }

    fn fields(self, fields: &[FieldValue]) -> String {
        self.object(
            fields
                .iter()
                .map(|field| (&*field.key, self.value(field.value.as_ref().unwrap()))),
        )
    }

    fn value(self, value: &Value) -> String {
        match value {
            Value::Text(text) => self.text(text),
            Value::Number(value) => number(*value),
            Value::Boolean(value) => value.to_string(),
            Value::Options(list) => self.array(list.options.iter().map(|name| self.text(name))),
            Value::Null(_) => "null".to_owned(),
            Value::DateDays(_) | Value::DateTimeMillis(_) => panic!("times are texts"),
        }
    }

    /// An object of members by their names in `segue.v1`.
    pub(crate) fn members(self, members: Vec<(&str, String)>) -> String {
        let named = members.into_iter().map(|(name, value)| {
            (
                if self.is_camel {
                    camel(name)
                } else {
                    name.to_owned()
                },
                value,
            )
        });
        self.object(named)
    }

    fn object(self, members: impl Iterator<Item = (impl AsRef<str>, String)>) -> String {
        let members = members.map(|(name, value)| {
            format!(
                "{}{}:{}{value}",
                self.text(name.as_ref()),
                self.space,
                self.space
            )
        });
        self.joined('{', members, '}')
    }

    pub(crate) fn array(self, items: impl Iterator<Item = String>) -> String {
        self.joined('[', items, ']')
    }

    fn joined(self, open: char, items: impl Iterator<Item = String>, close: char) -> String {
        let space = self.space;
        let items: Vec<String> = items.map(|item| format!("{space}{item}{space}")).collect();
        format!("{open}{}{space}{close}", items.join(","))
    }

    pub(crate) fn text(self, text: &str) -> String {
        if self.is_escaped {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", units.collect::<String>())
        } else {
            serde_json::to_string(text).unwrap()
        }
    }
}

fn number(number: f64) -> String {
    if number.is_nan() {
        "null".to_owned()
    } else if number.is_infinite() {
        format!("{}1e999", if number < 0.0 { "-" } else { "" })
    } else {
        serde_json::to_string(&number).unwrap()
    }
}

/// A name in `lowerCamelCase`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_uppercase() + rest
    })
}
