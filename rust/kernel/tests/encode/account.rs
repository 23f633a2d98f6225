//! An account as plain values: what is stored, without a thought of how.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_kernel::schema::{ColumnId, Field, Schema, builtin as b};

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
    Boolean(bool),
    Date(i32),
    DateTime(i64),
    One(u16),
    Many(Vec<u16>),
    /// Types and values.
    Identifiers(Vec<(String, String)>),
}

/// What is stored of a profile.
pub(crate) type Row = BTreeMap<ColumnId, Value>;

const SCHEMA: &str = r#"{
    "lists": [{"id": "news", "column": 64}, {"id": "the \"shop\"", "column": 68}],
    "fields": [
        {"column": 80, "key": "Motto", "type": "text"},
        {"column": 81, "key": "Score", "type": "number"},
        {"column": 82, "key": "Vip", "type": "boolean"},
        {"column": 83, "key": "Born", "type": "date"},
        {"column": 84, "key": "Seen \"at\"", "type": "date_time"},
        {"column": 85, "key": "Plan", "type": "multi_select_one", "options": ["Free", "Pro", "A \"quoted\" one"]},
        {"column": 86, "key": "Tags", "type": "multi_select_many", "options": ["a", "b\n", "c", "d", "e"]},
        {"column": 87, "key": "tag:vip", "type": "text"},
        {"column": 90, "list": "news", "key": "Motto", "type": "text"},
        {"column": 91, "list": "news", "key": "country", "type": "number"},
        {"column": 92, "list": "news", "key": "Frequency", "type": "multi_select_one", "options": ["Daily", "Weekly"]},
        {"column": 93, "list": "news", "key": "Topics", "type": "multi_select_many", "options": ["x", "y", "z"]},
        {"column": 94, "list": "the \"shop\"", "key": "Motto", "type": "text"},
        {"column": 95, "list": "the \"shop\"", "key": "Vip", "type": "boolean"}
    ],
    "marks": [
        {"kind": "tag", "id": "vip", "column": 100},
        {"kind": "topic", "id": "vip", "column": 101},
        {"kind": "tag", "id": "early-bird", "column": 102},
        {"kind": "consent", "id": "sms", "column": 103},
        {"kind": "topic", "id": "sport", "column": 104},
        {"kind": "tag", "id": "never-given", "column": 105},
        {"kind": "consent", "id": "a-consent-type-with-an-id-as-long-as-an-id-may-be-63-characters", "column": 106}
    ],
    "event_types": [
        {"id": "bought", "code": 16, "properties": [
            {"key": "item", "type": "text"}, {"key": "price", "type": "number"},
            {"key": "gift", "type": "boolean"}, {"key": "due", "type": "date_time"}]},
        {"id": "seen", "code": 20, "properties": []}
    ]
}"#;

/// A tag that no profile has.
const NEVER_GIVEN: ColumnId = 105;

pub(crate) fn schema() -> Arc<Schema> {
    Arc::new(Schema::from_json(SCHEMA.as_bytes()).expect("a valid schema"))
}

/// Texts that are awkward to write: quotes, control characters, long ones, other scripts, mixed case, formulas.
const TEXTS: [&str; 16] = [
    "=HYPERLINK(\"https://example.com\")",
    "+46701234567",
    "-1+1",
    "@SUM(A1)",
    "\ttab first",
    "\rCR, and a comma",
    "ends with CR LF\r\n",
    "'=",
    "plain",
    "Mixed CASE",
    "ÅSA Öberg",
    "\"quoted\" \\ and\nbroken\tup\u{1}",
    "日本語🎉",
    "x",
    "İstanbul ẞ",
    "127 bytes and more need two bytes for their length, 127 bytes and more need two bytes for their length, 127 bytes and more, yes",
];

