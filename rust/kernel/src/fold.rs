//! Text as it is compared: Unicode simple case folding, one character to one character.
//!
//! Simple folding keeps the number of characters, so `contains` and `starts_with` mean the same before and after it. `ß` stays `ß`.

/// Folds a text.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// Appends the folded text to a buffer.
///
/// # Cost
/// One vectorised pass for ASCII; a table look-up a character for the rest of a text from its first other character on.
pub fn fold_into(text: &str, folded: &mut Vec<u8>) {
    let start = folded.len();
    folded.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
    let Some(ascii) = text.bytes().position(|byte| !byte.is_ascii()) else {
        return;
    };
    folded.truncate(start + ascii);
    let mut utf8 = [0; 4];
    for character in text[ascii..].chars() {
        folded.extend_from_slice(fold_char(character).encode_utf8(&mut utf8).as_bytes());
    }
}

/// Whether folding leaves the text as it is. Bytes that are not UTF-8 count as folded.
pub fn is_folded(text: &[u8]) -> bool {
    if text.is_ascii() {
        return !has_ascii_uppercase(text);
    }
    std::str::from_utf8(text).map_or(true, |text| text.chars().all(|c| fold_char(c) == c))
}

/// Whether a capital letter of ASCII is among the bytes. Looks at all of them, so that many are looked at at once.
pub(crate) fn has_ascii_uppercase(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .fold(false, |found, byte| found | byte.is_ascii_uppercase())
}

fn fold_char(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(character)
        .and_then(|folded| char::from_u32(folded.get()))
        .unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded_bytes(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        fold_into(text, &mut bytes);
        bytes
    }

    #[test]
    fn letters_of_every_script_fold_to_one_letter() {
        assert_eq!(fold("ÅNGSTRÖM"), "ångström");
        assert_eq!(fold("ΣΑΣ ς"), "σασ σ");
        assert_eq!(fold("Straße"), "straße");
        assert_eq!(fold("\u{1E9E}"), "ß");
        assert_eq!(fold("İI"), "İi");
        assert_eq!(fold("\u{212A}"), "k");
        assert_eq!(fold("ДОМ 日本"), "дом 日本");
    }

    proptest! {
        #[test]
        fn the_fast_path_folds_like_the_slow_one(text in "\\PC{0,40}|[ -~]{0,80}") {
            prop_assert_eq!(folded_bytes(&text), fold(&text).into_bytes());
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert!(is_folded(once.as_bytes()));
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_text_is_folded_exactly_when_folding_keeps_it(text in "\\PC{0,40}|[a-zA-Z]{0,9}") {
            prop_assert_eq!(is_folded(text.as_bytes()), fold(&text) == text);
        }

        #[test]
        fn folding_keeps_the_number_of_characters(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&text).chars().count(), text.chars().count());
        }
    }
}
