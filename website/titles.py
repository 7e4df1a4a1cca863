"""(text of a Markdown document) => its title: the first heading, in plain words."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^# (.+?)(?: \{.*\})?$", re.MULTILINE)


def title_of(text: str) -> str:
    """The first heading of the first level.

    Raises:
        ValueError: there is none, so that a page would have no name.

    Example:
        >>> title_of("Before" + chr(10) + "# A `pocket` network" + chr(10))
        'A pocket network'
    """
    found = _HEADING.search(text)
    if found is None:
        raise ValueError(f"a document has no title: it begins with {text[:60]!r}; expected a line '# Title'")
    return found[1].replace("`", "")
