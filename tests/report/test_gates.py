from __future__ import annotations

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from cxlib.report.gates import GATES, Page, check
from cxlib.report.manifest import Edition
from cxlib.report.page import make_page
from cxlib.report.theme import CSP
from report.helpers import axes_only_uri, figure

SCOPE = 'scope="col"'
CASES = [
    ("alt", 'alt="Line of three months: 2.0, 1.0, then 3.0 hours."', 'alt=""', 'figure "first-reply" has no alt text'),
    (
        "alt",
        'alt="Line of three months: 2.0, 1.0, then 3.0 hours."',
        'alt="Figure"',
        'has the placeholder alt text "Figure"',
    ),
    *(
        ("alt", 'alt="Line of three months: 2.0, 1.0, then 3.0 hours."', f'alt="{alt}"', f'alt text "{alt}"')
        for alt in ("No description...", "No description has been provided for this image", " plot", "TODO")
    ),
    (
        "headings",
        '<h3 id="by-region-2">By region</h3>',
        '<h4 id="by-region-2">By region</h4>',
        "of level 4 after one of level 2",
    ),
    (
        "headings",
        '<h2 id="the-answer">',
        '<h1 id="the-answer">',
        "it has 2 titles (h1): Did customers wait?, The answer",
    ),
    ("headings", ">The answer</h2>", "></h2>", "it has an empty heading"),
    (
        "tables",
        'id="by-region"><caption>Tickets by region</caption>',
        'id="by-region">',
        "has no caption. Show it as an exhibit",
    ),
    ("tables", '<th scope="col" class="cx-number">Tickets</th>', "<th>Tickets</th>", "1 header cells have no scope"),
    (
        "links",
        'href="#the-answer">the answer',
        'href="#nowhere">the answer',
        'link "the answer" to "#nowhere" leads nowhere',
    ),
    (
        "links",
        'href="#the-answer">the answer',
        'href="other.html">the answer',
        'link "the answer" leads to "other.html"',
    ),
    ("links", 'id="finding-csat"', 'id="the-answer"', '2 elements have the id "the-answer"'),
    ("request", "<body", '<body background="https://evil.example/x"', 'would load "https://evil.example/x"'),
    ("request", "<style>", "<style>@import 'x';", 'would load "@import"'),
    ("request", "<style>", "<style>a{background:url(//evil.example/y)}", 'would load "//evil.example/y"'),
    ("request", "<main", '<link rel="stylesheet" href="x.css"><main', 'would load "x.css"'),
    ("csp", CSP, "default-src *", "the content-security policy is not the strict one"),
    ("csp", "Content-Security-Policy", "X-Policy", "the content-security policy is missing"),
    ("script", "<main", "<script>1</script><main", "the page holds <script>"),
    ("script", "<main", "<main onclick='x()'", "the page holds onclick of <main>"),
    (
        "raw-text",
        "For those who lead support.",
        "&lt;Figure size 640x480 with 1 Axes&gt;",
        '"<Figure size" is left over',
    ),
    ("raw-text", '<td class="cx-number">1</td>', '<td class="cx-number">nan %</td>', '"nan %" is left over'),
    ("raw-text", '<td class="cx-number">1</td>', "<td>NaT</td>", '"NaT" is left over'),
    ("raw-text", "n = 1,204", "n = nan", '"n = nan" is left over'),
    ("raw-text", "n = 1,204", "None", '"None" is left over'),
    ("empty-figure", None, None, 'figure "first-reply" has axes but nothing drawn in them'),
    ("error-output", None, None, "demo, cell In [4] (`1/0`): it ended with ValueError. Mend the cell"),
    ("stdout", None, None, "demo, cell In [7] (`p()`): it printed 201 lines. Show a table"),
    ("stderr", None, None, "demo, cell In [5] (`warn()`): it wrote to stderr: FutureWarning: soon. Mend what"),
]


