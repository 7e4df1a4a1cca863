import gzip
import os
import socket
import subprocess
import sys
import textwrap

import pytest

from headstart.errors import DownloadError, StorageError, UsageError
from headstart.storage.download import Download, Downloader
from tests.loopback import HOST, File, Server, digest

DATA = bytes(range(256)) * 800  # 204,800 bytes: several reads
NAME = "weights.bin"


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()


@pytest.fixture(autouse=True)
def online(monkeypatch):
    monkeypatch.delenv("HEADSTART_OFFLINE", raising=False)


@pytest.fixture
def server(certified):
    certified.files.clear()
    certified.requests.clear()
    return certified


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "downloads"


def pinned(url, **known):
    return Download(url, NAME, **({"size": len(DATA), "sha256": digest(DATA)} | known))


def leftovers(folder):
    """Everything but lock files."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"size": None, "sha256": None, "sha256_prefix": digest(DATA)[:8]},
        {"size": None, "sha256": None, "md5": __import__("hashlib").md5(DATA).hexdigest()},
        {"size": None, "sha256": None},
    ],
    ids=["sha256", "prefix", "md5", "nothing"],
)
def test_a_right_file_arrives_and_leaves_nothing_else(server, folder, known):
    path = server.downloader().fetch(pinned(server.serve("/a", DATA), **known), folder)
    assert path.read_bytes() == DATA
    assert leftovers(folder) == [NAME]


def test_a_file_that_is_there_is_not_asked_for_again(server, folder):
    want = pinned(server.serve("/a", DATA))
    server.downloader().fetch(want, folder)
    server.downloader().fetch(want, folder)
    assert len(server.requests) == 1


def test_a_file_that_rotted_is_set_aside_and_fetched_again(server, folder):
    want = pinned(server.serve("/a", DATA))
    path = server.downloader().fetch(want, folder)
    path.write_bytes(DATA[:-1] + b"\x01")
    assert server.downloader().fetch(want, folder).read_bytes() == DATA
    assert leftovers(folder) == [NAME, NAME + ".damaged"]


@pytest.mark.parametrize(
    "behaviour",
    [
        {"body": DATA[:-1] + b"!"},
        {"body": DATA[:-10]},
        {"body": DATA + b"more"},
        {"body": DATA[:-10], "length": None},
        {"body": DATA + b"more", "length": None},
        {"body": gzip.compress(DATA), "headers": {"Content-Encoding": "gzip"}},
        {"body": b""},
    ],
    ids=["other bytes", "short", "long", "short unsaid", "long unsaid", "gzip", "empty"],
)
def test_wrong_bytes_are_deleted_asked_for_once_more_and_refused(server, folder, behaviour):
    url = server.serve("/a", DATA, **behaviour)
    with pytest.raises(DownloadError, match=f"{NAME}.*{HOST}"):
        server.downloader().fetch(pinned(url), folder)
    assert leftovers(folder) == []
    assert len(server.requests) == 2


def test_wrong_bytes_once_are_mended_by_the_second_request(server, folder):
    url = server.serve("/a", DATA, answers=[File(DATA, body=DATA[::-1])])
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA


def test_wrong_bytes_against_a_prefix_only_are_refused(server, folder):
    url = server.serve("/a", DATA[::-1])
    want = Download(url, NAME, sha256_prefix=digest(DATA)[:8])
    with pytest.raises(DownloadError, match="SHA-256 starts with"):
        server.downloader().fetch(want, folder)
    assert leftovers(folder) == []


@pytest.mark.parametrize("extra", [10, 1_000_000])
def test_a_body_shorter_than_announced_never_becomes_the_file(server, folder, extra):
    url = server.serve("/a", DATA, length=str(len(DATA) + extra))
    with pytest.raises(DownloadError):
        server.downloader(stall_seconds=0.3).fetch(Download(url, NAME), folder)
    assert NAME not in leftovers(folder)


def test_an_unchecked_file_of_unknown_length_is_refused(server, folder):
    url = server.serve("/a", DATA, length=None)
    with pytest.raises(DownloadError, match="does not say how long"):
        server.downloader().fetch(Download(url, NAME), folder)


@pytest.mark.parametrize("percent", range(10, 100, 10))
def test_a_connection_that_breaks_off_is_resumed_where_it_broke(server, folder, percent):
    cut = len(DATA) * percent // 100
    url = server.serve("/a", DATA, drop=[cut])
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == [None, f"bytes={cut}-"]
    assert leftovers(folder) == [NAME]


def break_off(server, folder, cut=100_000):
    """A first run that ends with a part of `cut` bytes."""
    url = server.serve("/a", DATA, answers=[File(DATA, drop=[cut]), File(b"", status=503)])
    with pytest.raises(DownloadError, match="503"):
        server.downloader().fetch(pinned(url), folder)
    part = f"{NAME}.{digest(DATA)}.part"
    assert leftovers(folder) == [part, part + ".etag"]
    assert (folder / part).read_bytes() == DATA[:cut]
    server.requests.clear()
    return url


def test_a_later_run_goes_on_from_the_part_of_an_earlier_one(server, folder):
    url = break_off(server, folder)
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == ["bytes=100000-"]
    assert server.requests[0][1]["If-Range"] == '"v1"'


@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [
        ({"ranges": "ignored"}, ["bytes=100000-"]),
        ({"etag": '"v2"'}, ["bytes=100000-"]),
        ({"ranges": "shifted"}, ["bytes=100000-", None]),
        ({"ranges": "416"}, ["bytes=100000-", None]),
        ({"status": 206}, None),
    ],
    ids=["200 to a range", "changed etag", "wrong 206", "416", "206 without range"],
)
def test_a_resume_that_is_not_exact_starts_anew(server, folder, behaviour, requests):
    url = break_off(server, folder)
    server.serve("/a", DATA, **behaviour)
    if requests is None:
        with pytest.raises(DownloadError, match="another part"):
            server.downloader().fetch(pinned(url), folder)
        assert leftovers(folder) == []
    else:
        assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
        assert server.ranges() == requests


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_etag_nothing_is_resumed(server, folder, etag):
    url = server.serve("/a", DATA, etag=etag, drop=[1000])
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == [None, None]


def test_a_part_with_flipped_bytes_never_becomes_the_file(server, folder):
    url = break_off(server, folder)
    part = folder / f"{NAME}.{digest(DATA)}.part"
    part.write_bytes(b"\xff" + DATA[1:100_000])
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == ["bytes=100000-", None]


def test_a_complete_part_is_used_without_a_request(server, folder):
    url = break_off(server, folder)
    (folder / f"{NAME}.{digest(DATA)}.part").write_bytes(DATA)
    server.downloader().fetch(pinned(url), folder)
    assert server.requests == []


def redirecting(server, location, **options):
    url = server.serve("/from", b"", status=302, headers={"Location": location})
    return server.downloader(**options), pinned(url)


def test_a_redirect_to_an_allowed_host_is_followed(server, folder):
    server.serve("/a", DATA)
    downloader, want = redirecting(
        server, server.url("/a", host="other.example"), allowed_hosts=["other.example"]
    )
    assert downloader.fetch(want, folder).read_bytes() == DATA


def test_a_relative_redirect_stays_on_the_host(server, folder):
    server.serve("/a", DATA)
    downloader, want = redirecting(server, "/a")
    assert downloader.fetch(want, folder).read_bytes() == DATA


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (f"http://{HOST}/a", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://other.example/a", "other.example, which is not a known host"),
        ("https://127.0.0.1/a", "127.0.0.1, which is not a known host"),
        ("https://169.254.169.254/latest", "169.254.169.254, which is not a known host"),
        (f"https://evil-{HOST}/a", "not a known host"),
        ("https://evilhf.co/a", "not a known host"),
        (f"https://user:pass@{HOST}/a", "user name"),
        ("/from", "more than 5 redirects"),
        ("https://[::zz]/", "not a valid address"),
    ],
)
def test_a_redirect_that_leads_astray_is_refused(server, folder, location, reason):
    downloader, want = redirecting(server, location)
    with pytest.raises(DownloadError, match=reason):
        downloader.fetch(want, folder)
    assert leftovers(folder) == []
    assert len(server.requests) == (6 if location == "/from" else 1)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "::1",
        "fe80::1%1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
    ],
)
def test_hosts_that_lead_into_the_own_network_are_not_connected_to(folder, monkeypatch, address):
    monkeypatch.setattr(socket.socket, "connect", refuse_socket)
    downloader = Downloader(use_proxy=False, addresses=lambda host, port: ["93.184.215.14", address])
    with pytest.raises(DownloadError, match="not on the public internet"):
        downloader.fetch(pinned(f"https://{HOST}/a"), folder)


def refuse_socket(*args):
    raise AssertionError("a connection was made")


def test_a_certificate_for_another_name_is_refused(server, folder):
    server.serve("/a", DATA)
    with pytest.raises(DownloadError, match=r"(?i)certificate"):
        server.downloader().fetch(pinned(server.url("/a", host="stranger.example")), folder)
    assert server.requests == []


def test_an_unknown_certificate_is_refused(server, folder):
    url = server.serve("/a", DATA)
    with pytest.raises(DownloadError, match=r"(?i)certificate"):
        server.downloader(client_context=None).fetch(pinned(url), folder)
    assert server.requests == []


@pytest.mark.parametrize(
    "behaviour",
    [
        {"headers": {"Content-Type": "text/html; charset=utf-8"}},
        {"body": b"\n<!DOCTYPE html><title>Sign in</title>"},
    ],
    ids=["by its type", "by its bytes"],
)
def test_a_web_page_with_status_200_is_never_kept(server, folder, behaviour):
    url = server.serve("/a", DATA, **behaviour)
    with pytest.raises(DownloadError, match="web page"):
        server.downloader().fetch(pinned(url, size=None), folder)
    assert NAME not in leftovers(folder)


def test_a_stalled_server_is_given_up_and_what_came_is_kept(server, folder):
    url = server.serve("/a", DATA, stall=2.0)
    with pytest.raises(DownloadError, match="seconds"):
        server.downloader(stall_seconds=0.2).fetch(pinned(url), folder)
    assert any(name.endswith(".part") for name in leftovers(folder))


def test_a_server_that_drips_is_given_up(server, folder):
    url = server.serve("/a", DATA, drip=0.05)
    with pytest.raises(DownloadError, match=r"only .* bytes came"):
        server.downloader(stall_seconds=0.3).fetch(pinned(url), folder)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_an_error_status_names_host_file_size_address_and_command(server, folder, status):
    url = server.serve("/a", DATA, status=status)
    with pytest.raises(DownloadError) as caught:
        server.downloader().fetch(pinned(url, by_hand="headstart weights add FILE"), folder)
    said = str(caught.value)
    assert all(part in said for part in (HOST, NAME, "0.2 MB", url, digest(DATA), str(status)))
    assert "headstart weights add FILE" in said
    assert "\n" not in said


def test_no_server_at_all_is_one_sentence(folder):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    downloader = Downloader(use_proxy=False, allow_private=True)
    with pytest.raises(DownloadError, match=r"no connection to 127\.0\.0\.1"):
        downloader.fetch(pinned(f"https://127.0.0.1:{port}/a"), folder)


def test_an_unknown_name_is_one_sentence(folder, monkeypatch):
    def unknown(*args, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=f"address of {HOST} was not found"):
        Downloader(use_proxy=False).fetch(pinned(f"https://{HOST}/a"), folder)


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_offline_opens_no_socket(server, folder, monkeypatch, value):
    url = server.serve("/a", DATA)
    monkeypatch.setenv("HEADSTART_OFFLINE", value)
    monkeypatch.setattr(socket.socket, "connect", refuse_socket)
    monkeypatch.setattr(socket, "getaddrinfo", refuse_socket)
    with pytest.raises(DownloadError, match=f"(?s){NAME}.*{HOST}.*HEADSTART_OFFLINE.*By hand"):
        server.downloader().fetch(pinned(url), folder)


def test_offline_uses_what_is_there(server, folder, monkeypatch):
    want = pinned(server.serve("/a", DATA))
    server.downloader().fetch(want, folder)
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    assert server.downloader().fetch(want, folder).read_bytes() == DATA


def test_zero_does_not_mean_offline(server, folder, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "0")
    assert server.downloader().fetch(pinned(server.serve("/a", DATA)), folder).exists()


def test_progress_reaches_the_total_and_counts_what_was_there(server, folder):
    url = break_off(server, folder)
    seen = []
    server.downloader(progress=lambda *told: seen.append(told)).fetch(pinned(url), folder)
    assert seen[0][1] > 100_000
    assert seen[-1] == (NAME, len(DATA), len(DATA))
    assert [told[1] for told in seen] == sorted(told[1] for told in seen)


def test_a_full_disk_says_how_much_is_needed(server, folder, monkeypatch):
    from headstart.storage import receive

    monkeypatch.setattr(receive.shutil, "disk_usage", lambda path: receive.shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(StorageError, match=r"no space left in .*about 1 MB"):
        server.downloader().fetch(pinned(server.serve("/a", DATA)), folder)


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden", "a b", "a\0b"])
def test_only_plain_names_are_files(name):
    with pytest.raises(UsageError, match="plain file name"):
        Download("https://example.org/a", name)


@pytest.mark.parametrize("url", ["http://example.org/a", "file:///a", "ftp://a/b", ""])
def test_only_https_is_an_address(url):
    with pytest.raises(UsageError, match="not an https address"):
        Download(url, "a")


CHILD = """
    import ssl, sys
    from pathlib import Path
    from headstart.storage.download import Download, Downloader
    url, cert, folder, sha256, size = sys.argv[1:]
    downloader = Downloader(client_context=ssl.create_default_context(cafile=cert), allow_private=True,
                            use_proxy=False, addresses=lambda host, port: ["127.0.0.1"])
    print(downloader.fetch(Download(url, "weights.bin", int(size), sha256), Path(folder)))
