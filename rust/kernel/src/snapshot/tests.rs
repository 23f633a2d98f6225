#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::batch::Identifier;
use crate::bitmap::to_row;
use crate::column::{
    Block, Blocks, IdentifiersBlock, OptionsBlock, PlainBlock, PlainValue, TextBase, TextBlock,
    get_mut,
};

const N_ROWS: usize = BLOCK_ROWS + 100;

fn rows(step: usize) -> Vec<u16> {
    (0..BLOCK_ROWS).step_by(step).map(to_row).collect()
}

/// Texts for every `step`-th row of block 0 and for three rows of block 2; the last write stays in an overlay.
fn texts(block: fn() -> TextBlock, step: usize, wording: fn(usize) -> String) -> Blocks<TextBlock> {
    let mut blocks = Blocks::new();
    for (number, rows) in [(0, rows(step)), (1, vec![2, 3, 99])] {
        let texts: Vec<String> = rows.iter().map(|&row| wording(usize::from(row))).collect();
        let block = get_mut(&mut blocks, number, block);
        block.write(
            &rows,
            &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
        );
        block.write(&rows[..2], &["Überschrieben".as_bytes(), b""]);
        block.clear(&rows[2..3]);
    }
    blocks
}

fn plain<T: PlainValue>(step: usize, value: impl Fn(u16) -> T) -> Blocks<PlainBlock<T>> {
    let mut blocks = Blocks::new();
    let rows = rows(step);
    let values: Vec<T> = rows.iter().map(|&row| value(row)).collect();
    get_mut(&mut blocks, 0, PlainBlock::default).write(&rows, &values);
    get_mut(&mut blocks, 1, PlainBlock::default).write(&[99], &[value(7)]);
    blocks
}

fn options(step: usize) -> Blocks<OptionsBlock> {
    let mut blocks = Blocks::new();
    let rows = rows(step);
    let codes: Vec<u16> = rows.iter().map(|row| row % 3 * 1_000).collect();
    get_mut(&mut blocks, 1, OptionsBlock::default).write_one(&[4], &[1]);
    get_mut(&mut blocks, 0, OptionsBlock::default).write_one(&rows, &codes);
    blocks
}

fn identifiers() -> Blocks<IdentifiersBlock> {
    let mut blocks = Blocks::new();
    let identifier = |i: usize| Identifier {
        is_active: i < 2,
        ..Identifier::new("work", &format!("ä{i}"))
    };
    let of_row: Box<[Identifier]> = (0..3).map(identifier).collect();
    get_mut(&mut blocks, 1, IdentifiersBlock::default)
        .write(&[0, 50], vec![of_row.clone(), of_row]);
    blocks
}

/// Every kind of column in every form; `step` thins the rows out to make files smaller.
fn parts(step: usize) -> VersionParts {
    let mut erased = RowSet::full(BLOCK_ROWS);
    erased.remove_sorted(&[3, 4, 5]);
    let columns = vec![
        Column::Text(texts(TextBlock::folding, step, |i| {
            format!("User{i}@Example.com")
        })),
        Column::Text(texts(TextBlock::folding, step, |i| {
            format!("Stadt {}", i % 50)
        })),
        Column::Text(texts(TextBlock::folding, 20 * step, |i| format!("few {i}"))),
        Column::ExactText(texts(TextBlock::exact, step, |i| format!("ID{i}"))),
        Column::Number(plain(step, |row| f64::from(row) / -3.0)),
        Column::Date(plain(2 * step, |row| i32::from(row) - 9)),
        Column::DateTime(plain(40 * step, |row| i64::from(row) << 40)),
        Column::MultiSelectOne(plain(step, |row| row % 5)),
        Column::Boolean(options(step)),
        Column::MultiSelectMany(options(50 * step)),
        Column::Identifiers(identifiers()),
        Column::Date(Blocks::new()),
    ];
    VersionParts {
        events: Events::default(),
        revision: 42,
        tick_millis: 1_700_000_000_003,
        n_rows: N_ROWS,
        live: vec![Arc::new(erased), Arc::new(RowSet::full(100))],
        columns: (64..).zip(columns).collect(),
    }
}

fn shown<B: Block>(blocks: &Blocks<B>, show: impl Fn(&B, u16) -> String) -> Vec<String> {
    let show_block = |(number, block): (usize, &Option<Arc<B>>)| -> Vec<String> {
        let Some(block) = block else {
            return vec![format!("{number}: missing")];
        };
        block
            .presence()
            .iter()
            .map(|row| format!("{number} {row}: {}", show(block, row)))
            .collect()
    };
    blocks.iter().enumerate().flat_map(show_block).collect()
}

fn shown_plain<T: PlainValue>(blocks: &Blocks<PlainBlock<T>>) -> Vec<String> {
    shown(blocks, |block, row| {
        format!("{:?} in {:?}", block.get(row), block.range())
    })
}

