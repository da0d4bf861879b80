//! Reads runbooks and their steps.

use std::collections::BTreeMap;

use crate::load::action;
use crate::load::draft::Drafts;
use crate::load::draft::RunbookDraft;
use crate::load::draft::StepDraft;
use crate::load::fields::PARAM;
use crate::load::fields::RUNBOOK;
use crate::load::fields::STEP;
use crate::load::names::near_word;
use crate::load::page::Named;
use crate::load::page::Page;
use crate::load::reach::env;
use crate::load::row;
use crate::load::row::Key;
use crate::load::row::Row;
use crate::load::settings::references;
use crate::load::settings::uses;
use crate::load::text;
use crate::load::text::Scene;
use crate::load::text::Stage;
use crate::load::text::VARIABLES;
use crate::load::text::Wanted;
use crate::load::value;
use crate::load::value::Value;
use crate::model::Action;
use crate::model::Away;
use crate::model::Batch;
use crate::model::Fault;
use crate::model::Kind;
use crate::model::Millis;
use crate::model::Noun;
use crate::model::On;
use crate::model::Phase;
use crate::model::Place;
use crate::model::Ppm;
use crate::model::Procedure;
use crate::model::Retry;
use crate::model::Role;
use crate::model::Runbook;
use crate::model::SiteKind;
use crate::model::StepTemplate;
use crate::template::Text;

/// Names that a runbook wants, each with its default.
type Params = Vec<(String, Option<String>)>;

/// Reads one file of a runbook.
pub(super) fn read(root: Row<'_, '_>, drafts: &mut Drafts) {
    let page = root.page;
    let head = root.value("runbook").and_then(|value| Row::of(page, &RUNBOOK, value)).map(head);
    let known = head.as_ref().map(|(_, runbook, _)| runbook.params.clone()).unwrap_or_default();
    let mut procedures = Vec::new();
    for procedure in Procedure::ALL {
        let steps = steps(page, procedure, root.list(procedure.word()), &known);
        if !steps.is_empty() {
            procedures.push((procedure, steps));
        }
    }
    root.done();
    if let Some((Some(name), runbook, reviewed)) = head {
        drafts.runbooks.push(RunbookDraft { name, runbook, reviewed, procedures });
    }
}

fn head(row: Row<'_, '_>) -> (Option<Named>, Runbook, Option<Place>) {
    let page = row.page;
    let name = row.name("id");
    let text = name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
    let mut params: Params = Vec::new();
    for (key, value) in row.map("params") {
        let named = page.named(key.get_ref(), &key.span());
        if VARIABLES.contains(&named.text.as_str()) {
            page.tell_at(named.place, Fault::ParamShadows(named.text));
        } else if value::good_name(page, &named)
            && let Some(default) = param(page, value)
        {
            params.push((named.text, default));
        }
    }
    let runbook = Runbook {
        title: row.text("title").unwrap_or_else(|| text.clone()),
        name: text,
        owner: row.text("owner").unwrap_or_default(),
        reviewed: row.date("reviewed"),
        params,
        procedures: Vec::new(),
    };
    let reviewed = row.has("reviewed").then(|| row.place_of("reviewed"));
    row.done();
    (name, runbook, reviewed)
}

/// The default of a parameter; nothing where every service has to give it.
fn param(page: &Page<'_>, value: &Value<'_>) -> Option<Option<String>> {
    if let Some(table) = value.get_ref().as_table() {
        let row = Row::open(page, &PARAM, table, value.span());
        let required = row.value("required").is_none_or(|value| {
            value.get_ref().as_bool() == Some(true) || value::wrong(page, value, "true").unwrap_or(false)
        });
        row.done();
        return required.then_some(None);
    }
    value::text(page, value).map(|text| Some(text.to_owned()))
}

fn steps(page: &Page<'_>, procedure: Procedure, list: &[Value<'_>], params: &Params) -> Vec<StepDraft> {
    let mut steps: Vec<StepDraft> = Vec::with_capacity(list.len());
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut phase = usual_phase(procedure);
    for (at, row) in list.iter().filter_map(|value| Row::of(page, &STEP, value)).enumerate() {
        let mut step = step(row, procedure, phase, at, params);
        phase = step.step.phase;
        if let Some(first) = places.get(&step.step.id) {
            let fault = Fault::DeclaredTwice { what: Noun::Step, name: step.step.id.clone() };
            page.tell_twice(step.place, *first, fault);
            // The work stays in the procedure, under a name of its own.
            step.step.id = format!("{}.{}", step.step.id, at + 1);
        }
        places.insert(step.step.id.clone(), step.place);
        steps.push(step);
    }
    steps
}

