//! WHEN. Knows ids, durations and pools only; it has never heard of a service.
