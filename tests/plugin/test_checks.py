"""The conduct of a test is judged at its end, and each check can be switched off by name."""

import pytest
from wan_conformance.plugin.checks import LoopGuard

from tests.plugin.inner import run
from wanlib.emulator import Emulator, ManualClock

pytest_plugins = ["pytester"]

LEAKS = """
    import logging
    import pytest
    from wan_conformance.plugin.session import API_KEY

    log = logging.getLogger("app")

    def test_key(wan):
        log.warning("sent with %s", API_KEY)

    def test_link(wan, tmp_path):
        out = wan.generate("wan2.7-image", "A bridge", size="1K", n=1)
        out.save(tmp_path)
        log.warning("fetched %s", out[0].url)

    def test_image(wan):
        log.error("sent data:image/png;base64,%s", "iVBORw0KGgo" * 20)

    def test_exception(wan):
        try:
            raise ValueError(API_KEY)
        except ValueError:
            log.exception("it went wrong")

    def test_logger_that_does_not_propagate(wan):
        program = logging.getLogger("program")
        program.setLevel("DEBUG")
        program.propagate = False
        program.debug("sent with %s", API_KEY)

    def test_clean(wan, tmp_path):
        wan.generate("wan2.7-image", "A bridge", size="1K", n=1).save(tmp_path)
        log.warning("it went well")

    def test_broken(wan):
        log.warning("sent with %s", API_KEY)
        assert False, "this failure is enough"
"""


def test_secrets_in_logs_are_found(pytester: pytest.Pytester) -> None:
    result = run(pytester, LEAKS)
    result.assert_outcomes(passed=6, failed=1, errors=5)
    result.stdout.fnmatch_lines(
        [
            "client/no-secret-in-log: a log has secrets",
            "  no API key, signed link or image is written to a log",
            "  source: wire/headers.Authorization, spec/wire.yaml:*",
            "  the logger 'app' wrote the API key at level WARNING",
            "  Switch this check off with @pytest.mark.wan(ignore='no-secret-in-log'), or with*",
            "  the logger 'app' wrote a signed link at level WARNING",
            "  the logger 'app' wrote an image in base64 at level ERROR",
            "  the logger 'app' wrote the API key at level ERROR",
            "  the logger 'program' wrote the API key at level DEBUG",
        ]
    )


def test_a_check_is_switched_off_by_a_mark_and_by_the_ini_file(pytester: pytest.Pytester) -> None:
    marked = LEAKS.replace(
        "log = ", "pytestmark = pytest.mark.wan(ignore=['client/no-secret-in-log'])\n    log = "
    )
    run(pytester, marked).assert_outcomes(passed=6, failed=1)
    pytester.makeini("[pytest]\nwan_ignore = no-secret-in-log")
    run(pytester, LEAKS).assert_outcomes(passed=6, failed=1)


CONDUCT = """
    import pytest
    from wanlib.errors import OutcomeUnknownError

    MODEL = "wan2.7-image"

    @pytest.fixture
    def submit(wan):
        return lambda n=1, prompt="A bridge": wan.submit(MODEL, prompt, size="1K", n=n)

    def test_leaves_no_task(submit):
        submit()

    def test_fetches_what_it_paid_for(submit):
        submit().wait()

    def test_keeps_all_pictures(submit):
        submit(n=3).wait()[0].read()

    @pytest.mark.wan(latency=5)
    def test_poll_interval(submit):
        task = submit()
        while task.status().status != "SUCCEEDED":
            pass
        task.wait()[0].read()

    @pytest.mark.wan(faults="cut where=before on=async")
    def test_never_pays_twice(submit, tmp_path):
        with pytest.raises(OutcomeUnknownError):
            submit()
        submit().wait().save(tmp_path)

    def test_stops_at_the_end(submit, tmp_path):
        task = submit()
        task.wait().save(tmp_path)
        for _ in range(4):
            task.status()

    def test_clean(submit, tmp_path):
        submit(n=3).wait().save(tmp_path)
"""
BROKEN = {
    "leaves-no-task": 1,
    "fetches-what-it-paid-for": 1,
    "keeps-all-pictures": 1,
    "poll-interval": 1,
    "never-pays-twice": 1,
    "stops-at-the-end": 1,
}


def test_conduct_is_judged_on_the_books_of_the_emulator(pytester: pytest.Pytester) -> None:
    result = run(pytester, CONDUCT)
    result.assert_outcomes(passed=7, errors=len(BROKEN))
    for name in BROKEN:
        title = f"*ERROR at teardown of test_{name.replace('-', '_')}*"
        result.stdout.fnmatch_lines_random([title, f"client/{name}: *"])
        assert result.stdout.str().count(f"\nclient/{name}: ") == 1
        block = _block(result.stdout.str(), name)
        assert len(block) <= 12 and f"(ignore='{name}')" in block[-1]
        assert "source: " in block[2] and ":" in block[3]


def test_clients_of_the_server_are_judged_like_those_in_the_process(pytester: pytest.Pytester) -> None:
    code = """
    import httpx
    import pytest
    from wanlib import Wan

    def test_it(wan_server):
        prepared = Wan(wan_server.api_key).prepare("wan2.7-image", "A bridge", size="1K", n=1)
        headers = {**prepared.headers, "Authorization": f"Bearer {wan_server.api_key}"}
        answer = httpx.post(prepared.url, headers=headers, json=prepared.body)
        assert answer.json()["output"]["task_status"] == "PENDING"
    """
    result = run(pytester, code)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["client/leaves-no-task: left task * after 0 polls; *"])


def test_each_rule_of_conduct_can_be_ignored(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nwan_ignore =\n" + "\n".join(f"  {name}" for name in BROKEN))
    run(pytester, CONDUCT).assert_outcomes(passed=7)


def _block(output: str, name: str) -> list[str]:
    """Return the lines about one rule."""
    start = output.index(f"\nclient/{name}: ") + 1
    end = output.index(" in the ini file.", start)
    return output[start:end].splitlines()


def test_a_loop_without_a_deadline_is_ended(pytester: pytest.Pytester) -> None:
    code = """
    import pytest

    pytestmark = pytest.mark.wan(latency=float("inf"))

    def test_loop(wan):
        task = wan.submit("wan2.7-image", "A bridge", size="1K", n=1)
        while task.status().status != "SUCCEEDED":
            pass
    """
    result = run(pytester, code)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["client/has-a-deadline: /api/v1/tasks/* was requested 301 times in *"])


@pytest.mark.parametrize("gap, failing", [(0, 301), (4, 301), (5, 17281), (10, 8641), (60, 1441)])
def test_a_wait_may_last_as_long_as_a_task_lives(gap: float, failing: int) -> None:
    clock = ManualClock(0)
    guard = LoopGuard(Emulator(clock=clock), is_checked=True)
    count = 0
    with pytest.raises(pytest.fail.Exception, match="has-a-deadline"):
        while count < 20_000:
            count += 1
            guard("/tasks/1")
            clock.advance(gap)
    assert abs(count - failing) <= 1


def test_a_check_that_is_switched_off_ends_no_loop() -> None:
    guard = LoopGuard(Emulator(clock=ManualClock(0)), is_checked=False)
    for _ in range(2000):
        guard("/tasks/1")
