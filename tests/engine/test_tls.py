import asyncio
import datetime as dt
import ipaddress
import ssl

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.clients import make_client
from engine.transport.transport import StampedTransport
from tests.engine.made import endpoint, item
from tests.engine.scripted import scripted
from tests.engine.sending import requester, send

pytestmark = pytest.mark.gen_test(timeout=20)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the path of a certificate for 127.0.0.1 that nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_side(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_nobody_vouches_for_is_a_tls_failure(certificate):
    async with scripted(tls=server_side(certificate)) as server:
        sample = await send(endpoint(server.url))
    assert sample.error.error_class == "tls"
    assert "certificate" in sample.error.message.lower()
    assert sample.sent_at_ns is None
    assert server.exchanges == []


async def test_a_server_without_tls_is_a_tls_failure():
    async def answer(exchange):
        await exchange.plain("400 Bad Request")

    async with scripted(answer) as server:
        sample = await send(endpoint(server.url.replace("http:", "https:")), timeout_s=2)
    assert sample.error.error_class == "tls"


async def test_a_handshake_that_is_given_up_leaves_no_socket_open():
    closed = asyncio.Event()

    async def never_shake_hands(reader, writer):
        await reader.read()  # until the client closes
        writer.close()
        closed.set()

    server = await asyncio.start_server(never_shake_hands, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sample = await send(endpoint(f"https://127.0.0.1:{port}/v1"), timeout_s=0.5)
    await closed.wait()
    server.close()
    await server.wait_closed()
    assert sample.error.error_class == "tls"


async def test_the_handshake_is_timed_apart_from_connect(certificate):
    trusting = ssl.create_default_context(cafile=certificate)
    client = httpx.AsyncClient(transport=StampedTransport(tls=trusting), timeout=None)
    async with (
        scripted(tls=server_side(certificate)) as server,
        requester(client) as sender,
    ):
        sample = await sender.send(item(), endpoint(server.url))
    assert sample.status == "ok"
    assert sample.connect_ms > 0
    assert sample.tls_ms > 0


async def test_a_client_made_without_tls_trusts_no_certificate(certificate):
    client = make_client(fresh_connections=False, tls=False)
    async with (
        scripted(tls=server_side(certificate)) as server,
        requester(client) as sender,
    ):
        sample = await sender.send(item(), endpoint(server.url))
    assert sample.error.error_class == "tls"
