"""The admin page in a real browser."""

import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest

from tests.emulator.api_client import (
    BODIES,
    KEY,
    PLAIN,
    PRO,
    SPEC,
    URL,
    create,
    fetch,
    links,
    messages,
    query,
    send,
    submit,
)
from tests.support.browser import browsing, complaints, contrasts, open_page
from tests.support.patience import PATIENCE
from tests.support.report_pages import rule_violations
from wanlib.emulator import Emulator, ManualClock, RealClock, Settings
from wanlib.emulator.server.serve import run_in_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>&lt;"
NEVER = Settings(waiting=10, working=float("inf"))


# One browser for the file and none beyond it: while Playwright runs, its event loop is the thread's.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with browsing() as found:
        yield found


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(SPEC, clock=ManualClock(1_767_225_600.0), settings=NEVER)  # 2026-01-01
    yield emulator
    emulator.close()


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with run_in_thread(emulator) as address:
        yield address


@pytest.fixture(scope="module")
def tab(browser: "Browser") -> "Page":
    """One for most tests: a new one costs more than a test."""
    return open_page(browser, reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def page(tab: "Page", url: str) -> Iterator["Page"]:
    """The page, opened. Whatever a test does to it, the browser has nothing to complain of."""
    tab.set_viewport_size({"width": 1280, "height": 900})
    with complaints(tab) as found:
        tab.goto(url)
        tab.wait_for_selector("#link[data-state=live]")
        yield tab
        tab.goto("about:blank")
    assert not found


def look(page: "Page") -> None:
    """The page asks at once, as it does when it is seen again."""
    with page.expect_response("**/_/state"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def card(page: "Page", task: str) -> "Locator":
    """A task on the page."""
    return page.locator(f'.task[data-id="{task}"]')


def wait_status(page: "Page", task: str, status: str) -> None:
    """Until the page shows a task in a state, by its own asking."""
    card(page, task).locator(f'.state[data-status="{status}"]').wait_for()


def see(page: "Page", emulator: Emulator, body: Any = BODIES[PLAIN]) -> str:
    """A task that the page shows already."""
    task = submit(emulator, body)
    look(page)
    wait_status(page, task, "PENDING")
    return task


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def steps(page: "Page", task: str) -> dict[str, bool]:
    """The steps of a task's life, and whether they are done."""
    found = card(page, task).locator(".step").all()
    done = [step.get_attribute("data-done") == "true" for step in found]
    return dict(zip((step.locator("span").first.inner_text() for step in found), done, strict=True))


def test_tasks_appear_by_themselves_and_live(page: "Page", emulator: Emulator) -> None:
    task = submit(emulator, messages(PRO, URL, prompt="a clock", n=2, size="1024*768"))
    wait_status(page, task, "PENDING")
    text = card(page, task).inner_text()
    assert "a clock" in text and "wan2.7-image-pro · async · 2 pictures of 1024\u00d7768" in text
    assert "image 1: https://example.com/cat.png" in text and text.count("not yet") == 2
    assert steps(page, task) == {"Submitted": True, "Start": False, "End": False, "Unknown": False}
    press(page, "+1 minute")
    wait_status(page, task, "RUNNING")
    assert page.locator("#now").inner_text() == "2026-01-01 00:01:00"
    assert steps(page, task)["Start"]


def test_after_a_day_a_task_is_unknown_and_its_links_have_expired(page: "Page", emulator: Emulator) -> None:
    task = see(page, emulator)
    press(page, f"Finish task {task}")
    wait_status(page, task, "SUCCEEDED")
    image = card(page, task).locator("img").first
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    link = links(query(emulator, task))[0]
    assert fetch(emulator, link).status == 200
    press(page, "+1 hour")
    press(page, "+1 day")
    wait_status(page, task, "UNKNOWN")
    assert card(page, task).inner_text().count("link is dead") == 2
    assert not card(page, task).locator("img:visible").count()
    assert all(steps(page, task).values())
    assert fetch(emulator, link).status in (403, 404)


def test_a_task_fails_with_the_code_that_is_chosen(page: "Page", emulator: Emulator) -> None:
    task, other = submit(emulator, BODIES[PLAIN]), see(page, emulator, BODIES[PRO])
    page.get_by_label("Fail with").select_option("DataInspectionFailed")
    button = page.get_by_role("button", name=f"Fail task {task}")
    button.focus()
    page.keyboard.press("Enter")
    wait_status(page, task, "FAILED")
    assert query(emulator, task)["output"]["code"] == "DataInspectionFailed"
    assert card(page, task).locator(".why").inner_text().startswith("DataInspectionFailed: ")
    assert not button.is_visible() and card(page, other).get_by_role("button").count() == 2
    assert page.evaluate("document.activeElement.dataset.id") == task
    page.locator("#announcements", has_text=f"Task {task[:8]}: FAILED.").wait_for(state="attached")


def test_each_request_lists_the_rules_that_it_broke(page: "Page", emulator: Emulator) -> None:
    task = submit(emulator, messages(PLAIN, prompt="p" * 9999, n=1))
    create(emulator, messages(PLAIN, n=99))
    send(emulator, "GET", "/tasks/nothing", x_wan_fault="error code=Throttling")
    look(page)
    rows = page.locator(".request")
    rows.nth(2).wait_for()
    cells = [row.inner_text().split() for row in rows.all()]
    assert [words[:2] for words in cells] == [["429", "query"], ["400", "async"], ["200", "async"]]
    assert "wan2.7/n.max" in cells[1] and "rejected" in cells[1]
    assert "wan2.7/prompt.max_chars" in cells[2] and "truncated" in cells[2]
    assert "injected fault error" in rows.first.inner_text()
    page.get_by_label("only those that broke a rule").check()
    assert rows.count() == 2
    assert "wan2.7/prompt.max_chars" in card(page, task).locator(".rules").inner_text()


def test_conduct_is_judged_as_requests_come(page: "Page", emulator: Emulator) -> None:
    section = page.locator("section[aria-labelledby=conduct-title]")
    assert section.get_by_text("No client has broken a rule of conduct so far.").is_visible()
    task = see(page, emulator, messages(PLAIN, prompt=HOSTILE))
    for _ in range(12):  # at the same moment
        query(emulator, task)
    look(page)
    finding = section.locator(".finding", has_text="client/poll-interval")
    finding.wait_for()
    assert section.locator("#finding-count").inner_text() == "1"
    assert not section.get_by_text("so far").is_visible()
    finding.locator("summary").click()
    assert "queried task" in finding.locator(".story").inner_text()
    look(page)
    assert finding.locator("details[open]").count() == 1
    assert emulator.complete_task(task)
    for _ in range(3):
        press(page, "+1 day")
    section.locator(".finding", has_text="client/leaves-no-task").wait_for()
    assert finding.locator("details[open]").count() == 1


def test_the_ledger_adds_up(page: "Page", emulator: Emulator) -> None:
    for model in (PRO, PLAIN, PLAIN):
        emulator.complete_task(submit(emulator, BODIES[model]))
    emulator.complete_task(submit(emulator, BODIES[PRO]), "InternalError")
    look(page)
    page.locator("#accounts tr").nth(1).wait_for()
    table = [row.inner_text().split() for row in page.locator("#ledger tr").all()]
    rows = {cells[0]: cells[1:] for cells in table}
    assert rows["Model"][-1] == "CNY"
    assert rows[PLAIN][:5] == ["2", "2", "0", "0", "4"] and rows[PRO][:5] == ["2", "1", "1", "0", "2"]
    assert rows["All"][:5] == ["4", "3", "1", "0", "6"]
    assert float(rows["All"][5]) == pytest.approx(float(rows[PRO][5]) + float(rows[PLAIN][5]))


def test_text_is_never_markup(page: "Page", emulator: Emulator, url: str) -> None:
    task = submit(emulator, messages(PLAIN, f"https://example.com/{HOSTILE[:20]}.png", prompt=HOSTILE))
    odd = submit(emulator, messages(PLAIN, prompt="\ud800 \u202e \x00"))
    httpx.get(f"{url}/api/v1/<b>x</b>", headers=KEY, trust_env=False)
    look(page)
    wait_status(page, odd, "PENDING")
    assert card(page, task).locator(".prompt").inner_text() == HOSTILE
    assert page.locator("[onerror], .task script, .request b b").count() == 0
    assert page.title() == "Wan emulator"


ADD = """markup => { try {
  document.body.append(document.createRange().createContextualFragment(markup));
} catch {} }"""


def test_no_script_but_its_own_runs(browser: "Browser", url: str) -> None:
    page = open_page(browser)
    page.goto(url)
    for markup in ("<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 1'>"):
        page.evaluate(ADD, markup)
    with complaints(page) as found:
        page.evaluate("fetch('http://127.0.0.2:9/').catch(() => {})")
    assert page.evaluate("window.ran") is None
    assert any("connect-src" in text for text in found)
    page.close()


def test_requests_from_other_origins_and_hosts_are_refused(
    browser: "Browser", url: str, emulator: Emulator
) -> None:
    page, began = open_page(browser), emulator.clock.wall()
    renamed = page.goto(url.replace("127.0.0.1", "rebound.localhost"))
    assert renamed is not None and renamed.status == 403
    page.close()
    step: dict[str, Any] = {"json": {"seconds": 60}, "trust_env": False}
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}, {}):
        assert httpx.post(f"{url}/_/clock", headers=headers, **step).status_code == 403
    assert emulator.clock.wall() == began


