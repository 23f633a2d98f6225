//! Every problem of an event by its path and reason, and good events beside bad ones.

use segue_kernel::batch::RecordReason::{self, *};
use segue_kernel::error::KernelError;
use segue_kernel::event::EventBatch;
use segue_kernel::event::batch::DatumValue;
use segue_kernel::wire::decode_events;

use super::mirror::{Event, EventProperty, Value, block, event, property, text};
use super::{CAMPAIGN, NOW, schema};

fn read(events: &[Event]) -> EventBatch {
    decode_events(&schema(), &block(events)).unwrap()
}

/// Paths and reasons of the problems of one event beside a good one.
fn problems(bad: Event) -> Vec<(String, RecordReason)> {
    let batch = read(&[event("good", "p", "seen", NOW, &[]), bad]);
    let is_bad = !batch.exceptions.is_empty();
    assert_eq!(
        (batch.record_count, batch.len()),
        (2, 2 - usize::from(is_bad))
    );
    assert_eq!(batch.event_ids.get(0), b"good");
    let of_second = batch.exceptions.iter().map(|exception| {
        assert_eq!(exception.record_number, 2);
        (exception.field_path.clone(), exception.reason)
    });
    of_second.collect()
}

fn bought(data: &[EventProperty]) -> Event {
    event("e", "p", "bought", NOW, data)
}

#[test]
fn values_of_every_kind_are_read() {
    let batch = read(&[bought(&[
        property("due", Value::DateTimeMillis(-5)),
        property("item", text("Schuh")),
        property("gift", Value::Boolean(true)),
        property("price", Value::Number(-0.5)),
    ])]);
    assert_eq!(batch.exceptions, []);
    assert_eq!((batch.type_codes[0], batch.source_times[0]), (16, NOW));
    assert_eq!(batch.profile_ids.get(0), b"p");
    let data: Vec<_> = batch
        .data_of(0)
        .iter()
        .map(|it| (it.property, it.value))
        .collect();
    let expected = [
        (0, DatumValue::Text(0)),
        (1, DatumValue::Number(-0.5)),
        (2, DatumValue::Boolean(true)),
        (3, DatumValue::DateTime(-5)),
    ];
    assert_eq!(data, expected);
    assert_eq!(batch.texts.get(0), "Schuh".as_bytes());
}

#[test]
fn ids_are_there_and_not_too_long() {
    let found = problems(event("", "", "nothing", i64::MAX, &[]));
    let expected = [
        ("event_id".to_owned(), EventIdMissing),
        ("profile_id".to_owned(), ProfileIdMissing),
        ("source_time_millis".to_owned(), DateInvalid),
        ("event_type".to_owned(), EventTypeUnknown),
    ];
    assert_eq!(found, expected);
    let found = problems(event(&"e".repeat(129), &"p".repeat(256), "seen", NOW, &[]));
    let expected = [("event_id", TextTooLong), ("profile_id", TextTooLong)];
    assert_eq!(
        found,
        expected.map(|(path, reason)| (path.to_owned(), reason))
    );
    assert_eq!(
        problems(event(&"e".repeat(128), &"p".repeat(255), "seen", NOW, &[])),
        []
    );
    assert_eq!(
        problems(event("a\0", "p", "seen", NOW, &[])),
        [("event_id".to_owned(), TextInvalid)]
    );
}

#[test]
fn properties_are_known_of_their_type_and_given_once() {
    let cases = [
        (
            property("colour", text("red")),
            "data[colour]",
            PropertyUnknown,
        ),
        (
            property("item", Value::Number(1.0)),
            "data[item]",
            TypeMismatch,
        ),
        (property("price", text("1")), "data[price]", TypeMismatch),
        (
            property("price", Value::Number(f64::NAN)),
            "data[price]",
            NumberInvalid,
        ),
        (
            property("gift", Value::Number(1.0)),
            "data[gift]",
            TypeMismatch,
        ),
        (
            property("due", Value::DateTimeMillis(i64::MIN)),
            "data[due]",
            DateInvalid,
        ),
        (
            property("item", text(&"x".repeat(1_001))),
            "data[item]",
            TextTooLong,
        ),
        (property("item", text("a\0")), "data[item]", TextInvalid),
        (
            EventProperty {
                key: "item".into(),
                value: None,
            },
            "data[item]",
            PropertyInvalid,
        ),
    ];
    for (given, path, reason) in cases {
        assert_eq!(problems(bought(&[given])), [(path.to_owned(), reason)]);
    }
    let twice = [property("item", text("a")), property("item", text("a"))];
    assert_eq!(
        problems(bought(&twice)),
        [("data[item]".to_owned(), Duplicate)]
    );
    assert_eq!(
        problems(bought(&[property("item", text(&"x".repeat(1_000)))])),
        []
    );
}

