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

/// Why a route can't be kept as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordError {
    /// In DNS: what it leads to is no IP address.
    NoAddress(String),
    /// One place is of two sites.
    TwoSites {
        /// The address, or the server.
        place: String,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// Its name is not in the zone of its provider.
    OutsideZone(String),
    /// Another route has the same keeper and the same name.
    AlsoBy(String),
    /// What answers may be kept for in a planned move is nothing at all, or no shorter than ever.
    NotLower,
    /// Its keeper gives no answers that anybody keeps, so that there is nothing to lower.
    KeepsNoTtl,
}

/// Why an auto-scaling group can't be asked for what a plan would launch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupError {
    /// Another provider names the same group.
    AlsoBy(String),
    /// Replicas at two sites grow by it.
    TwoSites {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A replica grows by a resource of which an instance gives nothing.
    GivesNone(String),
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
    /// The text is written into a plan, for people: no run has begun yet.
    NoRun,
    /// The step is about what is left, and not about what takes over.
    Source,
    /// The step is for the service as a whole: no text of it names a target.
    NoTarget,
    /// The provider is asked for capacity, which has no record and no shares.
    Capacity,
    /// The provider keeps a route, which has no amounts and is of no one service and site.
    Routes,
}

/// Why `{{ address }}` has no value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoAddress {
    /// The service has no route.
    NoRoute,
    /// Its route has no address at this site.
    NoneAt(String),
    /// Its route has several addresses at this site, and nothing says which is meant.
    ManyAt(String),
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

