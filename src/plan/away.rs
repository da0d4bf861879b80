//! The way home: what is assumed to be so before a failback, and where everything goes back to.
//!
//! Where journals tell where services are, a failback starts from there. Where nothing does but the declaration, it assumes
//! that the site's loss was answered as this program would answer it, and says so. Either way it leads to the estate as it
//! was declared.

use crate::model::Amounts;
use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::ScopeState;
use crate::model::ServiceId;
use crate::placement::Because;
use crate::placement::Fate;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::Part;
use crate::placement::Placed;
use crate::placement::Placement;
use crate::placement::Seat;
use crate::placement::SeatNow;
use crate::placement::Serving;
use crate::placement::Situation;
use crate::placement::Urgency;
use crate::placement::gates_the_floor;
use crate::placement::place;
use crate::placement::urgency;
use crate::plan::Ground;
use crate::plan::Mode;

/// What is taken to be so when the plan begins.
#[derive(Debug)]
pub(in crate::plan) struct Assumed {
    /// Who carries what.
    pub(in crate::plan) observation: Observation,
    /// How the loss was answered, for a failback.
    away: Option<Placement>,
}

/// As observed or declared; for a failback, as the loss would have been answered.
pub(in crate::plan) fn assume(
    ground: &Ground<'_>,
    incident: &Incident,
    observation: &Observation,
    mode: Mode,
) -> Assumed {
    if mode != Mode::Failback || !observation.active.is_empty() {
        return Assumed { observation: observation.clone(), away: None };
    }
    let estate = ground.estate;
    let mut loss = incident.clone();
    for (_, state) in &mut loss.scopes {
        *state = ScopeState::Lost;
    }
    loss.to = Vec::new();
    let situation = Situation::new(estate, &loss, observation);
    let away = place(estate, &loss, &situation, &urgency(estate, &ground.needs));
    let mut assumed = observation.clone();
    for (at, placed) in away.services.iter().enumerate() {
        let moved = placed.seats.iter().any(|seat| seat.last.share != seat.now.share || seat.part == Part::Left);
        if moved {
            let replicas = placed.seats.iter().zip(&estate.services[at].replicas).zip(&situation.seats[at]);
            // Whom nobody could take over from a site that is still shut stays there.
            let stays = |now: &SeatNow| placed.admits == Ppm::ZERO && now.fate == Fate::Quarantined;
            let shares = replicas
                .map(|((seat, replica), now)| (replica.site, if stays(now) { now.before } else { seat.last.share }));
            let shares = shares.collect();
            assumed.active.push((ServiceId::new(at), shares));
        }
    }
    Assumed { observation: assumed, away: Some(away) }
}

