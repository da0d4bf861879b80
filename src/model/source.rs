//! What was read, and where in it each thing was written. Texts and positions only; nothing here opens a file.

use std::sync::OnceLock;

use crate::model::FileId;
use crate::model::HostRuleId;
use crate::model::KitId;
use crate::model::Place;
use crate::model::Procedure;
use crate::model::ProviderId;
use crate::model::RouteId;
use crate::model::RunbookId;
use crate::model::ServiceId;
use crate::model::SiteId;
use crate::model::TierId;

/// All files that were read, in the order in which they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<File>,
}

/// From here on columns are counted in bytes.
const FAR_BYTES: usize = 65_536;

#[derive(Debug, Clone, Eq)]
struct File {
    path: String,
    text: String,
    /// Where each line begins, once somebody has asked: in most files nobody ever does.
    lines: OnceLock<Vec<usize>>,
}

/// Whether anybody has asked for its lines makes no difference.
impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.text) == (&other.path, &other.text)
    }
}

impl File {
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let breaks = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(breaks).collect()
        })
    }
}

impl Sources {
    /// Adds a file; its text is empty where it could not be read.
    pub fn add(&mut self, path: &str, text: String) -> FileId {
        self.files.push(File { path: path.to_owned(), text, lines: OnceLock::new() });
        FileId::new(self.files.len() - 1)
    }

    /// How many files there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether nothing was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The path of a file, relative to the project.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.at()].path
    }

    /// The text of a file; empty where it could not be read.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.at()].text
    }

    /// The line of a byte, counted from 0, and the byte at which that line begins.
    #[must_use]
    pub fn line(&self, file: FileId, byte: usize) -> (usize, usize) {
        let lines = self.files[file.at()].lines();
        let line = lines.partition_point(|&start| start <= byte).saturating_sub(1);
        (line, lines[line])
    }

    /// The line and the column at which a place begins, both counted from 1; columns are characters. Far down a line
    /// of megabytes they are bytes: such a line is counted again for each of its findings.
    #[must_use]
    pub fn line_column(&self, place: &Place) -> (usize, usize) {
        let (line, start) = self.line(place.file, place.start);
        let before = place.start.saturating_sub(start);
        let column = match self.text(place.file).get(start..place.start) {
            Some(text) if before <= FAR_BYTES => text.chars().count(),
            Some(_) => before,
            None => 0,
        };
        (line + 1, column + 1)
    }

    /// Where a line begins, counted from 0; the end of the text for a line that is not there.
    #[must_use]
    pub fn line_start(&self, file: FileId, line: usize) -> usize {
        let file = &self.files[file.at()];
        file.lines().get(line).copied().unwrap_or(file.text.len())
    }
}

/// Where each declared thing was written, beside the estate: whoever judges an estate can point at its author's line.
///
/// Every list is parallel to the estate's list of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Tiers, at their names.
    pub tiers: Vec<Place>,
    /// Sites with their parts.
    pub sites: Vec<SitePlaces>,
    /// Kits, at their names.
    pub kits: Vec<Place>,
    /// Services with their parts.
    pub services: Vec<ServicePlaces>,
    /// Routes, at their names.
    pub routes: Vec<Place>,
    /// Providers, at their names.
    pub providers: Vec<Place>,
    /// Host rules, at their patterns.
    pub host_rules: Vec<Place>,
    /// Runbooks with their parts.
    pub runbooks: Vec<RunbookPlaces>,
    /// The `[orchestrator]` table, where there is one.
    pub orchestrator: Option<Place>,
}

/// Where a site was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePlaces {
    /// Its name.
    pub name: Place,
    /// The day of the last proof that its cloud launches what it promises.
    pub launch_proved: Option<Place>,
}

/// Where a service was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePlaces {
    /// Its name.
    pub name: Place,
    /// What it depends on, parallel to `Service::depends_on`.
    pub depends_on: Vec<Place>,
    /// Its replicas, parallel to `Service::replicas`.
    pub replicas: Vec<Place>,
    /// The day on which its dependencies were looked at.
    pub deps_reviewed: Option<Place>,
}

/// Where a runbook was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookPlaces {
    /// Its id.
    pub name: Place,
    /// The day of its review.
    pub reviewed: Option<Place>,
    /// Its steps, parallel to `Runbook::procedures`.
    pub steps: Vec<Vec<Place>>,
    /// The same, by occasion.
    pub procedures: Vec<Procedure>,
}

impl Places {
    /// Where a service was written.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Place> {
        self.services.get(id.at()).map(|service| &service.name)
    }

    /// Where the dependency at position `at` of a service's list was written.
    #[must_use]
    pub fn dependency(&self, id: ServiceId, at: usize) -> Option<&Place> {
        self.services.get(id.at())?.depends_on.get(at)
    }

    /// Where the replica at position `at` of a service's list was written.
    #[must_use]
    pub fn replica(&self, id: ServiceId, at: usize) -> Option<&Place> {
        self.services.get(id.at())?.replicas.get(at)
    }

    /// Where a site was written.
    #[must_use]
    pub fn site(&self, id: SiteId) -> Option<&Place> {
        self.sites.get(id.at()).map(|site| &site.name)
    }

    /// Where a tier was written.
    #[must_use]
    pub fn tier(&self, id: TierId) -> Option<&Place> {
        self.tiers.get(id.at())
    }

    /// Where a kit was written.
    #[must_use]
    pub fn kit(&self, id: KitId) -> Option<&Place> {
        self.kits.get(id.at())
    }

    /// Where a route was written.
    #[must_use]
    pub fn route(&self, id: RouteId) -> Option<&Place> {
        self.routes.get(id.at())
    }

    /// Where a provider was written.
    #[must_use]
    pub fn provider(&self, id: ProviderId) -> Option<&Place> {
        self.providers.get(id.at())
    }

    /// Where a host rule was written.
    #[must_use]
    pub fn host_rule(&self, id: HostRuleId) -> Option<&Place> {
        self.host_rules.get(id.at())
    }

    /// Where a runbook was written.
    #[must_use]
    pub fn runbook(&self, id: RunbookId) -> Option<&Place> {
        self.runbooks.get(id.at()).map(|runbook| &runbook.name)
    }

    /// Where the step at position `at` of a procedure was written.
    #[must_use]
    pub fn step(&self, id: RunbookId, procedure: Procedure, at: usize) -> Option<&Place> {
        let runbook = self.runbooks.get(id.at())?;
        let steps = runbook.procedures.iter().position(|occasion| *occasion == procedure)?;
        runbook.steps.get(steps)?.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::Sources;
    use crate::model::Place;

    #[test]
    fn lines_and_columns_are_those_that_people_count() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "가나 = 1\n\nx".to_owned());
        let at = |start| sources.line_column(&Place { file, start, end: start });
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(6), (1, 3));
        assert_eq!(at(11), (2, 1));
        assert_eq!(at(12), (3, 1));
        assert_eq!(at(99), (3, 1));
        assert_eq!(sources.line_start(file, 2), 12);
    }
}
