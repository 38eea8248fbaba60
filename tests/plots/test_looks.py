"""Figures as files: same bytes, right size, whatever the names are."""

from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from exprstats.plots import draw_performance, draw_weights, save_figure

HOSTILE = (
    "<script>alert(1)</script>",
    "$x_1$ -- $\\frac{1}{0}$",
    "=cmd()|' /C calc'!A0",
    "漢 \U0001f600",
)


def save_bytes(plot, stem):
    return [path.read_bytes() for path in save_figure(plot, stem)]


def test_the_same_table_gives_the_same_bytes(make_comparison, make_models, tmp_path):
    for name, draw, make in (
        ("performance", draw_performance, make_comparison),
        ("weights", draw_weights, make_models),
    ):
        first = save_bytes(draw(make()), tmp_path / f"{name}1")
        again = save_bytes(draw(make()), tmp_path / f"{name}2")
        assert first == again


def test_a_picture_is_as_wide_as_a_page_and_dots_in_names_survive(make_models, tmp_path):
    png, svg = save_figure(draw_weights(make_models()), tmp_path / "v1.2_weights")
    assert (png.name, svg.name) == ("v1.2_weights.png", "v1.2_weights.svg")
    with Image.open(png) as image:
        assert image.width == 1300
        assert round(image.info["dpi"][0]) == 200


def test_names_are_drawn_as_they_are(make_comparison, make_models, tmp_path):
    drawn = [
        draw_performance(make_comparison(contexts=HOSTILE[:2], models=HOSTILE)),
        draw_weights(make_models(features=HOSTILE, contexts=HOSTILE[2:], weights=[0.3] * 8)),
    ]
    for place, plot in enumerate(drawn):
        _, svg = save_figure(plot, tmp_path / f"figure{place}")
        elements = [one for one in ET.parse(svg).iter() if isinstance(one.tag, str)]
        tags = {element.tag.rpartition("}")[2] for element in elements}
        assert not tags & {"script", "foreignObject", "a", "image"}
        assert b"<script" not in svg.read_bytes()
        assert b"<dc:date>" not in svg.read_bytes()


def test_a_figure_may_be_taller_than_a_page(make_models, tmp_path):
    from plotnine import theme

    tall = draw_weights(make_models()) + theme(figure_size=(2, 26))
    assert all(path.exists() for path in save_figure(tall, tmp_path / "tall", dpi=30))


@pytest.mark.parametrize("name", ["plot", "plot.png", "plot.SVG", "plot.v2"])
def test_an_ending_that_is_given_is_not_written_twice(name, tmp_path):
    from plotnine import ggplot

    stem = "plot.v2" if name == "plot.v2" else "plot"
    files = save_figure(ggplot(), tmp_path / name, dpi=20)
    assert [file.name for file in files] == [f"{stem}.png", f"{stem}.svg"]
    assert all(file.stat().st_size for file in files)
