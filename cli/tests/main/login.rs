//! Tests of sign-in, of the door that is meant, and of what goes wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use serde_json::json;
use shared::clock::Clock;

use crate::fake::{Fake, problem, tokens};
use crate::home::{Browsing, Home, assert_fails, assert_silent, ports};
use crate::program::root;

#[test]
fn a_user_signs_in_in_a_browser_and_out_again() {
    let (fake, home) = (Fake::start(), Home::new());
    let browsing = Browsing::start(&home, &["login", &fake.url, "--no-browser"]);
    assert_eq!(browsing.parameter("client_id"), "terminal");
    assert_eq!(browsing.parameter("scope"), "openid gatehouse/invoke");
    assert_eq!(browsing.parameter("code_challenge_method"), "S256");
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    let back = browsing.parameter("redirect_uri");
    assert!(template.contains(&back), "the template registers {back}");
    // Another page of this machine cannot end the sign-in.
    let wrong = browsing.back("code=c&state=guessed");
    assert!(
        wrong.starts_with("HTTP/1.1 400") && !wrong.contains("guessed"),
        "{wrong}"
    );
    let state = browsing.parameter("state");
    let page = browsing.back(&format!("code=c-1&state={state}"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for word in ["no-referrer", "default-src 'none'", "no-store"] {
        assert!(page.contains(word), "{page}");
    }
    assert!(!page.contains("c-1") && !page.contains(&state), "{page}");
    let ran = browsing.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["user"], "alice");
    assert_silent(&ran);
    let form = &fake.asked("POST /token")[0].body;
    assert!(
        form.contains("code_verifier=") && form.contains("code=c-1"),
        "{form}"
    );
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.kept()), 0o600);
    assert_eq!(mode(home.kept().parent().unwrap()), 0o700);
    // The only door that is signed in to need not be named.
    let ran = home.run(&["whoami"]);
    assert_eq!(
        (ran.code, &ran.json()["username"]),
        (Some(0), &json!("alice"))
    );
    assert_eq!(
        home.run(&["agents"]).json()["agents"][0],
        json!({"agent": "cards", "protocol": "a2a"})
    );
    assert_eq!(
        fake.asked("GET /whoami").pop().unwrap().authorization,
        "Bearer access-1"
    );
    assert_eq!(home.run(&["token"]).output, "access-1\n");
    assert_eq!(
        home.run(&["token", "--header"]).output,
        "Authorization: Bearer access-1\n"
    );
    let path = home.kept();
    let ran = home.run(&["logout"]);
    assert_eq!(
        (ran.code, &ran.json()["revoked"]),
        (Some(0), &json!(true)),
        "{ran:?}"
    );
    assert!(
        fake.asked("POST /revoke")[0]
            .body
            .contains("token=refresh-of-access-1")
    );
    assert!(!path.exists());
    assert_fails(
        &home.run(&["whoami", "--door", &fake.url]),
        77,
        &["no sign-in", "gatehouse login"],
    );
    assert_eq!(home.run(&["logout", "--door", &fake.url]).code, Some(1));
}

