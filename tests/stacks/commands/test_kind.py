"""A cluster by kind is kept, and made again with a new state where it was lost."""

from stacks.commands import up
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns, cluster, late_pod


def test_a_second_time_the_cluster_and_the_password_are_kept(stand_ins: StandIns) -> None:
    with cluster(stand_ins, late_pod):
        assert up.main([STACK], stand_ins.environ, stand_ins.root) == 0
        password = (stand_ins.folder / "password").read_text()
        passphrase = (stand_ins.root / ".kube" / "passphrase").read_text()
        before = len(stand_ins.calls())
        assert up.main([STACK], stand_ins.environ, stand_ins.root) == 0
    assert not [each for each in stand_ins.calls()[before:] if " create" in each and "kind" in each]
    assert (stand_ins.folder / "password").read_text() == password
    assert (stand_ins.root / ".kube" / "passphrase").read_text() == passphrase


def test_a_cluster_that_kind_has_lost_is_made_anew_with_a_new_state(stand_ins: StandIns) -> None:
    with cluster(stand_ins, late_pod):
        assert up.main([STACK], stand_ins.environ, stand_ins.root) == 0
        old = stand_ins.root / ".kube" / "state" / "old"
        old.touch()
        (stand_ins.folder / "cluster").unlink()
        assert up.main([STACK], stand_ins.environ, stand_ins.root) == 0
    assert len([each for each in stand_ins.calls() if each.startswith("kind create")]) == 2
    assert not old.exists()
