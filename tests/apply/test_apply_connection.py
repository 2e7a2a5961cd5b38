"""Ways into a cluster, and what goes wrong on them: one line, and the right exit code."""

from __future__ import annotations

import base64
import os
import ssl

import pytest
import trustme
from apply_samples import OWNER, config, namespace
from kube_server import KubeServer

from observe.apply.cluster import connect
from observe.apply.model import Ref
from observe.apply.plan import make_plan
from observe.bootstrap.prometheus import free_port
from observe.errors import ObserveError

KUBE_SYSTEM = Ref("v1", "Namespace", "", "kube-system")


def fault(action):
    """Exit code and words of the error that this ends in."""
    with pytest.raises(ObserveError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return caught.value.exit_code, str(caught.value)


def ask(path, **options):
    """What the cluster of a kubeconfig says of a namespace that each one has."""
    cluster = connect(kubeconfig=path, environment={}, **options)
    try:
        return cluster.get(KUBE_SYSTEM)
    finally:
        cluster.close()


def test_without_any_kubeconfig_it_says_where_it_looked(tmp_path):
    code, words = fault(lambda: connect(environment={"HOME": str(tmp_path)}))
    assert (code, words) == (
        2,
        "there is no kubeconfig: neither --kubeconfig nor KUBECONFIG nor ~/.kube/config. "
        "Name one with --kubeconfig",
    )


def test_a_kubeconfig_that_is_missing_is_named(tmp_path):
    assert fault(lambda: ask(tmp_path / "none"))[0] == 2
    code, words = fault(lambda: connect(environment={"KUBECONFIG": "/none/a:/none/b"}))
    assert (code, words.split(",")[0]) == (2, "KUBECONFIG names /none/a")


def test_the_usual_place_is_under_home(server, kubeconfig, tmp_path):
    (tmp_path / ".kube").mkdir()
    kubeconfig(server.url).rename(tmp_path / ".kube" / "config")
    assert connect(environment={"HOME": str(tmp_path)}).server == server.url


def test_a_context_that_is_not_there_lists_those_that_are(kubeconfig):
    code, words = fault(lambda: ask(kubeconfig("http://x"), context="west"))
    assert (code, words.endswith("kubeconfig-east has no context west. It has east")) == (2, True)


def test_several_files_are_one_and_the_first_wins(server, kubeconfig):
    first, second = kubeconfig("http://a", context="a"), kubeconfig(server.url, context="b")
    second.write_text(
        second.read_text().replace("name: c\n", "name: d\n").replace(": c\n", ": d\n")
    )
    environment = {"KUBECONFIG": f"{first}{os.pathsep}{second}"}
    assert connect(environment=environment).server == "http://a"
    assert connect("b", environment=environment).server == server.url


@pytest.mark.parametrize(
    "text", ["[]", "clusters: 1\n", "contexts: [{name: x}]\n", "current-context: x\ncontexts: [\n"]
)
def test_a_broken_kubeconfig_is_named(tmp_path, text):
    (tmp_path / "config").write_text(text)
    code, words = fault(lambda: ask(tmp_path / "config"))
    assert code == 2
    assert str(tmp_path / "config") in words


def test_broken_certificates_are_no_crash(kubeconfig):
    path = kubeconfig("https://127.0.0.1:1", cluster={"certificate-authority-data": "%%"})
    code, words = fault(lambda: ask(path))
    assert (code, words.startswith("the certificates of context east cannot be used")) == (2, True)


def test_a_cluster_that_does_not_listen_is_unreachable(kubeconfig):
    code, words = fault(lambda: ask(kubeconfig(f"http://127.0.0.1:{free_port()}")))
    assert (code, words.split(":")[0]) == (3, "cluster east cannot be reached")


@pytest.fixture
def tls_server():
    """The double behind TLS, and the authority of its certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    running = KubeServer(tls=context)
    yield running, base64.b64encode(authority.cert_pem.bytes()).decode()
    running.close()


def test_a_certificate_of_the_authority_in_the_kubeconfig_is_accepted(tls_server, kubeconfig):
    server, authority = tls_server
    cluster = {"certificate-authority-data": authority}
    assert ask(kubeconfig(server.url, cluster=cluster))["metadata"]["name"] == "kube-system"


def test_a_certificate_of_another_authority_is_refused(tls_server, kubeconfig):
    other = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    path = kubeconfig(tls_server[0].url, cluster={"certificate-authority-data": other})
    code, words = fault(lambda: ask(path))
    assert (code, words.split(":")[0]) == (3, "the certificate of cluster east is not accepted")


def test_credentials_that_are_not_accepted_are_said_to_be(server, kubeconfig):
    server.token = "right"
    code, words = fault(lambda: ask(kubeconfig(server.url, user={"token": "s3cret"})))
    assert code == 3
    assert words.startswith("cluster east does not accept the credentials to list the kinds of v1")
    assert "s3cret" not in words
    assert ask(kubeconfig(server.url, user={"token": "right"}))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_credential_plugin_is_asked_for_its_token(server, kubeconfig, tmp_path, version):
    server.token = "of-plugin"
    plugin = tmp_path / "plugin"
    plugin.write_text('#!/bin/sh\necho \'{"status": {"token": "of-plugin"}}\'\n')
    plugin.chmod(0o700)
    user = {"exec": {"apiVersion": f"client.authentication.k8s.io/{version}"}}
    user["exec"]["command"] = str(plugin)
    assert ask(kubeconfig(server.url, user=user))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "does not exist"),
        ("exit 3", "returned 3"),
        ("echo '{}'", "its credential plugin gave no token"),
        ("echo nonsense", "its credential plugin gave no token"),
    ],
)
def test_a_credential_plugin_that_fails_is_named(server, kubeconfig, tmp_path, script, words):
    plugin = tmp_path / "plugin"
    if script is not None:
        plugin.write_text(f"#!/bin/sh\n{script}\n")
        plugin.chmod(0o700)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}}
    code, said = fault(lambda: ask(kubeconfig(server.url, user=user)))
    assert code == 2
    assert words in said


def test_a_server_that_is_busy_is_asked_again_after_the_pause_it_names(server, cluster):
    answers = [(429, "wait", {"Retry-After": "0"})] * 2
    server.before = lambda *_: answers.pop() if answers else None
    assert cluster.get(KUBE_SYSTEM)
    server.before = lambda *_: (429, "wait", {"Retry-After": "0"})
    code, words = fault(lambda: cluster.get(KUBE_SYSTEM))
    assert (code, words.split(":")[0]) == (
        3,
        "cluster east is too busy to get Namespace kube-system",
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, {"message": "etcd is gone"}, {}), "answered 500 to get Namespace kube-system: etcd"),
        ((503, "<html>bad gateway</html>", {}), "answered 503 to get Namespace kube-system"),
        ((410, {"message": "too old"}, {}), "answered 410 to get Namespace kube-system: too old"),
        ((200, "<html>log in</html>", {}), "answered no JSON to: get Namespace kube-system"),
        ((0, "", {}), "the connection to cluster east broke at: get Namespace kube-system"),
    ],
)
def test_an_ill_server_ends_in_its_own_words(server, cluster, answer, words):
    server.before = lambda *_: answer if "kube-system" in _[1] else None
    code, said = fault(lambda: cluster.get(KUBE_SYSTEM))
    assert code == 3
    assert words in said


def test_what_is_forbidden_names_verb_resource_and_namespace(server, cluster):
    server.put("kubectl", namespace())
    server.forbidden.add(("patch", "configmaps"))
    code, words = fault(lambda: make_plan(cluster, [config()], OWNER))
    assert (code, words) == (
        3,
        "cluster east forbids to check ConfigMap watch/rules: configmaps is forbidden: User "
        '"ann" cannot patch resource "configmaps" in API group "" in the namespace "watch". '
        "Ask for this permission, or choose a --context that has it",
    )


def test_words_of_the_server_about_a_secret_are_left_out(server, cluster):
    server.put("kubectl", namespace())
    wrong = {"apiVersion": "v1", "kind": "Secret", "stringData": {"password": ["top-secret"]}}
    wrong["metadata"] = {"name": "s", "namespace": "watch"}
    code, words = fault(lambda: make_plan(cluster, [wrong], OWNER))
    assert code == 2
    assert "top-secret" not in words
    assert "stringData.password" in words
