//! ORDER. Reachability, cycles and condensation; the only home of petgraph.
