//! Lines at random, good and damaged.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use segue_kernel::batch::{Batch, RecordException, RecordReason as R};
use segue_kernel::error::KernelError;
use segue_kernel::wire::DecodeOptions;

use crate::lines::{Style, sayable};
use crate::shop::{ids, schema};
use crate::{any_profile, read, read_with, slow_reader};

fn style() -> impl Strategy<Value = Style> {
    let parts = (select(vec!["", " ", "\t \r"]), any::<bool>(), any::<bool>());
    parts.prop_map(|(space, is_escaped, is_camel)| Style {
        space,
        is_escaped,
        is_camel,
    })
}

/// Exceptions without their words, with the names that lines have, and in an order of their own.
fn comparable(mut batch: Batch) -> Batch {
    for exception in &mut batch.exceptions {
        exception.message.clear();
        if let Some(part) = exception.field_path.strip_suffix("_at_millis") {
            exception.field_path = format!("{part}_at");
        }
    }
    let key = |e: &RecordException| (e.record_number, e.field_path.clone(), e.reason as u8);
    batch.exceptions.sort_by_key(key);
    batch
}

/// A line with every part that a line can have, and without a problem.
const WHOLE: &str = r#"{"profile_id":"p\u00e5\ud83d\ude00","emails":[{"value":"a@b.se","type":"w"}],"name":{"given_name":"Å"},"latitude":-5.25,"fields":{"Vip":true,"Likes":["Red","Green"],"City":null},"memberships":{"club":{"state":"Active","fields":{"Age":42}}},"tags":["vip"],"topics":[{"topic":"sport","state":"Subscribed"}]}"#;

/// A change to a line: bytes at some place give way to others.
fn change() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let bytes = b"{}[],:\"\\ua0-.5e\r\t\x01\x7f\xc3\xa5\xff tn".to_vec();
    (any::<Index>(), 0..3_usize, vec(select(bytes), 0..3))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn lines_say_what_profiles_say_to_a_slow_reader(
        block in any_profile::block(),
        style in style(),
        list in option::of(Just("newsletter")),
        ignore_unknown_fields: bool,
    ) {
        let options = DecodeOptions { list, ignore_unknown_fields, max_text_bytes: 20, ..DecodeOptions::default() };
        let block = sayable(block);
        let fast = read_with(style.lines(&block).as_bytes(), &options).unwrap();
        let slow = slow_reader::read(&schema(), &block, &options);
        prop_assert_eq!(comparable(fast), comparable(slow));
    }

    #[test]
    fn a_damaged_line_is_refused_when_a_general_reader_refuses_it_and_its_neighbours_stay(
        changes in vec(change(), 1..3),
    ) {
        let mut line = WHOLE.as_bytes().to_vec();
        for (place, removed, added) in changes {
            let start = place.index(line.len());
            let end = line.len().min(start + removed);
            line.splice(start..end, added);
        }
        let batch = read([b"{\"profile_id\":\"a\"}\n", &*line, b"\n{\"profile_id\":\"b\"}"].concat());
        let is_damaged = serde_json::from_slice::<serde_json::Value>(&line).is_err();
        let is_refused = batch.exceptions.iter().any(|exception| {
            let is_whole = exception.field_path.is_empty() && exception.reason == R::RecordInvalid;
            is_whole || exception.reason == R::TextInvalid
        });
        prop_assert_eq!(is_refused, is_damaged, "{:?}", batch.exceptions);
        prop_assert!(batch.exceptions.iter().all(|exception| exception.record_number == 2));
        prop_assert_eq!(batch.record_count, 3);
        let ids = ids(&batch);
        prop_assert_eq!((&*ids[0], &*ids[ids.len() - 1]), ("a", "b"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        data in vec(prop_oneof![4 => select(b"{}[],:\"\\un0 \n".to_vec()), 1 => any::<u8>()], 0..60),
    ) {
        let read = read_with(&data, &DecodeOptions::default());
        let is_refused = matches!(read, Err(KernelError::BlockInvalid { format: "NDJSON", .. }));
        prop_assert!(read.is_ok() || is_refused);
    }
}

#[test]
fn a_line_with_every_part_has_no_problem() {
    assert_eq!(
        (read(WHOLE).exceptions, ids(&read(WHOLE))),
        (vec![], vec!["på😀".to_owned()])
    );
}
