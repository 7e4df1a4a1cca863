"""An HTML page as a test reads it: its title, language, anchors, and what it leads to and loads."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src"}


class Page(HTMLParser):
    def __init__(self, file):
        super().__init__()
        self.file = file
        self.language, self.title, self.anchors, self.links, self.loaded = "", "", set(), [], []
        self._in_title = False
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "html":
            self.language = given.get("lang", "")
        self._in_title = tag == "title" or (self._in_title and tag != "svg")
        if tag == "a" and given.get("href") is not None:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") in {"stylesheet", "icon"}:
            self.loaded.append(given["href"])
        if tag in LOADS and given.get(LOADS[tag]):
            self.loaded.append(given[LOADS[tag]])

    def handle_endtag(self, tag):
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data):
        if self._in_title and not self.title:
            self.title = data.strip()


def inside(address):
    return not urlsplit(address).scheme and not urlsplit(address).netloc


def target(page, address):
    """The file and the anchor that an address leads to."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    return ((page.file.parent / path).resolve() if path else page.file), unquote(parts.fragment)
