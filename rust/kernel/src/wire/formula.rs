//! Texts that a spreadsheet would run, defused and restored.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or a CR for a formula, which a profile's text could so smuggle in
//! ([CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)). Such a text is written behind a `'`; unless it is only a sign
//! and digits, as phone numbers are. A text that looks like a defused one is written behind a further `'`, so that each text is read back
//! as it was.

/// What defuses.
pub(super) const GUARD: u8 = b'\'';

/// Whether a text is written behind a [`GUARD`].
#[inline]
pub(super) fn is_guarded(text: &[u8]) -> bool {
    match text {
        [b'=' | b'@' | b'\t' | b'\r', ..] => true,
        [b'+' | b'-', digits @ ..] => digits.is_empty() || !digits.iter().all(u8::is_ascii_digit),
        [GUARD, rest @ ..] => is_guarded_behind(rest),
        _ => false,
    }
}

/// The text that was written as a cell.
#[inline]
pub(super) fn restored(cell: &[u8]) -> &[u8] {
    match cell {
        [GUARD, text @ ..] if is_guarded_behind(text) => text,
        text => text,
    }
}

#[cold]
fn is_guarded_behind(text: &[u8]) -> bool {
    let guards = text.iter().take_while(|byte| **byte == GUARD).count();
    is_guarded(&text[guards..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> Vec<u8> {
        let guard: &[u8] = if is_guarded(text.as_bytes()) {
            b"'"
        } else {
            b""
        };
        [guard, text.as_bytes()].concat()
    }

    #[test]
    fn only_what_a_spreadsheet_would_run_and_its_defused_form_are_guarded() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("''@x", "'''@x"),
            ("-", "'-"),
            ("+4", "+4"),
            ("'+4", "'+4"),
            ("'", "'"),
            ("'t Hooft", "'t Hooft"),
            ("", ""),
        ] {
            assert_eq!(written(text), cell.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_back_and_none_can_run(text in "[-'=+@\\t\\r1a]{0,6}|\\PC{0,6}") {
            let cell = written(&text);
            prop_assert_eq!(restored(&cell), text.as_bytes());
            prop_assert!(!is_guarded(&cell) || cell.starts_with(b"'"));
        }
    }
}