fn shown_options(blocks: &Blocks<OptionsBlock>) -> Vec<String> {
    shown(blocks, |block, row| {
        let mut codes = Vec::new();
        block.codes_into(row, &mut codes);
        format!("{codes:?} of {}", block.options().count())
    })
}

/// All values of a column in words.
fn shown_column(column: &Column) -> Vec<String> {
    match column {
        Column::Text(blocks) | Column::ExactText(blocks) => shown(blocks, |block, row| {
            format!("{:?} {:?}", block.get(row), block.folded(row))
        }),
        Column::Number(blocks) => shown_plain(blocks),
        Column::Boolean(blocks) | Column::MultiSelectMany(blocks) => shown_options(blocks),
        Column::Date(blocks) => shown_plain(blocks),
        Column::DateTime(blocks) => shown_plain(blocks),
        Column::MultiSelectOne(blocks) => shown_plain(blocks),
        Column::Identifiers(blocks) => shown(blocks, |block, row| format!("{:?}", block.get(row))),
    }
}

fn assert_same(a: &VersionParts, b: &VersionParts) {
    assert_eq!(
        (a.revision, a.tick_millis, a.n_rows),
        (b.revision, b.tick_millis, b.n_rows)
    );
    assert_eq!(a.live, b.live);
    assert_eq!(a.columns.len(), b.columns.len());
    for ((id, column), (other_id, other)) in a.columns.iter().zip(&b.columns) {
        assert_eq!((id, column.kind()), (other_id, other.kind()));
        assert!(shown_column(column) == shown_column(other), "column {id}");
    }
}

fn written(step: usize) -> (TempDir, VersionParts) {
    let directory = tempfile::tempdir().unwrap();
    let parts = parts(step);
    write(&parts, directory.path()).unwrap();
    (directory, parts)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

fn file_at_fault<T>(result: Result<T>) -> Option<String> {
    match result {
        Err(KernelError::SnapshotInvalid { file, .. }) => Some(file),
        _ => None,
    }
}

/// Reads and overwrites everything that was opened.
fn use_everything(parts: &mut VersionParts) {
    for (_, column) in &mut parts.columns {
        shown_column(column);
        for block in 0..column.n_blocks() {
            column.erase_rows(block, &[0, 1, 64]);
            column.seal(block);
        }
        shown_column(column);
    }
}

#[test]
fn a_snapshot_opens_as_the_version_that_was_written() {
    let (directory, parts) = written(1);
    verify(directory.path()).unwrap();
    let opened = open(directory.path()).unwrap();
    assert_same(&parts, &opened);
    let again = tempfile::tempdir().unwrap();
    write(&opened, again.path()).unwrap();
    assert_same(&parts, &open(again.path()).unwrap());
}

#[test]
fn an_opened_snapshot_takes_no_heap_for_values() {
    let (directory, parts) = written(1);
    let size = |parts: &VersionParts| {
        parts
            .columns
            .iter()
            .map(|(_, column)| column.memory_bytes())
            .sum::<usize>()
    };
    let opened = open(directory.path()).unwrap();
    assert!(
        size(&opened) * 100 < size(&parts),
        "{} of {}",
        size(&opened),
        size(&parts)
    );
}

#[test]
fn writing_to_an_opened_version_leaves_the_files_and_its_clones_alone() {
    let (directory, parts) = written(3);
    let opened = open(directory.path()).unwrap();
    let mut changed = opened.clone();
    for (_, column) in &mut changed.columns {
        column.clear_rows(0, &rows(6));
        column.erase_rows(1, &[2, 3, 99]);
    }
    for ((_, column), (_, original)) in changed.columns.iter().zip(&parts.columns) {
        let is_gone = |row: &u16| {
            !column
                .presence(0)
                .is_some_and(|presence| presence.contains(*row))
        };
        assert!(rows(6).iter().all(is_gone));
        assert_eq!(column.kind(), original.kind());
    }
    assert_same(&parts, &opened);
    verify(directory.path()).unwrap();
}

#[test]
fn an_overlay_is_merged_into_the_files_and_stays_in_the_version() {
    let (directory, parts) = written(1);
    let overlaid = |parts: &VersionParts| {
        let Column::Text(blocks) = &parts.columns[0].1 else {
            panic!("column 64 is text")
        };
        blocks
            .iter()
            .flatten()
            .map(|block| block.overlay().count())
            .sum::<usize>()
    };
    assert!(overlaid(&parts) > 0);
    assert_eq!(overlaid(&open(directory.path()).unwrap()), 0);
}

#[test]
fn the_forms_of_text_are_kept() {
    let (directory, _) = written(1);
    let opened = open(directory.path()).unwrap();
    let is_dictionary = |column: usize| {
        let Column::Text(blocks) = &opened.columns[column].1 else {
            panic!("a text column")
        };
        matches!(blocks[0].as_ref().unwrap().base(), TextBase::Dictionary(_))
    };
    assert_eq!([0, 1, 2].map(is_dictionary), [false, true, false]);
}

#[test]
fn an_account_without_rows_has_a_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let parts = VersionParts {
        events: Events::default(),
        revision: 0,
        tick_millis: 0,
        n_rows: 0,
        live: Vec::new(),
        columns: Vec::new(),
    };
    write(&parts, &directory.path().join("new")).unwrap();
    assert_same(&parts, &open(&directory.path().join("new")).unwrap());
}

