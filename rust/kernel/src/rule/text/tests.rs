use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::bitmap::BLOCK_WORDS;
use crate::column::{BLOCK_ROWS, Block};

const PLACES: [Place; 4] = [Place::Whole, Place::Start, Place::End, Place::Anywhere];

/// Short texts over few letters: they hold each other often, and hits cross the border of two texts.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abAB]{0,6}",
        2 => "(ab|ä|Ä|@a){0,8}",
        1 => "[ab]{7,20}",
    ]
}

/// A block after appending, overwriting and clearing.
fn block() -> impl Strategy<Value = TextBlock> {
    let rows = vec(prop::option::weighted(0.9, text()), 0..300);
    let overlay = btree_map(0_u16..320, text(), 0..8);
    (rows, overlay, vec(0_u16..300, 0..5), any::<bool>()).prop_map(
        |(rows, overlay, mut cleared, sealed)| {
            let mut block = TextBlock::folding();
            let given: Vec<_> = (0..)
                .zip(&rows)
                .filter_map(|(row, text)| Some((row, text.as_ref()?)))
                .collect();
            write(&mut block, given.into_iter());
            if sealed {
                block.seal();
            }
            write(&mut block, overlay.iter().map(|(&row, text)| (row, text)));
            cleared.sort_unstable();
            cleared.dedup();
            block.clear(&cleared);
            block
        },
    )
}

fn write<'a>(block: &mut TextBlock, texts: impl Iterator<Item = (u16, &'a String)>) {
    let (rows, texts): (Vec<_>, Vec<_>) = texts.map(|(row, text)| (row, text.as_bytes())).unzip();
    block.write(&rows, &texts);
}

fn folded_matches(place: Place, text: &str, needle: &str) -> bool {
    let (text, needle) = (crate::fold::fold(text), crate::fold::fold(needle));
    match place {
        Place::Whole => text == needle,
        Place::Start => text.starts_with(&needle),
        Place::End => text.ends_with(&needle),
        Place::Anywhere => text.contains(&needle),
    }
}

fn check(block: &TextBlock, needle: &str, standing: &Words) {
    for place in PLACES {
        if needle.is_empty() && place != Place::Whole {
            continue;
        }
        let pattern = Pattern::new(place, crate::fold::fold(needle).as_bytes());
        let mut words = *standing;
        pattern.retain_in_block(block, &mut words);
        for row in 0..=u16::MAX {
            let (word, bit) = (usize::from(row / 64), row % 64);
            let holds = block
                .get(row)
                .is_some_and(|text| folded_matches(place, text, needle));
            let expected = holds && standing[word] >> bit & 1 == 1;
            assert_eq!(
                words[word] >> bit & 1 == 1,
                expected,
                "{place:?} {needle:?} row {row}"
            );
        }
    }
}

proptest! {
    #[test]
    fn patterns_hold_as_the_texts_say(block in block(), needle in text(), word in any::<u64>()) {
        check(&block, &needle, &[u64::MAX; BLOCK_WORDS]);
        check(&block, &needle, &[word; BLOCK_WORDS]);
        check(&block, &needle, &[word & word.rotate_left(7) & word.rotate_left(23); BLOCK_WORDS]);
    }

    #[test]
    fn one_text_holds_as_a_block_of_it_does(text in text(), needle in "[abAB@ä]{1,12}") {
        let mut block = TextBlock::folding();
        block.write(&[0], &[text.as_bytes()]);
        for place in PLACES {
            let pattern = Pattern::new(place, crate::fold::fold(&needle).as_bytes());
            let mut words = [u64::MAX; BLOCK_WORDS];
            pattern.retain_in_block(&block, &mut words);
            let single = block.folded(0).is_some_and(|text| pattern.matches(text));
            prop_assert_eq!(words[0] == 1, single);
        }
    }
}

#[test]
fn a_whole_block_is_searched_to_its_last_row() {
    for n_rows in [1, 63, 64, 65, BLOCK_ROWS - 1, BLOCK_ROWS] {
        let texts: Vec<String> = (0..n_rows)
            .map(|row| format!("user{row}@Example{}.com", row % 3))
            .collect();
        let mut block = TextBlock::folding();
        write(&mut block, (0..=u16::MAX).zip(&texts));
        check(
            &block,
            &format!("user{}@example{}.com", n_rows - 1, (n_rows - 1) % 3),
            &[u64::MAX; BLOCK_WORDS],
        );
        check(&block, "@example0.com", &[u64::MAX; BLOCK_WORDS]);
        check(&block, "r1", &[u64::MAX; BLOCK_WORDS]);
    }
}

#[test]
fn starts_and_ends_of_every_length_are_compared_whole() {
    let alphabet = "abcdefghijklmnopqrst";
    let mut texts: Vec<String> = Vec::new();
    for n in 0..=alphabet.len() {
        let (start, end) = (&alphabet[..n], &alphabet[alphabet.len() - n..]);
        texts.extend([start.into(), end.into(), format!("{start}x{end}")]);
        texts.extend([format!("x{start}"), format!("{end}x")]);
    }
    let mut block = TextBlock::folding();
    write(&mut block, (0..=u16::MAX).zip(&texts));
    for n in 1..=alphabet.len() {
        check(&block, &alphabet[..n], &[u64::MAX; BLOCK_WORDS]);
        check(
            &block,
            &alphabet[alphabet.len() - n..],
            &[u64::MAX; BLOCK_WORDS],
        );
    }
}

#[test]
fn an_exact_block_keeps_upper_and_lower_case_apart() {
    let mut block = TextBlock::exact();
    block.write(&[0, 1], &[b"Ab", b"ab"]);
    let mut words = [u64::MAX; BLOCK_WORDS];
    Pattern::new(Place::Whole, b"Ab").retain_in_block(&block, &mut words);
    assert_eq!(words[0], 1);
}
