//! Spans of time that a condition looks at.

use serde::Deserialize;

use super::range::Bounds;

/// A span of time, its start included and its end not; a missing end is open.
///
/// Written as null, `{"from_millis", "until_millis"}` (milliseconds since 1970 UTC) or `{"from_offset", "until_offset"}` (milliseconds added
/// to the moment of evaluation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Option<Written>")]
pub(crate) struct Window {
    from: Option<i64>,
    until: Option<i64>,
    is_relative: bool,
}

/// The forms in which a window is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Absolute(Absolute),
    Relative(Relative),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Absolute {
    from_millis: Option<i64>,
    until_millis: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relative {
    from_offset: Option<i64>,
    until_offset: Option<i64>,
}

impl From<Option<Written>> for Window {
    fn from(written: Option<Written>) -> Self {
        match written {
            None => Self::default(),
            Some(Written::Absolute(ends)) => Self {
                from: ends.from_millis,
                until: ends.until_millis,
                is_relative: false,
            },
            Some(Written::Relative(ends)) => Self {
                from: ends.from_offset,
                until: ends.until_offset,
                is_relative: true,
            },
        }
    }
}

impl Window {
    /// Whether no time lies in it, at whatever moment.
    pub(super) fn is_empty(&self) -> bool {
        self.from
            .zip(self.until)
            .is_some_and(|(from, until)| from >= until)
    }

    /// Whether every time lies in it, at whatever moment.
    pub(super) fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether it moves with the moment.
    pub(super) fn is_timed(&self) -> bool {
        self.is_relative && !self.is_open() && !self.is_empty()
    }

    /// The times in it as of a moment; `None` when there are none.
    pub(super) fn bounds(&self, now_millis: i64) -> Option<Bounds<i64>> {
        let shift = if self.is_relative { now_millis } else { 0 };
        let low = self
            .from
            .map_or(i64::MIN, |from| from.saturating_add(shift));
        let high = match self.until {
            Some(until) => until.saturating_add(shift).checked_sub(1)?,
            None => i64::MAX,
        };
        Bounds::new(low, high)
    }

    /// Whether a time lies in it as of a moment.
    pub(super) fn contains(&self, now_millis: i64, time_millis: i64) -> bool {
        self.bounds(now_millis)
            .is_some_and(|bounds| bounds.contains(&time_millis))
    }

    /// The times that enter or leave it after a moment; `None` when it does not move.
    pub(super) fn flipping(&self, now_millis: i64) -> Option<Bounds<i64>> {
        let ends = [self.from, self.until].into_iter().flatten();
        let least = ends.min().filter(|_| self.is_timed())?;
        Bounds::new(now_millis.saturating_add(least), i64::MAX)
    }

    /// The first moment after another at which a time enters or leaves it.
    pub(super) fn next_flip(&self, now_millis: i64, time_millis: i64) -> Option<i64> {
        if !self.is_timed() {
            return None;
        }
        let enters = self
            .until
            .map(|until| first_at_or_after(time_millis, until));
        let leaves = self.from.map(|from| first_at_or_after(time_millis, from));
        [enters, leaves]
            .into_iter()
            .flatten()
            .filter(|&flip| flip > now_millis)
            .min()
    }
}

/// The first moment that lies behind a time once an offset is added to it.
fn first_at_or_after(time_millis: i64, offset: i64) -> i64 {
    time_millis.saturating_sub(offset).saturating_add(1)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn window() -> impl Strategy<Value = Window> {
        let end = || option::of(prop_oneof![-20_i64..20, any::<i64>()]);
        (end(), end(), any::<bool>()).prop_map(|(from, until, is_relative)| Window {
            from,
            until,
            is_relative,
        })
    }

    fn read(json: &str) -> Result<Window, serde_json::Error> {
        serde_json::from_str(json)
    }

    proptest! {
        #[test]
        fn a_time_lies_in_a_window_as_in_its_ends(window in window(), now in -50_i64..50, time in -50_i64..50) {
            let shift = if window.is_relative { i128::from(now) } else { 0 };
            let after_start = window.from.is_none_or(|from| i128::from(from) + shift <= time.into());
            let before_end = window.until.is_none_or(|until| i128::from(time) < i128::from(until) + shift);
            prop_assert_eq!(window.contains(now, time), after_start && before_end);
        }

        #[test]
        fn a_time_enters_and_leaves_at_the_moments_named(window in window(), now in -50_i64..50, time in -50_i64..50) {
            let is_inside = window.contains(now, time);
            let can_flip = window.flipping(now).is_some_and(|times| times.contains(&time));
            let flip = window.next_flip(now, time);
            for later in now + 1..flip.unwrap_or(now + 100).min(now + 100) {
                prop_assert_eq!(window.contains(later, time), is_inside);
            }
            prop_assert_eq!(flip.is_some(), can_flip);
            if let Some(flip) = flip.filter(|flip| *flip < 1_000) {
                prop_assert!(flip > now);
                prop_assert_ne!(window.contains(flip, time), is_inside);
            }
        }
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(read("null").unwrap(), Window::default());
        let absolute = read(r#"{"from_millis": 5, "until_millis": null}"#).unwrap();
        assert!(absolute.contains(0, 5) && !absolute.contains(9, 4) && !absolute.is_timed());
        let relative = read(r#"{"from_offset": -10, "until_offset": 0}"#).unwrap();
        assert!(relative.contains(100, 90) && !relative.contains(100, 100));
        assert_eq!(relative.next_flip(100, 95), Some(106));
        assert_eq!(relative.next_flip(100, 120), Some(121));
        assert_eq!(relative.next_flip(106, 95), None);
    }

    #[test]
    fn mixed_and_unknown_ends_are_refused() {
        for json in [
            r#"{"from_millis": 5, "until_offset": 6}"#,
            r#"{"from_offset": 0.5, "until_offset": null}"#,
            r#"{"since": 1}"#,
            "7",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_window_that_ends_before_it_starts_holds_nothing() {
        let window = read(r#"{"from_offset": 5, "until_offset": 5}"#).unwrap();
        assert!(window.is_empty() && !window.is_timed());
        assert_eq!(window.next_flip(0, 3), None);
    }
}
