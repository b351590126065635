"""The headers of the console's pages: which scripts run, and which hosts they reach."""

from typing import Any

from templates import MAIN, parsed, texts

CONSOLE = "stacks/console.yaml"

# Directive -> sources, all of them: a source more is a decision. Workers count as scripts.
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'", "${Door}", "${SignIn}", "${Connections}"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    # One policy, which makes the address of the worker that holds the refresh token.
    "trusted-types": ["gatehouse-worker"],
}


def headers() -> dict[str, Any]:
    """What the distribution adds to each answer."""
    template = parsed(texts()[CONSOLE])
    return template["Resources"]["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]


def test_pages_run_their_own_scripts_and_reach_named_hosts() -> None:
    policy = headers()["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert policy["Override"] is True
    directives = [directive.split() for directive in policy["ContentSecurityPolicy"]["Fn::Sub"].split(";")]
    assert {name: sources for name, *sources in directives} == POLICY
    assert len(directives) == len(POLICY)


def test_pages_share_no_window_with_others() -> None:
    items = headers()["CustomHeadersConfig"]["Items"]
    assert items == [{"Header": "Cross-Origin-Opener-Policy", "Value": "same-origin", "Override": True}]


def test_pages_reach_the_issuer_of_the_stacks_own_pool() -> None:
    console = parsed(texts()[MAIN])["Resources"]["Console"]
    connections = console["Properties"]["Parameters"]["Connections"]
    condition, own, given = connections["Fn::If"]
    _, both, alone = own["Fn::If"]
    assert condition == "HasOwnPool"
    assert both == {"Fn::Sub": f"{alone['Fn::Sub']} ${{ConsoleConnections}}"}
    assert alone == {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}"}
    assert given == {"Ref": "ConsoleConnections"}
