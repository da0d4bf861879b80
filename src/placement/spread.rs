//! Floors: every user of a service back at the level that still does its job, as far as there is room anywhere.

use crate::model::Amounts;
use crate::model::DomainId;
use crate::model::Incident;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::model::TierId;
use crate::placement::Because;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::SeatId;
use crate::placement::Serving;
use crate::placement::candidates::Short;
use crate::placement::candidates::candidates;
use crate::placement::work::Means;
use crate::placement::work::Work;
use crate::placement::work::largest;

/// Places the users that nobody serves, at the service's floor.
pub(in crate::placement) fn place_floor(work: &mut Work<'_>, id: ServiceId, incident: &Incident, lost: &[DomainId]) {
    if work.open_share(id) == Ppm::ZERO {
        return;
    }
    let level = work.floor(id);
    let demand = work.situation.demand(work.estate, id, level);
    let (survivors, mut added) = candidates(work, id, incident, lost);
    added.retain(|seat| work.seat(*seat).gives_way.is_none());
    if work.splits(id) {
        absorb(work, &survivors, level, &demand);
        let everyone: Vec<SeatId> = survivors.iter().chain(&added).copied().collect();
        for means in stages(work.tier(id)) {
            for &seat in &everyone {
                pour(work, seat, level, &demand, means);
            }
        }
        if work.open_share(id) > Ppm::ZERO {
            move_aside(work, id, &added, level, &demand, incident, lost);
        }
    } else if !has_writer(work, id) {
        place_whole(work, id, &added, level, &demand);
    }
}

/// Whether a trusted writer is there, even one that gave up its room: a second one is never promoted beside it.
fn has_writer(work: &Work<'_>, id: ServiceId) -> bool {
    work.seats[id.at()].iter().any(|seat| seat.part == Part::Survivor)
}

/// What is tried, in order. The first tier takes room from others before it leans on capacity that a cloud must launch
/// first; everybody else spares the others as long as the cloud has something.
fn stages(tier: TierId) -> Vec<Means> {
    let room = Means::ROOM;
    if tier == TierId(0) {
        let room = Means { bridge: true, ..room };
        let degrade = Means { degrade: true, ..room };
        let shed = Means { shed: true, ..degrade };
        let reserve = Means { reserve: true, ..shed };
        return vec![room, degrade, shed, reserve, Means { launch: true, ..reserve }];
    }
    let launch = Means { launch: true, ..room };
    let degrade = Means { degrade: true, ..launch };
    vec![room, launch, degrade, Means { shed: true, ..degrade }]
}

/// Users are moved by whole percents where they can be: a share that nobody can read aloud helps nobody.
const BUCKET: u64 = 10_000;

/// Survivors go to the level, and take over in proportion to what each can still carry: at the full level where all of
/// it fits, so that nobody moves twice, else at this one. What does not divide goes to the first by name.
fn absorb(work: &mut Work<'_>, survivors: &[SeatId], level: Level, demand: &Amounts) {
    let mut means = Means::ROOM;
    for &seat in survivors {
        let share = work.seat(seat).last.share;
        work.put(seat, Serving { level, share }, demand, Means::ROOM);
        means.bridge |= work.tier(seat.service) == TierId(0);
    }
    let Some(first) = survivors.first() else {
        return;
    };
    let open = work.open_share(first.service);
    let full = work.situation.demand(work.estate, first.service, Level::Full);
    let sum = |extra: &Vec<Ppm>| extra.iter().map(|extra| extra.0).sum::<u64>();
    let mut ways = [&full, demand].into_iter().map(|demand| extra(work, survivors, demand, means));
    let Some(extra) = ways.find(|extra| sum(extra) >= open.0) else {
        return;
    };
    let all = sum(&extra).max(1);
    for (&seat, extra) in survivors.iter().zip(&extra) {
        let part = u128::from(open.0) * u128::from(extra.0) / u128::from(all);
        let part = u64::try_from(part).unwrap_or(0) / BUCKET * BUCKET;
        let share = Ppm(work.seat(seat).last.share.0 + part);
        work.put(seat, Serving { level, share }, demand, means);
    }
    for &seat in survivors {
        pour(work, seat, level, demand, means);
    }
}

/// What each survivor could carry beyond what it has.
fn extra(work: &Work<'_>, survivors: &[SeatId], demand: &Amounts, means: Means) -> Vec<Ppm> {
    let carried = survivors.iter().map(|&seat| (seat, work.could_carry(seat, demand, means)));
    carried.map(|(seat, carried)| carried.less(work.seat(seat).last.share)).collect()
}

