//! Tests of agents that admit callers by either of several sets of conditions.

use shared::gate::{Admission, Refusal};

use crate::ask::{Ask, ISSUER};

fn one(text: &str) -> Option<Vec<String>> {
    Some(vec![text.to_owned()])
}

fn scope(text: &str) -> Admission {
    Admission {
        scopes: one(text),
        ..Admission::default()
    }
}

fn group(text: &str) -> Admission {
    Admission {
        groups: one(text),
        ..Admission::default()
    }
}

/// What becomes of the good caller, who has the scope `gatehouse/invoke` and is in the group `staff`.
fn answer(own: Admission, sets: Vec<Admission>) -> Option<Refusal> {
    let ask = Ask::good().admitting(|agent| {
        *agent = Admission {
            any_of: sets,
            ..own
        }
    });
    ask.answer().err()
}

#[test]
fn a_caller_needs_one_set_whole() {
    let (held, not_held) = (scope("gatehouse/invoke"), scope("other"));
    let refused = Some(Refusal::AgentAnyOf);
    for (sets, expected) in [
        (vec![], None),
        (vec![held.clone()], None),
        (vec![not_held.clone()], refused),
        (vec![not_held.clone(), group("staff")], None),
        (vec![group("staff"), not_held.clone()], None),
        (vec![not_held.clone(), group("legal")], refused),
        (
            vec![Admission {
                scopes: one("gatehouse/invoke"),
                ..group("legal")
            }],
            refused,
        ),
        (
            vec![Admission {
                scopes: one("gatehouse/invoke"),
                ..group("staff")
            }],
            None,
        ),
        (
            vec![Admission {
                issuers: one(ISSUER),
                ..held.clone()
            }],
            None,
        ),
        (
            vec![Admission {
                issuers: one("https://other.test"),
                ..held
            }],
            refused,
        ),
    ] {
        assert_eq!(
            answer(Admission::default(), sets.clone()),
            expected,
            "{sets:?}"
        );
    }
}

/// Sets are asked for beside the agent's own conditions, and never in their place.
#[test]
fn the_agents_own_conditions_hold_in_any_case() {
    let staff = || vec![group("staff")];
    for (own, expected) in [
        (scope("gatehouse/invoke"), None),
        (scope("other"), Some(Refusal::AgentScope)),
        (group("legal"), Some(Refusal::AgentGroup)),
        (
            Admission {
                issuers: one("https://other.test"),
                ..Admission::default()
            },
            Some(Refusal::AgentIssuer),
        ),
        (
            Admission {
                clients: one("client-2"),
                ..Admission::default()
            },
            Some(Refusal::AgentClient),
        ),
    ] {
        assert_eq!(answer(own.clone(), staff()), expected, "{own:?}");
    }
}

#[test]
fn the_scopes_of_all_sets_are_named() {
    let both = Admission {
        any_of: vec![scope("b"), group("staff"), scope("c")],
        ..scope("a")
    };
    assert_eq!(both.named_scopes().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(group("staff").named_scopes().count(), 0);
}
