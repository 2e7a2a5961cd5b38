"""What a series, a sample and a server cost; provisional until benchmarks/sizing.py measures.

Prometheus 2.42, counters and rates of a mesh with traffic; docs/bootstrap.md, "Sizes".
"""

from __future__ import annotations

#: Bytes on disk of one sample in a block, index included: counters and gauges as scraped.
RAW_BYTES_PER_SAMPLE = 2.0
#: The same of recorded rates, whose digits hardly repeat.
RECORDED_BYTES_PER_SAMPLE = 6.0
#: Bytes on disk of one sample before it is in a block: write-ahead log and chunks of the head.
HEAD_BYTES_PER_SAMPLE = 12.0
#: Seconds that samples stay there, at the most.
HEAD_SECONDS = 3 * 3600

#: Resident bytes of a server that stores nothing.
BASE_MEMORY_BYTES = 80e6
#: Resident bytes of one series in the head with its labels and index, before garbage is collected.
MEMORY_BYTES_PER_SERIES = 12_000.0
#: Cores of one sample a second: scrape, storage, rules and compaction.
CPU_SECONDS_PER_SAMPLE = 1.5e-5
BASE_CORES = 0.02
