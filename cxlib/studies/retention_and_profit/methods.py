"""How exactly each number of `retention_and_profit` is defined and made."""

from __future__ import annotations

from cxlib.studies.study import Method

METHODS = (
    Method(
        "Customer and life",
        "A life is an unbroken stretch of paying; gaps up to 31 days do not break it, and who comes back later begins "
        "a new one. A stretch counts from the moment at which the exports could have shown it ending (delayed entry), "
        "and one that still runs at the end of the month was last seen then (right censoring).",
    ),
    Method(
        "Tenure year",
        "From one anniversary of the beginning to the next. Only years seen whole count, for those who left in them as "
        "for those who stayed, so that yearly and monthly payers count alike. An end up to three days after an "
        "anniversary belongs to the year before.",
    ),
    Method(
        "Fitted curve",
        "Shifted-beta-geometric model, S(t) = B(alpha, beta + t) / B(alpha, beta), by maximum likelihood on the counts "
        "of tenure years (Fader and Hardie 2007). Every customer has a churn of its own that never changes. Beside it "
        "the beta-discrete-Weibull model, in which each customer's risk may rise or fall (Fader, Hardie, Liu, Davin "
        "and Steenburgh 2018); the likelihood ratio of the two (chi-squared, one degree of freedom, at 5%) says "
        "whether the first is enough.",
    ),
    Method(
        "As seen",
        "Kaplan and Meier's (1958) estimate with delayed entry and limits on the scale log(-log); yearly retention "
        "with Wilson's (1927) limits.",
    ),
    Method(
        "What a customer brings",
        "Recurring revenue of the month's first day, less delivery costs as the same share of all revenue, less "
        "support costs as the same amount per ticket, both averaged over all months that have costs. Amounts are in "
        "prices of the report's month where consumer prices of the currency are known, at constant exchange rates.",
    ),
    Method(
        "Growth within a customer",
        "Sum over all customers seen in the same month of two years of what they brought in the later one, over that "
        "of the earlier, less one; the error is the jackknife's over customers (Cochran 1977), with Satterthwaite's "
        "degrees of freedom, fewer where a few customers are large (Bell and McCaffrey 2002). Nobody joins or leaves "
        "between the two, so survivorship cannot look like growth; months in which somebody left are not counted. In "
        "values it goes on for as many years as at least 30 customers were seen, and stops then. For the price per "
        "seat: regression of its logarithm on tenure with an effect of each customer, errors clustered by customer.",
    ),
    Method(
        "Value of a customer",
        "Sum over years k of S(k) times the margin of that year over (1 + d)^k with d = 10% a year, an assumption; the "
        "first year's margin counts in full. Fader and Hardie (2010) give its closed form for constant margins. What "
        "winning the customer cost is left out unless said. An average customer is meant: who brings more is not taken "
        "to stay longer.",
    ),
    Method(
        "Five points, 1.05 times, five per cent fewer",
        "The mean churn of the first year is moved: churn - 0.05; churn - 0.05 (1 - churn); 0.95 churn. How unlike "
        "customers are, the polarization 1 / (alpha + beta + 1), is held (Fader and Hardie 2010). “In the same "
        "proportion” means that who stays a year with probability p stays it with p^s, one s for all.",
    ),
    Method(
        "Interval of a value",
        "Middle 95% of 1,000 draws: log alpha and log beta from their asymptotic normal distribution, the growth of "
        "margins from its own, independent of them. Seeded, so the same data give the same interval.",
    ),
    Method(
        "Counted in all customers' money",
        "The same curve fitted with every stretch weighted by the mean margin of its customer, with White's (1982) "
        "sandwich variance.",
    ),
    Method(
        "Profit in the books",
        "What today's customers and those who come bring, month by month, less success, sales, marketing and general "
        "costs, the last twelve months carried on. A customer with n years behind it leaves with the churn that "
        "Beta(alpha, beta + n) has. Five points: everybody's churn is multiplied by the one factor that keeps five in "
        "a hundred more of today's customers for a year. Not discounted; margins do not grow; keeping costs nothing. "
        "The bound of the first year is 0.05 times what today's customers bring, over the profit: as if all those kept "
        "had left on the first day. Interval: 400 draws of curve, number and margin of new customers.",
    ),
    Method(
        "Keeping and winning",
        "Success costs of twelve months per customer who was there on their first day and on their last; sales and "
        "marketing costs per customer whose first stretch began in them. Costs are taken as exact, numbers of "
        "customers as they could have fallen out (binomial, Poisson; delta method on the log scale). All of sales and "
        "marketing counts as winning, though part of it is spent on customers.",
    ),
    Method(
        "Segments by quarter",
        "Share of revenue kept on share of customers kept, region by tier, weighted by opening customers, with an "
        "effect of each segment and each quarter, errors clustered by segment, Student's t. Cells below five customers "
        "are left out; below 20 segments nothing is concluded (Cameron and Miller 2015). Retention is a part of "
        "revenue by definition: a slope of one is arithmetic.",
    ),
    Method(
        "Mix and rate",
        "Change of yearly retention split as by Kitagawa (1955); intervals from draws of the shares (Dirichlet) and "
        "rates (beta).",
    ),
    Method(
        "The promise",
        "Reichheld and Sasser (1990), Harvard Business Review 68(5), compared net present values of a model customer "
        "at two rates of defection. With constant margins the rise is delta / (1 + d - r - delta), a quarter exactly "
        "where r = 0.75 + d. It is arithmetic, not an observation. Gupta, Lehmann and Stuart (2004) found 5% more firm "
        "value for 1% more retention, which constant margins give at r = 0.917.",
    ),
)
