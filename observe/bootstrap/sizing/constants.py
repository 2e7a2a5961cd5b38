"""What a series, a sample and a server cost: `python benchmarks/sizing.py` measures each of them.

Measured with Prometheus 2.42 on the traffic of a mesh, and rounded up so that an estimate is not
below what was measured; docs/bootstrap.md, "Sizes". Later versions need less memory.
"""

from __future__ import annotations

#: Bytes of one sample in a block, index included: counters and gauges as scraped.
RAW_BYTES_PER_SAMPLE = 1.6
#: The same of recorded rates, whose digits hardly repeat.
RECORDED_BYTES_PER_SAMPLE = 3.8
#: Bytes of one sample before it is in a block: write-ahead log and chunks of the head.
HEAD_BYTES_PER_SAMPLE = 3.7
#: Bytes of one series there: its labels, written down once for each stretch of the log.
HEAD_BYTES_PER_SERIES = 92.0
#: Seconds that samples stay there, at the most.
HEAD_SECONDS = 3 * 3600

#: Resident bytes of a server that stores nothing.
BASE_MEMORY_BYTES = 75e6
#: Resident bytes of one scraped series at the peak: in the head, its index, and the memory of the
#: scrape with those series of the same page that are not kept.
SCRAPED_MEMORY_BYTES = 26_000.0
#: The same of a recorded or federated series, which has half the labels.
RECORDED_MEMORY_BYTES = 8_500.0

#: Cores of one scraped sample a second, and of one that was recorded or federated.
SCRAPED_CORES = 2.2e-5
RECORDED_CORES = 1.0e-5
BASE_CORES = 0.01
