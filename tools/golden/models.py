"""Makes the tiny Hugging Face models and their reference outputs. Run: python models.py [name ...]"""

import json
import sys
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from families import GENERATED, PROMPT, TINY, VOCAB, modules_of
from v4 import to_v4
from wide import precision

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/models"
FIRST_ID = 3
MIN_GAP = 1e-3
MIN_EFFECT = 2e-4
PADDING = 7
SEEDS = range(1, 40)


def draw(seed, name, shape):
    """Normal numbers that depend on the seed and the tensor's name alone."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + zlib.crc32(name.encode()))
    return torch.randn(shape, generator=generator)


def random_weight(seed, name, tensor, gain_offset):
    """Large enough that every term of the model shows in the logits."""
    noise = draw(seed, name, tensor.shape)
    if name.endswith("bias"):
        return 0.3 * noise
    if tensor.dim() == 1:
        return 0.3 * noise + gain_offset
    if "wpe" in name:
        return 0.3 * noise
    if "emb" in name or "wte" in name:
        return 0.4 * noise
    return 0.2 * noise


def make_model(tiny, seed, folder):
    config = AutoConfig.for_model(tiny.model_type, **tiny.config)
    model = AutoModelForCausalLM.from_config(config)
    offset = 0.0 if tiny.model_type.startswith("gemma") else 1.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(random_weight(seed, name, parameter, offset))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_v4_config(folder)


def write_v4_config(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.v4.json").write_text(json.dumps(to_v4(config), indent=2) + "\n")


def load(folder, dtype, changes=None):
    """A fresh model each time: some RoPE kinds keep state between calls."""
    config = AutoConfig.from_pretrained(folder)
    for key, value in (changes or {}).items():
        setattr(config, key, value)
    model = AutoModelForCausalLM.from_pretrained(
        folder, config=config, dtype=dtype, attn_implementation="eager")
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model.eval()


def prompts(seed, length):
    generator = torch.Generator().manual_seed(seed + 77)
    return torch.randint(FIRST_ID, VOCAB, (2, length), generator=generator)


class Recorder:
    """Keeps what the blocks and sublayers of a model put on the residual stream."""

    def __init__(self, model, model_type):
        self.seen = {}
        paths = modules_of(model_type)
        for i, block in enumerate(model.get_submodule(paths["layers"])):
            prefix = f"blocks.{i}."
            block.register_forward_pre_hook(self._keep_input(prefix + "hook_resid_pre"), with_kwargs=True)
            block.register_forward_hook(self._keep(prefix + "hook_resid_post"))
            block.get_submodule(paths["attn_write"]).register_forward_hook(self._keep(prefix + "hook_attn_out"))
            block.get_submodule(paths["mlp_write"]).register_forward_hook(self._keep(prefix + "hook_mlp_out"))
        model.get_submodule(paths["final_norm"]).register_forward_hook(self._keep("final_norm_out"))

    def _keep(self, name):
        def hook(module, args, output):
            self.seen[name] = output[0] if isinstance(output, tuple) else output
        return hook

    def _keep_input(self, name):
        def hook(module, args, kwargs):
            self.seen[name] = args[0] if args else kwargs["hidden_states"]
        return hook

    def check_writes_add_up(self, layers):
        for i in range(layers):
            parts = [self.seen[f"blocks.{i}.hook_{n}"] for n in ("resid_pre", "attn_out", "mlp_out")]
            error = (sum(parts) - self.seen[f"blocks.{i}.hook_resid_post"]).abs().max().item()
            assert error < 1e-10, f"block {i}: writes and stream differ by {error}"


def forward(tiny, folder, dtype, ids, changes=None, **inputs):
    with precision(dtype), torch.no_grad():
        model = load(folder, dtype, changes)
        return model(ids, use_cache=False, **inputs).logits


def forward_recorded(tiny, folder, ids):
    """Logits of all prompts, the stream and (where asked) the patterns of the first one, in float64."""
    with precision(torch.float64), torch.no_grad():
        model = load(folder, torch.float64)
        recorder = Recorder(model, tiny.model_type)
        output = model(ids, use_cache=False, output_attentions=tiny.patterns)
    recorder.check_writes_add_up(model.config.num_hidden_layers)
    stream = {k: v[0] for k, v in recorder.seen.items() if tiny.stream and not redundant(k)}
    if tiny.patterns:
        for i, pattern in enumerate(output.attentions):
            stream[f"blocks.{i}.attn.hook_pattern"] = pattern[0]
    return output.logits, stream


def redundant(name):
    """The input of a later block is the output of the one before."""
    return name.endswith("hook_resid_pre") and not name.startswith("blocks.0.")


def cross_entropy(logits, ids):
    return torch.stack([
        torch.nn.functional.cross_entropy(row[:-1], target[1:]) for row, target in zip(logits, ids)])


def generate(folder, dtype, ids, use_cache):
    """Greedy continuation and the smallest lead of a chosen token over the next best."""
    with precision(dtype), torch.no_grad():
        model = load(folder, dtype)
        output = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False,
                                max_new_tokens=GENERATED, min_new_tokens=GENERATED,
                                use_cache=use_cache, output_logits=True, return_dict_in_generate=True)
    top = torch.stack(output.logits).topk(2).values
    return output.sequences[:, ids.shape[1]:], (top[..., 0] - top[..., 1]).min().item()


def padded_inputs(ids):
    """The second row shortened from the right and padded on the left; positions as generation counts them."""
    padded = ids.clone()
    padded[1] = torch.cat([torch.zeros(PADDING, dtype=ids.dtype), ids[1, :-PADDING]])
    mask = torch.ones_like(ids)
    mask[1, :PADDING] = 0
    positions = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0)
    return padded, mask, positions


def padded_case(tiny, folder, ids):
    padded, mask, positions = padded_inputs(ids)
    logits = forward(tiny, folder, torch.float64, padded, attention_mask=mask, position_ids=positions)
    return {"padded.input_ids": padded, "padded.attention_mask": mask, "padded.position_ids": positions,
            "padded.logits": logits * mask[..., None]}


def long_case(tiny, folder, seed):
    ids = prompts(seed + 1, tiny.long_prompt)[:1]
    return {"long.input_ids": ids, "long.logits": forward(tiny, folder, torch.float64, ids)}


def effects(tiny, folder, ids, logits):
    """How far the logits move if a setting is ignored; too little means the reference tests nothing."""
    moved = {}
    for name, changes in tiny.without.items():
        other = forward(tiny, folder, torch.float64, ids, changes)
        moved[name] = (other - logits).abs().max().item()
        assert moved[name] > MIN_EFFECT, f"{tiny.name}: {name} moves the logits by {moved[name]} only"
    return moved


def settled_generation(tiny, folder, ids):
    """Both ways to generate, or None when a near tie makes the outcome a matter of rounding."""
    cached, gap = generate(folder, torch.float64, ids, True)
    uncached, other_gap = generate(folder, torch.float64, ids, False)
    if min(gap, other_gap) < MIN_GAP:
        return None
    narrow, _ = generate(folder, torch.float32, ids, True)
    assert torch.equal(narrow, cached), f"{tiny.name}: float32 and float64 generate different tokens"
    if not tiny.cache_changes_result:
        assert torch.equal(cached, uncached), f"{tiny.name}: the cache changes the result"
    tensors = {"generated": cached}
    if tiny.cache_changes_result:
        tensors["generated_without_cache"] = uncached
    return tensors, min(gap, other_gap)


def reference(tiny, folder, seed):
    """Tensors and notes, or None for another seed."""
    ids = prompts(seed, PROMPT)
    generation = settled_generation(tiny, folder, ids)
    if generation is None:
        return None
    logits, stream = forward_recorded(tiny, folder, ids)
    tensors = {"input_ids": ids, "logits": logits, "loss": cross_entropy(logits, ids), **stream, **generation[0]}
    if tiny.padded:
        tensors |= padded_case(tiny, folder, ids)
    if tiny.long_prompt:
        tensors |= long_case(tiny, folder, seed)
    narrow = forward(tiny, folder, torch.float32, ids)
    notes = {
        "made_by": "tools/golden/models.py",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "seed": seed,
        "input_ids": ids.tolist(),
        "generated": generation[0]["generated"].tolist(),
        "loss": tensors["loss"].tolist(),
        "smallest_lead_of_a_generated_token": generation[1],
        "largest_float32_logit_error": (narrow.double() - logits).abs().max().item(),
        "largest_logit": logits.abs().max().item(),
        "logits_move_if_ignored": effects(tiny, folder, ids, logits),
    }
    return tensors, notes


def make(tiny):
    folder = ROOT / tiny.name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        make_model(tiny, seed, folder)
        made = reference(tiny, folder, seed)
        if made is not None:
            return write(folder, *made)
    raise RuntimeError(f"{tiny.name}: every seed has a near tie")


def write(folder, tensors, notes):
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(notes, indent=1) + "\n")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{folder.name}: seed {notes['seed']}, {size / 1000:.0f} kB, "
          f"float32 error {notes['largest_float32_logit_error']:.1e}, {notes['logits_move_if_ignored']}")


def main(names):
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for tiny in TINY:
        if not names or tiny.name in names:
            make(tiny)


if __name__ == "__main__":
    main(sys.argv[1:])
