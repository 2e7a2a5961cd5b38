"""Objects that get into each other's way."""

from lint_samples import expanded, found, judged, read, route

from observe.lint.engine import lint

TWO = f"{route('retries: {attempts: 0}')}\n---\n{route('retries: {attempts: 0}', name='shop/b')}"


def _dated(first: str, second: str) -> str:
    parts = expanded(TWO).split("---\n")
    dates = zip(parts, (first, second), strict=True)
    return "---\n".join(
        part.replace("namespace: shop}", f"namespace: shop, creationTimestamp: '{date}'}}")
        for part, date in dates
    )


def test_two_virtual_services_for_a_host_name_the_other_and_its_place():
    (finding,) = judged(TWO)
    assert (finding.code, finding.severity) == ("HOST_IN_TWO_VIRTUALSERVICES", "critical")
    # without dates the order is that of names
    assert (finding.object, finding.line) == ("VirtualService shop/payment", 5)
    assert finding.message == (
        "payment.shop.svc.cluster.local is a host of VirtualService shop/b (a.yaml:11), too: "
        "sidecars apply only the oldest object (istio#36621)"
    )


def test_the_older_one_wins_where_the_dates_are_known():
    (finding,) = lint(read(_dated("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")))
    assert finding.object == "VirtualService shop/b"
    assert "which is VirtualService shop/payment; this one is ignored" in finding.message
    (finding,) = lint(read(_dated("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z")))
    assert finding.object == "VirtualService shop/payment"


def test_short_and_full_names_of_a_host_are_the_same_host():
    full = route("retries: {attempts: 0}", "payment.shop.svc.cluster.local", "web/b")
    short = route("retries: {attempts: 0}")
    assert len(found(f"{short}\n---\n{full}", "HOST_IN_TWO_VIRTUALSERVICES")) == 1
    other = route("retries: {attempts: 0}", name="web/b")  # payment of the namespace web
    assert judged(f"{short}\n---\n{other}") == ()


def test_objects_that_no_client_sees_both_of_do_not_clash():
    here = TWO.replace("hosts:", "exportTo: ['.']\nhosts:")
    assert len(judged(here)) == 1  # same namespace
    full = "payment.shop.svc.cluster.local"
    apart = [route("retries: {attempts: 0}", full, f"{n}/payment") for n in ("shop", "web")]
    text = "\n---\n".join(part.replace("hosts:", "exportTo: ['.']\nhosts:") for part in apart)
    assert judged(text) == ()


def test_objects_in_folders_of_clusters_may_be_for_different_clusters():
    items = list(read(expanded(TWO).split("---\n")[0], "east/a.yaml", "east"))
    items += read(expanded(TWO).split("---\n")[1], "west/b.yaml", "west")
    (finding,) = lint(items)
    assert finding.severity == "warning"
    assert finding.advice.endswith("unless the folders are for different clusters.")


def test_folders_of_namespaces_excuse_nothing():
    full = "payment.shop.svc.cluster.local"
    one, two = (
        expanded(route("retries: {attempts: 0}", full, f"{n}/payment")) for n in ("shop", "web")
    )
    (finding,) = lint([*read(one, "shop/a.yaml", "shop"), *read(two, "web/b.yaml", "web")])
    assert finding.severity == "critical"


def test_one_name_in_two_folders_is_taken_for_two_clusters():
    text = expanded(route("retries: {attempts: 0}"))
    (finding,) = lint([*read(text, "east/a.yaml", "east"), *read(text, "west/a.yaml", "west")])
    assert (finding.code, finding.severity, finding.file) == (
        "SAME_OBJECT_TWICE",
        "info",
        "west/a.yaml",
    )


def _rule(name: str, spec: str = "trafficPolicy:\n  loadBalancer: {simple: RANDOM}") -> str:
    return f"# DestinationRule {name}\nhost: payment.shop.svc.cluster.local\n{spec}"


def test_two_rules_of_a_namespace_lose_a_policy_only_if_both_have_one():
    (both,) = judged(f"{_rule('shop/a')}\n---\n{_rule('shop/b')}")
    assert (both.code, both.severity) == ("HOST_IN_TWO_DESTINATIONRULES", "critical")
    assert "trafficPolicy of one of them is thrown away" in both.message
    subsets = _rule("shop/b", "subsets:\n  - name: v1\n    labels: {version: v1}")
    (joined,) = judged(f"{_rule('shop/a')}\n---\n{subsets}")
    assert joined.severity == "warning"


def test_a_rule_of_the_clients_namespace_hides_that_of_the_service():
    (finding,) = judged(f"{_rule('shop/a')}\n---\n{_rule('web/b')}")
    assert (finding.code, finding.object) == ("DESTINATIONRULE_HIDDEN", "DestinationRule web/b")
    assert "clients in namespace web get this rule" in finding.message


def test_the_services_own_rule_hides_that_of_the_root_namespace():
    (finding,) = judged(f"{_rule('shop/a')}\n---\n{_rule('istio-system/b')}")
    assert (finding.object, finding.severity) == ("DestinationRule shop/a", "info")


def test_rules_for_chosen_workloads_do_not_clash():
    chosen = _rule("shop/b", "workloadSelector:\n  matchLabels: {app: web}")
    assert judged(f"{_rule('shop/a')}\n---\n{chosen}") == ()


def test_routes_of_a_gateway_clash_only_if_both_catch_everything():
    text = TWO.replace("hosts:", "gateways: [public]\nhosts:")
    (finding,) = judged(text)
    assert finding.code == "GATEWAY_ROUTES_UNORDERED"
    assert "at gateway shop/public" in finding.message
    assert judged(text.replace("gateways: [public]", "gateways: [a]", 1)) == ()


def test_a_route_behind_a_catch_all_is_never_reached():
    text = (
        "# VirtualService\nhosts: [payment]\nhttp:\n"
        "  - match:\n      - uri: {prefix: /}\n    route:\n      - destination: {host: payment}\n"
        "  - name: slow\n    route:\n      - destination: {host: payment}\n    timeout: 9s"
    )
    (finding,) = found(text, "ROUTE_NEVER_REACHED")
    assert finding.message == "http[1] slow is never reached: http[0] takes every request"
    assert finding.line == 11
    assert found(text.replace("prefix: /}", "prefix: /v1}"), "ROUTE_NEVER_REACHED") == []


def test_a_host_with_a_namespace_is_no_kubernetes_service():
    (finding,) = judged(route("retries: {attempts: 0}", "payment.shop"))
    assert finding.advice == "Write payment.shop.svc.cluster.local."
    assert judged(route("retries: {attempts: 0}", "example.com")) == ()


def test_an_object_that_other_clients_see_is_not_shadowed():
    from observe.lint.world import World

    full = "payment.shop.svc.cluster.local"
    one, two = (route("timeout: 1s", full, f"{n}/payment") for n in ("shop", "web"))
    hidden = one.replace("hosts:", "exportTo: ['.']\nhosts:")
    for texts, routes in (((one, two), 1), ((hidden, two), 1)):
        assert len(World(tuple(read(expanded("\n---\n".join(texts))))).routes_to(full)) == routes
    apart = f"{hidden}\n---\n{two.replace('hosts:', 'exportTo: [web]' + chr(10) + 'hosts:')}"
    assert len(World(tuple(read(expanded(apart)))).routes_to(full)) == 2


def test_hosts_of_objects_without_a_namespace_are_shown_as_they_are_written():
    text = expanded(TWO).replace(", namespace: shop}", "}")
    (finding,) = lint(read(text))
    assert finding.message.startswith("payment is a host of VirtualService -/b (a.yaml:11), too")
