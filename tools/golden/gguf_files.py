"""Makes tiny GGUF files the way llama.cpp's converter lays them out. Run: python gguf_files.py"""

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from families import IDS, VOCAB, rope
from models import prompts, random_weight
from wide import precision

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/gguf"
LENGTH = 12
SEED = 5
EPS = 1e-5

BASE = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=1, num_attention_heads=4,
            num_key_value_heads=2, intermediate_size=32, max_position_embeddings=64, rms_norm_eps=EPS,
            **IDS)
LLAMA = dict(BASE, num_hidden_layers=2, rope_parameters=rope("default", 500.0))
LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
QWEN2 = dict(BASE, tie_word_embeddings=True, rope_parameters=rope("default", 500.0))
GPT2 = dict(vocab_size=VOCAB, n_embd=32, n_layer=1, n_head=4, n_inner=64, n_positions=32, **IDS)
# llama.cpp has no key for query_pre_attn_scalar: its gemma2 scales by the size of a head.
GEMMA2 = dict(BASE, num_hidden_layers=2, head_dim=8, query_pre_attn_scalar=8, sliding_window=5,
              attn_logit_softcapping=2.0, final_logit_softcapping=3.0)

LLAMA_LAYER = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
GEMMA2_LAYER = dict(LLAMA_LAYER, **{
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
})
LLAMA_TOP = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
GPT2_LAYER = {
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}
GPT2_TOP = {"transformer.wte": "token_embd", "transformer.wpe": "position_embd",
            "transformer.ln_f": "output_norm"}


@dataclass(frozen=True)
class GgufModel:
    name: str
    arch: str
    config: dict
    quantization: Type = Type.F32
    top_quantization: Type | None = None


MODELS = [
    GgufModel("llama-f32", "llama", LLAMA),
    GgufModel("llama-q8_0", "llama", LLAMA, Type.Q8_0),
    GgufModel("llama-q4_0", "llama", LLAMA, Type.Q4_0, Type.Q8_0),
    GgufModel("llama3-f16", "llama", dict(BASE, tie_word_embeddings=True, rope_parameters=LLAMA3), Type.F16),
    GgufModel("qwen2-f32", "qwen2", QWEN2),
    GgufModel("qwen2-bf16", "qwen2", QWEN2, Type.BF16),
    GgufModel("gpt2-f32", "gpt2", GPT2),
    GgufModel("gemma2-f32", "gemma2", GEMMA2),
]


def gguf_name(arch, name):
    stem, suffix = name.rsplit(".", 1)
    top, layer = {"gpt2": (GPT2_TOP, GPT2_LAYER), "gemma2": (LLAMA_TOP, GEMMA2_LAYER)}.get(
        arch, (LLAMA_TOP, LLAMA_LAYER))
    if stem in top:
        return f"{top[stem]}.{suffix}"
    index, part = stem.split(".", 3)[2:]
    return f"blk.{index}.{layer[part]}.{suffix}"


