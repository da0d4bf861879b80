//! Routes in Amazon Route 53: weighted record sets, one for each site, whose weights are changed in one batch.
//!
//! Route 53 can't compare and write in one, so the sets are listed again right before they are written, and each is written
//! back as it was listed but for what is changed, its weight or its TTL: health checks, values and the rest stay. A change
//! that Route 53 still carries to its name servers is told as such by every look.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use aws_sdk_route53::Client;
use aws_sdk_route53::config::BehaviorVersion;
use aws_sdk_route53::config::Region;
use aws_sdk_route53::error::ProvideErrorMetadata;
use aws_sdk_route53::error::SdkError;
use aws_sdk_route53::types::Change;
use aws_sdk_route53::types::ChangeAction;
use aws_sdk_route53::types::ChangeBatch;
use aws_sdk_route53::types::ChangeStatus;
use aws_sdk_route53::types::HostedZone;
use aws_sdk_route53::types::ResourceRecordSet;
use aws_sdk_route53::types::RrType;
use tokio::sync::OnceCell;

use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::aws;
use crate::driver::aws::Came;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Sight;
use crate::driver::route::provider::Standing;
use crate::driver::route::provider::Trouble;
use crate::driver::route::table::Entry;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::model::Millis;
use crate::model::Ppm;

/// One route in a hosted zone.
pub(super) struct Route53 {
    client: Client,
    /// The provider, as people call it.
    name: String,
    /// Its identifier, or its name.
    zone: String,
    record: String,
    at: Vec<(String, Vec<String>)>,
    barred: Vec<String>,
    /// Where users will be sent, stage by stage; nothing where it is only looked at.
    stages: Vec<Vec<(String, Ppm)>>,
    /// The identifier of the zone, where `zone` is a name.
    found: OnceCell<String>,
    /// The change that was made last, until it is in sync.
    open: Mutex<Option<String>>,
}

/// Route 53 is one service for the whole world, signed for as if it were here.
const REGION: &str = "us-east-1";
/// The API takes no larger weight.
const WEIGHT_MAX: u64 = 255;
/// One page holds 300 sets; a name with more of them is no route of ours.
const SETS_MAX: i32 = 300;
/// Zones of one name: a public one, and a private one for each network at most.
const ZONES_MAX: i32 = 100;
/// The longest that an answer may be kept (RFC 2181, 8).
const TTL_MAX_S: u64 = (1 << 31) - 1;

