"""Sending webhooks over real sockets: what the receiver can check, and whom we never call."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from standardwebhooks import WebhookVerificationError

from activities.clients.webhook_post import WebhookPost
from policies.webhooks import Answered
from tests.fakes.webhook_receiver import receiving

OLD, NEW = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
BODY = json.dumps({"type": "webhook.test", "data": {"tenant": "Łódź"}})


@pytest.fixture(scope="module")
async def post() -> AsyncIterator[WebhookPost]:
    """A sender as a development stack has it: it may call the loopback."""
    async with WebhookPost(allow_private=True, seconds=10) as post:
        yield post


@pytest.fixture(scope="module")
async def strict() -> AsyncIterator[WebhookPost]:
    async with WebhookPost(seconds=10) as post:
        yield post


async def send(post: WebhookPost, url: str, *secrets: str) -> Answered:
    return await post.post(url, "msg_1", BODY, secrets or (NEW,))


# -- what a receiver gets ------------------------------------------------------------------------------------------


async def test_a_receiver_can_check_who_sent_what_and_when(post: WebhookPost) -> None:
    with receiving() as receiver:
        answered = await send(post, receiver.url + "?shop=1")
    assert (answered.status, answered.error) == (204, "")
    (heard,) = receiver.heard
    assert heard.read(NEW) == json.loads(BODY)
    assert (heard.path, heard.id) == ("/hooks?shop=1", "msg_1")
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert heard.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        heard.read(OLD)


async def test_while_a_secret_is_rotated_both_verify(post: WebhookPost) -> None:
    with receiving() as receiver:
        await send(post, receiver.url, NEW, OLD)
    (heard,) = receiver.heard
    assert len(heard.signatures) == 2
    assert heard.read(NEW) == heard.read(OLD) == json.loads(BODY)


@pytest.mark.parametrize("status", [200, 400, 410, 500])
async def test_a_status_is_reported_as_it_came(post: WebhookPost, status: int) -> None:
    with receiving([status]) as receiver:
        assert (await send(post, receiver.url)).status == status


async def test_a_redirect_is_not_followed(post: WebhookPost) -> None:
    with receiving() as elsewhere, receiving([307]) as receiver:
        receiver.headers["Location"] = elsewhere.url
        assert (await send(post, receiver.url)).status == 307
    assert elsewhere.heard == []


async def test_a_receiver_may_ask_for_patience(post: WebhookPost) -> None:
    with receiving([429]) as receiver:
        receiver.headers["Retry-After"] = "120"
        assert (await send(post, receiver.url)).retry_after == 120


async def test_a_connection_is_used_once_since_another_name_may_have_the_same_address(post: WebhookPost) -> None:
    with receiving() as receiver:
        for _ in range(2):
            await send(post, receiver.url)
    assert len({heard.connection for heard in receiver.heard}) == 2


# -- when there is no answer ---------------------------------------------------------------------------------------


async def test_a_receiver_that_hangs_up_or_is_not_there_is_told_apart(post: WebhookPost) -> None:
    with receiving([-1]) as receiver:
        assert (await send(post, receiver.url)).error == "broken"
    assert (await send(post, receiver.url)).error == "unreachable"


async def test_a_receiver_that_does_not_answer_is_left(post: WebhookPost) -> None:
    async with WebhookPost(allow_private=True, seconds=0.3) as hasty:
        with receiving([-2]) as receiver:
            answered = await send(hasty, receiver.url)
    assert (answered.status, answered.error) == (0, "timeout")


async def test_a_resolver_that_does_not_answer_is_left() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    async with WebhookPost(resolve=never, seconds=0.1) as hasty:
        assert (await send(hasty, "https://shop.example/")).error == "timeout"


# -- where we never go ---------------------------------------------------------------------------------------------

SSRF = (
    *("https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0177.0.0.1/", "https://0x7f.0.0.1/"),
    *("https://0x7f000001/", "https://017700000001/", "https://127.0.1/", "https://0/", "https://0.0.0.0/"),
    *("https://１２７.0.0.1/", "https://127。0。0。1/", "https://localhost/", "https://LOCALHOST/"),
    *("https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
    *("https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1]/"),
    *("https://[fd00:ec2::254]/", "https://[fc00::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/"),
    *("https://169.254.169.254/latest/meta-data/", "https://0xa9fea9fe/", "https://2852039166/"),
    *("https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/"),
    *("https://100.100.100.200/", "https://198.18.0.1/", "https://168.63.129.16/", "https://255.255.255.255/"),
    *("http://1.1.1.1/", "ftp://1.1.1.1/", "file:///etc/passwd", "//1.1.1.1/", "https:///", "https://u:p@1.1.1.1/"),
)


@pytest.mark.parametrize("url", SSRF)
async def test_no_way_of_writing_it_reaches_a_private_address(strict: WebhookPost, url: str) -> None:
    answered = await send(strict, url)
    assert (answered.status, answered.error in {"refused_address", "unresolved", "bad_url"}) == (0, True), answered


@pytest.mark.parametrize("url", ["https://", "not an address", "https://[::1", "https://a b/", "https://x:99999999/"])
async def test_what_is_no_address_is_said_to_be_none(post: WebhookPost, url: str) -> None:
    assert (await send(post, url)).error in {"bad_url", "refused_address", "unresolved"}


HIDING = {
    "loopback": ["127.0.0.1"],
    "metadata": ["169.254.169.254"],
    "mapped": ["::ffff:10.0.0.1"],
    "private behind public": ["1.1.1.1", "10.0.0.1"],
    "ULA": ["fd12::1"],
    "CGNAT": ["100.64.3.4"],
    "no address at all": ["localhost"],
}


@pytest.mark.parametrize("addresses", HIDING.values(), ids=HIDING)
async def test_a_name_is_judged_by_every_address_it_has(addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("shop.example", 8443)
        return addresses

    async with WebhookPost(resolve=resolve) as post:
        assert (await send(post, "https://shop.example:8443/")).error == "refused_address"


async def test_a_name_that_changes_its_address_is_asked_once_and_called_where_it_was_judged(tmp_path: Path) -> None:
    """A second look at the name, as by the connecting library, would find what a rebinding attacker put there."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    server, client = certified(tmp_path, "hooks.shop.example")
    with receiving(tls=server, host="hooks.shop.example") as receiver:
        async with WebhookPost(allow_private=True, resolve=resolve, tls=client) as post:
            answered = await send(post, receiver.url)
    assert (answered.status, answered.error, asked) == (204, "", ["hooks.shop.example"])
    (heard,) = receiver.heard
    assert heard.headers["host"] == f"hooks.shop.example:{receiver.port}"
    assert heard.read(NEW)


async def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server, client = certified(tmp_path, "other.example", "127.0.0.1")
    with receiving(tls=server, host="hooks.shop.example") as receiver:
        async with WebhookPost(allow_private=True, resolve=resolve, tls=client) as post:
            assert (await send(post, receiver.url)).error == "tls"
    assert receiver.heard == []


async def test_the_next_address_of_a_name_is_tried_when_one_cannot_be_reached() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    with receiving(host="hooks.shop.example") as receiver:
        async with WebhookPost(allow_private=True, resolve=resolve) as post:
            assert (await send(post, receiver.url)).status == 204


def certified(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a server whose certificate holds these names or IP addresses, and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    held: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(held), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "certificate.pem"))
