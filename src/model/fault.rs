//! All that can be wrong with something written: a variant per kind, each with a stable code.
//!
//! The reason is a value; its sentence is made in report. Codes below 100 belong to what is written; they are never
//! reused, and a kind that is dropped leaves its number empty.

use crate::model::Code;
use crate::model::HostSetError;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::ProviderKind;
use crate::model::Severity;
use crate::model::SpanError;
use crate::template::TextFault;

/// A kind of thing that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// A site.
    Site,
    /// A place for people and kits.
    Place,
    /// A site or a place.
    Whereabouts,
    /// A kit.
    Kit,
    /// A tier.
    Tier,
    /// A service.
    Service,
    /// A route.
    Route,
    /// A provider.
    Provider,
    /// A pool.
    Pool,
    /// A runbook.
    Runbook,
    /// A step of a procedure.
    Step,
    /// A name that a runbook wants from services.
    Param,
    /// A named part of a replica's hosts.
    Subset,
    /// A kind of resource.
    Resource,
    /// A cache of a service.
    Cache,
    /// A key of a table.
    Key,
}

impl Noun {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Place => "place",
            Self::Whereabouts => "site or place",
            Self::Kit => "kit",
            Self::Tier => "tier",
            Self::Service => "service",
            Self::Route => "route",
            Self::Provider => "provider",
            Self::Pool => "pool",
            Self::Runbook => "runbook",
            Self::Step => "step",
            Self::Param => "parameter",
            Self::Subset => "subset",
            Self::Resource => "resource",
            Self::Cache => "cache",
            Self::Key => "key",
        }
    }
}

/// Why a text or number is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareError {
    /// It is no number.
    NotANumber,
    /// A text without its percent sign.
    NoPercent,
    /// Below 0 or above 1.
    Range,
    /// Finer than a millionth.
    Precision,
}

/// Why a number is no amount or factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AmountError {
    /// `nan`, `inf`, or no number at all.
    NotANumber,
    /// Below nothing.
    Negative,
    /// Zero, where something is needed.
    Zero,
    /// More than any datacenter holds.
    TooLarge,
    /// More than three decimals.
    Precision,
}

/// Why a list of shares is no ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RampError {
    /// It holds nothing.
    Empty,
    /// A share is not above the one before it.
    NotRising,
    /// It does not end at all of the traffic.
    NotWhole,
}

/// Why something written is not available at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Away {
    /// The procedure has no such thing: nothing is left, and nothing takes over.
    Procedure(Procedure),
    /// Only a command on hosts knows its host.
    NoHost,
    /// It runs on the operator's machine.
    Operator,
    /// The text is not part of a step.
    NoStep,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Its bytes are no UTF-8. Holds the first that is not.
    NotUtf8(usize),
    /// It is larger than a file may be. Holds its size in bytes.
    TooLarge(u64),
    /// The system refused. Holds what it said.
    Refused(String),
    /// A link that leads back to a folder that contains it.
    Loop,
}

