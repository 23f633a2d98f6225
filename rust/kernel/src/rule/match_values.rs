//! The identifiers to which an export is restricted: checked, in their normal form, each once.

use std::borrow::Cow;
use std::io::Read;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::batch::IdentifierKind;
use crate::error::{KernelError, Result};
use crate::fold::fold_into;
use crate::wire::decode::{normal_identifier, normal_profile_id};

use super::condition::By;
use super::text::TextSet;

/// Most values of one set, repeats included.
pub const VALUES_MAX: usize = 1_000_000;

/// Wrong values of which the position is kept; of others only the number is.
const POSITIONS_KEPT: usize = 10;

/// Level of Zstandard, of 22: what Zstandard itself takes.
const ZSTD_LEVEL: i32 = 3;

/// First bytes of the plain form: the kind and the number of values.
const HEADER_BYTES: usize = 1 + size_of::<u32>();

/// Longest plain form. No value is longer than a length of 16 bits says, nor than 256 bytes, before folding; folding may make three bytes
/// of two.
const PLAIN_BYTES_MAX: u64 = (HEADER_BYTES + VALUES_MAX * (size_of::<u16>() + 384)) as u64;

/// Distinct identifiers of one kind in their normal form: e-mail addresses trimmed and folded, phone numbers as `+` and digits, others as they
/// are.
///
/// Immutable; plans that look for them share what they look them up in.
#[derive(Debug)]
pub struct MatchValues {
    by: By,
    wrong_count: usize,
    wrong_positions: Vec<usize>,
    texts: Texts,
    set: OnceLock<Option<Arc<TextSet>>>,
}

impl MatchValues {
    /// Number of values that are of another kind and therefore not among these.
    pub fn wrong_count(&self) -> usize {
        self.wrong_count
    }

    /// Positions of the first ten of them, from 0, ascending.
    pub fn wrong_positions(&self) -> &[usize] {
        &self.wrong_positions
    }

    /// A number for these values, whatever their order and repeats were: SHA-256 of the plain form.
    ///
    /// # Cost
    /// Two passes over the values.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.plain()).into()
    }

    /// Writes the values as they are stored: a frame of Zstandard with its checksum around the plain form, which is the kind, the number of
    /// values, their lengths of 16 bits and their bytes, in order; numbers are little-endian.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    pub fn encode(&self) -> Vec<u8> {
        frame(&self.plain()).expect("memory can be written to")
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when it is damaged.
    pub fn decode(data: &[u8]) -> Result<Self> {
        let plain = unframe(data).map_err(|error| invalid(&error.to_string()))?;
        let (by, texts) = read_plain(&plain).ok_or_else(|| invalid("lengths do not add up"))?;
        Ok(Self {
            by,
            wrong_count: 0,
            wrong_positions: Vec::new(),
            texts,
            set: OnceLock::new(),
        })
    }

    /// Values that were not checked; those of tests are often too short to pass.
    #[cfg(test)]
    pub(super) fn unchecked(by: &str, values: &[String]) -> Self {
        let by: By = serde_json::from_value(by.into()).expect("a kind");
        let mut builder = MatchValuesBuilder::new(by as u8).expect("a kind");
        for value in values {
            let folded = (by == By::Email).then(|| crate::fold::fold(value));
            builder
                .texts
                .push(folded.as_ref().unwrap_or(value).as_bytes());
        }
        builder.finish().expect("not too many")
    }

    /// The kind of the values.
    pub(super) fn by(&self) -> By {
        self.by
    }

    /// The values to look others up in, as they are compared; prepared when it is first asked for. `None` when there is none.
    pub(super) fn set(&self) -> Option<Arc<TextSet>> {
        let prepare = || TextSet::new(self.texts.iter()).map(Arc::new);
        self.set.get_or_init(prepare).clone()
    }

    fn plain(&self) -> Vec<u8> {
        let texts = &self.texts;
        let mut plain = Vec::with_capacity(HEADER_BYTES + 2 * texts.ends.len() + texts.bytes.len());
        plain.push(self.by as u8);
        let count = u32::try_from(texts.ends.len()).expect("no more than VALUES_MAX");
        plain.extend_from_slice(&count.to_le_bytes());
        for text in texts.iter() {
            let length = u16::try_from(text.len()).expect("checked when it was added");
            plain.extend_from_slice(&length.to_le_bytes());
        }
        plain.extend_from_slice(&texts.bytes);
        plain
    }
}

/// Takes values piece by piece and checks them as decoding does those of profiles.
#[derive(Debug)]
pub struct MatchValuesBuilder {
    by: By,
    count: usize,
    wrong_count: usize,
    wrong_positions: Vec<usize>,
    texts: Texts,
}

impl MatchValuesBuilder {
    /// Begins a set of a kind, given as its number of `segue.v1.MatchBy`.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when there is no such kind.
    pub fn new(by: u8) -> Result<Self> {
        let by = By::from_number(by).ok_or_else(|| invalid("they are of no known kind"))?;
        Ok(Self {
            by,
            count: 0,
            wrong_count: 0,
            wrong_positions: Vec::new(),
            texts: Texts::default(),
        })
    }

