//! What a shift of one route would do, on one screen.

use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::report::paint::Paint;
use crate::report::plan_text::SHORT_ID;
use crate::report::routes::shares;
use crate::report::words;

/// Texts stand beside their heads.
const HEAD: usize = 9;

/// Where it leads, where it goes, through what, and how long that takes.
#[must_use]
pub fn shift_screen(plan: &Plan, paint: Paint) -> String {
    let id = plan.id.get(..SHORT_ID).unwrap_or(&plan.id);
    let shifts = plan
        .steps
        .iter()
        .filter_map(|step| if let ActionOnPaper::Route(shift) = &step.action { Some((step, shift)) } else { None });
    let mut out = String::new();
    for (step, shift) in shifts.take(1) {
        let record = plan.routes.iter().find(|route| route.name == shift.route);
        let name = record.map_or("", |record| record.record.as_str());
        let title = format!("Shift {} ({name}, kept by {})", shift.route, shift.provider);
        out.push_str(&format!("{}  plan {id}\n", paint.head(&title)));
        let mut line = |head: &str, text: &str| {
            out.push_str(&words::hang(&words::pad(&format!("  {head}"), HEAD), text, paint.columns));
        };
        let now = plan
            .services
            .first()
            .map(|service| service.from.iter().map(|from| (from.site.clone(), from.share)).collect::<Vec<_>>());
        line("now", &shares(&now.unwrap_or_default()));
        for (at, stage) in shift.stages.iter().enumerate() {
            let head = if at + 1 == shift.stages.len() { "to" } else { "then" };
            line(head, &format!("{}, held {}", shares(&stage.to), words::span(stage.hold_ms)));
        }
        let judged = record.and_then(|record| record.health.as_ref());
        line(
            "health",
            &judged.map_or("is not judged: the route declares none".to_owned(), |health| {
                format!("{} at each address, at most {} bad", health.url, words::percent(health.max_error_rate))
            }),
        );
        line("takes", &format!("{} or more", words::span(step.duration_ms)));
        if !shift.leaves.is_empty() {
            line("leaves", &shift.leaves.join(", "));
        }
    }
    out
}
