//! The plan that takes over from a run: what that run's plan answered, what was lost since, what was learnt, and what is
//! so now.

use std::collections::BTreeMap;

use crate::cli::error::CommandError;
use crate::cli::observed;
use crate::cli::past_runs;
use crate::cli::plan::make_from;
use crate::cli::project::Project;
use crate::cli::scope;
use crate::model::Dependency;
use crate::model::DependencyKind;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::SiteId;
use crate::plan;
use crate::plan::IncidentOnPaper;
use crate::plan::Plan;
use crate::report::edges::written;
use crate::run;
use crate::run::NoChild;
use crate::run::SoNow;

/// What is new.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News<'a> {
    /// Scopes that are gone.
    pub(crate) lost: &'a [String],
    /// Scopes that nobody trusts any more.
    pub(crate) impaired: &'a [String],
    /// `CALLER:CALLEE`, which nobody had declared.
    pub(crate) edges: &'a [String],
}

/// All that a successor is made from, but what is so now.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    project: &'a Project,
    /// With what was learnt.
    estate: Estate,
    incident: Incident,
    learnt: Vec<(String, String)>,
    parent: String,
    effort: u64,
    /// States of the parent's scopes that a loss leaves behind, as they were written.
    pub(crate) dropped: Vec<String>,
}

impl<'a> Family<'a> {
    /// Reads back what the parent's plan answered, and adds what is new. `later` is how long ago that was declared.
    pub(crate) fn new(
        project: &'a Project,
        parent: &Plan,
        news: News<'_>,
        later: Millis,
    ) -> Result<Self, CommandError> {
        let mut estate = project.loaded.estate.clone();
        let mut learnt = Vec::new();
        for edge in news.edges {
            learnt.push(learn(&mut estate, edge)?);
        }
        let (incident, dropped) = incident(&estate, &parent.incident, news, later)?;
        let effort = parent.incident.effort;
        Ok(Self { project, estate, incident, learnt, parent: parent.id.clone(), effort, dropped })
    }

    /// What the journals of this project say is so, also of runs that go on.
    pub(crate) fn so_now(&self) -> SoNow {
        let root = &self.project.root;
        let names = past_runs::names(root);
        let mut runs: Vec<_> = names.iter().filter_map(|name| past_runs::open(root, name).ok()).collect();
        runs.sort_by_key(|run| (run.opened(), run.name.clone()));
        let mut writers = BTreeMap::new();
        for run in &runs {
            // What can't be read is told by whoever looks who serves.
            drop(run::writers(&run.plan, &run.entries, &mut writers));
        }
        SoNow { observation: observed::observation(root, &self.estate), writers }
    }

    /// Makes the successor.
    pub(crate) fn make(&self, so: &SoNow) -> Result<Plan, CommandError> {
        let made = run::child(&self.estate, &self.incident, so, |observation| self.plan(observation));
        let mut plan = made.map_err(|no| match no {
            NoChild::Plan(error) => error,
            NoChild::SecondWriter { service, site } => second_writer(&service, &site),
        })?;
        plan::succeed(&mut plan, &self.parent, &self.learnt)
            .map_err(|error| CommandError::failed("could not write the plan as JSON").because(&error))?;
        Ok(plan)
    }

    fn plan(&self, observation: &Observation) -> Result<Plan, CommandError> {
        make_from(self.project, &self.estate, &self.incident, observation, self.effort)
    }

    /// What was learnt, as TOML.
    pub(crate) fn toml(&self) -> Vec<String> {
        let mut callers: Vec<&str> = self.learnt.iter().map(|(caller, _)| caller.as_str()).collect();
        callers.sort_unstable();
        callers.dedup();
        callers
            .into_iter()
            .filter_map(|caller| Some(written(&self.estate, self.estate.service_named(caller)?)))
            .collect()
    }
}

