//! Addresses, preferences and consents written as lines.

use segue_kernel::entry::{CHANNELS, PREFERENCE_BASES, PREFERENCE_CHOICES};
use segue_kernel::schema::CONSENT_STATES;

use crate::lines::{Style, numbered, time};
use crate::segue_v1::{Address, Consent, Preference, Profile};

impl Style {
    pub(crate) fn push_entries(self, members: &mut Vec<(&str, String)>, profile: &Profile) {
        let addresses = profile.addresses.iter().map(|given| self.address(given));
        members.push(("addresses", self.array(addresses)));
        let preferences = profile.preferences.iter();
        let preferences = preferences.map(|given| self.preference(given));
        members.push(("preferences", self.array(preferences)));
        for (name, groups) in [
            ("groups", &profile.groups),
            ("removed_groups", &profile.removed_groups),
        ] {
            members.push((
                name,
                self.array(groups.iter().map(|group| self.text(group))),
            ));
        }
    }

    pub(crate) fn consent(self, given: &Consent) -> String {
        let history = given.history.iter().map(|former| {
            let answer = (former.state, former.version, Some(former.stated_at_millis));
            self.members(self.answer(answer))
        });
        let mut members = self.answer((given.state, given.version, given.stated_at_millis));
        members.push(("history", self.array(history)));
        members.push(("consent_type", self.text(&given.consent_type)));
        self.members(members)
    }

    fn answer(
        self,
        (state, version, millis): (i32, u32, Option<i64>),
    ) -> Vec<(&'static str, String)> {
        vec![
            ("state", self.name(&CONSENT_STATES, state)),
            ("version", version.to_string()),
            ("stated_at", self.moment(millis)),
        ]
    }

    fn address(self, given: &Address) -> String {
        let lines = self.array(given.lines.iter().map(|line| self.text(line)));
        self.members(vec![
            ("country", self.text(&given.country)),
            ("lines", lines),
            ("locality", self.text(&given.locality)),
            ("region", self.text(&given.region)),
            ("postal_code", self.text(&given.postal_code)),
            ("type", self.text(&given.r#type)),
            ("primary", given.primary.to_string()),
            ("inactive", given.inactive.to_string()),
        ])
    }

    fn preference(self, given: &Preference) -> String {
        self.members(vec![
            ("filter", self.text(&given.filter)),
            ("channel", self.name(&CHANNELS, given.channel)),
            ("choice", self.name(&PREFERENCE_CHOICES, given.choice)),
            ("basis", self.name(&PREFERENCE_BASES, given.basis)),
            ("program", self.text(&given.program)),
            ("frequency", self.text(&given.frequency)),
            ("expire_at", self.moment(given.expire_at_millis)),
            ("stated_at", self.moment(given.stated_at_millis)),
        ])
    }

    fn name(self, names: &[&str], number: i32) -> String {
        numbered(names, number).map_or("null".to_owned(), |name| self.text(&name))
    }

    fn moment(self, millis: Option<i64>) -> String {
        millis.map_or("null".to_owned(), |millis| self.text(&time(millis)))
    }
}
