//! Steps and gates while they are still thought about: numbers instead of names, edges instead of lists.

use crate::model::Action;
use crate::model::Estate;
use crate::model::KitId;
use crate::model::Millis;
use crate::model::Phase;
use crate::model::Procedure;
use crate::model::RouteId;
use crate::model::RunbookId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::StepTemplate;
use crate::model::Supply;
use crate::plan::DurationFrom;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Side;

/// A step to be.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Draft {
    /// Whose step it is.
    pub(in crate::plan) owner: Owner,
    /// What brought it into the plan.
    pub(in crate::plan) stage: Stage,
    /// What it does.
    pub(in crate::plan) what: What,
    /// For what occasion it was written.
    pub(in crate::plan) procedure: Procedure,
    /// Where in the recovery of its service it stands.
    pub(in crate::plan) phase: Phase,
    /// Its place among the steps of its phase.
    pub(in crate::plan) rank: usize,
    /// The replica whose recovery it belongs to; all of them where there is none.
    pub(in crate::plan) lane: Option<usize>,
    /// The replica that is left, where it is about one.
    pub(in crate::plan) source: Option<usize>,
    /// Where it acts.
    pub(in crate::plan) site: Option<SiteId>,
    /// On which side that is.
    pub(in crate::plan) side: Side,
    /// Urgency; 0 first.
    pub(in crate::plan) class: u8,
    /// What it needs, as chosen.
    pub(in crate::plan) uses: Vec<Chosen>,
    /// How long it is expected to take.
    pub(in crate::plan) duration: Millis,
    /// Where that figure came from.
    pub(in crate::plan) duration_from: DurationFrom,
    /// When it is late, as finished runs have it.
    pub(in crate::plan) late_after: Option<Millis>,
    /// What is so when it is done.
    pub(in crate::plan) effect: Option<Effect>,
}

/// Whose step it is. Drafts stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Owner {
    /// A site's own.
    Site(SiteId),
    /// A service's.
    Service(ServiceId),
    /// A kit's.
    Kit(KitId),
}

/// What brought a step into the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Stage {
    /// A site is cut off.
    SiteFence,
    /// A kit is fetched.
    Fetch,
    /// A service gives up room for another.
    Victim,
    /// A service is brought back.
    First,
    /// A primary goes on without its lost standby.
    Detach,
    /// What somebody vouched for in an earlier run is proven.
    Owed,
    /// A service is raised to its last level.
    Raise,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum What {
    /// What somebody wrote.
    Authored {
        /// In which runbook.
        runbook: RunbookId,
        /// In which place of its procedure.
        index: usize,
    },
    /// The launch that a replica declares.
    Launch,
    /// Answers of a route are to be kept for less, before anybody is moved.
    Lower(RouteId),
    /// Answers of a route may be kept as long as ever, once everybody has moved.
    Restore(RouteId),
    /// A person fetches a kit.
    Fetch,
}

/// What a step uses, and how that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) struct Chosen {
    /// What is used; the last that was named where nothing can be had.
    pub(in crate::plan) supply: Supply,
    /// How it is had.
    pub(in crate::plan) how: How,
}

/// How something that a step uses is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum How {
    /// It is there.
    There,
    /// A person fetches it.
    Fetched,
    /// This plan brings it back.
    Recovered,
    /// Nobody can bring it back: a person supplies it by other means.
    Missing,
}

impl Draft {
    /// The authored step behind it, where there is one.
    pub(in crate::plan) fn template<'a>(&self, estate: &'a Estate) -> Option<&'a StepTemplate> {
        match self.what {
            What::Authored { runbook, index } => {
                let step = estate.runbooks[runbook.at()].steps(self.procedure).and_then(|steps| steps.get(index))?;
                let has_address =
                    || self.service().zip(self.site).is_some_and(|(id, at)| estate.address(id, at).is_some());
                step.by_hand.as_deref().filter(|_| !has_address()).or(Some(step))
            }
            What::Launch | What::Lower(_) | What::Restore(_) | What::Fetch => None,
        }
    }

    /// Whether it only tells people something. Nobody supplies its channel by other means: the means are the message.
    pub(in crate::plan) fn is_message(&self, estate: &Estate) -> bool {
        matches!(self.action(estate), Some(Action::Notify(_)))
    }

    /// The authored action behind it, where there is one.
    pub(in crate::plan) fn action<'a>(&self, estate: &'a Estate) -> Option<&'a Action> {
        self.template(estate).map(|template| &template.action)
    }

    /// The service that it belongs to, where it belongs to one.
    pub(in crate::plan) const fn service(&self) -> Option<ServiceId> {
        match self.owner {
            Owner::Service(id) => Some(id),
            Owner::Site(_) | Owner::Kit(_) => None,
        }
    }
}