@pytest.mark.parametrize(("rule", "before", "after", "message"), CASES)
def test_each_gate_refuses_what_it_is_for(
    executed: NotebookNode, edition: Edition, chart: str, rule: str, before: str | None, after: str | None, message: str
) -> None:
    if rule == "error-output":
        error = new_output("error", ename="ValueError", evalue="no", traceback=[])
        executed.cells.append(new_code_cell("1/0", execution_count=4, outputs=[error]))
    if rule == "stdout":
        executed.cells.append(
            new_code_cell("p()", execution_count=7, outputs=[new_output("stream", name="stdout", text="x\n" * 67)] * 3)
        )
    if rule == "stderr":
        text = "/home/me/a.py:1: FutureWarning: soon\n  figure.savefig(buffer)\n"
        stream = new_output("stream", name="stderr", text=text)
        executed.cells.append(new_code_cell("warn()", execution_count=5, outputs=[stream]))
    source = make_page(executed, edition)
    if rule == "empty-figure":
        before, after = chart, axes_only_uri()
    if before is not None and after is not None:
        assert before in source
        source = source.replace(before, after, 1)
    problems = check(Page("demo", source, executed))
    assert {problem.rule for problem in problems} == {rule}
    assert message in str(problems[0])
    assert problems[0].where.startswith("demo")
    assert problems[0].fix


def test_there_is_a_bad_page_for_every_gate() -> None:
    assert {gate.rule for gate in GATES} == {case[0] for case in CASES}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (">The answer</h2>", "></h2>", "demo, cell `## The answer`"),
        ('<td class="cx-number">1</td>', "<td>NaT</td>", "demo, cell In [3] (`show()`)"),
        ('href="#the-answer">the answer', 'href="#no">the answer', "demo, cell `## İlk yanıt süresi`"),
        ("For those who lead support.", "&lt;Axes&gt;", "demo"),
        ("<main", "<main onclick='x()'", "demo"),
    ],
)
def test_a_problem_names_the_cell(
    executed: NotebookNode, edition: Edition, before: str, after: str, where: str
) -> None:
    source = make_page(executed, edition)
    assert before in source
    problems = check(Page("demo", source.replace(before, after, 1), executed))
    assert problems[0].where == where


def test_what_a_cell_shows_cannot_pass_for_another_cell(executed: NotebookNode, edition: Edition) -> None:
    executed.cells.append(new_markdown_cell("## Late\n\nText <!--cell 0--> [there](#nowhere)"))
    (problem,) = check(Page("demo", make_page(executed, edition), executed))
    assert problem.where == "demo, cell `## Late`"


def test_words_that_only_look_like_leftovers_pass(executed: NotebookNode, edition: Edition) -> None:
    source = make_page(executed, edition)
    source = source.replace("For those who lead support.", "Nandan says none of the banana bread is NaNcy's; None.")
    source = source.replace('<th scope="row">Region 1</th>', '<th scope="row">Nan bakery</th>')
    for name in ("None", "NA", "null", "nan"):  # regions may be called so, and words in a cell
        named = f'<th scope="row">{name}</th><td class="cx-words">{name}</td>'
        source = source.replace("</tbody></table>", f"<tr>{named}</tr></tbody></table>", 1)
    assert check(Page("demo", source, executed)) == ()


def test_a_caption_shared_with_the_figure_counts(executed: NotebookNode, edition: Edition, chart: str) -> None:
    source = make_page(executed, edition)
    inner = source.index("<caption>", source.index('id="numbers-first-reply"'))
    end = source.index("</caption>", inner) + len("</caption>")
    assert check(Page("demo", source[:inner] + source[end:], executed)) == ()


def test_a_frame_of_pandas_does_not_pass(executed: NotebookNode, edition: Edition) -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0, float("nan")]})
    output = new_output("execute_result", data={"text/html": frame._repr_html_(), "text/plain": "a"})
    executed.cells.append(new_code_cell("frame", execution_count=6, outputs=[output]))
    problems = check(Page("demo", make_page(executed, edition), executed))
    assert {problem.rule for problem in problems} == {"tables", "raw-text"}


def test_helpers_draw_what_the_cases_replace(chart: str) -> None:
    assert 'alt="Line of three months: 2.0, 1.0, then 3.0 hours."' in figure(chart)
