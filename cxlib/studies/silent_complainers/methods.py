"""How the numbers of `silent_complainers` are defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Silent customers for each one who told",
        "(1 - p) / p, where p is the share of customers with a problem who told the company. The limits are those of p "
        "carried over; the ratio falls as p rises. Who complained in public only is silent to the company.",
    ),
    Method(
        "Whether severity matters",
        "The ratio of minor problems over that of severe ones, with the limits of both put together on the log scale "
        "(Zou and Donner 2008). Less than twice as many counts as no difference.",
    ),
    Method(
        "Problem",
        "What the answer to the survey names: the worst problem of the three months before, as minor, moderate or "
        "severe. It is a problem that is remembered, and a customer's, not any problem. All rounds of the survey "
        "before the end of the report's month are taken together; answers without score or without where it was told "
        "are left out.",
    ),
    Method(
        "Everyone asked",
        "All invitations to the surveys that ask about problems, bounced ones included; customers lately lost as far "
        "as they were invited. Known of everyone: tier, region, time as a customer (or former), the last "
        "recommendation score within a year, questions and complaints by ticket and noticed incidents in the 92 days "
        "before the invitation. Categories with fewer than five who answered or did not are merged with the most "
        "frequent.",
    ),
    Method(
        "Weights",
        "One over the chance of answering, by logistic regression on what is known of everyone, and on the worst "
        "problem that tickets or noticed incidents show and whether it was complained of. An answer's chance is read "
        "off at the problem that it reports itself: silent customers have no ticket, and to give them the chance of "
        "customers without a problem would undercount them. Weights above five medians are cut (Potter 1990), then all "
        "are raked to tier, region and time as a customer (Deming and Stephan 1940). It assumes that silent customers "
        "whose problem no system logged answer like those whose problem was logged.",
    ),
    Method(
        "Interval of the survey",
        "Wilson's (1927) on the effective number of answers: the smaller of Kish's (1965) for the weights and that by "
        "the linearised variance with customers as clusters. Weights are taken as known.",
    ),
    Method(
        "Logged incidents",
        "Customers hit by an incident who noticed it (where the log says so for thirty or more; else all not known to "
        "have missed it, an upper bound), and a complaint ticket within seven days. Share told: 1 - (1 - a) / (1 - "
        "b), where a is the share with a complaint in the week after and b that in ordinary weeks of the same "
        "customers, beginning 28, 42, 56 and 70 days before. Limits of a and b are Wilson's with customers as "
        "clusters, put together as in Zou and Donner (2008). Where complaints are not marked, every ticket counts, "
        "and b takes the ordinary ones away.",
    ),
    Method(
        "Two lists",
        "Customers and three months, listed by a complaint ticket of a severity, and by a survey answer that reports "
        "it. Chapman's (1951) estimate with Seber's (1970) variance, summed over tiers, log-normal in the number not "
        "seen. Problems come one by one, so the share told is the ratio of the rates -log(1 - share with any), of "
        "complaints over problems; chance in who told is added to the limits. Complaints without severity are spread "
        "in proportion. Who has several problems is more easily on both lists, so the ratio is rather too low.",
    ),
    Method(
        "Three lists",
        "The same with noticed incidents as a third list: log-linear Poisson models with up to two pairs of lists that "
        "depend on each other (Fienberg 1972; Bishop, Fienberg and Holland 1975), the best by AIC; profile likelihood "
        "(Cormack 1992), the widest limits of the models within 2 of the best (Regal and Hook 1991).",
    ),
    Method(
        "Repeated complaints",
        "Customers by their complaints in the last year: at least f1 (f1 - 1) / (2 (f2 + 1)) more would complain but "
        "did not (Chao 1987, 2005), with f1 who complained once and f2 twice. It counts everyone who could complain, "
        "whether or not anything happened, so it is no ratio of silence; and who was served badly may complain again "
        "for that. It stands beside the others and is not compared with them.",
    ),
    Method(
        "Detractors",
        "Answers of 0 to 6 to the recommendation question, surveys after a particular contact left out; those without "
        "a complaint ticket in the 90 days before, per one with. Weighted like the survey where it is the same "
        "survey.",
    ),
    Method(
        "Whether the ways agree",
        "Survey, logged incidents and two lists, two by two at each severity: difference of the log odds over its "
        "standard error as the intervals imply it, Holm's (1979) correction over all pairs. Survey and lists share "
        "answers, so these two agree more easily than independent ways would. Two lists give a ratio that is rather "
        "too low, so only one that is higher than the others' counts against agreement; an upper bound is not "
        "compared.",
    ),
    Method(
        "Customers with an untold problem",
        "Weighted share of the last round's answers with a problem not told to the company, times all customers "
        "invited to that round.",
    ),
    Method(
        "Leaving",
        "From the answer (or seven days after a logged incident, when it is known who complained) to the end of the "
        "spell as a customer, at most a year, still running at the cut. Shares by Aalen and Johansen (1978), failed "
        "payments in competition; hazards by Cox (1972) with tier, region and time as a customer held equal, and "
        "severity where like problems are compared; standard errors clustered by customer (Lin and Wei 1989). Left is "
        "when the contract ended, which may be after the decision.",
    ),
    Method(
        "Those who did not answer",
        "Late answers: weighted line of told on the rank of the delay (Armstrong and Overton 1977). Worst case: "
        "Manski (1989). Twice or half as often: pattern mixture (Little 1993). Remembered: share that reports a "
        "problem after a noticed incident beyond the share of those without any sign of one. Complaint tickets are "
        "held against what answers say at the same severity.",
    ),
)
