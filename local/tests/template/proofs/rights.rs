//! Proofs about rights: every statement of every policy.

use serde_json::{Value, json};

use super::{listed, unless};
use crate::door::{Door, all_texts, references};
use crate::resolve::entries;

/// Statements that cannot name one thing: a part of the place, an action, a resource, and why not.
const WIDE: [(&str, &str, &str, &str); 10] = [
    (
        "template.yaml Api",
        "execute-api:Invoke",
        "execute-api:/*",
        "an API cannot name itself; this is it and no other",
    ),
    (
        "template.yaml ProxyRole",
        "",
        "/runtime-endpoint/*",
        "endpoints of the named runtimes, which come and go with their versions",
    ),
    (
        "stacks/archive.yaml StreamRole",
        "s3:PutObject",
        "${Archive.Arn}/*",
        "every object of this bucket is the stream's, which names them by the time",
    ),
    (
        "stacks/archive.yaml ArchivePolicy",
        "s3:*",
        "${Archive.Arn}/*",
        "a denial",
    ),
    (
        "stacks/archive.yaml ArchivePolicy",
        "s3:*",
        "Archive.Arn",
        "a denial",
    ),
    (
        "stacks/archive.yaml ArchivePolicy",
        "",
        "principal",
        "a denial",
    ),
    (
        "stacks/console.yaml FilesPolicy",
        "s3:GetObject",
        "${Files.Arn}/*",
        "every file of this bucket is the console's",
    ),
    (
        "stacks/console.yaml FilesPolicy",
        "s3:*",
        "${Files.Arn}/*",
        "a denial",
    ),
    (
        "stacks/console.yaml FilesPolicy",
        "s3:*",
        "Files.Arn",
        "a denial",
    ),
    (
        "stacks/console.yaml FilesPolicy",
        "",
        "principal",
        "a denial",
    ),
];

/// AWS's own policies that a role has, and why.
const MANAGED: [(&str, &str); 1] = [(
    "template.yaml ApiAccountRole",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
)];

/// A statement and where it stands.
struct Statement<'a> {
    place: String,
    content: &'a Value,
}

/// Of roles, of policies beside them, and of what is asked itself; not who may take a role.
fn statements(door: &Door) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    for (place, resource) in door.resources() {
        let properties = &resource["Properties"];
        let own = properties["Policies"].as_array().into_iter().flatten();
        let documents = own.map(|policy| &policy["PolicyDocument"]);
        let beside = [
            &properties["PolicyDocument"],
            &properties["Policy"],
            &properties["ResourcePolicy"],
        ];
        for document in documents.chain(beside) {
            for content in document["Statement"].as_array().into_iter().flatten() {
                found.push(Statement {
                    place: place.clone(),
                    content,
                });
            }
        }
    }
    found
}

/// No wildcard in an action or a resource, and none for everybody, but for those that are listed.
pub(crate) fn are_scoped(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    let all = statements(door);
    faults.extend(unless(all.len() > 5, "policies", "are not found"));
    for Statement { place, content } in all {
        let actions: Vec<&str> = listed(&content["Action"])
            .iter()
            .filter_map(|action| action.as_str())
            .collect();
        let excused = |what: &str| {
            WIDE.iter().any(|(at, action, resource, _)| {
                *at == place
                    && (action.is_empty() || actions.contains(action))
                    && what.contains(resource)
            })
        };
        faults.extend(unless(
            !actions.is_empty(),
            &place,
            "a statement names no action",
        ));
        let resources = listed(&content["Resource"]);
        faults.extend(unless(
            !resources.is_empty(),
            &place,
            "a statement names no resource",
        ));
        for resource in resources {
            let mut texts = Vec::new();
            all_texts(resource, &mut texts);
            let wide = texts.iter().any(|text| text.contains('*'))
                || actions.iter().any(|action| action.contains('*'));
            let what = resource.to_string();
            faults.extend(unless(
                !wide || excused(&what),
                &place,
                &format!("{actions:?} of {what}"),
            ));
        }
        let is_for_all = content["Principal"] == "*" || content["Principal"]["AWS"] == "*";
        let is_conditional = content.get("Condition").is_some();
        let denies = content["Effect"] == "Deny";
        let is_so = !is_for_all
            || is_conditional && (denies && excused("principal") || excused("execute-api:/*"));
        faults.extend(unless(is_so, &place, "is for everybody"));
        let passes = actions.contains(&"iam:PassRole");
        let is_bound = !passes
            || content["Condition"]["StringEquals"]
                .get("iam:PassedToService")
                .is_some();
        faults.extend(unless(
            is_bound,
            &place,
            "a role may be passed to any service",
        ));
    }
    faults
}

/// Only a service of AWS takes a role.
pub(crate) fn are_taken_by_services(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, role) in door.of_type("AWS::IAM::Role") {
        let document = &role["Properties"]["AssumeRolePolicyDocument"];
        for statement in document["Statement"].as_array().unwrap() {
            let principal = entries(&statement["Principal"]);
            let mut services = principal
                .get("Service")
                .map(listed)
                .unwrap_or_default()
                .into_iter();
            let are_services = principal.len() == 1
                && principal.contains_key("Service")
                && services.all(|service| {
                    service
                        .as_str()
                        .is_some_and(|name| name.ends_with(".amazonaws.com"))
                });
            faults.extend(unless(
                are_services,
                &place,
                "is taken by others than a service",
            ));
        }
    }
    for (name, function) in door.main().functions() {
        let has_role = function.get("Role").is_some() && function.get("Policies").is_none();
        faults.extend(unless(has_role, &name, "has a role that SAM makes"));
    }
    faults
}

