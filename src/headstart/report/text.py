"""Values -> words: numbers as people read them, and names that can't break the page."""

from __future__ import annotations

import os
import shlex
import unicodedata

# No line break may come between a figure and its sign.
_GAP = "\N{NO-BREAK SPACE}"
_DASH = "\N{EN DASH}"

# They hide or turn text around; the joiners are left, since emoji and several scripts need them.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = {"\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}"}


def shown(text: str) -> str:
    r"""A name as it may stand on a page: what can't be seen or encoded becomes a backslash escape.

    Control characters, lone surrogates (bytes of a file name that are not UTF-8) and marks that change
    the direction of text are escaped. HTML is not: that is the template's work.

    Example:
        >>> print(shown("caf\udce9\n.jpg"))
        caf\udce9\n.jpg
        >>> shown("straße 猫.jpg")
        'straße 猫.jpg'
    """
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str, limit: int = 60) -> str:
    """The text with its middle left out where it is longer than `limit` characters.

    Example:
        >>> shortened("a" * 30 + "b" * 30, 9)
        'aaaa…bbbb'
    """
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def percent(share: float | None, *, digits: int = 1, sign: bool = True) -> str:
    """A share in [0, 1] as percent, a dash for None; never rounds to all or nothing what is not.

    Example:
        >>> percent(0.975).replace("\N{NO-BREAK SPACE}", " ")
        '97.5 %'
        >>> percent(0.99996, sign=False), percent(0.0001, sign=False), percent(1, sign=False)
        ('>99.9', '<0.1', '100')
    """
    if share is None:
        return _DASH
    figure = _percent_figure(float(share), digits)
    return f"{figure}{_GAP}%" if sign else figure


def _percent_figure(share: float, digits: int) -> str:
    if share in {0.0, 1.0}:
        return f"{share * 100:.0f}"
    least = 10.0**-digits
    figure = f"{share * 100:.{digits}f}"
    if float(figure) >= 100:
        return f">{100 - least:.{digits}f}"
    if float(figure) <= 0:
        return f"<{least:.{digits}f}"
    return figure


def interval(low: float, high: float) -> str:
    r"""Both ends of an interval of shares, in percent, without the sign.

    Example:
        >>> interval(0.943, 0.989).replace("\N{EN DASH}", "-")
        '94.3-98.9'
    """
    return f"{percent(low, sign=False)}{_DASH}{percent(high, sign=False)}"


def count(number: int) -> str:
    """A count with its thousands set apart.

    Example:
        >>> count(14714688)
        '14,714,688'
    """
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "photo"), counted(2000, "photo"), counted(2, "class", "classes")
        ('1 photo', '2,000 photos', '2 classes')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def figure(number: float | None, digits: int = 3) -> str:
    """A plain number with so many decimals, or a dash.

    Example:
        >>> figure(0.08251)
        '0.083'
    """
    return _DASH if number is None else f"{number:.{digits}f}"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    Example:
        >>> [duration(s).replace("\N{NO-BREAK SPACE}", " ") for s in (0.042, 12.34, 75, 7384)]
        ['0.04 s', '12.3 s', '1 min 15 s', '2 h 3 min']
    """
    if seconds < 59.95:
        return f"{seconds:.{2 if seconds < 1 else 1}f}{_GAP}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{_GAP}min {rest}{_GAP}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{_GAP}h {minutes}{_GAP}min"


def shell_word(text: str) -> str:
    r"""A path as one word for a shell, also where it can't be printed (bash and zsh then).

    Example:
        >>> shell_word("my model"), shell_word("model")
        ("'my model'", 'model')
        >>> print(shell_word("caf\udce9"))
        $'caf\xe9'
    """
    if text == shown(text):
        return shlex.quote(text)
    return "$'" + "".join(_shell_byte(byte) for byte in os.fsencode(text)) + "'"


def _shell_byte(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and chr(byte) not in "'\\"
    return chr(byte) if plain else f"\\x{byte:02x}"
