"""The fixtures: one clock for client and emulator, marks, a server for other processes, live tests."""

import pytest

from tests.plugin.inner import run
from wanlib import extras
from wanlib.emulator import Emulator
from wanlib.emulator.server.serve import run_in_thread

pytest_plugins = ["pytester"]

TEN_LINES = """
    def test_a_task_is_forgotten_after_a_day(wan, wan_emulator, tmp_path):
        task = wan.submit("wan2.7-image", "A stone bridge in rain", size="1K", n=1)
        task.wait().save(tmp_path)
        wan_emulator.advance(hours=24)
        assert task.status().status == "UNKNOWN"
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_task_is_forgotten_after_a_day(pytester: pytest.Pytester) -> None:
    run(pytester, TEN_LINES).assert_outcomes(passed=1)


def test_the_emulator_shows_its_state_and_is_controlled_by_the_test(pytester: pytest.Pytester) -> None:
    code = """
    import pytest
    from decimal import Decimal
    from wanlib.errors import DeadlineExceededError, RateLimitError, TaskFailedError

    MODEL = "wan2.7-image"

    def test_tasks_ledger_and_requests(wan, wan_emulator, tmp_path):
        out = wan.generate(MODEL, "A bridge", size="1K", n=2)
        out.save(tmp_path)
        (task,) = wan_emulator.tasks
        assert (task.model, task.pictures, task.size, task.prompt) == (MODEL, 2, (1024, 1024), "A bridge")
        account = wan_emulator.ledger[MODEL]
        assert (account.accepted, account.pictures, Decimal(account.amount)) == (1, 2, wan_emulator.spent)
        assert wan.spent == wan_emulator.spent
        assert [request.call for request in wan_emulator.requests] == ["async", "query", "result", "result"]

    @pytest.mark.wan(latency=90)
    def test_latency(wan, wan_emulator, tmp_path):
        before = wan_emulator.now
        wan.generate(MODEL, "A bridge", size="1K", n=1).save(tmp_path)
        assert 90 <= (wan_emulator.now - before).total_seconds() < 100

    @pytest.mark.wan(latency=float("inf"))
    def test_an_end_by_hand(wan, wan_emulator):
        task = wan.submit(MODEL, "A bridge", size="1K", n=1)
        with pytest.raises(DeadlineExceededError):
            task.wait(timeout=60)
        wan_emulator.fail(task.id, "InternalError", "out of paint")
        with pytest.raises(TaskFailedError, match="out of paint"):
            task.wait()
        with pytest.raises(ValueError, match="tasks in progress: none"):
            wan_emulator.succeed(task.id)

    @pytest.mark.wan(faults=["error code=Throttling.RateQuota on=async"])
    def test_faults_of_the_mark_come_first(wan, wan_emulator, tmp_path):
        wan_emulator.faults.add("fail code=InternalError")
        with pytest.raises(TaskFailedError):
            wan.generate(MODEL, "A bridge", size="1K", n=1)
        assert [request.fault for request in wan_emulator.requests][:2] == ["error", "fail"]

    @pytest.mark.wan(quotas=True)
    class TestQuotas:
        def test_quotas(self, wan, wan_emulator, tmp_path):
            for task in [wan.submit(MODEL, "A bridge", size="1K", n=1) for _ in range(12)]:
                task.wait().save(tmp_path)
            assert 429 in [request.status for request in wan_emulator.requests]

        @pytest.mark.wan(latency=10)
        def test_marks_are_joined(self, wan_emulator):
            settings = wan_emulator._emulator.settings
            assert settings.quotas and settings.waiting + settings.working == 10
    """
    run(pytester, code).assert_outcomes(passed=6)


def test_an_event_loop_shares_the_clock(pytester: pytest.Pytester) -> None:
    code = """
    import asyncio
    import pytest

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.anyio
    @pytest.mark.wan(latency=600)
    async def test_anyio(async_wan, wan_emulator, tmp_path):
        tasks = [await async_wan.submit("wan2.7-image", "A bridge", size="1K", n=1) for _ in range(2)]
        for out in await asyncio.gather(*(task.wait(timeout=900) for task in tasks)):
            await out.save(tmp_path)
        wan_emulator.advance(days=1)
        assert (await tasks[0].status()).status == "UNKNOWN"

    def test_a_loop_of_its_own(async_wan, tmp_path):
        async def main():
            async with async_wan:
                await (await async_wan.generate("wan2.7-image", "A bridge", size="1K", n=1)).save(tmp_path)
        asyncio.run(main())
    """
    run(pytester, code, "-W", "error").assert_outcomes(passed=2)


def test_a_server_for_other_processes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
    import os
    import httpx
    import wanlib
    from wan_conformance.plugin.server import proxy_exception

    def test_server(wan_server, wan_emulator, tmp_path):
        assert os.environ["DASHSCOPE_HTTP_BASE_URL"] == wan_server.base_url
        assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "example.org,127.0.0.1"
        assert proxy_exception(wan_server.base_url, {"http_proxy": "x", "NO_PROXY": "*"})["no_proxy"] == "*"
        with wanlib.Wan() as wan:
            wan.generate("wan2.7-image", "A bridge", size="1K", n=1).save(tmp_path)
        assert wan_emulator.ledger["wan2.7-image"].pictures == 1
        headers = {"Authorization": "Bearer sk-another"}
        assert httpx.get(f"{wan_server.base_url}/tasks/x", headers=headers).status_code == 401
        before = wan_emulator.now
        wan_emulator.advance(hours=1)
        assert (wan_emulator.now - before).total_seconds() > 3600

    def test_the_environment_is_restored():
        assert not {"DASHSCOPE_API_KEY", "NO_PROXY"} & {*os.environ}
        assert os.environ["no_proxy"] == "example.org"
    """
    for name, value in {"HTTP_PROXY": "http://127.0.0.1:9", "no_proxy": "example.org"}.items():
        monkeypatch.setenv(name, value)
    run(pytester, code).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "mark, message",
    [
        ("wan(3)", "allowed: the arguments faults, quotas, latency, ignore, by name"),
        ("wan(lateny=3)", "{'lateny': 3}; allowed: the arguments"),
        ("wan(latency=-1)", "latency of @pytest.mark.wan is -1; allowed: seconds from 0"),
        ("wan(quotas=1)", "quotas of @pytest.mark.wan is 1; allowed: True or False"),
        ("wan(faults='cut wher=before')", "unknown fault setting 'wher'"),
        ("wan(faults=7)", "a fault is 7; allowed: a text"),
        ("wan(ignore='no-secret-in-logs')", "did you mean 'client/no-secret-in-log'?"),
    ],
)
def test_a_mistake_in_a_mark_is_one_line(pytester: pytest.Pytester, mark: str, message: str) -> None:
    result = run(pytester, f"import pytest\n@pytest.mark.{mark}\ndef test_it(wan): pass")
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str() and "Traceback" not in result.stdout.str()