/// A source of numbers that is the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn text(&mut self) -> String {
        let text = TEXTS[usize::try_from(self.below(TEXTS.len() as u64)).expect("small")];
        if self.below(4) == 0 {
            format!("{text}{}", self.below(1_000))
        } else {
            text.to_owned()
        }
    }

    fn number(&mut self) -> f64 {
        [
            0.0,
            -0.0,
            42.0,
            -1.5,
            1e300,
            5e-324,
            9_007_199_254_740_993.0,
            0.1,
        ][usize::try_from(self.below(8)).expect("small")]
    }

    fn value(&mut self, field: &Field) -> Value {
        use segue_kernel::schema::ColumnKind as Kind;
        let code = |dice: &mut Self| {
            u16::try_from(dice.below(field.options.len() as u64)).expect("few options")
        };
        match field.kind {
            Kind::Number => Value::Number(self.number()),
            Kind::Boolean => Value::Boolean(self.below(2) == 1),
            Kind::Date => {
                Value::Date(i32::try_from(self.below(3_652_059)).expect("small") - 719_162)
            }
            Kind::DateTime => self.time(),
            Kind::MultiSelectOne => Value::One(code(self)),
            Kind::MultiSelectMany => {
                let mut codes: Vec<u16> = (0..=self.below(3)).map(|_| code(self)).collect();
                codes.sort_unstable();
                codes.dedup();
                Value::Many(codes)
            }
            Kind::Text | Kind::ExactText | Kind::Identifiers => Value::Text(self.text()),
        }
    }

    fn time(&mut self) -> Value {
        Value::DateTime(
            i64::try_from(self.below(315_537_897_600_000)).expect("small") - 62_135_596_800_000,
        )
    }
}

/// A profile that has about half of everything.
pub(crate) fn row(number: usize, dice: &mut Dice) -> Row {
    let mut row = Row::from([
        (b::PROFILE_ID, Value::Text(format!("p{number:07}"))),
        (b::CREATED_AT, Value::DateTime(1_700_000_000_003)),
        (
            b::CHANGED_AT,
            Value::DateTime(1_700_000_000_003 + i64::try_from(number % 100).expect("small") * 10),
        ),
    ]);
    for column in b::CUSTOMER_TYPE..=b::REGION {
        if dice.below(2) == 0 {
            row.insert(column, Value::Text(dice.text()));
        }
    }
    for column in [b::LATITUDE, b::LONGITUDE] {
        if dice.below(2) == 0 {
            row.insert(column, Value::Number(dice.number()));
        }
    }
    for column in [b::EMAIL, b::PHONE, b::ALTERNATE_ID] {
        identifiers(column, &mut row, dice);
    }
    let schema = schema();
    fields(&schema, None, &mut row, dice);
    for mark in schema
        .marks()
        .iter()
        .filter(|mark| mark.column != NEVER_GIVEN)
    {
        if dice.below(2) == 0 {
            let states = mark.kind.states();
            let state = states[usize::from(dice.below(2) == 1) % states.len()];
            row.insert(mark.column, Value::Boolean(state));
        }
    }
    for list in schema.lists() {
        if dice.below(2) == 0 {
            row.insert(
                list.state(),
                Value::One(u16::try_from(dice.below(6)).expect("small")),
            );
            for column in [list.joined_at(), list.active_at()] {
                if dice.below(2) == 0 {
                    row.insert(column, dice.time());
                }
            }
            if dice.below(2) == 0 {
                let consent = u16::try_from(dice.below(2)).expect("small");
                row.insert(list.consent_to_track(), Value::One(consent));
            }
            fields(&schema, Some(&list.id), &mut row, dice);
        }
    }
    row
}

fn identifiers(column: ColumnId, row: &mut Row, dice: &mut Dice) {
    if dice.below(4) == 0 {
        return;
    }
    row.insert(column, Value::Text(dice.text()));
    if dice.below(4) == 0 {
        row.insert(column + 1, Value::Text(dice.text()));
    }
    if dice.below(8) == 0 {
        let more = (0..=dice.below(3)).map(|n| (format!("kind{n}"), dice.text()));
        row.insert(column + 2, Value::Identifiers(more.collect()));
    }
}

fn fields(schema: &Schema, list: Option<&str>, row: &mut Row, dice: &mut Dice) {
    for field in schema
        .fields()
        .iter()
        .filter(|field| field.list.as_deref() == list)
    {
        if dice.below(2) == 0 {
            row.insert(field.column, dice.value(field));
        }
    }
}

/// Profiles of an account.
pub(crate) fn rows(n_rows: usize, seed: u64) -> Vec<Row> {
    let mut dice = Dice(seed);
    (0..n_rows).map(|number| row(number, &mut dice)).collect()
}
