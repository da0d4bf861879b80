//! The sentences for the reasons that placement and schedule gave. No reason is found here, only worded.

use crate::model::Ppm;
use crate::model::amount_text;
use crate::placement::Because;
use crate::placement::LevelBecause;
use crate::placement::Raise;
use crate::placement::Rejection;
use crate::plan::DurationFrom;
use crate::plan::Milestone;
use crate::plan::WaitedFor;
use crate::report::words;

/// Why a service is placed at a site, as a clause: "ansan: …".
#[must_use]
pub fn because(because: &Because) -> String {
    match because {
        Because::Survivor { before } => {
            format!("it is active there already, and carried {} of the users", words::percent(*before))
        }
        Because::Stays => "it is active there already, and stays as it is".to_owned(),
        Because::Hot => "a hot standby runs there, and only needs its traffic".to_owned(),
        Because::Warm => "a warm standby runs there, and must be scaled up".to_owned(),
        Because::Cold => "a cold standby is there, and must be started from nothing".to_owned(),
        Because::FollowsSync => {
            "its data follows the lost copy, and every write waited for it: nothing is lost".to_owned()
        }
        Because::FollowsAsync { max_lag: Some(lag) } => {
            format!("its data follows the lost copy from at most {} behind", words::span(*lag))
        }
        Because::FollowsAsync { max_lag: None } => {
            "its data follows the lost copy from behind; nobody declared how far".to_owned()
        }
        Because::Home => "it is declared to be active there, and the site is back".to_owned(),
        Because::OnlyCandidate => "no other candidate is left".to_owned(),
        Because::Asked => "the operator asked for this site".to_owned(),
        Because::CloudAfterOwn => "no candidate in an own site had room, and this is a cloud".to_owned(),
        Because::OnDemand { resource, amount, ready_in } => format!(
            "its hosts carry less than it needs, so the cloud launches {} {resource}, there {} after the request",
            amount_text(*amount),
            words::span(*ready_in)
        ),
        Because::SharesDomain { domain } => {
            format!("it shares {domain} with what is lost; the candidates that do not had no room")
        }
        Because::Admits { share, resource } => {
            format!("not all users fit: {resource} ran out at {} of them", words::percent(*share))
        }
        Because::AboveFillLimit { resource, amount } => format!(
            "it fills the site {} {resource} beyond its fill limit, as only the first tier's floor may",
            amount_text(*amount)
        ),
        Because::AfterVictims { victims } => {
            format!("it fits once room is given up by {}", words::fold(victims, 60))
        }
        Because::MovedAside { service } => {
            format!("it made room for {service}, which is as urgent and fits nowhere else")
        }
    }
}

/// Why a candidate was not taken, as a clause: "ansan: …".
#[must_use]
pub fn rejection(rejection: &Rejection) -> String {
    match rejection {
        Rejection::Lost => "it is lost".to_owned(),
        Rejection::Impaired => "it answers, and is not trusted".to_owned(),
        Rejection::Leaving => "it is to be left".to_owned(),
        Rejection::Quarantined => "it came back, and nobody has released it".to_owned(),
        Rejection::NotAsked => "the operator asked for other sites".to_owned(),
        Rejection::Short { resource, by, after: Some(after) } => {
            format!("short by {} {resource} after {after}", amount_text(*by))
        }
        Rejection::Short { resource, by, after: None } => format!("short by {} {resource}", amount_text(*by)),
        Rejection::HostsCarry { resource, at_most } => {
            format!("its hosts carry at most {} {resource}", amount_text(*at_most))
        }
        Rejection::NoData => "its data does not follow the copy that is lost".to_owned(),
        Rejection::NotNeeded => "not needed: the others carry everything; it is a fallback".to_owned(),
        Rejection::NoMajority => "too few voters are left for a majority".to_owned(),
    }
}

/// Why a service ends below full.
#[must_use]
pub fn level_because(because: &LevelBecause) -> String {
    match because {
        LevelBecause::NoRoom { resource, by } => {
            format!("the full level does not fit anywhere: {} {resource} are missing", amount_text(*by))
        }
        LevelBecause::NeedsStranded { service } => {
            format!("the full level needs {service}, which has nowhere to go")
        }
        LevelBecause::NeedsLeftOut { service } => {
            format!("the full level needs {service}, which this plan leaves out")
        }
        LevelBecause::GivesWay { service, site } => format!("it gives up room at {site} for {service}"),
        LevelBecause::NowhereToGo => "no candidate is left, or none has any room".to_owned(),
    }
}

/// By what a service was raised: "session: core → lifeline, because text-message needs it to serve".
#[must_use]
pub fn raise(service: &str, from: &str, to: &str, raise: &Raise) -> String {
    format!("{service}: {from} -> {to}, because {} needs it {}", raise.by, words::through(raise.through))
}

/// Why a link of a chain did not start earlier.
#[must_use]
pub fn waited_for(waited: &WaitedFor) -> String {
    match waited {
        WaitedFor::Nothing => "starts at once".to_owned(),
        WaitedFor::Before => "waits for the one before".to_owned(),
        WaitedFor::Pool(pool) => format!("waits for {}, which the one before held", pool_name(pool)),
        WaitedFor::Kept(pool) => format!("waits, because the rest of {} is kept for the first tier", pool_name(pool)),
    }
}

/// Where a duration came from.
#[must_use]
pub fn duration_from(from: &DurationFrom) -> String {
    match from {
        DurationFrom::Expect(Some(source)) => format!("what its runbook says, from {source}"),
        DurationFrom::Expect(None) => "what its runbook says".to_owned(),
        DurationFrom::Default => "a default for this kind of action: nobody said how long it takes".to_owned(),
        DurationFrom::Cache => "the time that the declared cache takes to warm".to_owned(),
        DurationFrom::Route => "TTL, ramp, and the rate at which clients are admitted".to_owned(),
        DurationFrom::Launch => "the time that the cloud is declared to take for a launch".to_owned(),
        DurationFrom::Person => "the time that a person is expected to take".to_owned(),
        DurationFrom::History => "finished runs".to_owned(),
    }
}

/// A pool as people say it: `operators`, `the slots of ansan`.
#[must_use]
pub fn pool_name(pool: &str) -> String {
    match pool.strip_prefix("site:") {
        Some(site) => format!("the slots of {site}"),
        None => pool.to_owned(),
    }
}

/// A share of users as part of a sentence: `all users`, `67 % of users`.
#[must_use]
pub fn users(share: Ppm) -> String {
    if share >= Ppm::ONE { "all users".to_owned() } else { format!("{} of users", words::percent(share)) }
}

/// From when on a service does how much for whom: `T+07:30 degraded for 67 % of users`, `T+00:00 off`.
#[must_use]
pub fn moment(moment: &Milestone) -> String {
    match moment.share {
        Ppm::ZERO => format!("{} off", words::at(moment.at_ms)),
        share => format!("{} {} for {}", words::at(moment.at_ms), words::level(moment.level), users(share)),
    }
}