def test_a_live_test_needs_a_key_and_a_budget(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    import pytest
    from wanlib.errors import BudgetExceededError

    @pytest.mark.wan_live(budget="0.2")
    def test_live(wan):
        with pytest.raises(BudgetExceededError):
            wan.generate("wan2.7-image", "A bridge", size="1K", n=2)

    @pytest.mark.wan_live(budget=1)
    def test_emulator(wan_emulator):
        pass

    @pytest.mark.wan_live
    def test_no_budget(wan):
        pass
    """
    result = run(pytester, code, "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*the test uses the real service and DASHSCOPE_API_KEY is not set*"])
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-invented-for-this-test")
    result = run(pytester, code, "-rs")
    result.assert_outcomes(passed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines(["*wan_live is {}; allowed: budget=AMOUNT*"])


def test_a_server_can_take_the_place_of_the_emulator(pytester: pytest.Pytester) -> None:
    code = """
    def test_it(wan, tmp_path):
        wan.generate("wan2.7-image", "A bridge", size="1K", n=1, via="sync").save(tmp_path)

    def test_emulator(wan_server):
        pass
    """
    emulator = Emulator()
    with run_in_thread(emulator) as url:
        run(pytester, code, "--wan-base-url", f"{url}/api/v1").assert_outcomes(passed=1, skipped=1)
    assert [account.pictures for account in emulator.ledger()] == [1]


def test_a_server_that_may_bill_needs_a_budget(pytester: pytest.Pytester) -> None:
    """No request is sent: the host does not exist."""
    code = """
    import pytest

    def test_it(wan):
        pass

    async def test_async(async_wan):
        pass

    @pytest.mark.wan_live(budget=1)
    def test_budget(wan):
        pass
    """
    result = run(pytester, code, "--wan-base-url", "https://wan.invented.example/api/v1", "-rs")
    result.assert_outcomes(errors=2, skipped=1)
    result.stdout.fnmatch_lines(
        ["*wan.invented.example, may bill: mark the test with @pytest.mark.wan_live*"]
    )
    assert "Traceback" not in result.stdout.str()


def test_strategies_are_drawn_from(pytester: pytest.Pytester) -> None:
    code = """
    import wanlib
    from hypothesis import given, settings, strategies as st

    @settings(max_examples=5, database=None, deadline=None)
    @given(data=st.data())
    def test_valid(wan_strategies, data):
        question = data.draw(wan_strategies.valid("wan2.7-image"))
        assert wanlib.check(question.body, call=question.call).ok

    @settings(max_examples=5, database=None, deadline=None)
    @given(data=st.data())
    def test_breaking(wan_strategies, data):
        question = data.draw(wan_strategies.breaking("wan2.7/n.max:sequential"))
        found = wanlib.check(question.body, call=question.call)
        assert [violation.rule for violation in found] == ["wan2.7/n.max:sequential"]

    def test_unknown(wan_strategies):
        wan_strategies.breaking("wan2.7/n.mx")
    """
    result = run(pytester, code)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["no rule 'wan2.7/n.mx'; did you mean *"])


def test_a_missing_package_is_reported_with_the_extra_that_brings_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "PIL" else find(name))
    result = run(pytester, "def test_it(wan): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["this needs PIL: pip install 'wanlib[[]pytest]'"])
    assert "Traceback" not in result.stdout.str() and "def require" not in result.stdout.str()
    result = run(pytester, "", "--wan-conformance")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --wan-conformance: this needs PIL: pip install 'wanlib[[]pytest]'"])
