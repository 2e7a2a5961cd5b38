"""What each host does, step by step, and the spans in which one of them fails alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from host_weeks import Service, week, without_hosts

from observe.signals.host_episodes import Episode, episodes_of, failing_alone
from observe.signals.hosts import ServiceHosts, by_coarse, hosts_by_target

PATH = "east/shop/cart"


def _hosts(requests: list[list[float]], errors: list[list[float]]) -> ServiceHosts:
    n, x = np.array(requests, dtype=float), np.array(errors, dtype=float)
    return ServiceHosts(tuple("abcdef"[: len(n)]), n, x, x / 2, 300, 12)


def test_requests_of_an_hour_are_spread_as_those_of_the_service_are():
    made = week(Service(hours=24, rhythm=0.9))
    hosts = hosts_by_target(made)[PATH]
    assert hosts.names == ("10.0.0.0:15020", "10.0.0.1:15020", "10.0.0.2:15020")
    assert hosts.requests.shape == (3, 288)
    assert hosts.coarse_requests().sum() == pytest.approx(made.hosts["requests"].sum())
    served = made.requests.merge(made.edges, on="edge").query("reporter == 'destination'")
    by_step = served.groupby("time")["requests"].sum().to_numpy()
    assert hosts.requests.sum(axis=0) == pytest.approx(by_step)


def test_errors_are_those_of_their_own_step():
    hosts = hosts_by_target(week(Service(hours=24, base=0.0, bad=((2, slice(10, 12), 1.0),))))[PATH]
    assert np.flatnonzero(hosts.errors[2]).tolist() == [10, 11]
    assert hosts.errors[:2].sum() == 0
    assert hosts.gateway[2, 10] == hosts.errors[2, 10]


def test_a_snapshot_without_hosts_has_none():
    assert hosts_by_target(without_hosts(week(Service(hours=24)))) == {}


def test_answers_that_outlier_detection_does_not_count_are_no_errors():
    made = week(Service(hours=24, base=0.1))
    errors = made.host_errors.assign(code="0")
    errors["code"] = errors["code"].astype("category")
    assert hosts_by_target(replace(made, host_errors=errors))[PATH].errors.sum() == 0


def test_requests_that_the_clients_proxy_cut_hung_at_their_host():
    made = week(Service(hours=24, base=0.0, bad=((2, slice(10, 12), 1.0),)))
    hung = replace(
        made,
        host_errors=made.host_errors.assign(code=pd.Categorical(["0"] * len(made.host_errors))),
        requests=made.requests.assign(
            flags=np.where(made.requests["code"].astype(str) == "503", "UT", "-")
        ),
    )
    hosts = hosts_by_target(hung)[PATH]
    assert hosts.errors[2, 10:12] == pytest.approx(hosts_by_target(made)[PATH].errors[2, 10:12])
    assert failing_alone(hosts)[2, 10:12].all()


def test_sums_over_coarse_steps_keep_a_last_step_that_is_short():
    assert by_coarse(np.ones((1, 5)), 2).tolist() == [[2.0, 2.0, 1.0]]


def test_a_host_that_fails_while_the_others_do_not_fails_alone():
    hosts = _hosts([[100, 100], [100, 100], [100, 100]], [[0, 0], [0, 40], [1, 0]])
    assert failing_alone(hosts).tolist() == [[False, False], [False, True], [False, False]]


def test_a_service_that_fails_as_a_whole_has_no_host_that_fails_alone():
    assert not failing_alone(_hosts([[100], [100], [100]], [[90], [95], [92]])).any()
    assert not failing_alone(_hosts([[100], [100], [100]], [[20], [22], [25]])).any()


def test_two_of_five_hosts_may_fail_at_once_but_not_three():
    two = _hosts([[100]] * 5, [[90], [90], [0], [0], [0]])
    assert failing_alone(two)[:, 0].tolist() == [True, True, False, False, False]
    assert not failing_alone(_hosts([[100]] * 5, [[90], [90], [90], [0], [0]])).any()


def test_a_few_errors_of_few_requests_are_chance():
    assert not failing_alone(_hosts([[10], [10], [10]], [[3], [0], [0]])).any()


def test_a_single_host_never_fails_alone():
    assert not failing_alone(_hosts([[100, 100]], [[0, 100]])).any()


def test_an_episode_goes_on_over_a_gap_of_one_step():
    steps = 8
    errors = [[0, 0, 50, 50, 0, 50, 0, 0], [0] * steps, [0] * steps]
    hosts = _hosts([[100] * steps] * 3, errors)
    assert episodes_of(hosts, failing_alone(hosts)) == (Episode("a", 2, 4, 400.0, 150.0, 75.0),)