def test_an_empty_page_explains_how_to_connect_a_client(page: "Page", url: str) -> None:
    assert page.get_by_text("No tasks yet.").is_visible()
    assert all(url in text for text in page.locator("[data-base]").all_inner_texts())
    copy = page.locator("[data-copy=hint-curl]")
    copy.click()
    page.get_by_role("button", name="Copied").wait_for()
    lines = page.evaluate("navigator.clipboard.readText()")
    assert lines == page.locator("#hint-curl").inner_text()
    if shutil.which("curl") and shutil.which("sh"):
        printed = subprocess.check_output(
            ["sh", "-c", lines + " --noproxy '*' -s -i"], timeout=PATIENCE, text=True
        )
        assert printed.startswith("HTTP/1.1 200") and "x-wan-rules" not in printed
        look(page)
        page.locator('.state[data-status="PENDING"]').wait_for()


def test_hints_make_room_for_the_first_task(page: "Page", emulator: Emulator) -> None:
    assert page.locator("#hints[open]").count() == 1
    see(page, emulator)
    assert page.locator("#hints[open]").count() == 0
    page.get_by_text("Connect a client").click()
    see(page, emulator)
    assert page.locator("#hints[open]").count() == 1


def test_a_button_keeps_the_focus_across_updates(page: "Page", emulator: Emulator) -> None:
    task = see(page, emulator)
    button = page.get_by_role("button", name=f"Finish task {task}")
    button.focus()
    before = button.element_handle()
    place = button.bounding_box()
    emulator.complete_task(submit(emulator, BODIES[PRO]))
    look(page)
    page.locator(".task").nth(1).wait_for()
    assert page.evaluate("button => button === document.activeElement && button.isConnected", before)
    assert place is not None and (now := button.bounding_box()) is not None and now["x"] == place["x"]


