"""Without torch every entry names the line that installs it, and nothing heavy is loaded."""

import subprocess
import sys

import pytest

HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "safetensors"}:
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


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_names_the_line_that_installs_torch(entry):
    done = run(f"{HIDE}\n{ENTRIES[entry]}")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("exprstats.errors.MissingDependency: Deep models need the package")
    assert last.endswith('Run: pip install "exprstats[deep]"')


def test_the_room_loads_nothing_heavy():
    heavy = "{'torch', 'cv2', 'safetensors', 'sklearn', 'pandas', 'numpy'}"
    code = f"import sys, exprstats.deep; print(sorted({heavy} & set(sys.modules)))"
    assert run(code).stdout.strip() == "[]"
