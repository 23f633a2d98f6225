//! A reader of profiles that is obvious and slow: record by record, from messages that generated code has read.

mod assembly;
mod entries;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use segue_kernel::batch::{Batch, Identifier, RecordReason as R};
use segue_kernel::schema::{ColumnId, ColumnKind, Field, MarkKind, Schema, builtin as b};
use segue_kernel::wire::{DecodeOptions, calendar, value};

use crate::segue_v1::{self as v1, Value};

#[derive(Clone)]
enum Cell {
    Cleared,
    Text(String),
    Number(f64),
    Boolean(bool),
    Date(i32),
    DateTime(i64),
    One(u16),
    Many(BTreeSet<u16>),
}

#[derive(Default)]
struct Row {
    id: String,
    cells: BTreeMap<ColumnId, Cell>,
    identifiers: [Vec<Identifier>; 3],
    entries: BTreeMap<ColumnId, Vec<Identifier>>,
    lists: BTreeSet<String>,
    compose_name: bool,
    problems: Vec<(String, R)>,
}

impl Row {
    fn put(&mut self, column: ColumnId, path: &str, cell: Result<Cell, R>) {
        if self.cells.contains_key(&column) {
            self.problems.push((path.to_owned(), R::Duplicate));
            return;
        }
        match cell {
            Ok(cell) => drop(self.cells.insert(column, cell)),
            Err(reason) => self.problems.push((path.to_owned(), reason)),
        }
    }
}

/// Reads a batch. Messages of exceptions are left empty.
pub(crate) fn read(schema: &Schema, batch: &v1::ProfileBatch, options: &DecodeOptions) -> Batch {
    let rows = batch.profiles.iter().map(|profile| {
        let mut row = read_row(schema, batch, profile, options);
        require_key(&mut row, profile, options);
        if options.names_only {
            keep_names(&mut row, options);
        }
        row
    });
    let mut batch = assembly::assemble(schema, &rows.collect::<Vec<_>>());
    if options.key.is_none() {
        let mut run = HashSet::new();
        for row in 0..batch.n_rows() {
            let id = batch.profile_ids.get(row).to_vec();
            if !run.insert(id.clone()) {
                batch
                    .cuts
                    .push(u32::try_from(row).expect("test blocks are small"));
                run = HashSet::from([id]);
            }
        }
    }
    batch
}

const COLLECTIONS: [&str; 3] = ["emails", "phones", "alternate_ids"];

fn require_key(row: &mut Row, profile: &v1::Profile, options: &DecodeOptions) {
    let Some(key) = options.key else { return };
    let given = [&profile.emails, &profile.phones, &profile.alternate_ids][key.kind as usize];
    let is_key = |one: &v1::Identifier| {
        let same = |wanted: &str| wanted.to_lowercase() == one.r#type.to_lowercase();
        !one.value.is_empty() && key.of_type.is_none_or(same)
    };
    if !given.iter().any(is_key) {
        let path = COLLECTIONS[key.kind as usize].to_owned();
        row.problems.push((path, R::IdentifierMissing));
    }
}

fn keep_names(row: &mut Row, options: &DecodeOptions) {
    let key = options.key.map(|key| key.kind as usize);
    let names = |path: &str| {
        path == "profile_id" || key.is_some_and(|key| path.starts_with(COLLECTIONS[key]))
    };
    row.problems.retain(|(path, _)| names(path));
    row.cells.clear();
    row.entries.clear();
    row.lists.clear();
    row.compose_name = false;
    for (number, identifiers) in row.identifiers.iter_mut().enumerate() {
        if key != Some(number) {
            identifiers.clear();
        }
    }
}

