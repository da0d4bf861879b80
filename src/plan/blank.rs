//! A plan that does nothing: what is said of a site between two runs is written down under it.

use crate::model::Date;
use crate::model::Estate;
use crate::model::Ppm;
use crate::plan::FORMAT;
use crate::plan::FormatError;
use crate::plan::IncidentOnPaper;
use crate::plan::LimitsOnPaper;
use crate::plan::Mode;
use crate::plan::Outlook;
use crate::plan::Plan;
use crate::plan::SshOnPaper;
use crate::plan::canon;

/// A plan without steps and gates.
///
/// # Errors
///
/// Only what the serializer itself could say.
pub fn blank(estate: &Estate, as_of: Date) -> Result<Plan, FormatError> {
    let mut plan = Plan {
        format: FORMAT,
        id: String::new(),
        parent: None,
        retreat: None,
        title: estate.project.title.clone(),
        lifeline: estate.tiers.first().map(|tier| tier.title.clone()).unwrap_or_default(),
        timezone: estate.project.timezone.clone(),
        incident: IncidentOnPaper {
            mode: Mode::Failback,
            scopes: Vec::new(),
            surge: None,
            load: Ppm::ONE,
            began_before_ms: None,
            to: Vec::new(),
            only_lifeline: false,
            accept_degraded: false,
            as_of: as_of.to_string(),
            effort: 0,
        },
        sources: Vec::new(),
        classes: Vec::new(),
        sites: Vec::new(),
        services: Vec::new(),
        elsewhere: Vec::new(),
        untouched: u64::try_from(estate.services.len()).unwrap_or(u64::MAX),
        unplanned: 0,
        gates: Vec::new(),
        owed: Vec::new(),
        steps: Vec::new(),
        bastions: Vec::new(),
        routes: Vec::new(),
        providers: Vec::new(),
        pools: Vec::new(),
        limits: LimitsOnPaper {
            ssh_handshakes: estate.limits.ssh_handshakes,
            output_bytes: estate.limits.output_bytes,
        },
        ssh: SshOnPaper::from(&estate.ssh),
        findings: Vec::new(),
        outlook: Outlook::default(),
    };
    canon::name(&mut plan)?;
    Ok(plan)
}
