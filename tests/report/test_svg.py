from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from observe.report.palette import COLOURS
from observe.report.svg import Styles, inline_svg, png, relative_path


def figure(text="0.0123 % $x$ <b>"):
    drawn = Figure(figsize=(3, 2), dpi=72)
    ax = drawn.add_axes((0.2, 0.2, 0.7, 0.7))
    ax.plot([0, 1, 2], [0, 3, 1], color=COLOURS["p999"][0])
    ax.text(0.5, 0.5, text, parse_math=False)
    return drawn


def test_a_chart_is_well_formed_and_named_for_screen_readers():
    svg = inline_svg(figure(), "a", 'said "so" <now>')
    root = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns:xlink="x" ', 1))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'said "so" <now>'
    assert root.attrib["viewBox"] == "0 0 216 144"


def test_text_keeps_its_digits_and_is_escaped():
    assert "0.0123 % $x$ &lt;b&gt;" in inline_svg(figure(), "a", "")


def test_palette_colours_become_variables_of_the_page():
    svg = inline_svg(figure(), "a", "")
    assert "var(--p999)" in svg
    assert COLOURS["p999"][0] not in svg


def test_nothing_is_fetched_and_no_rule_leaks_into_the_page():
    svg = inline_svg(figure(), "a", "")
    assert "<style" not in svg
    assert "http" not in svg
    assert "<script" not in svg


def test_the_same_chart_gives_the_same_bytes_and_ids_differ_between_charts():
    assert inline_svg(figure(), "a", "") == inline_svg(figure(), "a", "")
    ids = [set(_ids(inline_svg(figure(), salt, ""))) for salt in "ab"]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert png(figure(), 50) == png(figure(), 50)


def _ids(svg):
    return [part.split('"')[0] for part in svg.split(' id="')[1:]]


def test_the_settings_of_matplotlib_are_left_as_they_were():
    before = dict(mpl.rcParams)
    inline_svg(figure(), "a", "")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("M 1 2 L 3.04 2.46 L 3 1 z", "M1 2l2 .5 0-1.5z"),
        ("M 10 10 L 9 9 M 0 0 L 0.5 -1", "M10 10l-1-1M0 0l.5-1"),
        ("M 0 0 C 1 1 2 2 3 3", "M 0 0 C 1 1 2 2 3 3"),
    ],
)
def test_a_path_of_lines_becomes_steps(path, shorter):
    assert relative_path(path) == shorter


def test_steps_do_not_drift():
    places = [(i * 1.7649, (i * 37 % 100) * 1.111) for i in range(500)]
    path = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in places)
    steps = relative_path(path).replace("M", " ").replace("l", " ").replace("-", " -").split()
    total = sum(float(step) for step in steps[::2])
    assert total == pytest.approx(places[-1][0], abs=0.051)


def test_styles_are_shared_between_charts():
    styles = Styles()
    first = styles.shared('<path style="fill: none"/><path style="stroke: red"/>')
    second = styles.shared('<path style="stroke: red"/>')
    assert first == '<path class="c0"/><path class="c1"/>'
    assert second == '<path class="c1"/>'
    assert styles.css == ".c0{fill: none}.c1{stroke: red}"
