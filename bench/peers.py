"""The same workloads in PyTorch, transformers and TransformerLens, each in its usual way.

usage: peers.py LIBRARY FOLDER THREADS

Opens the checkpoint, computes the scores of one token, says "ready", and answers each "KEY COUNT" on
standard input with the milliseconds that each run took.
"""

import functools
import json
import os
import re
import sys
import time
import traceback

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
LIBRARY, FOLDER, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
ANSWERS = sys.stdout
sys.stdout = sys.stderr  # libraries print to it

import torch
import torch.nn.functional as F

torch.set_num_threads(THREADS)
torch.set_grad_enabled(False)
CONTEXT = 128


def tokens(length):
    return torch.tensor([[7919 * (i + 1) % 50257 for i in range(length)]])


def batch(size):
    """"1024" is one text of 1024 tokens, "8x15" eight texts of 15."""
    texts, length = map(int, size.split("x")) if "x" in size else (1, int(size))
    return tokens(texts * length).view(texts, length)


class PlainGpt2:
    """GPT-2 as one would write it down in PyTorch, over the mapped file."""

    def __init__(self, folder):
        from safetensors.torch import load_file

        self.config = json.load(open(folder + "/config.json"))
        self.w = load_file(folder + "/model.safetensors")
        self.heads = self.config["n_head"]

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], 1e-5)

    def linear(self, x, name):
        weight, bias = self.w[name + ".weight"], self.w[name + ".bias"]
        return torch.addmm(bias, x.view(-1, x.shape[-1]), weight).view(*x.shape[:-1], -1)

    def block(self, x, path, cache):
        qkv = self.linear(self.norm(x, path + "ln_1"), path + "attn.c_attn")
        q, k, v = (
            part.view(*x.shape[:2], self.heads, -1).transpose(1, 2)
            for part in qkv.split(x.shape[-1], -1)
        )
        if cache is not None:
            if path in cache:
                k = torch.cat([cache[path][0], k], 2)
                v = torch.cat([cache[path][1], v], 2)
            cache[path] = (k, v)
        z = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1)
        mid = x + self.linear(z.transpose(1, 2).reshape(x.shape), path + "attn.c_proj")
        hidden = F.gelu(self.linear(self.norm(mid, path + "ln_2"), path + "mlp.c_fc"), approximate="tanh")
        return mid, mid + self.linear(hidden, path + "mlp.c_proj")

    def stream(self, ids, start=0, cache=None, kept=None):
        x = self.w["wte.weight"][ids] + self.w["wpe.weight"][start : start + ids.shape[1]]
        for layer in range(self.config["n_layer"]):
            pre = x
            mid, x = self.block(x, f"h.{layer}.", cache)
            if kept is not None:
                kept += [pre, mid, x]
        return x

    def unembed(self, x):
        return F.linear(self.norm(x, "ln_f"), self.w["wte.weight"])


