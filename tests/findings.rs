//! Every kind of finding, as people see it. Each case is the sample estate with one edit; the goldens hold what is
//! shown. `UPDATE_EXPECT=1` writes them anew.

#[path = "findings/cases.rs"]
mod cases;
#[path = "findings/cases_of_services.rs"]
mod cases_of_services;
#[path = "findings/cases_of_steps.rs"]
mod cases_of_steps;

use std::collections::BTreeSet;

use bonghwa::load::Loaded;
use bonghwa::load::SourceText;
use bonghwa::load::load;
use bonghwa::load::load_beside;
use bonghwa::model::Fault;
use bonghwa::model::Unread;
use bonghwa::report::explain_code::explain_code;
use bonghwa::report::finding::findings;
use bonghwa::report::finding::findings_json;
use cases::Case;
use cases::Edit;
use expect_test::expect;
use expect_test::expect_file;

const SAMPLE: [(&str, &str); 4] = [
    ("bonghwa.toml", include_str!("findings/sample/bonghwa.toml")),
    ("runbooks/border-cut.toml", include_str!("findings/sample/runbooks/border-cut.toml")),
    ("runbooks/message-store.toml", include_str!("findings/sample/runbooks/message-store.toml")),
    ("topology/estate.toml", include_str!("findings/sample/topology/estate.toml")),
];

