//! Events of profiles whose import is taken back.

use proptest::collection::vec;
use proptest::prelude::*;
use segue_kernel::table::{Table, WriteRules};

use super::NOW;
use super::model::{Model, stored};
use super::record::{Step, any_event, any_step, profiles, take_step};

fn take_steps(table: &mut Table, model: &mut Model, steps: &[Step], first_revision: i64) {
    for (revision, step) in (first_revision..).zip(steps) {
        take_step(table, model, step, revision);
        assert_eq!(stored(&table.version()), model.shown());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn events_of_profiles_that_an_import_created_wait_once_it_is_taken_back(
        first in vec(any_step(), 0..8),
        ids in vec((0..12_u8).prop_map(|id| format!("p{id}")), 1..8),
        recorded in vec(vec(any_event(), 0..30), 0..3),
        then in vec(any_step(), 1..8),
    ) {
        let (mut table, mut model) = (Table::new(), Model::default());
        take_steps(&mut table, &mut model, &first, 1);
        let (before, live) = (table.version(), model.live.clone());
        take_steps(&mut table, &mut model, &[Step::Import(ids.clone())], 20);
        let after = table.version();
        let recorded: Vec<Step> = recorded.into_iter().map(|events| Step::Record(events, false)).collect();
        take_steps(&mut table, &mut model, &recorded, 30);

        let mut transaction = table.begin(NOW + 40, WriteRules::default());
        let done = transaction.restore(&before, &after, None).unwrap();
        transaction.commit(40);
        prop_assert_eq!((done.restored, done.exceptions.len()), (model.live.len() - live.len(), 0));
        model.live = live;
        let version = table.version();
        prop_assert_eq!(stored(&version), model.shown());
        prop_assert_eq!(version.live_count(), model.live.len());
        for id in &ids {
            prop_assert_eq!(version.find(id).is_some(), model.live.contains(id));
            prop_assert_eq!(version.holds(id), model.holds(id));
        }

        take_steps(&mut table, &mut model, &then, 50);
        table.apply(&[&profiles(&ids)], 70, NOW + 70).unwrap();
        prop_assert_eq!(stored(&table.version()), model.shown());
        prop_assert!(ids.iter().all(|id| table.find(id).is_some()));
    }
}
