use serde_json::{Value, json};

use super::*;
use crate::attach::request::{EngineArn, Mode};

fn arn(name: &str) -> String {
    format!("arn:aws:bedrock-agentcore:us-east-1:123456789012:policy-engine/{name}-abcdefghij")
}

fn engine(name: &str) -> EngineArn {
    EngineArn::parse(arn(name)).unwrap()
}

fn gateway(status: &str, attached: Option<(&str, &str)>) -> Gateway {
    let engine = attached.map_or(
        Value::Null,
        |(name, mode)| json!({"arn": arn(name), "mode": mode}),
    );
    let document = json!({"status": status, "name": "tools", "policyEngineConfiguration": engine});
    Gateway::parse(document.to_string().as_bytes()).unwrap()
}

fn attach() -> Wanted {
    Wanted::Attached {
        engine: engine("ours"),
        mode: Mode::Enforce,
        replaces: Some(engine("before")),
    }
}

fn detach() -> Wanted {
    Wanted::Detached {
        engine: engine("ours"),
    }
}

/// What a step is, in short, and whether it keeps the rest of the gateway.
fn name(step: &Step) -> &'static str {
    match step {
        Step::Done => "done",
        Step::Wait => "wait",
        Step::Write(settings) => {
            let json: Value = serde_json::from_str(&settings.to_json()).unwrap();
            assert_eq!(json["name"], "tools");
            let engine = json["policyEngineConfiguration"]["arn"].as_str();
            let is_ours = engine == Some(arn("ours").as_str());
            assert!(is_ours || engine.is_none(), "{json}");
            if is_ours { "attach" } else { "detach" }
        }
        Step::GiveUp(AttachError::NoGateway) => "no gateway",
        Step::GiveUp(AttachError::OtherEngine(_)) => "other engine",
        Step::GiveUp(AttachError::Unsuccessful(_)) => "unsuccessful",
        Step::GiveUp(AttachError::Undone) => "undone",
        Step::GiveUp(failure) => panic!("{failure}"),
    }
}

#[test]
fn the_step_follows_from_what_is_found() {
    let ours = Some(("ours", "ENFORCE"));
    let other_mode = Some(("ours", "LOG_ONLY"));
    let before = Some(("before", "ENFORCE"));
    let other = Some(("other", "ENFORCE"));
    for (status, attached, attaching, detaching) in [
        ("READY", None, "attach", "done"),
        ("READY", ours, "done", "detach"),
        ("READY", other_mode, "attach", "detach"),
        ("READY", before, "attach", "done"),
        ("READY", other, "other engine", "done"),
        ("UPDATING", None, "wait", "wait"),
        ("UPDATING", ours, "wait", "wait"),
        ("UPDATING", other, "wait", "wait"),
        ("CREATING", None, "wait", "wait"),
        ("DELETING", ours, "no gateway", "wait"),
        ("FAILED", None, "attach", "done"),
        ("FAILED", ours, "attach", "detach"),
        ("UPDATE_UNSUCCESSFUL", ours, "attach", "detach"),
        ("UPDATE_UNSUCCESSFUL", other, "other engine", "done"),
    ] {
        let gateway = gateway(status, attached);
        let steps = [attach(), detach()].map(|wanted| plan(&wanted, Some(&gateway), 0, false));
        let steps = steps.each_ref().map(name);
        assert_eq!(steps, [attaching, detaching], "{status} {attached:?}");
    }
    assert_eq!(name(&plan(&attach(), None, 0, true)), "no gateway");
    assert_eq!(name(&plan(&detach(), None, 0, true)), "done");
}

#[test]
fn a_change_that_did_not_succeed_or_does_not_stay_is_given_up() {
    let (ours, traced) = (Some(("ours", "ENFORCE")), Some(("ours", "LOG_ONLY")));
    let other = Some(("other", "ENFORCE"));
    let (given_up, undone) = (["unsuccessful"; 2], ["undone"; 2]);
    for (status, attached, writes, is_early, expected) in [
        ("FAILED", traced, 1, false, given_up),
        ("UPDATE_UNSUCCESSFUL", ours, 1, false, given_up),
        // Rights that were just given are waited for, but not for ever.
        ("FAILED", traced, 1, true, ["attach", "detach"]),
        ("UPDATE_UNSUCCESSFUL", ours, 4, true, ["attach", "detach"]),
        ("UPDATE_UNSUCCESSFUL", None, 1, true, ["attach", "done"]),
        ("UPDATE_UNSUCCESSFUL", ours, 5, true, given_up),
        ("READY", ours, 1, true, ["done", "detach"]),
        ("READY", traced, 4, false, ["attach", "detach"]),
        ("READY", traced, 5, true, undone),
        ("READY", other, 1, true, ["other engine", "done"]),
    ] {
        let gateway = gateway(status, attached);
        let wanted = [attach(), detach()];
        let steps = wanted.map(|wanted| plan(&wanted, Some(&gateway), writes, is_early));
        let steps = steps.each_ref().map(name);
        assert_eq!(steps, expected, "{status} {writes} {is_early}");
    }
}

#[test]
fn an_engine_is_only_replaced_by_the_resource_that_attached_it() {
    let gateway = gateway("READY", Some(("before", "ENFORCE")));
    let wanted = Wanted::Attached {
        engine: engine("ours"),
        mode: Mode::Enforce,
        replaces: None,
    };
    let step = plan(&wanted, Some(&gateway), 0, false);
    let other = AttachError::OtherEngine(Message::new(&arn("before")));
    assert_eq!(step, Step::GiveUp(other));
}