fn read_row(
    schema: &Schema,
    batch: &v1::ProfileBatch,
    profile: &v1::Profile,
    options: &DecodeOptions,
) -> Row {
    let mut row = Row::default();
    match text(&profile.profile_id, 255) {
        Ok(Cell::Cleared) if options.key.is_some() => {}
        Ok(Cell::Cleared) => row
            .problems
            .push(("profile_id".to_owned(), R::ProfileIdMissing)),
        Ok(_) => row.id.clone_from(&profile.profile_id),
        Err(reason) => row.problems.push(("profile_id".to_owned(), reason)),
    }
    read_texts(&mut row, profile);
    for (column, path, degrees, limit) in [
        (b::LATITUDE, "latitude", profile.latitude, 90.0),
        (b::LONGITUDE, "longitude", profile.longitude, 180.0),
    ] {
        match degrees {
            None => {}
            Some(degrees) if degrees.is_nan() => row.put(column, path, Ok(Cell::Cleared)),
            Some(degrees) if degrees.abs() > limit => row.put(column, path, Err(R::NumberInvalid)),
            Some(degrees) => row.put(column, path, Ok(Cell::Number(degrees))),
        }
    }
    read_identifiers(&mut row, 0, "emails", &profile.emails);
    read_identifiers(&mut row, 1, "phones", &profile.phones);
    read_identifiers(&mut row, 2, "alternate_ids", &profile.alternate_ids);
    read_fields(&mut row, schema, batch, None, &profile.fields, options);
    for membership in &profile.memberships {
        read_membership(&mut row, schema, batch, membership, options);
    }
    row.lists.extend(options.list.map(str::to_owned));
    read_marks(&mut row, schema, profile, options);
    entries::read(&mut row, profile);
    refresh(&mut row, schema, options);
    row
}

/// Clears what is to be refreshed and was not given.
fn refresh(row: &mut Row, schema: &Schema, options: &DecodeOptions) {
    let mut columns = Vec::new();
    for field in schema.fields() {
        let is_meant = field.list.is_none() || field.list.as_deref() == options.list;
        columns.extend((is_meant && options.refresh.custom_fields).then_some(field.column));
    }
    for mark in schema.marks() {
        let is_meant = mark.kind == MarkKind::Tag && options.refresh.tags;
        columns.extend(is_meant.then_some(mark.column));
    }
    for column in columns {
        row.cells.entry(column).or_insert(Cell::Cleared);
    }
}

fn read_marks(row: &mut Row, schema: &Schema, profile: &v1::Profile, options: &DecodeOptions) {
    let state = |number| match number {
        0 => Ok(Cell::Cleared),
        1 => Ok(Cell::Boolean(true)),
        2 => Ok(Cell::Boolean(false)),
        _ => Err(R::TypeMismatch),
    };
    let put = |row: &mut Row, kind, collection, id: &str, cell| {
        let path = format!("{collection}[{}]", shortened(id));
        match schema.mark(kind, id) {
            Some(mark) => match cell {
                Ok(cell) => row.put(mark.column, &path, Ok(cell)),
                Err(reason) => row.problems.push((path, reason)),
            },
            None if options.ignore_unknown_fields => {}
            None => {
                let reasons = [R::TagUnknown, R::TopicUnknown, R::ConsentTypeUnknown];
                row.problems.push((path, reasons[kind as usize]));
            }
        }
    };
    for tag in &profile.tags {
        put(row, MarkKind::Tag, "tags", tag, Ok(Cell::Boolean(true)));
    }
    for tag in &profile.removed_tags {
        put(row, MarkKind::Tag, "removed_tags", tag, Ok(Cell::Cleared));
    }
    for topic in &profile.topics {
        let id = &topic.topic;
        put(row, MarkKind::Topic, "topics", id, state(topic.state));
    }
    for consent in &profile.consents {
        let id = &consent.consent_type;
        put(row, MarkKind::Consent, "consents", id, state(consent.state));
        if let Some(mark) = schema.mark(MarkKind::Consent, id) {
            let path = format!("consents[{}]", shortened(id));
            entries::read_answers(row, mark.column, &path, consent);
        }
    }
}

fn read_texts(row: &mut Row, profile: &v1::Profile) {
    let name = profile.name.clone().unwrap_or_default();
    for (column, path, given, max_bytes) in [
        (
            b::CUSTOMER_TYPE,
            "customer_type",
            &profile.customer_type,
            100,
        ),
        (b::NAME_PREFIX, "name.prefix", &name.prefix, 250),
        (b::GIVEN_NAME, "name.given_name", &name.given_name, 250),
        (b::MIDDLE_NAME, "name.middle_name", &name.middle_name, 250),
        (b::FAMILY_NAME, "name.family_name", &name.family_name, 250),
        (b::NAME_SUFFIX, "name.suffix", &name.suffix, 250),
        (b::FULL_NAME, "name.full_name", &name.full_name, 1_000),
        (b::LOCALE, "locale", &profile.locale, 35),
        (b::COUNTRY, "country", &profile.country, 100),
        (b::REGION, "region", &profile.region, 100),
    ] {
        if let Some(given) = given {
            row.put(column, path, text(given, max_bytes));
        }
    }
    let parts = [&name.given_name, &name.middle_name, &name.family_name];
    row.compose_name = match &name.full_name {
        Some(whole) => whole.is_empty(),
        None => parts.iter().any(|part| part.is_some()),
    };
}

