//! Any bytes, as the files of a project: loading and showing what was found never panics.
//!
//! `cargo fuzz run -s none load tests/findings/sample` begins with files that mean something. Files are parted by a
//! line of three equals signs.

#![no_main]

use bonghwa::load::SourceText;
use bonghwa::load::load;
use bonghwa::report::finding::findings;
use bonghwa::report::finding::findings_json;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 4] = ["topology/a.toml", "runbooks/a.toml", "bonghwa.toml", "topology/b.toml"];

fuzz_target!(|bytes: &[u8]| {
    let mut files = Vec::new();
    let mut rest = bytes;
    for path in PATHS {
        let end = rest.windows(5).position(|window| window == b"\n===\n");
        let bytes = rest[..end.unwrap_or(rest.len())].to_vec();
        files.push(SourceText { path: path.to_owned(), bytes });
        match end {
            Some(end) => rest = &rest[end + 5..],
            None => break,
        }
    }
    let loaded = load(files);
    let shown = findings(&loaded.findings, &loaded.sources, true);
    assert_eq!(shown.is_empty(), loaded.findings.is_empty());
    let json = findings_json(&loaded.findings, &loaded.sources);
    assert_eq!(json.as_array().map(Vec::len), Some(loaded.findings.len()));
});
