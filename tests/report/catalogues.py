"""Catalogues made of nothing, for the tests of their page."""

import hashlib

from headstart.report.catalogue_facts import Catalogue, ClassShare, KnownPhoto, PhotoEntry, UnusedFile
from headstart.testing import fake_photo, jpeg

CLASSES = ["cat", "dog", "hamster"]


def digest(at):
    return hashlib.sha256(str(at).encode()).hexdigest()


def a_photo(at, *, share=0.9, label="cat", others=("dog", "hamster"), **given):
    shares = [ClassShare(label=label, share=share)]
    shares += [ClassShare(label=each, share=(1 - share) / 2) for each in others]
    facts = {
        "sha256": digest(at),
        "name": f"sub/{at}.jpg",
        "path": f"/photos/sub/{at}.jpg",
        "strangeness": 0.5,
    }
    near = [KnownPhoto(file="known/1.jpg", label=label, distance=0.125)]
    return PhotoEntry(**{"label": label, "shares": shares, "nearest": near, **facts, **given})


def a_catalogue(photos, *, unused=(), **given):
    facts = {"key": "0123", "title": "Pets", "intro": "A few photos.", "model": "m", "classes": CLASSES}
    facts |= {
        "learn": "headstart learn '/my models/pets' corrections.csv",
        "again": "headstart catalogue m p -o o",
    }
    return Catalogue(photos=photos, unused=[UnusedFile(**each) for each in unused], **{**facts, **given})


def write_thumbnails(photos, folder):
    """One small picture for all of them."""
    folder.mkdir(exist_ok=True)
    data = jpeg(fake_photo(1, 1, side=64))
    for each in photos:
        (folder / each.thumbnail).write_bytes(data)
