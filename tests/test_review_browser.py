"""The review in a real browser; run with ``make test-browser``.

Needs Chromium with its driver and selenium, and says so where they are missing. Screenshots go to
the folder MMSKIN_SCREENSHOTS, else to the tests' temporary folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmskin_build.config import Workspace
from review_desk import EVIL, GALLERY, Server, decisions_of, make_review, running, start_server

pytestmark = pytest.mark.browser
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
LAPTOP, TABLET, UPRIGHT = (1280, 720), (1024, 768), (768, 1024)
SERIOUS = ("serious", "critical")


def find(*names: str) -> str:
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    pytest.skip(f"{names[0]} is not installed")


class Reviewer:
    """A person at the browser, whose keys and clicks are counted."""

    def __init__(self, driver: Any, shots: Path) -> None:
        self.driver, self.shots, self.actions, self.server = driver, shots, 0, ""

    def size(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def open(self, path: str) -> None:
        self.driver.get(self.server.rstrip("/") + path)
        self.ready()
        self.actions = 0

    def exchanged(self) -> None:
        """Wait until the screen that was seen last has given way to the next one."""
        self.until(lambda: self.js("return window.seen !== true"))
        self.ready()

    def ready(self) -> None:
        """Wait until the screen can be used, and mark it as seen."""
        self.until(
            lambda: self.js("return window.seen = document.documentElement.dataset.ready === 'yes'")
        )

    def js(self, code: str, *values: Any) -> Any:
        return self.driver.execute_script(code, *values)

    def until(self, holds: Callable[[], Any], seconds: float = 15.0) -> Any:
        end = time.monotonic() + seconds
        while True:
            try:
                found = holds()
            except Exception:  # the page is just being exchanged
                found = None
            if found:
                return found
            assert time.monotonic() < end, f"nothing came: {self.driver.current_url}"
            time.sleep(0.03)

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            self.actions += 1
            ActionChains(self.driver).send_keys(key).perform()

    def type(self, text: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(text).perform()

    def click(self, selector: str, number: int = 0) -> None:
        self.actions += 1
        found = self.driver.find_elements("css selector", selector)[number]
        self.js("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def drag(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw from one place of an element to another, in shares of its size."""
        from selenium.webdriver.common.action_chains import ActionChains

        element = self.driver.find_element("css selector", selector)
        box = self.js(
            "const b = arguments[0].getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]",
            element,
        )
        self.actions += 1
        places = [(round(box[0] + x * box[2]), round(box[1] + y * box[3])) for x, y in (start, end)]
        chain = ActionChains(self.driver, duration=20)
        chain.w3c_actions.pointer_action.move_to_location(*places[0])
        chain.w3c_actions.pointer_action.pointer_down()
        chain.w3c_actions.pointer_action.move_to_location(*places[1])
        chain.w3c_actions.pointer_action.pointer_up()
        chain.perform()

    def text(self) -> str:
        return str(self.driver.find_element("tag name", "body").text)

    def shot(self, name: str) -> None:
        self.driver.save_screenshot(str(self.shots / f"{name}.png"))

    def come(self, who: str) -> None:
        """Sit down as somebody."""
        self.open("/")
        code = (
            "const done = arguments[1]; fetch('/reviewer', {method: 'POST', headers:"
            "{'Content-Type': 'application/json'}, body: JSON.stringify({name: arguments[0]})})"
            ".then(() => { localStorage.clear(); sessionStorage.clear(); done(); })"
        )
        self.driver.execute_async_script(code, who)