/// Where steps belong that name no phase: in the procedures that have none, and after a mistake.
const fn usual_phase(procedure: Procedure) -> Phase {
    match procedure {
        Procedure::Degrade | Procedure::Shed | Procedure::Detach => Phase::Free,
        Procedure::Failover | Procedure::Switchover | Procedure::Failback => Phase::Prepare,
        Procedure::Restore | Procedure::Release => Phase::Start,
        Procedure::Fence => Phase::Fence,
    }
}

fn step(row: Row<'_, '_>, procedure: Procedure, before: Phase, at: usize, params: &Params) -> StepDraft {
    let page = row.page;
    let wanted = Wanted::default();
    let scene = Scene { stage: Stage::Step { procedure, hosts: false, people: false }, params, wanted: Some(&wanted) };
    let name = row.name("id");
    let id = name.as_ref().map_or_else(|| format!("step.{}", at + 1), |name| name.text.clone());
    let template = |key: &'static str, scene| row.value(key).and_then(|value| text::template(page, value, scene));
    let title = template("title", scene.for_people()).unwrap_or_else(|| Text::plain(&id));
    let phase = phase(&row, procedure).unwrap_or(before);
    let secrets = env(&row);
    let (action, route) = match action::action(&row, scene) {
        Some((action, route)) => (action, route),
        // What can't be read can't be done by a machine: a person is asked, so that the step is not lost.
        None => (Action::Confirm(title.clone()), None),
    };
    let (on, possible) = on(&row, procedure, &action);
    let (action, route) = if possible { (action, route) } else { (Action::Confirm(title.clone()), None) };
    let undo = row.value("undo").and_then(|value| action::undo(page, value, scene));
    let (undo, undo_route) = undo.map_or((None, None), |(action, route)| (Some(Box::new(action)), route));
    let roles = [Role::Active, Role::Hot, Role::Warm, Role::Cold];
    let subset = row.reference("subset");
    let mut step = StepTemplate {
        id,
        title,
        phase,
        on,
        subset: subset.as_ref().map(|subset| subset.text.clone()),
        action,
        done_if: action::probe(&row, "done-if", scene, &secrets),
        verify: action::probe(&row, "verify", scene, &secrets),
        undo,
        attest: template("attest", scene.for_people()),
        uses: Vec::new(),
        position: action::probe(&row, "position", scene, &secrets),
        when: words(&row, "when", &roles),
        at: row.choice("at", &[SiteKind::Datacenter, SiteKind::Cloud]),
        expect: row.span("expect"),
        expect_source: row.text("expect-source"),
        timeout: row.span("timeout"),
        retry: row.table("retry").and_then(retry).unwrap_or(Retry { attempts: 1, backoff: Millis::ZERO }),
        batch: row.table("batch").and_then(batch),
        irreversible: row.flag("irreversible").unwrap_or(false),
        needs: row.value("needs").map(|_| Vec::new()),
        claims: Vec::new(),
        unreachable_ok: row.choice("unreachable", &[false, true]).unwrap_or(false),
        answer: row.span("answer"),
        kill: template("kill", scene.on_hosts()),
        by_hand: None,
    };
    unwise(&row, &step);
    let away = away(page, procedure, on, wanted.into_inner(), &mut step);
    let (uses, needs) = (uses(page, row.list("uses")), references(&row, "needs"));
    let claims = row.map("claims").filter_map(|(key, value)| claim(page, key, value)).collect();
    let place = name.map_or_else(|| row.place(), |name| name.place);
    row.done();
    let (route, undo_route) = if away.torn { (None, None) } else { (route, undo_route) };
    StepDraft { place, step, subset, uses, claims, needs, route, undo_route, address: away.address }
}

/// What is left to say of the names in a step's texts once its side is known.
struct Aways {
    /// Where it first names an address, if that has a value on its side.
    address: Option<Place>,
    /// Whether a name has no value, so that the step can't be done as written.
    torn: bool,
}

