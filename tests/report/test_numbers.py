"""What of a page is frozen, and when two editions differ."""

from __future__ import annotations

from lxml import html

from cxlib.report.numbers import moved, numbers_of

PAGE = """<html><body><main>
<section class="cx-cell"><h2 id="a">Prose of 12 words</h2><p>Typed: 13.</p></section>
<ul class="cx-tiles"><li class="cx-tile"><span class="cx-tile-label">Kept</span><span class="cx-tile-value">77.3%</span>
<span class="cx-tile-change">+2.1 points since May 2026</span><span class="cx-tile-change">−1 point</span></li></ul>
<p id="finding-x" data-verdict="supported">It is 3.1 (2.7 to 3.5; n = 1,204), −€857 less.</p>
<p id="finding-y" data-verdict="cannot-tell">Nobody knows.</p>
<figure id="chart"><img alt="Line to 74.0%."><figcaption>Since 2024.</figcaption>
<details><table id="numbers"><caption>Kept</caption><thead><tr><th>Month</th><th>Value</th><th>n</th></tr></thead>
<tbody><tr><th>May</th><td>74.0%</td><td>12</td></tr><tr><th>June</th><td>no data</td><td>0</td></tr></tbody></table>
</details></figure>
<ul class="cx-cautions"><li>Speaks for the 21.7% who answered.</li><li>Speaks for the 30% who answered.</li></ul>
<pre class="cx-plain">rows 2,104</pre><p class="cx-note" data-edition="1">Computed from snapshot 585743.</p>
</main><footer>Made with 0.1.0</footer></body></html>"""

FOUND = {
    "tile Kept: value": "77.3%",
    "tile Kept: change": "+2.1 2026",
    "tile Kept: change 2": "−1",
    "finding-x": "supported 3.1 2.7 3.5 1,204 −€857",
    "finding-y": "cannot-tell",
    "chart img": "74.0%",
    "chart figcaption": "2024",
    "numbers: May, Value": "74.0%",
    "numbers: May, n": "12",
    "numbers: June, n": "0",
    "Speaks for the … who answered.": "21.7%",
    "Speaks for the … who answered. 2": "30%",
    "rows …": "2,104",
}


def numbers(source: str) -> dict[str, str]:
    return numbers_of(html.document_fromstring(source))


def test_every_number_of_the_data_has_a_place_of_its_own() -> None:
    assert numbers(PAGE) == FOUND


def test_words_may_change_and_numbers_not() -> None:
    reworded = PAGE.replace("It is 3.1", "The average is 3.1").replace("Speaks for", "Stands for")
    reworded = reworded.replace("<th>Value</th>", "<th>Share</th>").replace("no data", "nothing known")
    assert numbers(reworded) != FOUND
    assert moved(FOUND, numbers(reworded)) == []
    changed = PAGE.replace("2.7 to", "2.8 to").replace("<td>74.0%</td>", "<td>74.1%</td>").replace("cannot-tell", "x")
    assert moved(FOUND, numbers(changed)) == [
        'finding-x: "2.7" -> "2.8"',
        'finding-y: "cannot-tell" -> "x"',
        'numbers: May, Value: "74.0%" -> "74.1%"',
    ]
    assert moved(FOUND, numbers(PAGE.replace("Speaks for the 30% who answered.", ""))) == [
        'Speaks for the … who answered. 2: "30%" is no longer shown'
    ]
    assert moved(FOUND, numbers(PAGE.replace("n = 1,204", "n unknown"))) == [
        'finding-x: "supported 3.1 2.7 3.5 1,204 −€857" -> "supported 3.1 2.7 3.5 −€857"'
    ]
