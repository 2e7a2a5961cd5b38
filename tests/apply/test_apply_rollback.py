"""Rolling back: the former state, or a refusal with the reason."""

from __future__ import annotations

import json

import pytest
from apply_samples import OWNER, config, deployment, namespace, secret, service, stack
from kube_fields import plain

from observe.apply.execute import execute
from observe.apply.faults import ClusterError
from observe.apply.plan import make_plan
from observe.apply.record import load_record
from observe.apply.rollback import plan_rollback, roll_back
from observe.errors import InputError

CONFIG = ("v1", "configmaps", "watch", "rules")
SERVICE = ("v1", "services", "watch", "prometheus")
DEPLOYMENT = ("apps/v1", "deployments", "watch", "prometheus")


@pytest.fixture
def run(cluster, tmp_path, moment):
    """Plan and execute; the rollback file."""

    def go(objects, **options):
        file = tmp_path / f"{len(list(tmp_path.glob('*.json')))}.json"
        execute(cluster, make_plan(cluster, objects, OWNER), file, moment, **options)
        return file

    return go


@pytest.fixture
def undo(cluster):
    """Roll a file back; the actions by object."""

    def go(file, *, prune_data=False, force=False):
        record = load_record(file)
        undos = plan_rollback(cluster, record, prune_data=prune_data, force_conflicts=force)
        roll_back(cluster, record.owner, undos, force_conflicts=force)
        return {str(undo.ref): undo.action for undo in undos}

    return go


def state(server):
    """Every object without what the server writes."""
    return {key: plain(data) for key, data in server.objects.items()}


def test_what_was_created_goes_but_not_the_namespace_around_it(run, undo, server):
    assert undo(run(stack())) == {
        "Deployment watch/prometheus": "delete",
        "Service watch/prometheus": "delete",
        "ConfigMap watch/rules": "delete",
        "Namespace watch": "keep",
    }
    assert {key[3] for key in server.objects} == {"kube-system", "watch"}


def test_the_namespace_goes_too_on_request(run, undo, server):
    undo(run(stack()), prune_data=True)
    assert {key[3] for key in server.objects} == {"kube-system"}


def test_changed_objects_are_as_they_were(run, undo, server):
    run(stack())
    before = state(server)
    news = [namespace(), config(b="2"), service(9091), deployment("other:1", replicas=3)]
    file = run(news)
    assert state(server) != before
    undo(file)
    assert state(server) == before


def test_an_object_that_was_not_ours_is_as_it_was_before_it_was_taken(run, undo, server):
    server.put("kubectl", namespace())
    server.put("kubectl", config(a="theirs", b="also"))
    before = state(server)
    file = run([config(a="ours", c="new")], force_conflicts=True)
    assert server.objects[CONFIG]["data"] == {"a": "ours", "b": "also", "c": "new"}
    undo(file)
    assert state(server) == before


def test_a_default_that_was_overwritten_comes_back(run, undo, server):
    run(stack())
    open_service = service()
    open_service["spec"]["type"] = "NodePort"
    undo(run([namespace(), open_service]))
    assert server.objects[SERVICE]["spec"]["type"] == "ClusterIP"


def test_pruned_objects_come_back(run, undo, server):
    run(stack())
    before = state(server)
    before[SERVICE]["spec"].pop("clusterIP")
    file = run([namespace()], prune=True)
    assert undo(file) == dict.fromkeys(
        ["ConfigMap watch/rules", "Service watch/prometheus", "Deployment watch/prometheus"],
        "restore",
    )
    after = state(server)
    after[SERVICE]["spec"].pop("clusterIP")  # the server chooses a new one
    assert after == before


def test_what_others_changed_beside_our_fields_stays(run, undo, server):
    run(stack())
    file = run([namespace(), config(a="2")])
    server.edit("helm", CONFIG, lambda data: data["data"].update(b="theirs"))
    undo(file)
    assert server.objects[CONFIG]["data"] == {"a": "1", "b": "theirs"}


def test_status_written_by_controllers_does_not_stop_it(run, undo, server):
    file = run(stack())
    server.touch_status(DEPLOYMENT)
    undo(file)
    assert DEPLOYMENT not in server.objects