"""


def child(server, url, folder, start=""):
    arguments = [url, str(server.cert), str(folder), digest(DATA), str(len(DATA))]
    environment = {key: value for key, value in os.environ.items() if key != "HEADSTART_OFFLINE"}
    return subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(CHILD), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
    )


@pytest.mark.slow
def test_of_several_processes_one_fetches_and_the_others_use_it(server, folder):
    url = server.serve("/a", DATA, stall=0.3)
    children = [child(server, url, folder) for _ in range(4)]
    assert [process.communicate()[0].strip() for process in children] == [bytes(folder / NAME)] * 4
    assert len(server.requests) == 1
    assert (folder / NAME).read_bytes() == DATA


def test_a_killed_download_is_resumed_by_the_next(server, folder):
    url = server.serve("/a", DATA, stall=30.0)
    process = child(server, url, folder)
    part = folder / f"{NAME}.{digest(DATA)}.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size > 50_000):
        pass
    process.kill()
    process.communicate()
    kept = part.stat().st_size
    assert not (folder / NAME).exists()
    server.requests.clear()
    server.serve("/a", DATA)
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == [f"bytes={kept}-"]


def test_a_disk_that_fills_up_keeps_what_fitted_and_the_next_run_goes_on(server, folder):
    url = server.serve("/a", DATA)
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    )
    process = child(server, url, folder, limit)
    process.communicate()
    assert process.returncode == 1
    part = folder / f"{NAME}.{digest(DATA)}.part"
    assert part.stat().st_size == 100_000
    assert not (folder / NAME).exists()
    assert server.downloader().fetch(pinned(url), folder).read_bytes() == DATA
    assert server.ranges() == [None, "bytes=100000-"]


def test_the_proxy_of_the_environment_is_used_unless_the_host_is_excepted(monkeypatch):
    from headstart.storage.addresses import proxy_for

    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert proxy_for(HOST) is None
    monkeypatch.setenv("https_proxy", "proxy.example:8080")
    assert proxy_for(HOST) == "http://proxy.example:8080"
    monkeypatch.setenv("no_proxy", HOST)
    assert proxy_for(HOST) is None


def test_behind_a_proxy_a_literal_private_address_is_refused_too(folder, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:8080")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(socket.socket, "connect", refuse_socket)
    with pytest.raises(DownloadError, match="not on the public internet"):
        Downloader().fetch(pinned("https://169.254.169.254/a"), folder)
