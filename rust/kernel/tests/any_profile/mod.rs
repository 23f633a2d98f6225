//! Profiles made at random for the account of [`shop`](crate::shop).

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::segue_v1::{
    Address, Consent, ConsentAnswer, FieldValue, Identifier, Membership, OptionList, PersonName,
    Preference, Profile, ProfileBatch, TopicState, Value,
};

/// Texts that some field somewhere takes, and some that none does.
fn text() -> impl Strategy<Value = String> {
    let texts = [
        "",
        "a",
        "räksmörgås",
        "\0",
        "42",
        "-1e3",
        "true",
        "no",
        "2024-02-29",
        "2024-02-29T12:00Z",
        "red",
        "BLÅ",
        "Red; Green",
        "a@b.se",
        "+46701234567",
        "=1+1",
        "''-1 \"a\",\r\n",
        "eleven byte",
        "twenty-one bytes long",
    ];
    prop_oneof![
        8 => select(texts.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (0..300_usize).prop_map(|length| "x".repeat(length)),
    ]
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.2, text())
}

fn email() -> impl Strategy<Value = String> {
    let emails = [
        "",
        "a@b.se",
        "Anna@Example.com",
        "å@ä.ö",
        "a@b@c",
        "a b@c",
        "a@-b",
        "a@b..c",
        "a",
        "@",
    ];
    prop_oneof![4 => select(emails.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn phone() -> impl Strategy<Value = String> {
    let phones = [
        "",
        "+46701234567",
        "+46 (70) 12-34.567",
        "+4670123",
        "+467012",
        "0701234567",
        "+0123456789",
    ];
    prop_oneof![4 => select(phones.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn identifiers(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Identifier>> {
    let kind = prop_oneof![4 => Just(String::new()), 2 => Just("work".to_owned()), 1 => text()];
    let identifier = (value, kind, flag(), flag());
    let identifier = identifier.prop_map(|(value, kind, primary, inactive)| Identifier {
        value,
        r#type: kind,
        primary,
        inactive,
    });
    prop_oneof![2 => Just(Vec::new()), 3 => vec(identifier, 0..3)]
}

fn field_value() -> impl Strategy<Value = FieldValue> {
    let keys = [
        "City", "age", "VIP", "Born", "Seen", "Level", "Likes", "tag:vip", "Shoe", "",
    ];
    let options = vec(
        select(&["Red", "green", "blå", "Off White", "Pink"][..]),
        0..4,
    );
    let value = prop_oneof![
        4 => text().prop_map(Value::Text),
        2 => any::<f64>().prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::Boolean),
        1 => prop_oneof![any::<i32>(), -1_000..1_000].prop_map(Value::DateDays),
        1 => prop_oneof![any::<i64>(), -1_000..1_000_i64].prop_map(Value::DateTimeMillis),
        2 => options.prop_map(|options| Value::Options(OptionList { options: options.into_iter().map(str::to_owned).collect() })),
        1 => Just(Value::Null(true)),
    ];
    let index = prop_oneof![2 => Just(0_u32), 2 => 1..5_u32, 1 => any::<u32>()];
    (select(keys.to_vec()), index, option::weighted(0.9, value)).prop_map(
        |(key, key_index, value)| FieldValue {
            key: key.to_owned(),
            key_index,
            value,
        },
    )
}

fn membership() -> impl Strategy<Value = Membership> {
    let list = select(&["newsletter", "newsletter", "club", "nobody"][..]);
    let number = prop_oneof![4 => 0..3, 1 => any::<i32>()];
    let time = || option::weighted(0.3, prop_oneof![4 => 0..1_000_i64, 1 => any::<i64>()]);
    (
        list,
        number.clone(),
        time(),
        time(),
        number,
        vec(field_value(), 0..3),
    )
        .prop_map(
            |(list, state, joined_at_millis, active_at_millis, consent_to_track, fields)| {
                Membership {
                    list: list.to_owned(),
                    state,
                    joined_at_millis,
                    active_at_millis,
                    consent_to_track,
                    fields,
                }
            },
        )
}

/// Ids of marks: some of a profile's tags, topics or consents.
fn mark_ids(known: [&'static str; 2]) -> impl Strategy<Value = Vec<String>> {
    let id = prop_oneof![9 => select(known.to_vec()), 1 => select(vec!["", "VIP", "nothing"])];
    prop_oneof![2 => Just(Vec::new()), 1 => vec(id.prop_map(str::to_owned), 0..3)]
}

/// Ids of marks, each with a state.
fn mark_states(known: [&'static str; 2]) -> impl Strategy<Value = Vec<(String, i32)>> {
    let state = || prop_oneof![9 => 0..3, 1 => any::<i32>()];
    mark_ids(known).prop_flat_map(move |ids| {
        let states = vec(state(), ids.len());
        states.prop_map(move |states| ids.iter().cloned().zip(states).collect())
    })
}

/// Texts that become parts of entries, and some that do not.
fn part() -> impl Strategy<Value = String> {
    let reserved = select(&["a\u{1e}b", "\u{1f}"][..]).prop_map(str::to_owned);
    prop_oneof![6 => Just(String::new()), 12 => "[a-c]", 2 => text(), 1 => reserved]
}

fn some_time() -> impl Strategy<Value = Option<i64>> {
    option::weighted(0.4, prop_oneof![20 => 0..1_000_i64, 1 => any::<i64>()])
}

fn flag() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

fn address() -> impl Strategy<Value = Address> {
    let texts = vec(part(), 5);
    let lines = prop_oneof![9 => vec(part(), 0..3), 1 => vec(part(), 5..7)];
    (texts, lines, flag(), flag()).prop_map(|(texts, lines, primary, inactive)| {
        let [kind, locality, region, postal_code, country] = texts.try_into().unwrap();
        Address {
            r#type: kind,
            lines,
            locality,
            region,
            postal_code,
            country,
            primary,
            inactive,
        }
    })
}

fn preference() -> impl Strategy<Value = Preference> {
    let filter = prop_oneof![9 => "[a-c]", 1 => text()];
    let texts = (part(), filter, part());
    let number = |valid: std::ops::Range<i32>| prop_oneof![20 => valid, 1 => any::<i32>()];
    let numbers = (number(1..6), number(0..3), number(0..3));
    let times = (some_time(), some_time());
    (texts, numbers, times).prop_map(
        |(
            (program, filter, frequency),
            (channel, choice, basis),
            (expire_at_millis, stated_at_millis),
        )| Preference {
            program,
            channel,
            filter,
            choice,
            frequency,
            expire_at_millis,
            basis,
            stated_at_millis,
        },
    )
}

/// Consents of types, with versions, times and histories.
fn consents() -> impl Strategy<Value = Vec<Consent>> {
    let state = prop_oneof![20 => 1..3_i32, 1 => any::<i32>()];
    let time = prop_oneof![20 => 0..1_000_i64, 1 => any::<i64>()];
    let former = (state, 0..3_u32, time);
    let former = former.prop_map(|(state, version, stated_at_millis)| ConsentAnswer {
        state,
        version,
        stated_at_millis,
    });
    let length = prop_oneof![6 => Just(0_usize), 3 => 1..3_usize, 1 => 50..52_usize];
    let history = length.prop_flat_map(move |length| vec(former.clone(), length));
    let version = prop_oneof![2 => Just(0_u32), 1 => 1..4_u32];
    let answers = vec((version, some_time(), history), 3);
    let states = mark_states(["sms", "mail"]);
    (states, answers).prop_map(|(states, answers)| {
        let consent = |((consent_type, state), (version, stated_at_millis, history))| Consent {
            consent_type,
            state,
            version,
            stated_at_millis,
            history,
        };
        states.into_iter().zip(answers).map(consent).collect()
    })
}

prop_compose! {
    /// A profile of nothing but addresses, preferences and groups.
    fn entries()(
        addresses in prop_oneof![2 => Just(Vec::new()), 1 => vec(address(), 1..3)],
        preferences in prop_oneof![2 => Just(Vec::new()), 1 => vec(preference(), 1..3)],
        groups in prop_oneof![2 => Just(Vec::new()), 1 => vec(part(), 1..3)],
        removed_groups in prop_oneof![4 => Just(Vec::new()), 1 => vec(part(), 1..2)],
    ) -> Profile {
        Profile { preferences, groups, removed_groups, addresses, ..Profile::default() }
    }
}

prop_compose! {
    fn marks()(
        tags in mark_ids(["vip", "new"]),
        topics in mark_states(["sport", "vip"]),
        consents in consents(),
        removed_tags in mark_ids(["vip", "new"]),
    ) -> Profile {
        let topic = |(topic, state)| TopicState { topic, state };
        Profile {
            tags, removed_tags, consents,
            topics: topics.into_iter().map(topic).collect(),
            ..Profile::default()
        }
    }
}

prop_compose! {
    fn person_name()(parts in vec(some_text(), 6)) -> PersonName {
        let [prefix, given_name, middle_name, family_name, suffix, full_name] = parts.try_into().unwrap();
        PersonName { prefix, given_name, middle_name, family_name, suffix, full_name }
    }
}

prop_compose! {
    fn profile()(
        id in prop_oneof![8 => (0..40_u8).prop_map(|n| format!("p{n}")), 1 => text()],
        alternate_ids in identifiers(text()),
        emails in identifiers(email()),
        phones in identifiers(phone()),
        texts in vec(some_text(), 4),
        name in option::of(person_name()),
        degrees in vec(option::weighted(0.3, prop_oneof![4 => -100.0..100.0, 1 => any::<f64>()]), 2),
        fields in vec(field_value(), 0..3),
        memberships in vec(membership(), 0..3),
        marks in marks(),
        entries in entries(),
        output in any::<(i64, bool)>(),
    ) -> Profile {
        let [customer_type, locale, country, region] = texts.try_into().unwrap();
        Profile {
            profile_id: id, alternate_ids, emails, phones, customer_type, name, locale, country, region,
            latitude: degrees[0], longitude: degrees[1], fields, memberships,
            addresses: entries.addresses, preferences: entries.preferences,
            groups: entries.groups, removed_groups: entries.removed_groups,
            created_at_millis: output.0, changed_at_millis: output.0, removed: output.1, ..marks
        }
    }
}

/// Blocks of any profiles: good, bad, and with every part that a profile can have.
pub(crate) fn block() -> impl Strategy<Value = ProfileBatch> {
    vec(profile(), 0..12).prop_map(|profiles| ProfileBatch {
        field_keys: ["Age", "city", "Shoe"].map(str::to_owned).to_vec(),
        profiles,
    })
}
