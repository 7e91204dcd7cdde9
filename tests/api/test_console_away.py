"""What the console says while Redis or Temporal is away, or an answer is lost: never a page that broke."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.auth import Visitor
from api.console.rule_words import RULES
from api.problems import Problem
from api.settings import Settings
from policies.cases import Case
from policies.handling import may_act
from tests.api.fakes.site import serving, token
from tests.browser.console_talks import DISPUTE, furnish
from tests.fakes.console_site import ConsoleSite, console_site, staff_token
from tests.fakes.desk_line import opened
from workflows.messages import Transcript
from workflows.people import Act, DeskView

TENANT = "away"
OURS = {"Sec-Fetch-Site": "same-origin", "X-Holdfast": "console", "HX-Request": "true"}
NOBODY = "127.0.0.1:1"
TALK = f"/console/c/{DISPUTE}"
NOTE = f"{TALK}/acts/note"
ENDPOINT = "/console/webhooks/we_" + "0" * 16
PAGES = (
    *("/console", "/console?q=a", "/console/still-here", "/console/approvals", "/console/approvals/changes"),
    *("/console/supervision", "/console/supervision/changes", "/console/supervision/pause", "/console/lessons"),
    *("/console/webhooks", TALK, f"{TALK}/standing", f"{TALK}/about", f"{TALK}/typing", f"{TALK}/orders/1"),
    *(f"{TALK}/photos/p1", f"{TALK}/parcels/P1/photo"),
)
WRITES = {
    f"{TALK}/typing": {},
    NOTE: {"act_id": "a-1", "text": "Called"},
    f"{TALK}/acts/assign": {"act_id": "a-2", "to": "ana"},
    f"{TALK}/messages/m1/intent": {"intent": "track_order"},
    "/console/approvals/AAAA": {"decision_id": "d-1", "digest": "d", "approve": "true", "reason": "x"},
    "/console/supervision/pause": {"intent": "*", "where": "here", "reason": "x"},
    "/console/supervision/resume": {"intent": "*", "where": "here"},
    "/console/supervision/people/ana": {"away": "true"},
    "/console/webhooks": {"url": "https://shop.example/", "events": "handoff.requested"},
    "/console/lessons/" + "0" * 32: {"intent": "track_order"},
    "/console/lessons/" + "0" * 32 + "/delete": {},
    f"{ENDPOINT}/rotate": {},
    f"{ENDPOINT}/disabled": {"disabled": "true"},
    f"{ENDPOINT}/delete": {},
    f"{ENDPOINT}/test": {},
    f"/console/webhooks/dead/we_{'0' * 16}/msg_{'0' * 32}/replay": {},
}


async def test_without_redis_and_temporal_every_page_says_what_is_away(settings: Settings) -> None:
    away = {"redis_url": f"redis://{NOBODY}/0", "temporal_address": NOBODY, "shop_url": f"http://{NOBODY}"}
    cookies = {"holdfast": token(tenant=TENANT, sub="sue", role="supervisor")}
    async with (
        serving(settings.model_copy(update=away)) as site,
        httpx.AsyncClient(base_url=site.url, cookies=cookies, headers=OURS, trust_env=False, timeout=30) as sue,
    ):
        answers = [await sue.get(path) for path in PAGES]
        answers += [await sue.post(path, data=form) for path, form in WRITES.items()]
    for answer in answers:
        assert answer.status_code in (200, 204, 404, 503), answer.url
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], answer.url
    assert sum(answer.status_code == 503 for answer in answers) >= 20


# -- answers that are lost -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        await furnish(running)
        yield running


@pytest.fixture
async def ben(site: ConsoleSite) -> AsyncIterator[httpx.AsyncClient]:
    cookies = {"holdfast": staff_token(TENANT, "ben")}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, headers=OURS, trust_env=False) as http:
        yield http


async def test_what_was_done_is_said_to_be_done_though_it_cannot_be_shown(
    site: ConsoleSite, ben: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = site.line.transcript
    done = len(site.line.acts)

    async def unreadable(visitor: Visitor, conversation_id: str, after: int | None = None) -> Transcript:
        if len(site.line.acts) > done:
            raise Problem("temporal-unavailable")
        return await real(visitor, conversation_id, after)

    monkeypatch.setattr(site.line, "transcript", unreadable)
    answer = await ben.post(NOTE, data={"act_id": "seen-not", "text": "Called the carrier"})
    assert len(site.line.acts) == done + 1
    assert answer.status_code == 200
    assert answer.headers["HX-Retarget"] == "#notice"
    assert "It was done; load the page again." in answer.text
    assert 'id="act-id-note"' in answer.text, "the next note is another act"


@pytest.mark.parametrize("slug", ["still-working", "temporal-unavailable"])
async def test_an_act_whose_answer_is_lost_may_be_pressed_again_and_counts_once(
    site: ConsoleSite, ben: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    real = site.line.act
    done = len(site.line.acts)

    async def lost(visitor: Visitor, conversation_id: str, act_id: str, act: Act) -> DeskView:
        await real(visitor, conversation_id, act_id, act)
        raise Problem(slug)

    form = {"act_id": f"lost-{slug}", "text": "Called the carrier"}
    with monkeypatch.context() as patch:
        patch.setattr(site.line, "act", lost)
        answer = await ben.post(NOTE, data=form)
    assert answer.status_code >= 500
    assert "It may not have been done; press again, it counts once." in answer.text
    assert "act-id-note" not in answer.text, "the form keeps its id"
    assert (await ben.post(NOTE, data=form)).status_code == 200
    assert len(site.line.acts) == done + 1


def test_every_judgement_on_an_act_has_its_sentence() -> None:
    claimed: Case = opened("asked", assignee="ana", claimed_at=opened().opened_at)
    rules = {
        may_act(kind, "ben", role, case, "test", force=False, closed=closed).rule
        for kind in ("claim", "tell", "hand_back", "note")
        for role in ("agent", "customer")
        for case in (None, claimed)
        for closed in (True, False)
    }
    assert len(rules) == 6
    assert rules | {"ai.paused", "approval.handled_it"} <= set(RULES)
