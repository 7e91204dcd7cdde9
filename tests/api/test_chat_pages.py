"""The addresses of the chat: the component for every shop, the demo shop for developers only."""

import gzip
import json
import re

import jwt
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.auth import Gate
from api.chat import pages
from api.problems import Problem, render
from api.settings import DEVELOPMENT_DEFAULTS, Profile, Settings
from api.wiring import parts_of

LIMIT = 50_000
COMPONENT = "/chat/holdfast-chat.js"
DEMO = ("/chat/demo", "/chat/demo/token", "/chat/demo/demo-shop.css", "/chat/demo/demo-shop.js")


class Kept:
    """The only part these routes are handed anything of."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def visiting(settings: Settings) -> AsyncClient:
    app = FastAPI()
    app.include_router(pages.router)
    app.add_exception_handler(Problem, render)
    app.dependency_overrides[parts_of] = lambda: Kept(settings)
    return AsyncClient(transport=ASGITransport(app), base_url="http://shop")


DEVELOPMENT = Settings(profile=Profile.DEVELOPMENT)
PRODUCTION = DEVELOPMENT.model_copy(update={"profile": Profile.PRODUCTION})


@pytest.mark.parametrize(
    ("path", "media_type"), [(COMPONENT, "text/javascript"), ("/chat/words/de.json", "application/json")]
)
async def test_any_page_may_load_the_chat_and_ask_cheaply_whether_it_changed(path: str, media_type: str) -> None:
    async with visiting(PRODUCTION) as http:
        first = await http.get(path)
        again = await http.get(path, headers={"If-None-Match": f'"old", W/{first.headers["etag"]}'})
    assert first.status_code == 200
    assert first.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=300" in first.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_the_component_is_small_also_unpacked_and_smaller_on_the_wire() -> None:
    async with visiting(PRODUCTION) as http, http.stream("GET", COMPONENT) as answer:
        carried = b"".join([piece async for piece in answer.aiter_raw()])
        plain = await http.get(COMPONENT, headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers.get_list("content-length") == [str(len(carried))]
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert len(plain.content) < LIMIT
    assert len(carried) < LIMIT / 2
    assert gzip.decompress(carried) == plain.content


def test_only_what_nobody_sees_is_left_out_of_the_component() -> None:
    source = (
        "/* why */\nconst spoken = `Visa  ·  {n} // ${ amount }`; // how\n"
        'STYLE.replaceSync(`\n.a :focus, .b {\n  inset: calc(1px + 2px) auto; content: "";\n}\n`);\n'
    )
    assert pages.lean(source) == (
        "const spoken=`Visa  ·  {n} // ${ amount }`;"
        'STYLE.replaceSync(`.a :focus,.b{inset:calc(1px + 2px) auto;content:""}`);'
    )


@pytest.mark.parametrize("path", DEMO)
async def test_there_is_no_demo_shop_in_production(path: str) -> None:
    async with visiting(PRODUCTION) as http:
        assert (await http.get(path)).status_code == 404
    async with visiting(DEVELOPMENT) as http:
        assert (await http.get(path)).status_code == 200


async def test_the_demo_shop_lets_no_inline_script_or_style_run() -> None:
    async with visiting(DEVELOPMENT) as http:
        page = await http.get("/chat/demo")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert " style=" not in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_demo_token_is_the_chosen_customers_and_short(method: str) -> None:
    async with visiting(DEVELOPMENT) as http:
        answer = await http.request(method, "/chat/demo/token", params={"customer": "U100"})
        stranger = await http.request(method, "/chat/demo/token", params={"customer": "root"})
    assert answer.headers["cache-control"] == "no-store"
    visitor = await Gate(DEVELOPMENT).admit(answer.json()["token"])
    assert (visitor.tenant, visitor.subject, visitor.role) == ("northwind", "U100", "customer")
    claims = jwt.decode(answer.json()["token"], DEVELOPMENT_DEFAULTS["jwt_secret"], ["HS256"], audience="holdfast")
    assert claims["exp"] - claims["iat"] == 600
    assert stranger.status_code == 422


async def test_every_language_has_the_words_and_the_places_in_them_that_english_has() -> None:
    source = (pages.ASSETS / pages.COMPONENT).read_text(encoding="utf-8")
    listed = re.search(r"const LANGUAGES = (\[.*\]);", source)
    assert listed
    assert {"en", *pages.LANGUAGES} == set(json.loads(listed[1]))
    english = source.split("const ENGLISH = {\n")[1].split("\n};")[0].splitlines()
    wanted = dict(re.fullmatch(r'  (\w+): "(.+)",', line).groups() for line in english)  # type: ignore[union-attr]
    places = {key: sorted(re.findall(r"{\w+}", said)) for key, said in wanted.items()}
    async with visiting(PRODUCTION) as http:
        for language in sorted(pages.LANGUAGES):
            words = (await http.get(f"/chat/words/{language}.json")).json()
            assert all(words.values()), language
            assert {key: sorted(re.findall(r"{\w+}", said)) for key, said in words.items()} == places, language


@pytest.mark.parametrize("language", ["en", "xx", "..%2Fwords%2Fde", "de.json%00"])
async def test_there_are_no_words_in_a_language_the_chat_does_not_speak(language: str) -> None:
    async with visiting(PRODUCTION) as http:
        assert (await http.get(f"/chat/words/{language}.json")).status_code == 404
