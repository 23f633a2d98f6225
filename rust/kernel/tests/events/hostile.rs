//! Damaged bytes end in problems or in a refused block, never in anything else.

use proptest::prelude::*;
use segue_kernel::wire::decode_events;

use super::mirror::{Value, block, event, property, text};
use super::{CAMPAIGN, NOW, schema};

fn whole() -> Vec<u8> {
    let campaign = property("campaign", text(CAMPAIGN));
    block(&[
        event("e1", "p1", "sent", NOW, std::slice::from_ref(&campaign)),
        event(
            "e2",
            "p2",
            "clicked",
            NOW,
            &[campaign, property("link", text("https://x"))],
        ),
        event(
            "e3",
            "p3",
            "bought",
            -1,
            &[
                property("price", Value::Number(2.5)),
                property("gift", Value::Boolean(true)),
            ],
        ),
    ])
}

proptest! {
    #[test]
    fn flipped_bytes_leave_whole_events(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut data = whole();
        for (at, byte) in flips {
            let at = at.index(data.len());
            data[at] ^= byte;
        }
        if let Ok(batch) = decode_events(&schema(), &data) {
            prop_assert_eq!(batch.len(), batch.event_ids.len());
            prop_assert_eq!(batch.len(), batch.data_ends.len());
            prop_assert!(batch.len() <= batch.record_count as usize);
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(data: Vec<u8>) {
        let _ = decode_events(&schema(), &data);
    }
}

#[test]
fn every_beginning_of_a_block_is_read_to_an_end() {
    let data = whole();
    for end in 0..data.len() {
        let read = decode_events(&schema(), &data[..end]);
        assert!(read.is_err() || read.is_ok_and(|batch| batch.len() < 3));
    }
}
