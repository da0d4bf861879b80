//! Where things are: sites that are lost whole, places for people, kits that people hold.

use crate::model::Amounts;
use crate::model::Date;
use crate::model::DomainId;
use crate::model::Millis;
use crate::model::PlaceId;
use crate::model::Ppm;
use crate::model::RunbookId;
use crate::model::SiteId;

/// A datacenter or a cloud region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name, unique among sites.
    pub name: String,
    /// For people; the name where none was written.
    pub title: String,
    /// Own hardware, or rented by the minute.
    pub kind: SiteKind,
    /// What it shares with other sites, and what can take them down together. Sorted.
    pub domains: Vec<DomainId>,
    /// What is there at once: own hardware, or reserved capacity of a cloud.
    pub capacity: Amounts,
    /// A plan never promises to fill the site beyond this share of its capacity.
    pub fill_limit: Ppm,
    /// What a cloud launches on request.
    pub on_demand: Option<OnDemand>,
    /// Its own procedures: fence the whole site, release it.
    pub runbook: Option<RunbookId>,
    /// The user of ssh steps on its hosts, where no host rule names one.
    pub user: Option<String>,
}

/// What kind of site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SiteKind {
    /// Own or leased floor; its capacity is fixed.
    Datacenter,
    /// A cloud region.
    Cloud,
}

/// Capacity that a cloud launches on request. It is never in the first tier's promise: launches fail exactly when
/// everybody needs them (Alibaba 2022, AWS 2025).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDemand {
    /// At most this much, by quota.
    pub capacity: Amounts,
    /// From the request until it serves.
    pub ready_in: Millis,
    /// When a launch of this size last worked.
    pub launch_proved: Option<Date>,
}

/// A place for people and kits that is no site: laptops, an office, a safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPlace {
    /// Its name, unique among sites and places.
    pub name: String,
    /// For people.
    pub title: String,
}

/// Something held by people, not by a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Its name, unique among kits.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where copies of it are; at least one.
    pub held_at: Vec<Whereabouts>,
    /// What it takes a person to use it.
    pub fetch: Millis,
}

/// A site or a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// In a site: lost with it.
    Site(SiteId),
    /// Elsewhere: no incident of ours takes it.
    Place(PlaceId),
}
