"""From notebooks to published pages: plan, run, page, PDF, gates, publish, index."""
