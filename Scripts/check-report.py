#!/usr/bin/env python3
"""Opens reports of moe-inspect in a headless Chromium, at phone and desktop width, light and dark.

    Scripts/check-report.py BIN_DIRECTORY OUT_DIRECTORY MODEL.moe [report options…]

BIN_DIRECTORY holds the commands. A second model, made here, has names that try to become markup. Fails on anything that the browser complains about (exceptions, violations of the content security policy), on any request, on a page
wider than its window, and where the keyboard does not do what it should. Leaves a screenshot of each view in OUT_DIRECTORY.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    """Chromium by its debugging pipe: no server, no port, no package."""

    def __init__(self, profile: str) -> None:
        program = next((p for p in ("chromium", "chromium-browser", "google-chrome", "chrome") if shutil.which(p)), None)
        if program is None:
            sys.exit("check-report: there is no Chromium; apt-get install chromium")
        their_input, self._output = os.pipe()
        self._input, their_output = os.pipe()

        def place_pipes() -> None:
            # Away from 3 and 4 first, so that neither is overwritten before it is moved.
            a, b = os.dup2(their_input, 100), os.dup2(their_output, 101)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self._process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(their_input)
        os.close(their_output)
        self._pending = b""
        self._number = 0
        self.events: list[dict] = []
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def _message(self) -> dict:
        while b"\0" not in self._pending:
            data = os.read(self._input, 1 << 20)
            if not data:
                sys.exit("check-report: Chromium ended")
            self._pending += data
        text, _, self._pending = self._pending.partition(b"\0")
        return json.loads(text)

    def call(self, method: str, parameters: dict | None = None, session: str | None = None) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self._output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def send(self, method: str, parameters: dict | None = None) -> dict:
        return self.call(method, parameters, self._session)

    def value(self, expression: str) -> object:
        result = self.send("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def key(self, key: str) -> None:
        codes = {"ArrowRight": 39, "ArrowDown": 40, "ArrowLeft": 37, "ArrowUp": 38, "Enter": 13, "Tab": 9, "End": 35, "Home": 36}
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key], **text})

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def complaints(events: list[dict], page: str) -> list[str]:
    """What a browser says against a page."""
    found = []
    for event in events:
        parameters = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            found.append("exception: " + json.dumps(parameters["exceptionDetails"])[:300])
        elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            found.append("log: " + parameters["entry"]["text"])
        elif event["method"] == "Page.javascriptDialogOpening":
            found.append("dialog: " + parameters["message"])
        elif event["method"] == "Runtime.consoleAPICalled":
            found.append("console: " + json.dumps(parameters["args"])[:300])
        elif event["method"] == "Network.requestWillBeSent" and parameters["request"]["url"] not in (page, "about:blank"):
            found.append("request: " + parameters["request"]["url"][:200])
    return found


def check(browser: Browser, page: str, width: int, theme: str, shot: pathlib.Path) -> list[str]:
    browser.events.clear()
    height = 844 if width < 600 else 1000
    browser.send("Emulation.setDeviceMetricsOverride",
                 {"width": width, "height": height, "deviceScaleFactor": 2 if width < 600 else 1, "mobile": width < 600})
    browser.send("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    browser.send("Page.navigate", {"url": page})
    for _ in range(200):
        time.sleep(0.05)
        if browser.value("document.readyState") == "complete" and browser.value("document.getElementById('count')?.textContent"):
            break
    time.sleep(0.4)
    failures = []

    def expect(expression: str, what: str) -> None:
        if browser.value(expression) is not True:
            failures.append(what)

    expect("document.scripts.length === 2 && document.querySelector('img, svg, iframe, object, embed, link') === null", "a name became markup")
    expect("document.documentElement.scrollWidth <= innerWidth", f"the page is wider than {width} px")
    expect(f"document.documentElement.dataset.theme === '{theme}'", "the theme is not the system's")
    whole = browser.value("Math.min(5200, document.documentElement.scrollHeight)")
    image = browser.send("Page.captureScreenshot", {
        "format": "png", "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": width, "height": whole, "scale": 1}})["data"]
    shot.write_bytes(base64.b64decode(image))

    # Tiles: the first is reached by Tab, arrows move, Enter lists what is in it.
    if browser.value("document.querySelectorAll('.tile').length > 1"):
        browser.value("document.querySelector('.tile[tabindex=\"0\"]').focus()")
        before = browser.value("document.activeElement.getAttribute('aria-label')")
        for key in ("ArrowRight", "ArrowDown"):
            browser.key(key)
        if browser.value("document.activeElement.getAttribute('aria-label')") == before:
            failures.append("arrows do not move between tiles")
        expect("document.querySelectorAll('.tile[tabindex=\"0\"]').length === 1", "more than one tile is in the tab order")
        all_rows = browser.value("document.getElementById('count').textContent")
        browser.key("Enter")
        if browser.value("document.getElementById('count').textContent") == all_rows:
            failures.append("Enter on a tile does not list its tensors")
        browser.value("document.getElementById('clear').click()")
    # Cells.
    if browser.value("!document.getElementById('experts').hidden"):
        browser.value("document.getElementById('cells').focus()")
        before = browser.value("document.getElementById('cell').textContent")
        browser.key("ArrowRight")
        if browser.value("document.getElementById('cell').textContent") == before:
            failures.append("arrows do not move in the heat map")
    # Rows.
    browser.value("document.getElementById('grid').focus()")
    browser.key("ArrowDown")
    expect("document.querySelector('#chosen bdi') !== null", "arrows do not choose a row")
    browser.key("End")
    expect("document.querySelector('#rows .row.on') !== null", "End does not reach the last row")
    expect("document.querySelectorAll('#rows .row').length < 100", "rows out of sight exist")
    seconds = browser.value(
        "(() => { const start = performance.now(); const input = document.getElementById('filter');"
        " for (const button of document.querySelectorAll('#titles button')) button.click();"
        " return (performance.now() - start) / document.querySelectorAll('#titles button').length; })()")
    if seconds > 1500:
        failures.append(f"sorting takes {seconds:.0f} ms")
    expect("getComputedStyle(document.body).backgroundColor !== 'rgba(0, 0, 0, 0)'", "the style does not apply")
    browser.value("document.getElementById('theme').click()")
    expect("['light', 'dark'].includes(document.documentElement.dataset.theme)", "the theme button does nothing")
    browser.value("(() => { try { localStorage.clear() } catch {} })()")
    return failures + complaints(browser.events, page)


HOSTILE_NAMES = (
    "</script><img src=x onerror=alert(1)>", "<!--<script>alert(2)//", "\"><svg onload=alert(3)>", "a\u202ecba", "d\u2028e",
    "\x1b[31mred", "&lt;b&gt;&amp;", "]]>`${alert(4)}`{{x}}", "<iframe srcdoc='<script>alert(5)</script>'>",
)


def hostile_model(convert: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """A model whose tensors have names that want to be something else."""
    header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * index, 4 * index + 4]}
              for index, name in enumerate(HOSTILE_NAMES)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    source, model = out / "hostile.safetensors", out / "hostile.moe"
    source.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4 * len(HOSTILE_NAMES)))
    subprocess.run([convert, source, model, "--layout", "dense", "--force", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return model


def main() -> None:
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    commands, out, model = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    out.mkdir(parents=True, exist_ok=True)
    failures = []
    views = 0
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        for name, file, options in (("model", model, sys.argv[4:]), ("hostile", hostile_model(commands / "moe-convert", out), [])):
            page = (out / f"{name}.html").resolve()
            subprocess.run(
                [commands / "moe-inspect", "report", file, "-o", page, "--force", "--quiet", *options], check=True)
            for width in (390, 1440):
                for theme in ("light", "dark"):
                    view = f"{name}-{width}-{theme}"
                    views += 1
                    for failure in check(browser, page.as_uri(), width, theme, out / f"{view}.png"):
                        failures.append(f"{view}: {failure}")
        browser.close()
    for failure in failures:
        print(f"check-report: {failure}", file=sys.stderr)
    print(f"{views} views in {out}, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