/// What the proxy asks of a runtime: agents, their cards, the end of sessions, addresses for WebSockets, each in the
/// name of a user where AgentCore has an action of its own for that.
const CALLS: [&str; 6] = [
    "bedrock-agentcore:GetAgentCard",
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:InvokeAgentRuntimeForUser",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser",
    "bedrock-agentcore:StopRuntimeSession",
];

/// The most runtimes that the stack locks.
const MAX_LOCKS: usize = 10;

/// The proxy may do all that it does, of the runtimes and of their endpoints: AgentCore asks for both.
pub(crate) fn reach_agents(door: &Door) -> Vec<String> {
    let proxy = &door.main().resource("ProxyRole")["Properties"]["Policies"];
    let mut policies = proxy.as_array().into_iter().flatten();
    let invoke = policies.find(|policy| policy["PolicyName"] == "invoke");
    let statements = invoke.map(|policy| listed(&policy["PolicyDocument"]["Statement"]));
    let statements = statements.unwrap_or_default();
    let runtimes = &door.main().parameters["RuntimeArns"];
    // Behind each but the last by `Join`, behind the last by `Sub`.
    let endpoints = |resource: &Value| resource.to_string().matches("/runtime-endpoint/*").count();
    let are_both = matches!(statements.as_slice(), [own, below]
        if own["Resource"] == *runtimes && endpoints(&below["Resource"]) == 2);
    let may = |statement: &&Value| statement["Action"] == json!(CALLS);
    [
        (are_both, "may not enter a runtime or its endpoints"),
        (
            statements.iter().all(may),
            "may not do what the proxy does, or more",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "ProxyRole", what))
    .collect()
}

/// Each runtime and its endpoint admit the door's role and no other principal, unless the stack is told not to.
pub(crate) fn lock_runtimes(door: &Door) -> Vec<String> {
    let wants = door.main().parameters["LockRuntimes"] == "true";
    let stack = door.main().resource("Locks");
    let mut faults: Vec<String> = unless(stack.is_null() != wants, "Locks", "are not as asked")
        .into_iter()
        .collect();
    let role = &stack["Properties"]["Parameters"]["ProxyRoleArn"];
    let is_ours = !wants || role["Fn::GetAtt"] == "ProxyRole.Arn";
    faults.extend(unless(is_ours, "Locks", "admit another role"));
    let mut kinds = [("RuntimeLock", 0), ("EndpointLock", 0)];
    for (place, lock) in door.of_type("AWS::BedrockAgentCore::ResourcePolicy") {
        for (kind, count) in &mut kinds {
            *count += usize::from(place.contains(*kind));
        }
        let [text, own] = listed(&lock["Properties"]["Policy"]["Fn::Sub"])[..] else {
            faults.push(format!("{place}: has no policy"));
            continue;
        };
        let is_of_itself = own["Locked"] == lock["Properties"]["ResourceArn"];
        faults.extend(unless(is_of_itself, &place, "names another resource"));
        let policy: Value = serde_json::from_str(text.as_str().unwrap()).unwrap_or_default();
        let wanted = json!([
            {"Effect": "Allow", "Principal": {"AWS": "${ProxyRoleArn}"}, "Action": CALLS, "Resource": "${Locked}"},
            {"Effect": "Deny", "Principal": "*", "Action": CALLS, "Resource": "${Locked}",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "${ProxyRoleArn}"}}},
            {"Effect": "Deny", "Principal": "*", "Action": "bedrock-agentcore:InvokeAgentRuntimeCommand",
                "Resource": "${Locked}"},
        ]);
        let is_shut = policy["Statement"] == wanted;
        faults.extend(unless(is_shut, &place, "admits others, or not the door"));
    }
    let are_all = !wants || kinds.iter().all(|(_, count)| *count == MAX_LOCKS);
    faults.extend(unless(
        are_all,
        "Locks",
        "leave a runtime or an endpoint open",
    ));
    faults
}

/// The proxy and the trigger read denials, and no function of the stack writes any, whatever it is talked into.
pub(crate) fn only_read_denials(door: &Door) -> Vec<String> {
    let wants = door.main().parameters["EnableDenials"] == "true";
    let mut readers = Vec::new();
    let mut faults = Vec::new();
    for Statement { place, content } in statements(door) {
        let mut names = Vec::new();
        references(&content["Resource"], &mut names);
        if !names.iter().any(|name| name == "DenialsTable") {
            continue;
        }
        let reads = content["Action"] == "dynamodb:BatchGetItem" && content["Effect"] == "Allow";
        faults.extend(unless(
            reads,
            &place,
            "may do more with denials than read them",
        ));
        readers.push(place);
    }
    let mut expected = vec!["template.yaml PretokenRole", "template.yaml ProxyRole"];
    expected.retain(|_| wants);
    readers.sort();
    faults.extend(unless(
        readers == expected,
        "denials",
        "are not read by those who ask",
    ));
    faults
}

/// A policy that others maintain may grow.
pub(crate) fn are_our_own(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, role) in door.of_type("AWS::IAM::Role") {
        for policy in listed(&role["Properties"]["ManagedPolicyArns"]) {
            let is_known = MANAGED
                .iter()
                .any(|(at, name)| *at == place && policy.to_string().contains(name));
            faults.extend(unless(is_known, &place, &format!("has {policy}")));
        }
    }
    faults
}
