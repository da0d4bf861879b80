//! What can be wrong with a plan, as values. Sentences are made in report.

use serde::Serialize;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Level;

/// A law of safe recovery that a plan breaks, by what it is about. Steps and gates are named by their ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Violation {
    /// The document is not of one piece.
    Shape(OfShape),
    /// Something has no limit, or more is claimed than there is.
    Limits(OfLimits),
    /// Something may start before what it needs is there.
    Needs(OfNeeds),
    /// Something is done, or users are sent, where nothing may be.
    Places(OfPlaces),
    /// A writer too many, data lost without a word, or users sent to what is not ready.
    Writers(OfWriters),
    /// More is carried than there is room for.
    Room(OfRoom),
    /// Somebody has not been asked.
    Approval(OfApproval),
    /// The summary says otherwise than the steps or the estate.
    Summary(OfSummary),
}

impl Violation {
    /// Whether running the plan could destroy something: a writer too many, a site overrun, an act in a place that is
    /// lost, a document that can't be trusted at all. Such a plan is never shown; of anything else a reader is told.
    #[must_use]
    pub const fn destroys(&self) -> bool {
        match self {
            Self::Shape(_) | Self::Places(_) | Self::Writers(_) | Self::Room(_) => true,
            Self::Limits(_) | Self::Needs(_) | Self::Approval(_) | Self::Summary(_) => false,
        }
    }
}

/// The document is not of one piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfShape {
    /// The document is of a version that nobody here can read.
    UnknownFormat { format: u32 },
    /// Two steps or gates, or two entries for one service, site or pool, have the same name.
    TwiceNamed { name: String },
    /// An item comes after something that is not in the plan.
    NoSuchPredecessor { item: String, after: String },
    /// Items wait for each other; the path leads back to its first.
    Circle { items: Vec<String> },
    /// An item is to start before something that it waits for has ended.
    StartsEarly { item: String, start: Millis, after: String, end: Millis },
    /// Times or amounts that no calculation can hold.
    Overflow { item: String },
    /// Something names what the estate does not declare.
    NoSuchName { item: String, noun: Noun, name: String },
    /// A plan that moves one route does something else, too.
    BesideTheMove { step: String, route: String },
    /// An affected scope that can't be read against the estate.
    BadScope { scope: String, state: String },
    /// A site is in another state than the incident says.
    SiteStateDiffers { site: String, stated: String, is: String },
    /// Who served before is stated otherwise than declared, though nothing was observed.
    BeforeDiffers { service: String, site: String, stated: Ppm, declared: Ppm },
    /// A gate that no person answers opens before any step that could open it has ended.
    GateOpensEarly { gate: String, end: Millis, opened_by: Vec<String> },
}

/// Something has no limit, or more is claimed than there is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfLimits {
    /// A pool is larger, or keeps less, than declared.
    PoolDiffers { pool: String, size: u32, kept: u32, declared_size: u32, declared_kept: u32 },
    /// More is claimed of a pool at once than there is.
    PoolOverrun { pool: String, at: Millis, taken: u64, size: u32 },
    /// Later classes hold what is kept of a pool for the first.
    KeptOverrun { pool: String, at: Millis, taken: u64, left: u32 },
    /// A step on a site's hosts does not claim a slot there.
    SlotNotClaimed { step: String, pool: String },
    /// Something has no limit.
    NoLimit { item: String, limit: Limit },
}

/// Something may start before what it needs is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfNeeds {
    /// A step may run before a service that its own can't do without is ready.
    BeforeDependency { step: String, needs: String },
    /// A step needs a service that nobody brings back, and no person stands between.
    BeforeStranded { step: String, needs: String },
    /// The full level may be reached before a service that only that level needs is ready.
    FullBeforeDependency { step: String, needs: String },
    /// A start may happen before what it needs to start is ready.
    StartBeforeDependency { step: String, needs: String },
    /// What a step uses is not sure to be there when it starts.
    UsesUnavailable { step: String, uses: String },
    /// A step uses a kit that nobody fetches before, or that is only held in what is lost.
    KitNotFetched { step: String, kit: String },
    /// Something that such a step needs by declaration is filled by nothing.
    NeedUnfilled { step: String, any_of: Vec<String> },
    /// A command, a request or a message of a step names something that only a plan can fill in, and this one did not.
    NameUnfilled { step: String, name: String },
    /// Every way to a step's hosts leads through what is lost.
    JumpLost { step: String, jump: Vec<String> },
    /// Every server of whoever keeps a step's route is lost, and no person stands between.
    KeeperLost { step: String, provider: String },
    /// In a planned move a writer is silenced while its successor may still wait for something else.
    SilencedEarly { step: String, needs: String },
}