fn read_identifiers(row: &mut Row, collection: usize, path: &str, given: &[v1::Identifier]) {
    let mut kinds = HashSet::new();
    for (position, identifier) in given.iter().enumerate() {
        let mut problem = |part: &str, reason| {
            row.problems
                .push((format!("{path}[{position}].{part}"), reason));
        };
        if let Err(reason) = text(&identifier.r#type, 100) {
            problem("type", reason);
            continue;
        }
        let value = match identifier_value(collection, &identifier.value) {
            Ok(value) => value,
            Err(reason) => {
                problem("value", reason);
                continue;
            }
        };
        if kinds.insert(&identifier.r#type) {
            row.identifiers[collection].push(Identifier {
                is_active: !identifier.inactive,
                is_primary: identifier.primary,
                ..Identifier::new(&identifier.r#type, &value)
            });
        } else {
            problem("type", R::Duplicate);
        }
    }
}

fn identifier_value(collection: usize, value: &str) -> Result<String, R> {
    text(value, 256)?;
    if value.is_empty() || collection == 2 {
        return Ok(value.to_owned());
    }
    if collection == 0 {
        let (local, domain) = value.split_once('@').ok_or(R::EmailInvalid)?;
        let is_letter = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
        let is_local = !local.is_empty()
            && local.len() <= 64
            && local
                .chars()
                .all(|c| is_letter(c) || ".!#$%&'*+/=?^_`{|}~-".contains(c));
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| is_letter(c) || c == '-')
                && label == label.trim_matches('-')
        };
        let is_email = is_local && domain.split('.').all(is_label);
        return if is_email {
            Ok(value.to_owned())
        } else {
            Err(R::EmailInvalid)
        };
    }
    let bare: String = value.chars().filter(|c| !" .-()".contains(*c)).collect();
    let digits = bare.strip_prefix('+').ok_or(R::PhoneInvalid)?;
    let is_phone = (7..=15).contains(&digits.len())
        && digits.chars().all(|c| c.is_ascii_digit())
        && !digits.starts_with('0');
    if is_phone {
        Ok(bare)
    } else {
        Err(R::PhoneInvalid)
    }
}

fn read_membership(
    row: &mut Row,
    schema: &Schema,
    batch: &v1::ProfileBatch,
    membership: &v1::Membership,
    options: &DecodeOptions,
) {
    let path = format!("memberships[{}]", shortened(&membership.list));
    let Some(list) = schema.list(&membership.list) else {
        row.problems.push((path, R::ListUnknown));
        return;
    };
    if !row.lists.insert(list.id.clone()) {
        row.problems.push((path, R::Duplicate));
        return;
    }
    for (column, part, millis) in [
        (
            list.joined_at(),
            "joined_at_millis",
            membership.joined_at_millis,
        ),
        (
            list.active_at(),
            "active_at_millis",
            membership.active_at_millis,
        ),
    ] {
        if let Some(millis) = millis {
            row.put(column, &format!("{path}.{part}"), time(millis));
        }
    }
    for (column, part, number, count) in [
        (list.state(), "state", membership.state, 6),
        (
            list.consent_to_track(),
            "consent_to_track",
            membership.consent_to_track,
            2,
        ),
    ] {
        if number != 0 {
            let code = u16::try_from(number).ok().filter(|&number| number <= count);
            let cell = code
                .map(|number| Cell::One(number - 1))
                .ok_or(R::OptionUnknown);
            row.put(column, &format!("{path}.{part}"), cell);
        }
    }
    read_fields(
        row,
        schema,
        batch,
        Some(&list.id),
        &membership.fields,
        options,
    );
}

