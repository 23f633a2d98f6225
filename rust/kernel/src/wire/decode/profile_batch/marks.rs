//! Tags, topics and consents of a `segue.v1.Profile`.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::record::RecordReader;
use crate::schema::{MarkKind, Schema};
use crate::wire::decode::builder::Builder;
use crate::wire::decode::given::{Given, Target};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::{mark_state, profile as f};
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

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
                Some(given) => Ok((bytes, Ok(given))),
                None => read_state(bytes),
            };
            match read {
                Ok((id, given)) => self.store_mark(row, &collection, id, given),
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

    fn store_mark(
        &mut self,
        row: u32,
        collection: &Collection,
        id: &'a [u8],
        given: Result<Given, Problem>,
    ) {
        let &Collection { kind, name, .. } = collection;
        let place = Place::Mark {
            collection: name,
            id,
        };
        match (self.marks.target(&mut self.builder, kind, id), given) {
            (Some(target), Ok(given)) => self.builder.store(target, row, given, place),
            (Some(_), Err(problem)) => self.builder.report(row, place, problem),
            (None, _) if self.ignore_unknown_fields => {}
            (None, _) => self
                .builder
                .report(row, place, Problem::MarkUnknown { kind }),
        }
    }
}

/// Reads the id and the state of a topic or a consent.
fn read_state(bytes: &[u8]) -> ReadResult<(&[u8], Result<Given<'static>, Problem>)> {
    const ID: u32 = tag(mark_state::ID, LENGTH_DELIMITED);
    const STATE: u32 = tag(mark_state::STATE, VARINT);
    let (mut id, mut state): (&[u8], _) = (&[], 0);
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            ID => id = reader.bytes()?,
            STATE => state = reader.uint32()?,
            other if matches!(other >> 3, mark_state::ID | mark_state::STATE) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    let given = match state {
        0 => Ok(Given::Null),
        1 => Ok(Given::Boolean(true)),
        2 => Ok(Given::Boolean(false)),
        _ => Err(Problem::StateUnknown),
    };
    Ok((id, given))
}
