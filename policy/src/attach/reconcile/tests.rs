use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::attach::request::{EngineArn, Mode, Wanted};

const ENGINE: &str =
    "arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/ours-abcdefghij";
const PAUSE: Duration = Duration::from_secs(2);

/// A gateway that takes its time: each read plays the next of the events that are due, if any.
#[derive(Default)]
struct Double(Mutex<State>);

#[derive(Default)]
struct State {
    document: Value,
    /// What the next reads meet, in their order.
    script: VecDeque<Event>,
    /// What reads meet after each write.
    after_write: Vec<Event>,
    /// Writes that are denied before one is taken.
    denied_writes: usize,
    calls: Vec<&'static str>,
}

#[derive(Clone)]
enum Event {
    /// These members become these.
    Becomes(Value),
    /// There is no gateway any more.
    Vanishes,
    Fails(AttachError),
    /// No answer at all.
    Hangs,
}

impl Double {
    fn new(document: Value, script: Vec<Event>, after_write: Vec<Event>) -> Self {
        Self(Mutex::new(State {
            document,
            script: script.into(),
            after_write,
            denied_writes: 0,
            calls: Vec::new(),
        }))
    }

    fn denying(writes: usize) -> Self {
        let double = Self::new(ready(), Vec::new(), vec![status("READY")]);
        double.0.lock().unwrap().denied_writes = writes;
        double
    }

    fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    fn writes(&self) -> usize {
        let calls = self.calls();
        calls.iter().filter(|call| **call == "write").count()
    }

    fn document(&self) -> Value {
        self.0.lock().unwrap().document.clone()
    }
}

impl ControlPlane for Double {
    async fn read(&self, _: &GatewayId) -> Result<Option<Gateway>, AttachError> {
        let event = {
            let mut state = self.0.lock().unwrap();
            state.calls.push("read");
            state.script.pop_front()
        };
        match event {
            Some(Event::Becomes(members)) => {
                let mut state = self.0.lock().unwrap();
                for (name, value) in members.as_object().unwrap() {
                    state.document[name] = value.clone();
                }
            }
            Some(Event::Vanishes) => self.0.lock().unwrap().document = Value::Null,
            Some(Event::Fails(failure)) => return Err(failure),
            Some(Event::Hangs) => std::future::pending().await,
            None => {}
        }
        let document = self.document();
        if document.is_null() {
            return Ok(None);
        }
        Gateway::parse(document.to_string().as_bytes()).map(Some)
    }

    async fn write(&self, _: &GatewayId, settings: &Settings) -> Result<(), AttachError> {
        let mut state = self.0.lock().unwrap();
        state.calls.push("write");
        if let Some(left) = state.denied_writes.checked_sub(1) {
            state.denied_writes = left;
            return Err(denied("UpdateGateway"));
        }
        let settings: Value = serde_json::from_str(&settings.to_json()).unwrap();
        let status = state.document["status"].clone();
        state.document = settings;
        state.document["status"] = status;
        state.script = state.after_write.clone().into();
        Ok(())
    }
}

fn ready() -> Value {
    json!({"status": "READY", "name": "tools", "newer": {"a": 1}})
}

fn status(status: &str) -> Event {
    Event::Becomes(json!({"status": status}))
}

fn unavailable() -> Event {
    Event::Fails(AttachError::Unavailable {
        operation: "GetGateway",
        message: Message::new("ThrottlingException: slowly"),
    })
}

fn denied(operation: &'static str) -> AttachError {
    AttachError::Denied {
        operation,
        message: Message::new("AccessDeniedException: not authorized to perform"),
    }
}

fn task(is_attached: bool) -> Task {
    let engine = EngineArn::parse(ENGINE.to_owned()).unwrap();
    Task {
        gateway: GatewayId::parse("tools-abcdefghij".to_owned()).unwrap(),
        wanted: if is_attached {
            Wanted::Attached {
                engine,
                mode: Mode::Enforce,
                replaces: None,
            }
        } else {
            Wanted::Detached { engine }
        },
    }
}

fn engine(mode: &str) -> Value {
    json!({"policyEngineConfiguration": {"arn": ENGINE, "mode": mode}})
}

