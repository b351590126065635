//! Tests of the tokens that are kept: who can read them, who renews them, and whose they are.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use serde_json::json;

use crate::fake::{Fake, problem, tokens};
use crate::home::{Home, assert_fails};

#[test]
fn two_processes_renew_a_sign_in_once() {
    let (fake, home) = (Fake::start(), Home::new());
    fake.plan().tokens = [
        (200, tokens("access-1", 0)),
        (200, tokens("access-2", 3600)),
    ]
    .into();
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let printed = thread::scope(|scope| {
        let runs = [(); 4].map(|()| scope.spawn(|| home.run(&["token"])));
        runs.map(|run| run.join().unwrap().output)
    });
    assert_eq!(printed, [(); 4].map(|()| "access-2\n"));
    let asked = fake.asked("POST /token");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].body.contains("refresh_token=refresh-of-access-1"));
    // The next refresh has the new refresh token.
    fake.plan().tokens = [(400, json!({"error": "invalid_grant"}))].into();
    let kept = fs::read_to_string(home.kept()).unwrap();
    fs::write(home.kept(), kept.replace("\"obtained\":", "\"obtained\":1")).unwrap();
    assert_fails(&home.run(&["token"]), 77, &["is over", "sign in again"]);
    assert!(
        fake.asked("POST /token")[2]
            .body
            .contains("refresh_token=refresh-of-access-2")
    );
}

#[test]
fn a_good_token_is_used_while_the_issuer_is_away() {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(home.kept()).unwrap()).unwrap();
    let mut due = kept;
    due["obtained"] = json!(due["obtained"].as_u64().unwrap() - 100_000);
    fs::write(home.kept(), due.to_string()).unwrap();
    fake.plan().tokens = [(503, json!({}))].into();
    assert_eq!(home.run(&["token"]).output, "access-1\n");
    due["expires"] = json!(1);
    fs::write(home.kept(), due.to_string()).unwrap();
    assert_fails(&home.run(&["token"]), 69, &["answers 503"]);
}

#[test]
fn a_token_that_the_door_refuses_is_renewed_once() {
    let (fake, home) = (Fake::start(), Home::new());
    fake.plan().tokens = [
        (200, tokens("access-1", 3600)),
        (200, tokens("access-2", 3600)),
    ]
    .into();
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    fake.plan().whoami = (401, problem(401, "unauthorized"));
    let ran = home.run(&["whoami"]);
    assert_fails(&ran, 77, &["401", "`unauthorized`", "gatehouse why r-1"]);
    assert_eq!(fake.asked("POST /token").len(), 2);
    assert_eq!(
        fake.asked("GET /whoami").pop().unwrap().authorization,
        "Bearer access-2"
    );
}

#[test]
fn tokens_that_others_could_read_are_not_used() {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let (path, mode) = (home.kept(), |mode| fs::Permissions::from_mode(mode));
    fs::set_permissions(&path, mode(0o640)).unwrap();
    assert_fails(
        &home.run(&["token", "--door", &fake.url]),
        74,
        &["others than its owner"],
    );
    fs::set_permissions(&path, mode(0o600)).unwrap();
    assert_eq!(home.run(&["token"]).code, Some(0));
    fs::set_permissions(path.parent().unwrap(), mode(0o755)).unwrap();
    assert_fails(
        &home.run(&["token", "--door", &fake.url]),
        74,
        &["others than its owner"],
    );
    fs::set_permissions(path.parent().unwrap(), mode(0o700)).unwrap();
    let elsewhere = home.0.join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert_fails(
        &home.run(&["token", "--door", &fake.url]),
        74,
        &["is a link"],
    );
    fs::remove_file(&path).unwrap();
    fs::write(&path, "{}").unwrap();
    fs::set_permissions(&path, mode(0o600)).unwrap();
    assert_fails(
        &home.run(&["token", "--door", &fake.url]),
        64,
        &["no sign-in of this version"],
    );
    // A file of another door, moved here.
    let other = Fake::start();
    assert_eq!(home.sign_in(&other, &["--as", "x"]).code, Some(0));
    fs::remove_file(&path).unwrap();
    fs::rename(home.kept(), &path).unwrap();
    assert_fails(
        &home.run(&["token", "--door", &fake.url]),
        77,
        &["no sign-in"],
    );
    assert!(other.asked("GET /whoami").len() == 1 && fake.asked("GET /whoami").len() == 1);
}

#[test]
fn several_users_are_kept_side_by_side_and_not_mixed_up() {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &["--as", "alice"]).code, Some(0));
    fake.plan().tokens = [(200, tokens("access-b", 3600))].into();
    fake.plan().whoami.1["subject"] = json!("s-bob");
    fake.plan().whoami.1["username"] = json!("bob");
    assert_eq!(home.sign_in(&fake, &["--as", "bob"]).code, Some(0));
    assert_eq!(home.run(&["token", "--as", "alice"]).output, "access-1\n");
    assert_eq!(home.run(&["token", "--as", "bob"]).output, "access-b\n");
    let ran = home.sign_in(&fake, &["--as", "alice"]);
    assert_fails(&ran, 77, &["`bob` signed in", "`alice`", "--fresh"]);
    assert_eq!(home.run(&["token", "--as", "alice"]).output, "access-1\n");
}

/// A browser may be signed in as another than was meant.
#[test]
fn another_user_than_before_is_told() {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let ran = home.sign_in(&fake, &[]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    fake.plan().tokens = [(200, tokens("access-b", 3600))].into();
    fake.plan().whoami.1["subject"] = json!("s-bob");
    fake.plan().whoami.1["username"] = json!("bob");
    let ran = home.sign_in(&fake, &[]);
    assert_eq!((ran.code, &ran.json()["user"]), (Some(0), &json!("bob")));
    for word in ["The sign-in of `alice` is replaced", "--as NAME"] {
        assert!(ran.errors.contains(word), "{ran:?}");
    }
    assert_eq!(home.run(&["token"]).output, "access-b\n");
    // A name that was given stays its user's.
    fake.plan().whoami.1["subject"] = json!("s-alice");
    let ran = home.sign_in(&fake, &["--as", "default"]);
    assert_fails(
        &ran,
        77,
        &["nothing was kept", "--fresh", "gatehouse logout"],
    );
    assert_eq!(home.run(&["token"]).output, "access-b\n");
    // At an agent, the one who is not admitted learns who they are, and how to be another.
    fake.plan().agents = [(
        403,
        "application/json",
        problem(403, "forbidden").to_string(),
    )]
    .into();
    let ran = home.run(&["call", "demo", "x"]);
    let words = ["`forbidden`", "`gatehouse whoami`", "--fresh --as NAME"];
    assert_fails(&ran, 77, &words);
}

#[test]
fn there_must_be_a_place_for_tokens() {
    let (fake, home) = (Fake::start(), Home::new());
    fs::create_dir_all(home.0.join(".local")).unwrap();
    fs::write(home.0.join(".local/state"), "a file").unwrap();
    let ran = home.run(&["login", &fake.url, "--no-browser"]);
    assert_fails(&ran, 74, &["cannot be kept"]);
    let ran = home.run_with(&["login", &fake.url], &[("HOME", "")], "");
    assert_fails(&ran, 64, &["no place for tokens"]);
}
