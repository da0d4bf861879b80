//! Each name belongs to one thing: the first that claims it.

use std::collections::BTreeMap;

use crate::load::draft::Drafts;
use crate::load::page::Named;
use crate::model::Fault;
use crate::model::Finding;
use crate::model::Noun;
use crate::model::Tier;

/// Sorts a list by name, and leaves out what repeats one.
pub(super) fn settle<T>(what: Noun, list: &mut Vec<T>, name: fn(&T) -> &Named, findings: &mut Vec<Finding>) {
    list.sort_by(|a, b| (&name(a).text, name(a).place).cmp(&(&name(b).text, name(b).place)));
    let mut settled: Vec<T> = Vec::with_capacity(list.len());
    for item in list.drain(..) {
        match settled.last().map(name) {
            Some(first) if first.text == name(&item).text => findings.push(twice(what, name(&item), first)),
            Some(_) | None => settled.push(item),
        }
    }
    *list = settled;
}

fn twice(what: Noun, second: &Named, first: &Named) -> Finding {
    Finding::new(second.place, Fault::DeclaredTwice { what, name: second.text.clone() }).with(first.place)
}

/// Tiers keep their order. They stand in one file, since the order of two files is nobody's decision.
pub(super) fn tiers(tiers: &mut Vec<(Named, Tier)>, findings: &mut Vec<Finding>) {
    let mut settled: Vec<(Named, Tier)> = Vec::with_capacity(tiers.len());
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (name, tier) in tiers.drain(..) {
        if let (Some((first, _)), Some((last, _))) = (settled.first(), settled.last())
            && first.place.file != name.place.file
            && last.place.file != name.place.file
        {
            findings.push(Finding::new(name.place, Fault::TiersApart).with(first.place));
        }
        match known.get(&name.text) {
            Some(&first) => findings.push(twice(Noun::Tier, &name, &settled[first].0)),
            None => {
                known.insert(name.text.clone(), settled.len());
                settled.push((name, tier));
            }
        }
    }
    *tiers = settled;
}

/// A place may not have the name of a site: lists of whereabouts hold both.
pub(super) fn sites_and_places(drafts: &mut Drafts, findings: &mut Vec<Finding>) {
    let sites = &drafts.sites;
    drafts.places.retain(|(name, _)| match sites.binary_search_by(|site| site.name.text.cmp(&name.text)) {
        Ok(at) => {
            findings.push(twice(Noun::Whereabouts, name, &sites[at].name));
            false
        }
        Err(_) => true,
    });
}
