"""How the numbers of `existing_against_new` are defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Opportunity",
        "The unit of trial is one recorded sales opportunity. Contacts, leads and quotes before it are not counted, so "
        "shares won of leads or of offers are smaller, and published shares that do not name their unit cannot be "
        "compared exactly.",
    ),
    Method(
        "Customer, new buyer, former customer",
        "What the buyer was when the opportunity was opened, as the exports say. A renewal is an opportunity with a "
        "customer whose kind of sale is renewal; it is kept apart, because it is won unless the customer leaves.",
    ),
    Method(
        "Share won",
        "Won / (won + lost), of opportunities opened and decided before the end of the month. Wilson's interval "
        "(1927) on the number of opportunities divided by the design effect of buyers with several (Liang and Zeger "
        "1986; Dean and Pagano 2015). Fewer than five are not shown.",
    ),
    Method(
        "How many times as often",
        "The ratio of the two shares with the score interval of Miettinen and Nurminen (1985), both numbers of "
        "opportunities divided by the design effect of the log ratio; the difference with Newcombe's interval (1998).",
    ),
    Method(
        "Won by a day after opening",
        "Cumulative incidence of Aalen and Johansen (1978): open opportunities count for as long as they were seen, a "
        "lost one can no longer be won. Opportunities older than the first decision in the export count from that day "
        "on (delayed entry), because those decided earlier are not in it. Variance from the influence of each buyer.",
    ),
    Method(
        "Watched in full",
        "Opportunities opened after the first decision in the export and long enough before the end of the month to "
        "have been watched for all of the days.",
    ),
    Method(
        "Alike",
        "Logistic regression of won on kind of buyer and what is recorded of both: source, logarithm of the amount in "
        "the reporting currency, contract class, kind of sale, and time: the month of opening, or the quarter, where "
        "each has five won and five lost, else the day with its square. Each "
        "opportunity with a customer is then predicted as it is and as if it were a new buyer's, and both are averaged "
        "(Lane and Nelder 1982): the column of new buyers says how many they would buy of what customers are offered. "
        "Intervals by the delta method, clustered by buyer. Sources that only one kind of buyer has are left out. A "
        "characteristic that is recorded more often of the won than of the lost by over five points, or shared by "
        "fewer than half of either kind, is not used. With separated data (found by linear programming, Konis 2007) or "
        "fewer than five of the rarer outcome for each coefficient nothing is estimated.",
    ),
    Method(
        "What is repeated",
        "60 to 70 in a hundred to customers, 20 to 40 to former ones, 5 to 20 to new prospects: Griffin and Lowenstein "
        "(2001), Customer Winback, from a study by the firm Marketing Metrics that names no unit of trial.",
    ),
)
