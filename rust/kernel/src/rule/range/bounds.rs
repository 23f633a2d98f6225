//! Ranges with both ends closed.

use serde_json::Number;

/// A bound as written, and whether it belongs to the range.
pub(in crate::rule) type Bound<'a> = Option<(&'a Number, bool)>;

/// All values from `low` to `high`, both included; never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::rule) struct Bounds<T> {
    pub(in crate::rule) low: T,
    pub(in crate::rule) high: T,
}

impl<T: PartialOrd> Bounds<T> {
    /// `None` when the bounds are the wrong way round.
    pub(in crate::rule) fn new(low: T, high: T) -> Option<Self> {
        (low <= high).then_some(Self { low, high })
    }

    /// Whether a value lies inside.
    pub(in crate::rule) fn contains(&self, value: &T) -> bool {
        self.low <= *value && *value <= self.high
    }

    /// What holds of all values between two others.
    pub(in crate::rule) fn overlap(&self, (lowest, highest): (T, T)) -> Overlap {
        if highest < self.low || self.high < lowest {
            Overlap::None
        } else if self.low <= lowest && highest <= self.high {
            Overlap::All
        } else {
            Overlap::Some
        }
    }
}

/// How many of a block's values can lie in a range, judged by the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rule) enum Overlap {
    /// None of them.
    None,
    /// Perhaps some.
    Some,
    /// Every one.
    All,
}

impl Bounds<f64> {
    /// Bounds of numbers; `None` when nothing lies between them.
    pub(in crate::rule) fn of_numbers(low: Bound<'_>, high: Bound<'_>) -> Option<Self> {
        let value = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
        let low = low.map_or(f64::NEG_INFINITY, |(number, inclusive)| {
            if inclusive {
                value(number)
            } else {
                value(number).next_up()
            }
        });
        let high = high.map_or(f64::INFINITY, |(number, inclusive)| {
            if inclusive {
                value(number)
            } else {
                value(number).next_down()
            }
        });
        Self::new(low, high)
    }
}

impl Bounds<i64> {
    /// Bounds of whole numbers: outer `None` when a bound is not whole, inner when nothing lies between them.
    #[expect(
        clippy::option_option,
        reason = "a fault and an empty range are two answers"
    )]
    pub(in crate::rule) fn of_integers(low: Bound<'_>, high: Bound<'_>) -> Option<Option<Self>> {
        let low = match low {
            None => Some(i64::MIN),
            Some((number, true)) => Some(number.as_i64()?),
            Some((number, false)) => number.as_i64()?.checked_add(1),
        };
        let high = match high {
            None => Some(i64::MAX),
            Some((number, true)) => Some(number.as_i64()?),
            Some((number, false)) => number.as_i64()?.checked_sub(1),
        };
        Some(low.zip(high).and_then(|(low, high)| Self::new(low, high)))
    }

    /// The same range of days; `None` when it lies outside of what days can be.
    pub(in crate::rule) fn to_days(self) -> Option<Bounds<i32>> {
        let day = |bound: i64| i32::try_from(bound.clamp(i32::MIN.into(), i32::MAX.into())).ok();
        let possible = self.low <= i32::MAX.into() && self.high >= i32::MIN.into();
        Some(Bounds {
            low: day(self.low)?,
            high: day(self.high)?,
        })
        .filter(|_| possible)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn open_ends_become_the_neighbouring_value() {
        let (one, two) = (number("1"), number("2"));
        let open = Bounds::of_numbers(Some((&one, false)), Some((&two, false))).unwrap();
        assert!(!open.contains(&1.0) && open.contains(&1.0_f64.next_up()));
        assert!(!open.contains(&2.0) && open.contains(&2.0_f64.next_down()));
        let whole = Bounds::of_integers(Some((&one, false)), None).unwrap();
        assert_eq!(
            whole,
            Some(Bounds {
                low: 2,
                high: i64::MAX
            })
        );
    }

    #[test]
    fn zero_of_either_sign_is_excluded_by_an_open_end() {
        let (zero, minus_zero) = (number("0"), number("-0.0"));
        for bound in [&zero, &minus_zero] {
            let above = Bounds::of_numbers(Some((bound, false)), None).unwrap();
            assert!(!above.contains(&0.0) && !above.contains(&-0.0));
            let from = Bounds::of_numbers(Some((bound, true)), None).unwrap();
            assert!(from.contains(&0.0) && from.contains(&-0.0));
        }
    }

    #[test]
    fn ranges_without_values_are_none() {
        let (one, least, greatest) = (
            number("1"),
            number("-9223372036854775808"),
            number("9223372036854775807"),
        );
        assert_eq!(
            Bounds::of_numbers(Some((&one, true)), Some((&one, false))),
            None
        );
        assert_eq!(
            Bounds::of_integers(Some((&one, false)), Some((&one, true))),
            Some(None)
        );
        assert_eq!(Bounds::of_integers(None, Some((&least, false))), Some(None));
        assert_eq!(
            Bounds::of_integers(Some((&greatest, false)), None),
            Some(None)
        );
    }

    #[test]
    fn bounds_of_days_are_cut_to_days() {
        let wide = Bounds {
            low: i64::MIN,
            high: 5,
        }
        .to_days();
        assert_eq!(
            wide,
            Some(Bounds {
                low: i32::MIN,
                high: 5
            })
        );
        assert_eq!(
            Bounds {
                low: i64::from(i32::MAX) + 1,
                high: i64::MAX
            }
            .to_days(),
            None
        );
        assert_eq!(
            Bounds {
                low: i64::MIN,
                high: i64::from(i32::MIN) - 1
            }
            .to_days(),
            None
        );
    }

    #[test]
    fn fractions_are_no_whole_numbers() {
        let half = number("0.5");
        assert_eq!(Bounds::of_integers(Some((&half, true)), None), None);
    }

    #[test]
    fn overlap_is_judged_by_the_ends() {
        let bounds = Bounds { low: 5, high: 9 };
        assert_eq!(bounds.overlap((1, 4)), Overlap::None);
        assert_eq!(bounds.overlap((10, 12)), Overlap::None);
        assert_eq!(bounds.overlap((5, 9)), Overlap::All);
        assert_eq!(bounds.overlap((4, 9)), Overlap::Some);
        assert_eq!(bounds.overlap((1, 20)), Overlap::Some);
    }
}
