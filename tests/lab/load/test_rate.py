"""Steps and ramps of rate, and the times at which calls are due."""

import pytest

from lab.load.rate import Arrivals, Step, due_times, parse_steps, seconds_of


def test_steps_and_ramps_are_read() -> None:
    steps = parse_steps("50x30, 50..500x60,0..10x0.5")

    assert steps == (Step(50, 50, 30), Step(50, 500, 60), Step(0, 10, 0.5))
    assert [str(each) for each in steps] == ["50x30", "50..500x60", "0..10x0.5"]
    assert seconds_of(steps) == 90.5


@pytest.mark.parametrize(
    "text", ["", "50", "50x", "x3", "0x10", "5x0", "-5x3", "1..2..3x4", "1e3x5", "nanx1", "500x1e9"]
)
def test_other_text_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"RATExSECONDS|more than 0") as refused:
        parse_steps(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", ["0.1x1", "10000000x2"])
def test_no_call_and_too_many_calls_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 10,000,000 calls"):
        parse_steps(text)


def test_a_steady_rate_is_evenly_spaced() -> None:
    times = list(due_times(parse_steps("500x60"), Arrivals.EVEN, 1))

    assert len(times) == 30_000
    assert times[:3] == [0.0, 0.002, 0.004]
    assert times[-1] == pytest.approx(59.998)


def test_a_ramp_has_the_calls_of_its_mean_rate_and_grows() -> None:
    times = list(due_times(parse_steps("0..100x10,100..0x10"), Arrivals.EVEN, 1))

    per_second = [sum(second <= each < second + 1 for each in times) for second in range(20)]
    assert len(times) == 1000
    assert per_second[:10] == sorted(per_second[:10])
    assert per_second[10:] == sorted(per_second[10:], reverse=True)
    assert times == sorted(times)


def test_independent_arrivals_have_the_rate_and_follow_the_seed() -> None:
    steps = parse_steps("100x50,200x50")
    one, same, other = (list(due_times(steps, Arrivals.POISSON, seed)) for seed in (1, 1, 2))

    assert one == same != other
    assert 14_500 < len(one) < 15_500
    assert 4_700 < sum(each < 50 for each in one) < 5_300
    assert len(set(one)) == len(one)
