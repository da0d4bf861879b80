//! A small estate in which every key is written once, and nothing is wrong.

/// Its files.
pub(super) const FILES: [(&str, &str); 4] = [
    ("bonghwa.toml", include_str!("../../../tests/findings/sample/bonghwa.toml")),
    ("runbooks/border-cut.toml", include_str!("../../../tests/findings/sample/runbooks/border-cut.toml")),
    ("runbooks/message-store.toml", include_str!("../../../tests/findings/sample/runbooks/message-store.toml")),
    ("topology/estate.toml", include_str!("../../../tests/findings/sample/topology/estate.toml")),
];