/// Names that have no value on the step's side. Only a move has sides: what is left, what takes over, and the service
/// as a whole, where no text names a target. A step with such a name is put to a person, so that it is not lost.
fn away(
    page: &Page<'_>,
    procedure: Procedure,
    on: On,
    wanted: Vec<(&'static str, Place)>,
    step: &mut StepTemplate,
) -> Aways {
    let moves = matches!(procedure, Procedure::Failover | Procedure::Switchover | Procedure::Failback);
    let names_target = wanted.iter().any(|(name, _)| *name == "target");
    let mut aways = Aways { address: None, torn: false };
    for (name, place) in wanted {
        let why = match (on, name) {
            _ if !moves => None,
            (On::Source, "target" | "share" | "level") => Some(Away::Source),
            (On::Operator, "site" | "address" | "share" | "level") if !names_target => Some(Away::NoTarget),
            (On::Source | On::Target | On::Operator, _) => None,
        };
        match why {
            Some(why) => {
                page.tell_at(place, Fault::VariableAway { name: name.to_owned(), why });
                aways.torn = true;
            }
            None if name == "address" => aways.address = aways.address.or(Some(place)),
            None => {}
        }
    }
    if aways.torn {
        step.action = Action::Confirm(step.title.clone());
        (step.done_if, step.verify, step.position, step.undo) = (None, None, None, None);
    }
    aways
}

fn phase(row: &Row<'_, '_>, procedure: Procedure) -> Option<Phase> {
    let phase = row.choice("phase", &Phase::ALL);
    let moves = matches!(procedure, Procedure::Failover | Procedure::Switchover | Procedure::Failback);
    if !moves {
        if row.has("phase") {
            row.page.tell_at(row.place_of("phase"), Fault::PhaseAway(procedure));
        }
        return None;
    }
    let written = row.value("phase").and_then(|value| value.get_ref().as_str());
    if written.is_none() && !row.has("phase") {
        row.tell(Fault::PhaseMissing(procedure));
    }
    phase.or_else(|| {
        let near = near_word(written?, Phase::ALL.into_iter().map(Phase::word))?;
        Phase::ALL.into_iter().find(|phase| phase.word() == near)
    })
}

/// On whose hosts a step runs, and whether its action can be done there.
fn on(row: &Row<'_, '_>, procedure: Procedure, action: &Action) -> (On, bool) {
    let on = row.choice("on", &[On::Source, On::Target, On::Operator]).unwrap_or(On::Target);
    let away = |key: &'static str, action: &'static str, why: Away| {
        row.page.tell_at(row.place_of(key), Fault::ActionAway { action, why });
    };
    let moves = matches!(procedure, Procedure::Failover | Procedure::Switchover | Procedure::Failback);
    let of_site = matches!(procedure, Procedure::Fence | Procedure::Release);
    if on == On::Source && !moves {
        away("on", "source", Away::Procedure(procedure));
        return (On::Target, true);
    }
    let why = match action {
        Action::Ssh(_) if of_site => Some(("ssh", Away::Procedure(procedure))),
        Action::Ssh(_) if on == On::Operator => Some(("ssh", Away::Operator)),
        Action::Scale if of_site => Some(("scale", Away::Procedure(procedure))),
        Action::Route(_) if of_site && row.value("route").is_some_and(|value| value.get_ref().as_bool().is_some()) => {
            Some(("route", Away::Procedure(procedure)))
        }
        Action::Ssh(_)
        | Action::Scale
        | Action::Route(_)
        | Action::Exec(_)
        | Action::Http(_)
        | Action::Confirm(_)
        | Action::Notify(_)
        | Action::Wait(_) => None,
    };
    if let Some((action, why)) = why {
        away(action, action, why);
    }
    (on, why.is_none())
}

/// What may be written, and had better not be.
fn unwise(row: &Row<'_, '_>, step: &StepTemplate) {
    if step.irreversible && step.retry.attempts > 1 && step.done_if.is_none() && !row.has("done-if") {
        row.page.tell_at(row.place_of("retry"), Fault::RetryIrreversible);
    }
    if let (Some(expect), Some(timeout)) = (step.expect, step.timeout)
        && timeout < expect
    {
        row.page.tell_at(row.place_of("timeout"), Fault::TimeoutShort);
    }
}

fn words<T: Copy + PartialEq>(row: &Row<'_, '_>, key: &'static str, meanings: &[T]) -> Vec<T> {
    let Some(Kind::List(Kind::Word(words))) = STEP.field(key).map(|field| &field.kind) else {
        return Vec::new();
    };
    let list = row.list(key);
    if row.has(key) && list.is_empty() {
        row.page.tell_at(row.place_of(key), Fault::EmptyList { key });
    }
    let mut chosen: Vec<T> = Vec::new();
    for word in list.iter().filter_map(|value| row::choice(row.page, value, words, meanings)) {
        if !chosen.contains(&word) {
            chosen.push(word);
        }
    }
    chosen
}

fn retry(row: Row<'_, '_>) -> Option<Retry> {
    let attempts = row.count32("attempts");
    let backoff = row.span("backoff").unwrap_or(Millis::ZERO);
    row.done();
    Some(Retry { attempts: attempts?, backoff })
}

fn batch(row: Row<'_, '_>) -> Option<Batch> {
    let parallel = row.count32("parallel");
    let mut enough = row.share("enough").unwrap_or(Ppm::ONE);
    if enough == Ppm::ZERO {
        row.page.tell_at(row.place_of("enough"), Fault::EnoughZero);
        enough = Ppm::ONE;
    }
    row.done();
    Some(Batch { parallel: parallel?, enough })
}

fn claim(page: &Page<'_>, key: &Key<'_>, value: &Value<'_>) -> Option<(Named, u32)> {
    let count = value::count(page, value, 1, 1_000_000).and_then(|count| u32::try_from(count).ok());
    Some((page.named(key.get_ref(), &key.span()), count?))
}
