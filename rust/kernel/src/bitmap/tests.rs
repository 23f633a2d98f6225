use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const EDGES: [usize; 10] = [0, 1, 63, 64, 65, 2_047, 4_095, 4_096, 65_535, 65_536];

/// Rows that are few, many, gapless or spread.
fn sorted_rows() -> impl Strategy<Value = Vec<u16>> {
    prop_oneof![
        prop::collection::btree_set(any::<u16>(), 0..20)
            .prop_map(|rows| rows.into_iter().collect()),
        (any::<u16>(), 1_usize..9_000, 1_usize..9).prop_map(|(start, n, step)| {
            (usize::from(start)..BLOCK_ROWS)
                .step_by(step)
                .take(n)
                .map(to_row)
                .collect()
        }),
        (0_usize..9_000).prop_map(|n| (0..n).map(to_row).collect()),
    ]
}

fn words_of(model: &BTreeSet<u16>) -> Words {
    let mut words = [0; BLOCK_WORDS];
    for &row in model {
        let (word, bit) = place(row);
        words[word] |= bit;
    }
    words
}

fn assert_same(set: &RowSet, model: &BTreeSet<u16>) {
    assert_eq!(set.len(), model.len());
    assert_eq!(set.is_empty(), model.is_empty());
    assert!(set.iter().eq(model.iter().copied()));
    assert_eq!(set.to_words(), words_of(model));
    let form_fits = match set.form() {
        Form::Prefix(_) => true,
        Form::Sparse(rows) => rows.len() < SPARSE_MAX,
        Form::Dense { len, .. } => *len as usize >= DENSE_MIN,
    };
    assert!(form_fits, "{:?}", set.form());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_row_set_is_a_set(steps in prop::collection::vec((any::<bool>(), sorted_rows()), 1..8)) {
        let (mut set, mut model) = (RowSet::new(), BTreeSet::new());
        for (add, rows) in steps {
            let (before, before_model) = (set.clone(), model.clone());
            if add {
                set.insert_sorted(&rows);
                model.extend(rows);
            } else {
                set.remove_sorted(&rows);
                model.retain(|row| rows.binary_search(row).is_err());
            }
            assert_same(&set, &model);
            assert_same(&before, &before_model);
        }
    }

    #[test]
    fn single_rows_go_in_and_out(steps in prop::collection::vec((any::<bool>(), 0_u16..70), 1..200), rows in sorted_rows()) {
        let mut set = RowSet::from_sorted(&rows);
        let mut model: BTreeSet<u16> = rows.into_iter().collect();
        for (add, row) in steps {
            if add {
                prop_assert_eq!(set.insert(row), model.insert(row));
            } else {
                prop_assert_eq!(set.remove(row), model.remove(&row));
            }
            prop_assert_eq!(set.contains(row), model.contains(&row));
        }
        assert_same(&set, &model);
    }

    #[test]
    fn words_take_sets_like_words(a in sorted_rows(), b in sorted_rows()) {
        let set = RowSet::from_sorted(&a);
        let own = set.to_words();
        let other = RowSet::from_sorted(&b).to_words();
        let combine = |f: fn(u64, u64) -> u64| -> Words { std::array::from_fn(|i| f(other[i], own[i])) };
        let (mut or, mut and, mut and_not) = (other, other, other);
        set.or_into(&mut or);
        set.and_into(&mut and);
        set.and_not_into(&mut and_not);
        prop_assert_eq!(or, combine(|x, y| x | y));
        prop_assert_eq!(and, combine(|x, y| x & y));
        prop_assert_eq!(and_not, combine(|x, y| x & !y));
        prop_assert_eq!(RowSet::from_words(&own), set);
        prop_assert_eq!(count(&own), a.len());
    }

    #[test]
    fn ranked_rows_know_their_positions(rows in sorted_rows()) {
        let mut ranked = RankedRows::default();
        let (few, others) = rows.split_at(rows.len() / 3);
        for &row in few {
            ranked.extend(&[row]);
        }
        ranked.extend(others);
        for (position, &row) in rows.iter().enumerate() {
            prop_assert_eq!(ranked.rank(row), Some(position));
        }
        let missing = (0..=u16::MAX).find(|&row| !ranked.rows().contains(row));
        prop_assert_eq!(missing.and_then(|row| ranked.rank(row)), None);
    }

    #[test]
    fn runs_cover_exactly_the_rows(rows in sorted_rows()) {
        let words = RowSet::from_sorted(&rows).to_words();
        let runs: Vec<_> = Runs::new(&words).collect();
        prop_assert!(runs.windows(2).all(|pair| pair[0].end < pair[1].start));
        prop_assert!(runs.into_iter().flatten().eq(rows.into_iter().map(usize::from)));
    }
}

#[test]
fn the_first_rows_are_a_set_at_every_edge() {
    for n_rows in EDGES {
        let set = RowSet::full(n_rows);
        let model: BTreeSet<u16> = (0..n_rows).map(to_row).collect();
        assert_same(&set, &model);
        assert_eq!(RowSet::from_words(&set.to_words()), set);
        assert_eq!(set.memory_bytes(), 0);
        let mut words = [u64::MAX; BLOCK_WORDS];
        set.and_into(&mut words);
        assert_eq!(words, set.to_words());
        words = [u64::MAX; BLOCK_WORDS];
        set.and_not_into(&mut words);
        assert_eq!(count(&words), BLOCK_ROWS - n_rows);
    }
}

#[test]
fn a_set_at_the_border_does_not_change_form_back_and_forth() {
    let mut set = RowSet::from_sorted(&(0..SPARSE_MAX).map(|i| to_row(i * 3)).collect::<Vec<_>>());
    assert!(matches!(set.form(), Form::Dense { .. }));
    set.remove(0);
    assert!(matches!(set.form(), Form::Dense { .. }));
    let gone: Vec<u16> = (0..DENSE_MIN).map(|i| to_row(i * 3)).collect();
    set.remove_sorted(&gone);
    assert!(matches!(set.form(), Form::Dense { .. }));
    set.remove(to_row(DENSE_MIN * 3));
    assert!(matches!(set.form(), Form::Sparse(_)));
}

#[test]
fn a_full_block_takes_no_memory_whatever_the_order_of_its_rows() {
    let mut set = RowSet::new();
    for start in [1, 0] {
        set.insert_sorted(
            &(start..BLOCK_ROWS)
                .step_by(2)
                .map(to_row)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!((set.len(), set.memory_bytes()), (BLOCK_ROWS, 0));
    assert!(set.remove(u16::MAX));
    assert_eq!(set.memory_bytes(), 0);
}
