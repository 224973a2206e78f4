"""Only an allow-list of tags and attributes leaves a notebook.

Text from data is escaped where it is drawn; this is the second door. What is not on the list is dropped, so a
comment of a customer cannot bring a script, a style, a frame or a remote picture.
"""

import re

import nh3
from markupsafe import Markup

TEXT = "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q s samp small span strong sub sup time var wbr"
BLOCKS = "blockquote dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr img li ol p pre section summary ul"
TABLES = "caption col colgroup table tbody td tfoot th thead tr"
MEDIA = "audio canvas math object svg video"
SCRIPTS = "form iframe noscript script select style template textarea title"
ARIA = "aria-label aria-hidden aria-describedby"

TAGS = frozenset(f"{TEXT} {BLOCKS} {TABLES}".split())
GONE_WITH_THEIR_CONTENT = frozenset(f"{MEDIA} {SCRIPTS}".split())
"""Of all other tags that are not allowed the words stay."""
GLOBAL_ATTRIBUTES = frozenset(f"class id lang dir title {ARIA}".split())
ATTRIBUTES = {
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
}
VALUES = {
    "href": re.compile(r"(https?|mailto):.*|[^:]*([/?#].*)?", re.IGNORECASE | re.DOTALL),
    "src": re.compile(r"data:image/(svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*"),
    **dict.fromkeys(("colspan", "rowspan", "span", "start", "width", "height"), re.compile("[1-9][0-9]{0,3}")),
}
"""What an attribute may say, where it may not say everything."""


def sanitise(fragment: str) -> Markup:
    """Return of a piece of HTML what is allowed, well formed, without the control characters no page may hold."""
    printable = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", fragment)
    return Markup(CLEANER.clean(printable))


def _allowed(tag: str, name: str, value: str) -> str | None:
    return value if name not in VALUES or VALUES[name].fullmatch(value) else None


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(GONE_WITH_THEIR_CONTENT),
    attributes={"*": set(GLOBAL_ATTRIBUTES), **ATTRIBUTES},
    generic_attribute_prefixes={"data-"},
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel=None,
)