/// Puts as many of the open users on the seat as fit by these means.
fn pour(work: &mut Work<'_>, seat: SeatId, level: Level, demand: &Amounts, means: Means) {
    let open = work.open_share(seat.service);
    if open == Ppm::ZERO {
        return;
    }
    let now = work.seat(seat).last.share;
    let wanted = Ppm(now.0 + open.0);
    let carried = work.could_carry(seat, demand, means).min(wanted);
    if carried < wanted && !work.short.contains_key(&seat) {
        note_short(work, seat, &demand.times(wanted));
    }
    if carried > now {
        work.put(seat, Serving { level, share: carried }, demand, means);
    }
}

/// One replica takes everything: the best copy that can be made to fit, else the one that fits the largest share.
fn place_whole(work: &mut Work<'_>, id: ServiceId, added: &[SeatId], level: Level, demand: &Amounts) {
    let stages = stages(work.tier(id));
    for &seat in added {
        for &means in &stages {
            if work.could_carry(seat, demand, means) == Ppm::ONE {
                work.put(seat, Serving { level, share: Ppm::ONE }, demand, means);
                return;
            }
            if !work.short.contains_key(&seat) {
                note_short(work, seat, demand);
            }
        }
    }
    let Some(&means) = stages.last() else {
        return;
    };
    let mut best: Option<(Ppm, SeatId)> = None;
    for &seat in added {
        let share = work.could_carry(seat, demand, means);
        if share > best.map_or(Ppm::ZERO, |(share, _)| share) {
            best = Some((share, seat));
        }
    }
    if let Some((share, seat)) = best {
        work.put(seat, Serving { level, share }, demand, means);
    }
}

fn note_short(work: &mut Work<'_>, seat: SeatId, wanted: &Amounts) {
    let replica = work.replica(seat);
    let carries = work.situation.carries(seat.service, seat.replica as usize, replica);
    let room = work.seat(seat).held.plus(&work.ledger.room(replica.site));
    let site_short = largest(work.estate, &wanted.less(&room));
    let hosts_short = largest(work.estate, &wanted.less(&carries));
    let after = work.ledger.last(replica.site).filter(|&service| service != seat.service);
    let short = match (site_short, hosts_short) {
        (Some((resource, by)), _) => Short { resource, by, after, hosts: None },
        (None, Some((resource, by))) => {
            let at_most = work.estate.resource_named(&resource).map_or(0, |id| carries.0[id.at()]);
            Short { resource, by, after: None, hosts: Some(at_most) }
        }
        (None, None) => return,
    };
    work.short.insert(seat, short);
}

/// A service of the same tier that this plan added at one of our candidates, and that fits elsewhere as well, moves
/// there: without it, "A fits on X or Y, B only on X; A takes X, B is turned away".
fn move_aside(
    work: &mut Work<'_>,
    id: ServiceId,
    added: &[SeatId],
    level: Level,
    demand: &Amounts,
    incident: &Incident,
    lost: &[DomainId],
) {
    for &seat in added {
        let site = work.replica(seat).site;
        for other in work.added[site.at()].clone() {
            if work.open_share(id) == Ppm::ZERO {
                return;
            }
            if other.service == id || work.tier(other.service) != work.tier(id) {
                continue;
            }
            if !work.splits(other.service) || !is_movable(work, other) {
                continue;
            }
            let serving = work.seat(other).last;
            let theirs = work.situation.demand(work.estate, other.service, serving.level);
            let (_, elsewhere) = candidates(work, other.service, incident, lost);
            let better = elsewhere.into_iter().find(|&seat| {
                let free = work.seat(seat).last.share == Ppm::ZERO && work.replica(seat).site != site;
                free && work.could_carry(seat, &theirs, Means::ROOM) >= serving.share
            });
            let Some(better) = better else {
                continue;
            };
            vacate(work, other);
            work.put(better, serving, &theirs, Means::ROOM);
            let service = work.estate.service(id).name.clone();
            work.seat_mut(better).because.push(Because::MovedAside { service });
            pour(work, seat, level, demand, Means::ROOM);
        }
    }
}

fn is_movable(work: &Work<'_>, seat: SeatId) -> bool {
    let state = work.seat(seat);
    state.part == Part::Added && state.waits_last.is_empty() && state.launched.is_zero() && state.because.is_empty()
}

/// Takes an added seat out again, as if it had never been asked.
fn vacate(work: &mut Work<'_>, seat: SeatId) {
    let replica = work.replica(seat);
    let standing = replica.standing.clone();
    let gives = work.seat(seat).held.less(&standing);
    work.ledger.undo(replica.site, &gives);
    work.added[replica.site.at()].retain(|other| *other != seat);
    let state = work.seat_mut(seat);
    state.part = Part::Bystander;
    state.held = standing;
    state.last = Serving::NOTHING;
}
