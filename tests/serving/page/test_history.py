"""The history of the page, by its script in Node with stand-ins for the browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ontarget.serving import page

BROWSER = """
const made = () => ({
  children: [], listeners: {},
  append(...all) { this.children.push(...all); },
  replaceChildren(...all) { this.children = all; },
  addEventListener(name, told) { this.listeners[name] = told; },
});
const options = (...codes) => ({ options: codes.map((value) => ({ value })) });
const form = { elements: { source: options("auto", "de"), target: options("fr") } };
const nodes = { entries: made(), forget: made(), form };
globalThis.document = { getElementById: (name) => nodes[name], createElement: made };
const room = { "ontarget.history": process.argv[2] };
globalThis.window = { localStorage: {
  getItem: (name) => room[name] ?? null,
  setItem(name, value) { room[name] = value; },
  removeItem(name) { delete room[name]; },
} };
const history = await import("./history.js");
const shown = () => nodes.entries.children.map((item) => item.children[0].children[1].textContent);
"""
ENTRY = {
    "source": "auto",
    "target": "fr",
    "text": "Guten Tag.",
    "names": ["German", "French"],
    "sentences": [{"text": "Bonjour.", "source": "Guten Tag.", "badge": {"state": "on_target", "notes": []}}],
    "done": {"source": "de", "name": "German"},
    "at": 1_750_000_000_000,
}


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a script below `history.js`, whose browser keeps a text; gives what the script prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    for path in (Path(page.__file__).parent / "static").glob("*.js"):
        shutil.copy(path, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def printed(kept: str, script: str) -> Any:
        (tmp_path / "test.js").write_text(BROWSER + f"console.log(JSON.stringify({script}));")
        done = subprocess.run(
            [node, str(tmp_path / "test.js"), kept], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return printed


def kept(*entries: Any) -> str:
    return json.dumps(entries)


def test_entries_are_shown(run: Any) -> None:
    assert run(kept(ENTRY, {**ENTRY, "text": "Hallo."}), "shown()") == ["Guten Tag.", "Hallo."]
    assert run(kept(ENTRY), "nodes.forget.hidden") is False
    assert run(kept(), "nodes.forget.hidden") is True


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        [],
        {},
        *({name: one for name, one in ENTRY.items() if name != left_out} for left_out in list(ENTRY)[:5]),
        {**ENTRY, "text": 1},
        {**ENTRY, "names": "German"},
        {**ENTRY, "sentences": {}},
        {**ENTRY, "sentences": [None]},
        {**ENTRY, "sentences": [{"text": "Bonjour."}]},
        {**ENTRY, "sentences": [{**ENTRY["sentences"][0], "badge": {}}]},  # type: ignore[index]
    ],
)
def test_what_is_not_an_entry_is_left_out(run: Any, wrong: Any) -> None:
    assert run(kept(wrong, ENTRY), "shown()") == ["Guten Tag."]


@pytest.mark.parametrize("text", ["", "{", "null", '"text"', '{"length": 1}'])
def test_a_history_that_is_not_a_list_is_empty(run: Any, text: str) -> None:
    assert run(text, "shown()") == []


def test_languages_that_the_server_does_not_have_are_kept_but_not_shown(run: Any) -> None:
    dutch, czech = {**ENTRY, "target": "nl"}, {**ENTRY, "source": "cs"}
    assert run(kept(dutch, ENTRY, czech), "shown()") == ["Guten Tag."]
    assert run(kept(dutch, czech), "[shown(), nodes.forget.hidden]") == [[], False]
    again = json.dumps({**ENTRY, "text": "Hallo."})
    assert run(kept(dutch), f"(history.keep({again}), JSON.parse(room['ontarget.history']).length)") == 2


def test_without_time_or_badge_an_entry_is_shown(run: Any) -> None:
    bare = {
        **ENTRY,
        "at": None,
        "done": None,
        "sentences": [{"text": "12:30", "source": "12:30", "badge": None}],
    }
    assert run(kept(bare), "shown()") == ["Guten Tag."]