#[test]
fn a_directory_takes_one_snapshot_only() {
    let (directory, parts) = written(900);
    assert_eq!(
        file_at_fault(write(&parts, directory.path())).as_deref(),
        Some("manifest.json")
    );
    verify(directory.path()).unwrap();
}

#[test]
fn what_an_interrupted_write_left_is_not_a_snapshot_and_is_overwritten() {
    let (directory, parts) = written(900);
    fs::remove_file(directory.path().join("manifest.json")).unwrap();
    assert_eq!(
        file_at_fault(open(directory.path())).as_deref(),
        Some("manifest.json")
    );
    write(&parts, directory.path()).unwrap();
    assert_same(&parts, &open(directory.path()).unwrap());
}

#[test]
fn every_missing_file_is_named() {
    let (directory, _) = written(900);
    for file in files(directory.path()) {
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!(file_at_fault(open(directory.path())), Some(name(&file)));
        assert_eq!(file_at_fault(verify(directory.path())), Some(name(&file)));
        fs::write(&file, bytes).unwrap();
    }
    verify(directory.path()).unwrap();
}

#[test]
fn every_shortened_or_lengthened_file_is_named() {
    let (directory, _) = written(900);
    for file in files(directory.path()) {
        let bytes = fs::read(&file).unwrap();
        for changed in [
            &bytes[..0],
            &bytes[..8],
            &bytes[..bytes.len() - 1],
            &[&bytes[..], b"12345678"].concat(),
        ] {
            fs::write(&file, changed).unwrap();
            assert_eq!(
                file_at_fault(open(directory.path())),
                Some(name(&file)),
                "{} bytes",
                changed.len()
            );
            assert_eq!(file_at_fault(verify(directory.path())), Some(name(&file)));
        }
        fs::write(&file, bytes).unwrap();
    }
    verify(directory.path()).unwrap();
}

#[test]
fn another_format_is_refused_by_its_number() {
    let (directory, _) = written(900);
    let file = directory.path().join("manifest.json");
    fs::write(&file, br#"{"format_version": 7, "novelty": true}"#).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "snapshot file manifest.json: has format 7, this release reads 4"
    );
}

#[test]
fn a_directory_that_disagrees_with_its_contents_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for words in [
        vec![],
        vec![u64::MAX],
        vec![1, 1, 2, 7],
        vec![1, 1, 1, 3, 2],
        vec![0, 0],
    ] {
        let mut writer = SectionWriter::create(directory.path(), "live.bin").unwrap();
        for &word in &words {
            writer.word(word);
        }
        let live = writer.finish().unwrap();
        let parts = VersionParts {
            events: Events::default(),
            revision: 0,
            tick_millis: 0,
            n_rows: 1,
            live: Vec::new(),
            columns: Vec::new(),
        };
        Manifest::new(&parts, live, Vec::new(), Vec::new())
            .write(directory.path())
            .unwrap();
        assert_eq!(
            file_at_fault(open(directory.path())).as_deref(),
            Some("live.bin"),
            "{words:?}"
        );
    }
}

/// A copy of a small snapshot that is written once.
fn copy() -> TempDir {
    static SNAPSHOT: LazyLock<TempDir> = LazyLock::new(|| written(900).0);
    let directory = tempfile::tempdir().unwrap();
    for file in files(SNAPSHOT.path()) {
        fs::copy(&file, directory.path().join(name(&file))).unwrap();
    }
    directory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_flipped_bit_is_found_by_verify_and_never_makes_reading_fail(
        file in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let directory = copy();
        let files = files(directory.path());
        let file = file.get(&files);
        let mut bytes = fs::read(file).unwrap();
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(file, bytes).unwrap();
        if let Ok(mut parts) = open(directory.path()) {
            use_everything(&mut parts);
        }
        if name(file) == "manifest.json" {
            return Ok(());
        }
        prop_assert_eq!(file_at_fault(verify(directory.path())), Some(name(file)));
    }

    #[test]
    fn a_changed_number_in_the_manifest_is_found(digit in any::<prop::sample::Index>()) {
        let directory = copy();
        let file = directory.path().join("manifest.json");
        let mut json = fs::read(&file).unwrap();
        let digits: Vec<usize> = (0..json.len()).filter(|&at| json[at].is_ascii_digit()).collect();
        let at = *digit.get(&digits);
        json[at] = if json[at] == b'8' { b'9' } else { b'8' };
        fs::write(&file, json).unwrap();
        prop_assert_eq!(file_at_fault(verify(directory.path())), Some("manifest.json".to_owned()));
    }
}
