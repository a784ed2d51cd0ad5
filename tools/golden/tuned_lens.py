"""Makes golden/tuned_lens: a tiny lens saved by PyTorch, and hashes of unembeddings as tuned-lens 0.2.0 takes them.

Run: python tuned_lens.py. With a folder as argument it instead checks that a lens which Weir wrote there opens.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/tuned_lens"
LAYERS, D_MODEL = 2, 4


def tensor_hash(matrix):
    """As tuned_lens.utils.tensor_hash computes it."""
    return hashlib.sha256(str.encode(np.array_str(matrix, precision=1))).hexdigest()


def lens():
    """A state dict of linear translators, in half precision for the second layer."""
    torch.manual_seed(7)
    modules = torch.nn.ModuleList([torch.nn.Linear(D_MODEL, D_MODEL) for _ in range(LAYERS)])
    modules[1] = modules[1].half()
    return modules


def matrices():
    """Unembeddings of every kind of print: small and large numbers, few columns, whole numbers."""
    random = np.random.RandomState(3)
    return {
        "usual": random.randn(300, 64) * 0.05,
        "large": random.randn(300, 64) * 20,
        "narrow": random.randn(300, 5),
        "whole": np.round(random.randn(300, 64) * 3),
        "tiny": random.randn(300, 64) * 1e-6,
        "halves": np.round(random.randn(300, 64) * 8) / 4 + 0.25,
        "near_one": random.rand(300, 64) * 0.1 + 0.93,
    }


def make():
    ROOT.mkdir(parents=True, exist_ok=True)
    modules = lens()
    torch.save(modules.state_dict(), ROOT / "params.pt")
    torch.save({"0.weight": modules[0].weight.detach().t()}, ROOT / "transposed.pt")
    torch.save(modules, ROOT / "module.pt")
    torch.save(modules.state_dict(), ROOT / "legacy.pt", _use_new_zipfile_serialization=False)
    config = {
        "base_model_name_or_path": "tiny",
        "d_model": D_MODEL,
        "num_hidden_layers": LAYERS,
        "bias": True,
        "base_model_revision": None,
        "unembed_hash": None,
        "lens_type": "linear_tuned_lens",
    }
    (ROOT / "config.json").write_text(json.dumps(config))
    numbers = {name: value.float().flatten().tolist() for name, value in modules.state_dict().items()}
    (ROOT / "numbers.json").write_text(json.dumps(numbers))
    rows = []
    for name, matrix in matrices().items():
        matrix = matrix.astype(np.float32)
        # Only what NumPy prints is kept: the corners.
        rows_kept = [0, 1, 2, -3, -2, -1]
        columns = list(range(matrix.shape[1])) if matrix.shape[1] <= 6 else rows_kept
        corner = matrix[np.ix_(rows_kept, columns)]
        rows.append(
            {
                "name": name,
                "rows": matrix.shape[0],
                "columns": matrix.shape[1],
                "corner": [[float(x) for x in row] for row in corner],
                "printed": np.array_str(matrix, precision=1),
                "hash": tensor_hash(matrix),
            }
        )
    (ROOT / "hashes.json").write_text(json.dumps(rows))


def check(folder):
    state = torch.load(folder / "params.pt", weights_only=True)
    config = json.loads((folder / "config.json").read_text())
    layers, d_model = config["num_hidden_layers"], config["d_model"]
    modules = torch.nn.ModuleList([torch.nn.Linear(d_model, d_model) for _ in range(layers)])
    modules.load_state_dict(state)
    print(sorted(config), {name: tuple(value.shape) for name, value in state.items()})


if __name__ == "__main__":
    check(Path(sys.argv[1])) if len(sys.argv) > 1 else make()
