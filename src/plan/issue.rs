//! What a reader must know before a plan is run, as values. Sentences are made in report.

use serde::Deserialize;
use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;

/// Something that a plan's reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Issue {
    /// A service has nowhere to go.
    Stranded {
        /// Which.
        service: String,
        /// Who needs it and is planned all the same.
        needed_by: Vec<String>,
    },
    /// A service comes back later than promised.
    RtoMissed {
        /// Which.
        service: String,
        /// When it is expected back.
        expected: Millis,
        /// The promise.
        objective: Millis,
        /// No schedule brings it back earlier.
        bound: Millis,
    },
    /// A promotion may lose more data than promised.
    RpoAtRisk {
        /// Which service.
        service: String,
        /// Where it is promoted.
        site: String,
        /// How far behind that copy may be; unknown where nothing was declared.
        lag: Option<Millis>,
        /// The promise.
        objective: Millis,
    },
    /// Not all users can be admitted.
    AdmitsPart {
        /// Which service.
        service: String,
        /// The share that can.
        share: Ppm,
    },
    /// The first tier's promise leans on capacity that a cloud must launch first.
    OnDemandInPromise {
        /// Which service.
        service: String,
        /// Where.
        site: String,
        /// When a launch last worked; never where nothing was declared.
        launch_proved: Option<String>,
    },
    /// A target shares a fault domain with what is lost.
    SharesDomain {
        /// Which service.
        service: String,
        /// The target.
        site: String,
        /// The domain.
        domain: String,
    },
    /// A site was over its limit before the incident.
    OverLimitBefore {
        /// Which.
        site: String,
        /// Of which resource.
        resource: String,
        /// By how much, in thousandths.
        by: u64,
    },
    /// The first tier's floor fills a site beyond its limit, as only it may.
    OverLimitAfter {
        /// Which site.
        site: String,
        /// Of which resource.
        resource: String,
        /// By how much, in thousandths.
        by: u64,
    },
    /// Services that need each other are recovered together.
    RecoveredTogether {
        /// Which, as a path that leads back to its first.
        cycle: Vec<String>,
    },
    /// To start one needs another, which needs the first: a person breaks the circle.
    BootstrapCycle {
        /// The step that starts without what it uses.
        step: String,
        /// What it uses.
        missing: String,
    },
    /// A step uses something that nobody can bring back.
    UsesStranded {
        /// Which step.
        step: String,
        /// What it uses.
        missing: String,
    },
    /// Every way to reach a step's hosts leads through what is lost.
    JumpLost {
        /// Which step.
        step: String,
        /// The bastions that its host rule names.
        jump: Vec<String>,
    },
    /// A message goes through something that nothing brings back.
    ChannelLost {
        /// Which step.
        step: String,
        /// What its channel needs.
        missing: String,
    },
    /// A service is to be moved, and has no steps for that.
    NoSteps {
        /// Which service.
        service: String,
        /// Where it should come up.
        site: String,
    },
    /// A service has a route, and its steps never shift it.
    RouteNotShifted {
        /// Which service.
        service: String,
        /// Its route.
        route: String,
    },
    /// DNS records have no weights, and by turns a site gets more users than were placed there.
    RouteUneven {
        /// Which service.
        service: String,
        /// Its route.
        route: String,
        /// The site.
        site: String,
        /// The share that was placed there.
        placed: Ppm,
        /// The share that it gets.
        gets: Ppm,
    },
    /// All servers of a provider are in what is lost: its routes can't be shifted by it.
    ProviderLost {
        /// Which provider.
        provider: String,
        /// The routes that the plan shifts by it.
        routes: Vec<String>,
    },
    /// A writer is promoted, and nothing fences the old one.
    NoFence {
        /// Which service.
        service: String,
        /// Where the old writer is.
        site: String,
    },
    /// All copies of this tool that were declared are in what is lost.
    OrchestratorLost,
    /// Nothing fences a lost site as a whole.
    SiteWithoutFence {
        /// Which.
        site: String,
    },
    /// Steps whose authors said nothing of their duration.
    DefaultDurations {
        /// How many.
        steps: u64,
    },
    /// The estate's files hold faults that do not concern this incident.
    FaultsElsewhere {
        /// How many errors.
        errors: u64,
    },
    /// Where services are now was not observed: they are taken to be where they were declared.
    DeclaredOnly,
    /// Where services are now was learnt from the journals of these runs.
    Observed {
        /// How many runs.
        runs: u64,
        /// The last of them, which tells when that was.
        last: String,
        /// How many services are elsewhere than declared.
        away: u64,
        /// Sites that nobody may trust yet.
        quarantined: Vec<String>,
        /// Fences that stand on a person's word.
        owed: Vec<String>,
    },
    /// Who writes was asked on the spot, of the services with one writer; all else is as declared, or as journals say.
    Asked {
        /// When, in milliseconds since the Unix epoch.
        at_unix_ms: u64,
        /// How many services' writers are where they were known to be.
        as_known: u64,
        /// Writers that are elsewhere: `message-store@ansan`.
        elsewhere: Vec<String>,
        /// Of which more than one site says that it is the writer, or a part of one: `pay@ansan+pangyo`.
        unclear: Vec<String>,
        /// Of which nobody says so.
        unseen: Vec<String>,
        /// How many say nowhere how to see it.
        mute: u64,
    },
    /// Where services are now was not observed: the loss is taken to have been answered as this program would.
    AssumedAway,
    /// An edge that nobody had declared: it was learnt while the plan before this one ran.
    LearntEdge {
        /// Who can't serve.
        caller: String,
        /// Without whom.
        callee: String,
    },
}