/// Runs one task within five minutes of the emulator's time; how it ended, and how long it took.
async fn run(double: &Double, is_attached: bool) -> (Result<(), AttachError>, Duration) {
    let start = Instant::now();
    let deadline = start.checked_add(Duration::from_secs(300)).unwrap();
    let outcome = reconcile(double, &task(is_attached), PAUSE, deadline).await;
    (outcome, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_gateway_is_written_once_and_waited_for() {
    let updating = vec![
        status("UPDATING"),
        status("UPDATING"),
        status("UPDATING"),
        status("READY"),
    ];
    let double = Double::new(ready(), Vec::new(), updating);
    let (outcome, took) = run(&double, true).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        double.calls(),
        ["read", "write", "read", "read", "read", "read"]
    );
    // Pauses of 2, 4, 8 and 16 seconds.
    assert_eq!(took, Duration::from_secs(30));
    let mut expected = ready();
    expected["policyEngineConfiguration"] = engine("ENFORCE")["policyEngineConfiguration"].clone();
    assert_eq!(double.document(), expected);
    // Asked again, there is nothing to do.
    assert_eq!(run(&double, true).await.0, Ok(()));
    assert_eq!(double.calls().len(), 7);
    // And back.
    assert_eq!(run(&double, false).await.0, Ok(()));
    assert_eq!(double.document(), ready());
    assert_eq!(run(&double, false).await, (Ok(()), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_change_is_waited_for_and_kept() {
    let script = vec![
        status("UPDATING"),
        status("UPDATING"),
        Event::Becomes(json!({"status": "READY", "name": "renamed", "added": [1]})),
    ];
    let double = Double::new(ready(), script, vec![status("UPDATING"), status("READY")]);
    assert_eq!(run(&double, true).await.0, Ok(()));
    let document = double.document();
    assert_eq!(
        (&document["name"], &document["added"]),
        (&json!("renamed"), &json!([1]))
    );
    assert_eq!(document["policyEngineConfiguration"]["mode"], "ENFORCE");
    assert_eq!(double.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_on_top_of_ours_is_kept_and_ours_made_again() {
    // Another writer read before our write and wrote after it.
    let script = vec![
        status("UPDATING"),
        Event::Becomes(
            json!({"status": "READY", "name": "renamed", "policyEngineConfiguration": null}),
        ),
        status("READY"),
    ];
    let double = Double::new(ready(), Vec::new(), script);
    // It happens after every write: so it is given up.
    assert_eq!(run(&double, true).await.0, Err(AttachError::Undone));
    assert_eq!(double.document()["name"], "renamed");
    assert_eq!(double.writes(), 5);
    // It does not happen again.
    double.0.lock().unwrap().after_write.clear();
    assert_eq!(run(&double, true).await.0, Ok(()));
    let document = double.document();
    assert_eq!(document["name"], "renamed");
    assert_eq!(document["policyEngineConfiguration"]["mode"], "ENFORCE");
}

#[tokio::test(start_paused = true)]
async fn rights_that_were_just_given_are_waited_for() {
    // Looks at 0, 2, 6, 14, 30 and 46 seconds.
    let double = Double::denying(5);
    assert_eq!(run(&double, true).await.0, Ok(()));
    assert_eq!(
        double.document()["policyEngineConfiguration"]["mode"],
        "ENFORCE"
    );
    let reading = Double::new(
        ready(),
        vec![Event::Fails(denied("GetGateway")); 3],
        vec![status("READY")],
    );
    assert_eq!(run(&reading, true).await.0, Ok(()));
    // A write that was taken, and failed for the gateway's role.
    let unsuccessful = vec![status("UPDATING"), status("UPDATE_UNSUCCESSFUL")];
    let failing = Double::new(ready(), Vec::new(), unsuccessful);
    let later = async {
        sleep(Duration::from_secs(20)).await;
        failing.0.lock().unwrap().after_write = vec![status("UPDATING"), status("READY")];
    };
    let ((outcome, _), ()) = tokio::join!(run(&failing, true), later);
    assert_eq!(outcome, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn rights_that_do_not_come_within_a_minute_are_a_failure() {
    for is_attached in [true, false] {
        let mut document = ready();
        document["policyEngineConfiguration"] =
            engine("LOG_ONLY")["policyEngineConfiguration"].clone();
        let double = Double::new(document, Vec::new(), Vec::new());
        double.0.lock().unwrap().denied_writes = 100;
        let (outcome, took) = run(&double, is_attached).await;
        assert_eq!(outcome, Err(denied("UpdateGateway")));
        assert_eq!(took, Duration::from_secs(62));
    }
    for failed in ["FAILED", "UPDATE_UNSUCCESSFUL"] {
        let reasons = json!({"status": failed, "statusReasons": ["the role may not"]});
        let double = Double::new(
            ready(),
            Vec::new(),
            vec![status("UPDATING"), Event::Becomes(reasons)],
        );
        let (outcome, took) = run(&double, true).await;
        let message = Message::new(&format!("{failed}; the role may not"));
        assert_eq!(outcome, Err(AttachError::Unsuccessful(message)));
        assert!(took < Duration::from_secs(90), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_whatever_the_gateway_does() {
    let stuck = Double::new(json!({"status": "UPDATING"}), Vec::new(), Vec::new());
    let hanging = Double::new(ready(), vec![Event::Hangs], Vec::new());
    let unavailable = Double::new(
        ready(),
        std::iter::repeat_n(unavailable(), 100).collect(),
        Vec::new(),
    );
    for (double, seen) in [
        (stuck, "UPDATING"),
        (hanging, "nothing"),
        (unavailable, "GetGateway: ThrottlingException: slowly"),
    ] {
        for is_attached in [true, false] {
            double
                .0
                .lock()
                .unwrap()
                .script
                .extend((seen == "nothing").then_some(Event::Hangs));
            let (outcome, took) = run(&double, is_attached).await;
            assert_eq!(outcome, Err(AttachError::TooLate(Message::new(seen))));
            assert_eq!(took, Duration::from_secs(300), "{seen}");
        }
        // Pauses grow to 16 seconds and no further.
        assert!(double.calls().len() < 50, "{}", double.calls().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_that_is_not_available_is_asked_again() {
    let double = Double::new(
        ready(),
        vec![unavailable(), unavailable()],
        vec![unavailable(), status("READY")],
    );
    assert_eq!(run(&double, true).await.0, Ok(()));
    assert_eq!(
        double.calls(),
        ["read", "read", "read", "write", "read", "read"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    let refused = AttachError::Refused {
        operation: "GetGateway",
        message: Message::new("ValidationException: no"),
    };
    let double = Double::new(ready(), vec![Event::Fails(refused.clone())], Vec::new());
    assert_eq!(run(&double, true).await, (Err(refused), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_goes_away_is_detached() {
    let mut document = ready();
    document["status"] = json!("DELETING");
    let script = vec![status("DELETING"), Event::Vanishes];
    let double = Double::new(document, script, Vec::new());
    assert_eq!(run(&double, false).await.0, Ok(()));
    assert_eq!(run(&double, true).await.0, Err(AttachError::NoGateway));
    assert_eq!(double.calls(), ["read", "read", "read"]);
}
