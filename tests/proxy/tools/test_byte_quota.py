"""So many bytes a second."""

from proxy.tools.byte_quota import ByteQuota


def test_in_each_second_so_many_bytes_may_be_used() -> None:
    quota = ByteQuota(10)
    assert [quota.admits(each, 1.5) for each in (6, 5, 4, 1)] == [True, False, True, False]
    assert quota.admits(10, 2.0)


def test_the_first_in_a_second_may_be_longer() -> None:
    quota = ByteQuota(10)
    assert [quota.admits(each, 1.0) for each in (100, 1)] == [True, False]
