#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "the processor is asked before its features are used"
    )
)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Place;
use super::*;
use crate::bitmap::BLOCK_WORDS;
use crate::column::{TextBase, TextBlock};

type Retain = unsafe fn(&Pattern, &Arena, &mut Words);

/// Every variant this processor has.
fn variants() -> Vec<Retain> {
    #[allow(unused_mut)]
    let mut variants: Vec<Retain> = vec![scalar::retain, retain];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        variants.push(avx2_retain);
    }
    variants
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_retain(pattern: &Pattern, texts: &Arena, words: &mut Words) {
    avx2::retain(pattern, texts, words, 0);
}

/// Texts over two letters, around the lengths of vectors: needles stand in them often, or nearly.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ab]{0,12}",
        3 => "[ab]{25,42}",
        1 => "[ab]{60,140}",
        1 => "(aaab){6,20}",
    ]
}

fn check(texts: &[String], needle: &str, standing: u64) {
    let mut block = TextBlock::exact();
    let rows: Vec<u16> = (0..=u16::MAX).take(texts.len()).collect();
    block.write(
        &rows,
        &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
    );
    let TextBase::Plain(plain) = block.base() else {
        return;
    };
    let pattern = Pattern::new(Place::Anywhere, needle.as_bytes());
    for variant in variants() {
        let mut words = [standing; BLOCK_WORDS];
        // SAFETY: `variants` holds only what this processor has.
        unsafe { variant(&pattern, plain.texts(), &mut words) };
        for (row, text) in texts.iter().enumerate() {
            let expected = standing >> (row % 64) & 1 == 1 && text.contains(needle);
            assert_eq!(
                words[row / 64] >> (row % 64) & 1 == 1,
                expected,
                "{needle:?} in {text:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn every_variant_finds_what_the_standard_library_finds(
        texts in vec(text(), 0..140),
        needle in prop_oneof![2 => "[ab]{1,4}", 2 => "[ab]{5,20}", 1 => "(aaab){1,9}", 1 => "a{1,40}"],
        standing in prop_oneof![Just(u64::MAX), any::<u64>(), (0..64_u32).prop_map(|bit| 1 << bit)],
    ) {
        check(&texts, &needle, standing);
    }

    #[test]
    fn a_part_of_a_text_is_found_in_it(
        texts in vec("[a-c@.]{1,80}", 1..100), at in any::<prop::sample::Index>(), len in 1_usize..40,
    ) {
        let text = at.get(&texts);
        let start = at.index(text.len());
        let needle = &text[start..text.len().min(start + len)];
        check(&texts, needle, u64::MAX);
    }
}

#[test]
fn needles_of_every_length_are_found_at_every_place() {
    for len in 1..=40 {
        let needle = "xyz".repeat(14)[..len].to_owned();
        let texts: Vec<String> = (0..=70)
            .map(|before| format!("{}{needle}{}", "-".repeat(before), "-".repeat(70 - before)))
            .chain([
                needle[1..].to_owned(),
                needle[..len - 1].to_owned(),
                String::new(),
            ])
            .collect();
        check(&texts, &needle, u64::MAX);
    }
}
