//! What comes after what, through `after` alone: clocks prove nothing, because durations vary in reality.
//!
//! Laws put their questions as [`Demand`]s, and all of them are answered together: the items that must come before
//! are numbered, and their numbers are carried down the order 256 at a time. That is one pass over the plan for each
//! 256 items asked about, whatever the number of questions.

/// A set of items that was handed to [`Demands::set`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SetId(u32);

/// An item must come after all of one set, or after any one of another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<W> {
    /// The item that must come later.
    pub(super) later: u32,
    /// All of these come before it. Nothing is proven by a set that is not given.
    pub(super) all: Option<SetId>,
    /// Or any of these does.
    pub(super) any: Option<SetId>,
    /// What is wrong where neither is so.
    pub(super) why: W,
}

/// Questions, to be answered together.
pub(super) struct Demands<W> {
    sets: Vec<Vec<u32>>,
    list: Vec<Demand<W>>,
}

/// Who comes after whom.
pub(super) struct Order {
    /// Items in an order in which everything stands behind what it comes after.
    pub(super) sorted: Vec<u32>,
    place: Vec<u32>,
    first: Vec<u32>,
    before: Vec<u32>,
}

/// A circle of items, as a path that leads back to its first.
pub(super) struct Circle(pub(super) Vec<u32>);

impl Order {
    /// Sorts items by what they come after.
    pub(super) fn new(after: &[Vec<u32>]) -> Result<Self, Circle> {
        let mut open: Vec<u32> = after.iter().map(|before| u32_of(before.len())).collect();
        let mut behind: Vec<Vec<u32>> = vec![Vec::new(); after.len()];
        for (item, before) in after.iter().enumerate() {
            for &one in before {
                behind[one as usize].push(u32_of(item));
            }
        }
        let mut sorted: Vec<u32> = (0..u32_of(after.len())).filter(|&item| open[item as usize] == 0).collect();
        let mut done = 0;
        while done < sorted.len() {
            for &item in &behind[sorted[done] as usize] {
                open[item as usize] -= 1;
                if open[item as usize] == 0 {
                    sorted.push(item);
                }
            }
            done += 1;
        }
        if sorted.len() < after.len() {
            return Err(circle(after, &open));
        }
        let mut place = vec![0; after.len()];
        for (at, &item) in sorted.iter().enumerate() {
            place[item as usize] = u32_of(at);
        }
        let mut first = Vec::with_capacity(after.len() + 1);
        let mut before = Vec::new();
        for &item in &sorted {
            first.push(u32_of(before.len()));
            before.extend(after[item as usize].iter().map(|&one| place[one as usize]));
        }
        first.push(u32_of(before.len()));
        Ok(Self { sorted, place, first, before })
    }

    /// The most urgent class among each item and all that wait for it.
    pub(super) fn urgency(&self, class: &[u8]) -> Vec<u8> {
        let mut urgent = class.to_vec();
        for (at, &item) in self.sorted.iter().enumerate().rev() {
            for &one in self.before(at) {
                let one = self.sorted[one as usize] as usize;
                urgent[one] = urgent[one].min(urgent[item as usize]);
            }
        }
        urgent
    }

    /// For each item, the bits of its own and of all that it comes after.
    pub(super) fn gathered(&self, own: &[u64]) -> Vec<u64> {
        let mut gathered = own.to_vec();
        for (at, &item) in self.sorted.iter().enumerate() {
            for &one in self.before(at) {
                gathered[item as usize] |= gathered[self.sorted[one as usize] as usize];
            }
        }
        gathered
    }

    /// Each item with each that it comes after.
    pub(super) fn arrows(&self) -> impl Iterator<Item = (u32, u32)> {
        let places = self.sorted.iter().enumerate();
        places.flat_map(move |(at, &item)| self.before(at).iter().map(move |&one| (item, self.sorted[one as usize])))
    }

    fn before(&self, at: usize) -> &[u32] {
        &self.before[self.first[at] as usize..self.first[at + 1] as usize]
    }
}

impl<W: Copy> Demands<W> {
    pub(super) const fn new() -> Self {
        Self { sets: Vec::new(), list: Vec::new() }
    }

    /// Keeps a set for any number of demands.
    pub(super) fn set(&mut self, mut items: Vec<u32>) -> SetId {
        items.sort_unstable();
        items.dedup();
        self.sets.push(items);
        SetId(u32_of(self.sets.len() - 1))
    }

    /// Asks that `later` comes after all of a set, or after any of another.
    pub(super) fn ask(&mut self, later: u32, all: Option<SetId>, any: Option<SetId>, why: W) {
        self.list.push(Demand { later, all, any, why });
    }

    /// Asks that `later` comes after one item.
    pub(super) fn ask_one(&mut self, later: u32, earlier: u32, why: W) {
        let all = Some(self.set(vec![earlier]));
        self.ask(later, all, None, why);
    }

