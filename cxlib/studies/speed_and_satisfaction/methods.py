"""How the numbers of `speed_and_satisfaction` are defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Rated contact",
        "A ticket that a customer opened, not closed by a bot alone, which the customer rated good or bad before the "
        "end of the report's month. All months that the exports hold are used. Satisfied is a rating that the export "
        "or its mapping calls good; of five points as a rule the upper two.",
    ),
    Method(
        "Wait for the first answer",
        "Minutes from the question to the first public answer by a person, on the calendar's clock: nights and "
        "weekends count. Waits under a minute count as one minute. A ticket without such an answer has no wait; a "
        "ticket whose reply time the export lost is left out.",
    ),
    Method(
        "Change with half the wait",
        "Within-strata (fixed-effects) regression of satisfied (1 or 0) on minus the binary logarithm of the wait. A "
        "stratum is one topic, severity, channel and part of the week (weekday or weekend, six hours, UTC) of asking;"
        " what is not recorded is a value of its own. It is the average change per halving over the waits that occur "
        "(Yitzhaki 1996). The interval is a sandwich over 64 random groups of customers (Liang and Zeger 1986), never"
        " narrower than that for independent contacts, with Student's t. n counts contacts in strata in which waits "
        "differ. What happens after the first answer (the solution, reopening) is not held: it is part of what a fast"
        " answer may do. Priority is not held either, as it is often set while the ticket waits.",
    ),
    Method(
        "Friendliness and being known",
        "The same regression on: the person rated with four or five points (against one to three); not having to "
        "repeat (against having to); strata of topic, severity and channel.",
    ),
    Method(
        "Everyday channels",
        "Channels whose name holds chat or the name of a messenger. Their share is counted over all contacts; the "
        "difference in satisfaction over rated ones, strata of topic, severity and region. Which channels were "
        "offered to whom is not in the exports, so a choice model on the channels on offer cannot be fitted.",
    ),
    Method(
        "Effects of all drivers",
        "Proportional-odds model (McCullagh 1980), with good and bad alone logistic regression, on weighted cells: "
        "halvings of the wait and of the time from answer to solution (in half steps), not reopened, not having to "
        "repeat, friendliness in points, channel, topic, severity, part of the week. Drivers known for less than half"
        " of the ratings are left out, rare categories pooled. Average partial effects; intervals by the delta method"
        " from the influence of 64 groups of customers. Proportional odds are tested as in Brant (1990), with the "
        "covariance of the groups and Hotelling's F; where they do not hold, the effects are those of the logistic "
        "regression of satisfied.",
    ),
    Method(
        "Share of what is explained",
        "What a driver adds to the log likelihood, averaged over all orders in which drivers can be added (Lindeman, "
        "Merenda and Gold 1980; Grömping 2007; Azen and Traxel 2009 for logistic regression), over what all add "
        "together. What chance would add is taken off (Takeuchi 1976). Intervals and first places: 2,000 redrawn "
        "samples of the groups of customers, each likelihood expanded to second order. Speed is both waits together. "
        "First place is among what the company does; what was asked and when takes part, but does not compete.",
    ),
    Method(
        "Correlation of issue and satisfaction",
        "Between the mean logarithm of the wait and the share satisfied of each combination of topic and severity, "
        "taken from the mean of the channel and weighted by rated contacts.",
    ),
    Method(
        "Those who do not rate",
        "Within-strata regression of having rated on halvings of the wait, over contacts for which a rating was "
        "asked. If the silent differ from raters of like contacts by d, the change with half the wait among all asked"
        " is that among raters plus d times the change in the share that rates.",
    ),
    Method(
        "Shares",
        "Wilson's interval on the trials divided by the design effect of the 64 groups of customers.",
    ),
)