/// A browser that is a script: it goes back to the tool at once.
#[test]
fn a_browser_is_opened_at_the_page() {
    const BROWSER: &str = r#"#!/bin/bash
state=${1##*&state=}; state=${state%%&*}
port=${1##*localhost%3A}; port=${port%%"%2F"*}
exec 3<>/dev/tcp/127.0.0.1/$port
printf 'GET /callback?code=c&state=%s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n' "$state" "$port" >&3
read -r line <&3
"#;
    let (fake, home) = (Fake::start(), Home::new());
    let browser = home.0.join("browser");
    fs::write(&browser, BROWSER).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let _ports = ports();
    let variables = [("BROWSER", browser.to_str().unwrap())];
    let ran = home.run_with(&["login", &fake.url], &variables, "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["user"], "alice");
}

#[test]
fn a_page_that_refuses_ends_the_sign_in() {
    let (fake, home) = (Fake::start(), Home::new());
    let browsing = Browsing::start(&home, &["login", &fake.url, "--no-browser", "--fresh"]);
    assert_eq!(browsing.parameter("prompt"), "login");
    browsing.back(&format!(
        "error=access_denied&state={}",
        browsing.parameter("state")
    ));
    assert_fails(&browsing.end(), 77, &["access_denied"]);
}

#[test]
fn a_port_in_use_leaves_the_other() {
    let (fake, home) = (Fake::start(), Home::new());
    let arguments = ["login", &fake.url, "--no-browser"];
    let browsing = Browsing::start_beside(&home, &arguments, Some(8976));
    let back = browsing.parameter("redirect_uri");
    assert_eq!(back, "http://localhost:18976/callback");
    let state = browsing.parameter("state");
    browsing.back(&format!("code=c-1&state={state}"));
    let ran = browsing.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // The issuer compares it with the one at its page (RFC 6749, section 4.1.3).
    let form = &fake.asked("POST /token")[0].body;
    assert!(
        form.contains("redirect_uri=http%3A%2F%2Flocalhost%3A18976%2Fcallback"),
        "{form}"
    );
}

#[test]
fn ports_in_use_are_told() {
    let (fake, home) = (Fake::start(), Home::new());
    let first = Browsing::start(&home, &["login", &fake.url, "--no-browser"]);
    let port = url::Url::parse(&first.parameter("redirect_uri"))
        .unwrap()
        .port()
        .unwrap();
    let other = if port == 8976 { 18976 } else { 8976 };
    // Another program on this machine may have the other port.
    let _taken = std::net::TcpListener::bind(("127.0.0.1", other));
    let ran = home.run(&["login", &fake.url, "--no-browser"]);
    assert_fails(&ran, 64, &["port 8976", "port 18976", "--device"]);
    first.back(&format!("error=x&state={}", first.parameter("state")));
    assert_eq!(first.end().code, Some(77));
}

#[test]
fn a_user_signs_in_on_another_device() {
    let (fake, home) = (Fake::start(), Home::new());
    let pending = (400, json!({"error": "authorization_pending"}));
    fake.plan().tokens = [pending, (200, tokens("access-2", 3600))].into();
    let ran = home.run(&["login", &fake.url, "--device"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.errors.contains("ABCD-EFGH") && ran.errors.contains("https://issuer.example/device")
    );
    assert_silent(&ran);
    let asked = fake.asked("POST /token");
    assert_eq!(asked.len(), 2);
    assert!(
        asked[1].body.contains("device_code=device-secret"),
        "{asked:?}"
    );
    fake.plan().tokens = [(
        400,
        json!({"error": "access_denied", "error_description": "no\u{1b}[2J"}),
    )]
    .into();
    let ran = home.run(&["login", &fake.url, "--device"]);
    assert_fails(&ran, 77, &["access_denied"]);
    assert!(!ran.errors.contains('\u{1b}'), "{ran:?}");
    fake.plan().tokens = [(400, json!({"error": "expired_token"}))].into();
    assert_fails(&home.run(&["login", &fake.url, "--device"]), 75, &["code"]);
    fake.plan().issuer["device_authorization_endpoint"] = json!(null);
    assert_fails(
        &home.run(&["login", &fake.url, "--device"]),
        64,
        &["device code", "ssh -L"],
    );
}

#[test]
fn a_program_signs_in_with_a_secret_that_is_no_argument() {
    let (fake, home) = (Fake::start(), Home::new());
    let arguments = [
        "login",
        &fake.url,
        "--client-credentials",
        "--client-id",
        "a b",
    ];
    let file = home.0.join("secret.txt");
    fs::write(&file, "hunter2\n").unwrap();
    let file = file.to_str().unwrap();
    for (more, variables, input) in [
        (&[][..], &[][..], "hunter2\n"),
        (&[], &[("GATEHOUSE_CLIENT_SECRET", "hunter2")], ""),
        (&["--client-secret-file", file], &[], ""),
    ] {
        let ran = home.run_with(&[&arguments, more].concat(), variables, input);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_silent(&ran);
        let asked = fake.asked("POST /token").pop().unwrap();
        // `a+b:hunter2`: RFC 6749, section 2.3.1.
        assert_eq!(asked.authorization, "Basic YStiOmh1bnRlcjI=");
        assert_eq!(asked.body, "grant_type=client_credentials");
    }
    assert_fails(&home.run(&arguments), 64, &["no client secret"]);
    let ran = home.run(&["login", &fake.url, "--client-credentials"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    fake.plan().issuer["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    assert!(
        fake.asked("POST /token")
            .pop()
            .unwrap()
            .body
            .contains("client_secret=hunter2")
    );
}

#[test]
fn a_door_is_found_by_option_variable_project_and_user() {
    let (home, fakes) = (Home::new(), [(); 4].map(|()| Fake::start()));
    for fake in &fakes {
        assert_eq!(home.sign_in(fake, &[]).code, Some(0));
    }
    let [option, variable, project, user] = fakes.each_ref().map(|fake| fake.url.as_str());
    assert_fails(&home.run(&["whoami"]), 64, &["sign-ins for", option, user]);
    let asked = |fake: usize| fakes[fake].asked("GET /whoami").len();
    fs::create_dir_all(home.0.join(".config/gatehouse")).unwrap();
    fs::write(
        home.0.join(".config/gatehouse/config.toml"),
        format!("door = \"{user}\""),
    )
    .unwrap();
    assert_eq!((home.run(&["whoami"]).code, asked(3)), (Some(0), 2));
    fs::write(
        home.0.join("gatehouse.toml"),
        format!("door = \"{project}\""),
    )
    .unwrap();
    assert_eq!((home.run(&["whoami"]).code, asked(2)), (Some(0), 2));
    let set = [("GATEHOUSE_DOOR", variable)];
    assert_eq!(
        (home.run_with(&["whoami"], &set, "").code, asked(1)),
        (Some(0), 2)
    );
    let ran = home.run_with(&["whoami", "--door", option], &set, "");
    assert_eq!((ran.code, asked(0)), (Some(0), 2));
    // A stranger's project must not say where a token from elsewhere goes.
    let ran = home.run_with(&["whoami"], &[("GATEHOUSE_TOKEN", "access-mine")], "");
    assert_fails(&ran, 64, &["a door that you name", project]);
    assert_eq!(asked(2), 2);
    for (arguments, variables, input) in [
        (
            &["whoami", "--door", option][..],
            &[("GATEHOUSE_TOKEN", "access-mine")][..],
            "",
        ),
        (
            &["whoami", "--door", option, "--token-stdin"],
            &[],
            "access-mine\n",
        ),
        (
            &["whoami", "--door", option, "--token-file", "-"],
            &[],
            "Authorization: Bearer access-mine\n",
        ),
    ] {
        let ran = home.run_with(arguments, variables, input);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(
            fakes[0].asked("GET /whoami").pop().unwrap().authorization,
            "Bearer access-mine"
        );
    }
    fs::write(home.0.join("gatehouse.toml"), "dor = \"x\"").unwrap();
    assert_fails(&home.run(&["whoami"]), 64, &["gatehouse.toml", "dor"]);
}

#[test]
fn what_a_door_and_an_issuer_do_wrong_is_told() {
    let (fake, home) = (Fake::start(), Home::new());
    let try_with = |change: &dyn Fn(&mut crate::fake::Plan)| {
        let fake = Fake::start();
        change(&mut fake.plan());
        home.sign_in(&fake, &[])
    };
    let ran = try_with(&|plan| plan.resource["resource"] = json!("https://other.example"));
    assert_fails(&ran, 64, &["another door", "https://other.example"]);
    let ran = try_with(&|plan| plan.resource = json!([]));
    assert_fails(&ran, 64, &["is no door"]);
    let ran = try_with(&|plan| plan.resource["authorization_servers"] = json!([]));
    assert_fails(&ran, 64, &["names no issuer"]);
    let ran = try_with(&|plan| {
        plan.resource["authorization_servers"] = json!(["https://a.example", "https://b.example"])
    });
    assert_fails(
        &ran,
        64,
        &["several issuers", "https://b.example", "--issuer"],
    );
    let ran =
        try_with(&|plan| plan.resource["authorization_servers"] = json!(["http://a.example"]));
    assert_fails(&ran, 64, &["http://a.example", "https"]);
    let ran = try_with(&|plan| plan.issuer["issuer"] = json!("https://other.example"));
    assert_fails(
        &ran,
        64,
        &["no metadata", "https://other.example", "--token-file"],
    );
    let ran = try_with(&|plan| plan.issuer = json!(null));
    assert_fails(&ran, 64, &["no metadata", "answers 404"]);
    let ran = try_with(&|plan| plan.issuer["token_endpoint"] = json!("http://a.example/token"));
    assert_fails(&ran, 64, &["http://a.example/token"]);
    let ran = try_with(&|plan| plan.tokens = [(401, json!({"error": "invalid_client"}))].into());
    assert_fails(&ran, 77, &["invalid_client"]);
    let ran = try_with(&|plan| plan.tokens = [(500, json!({"error": "x"}))].into());
    assert_fails(&ran, 69, &["answers 500"]);
    let ran = try_with(&|plan| {
        plan.tokens = [(
            200,
            json!({"access_token": "access-x", "token_type": "mac"}),
        )]
        .into()
    });
    assert_fails(&ran, 69, &["no tokens"]);
    for (status, code, exit) in [
        (401, "unauthorized", 77),
        (403, "forbidden", 77),
        (429, "turn_limit", 75),
        (503, "unavailable", 75),
    ] {
        let ran = try_with(&|plan| plan.whoami = (status, problem(status, code)));
        assert_fails(&ran, exit, &[code, "r-1"]);
        let told = home.run_with(&["whoami", "--door", &fake.url, "--json"], &[], "");
        assert_eq!(told.code, Some(77), "nothing was kept: {told:?}");
    }
    // A clock that is years off.
    let ran = try_with(&|plan| {
        plan.whoami = (401, problem(401, "unauthorized"));
        plan.date = Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
    });
    assert_fails(&ran, 77, &["clock", "fast"]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = home.run(&["login", &format!("http://{closed}")]);
    assert_fails(&ran, 69, &["does not answer", "refused"]);
    assert_fails(
        &home.run(&["login", "http://door.example.com"]),
        64,
        &["https"],
    );
    assert_fails(&home.run(&["login"]), 64, &["no door", "GATEHOUSE_DOOR"]);
    fake.plan().resource["gatehouse_public_clients"] = json!({});
    assert_fails(
        &home.run(&["login", &fake.url]),
        64,
        &["no client", "--client-id"],
    );
}

/// The door refuses a token that seems over, or not yet good, and its clock may be the right one.
#[test]
fn a_clock_that_is_ten_minutes_off_is_told_and_a_few_seconds_are_not() {
    const TEN: Duration = Duration::from_secs(600);
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(Clock::system().now().0);
    for (doors, told) in [
        (now + TEN, Some(["slow", "9 minutes", "10 minutes"])),
        (now - TEN, Some(["fast", "10 minutes", "11 minutes"])),
        (now + Duration::from_secs(20), None),
        (now - Duration::from_secs(20), None),
    ] {
        let plan = |fake: &Fake| {
            let mut plan = fake.plan();
            plan.whoami = (401, problem(401, "unauthorized"));
            plan.date = Some(httpdate::fmt_http_date(doors));
            plan.agents = [401, 401]
                .map(|status| {
                    (
                        status,
                        "application/json",
                        problem(status, "unauthorized").to_string(),
                    )
                })
                .into();
        };
        for arguments in [&["whoami"][..], &["call", "demo", "x"]] {
            plan(&fake);
            let ran = home.run(arguments);
            assert_fails(
                &ran,
                77,
                &[
                    "401",
                    "`unauthorized`",
                    "sign in again",
                    "gatehouse why r-1",
                ],
            );
            match told {
                Some([side, one, other]) => {
                    assert!(ran.errors.contains("set this machine's clock"), "{ran:?}");
                    assert!(ran.errors.contains(side), "{ran:?}");
                    // A second may pass on the way.
                    assert!(
                        ran.errors.contains(one) || ran.errors.contains(other),
                        "{ran:?}"
                    );
                }
                None => assert!(!ran.errors.contains("clock"), "{ran:?}"),
            }
        }
    }
}

#[test]
fn errors_are_one_object_for_programs() {
    let (fake, home) = (Fake::start(), Home::new());
    assert_eq!(home.sign_in(&fake, &[]).code, Some(0));
    fake.plan().whoami = (403, problem(403, "denied"));
    let ran = home.run(&["whoami", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.errors).unwrap();
    assert_eq!(
        (&told["code"], &told["exit"], &told["request_id"]),
        (&json!("denied"), &json!(77), &json!("r-1"))
    );
}
