"""Plans carried out: what is there afterwards, and what is said where it stops."""

from __future__ import annotations

import json
import stat

import pytest
from apply_samples import (
    MANAGER,
    OWNER,
    box,
    config,
    definition,
    namespace,
    secret,
    service,
    stack,
)

from observe.apply.execute import execute
from observe.apply.faults import ClusterError
from observe.apply.plan import make_plan
from observe.apply.words import outcome_lines
from observe.errors import OutputError

CONFIG = ("v1", "configmaps", "watch", "rules")


@pytest.fixture
def run(cluster, tmp_path, moment):
    """Plan and execute: `run(objects, **options)`; files are named 0.json, 1.json ..."""

    def go(objects, **options):
        file = tmp_path / f"{len(list(tmp_path.glob('*.json')))}.json"
        return execute(cluster, make_plan(cluster, objects, OWNER), file, moment, **options)

    return go


def versions(server):
    return {key: data["metadata"]["resourceVersion"] for key, data in server.objects.items()}


def test_everything_is_there_and_carries_the_labels_of_its_owner(run, server):
    outcome = run(stack())
    assert [str(step.ref) for step in outcome.done] == [
        "Namespace watch",
        "ConfigMap watch/rules",
        "Service watch/prometheus",
        "Deployment watch/prometheus",
    ]
    assert server.objects[CONFIG]["data"] == {"a": "1"}
    assert server.objects[CONFIG]["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "observe",
        "mesh-observe/owner": OWNER,
    }
    assert outcome_lines(outcome)[0] == "4 created, 0 changed, 0 pruned"


def test_a_second_run_changes_nothing_and_says_so(run, server, tmp_path):
    run(stack())
    before = versions(server)
    outcome = run(stack())
    assert versions(server) == before
    assert outcome_lines(outcome) == ["nothing to change"]
    assert outcome.rollback_file is None
    assert len(list(tmp_path.glob("*.json"))) == 1


def test_nothing_is_pruned_unless_asked(run, server):
    run(stack())
    run([namespace()])
    assert CONFIG in server.objects
    outcome = run([namespace()], prune=True)
    assert [s.ref.kind for s in outcome.done] == ["Deployment", "Service", "ConfigMap"]
    assert CONFIG not in server.objects
    assert ("v1", "namespaces", "", "watch") in server.objects


def test_conflicts_stop_everything_before_the_first_change(run, server, tmp_path):
    run(stack())
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    before = versions(server)
    with pytest.raises(ClusterError) as caught:
        run([namespace("aaa"), *stack()])
    assert str(caught.value) == (
        "1 object has fields of other managers, such as ConfigMap watch/rules (data.a of helm); "
        "nothing was changed. Leave those fields out, or take them over with --force-conflicts"
    )
    assert versions(server) == before
    assert len(list(tmp_path.glob("*.json"))) == 1


def test_forced_conflicts_take_over_the_field(run, server):
    run(stack())
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    run(stack(), force_conflicts=True)
    assert server.objects[CONFIG]["data"] == {"a": "1"}
    assert run(stack()).rollback_file is None


def test_fields_of_others_that_are_not_ours_stay(run, server):
    run(stack())
    server.edit("hpa", CONFIG, lambda data: data["data"].update(theirs="x"))
    run([namespace(), config(a="2")])
    assert server.objects[CONFIG]["data"] == {"a": "2", "theirs": "x"}


def test_a_custom_resource_follows_its_definition(run, server):
    run([box(), definition(), namespace()])
    assert server.objects["example.com/v1", "boxes", "watch", "one"]["spec"] == {"size": 1}


