use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::bitmap::to_row;
use crate::fold::fold;

type Model = BTreeMap<u16, String>;

/// Ways to make the text of a row.
const WORDINGS: [fn(usize) -> String; 7] = [
    |i| format!("user{i}@example.com"),
    |i| format!("city {}", i % 7),
    |i| format!("Stadt {}", i % 5),
    |i| format!("ÄRGER {i} straße"),
    |_| String::new(),
    |i| {
        if i % 10 == 0 {
            format!("Mixed{i}")
        } else {
            format!("plain{i}")
        }
    },
    |i| {
        if i % 90 == 0 {
            format!("ÅSA {i}")
        } else {
            format!("Asa {i}")
        }
    },
];

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<u16>, usize),
    Clear(Vec<u16>),
    Erase(Vec<u16>),
    Seal,
}

fn rows() -> impl Strategy<Value = Vec<u16>> {
    let few =
        prop::collection::btree_set(0_u16..400, 0..9).prop_map(|rows| rows.into_iter().collect());
    let run = (0_usize..5_000, 1_usize..4_000, 1_usize..4).prop_map(|(start, n, step)| {
        (start..start + n * step)
            .step_by(step)
            .map(to_row)
            .collect::<Vec<_>>()
    });
    let last = Just(vec![u16::MAX - 1, u16::MAX]);
    prop_oneof![4 => few, 4 => run, 1 => last]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (rows(), 0..WORDINGS.len()).prop_map(|(rows, wording)| Step::Write(rows, wording)),
        2 => rows().prop_map(Step::Clear),
        1 => rows().prop_map(Step::Erase),
        1 => Just(Step::Seal),
    ]
}

fn apply(step: &Step, block: &mut TextBlock, model: &mut Model) {
    match step {
        Step::Write(rows, wording) => {
            let texts: Vec<String> = rows
                .iter()
                .map(|&row| WORDINGS[*wording](usize::from(row)))
                .collect();
            block.write(
                rows,
                &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
            );
            model.extend(rows.iter().copied().zip(texts));
        }
        Step::Clear(rows) => {
            block.clear(rows);
            model.retain(|row, _| rows.binary_search(row).is_err());
        }
        Step::Erase(rows) => {
            block.erase(rows);
            model.retain(|row, _| rows.binary_search(row).is_err());
        }
        Step::Seal => block.seal(),
    }
}

fn compared(block: &TextBlock, text: &str) -> Vec<u8> {
    if block.folds {
        fold(text).into_bytes()
    } else {
        text.as_bytes().to_vec()
    }
}

fn assert_same(block: &TextBlock, model: &Model) {
    assert!(block.presence().iter().eq(model.keys().copied()));
    for (&row, text) in model {
        assert_eq!(block.get(row), Some(text.as_str()));
        assert_eq!(block.folded(row), Some(&*compared(block, text)));
    }
    let missing = (0..=u16::MAX)
        .filter(|row| !model.contains_key(row))
        .take(50);
    assert!(
        missing
            .into_iter()
            .all(|row| block.get(row).is_none() && block.folded(row).is_none())
    );
    assert!(block.len() >= model.keys().last().map_or(0, |&row| usize::from(row) + 1));
}

/// Finds rows as a search does: in the base's texts, replaced by the overlay, and only where a value is present.
fn swept(block: &TextBlock, wanted: &[u8]) -> Vec<u16> {
    let mut found: BTreeMap<u16, bool> = match block.base() {
        TextBase::Plain(plain) => {
            let texts = plain.texts();
            (0..texts.len())
                .map(|i| (to_row(i), texts.get(i) == wanted))
                .collect()
        }
        TextBase::Dictionary(dictionary) => {
            let hits: Vec<bool> = (0..dictionary.values().len())
                .map(|code| dictionary.values().get(code) == wanted)
                .collect();
            let codes = dictionary.codes().iter().enumerate();
            codes
                .map(|(row, &code)| (to_row(row), hits[usize::from(code)]))
                .collect()
        }
    };
    found.extend(
        block
            .overlay()
            .map(|(row, text)| (row, text == Some(wanted))),
    );
    found
        .into_iter()
        .filter(|&(row, hit)| hit && block.presence().contains(row))
        .map(|(row, _)| row)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_text_block_is_a_map(folds in any::<bool>(), steps in prop::collection::vec(step(), 1..12)) {
        let mut block = if folds { TextBlock::folding() } else { TextBlock::exact() };
        let mut model = Model::new();
        for step in &steps {
            let (before, before_model) = (block.clone(), model.clone());
            apply(step, &mut block, &mut model);
            assert_same(&block, &model);
            assert_same(&before, &before_model);
        }
        assert_same(&block.merged(), &model);
        prop_assert!(block.merged().is_merged());
    }

    #[test]
    fn a_search_over_base_and_overlay_finds_every_row(steps in prop::collection::vec(step(), 1..9), row in 0_usize..5_000) {
        let (mut block, mut model) = (TextBlock::folding(), Model::new());
        for step in &steps {
            apply(step, &mut block, &mut model);
        }
        for wording in WORDINGS {
            let wanted = fold(&wording(row)).into_bytes();
            let expected = model.iter().filter(|(_, text)| compared(&block, text) == wanted).map(|(&row, _)| row);
            prop_assert_eq!(swept(&block, &wanted), expected.collect::<Vec<_>>());
        }
    }
}

fn write_range(block: &mut TextBlock, range: std::ops::Range<usize>, wording: fn(usize) -> String) {
    let rows: Vec<u16> = range.clone().map(to_row).collect();
    let texts: Vec<String> = range.map(wording).collect();
    block.write(
        &rows,
        &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
    );
}

