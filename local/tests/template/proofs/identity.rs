//! The user pool: who gets in, and who says what they are.

use serde_json::{Value, json};

use super::unless;
use crate::door::Door;
use crate::resolve::Parameters;

fn properties<'a>(door: &'a Door, name: &str) -> Option<&'a Value> {
    let place = format!("stacks/users.yaml {name}");
    let mut resources = door.resources();
    resources
        .find(|(at, _)| *at == place)
        .map(|(_, resource)| &resource["Properties"])
}

/// The pool asks for every token, machines' too, and is allowed to; and no one else is.
pub(crate) fn trigger(door: &Door) -> Vec<String> {
    let mut faults = Vec::new();
    let parameters = &door.main().parameters;
    let own_pool = parameters["TrustedIssuers"] == "" && parameters["SettingsFromFiles"] != "true";
    let permission = &door.main().resource("PretokenPermission")["Properties"];
    if own_pool || parameters["UserPoolArn"] != "" {
        let is_trigger = permission["FunctionName"]["Ref"] == "PretokenFunction";
        let what = "is not for the trigger";
        faults.extend(unless(is_trigger, "PretokenPermission", what));
        let cognito = permission["Principal"] == "cognito-idp.amazonaws.com";
        faults.extend(unless(cognito, "PretokenPermission", "is not for Cognito"));
        let pool = if own_pool {
            json!({"Fn::GetAtt": "Users.Outputs.UserPoolArn"})
        } else {
            parameters["UserPoolArn"].clone()
        };
        let is_one = permission["SourceArn"] == pool;
        faults.extend(unless(is_one, "PretokenPermission", "is for another pool"));
    } else {
        faults.extend(unless(
            permission.is_null(),
            "PretokenPermission",
            "is for no pool",
        ));
    }
    if own_pool {
        let pool = properties(door, "UserPool").unwrap_or(&Value::Null);
        let trigger = &pool["LambdaConfig"]["PreTokenGenerationConfig"];
        let is_v3 = trigger["LambdaVersion"] == "V3_0";
        faults.extend(unless(
            is_v3,
            "UserPool",
            "machines' tokens are signed unasked",
        ));
        let function = &door.main().resource("PretokenFunction")["Properties"];
        let asks = names_function(&trigger["LambdaArn"], &function["FunctionName"]);
        faults.extend(unless(asks, "UserPool", "asks another function"));
        let tier = pool["UserPoolTier"] == "ESSENTIALS";
        faults.extend(unless(tier, "UserPool", "has a plan without that trigger"));
    }
    faults
}

/// Whether this is the ARN, in this account and region, of the function of this name. Each is a `Sub` with variables.
fn names_function(arn: &Value, name: &Value) -> bool {
    let arn: Value = serde_json::from_str(arn.as_str().unwrap_or_default()).unwrap_or_default();
    let (arn, name) = (&arn["Fn::Sub"], &name["Fn::Sub"]);
    let before = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:";
    let named = arn[0].as_str().and_then(|arn| arn.strip_prefix(before));
    named.is_some() && named == name[0].as_str() && arn[1] == name[1]
}

/// The trigger believes the door's machine client, and the users of the clients that the door admits.
pub(crate) fn proof(door: &Door) -> Vec<String> {
    let parameters = &door.main().parameters;
    let function = &door.main().resource("PretokenFunction")["Properties"];
    let variables = &function["Environment"]["Variables"];
    let own_pool = parameters["TrustedIssuers"] == "" && parameters["SettingsFromFiles"] != "true";
    let has_machine = properties(door, "MachineClient").is_some();
    let output = |name: &str| json!({"Fn::GetAtt": format!("Users.Outputs.{name}")});
    let machine = if own_pool && has_machine {
        output("MachineClientId")
    } else {
        parameters["MachineClientId"].clone()
    };
    let console = if own_pool {
        output("ConsoleClientId")
    } else {
        json!("")
    };
    let given = |name: &str, otherwise: Value| {
        let given = &parameters[name];
        if given == "" {
            otherwise
        } else {
            given.clone()
        }
    };
    [
        (
            variables["PROVING_CLIENTS"] == given("ProvingClients", machine),
            "takes a proof from another client than the machine's",
        ),
        (
            variables["USER_TOKEN_CLIENTS"] == given("UserTokenClients", console),
            "takes tokens of users whom the door does not admit",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "PretokenFunction", what))
    .collect()
}

