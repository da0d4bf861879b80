//! Full levels: whoever came back at its floor is raised, tier by tier, as far as there is room.

use crate::model::Amounts;
use crate::model::DependencyKind;
use crate::model::DomainId;
use crate::model::Incident;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::placement::Level;
use crate::placement::LevelBecause;
use crate::placement::Part;
use crate::placement::SeatId;
use crate::placement::Serving;
use crate::placement::candidates::candidates;
use crate::placement::work::Means;
use crate::placement::work::Work;
use crate::placement::work::largest;

/// What is tried, in order: nobody is shed for somebody's full level.
const STAGES: [Means; 4] = [
    Means::ROOM,
    Means { launch: true, ..Means::ROOM },
    Means { degrade: true, ..Means::ROOM },
    Means { launch: true, degrade: true, ..Means::ROOM },
];

/// Raises the service to its full level, or says why not.
pub(in crate::placement) fn raise(
    work: &mut Work<'_>,
    id: ServiceId,
    incident: &Incident,
    lost: &[DomainId],
) -> Option<LevelBecause> {
    if let Some(because) = needs_missing(work, id, incident) {
        return Some(because);
    }
    let demand = work.situation.demand(work.estate, id, Level::Full);
    let seats = serving(work, id);
    for means in STAGES {
        if seats.iter().all(|&seat| work.could_carry(seat, &demand, means) >= work.seat(seat).last.share) {
            for &seat in &seats {
                let share = work.seat(seat).last.share;
                work.put(seat, Serving { level: Level::Full, share }, &demand, means);
            }
            return None;
        }
    }
    if work.splits(id) && seats.iter().all(|&seat| work.seat(seat).gives_way.is_none()) {
        let (survivors, added) = candidates(work, id, incident, lost);
        let everyone: Vec<SeatId> = survivors.into_iter().chain(added).collect();
        for means in STAGES {
            if redistribute(work, id, &everyone, &demand, means) {
                return None;
            }
        }
    }
    Some(no_room(work, &seats, &demand))
}

fn serving(work: &Work<'_>, id: ServiceId) -> Vec<SeatId> {
    (0..work.seats[id.at()].len())
        .map(|at| SeatId { service: id, replica: u32::try_from(at).unwrap_or(u32::MAX) })
        .filter(|&seat| work.seat(seat).last.share > Ppm::ZERO)
        .collect()
}

/// Why the full level is out of reach, where it needs a service that nobody brings back: it has nowhere to go, or this
/// plan leaves it out.
fn needs_missing(work: &Work<'_>, id: ServiceId, incident: &Incident) -> Option<LevelBecause> {
    let dependencies = work.estate.service(id).depends_on.iter();
    let only_full = dependencies.filter(|dependency| dependency.kind == DependencyKind::Hard && dependency.full_only);
    let missing = |callee: ServiceId| {
        let gone = serving(work, callee).is_empty() && was_there(work, callee);
        let service = || work.estate.service(callee).name.clone();
        if incident.leaves_out(work.tier(callee)) && (gone || !work.situation.has_majority(work.estate, callee)) {
            Some(LevelBecause::NeedsLeftOut { service: service() })
        } else {
            gone.then(|| LevelBecause::NeedsStranded { service: service() })
        }
    };
    only_full.map(|dependency| dependency.service).find_map(missing)
}

fn was_there(work: &Work<'_>, id: ServiceId) -> bool {
    work.seats[id.at()].iter().any(|seat| seat.part == Part::Left)
}

/// Spreads the users anew, where the shares that the floor got don't fit at the full level but others do.
fn redistribute(work: &mut Work<'_>, id: ServiceId, seats: &[SeatId], demand: &Amounts, means: Means) -> bool {
    let carried: Vec<Ppm> = seats.iter().map(|&seat| work.could_carry(seat, demand, means)).collect();
    let wanted = Ppm::ONE.less(work.open_share(id));
    if carried.iter().map(|share| share.0).sum::<u64>() < wanted.0 {
        return false;
    }
    let mut shares: Vec<Ppm> =
        seats.iter().zip(&carried).map(|(&seat, carried)| work.seat(seat).last.share.min(*carried)).collect();
    let mut open = wanted.less(Ppm(shares.iter().map(|share| share.0).sum()));
    for (share, carried) in shares.iter_mut().zip(&carried) {
        let more = carried.less(*share).min(open);
        share.0 += more.0;
        open = open.less(more);
    }
    for (&seat, &share) in seats.iter().zip(&shares) {
        if share > Ppm::ZERO || work.seat(seat).last.share > Ppm::ZERO {
            let level = if share > Ppm::ZERO { Level::Full } else { Level::Shed };
            work.put(seat, Serving { level, share }, demand, means);
        }
    }
    true
}

fn no_room(work: &Work<'_>, seats: &[SeatId], demand: &Amounts) -> LevelBecause {
    let kinds = work.estate.resources.len();
    let mut missing = Amounts::zero(kinds);
    for &seat in seats {
        let share = work.seat(seat).last.share;
        let carried = work.could_carry(seat, demand, Means::ROOM).min(share);
        missing = missing.plus(&demand.times(share.less(carried)));
    }
    match largest(work.estate, &missing) {
        Some((resource, by)) => LevelBecause::NoRoom { resource, by },
        None => LevelBecause::NowhereToGo,
    }
}
