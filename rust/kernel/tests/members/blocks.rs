//! Commits of every size: rows asked one by one, gathered, or by whole blocks.

use segue_kernel::table::{Table, Version};

use crate::account::{CONDITIONS, Record, batch_of, events_of, plan};
use crate::{found, members};

fn records(ids: impl Iterator<Item = u32>, turn: u32) -> Vec<Record> {
    let texts = ["a", "xAx", "x", ""];
    ids.map(|id| Record {
        id,
        joins: id.is_multiple_of(3),
        number: Some((id % 5 != turn % 5).then(|| f64::from((id + turn) % 7))),
        text: Some(Some(texts[((id + turn) % 4) as usize])),
        flag: Some(Some((id + turn).is_multiple_of(2))),
        time: Some(Some(i64::from((id * 31 + turn) % 40) - 20)),
    })
    .collect()
}

fn check(version: &Version) {
    for (number, condition) in CONDITIONS.iter().enumerate() {
        let found = found(&plan(number), version);
        assert_eq!(members(version, &number.to_string()), found, "{condition}");
    }
}

#[test]
fn commits_of_every_size_leave_the_right_members() {
    let table = Table::new();
    for condition in 0..CONDITIONS.len() {
        table.maintain(&condition.to_string(), plan(condition));
    }
    let mut revision = 0;
    let mut commit = |ids: Vec<u32>| {
        revision += 1;
        let batch = batch_of(
            &records(ids.into_iter(), u32::try_from(revision).expect("few")),
            revision,
        );
        table.apply(&[&batch], revision, revision).expect("room");
        check(&table.version());
    };
    commit((0..1).collect());
    commit((0..66_000).collect());
    for n in [1, 31, 32, 33, 63, 64, 65, 129] {
        commit((0..n).map(|i| i * 509).collect());
    }
    commit((0..66_000).step_by(9).collect());
    commit((65_530..65_545).collect());
    commit((66_000..67_000).chain(0..10).collect());
    for n in [1, 64, 20_000] {
        revision += 1;
        let events: Vec<_> = (0..n)
            .map(|i| (n + i, i * 3, i64::from(i % 40) - 20))
            .collect();
        let recorded = table.record(&events_of(&events, revision), false, revision, revision);
        assert!(recorded.is_ok());
        check(&table.version());
    }
    for now in [
        revision + 1,
        revision + 5,
        revision + 30,
        revision + 5_400_000,
    ] {
        table.advance(now);
        check(&table.version());
    }
}
