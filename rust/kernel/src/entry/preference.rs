use super::{PART, decimal, joined};
use crate::batch::Identifier;

/// Names of the ways to reach a customer, in the order of their codes, which are those of `segue.v1.Channel` less one.
pub const CHANNELS: [&str; 5] = ["Email", "Text", "Phone", "Mail", "Fax"];

/// Names of wanted and of not wanted.
pub const PREFERENCE_CHOICES: [&str; 2] = ["OptIn", "OptOut"];

/// Names of said and of concluded.
pub const PREFERENCE_BASES: [&str; 2] = ["Expressed", "Implied"];

/// What a customer wants to hear. Program, channel and filter together are its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preference<'a> {
    /// The program it belongs to.
    pub program: &'a str,
    /// Position in [`CHANNELS`].
    pub channel: u16,
    /// What about.
    pub filter: &'a str,
    /// Whether it is wanted; `None` removes the stored one.
    pub is_wanted: Option<bool>,
    /// How often.
    pub frequency: &'a str,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expire_at_millis: Option<i64>,
    /// Whether it was concluded, not said.
    pub is_implied: bool,
    /// When the customer said so, in milliseconds since 1970 UTC. Stored ones have it.
    pub stated_at_millis: Option<i64>,
}

impl<'a> Preference<'a> {
    /// The preference as an entry.
    pub fn pack(&self) -> Identifier {
        let channel = self.channel.to_string();
        let key = joined([self.program, &channel, self.filter]);
        let value = self.is_wanted.map(|is_wanted| {
            let (expire, stated) = (
                decimal(self.expire_at_millis),
                decimal(self.stated_at_millis),
            );
            let [choice, basis] = [is_wanted, self.is_implied].map(flag);
            joined([choice, self.frequency, &expire, basis, &stated])
        });
        Identifier::new(&key, &value.unwrap_or_default())
    }

    /// The preference of an entry.
    pub fn unpack(entry: &'a Identifier) -> Self {
        let mut key = entry.kind.split(PART);
        let mut value = entry.value.split(PART);
        let [mut key, mut value] =
            [&mut key, &mut value].map(|parts| || parts.next().unwrap_or_default());
        Self {
            program: key(),
            channel: key().parse().unwrap_or_default(),
            filter: key(),
            is_wanted: Some(value() == flag(true)),
            frequency: value(),
            expire_at_millis: value().parse().ok(),
            is_implied: value() == flag(true),
            stated_at_millis: value().parse().ok(),
        }
    }
}

const fn flag(is_set: bool) -> &'static str {
    if is_set { "1" } else { "0" }
}