class Training:
    """GPT of nanoGPT's kind, trained as nanoGPT trains: eager, one fused call for attention, a tied
    unembedding, AdamW with decay of matrices only, gradients clipped to length 1. nanoGPT takes the
    fused optimizer only on GPUs; it is the faster one here too, so it is the one measured."""

    LAYERS, WIDTH, HEADS, VOCAB, BATCH, WINDOW = 12, 256, 8, 1536, 16, 256

    def __init__(self, fused):
        torch.manual_seed(1)
        d = self.WIDTH
        matrix = lambda rows, columns: torch.randn(rows, columns) * 0.02
        self.tokens, self.places = matrix(self.VOCAB, d), matrix(self.WINDOW, d)
        self.blocks = [
            {
                "ln1": [torch.ones(d), torch.zeros(d)],
                "qkv": [matrix(3 * d, d), torch.zeros(3 * d)],
                "out": [matrix(d, d), torch.zeros(d)],
                "ln2": [torch.ones(d), torch.zeros(d)],
                "up": [matrix(4 * d, d), torch.zeros(4 * d)],
                "down": [matrix(d, 4 * d), torch.zeros(d)],
            }
            for _ in range(self.LAYERS)
        ]
        self.final = [torch.ones(d), torch.zeros(d)]
        self.weights = [self.tokens, self.places, *self.final]
        for block in self.blocks:
            for pair in block.values():
                self.weights += pair
        for weight in self.weights:
            weight.requires_grad_(True)
        groups = [
            {"params": [w for w in self.weights if w.dim() == 2], "weight_decay": 0.1},
            {"params": [w for w in self.weights if w.dim() == 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), fused=fused)

    def loss(self, ids, targets):
        d = self.WIDTH
        x = F.embedding(ids, self.tokens) + self.places[: ids.shape[1]]
        for block in self.blocks:
            normed = F.layer_norm(x, (d,), *block["ln1"])
            q, k, v = (
                part.view(*x.shape[:2], self.HEADS, -1).transpose(1, 2)
                for part in F.linear(normed, *block["qkv"]).split(d, dim=2)
            )
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + F.linear(z.transpose(1, 2).reshape(x.shape), *block["out"])
            hidden = F.gelu(F.linear(F.layer_norm(x, (d,), *block["ln2"]), *block["up"]))
            x = x + F.linear(hidden, *block["down"])
        logits = F.linear(F.layer_norm(x, (d,), *self.final), self.tokens)
        return F.cross_entropy(logits.view(-1, self.VOCAB), targets.reshape(-1))

    def step(self):
        text = torch.randint(self.VOCAB, (self.BATCH, self.WINDOW + 1))
        with torch.enable_grad():
            loss = self.loss(text[:, :-1], text[:, 1:])
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


@functools.cache
def training():
    return Training(fused=True)


class Torch:
    def __init__(self):
        self.model = PlainGpt2(FOLDER)

    def forward(self, ids):
        return self.model.unembed(self.model.stream(ids))

    def capture(self, ids):
        kept = []
        return self.model.unembed(self.model.stream(ids, kept=kept)), kept

    def lens(self, ids):
        kept = []
        self.model.stream(ids, kept=kept)
        return [self.model.unembed(post).argmax(-1) for post in kept[2::3]]

    def prefill(self, ids):
        cache = {}
        self.model.unembed(self.model.stream(ids, cache=cache))
        return cache

    def step(self, ids, cache, position):
        self.model.unembed(self.model.stream(ids, position, cache))
        return cache


class Transformers:
    def __init__(self):
        from transformers import GPT2LMHeadModel

        self.model = GPT2LMHeadModel.from_pretrained(FOLDER).eval()
        self.body = self.model.transformer

    def forward(self, ids):
        return self.model(ids, use_cache=False).logits

    def capture(self, ids):
        kept, handles = [], []
        for block in self.body.h:
            handles.append(block.register_forward_pre_hook(lambda m, args: kept.append(args[0])))
            handles.append(block.ln_2.register_forward_pre_hook(lambda m, args: kept.append(args[0])))
            handles.append(
                block.register_forward_hook(
                    lambda m, args, out: kept.append(out[0] if isinstance(out, tuple) else out)
                )
            )
        logits = self.forward(ids)
        for handle in handles:
            handle.remove()
        return logits, kept

    def lens(self, ids):
        states = self.body(ids, use_cache=False, output_hidden_states=True).hidden_states[1:]
        # The last of them has passed the final norm already.
        normed = [self.body.ln_f(state) for state in states[:-1]] + [states[-1]]
        return [self.model.lm_head(x).argmax(-1) for x in normed]

    def prefill(self, ids):
        return self.model(ids, use_cache=True).past_key_values

    def step(self, ids, cache, position):
        return self.model(ids, past_key_values=cache, use_cache=True).past_key_values


class TransformerLens:
    def __init__(self):
        from transformer_lens import HookedTransformer, HookedTransformerConfig

        sizes = json.load(open(FOLDER + "/config.json"))
        config = HookedTransformerConfig(
            n_layers=sizes["n_layer"],
            d_model=sizes["n_embd"],
            n_ctx=sizes["n_positions"],
            d_head=sizes["n_embd"] // sizes["n_head"],
            n_heads=sizes["n_head"],
            d_vocab=sizes["vocab_size"],
            act_fn="gelu_new",
            normalization_type="LN",
            device="cpu",
        )
        self.model = HookedTransformer(config)  # random numbers of its own: as good for timing

    def forward(self, ids):
        return self.model(ids)

    def capture(self, ids):
        return self.model.run_with_cache(ids, names_filter=lambda name: "hook_resid_" in name)

    def lens(self, ids):
        _, cache = self.model.run_with_cache(
            ids, names_filter=lambda name: name.endswith("hook_resid_post")
        )
        return [
            self.model.unembed(self.model.ln_final(post)).argmax(-1) for post in cache.values()
        ]

    def dla(self, ids):
        """What each head writes for token 1 and against token 2 at the last position."""
        wanted = ("hook_z", "hook_resid_pre", "hook_resid_post", "ln_final.hook_scale")
        _, cache = self.model.run_with_cache(ids, names_filter=lambda name: name.endswith(wanted))
        heads = cache.stack_head_results(layer=-1, pos_slice=-1)
        scaled = cache.apply_ln_to_stack(heads, layer=-1, pos_slice=-1)
        return scaled @ (self.model.W_U[:, 1] - self.model.W_U[:, 2])

    def patch(self, ids):
        """`resid_pre` at every layer and position, as in its demonstrations."""
        from transformer_lens import patching

        patching.tqdm = lambda progress, *_, **__: progress
        corrupted = ids.clone()
        corrupted[:, 5] = 17
        _, clean = self.model.run_with_cache(ids, names_filter=lambda name: name.endswith("hook_resid_pre"))
        difference = lambda logits: (logits[:, -1, 1] - logits[:, -1, 2]).mean()
        return patching.get_act_patch_resid_pre(self.model, corrupted, clean, difference)

    def composition(self):
        return [self.model.all_composition_scores(mode) for mode in "QKV"]

    def kurtosis(self, ids):
        _, cache = self.model.run_with_cache(ids, names_filter=lambda name: "hook_resid_" in name)
        found = []
        for stream in cache.values():
            centred = stream - stream.mean(-1, keepdim=True)
            found.append((centred**4).mean(-1) / (centred**2).mean(-1) ** 2)
        return [each.mean() for each in found]

    def prefill(self, ids):
        from transformer_lens.cache.key_value_cache import TransformerLensKeyValueCache

        cache = TransformerLensKeyValueCache.init_cache(self.model.cfg, "cpu", 1)
        self.model(ids, past_kv_cache=cache, attention_mask=torch.ones_like(ids))
        return cache

    def step(self, ids, cache, position):
        self.model(ids, past_kv_cache=cache, attention_mask=torch.ones_like(ids))
        return cache


def timed(count, work):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return times


def decode(library, count):
    cache = library.prefill(tokens(CONTEXT))
    one, times = tokens(1), []
    for i in range(count):
        start = time.perf_counter()
        cache = library.step(one, cache, CONTEXT + i)
        times.append((time.perf_counter() - start) * 1000)
    return times


def measure(library, key, count):
    if key == "decode":
        return decode(library, count)
    if key == "train":
        return timed(count, training().step) if isinstance(library, Torch) else []
    if key == "composition":
        return timed(count, library.composition) if isinstance(library, TransformerLens) else []
    name, size = key.split("-")
    if not hasattr(library, name):
        return []
    ids = batch(size)
    return timed(count, lambda: getattr(library, name)(ids))


def memory():
    fields = dict(re.findall(r"(VmHWM|RssAnon):\s+(\d+) kB", open("/proc/self/status").read()))
    return [int(fields[name]) * 1024 / 1e6 for name in ("VmHWM", "RssAnon")]


def main():
    library = {"torch": Torch, "transformers": Transformers, "transformer_lens": TransformerLens}[LIBRARY]()
    library.forward(tokens(1)).numpy()
    print("ready", file=ANSWERS, flush=True)
    for line in sys.stdin:
        key, count = line.split()
        try:
            numbers = memory() if key == "memory" else measure(library, key, int(count))
        except Exception:
            traceback.print_exc()  # to the log; the line has no number then
            numbers = []
        print(*("%.4f" % n for n in numbers), file=ANSWERS, flush=True)


main()