    /// The demands that are not met, in the order asked.
    pub(super) fn unmet(&self, order: &Order) -> Vec<Demand<W>> {
        let mut missed = vec![false; self.list.len()];
        let mut met = vec![false; self.list.len()];
        let mut pairs: Vec<Pair> = Vec::new();
        for (number, demand) in self.list.iter().enumerate() {
            for (set, all) in [(demand.all, true), (demand.any, false)] {
                for &item in set.map_or(&[][..], |set| &self.sets[set.0 as usize]) {
                    let (mark, later) = (order.place[item as usize], order.place[demand.later as usize]);
                    // Most of what must come before does so directly; only the rest is carried down the order.
                    if order.before(later as usize).contains(&mark) {
                        met[number] |= !all;
                    } else {
                        pairs.push(Pair { mark, later, demand: u32_of(number), all });
                    }
                }
            }
        }
        pairs.sort_unstable_by_key(|pair| pair.mark);
        let mut reach = vec![[0_u64; WORDS]; order.sorted.len()];
        for part in parts(&pairs) {
            spread(order, part, &mut reach);
            let mut bit = 0;
            for (at, pair) in part.iter().enumerate() {
                bit += usize::from(at > 0 && part[at - 1].mark != pair.mark);
                let comes_after = pair.later > pair.mark && reach[pair.later as usize][bit / 64] >> (bit % 64) & 1 == 1;
                let number = pair.demand as usize;
                if pair.all {
                    missed[number] |= !comes_after;
                } else {
                    met[number] |= comes_after;
                }
            }
        }
        let is_met = |number: usize| met[number] || (self.list[number].all.is_some() && !missed[number]);
        (0..self.list.len()).filter(|&number| !is_met(number)).map(|number| self.list[number]).collect()
    }
}

/// How many marks are carried at once, in words of 64: four fill half a cache line, and more gain nothing.
const WORDS: usize = 4;

/// One mark, and one demand that asks whether its item comes after it. Both are places in the order.
#[derive(Clone, Copy)]
struct Pair {
    mark: u32,
    later: u32,
    demand: u32,
    all: bool,
}

/// Parts of the pairs with as many different marks as are carried at once.
fn parts(pairs: &[Pair]) -> Vec<&[Pair]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut marks = 0;
    for at in 0..pairs.len() {
        let is_new = at == start || pairs[at - 1].mark != pairs[at].mark;
        if is_new && marks == WORDS * 64 {
            parts.push(&pairs[start..at]);
            start = at;
            marks = 0;
        }
        marks += usize::from(is_new);
    }
    parts.push(&pairs[start..]);
    parts
}

/// Carries each mark from its place to all that come after it, as far as anybody asks.
fn spread(order: &Order, part: &[Pair], reach: &mut [[u64; WORDS]]) {
    let (Some(low), Some(high)) = (part.first().map(|pair| pair.mark), part.iter().map(|pair| pair.later).max()) else {
        return;
    };
    let mut marks = part.iter().map(|pair| pair.mark).collect::<Vec<_>>();
    marks.dedup();
    let mut next = 0;
    for at in low..=high {
        let mut bits = [0; WORDS];
        for &one in order.before(at as usize).iter().filter(|&&one| one >= low) {
            for (bits, more) in bits.iter_mut().zip(reach[one as usize]) {
                *bits |= more;
            }
        }
        if marks.get(next) == Some(&at) {
            bits[next / 64] |= 1 << (next % 64);
            next += 1;
        }
        reach[at as usize] = bits;
    }
}

/// Follows what is left backwards until an item comes again.
fn circle(after: &[Vec<u32>], open: &[u32]) -> Circle {
    let mut path: Vec<u32> = Vec::new();
    let mut seen = vec![usize::MAX; after.len()];
    let mut item = u32_of(open.iter().position(|&open| open > 0).unwrap_or_default());
    while seen[item as usize] == usize::MAX {
        seen[item as usize] = path.len();
        path.push(item);
        let left = after[item as usize].iter().find(|&&one| open[one as usize] > 0);
        item = left.copied().unwrap_or(item);
    }
    let mut path = path.split_off(seen[item as usize]);
    path.push(item);
    path.reverse();
    Circle(path)
}

/// Plans are limited to far less than 2³² items by the size of what people can write.
pub(super) fn u32_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Demands;
    use super::Order;

    /// A ladder with 600 rungs: more marks than are carried at once.
    #[test]
    fn an_item_comes_after_all_that_lead_to_it_and_nothing_else() {
        let after: Vec<Vec<u32>> = (0..1_200_u32).map(|at| if at < 2 { vec![] } else { vec![at - 2] }).collect();
        let Ok(order) = Order::new(&after) else { panic!("there is no circle") };
        let mut demands = Demands::new();
        for at in 0..1_198 {
            demands.ask_one(1_198, at, at);
        }
        let unmet: Vec<u32> = demands.unmet(&order).iter().map(|demand| demand.why).collect();
        assert_eq!(unmet, (0..1_198).filter(|at| at % 2 == 1).collect::<Vec<_>>());
    }

    #[test]
    fn any_of_a_set_is_enough_and_all_of_a_set_are_needed() {
        let Ok(order) = Order::new(&[vec![], vec![0], vec![], vec![1]]) else { panic!("there is no circle") };
        let mut demands = Demands::new();
        let far = demands.set(vec![0, 2]);
        let near = demands.set(vec![0, 1]);
        demands.ask(3, Some(far), None, "all of the far");
        demands.ask(3, Some(near), None, "all of the near");
        demands.ask(3, Some(far), Some(far), "any of the far");
        demands.ask(0, None, Some(near), "the first");
        let unmet: Vec<_> = demands.unmet(&order).iter().map(|demand| demand.why).collect();
        assert_eq!(unmet, ["all of the far", "the first"]);
    }

    #[test]
    fn a_circle_is_told_as_a_path() {
        let Err(circle) = Order::new(&[vec![3], vec![0], vec![1], vec![2], vec![3]]) else { panic!("no circle") };
        assert_eq!(circle.0.first(), circle.0.last());
        assert_eq!(circle.0.len(), 5);
    }
}