def test_the_page_does_not_poll_while_hidden(browser: "Browser", url: str) -> None:
    page = open_page(browser)
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.wait_for_selector("#link[data-state=live]")
    with page.expect_response("**/_/state"):
        page.clock.run_for(1000)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    before = len(asked)
    page.clock.run_for(60_000)
    assert len(asked) == before
    page.evaluate("delete document.hidden")
    look(page)
    assert len(asked) == before + 1
    page.close()


def test_a_real_clock_has_no_buttons_and_a_lost_server_is_shown(browser: "Browser") -> None:
    page = open_page(browser)
    with run_in_thread(Emulator(SPEC, clock=RealClock())) as url:
        page.goto(url)
        page.wait_for_selector("#link[data-state=live]")
        assert page.get_by_text("real time").is_visible() and not page.locator("#advance").is_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#link[data-state=lost]")
    page.close()


# Whatever has more in it than it can show; lines to copy may be scrolled.
WIDER = """() => [document.documentElement, ...document.querySelectorAll("body *:not(pre)")]
  .filter((node) => node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}`)"""


def test_it_is_readable(page: "Page", emulator: Emulator) -> None:
    for index, model in enumerate(BODIES):
        task = submit(emulator, BODIES[model])
        if index < 2:
            emulator.complete_task(task, "InternalError" if index else None)
    create(emulator, messages(PLAIN, n=99, bogus=1))
    send(emulator, "GET", f"/{'n' * 300}")
    task = see(page, emulator, messages(PLAIN, prompt="w" * 6000))
    for _ in range(12):
        query(emulator, task)
    page.locator(".finding summary").click()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width, scheme in product((390, 1280), schemes):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert not page.evaluate(WIDER), width
        dim = {text: ratio for text, ratio in contrasts(page).items() if ratio < 4.5}
        assert not dim, scheme
        assert width != 390 or not [*rule_violations(page)], scheme


def test_it_is_worked_by_keyboard(page: "Page", emulator: Emulator) -> None:
    emulator.complete_task(submit(emulator, BODIES[PLAIN]))
    look(page)
    page.locator("img").first.wait_for()
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached[:4] == ["Skip to the tasks", "+1 minute", "+1 hour", "+1 day"]
    assert {"Connect a client", "broken-only"} <= set(reached)


def test_nothing_is_touched_where_nothing_has_changed(page: "Page", emulator: Emulator) -> None:
    emulator.complete_task(submit(emulator, BODIES[PRO]))
    emulator.complete_task(submit(emulator, BODIES[PLAIN]), "InternalError")
    create(emulator, messages(PLAIN, n=99))
    see(page, emulator, messages(PLAIN, prompt="p" * 9999))
    page.evaluate("new Promise((done) => requestAnimationFrame(done))")  # announced by then
    page.evaluate("""() => {
      window.touched = [];
      const note = (changes) => window.touched.push(...changes.map((each) => each.target.outerHTML));
      window.watch = new MutationObserver(note);
      const all = {subtree: true, childList: true, attributes: true, characterData: true};
      window.watch.observe(document.body, all);
    }""")
    look(page)
    with page.expect_response("**/_/state"):  # the next round begins when this one has been shown
        pass
    assert page.evaluate("window.touched") == []
