"""Random quantized blocks of every common GGUF type, with what they decode to. Run: python gguf_blocks.py"""

from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGML_QUANT_SIZES
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/gguf"
SEED = 11
ROWS = 2
ROW_LENGTH = 256

# Byte offsets of the float16 scales (and minima) inside a block; every other byte may be anything.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
    Type.IQ4_NL: [0], Type.IQ4_XS: [0],
}


def random_blocks(kind, random):
    per_block, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (ROWS * ROW_LENGTH // per_block, size), dtype=np.uint8)
    for offset in SCALES[kind]:
        scales = random.uniform(-0.1, 0.1, len(blocks)).astype(np.float16)
        blocks[:, offset:offset + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(ROWS, -1)


def main():
    random = np.random.default_rng(SEED)
    ROOT.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(ROOT / "blocks.gguf", "llama")
    values = {}
    for kind in SCALES:
        blocks = random_blocks(kind, random)
        name = f"{kind.name.lower()}.weight"
        writer.add_tensor(name, blocks, raw_dtype=kind)
        values[name] = torch.from_numpy(gguf.quants.dequantize(blocks, kind).astype(np.float32))
        assert values[name].shape == (ROWS, ROW_LENGTH) and values[name].isfinite().all(), name
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(values, ROOT / "blocks.reference.safetensors")
    print(sorted(values))


if __name__ == "__main__":
    main()
