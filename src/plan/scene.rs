//! What every stage of planning looks at: the estate, the incident, and what placement decided.

use crate::model::Estate;
use crate::model::Incident;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Role;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Part;
use crate::placement::Placed;
use crate::placement::Placement;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::plan::Ground;
use crate::plan::Mode;

/// What every stage of planning looks at.
#[derive(Debug)]
pub(in crate::plan) struct Scene<'a> {
    pub(in crate::plan) ground: &'a Ground<'a>,
    pub(in crate::plan) incident: &'a Incident,
    pub(in crate::plan) mode: Mode,
    pub(in crate::plan) situation: &'a Situation,
    pub(in crate::plan) placement: &'a Placement,
    pub(in crate::plan) urgency: &'a Urgency,
}

impl<'a> Scene<'a> {
    pub(in crate::plan) fn estate(&self) -> &'a Estate {
        self.ground.estate
    }

    pub(in crate::plan) fn placed(&self, id: ServiceId) -> &'a Placed {
        &self.placement.services[id.at()]
    }

    pub(in crate::plan) fn name(&self, id: ServiceId) -> &'a str {
        &self.ground.estate.service(id).name
    }

    pub(in crate::plan) fn site_name(&self, id: SiteId) -> &'a str {
        &self.ground.estate.site(id).name
    }

    /// The site of a service's replica.
    pub(in crate::plan) fn site_of(&self, id: ServiceId, replica: usize) -> SiteId {
        self.ground.estate.service(id).replicas[replica].site
    }

    /// What became of a service's replica.
    pub(in crate::plan) fn fate(&self, id: ServiceId, replica: usize) -> Fate {
        self.situation.seats[id.at()][replica].fate
    }

    /// What a service's replica is now: whoever carries users is active, whatever it was declared as.
    pub(in crate::plan) fn role(&self, id: ServiceId, replica: usize) -> Role {
        let carries = self.situation.seats[id.at()][replica].before > Ppm::ZERO;
        if carries { Role::Active } else { self.ground.estate.service(id).replicas[replica].role }
    }

    /// Urgency of what brings a service back; 0 first.
    pub(in crate::plan) fn class(&self, id: ServiceId) -> u8 {
        u8::try_from(self.urgency.tier[id.at()].at()).unwrap_or(u8::MAX)
    }

    /// Urgency of what raises a service to its last level: behind all floors.
    pub(in crate::plan) fn raise_class(&self, id: ServiceId) -> u8 {
        let tiers = u8::try_from(self.ground.estate.tiers.len()).unwrap_or(u8::MAX);
        tiers.saturating_add(self.class(id))
    }

    /// Whether the plan is to bring it back, if that is what it takes.
    pub(in crate::plan) fn is_in_scope(&self, id: ServiceId) -> bool {
        !self.incident.only_lifeline || self.class(id) == 0
    }

    /// Whether the plan looks after the service at all.
    pub(in crate::plan) fn is_planned(&self, id: ServiceId) -> bool {
        let placed = self.placed(id);
        self.is_in_scope(id) && (placed.impact != Impact::Unaffected || placed.moves)
            || placed.seats.iter().any(|seat| seat.gives_way.is_some())
    }

    /// Whether its callers must wait for something.
    pub(in crate::plan) fn is_away(&self, id: ServiceId) -> bool {
        let placed = self.placed(id);
        let moved = placed.moves || placed.no_majority;
        self.is_in_scope(id) && (moved || matches!(placed.impact, Impact::Waiting | Impact::Down | Impact::Stranded))
    }

    /// The replicas that are left, by position.
    pub(in crate::plan) fn sources(&self, id: ServiceId) -> Vec<usize> {
        let seats = &self.placed(id).seats;
        (0..seats.len()).filter(|&at| seats[at].part == Part::Left).collect()
    }

    /// The replicas whose writer stands fenced on somebody's word only, by position.
    pub(in crate::plan) fn owed(&self, id: ServiceId) -> impl Iterator<Item = usize> {
        let owed = self.situation.owed.iter().filter(move |owed| owed.service == Some(id));
        let replicas = &self.ground.estate.service(id).replicas;
        owed.filter_map(|owed| replicas.iter().position(|replica| replica.site == owed.site))
    }

    /// Whether the plan cuts the whole site off, where its runbook says how.
    pub(in crate::plan) fn is_cut_off(&self, site: SiteId) -> bool {
        let runbook = self.ground.estate.site(site).runbook.map(|runbook| &self.ground.estate.runbooks[runbook.at()]);
        matches!(self.situation.sites[site.at()], Fate::Lost | Fate::Impaired)
            && runbook.is_some_and(|runbook| runbook.steps(Procedure::Fence).is_some())
    }

    /// Whether nobody counts on an answer from a replica that is left: nothing waits for what is asked of it.
    pub(in crate::plan) fn is_silent(&self, id: ServiceId, source: usize) -> bool {
        self.mode == Mode::Failover || matches!(self.fate(id, source), Fate::Lost | Fate::Quarantined)
    }

    /// Whose steps bring services back: each occasion falls back to failover's.
    pub(in crate::plan) fn procedure(&self, id: ServiceId) -> Option<Procedure> {
        let estate = self.estate();
        let runbook = estate.service(id).runbook.map(|runbook| &estate.runbooks[runbook.at()])?;
        let wanted = match self.mode {
            Mode::Failover => Procedure::Failover,
            Mode::Switchover => Procedure::Switchover,
            // Nobody places anything for a retreat: it is made from what a run did.
            Mode::Failback | Mode::Retreat => Procedure::Failback,
        };
        [wanted, Procedure::Failover].into_iter().find(|procedure| runbook.steps(*procedure).is_some())
    }
}

/// What kind of plan the scopes ask for; none where they ask for several at once.
pub(in crate::plan) fn mode_of(incident: &Incident) -> Option<Mode> {
    let mut modes = incident.scopes.iter().map(|(_, state)| match state {
        ScopeState::Lost | ScopeState::Impaired => Mode::Failover,
        ScopeState::Leaving => Mode::Switchover,
        ScopeState::Returning => Mode::Failback,
    });
    let first = modes.next()?;
    modes.all(|mode| mode == first).then_some(first)
}
