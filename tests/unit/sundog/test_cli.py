import pytest

from common.errors import ConfigurationError
from sundog.cli import known_cause, main


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("sundog 0.")


@pytest.mark.parametrize("command", ["up", "demo", "gateway", "processor", "migrate"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: sundog {command}" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--port", "65536"], ["--port", "http"], ["--processors", "0"], ["--slots", "-1"]])
def test_a_wrong_number_is_a_wrong_command_line(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["up", *wrong])
    assert ended.value.code == 2
    assert f"argument {wrong[0]}: invalid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "most"),
    [
        (["create", "--days", "99999999999"], 36_500),
        (["create", "--days", "9" * 5_000], 36_500),
        (["create", "--requests-per-s", "99999999999999"], 2**31 - 1),
        (["limit", "--datasets", "99999999999999"], 2**31 - 1),
        (["limit", "--queued", "99999999999999"], 2**31 - 1),
        (["limit", "--bytes", "99999999999999999999"], 2**63 - 1),
    ],
)
def test_a_number_that_nobody_could_keep_is_a_wrong_command_line(
    wrong: list[str], most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", *wrong])
    assert ended.value.code == 2
    assert f"argument {wrong[1]}: invalid number '{wrong[2][:40]}': must be from" in (told := capsys.readouterr().err)
    assert f" to {most}\n" in told


def test_a_failure_is_a_sentence_with_advice_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUNDOG_DATABASE_DSN", raising=False)
    assert main(["migrate"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "sundog: The environment is not right: SUNDOG_DATABASE_DSN" in told.err


def test_a_database_that_cannot_be_reached_is_a_sentence_without_the_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNDOG_DATABASE_DSN", "postgresql://me:hush@127.0.0.1:1/x")
    assert main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert "sundog: Postgres cannot be reached" in told
    assert "hush" not in told


def test_the_cause_is_found_inside_of_groups() -> None:
    cause = ConfigurationError("no")
    wrapped = BaseExceptionGroup("", [KeyError("x"), BaseExceptionGroup("", [cause])])
    assert known_cause(wrapped) is cause
    assert known_cause(ExceptionGroup("", [KeyError("x")])) is None
