//! What happened, as it is told on the command line, made into an incident on one estate.

use clap::Args;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::error::CommandError;
use crate::cli::scope;
use crate::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Scope;
use crate::model::ScopeState;

/// What happened. A SCOPE is `SITE`, `domain:NAME`, `hosts:SET` or `service:NAME@SITE`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What happened")]
pub(crate) struct IncidentArgs {
    /// It is gone, and nothing that answers there is trusted: a failover
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    pub(crate) lost: Vec<String>,
    /// It answers, and is not trusted: never a target, and always fenced
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    pub(crate) impaired: Vec<String>,
    /// It works, and is to be emptied in order: a switchover
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    pub(crate) leave: Vec<String>,
    /// It is back, and takes its work again: a failback
    #[arg(long = "return", value_name = "SCOPE", num_args = 1..)]
    pub(crate) returning: Vec<String>,
    /// Only these sites may take anything
    #[arg(long, value_name = "SITE", num_args = 1..)]
    pub(crate) to: Vec<String>,
    /// Plan for the first tier alone, and for all that it can't live without
    #[arg(long, value_enum, value_name = "lifeline", hide_possible_values = true)]
    pub(crate) only: Option<Only>,
    /// A named surge, such as new-year, multiplies the loads
    #[arg(long, value_name = "NAME")]
    pub(crate) surge: Option<String>,
    /// Multiplies every load; 1.0 is the daily peak
    #[arg(long, value_name = "F", default_value = "1.0", value_parser = factor, allow_hyphen_values = true)]
    pub(crate) load: Ppm,
    /// The day by which ages are judged [default: today in the project's timezone]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) as_of: Option<Date>,
    /// How long before now it began, such as 7m
    #[arg(long, value_name = "SPAN", value_parser = span, allow_hyphen_values = true)]
    pub(crate) began: Option<Millis>,
    /// A planned move may end below full
    #[arg(long)]
    pub(crate) accept_degraded: bool,
    /// The work allowed for improving the schedule, in step placements
    #[arg(long, value_name = "N", default_value_t = EFFORT)]
    pub(crate) effort: u64,
}

/// A tenth of a second on a laptop; counted in work, so that every machine makes the same plan.
pub(crate) const EFFORT: u64 = 100_000;
/// Nobody means more than a thousand times the daily peak.
const FACTOR_MAX: u64 = 1_000_000_000;

/// A part of the estate to plan for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// The first tier, and all that it can't live without
    Lifeline,
}

impl IncidentArgs {
    /// Whether anything happened at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.impaired.is_empty() && self.leave.is_empty() && self.returning.is_empty()
    }

    /// The incident on this estate. The clock is read here, once, where no day was given.
    pub(crate) fn incident(&self, estate: &Estate) -> Result<Incident, CommandError> {
        let mut scopes: Vec<(Scope, ScopeState)> = Vec::new();
        for (texts, state) in [
            (&self.lost, ScopeState::Lost),
            (&self.impaired, ScopeState::Impaired),
            (&self.leave, ScopeState::Leaving),
            (&self.returning, ScopeState::Returning),
        ] {
            for text in texts {
                let scope = scope::scope(estate, text)?;
                if let Some((_, other)) = scopes.iter().find(|(known, other)| *known == scope && *other != state) {
                    let (one, other) = (other.word(), state.word());
                    return Err(CommandError::usage(format!("{text} can't be {one} and {other} at once"))
                        .hint("say what it is: what is lost is trusted no more than what is impaired"));
                }
                if !scopes.contains(&(scope.clone(), state)) {
                    scopes.push((scope, state));
                }
            }
        }
        let to = self.to.iter().map(|text| scope::site(estate, text)).collect::<Result<Vec<_>, _>>()?;
        let surge = self.surge.as_ref().map(|name| estate.surge_named(name).ok_or_else(|| unknown_surge(estate, name)));
        Ok(Incident {
            scopes,
            surge: surge.transpose()?,
            load: self.load,
            began_before: self.began,
            to,
            only_lifeline: self.only.is_some(),
            accept_degraded: self.accept_degraded,
            as_of: match self.as_of {
                Some(day) => day,
                None => today(&estate.project.timezone)?,
            },
        })
    }
}

fn unknown_surge(estate: &Estate, name: &str) -> CommandError {
    let error = CommandError::usage(format!("no service declares a surge {name}"));
    match load::near(name, estate.surges.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None if estate.surges.is_empty() => error.hint("no surge is declared: `surge = { NAME = 3.0 }` in a service"),
        None => error.hint(format!("declared: {}", estate.surges.join(", "))),
    }
}

/// Today, where the project is.
pub(crate) fn today(timezone: &str) -> Result<Date, CommandError> {
    let zone = if timezone.is_empty() { "UTC" } else { timezone };
    let zone = TimeZone::get(zone).map_err(|error| {
        CommandError::failed(format!("could not find the timezone {timezone}"))
            .because(&error)
            .hint("write an IANA name such as Asia/Seoul into [project] of bonghwa.toml, or give `--as-of DATE`")
    })?;
    Ok(Timestamp::now().to_zoned(zone).date())
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("{text} is no day: write it as 2026-11-22"))
}

pub(crate) fn span(text: &str) -> Result<Millis, String> {
    Millis::parse(text).map_err(|_| format!("{text} is no span of time: write 7m, 90s or 1h30m"))
}

/// Reads `1.2` or `120%` in integers, so that every machine reads the same.
pub(crate) fn factor(text: &str) -> Result<Ppm, String> {
    let wrong = || format!("{text} is no factor: write 1.2, 0.8 or 120%");
    let (number, digits) = match text.strip_suffix('%') {
        Some(percent) => (percent, 4),
        None => (text, 6),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > digits || !plain(whole) || !plain(part) {
        return Err(wrong());
    }
    let value: u64 = format!("{whole}{part:0<digits$}").parse().map_err(|_| wrong())?;
    match value {
        0 => Err("a load of nothing needs no plan".to_owned()),
        1..=FACTOR_MAX => Ok(Ppm(value)),
        _ => Err(format!("{text} is more than a thousand times the daily peak")),
    }
}

#[cfg(test)]
mod tests {
    use super::factor;
    use crate::model::Ppm;

    #[test]
    fn factors_are_read_in_integers() {
        for (text, ppm) in
            [("1.0", 1_000_000), ("3", 3_000_000), ("0.25", 250_000), ("120%", 1_200_000), ("0.5%", 5_000)]
        {
            assert_eq!(factor(text), Ok(Ppm(ppm)), "{text}");
        }
        for text in ["", ".5", "-1", "1e3", "0", "0.0000001", "1,5", "1001"] {
            assert!(factor(text).is_err(), "{text}");
        }
    }
}
