"""Makes core/src/test/resources/golden/gguf: what the `gguf` package says random blocks mean.

    pip install gguf numpy
    python tools/golden/gguf_blocks.py

blocks.gguf   a small GGUF file, written by gguf.GGUFWriter, with one tensor of random blocks for
              each quantised type, plain tensors, and metadata of every kind
blocks.bin    for each quantised tensor, in the order of the file: gguf.quants.dequantize of it,
              float32 little-endian
Random bytes make every bit of every field count; the half-precision scales alone are drawn as
finite numbers, since the bits of a NaN are not defined by arithmetic.
"""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

SEED = 20240229
OUT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/gguf"

# (type, rows, numbers in a row, byte offsets of the half-precision factors in a block)
CASES = [
    (T.Q8_0, 3, 96, [0]),
    (T.Q4_0, 3, 96, [0]),
    (T.Q4_K, 2, 512, [0, 2]),
    (T.Q5_K, 2, 512, [0, 2]),
    (T.Q6_K, 2, 512, [208]),
]


def random_blocks(rng, qtype, rows, columns, factor_offsets):
    block_elements, block_bytes = gguf.GGML_QUANT_SIZES[qtype]
    blocks = rng.integers(0, 256, (rows * columns // block_elements, block_bytes), dtype=np.uint8)
    for offset in factor_offsets:
        factors = rng.normal(0, 0.05, len(blocks)).astype("<f2")
        factors[0] = np.float16(6e-8)  # the smallest subnormal
        blocks[:, offset : offset + 2] = factors.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def main():
    rng = np.random.default_rng(SEED)
    OUT.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(OUT / "blocks.gguf", "llama")
    writer.add_string("test.text", "weir \u2581 \U0001f30a")
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -5)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**63 + 1)
    writer.add_int64("test.i64", -(2**62))
    writer.add_float32("test.f32", 1e-5)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.yes", True)
    writer.add_bool("test.no", False)
    writer.add_array("test.texts", ["<s>", "\u2581a", ""])
    writer.add_array("test.wholes", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -1.25])
    reference = b""
    for qtype, rows, columns, factor_offsets in CASES:
        blocks = random_blocks(rng, qtype, rows, columns, factor_offsets)
        values = gguf.quants.dequantize(blocks, qtype)
        assert values.shape == (rows, columns) and np.isfinite(values).all()
        writer.add_tensor(qtype.name, blocks, raw_dtype=qtype)
        reference += values.astype("<f4").tobytes()
    writer.add_tensor("F32", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("F16", np.array([1, -0.5, 6e-8, 65504], dtype=np.float16))
    bf16 = (np.array([1, -3.5, 1e30], dtype=np.float32).view(np.uint32) >> 16).astype(np.uint16)
    writer.add_tensor("BF16", bf16.view(np.uint8), raw_dtype=T.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (OUT / "blocks.bin").write_bytes(reference)


if __name__ == "__main__":
    main()
