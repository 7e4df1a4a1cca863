"""Makes picture files, good ones and bad ones, as bytes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def noise(width=40, height=30, channels=3, seed=0):
    """A picture in which every pixel matters: (h, w, 3) or (h, w), uint8."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def scene(width=400, height=300):
    """A smooth colourful picture, which JPEG keeps well: red grows to the right, green downwards."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / (width - 1), 255 * y / (height - 1)
    blue = 127 + 100 * np.sin(x / 20) * np.cos(y / 30)
    return np.stack([red, green, blue], axis=-1).round().astype(np.uint8)


def quadrants(width=64, height=48):
    """Red, green, blue and white quarters: any wrong turn shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return pixels


def encode(picture, kind, **options):
    """A Pillow picture, or an array of one, as the bytes of a file of this format."""
    file = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation):
    """EXIF data with this orientation only."""
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def turned(pixels, orientation):
    """The pixels as they must be stored so that a viewer that obeys the orientation shows `pixels`."""
    stored = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }
    return np.ascontiguousarray(stored[orientation](pixels))


def chunk(name, body):
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, colour, rows, *extra):
    """A PNG built by hand: `rows` are the raw bytes of each row, without the filter byte."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return PNG_SIGNATURE + header + b"".join(extra) + data + chunk(b"IEND", b"")


def png_header_only(width, height):
    """A PNG that claims a size and has next to no data: a decompression bomb for who believes it."""
    return png(width, height, 1, 0, [b"\0"])


def gif_header_only(width, height):
    """A GIF of some 40 bytes that claims a size."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def webp_header_only(width, height):
    """An extended WebP (VP8X) that claims a canvas and has no frame."""
    canvas = b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_header_only(width, height):
    """A TIFF of one short strip that claims a size."""
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (279, 4, 1),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + bytes(4)


def animated_gif(frames, width=16, height=16):
    """A GIF of this many frames, each of its own grey."""
    pictures = [Image.new("L", (width, height), 255 * n // max(frames - 1, 1)) for n in range(frames)]
    return encode(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


def good_files():
    """One valid file of each accepted format, and of some of its kinds: {name: bytes}."""
    rgb, photo = noise(), scene(120, 90)
    rgba = np.dstack([rgb, noise(channels=1, seed=1)])
    palette = Image.fromarray(rgb).quantize(16)
    return {
        "rgb.png": encode(rgb, "PNG"),
        "rgba.png": encode(rgba, "PNG"),
        "palette.png": encode(palette, "PNG"),
        "grey16.png": encode((noise(channels=1).astype(np.uint16) << 8), "PNG"),
        "baseline.jpg": encode(photo, "JPEG", quality=90),
        "progressive.jpg": encode(photo, "JPEG", quality=90, progressive=True),
        "grey.jpg": encode(photo[..., 0], "JPEG"),
        "cmyk.jpg": encode(Image.fromarray(photo).convert("CMYK"), "JPEG"),
        "restarts.jpg": encode(photo, "JPEG", restart_marker_rows=1),
        "palette.gif": encode(palette, "GIF"),
        "animated.gif": animated_gif(3),
        "lossless.webp": encode(rgb, "WEBP", lossless=True),
        "lossy.webp": encode(photo, "WEBP"),
        "rgb.bmp": encode(rgb, "BMP"),
        "palette.bmp": encode(palette, "BMP"),
        "raw.tiff": encode(rgb, "TIFF"),
        "lzw.tiff": encode(rgb, "TIFF", compression="tiff_lzw"),
        "deflate.tiff": encode(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tiff": encode(photo, "TIFF", compression="jpeg"),
        "rgb.ppm": encode(rgb, "PPM"),
        "grey.pgm": encode(noise(channels=1), "PPM"),
        "photo.avif": encode(photo, "AVIF", speed=10),
    }


NOT_PHOTOS = {
    "page.jpg": (b"<!DOCTYPE html><html><title>404</title></html>", "an HTML page"),
    "lower.jpg": (b"\n <html lang=en>", "an HTML page"),
    "data.jpg": (b'{"error": "not found"}', "a JSON file"),
    "feed.jpg": (b"<?xml version='1.0'?><rss/>", "an XML file"),
    "paper.jpg": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
    "archive.jpg": (b"PK\x03\x04" + bytes(30), "a zip archive"),
    "song.jpg": (b"ID3\x04\0\0" + bytes(30), "an MP3"),
    "film.jpg": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a film or sound (MP4 family)"),
    "notes.jpg": (b"Bought milk and eggs.", "plain text"),
    "zeros.jpg": (bytes(500), "nothing but zeros"),
    "noise.jpg": (b"\x9c\x01\xfe\x13" * 20, "data of an unknown kind"),
    "pointer.jpg": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "a Git LFS pointer, not the file itself",
    ),
    "sidecar.jpg": (b"\0\x05\x16\x07\0\2\0\0Mac OS X", "an AppleDouble file of macOS"),
}

OTHER_PICTURES = {
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "PSD": b"8BPS\0\1" + bytes(30),
    "ICO": b"\0\0\1\0\1\0\x10\x10" + bytes(30),
    "DDS": b"DDS |\0\0\0" + bytes(120),
    "BLP": b"BLP1" + bytes(40),
    "FITS": b"SIMPLE  =                    T",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "JPEG XL": b"\xff\x0a\xfa\x1f" + bytes(20),
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a Canon raw photo": b"II*\0\x10\0\0\0CR\2\0" + bytes(40),
    "Radiance HDR": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n",
    "OpenEXR": b"\x76\x2f\x31\x01" + bytes(30),
    "QOI": b"qoif" + bytes(30),
}
