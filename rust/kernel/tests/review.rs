//! A review tells of profiles what a reader of both exports would find who compares them value by value.

#![expect(clippy::unwrap_used)]

mod any_profile;
mod segue_v1;
mod shop;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use segue_kernel::schema::MarkKind;
use segue_kernel::table::{Table, Version, WriteRules};
use segue_kernel::wire::calendar::{DAY_MILLIS, date_of};
use segue_kernel::wire::encode_profile;
use segue_v1::{
    Address, Consent, ConsentAnswer, FieldValue, Identifier, Preference, Profile, ProfileBatch,
    Value,
};
use shop::{decoded, schema};

/// Characters of a value that are told.
const VALUE_CHARS: usize = 200;

#[derive(Clone, PartialEq, prost::Message)]
struct ImportReview {
    #[prost(int64, tag = "1")]
    create_count: i64,
    #[prost(int64, tag = "2")]
    update_count: i64,
    #[prost(int64, tag = "3")]
    unchanged_count: i64,
    #[prost(int64, tag = "4")]
    erase_count: i64,
    #[prost(message, repeated, tag = "8")]
    samples: Vec<ProfileDifference>,
    #[prost(message, repeated, tag = "9")]
    field_counts: Vec<FieldChangeCount>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProfileDifference {
    #[prost(string, tag = "1")]
    profile_id: String,
    #[prost(bool, tag = "2")]
    created: bool,
    #[prost(message, repeated, tag = "3")]
    fields: Vec<FieldDifference>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FieldDifference {
    #[prost(string, tag = "1")]
    field_path: String,
    #[prost(string, tag = "2")]
    old_value: String,
    #[prost(string, tag = "3")]
    new_value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FieldChangeCount {
    #[prost(string, tag = "1")]
    field_path: String,
    #[prost(int64, tag = "2")]
    count: i64,
}

/// The values of a profile by their paths.
type Values = BTreeMap<String, String>;

fn values_of(profile: &Profile) -> Values {
    let mut values = Values::new();
    let mut put = |path: &str, value: Option<String>| {
        values.extend(value.map(|value| (path.to_owned(), value)));
    };
    let name = profile.name.clone().unwrap_or_default();
    put("name.prefix", name.prefix);
    put("name.given_name", name.given_name);
    put("name.middle_name", name.middle_name);
    put("name.family_name", name.family_name);
    put("name.suffix", name.suffix);
    put("name.full_name", name.full_name);
    put("customer_type", profile.customer_type.clone());
    put("locale", profile.locale.clone());
    put("country", profile.country.clone());
    put("region", profile.region.clone());
    put("latitude", profile.latitude.map(number));
    put("longitude", profile.longitude.map(number));
    for tag in &profile.tags {
        put(&format!("tags[{tag}]"), Some("true".into()));
    }
    for topic in &profile.topics {
        let state = (topic.state == 1).to_string();
        put(&format!("topics[{}]", topic.topic), Some(state));
    }
    for consent in &profile.consents {
        let state = (consent.state == 1).to_string();
        put(&format!("consents[{}]", consent.consent_type), Some(state));
    }
    values.extend(identifiers("emails", &profile.emails));
    values.extend(identifiers("phones", &profile.phones));
    values.extend(identifiers("alternate_ids", &profile.alternate_ids));
    values.extend(entries(profile));
    values.extend(fields("", &profile.fields));
    for member in &profile.memberships {
        let path = format!("memberships[{}].", member.list);
        let states = [
            "Active",
            "Unconfirmed",
            "Unsubscribed",
            "Bounced",
            "Deleted",
            "Inactive",
        ];
        let mut put = |part: &str, value: Option<String>| {
            values.extend(value.map(|value| (format!("{path}{part}"), value)));
        };
        put("state", option(&states, member.state));
        put(
            "consent_to_track",
            option(&["Yes", "No"], member.consent_to_track),
        );
        put("joined_at", member.joined_at_millis.map(time));
        put("active_at", member.active_at_millis.map(time));
        values.extend(fields(&path, &member.fields));
    }
    values
}

fn identifiers(name: &str, all: &[Identifier]) -> Values {
    let mut values = Values::new();
    let mut others = all;
    if let Some((first, behind)) = all.split_first().filter(|(first, _)| !first.inactive) {
        others = behind;
        values.insert(format!("{name}[0].value"), first.value.clone());
        if !first.r#type.is_empty() {
            values.insert(format!("{name}[0].type"), first.r#type.clone());
        }
    }
    let one = |it: &Identifier| {
        let text = |text: &str| serde_json::to_string(text).unwrap();
        let kind = format!(",\"type\":{}", text(&it.r#type));
        let kind = if it.r#type.is_empty() { "" } else { &kind };
        let flag = if it.inactive {
            ",\"inactive\":true"
        } else {
            ""
        };
        format!("{{\"value\":{}{kind}{flag}}}", text(&it.value))
    };
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(one).collect();
        values.insert(name.to_owned(), format!("[{}]", others.join(",")));
    }
    values
}

/// An object of those members that have a value.
fn object(members: &[(&str, Option<String>)]) -> String {
    let given = members
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let given: Vec<String> = given
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", given.join(","))
}

fn entries(profile: &Profile) -> Values {
    let text = |text: &str| Some(serde_json::to_string(text).unwrap());
    let some = |given: &str| text(given).filter(|_| !given.is_empty());
    let moment = |millis: Option<i64>| millis.and_then(|millis| text(&time(millis)));
    let array = |items: Vec<String>| format!("[{}]", items.join(","));
    let name = |names: &[&str], number| option(names, number).and_then(|name| text(&name));
    let version = |version: u32| (version > 0).then(|| version.to_string());
    let address = |one: &Address| {
        let lines = one.lines.iter().map(|line| text(line).unwrap()).collect();
        object(&[
            ("type", some(&one.r#type)),
            ("lines", (!one.lines.is_empty()).then(|| array(lines))),
            ("locality", some(&one.locality)),
            ("region", some(&one.region)),
            ("postal_code", some(&one.postal_code)),
            ("country", some(&one.country)),
            ("inactive", one.inactive.then(|| "true".to_owned())),
        ])
    };
    let channels = ["Email", "Text", "Phone", "Mail", "Fax"];
    let preference = |one: &Preference| {
        object(&[
            ("program", some(&one.program)),
            ("channel", name(&channels, one.channel)),
            ("filter", text(&one.filter)),
            ("choice", name(&["OptIn", "OptOut"], one.choice)),
            ("frequency", some(&one.frequency)),
            ("expire_at", moment(one.expire_at_millis)),
            ("basis", name(&["Expressed", "Implied"], one.basis)),
            ("stated_at", moment(one.stated_at_millis)),
        ])
    };
    let former = |one: &ConsentAnswer| {
        object(&[
            ("state", name(&["Given", "Withdrawn"], one.state)),
            ("version", version(one.version)),
            (
                "stated_at",
                moment(Some(one.stated_at_millis).filter(|&millis| millis != 0)),
            ),
        ])
    };
    let consent = |one: &Consent| {
        let history: Vec<String> = one.history.iter().map(former).collect();
        object(&[
            ("consent_type", text(&one.consent_type)),
            ("version", version(one.version)),
            ("stated_at", moment(one.stated_at_millis)),
            ("history", (!history.is_empty()).then(|| array(history))),
        ])
    };
    let mut known: Vec<&Consent> = profile.consents.iter().collect();
    known.retain(|consent| consent.stated_at_millis.is_some());
    let column = |id: &str| schema().mark(MarkKind::Consent, id).unwrap().column;
    known.sort_by_key(|consent| column(&consent.consent_type).to_string());
    let collections = [
        ("addresses", profile.addresses.iter().map(address).collect()),
        (
            "preferences",
            profile.preferences.iter().map(preference).collect(),
        ),
        (
            "groups",
            profile
                .groups
                .iter()
                .map(|one| text(one).unwrap())
                .collect(),
        ),
        ("consents", known.into_iter().map(consent).collect()),
    ];
    let given = collections
        .into_iter()
        .filter(|(_, items): &(_, Vec<String>)| !items.is_empty());
    given
        .map(|(name, items)| (name.to_owned(), array(items)))
        .collect()
}

fn fields(owner: &str, fields: &[FieldValue]) -> Values {
    let one = |field: &FieldValue| {
        let value = match field.value.clone().unwrap() {
            Value::Text(text) => text,
            Value::Number(value) => number(value),
            Value::Boolean(value) => value.to_string(),
            Value::DateDays(days) => date(days),
            Value::DateTimeMillis(millis) => time(millis),
            Value::Options(options) => options.options.join(";"),
            Value::Null(_) => unreachable!("nothing stored is null"),
        };
        (format!("{owner}fields[{}]", field.key), value)
    };
    fields.iter().map(one).collect()
}

fn option(names: &[&str], number: i32) -> Option<String> {
    let position = usize::try_from(number - 1).ok()?;
    names.get(position).map(|&name| name.to_owned())
}

fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 && (number != 0.0 || number.is_sign_positive())
    {
        format!("{number:.0}")
    } else {
        ryu::Buffer::new().format_finite(number).to_owned()
    }
}

fn date(days: i32) -> String {
    let (year, month, day) = date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time(millis: i64) -> String {
    let days = i32::try_from(millis.div_euclid(DAY_MILLIS)).unwrap();
    let in_day = millis.rem_euclid(DAY_MILLIS);
    let seconds = in_day / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let (seconds, millis) = (seconds % 60, in_day % 1_000);
    format!(
        "{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z",
        date(days)
    )
}

fn stored(version: &Version, row: u32) -> Option<Profile> {
    let encoded = || encode_profile(version, &schema(), row);
    version.is_live(row).then(|| segue_v1::read(&encoded()))
}

fn difference(before: Option<&Profile>, after: Option<&Profile>) -> Vec<FieldDifference> {
    let values = |profile: Option<&Profile>| profile.map(values_of).unwrap_or_default();
    let (old, new) = (values(before), values(after));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let cut = |value: &str| value.chars().take(VALUE_CHARS).collect();
    let changed = paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path));
    let value_in = |values: &Values, path| cut(values.get(path).map_or("", String::as_str));
    changed
        .map(|path| FieldDifference {
            field_path: path.clone(),
            old_value: value_in(&old, path),
            new_value: value_in(&new, path),
        })
        .collect()
}

/// Compares all profiles that some ids name.
fn expected(before: &Version, after: &Version, ids: &BTreeSet<String>) -> ImportReview {
    let mut review = ImportReview::default();
    let mut by_path: BTreeMap<String, i64> = BTreeMap::new();
    for row in (0..).take(after.n_rows()) {
        let Some(profile) = stored(after, row) else {
            continue;
        };
        if !ids.contains(&profile.profile_id) {
            continue;
        }
        let old = stored(before, row);
        let created = old.is_none();
        let fields = difference(old.as_ref(), Some(&profile));
        match (created, fields.is_empty()) {
            (true, _) => review.create_count += 1,
            (false, false) => review.update_count += 1,
            (false, true) => {
                review.unchanged_count += 1;
                continue;
            }
        }
        for field in &fields {
            *by_path.entry(field.field_path.clone()).or_default() += 1;
        }
        review.samples.push(ProfileDifference {
            profile_id: profile.profile_id,
            created,
            fields,
        });
    }
    let counts = by_path.into_iter();
    review.field_counts = counts
        .map(|(field_path, count)| FieldChangeCount { field_path, count })
        .collect();
    review
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_review_equals_a_comparison_of_decoded_profiles(
        first in any_profile::block(),
        second in any_profile::block(),
        third in any_profile::block(),
        n_samples in prop_oneof![Just(100_usize), 0..4_usize],
    ) {
        let [first, second, third] = [first, second, third].map(|block: ProfileBatch| decoded(&block));
        let table = Table::new();
        table.apply(&[&first], 1, 1_003).unwrap();
        let before = table.version();
        let mut transaction = table.begin(2_003, WriteRules::default());
        transaction.apply(&second, 1).unwrap();
        transaction.apply(&third, 2).unwrap();
        let mut found: ImportReview = segue_v1::read(&transaction.review(n_samples, &schema()));
        transaction.commit(2);

        let ids = shop::ids(&second).into_iter().chain(shop::ids(&third)).collect();
        let mut expected = expected(&before, &table.version(), &ids);
        expected.samples.truncate(n_samples);
        prop_assert!(found.field_counts.is_sorted_by(|a, b| a.count >= b.count));
        found.field_counts.sort_by(|a, b| a.field_path.cmp(&b.field_path));
        for sample in &mut found.samples {
            sample.fields.sort_by(|a, b| a.field_path.cmp(&b.field_path));
        }
        prop_assert_eq!(found, expected);
    }
}
