"""Statistical models that no library at hand has, or has without intervals: arrays in, values out."""