/// Everything that is away goes back to where it was declared, at its full level.
pub(in crate::plan) fn home(
    ground: &Ground<'_>,
    incident: &Incident,
    situation: &Situation,
    urgency: &Urgency,
    assumed: &Assumed,
) -> Placement {
    let estate = ground.estate;
    let mut placement = place(estate, incident, situation, urgency);
    if let Some(away) = &assumed.away {
        for (account, away) in placement.sites.iter_mut().zip(&away.sites) {
            account.before = away.after.clone();
        }
    }
    for (id, site) in assumed.observation.low.iter().filter(|_| assumed.away.is_none()) {
        // Whoever runs at its floor holds room for that only.
        let shares = estate.service(*id).replicas.iter().zip(&situation.seats[id.at()]);
        for (_, seat) in shares.filter(|(replica, _)| replica.site == *site) {
            let [full, floor] = [Level::Full, Level::Degraded].map(|level| situation.demand(estate, *id, level));
            let less = full.times(seat.before).less(&floor.times(seat.before));
            placement.sites[site.at()].before = placement.sites[site.at()].before.less(&less);
        }
    }
    for (at, placed) in placement.services.iter_mut().enumerate() {
        let id = ServiceId::new(at);
        let shut = |replica: usize| {
            matches!(situation.seats[at][replica].fate, Fate::Quarantined | Fate::Lost | Fate::Impaired)
        };
        let homes = estate.service(id).replicas.iter().enumerate().filter(|(_, replica)| replica.share > Ppm::ZERO);
        if homes.into_iter().any(|(replica, _)| shut(replica)) || !situation.has_majority(estate, id) {
            continue;
        }
        let demand = situation.demand(estate, id, Level::Full);
        let was = assumed.away.as_ref().map(|away| &away.services[at]);
        for (replica, seat) in placed.seats.iter_mut().enumerate() {
            let share = estate.service(id).replicas[replica].share;
            let before = situation.seats[at][replica].before;
            let site = estate.service(id).replicas[replica].site;
            let low = match was {
                Some(was) => was.seats[replica].last.level == Level::Degraded,
                None => assumed.observation.low.contains(&(id, site)),
            };
            go_home(seat, share, before, low);
            seat.held = demand.times(share);
        }
        let differs = placed.seats.iter().any(|seat| seat.now != seat.last);
        placed.moves = differs;
        placed.first_level = Level::Full;
        placed.level = Level::Full;
        placed.level_because = None;
        placed.admits = Ppm::ONE;
        placed.rejected = Vec::new();
        let gone = placed.seats.iter().all(|seat| seat.now.share == Ppm::ZERO) && differs;
        placed.impact = if gone { Impact::Down } else { Impact::Unaffected };
    }
    let down = |placed: &Placed| placed.impact == Impact::Down;
    let mut open: Vec<usize> = (0..placement.services.len()).filter(|&at| down(&placement.services[at])).collect();
    while let Some(callee) = open.pop() {
        for &caller in ground.calls.back(callee) {
            let caller = caller as usize;
            if placement.services[caller].impact == Impact::Unaffected {
                placement.services[caller].impact = Impact::Waiting;
                open.push(caller);
            }
        }
    }
    floors_first(estate, &mut placement);
    placement
}

/// One replica goes back to the share that it was declared with.
fn go_home(seat: &mut Seat, declared: Ppm, before: Ppm, low: bool) {
    let serving = |share: Ppm, level: Level| match share {
        Ppm::ZERO => Serving::NOTHING,
        share => Serving { level, share },
    };
    seat.now = serving(before, if low { Level::Degraded } else { Level::Full });
    seat.first = serving(declared, Level::Full);
    seat.last = seat.first;
    seat.launched = Amounts::zero(seat.launched.0.len());
    seat.gives_way = None;
    seat.waits_first = Vec::new();
    seat.waits_last = Vec::new();
    seat.part = match (before > Ppm::ZERO, declared > Ppm::ZERO) {
        (true, true) => Part::Survivor,
        (false, true) => Part::Added,
        (true, false) => Part::Left,
        (false, false) => Part::Bystander,
    };
    seat.because = match seat.part {
        Part::Added => vec![Because::Home],
        Part::Survivor if seat.now == seat.last => vec![Because::Stays],
        Part::Survivor => vec![Because::Survivor { before }],
        Part::Left | Part::Bystander => Vec::new(),
    };
}

/// A service that was gone comes back at its floor where its full level needs what is not back yet.
fn floors_first(estate: &Estate, placement: &mut Placement) {
    let impacts: Vec<Impact> = placement.services.iter().map(|placed| placed.impact).collect();
    for (at, placed) in placement.services.iter_mut().enumerate() {
        let id = ServiceId::new(at);
        let waits = estate.service(id).depends_on.iter().any(|dependency| {
            let full = dependency.kind == DependencyKind::Hard && !gates_the_floor(estate, id, dependency);
            full && impacts[dependency.service.at()] != Impact::Unaffected
        });
        // Whoever serves in full is not made smaller for the way home.
        let serves_in_full = placed.impact == Impact::Exposed
            && placed.seats.iter().all(|seat| seat.now.share == Ppm::ZERO || seat.now.level == Level::Full);
        if placed.impact == Impact::Unaffected || serves_in_full || !waits {
            continue;
        }
        placed.first_level = Level::Degraded;
        for seat in placed.seats.iter_mut().filter(|seat| seat.first.share > Ppm::ZERO) {
            seat.first.level = Level::Degraded;
        }
    }
}
