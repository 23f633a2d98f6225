//! Addresses, preferences and consents as messages of `segue.v1`.

use super::form::WrittenConsent;
use crate::entry::{Address, Preference};
use crate::wire::fields::{address, consent, consent_answer, mark_state, preference};
use crate::wire::protobuf::{put_bytes, put_int64, put_uint};

/// Appends a `segue.v1.Address`.
pub(super) fn put_address(address: &Address<'_>, out: &mut Vec<u8>) {
    put_some_text(out, address::TYPE, address.kind);
    for line in &address.lines {
        put_bytes(out, address::LINES, line.as_bytes());
    }
    put_some_text(out, address::LOCALITY, address.locality);
    put_some_text(out, address::REGION, address.region);
    put_some_text(out, address::POSTAL_CODE, address.postal_code);
    put_some_text(out, address::COUNTRY, address.country);
    if !address.is_active {
        put_uint(out, address::INACTIVE, 1);
    }
}

/// Appends a `segue.v1.Preference`.
pub(super) fn put_preference(preference: &Preference<'_>, out: &mut Vec<u8>) {
    put_some_text(out, preference::PROGRAM, preference.program);
    put_uint(out, preference::CHANNEL, u64::from(preference.channel) + 1);
    put_some_text(out, preference::FILTER, preference.filter);
    put_uint(
        out,
        preference::CHOICE,
        one_or_two(preference.is_wanted == Some(true)),
    );
    put_some_text(out, preference::FREQUENCY, preference.frequency);
    put_time(
        out,
        preference::EXPIRE_AT_MILLIS,
        preference.expire_at_millis,
    );
    put_uint(out, preference::BASIS, one_or_two(!preference.is_implied));
    put_time(
        out,
        preference::STATED_AT_MILLIS,
        preference.stated_at_millis,
    );
}

/// Appends a `segue.v1.Consent`.
pub(super) fn put_consent(consent: &WrittenConsent<'_>, out: &mut Vec<u8>) {
    put_some_text(out, mark_state::ID, consent.id);
    put_uint(out, mark_state::STATE, one_or_two(consent.is_given));
    let Some(answers) = &consent.answers else {
        return;
    };
    if answers.version > 0 {
        put_uint(out, consent::VERSION, answers.version.into());
    }
    put_time(out, consent::STATED_AT_MILLIS, answers.stated_at_millis);
    let mut message = Vec::new();
    for former in &answers.former {
        message.clear();
        put_uint(
            &mut message,
            consent_answer::STATE,
            one_or_two(former.is_given),
        );
        if former.version > 0 {
            put_uint(&mut message, consent_answer::VERSION, former.version.into());
        }
        let time = Some(former.stated_at_millis).filter(|&millis| millis != 0);
        put_time(&mut message, consent_answer::STATED_AT_MILLIS, time);
        put_bytes(out, consent::HISTORY, &message);
    }
}

/// The number of the first or the second value of an enum.
fn one_or_two(is_first: bool) -> u64 {
    if is_first { 1 } else { 2 }
}

fn put_some_text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(out, number, text.as_bytes());
    }
}

fn put_time(out: &mut Vec<u8>, number: u32, millis: Option<i64>) {
    if let Some(millis) = millis {
        put_int64(out, number, millis);
    }
}