    /// Adds a value; `None` is one that is no text and therefore wrong.
    pub fn push(&mut self, value: Option<&str>) {
        if let Some(value) = value.and_then(|value| normal(self.by, value)) {
            self.texts.push(&value);
        } else {
            if self.wrong_count < POSITIONS_KEPT {
                self.wrong_positions.push(self.count);
            }
            self.wrong_count += 1;
        }
        self.count += 1;
    }

    /// Puts the values in order, each once.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when there are more than [`VALUES_MAX`].
    ///
    /// # Cost
    /// About half a microsecond a value on one core.
    pub fn finish(self) -> Result<MatchValues> {
        if self.count > VALUES_MAX {
            return Err(invalid(&format!("more than {VALUES_MAX} values")));
        }
        Ok(MatchValues {
            by: self.by,
            wrong_count: self.wrong_count,
            wrong_positions: self.wrong_positions,
            texts: self.texts.sorted(),
            set: OnceLock::new(),
        })
    }
}

/// Texts one behind the other.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(&start, &end)| &self.bytes[start..end])
    }

    fn sorted(&self) -> Self {
        let mut all: Vec<&[u8]> = self.iter().collect();
        all.par_sort_unstable();
        all.dedup();
        let mut sorted = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            ends: Vec::with_capacity(all.len()),
        };
        for text in all {
            sorted.push(text);
        }
        sorted
    }
}

/// Brings a value into the form in which it is compared; `None` when it is of another kind.
fn normal(by: By, value: &str) -> Option<Cow<'_, [u8]>> {
    match by {
        By::ProfileId => normal_profile_id(value),
        By::AlternateId => normal_identifier(IdentifierKind::AlternateId, value),
        By::Phone => normal_identifier(IdentifierKind::Phone, value.trim()),
        By::Email => {
            let address = value.trim();
            normal_identifier(IdentifierKind::Email, address)?;
            let mut folded = Vec::with_capacity(address.len());
            fold_into(address, &mut folded);
            Some(Cow::Owned(folded))
        }
    }
}

fn frame(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(plain)
}

/// Reads a frame, and no more than a plain form may have.
fn unframe(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    let frame = zstd::stream::read::Decoder::with_buffer(data)?.single_frame();
    frame.take(PLAIN_BYTES_MAX).read_to_end(&mut plain)?;
    Ok(plain)
}

/// Reads a plain form; `None` when it is none, or its values are not in order, each once.
fn read_plain(plain: &[u8]) -> Option<(By, Texts)> {
    let (&by, rest) = plain.split_first()?;
    let (count, rest) = rest.split_first_chunk()?;
    let count = u32::from_le_bytes(*count) as usize;
    if count > VALUES_MAX {
        return None;
    }
    let (lengths, bytes) = rest.split_at_checked(count * size_of::<u16>())?;
    let (lengths, _) = lengths.as_chunks();
    let ends: Vec<usize> = lengths
        .iter()
        .scan(0, |end, length| {
            *end += usize::from(u16::from_le_bytes(*length));
            Some(*end)
        })
        .collect();
    if ends.last().copied().unwrap_or_default() != bytes.len() {
        return None;
    }
    let texts = Texts {
        bytes: bytes.to_vec(),
        ends,
    };
    let is_sorted = texts.iter().is_sorted_by(|one, next| one < next);
    is_sorted.then_some((By::from_number(by)?, texts))
}