/// Something is done, or users are sent, where nothing may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfPlaces {
    /// A step acts where nothing may be done.
    ActsOnLost { step: String, site: String, state: String },
    /// A fence on what is lost may hold others up for too long.
    FenceTooLong { step: String, timeout: Millis, limit: Millis },
    /// A step acts on hosts that are lost.
    HostsLost { step: String, hosts: String },
    /// A service is to come up where nothing may.
    TargetUntrusted { service: String, site: String, state: String },
    /// A step acts on hosts, and names none.
    NoHosts { step: String },
    /// A step's hosts are not those of its replica, or are counted wrongly.
    HostsDiffer { step: String, hosts: String },
    /// A route goes nowhere.
    RouteEmpty { step: String, route: String },
    /// A route's shares are more than all users.
    RouteOverfull { step: String, route: String, sum: u64 },
    /// A route goes where nothing may.
    RouteToLost { step: String, route: String, site: String, state: String },
    /// A route still goes to a site that is to be left, after its last shift.
    RouteStaysAtLeaving { step: String, route: String, site: String, share: Ppm },
    /// A route has no address at a site that it goes to.
    RouteWithoutAddress { step: String, route: String, site: String },
    /// A route is shifted by another provider than declared.
    RouteDiffers { step: String, route: String, provider: String },
    /// Two shifts of one route do not wait for each other: where it ends is decided by whichever is slower.
    RouteByClock { route: String, first: String, second: String },
    /// The stages that a route passes through do not rise to where it goes.
    RampFalls { step: String, route: String },
    /// A shift counts on answers that are kept for less than declared, and nothing before it lowered that and waited.
    ShiftBeforeLowering { step: String, route: String },
    /// Answers may be kept as long as ever again while users are still moved.
    TtlRestoredEarly { step: String, route: String },
    /// How long answers may be kept is lowered, and never restored.
    TtlStaysLow { step: String, route: String },
    /// Users who are served by nobody wait until answers from before are gone.
    LoweredInLoss { step: String, route: String },
}

/// A writer too many, data lost without a word, or users sent to what is not ready.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfWriters {
    /// A writer is promoted, and the old one may still write.
    NoFenceBefore { step: String, site: String },
    /// A fence gate is opened by something that fences nothing there, or by nothing and nobody.
    FenceOpenedWrongly { gate: String, by: Option<String> },
    /// An old writer that answers and is not trusted is never fenced.
    FenceMissing { service: String, site: String },
    /// A fence that is owed is about nothing that the estate knows, or has no gate of its name.
    OwedUnknown { gate: String },
    /// A fence that stands on somebody's word in an earlier run is not tried, though it could be.
    OwedNotFenced { service: String, site: String },
    /// Something waits for a fence gate that opens on somebody's word in an earlier run, as if it proved anything.
    OwedReliedOn { step: String, gate: String },
    /// Two writers at once.
    TwoWriters { service: String, first: String, second: String },
    /// A promotion may lose more than promised, and nobody is asked.
    NoDataLossGate { step: String, lag: Option<Millis>, objective: Option<Millis> },
    /// What may be lost is judged while the old writer may still write.
    DataLossBeforeFence { gate: String, site: String },
    /// Users are brought to a target that nothing verifies, though its runbook could.
    NoVerify { step: String },
    /// Users may be brought to a target before it is verified.
    ShiftBeforeVerify { step: String, verify: String },
    /// A target may be verified before it is prepared, started, warm or promoted.
    VerifyBeforeUp { step: String, before: String },
    /// Something is drained or stopped before its target is ready.
    DrainBeforeReady { step: String, target: String },
}

