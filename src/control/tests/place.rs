//! Where a socket is, and which folders are trusted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::control::ListenError;
use crate::control::place::private_folder;
use crate::control::socket_path;
use crate::control::tests::me;

const PROJECT: &str = "/srv/talk";

#[test]
fn it_is_in_the_runtime_folder_where_there_is_one() {
    let path = |runtime: Option<&str>, temp: &str| {
        let path = socket_path(runtime.map(Path::new), Path::new(temp), 1000, Path::new(PROJECT), "r1").unwrap();
        path.parent().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(path(Some("/run/user/1000"), "/var/tmp"), "/run/user/1000/bonghwa");
    assert_eq!(path(Some("run/user"), "/var/tmp"), "/var/tmp/bonghwa-1000");
    assert_eq!(path(None, "/var/tmp"), "/var/tmp/bonghwa-1000");
    let long = format!("/{}", "x".repeat(100));
    assert_eq!(path(Some(&long), "/var/tmp"), "/var/tmp/bonghwa-1000");
    assert_eq!(path(None, &long), "/tmp/bonghwa-1000");
}

#[test]
fn each_run_of_each_project_has_its_own() {
    let path = |project: &str, run: &str| {
        socket_path(None, Path::new("/var/tmp"), 1000, Path::new(project), run).unwrap().into_os_string()
    };
    let all = [path(PROJECT, "r1"), path(PROJECT, "r2"), path("/srv/talkr", "1"), path("/srv/talk/", "r1")];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(path(PROJECT, "r1"), all[0]);
}

#[test]
fn a_folder_that_others_can_enter_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours");
    private_folder(&ours, me().uid).unwrap();
    private_folder(&ours, me().uid).unwrap();
    assert!(matches!(private_folder(&ours, me().uid + 1), Err(ListenError::Unsafe(_))));
    fs::set_permissions(&ours, fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(private_folder(&ours, me().uid), Err(ListenError::Unsafe(_))));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    assert!(matches!(private_folder(&link, me().uid), Err(ListenError::Unsafe(_))));
}
