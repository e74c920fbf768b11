"""The command line of the workshop: a mistake is one line, and what is asked for is checked."""

import pytest

from lab.workshop import options
from lab.workshop.options import CheckExercise, ListExercises, QueryPrometheus, SendCall, parse
from lab.workshop.run import main

PLACE = ("--prometheus", "http://p")
SERVER = (*PLACE, "--mcp", "http://s/mcp")


def test_without_a_command_the_exercises_are_listed() -> None:
    assert parse(()) == ListExercises()


def test_addresses_of_a_cluster_are_taken_as_given() -> None:
    found = parse(("query", "up", *PLACE, "--jaeger", "http://j"))
    assert isinstance(found, QueryPrometheus)
    assert (found.demo.prometheus, found.demo.jaeger, found.expr) == ("http://p", "http://j", "up")


def test_arguments_of_a_tool_are_json_or_text() -> None:
    found = parse(("call", "s", "t", "text=a=b", "n=4", 'm="4"', "list=[1]", *SERVER))
    assert isinstance(found, SendCall)
    assert found.arguments == {"text": "a=b", "n": 4, "m": "4", "list": [1]}
    assert found.server.mcp == "http://s/mcp"


def test_a_check_takes_an_answer_where_it_asks_for_one() -> None:
    found = parse(("check", "3", "caller", *PLACE))
    assert isinstance(found, CheckExercise)
    assert (found.number, found.answer) == (3, "caller")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("check", "0"), "'0' is not an exercise; choose 1 to "),
        (("check", "x"), "'x' is not an exercise; choose 1 to "),
        (("check", "3", *PLACE), "exercise 3 asks for whose fault it is: caller, server or proxy"),
        (("check", "1", "yes", *PLACE), "exercise 1 asks for no answer, and got 'yes'"),
        (("query", "up", "--prometheus", "p"), "--prometheus 'p' is not a URL"),
        (("call", "s", "t", "text", *SERVER), "'text': write the tool's arguments as NAME=VALUE"),
        (("call", "s", "t", "--times", "0", *SERVER), "'0' is not a number from 1 to 1000"),
        (
            ("call", "s", "t", "--every", "-1", *SERVER),
            "'-1' is not a number of seconds from 0",
        ),
        (("call", "s", "t", *PLACE), "server 's': known are none: give --mcp URL"),
        (("guess",), "invalid choice: 'guess'"),
        (("query", "up"), "no demo is running here: start `make demo`, or give --prometheus URL"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(options, "running_demo", lambda: None)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert error.startswith("workshop: ")
    assert error.count("\n") == 1


def test_a_prometheus_that_does_not_answer_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("query", "up", "--prometheus", "http://127.0.0.1:1")) == 1
    error = capsys.readouterr().err
    assert error.startswith("workshop: http://127.0.0.1:1/api/v1/query: no answer")
    assert error.count("\n") == 1