def start_driver() -> Any:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = find("chromium", "chromium-browser", "google-chrome")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(find("chromedriver")))


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("MMSKIN_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    found = start_driver()
    yield found
    found.quit()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    make_review(folder)
    return folder


@pytest.fixture
def workspace(drawn: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(drawn, tmp_path / "w")
    return Workspace(tmp_path / "w" / "data")


@pytest.fixture
def server(workspace: Workspace) -> Iterator[Server]:
    with running(workspace) as started:
        yield started


@pytest.fixture
def ada(driver: Any, shots: Path, server: Server) -> Reviewer:
    reviewer = Reviewer(driver, shots)
    reviewer.server = server.address
    reviewer.size(*LAPTOP)
    reviewer.come("ada")
    driver.get_log("browser")
    return reviewer


def after(reviewer: Reviewer, workspace: Workspace, count: int, kind: str = "") -> dict[str, Any]:
    """The last decision (of a kind) once there are `count` of them."""
    reviewer.until(lambda: len(decisions_of(workspace)) >= count)
    reviewer.exchanged()
    return [d for d in decisions_of(workspace) if kind in ("", d["field"])][-1]


BY_KEYS: dict[str, tuple[tuple[str, ...], str]] = {
    "sensitive": (("v", "1"), "keep"),
    "figure": (("y",), "accepted"),
    "annotated": (("2",), "marks"),
    "modality": (("3",), "pathological"),
    "demographics": (("y",), "accepted"),
    "duplicate": (("n",), "different"),
    "qa": (("y",), "accepted"),
    "sample": (("y",), "right"),
}
ENTER, ESCAPE = "\ue007", "\ue00c"


def test_each_kind_is_decided_by_keys(ada: Reviewer, workspace: Workspace) -> None:
    for count, (kind, (keys, value)) in enumerate(BY_KEYS.items(), 1):
        ada.open(f"/next?kind={kind}")
        ada.until(lambda: ada.js("return Array.from(document.images).every(i => i.complete)"))
        ada.shot(f"{kind}")
        before = ada.driver.current_url
        ada.press(*keys)
        decision = after(ada, workspace, count, kind)
        assert (decision["field"], decision["value"], decision["reviewer"]) == (kind, value, "ada")
        assert ada.driver.current_url != before
    assert [e for e in ada.driver.get_log("browser") if e["level"] == "SEVERE"] == []


def test_each_kind_is_decided_by_mouse(ada: Reviewer, workspace: Workspace) -> None:
    for count, (kind, (_, value)) in enumerate(BY_KEYS.items(), 1):
        ada.open(f"/next?kind={kind}")
        if kind == "sensitive":
            ada.click("#unveil")
        ada.click(f"button.choice[data-value='{value}']")
        decision = after(ada, workspace, count, kind)
        assert (decision["field"], decision["value"]) == (kind, value)


def test_a_mask_is_drawn_by_mouse_on_a_picture_shown_on_demand(
    ada: Reviewer, workspace: Workspace
) -> None:
    ada.open("/next?kind=sensitive")
    image = "return document.querySelector('.viewer img').getAttribute('src')"
    assert "clear" not in ada.js(image)
    ada.click("button.choice[data-value='mask']")
    assert "clear=1" in ada.js(image)
    ada.drag("#canvas", (0.25, 0.2), (0.5, 0.6))
    ada.shot("sensitive_mask")
    ada.press(ENTER)
    decision = after(ada, workspace, 1)
    assert decision["value"] == "mask" and decision["details"] == {"reasons": "face"}
    ((x0, y0, x1, y1),) = decision["boxes"]
    assert abs(x0 - 55) < 4 and abs(y0 - 30) < 4 and abs(x1 - 110) < 4 and abs(y1 - 90) < 4


def test_nobody_keeps_what_they_have_not_seen(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=sensitive")
    ada.press("1")
    ada.until(lambda: "choose again" in ada.text())
    assert decisions_of(workspace) == []
    ada.open("/gallery?kind=sensitive")
    ada.press(ENTER)
    ada.until(lambda: "save again" in ada.text())
    assert decisions_of(workspace) == []
    ada.press(ENTER)
    ada.until(lambda: {d["value"] for d in decisions_of(workspace)} == {"keep"})


def test_a_mask_is_drawn_by_keys(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=sensitive")
    ada.press("2", "b", "\ue012", "\ue012", "\ue015", ENTER)  # left, left, down
    ((x0, y0, x1, y1),) = after(ada, workspace, 1)["boxes"]
    assert x0 < 77 and y0 > 52 and x1 - x0 == pytest.approx(66, abs=2)
    assert y1 - y0 == pytest.approx(45, abs=2)


def test_another_caption_takes_at_most_three_actions(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=figure")
    ada.click(".pick[data-number='2']")  # on the next page
    ada.shot("figure_caption")
    ada.press(ENTER)
    decision = after(ada, workspace, 1)
    assert ada.actions <= 3
    assert decision["value"] == "caption" and decision["caption"]["page_index"] == 3
    assert decision["caption"]["text"] == "Plaque number 4 on the left forearm."
    ada.open("/next?kind=figure")
    ada.press("c", "2", ENTER)
    decision = after(ada, workspace, 2)
    assert ada.actions <= 3
    assert decision["caption"]["page_index"] == 2


def test_the_words_of_a_caption_are_edited(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=figure")
    ada.press("e")
    ada.type(" Mended.")
    ada.press(ESCAPE, ENTER)
    decision = after(ada, workspace, 1)
    assert decision["value"] == "accepted"
    assert decision["details"]["text"].endswith("forearm. Mended.")


def test_letters_are_moved_and_panels_joined_and_split(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=figure")
    ada.press("l")
    ada.type("b")
    ada.click(".letter", 1)
    ada.js("document.querySelectorAll('.letter')[1].select()")
    ada.type("a")
    ada.press(ESCAPE)
    ada.press(ENTER)
    decision = after(ada, workspace, 1)
    assert [panel["label"] for panel in decision["panels"]] == ["b", "a"]
    ada.open("/next?kind=figure")
    ada.press("j", ENTER)
    decision = after(ada, workspace, 2)
    assert [panel["bbox"] for panel in decision["panels"]] == [[72.0, 112.0, 362.0, 312.0]]


def test_boxes_of_panels_are_drawn_on_the_page(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/next?kind=figure")
    ada.click("#draw")
    ada.js("document.querySelector('.sheet.here').scrollIntoView()")
    ada.drag(".sheet.here svg", (0.1, 0.14), (0.3, 0.3))
    ada.drag(".sheet.here svg", (0.4, 0.14), (0.6, 0.3))
    ada.shot("figure_drawn")
    ada.click("#save")
    boxes = [panel["bbox"] for panel in after(ada, workspace, 1)["panels"]]
    assert len(boxes) == 2
    assert boxes[0] == pytest.approx([61, 111, 184, 238], abs=4)


def test_a_patient_an_answer_and_a_sample_are_corrected(
    ada: Reviewer, workspace: Workspace
) -> None:
    ada.open("/next?kind=demographics")
    ada.press("e")
    ada.js("document.activeElement.select()")
    ada.type("43")
    ada.press(ENTER)
    decision = after(ada, workspace, 1)
    assert decision["value"] == "changed"
    assert decision["details"] == {"age_years": "43", "sex": "female"}
    ada.open("/next?kind=qa")
    ada.press("e")
    ada.type(" It itches.")
    ada.press(ESCAPE, ENTER)
    decision = after(ada, workspace, 2)
    assert decision["value"] == "changed" and decision["details"]["answer"].endswith("itches.")
    ada.open("/next?kind=qa")
    ada.press("n", ENTER)
    decision = after(ada, workspace, 3)
    assert decision["value"] == "rejected" and decision["details"]["reason"]
    ada.open("/next?kind=sample")
    ada.press("n", ENTER)
    assert after(ada, workspace, 4)["value"] == "wrong"


def test_a_grid_of_24_that_is_right_takes_two_keys_at_most(
    ada: Reviewer, workspace: Workspace
) -> None:
    from mmskin_build.review.desk import Desk, Filter

    ada.open("/gallery?kind=modality")
    while len(ada.driver.find_elements("css selector", ".tile")) != 24:  # the few of other kinds
        ada.press(ENTER)
        ada.exchanged()
    ada.actions, before = 0, len(decisions_of(workspace))
    started = time.monotonic()
    ada.shot("gallery")
    ada.press(ENTER)
    ada.until(lambda: len(decisions_of(workspace)) == before + 24)
    ada.exchanged()
    assert ada.actions <= 2
    print(f"24 right ones: {ada.actions} key, {time.monotonic() - started:.2f} s")
    assert {d["value"] for d in decisions_of(workspace)[before:]} == {"clinical"}
    assert Desk(workspace).progress(Filter(kind="modality")).left <= GALLERY - 24 + 3


def test_wrong_ones_of_a_grid_are_clicked(ada: Reviewer, workspace: Workspace) -> None:
    ada.open("/gallery?kind=modality")
    count = len(ada.driver.find_elements("css selector", ".tile"))
    proposed = ada.js("return JSON.parse(document.querySelector('#data').textContent).proposed")
    ada.click(".tile .toggle", 0)
    ada.click(".tile.wrong .others button[data-value='pathological']")
    if count > 1:
        ada.click(".tile .toggle", 1)
    ada.shot("gallery_wrong")
    ada.click("#save")
    after(ada, workspace, max(1, count - 1))
    values = [d["value"] for d in decisions_of(workspace)]
    assert values[0] == "pathological"
    assert values[1:] == [proposed] * max(0, count - 2)


def test_undo_takes_the_last_decision_back_and_opens_it(
    ada: Reviewer, workspace: Workspace
) -> None:
    ada.open("/next?kind=modality")
    first = ada.driver.current_url
    ada.press("4")
    after(ada, workspace, 1)
    ada.until(lambda: ada.driver.current_url != first)
    ada.ready()
    ada.press("u")
    ada.until(lambda: ada.driver.current_url == first)
    assert [d["field"] for d in decisions_of(workspace)] == ["modality", "undo"]
    ada.ready()
    ada.press("1")
    assert after(ada, workspace, 3)["value"] == "clinical"


def test_the_last_ten_can_be_opened_and_taken_back(ada: Reviewer, workspace: Workspace) -> None:
    for count in range(1, 13):
        ada.open("/next?kind=modality")
        ada.press("1")
        after(ada, workspace, count)
    ada.open("/recent")
    assert len(ada.driver.find_elements("css selector", "button.undo")) == 10
    ada.shot("recent")
    ada.click("button.undo", 9)
    ada.until(lambda: decisions_of(workspace)[-1]["field"] == "undo")
    assert decisions_of(workspace)[-1]["undoes"] == decisions_of(workspace)[2]["id"]
    ada.exchanged()
    ada.open("/recent")
    ada.click(".decisions a.button", 0)
    ada.exchanged()
    assert "Decided by ada" in ada.text()
    ada.press("5")
    assert after(ada, workspace, 14)["made_on"] == decisions_of(workspace)[11]["id"]


def test_a_reload_in_the_midst_keeps_what_was_typed_and_drawn(
    ada: Reviewer, workspace: Workspace
) -> None:
    ada.open("/next?kind=sensitive")
    ada.press("2")
    ada.drag("#canvas", (0.2, 0.2), (0.6, 0.6))
    ada.driver.refresh()
    ada.ready()
    assert "draft restored" in ada.text()
    assert len(ada.driver.find_elements("css selector", "#canvas .hand")) == 1
    ada.press(ENTER)
    assert len(after(ada, workspace, 1)["boxes"]) == 1
    ada.open("/next?kind=figure")
    ada.press("e")
    ada.type(" Half a")
    ada.driver.refresh()
    ada.ready()
    assert ada.js("return document.querySelector('#text').value").endswith(" Half a")


def test_two_reviewers_and_a_conflict_that_is_overridden(
    ada: Reviewer, workspace: Workspace, server: Server, shots: Path
) -> None:
    with contextlib.ExitStack() as stack:
        other = start_driver()
        stack.callback(other.quit)
        bob = Reviewer(other, shots)
        bob.server = server.address
        bob.size(*LAPTOP)
        bob.come("bob")
        ada.open("/next?kind=modality")
        bob.open("/next?kind=modality")
        assert ada.driver.current_url != bob.driver.current_url  # not the same at once
        bob.driver.get(ada.driver.current_url)  # unless bob insists
        bob.ready()
        ada.press("1")
        after(ada, workspace, 1)
        bob.press("3")
        bob.until(lambda: "ada decided" in bob.text())
        bob.shot("conflict")
        assert len(decisions_of(workspace)) == 1
        bob.click("#alert button", 1)
        decision = after(bob, workspace, 2)
        assert decision["value"] == "pathological" and decision["overrides"]


def test_a_failed_save_shouts_keeps_the_work_and_is_made_up_for(
    ada: Reviewer, workspace: Workspace, server: Server
) -> None:
    ada.open("/next?kind=modality")
    port = server.port
    server.kill()
    ada.press("2")
    ada.until(lambda: "NOT SAVED" in ada.text())
    ada.shot("not_saved")
    assert decisions_of(workspace) == []
    again = start_server(workspace, port=port)
    try:
        ada.open("/")  # even on another page
        ada.until(lambda: len(decisions_of(workspace)) == 1)
        assert decisions_of(workspace)[0]["value"] == "dermoscopic"
        ada.open("/")
        assert len(decisions_of(workspace)) == 1
    finally:
        again.kill()


def test_a_script_in_a_caption_is_text(ada: Reviewer, workspace: Workspace) -> None:
    from mmskin_build.review.desk import Desk

    evil = next(row for row in Desk(workspace).index.rows if row.proposed == "other")
    ada.open(f"/task/{evil.id}")
    assert EVIL in ada.text()
    assert "owned" not in ada.driver.title
    assert ada.js("return document.querySelectorAll('main script:not([type])').length") == 0


SCREENS = ("/", "/help", "/recent", "/disagreements", "/gallery?kind=modality") + tuple(
    f"/next?kind={kind}" for kind in BY_KEYS
)


@pytest.mark.parametrize("size", [LAPTOP, TABLET, UPRIGHT], ids=["laptop", "tablet", "upright"])
def test_each_screen_fits_and_its_choices_can_be_reached(
    ada: Reviewer, size: tuple[int, int]
) -> None:
    ada.size(*size)
    for path in SCREENS:
        ada.open(path)
        wide = ada.js("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        name = path.strip("/?").replace("?", "_").replace("=", "_").replace("/", "_") or "home"
        ada.shot(f"{size[0]}_{name}")
        for button in ada.driver.find_elements("css selector", "button.choice"):
            box = ada.js(
                "arguments[0].scrollIntoView({block: 'nearest'});"
                "const b = arguments[0].getBoundingClientRect(); return [b.top, b.bottom]",
                button,
            )
            assert box[0] >= 0 and box[1] <= size[1] + 1, f"{path}: {button.text} is out of sight"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_fault_of_accessibility(ada: Reviewer, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there; make test-browser fetches it with npm")
    script = AXE.read_text(encoding="utf-8")
    ada.js("localStorage.setItem('mmskin:theme', arguments[0])", theme)
    faults = []
    for path in SCREENS:
        ada.open(path)
        ada.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": script})
        found = ada.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document).then(done)"
        )
        for fault in found["violations"]:
            if fault["impact"] in SERIOUS:
                nodes = [node["html"][:120] for node in fault["nodes"][:2]]
                faults.append(f"{path}: {fault['id']}: {json.dumps(nodes)}")
    ada.shot(f"theme_{theme}")
    ada.js("localStorage.clear()")
    assert faults == []
