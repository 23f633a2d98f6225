//! What columns are called where single values are told of: by the path that leads to them in a profile.
//!
//! | column | path |
//! | --- | --- |
//! | a part of the name | `name.given_name` |
//! | the first identifier, its type, the others together | `emails[0].value`, `emails[0].type`, `emails` |
//! | a collection | `addresses` |
//! | a field of the account, of a list | `fields[Age]`, `memberships[newsletter].fields[Age]` |
//! | a part of a place on a list | `memberships[newsletter].state` |
//! | what is known of consents besides their states | `consents` |
//! | a mark | `tags[vip]`, `topics[sport]`, `consents[sms]` |

use std::collections::BTreeMap;

use crate::schema::{
    CONSENTS_TO_TRACK, ColumnId, List, MEMBERSHIP_STATES, Mark, MarkKind, Schema, builtin as b,
};

/// Paths of columns that every account has.
const BUILTIN: [(ColumnId, &str); 24] = [
    (b::CUSTOMER_TYPE, "customer_type"),
    (b::NAME_PREFIX, "name.prefix"),
    (b::GIVEN_NAME, "name.given_name"),
    (b::MIDDLE_NAME, "name.middle_name"),
    (b::FAMILY_NAME, "name.family_name"),
    (b::NAME_SUFFIX, "name.suffix"),
    (b::FULL_NAME, "name.full_name"),
    (b::LOCALE, "locale"),
    (b::COUNTRY, "country"),
    (b::REGION, "region"),
    (b::LATITUDE, "latitude"),
    (b::LONGITUDE, "longitude"),
    (b::EMAIL, "emails[0].value"),
    (b::EMAIL_TYPE, "emails[0].type"),
    (b::EMAIL_MORE, "emails"),
    (b::PHONE, "phones[0].value"),
    (b::PHONE_TYPE, "phones[0].type"),
    (b::PHONE_MORE, "phones"),
    (b::ALTERNATE_ID, "alternate_ids[0].value"),
    (b::ALTERNATE_ID_TYPE, "alternate_ids[0].type"),
    (b::ALTERNATE_ID_MORE, "alternate_ids"),
    (b::ADDRESSES, "addresses"),
    (b::PREFERENCES, "preferences"),
    (b::GROUPS, "groups"),
];

/// A column as people are told of it.
pub(super) struct NamedColumn {
    /// The path to it in a profile.
    pub(super) path: String,
    /// Names of its options by code; of answers to consents, ids of consent types by the columns of their states.
    pub(super) options: Vec<String>,
}

/// All columns of an account with values that an import can write, in order of columns.
pub(super) fn named_columns(schema: &Schema) -> BTreeMap<ColumnId, NamedColumn> {
    let mut columns = BTreeMap::new();
    let mut name = |column, path: String, options: Vec<String>| {
        columns.insert(column, NamedColumn { path, options });
    };
    for (column, path) in BUILTIN {
        name(column, path.to_owned(), Vec::new());
    }
    for list in schema.lists() {
        for (column, part, options) in parts_of(list) {
            let options = options.iter().map(|&option| option.to_owned());
            name(
                column,
                format!("memberships[{}].{part}", list.id),
                options.collect(),
            );
        }
    }
    for field in schema.fields() {
        let path = match &field.list {
            None => format!("fields[{}]", field.key),
            Some(list) => format!("memberships[{list}].fields[{}]", field.key),
        };
        name(field.column, path, field.options.clone());
    }
    let is_consent = |mark: &&Mark| mark.kind == MarkKind::Consent;
    let consents = schema.marks().iter().filter(is_consent);
    let mut ids = Vec::new();
    for consent in consents {
        let at = consent.column as usize;
        ids.resize(ids.len().max(at + 1), String::new());
        ids[at].clone_from(&consent.id);
    }
    name(b::CONSENT_ANSWERS, "consents".to_owned(), ids);
    for mark in schema.marks() {
        let path = format!("{}[{}]", mark.kind.collection(), mark.id);
        name(mark.column, path, Vec::new());
    }
    columns
}

/// Columns of a place on a list, with their names and those of their options.
fn parts_of(list: &List) -> [(ColumnId, &'static str, &'static [&'static str]); 4] {
    [
        (list.state(), "state", &MEMBERSHIP_STATES),
        (list.joined_at(), "joined_at", &[]),
        (list.active_at(), "active_at", &[]),
        (
            list.consent_to_track(),
            "consent_to_track",
            &CONSENTS_TO_TRACK,
        ),
    ]
}
