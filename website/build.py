"""The documents and the code => the site: pages that open from a folder, without server or network.

    python -m website.build         build/site/index.html and what it leads to: `make site`

Everything is made anew in build/, from the files of the project alone: the same files, the same pages. The
new site takes the old one's place when it is whole; where the build fails, the old one stays.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from website import PROJECT
from website.gather import gather
from website.navigation import as_toml, navigation

BUILD = PROJECT / "build"
_OURS = Path(__file__).parent
_NAVIGATION = "nav = []  # NAVIGATION\n"
_WORKER = "assets/javascripts/workers/search.*.js"
_NEW, _OLD = "site-new", "site-old"  # the first is `site_dir` in zensical.toml
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ISSUE = re.compile(r"^(?:Warning|Error): (.+)\n\s*╭─\[ (.+?) \]", re.MULTILINE)
_MOST_ISSUES = 5
# A page that is opened from a folder may not start a script of another file as a worker, but one of its own
# text. Search needs it.
_FILE_WORKER = """if (location.protocol === "file:") {{
  const text = {text};
  window.Worker = class extends Worker {{
    constructor() {{ super(URL.createObjectURL(new Blob([text], {{type: "text/javascript"}}))); }}
  }};
}}
"""


class SiteError(Exception):
    """The site could not be built: why, as one line."""


def build_site(build: Path = BUILD) -> Path:
    """Make the site anew.

    Args:
        build: a folder for everything that is made: docs, theme, zensical.toml, site.

    Returns:
        The site's folder.

    Raises:
        SiteError: a link leads nowhere, or zensical failed otherwise.
    """
    for part in (_NEW, _OLD, "theme", ".cache"):
        shutil.rmtree(build / part, ignore_errors=True)
    gather(build / "docs")
    shutil.copytree(_OURS / "theme", build / "theme")
    settings = (_OURS / "zensical.toml").read_text("utf-8")
    if _NAVIGATION not in settings:
        raise SiteError(f"website/zensical.toml has no line {_NAVIGATION!r} where the navigation goes")
    nav = f"nav = {as_toml(navigation(build / 'docs'))}\n"
    (build / "zensical.toml").write_text(settings.replace(_NAVIGATION, nav), encoding="utf-8")
    _run_zensical(build)
    _write_worker(build / _NEW)
    for name in ("404.html", "sitemap.xml"):  # for servers, with addresses from the root
        (build / _NEW / name).unlink(missing_ok=True)
    return _swap(build)


def _swap(build: Path) -> Path:
    site = build / "site"
    if site.exists():
        site.rename(build / _OLD)
    (build / _NEW).rename(site)
    shutil.rmtree(build / _OLD, ignore_errors=True)
    return site


def _run_zensical(build: Path) -> None:
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", "zensical.toml"]
    done = subprocess.run(command, cwd=build, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(build / _NEW, ignore_errors=True)
        raise SiteError(f"no site was built: {cause(_COLOURS.sub('', done.stdout + done.stderr))}")


def cause(said: str) -> str:
    """Why zensical failed, as one line: the places that it warns of, else the last line that it printed.

    Example:
        >>> cause("Warning: page does not exist" + chr(10) + "  ╭─[ start.md:93:108 ]" + chr(10) + "Aborted")
        'page does not exist (docs/start.md:93:108)'
        >>> cause("Traceback" + chr(10) + "RuntimeError: no such theme")
        'RuntimeError: no such theme'
    """
    issues = [f"{what} (docs/{where})" for what, where in _ISSUE.findall(said)]
    if not issues:
        return said.strip().rsplit("\n", 1)[-1] or "zensical said nothing"
    more = len(issues) - _MOST_ISSUES
    return "; ".join(issues[:_MOST_ISSUES]) + (f"; and {more} more" if more > 0 else "")


def _write_worker(site: Path) -> None:
    workers = list(site.glob(_WORKER))
    if len(workers) != 1:
        raise SiteError(f"{len(workers)} search workers were found; expected one at {_WORKER}")
    text = json.dumps(workers[0].read_text("utf-8"))
    (site / "assets" / "file-worker.js").write_text(_FILE_WORKER.format(text=text), encoding="utf-8")


def main() -> None:
    """Build, and say where the first page is."""
    try:
        site = build_site()
    except SiteError as error:
        sys.exit(str(error))
    pages = len(list(site.rglob("*.html")))
    print(f"{pages} pages: {site / 'index.html'}")  # noqa: T201 - where to look


if __name__ == "__main__":
    main()