@pytest.mark.parametrize("created", [True, False])
def test_an_object_that_somebody_changed_is_refused_and_nothing_is_touched(
    run, undo, server, created
):
    file = run(stack())
    file = file if created else run([namespace(), config(a="2"), service(9091)])
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    before = state(server)
    with pytest.raises(ClusterError) as caught:
        undo(file)
    assert "nothing was rolled back, because of ConfigMap watch/rules: it is not as" in str(
        caught.value
    )
    assert state(server) == before


def test_a_changed_field_is_restored_all_the_same_when_forced(run, undo, server):
    run(stack())
    file = run([namespace(), config(a="2")])
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    undo(file, force=True)
    assert server.objects[CONFIG]["data"] == {"a": "1"}


def test_a_created_object_that_somebody_changed_is_not_deleted_even_when_forced(run, undo, server):
    file = run(stack())
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    with pytest.raises(ClusterError, match="it is not as that run left it"):
        undo(file, force=True)


def test_an_earlier_file_is_refused_while_a_later_change_stands(run, undo):
    first = run(stack())
    run([namespace(), config(a="2")])
    with pytest.raises(ClusterError, match="ConfigMap watch/rules: it is not as that run left it"):
        undo(first)


def test_files_roll_back_one_after_the_other(run, undo, server):
    first = run(stack())
    second = run([namespace(), config(a="2")])
    undo(second)
    assert server.objects[CONFIG]["data"] == {"a": "1"}
    undo(first)
    assert CONFIG not in server.objects


def test_a_second_rollback_finds_nothing_to_do(run, undo, server):
    run(stack())
    file = run([namespace(), config(a="2"), service(9091)])
    undo(file)
    before = {key: data["metadata"]["resourceVersion"] for key, data in server.objects.items()}
    assert set(undo(file).values()) == {"keep"}
    assert before == {k: data["metadata"]["resourceVersion"] for k, data in server.objects.items()}


def test_a_half_done_run_is_rolled_back_as_far_as_it_came(cluster, run, undo, server):
    server.forbidden.add(("patch", "services"))
    file = run(stack())
    assert undo(file) == {
        "Service watch/prometheus": "keep",
        "ConfigMap watch/rules": "delete",
        "Namespace watch": "keep",
    }


@pytest.mark.parametrize("touched", [False, True])
def test_a_step_in_doubt_is_undone_only_if_it_is_what_we_sent(run, undo, server, touched):
    def answer_is_lost(verb, path, params):
        if verb == "PATCH" and path.endswith("configmaps/rules") and "dryRun" not in params:
            server.before = lambda *_: None
            body = json.loads(json.dumps(config()))
            labels = {"app.kubernetes.io/managed-by": "observe", "mesh-observe/owner": OWNER}
            body["metadata"]["labels"] = labels
            server.answer(verb, path, params, body, "application/apply-patch+yaml")
            return 0, "", {}
        return None

    server.before = answer_is_lost
    file = run(stack())
    assert CONFIG in server.objects
    if touched:
        server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
        with pytest.raises(ClusterError, match="it is not as that run left it"):
            undo(file)
    else:
        assert undo(file)["ConfigMap watch/rules"] == "delete"


def test_a_changed_secret_is_left_and_said_to_be(cluster, run, server):
    run([namespace(), secret("a")])
    record = load_record(run([namespace(), secret("b")]))
    (undo,) = plan_rollback(cluster, record)
    assert (undo.action, undo.reason) == (
        "keep",
        "what was in a Secret is not kept in rollback files",
    )


def test_a_created_secret_goes(run, undo, server):
    undo(run([namespace(), secret("a")]))
    assert not [key for key in server.objects if key[1] == "secrets"]


def test_a_file_of_another_cluster_is_refused(cluster, run, server, tmp_path):
    file = run(stack())
    record = load_record(_saved(file, json.loads(file.read_text()) | {"clusterUid": "another"}))
    with pytest.raises(InputError, match="the rollback file is of cluster east at http"):
        plan_rollback(cluster, record)


def test_the_same_cluster_under_another_address_is_the_same(cluster, run, undo):
    file = run(stack())
    undo(_saved(file, json.loads(file.read_text()) | {"server": "https://elsewhere"}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schemaVersion": "observe/v1"}', "\x00"])
def test_a_file_that_is_something_else_is_refused(tmp_path, text):
    (tmp_path / "f").write_text(text)
    with pytest.raises(InputError, match="is no rollback file"):
        load_record(tmp_path / "f")


def _saved(file, document):
    file.write_text(json.dumps(document))
    return file