#[test]
fn built_in_types_need_a_campaign_and_clicks_a_link() {
    let of = |kind: &str, data: &[EventProperty]| problems(event("e", "p", kind, NOW, data));
    let campaign = |id: &str| property("campaign", text(id));
    let link = property("link", text("https://example.com"));
    for kind in ["sent", "opened", "unsubscribed", "bounced"] {
        assert_eq!(
            of(kind, &[]),
            [("data[campaign]".to_owned(), PropertyInvalid)]
        );
        assert_eq!(of(kind, &[campaign(CAMPAIGN)]), []);
        assert_eq!(of(kind, &[campaign(&CAMPAIGN.repeat(2)), link.clone()]), []);
    }
    assert_eq!(
        of("clicked", &[campaign(CAMPAIGN)]),
        [("data[link]".to_owned(), PropertyInvalid)]
    );
    assert_eq!(of("clicked", &[campaign(CAMPAIGN), link]), []);
    for wrong in ["", "0123456789abcde", "0123456789abcdeg"] {
        assert_eq!(
            of("sent", &[campaign(wrong)]),
            [("data[campaign]".to_owned(), PropertyInvalid)]
        );
    }
    let batch = read(&[event(
        "e",
        "p",
        "sent",
        NOW,
        &[campaign("0123456789ABCDEF")],
    )]);
    assert_eq!(batch.texts.get(0), CAMPAIGN.as_bytes());
}

#[test]
fn contents_hash_alike_when_they_say_the_same() {
    let hash = |event: Event| read(&[event]).content_hashes[0];
    let (price, item) = (
        property("price", Value::Number(1.0)),
        property("item", text("a")),
    );
    let first = hash(bought(&[price.clone(), item.clone()]));
    assert_eq!(first, hash(bought(&[item.clone(), price.clone()])));
    let other_id = event("f", "p", "bought", NOW, &[price.clone(), item.clone()]);
    assert_eq!(first, hash(other_id));
    let others = [
        bought(&[item]),
        bought(&[price.clone(), property("item", text("b"))]),
        event("e", "q", "bought", NOW, std::slice::from_ref(&price)),
        event("e", "p", "bought", NOW + 1, &[price]),
    ];
    for other in others {
        assert_ne!(first, hash(other));
    }
    let zero = |zero| hash(bought(&[property("price", Value::Number(zero))]));
    assert_eq!(zero(0.0), zero(-0.0));
}

#[test]
fn damage_inside_of_an_event_fails_that_event_only() {
    // An event of which the second field is cut off.
    let damaged = [0x0A, 0x01, b'e', 0x12, 0x05, b'p'];
    let mut data = block(&[event("a", "p", "seen", NOW, &[])]);
    data.extend([0x0A, 0x06]);
    data.extend(damaged);
    data.extend(block(&[event("b", "p", "seen", NOW, &[])]));
    let batch = decode_events(&schema(), &data).unwrap();
    assert_eq!((batch.record_count, batch.len()), (3, 2));
    let first = &batch.exceptions[0];
    assert_eq!(
        (first.record_number, first.reason, &*first.profile_id),
        (2, RecordInvalid, "e")
    );
    assert_eq!(batch.record_numbers, [1, 3]);
}

#[test]
fn damaged_framing_fails_the_block() {
    let data = block(&[event("a", "p", "seen", NOW, &[])]);
    let cut = decode_events(&schema(), &data[..data.len() - 1]);
    assert!(matches!(
        cut,
        Err(KernelError::BlockInvalid {
            format: "EventBatch",
            offset: 1,
            ..
        })
    ));
    let wrong = decode_events(&schema(), &[0x08, 0x01]);
    assert!(matches!(
        wrong,
        Err(KernelError::BlockInvalid { offset: 0, .. })
    ));
}
