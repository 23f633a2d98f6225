#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::batch::Identifier;
use crate::bitmap::{BLOCK_WORDS, to_row};

fn rows() -> impl Strategy<Value = Vec<u16>> {
    let edges = prop::sample::subsequence(vec![0, 1, 63, 64, 65, u16::MAX - 1, u16::MAX], 0..=7);
    let few =
        prop::collection::btree_set(0_u16..300, 0..20).prop_map(|rows| rows.into_iter().collect());
    let run = (0_usize..9_000, 0_usize..9_000, 1_usize..6).prop_map(|(start, n, step)| {
        (start..start + n)
            .step_by(step)
            .map(to_row)
            .collect::<Vec<_>>()
    });
    prop_oneof![edges, few, run]
}

/// Writes with a seed from which a row's value is made, and clears.
fn steps() -> impl Strategy<Value = Vec<(Vec<u16>, Option<u16>)>> {
    prop::collection::vec((rows(), prop::option::weighted(0.7, 0_u16..50)), 1..10)
}

/// Applies steps to a block and to a map, and compares both, and a clone taken before, after each of them.
fn assert_is_a_map<B: Block, V: Clone + PartialEq + Debug>(
    steps: Vec<(Vec<u16>, Option<u16>)>,
    mut block: B,
    value: impl Fn(u16, u16) -> V,
    write: impl Fn(&mut B, &[u16], Vec<V>),
    get: impl Fn(&B, u16) -> Option<V>,
) {
    let mut model = BTreeMap::new();
    let assert_same = |block: &B, model: &BTreeMap<u16, V>| {
        assert!(block.presence().iter().eq(model.keys().copied()));
        assert!(
            model
                .iter()
                .all(|(&row, value)| get(block, row).as_ref() == Some(value))
        );
        let missing = (0..=u16::MAX)
            .filter(|row| !model.contains_key(row))
            .take(400);
        assert!(missing.into_iter().all(|row| get(block, row).is_none()));
    };
    for (i, (rows, seed)) in steps.into_iter().enumerate() {
        let (before, before_model) = (block.clone(), model.clone());
        if let Some(seed) = seed {
            let values: Vec<V> = rows.iter().map(|&row| value(row, seed)).collect();
            write(&mut block, &rows, values.clone());
            model.extend(rows.into_iter().zip(values));
        } else {
            let forget = if i % 2 == 0 { B::clear } else { B::erase };
            forget(&mut block, &rows);
            model.retain(|row, _| rows.binary_search(row).is_err());
        }
        assert_same(&block, &model);
        assert_same(&before, &before_model);
        block.seal();
        assert_same(&block, &model);
    }
}

fn codes_of(block: &OptionsBlock, row: u16) -> Option<Vec<u16>> {
    let mut codes = Vec::new();
    block.codes_into(row, &mut codes);
    (!codes.is_empty()).then_some(codes)
}

fn write_codes(block: &mut OptionsBlock, rows: &[u16], codes: &[Vec<u16>]) {
    let mut ends = Vec::new();
    let mut end = 0;
    for of_row in codes {
        end += u32::try_from(of_row.len()).expect("few codes");
        ends.push(end);
    }
    block.write(rows, &codes.concat(), &ends);
}

