"""Makes tiny TransformerLens models with every cached hook. Run: python lens.py (in the TransformerLens environment)"""

import json
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

from wide import precision

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/transformer_lens"
LENGTH = 8
VOCAB = 20
SEED = 3

BASE = dict(d_model=16, n_ctx=12, d_head=8, n_heads=2, d_vocab=VOCAB, seed=SEED, device="cpu", n_layers=1)
MLP = dict(BASE, d_mlp=24)
FOLD_ALL = dict(fold_ln=True, center_writing_weights=True, center_unembed=True, fold_value_biases=True)
FOLD_NORM = dict(FOLD_ALL, center_writing_weights=False, center_unembed=False, fold_value_biases=False)
FOLD_RMS = dict(FOLD_ALL, center_writing_weights=False)


@dataclass(frozen=True)
class LensModel:
    """`processed` names state dicts to store after TransformerLens's weight processing."""

    name: str
    config: dict
    processed: dict


MODELS = [
    LensModel("attn-only-shortformer", dict(
        BASE, n_layers=2, attn_only=True, positional_embedding_type="shortformer",
        normalization_type=None), {}),
    LensModel("attn-only-standard", dict(BASE, n_layers=2, attn_only=True, normalization_type="LN"), {}),
    LensModel("relu-unnormed", dict(MLP, act_fn="relu", normalization_type=None, d_vocab_out=13), {}),
    LensModel("gelu-layer-norm", dict(MLP, act_fn="gelu", normalization_type="LN"),
              {"fold_norm": FOLD_NORM, "fold_all": FOLD_ALL}),
    LensModel("gelu-new-folded-norm", dict(MLP, act_fn="gelu_new", normalization_type="LNPre"), {}),
    LensModel("rotary-parallel", dict(
        MLP, act_fn="gelu_new", normalization_type="LN", positional_embedding_type="rotary",
        rotary_dim=4, rotary_base=100, parallel_attn_mlp=True), {}),
    LensModel("rms-gated-grouped", dict(
        MLP, act_fn="silu", normalization_type="RMS", final_rms=True, gated_mlp=True, eps=1e-2,
        positional_embedding_type="rotary", rotary_dim=8, n_key_value_heads=1), {"fold_all": FOLD_RMS}),
    LensModel("bidirectional-unscaled", dict(
        MLP, act_fn="relu", normalization_type="LN", attention_dir="bidirectional",
        use_attn_scale=False), {}),
]


def draw(name, shape):
    """Normal numbers that depend on the tensor's name alone."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(SEED * 1_000_003 + zlib.crc32(name.encode())))


def random_weight(name, tensor):
    leaf = name.rsplit(".", 1)[-1]
    noise = draw(name, tensor.shape)
    if leaf == "w":
        return 1 + 0.3 * noise
    return 0.3 * noise


def make_weights(config):
    """float32 numbers; buffers (mask, IGNORE, rotary tables) as TransformerLens saves them."""
    model = HookedTransformer(HookedTransformerConfig(**config))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(random_weight(name, parameter))
    return {name: tensor.contiguous() for name, tensor in model.state_dict().items()}


def double_model(config, weights):
    model = HookedTransformer(HookedTransformerConfig(**config, dtype=torch.float64))
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name].double())
    return model.eval()


def plain(value):
    if isinstance(value, torch.dtype):
        return str(value)
    return float(value) if hasattr(value, "dtype") else value


def config_fields(config):
    return {key: plain(value) for key, value in HookedTransformerConfig(**config).to_dict().items()}


def run(model, ids):
    with torch.no_grad():
        logits, cache = model.run_with_cache(ids)
    return {"logits": logits, **{f"cache.{name}": value for name, value in cache.items()}}


def check_same_predictions(name, before, after):
    error = (before.log_softmax(-1) - after.log_softmax(-1)).abs().max().item()
    assert error < 1e-9, f"{name}: processing changes the predictions by {error}"


def save(tensors, path):
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)


def write_processed(lens_model, weights, ids, logits, folder):
    for name, options in lens_model.processed.items():
        model = double_model(lens_model.config, weights)
        with precision(torch.float64):  # it would process in float32
            model.load_and_process_state_dict(model.state_dict(), **options)
        with torch.no_grad():
            after = model(ids)
        check_same_predictions(f"{lens_model.name}/{name}", logits, after)
        save({**dict(model.named_parameters()), "logits": after}, folder / f"{name}.safetensors")


def make(lens_model):
    folder = ROOT / lens_model.name
    folder.mkdir(parents=True, exist_ok=True)
    weights = make_weights(lens_model.config)
    ids = torch.randint(0, VOCAB, (1, LENGTH), generator=torch.Generator().manual_seed(SEED))
    reference = {"input_ids": ids, **run(double_model(lens_model.config, weights), ids)}
    save(weights, folder / "model.safetensors")
    save(reference, folder / "reference.safetensors")
    notes = dict(config_fields(lens_model.config), transformer_lens=version("transformer_lens"))
    (folder / "config.json").write_text(json.dumps(notes, indent=1) + "\n")
    write_processed(lens_model, weights, ids, reference["logits"], folder)
    print(lens_model.name, sum(f.stat().st_size for f in folder.iterdir()), len(reference))


def main():
    torch.set_num_threads(1)
    for lens_model in MODELS:
        make(lens_model)


if __name__ == "__main__":
    main()
