"""Opens every golden model by its config.v4.json and compares the logits. Run it under transformers 4 and 5."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/models"
TOLERANCE = 1e-4  # float32 against float64, logits below 20
# Transformers 4.57 reads "gelu" in a Gemma file as the exact form; 5 reads the tanh form, which is meant.
EXACT_GELU_IN_V4 = {"gemma": 2e-3}


def logits_by_v4_config(folder, ids):
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder / "config.v4.json", Path(copy) / "config.json")
        shutil.copy(folder / "model.safetensors", copy)
        model = AutoModelForCausalLM.from_pretrained(copy, attn_implementation="eager").eval()
        with torch.no_grad():
            return model(ids, use_cache=False).logits


def tolerance(name):
    old = transformers.__version__.startswith("4.")
    return EXACT_GELU_IN_V4.get(name, TOLERANCE) if old else TOLERANCE


def check(folder):
    reference = load_file(folder / "reference.safetensors")
    error = (logits_by_v4_config(folder, reference["input_ids"]) - reference["logits"]).abs().max().item()
    print(f"{folder.name}: {error:.1e}")
    return error < tolerance(folder.name)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    print("transformers", transformers.__version__)
    wrong = [f.name for f in sorted(ROOT.iterdir()) if not check(f)]
    sys.exit(f"differ: {wrong}" if wrong else 0)


if __name__ == "__main__":
    main()
