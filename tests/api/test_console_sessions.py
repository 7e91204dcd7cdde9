"""Sessions of the console: a token in a cookie that scripts cannot read, and what happens when it ends."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.console.guard import cookie_name
from api.settings import Profile, Settings
from tests.fakes.console_site import ConsoleSite, console_site, staff_token

TENANT = "northwind"
HERE = {"Sec-Fetch-Site": "same-origin"}
PART = {"HX-Request": "true"}


@pytest.fixture(scope="module")
async def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_site(redis_url, tmp_path_factory.mktemp("console"), TENANT) as running:
        yield running


@pytest.fixture
async def http(site: ConsoleSite) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as client:
        yield client


async def test_a_token_becomes_a_cookie_that_scripts_cannot_read(http: httpx.AsyncClient) -> None:
    token = staff_token(TENANT, "ben")
    answer = await http.post("/console/sign-in", data={"token": token}, headers=HERE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"holdfast={token};")
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    lasts = int(cookie.split("Max-Age=")[1].split(";")[0])
    assert 29 * 60 <= lasts <= 30 * 60
    page = await http.get("/console")
    assert page.status_code == 200
    assert "Ben" in page.text


def test_outside_development_the_cookie_is_for_this_host_over_tls_alone() -> None:
    settings = Settings(profile=Profile.DEVELOPMENT).model_copy(update={"profile": Profile.PRODUCTION})
    assert cookie_name(settings) == "__Host-holdfast"


async def test_a_proxy_may_put_the_token_into_the_authorization_header(http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {staff_token(TENANT, 'sue', 'supervisor')}"}
    page = await http.get("/console", headers=headers)
    assert page.status_code == 200
    assert "Supervision" in page.text


async def test_agents_are_not_shown_the_pages_of_supervisors(http: httpx.AsyncClient) -> None:
    page = await http.get("/console", headers={"Authorization": f"Bearer {staff_token(TENANT, 'ben')}"})
    assert 'href="/console/supervision"' not in page.text


async def test_in_development_one_click_signs_in_as_an_acquaintance(http: httpx.AsyncClient) -> None:
    offered = await http.get("/console/sign-in")
    assert "Ana (agent)" in offered.text
    assert "Never expose it to a network" in offered.text
    answer = await http.post("/console/sign-in", data={"person": "northwind/sue"}, headers=HERE)
    assert answer.headers["Location"] == "/console"
    assert "supervisor" in (await http.get("/console")).text


async def test_somebody_nobody_knows_is_not_let_in(http: httpx.AsyncClient) -> None:
    answer = await http.post("/console/sign-in", data={"person": "northwind/mallory"}, headers=HERE)
    assert answer.headers["Location"] == "/console/sign-in?why=wrong"
    assert "Set-Cookie" not in answer.headers


async def test_a_customer_is_not_let_in(http: httpx.AsyncClient) -> None:
    token = staff_token(TENANT, "cust", "customer")
    assert (await http.post("/console/sign-in", data={"token": token}, headers=HERE)).status_code == 403
    assert (await http.get("/console", headers={"Authorization": f"Bearer {token}"})).status_code == 403


async def test_signing_in_from_another_site_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/console/sign-in", data={"token": staff_token(TENANT, "mallory")}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


ENDED = {
    "without a session": {},
    "expired": {"exp": datetime.now(UTC) - timedelta(seconds=5)},
    "of another audience": {"aud": "somebody-else"},
}


@pytest.mark.parametrize("claims", ENDED.values(), ids=ENDED.keys())
async def test_whoever_is_not_signed_in_is_sent_to_sign_in(http: httpx.AsyncClient, claims: dict[str, object]) -> None:
    if claims:
        http.cookies.set("holdfast", staff_token(TENANT, "ben", **claims))
    whole = await http.get("/console")
    assert whole.status_code == 303
    assert whole.headers["Location"].startswith("/console/sign-in")
    part = await http.get("/console", headers=PART)
    assert part.headers["HX-Redirect"].startswith("/console/sign-in")
    assert part.text == ""
    assert ("why=expired" in whole.headers["Location"]) == ("exp" in claims)
    assert whole.headers["Location"].endswith("next=%2Fconsole")


async def test_signing_out_takes_the_cookie_away(http: httpx.AsyncClient) -> None:
    http.cookies.set("holdfast", staff_token(TENANT, "ben"))
    answer = await http.post("/console/sign-out", headers={**HERE, "X-Holdfast": "console"})
    assert answer.headers["Location"] == "/console/sign-in"
    assert 'holdfast=""' in answer.headers["Set-Cookie"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


async def test_a_name_in_the_token_is_shown_and_a_subject_stands_in_for_none(http: httpx.AsyncClient) -> None:
    named = await http.get("/console", headers={"Authorization": f"Bearer {staff_token(TENANT, 'b.1', name='Béa')}"})
    assert "<b>Béa</b>" in named.text
    unnamed = await http.get("/console", headers={"Authorization": f"Bearer {staff_token(TENANT, 'b.1', name='')}"})
    assert "<b>b.1</b>" in unnamed.text


async def test_a_link_from_a_mail_is_opened_after_signing_in(http: httpx.AsyncClient) -> None:
    asked = await http.get("/console/c/c-9?from=mail")
    assert asked.headers["Location"] == "/console/sign-in?next=%2Fconsole%2Fc%2Fc-9%3Ffrom%3Dmail"
    page = await http.get(asked.headers["Location"])
    assert 'name="next" value="/console/c/c-9?from=mail"' in page.text
    wrong = await http.post("/console/sign-in", data={"token": "x", "next": "/console/c/c-9"}, headers=HERE)
    assert wrong.headers["Location"] == "/console/sign-in?why=wrong&next=%2Fconsole%2Fc%2Fc-9"
    answer = await http.post(
        "/console/sign-in", data={"person": "northwind/ana", "next": "/console/c/c-9?from=mail"}, headers=HERE
    )
    assert answer.headers["Location"] == "/console/c/c-9?from=mail"
    olga = {"token": staff_token(TENANT, "olga", "ops"), "next": "/console/c/c-9"}
    theirs = await http.post("/console/sign-in", data=olga, headers=HERE)
    assert theirs.headers["Location"] == "/console/supervision", "no page of the people of the shop"


ELSEWHERE = (
    "https://evil.example/console",
    "//evil.example/console",
    "/console//evil.example",
    "/console/\\evil.example",
    "/consoles",
    "/console/\r\nSet-Cookie: a=b",
    "/console/sign-out",
    "/v1/me",
)


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_signing_in_leads_to_no_other_place(http: httpx.AsyncClient, address: str) -> None:
    page = await http.get("/console/sign-in", params={"next": address})
    assert 'name="next" value=""' in page.text
    answer = await http.post("/console/sign-in", data={"person": "northwind/ana", "next": address}, headers=HERE)
    assert answer.headers["Location"] == "/console"


async def test_a_write_after_the_session_has_ended_leads_to_sign_in_and_back(http: httpx.AsyncClient) -> None:
    here = {"HX-Current-URL": "https://shop.example/console/c/c-9?view=mine"}
    write = "/console/c/c-9/acts/note"
    part = await http.post(write, headers={**HERE, **PART, **here, "X-Holdfast": "console"})
    assert part.headers["HX-Redirect"] == "/console/sign-in?why=expired&next=%2Fconsole%2Fc%2Fc-9%3Fview%3Dmine"
    form = await http.post(write, data={"form_token": "of the session before"}, headers=HERE)
    assert (form.status_code, form.headers["Location"]) == (303, "/console/sign-in?why=expired")
    foreign = await http.post(write, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
