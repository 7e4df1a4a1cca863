"""Archives that no one should unpack, and plain ones to compare with."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


def made_zip(*members, compress=zipfile.ZIP_STORED):
    """A zip of (name or ZipInfo, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compress) as archive:
        for name, data in members:
            # A date of its own would make other bytes of it each time.
            info = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(info, data, compress)
    return file.getvalue()


def entry(name, mode=0, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | mode | 0o644) << 16
    return info


def raw_name(data, name, other):
    """Replace a member's name by one as long that the library itself would not write."""
    assert len(name) == len(other)
    return data.replace(name, other)


def encrypted():
    data = bytearray(made_zip(("cat/1.jpg", JPEG)))
    at = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[at + 8] |= 1
    return bytes(data)


def bad_crc():
    data = bytearray(made_zip(("cat/1.jpg", JPEG)))
    data[data.index(JPEG) + 20] ^= 0xFF
    return bytes(data)


def liar(real=b"x" * 5000, said=10):
    """A member that is longer than it says."""
    data = bytearray(made_zip(("cat/1.jpg", real), compress=zipfile.ZIP_DEFLATED))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, 22, said)
    struct.pack_into("<L", data, at + 24, said)
    return bytes(data)


def million():
    """A directory of a million members, 47 bytes each, as the end of the archive says."""
    count = 1_000_000
    head = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, count * 47, 0, 0)
    return b"PK\x03\x04" + head * 1000 + end


def long_directory():
    """One member by its own account, and a directory with room for many."""
    data = bytearray(made_zip(*((f"cat/{i}.jpg", b"") for i in range(200))))
    at = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, at + 8, 1, 1)
    return bytes(data)


def zip64(data, *, count=None, directory=None, record_first=False):
    """The same zip with a zip64 record of its end too, as some tools always write it; or one that lies.

    With `record_first` the locator names a record at the front, another than the honest one before it.
    """
    at = data.rindex(b"PK\x05\x06")
    counted, length, start = struct.unpack_from("<HLL", data, at + 10)

    def record(members, size):
        return b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, members, members, size, start)

    lie = record(counted if count is None else count, length if directory is None else directory)
    if record_first:
        data, at, found, last = lie + data, at + len(lie), 0, record(counted, length)
    else:
        found, last = at, lie
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, found, 1)
    return data[:at] + last + locator + data[at:]


def zip64_million():
    """A zip64 record of a million members, beside an end that speaks of one; the library takes the first."""
    count = 1_000_000
    directory = (b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a") * 1000
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, 47, 4, 0)
    return zip64(b"PK\x03\x04" + directory + end, count=count, directory=count * 47)


def zip64_cut():
    """A locator that names a small record, with none right before it: some versions go by the end then."""
    data = zip64(made_zip(("1.jpg", JPEG)), count=1, record_first=True)
    at = data.rindex(b"PK\x06\x06")
    return data[:at] + bytes(56) + data[at + 56 :]


def made_tar(*members, packed=True, **how):
    """A tar of (name, content) or (name, content, type, link)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", **how) as archive:
        for name, data, *rest in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o644
            if rest:
                info.type, info.linkname = rest
                info.size = len(data) if info.type == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(file.getvalue(), 6, mtime=0) if packed else file.getvalue()


def setuid_tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("cat/1.jpg")
        info.mode, info.size = 0o4755, len(JPEG)
        archive.addfile(info, io.BytesIO(JPEG))
    return file.getvalue()


def link_chain():
    """CVE-2025-4517: links so long that the real path is no longer looked up, then a file through them."""
    folder = "d" * 247
    members, path = [], ""
    for step in "abcdefghijklmnop":
        members.append((path + folder, b"", tarfile.DIRTYPE, ""))
        members.append((path + step, b"", tarfile.SYMTYPE, folder))
        path = f"{path}{step}/"
    members.append((f"{path}{'l' * 254}", b"", tarfile.SYMTYPE, "../" * 16))
    members.append(("escape", b"", tarfile.SYMTYPE, f"{path}{'l' * 254}/../../outside"))
    members.append(("escape", b"owned"))
    return made_tar(*members)


def tar_bad_crc():
    data = bytearray(made_tar(("cat/1.jpg", JPEG)))
    data[-8] ^= 0xFF
    return bytes(data)


def tar_damaged_inside():
    data = bytearray(made_tar(("cat/1.jpg", JPEG), ("cat/2.jpg", JPEG), packed=False))
    data[1024 + 148] ^= 0xFF  # the check sum of the second header
    return bytes(data)


def tar_long_header():
    """A header of 20 MB that packs to nothing."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("cat/1.jpg")
        info.pax_headers = {"comment": "x" * 20_000_000}
        archive.addfile(info)
    return gzip.compress(file.getvalue(), 1)


def no_name():
    """A member without a name, which the library itself writes and then stumbles over."""
    return made_zip(("", JPEG))


# No file name on Windows: what it forbids, and what it takes for a device.
STRANGE_NAMES = (
    *("1?.jpg", "1*.jpg", "1<2.jpg", "1>2.jpg", 'a"b.jpg', "a|b.jpg"),
    *("COM\u00b9.jpg", "lpt\u00b3", "CONIN$", "conout$.jpg", "con .jpg", "NUL .tar.jpg", "CLOCK$"),
)

