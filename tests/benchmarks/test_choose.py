"""The benchmark of `choose`: the networks that it takes, what it prints, what it refuses."""

import pytest

from choose import FEW, MANY, RANDOM, halving_table, main, networks
from headstart.backbones.registry import parse_name


def side(count, passes, seconds):
    return {
        "photos": 400,
        "networks": count,
        "photos_through_networks": passes,
        "without_halving": 400 * count,
        "seconds": {"first": seconds, "known": seconds / 2},
    }


def test_twenty_networks_there_are():
    assert len(networks(["pocket"], FEW)) == 5
    many = networks(["pocket"], MANY)
    assert len(set(many)) == 20
    assert many[0] == "pocket"
    for name in RANDOM:
        parse_name(f"{name}@random")


def test_the_table_has_both_sides_and_their_ratio():
    table = halving_table([("pets", side(5, 2000, 10.0), side(20, 3000, 30.0))])
    assert list(table.columns[2].cells) == ["2,000", "3,000", "1.50"]
    assert list(table.columns[4].cells) == ["10.0", "30.0", "3.00"]


@pytest.mark.parametrize("words", [["--few", "5", "--many", "5"], ["--many", "200"], ["--few", "0"]])
def test_numbers_that_can_not_be_are_refused_in_one_line(words, tmp_path, capsys):
    assert main(["--data", str(tmp_path), *words]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--many" in line
