//! Days since 1970-01-01 and dates of the proleptic Gregorian calendar, years 1 to 9999.

/// Milliseconds of a day.
pub const DAY_MILLIS: i64 = 86_400_000;
/// 0001-01-01.
pub const FIRST_DAY: i32 = -719_162;
/// 9999-12-31.
pub const LAST_DAY: i32 = 2_932_896;
/// First millisecond of year 1.
pub const FIRST_MILLI: i64 = FIRST_DAY as i64 * DAY_MILLIS;
/// Last millisecond of year 9999.
pub const LAST_MILLI: i64 = (LAST_DAY as i64 + 1) * DAY_MILLIS - 1;

/// Days of a cycle of 400 years.
const CYCLE_DAYS: i32 = 146_097;
/// Days from 0000-03-01, where the cycles begin, to 1970-01-01.
const EPOCH_SHIFT: i32 = 719_468;

/// Whether a day is in years 1 to 9999.
pub const fn is_day(days: i32) -> bool {
    FIRST_DAY <= days && days <= LAST_DAY
}

/// Whether a time is in years 1 to 9999.
pub const fn is_time(millis: i64) -> bool {
    FIRST_MILLI <= millis && millis <= LAST_MILLI
}

/// The day of a date; `None` when there is no such date in years 1 to 9999.
pub const fn day_of(year: i32, month: i32, day: i32) -> Option<i32> {
    if year < 1 || year > 9999 || month < 1 || month > 12 {
        return None;
    }
    if day < 1 || day > days_of_month(year, month) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last of its year.
    let from_march = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - EPOCH_SHIFT)
}

const fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Year, month and day of a day within years 1 to 9999.
pub const fn date_of(days: i32) -> (i32, i32, i32) {
    let shifted = days + EPOCH_SHIFT;
    let cycle = shifted.div_euclid(CYCLE_DAYS);
    let day_of_cycle = shifted.rem_euclid(CYCLE_DAYS);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = cycle * 400 + year_of_cycle + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_is_named_once_in_order() {
        let mut expected = FIRST_DAY;
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(days) = day_of(year, month, day) else {
                        continue;
                    };
                    assert_eq!(days, expected);
                    assert_eq!(date_of(days), (year, month, day));
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, LAST_DAY + 1);
    }

    #[test]
    fn known_days_are_where_they_belong() {
        assert_eq!(day_of(1970, 1, 1), Some(0));
        assert_eq!(day_of(2000, 2, 29), Some(11_016));
        assert_eq!(day_of(1900, 2, 29), None);
        assert_eq!(day_of(2023, 13, 1), None);
        assert_eq!(day_of(0, 1, 1), None);
        assert_eq!(day_of(10_000, 1, 1), None);
    }
}