def interleave_rope_rows(rows, heads):
    """Llama files pair neighbouring rows where Hugging Face pairs the halves of a head."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def gguf_values(model, name, values):
    if model.arch == "gpt2" and values.ndim == 2 and ".h." in name:
        return np.ascontiguousarray(values.T)
    if model.arch == "gemma2" and name.endswith("norm.weight"):
        return values + np.float32(1)
    if model.arch == "llama" and ".q_proj." in name:
        return interleave_rope_rows(values, model.config["num_attention_heads"])
    if model.arch == "llama" and ".k_proj." in name:
        return interleave_rope_rows(values, model.config["num_key_value_heads"])
    return values


def storage_type(model, name, values):
    if values.ndim == 1 or name.startswith("position_embd"):
        return Type.F32
    top = model.top_quantization if not name.startswith("blk.") else None
    return top or model.quantization


def add_values(writer, name, values, kind):
    if kind is Type.F32:
        writer.add_tensor(name, values.astype(np.float32))
    elif kind is Type.F16:
        writer.add_tensor(name, values.astype(np.float16))
    else:
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def llama3_factors(config):
    """What llama.cpp divides the RoPE frequencies by."""
    p = config["rope_parameters"]
    size = config["hidden_size"] // config["num_attention_heads"]
    frequencies = p["rope_theta"] ** (-np.arange(0, size, 2) / size)
    turns = p["original_max_position_embeddings"] * frequencies / (2 * np.pi)
    smooth = np.clip((turns - p["low_freq_factor"]) / (p["high_freq_factor"] - p["low_freq_factor"]), 0, 1)
    return (1 / ((1 - smooth) / p["factor"] + smooth)).astype(np.float32)


def add_metadata(writer, model, hf):
    writer.add_name(f"tiny {model.name}")
    writer.add_vocab_size(hf.vocab_size)
    writer.add_context_length(hf.max_position_embeddings)
    writer.add_embedding_length(hf.hidden_size)
    writer.add_block_count(hf.num_hidden_layers)
    writer.add_head_count(hf.num_attention_heads)
    if model.arch == "gpt2":
        writer.add_feed_forward_length(hf.n_inner)
        writer.add_layer_norm_eps(hf.layer_norm_epsilon)
    else:
        add_llama_metadata(writer, model, hf)
    writer.add_file_type(file_type(model.quantization))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def add_llama_metadata(writer, model, hf):
    writer.add_feed_forward_length(hf.intermediate_size)
    writer.add_head_count_kv(hf.num_key_value_heads)
    writer.add_layer_norm_rms_eps(hf.rms_norm_eps)
    if model.arch == "gemma2":
        writer.add_key_length(hf.head_dim)
        writer.add_value_length(hf.head_dim)
        writer.add_attn_logit_softcapping(hf.attn_logit_softcapping)
        writer.add_final_logit_softcapping(hf.final_logit_softcapping)
        writer.add_sliding_window(hf.sliding_window)
        return
    writer.add_rope_freq_base(hf.rope_parameters["rope_theta"])
    if model.arch == "llama":
        writer.add_rope_dimension_count(hf.head_dim)


def file_type(kind):
    names = {Type.F32: "ALL_F32", Type.F16: "MOSTLY_F16", Type.BF16: "MOSTLY_BF16",
             Type.Q8_0: "MOSTLY_Q8_0", Type.Q4_0: "MOSTLY_Q4_0"}
    return gguf.LlamaFileType[names[kind]]


def vocabulary(arch):
    """As many pieces as VOCAB: three specials, single letters and a few pairs."""
    space = "Ġ" if arch in ("gpt2", "qwen2") else "▁"
    letters = [space, *"abcdefghijklmnopqrstuvwxyz.,!?'\n0123456789ABCDEFGHIJKL"]
    pairs = ["he", "in", space + "t", space + "a", "er", "an"]
    return ["<unk>", "<s>", "</s>"] + letters + pairs, pairs


def add_tokenizer(writer, arch):
    tokens, pairs = vocabulary(arch)
    assert len(tokens) == len(set(tokens)) == VOCAB
    kinds = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.NORMAL] * (VOCAB - 3)
    byte_pairs = arch in ("gpt2", "qwen2")
    writer.add_tokenizer_model("gpt2" if byte_pairs else "llama")
    if byte_pairs:
        writer.add_tokenizer_pre("qwen2" if arch == "qwen2" else "gpt-2")
    writer.add_token_list(tokens)
    if not byte_pairs:
        writer.add_token_scores([0.0] * 3 + [-float(i) for i in range(VOCAB - 3)])
    writer.add_token_types(kinds)
    if byte_pairs:
        writer.add_token_merges([f"{p[0]} {p[1]}" for p in pairs])
    writer.add_bos_token_id(IDS["bos_token_id"])
    writer.add_eos_token_id(IDS["eos_token_id"])
    if not byte_pairs:
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)


def random_state(model, hf):
    offset = 0.0 if model.arch == "gemma2" else 1.0
    skeleton = AutoModelForCausalLM.from_config(hf)
    return {name: random_weight(SEED, name, p, offset) for name, p in skeleton.named_parameters()}


def write_file(model, hf, path):
    writer = gguf.GGUFWriter(path, model.arch)
    add_metadata(writer, model, hf)
    add_tokenizer(writer, model.arch)
    for name, tensor in random_state(model, hf).items():
        target = gguf_name(model.arch, name)
        values = gguf_values(model, name, tensor.numpy())
        add_values(writer, target, values, storage_type(model, target, values))
    if hf.model_type == "llama" and hf.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(model.config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def opened_by_transformers(path, hf):
    """Weights as transformers' own GGUF reader understands them: it did not see how we wrote them."""
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, config=hf, dtype=torch.float32)
    return model.state_dict()


def check_same_weights(model, hf, state):
    """Unquantized files must come back as they were; quantized ones nearly."""
    limit = {Type.F32: 1e-7, Type.F16: 1e-3, Type.BF16: 1e-2, Type.Q8_0: 2e-2, Type.Q4_0: 0.2}[model.quantization]
    for name, tensor in random_state(model, hf).items():
        error = (state[name] - tensor).abs().max().item()
        assert error <= limit, f"{model.name}: {name} differs by {error}"


def logits(hf, state, ids):
    with precision(torch.float64), torch.no_grad():
        runner = AutoModelForCausalLM.from_config(hf, attn_implementation="eager", dtype=torch.float64).eval()
        runner.load_state_dict({k: v.double() for k, v in state.items()}, strict=True)
        return runner(ids, use_cache=False).logits


def make(model):
    hf = AutoConfig.for_model(model.arch, **model.config)
    path = ROOT / f"{model.name}.gguf"
    write_file(model, hf, path)
    state = opened_by_transformers(path, hf)
    check_same_weights(model, hf, state)
    ids = prompts(SEED, LENGTH)[:1]
    save_file({"input_ids": ids, "logits": logits(hf, state, ids)}, ROOT / f"{model.name}.reference.safetensors")
    print(model.name, path.stat().st_size)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    ROOT.mkdir(parents=True, exist_ok=True)
    for model in MODELS:
        make(model)


if __name__ == "__main__":
    main()
