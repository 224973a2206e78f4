"""How the numbers of the study of switching are defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Bad experience",
        "A complaint, or a ticket whose problem is marked severe, at the moment it was opened, by a customer who was "
        "paying and had none in the 90 days before. Where an export has neither mark, a ticket that stayed unanswered "
        "for a week, was reopened or was rated bad counts instead, at the moment from which that could be known. One "
        "customer may have several, 90 days apart.",
    ),
    Method(
        "Leaving",
        "The end of an unbroken stretch of paying (gaps up to 31 days do not break it) that was not a failed payment. "
        "The decision comes earlier than the end; it is not in the exports. Ends without a reason count as leaving. "
        "Customers lost before the exports look back are not in them: a stretch counts from when its end could have "
        "been seen.",
    ),
    Method(
        "Share that left",
        "Aalen and Johansen's estimator (1978), failed payments competing, customers still there at the end of the "
        "month censored. Its error comes from the influence function of each customer, so one that comes several "
        "times counts once; limits on the scale of log(-log(1 - share)).",
    ),
    Method(
        "Like customers",
        "All others who were paying at the same moment, had no bad experience in the 90 days before, and share class, "
        "length of stay (up to 90 days, one year, two, four, longer), product and region; where fewer than five do, "
        "region is let go, then product, then length of stay, never the class (risk-set matching: Li, Propert and "
        "Rosenbaum 2001). Of more than fifty the fifty nearest in the day they began are taken. Together they weigh "
        "as much as the one case. Only what was known at that moment is used. Nothing is drawn by lot.",
    ),
    Method(
        "What is compared",
        "What happens after one bad experience, with what would have happened to the same customers in the usual "
        "course: the others stay in the comparison when they have one later, as the cases do when they have another. "
        "To take them out at that moment would compare with a life without bad experiences, and would take out those "
        "in trouble. The difference is of the cases, not of all customers.",
    ),
    Method(
        "Interval of the difference",
        "The derivative of the difference with regard to each customer, who is drawn with all its roles: as a case it "
        "brings its set along, within a set it takes its share. Sums of squares over customers, Student's t with one "
        "less than the number of customers among the cases. Where one side shows no end at all: Zou and Donner (2008).",
    ),
    Method(
        "Handled well",
        "Judged two weeks after a ticket was opened, by what was known then: solved within a week, not reopened, not "
        "rated bad. Followed from that moment, only customers still there. Badly and well are compared within "
        "severity, class and length of stay. A recovery paradox, more loyal after a complaint handled well than "
        "without one, was not found by Knox and Van Oest (2014).",
    ),
    Method(
        "First request",
        "The first ticket of customers who began after the first ticket of all in the exports; for those who first "
        "tried the product, followed from the first payment.",
    ),
    Method(
        "What should show nothing",
        "Failed payments (an outcome that the experience cannot change), questions answered well (an event that should "
        "change nothing; Lipsitch and others 2010), and spending in the three months before (a moment before the real "
        "one). Leaving before that moment cannot be compared: everybody on either side was still there at it.",
    ),
    Method(
        "Something unseen",
        "E-value: how many times as likely something unseen would have to make both the bad experience and leaving to "
        "explain the whole ratio of the two shares, RR + sqrt(RR (RR - 1)) (VanderWeele and Ding 2017).",
    ),
)
