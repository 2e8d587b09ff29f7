//! Figures and facts as people read them: the same on the server and in the browser, so no clock and no locale.

use crate::{
    domain::{
        Timestamp,
        origin::{MadeBy, SourceType},
    },
    graph::nodes,
};

/// A size, in the unit that leaves one to three digits before the point.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A length: `4.2 s` below a minute, `1:04` from there on.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A day, such as `31 Jan 2026`.
#[must_use]
pub fn date(moment: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = moment.date_time();
    format!("{} {} {}", day.day(), MONTHS[usize::from(u8::from(day.month())) - 1], day.year())
}

/// A moment to the minute, in UTC: `31 Jan 2026, 08:30 UTC`.
#[must_use]
pub fn moment(moment: Timestamp) -> String {
    let time = moment.date_time();
    format!("{}, {:02}:{:02} UTC", date(moment), time.hour(), time.minute())
}

/// How long ago something was, in one unit. `seconds` is its age.
#[must_use]
pub fn ago(seconds: f64) -> String {
    let (count, unit) = match seconds {
        age if age < 45.0 => return "just now".to_owned(),
        age if age < 3_600.0 => ((age / 60.0).round().max(1.0), "minute"),
        age if age < 86_400.0 => ((age / 3_600.0).round(), "hour"),
        age if age < 30.0 * 86_400.0 => ((age / 86_400.0).round(), "day"),
        age if age < 365.0 * 86_400.0 => ((age / (30.44 * 86_400.0)).round().max(1.0), "month"),
        age => ((age / (365.25 * 86_400.0)).round().max(1.0), "year"),
    };
    format!("{count} {unit}{} ago", if count == 1.0 { "" } else { "s" })
}

/// `1 node`, `2 nodes`.
#[must_use]
pub fn count(number: i64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// What there is to say of rows that a list leaves out.
#[must_use]
pub fn left_out(rows: usize, thing: &str) -> Option<String> {
    let rows = i64::try_from(rows).ok().filter(|rows| *rows > 0)?;
    let (are, each) = if rows == 1 { ("is", "it") } else { ("are", "each") };
    Some(format!("{} {are} left out: damaged in the database. The server\u{2019}s log names {each}.", count(rows, thing)))
}

/// Where something stored came from.
#[must_use]
pub fn source(source: SourceType, made_by: Option<&MadeBy>) -> String {
    let word = match source {
        SourceType::Generated => "Generated",
        SourceType::Uploaded => "Uploaded",
        SourceType::Stitched => "Stitched",
        SourceType::Grabbed => "A clip's frame",
        SourceType::Derived => {
            made_by.and_then(|made_by| nodes::operation(&made_by.operation)).map_or("Derived", |operation| operation.done)
        }
    };
    word.to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_two_or_three_figures() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_960, "10 kB"),
            (999_600, "1.0 MB"),
            (12_345_678, "12 MB"),
            (4_294_967_296, "4.3 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn lengths_and_ages() {
        assert_eq!(duration(4.0), "4.0 s");
        assert_eq!(duration(64.2), "1:04");
        assert_eq!(duration(3_723.0), "1:02:03");
        assert_eq!(ago(10.0), "just now");
        assert_eq!(ago(60.0), "1 minute ago");
        assert_eq!(ago(7_200.0), "2 hours ago");
        assert_eq!(ago(86_400.0 * 40.0), "1 month ago");
        let day: Timestamp = "2026-01-31T08:30:00Z".parse().unwrap();
        assert_eq!(moment(day), "31 Jan 2026, 08:30 UTC");
    }
}
