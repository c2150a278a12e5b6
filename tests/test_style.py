"""The rules of the house that a linter does not know."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("linewise", "detector", "edge", "calibration", "dashboard")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_FILE_LINES = 300
MAX_BODY_LINES = 40
CLOCKS = {
    "edge/capture",
    "edge/camera.py",
    "edge/counter_metrics.py",
    "edge/counter_service.py",
    "edge/publisher.py",
    "edge/outbox.py",
    "dashboard",
    "linewise",
    "detector/training",
    "detector/evaluation",
    "detector/export.py",
}


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """A million nodes of syntax would slow down every test that follows."""
    yield
    nodes.cache_clear()


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    """Everything in a file, read once for all rules."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner ones too."""
    return (n for n in nodes(path) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def named(path: Path) -> str:
    """The file as a message names it."""
    return str(path.relative_to(ROOT))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_files_are_found() -> None:
    """The walk below sees the project."""
    assert len(FILES) > 30


def test_a_file_has_one_job() -> None:
    """No file is longer than 300 lines, no function's body than 40, and packages have empty __init__ files."""
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    long = [f"{named(path)}: {n} lines" for path, t in texts.items() if (n := len(t.splitlines())) > MAX_FILE_LINES]
    long += [
        f"{named(path)}: {f.name} has {body_lines(f)} lines"
        for path in FILES
        for f in functions(path)
        if body_lines(f) > MAX_BODY_LINES
    ]
    assert not long, long
    filled = [named(path) for path, text in texts.items() if path.name == "__init__.py" and text]
    assert not filled, filled


def test_a_test_states_its_promise() -> None:
    """Every file of tests has some, and every test has a docstring that says what it promises."""
    tests = {p: [f for f in functions(p) if f.name.startswith("test_")] for p in TESTS if p.name.startswith("test_")}
    empty = [named(path) for path, found in tests.items() if not found]
    assert not empty, empty
    silent = [f"{named(path)}: {f.name}" for path, found in tests.items() for f in found if not ast.get_docstring(f)]
    assert not silent, silent


def test_the_edge_stays_light() -> None:
    """A fresh interpreter that imports the edge's parts has loaded neither torch nor streamlit nor matplotlib."""
    code = (
        "import sys, edge.camera, edge.counter_service, edge.publisher, edge.config, detector.runtime.open\n"
        "import linewise.cli\n"
        "heavy = {'torch', 'torchvision', 'streamlit', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_command_starts_light() -> None:
    """`linewise` itself, which every part of a box loads, loads neither scipy nor OpenCV: who needs them does."""
    code = "import sys, linewise.cli; sys.exit(', '.join({'scipy', 'cv2'} & set(sys.modules)) or 0)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_only_named_files_read_the_wall_clock() -> None:
    """time.time() is read only where a wall-clock instant is really meant; every timeout uses the monotonic clock."""
    calls = [
        named(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr == "time"
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    ]
    strangers = [c for c in calls if not any(c.startswith(allowed) for allowed in CLOCKS)]
    assert not strangers, strangers


def test_chance_has_a_seed() -> None:
    """No test's input is another one in the next run: generators are seeded, and bytes come from them."""
    chance = [
        f"{named(path)}:{node.lineno}"
        for path in TESTS
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "attr", getattr(node.func, "id", "")))
        and (name == "urandom" or (name in ("default_rng", "Random") and not node.args))
    ]
    assert not chance, chance


def test_nothing_names_a_machine() -> None:
    """No tracked text names the folders of the machine it was written on."""
    marks = ("/" + "work/", "/" + "root/", "/" + "opt/wheels")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    texts = [
        ROOT / t for t in tracked if t.endswith((".py", ".md", ".toml", ".sh", ".txt", ".service", "Makefile", ".json"))
    ]
    found = [(str(p), m) for p in texts if p.exists() for m in marks if m in p.read_text(encoding="utf-8")]
    assert not found, found