ZIPS = {
    "parent": (made_zip(("../evil.jpg", JPEG)), "leads out"),
    "parent deep": (made_zip(("a/../../b.jpg", JPEG)), "leads out"),
    "sibling": (made_zip(("../new_evil/1.jpg", JPEG)), "leads out"),
    "absolute": (made_zip(("/evil.jpg", JPEG)), "names a place"),
    "drive": (made_zip(("C:evil.jpg", JPEG)), "names a place"),
    "backslash": (made_zip(("..\\evil.jpg", JPEG)), "backslash"),
    "device name": (made_zip(("cat/NUL.jpg", JPEG)), "no file name"),
    "stream": (made_zip(("cat/1.jpg:evil", JPEG)), "no file name"),
    "control": (made_zip(("cat/\x1b[31m.jpg", JPEG)), "control"),
    "no name": (no_name(), "without a name"),
    "root as a file": (made_zip((".", JPEG)), "without a name"),
    "two names": (raw_name(made_zip(("cat/1x2.jpg", JPEG)), b"cat/1x2.jpg", b"cat/1\x002.jpg"), "two names"),
    "long name": (made_zip(("x" * 300, JPEG)), "no file name"),
    "deep": (made_zip(("d/" * 40 + "1.jpg", JPEG)), "folders deep"),
    "link": (made_zip((entry("cat/1.jpg", kind=stat.S_IFLNK), b"/etc")), "no plain file"),
    "fifo": (made_zip((entry("cat/1.jpg", kind=stat.S_IFIFO), b"")), "no plain file"),
    "setuid": (made_zip((entry("cat/1.jpg", mode=0o4755), JPEG)), "setuid"),
    "nested": (made_zip(("cat/1.zip", made_zip(("1.jpg", JPEG)))), "archive in an archive"),
    "case": (made_zip(("cat/A.jpg", JPEG), ("cat/a.jpg", JPEG)), "one name"),
    "case of folder": (made_zip(("Cat/A.jpg", JPEG), ("cat/b.jpg", JPEG)), "one name"),
    "form": (made_zip(("cat/\u00e9.jpg", JPEG), ("cat/e\u0301.jpg", JPEG)), "one name"),
    "file and folder": (made_zip(("cat", JPEG), ("cat/b.jpg", JPEG)), "a file and a folder"),
    "encrypted": (encrypted(), "encrypted"),
    "bad crc": (bad_crc(), "damaged"),
    "longer": (liar(), "damaged|longer"),
    "million": (million(), "members"),
    "zip64 million": (zip64_million(), "1,000,000 members"),
    "zip64 million elsewhere": (
        zip64(made_zip(("1.jpg", JPEG)), count=1_000_000, record_first=True),
        "1,000,000 members",
    ),
    "zip64 directory": (zip64(made_zip(("1.jpg", JPEG)), directory=47_000_000), "directory is longer"),
    "zip64 record only elsewhere": (zip64_cut(), "damaged"),
    "zip64 record missing": (zip64(made_zip(("1.jpg", JPEG))).replace(b"PK\6\6", b"PK\7\7"), "damaged"),
    "directory": (long_directory(), "directory"),
    "cut": (made_zip(("cat/1.jpg", JPEG))[:-30], "damaged"),
    "packing": (made_zip(("cat/1.jpg", JPEG), compress=zipfile.ZIP_BZIP2), "unknown way"),
    "ratio": (made_zip(("cat/1.jpg", bytes(3_000_000)), compress=zipfile.ZIP_DEFLATED), "200-fold"),
    "bomb": (
        made_zip(*((f"{i}.jpg", bytes(1_000_000)) for i in range(20)), compress=zipfile.ZIP_DEFLATED),
        "more than",
    ),
}

TARS = {
    "parent": (made_tar(("../evil.jpg", JPEG)), "leads out"),
    "absolute": (made_tar(("/evil.jpg", JPEG)), "names a place"),
    "link": (made_tar(("cat", b"", tarfile.SYMTYPE, "/tmp")), "link"),
    "through link": (made_tar(("cat", b"", tarfile.SYMTYPE, ".."), ("cat/evil.jpg", JPEG)), "link"),
    "hard link": (made_tar(("1.jpg", b"", tarfile.LNKTYPE, "/etc/passwd")), "link"),
    "device": (made_tar(("1.jpg", b"", tarfile.CHRTYPE, "")), "device"),
    "fifo": (made_tar(("1.jpg", b"", tarfile.FIFOTYPE, "")), "device"),
    "link chain": (link_chain(), "link"),
    "setuid": (setuid_tar(), "setuid"),
    "twice": (made_tar(("cat/1.jpg", JPEG), ("cat/1.jpg", b"evil")), "twice"),
    "no name": (made_tar(("", JPEG)), "without a name"),
    "root as a file": (made_tar((".", JPEG)), "without a name"),
    "nested": (made_tar(("cat/1.tar.gz", b"x")), "archive in an archive"),
    "bad crc": (tar_bad_crc(), "damaged"),
    "cut": (made_tar(("cat/1.jpg", JPEG))[:-40], "damaged"),
    "damaged inside": (tar_damaged_inside(), "damaged"),
    "bomb": (made_tar(("cat/1.jpg", bytes(30_000_000))), "more than"),
    "long header": (tar_long_header(), "header|more than"),
    "no archive": (b"<!DOCTYPE html><title>404</title>" * 40, "damaged"),
}
