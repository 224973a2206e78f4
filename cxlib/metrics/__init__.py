"""The measures: declared in families, counted in one scan each, estimated from the counts."""

from cxlib.metrics.experience import EXPERIENCE
from cxlib.metrics.measure import measure
from cxlib.metrics.metric import Metric
from cxlib.metrics.orders import ORDERS
from cxlib.metrics.revenue import RETENTION, REVENUE
from cxlib.metrics.support import SUPPORT

METRICS: dict[str, Metric] = {metric.id: metric for metric in (*SUPPORT, *EXPERIENCE, *RETENTION, *REVENUE, *ORDERS)}

__all__ = ["METRICS", "Metric", "measure"]