/// A gate to be.
#[derive(Debug, Clone)]
pub(in crate::plan) struct GateDraft {
    /// Its name.
    pub(in crate::plan) id: String,
    /// What it guards.
    pub(in crate::plan) kind: GateKind,
    /// The service that it belongs to.
    pub(in crate::plan) service: Option<ServiceId>,
    /// Drafts of which any one, proven, opens it without a person.
    pub(in crate::plan) opened_by: Vec<u32>,
    /// Whether a person is expected to answer.
    pub(in crate::plan) person: bool,
    /// How long the answer takes.
    pub(in crate::plan) duration: Millis,
    /// Urgency; 0 first.
    pub(in crate::plan) class: u8,
    /// Somebody vouched for it in an earlier run: nothing waits for it.
    pub(in crate::plan) carried: bool,
}

/// All steps, gates and edges between them. Steps come first in the numbering, then gates.
#[derive(Debug, Default)]
pub(in crate::plan) struct Web {
    /// Steps; no more are added once there are gates.
    pub(in crate::plan) drafts: Vec<Draft>,
    /// Gates.
    pub(in crate::plan) gates: Vec<GateDraft>,
    /// Who comes before whom.
    pub(in crate::plan) edges: Vec<(u32, u32)>,
    /// Those of the edges that give way where they lead in a circle.
    pub(in crate::plan) soft: Vec<Soft>,
}

/// An edge that gives way where it leads in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Soft {
    /// Who comes before whom.
    pub(in crate::plan) edge: (u32, u32),
    /// What it is worth.
    pub(in crate::plan) worth: Worth,
}

/// What a soft edge is worth. Of those in a circle room is kept longest, and courtesy goes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Worth {
    /// There is no room before.
    Room,
    /// Only the full level waits for it.
    FullLevel,
    /// A person can supply what is waited for: this.
    Supplied(String),
    /// A planned move is gentler so: callees come first and leave last, though both serve all the time.
    Courtesy,
}

impl Web {
    /// Adds a gate behind `after`.
    pub(in crate::plan) fn gate(&mut self, gate: GateDraft, after: &[u32]) -> u32 {
        self.gates.push(gate);
        let node = number(self.drafts.len() + self.gates.len() - 1);
        self.edges.extend(after.iter().map(|&before| (before, node)));
        node
    }

    /// The gate with this name, where there is one.
    pub(in crate::plan) fn gate_named(&self, id: &str) -> Option<u32> {
        self.gates.iter().position(|gate| gate.id == id).map(|at| number(self.drafts.len() + at))
    }

    /// Everything in `before` comes before everything in `after`.
    pub(in crate::plan) fn order(&mut self, before: &[u32], after: &[u32]) {
        for &first in before {
            self.edges.extend(after.iter().filter(|&&then| then != first).map(|&then| (first, then)));
        }
    }

    /// The steps of one owner; they stand together.
    pub(in crate::plan) fn of(&self, owner: Owner) -> std::ops::Range<usize> {
        let from = self.drafts.partition_point(|draft| draft.owner < owner);
        from..from + self.drafts[from..].partition_point(|draft| draft.owner == owner)
    }

    /// Everything in `before` comes before everything in `after`, unless that leads in a circle.
    pub(in crate::plan) fn prefer(&mut self, before: &[u32], after: &[u32], worth: &Worth) {
        for &first in before {
            for &then in after.iter().filter(|&&then| then != first) {
                self.edges.push((first, then));
                self.soft.push(Soft { edge: (first, then), worth: worth.clone() });
            }
        }
    }

    /// How many steps and gates there are.
    pub(in crate::plan) fn nodes(&self) -> usize {
        self.drafts.len() + self.gates.len()
    }
}

/// Nodes are counted by `u32`: 100,000 services with 50 steps each stay a thousand times below its end.
pub(in crate::plan) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
