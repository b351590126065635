//! The proofs about a deployed door. A proof returns what breaks it; an empty list means that it holds.

pub(crate) mod api;
pub(crate) mod functions;
pub(crate) mod graph;
pub(crate) mod identity;
pub(crate) mod logs;
pub(crate) mod parameters;
pub(crate) mod rights;
pub(crate) mod routes;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod stores;
pub(crate) mod watch;

use serde_json::Value;

use crate::door::Door;

/// What breaks the fact, a line each.
pub(crate) type Proof = fn(&Door) -> Vec<String>;

/// Every proof with its name.
pub(crate) const ALL: [(&str, Proof); 35] = [
    ("routes have the authorizer", routes::are_protected),
    ("other methods are refused", routes::refuse_other_methods),
    ("strangers are kept apart", routes::keep_strangers_apart),
    ("routes stream", routes::stream),
    ("the authorizer is asked as it must be", routes::authorizer),
    ("what API Gateway answers by itself", api::responses),
    ("the stage is held within bounds", api::stage),
    (
        "the access log tells no secret and no name",
        api::access_log,
    ),
    ("no way around", api::no_way_around),
    (
        "functions are called without an alias",
        functions::have_no_alias,
    ),
    ("nothing is waited for too long", functions::waits),
    ("one caller a permission", functions::permissions),
    ("settings are the functions' own", settings::are_complete),
    ("settings come from files", settings::come_from_files),
    ("rights are for one thing each", rights::are_scoped),
    ("the proxy reaches agents", rights::reach_agents),
    ("runtimes are locked", rights::lock_runtimes),
    ("denials are only read", rights::only_read_denials),
    ("the console reaches exact hosts", api::console),
    ("roles are taken by services", rights::are_taken_by_services),
    ("policies of others are listed", rights::are_our_own),
    ("secrets stay where they are", secrets::stay),
    ("the signing key changes", secrets::signing_rotates),
    (
        "the machine client's secret changes",
        secrets::machine_rotates,
    ),
    ("log lines do not stay for ever", logs::end),
    ("the trigger is asked for machines too", identity::trigger),
    ("only the door proves users to the trigger", identity::proof),
    (
        "only the door states callers to the trigger",
        identity::statements,
    ),
    ("only who is let in has a user", identity::pool),
    ("stores are closed", stores::are_closed),
    ("what goes wrong is told", watch::alarms),
    ("the firewall shows no token", watch::samples),
    ("the firewall lets prompts pass", watch::prompts),
    ("nothing waits for itself", graph::has_no_circle),
    ("the account's setting can be made", graph::account),
    (
        "nested stacks get what they ask for",
        graph::nested_parameters,
    ),
    (
        "parameters are explained and bounded",
        parameters::are_explained,
    ),
];

/// Says `what` of `place`, unless it is so.
pub(crate) fn unless(is_so: bool, place: &str, what: &str) -> Option<String> {
    (!is_so).then(|| format!("{place}: {what}"))
}

/// The parts of what may be one or a list.
pub(crate) fn listed(value: &Value) -> Vec<&Value> {
    match value.as_array() {
        Some(items) => items.iter().collect(),
        None if value.is_null() => Vec::new(),
        None => vec![value],
    }
}
