"""Numbers in, numbers out: histograms, quantiles, intervals, censoring, windows."""
