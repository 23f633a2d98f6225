//! Each problem of a record has its place and its reason, and leaves nothing of the record behind.

mod segue_v1;
mod shop;

use segue_kernel::batch::RecordReason as R;
use segue_v1::{
    Consent, Identifier, Membership, OptionList, Profile, ProfileBatch, TopicState, Value, member,
    plain, profile, value,
};
use shop::{decoded, problems};

/// A word that stands in many of the records and must stand in no message.
const SECRET: &str = "Pink";

/// Decodes profiles of which each has one problem.
fn check(cases: &[(Profile, &str, R)]) {
    let profiles = cases.iter().map(|(profile, ..)| profile.clone()).collect();
    let batch = decoded(&ProfileBatch {
        field_keys: Vec::new(),
        profiles,
    });
    let expected: Vec<_> = (1..)
        .zip(cases)
        .map(|(n, (_, path, reason))| (n, *path, *reason))
        .collect();
    assert_eq!(problems(&batch), expected);
    assert_eq!(
        (batch.n_rows(), batch.columns.len(), batch.members.len()),
        (0, 0, 0)
    );
    assert!(
        batch
            .identifiers
            .iter()
            .all(|given| given.plain.is_empty() && given.typed.is_empty())
    );
    assert_eq!(batch.invalid_count, batch.record_count);
    assert!(
        batch
            .exceptions
            .iter()
            .all(|exception| !exception.message.contains(SECRET))
    );
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn options(names: &[&str]) -> Value {
    Value::Options(OptionList {
        options: names.iter().map(|&name| name.to_owned()).collect(),
    })
}

fn typed(value: &str, kind: &str) -> Identifier {
    Identifier {
        value: value.to_owned(),
        r#type: kind.to_owned(),
        ..Identifier::default()
    }
}

#[test]
fn ids_and_identifiers() {
    let email = |value: &str| Profile {
        emails: vec![plain(value)],
        ..profile("p")
    };
    let alternate = |ids: Vec<Identifier>| Profile {
        alternate_ids: ids,
        ..profile("p")
    };
    check(&[
        (profile(""), "profile_id", R::ProfileIdMissing),
        (profile(&"x".repeat(256)), "profile_id", R::TextTooLong),
        (profile("Pink\0"), "profile_id", R::TextInvalid),
        (email(SECRET), "emails[0].value", R::EmailInvalid),
        (
            email(&format!("a@{}", "b.".repeat(150))),
            "emails[0].value",
            R::TextTooLong,
        ),
        (
            Profile {
                phones: vec![plain("0701")],
                ..profile("p")
            },
            "phones[0].value",
            R::PhoneInvalid,
        ),
        (
            alternate(vec![typed("a", "x"), typed(SECRET, "x")]),
            "alternate_ids[1].type",
            R::Duplicate,
        ),
        (
            alternate(vec![typed("a", &SECRET.repeat(26))]),
            "alternate_ids[0].type",
            R::TextTooLong,
        ),
        (
            alternate(vec![typed("a", "x"), typed("\0", "")]),
            "alternate_ids[1].value",
            R::TextInvalid,
        ),
    ]);
}

#[test]
fn parts_of_the_profile() {
    let locale = |locale: &str| Profile {
        locale: Some(locale.to_owned()),
        ..profile("p")
    };
    check(&[
        (locale(&SECRET.repeat(9)), "locale", R::TextTooLong),
        (locale("\0"), "locale", R::TextInvalid),
        (
            Profile {
                latitude: Some(90.1),
                ..profile("p")
            },
            "latitude",
            R::NumberInvalid,
        ),
        (
            Profile {
                longitude: Some(f64::INFINITY),
                ..profile("p")
            },
            "longitude",
            R::NumberInvalid,
        ),
    ]);
}

#[test]
fn values_of_fields() {
    let field = |key: &str, given| Profile {
        fields: vec![value(key, given)],
        ..profile("p")
    };
    check(&[
        (
            field("City", text(&"x".repeat(10_001))),
            "fields[City]",
            R::TextTooLong,
        ),
        (
            field("City", Value::Number(1.0)),
            "fields[City]",
            R::TypeMismatch,
        ),
        (
            field("Age", Value::Boolean(true)),
            "fields[Age]",
            R::TypeMismatch,
        ),
        (
            field("Age", Value::Number(f64::NAN)),
            "fields[Age]",
            R::NumberInvalid,
        ),
        (field("age", text(SECRET)), "fields[Age]", R::NumberInvalid),
        (field("Vip", text(SECRET)), "fields[Vip]", R::TypeMismatch),
        (
            field("Born", text("2023-02-29")),
            "fields[Born]",
            R::DateInvalid,
        ),
        (
            field("Born", Value::DateDays(i32::MAX)),
            "fields[Born]",
            R::DateInvalid,
        ),
        (
            field("Born", Value::DateTimeMillis(0)),
            "fields[Born]",
            R::TypeMismatch,
        ),
        (
            field("Seen", Value::DateTimeMillis(i64::MIN)),
            "fields[Seen]",
            R::DateInvalid,
        ),
        (
            field("Level", text(SECRET)),
            "fields[Level]",
            R::OptionUnknown,
        ),
        (
            field("Level", options(&["Red"])),
            "fields[Level]",
            R::TypeMismatch,
        ),
        (
            field("Likes", options(&["Red", SECRET])),
            "fields[Likes]",
            R::OptionUnknown,
        ),
        (
            field("Likes", text("Red;;Green")),
            "fields[Likes]",
            R::OptionUnknown,
        ),
        (field("Shoe", text("45")), "fields[Shoe]", R::FieldUnknown),
        (
            Profile {
                fields: vec![value("Age", text("1")), value("AGE", text(""))],
                ..profile("p")
            },
            "fields[Age]",
            R::Duplicate,
        ),
    ]);
}

#[test]
fn memberships() {
    let club = |fields| member("club", fields);
    let membership = |membership| Profile {
        memberships: vec![membership],
        ..profile("p")
    };
    check(&[
        (
            membership(member("nobody", Vec::new())),
            "memberships[nobody]",
            R::ListUnknown,
        ),
        (
            membership(Membership {
                state: 7,
                ..club(Vec::new())
            }),
            "memberships[club].state",
            R::OptionUnknown,
        ),
        (
            membership(Membership {
                joined_at_millis: Some(i64::MAX),
                ..club(Vec::new())
            }),
            "memberships[club].joined_at_millis",
            R::DateInvalid,
        ),
        (
            membership(club(vec![value("Age", text(SECRET))])),
            "memberships[club].fields[Age]",
            R::NumberInvalid,
        ),
        (
            Profile {
                memberships: vec![club(Vec::new()); 2],
                ..profile("p")
            },
            "memberships[club]",
            R::Duplicate,
        ),
    ]);
}

#[test]
fn marks() {
    let tags = |tags: &[&str], removed: &[&str]| Profile {
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        removed_tags: removed.iter().map(|&tag| tag.to_owned()).collect(),
        ..profile("p")
    };
    let topics = |topics: &[(&str, i32)]| Profile {
        topics: topics
            .iter()
            .map(|&(topic, state)| TopicState {
                topic: topic.to_owned(),
                state,
            })
            .collect(),
        ..profile("p")
    };
    let consent = |id: &str, state| Profile {
        consents: vec![Consent {
            consent_type: id.to_owned(),
            state,
            ..Consent::default()
        }],
        ..profile("p")
    };
    check(&[
        (tags(&["nobody"], &[]), "tags[nobody]", R::TagUnknown),
        (tags(&["Vip"], &[]), "tags[Vip]", R::TagUnknown),
        (tags(&["sport"], &[]), "tags[sport]", R::TagUnknown),
        (tags(&[], &[""]), "removed_tags[]", R::TagUnknown),
        (tags(&["vip", "vip"], &[]), "tags[vip]", R::Duplicate),
        (tags(&["vip"], &["vip"]), "removed_tags[vip]", R::Duplicate),
        (topics(&[("new", 1)]), "topics[new]", R::TopicUnknown),
        (
            topics(&[("sport", 1), ("sport", 0)]),
            "topics[sport]",
            R::Duplicate,
        ),
        (topics(&[("sport", 3)]), "topics[sport]", R::TypeMismatch),
        (topics(&[("sport", -1)]), "topics[sport]", R::TypeMismatch),
        (
            consent("sport", 1),
            "consents[sport]",
            R::ConsentTypeUnknown,
        ),
        (consent("sms", 3), "consents[sms]", R::TypeMismatch),
    ]);
}
