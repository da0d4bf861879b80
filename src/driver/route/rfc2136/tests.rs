//! What can't be seen from outside of a shift: shares as numbers of addresses, a clock that is wrong, and what is found
//! out beforehand. Against a real server where one answers.

use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::route::provider::Provider;
use crate::driver::route::provider::Trouble;
use crate::driver::route::rfc2136::Rfc2136;
use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;
use crate::driver::tests::dns::key;
use crate::driver::tests::dns::secrets;
use crate::driver::tests::dns::task;
use crate::driver::tests::named::Named;
use crate::model::Millis;
use crate::model::Ppm;

fn provider(task: &RouteTask) -> Rfc2136 {
    Rfc2136::new(task, &secrets()).unwrap()
}

fn shares(parts: &[(&str, u64)]) -> Shares {
    parts.iter().map(|(site, percent)| ((*site).to_owned(), Ppm(percent * 10_000))).collect()
}

fn places(table: &Table) -> Vec<&str> {
    table.entries.iter().map(|entry| entry.place.as_str()).collect()
}

#[test]
fn shares_become_numbers_of_addresses_and_who_is_in_the_record_stays() {
    let mut task = task(&["192.0.2.1".to_owned()]);
    task.at[0].1.push("2001:db8:20::1".to_owned());
    task.ttl = Millis(1_500);
    let dns = provider(&task);
    let all = dns.table(&Table::default(), &shares(&[("ansan", 50), ("pangyo", 50)])).unwrap();
    let four = ["198.18.10.1", "198.18.10.2", "198.18.20.1", "198.18.20.2", "2001:db8:20::1"];
    assert_eq!(places(&all), four);
    assert_eq!(all.ttl, Some(Millis(2_000)));
    // Of two addresses the one that is in the record already.
    let now = Table::new(all.entries.iter().filter(|entry| entry.place == "198.18.10.2").cloned().collect(), None);
    let third = dns.table(&now, &shares(&[("ansan", 66), ("pangyo", 34)])).unwrap();
    assert_eq!(places(&third), ["198.18.10.2", "198.18.20.1", "198.18.20.2", "2001:db8:20::1"]);
    // Nobody who gets nothing is in it, in no family.
    assert_eq!(places(&dns.table(&all, &shares(&[("pangyo", 100)])).unwrap()), ["198.18.10.1", "198.18.10.2"]);
    let nowhere = dns.table(&all, &shares(&[("tokyo", 100)]));
    let why = "tokyo has no address in the route text: declare one".to_owned();
    assert_eq!(nowhere, Err(Trouble::Refused(why)));
}

#[test]
fn what_makes_no_sense_for_dns_is_told() {
    let no = |change: &dyn Fn(&mut RouteTask)| {
        let mut task = task(&["192.0.2.1".to_owned()]);
        change(&mut task);
        Rfc2136::new(&task, &Secrets::new([])).map(|_| ()).unwrap_err()
    };
    assert_eq!(no(&|task| task.provider.zone = None), "gslb has no zone: declare one");
    assert_eq!(no(&|task| task.provider.servers.clear()), "gslb has no servers: declare at least one");
    assert!(no(&|task| task.provider.also.push("ns1:".to_owned())).starts_with("\"ns1:\" is no name server: "));
    assert!(
        no(&|task| task.record = "a..talk.example".to_owned()).starts_with("\"a..talk.example\" is no name in DNS")
    );
    assert_eq!(no(&|task| task.record = String::new()), "\"\" is no name in DNS: it is empty");
    let none = |task: &mut RouteTask| task.provider.tsig = None;
    let place = no(&|task| {
        none(task);
        task.at[0].1[0] = "be/s1".to_owned();
    });
    assert_eq!(place, "\"be/s1\" of ansan in the route text is no IP address, and a DNS record needs one");
    let twice = no(&|task| {
        none(task);
        task.at[1].1[0] = "198.18.20.1".to_owned();
    });
    assert_eq!(twice, "198.18.20.1 in the route text is of both ansan and pangyo: give it to one");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_with_by_how_much() {
    let named = Named::primary("");
    for (off, expected) in [(3_600, "behind ours"), (-3_600, "ahead of ours")] {
        let mut dns = provider(&task(&[named.server()]));
        dns.clock_off = off;
        let now = dns.read().await.unwrap();
        let to = dns.table(&now, &shares(&[("ansan", 100)])).unwrap();
        let Err(Trouble::Refused(why)) = dns.write(&now, &to).await else { panic!("the clock did not matter") };
        let begin = format!("{} says that the time is wrong (BADTIME): its clock is ", named.server());
        let rest = why.strip_prefix(&begin).unwrap_or_else(|| panic!("{why}"));
        let (seconds, rest) = rest.split_once("s ").unwrap();
        let seconds: u64 = seconds.parse().unwrap();
        assert!((3_590..=3_610).contains(&seconds) && rest.starts_with(expected), "{why}");
        assert_eq!(dns.read().await.unwrap(), now);
        let standing = dns.sight().await.remove(0);
        let ahead = standing.clock_ahead.unwrap();
        assert!(standing.update.is_err() && (3_590..=3_610).contains(&ahead.abs()) && ahead.signum() == -off.signum());
    }
}

#[tokio::test]
async fn it_is_found_out_beforehand_without_a_change() {
    let named = Named::primary("");
    let secondary = Named::secondary(&named);
    let dns = provider(&task(&[named.server(), secondary.server()]));
    let before = dns.read().await.unwrap();
    let [primary, second] = dns.sight().await.try_into().unwrap();
    assert_eq!((&primary.zone, &primary.update), (&Ok(()), &Ok(())));
    assert_eq!(primary.undeclared, ["ns9.talk.example."]);
    assert!(primary.clock_ahead.is_some_and(|ahead| ahead.abs() < 10), "{primary:?}");
    assert_eq!(second.zone, Ok(()));
    assert!(second.update.as_ref().is_err_and(|why| why.contains("it is a secondary, or")), "{second:?}");
    assert_eq!(dns.read().await.unwrap(), before);
    assert!(!named.log().contains("an RR"), "{}", named.log());

    let mut wrong = task(&[named.server()]);
    wrong.provider.zone = Some("other.example.".to_owned());
    wrong.record = "msg.other.example.".to_owned();
    wrong.provider.tsig = Some(key("bonghwa.", "hmac-sha256", "env:WRONG"));
    let standing = provider(&wrong).sight().await.remove(0);
    assert!(standing.zone.is_err_and(|why| why.contains("does not serve the zone other.example. to us")));
    assert!(standing.update.is_err_and(|why| why.contains("(BADSIG)")));
}