def test_the_rollback_file_is_there_before_the_first_change_and_private(run, server, tmp_path):
    seen = []

    def look(verb, path, params):
        if verb == "PATCH" and "dryRun" not in params:
            seen.append(json.loads((tmp_path / "0.json").read_text())["entries"])

    server.before = look
    run(stack())
    assert [entry["state"] for entry in seen[0]] == ["started", "pending", "pending", "pending"]
    assert [entry["state"] for entry in seen[3]] == ["done", "done", "done", "started"]
    assert stat.S_IMODE((tmp_path / "0.json").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_rollback_file_that_exists_is_not_overwritten(cluster, server, tmp_path, moment):
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        execute(cluster, make_plan(cluster, stack(), OWNER), tmp_path / "kept", moment)
    assert (tmp_path / "kept").read_text() == "mine"
    assert CONFIG not in server.objects


def test_without_a_place_for_the_rollback_file_nothing_is_changed(
    cluster, server, tmp_path, moment
):
    with pytest.raises(OutputError, match=r"the rollback file .* cannot be written"):
        execute(cluster, make_plan(cluster, stack(), OWNER), tmp_path / "no" / "file", moment)
    assert CONFIG not in server.objects


def test_secrets_are_in_no_rollback_file(run, tmp_path):
    run([namespace(), secret("first-pw")])
    run([namespace(), secret("second-pw")])
    run([namespace()], prune=True)
    for file in tmp_path.glob("*.json"):
        assert "-pw" not in file.read_text()


def test_the_first_refusal_ends_the_run_and_says_where_it_stands(run, server):
    server.forbidden.add(("patch", "services"))
    outcome = run([namespace(), config(), service()])
    # the dry run cannot see it: the namespace comes with the plan
    assert [s.ref.kind for s in outcome.done] == ["Namespace", "ConfigMap"]
    assert outcome.error is not None and outcome.error.exit_code == 3
    assert 'cannot patch resource "services"' in str(outcome.error)
    assert outcome_lines(outcome)[1:4] == [
        "stopped at Service watch/prometheus, which was not done",
        "not begun: 0",
        "to go on: run the same command again",
    ]


def test_a_run_that_stopped_goes_on_where_it_was(run, server):
    server.forbidden.add(("patch", "services"))
    run(stack())
    server.forbidden.clear()
    assert [s.ref.kind for s in run(stack()).done] == ["Service", "Deployment"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_in_words_about_the_state(run, stop):
    def interrupt(done, total, what):
        if done == 2:
            raise stop

    outcome = run(stack(), progress=interrupt)
    assert outcome.interrupted and outcome.error is None
    assert outcome_lines(outcome)[1:3] == [
        "stopped at Service watch/prometheus, which was not done",
        "not begun: 1 (Deployment watch/prometheus)",
    ]


def test_a_line_that_breaks_leaves_the_step_in_doubt(run, server):
    def drop(verb, path, params):
        if verb == "PATCH" and "services" in path and "dryRun" not in params:
            return 0, "", {}
        return None

    server.before = drop
    outcome = run(stack())
    assert outcome.uncertain
    assert outcome_lines(outcome)[1] == (
        "stopped at Service watch/prometheus, which may or may not be done"
    )


def test_an_object_that_changes_between_plan_and_execution_is_left_alone(
    cluster, server, tmp_path, moment, run
):
    run(stack())
    plan = make_plan(cluster, [config(a="2")], OWNER)
    server.edit("helm", CONFIG, lambda data: data["data"].update(b="new"))
    outcome = execute(cluster, plan, tmp_path / "x", moment)
    assert "was changed by somebody else since the plan was made" in str(outcome.error)
    assert server.objects[CONFIG]["data"] == {"a": "1", "b": "new"}


def test_an_object_that_appears_between_plan_and_execution_is_left_alone(
    cluster, server, tmp_path, moment
):
    plan = make_plan(cluster, [namespace()], OWNER)
    server.put("kubectl", namespace())
    assert execute(cluster, plan, tmp_path / "x", moment).done == ()


def test_status_written_by_controllers_is_no_change(cluster, server, tmp_path, moment, run):
    run(stack())
    plan = make_plan(cluster, [config(a="2")], OWNER)
    server.touch_status(CONFIG)
    assert len(execute(cluster, plan, tmp_path / "x", moment).done) == 1


def test_each_owner_has_a_field_manager_of_its_own(run, server):
    run(stack())
    assert {p["fieldManager"] for verb, _, p in server.requests if verb == "PATCH"} == {MANAGER}
