//! Random profiles, and versions that hold them in every form of block.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::json;

use crate::batch::Identifier;
use crate::bitmap::RowSet;
use crate::column::{
    BLOCK_ROWS, Block, Column, IdentifiersBlock, OptionsBlock, PlainBlock, PlainValue, TextBlock,
};
use crate::event::Events;
use crate::schema::{ColumnId, Schema, builtin};
use crate::snapshot::VersionParts;
use crate::table::{RowId, Version};

pub(super) const TEXT: ColumnId = 64;
pub(super) const NUMBER: ColumnId = 65;
pub(super) const BOOLEAN: ColumnId = 66;
pub(super) const DATE: ColumnId = 67;
pub(super) const DATE_TIME: ColumnId = 68;
pub(super) const ONE: ColumnId = 69;
pub(super) const MANY: ColumnId = 70;

pub(super) fn schema() -> Schema {
    let fields = [
        (TEXT, "text"),
        (NUMBER, "number"),
        (BOOLEAN, "boolean"),
        (DATE, "date"),
        (DATE_TIME, "date_time"),
        (ONE, "multi_select_one"),
        (MANY, "multi_select_many"),
    ]
    .map(|(column, kind)| json!({"column": column, "key": kind, "type": kind}));
    Schema::from_json(
        json!({"lists": [], "fields": fields})
            .to_string()
            .as_bytes(),
    )
    .unwrap()
}

/// Values of a profile; `None` everywhere is a profile of which nothing is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) is_erased: bool,
    pub(super) id: String,
    pub(super) text: Option<String>,
    pub(super) customer_type: Option<String>,
    pub(super) phone: Option<String>,
    /// Types and addresses, no type twice.
    pub(super) emails: Vec<(String, String)>,
    pub(super) place: (Option<f64>, Option<f64>),
    pub(super) number: Option<f64>,
    pub(super) boolean: Option<bool>,
    pub(super) date: Option<i32>,
    pub(super) date_time: Option<i64>,
    pub(super) one: Option<u16>,
    pub(super) many: Vec<u16>,
}

/// A text, often one of a few long ones, so that some blocks become dictionaries.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB]{0,4}",
        "[aßẞKk\u{212A}É]{0,3}",
        Just("Abracadabra of Many Letters".to_owned()),
        Just("b and nothing else but b".to_owned()),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    let texts = (
        "[a-z0-9-]{1,12}",
        weighted(0.8, text()),
        weighted(0.8, "\\+46[ABab0-2]{1,3}"),
        weighted(0.5, "[vV]ip|Staff"),
        btree_map("|home|Home|work", "[ab]@[ABb]", 0..3),
    );
    let places = (
        weighted(0.9, prop_oneof![-90.0..=90.0, Just(59.33), Just(90.0)]),
        weighted(0.9, prop_oneof![-180.0..=180.0, Just(18.07), Just(180.0)]),
    );
    let values = (
        weighted(
            0.8,
            prop_oneof![Just(-0.0), Just(0.0), Just(1.5), -3.0..3.0],
        ),
        weighted(0.8, any::<bool>()),
        weighted(0.8, prop_oneof![-3_i32..3, -40_000..40_000]),
        weighted(0.8, -3_i64..3),
        weighted(0.8, 0_u16..12),
        btree_set(0_u16..4, 0..3),
    );
    (prop::bool::weighted(0.1), texts, places, values).prop_map(
        |(is_erased, (id, text, phone, customer_type, emails), place, values)| {
            let (number, boolean, date, date_time, one, many) = values;
            Profile {
                is_erased,
                id,
                text,
                customer_type,
                phone,
                emails: emails.into_iter().collect(),
                place,
                number,
                boolean,
                date,
                date_time,
                one,
                many: many.into_iter().collect(),
            }
        },
    )
}

