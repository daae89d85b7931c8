use proptest::prelude::*;

use super::*;

const HOUR_MS: u64 = 3_600_000;

fn calendar(text: &str) -> Interval {
    Interval::parse_calendar(text).unwrap()
}

fn ms(text: &str) -> u64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond().unsigned_abs()
}

/// The hours between the borders after one moment and up to another.
fn hours(interval: Interval, from: &str, to: &str) -> Vec<f64> {
    let borders: Vec<u64> = interval.borders(ms(from) - 1).take_while(|border_ms| *border_ms <= ms(to)).collect();
    borders.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / HOUR_MS as f64).collect()
}

#[test]
fn days_are_from_midnight_to_midnight_where_the_zone_is() {
    let berlin = calendar("1d,Europe/Berlin");
    assert_eq!(hours(berlin, "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), [24.0, 25.0, 24.0]);
    assert_eq!(hours(berlin, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), [24.0, 23.0, 24.0]);
    assert_eq!(calendar("1d,Asia/Kolkata").after(ms("2026-11-28T12:00:00Z")), ms("2026-11-28T18:30:00Z"));
    // Every second day, counted from 1970 on.
    assert_eq!(hours(calendar("2d,Europe/Berlin"), "2026-10-22T00:00:00Z", "2026-10-29T00:00:00Z"), [49.0, 48.0]);
}

#[test]
fn hours_end_when_the_clock_of_the_zone_shows_them() {
    let from_midnight = |step: &str, midnight: &str, next: &str| hours(calendar(step), midnight, next);
    let long = |step: &str| from_midnight(step, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    let short = |step: &str| from_midnight(step, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    assert_eq!((long("1h,Europe/Berlin").len(), short("1h,Europe/Berlin").len()), (25, 23));
    assert_eq!(long("6h,Europe/Berlin"), [7.0, 6.0, 6.0, 6.0]);
    assert_eq!(short("6h,Europe/Berlin"), [5.0, 6.0, 6.0, 6.0]);
    // 2 o'clock comes twice, and not at all.
    assert_eq!(long("2h,Europe/Berlin")[..3], [2.0, 1.0, 2.0]);
    assert_eq!(short("2h,Europe/Berlin")[..3], [2.0, 1.0, 2.0]);
    // 3 o'clock is where the clock is set back, and is not shown then.
    assert_eq!(long("3h,Europe/Berlin")[..2], [4.0, 3.0]);
    assert_eq!(short("3h,Europe/Berlin")[..2], [2.0, 3.0]);
    // Half an hour is what the clock is set by on Lord Howe.
    assert_eq!(
        hours(calendar("1h,Australia/Lord_Howe"), "2026-04-04T13:00:00Z", "2026-04-04T16:30:00Z"),
        [1.0, 1.5, 1.0]
    );
    assert_eq!(calendar("1h,Asia/Kolkata").after(ms("2026-11-28T12:00:00Z")), ms("2026-11-28T12:30:00Z"));
    assert_eq!(calendar("30m,Asia/Kathmandu").after(ms("2026-11-28T12:00:00Z")), ms("2026-11-28T12:15:00Z"));
}

#[test]
fn weeks_begin_on_monday_and_months_are_as_long_as_they_are() {
    assert_eq!(hours(calendar("1w,Europe/Berlin"), "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"), [169.0]);
    let months = hours(calendar("1month,UTC"), "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
    assert_eq!(months, [31.0, 28.0, 31.0, 30.0].map(|days| days * 24.0));
    assert_eq!(calendar("1y,America/New_York").up_to(ms("2026-11-28T12:00:00Z")), ms("2026-01-01T05:00:00Z"));
}

#[test]
fn a_day_that_has_no_midnight_begins_where_the_clock_goes_on() {
    // Samoa left out the 30th of December 2011, and Beirut's clock goes from 24 o'clock to 1.
    let samoa = calendar("1d,Pacific/Apia");
    assert_eq!(hours(samoa, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"), [24.0, 24.0]);
    assert_eq!(samoa.up_to(ms("2011-12-30T12:00:00Z")), ms("2011-12-30T10:00:00Z"));
    assert_eq!(hours(calendar("1d,Asia/Beirut"), "2026-03-27T22:00:00Z", "2026-03-29T21:00:00Z"), [24.0, 23.0]);
}

#[test]
fn what_knows_no_zone_is_plain() {
    let new = |text: &str, zone: &str| Interval::new(Extent::parse(text).unwrap(), Some(&parse_zone(zone).unwrap()));
    for (text, ms) in [("10s", 10_000), ("15m", 900_000), ("1ms", 1)] {
        assert_eq!(new(text, "Asia/Kathmandu"), Ok(Interval::Fixed(ms)), "{text}");
    }
    assert_eq!(new("1d", "UTC"), Ok(Interval::Fixed(24 * HOUR_MS)));
    assert_eq!(new("1w", "UTC").map(|week| week.to_string()), Ok("1w,UTC".to_owned()), "from Monday on");
    assert_eq!(Interval::from(Extent::Months(12)).to_string(), "1y,UTC");
    assert!(new("7h", "Europe/Berlin").unwrap_err().contains("7h is no part of a day"));
    assert!(new("90s", "Europe/Berlin").is_ok() == QUARTER_MS.is_multiple_of(90_000));
    assert!(Interval::parse_calendar("1d").is_err() && Interval::parse_calendar("1d,Nowhere").is_err());
}

#[test]
fn beyond_what_a_calendar_knows_nothing_comes() {
    for text in ["1h,Europe/Berlin", "1d,Asia/Kolkata", "1month,UTC"] {
        let interval = calendar(text);
        assert_eq!(interval.after(u64::MAX), u64::MAX, "{text}");
        assert_eq!(interval.after(300_000_000_000_000), u64::MAX, "{text}");
        assert!(interval.up_to(u64::MAX) < u64::MAX, "{text}");
        assert_eq!(interval.up_to(0), 0, "{text}");
    }
}

#[test]
fn what_is_written_is_read() {
    for text in
        ["30m,Asia/Kathmandu", "6h,Europe/Berlin", "3d,UTC", "2w,Europe/Berlin", "5month,UTC", "2y,Asia/Kolkata"]
    {
        let interval = calendar(text);
        if let Interval::Calendar(calendar) = interval {
            assert_eq!(calendar.to_string(), text);
        }
        assert_eq!(Interval::of_parts(interval.ms(), interval.calendar_text().as_deref()), Some(interval));
    }
}

proptest! {
    /// What is asked of an interval agrees, in every zone, also where its clock was set.
    #[test]
    fn borders_follow_each_other(
        step in prop::sample::select(vec!["30m", "1h", "2h", "90m", "6h", "1d", "3d", "1w", "1month", "1y"]),
        zone in prop::sample::select(vec![
            "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Asia/Beirut",
            "Africa/Casablanca", "Pacific/Kwajalein", "UTC",
        ]),
        time_ms in 86_400_000_u64 * 400..4_102_444_800_000,
    ) {
        let interval = calendar(&format!("{step},{zone}"));
        let (before, after) = (interval.up_to(time_ms), interval.after(time_ms));
        prop_assert!(before <= time_ms && time_ms < after, "{before} {time_ms} {after}");
        prop_assert_eq!(interval.up_to(after - 1), before);
        prop_assert_eq!(interval.after(before), after);
        prop_assert!(interval.is_border(before) && interval.is_border(after));
        prop_assert_eq!((interval.begin(after), interval.at_or_after(before), interval.at_or_after(before + 1)), (before, before, after));
        prop_assert_eq!((interval.length(before), interval.count(before, after)), (after - before, 1));
        let third = interval.nth_after(before, 3);
        prop_assert_eq!((interval.count(before, third), interval.nth_before(third, 3)), (3, before));
    }

    /// The borders of longer steps are borders of shorter ones, and windows of whole steps begin at borders.
    #[test]
    fn longer_steps_end_with_shorter_ones(
        short in prop::sample::select(vec!["30m", "1h", "6h", "1d", "1w", "1month"]),
        long in prop::sample::select(vec!["1h", "6h", "12h", "1d", "2d", "1w", "1month", "1y"]),
        zone in prop::sample::select(vec!["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Beirut"]),
        time_ms in 1_000_000_000_000_u64..4_102_444_800_000,
    ) {
        let interval = calendar(&format!("{short},{zone}"));
        let extent = Extent::parse(long).unwrap();
        let Interval::Calendar(own) = interval else { return Ok(()) };
        if let Ok(coarse) = own.coarser(extent) {
            let border = Interval::Calendar(coarse).after(time_ms);
            prop_assert!(interval.is_border(border), "{border}");
        }
        if let Ok(reach @ Reach::Steps(steps)) = own.reach(extent) {
            let border = interval.after(time_ms);
            prop_assert_eq!(interval.count(own.back(border, reach), border), steps);
        }
    }
}