fn text(path: &str, text: &str) -> SourceText {
    SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn load_case(case: &Case) -> Loaded {
    let mut files: Vec<SourceText> = SAMPLE.iter().map(|(path, content)| text(path, content)).collect();
    match &case.edit {
        Edit::Swap(from, to) => {
            let file = files.iter_mut().find(|file| String::from_utf8_lossy(&file.bytes).contains(from));
            let file = file.unwrap_or_else(|| panic!("{}: the sample does not say {from}", case.name));
            file.bytes = String::from_utf8_lossy(&file.bytes).replacen(from, to, 1).into_bytes();
        }
        Edit::Add(path, content) => files.push(text(path, content)),
        Edit::Bytes(path, bytes) => files.push(SourceText { path: (*path).to_owned(), bytes: bytes.to_vec() }),
        Edit::Unread(path, why) => return load_beside(files, vec![((*path).to_owned(), why.clone())]),
        Edit::Nothing => files.clear(),
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    load(files)
}

/// Shows every case, and tells which codes came up.
fn shown(cases: &[Case], codes: &mut BTreeSet<u16>) -> String {
    let mut text = String::new();
    for case in cases {
        let loaded = load_case(case);
        assert!(!loaded.findings.is_empty(), "{}: nothing was found", case.name);
        codes.extend(loaded.findings.iter().map(|finding| finding.code().0));
        text.push_str(&format!("### {}\n\n{}\n\n", case.name, findings(&loaded.findings, &loaded.sources, false)));
    }
    text
}

#[test]
fn every_kind_of_finding_is_shown() {
    let mut codes = BTreeSet::new();
    expect_file!["findings/goldens/written.txt"].assert_eq(&shown(&cases::cases(), &mut codes));
    expect_file!["findings/goldens/services.txt"].assert_eq(&shown(&cases_of_services::cases(), &mut codes));
    expect_file!["findings/goldens/names.txt"].assert_eq(&shown(&cases_of_steps::cases_of_names(), &mut codes));
    expect_file!["findings/goldens/requests.txt"].assert_eq(&shown(&cases_of_steps::requests(), &mut codes));
    expect_file!["findings/goldens/steps.txt"].assert_eq(&shown(&cases_of_steps::cases(), &mut codes));
    // Circles among services, days that have not come yet, hosts at two sites and sets that are reached in two ways are found by `check`, and tested there;
    // a file full of mistakes has a test of its own.
    let elsewhere = ["More", "HardCycle", "StartCycle", "MixedCycle", "FutureDate", "HostsTwice", "HostRulesDiffer"];
    let missing: Vec<_> =
        Fault::CODES.iter().filter(|(code, _)| !codes.contains(&code.0)).map(|(_, name)| name).collect();
    assert_eq!(missing, elsewhere.iter().collect::<Vec<_>>());
}

#[test]
fn every_code_is_explained() {
    for (code, name) in Fault::CODES {
        assert!(explain_code(*code).is_some(), "{code} ({name}) has no explanation");
    }
}

#[test]
fn codes_are_unique() {
    let codes: BTreeSet<_> = Fault::CODES.iter().map(|(code, _)| code).collect();
    assert_eq!(codes.len(), Fault::CODES.len());
}

#[test]
fn a_thousand_mistakes_in_a_hundred_files_come_at_once() {
    let mut files = vec![text(
        "topology/aaa.toml",
        "[[tier]]\nid = \"core\"\n[site.a]\nkind = \"cloud\"\ncapacity = { cores = 1 }\n",
    )];
    for file in 0..100 {
        let mut content = String::new();
        for service in 0..10 {
            content.push_str(&format!(
                "[service.s-{file}-{service}]\ntier = \"cor\"\nkind = \"stateless\"\n[service.s-{file}-{service}.at.a]\nrole = \"active\"\n"
            ));
        }
        files.push(text(&format!("topology/{file:03}.toml"), &content));
    }
    let loaded = load(files);
    assert_eq!(loaded.findings.len(), 1_000);
    assert!(loaded.findings.is_sorted_by_key(|finding| finding.place));
    let shown = findings(&loaded.findings, &loaded.sources, false);
    assert!(shown.ends_with("\n1000 errors in 100 files\n"), "{}", &shown[shown.len() - 100..]);
}

#[test]
fn a_file_full_of_mistakes_ends_somewhere() {
    let loaded = load(vec![text("topology/a.toml", &"[[tier]]\nid = \"A\"\n".repeat(5_000))]);
    assert_eq!(loaded.findings.len(), 1_001);
    assert_eq!(loaded.findings.last().map(|last| &last.fault), Some(&Fault::More(4_003)));
    let shown = findings(&loaded.findings[1_000..], &loaded.sources, false);
    expect![[r#"
        error[BH072]: 4003 more findings in this file are not shown
             --> topology/a.toml:10000:6
              |
        10000 | id = "A"
              |      ^ from here on
              |
              = help: mend those above, and look again

        1 error in 1 file
    "#]]
    .assert_eq(&shown);
}

#[test]
fn colour_adds_nothing_but_colour() {
    let case = Case { name: "", edit: Edit::Swap("kind = \"sticky\"", "kind = \"stiky\"") };
    let loaded = load_case(&case);
    let colored = findings(&loaded.findings, &loaded.sources, true);
    assert!(colored.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(plain + rest, findings(&loaded.findings, &loaded.sources, false));
}

#[test]
fn a_written_secret_is_never_shown() {
    let secret = "hunter2-is-a-bad-key";
    let case = Case { name: "", edit: Edit::Swap("\"env:TALK_TSIG\"", "\"hunter2-is-a-bad-key\", nmae = 1") };
    let loaded = load_case(&case);
    assert!(loaded.findings.len() > 1);
    assert!(!findings(&loaded.findings, &loaded.sources, false).contains(secret));
    assert!(!findings_json(&loaded.findings, &loaded.sources).to_string().contains(secret));
}

#[test]
fn json_has_lines_and_columns() {
    let case = Case { name: "", edit: Edit::Swap("kind = \"sticky\"", "kind = \"stiky\"") };
    let loaded = load_case(&case);
    let json = serde_json::to_string_pretty(&findings_json(&loaded.findings, &loaded.sources)).unwrap();
    expect![[r#"
        [
          {
            "also": [],
            "code": "BH006",
            "help": [
              "did you mean `sticky`?",
              "it may be `stateless`, `sticky`, `replicated`, `stateful` or `quorum`"
            ],
            "label": "unknown word",
            "place": {
              "column": 8,
              "end-column": 15,
              "end-line": 58,
              "line": 58,
              "path": "topology/estate.toml"
            },
            "severity": "error",
            "title": "`stiky` is none of the words that are known here"
          }
        ]"#]]
    .assert_eq(&json);
}

#[test]
fn what_a_broken_file_might_declare_is_not_missing() {
    let case = Case { name: "", edit: Edit::Unread("topology/more.toml", Unread::Refused("no".to_owned())) };
    let mut files: Vec<SourceText> = SAMPLE.iter().map(|(path, content)| text(path, content)).collect();
    files[3].bytes =
        String::from_utf8_lossy(&files[3].bytes).replace("\"coordinator\"]", "\"elsewhere\"]").into_bytes();
    assert_eq!(load(files.clone()).findings.len(), 1);
    let Edit::Unread(path, why) = case.edit else { unreachable!() };
    let loaded = load_beside(files, vec![(path.to_owned(), why)]);
    assert!(matches!(loaded.findings[..], [ref only] if matches!(only.fault, Fault::Unread(_))));
}
