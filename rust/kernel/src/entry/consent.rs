use super::{ANSWER, PART, decimal, joined};
use crate::batch::Identifier;
use crate::schema::ColumnId;

/// Former answers that are kept.
pub const MAX_FORMER_ANSWERS: usize = 50;

/// What is known of a consent besides its state: the answer that holds, and the former ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsentAnswers {
    /// Version of the text that was answered; 0 is none.
    pub version: u32,
    /// When it was answered, in milliseconds since 1970 UTC. Stored ones have it.
    pub stated_at_millis: Option<i64>,
    /// Former answers, oldest first. Given ones replace the stored ones, unless there is none.
    pub former: Vec<FormerAnswer>,
}

/// An answer that held once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormerAnswer {
    /// Whether consent was given; else it was withdrawn.
    pub is_given: bool,
    /// Version of the text; 0 is none.
    pub version: u32,
    /// When, in milliseconds since 1970 UTC; 0 when that is not known.
    pub stated_at_millis: i64,
}

impl ConsentAnswers {
    /// Whether nothing is known or said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The answers as an entry of the consent type that has a column.
    pub fn pack(&self, column: ColumnId) -> Identifier {
        let present = [self.version.to_string(), decimal(self.stated_at_millis)];
        let mut value = joined(present.each_ref().map(String::as_str));
        for former in &self.former {
            let state = if former.is_given { "1" } else { "2" };
            let [version, time] = [former.version.into(), former.stated_at_millis]
                .map(|number: i64| number.to_string());
            value.push(ANSWER);
            value.push_str(&joined([state, &version, &time]));
        }
        Identifier::new(&column.to_string(), &value)
    }

    /// The answers of an entry.
    pub fn unpack(entry: &Identifier) -> Self {
        let mut answers = entry.value.split(ANSWER);
        let mut present = answers.next().unwrap_or_default().split(PART);
        Self {
            version: parsed(present.next()).unwrap_or_default(),
            stated_at_millis: parsed(present.next()),
            former: answers.map(FormerAnswer::unpack).collect(),
        }
    }

    /// The answers of a consent type among the entries of a profile.
    pub fn of(entries: &[Identifier], column: ColumnId) -> Option<Self> {
        let key = column.to_string();
        let entry = entries.iter().find(|entry| *entry.kind == *key)?;
        Some(Self::unpack(entry))
    }

    /// Leaves the last of the former answers, as many as are kept.
    pub fn keep_last(&mut self) {
        let excess = self.former.len().saturating_sub(MAX_FORMER_ANSWERS);
        self.former.drain(..excess);
    }
}

impl FormerAnswer {
    fn unpack(text: &str) -> Self {
        let mut parts = text.split(PART);
        Self {
            is_given: parts.next() == Some("1"),
            version: parsed(parts.next()).unwrap_or_default(),
            stated_at_millis: parsed(parts.next()).unwrap_or_default(),
        }
    }
}

fn parsed<T: std::str::FromStr>(part: Option<&str>) -> Option<T> {
    part?.parse().ok()
}