/// More is carried than there is room for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfRoom {
    /// A site carries more than it may.
    SiteOverfull { site: String, resource: String, at: Millis, taken: u64, limit: u64 },
    /// A replica carries more than its hosts, or what was launched for it, can.
    ReplicaOverfull { service: String, site: String, resource: String, at: Millis, taken: u64, limit: u64 },
    /// Steps take more room than there is without those who give some up, and do not wait for any of them.
    RoomByClock { site: String, resource: String, taken: u64, limit: u64 },
    /// A step takes what a cloud launches, and does not wait for the launch.
    ScaleNotAwaited { step: String, scale: String },
    /// A cloud is asked for more than the replica may grow to.
    ScaleBeyond { step: String, resource: String, amount: u64, limit: u64 },
    /// A group is asked for fewer instances than it must have in all.
    GroupTooSmall { step: String, instances: u64, needed: u64 },
}

/// Somebody has not been asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfApproval {
    /// There is not exactly one approval of the whole plan.
    StartApprovals { count: u64 },
    /// A step changes something before the plan is approved.
    BeforeStartApproval { step: String },
    /// A step without a way back is guarded by no gate.
    IrreversibleUnapproved { step: String },
    /// A service gives up room for another that is not the lifeline's, and nobody is asked.
    VictimUnapproved { step: String, service: String },
}

/// The summary says otherwise than the steps or the estate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[expect(missing_docs, reason = "the sentence above each variant tells its fields: they are its nouns")]
pub enum OfSummary {
    /// A service's tier or effective tier is stated otherwise than declared, or than its callers need.
    TierDiffers { service: String, stated: String, is: String },
    /// A service's promise is stated otherwise than declared.
    ObjectiveDiffers { service: String, stated: Option<Millis>, declared: Option<Millis> },
    /// A service is said to end otherwise than its steps leave it.
    TargetDiffers { service: String, site: String, stated: (Level, Ppm), steps: (Level, Ppm) },
    /// A service is said to admit more users, or other users, than its targets serve.
    AdmitsDiffers { service: String, stated: Ppm, targets: Ppm },
    /// A service is said to be back at another time than its steps make it so.
    BackDiffers { service: String, stated: Option<Millis>, steps: Option<Millis> },
    /// A service is said to be full at another time than its steps make it so.
    FullDiffers { service: String, stated: Option<Millis>, steps: Option<Millis> },
    /// A service's milestones do not begin at T=0, or go back in time.
    MilestonesDisorder { service: String, at: Millis },
    /// A milestone promises more than the steps have made so by then.
    MilestoneTooGood { service: String, at: Millis, stated: (Level, Ppm), steps: (Level, Ppm) },
    /// Two steps decide what one replica serves, and do not wait for each other.
    ServedByClock { first: String, second: String },
    /// A link of a critical path is no item of the plan, or has other times.
    PathDiffers { service: String, link: String },
    /// A class is said to be done before one of its steps ends.
    ClassEndsEarly { tier: String, stated: Millis, step: String, end: Millis },
}

/// What a name should have been the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noun {
    /// A service.
    Service,
    /// A site.
    Site,
    /// A replica: a service at a site.
    Replica,
    /// A pool.
    Pool,
    /// A route.
    Route,
    /// A provider.
    Provider,
    /// A kit.
    Kit,
    /// A tier.
    Tier,
    /// A surge.
    Surge,
    /// A kind of resource.
    Resource,
    /// A phase.
    Phase,
    /// A procedure.
    Procedure,
    /// A step of this plan.
    Step,
    /// What a step uses: a service, a service at a site, or a kit.
    Supply,
}

/// A limit that everything has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// When an attempt is given up.
    Timeout,
    /// How often it may be tried.
    Attempts,
    /// How long a gate waits.
    Wait,
    /// How many hosts at once.
    Parallel,
    /// How many hosts are enough.
    Enough,
    /// Handshakes at once.
    Handshakes,
    /// Output that is kept.
    Output,
}
