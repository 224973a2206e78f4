from __future__ import annotations

import io

import pytest
from fontTools.ttLib import TTFont

from cxlib.report import theme


def opened(face: theme.Face) -> TTFont:
    return TTFont(io.BytesIO(face.woff2))


def named(text: str, italic: str = "", code: str = "") -> dict[tuple[str, int, str], theme.Face]:
    return {(face.family, face.weight, face.style): face for face in theme.faces(text, italic, code)}


def test_each_weight_is_one_file_with_every_character_of_the_page() -> None:
    text = "İlk yanıt süresi: ğüşöçıİ ₺ 1.234,5 %"
    found = named(text)
    assert set(found) == {("Cx Sans", 400, "normal"), ("Cx Sans", 600, "normal")}
    for face in found.values():
        font = opened(face)
        assert set(map(ord, text)) <= set(font.getBestCmap())
        assert "fvar" not in font
        assert len(face.woff2) < 20_000
    weights = [opened(face)["OS/2"].usWeightClass for face in found.values()]
    assert weights == [400, 600]


def test_only_what_is_used_is_embedded() -> None:
    found = named("a → ≥ پاسخ", italic="why", code="data/sources.toml")
    assert set(found) == {
        ("Cx Sans", 400, "normal"), ("Cx Sans", 600, "normal"), ("Cx Sans", 400, "italic"),
        ("Cx Symbols", 400, "normal"), ("Cx Code", 400, "normal"),
    }  # fmt: skip
    assert set(map(ord, "→≥پاسخ")) <= set(opened(found["Cx Symbols", 400, "normal"]).getBestCmap())
    assert ord("ğ") not in opened(found["Cx Sans", 400, "normal"]).getBestCmap()


def test_figures_stand_in_columns() -> None:
    font = opened(named("0123456789")["Cx Sans", 400, "normal"])
    widths = {font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}
    assert len(widths) == 1


@pytest.mark.parametrize("text", ["Satisfaction", "Удовлетворённость"])
def test_the_same_text_gives_the_same_bytes(text: str) -> None:
    first = [face.css for face in theme.faces(text)]
    theme._cut.cache_clear()
    theme._common.cache_clear()
    assert [face.css for face in theme.faces(text)] == first
    assert set(map(ord, text)) <= set(opened(theme.faces(text)[0]).getBestCmap())