/// The trigger believes the door of this stack, about callers of the issuers that the door trusts, and the door states them
/// to the trigger's own pool: each of the three is there with the others, or none is.
pub(crate) fn statements(door: &Door) -> Vec<String> {
    let main = door.main();
    let parameters = &main.parameters;
    let variables =
        |name: &str| main.resource(name)["Properties"]["Environment"]["Variables"].clone();
    let (proxy, trigger) = (variables("ProxyFunction"), variables("PretokenFunction"));
    let own_pool = parameters["TrustedIssuers"] == "" && parameters["SettingsFromFiles"] != "true";
    let states = !own_pool && parameters["UserPoolArn"] != "" && parameters["VpcEndpointId"] == "";
    let pool_id = json!({"Fn::Select": ["1", {"Fn::Split": ["/", parameters["UserPoolArn"]]}]});
    let api = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live";
    let is_doors = if proxy["PUBLIC_URL"] == "" {
        trigger["PUBLIC_URL"].to_string().contains(api)
    } else {
        trigger["PUBLIC_URL"] == proxy["PUBLIC_URL"]
    };
    let unset = json!("");
    let all = if states {
        [
            (
                proxy["USER_POOL_ID"] == pool_id,
                "states its callers to another pool than the trigger's",
            ),
            (is_doors, "believes another door than the stack's"),
            (
                trigger["TRUSTED_ISSUERS"] == proxy["TRUSTED_ISSUERS"],
                "lets the door speak for other issuers than it trusts",
            ),
        ]
    } else {
        [
            (
                proxy["USER_POOL_ID"] == unset,
                "states its callers to no one who believes it",
            ),
            (
                trigger["PUBLIC_URL"] == unset,
                "believes a door that states nothing",
            ),
            (
                trigger["TRUSTED_ISSUERS"] == unset,
                "lets a door speak that states nothing",
            ),
        ]
    };
    let all = all.into_iter();
    all.filter_map(|(is_so, what)| unless(is_so, "PretokenFunction", what))
        .collect()
}

/// Properties of a client that people sign in to by the page.
const PAGE: [&str; 3] = ["AllowedOAuthFlows", "CallbackURLs", "LogoutURLs"];

/// No sign-up; the console has no secret and the machine nothing but one.
pub(crate) fn pool(door: &Door) -> Vec<String> {
    let Some(pool) = properties(door, "UserPool") else {
        return Vec::new();
    };
    let console = properties(door, "ConsoleClient").unwrap_or(&Value::Null);
    let parameters = &door.main().parameters;
    let has_page = parameters["ReturnUrls"] != "" || parameters["EnableConsole"] == "true";
    let believes_people_alone = ["AuthorizerFunction", "ProxyFunction"]
        .iter()
        .all(|function| {
            let function = &door.main().resource(function)["Properties"];
            let issuers = function["Environment"]["Variables"]["TRUSTED_ISSUERS"].to_string();
            issuers.contains("ConsoleClientId") && !issuers.contains("MachineClientId")
        });
    [
        (
            pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] == "true",
            "anybody makes users",
        ),
        (
            pool["UsernameConfiguration"]["CaseSensitive"] == "false",
            "two users look the same",
        ),
        (
            console["GenerateSecret"] == "false",
            "the console's secret is in every browser",
        ),
        (
            !has_page || console["AllowedOAuthFlows"] == json!(["code"]),
            "tokens are in addresses",
        ),
        (
            has_page || PAGE.iter().all(|it| console[it].is_null()),
            "the page sends people nowhere, which Cognito refuses",
        ),
        (
            console["PreventUserExistenceErrors"] == "ENABLED",
            "it tells who has a user",
        ),
        (
            console["ExplicitAuthFlows"] == flows(parameters),
            "strangers may try passwords without the sign-in page, or refreshing is not as asked",
        ),
        (believes_people_alone, "tool tokens open the door"),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "pool", what))
    .chain(machine_client(door))
    .collect()
}

/// How the page's client signs people in, and refreshes their tokens. Cognito takes no client that has both ways to refresh.
fn flows(parameters: &Parameters) -> Value {
    if parameters["RotateRefreshTokens"] == "true" {
        json!(["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    } else {
        json!(["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    }
}

/// It exists where an agent may ask for tool tokens, and can do nothing but ask for them.
fn machine_client(door: &Door) -> Vec<String> {
    let machine = properties(door, "MachineClient").unwrap_or(&Value::Null);
    let parameters = &door.main().parameters;
    let may_ask = parameters["GatewayArn"] != ""
        || parameters["Agents"] != ""
        || parameters["SettingsFromFiles"] != "false";
    [
        (
            machine.is_null() != may_ask,
            "there is a machine client that no agent uses, or none",
        ),
        (
            !may_ask || machine["AllowedOAuthFlows"] == json!(["client_credentials"]),
            "machines sign in as people",
        ),
        (
            !may_ask || machine["AllowedOAuthScopes"] == json!(["gatehouse/tools"]),
            "tool tokens open more than tools",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, what)| unless(is_so, "machine client", what))
    .collect()
}