/// Profiles at the ends of one to three blocks; in between stand rows without values, or blocks without anything.
pub(super) fn profiles() -> impl Strategy<Value = Vec<(RowId, Profile)>> {
    let starts = prop::sample::select(&[
        [0, 100, 200],
        [0, 65_500, 131_000],
        [65_536, 65_610, 131_000],
        [10, 131_072, 131_150],
    ]);
    (starts, vec(profile(), 0..200)).prop_map(|(starts, profiles)| {
        let rows = (0..).map(|i: RowId| starts[(i / 70) as usize] + i % 70);
        rows.zip(profiles).collect()
    })
}

/// A version of profiles. Forms of blocks of text take turns with the number of profiles.
pub(super) fn version(profiles: &[(RowId, Profile)]) -> Version {
    let n_rows = profiles.last().map_or(0, |(row, _)| *row as usize + 1);
    let live = (0..n_rows.div_ceil(BLOCK_ROWS)).map(|block| {
        let rows = in_block(profiles, block, |profile| {
            (!profile.is_erased).then_some(())
        });
        Arc::new(RowSet::from_sorted(&rows.0))
    });
    let mut columns = text_columns(profiles, n_rows);
    columns.extend(email_columns(profiles, n_rows));
    columns.extend(plain_columns(profiles, n_rows));
    columns.extend(option_columns(profiles, n_rows));
    Version::from_parts(VersionParts {
        events: Events::default(),
        revision: 1,
        tick_millis: 3,
        n_rows,
        live: live.collect(),
        columns,
    })
}

fn text_columns(profiles: &[(RowId, Profile)], n_rows: usize) -> Vec<(ColumnId, Column)> {
    let form = Form::ALL[profiles.len() % Form::ALL.len()];
    let texts = |new: fn() -> TextBlock, text: fn(&Profile) -> Option<&String>| {
        blocks(n_rows, |block| {
            let (rows, texts) = in_block(profiles, block, text);
            form.block(new(), &rows, &texts)
        })
    };
    vec![
        (
            builtin::PROFILE_ID,
            Column::ExactText(texts(TextBlock::exact, |profile| Some(&profile.id))),
        ),
        (
            builtin::PHONE,
            Column::ExactText(texts(TextBlock::exact, |profile| profile.phone.as_ref())),
        ),
        (
            builtin::CUSTOMER_TYPE,
            Column::Text(texts(TextBlock::folding, |profile| {
                profile.customer_type.as_ref()
            })),
        ),
        (
            TEXT,
            Column::Text(texts(TextBlock::folding, |profile| profile.text.as_ref())),
        ),
    ]
}

/// The first e-mail address, its type, and the others.
fn email_columns(profiles: &[(RowId, Profile)], n_rows: usize) -> Vec<(ColumnId, Column)> {
    let texts = |text: fn(&Profile) -> Option<&String>| {
        blocks(n_rows, |block| {
            let (rows, texts) = in_block(profiles, block, text);
            Form::Plain.block(TextBlock::folding(), &rows, &texts)
        })
    };
    let more = blocks(n_rows, |number| {
        let (rows, others) = in_block(profiles, number, |profile| profile.emails.get(1..));
        let identifier = |(kind, value): &(String, String)| Identifier::new(kind, value);
        let others = others.iter().map(|of| of.iter().map(identifier).collect());
        let mut block = IdentifiersBlock::default();
        block.write(&rows, others.collect());
        block
    });
    let first = texts(|profile| profile.emails.first().map(|email| &email.1));
    let kind = texts(|profile| {
        let kind = profile.emails.first().map(|email| &email.0);
        kind.filter(|kind| !kind.is_empty())
    });
    vec![
        (builtin::EMAIL, Column::Text(first)),
        (builtin::EMAIL_TYPE, Column::Text(kind)),
        (builtin::EMAIL_MORE, Column::Identifiers(more)),
    ]
}

/// How a block of text holds what it holds.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain,
    /// Every other row was written again.
    Overlaid,
    /// A dictionary, where that is smaller.
    Sealed,
    SealedAndOverlaid,
}

