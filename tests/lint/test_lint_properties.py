"""Whatever is in a file, the linter answers; the same objects give the same findings."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lint_samples import page_telemetry

from observe.export.releases import Release
from observe.lint.engine import LintOptions, lint
from observe.lint.fields import SPECS
from observe.lint.model import in_order
from observe.lint.objects import KINDS, ConfigObject, without_nulls
from observe.lint.read import read_inventory
from observe.lint.registry import RULES

_FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
_SCALARS = st.none() | st.booleans() | st.integers(-3, 200) | st.floats() | st.text(max_size=6)
_ANY = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_WORDS = {
    "string": st.sampled_from(["payment", "*", "ledger.shop.svc.cluster.local", "v1", ".", "5xx"]),
    "bool": st.booleans(),
    "duration": st.sampled_from(["1s", "250ms", "0s", "1h", "x"]),
    "duration or 0": st.sampled_from(["0s", "1s"]),
    "percent": st.integers(0, 100),
    "number": st.floats(0, 9),
    "error code": st.integers(100, 599),
}


def _valued(fields: object) -> st.SearchStrategy[object]:
    """Values of the right type, and now and then of another."""
    if isinstance(fields, list):
        return st.lists(_valued(fields[0]), max_size=2)
    if isinstance(fields, dict) and "*" in fields:
        return st.dictionaries(st.sampled_from(["a", "b"]), _valued(fields["*"]), max_size=2)
    if isinstance(fields, dict):
        return st.fixed_dictionaries({}, optional={k: _valued(v) for k, v in fields.items()})
    kind = str(fields)
    if kind in _WORDS:
        return _WORDS[kind]
    numbers = ("count", "int32", "uint32", "uint64")
    return st.integers(0, 6) if kind in numbers else st.sampled_from(kind.split())


def _objects() -> st.SearchStrategy[ConfigObject]:
    specs = st.one_of(*(st.tuples(st.just(k), _valued(f) | _ANY) for k, f in SPECS.items()))
    others = st.tuples(st.sampled_from(["Sidecar", "HTTPRoute"]), _ANY)
    metadata = st.fixed_dictionaries(
        {"name": st.sampled_from(["payment", "b"]), "namespace": st.sampled_from(["shop", "web"])}
    )
    return st.builds(
        lambda pair, meta: ConfigObject(
            pair[0],
            without_nulls({"apiVersion": KINDS[pair[0]][0], "metadata": meta, "spec": pair[1]}),
            "a.yaml",
        ),
        specs | others,
        metadata | _ANY,
    )


@_FEW
@given(
    st.lists(_objects(), max_size=4), st.sampled_from([None, Release((1, 20)), Release((1, 28), 3)])
)
def test_any_objects_are_judged_the_same_way_twice(objects, release):
    telemetry, options = page_telemetry(cycle=True), LintOptions(release=release)
    findings = lint(objects, telemetry, options)
    assert findings == lint(list(objects), telemetry, options) == in_order(findings)
    codes = {rule.code for rule in RULES}
    for finding in findings:
        assert finding.code in codes
        assert finding.message and "\n" not in finding.message
        assert finding.advice.endswith(".")


@_FEW
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace")))
def test_any_file_is_judged_or_is_one_clear_line(content):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_bytes(b"kind: VirtualService\napiVersion: networking.istio.io/v1\n" + content)
        inventory = read_inventory([file])
        lint(inventory.objects)
        assert len(inventory.unreadable) <= 1
        for error in inventory.unreadable:
            assert "\n" not in str(error)
            assert str(file) in error.message
