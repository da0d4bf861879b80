//! Names as positions: each declared thing is known by its place in the estate's sorted list of its kind.
//!
//! A position is good for one estate only. Names come back at the border: plans and screens carry text.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as an index.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }

            /// The id of the thing at this position; lists are far below 2³² long (files are limited to 8 MB each).
            #[must_use]
            pub fn new(at: usize) -> Self {
                Self(u32::try_from(at).unwrap_or(u32::MAX))
            }
        }
    )*};
}

ids! {
    /// A site: its place in `Estate::sites`, which is sorted by name.
    SiteId,
    /// A service: its place in `Estate::services`, which is sorted by name.
    ServiceId,
    /// A tier: its place in `Estate::tiers`, which is in order of recovery; 0 is the first.
    TierId,
    /// A runbook: its place in `Estate::runbooks`, which is sorted by name.
    RunbookId,
    /// A route: its place in `Estate::routes`, which is sorted by name.
    RouteId,
    /// A provider: its place in `Estate::providers`, which is sorted by name.
    ProviderId,
    /// A pool: its place in `Estate::pools`, which is sorted by name.
    PoolId,
    /// A kit: its place in `Estate::kits`, which is sorted by name.
    KitId,
    /// A place where people and kits can be, besides sites: its place in `Estate::places`.
    PlaceId,
    /// A fault domain: its place in `Estate::domains`, which is sorted by name.
    DomainId,
    /// A named surge: its place in `Estate::surges`, which is sorted by name.
    SurgeId,
    /// A kind of resource (cores, gbps): its place in `Estate::resources`, which is sorted by name.
    ResourceId,
    /// A host rule: its place in `Estate::host_rules`, which is in the order written.
    HostRuleId,
    /// A file that was read: its place in the list of sources.
    FileId,
}
