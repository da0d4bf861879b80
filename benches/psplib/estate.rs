//! Invents the recovery of an estate of any size: five steps a service, five sites, twelve people, some limits.

use bonghwa::model::Millis;
use bonghwa::schedule::Claim;
use bonghwa::schedule::Pool;
use bonghwa::schedule::Problem;
use bonghwa::schedule::Task;

/// Five sites' slots for work, then people, routes, and the calls that each site's API takes.
const SITES: u32 = 5;
const PEOPLE: u32 = SITES;
const ROUTES: u32 = SITES + 1;
const CALLS: u32 = SITES + 2;

/// So many tasks, the same ones every time.
pub(crate) fn generate(tasks: u32) -> Problem {
    let mut state = 1_u64;
    let mut below = |limit: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % u64::from(limit)).expect("a remainder of a small number is small")
    };
    let mut problem = Problem::default();
    // Room grows with the estate, or a large one would take weeks and have nothing but one queue.
    let room = (tasks / 4_000).max(1);
    problem.pools.extend((0..SITES).map(|_| Pool { size: 8 * room, kept_for_first: room }));
    problem.pools.push(Pool { size: 12 * room, kept_for_first: room });
    problem.pools.push(Pool { size: 6 * room, kept_for_first: 0 });
    problem.pools.extend((0..SITES).map(|_| Pool { size: 10 * room, kept_for_first: 0 }));
    for service in 0..tasks / 5 {
        let site = below(SITES);
        let class = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3][below(10) as usize];
        let first = service * 5;
        let needed: Vec<u32> = (0..below(3)).filter(|_| service > 0).map(|_| below(service) * 5 + 4).collect();
        let jitter = below(1_000);
        let mut add = |seconds: u32, after: Vec<u32>, claims: &[(u32, u32)]| {
            let claims = claims.iter().map(|&(pool, amount)| Claim { pool, amount }).collect();
            problem.tasks.push(Task {
                duration: Millis(u64::from(seconds) * 1_000 + u64::from(jitter)),
                class,
                after,
                claims,
            });
        };
        add(30 + below(270), vec![], &[(site, 1 + below(3))]);
        add(10 + below(50), vec![first], &[(site, 1), (CALLS + site, 2)]);
        add(60, [vec![first + 1], needed].concat(), &[(PEOPLE, 1)]);
        add(5 + below(25), vec![first + 2], &[(CALLS + site, 1)]);
        add(60, vec![first + 3], &[(ROUTES, 1), (PEOPLE, below(2))]);
    }
    problem
}