/// Writes the enum together with the code and the severity of each variant: one line tells all of a kind.
macro_rules! faults {
    ($($(#[$doc:meta])* $code:literal, $severity:ident, $name:ident $(($held:ty))? $({ $($field:ident: $type:ty),* })?;)*) => {
        /// What can be wrong with something written.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "fields are named after what they hold; report and explain say the rest")]
        pub enum Fault {
            $($(#[$doc])* $name $(($held))? $({ $($field: $type),* })?,)*
        }

        impl Fault {
            /// Every code that is in use, in order, with the name of its kind.
            pub const CODES: &'static [(Code, &'static str)] = &[$((Code($code), stringify!($name))),*];

            /// The stable code of this kind of fault. Codes are never reused.
            #[must_use]
            pub const fn code(&self) -> Code {
                match self {
                    $(Self::$name { .. } => Code($code),)*
                }
            }

            /// How severe this kind of fault is. A warning is something that can be used as it stands.
            #[must_use]
            pub const fn severity(&self) -> Severity {
                match self {
                    $(Self::$name { .. } => Severity::$severity,)*
                }
            }
        }
    };
}

faults! {
    /// Not TOML. Holds what the parser says.
    1, Error, Syntax(String);
    /// A file that was not read.
    2, Error, Unread(Unread);
    /// A key that its table does not have. `belongs` names the file where such a table is read.
    3, Error, UnknownKey { table: &'static str, key: String, near: Option<&'static str>, belongs: Option<&'static str> };
    /// A key that must be there, and is not.
    4, Error, MissingKey { table: &'static str, key: &'static str };
    /// A value of another type.
    5, Error, WrongType { expected: &'static str, found: &'static str };
    /// None of the words that are known here.
    6, Error, UnknownWord { word: String, known: &'static [&'static str], near: Option<&'static str> };
    /// No span of time.
    7, Error, BadSpan { text: String, why: SpanError };
    /// No share.
    8, Error, BadShare { text: String, why: ShareError };
    /// No amount, or no factor.
    9, Error, BadAmount { text: String, why: AmountError };
    /// A whole number outside its limits.
    10, Error, OutOfRange { text: String, low: u64, high: u64 };
    /// No day of the calendar, or more than a day.
    11, Error, BadDate;
    /// A name with a character that it may not hold, or an empty or overlong one.
    12, Error, BadName { name: String, odd: Option<char> };
    /// No set of hosts.
    13, Error, BadHosts { text: String, why: HostSetError };
    /// A control character in a text that people see.
    14, Error, ControlCharacter(char);
    /// A text of another form: `SERVICE@SITE`.
    15, Error, BadForm { text: String, expected: &'static str };
    /// A secret that is written out, or is no reference.
    16, Error, NotAReference { key: String };
    /// Not a timezone of the IANA database.
    17, Error, UnknownZone(String);
    /// An empty list where one thing at least is needed.
    18, Error, EmptyList { key: &'static str };
    /// A name declared twice. The other place is the first.
    19, Error, DeclaredTwice { what: Noun, name: String };
    /// Tiers in more than one file. The other place is the first tier of all.
    71, Error, TiersApart;
    /// More findings in the same file than are told. Holds how many more.
    72, Error, More(usize);
    /// A name that is declared nowhere.
    20, Error, UnknownName { what: Noun, name: String, near: Option<String> };
    /// Nothing of this kind is declared at all.
    21, Error, NothingDeclared(Noun);
    /// A service that depends on itself.
    22, Error, DependsOnItself(String);
    /// A dependency that is listed twice.
    23, Warning, DependsTwice(String);
    /// Hard edges in a circle: its services are recovered together.
    24, Warning, HardCycle(Vec<String>);
    /// Start edges in a circle: none of its services can be started first.
    25, Warning, StartCycle(Vec<String>);
    /// Steps that wait for each other.
    26, Error, NeedsCycle(Vec<String>);
    /// Shares of active replicas that do not add up to 1. Holds their sum.
    27, Error, SharesSum(Ppm);
    /// A share on a replica that takes no traffic.
    28, Error, ShareNotActive;
    /// An active replica without a share of the load.
    29, Error, ActiveWithoutShare;
    /// No replica takes traffic.
    30, Error, NoActive(String);
    /// A stateful service with another number of active replicas than one.
    31, Error, NotOneActive { service: String, active: usize };
    /// A copy of a stateful service that does not say how its data follows.
    32, Error, NoReplication;
    /// Data that comes from the replica itself, or from a site without one.
    33, Error, BadReplicationSource { site: String, itself: bool };
    /// Voters of a service that is no quorum.
    34, Error, VotersNotQuorum;
    /// A quorum none of whose replicas votes.
    35, Error, NoVoters(String);
    /// A replica that may take over, and does not say what it can carry.
    36, Error, MaxLoadMissing;
    /// A degraded level that takes more than the full one.
    37, Error, DegradedAboveLoad { resource: String, degraded: u64, load: u64 };
    /// A replica that takes more while it waits than it can carry.
    38, Error, StandingAboveMaxLoad { resource: String, standing: u64, max_load: u64 };
    /// A replica that can't scale: its site launches nothing on request.
    39, Error, ScaleWithoutOnDemand { site: String, cloud: bool };
    /// Scaled, it carries no more than without.
    40, Warning, ScaleGainsNothing;
    /// A site without any capacity of its own.
    41, Error, NoCapacity(String);
    /// A subset that names a host which the replica does not have.
    42, Error, SubsetNotInHosts { subset: String, host: String };
    /// A kit that is nowhere.
    43, Error, KitNowhere(String);
    /// This tool has no copy anywhere.
    44, Error, OrchestratorNowhere;
    /// A service has no replica at a site.
    45, Error, NotAReplica { service: String, site: String };
    /// A route that leads to a site where its service has no replica.
    46, Warning, RouteWithoutReplica { route: String, site: String };
    /// A route that no service and no step uses.
    47, Warning, RouteUnused(String);
    /// A route that leads nowhere, or a site without addresses.
    48, Error, EmptyRecords;
    /// No ramp.
    49, Error, BadRamp(RampError);
    /// A key that a provider of this kind does not have.
    50, Error, KeyNotForKind { key: &'static str, kind: ProviderKind };
    /// A key that a provider of this kind must have.
    51, Error, KeyForKind { key: &'static str, kind: ProviderKind };
    /// A provider that is asked for what it can't do.
    52, Error, WrongProvider { provider: String, kind: ProviderKind, scale: bool };
    /// `{{ … }}` that is no name.
    53, Error, Template(TextFault);
    /// A name in braces that nobody fills in.
    54, Error, UnknownVariable { name: String, near: Option<String> };
    /// A name in braces that is not known at this place.
    55, Error, VariableAway { name: String, why: Away };
    /// A parameter with the name of a variable that is always there.
    56, Error, ParamShadows(String);
    /// A parameter that the runbook wants, and the service does not give.
    57, Error, MissingParam { service: String, param: String };
    /// A step that does nothing.
    58, Error, NoAction;
    /// A step, probe or call that does more than one thing.
    59, Error, ManyActions(Vec<&'static str>);
    /// An action, or a side, that is not available here.
    60, Error, ActionAway { action: &'static str, why: Away };
    /// A step that does not say where in the recovery it belongs.
    61, Error, PhaseMissing(Procedure);
    /// A phase where there are none.
    62, Error, PhaseAway(Procedure);
    /// A procedure that its users don't have: `[[fence]]` in the runbook of a service.
    63, Error, ForeignProcedure { procedure: Procedure, user: Noun, name: String };
    /// A runbook that is used by services and by sites.
    64, Error, RunbookOfBoth { service: String, site: String };
    /// A runbook that nobody uses.
    65, Warning, RunbookUnused(String);
    /// A service that names one runbook while another has its own name.
    66, Warning, TwoRunbooks { service: String, named: String };
    /// A service with somewhere to go, and no runbook to get there.
    67, Warning, NoRunbook(String);
    /// A step that can't be undone, is tried again, and can't tell whether it is done.
    68, Warning, RetryIrreversible;
    /// A batch that is satisfied with no host at all.
    69, Error, EnoughZero;
    /// A step that is given up before it typically ends.
    70, Warning, TimeoutShort;
    /// Hard and start edges in one circle: nothing in it can be started from nothing.
    73, Warning, MixedCycle(Vec<String>);
    /// Something is said to have been done on a day that has not come yet.
    74, Warning, FutureDate { key: String, date: String };
    /// The same hosts in two replicas at different sites.
    75, Error, HostsTwice { hosts: String, service: String, site: String };
    /// `{{ address }}` where a service that uses the runbook has none, or more than one.
    76, Error, NoAddress { service: String, why: NoAddress };
    /// Hosts of one set that different rules are for. All of them are reached as the first.
    77, Error, HostRulesDiffer { first: String, host: String };
    /// A route that its keeper can't hold as it is written.
    78, Error, BadRecord { route: String, why: RecordError };
    /// An auto-scaling group that can't be asked for what a plan would launch.
    79, Error, BadGroup { provider: String, why: GroupError };
    /// A DNS record with addresses of one family at some of its sites only.
    80, Warning, FamilyGap { route: String, family: &'static str, has: Vec<String>, lacks: Vec<String> };
    /// A ramp that begins below the smallest share that its keeper can give.
    81, Warning, RampTooFine { route: String, kind: ProviderKind, first: Ppm, least: Ppm };
}

impl Fault {
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