#[test]
fn a_full_block_of_few_texts_becomes_a_dictionary() {
    for n_rows in [1, 63, 64, 65, BLOCK_ROWS - 1, BLOCK_ROWS] {
        let mut block = TextBlock::folding();
        write_range(&mut block, 0..n_rows, WORDINGS[2]);
        assert_eq!(
            matches!(block.base(), TextBase::Dictionary(_)),
            n_rows == BLOCK_ROWS
        );
        let model = (0..n_rows).map(|i| (to_row(i), WORDINGS[2](i))).collect();
        assert_same(&block, &model);
    }
}

#[test]
fn a_dictionary_takes_2_bytes_a_row_and_many_texts_their_bytes_and_4() {
    let (mut few, mut many) = (TextBlock::folding(), TextBlock::folding());
    write_range(&mut few, 0..BLOCK_ROWS, WORDINGS[2]);
    write_range(&mut many, 0..BLOCK_ROWS, WORDINGS[0]);
    let bytes: usize = (0..BLOCK_ROWS).map(|i| WORDINGS[0](i).len()).sum();
    assert!(
        few.memory_bytes() < BLOCK_ROWS * 2 + 1_000,
        "{}",
        few.memory_bytes()
    );
    assert!(
        many.memory_bytes() < BLOCK_ROWS * 4 + bytes + 1_000,
        "{}",
        many.memory_bytes()
    );
}

#[test]
fn a_dictionary_with_too_many_new_texts_becomes_plain_and_a_dictionary_again() {
    let mut block = TextBlock::exact();
    write_range(&mut block, 0..BLOCK_ROWS, WORDINGS[1]);
    write_range(&mut block, 0..dictionary::DICTIONARY_MAX, WORDINGS[0]);
    assert!(matches!(block.base(), TextBase::Plain(_)));
    write_range(&mut block, 0..dictionary::DICTIONARY_MAX, WORDINGS[1]);
    assert!(matches!(block.base(), TextBase::Dictionary(_)));
    assert_same(
        &block,
        &(0..BLOCK_ROWS)
            .map(|i| (to_row(i), WORDINGS[1](i)))
            .collect(),
    );
}

#[test]
fn rows_behind_the_last_go_straight_into_the_base() {
    let mut block = TextBlock::folding();
    write_range(&mut block, 0..10, WORDINGS[0]);
    write_range(&mut block, 20..30, WORDINGS[0]);
    assert_eq!((block.base().len(), block.overlay().count()), (30, 0));
    write_range(&mut block, 10..12, WORDINGS[0]);
    assert_eq!((block.base().len(), block.overlay().count()), (30, 2));
}

#[test]
fn writing_the_stored_text_again_changes_nothing() {
    for wording in WORDINGS {
        let mut block = TextBlock::folding();
        write_range(&mut block, 0..100, wording);
        write_range(&mut block, 0..100, wording);
        assert_eq!(block.overlay().count(), 0);
    }
}

#[test]
fn a_text_that_differs_in_case_only_is_another_text() {
    let mut block = TextBlock::folding();
    block.write(&[0], &[b"anna"]);
    block.write(&[0], &[b"Anna"]);
    assert_eq!(
        (block.get(0), block.folded(0)),
        (Some("Anna"), Some(&b"anna"[..]))
    );
}

#[test]
fn an_overlay_is_merged_when_it_passes_its_limit() {
    let mut block = TextBlock::folding();
    write_range(&mut block, 0..20_000, WORDINGS[0]);
    write_range(&mut block, 0..OVERLAY_MAX_ROWS, WORDINGS[5]);
    assert_eq!(block.overlay().count(), OVERLAY_MAX_ROWS);
    write_range(
        &mut block,
        OVERLAY_MAX_ROWS..OVERLAY_MAX_ROWS + 1,
        WORDINGS[5],
    );
    assert_eq!(block.overlay().count(), 0);
    let long = vec![b'x'; OVERLAY_MAX_BYTES + 1];
    block.write(&[7], &[&long]);
    assert_eq!(
        (block.overlay().count(), block.folded(7)),
        (0, Some(&*long))
    );
}

#[test]
fn nothing_is_left_of_erased_text() {
    let contains_secret = |block: &TextBlock| {
        let values = match block.base() {
            TextBase::Plain(plain) => {
                [plain.texts().bytes(), plain.originals().texts().bytes()].concat()
            }
            TextBase::Dictionary(dictionary) => {
                [dictionary.values().bytes(), dictionary.originals().bytes()].concat()
            }
        };
        values
            .to_ascii_lowercase()
            .windows(6)
            .any(|window| window == b"secret")
    };
    for wording in [WORDINGS[0], WORDINGS[1]] {
        let mut block = TextBlock::folding();
        block.write(&[0], &[b"Secret"]);
        write_range(&mut block, 1..BLOCK_ROWS, wording);
        assert!(contains_secret(&block));
        block.erase(&[0]);
        assert!(!contains_secret(&block));
        block.write(&[0], &[b"Secret"]);
        block.clear(&[0]);
        assert!(!contains_secret(&block.merged()));
    }
}

#[test]
fn bytes_that_are_not_utf8_read_as_absent() {
    let mut block = TextBlock::folding();
    block.write(&[0], &[b"\xFF"]);
    assert_eq!(
        (block.get(0), block.original(0)),
        (None, Some(&b"\xFF"[..]))
    );
}
