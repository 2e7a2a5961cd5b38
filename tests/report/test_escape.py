from hypothesis import given
from hypothesis import strategies as st

from observe.report.escape import Markdown, code, escape_markdown, plain, shorten

HOSTILE = 'a"b|c`d<script>alert(1)</script>\n# e & *f* [g](h) @all $x$'


def test_markdown_shows_markup_as_text():
    assert escape_markdown("a | b *c* <i>d</i> & `e`") == (
        "a \\| b \\*c\\* &lt;i&gt;d&lt;/i&gt; &amp; \\`e\\`"
    )


def test_a_line_that_would_start_a_list_or_heading_does_not():
    assert escape_markdown("# a") == "\\# a"
    assert escape_markdown("- a") == "\\- a"
    assert escape_markdown("1. a") == "1\\. a"
    assert escape_markdown("1.05 s") == "1.05 s"


def test_line_breaks_become_spaces():
    assert escape_markdown("a\r\n\nb\tc\u2028d") == "a b c d"


def test_text_that_is_markdown_already_stays():
    assert escape_markdown(Markdown("**a**")) == "**a**"


def test_characters_that_cannot_be_seen_are_shown_as_replaced():
    assert plain("a\x00b\u202ec\ufeffd") == "a\ufffdb\ufffdc\ufffdd"


def test_a_long_value_keeps_both_ends():
    text = shorten("a" * 1000 + "b" * 1000)
    assert len(text) == 80
    assert text.startswith("aaaa")
    assert text.endswith("bbbb")
    assert "…" in text


@given(st.text(max_size=200))
def test_code_spans_cannot_be_left(text):
    span = code(text)
    assert "`" not in span[1:-1]
    assert "\n" not in span
    assert len(span) <= 2 + 2 * 80
    bare = span.replace("\\|", "")
    assert "|" not in bare
    assert "\\" not in bare


@given(st.text(max_size=200))
def test_escaped_text_holds_no_tag_and_no_cell(text):
    escaped = escape_markdown(text)
    assert "<" not in escaped
    assert "|" not in escaped.replace("\\\\", "").replace("\\|", "")


def test_a_hostile_label_stays_one_cell():
    row = f"| {code(HOSTILE)} | {escape_markdown(HOSTILE)} |"
    assert row.replace("\\|", "").count("|") == 3
    assert "\n" not in row
