//! Instants on the wall: what a clock in the project's timezone showed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::run::Stamp;

/// A clock on the wall.
#[derive(Debug, Clone)]
pub struct Wall {
    zone: TimeZone,
}

impl Wall {
    /// In a timezone by its IANA name; in UTC where there is none of that name.
    #[must_use]
    pub fn of(zone: &str) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// `03:12:00`.
    #[must_use]
    pub fn time(&self, at: Stamp) -> String {
        self.print(at, "%H:%M:%S")
    }

    /// `2026-11-22 03:12:00 KST`.
    #[must_use]
    pub fn day(&self, at: Stamp) -> String {
        self.print(at, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// `2026-11-22 03:12`.
    #[must_use]
    pub fn minute(&self, at: Stamp) -> String {
        self.print(at, "%Y-%m-%d %H:%M")
    }

    fn print(&self, at: Stamp, form: &str) -> String {
        let instant = i64::try_from(at.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        instant.map_or("-".to_owned(), |instant| instant.to_zoned(self.zone.clone()).strftime(form).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Wall;
    use crate::run::Stamp;

    #[test]
    fn the_clock_on_the_wall_is_that_of_the_project() {
        let at = Stamp(1_795_284_720_000);
        assert_eq!(Wall::of("Asia/Seoul").day(at), "2026-11-22 03:12:00 KST");
        assert_eq!(Wall::of("Nowhere/Atall").time(at), "18:12:00");
        assert_eq!(Wall::of("Asia/Seoul").minute(Stamp(u64::MAX)), "-");
    }
}
