//! Who uses what: runbooks and their users, routes and their services, subsets and their steps.

use crate::load::draft::Drafts;
use crate::load::resolve::Index;
use crate::model::Estate;
use crate::model::Finding;
use crate::model::Places;

pub(super) fn check(
    _drafts: &Drafts,
    _index: &Index,
    _estate: &Estate,
    _places: &Places,
    _findings: &mut Vec<Finding>,
) {
}
