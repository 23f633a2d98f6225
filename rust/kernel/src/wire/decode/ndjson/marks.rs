//! Tags, topics and consents.

use super::lexer::Datum;
use super::member::OfMark;
use super::names::{Found, Names};
use super::record::{ObjectNames, RecordReader};
use crate::schema::{CONSENT_STATES, MarkKind, TOPIC_STATES};
use crate::wire::decode::entries::GivenAnswers;
use crate::wire::decode::given::Given;
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::protobuf::ReadResult;

/// A collection of objects with an id and a state.
struct States<'a> {
    kind: MarkKind,
    /// Names of what is stored: of true, and of false.
    words: [&'static str; 2],
    names: for<'r> fn(&'r mut ObjectNames<'a>) -> &'r mut Names<'a, OfMark>,
    /// Name of the member that holds the id.
    id: &'static str,
}

impl<'a> RecordReader<'a, '_> {
    /// Reads tags, each of which is given the same.
    pub(super) fn read_tags(
        &mut self,
        row: u32,
        collection: &'static str,
        given: Given,
    ) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Array => {}
            other => {
                let place = Place::Named(collection);
                return self.refuse(row, place, "an array of texts", other);
            }
        }
        let mut position = 0;
        while self.lexer.element(position == 0)? {
            match self.lexer.datum()? {
                Datum::Text(id) => {
                    self.store_mark(row, MarkKind::Tag, collection, id, Ok(given));
                }
                other => {
                    let path = format!("{collection}[{position}]");
                    self.refuse(row, Place::Named(&path), "a text", other)?;
                }
            }
            position += 1;
        }
        Ok(())
    }

    /// Reads the states of topics.
    pub(super) fn read_topics(&mut self, row: u32) -> ReadResult<()> {
        let topics = States {
            kind: MarkKind::Topic,
            words: TOPIC_STATES,
            names: |names| &mut names.topic,
            id: "topic",
        };
        self.read_states(row, &topics)
    }

    /// Reads consents.
    pub(super) fn read_consents(&mut self, row: u32) -> ReadResult<()> {
        let consents = States {
            kind: MarkKind::Consent,
            words: CONSENT_STATES,
            names: |names| &mut names.consent,
            id: "consent_type",
        };
        self.read_states(row, &consents)
    }

    fn read_states(&mut self, row: u32, states: &States<'a>) -> ReadResult<()> {
        let collection = states.kind.collection();
        match self.lexer.datum()? {
            Datum::Array => {}
            other => {
                let place = Place::Named(collection);
                return self.refuse(row, place, "an array of objects", other);
            }
        }
        let mut position = 0;
        while self.lexer.element(position == 0)? {
            match self.lexer.datum()? {
                Datum::Object => self.read_state(row, states, position)?,
                other => {
                    let path = format!("{collection}[{position}]");
                    self.refuse(row, Place::Named(&path), "an object", other)?;
                }
            }
            position += 1;
        }
        Ok(())
    }

    fn read_state(&mut self, row: u32, states: &States<'a>, position: usize) -> ReadResult<()> {
        let collection = states.kind.collection();
        let object = || format!("{collection}[{position}]");
        let (mut id, mut given) = (None, Err(Problem::StateUnknown));
        let mut answers = GivenAnswers::default();
        (states.names)(&mut self.names).begin();
        let mut member_position = 0;
        while let Some(name) = self.lexer.member(member_position == 0)? {
            let found = (states.names)(&mut self.names).find(member_position, name);
            member_position += 1;
            match found {
                Found::New(OfMark::Id) => match self.lexer.datum()? {
                    Datum::Text(text) => id = Some(text),
                    other => self.lexer.skip_rest(other)?,
                },
                Found::New(OfMark::State) => {
                    let datum = self.lexer.datum()?;
                    given = state(&states.words, datum);
                    self.lexer.skip_rest(datum)?;
                }
                Found::New(OfMark::Version) => {
                    answers.version = self.read_version(row, &object())?;
                }
                Found::New(OfMark::StatedAt) => {
                    answers.stated_at_millis = self.read_moment(row, &object(), "stated_at")?;
                }
                Found::New(OfMark::History) => {
                    let path = format!("{}.history", object());
                    answers.history = self.read_history(row, &path)?;
                }
                other => self.read_other(row, &other, object, name)?,
            }
        }
        if let Some(id) = id {
            self.store_mark(row, states.kind, collection, id, given);
            if states.kind == MarkKind::Consent {
                let has_state = given.is_ok_and(|given| given != Given::Null);
                self.store_answers(row, id, has_state, &answers);
            }
        } else {
            let path = format!("{}.{}", object(), states.id);
            let expected = "a text";
            let problem = Problem::ShapeMismatch { expected };
            self.builder.report(row, Place::Named(&path), problem);
        }
        Ok(())
    }

    fn store_answers(&mut self, row: u32, id: &'a [u8], has_state: bool, answers: &GivenAnswers) {
        let kind = MarkKind::Consent;
        if let Some(target) = self.marks.target(&mut self.builder, kind, id) {
            let column = self.builder.columns[target.slot].column;
            self.builder
                .push_answers(row, column, id, has_state, answers);
        }
    }

    fn store_mark(
        &mut self,
        row: u32,
        kind: MarkKind,
        collection: &str,
        id: &'a [u8],
        given: Result<Given, Problem>,
    ) {
        let place = Place::Mark { collection, id };
        match (self.marks.target(&mut self.builder, kind, id), given) {
            (Some(target), Ok(given)) => self.builder.store(target, row, given, place),
            (Some(_), Err(problem)) => self.builder.report(row, place, problem),
            (None, _) if self.ignore_unknown_fields => {}
            (None, _) => {
                let problem = Problem::MarkUnknown { kind };
                self.builder.report(row, place, problem);
            }
        }
    }
}

/// The state of a name, without regard to case; null clears.
fn state(names: &[&str; 2], datum: Datum) -> Result<Given<'static>, Problem> {
    let is = |text: &[u8], name: &str| text.eq_ignore_ascii_case(name.as_bytes());
    match datum {
        Datum::Text(text) if is(text, names[0]) => Ok(Given::Boolean(true)),
        Datum::Text(text) if is(text, names[1]) => Ok(Given::Boolean(false)),
        Datum::Null => Ok(Given::Null),
        _ => Err(Problem::StateUnknown),
    }
}
