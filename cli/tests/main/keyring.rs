//! Tests of `--store`, and of the keyring of the machine that the tests run on, where it has one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::fake::{Fake, tokens};
use crate::home::{Home, assert_fails};
use crate::program::Ran;

const KEYRING: &[(&str, &str)] = &[("GATEHOUSE_STORE", "keyring")];

/// A home whose sign-in is sealed; none where the machine has no keyring, which the test then says.
fn sealed(fake: &Fake) -> Option<Home> {
    let home = Home::new();
    let ran = home.sign_in_with(fake, &[], KEYRING);
    if ran.code == Some(74) && ran.errors.contains("keyring cannot be used") {
        eprintln!("skipped: this machine gives no keyring: {}", ran.errors);
        return None;
    }
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["store"], "keyring");
    Some(home)
}

#[test]
fn a_sign_in_is_sealed_with_a_key_of_the_machines_keyring() {
    let fake = Fake::start();
    let Some(home) = sealed(&fake) else { return };
    let path = home.kept();
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        !kept.contains("access-1") && !kept.contains("refresh-of"),
        "{kept}"
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    // The file says how it is kept; later commands are not told.
    assert_eq!(home.run(&["token"]).output, "access-1\n");
    assert_eq!(home.run(&["whoami"]).json()["username"], "alice");
    let mut changed: Value = serde_json::from_str(&kept).unwrap();
    changed["client_id"] = json!("other");
    fs::write(&path, changed.to_string()).unwrap();
    assert_fails(&home.run(&["token"]), 74, &["was changed", "sign in again"]);
    fs::write(&path, &kept).unwrap();
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, &ran.json()["revoked"]),
        (Some(0), &json!(true)),
        "{ran:?}"
    );
    // The key is deleted: the file, if it comes back, opens no more.
    fs::write(&path, &kept).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let words = [
        "not in the system's keyring any more",
        "sign in again",
        "--store file",
    ];
    assert_fails(&home.run(&["token"]), 77, &words);
    assert_fails(&home.run(&["whoami"]), 77, &words);
    // What cannot be opened can be signed out, and in again.
    assert_fails(&home.run(&["logout"]), 69, &["did not revoke", "any more"]);
    assert!(!path.exists());
    assert_eq!(home.sign_in_with(&fake, &[], KEYRING).code, Some(0));
    assert_eq!(home.run(&["token"]).output, "access-1\n");
    assert_eq!(home.run(&["logout"]).code, Some(0));
}

/// The tool in a session of the kernel's keyring that it alone has, as after another sign-in to the machine; nothing where
/// the kernel keeps no key beyond a session, or there is no Python to join one.
fn in_new_session(home: &Home, arguments: &[&str]) -> Option<Ran> {
    // `KEYCTL_JOIN_SESSION_KEYRING` of keyctl(2), without a name.
    const JOIN: &str = r#"
import ctypes, os, platform, sys
number = {"x86_64": 250, "aarch64": 219}[platform.machine()]
assert ctypes.CDLL(None).syscall(number, 1, None) > 0
os.execv(sys.argv[1], sys.argv[1:])
"#;
    if !Path::new("/proc/sys/kernel/keys/persistent_keyring_expiry").exists() {
        eprintln!("skipped: the kernel has no persistent keyrings");
        return None;
    }
    let tool = home.program();
    let mut command = Command::new("python3");
    command
        .args(["-c", JOIN])
        .arg(tool.get_program())
        .args(arguments)
        .env("HOME", &home.0)
        .env("GATEHOUSE_CLIENT_SECRET", "hunter2")
        .stdin(Stdio::null());
    let Ok(output) = command.output() else {
        eprintln!("skipped: there is no python3 to join a session with");
        return None;
    };
    Some(Ran {
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    })
}

#[test]
fn a_sign_in_is_found_in_other_sessions_of_the_user() {
    let fake = Fake::start();
    let Some(home) = sealed(&fake) else { return };
    let token = ["token", "--door", &fake.url];
    let Some(ran) = in_new_session(&home, &token) else {
        return;
    };
    assert_eq!(ran.output, "access-1\n", "{ran:?}");
    assert_eq!(home.run(&["logout"]).code, Some(0));
    let login = [
        "login",
        &fake.url,
        "--client-credentials",
        "--client-id",
        "terminal",
        "--store",
        "keyring",
    ];
    let ran = in_new_session(&home, &login).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // In the session of this test, and in a third one.
    assert_eq!(home.run(&token).output, "access-1\n");
    assert_eq!(in_new_session(&home, &token).unwrap().output, "access-1\n");
    assert_eq!(
        in_new_session(&home, &["logout", "--door", &fake.url])
            .unwrap()
            .code,
        Some(0)
    );
}

