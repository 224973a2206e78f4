"""How the numbers of `perception_gap` are defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Agreement",
        "An answer on the upper two of five points (the upper 40% of any other scale). Blank answers are left out. Two "
        "answers are to the same statement only where the export gives them the same question name, which stands for "
        "the same words.",
    ),
    Method(
        "Wave",
        "Of each statement and side the last survey wave with an answer before the end of the report's month; of a "
        "customer who answered a wave more than once, the last answer. Earlier waves are shown beside it and never "
        "added to it: the same people may stand in several.",
    ),
    Method(
        "Response rate",
        "Invitations of that survey and wave that were answered, over those that were delivered, with Wilson's (1927) "
        "interval. Where answers cannot be traced to invitations the number of answers stands for the number answered.",
    ),
    Method(
        "Share of managers",
        "Plain share with Wilson's interval. The managers who answered count as a sample of what the company's "
        "managers think; where nearly all of a small group answered, the interval is wider than it need be.",
    ),
    Method(
        "Share of customers",
        "Answers are raked (Deming and Stephan 1940) to the customers who were asked, by contract class, region, "
        "whether they complained in the 180 days before, what they last answered to the recommendation question in the "
        "year before, and use of the product in the 90 days before against others with as many seats (in fourths). "
        "Classes with fewer than eight answers are joined; weights are cut at five times their median (Potter 1990). "
        "Limits are Wilson's on Kish's (1965) effective number of answers, or fewer where customers of one parent "
        "company answer alike.",
    ),
    Method(
        "What the weights cannot see",
        "Weights bring into line what is known of those who stayed silent, not what they think. The interval is "
        "therefore an uncertainty region (Vansteelandt, Goetghebeur, Kenward and Molenberghs 2006): it joins the "
        "intervals of every hidden difference from none to one as large again, and in the same direction, as the one "
        "the weights took away. It holds the share of all customers asked only if the hidden difference is not larger; "
        "the estimate itself is the share if the silent think like those of their class who answered.",
    ),
    Method(
        "Gap",
        "Share of managers less share of customers, both weighted as above, with Newcombe's (1998) interval for two "
        "independent shares (Zou and Donner 2008). It is computed only where both sides answered the same statement. A "
        "gap is called so only where the interval excludes none. The two samples are independent; a paired comparison "
        "would need several companies, each with both sides.",
    ),
    Method(
        "Held against what is repeated",
        "A published share counts as borne out only where the whole interval lies within five points of it (or above "
        "it, where the words are “more than”), as not borne out where the whole interval lies outside; else it cannot "
        "be told.",
    ),
    Method(
        "Silent customers",
        "Lowest and highest share if none or all of the silent agreed (Manski 1989). Late answers: slope of agreement "
        "on the order of answering, weighted, with a sandwich interval (Armstrong and Overton 1977).",
    ),
    Method(
        "Segments",
        "Share of a region or contract class less the share of all others, both unweighted, Newcombe's interval, those "
        "of at least thirty answers; a difference is said only where Benjamini and Hochberg's (1995) procedure at 5% "
        "rejects none in the whole family.",
    ),
    Method(
        "View and behaviour",
        "Of customers who answered at least a year before the end of the report's month and were paying then: share "
        "that stopped paying within 365 days, of those who had not agreed less of those who had; one answer per "
        "customer, the first.",
    ),
)