/// Adds an edge that nobody had declared.
fn learn(estate: &mut Estate, edge: &str) -> Result<(String, String), CommandError> {
    let (caller, callee) = edge
        .split_once(':')
        .ok_or_else(|| CommandError::usage(format!("{edge} is no edge")).hint("write CALLER:CALLEE, two services"))?;
    let (from, to) = (scope::service(estate, caller)?, scope::service(estate, callee)?);
    if from == to {
        return Err(CommandError::usage(format!("{caller} can't need itself")));
    }
    let needs = &mut estate.services[from.at()].depends_on;
    if needs.iter().any(|one| one.service == to && one.kind == DependencyKind::Hard && !one.full_only) {
        return Err(CommandError::usage(format!("{caller} is known to need {callee}: nothing was learnt")));
    }
    // What was known of it was too weak.
    let same_site = needs.iter().any(|one| one.service == to && one.same_site);
    needs.retain(|one| one.service != to || one.kind == DependencyKind::Start);
    needs.push(Dependency { service: to, kind: DependencyKind::Hard, full_only: false, same_site });
    Ok((caller.to_owned(), callee.to_owned()))
}

/// What the parent's plan answered, read back, with what is new; and what of it is left as it stands.
fn incident(
    estate: &Estate,
    paper: &IncidentOnPaper,
    news: News<'_>,
    later: Millis,
) -> Result<(Incident, Vec<String>), CommandError> {
    let answered = read_back(estate, paper)?;
    let texts = news.lost.iter().map(|text| (text, ScopeState::Lost));
    let texts: Vec<_> = texts.chain(news.impaired.iter().map(|text| (text, ScopeState::Impaired))).collect();
    let scopes = texts.iter().map(|(text, state)| Ok((scope::scope(estate, text)?, *state)));
    let scopes: Vec<(Scope, ScopeState)> = scopes.collect::<Result<_, CommandError>>()?;
    let (incident, dropped) = run::inherit(&answered, &scopes, later).map_err(|no| {
        CommandError::usage(format!("{} was {} already when the plan was made", texts[no.at].0, no.known.word()))
    })?;
    let dropped = dropped.into_iter().map(|at| format!("{} {}", paper.scopes[at].scope, paper.scopes[at].state));
    Ok((incident, dropped.collect()))
}

/// What a plan answered.
fn read_back(estate: &Estate, paper: &IncidentOnPaper) -> Result<Incident, CommandError> {
    let scopes = paper.scopes.iter().map(|old| Ok((scope::scope(estate, &old.scope)?, state(&old.state)?)));
    let surge = paper.surge.as_deref().map(|name| {
        estate
            .surge_named(name)
            .ok_or_else(|| CommandError::usage(format!("no service declares a surge {name} any more")))
    });
    let as_of = paper.as_of.parse();
    Ok(Incident {
        scopes: scopes.collect::<Result<_, CommandError>>()?,
        surge: surge.transpose()?,
        load: paper.load,
        began_before: paper.began_before_ms,
        to: paper.to.iter().map(|name| scope::site(estate, name)).collect::<Result<Vec<SiteId>, _>>()?,
        only_lifeline: paper.only_lifeline,
        accept_degraded: paper.accept_degraded,
        as_of: as_of.map_err(|_| CommandError::failed(format!("{} in the plan is no day", paper.as_of)))?,
    })
}

fn state(word: &str) -> Result<ScopeState, CommandError> {
    let states = [ScopeState::Lost, ScopeState::Impaired, ScopeState::Leaving, ScopeState::Returning];
    let known = states.into_iter().find(|state| state.word() == word);
    known
        .ok_or_else(|| CommandError::failed(format!("the plan of the run says {word} of a scope, which means nothing")))
}

fn second_writer(service: &str, site: &str) -> CommandError {
    CommandError::refused(format!(
        "{service} was made the writer at {site}, or may have been; the new plan would make another one, and not fence it"
    ))
    .hint(format!("`--impaired service:{service}@{site}` has it fenced first"))
}

#[cfg(test)]
mod tests {
    use super::News;
    use super::incident;
    use super::learn;
    use crate::load::SourceText;
    use crate::load::load;
    use crate::model::DependencyKind;
    use crate::model::Estate;
    use crate::model::Millis;
    use crate::model::Ppm;
    use crate::model::Scope;
    use crate::model::ScopeState;
    use crate::plan::IncidentOnPaper;
    use crate::plan::Mode;
    use crate::plan::ScopeOnPaper;