impl Issue {
    /// The service that it is about, where it is about one.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Stranded { service, .. }
            | Self::RtoMissed { service, .. }
            | Self::RpoAtRisk { service, .. }
            | Self::AdmitsPart { service, .. }
            | Self::OnDemandInPromise { service, .. }
            | Self::SharesDomain { service, .. }
            | Self::NoSteps { service, .. }
            | Self::RouteNotShifted { service, .. }
            | Self::RouteUneven { service, .. }
            | Self::NoFence { service, .. } => Some(service),
            Self::LearntEdge { caller, .. } => Some(caller),
            Self::BootstrapCycle { step, .. }
            | Self::UsesStranded { step, .. }
            | Self::ChannelLost { step, .. }
            | Self::JumpLost { step, .. } => step.split('/').next(),
            Self::RecoveredTogether { cycle } => cycle.first().map(String::as_str),
            Self::OverLimitBefore { .. } | Self::OverLimitAfter { .. } => None,
            Self::SiteWithoutFence { .. } | Self::OrchestratorLost | Self::ProviderLost { .. } => None,
            Self::DefaultDurations { .. } | Self::FaultsElsewhere { .. } => None,
            Self::DeclaredOnly | Self::Observed { .. } | Self::Asked { .. } | Self::AssumedAway => None,
        }
    }

    /// Whether somebody must look at it before the plan is run, rather than some day.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        match self {
            Self::Stranded { .. }
            | Self::RtoMissed { .. }
            | Self::RpoAtRisk { .. }
            | Self::AdmitsPart { .. }
            | Self::OnDemandInPromise { .. }
            | Self::BootstrapCycle { .. }
            | Self::UsesStranded { .. }
            | Self::JumpLost { .. }
            | Self::ChannelLost { .. }
            | Self::NoSteps { .. }
            | Self::NoFence { .. }
            | Self::OverLimitAfter { .. }
            | Self::RouteUneven { .. }
            | Self::ProviderLost { .. }
            | Self::OrchestratorLost => true,
            Self::Asked { unclear, .. } => !unclear.is_empty(),
            Self::SharesDomain { .. }
            | Self::OverLimitBefore { .. }
            | Self::RecoveredTogether { .. }
            | Self::RouteNotShifted { .. }
            | Self::SiteWithoutFence { .. }
            | Self::DefaultDurations { .. }
            | Self::FaultsElsewhere { .. }
            | Self::AssumedAway
            | Self::LearntEdge { .. }
            | Self::Observed { .. }
            | Self::DeclaredOnly => false,
        }
    }
}

/// Why no plan was made. Planning refuses only what would destroy, or what can't be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Refusal {
    /// No scope at all.
    NothingLost,
    /// Scopes that are lost and scopes that leave or return, in one plan.
    MixedStates,
    /// A set of hosts of which no replica has any.
    NoSuchHosts {
        /// The set.
        hosts: String,
    },
    /// The service has no replica there.
    NoSuchReplica {
        /// The service.
        service: String,
        /// The site.
        site: String,
    },
    /// It is to be used again, and nobody has released it.
    Quarantined {
        /// The site.
        site: String,
    },
    /// No site is left that could take anything.
    NothingLeft,
    /// A planned move would end below full.
    WouldDegrade {
        /// Which services, the most urgent first.
        services: Vec<String>,
    },
    /// Going home would fill a site beyond its limit, at the load that this was planned for.
    Overrun {
        /// The site.
        site: String,
        /// Of which resource.
        resource: String,
        /// By how much, in thousandths.
        by: u64,
    },
    /// The estate declares nothing that could be planned.
    EmptyEstate,
    /// The steps that were written wait for each other in a circle.
    StepCycle {
        /// Their ids, as a path that leads back to its first.
        steps: Vec<String>,
    },
    /// A step claims more of a pool than there is.
    ClaimTooLarge {
        /// The step.
        step: String,
        /// The pool.
        pool: String,
        /// What it claims.
        amount: u32,
        /// What there is.
        size: u32,
    },
    /// The second pair of eyes found what must never be in a plan: a fault of this program.
    Broken {
        /// What it found.
        violations: Vec<String>,
    },
}
