"""The page of tricks: order, words, nothing that runs."""

from headstart.report.tricks import ArmFacts, Line, NetworkFacts, TrickFacts, TricksFacts, render_tricks
from headstart.report.tricks_charts import accuracy_picture, effect_strip, gradient_picture


def arm(name, effect=None, noise=True, **options):
    reach = 0.02 if noise else 0.001
    ends = {} if effect is None else {"low": effect - abs(effect) - reach, "high": effect + reach}
    if effect is not None and not noise:
        ends["low"] = effect / 2
    facts = {"accuracy": 0.5, "least": 0.4, "most": 0.6, "diverged": 0, "learning_rate": 0.02}
    return ArmFacts(name=name, effect=effect, noise=noise, **{**facts, **ends, **options})


def page(*tricks, **options):
    facts = {
        "source": "photos",
        "command": "headstart tricks photos",
        "version": "1",
        "created": "",
        "noun": "photo",
        "train": 50,
        "validation": 15,
        "held_out": 35,
        "classes": 2,
        "seeds": 3,
        "seed": 0,
        "seconds": 75.0,
    }
    network = NetworkFacts(name="small network", about="About it.", settings="20 epochs", tricks=tricks)
    return render_tricks(TricksFacts(networks=[network], **{**facts, **options}))


def trick(name, *arms, **options):
    lines = [Line(each.name, [0.4, 0.5], [0.3, 0.4], [0.5, 0.6]) for each in arms]
    facts = {"title": name.title(), "says": f"What {name} is.", "source": "Somebody 2014", "note": ""}
    return TrickFacts(name=name, arms=arms, lines=lines, **{**facts, **options})


def test_the_largest_effect_beyond_the_noise_comes_first():
    text = page(
        trick("small", arm("none"), arm("some", 0.04, noise=False)),
        trick("loud", arm("none"), arm("some", 0.3)),
        trick("large", arm("none"), arm("some", -0.1, noise=False)),
    )

    places = [text.index(f">{name.title()}: some<") for name in ("large", "small", "loud")]
    assert places == sorted(places)
    assert "2 of 3" in text
    assert "chance alone would put less than one there" in text
    assert "\N{MINUS SIGN}10.0" in text
    assert "<script" not in text


def test_names_are_escaped_and_few_photos_are_said():
    text = page(trick("one", arm("<b>"), arm("x", 0.1)), source="<i>")

    assert "&lt;b&gt;" in text
    assert "<i>" not in text
    assert "35 photos tell large effects only" in text
    assert "only: one of them is 2.9 points" in text


def test_a_diverged_training_is_told():
    text = page(trick("init", arm("N(0, 1)", diverged=2), arm("He", 0.2, noise=False)))

    assert "(2 of 3 diverged)" in text


def test_gradients_have_a_chart_of_their_own_where_they_are_known():
    gradients = [Line("N(0, 1)", [None, None]), Line("He", [-1.0, 0.5])]

    text = page(trick("init", arm("N(0, 1)"), arm("He", 0.2), gradients=gradients))

    assert "Where gradients vanish or explode" in text
    assert "first layer 1e-1.0, last 1e0.5" in text


def test_charts_take_what_is_not_there():
    assert "svg" in gradient_picture([Line("nothing", [None, None, None])])
    assert "svg" in accuracy_picture([Line("one point", [0.5], [0.5], [0.5])])
    assert "svg" in effect_strip(0.0, 0.0, 0.0, 0.1)
