"""People handle conversations over JSON: the door says what was wrong, the conversation does the rest."""

from typing import Any

import pytest

from tests.api.fakes.site import Site

ACTS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown kind": ({"kind": "fire"}, "body/act"),
    "a field of another kind": ({"kind": "note", "text": "x", "force": True}, "body/act"),
    "too long": ({"kind": "tell", "text": "x" * 4_001}, "body/act/tell/text"),
    "no words": ({"kind": "note"}, "body/act/note/text"),
}


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_that_does_not_fit_is_refused_with_its_place(site: Site, talk: str, act: str) -> None:
    wrong, where = ACTS[act]
    answer = await site.post(f"/v1/conversations/{talk}/acts", {"act_id": "a", "act": wrong}, sub="ann", role="agent")
    assert answer.status_code == 422
    assert where in [error["where"] for error in answer.json()["errors"]]


async def test_control_characters_are_refused(site: Site, talk: str) -> None:
    act = {"kind": "tell", "text": "a\x00b"}
    answer = await site.post(f"/v1/conversations/{talk}/acts", {"act_id": "a", "act": act}, sub="ann", role="agent")
    assert answer.json()["type"].endswith(":message-binary")


async def test_customers_handle_nothing(site: Site, talk: str) -> None:
    act = {"act_id": "a", "act": {"kind": "claim"}}
    answer = await site.post(f"/v1/conversations/{talk}/acts", act, sub="C1", role="customer")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:holdfast:problem:role-not-allowed")


async def test_a_conversation_that_is_not_there_cannot_be_claimed(site: Site, talk: str) -> None:
    act = {"act_id": "a", "act": {"kind": "claim"}}
    answer = await site.post(f"/v1/conversations/{talk}/acts", act, sub="ann", role="agent")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:holdfast:problem:conversation-not-found")