fn invalid(problem: &str) -> KernelError {
    KernelError::DefinitionInvalid {
        what: "set of match values",
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fold::fold;

    const KINDS: [By; 4] = [By::ProfileId, By::AlternateId, By::Email, By::Phone];

    fn built<'a>(by: By, values: impl IntoIterator<Item = &'a str>) -> MatchValues {
        let mut builder = MatchValuesBuilder::new(by as u8).unwrap();
        for value in values {
            builder.push(Some(value));
        }
        builder.finish().unwrap()
    }

    fn texts(values: &MatchValues) -> Vec<Vec<u8>> {
        values.texts.iter().map(<[u8]>::to_vec).collect()
    }

    /// The normal form, as slowly and plainly as it can be said, of values that [`value`] makes.
    fn model(by: By, value: &str) -> Option<String> {
        let bare: String = value.chars().filter(|c| !" .-()".contains(*c)).collect();
        let digits = bare.trim().strip_prefix('+').unwrap_or_default();
        let is_phone = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.chars().all(|c| c.is_ascii_digit());
        let address = value.trim();
        let is_email = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        match by {
            By::Email => is_email.then(|| fold(address)),
            By::Phone => is_phone.then(|| format!("+{digits}")),
            By::ProfileId => (1..=255).contains(&value.len()).then(|| value.to_owned()),
            By::AlternateId => (1..=256).contains(&value.len()).then(|| value.to_owned()),
        }
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            " ?[aAbÅ]{0,2}@?[bBß]{0,2}@?\n?",
            " ?\\+?[01][2 .()-]{0,3}[34]{4,7}-?[5]{0,3}[6 -]{0,6} ?",
            "[x ]{254,257}",
            "[a-c]{0,1}",
        ]
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_model(
            by in prop::sample::select(&KINDS), values in vec(value(), 0..40),
        ) {
            let found = built(by, values.iter().map(String::as_str));
            let normal: Vec<Option<String>> = values.iter().map(|value| model(by, value)).collect();
            let expected: BTreeSet<Vec<u8>> =
                normal.iter().flatten().map(|value| value.clone().into_bytes()).collect();
            let wrong: Vec<usize> = (0..values.len()).filter(|&i| normal[i].is_none()).collect();
            prop_assert_eq!(texts(&found), expected.iter().cloned().collect::<Vec<_>>());
            prop_assert_eq!(found.wrong_count(), wrong.len());
            prop_assert_eq!(found.wrong_positions(), &wrong[..wrong.len().min(10)]);
            prop_assert_eq!(found.set().is_some(), !expected.is_empty());
        }

        #[test]
        fn what_was_encoded_is_decoded(
            by in prop::sample::select(&KINDS), values in vec(value(), 0..40),
        ) {
            let found = built(by, values.iter().map(String::as_str));
            let again = MatchValues::decode(&found.encode()).unwrap();
            prop_assert_eq!(again.by(), by);
            prop_assert_eq!(texts(&again), texts(&found));
            prop_assert_eq!(again.digest(), found.digest());
        }

        #[test]
        fn digests_are_the_same_exactly_for_the_same_values(
            by in prop::sample::select(&KINDS),
            values in vec("[a-c]{1,2}|[aA]@[bB]", 0..5),
            others in vec("[a-c]{1,2}|[aA]@[bB]", 0..5),
        ) {
            let of = |values: &[String]| built(by, values.iter().map(String::as_str));
            let (one, other) = (of(&values), of(&others));
            prop_assert_eq!(one.digest() == other.digest(), texts(&one) == texts(&other));
            let mut turned = values.clone();
            turned.extend(values.iter().rev().cloned());
            turned.rotate_left(values.len() / 2);
            prop_assert_eq!(of(&turned).digest(), one.digest());
        }

        #[test]
        fn damaged_bytes_are_refused(position: prop::sample::Index, difference in 1..=255_u8) {
            let mut data = built(By::ProfileId, ["a", "bc", "def"]).encode();
            let position = position.index(data.len());
            data[position] ^= difference;
            let is_refused = MatchValues::decode(&data).is_err();
            // A frame has bits that say nothing of its content.
            prop_assert!(is_refused || texts(&MatchValues::decode(&data).unwrap()).len() == 3);
        }

        #[test]
        fn other_bytes_are_refused(plain: Vec<u8>) {
            prop_assume!(plain.get(1..5) != Some(&[0; 4]));
            prop_assert!(MatchValues::decode(&plain).is_err());
            prop_assert!(MatchValues::decode(&frame(&plain).unwrap()).is_err());
        }
    }

    #[test]
    fn kinds_have_the_same_values_and_other_digests() {
        let digests = KINDS.map(|by| built(by, ["+46701234567"]).digest());
        let distinct: BTreeSet<_> = digests.into_iter().collect();
        assert_eq!(distinct.len(), KINDS.len());
        assert!(MatchValuesBuilder::new(0).is_err());
        assert!(MatchValuesBuilder::new(5).is_err());
    }

    #[test]
    fn what_is_no_text_is_wrong() {
        let mut builder = MatchValuesBuilder::new(By::ProfileId as u8).unwrap();
        for value in [Some("a"), None, Some("a\0")] {
            builder.push(value);
        }
        let values = builder.finish().unwrap();
        assert_eq!(values.wrong_positions(), [1, 2]);
    }

    #[test]
    fn the_longest_address_that_folding_lengthens_is_stored() {
        // U+023A is two bytes, what it folds to is three.
        let label = "\u{23A}".repeat(31);
        let address = format!("{}@{label}.{label}.{label}", "\u{23A}".repeat(32));
        let values = built(By::Email, [address.as_str()]);
        assert_eq!(texts(&values), [fold(&address).into_bytes()]);
        let again = MatchValues::decode(&values.encode()).unwrap();
        assert_eq!(texts(&again), texts(&values));
    }

    #[test]
    fn a_million_values_are_taken_and_no_more() {
        let mut builder = MatchValuesBuilder::new(By::ProfileId as u8).unwrap();
        for _ in 0..VALUES_MAX {
            builder.push(Some("p"));
        }
        let count = VALUES_MAX + 1;
        assert_eq!(builder.count + 1, count);
        builder.push(Some("p"));
        let refusal = builder.finish().unwrap_err().to_string();
        assert!(refusal.contains("more than 1000000 values"), "{refusal}");
    }
}
