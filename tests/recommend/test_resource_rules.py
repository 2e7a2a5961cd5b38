"""krr's and the VPA's rules, against numbers computed by hand from their constants."""

import numpy as np
import pytest

from observe.recommend.resource_policy import MIB
from observe.recommend.resource_rules import like_krr, like_vpa, vpa_cpu, vpa_memory
from observe.recommend.resource_usage import usage

MONDAY = 1_704_067_200
DAY, WEEK = 288, 2016


def of(cpu=None, mib=None, **known):
    size = np.size(cpu if cpu is not None else mib)
    unknown = np.full(size, np.nan)
    cpu = unknown if cpu is None else cpu
    memory = unknown if mib is None else np.asarray(mib, dtype=float) * MIB
    return usage(cpu, memory, start=MONDAY, **known)


def test_krr_takes_p95_of_each_pod_and_the_highest_pod():
    one = np.arange(101) / 1000  # p95: 95 m
    two = np.append(np.full(99, 0.050), [9.0, 9.0])  # p95: 50 m, whatever its two steps
    found = like_krr([one, two], [[200.0 * MIB], [100.0 * MIB, 50.0 * MIB]])
    assert found.cpu_request == 0.095
    assert found.memory_request == found.memory_limit == 230 * MIB


def test_krr_interpolates_and_rounds_up_to_whole_millicores_and_mib():
    # p95 of 0 ... 10 m lies at 9.5 m; of 100 and 200 m at 195 m
    assert like_krr([[0.1, 0.2]], [[100.5 * MIB]]).cpu_request == 0.195
    assert like_krr([[0.1001]], [[100.5 * MIB]]).cpu_request == 0.101
    assert like_krr([[0.1]], [[100.5 * MIB]]).memory_request == 116 * MIB  # 115.575


def test_krr_has_floors_and_says_nothing_without_data():
    found = like_krr([[0.001]], [[10.0 * MIB]])
    assert (found.cpu_request, found.memory_request) == (0.010, 100 * MIB)
    nothing = like_krr([[np.nan]], [])
    assert (nothing.cpu_request, nothing.memory_request) == (None, None)


def test_the_vpa_takes_the_end_of_the_bucket_and_15_percent():
    # buckets start at 0.2 (1.05^n - 1) cores: 0.1 lies in the 8th, which ends at 0.110265...
    assert like_vpa(of(np.full(WEEK, 0.1))).cpu_request == pytest.approx(
        0.2 * (1.05**9 - 1) * 1.15, rel=1e-12
    )
    # and at 2e8 (1.05^n - 1) bytes: 500 MiB lies in the 26th
    assert like_vpa(of(mib=np.full(WEEK, 500.0))).memory_request == pytest.approx(
        2e8 * (1.05**27 - 1) * 1.15, rel=1e-12
    )


def test_the_vpa_weighs_cpu_by_half_for_each_day():
    cpu = np.full(2 * DAY, 0.1)
    # the first day weighs 1/3 of all: its last fifth of the steps 8 %, its last third 12 %
    few, more = cpu.copy(), cpu.copy()
    few[DAY - 50 : DAY] = 1.0
    more[DAY - 80 : DAY] = 1.0
    low, high = 0.2 * (1.05**9 - 1) * 1.15, 0.2 * (1.05**37 - 1) * 1.15
    assert like_vpa(of(few)).cpu_request == pytest.approx(low)
    assert like_vpa(of(more)).cpu_request == pytest.approx(high)


def test_the_vpa_forgets_a_peak_of_memory_after_three_days():
    # weights of eight days, newest first: 50.2, 25.1, 12.5, 6.3 ... %
    days = np.full(8, 300.0)
    for age, kept in ((1, True), (2, True), (3, False), (4, False)):
        peaks = days.copy()
        peaks[7 - age] = 900.0
        target = like_vpa(of(mib=np.repeat(peaks, DAY))).memory_request
        assert (target > 900 * MIB) is kept


def test_the_vpa_keeps_eight_days_of_memory():
    peaks = np.append([5000.0], np.full(8, 300.0))
    assert vpa_memory(of(mib=np.repeat(peaks, DAY))).upper < 1000 * MIB


def test_the_vpa_splits_its_floors_among_the_containers_of_a_pod():
    small = of(np.full(WEEK, 0.001), np.full(WEEK, 1.0))
    assert (like_vpa(small).cpu_request, like_vpa(small).memory_request) == (0.025, 250 * MIB)
    assert like_vpa(small, 2).cpu_request == 0.0125
    assert like_vpa(small, 2).memory_request == 125 * MIB


@pytest.mark.parametrize(("days", "factor"), [(1, 2.0), (7, 8 / 7), (0.5, 3.0)])
def test_the_upper_bound_of_the_vpa_narrows_with_the_days(days, factor):
    found = vpa_cpu(of(np.full(int(days * DAY) + 1, 0.1)))
    assert found.upper / found.target == pytest.approx(factor, rel=0.01)
    assert found.lower / found.target == pytest.approx((1 + 0.001 / days) ** -2, rel=1e-4)


def test_a_kill_counts_as_a_use_of_more_than_there_was():
    kills = np.zeros(WEEK)
    kills[-10] = 1
    target = vpa_memory(of(mib=np.full(WEEK, 1000.0), oom_kills=kills)).target
    # 1000 MiB x 1.2 lies in the 40th bucket of 2e8 (1.05^n - 1)
    assert target == pytest.approx(2e8 * (1.05**41 - 1) * 1.15)


def test_the_vpa_says_nothing_without_data():
    found = like_vpa(of(np.full(10, np.nan)))
    assert (found.cpu_request, found.memory_request) == (None, None)
