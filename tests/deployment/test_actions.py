"""Actions that documents name, and the list that they are looked up in."""

import pytest

from checks import actions


@pytest.mark.parametrize(
    ("name", "text"), actions.documents().items(), ids=lambda value: value.split("\n")[0]
)
def test_of_documents_exist(name: str, text: str) -> None:
    named = set(actions.in_document(text))
    assert named, f"{name} names no actions"
    assert [action for action in sorted(named) if not actions.exists(action)] == []


@pytest.mark.parametrize(
    ("action", "exists"),
    [
        ("bedrock-agentcore:InvokeAgentRuntime", True),
        ("bedrock-agentcore:InvokeAgentRuntimes", False),
        ("bedrock-agentcore:Invoke*", True),
        ("bedrock-agentcore:Invoque*", False),
        ("nothing:GetItem", False),
        ("s3:*", True),
    ],
)
def test_are_looked_up(action: str, exists: bool) -> None:
    assert actions.exists(action) is exists
