"""`--plan`, `--apply` and `--rollback` as a person or a pipeline uses them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from apply_samples import OWNER, config, namespace, stack
from click.testing import CliRunner
from kube_server import KubeServer

from observe.cli.apply import apply_rendered
from observe.cli.cluster import cluster_options, wants_cluster
from observe.cli.console import Console
from observe.cli.endings import ObserveGroup
from observe.cli.rollback import roll_back_file
from observe.export.yaml_io import dump_documents

CONFIG = ("v1", "configmaps", "watch", "rules")


def command(rendered):
    """A command line that applies what is rendered for each cluster."""

    @click.group(cls=ObserveGroup)
    def group() -> None:
        """Programs end as `observe` does."""

    @group.command("go")
    @cluster_options
    @click.pass_context
    def go(ctx, /, **options):
        console = Console()
        if not wants_cluster(options):
            ctx.exit(0)
        if options["rollback"]:
            ctx.exit(roll_back_file(options, console))
        ctx.exit(apply_rendered(rendered, OWNER, options, console))

    return group


@pytest.fixture
def go(server, kubeconfig, tmp_path, monkeypatch):
    """Run the command: `go("--plan", objects=[...])`, in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    path = kubeconfig(server.url)

    def run(*arguments, objects=None, clusters=("east",), config=path):
        text = dump_documents(stack() if objects is None else objects)
        rendered = {name: {"all.yaml": text} for name in clusters}
        arguments = ["go", "--kubeconfig", str(config), *arguments]
        return CliRunner().invoke(command(rendered), arguments)

    return run


def rollback_files():
    return sorted(Path().glob("observe-rollback-*.json"))


def test_the_plan_is_a_table_on_stdout_and_changes_nothing(go, server):
    done = go("--plan", objects=[namespace(), config()])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "action  kind       object       fields",
        "create  Namespace  watch",
        "create  ConfigMap  watch/rules  checked when applied: its namespace or kind comes with it",
    ]
    assert done.stderr.splitlines()[-1] == "cluster east: 2 to create, 0 to change, 0 unchanged"
    assert CONFIG not in server.objects


def test_nothing_is_asked_of_a_cluster_without_plan_or_apply(go, server):
    assert go().exit_code == 0
    assert server.requests == []


@pytest.mark.parametrize("flag", ["--prune", "--prune-data", "--force-conflicts", "--yes"])
def test_options_that_have_no_effect_alone_are_refused(go, flag):
    done = go(flag)
    assert done.exit_code == 2
    assert f"{flag} has no effect alone" in done.stderr


def test_without_a_terminal_nothing_is_changed_unless_yes_is_given(go, server):
    done = go("--apply")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        "error: nothing was changed: without a terminal nobody can be asked. Add --yes to apply"
    )
    assert CONFIG not in server.objects
    assert rollback_files() == []


def test_a_pipeline_applies_and_a_second_run_changes_nothing(go, server):
    first = go("--apply", "--yes")
    assert first.exit_code == 0
    (file,) = rollback_files()
    assert first.stderr.splitlines()[-2:] == [
        "cluster east: 4 created, 0 changed, 0 pruned",
        f"cluster east: to undo: --rollback {file} --apply",
    ]
    second = go("--apply")  # nobody has to be asked
    assert second.exit_code == 0
    assert second.stderr.splitlines()[-1] == "nothing to change"
    assert rollback_files() == [file]


def test_what_would_be_pruned_is_shown_and_kept(go, server):
    go("--apply", "--yes")
    done = go("--apply", objects=[namespace()])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["kept"] * 3
    assert "3 no longer wanted (see --prune)" in done.stderr
    assert go("--apply", "--yes", "--prune", objects=[namespace()]).exit_code == 0
    assert CONFIG not in server.objects


def test_a_conflict_ends_with_three_and_the_name_of_the_manager(go, server):
    go("--apply", "--yes")
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    done = go("--apply", "--yes")
    assert done.exit_code == 3
    assert "conflict  ConfigMap  watch/rules  data.a belongs to helm" in done.stdout
    assert "(data.a of helm); nothing was changed" in done.stderr
    assert go("--apply", "--yes", "--force-conflicts").exit_code == 0


def test_a_refusal_half_way_says_what_stands_and_how_to_go_on(go, server):
    server.forbidden.add(("patch", "services"))
    done = go("--apply", "--yes")
    assert done.exit_code == 3
    lines = done.stderr.splitlines()
    assert lines[-6:-1] == [
        "cluster east: 2 created, 0 changed, 0 pruned",
        "cluster east: stopped at Service watch/prometheus, which was not done",
        "cluster east: not begun: 1 (Deployment watch/prometheus)",
        "cluster east: to go on: run the same command again",
        f"cluster east: to undo: --rollback {rollback_files()[0]} --apply",
    ]
    assert lines[-1].startswith("error: cluster east forbids to apply Service watch/prometheus")


def test_a_rollback_is_shown_first_and_done_with_apply(go, server):
    go("--apply", "--yes")
    (file,) = rollback_files()
    shown = go("--rollback", str(file))
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1].split() == ["delete", "Deployment", "watch/prometheus"]
    assert CONFIG in server.objects
    assert go("--rollback", str(file), "--apply").exit_code == 2
    done = go("--rollback", str(file), "--apply", "--yes")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (0, "3 of 3 objects undone")
    assert CONFIG not in server.objects
    again = go("--rollback", str(file), "--apply")
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (0, "nothing to undo")


def test_a_rollback_that_is_refused_ends_with_three(go, server):
    go("--apply", "--yes")
    server.edit("helm", CONFIG, lambda data: data["data"].update(a="theirs"))
    done = go("--rollback", str(rollback_files()[0]), "--apply", "--yes")
    assert done.exit_code == 3
    assert "nothing was rolled back, because of ConfigMap watch/rules" in done.stderr


@pytest.fixture
def two(kubeconfig, server, tmp_path):
    """A kubeconfig with two clusters, and the second server."""
    other = KubeServer()
    text = f"""
current-context: a
clusters:
- {{name: a, cluster: {{server: "{server.url}"}}}}
- {{name: b, cluster: {{server: "{other.url}"}}}}
users: [{{name: u, user: {{token: t}}}}]
contexts:
- {{name: a, context: {{cluster: a, user: u}}}}
- {{name: b, context: {{cluster: b, user: u}}}}
"""
    path = tmp_path / "two"
    path.write_text(text)
    yield path, other
    other.close()
    assert other.violations == []


def test_each_cluster_gets_what_is_rendered_for_it(go, server, two):
    path, other = two
    contexts = ["--context", "east=a", "--context", "west=b"]
    done = go("--apply", "--yes", *contexts, clusters=("east", "west"), config=path)
    assert done.exit_code == 0
    assert CONFIG in server.objects
    assert CONFIG in other.objects
    assert len(rollback_files()) == 2


@pytest.mark.parametrize(
    ("contexts", "words"),
    [
        ([], "there are 2 clusters: east, west. Say which context is which"),
        (["a"], "--context a names none of the clusters east, west"),
        (["north=a"], "--context north=a names none of the clusters"),
        (["east=a", "east=b"], "--context is given twice for cluster east"),
        (["east=a", "west=a"], "contexts a and a are the same cluster"),
    ],
)
def test_contexts_that_do_not_fit_are_refused(go, server, two, contexts, words):
    flags = [part for context in contexts for part in ("--context", context)]
    done = go("--apply", "--yes", *flags, clusters=("east", "west"), config=two[0])
    assert done.exit_code == 2
    assert words in done.stderr
    assert CONFIG not in server.objects