impl Route53 {
    /// From what is authored, with the credentials that it refers to, or those of the standard variables.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &RouteTask, secrets: &Secrets) -> Result<Self, String> {
        let provider = &task.provider;
        let name = provider.name.clone();
        let zone = provider.zone.clone().ok_or_else(|| format!("the provider {name} has no `zone`"))?;
        let mut config = aws_sdk_route53::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(aws::credentials(provider, secrets)?)
            .http_client(aws::http())
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries());
        if let Some(server) = provider.servers.first() {
            config = config.endpoint_url(server);
        }
        Ok(Self {
            client: Client::from_conf(config.build()),
            name,
            zone,
            record: task.record.clone(),
            at: task.at.clone(),
            barred: task.barred.clone(),
            stages: task.stages.iter().map(|stage| stage.to.clone()).collect(),
            found: OnceCell::new(),
            open: Mutex::default(),
        })
    }

    /// What a failed request means. `is_write` where it may have counted.
    fn trouble<E: ProvideErrorMetadata>(&self, what: &str, error: &SdkError<E>, is_write: bool) -> Trouble {
        let (came, says) = aws::failed(error, is_write);
        let why = format!("{}: {what}: {says}", self.name);
        match came {
            Came::No if error.code() == Some("NoSuchHostedZone") => {
                Trouble::Refused(format!("{why}; `zone` must be a hosted zone of this account"))
            }
            Came::No => Trouble::Refused(why),
            Came::Silent => Trouble::Unreachable(why),
            Came::Open => Trouble::Open(why),
        }
    }

    /// The identifier of the zone, looked for once where a name was given.
    async fn zone_id(&self) -> Result<&str, Trouble> {
        if !self.zone.contains('.') {
            return Ok(self.zone.trim_start_matches("/hostedzone/"));
        }
        self.found.get_or_try_init(|| self.find_zone()).await.map(String::as_str)
    }

    /// The one zone of this name.
    async fn find_zone(&self) -> Result<String, Trouble> {
        let listed =
            self.client.list_hosted_zones_by_name().dns_name(plain(&self.zone)).max_items(ZONES_MAX).send().await;
        let listed = listed.map_err(|error| self.trouble("the zones can't be listed", &error, false))?;
        let named = |zone: &&HostedZone| plain(zone.name()) == plain(&self.zone);
        let zones: Vec<&HostedZone> = listed.hosted_zones().iter().filter(named).collect();
        let id = |zone: &HostedZone| zone.id().trim_start_matches("/hostedzone/").to_owned();
        let (name, zone) = (&self.name, &self.zone);
        let is_private = |zone: &HostedZone| zone.config().is_some_and(|config| config.private_zone());
        Err(Trouble::Refused(match zones.as_slice() {
            [one] if !is_private(one) => return Ok(id(one)),
            [one] => format!(
                "{name}: the zone {zone} is private, so users don't ask it: if it is meant, write its identifier {} as `zone`",
                id(one)
            ),
            [] => format!("{name}: this account has no hosted zone {zone}"),
            all => {
                let ids = all.iter().map(|zone| id(zone)).collect::<Vec<_>>().join(", ");
                format!(
                    "{name}: this account has {} hosted zones {zone}: write an identifier as `zone`: {ids}",
                    all.len()
                )
            }
        }))
    }

    /// The sets of the record, as they are listed.
    async fn sets(&self) -> Result<Vec<ResourceRecordSet>, Trouble> {
        let listed = self.client.list_resource_record_sets().hosted_zone_id(self.zone_id().await?).max_items(SETS_MAX);
        let listed = listed.start_record_name(&self.record).start_record_type(RrType::A).send().await;
        let listed = listed.map_err(|error| self.trouble("the record sets can't be listed", &error, false))?;
        let is_ours = |set: &&ResourceRecordSet| {
            plain(set.name()) == plain(&self.record) && matches!(set.r#type(), RrType::A | RrType::Aaaa)
        };
        let sets: Vec<ResourceRecordSet> = listed.resource_record_sets().iter().filter(is_ours).cloned().collect();
        let (record, zone) = (&self.record, &self.zone);
        if sets.is_empty() {
            return Err(Trouble::Refused(format!(
                "{}: the zone {zone} has no record {record} of type A or AAAA: create a weighted one for each site",
                self.name
            )));
        }
        match sets.iter().find(|set| set.weight().is_none() || set.set_identifier().is_none()) {
            None => Ok(sets),
            Some(_) => Err(Trouble::Refused(format!(
                "{}: {record} has no weights: replace it by a weighted record for each site, with the site as its identifier",
                self.name
            ))),
        }
    }

    fn missing(&self, kind: &str, site: &str) -> String {
        format!("{kind}: {} has no record for {site}: create one with the identifier {site} and weight 0", self.record)
    }

    fn entry(&self, set: &ResourceRecordSet) -> Entry {
        let identifier = set.set_identifier().unwrap_or_default();
        let at = self.at.iter().find(|(site, _)| site == identifier);
        let strange = at.and_then(|(_, known)| {
            set.resource_records().iter().map(|record| record.value()).find(|value| !known.iter().any(|it| it == value))
        });
        Entry {
            on: format!("{} {}", self.name, set.r#type().as_str()),
            place: strange.map_or_else(|| identifier.to_owned(), |value| format!("{identifier} ({value})")),
            site: at.filter(|_| strange.is_none()).map(|(site, _)| site.clone()),
            weight: set.weight().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(0),
        }
    }

    fn table_of(&self, sets: &[ResourceRecordSet]) -> Table {
        let ttl = sets.iter().filter_map(ResourceRecordSet::ttl).max();
        let ttl = ttl.and_then(|ttl| u64::try_from(ttl).ok()).map(|ttl| Millis(ttl.saturating_mul(1_000)));
        Table::new(sets.iter().map(|set| self.entry(set)).collect(), ttl)
    }

    /// Sets that have no TTL to change, in one line.
    fn aliases(&self, kind: &str, sets: &[ResourceRecordSet]) -> Option<String> {
        let is_alias = |set: &&ResourceRecordSet| set.r#type().as_str() == kind && set.alias_target().is_some();
        let aliases: Vec<&str> = sets.iter().filter(is_alias).filter_map(ResourceRecordSet::set_identifier).collect();
        (!aliases.is_empty()).then(|| {
            format!(
                "{} {kind}: {} is an alias at {}: it has no TTL of its own, so a planned move can't lower it there",
                self.name,
                self.record,
                aliases.join(", ")
            )
        })
    }
}

/// The set as it is to be: none where nothing of it changes. All sets of a record have one TTL; an alias has none.
fn changed(set: &ResourceRecordSet, weight: Option<u32>, ttl: Option<Millis>) -> Option<ResourceRecordSet> {
    let seconds = ttl.filter(|_| set.ttl().is_some()).map(|ttl| ttl.0.div_ceil(1_000).min(TTL_MAX_S));
    let mut next = set.clone();
    next.weight = weight.map(i64::from).or(set.weight);
    next.ttl = seconds.and_then(|seconds| i64::try_from(seconds).ok()).or(set.ttl);
    (next != *set).then_some(next)
}

/// A name as it is compared: without the dot at its end, and in small letters.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Weights that come nearest to shares, each up to 255. Whoever has a share has a weight, and whoever is barred is rounded
/// down.
fn weights(shares: &[(u64, bool)]) -> Vec<u64> {
    let most = shares.iter().map(|(share, _)| *share).max().unwrap_or(0).max(1);
    let whole: u64 = shares.iter().map(|(share, _)| *share).sum::<u64>().max(1);
    let at = |scale: u64| -> Vec<u64> {
        let one = |(share, barred): &(u64, bool)| match (*share, barred) {
            (0, _) => 0,
            (share, true) => share * scale / most,
            (share, false) => ((share * scale * 2 + most) / (most * 2)).clamp(1, WEIGHT_MAX),
        };
        shares.iter().map(one).collect()
    };
    let off = |weights: &Vec<u64>| {
        let sum = weights.iter().sum::<u64>().max(1);
        let one = |(weight, (share, _)): (&u64, &(u64, bool))| {
            (weight * Ppm::ONE.0 / sum).abs_diff(share * Ppm::ONE.0 / whole)
        };
        weights.iter().zip(shares).map(one).max().unwrap_or(0)
    };
    (1..=WEIGHT_MAX).rev().map(at).min_by_key(off).unwrap_or_default()
}

impl Provider for Route53 {
    async fn read(&self) -> Result<Table, Trouble> {
        Ok(self.table_of(&self.sets().await?))
    }

    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble> {
        let mut tables: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &now.entries {
            tables.entry(&entry.on).or_default().push(entry);
        }
        let mut entries = Vec::with_capacity(now.entries.len());
        for (kind, all) in tables {
            let has = |site: &String| all.iter().any(|entry| entry.site.as_ref() == Some(site));
            if let Some(site) = aim.iter().find(|(site, share)| share.0 > 0 && !has(site)).map(|(site, _)| site) {
                return Err(Trouble::Refused(self.missing(kind, site)));
            }
            let share = |entry: &&Entry| {
                let site = entry.site.as_ref();
                let share = site.and_then(|site| aim.get(site)).map_or(0, |share| share.0);
                (share, site.is_some_and(|site| self.barred.contains(site)))
            };
            let weights = weights(&all.iter().map(share).collect::<Vec<_>>());
            entries.extend(
                all.into_iter()
                    .zip(weights)
                    .map(|(entry, weight)| Entry { weight: u32::try_from(weight).unwrap_or(0), ..entry.clone() }),
            );
        }
        Ok(Table::new(entries, now.ttl))
    }

    async fn write(&self, from: &Table, to: &Table) -> Result<(), Trouble> {
        let sets = self.sets().await?;
        let now = self.table_of(&sets);
        if now == *to {
            return Ok(());
        }
        if now != *from {
            return Err(Trouble::Changed(format!(
                "{} led to {}, and leads to {} now: somebody else changed it",
                self.record,
                from.fact(),
                now.fact()
            )));
        }
        let impossible = |error| Trouble::Refused(format!("{}: the change can't be made: {error}", self.name));
        let mut batch = ChangeBatch::builder().comment("bonghwa");
        for set in sets {
            let entry = self.entry(&set);
            let same_place = |other: &&Entry| other.on == entry.on && other.place == entry.place;
            let weight = to.entries.iter().find(same_place).map(|wanted| wanted.weight);
            let Some(set) = changed(&set, weight, to.ttl.filter(|_| to.ttl != now.ttl)) else { continue };
            let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set).build();
            batch = batch.changes(change.map_err(impossible)?);
        }
        let batch = batch.build().map_err(impossible)?;
        let zone = self.zone_id().await?;
        let sent = self.client.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await;
        let sent = sent.map_err(|error| self.trouble("the record sets can't be changed", &error, true))?;
        if let Some(change) = sent.change_info() {
            let id = change.id().trim_start_matches("/change/").to_owned();
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        }
        Ok(())
    }

    /// The sets as they are listed anew, once the last change is on all name servers.
    async fn look(&self) -> Vec<Sight> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let table = match open {
            None => self.read().await,
            Some(id) => match self.client.get_change().id(&id).send().await {
                Err(error) => Err(self.trouble(&format!("the change {id} can't be looked at"), &error, false)),
                Ok(change) if change.change_info().is_some_and(|info| *info.status() == ChangeStatus::Insync) => {
                    *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    self.read().await
                }
                Ok(_) => Err(Trouble::Open(format!(
                    "{}: the change {id} is still PENDING, so its name servers may not answer by it yet",
                    self.name
                ))),
            },
        };
        let table = match table {
            Ok(table) => table,
            Err(trouble) => return vec![Sight { server: self.name.clone(), table: Err(trouble) }],
        };
        let kinds: BTreeSet<&str> = table.entries.iter().map(|entry| entry.on.as_str()).collect();
        let own = |kind: &str| table.entries.iter().filter(|entry| entry.on == kind).cloned().collect();
        let sight = |kind: &str| Sight { server: kind.to_owned(), table: Ok(Table::new(own(kind), table.ttl)) };
        kinds.into_iter().map(sight).collect()
    }

    /// A site without a set can't be sent anybody: that is told before a shift comes to it.
    async fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        // Why it can't be read is told by whoever reads it.
        let Ok(sets) = self.sets().await else { return standing };
        let kinds: BTreeSet<&str> = sets.iter().map(|set| set.r#type().as_str()).collect();
        for kind in kinds {
            standing.remarks.extend(self.aliases(kind, &sets));
            let has =
                |site: &str| sets.iter().any(|set| set.r#type().as_str() == kind && set.set_identifier() == Some(site));
            for (site, _) in self.at.iter().filter(|(site, _)| !has(site)) {
                let missing = self.missing(&format!("{} {kind}", self.name), site);
                let is_wanted = |(to, share): &(String, Ppm)| to == site && *share > Ppm::ZERO;
                let is_target = self.stages.iter().flatten().any(is_wanted);
                if is_target { standing.troubles.push(missing) } else { standing.remarks.push(missing) }
            }
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::weights;

    #[test]
    fn weights_come_near_to_shares() {
        let of = |shares: &[u64]| weights(&shares.iter().map(|share| (*share, false)).collect::<Vec<_>>());
        assert_eq!(of(&[500_000, 500_000]), [255, 255]);
        assert_eq!(of(&[0, 1_000_000]), [0, 255]);
        assert_eq!(of(&[0, 0]), [0, 0]);
        for percent in 1..100_u64 {
            let found = of(&[percent * 10_000, 1_000_000 - percent * 10_000]);
            let share = found[0] * 1_000_000 / found.iter().sum::<u64>();
            assert!(
                share.abs_diff(percent * 10_000) <= 2_000 && found.iter().all(|one| (1..=255).contains(one)),
                "{found:?}"
            );
        }
        let tiny = of(&[1_000, 999_000]);
        assert_eq!(tiny, [1, 255]);
        assert!(weights(&[(1_000, true), (999_000, false)])[0] == 0);
    }
}