    fn estate() -> Estate {
        let text = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        let topology = include_str!("../../tests/cli/three/topology.toml")
            .replace("depends-on = [\"store\"]", "depends-on = [\"store\", { service = \"filter\", kind = \"soft\" }]");
        let domains = topology.replace("title = \"South\"", "title = \"South\"\nfault-domains = [\"power:grid\"]");
        let loaded = load(vec![
            text("bonghwa.toml", include_str!("../../tests/cli/three/bonghwa.toml")),
            text("topology/all.toml", &domains),
        ]);
        loaded.estate
    }

    fn paper(scopes: &[(&str, &str)]) -> IncidentOnPaper {
        let scope =
            |(scope, state): &(&str, &str)| ScopeOnPaper { scope: (*scope).to_owned(), state: (*state).to_owned() };
        IncidentOnPaper {
            mode: Mode::Failover,
            scopes: scopes.iter().map(scope).collect(),
            surge: None,
            load: Ppm(1_500_000),
            began_before_ms: Some(Millis::from_secs(60)),
            to: vec!["west".to_owned()],
            only_lifeline: true,
            accept_degraded: false,
            as_of: "2026-11-22".to_owned(),
            effort: 7,
        }
    }

    const NOTHING: News<'static> = News { lost: &[], impaired: &[], edges: &[] };

    #[test]
    fn what_a_plan_answered_is_read_back() {
        let estate = estate();
        let scopes = ["north", "domain:power:grid", "hosts:no-mail-1", "service:store@west"];
        let old = paper(&scopes.map(|scope| (scope, "lost")));
        let (read, dropped) = incident(&estate, &old, NOTHING, Millis::from_secs(30)).unwrap();
        assert!(dropped.is_empty());
        assert!(matches!(
            read.scopes.iter().map(|(scope, _)| scope).collect::<Vec<_>>().as_slice(),
            [Scope::Site(_), Scope::Domain(_), Scope::Hosts(_), Scope::Replica(_, _)]
        ));
        assert_eq!(read.load, Ppm(1_500_000));
        assert_eq!(read.began_before, Some(Millis::from_secs(90)));
        assert_eq!((read.to.len(), read.only_lifeline, read.as_of.to_string()), (1, true, "2026-11-22".to_owned()));
        assert!(incident(&estate, &paper(&[("nowhere", "lost")]), NOTHING, Millis::ZERO).is_err());
        assert!(incident(&estate, &paper(&[("north", "odd")]), NOTHING, Millis::ZERO).is_err());
    }

    #[test]
    fn a_loss_leaves_what_was_moved_in_order_where_it_stands() {
        let estate = estate();
        let lost = ["south".to_owned()];
        let news = News { lost: &lost, ..NOTHING };
        let (read, dropped) = incident(&estate, &paper(&[("north", "leaving")]), news, Millis::ZERO).unwrap();
        assert_eq!((read.scopes.len(), dropped), (1, vec!["north leaving".to_owned()]));
        // What nobody trusted is gone now; what is gone can't be lost once more.
        let (read, _) = incident(&estate, &paper(&[("south", "impaired")]), news, Millis::ZERO).unwrap();
        assert_eq!(read.scopes.iter().map(|(_, state)| *state).collect::<Vec<_>>(), [ScopeState::Lost]);
        assert!(incident(&estate, &paper(&[("south", "lost")]), news, Millis::ZERO).is_err());
    }

    #[test]
    fn an_edge_that_is_learnt_is_hard() {
        let mut estate = estate();
        learn(&mut estate, "mail:filter").unwrap();
        let filter = estate.service_named("filter").unwrap();
        let mail = estate.service(estate.service_named("mail").unwrap());
        let edges: Vec<_> = mail.depends_on.iter().filter(|edge| edge.service == filter).collect();
        assert!(matches!(edges.as_slice(), [edge] if edge.kind == DependencyKind::Hard && !edge.full_only));
        for wrong in ["mail:store", "mail:filter", "mail:mail", "mail", "mail:nobody"] {
            assert!(learn(&mut estate, wrong).is_err(), "{wrong}");
        }
    }
}