#[test]
fn processes_seal_and_renew_side_by_side() {
    let fake = Fake::start();
    let Some(home) = sealed(&fake) else { return };
    assert_eq!(home.run(&["logout"]).code, Some(0));
    let names = ["a", "b", "c", "d"];
    thread::scope(|scope| {
        let runs = names.map(|name| {
            let (home, fake) = (&home, &fake);
            scope.spawn(move || home.sign_in_with(fake, &["--as", name], KEYRING))
        });
        for run in runs {
            let ran = run.join().unwrap();
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    });
    for name in names {
        assert_eq!(
            home.run(&["token", "--as", name]).output,
            "access-1\n",
            "{name}"
        );
    }
    fake.plan().tokens = [
        (200, tokens("access-2", 0)),
        (200, tokens("access-3", 3600)),
    ]
    .into();
    assert_eq!(
        home.sign_in_with(&fake, &["--as", "a"], KEYRING).code,
        Some(0)
    );
    let printed = thread::scope(|scope| {
        let runs = [(); 4].map(|()| scope.spawn(|| home.run(&["token", "--as", "a"])));
        runs.map(|run| run.join().unwrap().output)
    });
    assert_eq!(printed, [(); 4].map(|()| "access-3\n"));
    let kept = fs::read_to_string(home.kept()).unwrap();
    assert!(
        !kept.contains("access-"),
        "a renewal keeps it sealed: {kept}"
    );
    for name in names {
        assert_eq!(home.run(&["logout", "--as", name]).code, Some(0), "{name}");
    }
}

#[test]
fn a_file_is_chosen_by_option_and_by_variable() {
    let (fake, home) = (Fake::start(), Home::new());
    for (more, variables) in [
        (
            &["--store", "file"][..],
            &[("GATEHOUSE_STORE", "keyring")][..],
        ),
        (&[], &[("GATEHOUSE_STORE", "file")]),
    ] {
        let ran = home.sign_in_with(&fake, more, variables);
        assert_eq!(
            (ran.code, &ran.json()["store"]),
            (Some(0), &json!("file")),
            "{ran:?}"
        );
        assert_eq!(ran.errors, "", "what was chosen needs no words");
        let kept = fs::read_to_string(home.kept()).unwrap();
        assert!(kept.contains("access-1"), "{kept}");
    }
    let wrong = &[("GATEHOUSE_STORE", "keyrng")];
    let ran = home.sign_in_with(&fake, &[], wrong);
    assert_fails(&ran, 64, &["`GATEHOUSE_STORE`", "did you mean `keyring`?"]);
    let ran = home.sign_in(&fake, &["--store", "keyrng"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.errors.contains("'keyring'"), "{ran:?}");
}

/// The best store is taken, and what it is not is said once.
#[test]
fn without_a_choice_the_keyring_is_taken_where_there_is_one() {
    let (fake, home) = (Fake::start(), Home::new());
    let ran = home.sign_in_with(&fake, &[], &[("GATEHOUSE_STORE", "")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let path = home.kept();
    let kept = fs::read_to_string(&path).unwrap();
    if ran.json()["store"] == "keyring" {
        assert_eq!(ran.errors, "");
        assert!(!kept.contains("access-1"), "{kept}");
    } else {
        let path = path.to_str().unwrap();
        assert!(
            ran.errors.contains("unsealed in") && ran.errors.contains(path),
            "{ran:?}"
        );
        assert!(kept.contains("access-1"), "{kept}");
    }
    let ran = home.run(&["token"]);
    assert_eq!(
        (ran.output.as_str(), ran.errors.as_str()),
        ("access-1\n", "")
    );
    assert_eq!(home.run(&["logout"]).code, Some(0));
}

#[test]
fn nothing_is_kept_where_none_is_asked_for() {
    let (fake, home) = (Fake::start(), Home::new());
    let ran = home.sign_in(&fake, &["--store", "none"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        (&ran.json()["user"], &ran.json()["store"]),
        (&json!("alice"), &json!("none"))
    );
    assert!(!home.0.join(".local").exists());
    let asked = fake.asked("POST /revoke");
    assert!(
        asked[0].body.contains("token=refresh-of-access-1"),
        "{asked:?}"
    );
    let ran = home.run(&["token", "--door", &fake.url]);
    assert_fails(&ran, 77, &["no sign-in"]);
    // One that is there stays.
    assert_eq!(home.sign_in(&fake, &["--store", "file"]).code, Some(0));
    let before = fs::read(home.kept()).unwrap();
    assert_eq!(home.sign_in(&fake, &["--store", "none"]).code, Some(0));
    assert_eq!(fs::read(home.kept()).unwrap(), before);
}
