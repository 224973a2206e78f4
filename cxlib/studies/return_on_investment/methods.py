"""How `return_on_investment` defines and computes its numbers."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Return",
        "(margin kept − cost) / cost for one piece of work: 0 where it earned exactly its cost, −1 where it kept "
        "nothing. Margin kept is the additional months kept, weighted by monthly revenue, times the mean monthly "
        "revenue of those who got the work, times the share of revenue that delivery leaves in the last twelve months. "
        "Expansion, referrals and years beyond the horizon are not counted. Cost and margin are taken as known; "
        "nothing is discounted.",
    ),
    Method(
        "Cost of a piece of work",
        "The success team's cost lines that bear the name of the work, divided by the pieces assigned in the same "
        "months. The team's other cost is counted to its managers. Work without a line of its own has no return here, "
        "only the margin that it kept.",
    ),
    Method(
        "Order of evidence",
        "A lot first, then a beginning (customers before against customers after), then a choice (customers made "
        "alike). The return is that of the first kind of work in this order with a cost of its own.",
    ),
    Method(
        "Follow-up drawn by lot",
        "Intention to treat: every customer counts in the arm of its first draw, called or not. Share that ended "
        "within 180 days by Kaplan and Meier (1958), running customers censored at the cut; limits on the scale "
        "log(-log), the difference put together from both (Zou and Donner 2008). Customers needed: two-sided test "
        "at 5%, power 80%, for a fall by a quarter of the control share (Cohen 1988).",
    ),
    Method(
        "Onboarding, before and after it began",
        "First stretches of paying that began after the first customer was onboarded, against those that began "
        "before, by months since the first payment. Weighted life table with delayed entry; a customer counts in a "
        "month that was watched from its beginning and was over by the cut. The difference is divided by the share "
        "that was onboarded, as nobody was before (Bloom 1984): the effect on those who got it. Who is onboarded "
        "may be anybody's choice, as the comparison does not use it. Errors from each customer's influence; the "
        "share onboarded counts as estimated.",
    ),
    Method(
        "Growth of the benefit",
        "Slope of the additional share of customers still there over the months since the first payment, least "
        "squares, with the covariance of all months.",
    ),
    Method(
        "Managers",
        "Newcomers seen from their first payment, still customers 31 days after it (landmark: nobody counts as kept "
        "for having lived to get a manager), with a year behind the landmark. With a manager: given before the "
        "landmark. Lost: ended within 365 days of it. Kinds of customers of which all or none have a manager, and "
        "those with a chance below 2% or above 98%, are left out. Augmented inverse probability weighting (Robins, "
        "Rotnitzky and Zhao 1994) on tier, first monthly revenue and region (the last only where there are enough "
        "newcomers): average effect on all who are left. Limits put together from Wilson's on the effective number "
        "of customers of either group (Kish 1965; Zou and Donner 2008).",
    ),
    Method(
        "Unknown causes",
        "E-value: VanderWeele and Ding (2017). Standardised differences: Austin (2009). Failed payments are an outcome "
        "that the work cannot change (negative control).",
    ),
    Method(
        "Tickets and managers",
        "Group-time effects against customers without a manager yet or ever (Callaway and Sant'Anna 2021), months "
        "of customers with at least half a year behind them. A customer's own level is the mean of all months until "
        "half a year before the manager; that half year is left out, because trouble shows in it, and nobody serves "
        "for comparison within half a year before a manager of its own. Mean over the first to twelfth month after "
        "the month of the assignment, each customer and month counting once; Student's limits with the influence of "
        "each customer. Months after a customer has left have "
        "no tickets and are not counted. Leaving itself can happen only once and has no level before, so it is not "
        "studied in this way.",
    ),
    Method(
        "Fixed effects, for comparison",
        "Regression of tickets on customer and month effects and a mark for having a manager; negative share of its "
        "weights after de Chaisemartin and D'Haultfoeuille (2020); see Goodman-Bacon (2021).",
    ),
    Method(
        "Verdicts",
        "Supported: the whole interval lies on the side of the statement. Not supported: the whole interval lies on "
        "the other side, or even its best end is too small to be worth having (a quarter of leaving, a tenth of "
        "tickets). Cannot be told: the interval holds both no effect and one worth having.",
    ),
    Method(
        "Picked at their worst",
        "Pairs of answers in a row of one customer to the repeated survey, without success work between; the lowest "
        "tenth of first answers and all others of the same score. Expected by chance: standard deviation times (1 − "
        "correlation of two answers) times the normal density over the normal share at the cutoff (Barnett, van der "
        "Pols and Dobson 2005; James 1973). Who did not answer again is not in it.",
    ),
    Method(
        "Exactness of a long history",
        "Share lost a month over the last so many months with Wilson's interval, brought to a year (twelfth power); "
        "half the width. Slope of its logarithm over the logarithm of the months; jackknife over random groups of "
        "customers.",
    ),
    Method(
        "Return on support",
        "Cost of support of twelve months over tickets, and over tickets solved within a week that were not "
        "reopened, not rated bad and not asked again within a week. One solution must keep so many customers from "
        "leaving that, at a year's mean margin each, its cost is earned. First complaints are compared two weeks "
        "after they were made, by whether they stayed solved, made alike in severity, tier, region and revenue as "
        "above.",
    ),
)