fn read_fields(
    row: &mut Row,
    schema: &Schema,
    batch: &v1::ProfileBatch,
    list: Option<&str>,
    fields: &[v1::FieldValue],
    options: &DecodeOptions,
) {
    let owner = list
        .map(|list| format!("memberships[{list}]."))
        .unwrap_or_default();
    for (position, given) in fields.iter().enumerate() {
        let key = match given.key_index as usize {
            0 => Some(given.key.as_str()),
            index => batch.field_keys.get(index - 1).map(String::as_str),
        };
        let Some(key) = key else {
            row.problems
                .push((format!("{owner}fields[{position}]"), R::RecordInvalid));
            continue;
        };
        match schema.field(list, key) {
            Some(field) => {
                if let Some(value) = &given.value {
                    let path = format!("{owner}fields[{}]", field.key);
                    row.put(field.column, &path, cell(field, value, options));
                }
            }
            None if options.ignore_unknown_fields => {}
            None => row.problems.push((
                format!("{owner}fields[{}]", shortened(key)),
                R::FieldUnknown,
            )),
        }
    }
}

fn cell(field: &Field, given: &Value, options: &DecodeOptions) -> Result<Cell, R> {
    use ColumnKind as K;
    let code = |name: &str| {
        let is = |option: &String| option.to_lowercase() == name.to_lowercase();
        let position = field.options.iter().position(is).ok_or(R::OptionUnknown)?;
        Ok(u16::try_from(position).expect("there are few options"))
    };
    let codes = |names: &[&str]| {
        names
            .iter()
            .map(|name| code(name))
            .collect::<Result<_, R>>()
    };
    Ok(match (field.kind, given) {
        (_, Value::Null(_)) => Cell::Cleared,
        (_, Value::Text(text)) if text.is_empty() => Cell::Cleared,
        (_, Value::Options(list)) if list.options.is_empty() => Cell::Cleared,
        (K::Text, Value::Text(given)) => text(given, options.max_text_bytes)?,
        (K::Number, Value::Text(text)) => {
            Cell::Number(value::number(text.as_bytes()).ok_or(R::NumberInvalid)?)
        }
        (K::Number, Value::Number(number)) if number.is_finite() => Cell::Number(*number),
        (K::Number, Value::Number(_)) => return Err(R::NumberInvalid),
        (K::Boolean, Value::Text(text)) => {
            Cell::Boolean(value::boolean(text.as_bytes()).ok_or(R::TypeMismatch)?)
        }
        (K::Boolean, Value::Boolean(value)) => Cell::Boolean(*value),
        (K::Date, Value::Text(text)) => {
            Cell::Date(value::date(text.as_bytes()).ok_or(R::DateInvalid)?)
        }
        (K::Date, Value::DateDays(days)) if calendar::is_day(*days) => Cell::Date(*days),
        (K::Date, Value::DateDays(_)) => return Err(R::DateInvalid),
        (K::DateTime, Value::Text(text)) => {
            time(value::date_time(text.as_bytes()).ok_or(R::DateInvalid)?)?
        }
        (K::DateTime, Value::DateTimeMillis(millis)) => time(*millis)?,
        (K::DateTime, Value::DateDays(days)) => time(i64::from(*days) * 86_400_000)?,
        (K::MultiSelectOne, Value::Text(name)) => Cell::One(code(name)?),
        (K::MultiSelectMany, Value::Text(names)) => {
            let names: Vec<&str> = names.split(';').map(str::trim_ascii).collect();
            Cell::Many(codes(&names)?)
        }
        (K::MultiSelectMany, Value::Options(list)) => {
            let names: Vec<&str> = list.options.iter().map(String::as_str).collect();
            Cell::Many(codes(&names)?)
        }
        _ => return Err(R::TypeMismatch),
    })
}

/// A name as paths repeat it.
fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}

fn text(text: &str, max_bytes: usize) -> Result<Cell, R> {
    match text {
        "" => Ok(Cell::Cleared),
        text if text.len() > max_bytes => Err(R::TextTooLong),
        text if text.contains('\0') => Err(R::TextInvalid),
        text => Ok(Cell::Text(text.to_owned())),
    }
}

fn time(millis: i64) -> Result<Cell, R> {
    if calendar::is_time(millis) {
        Ok(Cell::DateTime(millis))
    } else {
        Err(R::DateInvalid)
    }
}
