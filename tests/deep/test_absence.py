"""Without torch every entry names the line that installs it, and nothing heavy is loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "safetensors", "cv2"}:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Hide())
import numpy as np
import exprstats as ex
"""
ENTRIES = {
    "fit": "ex.DeepRegressor().fit(np.zeros((4, 5, 2)), np.zeros(4), groups=list('aabb'))",
    "classes": "ex.DeepClassifier().fit(np.zeros((4, 5, 2)), np.zeros(4, int))",
    "labels": "ex.DeepMultilabel().fit(np.zeros((4, 5, 2)), np.zeros((4, 2)))",
    "open": "ex.DeepRegressor.open('model.safetensors')",
    "weights": "ex.deep.read_weights(__import__('sys').executable)",
    "nets": "import exprstats.deep.nets",
}


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The last line of what each entry raises, and a line of each command, all in one process."""
    code = f"""{HIDE}
import json, traceback
told = {{}}
for name, entry in {ENTRIES!r}.items():
    try:
        exec(entry)
    except Exception as error:
        told[name] = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
print(json.dumps(told))
{COMMANDS}"""
    done = run(code, cwd=tmp_path_factory.mktemp("absence"))
    assert done.returncode == 0, done.stderr
    entries, *lines = done.stdout.strip().splitlines()
    return json.loads(entries), lines


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_names_the_line_that_installs_torch(entry, told):
    last = told[0][entry]
    assert last.startswith("exprstats.errors.MissingDependency: Deep models need the package")
    assert last.endswith('Run: pip install "exprstats[deep]"')


def test_the_room_loads_nothing_heavy():
    heavy = "{'torch', 'cv2', 'safetensors', 'sklearn', 'pandas', 'numpy'}"
    code = f"import sys, exprstats.deep; print(sorted({heavy} & set(sys.modules)))"
    assert run(code).stdout.strip() == "[]"


COMMANDS = """
from pathlib import Path
from typer.testing import CliRunner
from exprstats.cli.program import app
Path("clips.csv").write_text("clip,subject,score,label\\na,s,1,0\\nb,t,2,1\\n")
Path("video.mp4").write_bytes(b"video")
Path("model.safetensors").write_bytes(b"model")
Path("copies").mkdir()
files = ["clips.csv", "--sequences", "."]
fit = ["--target", "score", "--subject", "subject"]
asked = {
    "fit": ["deep", "fit", *files, *fit],
    "ablate": ["deep", "fit", *files, *fit, "--model", "gated-gru", "--modalities", "a=1,b=1",
               "--ablate"],
    "predict": ["deep", "predict", "model.safetensors", *files],
    "people": ["deep", "predict", "copies", *files],
    "adapt": ["deep", "adapt", "model.safetensors", *files, "--target", "label", "--save",
              "new.safetensors"],
    "judge": ["deep", "adapt", "model.safetensors", *files, "--target", "label", "--neutral",
              "label=0"],
    "clips": ["clips", "video.mp4", "--plan", "clips.csv", "--out", "out"],
    "faces": ["faces", "video.mp4", "--detector", "model.onnx"],
}
Path("clips.csv").write_text("clip,video,subject,start,end,score,label\\na,video,s,0,1,1,0\\n"
                             "b,video,t,1,2,2,1\\nc,video,u,2,3,2,1\\nd,video,v,3,4,2,1\\n")
for name, arguments in asked.items():
    done = CliRunner().invoke(app, arguments)
    print(name, done.exit_code, " ".join(done.output.split()))
"""


def test_every_command_names_the_line_that_installs_what_it_lacks(told):
    lines = told[1]
    assert len(lines) == 8
    for line in lines:
        _, code, said = line.split(" ", 2)
        assert code == "2", line
        assert 'pip install "exprstats[deep]"' in said, line


def test_without_torch_tests_are_skipped_and_counted(tmp_path):
    """A module that is None cannot be imported and has no place, as on a machine without it."""
    (tmp_path / "hide_torch.py").write_text("import sys\nsys.modules['torch'] = None\n")
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(tmp_path), str(root)])
    options = ["-p", "hide_torch", "-q", "-p", "no:cacheprovider", "tests/deep/test_weights.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_ADDOPTS": ""},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "18 tests and examples need torch, which is absent" in done.stdout
    assert "18 skipped" in done.stdout
