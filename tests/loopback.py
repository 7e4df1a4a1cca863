"""A server on loopback with a certificate of its own that answers as badly as a test wants."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "weights.example"


def certificate(folder, *names):
    """Write a self-signed certificate and its key; give both paths."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [*(x509.DNSName(n) for n in names), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@dataclass
class File:
    """What one path serves, and how it misbehaves.

    `drop` breaks the connection off after so many bytes of the file (once per entry);
    `status`, `headers` and `body` replace what a correct server would send.
    """

    data: bytes
    etag: str | None = '"v1"'
    drop: list = field(default_factory=list)
    status: int | None = None
    headers: dict = field(default_factory=dict)
    body: bytes | None = None
    length: str | None = "true"
    ranges: str = "right"
    stall: float = 0.0
    drip: float = 0.0
    answers: list = field(default_factory=list)


class Server:
    """Paths to `File`s, and the requests that came."""

    def __init__(self, folder):
        self.files = {}
        self.requests = []
        self.cert, key = certificate(folder, HOST, "other.example", "localhost")
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.requests.append((self.path, dict(self.headers)))
                entry = server.files.get(self.path)
                if entry is None:
                    self.send_error(404)
                    return
                answer(self, entry.answers.pop(0) if entry.answers else entry)

            def log_message(self, *args):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self._http = Quiet(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def serve(self, path, data, **behaviour):
        """Serve bytes under a path; give the address."""
        self.files[path] = File(data, **behaviour)
        return self.url(path)

    def url(self, path, host=HOST):
        return f"https://{host}:{self.port}{path}"

    def trust(self):
        """An SSL context that trusts this server."""
        return ssl.create_default_context(cafile=str(self.cert))

    def ranges(self, path=None):
        """The Range header of each request so far, None where there was none."""
        return [headers.get("Range") for asked, headers in self.requests if path in {None, asked}]

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def downloader(self, **options):
        """A Downloader that trusts this server and finds it under every name."""
        from headstart.storage.download import Downloader

        settings = {
            "client_context": self.trust(),
            "allow_private": True,
            "use_proxy": False,
            "stall_seconds": 5.0,
            "addresses": lambda host, port: ["127.0.0.1"],
        }
        return Downloader(**(settings | options))


def answer(handler, entry):
    """One response, right or wrong as `entry` says."""
    data = entry.data if entry.body is None else entry.body
    start, status = _range(handler, entry, data)
    headers = _headers(entry, data, start, status)
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if entry.length != "true" and "Transfer-Encoding" not in headers:
        handler.send_header("Connection", "close")
        handler.close_connection = True
    handler.end_headers()
    _send(handler, entry, data, start)


def _range(handler, entry, data):
    asked = handler.headers.get("Range")
    same = handler.headers.get("If-Range") in {None, entry.etag}
    if entry.status:
        return 0, entry.status
    if not asked or not same or entry.ranges == "ignored":
        return 0, 200
    if entry.ranges == "416":
        return len(data), 416
    return int(asked.removeprefix("bytes=").rstrip("-")), 206


def _headers(entry, data, start, status):
    headers = {}
    if entry.etag:
        headers["ETag"] = entry.etag
    if entry.length == "true":
        headers["Content-Length"] = str(len(data) - start)
    elif entry.length:
        headers["Content-Length"] = entry.length
    if status == 206:
        first = {"right": start, "shifted": start + 1}[entry.ranges]
        headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
    return headers | entry.headers


def _send(handler, entry, data, start):
    end = entry.drop.pop(0) if entry.drop else None
    piece = data[start:end]
    if entry.stall:
        handler.wfile.write(piece[: len(piece) // 2])
        handler.wfile.flush()
        time.sleep(entry.stall)
        piece = piece[len(piece) // 2 :]
    while entry.drip and piece:
        handler.wfile.write(piece[:1])
        handler.wfile.flush()
        time.sleep(entry.drip)
        piece = piece[1:]
    handler.wfile.write(piece)
    handler.wfile.flush()
    if end is not None:
        handler.close_connection = True


def digest(data):
    return hashlib.sha256(data).hexdigest()
