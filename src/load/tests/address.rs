//! `{{ address }}` is the address of a service's route at the site of the step, or a finding.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Fault;
use crate::model::NoAddress;

const SITES: &str = "[[tier]]\nid = \"core\"\n[site.a]\nkind = \"datacenter\"\ncapacity = { cores = 9 }\n[site.b]\n\
    kind = \"datacenter\"\ncapacity = { cores = 9 }\n[provider.p]\nkind = \"command\"\nwrite = \"w\"\n";
const WEB: &str = "[service.web]\ntier = \"core\"\nkind = \"stateless\"\nload = { cores = 1 }\n\
    [service.web.at.a]\nrole = \"active\"\nhosts = \"a\"\n\
    [service.web.at.b]\nrole = \"hot\"\nhosts = \"b\"\nmax-load = { cores = 1 }\n";

/// Why a step on the target, or on the source, has no address, where the route leads to these.
fn why(on: &str, at: Option<&str>) -> Vec<NoAddress> {
    let route = at.map_or_else(String::new, |at| {
        format!("[route.r]\nprovider = \"p\"\nname = \"r.\"\nttl = \"30s\"\nat = {at}\n")
    });
    let web = if at.is_some() { WEB.replacen("kind", "route = \"r\"\nkind", 1) } else { WEB.to_owned() };
    let runbook = format!(
        "[runbook]\nid = \"web\"\n[[failover]]\nid = \"look\"\nphase = \"verify\"\non = \"{on}\"\n\
         exec = \"look {{{{ address }}}}\"\n"
    );
    let text = |(path, text): (&str, String)| SourceText { path: path.to_owned(), bytes: text.into_bytes() };
    let files = [("runbooks/web.toml", runbook), ("topology/all.toml", format!("{SITES}{web}{route}"))];
    let faults = load(files.map(text).into()).findings.into_iter().map(|finding| finding.fault);
    faults.filter_map(|fault| if let Fault::NoAddress { why, .. } = fault { Some(why) } else { None }).collect()
}

#[test]
fn an_address_is_one_at_every_site_where_a_step_may_be() {
    let both = Some(r#"{ a = ["192.0.2.1"], b = ["192.0.2.2"] }"#);
    assert_eq!((why("target", both), why("source", both)), (vec![], vec![]));
    assert_eq!(why("target", None), [NoAddress::NoRoute]);
    let many = Some(r#"{ a = ["192.0.2.1"], b = ["192.0.2.2", "2001:db8::2"] }"#);
    assert_eq!((why("target", many), why("source", many)), (vec![NoAddress::ManyAt("b".to_owned())], vec![]));
    let only = Some(r#"{ a = ["192.0.2.1"] }"#);
    assert_eq!((why("target", only), why("source", only)), (vec![NoAddress::NoneAt("b".to_owned())], vec![]));
}