/// What can be wrong with something written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold; report and explain say the rest")]
pub enum Fault {
    /// Not TOML. Holds what the parser says.
    Syntax(String),
    /// A file that was not read.
    Unread(Unread),
    /// A key that its table does not have. `belongs` names the file where such a table is read.
    UnknownKey { table: &'static str, key: String, near: Option<&'static str>, belongs: Option<&'static str> },
    /// A key that must be there, and is not.
    MissingKey { table: &'static str, key: &'static str },
    /// A value of another type.
    WrongType { expected: &'static str, found: &'static str },
    /// None of the words that are known here.
    UnknownWord { word: String, known: &'static [&'static str], near: Option<&'static str> },
    /// No span of time.
    BadSpan { text: String, why: SpanError },
    /// No share.
    BadShare { text: String, why: ShareError },
    /// No amount, or no factor.
    BadAmount { text: String, why: AmountError },
    /// A whole number outside its limits.
    OutOfRange { text: String, low: u64, high: u64 },
    /// No day of the calendar, or more than a day.
    BadDate,
    /// A name with a character that it may not hold, or an empty or overlong one.
    BadName { name: String, odd: Option<char> },
    /// No set of hosts.
    BadHosts { text: String, why: HostSetError },
    /// A control character in a text that people see.
    ControlCharacter(char),
    /// A text of another form: `SERVICE@SITE`.
    BadForm { text: String, expected: &'static str },
    /// A secret that is written out, or is no reference.
    NotAReference { key: String },
    /// Not a timezone of the IANA database.
    UnknownZone(String),
    /// An empty list where one thing at least is needed.
    EmptyList { key: &'static str },
    /// A name declared twice. The other place is the first.
    DeclaredTwice { what: Noun, name: String },
    /// A name that is declared nowhere.
    UnknownName { what: Noun, name: String, near: Option<String> },
    /// Nothing of this kind is declared at all.
    NothingDeclared(Noun),
    /// A service that depends on itself.
    DependsOnItself(String),
    /// A dependency that is listed twice.
    DependsTwice(String),
    /// Hard edges in a circle: its services are recovered together.
    HardCycle(Vec<String>),
    /// Start edges in a circle: none of its services can be started first.
    StartCycle(Vec<String>),
    /// Steps that wait for each other.
    NeedsCycle(Vec<String>),
    /// Shares of active replicas that do not add up to 1. Holds their sum.
    SharesSum(Ppm),
    /// A share on a replica that takes no traffic.
    ShareNotActive,
    /// An active replica without a share of the load.
    ActiveWithoutShare,
    /// No replica takes traffic.
    NoActive(String),
    /// A stateful service with another number of active replicas than one.
    NotOneActive { service: String, active: usize },
    /// A copy of a stateful service that does not say how its data follows.
    NoReplication,
    /// Data that comes from the replica itself, or from a site without one.
    BadReplicationSource { site: String, itself: bool },
    /// Voters of a service that is no quorum.
    VotersNotQuorum,
    /// A quorum none of whose replicas votes.
    NoVoters(String),
    /// A replica that may take over, and does not say what it can carry.
    MaxLoadMissing,
    /// A degraded level that takes more than the full one.
    DegradedAboveLoad { resource: String, degraded: u64, load: u64 },
    /// A replica that takes more while it waits than it can carry.
    StandingAboveMaxLoad { resource: String, standing: u64, max_load: u64 },
    /// A replica that can't scale: its site launches nothing on request.
    ScaleWithoutOnDemand { site: String, cloud: bool },
    /// Scaled, it carries no more than without.
    ScaleGainsNothing,
    /// A site without any capacity of its own.
    NoCapacity(String),
    /// A subset that names a host which the replica does not have.
    SubsetNotInHosts { subset: String, host: String },
    /// A kit that is nowhere.
    KitNowhere(String),
    /// This tool has no copy anywhere.
    OrchestratorNowhere,
    /// A service has no replica at a site.
    NotAReplica { service: String, site: String },
    /// A route that leads to a site where its service has no replica.
    RouteWithoutReplica { route: String, site: String },
    /// A route that no service and no step uses.
    RouteUnused(String),
    /// A route that leads nowhere, or a site without addresses.
    EmptyRecords,
    /// No ramp.
    BadRamp(RampError),
    /// A key that a provider of this kind does not have.
    KeyNotForKind { key: &'static str, kind: ProviderKind },
    /// A key that a provider of this kind must have.
    KeyForKind { key: &'static str, kind: ProviderKind },
    /// A provider that is asked for what it can't do.
    WrongProvider { provider: String, kind: ProviderKind, scale: bool },
    /// `{{ … }}` that is no name.
    Template(TextFault),
    /// A name in braces that nobody fills in.
    UnknownVariable { name: String, near: Option<String> },
    /// A name in braces that is not known at this place.
    VariableAway { name: String, why: Away },
    /// A parameter with the name of a variable that is always there.
    ParamShadows(String),
    /// A parameter that the runbook wants, and the service does not give.
    MissingParam { service: String, param: String },
    /// A step that does nothing.
    NoAction,
    /// A step, probe or call that does more than one thing.
    ManyActions(Vec<&'static str>),
    /// An action, or a side, that is not available here.
    ActionAway { action: &'static str, why: Away },
    /// A step that does not say where in the recovery it belongs.
    PhaseMissing(Procedure),
    /// A phase where there are none.
    PhaseAway(Procedure),
    /// A procedure that its users don't have: `[[fence]]` in the runbook of a service.
    ForeignProcedure { procedure: Procedure, user: Noun, name: String },
    /// A runbook that is used by services and by sites.
    RunbookOfBoth { service: String, site: String },
    /// A runbook that nobody uses.
    RunbookUnused(String),
    /// A service that names one runbook while another has its own name.
    TwoRunbooks { service: String, named: String },
    /// A service with somewhere to go, and no runbook to get there.
    NoRunbook(String),
    /// A step that can't be undone, is tried again, and can't tell whether it is done.
    RetryIrreversible,
    /// A batch that is satisfied with no host at all.
    EnoughZero,
    /// A step that is given up before it typically ends.
    TimeoutShort,
}

impl Fault {
    /// The stable code of this kind of fault. Codes are never reused.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code(match self {
            Self::Syntax(_) => 1,
            Self::Unread(_) => 2,
            Self::UnknownKey { .. } => 3,
            Self::MissingKey { .. } => 4,
            Self::WrongType { .. } => 5,
            Self::UnknownWord { .. } => 6,
            Self::BadSpan { .. } => 7,
            Self::BadShare { .. } => 8,
            Self::BadAmount { .. } => 9,
            Self::OutOfRange { .. } => 10,
            Self::BadDate => 11,
            Self::BadName { .. } => 12,
            Self::BadHosts { .. } => 13,
            Self::ControlCharacter(_) => 14,
            Self::BadForm { .. } => 15,
            Self::NotAReference { .. } => 16,
            Self::UnknownZone(_) => 17,
            Self::EmptyList { .. } => 18,
            Self::DeclaredTwice { .. } => 19,
            Self::UnknownName { .. } => 20,
            Self::NothingDeclared(_) => 21,
            Self::DependsOnItself(_) => 22,
            Self::DependsTwice(_) => 23,
            Self::HardCycle(_) => 24,
            Self::StartCycle(_) => 25,
            Self::NeedsCycle(_) => 26,
            Self::SharesSum(_) => 27,
            Self::ShareNotActive => 28,
            Self::ActiveWithoutShare => 29,
            Self::NoActive(_) => 30,
            Self::NotOneActive { .. } => 31,
            Self::NoReplication => 32,
            Self::BadReplicationSource { .. } => 33,
            Self::VotersNotQuorum => 34,
            Self::NoVoters(_) => 35,
            Self::MaxLoadMissing => 36,
            Self::DegradedAboveLoad { .. } => 37,
            Self::StandingAboveMaxLoad { .. } => 38,
            Self::ScaleWithoutOnDemand { .. } => 39,
            Self::ScaleGainsNothing => 40,
            Self::NoCapacity(_) => 41,
            Self::SubsetNotInHosts { .. } => 42,
            Self::KitNowhere(_) => 43,
            Self::OrchestratorNowhere => 44,
            Self::NotAReplica { .. } => 45,
            Self::RouteWithoutReplica { .. } => 46,
            Self::RouteUnused(_) => 47,
            Self::EmptyRecords => 48,
            Self::BadRamp(_) => 49,
            Self::KeyNotForKind { .. } => 50,
            Self::KeyForKind { .. } => 51,
            Self::WrongProvider { .. } => 52,
            Self::Template(_) => 53,
            Self::UnknownVariable { .. } => 54,
            Self::VariableAway { .. } => 55,
            Self::ParamShadows(_) => 56,
            Self::MissingParam { .. } => 57,
            Self::NoAction => 58,
            Self::ManyActions(_) => 59,
            Self::ActionAway { .. } => 60,
            Self::PhaseMissing(_) => 61,
            Self::PhaseAway(_) => 62,
            Self::ForeignProcedure { .. } => 63,
            Self::RunbookOfBoth { .. } => 64,
            Self::RunbookUnused(_) => 65,
            Self::TwoRunbooks { .. } => 66,
            Self::NoRunbook(_) => 67,
            Self::RetryIrreversible => 68,
            Self::EnoughZero => 69,
            Self::TimeoutShort => 70,
        })
    }

    /// How severe this kind of fault is. A warning is something that can be used as it stands.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self.code().0 {
            // DependsTwice, the cycles that are recovered together, a scale that gains nothing, routes and runbooks
            // that lead nowhere or that nobody uses, and limits that are merely unwise.
            23..=25 | 40 | 46 | 47 | 65..=68 | 70 => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether it says that something is missing. In a file that is not TOML what is missing may well stand in the
    /// part that could not be read.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::MissingKey { .. }
                | Self::NoActive(_)
                | Self::NotOneActive { .. }
                | Self::NoReplication
                | Self::NoVoters(_)
                | Self::MaxLoadMissing
                | Self::NoCapacity(_)
                | Self::KitNowhere(_)
                | Self::OrchestratorNowhere
                | Self::EmptyRecords
                | Self::KeyForKind { .. }
                | Self::MissingParam { .. }
                | Self::NoAction
                | Self::PhaseMissing(_)
                | Self::SharesSum(_)
                | Self::RunbookUnused(_)
                | Self::RouteUnused(_)
                | Self::NothingDeclared(_)
        )
    }
}