fn identifier(value: &str) -> Identifier {
    Identifier::new("work", value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plain_block_is_a_map(steps in steps()) {
        let write = |block: &mut PlainBlock<i64>, rows: &[u16], values: Vec<i64>| block.write(rows, &values);
        assert_is_a_map(steps, PlainBlock::default(), |row, seed| i64::from(row) - i64::from(seed) * 1_000, write, PlainBlock::get);
    }

    #[test]
    fn the_range_of_a_plain_block_holds_every_value(steps in steps()) {
        let mut block = PlainBlock::<f64>::default();
        for (rows, seed) in steps {
            match seed {
                Some(seed) => block.write(&rows, &rows.iter().map(|&row| f64::from(row ^ seed) / 3.0).collect::<Vec<_>>()),
                None => block.clear(&rows),
            }
            let range = block.range();
            prop_assert_eq!(range.is_some(), !block.presence().is_empty());
            let is_inside = |row| {
                let value = block.values()[usize::from(row)];
                range.is_some_and(|(low, high)| low <= value && value <= high)
            };
            prop_assert!(block.presence().iter().all(is_inside));
        }
    }

    #[test]
    fn an_options_block_is_a_map(steps in steps()) {
        let value = |row: u16, seed: u16| (0..8).filter(|bit| (row ^ seed | 1) >> bit & 1 == 1).map(|bit| bit * 300).collect::<Vec<u16>>();
        let write = |block: &mut OptionsBlock, rows: &[u16], values: Vec<Vec<u16>>| write_codes(block, rows, &values);
        assert_is_a_map(steps, OptionsBlock::default(), value, write, codes_of);
    }

    #[test]
    fn an_options_block_of_one_option_a_row_is_a_map(steps in steps()) {
        let write = |block: &mut OptionsBlock, rows: &[u16], values: Vec<u16>| block.write_one(rows, &values);
        let get = |block: &OptionsBlock, row| codes_of(block, row).map(|codes| codes[0]);
        assert_is_a_map(steps, OptionsBlock::default(), |row, seed| (row ^ seed) & (seed >> 1) & 1, write, get);
    }

    #[test]
    fn an_identifiers_block_is_a_map(steps in steps()) {
        let value = |row: u16, seed: u16| vec![identifier(&format!("{row}/{seed}")), identifier("")].into_boxed_slice();
        let get = |block: &IdentifiersBlock, row| Some(block.get(row)).filter(|all| !all.is_empty()).map(Into::into);
        assert_is_a_map(steps, IdentifiersBlock::default(), value, IdentifiersBlock::write, get);
    }

    #[test]
    fn encoded_identifiers_decode_to_themselves_and_damaged_ones_to_fewer(rows in rows(), cut in any::<prop::sample::Index>()) {
        let mut block = IdentifiersBlock::default();
        block.write(&rows, rows.iter().map(|row| vec![identifier(&format!("é{row}"))].into()).collect());
        let bytes = block.encoded();
        let load = |bytes: &[u8]| IdentifiersBlock::from_parts(block.presence().clone(), bytes.to_vec().into());
        let whole = load(&bytes);
        prop_assert!(rows.iter().all(|&row| whole.get(row) == block.get(row)));
        let damaged = load(&bytes[..cut.index(bytes.len() + 1)]);
        prop_assert!(rows.iter().all(|&row| damaged.get(row).is_empty() || damaged.get(row) == block.get(row)));
    }
}

#[test]
fn a_row_written_without_options_becomes_absent() {
    let mut block = OptionsBlock::default();
    write_codes(&mut block, &[1, 2], &[vec![3], vec![3, 4]]);
    write_codes(&mut block, &[2, 9], &[vec![], vec![]]);
    assert!(block.presence().iter().eq([1]));
    assert_eq!(
        block
            .options()
            .map(|(code, rows)| (code, rows.len()))
            .collect::<Vec<_>>(),
        [(3, 1)]
    );
    assert!(block.with_option(4).is_none());
}

#[test]
fn a_row_written_without_identifiers_becomes_absent() {
    let mut block = IdentifiersBlock::default();
    block.write(&[5], vec![vec![identifier("a")].into()]);
    block.write(&[5, 6], vec![Box::default(), Box::default()]);
    assert!(block.presence().is_empty());
    assert!(block.get(5).is_empty());
}

#[test]
fn a_plain_block_holds_exactly_a_block_when_it_grew_row_by_row() {
    let mut block = PlainBlock::<i32>::default();
    for start in (0..BLOCK_ROWS).step_by(1_000) {
        let rows: Vec<u16> = (start..BLOCK_ROWS.min(start + 1_000)).map(to_row).collect();
        block.write(
            &rows,
            &rows.iter().map(|&row| i32::from(row)).collect::<Vec<_>>(),
        );
    }
    assert_eq!(block.memory_bytes(), BLOCK_ROWS * size_of::<i32>());
    assert_eq!(block.range(), Some((0, 65_535)));
}

#[test]
fn values_of_absent_rows_are_not_kept() {
    let mut block = PlainBlock::<i64>::default();
    block.write(&[0, 1], &[5, 6]);
    block.clear(&[0]);
    assert_eq!(block.values(), [0, 6]);
}

#[test]
fn a_writer_copies_only_the_block_it_touches() {
    let mut column = Column::new(ColumnKind::Date);
    let Column::Date(blocks) = &mut column else {
        unreachable!("made as dates")
    };
    for block in 0..3 {
        get_mut(blocks, block, PlainBlock::default).write(&[7], &[1]);
    }
    let before = column.clone();
    column.clear_rows(1, &[7]);
    column.clear_rows(2, &[8]);
    column.clear_rows(9, &[7]);
    let (Column::Date(old), Column::Date(new)) = (&before, &column) else {
        unreachable!("both dates")
    };
    let is_shared =
        |block: usize| Arc::ptr_eq(old[block].as_ref().unwrap(), new[block].as_ref().unwrap());
    assert_eq!([0, 1, 2].map(is_shared), [true, false, true]);
    assert_eq!(get(old, 1).and_then(|block| block.get(7)), Some(1));
    assert_eq!(get(new, 1).and_then(|block| block.get(7)), None);
}

#[test]
fn every_kind_makes_a_column_of_its_kind_that_can_be_read_before_it_is_written() {
    use ColumnKind as Kind;
    let kinds = [
        Kind::Text,
        Kind::ExactText,
        Kind::Number,
        Kind::Boolean,
        Kind::Date,
        Kind::DateTime,
        Kind::MultiSelectOne,
        Kind::MultiSelectMany,
        Kind::Identifiers,
    ];
    for kind in kinds {
        let mut column = Column::new(kind);
        column.erase_rows(0, &[1]);
        column.seal(0);
        let mut words = [0; BLOCK_WORDS];
        column.or_presence_into(0, &mut words);
        assert_eq!(
            (column.kind(), column.n_blocks(), column.memory_bytes()),
            (kind, 0, 0)
        );
        assert_eq!(words, [0; BLOCK_WORDS]);
    }
}