impl Form {
    const ALL: [Self; 4] = [
        Self::Plain,
        Self::Overlaid,
        Self::Sealed,
        Self::SealedAndOverlaid,
    ];

    fn block(self, mut block: TextBlock, rows: &[u16], texts: &[&String]) -> TextBlock {
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        if matches!(self, Self::Overlaid | Self::SealedAndOverlaid) {
            let stale = texts.iter().enumerate();
            let stale: Vec<&[u8]> = stale
                .map(|(i, &text)| if i % 2 == 0 { b"stale ab" } else { text })
                .collect();
            block.write(rows, &stale);
        } else {
            block.write(rows, &texts);
        }
        if matches!(self, Self::Sealed | Self::SealedAndOverlaid) {
            block.seal();
        }
        block.write(rows, &texts);
        block
    }
}

fn plain_columns(profiles: &[(RowId, Profile)], n_rows: usize) -> Vec<(ColumnId, Column)> {
    let numbers = |value: fn(&Profile) -> Option<f64>| plain(profiles, n_rows, value);
    vec![
        (
            builtin::LATITUDE,
            Column::Number(numbers(|profile| profile.place.0)),
        ),
        (
            builtin::LONGITUDE,
            Column::Number(numbers(|profile| profile.place.1)),
        ),
        (NUMBER, Column::Number(numbers(|profile| profile.number))),
        (
            DATE,
            Column::Date(plain(profiles, n_rows, |profile| profile.date)),
        ),
        (
            DATE_TIME,
            Column::DateTime(plain(profiles, n_rows, |profile| profile.date_time)),
        ),
        (
            ONE,
            Column::MultiSelectOne(plain(profiles, n_rows, |profile| profile.one)),
        ),
    ]
}

fn option_columns(profiles: &[(RowId, Profile)], n_rows: usize) -> Vec<(ColumnId, Column)> {
    let boolean = blocks(n_rows, |block| {
        let (rows, codes) = in_block(profiles, block, |profile| profile.boolean.map(u16::from));
        let mut block = OptionsBlock::default();
        block.write_one(&rows, &codes);
        block
    });
    let many = blocks(n_rows, |number| {
        let (rows, codes) = in_block(profiles, number, |profile| {
            Some(&profile.many).filter(|many| !many.is_empty())
        });
        let mut block = OptionsBlock::default();
        for (row, codes) in rows.into_iter().zip(codes) {
            block.write(&[row], codes, &[u32::try_from(codes.len()).unwrap()]);
        }
        block
    });
    vec![
        (BOOLEAN, Column::Boolean(boolean)),
        (MANY, Column::MultiSelectMany(many)),
    ]
}

fn blocks<B: Block>(n_rows: usize, block: impl Fn(usize) -> B) -> Vec<Option<Arc<B>>> {
    (0..n_rows.div_ceil(BLOCK_ROWS))
        .map(|number| {
            Some(block(number))
                .filter(|block| !block.presence().is_empty())
                .map(Arc::new)
        })
        .collect()
}

fn plain<T: PlainValue>(
    profiles: &[(RowId, Profile)],
    n_rows: usize,
    value: impl Fn(&Profile) -> Option<T>,
) -> Vec<Option<Arc<PlainBlock<T>>>> {
    blocks(n_rows, |number| {
        let (rows, values) = in_block(profiles, number, &value);
        let mut block = PlainBlock::default();
        block.write(&rows, &values);
        block
    })
}

fn in_block<'a, T>(
    profiles: &'a [(RowId, Profile)],
    block: usize,
    value: impl Fn(&'a Profile) -> Option<T>,
) -> (Vec<u16>, Vec<T>) {
    let there = profiles
        .iter()
        .filter(|(row, _)| *row as usize / BLOCK_ROWS == block);
    there
        .filter_map(|(row, profile)| {
            Some((
                u16::try_from(*row as usize % BLOCK_ROWS).unwrap(),
                value(profile)?,
            ))
        })
        .unzip()
}
