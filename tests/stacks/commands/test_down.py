"""`make down`: the kind cluster goes with all that is in it; elsewhere the stack is destroyed."""

import yaml

from stacks.commands import down
from stacks.commands.local_files import LocalFiles
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns
from tests.stacks.test_kubeconfig import kubeconfig


def has_kind_cluster(stand_ins: StandIns) -> LocalFiles:
    local = LocalFiles(stand_ins.root)
    local.create_state()
    local.create_passphrase()
    local.kubeconfig.write_text(yaml.safe_dump(kubeconfig("k", current="k")))
    stand_ins.write("cluster", "mcp-observability\n")
    return local


def test_the_cluster_of_kind_is_deleted_with_the_state_of_its_stacks(stand_ins: StandIns) -> None:
    """The passphrase stays, since the stack file has secrets that need it."""
    local = has_kind_cluster(stand_ins)
    assert down.main([STACK], stand_ins.environ, stand_ins.root) == 0
    assert stand_ins.calls() == [
        f"kind delete cluster --name mcp-observability --kubeconfig {local.kubeconfig}"
    ]
    assert [each.name for each in local.folder.iterdir()] == ["passphrase"]


def test_a_state_elsewhere_forgets_what_went_with_the_cluster(stand_ins: StandIns) -> None:
    local = has_kind_cluster(stand_ins)
    local.remove_state()
    assert down.main([STACK], stand_ins.environ, stand_ins.root) == 0
    assert stand_ins.calls()[1:] == [
        f"pulumi stack rm --force --yes --preserve-config --stack {STACK}"
    ]


def test_a_stack_on_another_cluster_is_destroyed(stand_ins: StandIns) -> None:
    local = has_kind_cluster(stand_ins)
    environ = {**stand_ins.environ, "KUBECONFIG": "/elsewhere"}
    assert down.main([STACK], environ, stand_ins.root) == 0
    assert stand_ins.calls() == [f"pulumi destroy --stack {STACK}"]
    assert local.kubeconfig.exists()
