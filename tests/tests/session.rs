//! A recorded session of the terminal tool: what a newcomer types, in a real terminal, with a real browser at the sign-in page.
//!
//! `GATEHOUSE_BIN` names the folder of an installed tool; without it, the session runs what is built here. What was typed and
//! what was said is kept in `target/session/transcript.txt`.

mod recorder;

use std::fs::File;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::counted;

use recorder::Recorder;

/// The silence of the demonstration agent after its first piece, in seconds.
const SILENCE: u64 = 1;
/// Within it, a denial holds in every process (docs/settings.md).
const DENIED_WITHIN: Duration = Duration::from_secs(10);
const REFUND: &str = "gatehouse tool tools billing___refund order=A-1 amount=500";

#[test]
#[ignore = "`make browser` runs it, where Chromium is"]
fn a_newcomer_tries_everything_in_a_terminal() {
    let mut session = Recorder::start();
    sign_in(&mut session);
    pieces_come_one_by_one(&mut session);
    a_tool_is_allowed_and_denied(&mut session);
    a_refusal_is_explained(&mut session);
    an_operator_shuts_bob_out(&mut session);
    sign_out(&mut session);
    session.finish();
    counted(
        "a recorded session of the terminal tool, from `gatehouse local` to `gatehouse logout`",
    );
}

fn sign_in(session: &mut Recorder) {
    // The browser comes back to one of two ports, which are for all tests on this machine.
    let ports = File::create(std::env::temp_dir().join("gatehouse-ports.lock")).unwrap();
    ports.lock().unwrap();
    let url = session.url().to_owned();
    let ran = session.browse("alice", &format!("gatehouse login {url}"));
    assert!(ran.code == 0 && ran.said.contains("alice"), "{ran:?}");
    // In a file, as without a keyring: so the test knows the refresh token, too.
    let ran = session.browse(
        "bob",
        &format!("gatehouse login {url} --as bob --fresh --store file"),
    );
    assert!(ran.code == 0 && ran.said.contains("bob"), "{ran:?}");
    for (user, line) in [
        ("alice", "gatehouse whoami"),
        ("bob", "gatehouse whoami --as bob"),
    ] {
        let ran = session.run(line);
        assert!(ran.code == 0 && ran.said.contains(user), "{ran:?}");
    }
}

/// The agent is silent after its first piece: the terminal has it long before the rest, while the tool still runs.
fn pieces_come_one_by_one(session: &mut Recorder) {
    let mut turn = session.begin(&format!("gatehouse call demo 'silent {SILENCE}'"));
    turn.until("Good day");
    let first = Instant::now();
    assert!(turn.is_running() && !turn.said().contains("That is all."));
    turn.until("That is all.");
    let between = first.elapsed();
    let ran = session.end(turn);
    assert_eq!(ran.code, 0, "{ran:?}");
    // `rexpect` looks at the terminal every tenth of a second.
    assert!(
        between > Duration::from_secs(SILENCE) - Duration::from_millis(500),
        "{between:?}"
    );
}

fn a_tool_is_allowed_and_denied(session: &mut Recorder) {
    let ran = session.run(REFUND);
    assert!(ran.code == 0 && ran.said.contains("500"), "{ran:?}");
    let ran = session.run(&format!("{REFUND} --as bob"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.said.contains("refused by policy") && ran.said.contains("denied by default"),
        "{ran:?}"
    );
}

fn a_refusal_is_explained(session: &mut Recorder) {
    let ran = session.run("gatehouse call finance hello --as bob");
    assert!(
        ran.code == 77 && ran.said.contains("`forbidden`"),
        "{ran:?}"
    );
    let id = ran.said.split("gatehouse why ").nth(1).unwrap();
    let id = id.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    let why = session.run(&format!("gatehouse why {}", id.clone().next().unwrap()));
    assert!(why.code == 0 && why.said.contains("agent_group"), "{why:?}");
    // The settings that `local` gives the functions.
    session.write(
        "settings/issuers.json",
        &json!([{
            "allowedClients": [session.described("console_client")],
            "discoveryUrl": session.described("discovery_url"),
            "groupsClaim": "cognito:groups",
            "tokenUse": "access",
        }]),
    );
    session.write("settings/agents.json", &json!({"finance": {
        "allow": {"groups": ["finance"]},
        "runtime": "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/finance-AbCdEf1234",
    }}));
    let explain = "| gatehouse explain --agent finance";
    let ran = session.run(&format!("gatehouse token --as bob {explain}"));
    assert!(ran.code == 1 && ran.said.contains("agent_group"), "{ran:?}");
    let ran = session.run(&format!("gatehouse token {explain}"));
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn an_operator_shuts_bob_out(session: &mut Recorder) {
    if !session.has_aws_cli() {
        tests::skipped("denials of the recorded session, because there is no AWS CLI (`aws`)");
        return;
    }
    let whom = format!(
        "--table {} --issuer {} --user {}",
        session.described("denials_table"),
        session.described("issuer"),
        session.subject("bob")
    );
    let call = "gatehouse call demo hello --as bob";
    assert_eq!(session.run(call).code, 0);
    let because = "--for 10m --reason 'left the company' --author ops";
    let ran = session.operate(&format!("gatehouse deny {whom} {because} --send"));
    assert!(
        ran.code == 0 && ran.said.contains("denied until"),
        "{ran:?}"
    );
    let asked = Instant::now();
    let refused = loop {
        let ran = session.run(call);
        if ran.code != 0 {
            break ran;
        }
        assert!(
            asked.elapsed() < DENIED_WITHIN,
            "bob is still let in: {ran:?}"
        );
    };
    assert!(
        refused.code == 77 && refused.said.contains("`denied`"),
        "{refused:?}"
    );
    // Whom the denial does not name is let in as before.
    assert_eq!(session.run("gatehouse whoami").code, 0);
    let ran = session.operate(&format!("gatehouse allow {whom} --send"));
    assert!(ran.code == 0 && ran.said.contains("lifted"), "{ran:?}");
}

fn sign_out(session: &mut Recorder) {
    for name in ["", " --as bob"] {
        let ran = session.run(&format!("gatehouse logout{name}"));
        assert_eq!(ran.code, 0, "{ran:?}");
        let url = session.url().to_owned();
        let ran = session.run(&format!("gatehouse whoami --door {url}{name}"));
        assert_eq!(ran.code, 77, "{ran:?}");
    }
}
