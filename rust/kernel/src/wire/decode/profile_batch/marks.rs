//! Tags, topics and consents of a `segue.v1.Profile`.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::record::RecordReader;
use crate::schema::{MarkKind, Schema};
use crate::wire::decode::builder::Builder;
use crate::wire::decode::entries::{GivenAnswers, GivenFormer};
use crate::wire::decode::given::{Given, Target};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::{consent, consent_answer, mark_state, profile as f};
use crate::wire::protobuf::{Damage, LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// Where the marks of a block go, each looked up once.
pub(in crate::wire::decode) struct Marks<'a, 's> {
    schema: &'s Schema,
    targets: Vec<Target<'s>>,
    /// Positions of targets by id, by kind; `None` for ids that lead nowhere.
    by_id: [HashMap<&'a [u8], Option<usize>, RandomState>; MarkKind::ALL.len()],
}

impl<'a, 's> Marks<'a, 's> {
    pub(in crate::wire::decode) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            targets: Vec::new(),
            by_id: MarkKind::ALL.map(|_| HashMap::default()),
        }
    }

    /// The target of a mark; `None` when there is no such mark.
    pub(in crate::wire::decode) fn target(
        &mut self,
        builder: &mut Builder,
        kind: MarkKind,
        id: &'a [u8],
    ) -> Option<&Target<'s>> {
        let Self {
            schema,
            targets,
            by_id,
        } = self;
        let position = *by_id[kind as usize].entry(id).or_insert_with(|| {
            let mark = schema.mark(kind, std::str::from_utf8(id).ok()?)?;
            targets.push(builder.mark_target(mark));
            Some(targets.len() - 1)
        });
        position.map(|position| &self.targets[position])
    }
}

/// A collection of marks in a record.
struct Collection {
    kind: MarkKind,
    name: &'static str,
    /// What standing in it means; `None` where each element has a state of its own.
    given: Option<Given<'static>>,
}

impl Collection {
    const fn new(kind: MarkKind, given: Option<Given<'static>>) -> Self {
        Self {
            kind,
            name: kind.collection(),
            given,
        }
    }

    /// The collection that a field of a profile holds.
    const fn of(number: u32) -> Self {
        match number {
            f::TAGS => Self::new(MarkKind::Tag, Some(Given::Boolean(true))),
            f::REMOVED_TAGS => Self {
                name: "removed_tags",
                ..Self::new(MarkKind::Tag, Some(Given::Null))
            },
            f::TOPICS => Self::new(MarkKind::Topic, None),
            _ => Self::new(MarkKind::Consent, None),
        }
    }
}

impl<'a> RecordReader<'a, '_> {
    /// Reads the marks that were found in a record, and stores their states.
    pub(super) fn read_marks(&mut self, row: u32) {
        let marks = std::mem::take(&mut self.scratch.marks);
        for (position, &(number, bytes)) in marks.iter().enumerate() {
            let collection = Collection::of(number);
            let read = match collection.given {
                Some(given) => Ok(GivenMark {
                    id: bytes,
                    state: Ok(given),
                    answers: GivenAnswers::default(),
                }),
                None => read_mark(bytes, collection.kind),
            };
            match read {
                Ok(given) => self.store_mark(row, &collection, given),
                Err(damage) => {
                    let before = &marks[..position];
                    let place = before.iter().filter(|(other, _)| *other == number).count();
                    let place = format!("{}[{place}]", collection.name);
                    let problem = Problem::damaged(bytes, damage);
                    self.builder.report(row, Place::Named(&place), problem);
                }
            }
        }
        self.scratch.marks = marks;
    }

    fn store_mark(&mut self, row: u32, collection: &Collection, given: GivenMark<'a>) {
        let GivenMark { id, state, answers } = given;
        let &Collection { kind, name, .. } = collection;
        let place = Place::Mark {
            collection: name,
            id,
        };
        let Some(target) = self.marks.target(&mut self.builder, kind, id) else {
            if !self.ignore_unknown_fields {
                let problem = Problem::MarkUnknown { kind };
                self.builder.report(row, place, problem);
            }
            return;
        };
        let has_state = state.is_ok_and(|given| given != Given::Null);
        match state {
            Ok(given) => self.builder.store(target, row, given, place),
            Err(problem) => self.builder.report(row, place, problem),
        }
        if kind == MarkKind::Consent {
            let column = self.builder.columns[target.slot].column;
            self.builder
                .push_answers(row, column, id, has_state, &answers);
        }
    }
}

/// A mark as a record gives it.
struct GivenMark<'a> {
    id: &'a [u8],
    state: Result<Given<'static>, Problem>,
    /// Of consents.
    answers: GivenAnswers,
}

/// Reads a topic or a consent.
fn read_mark(bytes: &[u8], kind: MarkKind) -> ReadResult<GivenMark<'_>> {
    const ID: u32 = tag(mark_state::ID, LENGTH_DELIMITED);
    const STATE: u32 = tag(mark_state::STATE, VARINT);
    const VERSION: u32 = tag(consent::VERSION, VARINT);
    const STATED_AT: u32 = tag(consent::STATED_AT_MILLIS, VARINT);
    const FORMER: u32 = tag(consent::HISTORY, LENGTH_DELIMITED);
    let last = match kind {
        MarkKind::Consent => consent::HISTORY,
        MarkKind::Tag | MarkKind::Topic => mark_state::STATE,
    };
    let (mut id, mut state): (&[u8], _) = (&[], 0);
    let mut answers = GivenAnswers::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            ID => id = reader.bytes()?,
            STATE => state = reader.uint32()?,
            unknown if unknown >> 3 > last => reader.skip(unknown)?,
            VERSION => answers.version = reader.uint32()?,
            STATED_AT => answers.stated_at_millis = Some(reader.int64()?),
            FORMER => {
                let former = reader.bytes()?;
                let outside = reader.bytes_left();
                answers
                    .history
                    .push(read_former(former).map_err(|damage| Damage {
                        bytes_left: damage.bytes_left + outside,
                        ..damage
                    })?);
            }
            _ => return Err(reader.wrong_wire_type()),
        }
    }
    let state = match state {
        0 => Ok(Given::Null),
        1 => Ok(Given::Boolean(true)),
        2 => Ok(Given::Boolean(false)),
        _ => Err(Problem::StateUnknown),
    };
    Ok(GivenMark { id, state, answers })
}

/// Reads a former answer.
fn read_former(bytes: &[u8]) -> ReadResult<GivenFormer> {
    use consent_answer as f;
    const STATE: u32 = tag(f::STATE, VARINT);
    const VERSION: u32 = tag(f::VERSION, VARINT);
    const STATED_AT: u32 = tag(f::STATED_AT_MILLIS, VARINT);
    let mut former = GivenFormer::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            STATE => former.state = reader.uint32()?,
            VERSION => former.version = reader.uint32()?,
            STATED_AT => former.stated_at_millis = reader.int64()?,
            other if (f::STATE..=f::STATED_AT_MILLIS).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(former)
}
