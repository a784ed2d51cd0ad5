"""Makes tiny models of every residual pathway and local mixer, with logits and gradients. Run: python pathways.py

Everything is written from the equations of the papers, in PyTorch and float64, and shares no code with Weir or with the papers' own
repositories: loops over blocks, tokens and sources, one sum at a time. Only names and shapes of weights are Weir's.
"""

import json
import math
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/pathways"
D_MODEL, HEADS, D_HEAD, D_MLP, VOCAB, LENGTH, TEXTS, CONTEXT = 6, 2, 4, 7, 11, 9, 2, 12
SCALE, THETA, WINDOW = 0.6, 100.0, 3

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


# ---------------------------------------------------------------- small parts


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def gelu(x):
    """x Φ(x), with the normal distribution's own integral."""
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def silu(x):
    return x * sigmoid(x)


def softmax(scores):
    """Over the last axis."""
    e = torch.exp(scores - scores.detach().amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)


def rms_norm(x, epsilon):
    """Without a gain, over the last axis."""
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon)


def layer_norm(x, epsilon):
    """Without gain and shift, over the last axis."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + epsilon)


def mix(weights, vectors):
    """Σ_j weights[.., j] vectors[j], where weights are numbers or have the axes text and token before j."""
    total = torch.zeros_like(vectors[0])
    for j, vector in enumerate(vectors):
        share = weights[..., j]
        total = total + (share if share.dim() == 0 else share[..., None]) * vector
    return total


def causal_conv(x, taps):
    """y_t = Σ_i taps[.., i] x_{t-(n-1)+i}; `x` is [text, token, ..]."""
    n = taps.shape[-1]
    rows = []
    for t in range(x.shape[1]):
        row = torch.zeros_like(x[:, 0])
        for i in range(n):
            if t - (n - 1) + i >= 0:
                row = row + taps[..., i] * x[:, t - (n - 1) + i]
        rows.append(row)
    return torch.stack(rows, 1)


def rotate(x):
    """RoPE over [text, token, head, d_head]: feature i turns together with feature i + d_head / 2."""
    half = x.shape[-1] // 2
    turned = []
    for t in range(x.shape[1]):
        angle = torch.tensor([t * THETA ** (-2 * i / x.shape[-1]) for i in range(half)])
        left, right = x[:, t, :, :half], x[:, t, :, half:]
        turned.append(torch.cat(
            [left * torch.cos(angle) - right * torch.sin(angle), right * torch.cos(angle) + left * torch.sin(angle)], -1))
    return torch.stack(turned, 1)


def attend(q, k, v, window):
    """Softmax attention of each token to itself and those before it; window None for all. `q` [text, token, head, d_head]."""
    group = q.shape[2] // k.shape[2]
    rows = []
    for t in range(q.shape[1]):
        first = 0 if window is None else max(0, t - window + 1)
        heads = []
        for h in range(q.shape[2]):
            keys, values = k[:, first:t + 1, h // group], v[:, first:t + 1, h // group]
            a = softmax(SCALE * torch.einsum("be,bse->bs", q[:, t, h], keys))
            heads.append(torch.einsum("bs,bse->be", a, values))
        rows.append(torch.stack(heads, 1))
    return torch.stack(rows, 1)


# ---------------------------------------------------------------- how a model is put together


@dataclass(frozen=True)
class Kind:
    """What stands around the pathway: pre-norm RMSNorm, SwiGLU and RoPE, or with `gpt2` LayerNorm, GELU, biases, learned positions and
    one key/value head for both query heads. `normed` says whether sublayers and the end read through norms at all; the rest are mixers
    of neighbouring positions and where values come from.
    """

    gpt2: bool = False
    normed: bool = True
    blocks: int = 3
    sublayer: str = ""
    branch: str = ""
    canon: str = ""
    values: str = "OWN"
    kv_heads: int = 0

    @property
    def key_heads(self):
        return self.kv_heads or (1 if self.gpt2 else HEADS)

    def norm(self):
        if not self.normed:
            return {"type": "NoNorm"}
        return {"type": "LayerNorm", "epsilon": 1e-5} if self.gpt2 else {"type": "RmsNorm", "epsilon": 1e-6, "gain": "PLAIN"}

    def attention(self, window=None, biases="NONE", rope=True, kv_heads=HEADS, values="OWN"):
        return {
            "nHeads": HEADS, "nKvHeads": kv_heads, "dHead": D_HEAD, "scale": SCALE, "softcap": {"type": "Unbounded"},
            "visibility": {"type": "SlidingWindow", "windowSize": window} if window else {"type": "Causal"},
            "positions": {
                "type": "Rotary", "dimensions": D_HEAD, "theta": THETA, "pairing": "HALVES",
                "scaling": {"type": "Unscaled"}} if rope else {"type": "NoPositions"},
            "qkNorm": {"type": "NoQkNorm"}, "biases": biases, "softmaxShare": 1.0, "values": values}

    def config(self, pathway):
        none = {"type": "NoNorm"}
        sublayer = {
            "": {"type": "None"},
            "shortswa": {"type": "ShortSwa", "attention": self.attention(window=WINDOW)},
            "shortconv": {"type": "ShortConv", "taps": WINDOW}}[self.sublayer]
        branch = {
            "": {"type": "None"},
            "shortswa": {"type": "ShortSwa", "window": WINDOW},
            "shortconv": {"type": "ShortConv", "taps": WINDOW}}[self.branch]
        mlp = {"type": "Plain", "dMlp": D_MLP, "activation": "GELU", "biases": True} if self.gpt2 else {
            "type": "Gated", "dMlp": D_MLP, "activation": "SILU", "biases": "NONE"}
        block = {
            "attention": self.attention(
                biases="ALL" if self.gpt2 else "NONE", rope=not self.gpt2, kv_heads=self.key_heads, values=self.values),
            "mlp": mlp, "wiring": "SEQUENTIAL", "ln1": self.norm(), "ln1Post": none, "ln2": self.norm(), "ln2Post": none,
            "local": {
                "sublayer": sublayer, "ln0": self.norm() if self.sublayer else none, "branch": branch,
                "canon": {"places": list(self.canon), "taps": 4}}}
        return {"model_type": "weir", "spec": {
            "family": "golden", "dModel": D_MODEL, "dVocab": VOCAB, "dVocabOut": VOCAB, "nCtx": CONTEXT,
            "blocks": [block] * self.blocks,
            "positions": {"type": "Learned"} if self.gpt2 else {"type": "NoPositions"},
            "embedScale": 1.0, "lnFinal": self.norm(), "unembedding": "SEPARATE", "finalSoftcap": {"type": "Unbounded"},
            "pathway": pathway}}


@dataclass(frozen=True)
class Site:
    """A sublayer: `at` is its number among all."""

    block: int
    name: str
    at: int

    @property
    def path(self):
        return f"blocks.{self.block}.{self.name}"


@dataclass
class Model:
    """A transformer whose sublayers any pathway may call; it draws a weight when it is first asked for one."""

    name: str
    kind: Kind
    weights: dict = field(default_factory=dict)
    reads: dict = field(default_factory=dict)
    first_values: Any = None

    def w(self, name, *shape, mean=0.0, deviation=0.5):
        """A weight: random numbers that depend on the names of the model and the weight alone, rounded to float32."""
        if name not in self.weights:
            seed = [zlib.crc32(self.name.encode()), zlib.crc32(name.encode())]
            drawn = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
            rounded = np.asarray(mean + deviation * drawn, np.float32)
            self.weights[name] = torch.tensor(rounded.astype(np.float64), requires_grad=True)
        weight = self.weights[name]
        assert tuple(weight.shape) == shape, (name, weight.shape, shape)
        return weight

    def matrix(self, name, *shape, fan_in=D_MODEL):
        return self.w(name, *shape, deviation=1 / math.sqrt(fan_in))

    def read(self, name, x):
        self.reads[name] = x[0].detach().clone()

    def norm(self, path, x):
        if not self.kind.normed:
            return x
        gain = self.w(path + ".w", D_MODEL, mean=1, deviation=0.3)
        if self.kind.gpt2:
            return layer_norm(x, 1e-5) * gain + self.w(path + ".b", D_MODEL, deviation=0.3)
        return rms_norm(x, 1e-6) * gain

    def sites(self):
        names = (["local"] if self.kind.sublayer else []) + ["attn", "mlp"]
        return [Site(b, name, b * len(names) + i) for b in range(self.kind.blocks) for i, name in enumerate(names)]

    def normed(self, site, x):
        """What a sublayer's maps see of a stream."""
        return self.norm(f"blocks.{site.block}.{ {'local': 'ln0', 'attn': 'ln1', 'mlp': 'ln2'}[site.name] }", x)

    def sublayer(self, site, x):
        """F(N(x))."""
        return {"local": self.local, "attn": self.attn, "mlp": self.mlp}[site.name](site.block, x)

    def project(self, path, x, to, heads, bias):
        q = torch.einsum("btd,hed->bthe", x, self.matrix(f"{path}W_{to}", heads, D_HEAD, D_MODEL))
        return q + self.w(f"{path}b_{to}", heads, D_HEAD, deviation=0.3) if bias else q

    def output(self, path, z, bias):
        out = torch.einsum("bthe,hed->btd", z, self.matrix(path + "W_O", HEADS, D_HEAD, D_MODEL))
        return out + self.w(path + "b_O", D_MODEL, deviation=0.3) if bias else out

    def local(self, b, x):
        """The sublayer before attention."""
        self.read(f"blocks.{b}.hook_local_in", x)
        x = self.norm(f"blocks.{b}.ln0", x)
        if self.kind.sublayer == "shortconv":
            return causal_conv(x, self.w(f"blocks.{b}.local.conv", D_MODEL, WINDOW))
        path = f"blocks.{b}.local."
        q, k, v = (self.project(path, x, to, HEADS, False) for to in "QKV")
        return self.output(path, attend(rotate(q), rotate(k), v, WINDOW), False)

    def canon(self, b, place, x):
        """h + conv(h), where the model has such a layer there."""
        if place[0] not in self.kind.canon:
            return x
        return x + causal_conv(x, self.w(f"blocks.{b}.canon.{place}", *x.shape[2:], 4, deviation=0.4))

    def attn(self, b, q_in, k_in=None, v_in=None):
        """Attention's sublayer, norm included; queries, keys and values may read different streams."""
        if k_in is None:
            k_in = v_in = q_in
            self.read(f"blocks.{b}.hook_attn_in", q_in)
        else:
            for stream, x in zip("qkv", (q_in, k_in, v_in)):
                self.read(f"blocks.{b}.hook_{stream}_input", x)
        q_in, k_in, v_in = (self.canon(b, "A", self.norm(f"blocks.{b}.ln1", x)) for x in (q_in, k_in, v_in))
        path, kv, bias = f"blocks.{b}.attn.", self.kind.key_heads, self.kind.gpt2
        q = self.canon(b, "B_q", self.project(path, q_in, "Q", HEADS, bias))
        k = self.canon(b, "B_k", self.project(path, k_in, "K", kv, bias))
        if self.kind.values == "FIRST" and b > 0:
            v = self.first_values
        else:
            v = self.canon(b, "B_v", self.project(path, v_in, "V", kv, bias))
        if b == 0:
            self.first_values = v
        elif self.kind.values == "MIXED_WITH_FIRST":
            part = self.w(path + "lambda_v", 2, mean=0.5, deviation=0.3)
            v = part[0] * self.first_values + part[1] * v
        if not self.kind.gpt2:
            q, k = rotate(q), rotate(k)
        if self.kind.branch == "shortswa":
            gate = self.w(path + "branch.gate", kv)
            grouped = q.unflatten(2, (kv, HEADS // kv)).mean(3)
            v = v + gate[:, None] * attend(grouped, k, v, WINDOW)
        if self.kind.branch == "shortconv":
            v = v + causal_conv(v, self.w(path + "branch.conv", kv, D_HEAD, WINDOW))
        return self.output(path, attend(q, k, v, None), bias)

    def mlp(self, b, x):
        """The MLP's sublayer, norm included."""
        x = self.canon(b, "C", self.norm(f"blocks.{b}.ln2", x))
        path = f"blocks.{b}.mlp."
        pre = torch.einsum("btd,md->btm", x, self.matrix(path + "W_in", D_MLP, D_MODEL))
        w_out = self.matrix(path + "W_out", D_MLP, D_MODEL, fan_in=D_MLP)
        if self.kind.gpt2:
            pre = pre + self.w(path + "b_in", D_MLP, deviation=0.3)
            out = torch.einsum("btm,md->btd", gelu(self.canon(b, "D", pre)), w_out)
            return out + self.w(path + "b_out", D_MODEL, deviation=0.3)
        gate = torch.einsum("btd,md->btm", x, self.matrix(path + "W_gate", D_MLP, D_MODEL))
        hidden = silu(self.canon(b, "D_gate", gate)) * self.canon(b, "D", pre)
        return torch.einsum("btm,md->btd", hidden, w_out)

    def block(self, b, x):
        """A pre-norm block."""
        for site in self.sites():
            if site.block == b:
                x = x + self.sublayer(site, x)
        return x

    def logits(self, pathway, ids):
        x = self.w("embed.W_E", VOCAB, D_MODEL, deviation=1)[ids]
        if self.kind.gpt2:
            x = x + self.w("pos_embed.W_pos", CONTEXT, D_MODEL, deviation=0.5)[:ids.shape[1]]
        end = pathway.run(self, x)
        return torch.einsum("btd,dv->btv", self.norm("ln_final", end), self.matrix("unembed.W_U", D_MODEL, VOCAB))


# ---------------------------------------------------------------- pathways: settings, and from the embedding to what the end reads


@dataclass(frozen=True)
class PreNorm:
    """x + F(N(x))."""

    def run(self, m, x):
        for b in range(m.kind.blocks):
            x = m.block(b, x)
        return x


@dataclass(frozen=True)
class PostNorm:
    """N(alpha x + F(x)); arXiv:1706.03762, and with alpha arXiv:2203.00555."""

    norm: str
    alpha: float
    beta: float
    epsilon: float

    def run(self, m, x):
        for site in m.sites():
            y = self.alpha * x + m.sublayer(site, x)
            gain = m.w(site.path + "_path.w", D_MODEL, mean=1, deviation=0.3)
            if self.norm == "LAYER_NORM":
                x = layer_norm(y, self.epsilon) * gain + m.w(site.path + "_path.b", D_MODEL, deviation=0.3)
            else:
                x = rms_norm(y, self.epsilon) * gain
        return x


@dataclass(frozen=True)
class LayerScale:
    """x + gamma F(x)."""

    gain: str
    start: float

    def run(self, m, x):
        shape = (D_MODEL,) if self.gain == "VECTOR" else ()
        for site in m.sites():
            x = x + m.w(site.path + "_path.gamma", *shape, mean=0.4, deviation=0.4) * m.sublayer(site, x)
        return x


@dataclass(frozen=True)
class ElcBert:
    """x_n = Σ_i softmax(alpha_n)_i h_i; arXiv:2311.02265."""

    variant: str
    epsilon: float

    def run(self, m, x):
        h, out = [x], x
        for n in range(m.kind.blocks):
            x = mix(softmax(m.w(f"blocks.{n}.path.alpha", n + 1, deviation=1)), h)
            a = m.attn(n, x)
            out = a + m.mlp(n, a if self.variant == "BASE" else x + a)
            h.append(layer_norm(out, self.epsilon) if self.variant == "NORMALIZED" else out)
        if self.variant == "WEIGHTED_OUTPUT":
            return mix(softmax(m.w("final_path.alpha", len(h), deviation=1)), h)
        return h[-1]


@dataclass(frozen=True)
class DenseFormer:
    """Y_i = Σ alpha_ij X_j over j <= i with j = i (mod k), after every p-th block; arXiv:2402.02622."""

    dilation: int
    period: int

    def run(self, m, x):
        outputs, y = [x], x
        for i in range(1, m.kind.blocks + 1):
            outputs.append(m.block(i - 1, y))
            y = outputs[i]
            if i % self.period == 0:
                group = [outputs[j] for j in range(i + 1) if (i - j) % self.dilation == 0]
                y = mix(m.w(f"blocks.{i - 1}.path.alpha", len(group), mean=0.3), group)
        return y


@dataclass(frozen=True)
class VerticalAttention:
    """x_n = Σ_i softmax(alpha_n)_i h_i / rms(h_i), as reviews describe it; the block's own residuals stay."""

    adjacent: str
    epsilon: float

    def run(self, m, x):
        h = [x]
        for n in range(m.kind.blocks):
            x = mix(softmax(m.w(f"blocks.{n}.path.alpha", n + 1, deviation=1)), [rms_norm(v, self.epsilon) for v in h])
            h.append(m.block(n, x + h[-1] if self.adjacent == "KEPT" else x))
        return h[-1]


@dataclass(frozen=True)
class DeepCrossAttention:
    """(G (b + 1 ReLU(w^T G))) 1 for queries, keys and values; arXiv:2502.06785. The block's residual is the query's read."""

    read: str
    views: str
    newest: int

    def stack(self, f):
        """The input, the sum of the middle, the newest outputs."""
        if self.newest == 0 or len(f) <= self.newest + 1:
            return f
        middle = f[1:len(f) - self.newest]
        return [f[0], torch.stack(middle).sum(0)] + f[len(f) - self.newest:]

    def grn(self, m, path, stack):
        shape = (len(stack),) if self.read == "V1" else (len(stack), D_MODEL)
        b = m.w(path + "_b", *shape, mean=1, deviation=0.4)
        total = torch.zeros_like(stack[0])
        for s, g in enumerate(stack):
            share = b[s].expand(g.shape)
            if self.read == "V3":
                share = share + torch.clamp(torch.einsum("d,btd->bt", m.w(path + "_w", D_MODEL), g), min=0)[..., None]
            total = total + share * g
        return total

    def run(self, m, x):
        f = [x]
        for t in range(m.kind.blocks):
            stack = self.stack(f)
            if self.views == "SEPARATE":
                q, k, v = (self.grn(m, f"blocks.{t}.path.{name}", stack) for name in "qkv")
                a = m.attn(t, q, k, v)
            else:
                q = self.grn(m, f"blocks.{t}.path.r", stack)
                a = m.attn(t, q)
            f.append(a + m.mlp(t, a + q))
        return self.grn(m, "final_path.r", self.stack(f))


@dataclass(frozen=True)
class MuddFormer:
    """X^c_i = Σ_j A_i[c, j] X_j, A = GELU(RMSNorm(X_i) W1) W2 + a; arXiv:2502.12170."""

    mixing: str
    norms: str
    epsilon: float

    def run(self, m, x):
        outputs, q, k, v, r = [x], x, x, x, x
        for i in range(1, m.kind.blocks + 1):
            a = m.attn(i - 1, q, k, v) + r
            outputs.append(m.mlp(i - 1, a) + a)
            streams = self.mixes(m, i, outputs, 1 if i == m.kind.blocks else 4)
            q, k, v, r = streams if len(streams) == 4 else streams * 4
        return r

    def mixes(self, m, i, outputs, c):
        path, sources, newest = f"blocks.{i - 1}.path.", len(outputs), outputs[-1]
        weights = m.w(path + "a", c, sources, mean=0.3).expand(*newest.shape[:2], c, sources)
        if self.mixing == "DYNAMIC":
            hidden = 4 * sources
            w1 = m.matrix(path + "W1", D_MODEL, hidden)
            w2 = m.matrix(path + "W2", hidden, c, sources, fan_in=hidden)
            generated = gelu(torch.einsum("btd,dk->btk", rms_norm(newest, self.epsilon), w1))
            weights = weights + torch.einsum("btk,kcs->btcs", generated, w2)
        if self.norms == "NONE":
            return [mix(weights[:, :, s], outputs) for s in range(c)]
        post = m.w(path + "post", c, D_MODEL, mean=0.5)
        inner = [rms_norm(o, self.epsilon) for o in outputs]
        return [rms_norm(mix(weights[:, :, s], inner), self.epsilon) * post[s] + newest for s in range(c)]


@dataclass(frozen=True)
class AttentionResiduals:
    """h_l = Σ a_i v_i, a = softmax_i(w_l . RMSNorm_l(v_i)); arXiv:2603.15031. Sources are the embedding, sums of finished blocks of
    `blockSize` writes, and the sum of the block under way."""

    blockSize: int
    evaluation: str
    epsilon: float

    def read(self, m, path, x, writes):
        sources = [x]
        for first in range(0, len(writes), self.blockSize):
            sources.append(torch.stack(writes[first:first + self.blockSize]).sum(0))
        query = m.w(path + "_path.w", D_MODEL)
        gain = m.w(path + "_path.norm", D_MODEL, mean=1, deviation=0.3)
        scores = [torch.einsum("d,btd->bt", query, rms_norm(s, self.epsilon) * gain) for s in sources]
        return mix(softmax(torch.stack(scores, -1)), sources)

    def run(self, m, x):
        writes = []
        for site in m.sites():
            writes.append(m.sublayer(site, self.read(m, site.path, x, writes)))
        return self.read(m, "final", x, writes)


@dataclass(frozen=True)
class DepthAttention:
    """Attention of h^(l) over the states of its own token at earlier depths; arXiv:2603.16039, section 2.2, and the injections and
    sources that the paper leaves open."""

    window: int
    injection: str
    sources: str
    blockSize: int
    sharing: str
    heads: int
    dKey: int
    keyNorm: str
    ageBias: str
    epsilon: float

    def list(self, x, states, written):
        if self.sources == "STATES":
            found = states
        else:
            size = self.blockSize if self.sources == "SUMMARIES" else 1
            found = [x] + [torch.stack(written[i:i + size]).sum(0) for i in range(0, len(written), size)]
        return found[-self.window:] if self.window else found

    def z(self, m, reader, view, sources, h):
        """[text, token, head, d_value]."""
        own = "final_path." if reader == m.kind.blocks else f"blocks.{reader}.path."
        path = ("path." if self.sharing == "SHARED" else own) + view
        w_q = m.matrix(path + "W_Q", self.heads, self.dKey, D_MODEL)
        w_k = m.matrix(path + "W_K", self.heads, self.dKey, D_MODEL)
        w_v = m.matrix(path + "W_V", self.heads, D_MODEL // self.heads, D_MODEL)
        unit = (lambda y: rms_norm(y, self.epsilon)) if self.keyNorm == "RMS" else (lambda y: y)
        query = unit(torch.einsum("btd,hkd->bthk", h, w_q))
        scores = []
        for j, source in enumerate(sources):
            key = unit(torch.einsum("btd,hkd->bthk", source, w_k))
            score = (query * key).sum(-1) / math.sqrt(self.dKey)
            if self.ageBias == "LEARNED":
                score = score + m.w(own + view + "age", len(sources))[j]
            scores.append(score)
        return mix(softmax(torch.stack(scores, -1)), [torch.einsum("btd,hvd->bthv", s, w_v) for s in sources])

    def run(self, m, x):
        states, written, last = [x], [], m.kind.blocks
        for b in range(last):
            h = states[-1]
            sources = self.list(x, states, written)
            if self.injection == "STREAM":
                q, k, v, r = (self.z(m, b, name, sources, h).flatten(2) for name in ("q_", "k_", "v_", "r_"))
                a = m.attn(b, q, k, v)
            elif self.injection == "REPLACE":
                r = self.z(m, b, "", sources, h).flatten(2)
                a = m.attn(b, r)
            else:
                path = "path." if self.sharing == "SHARED" else f"blocks.{b}.path."
                w_o = m.matrix(path + "W_O", self.heads, D_MODEL // self.heads, D_MODEL)
                r = h + torch.einsum("bthv,hvd->btd", self.z(m, b, "", sources, h), w_o)
                a = m.attn(b, r)
            f = m.mlp(b, r + a)
            states.append(r + a + f)
            written.append(a + f)
        if self.injection == "BRANCH":
            return states[-1]
        view = "r_" if self.injection == "STREAM" else ""
        return self.z(m, last, view, self.list(x, states, written), states[-1]).flatten(2)


@dataclass(frozen=True)
class DeepDelta:
    """X' = X + beta k (v^T - k^T X); arXiv:2601.00417. The state is [text, token, d_model, channel]."""

    channels: int
    compressor: str
    embedding: str
    value: str
    gate: str
    gateStart: float
    update: str
    epsilon: float

    def compress(self, m, path, state):
        if self.compressor == "NONE":
            return state[..., 0]
        if self.compressor == "TOKEN":
            y = causal_conv(state, m.w(path + "conv", D_MODEL, self.channels, 4))
        else:
            conv, columns = m.w(path + "conv", D_MODEL, 4), []
            for j in range(self.channels):
                column = torch.zeros_like(state[..., 0])
                for tap in range(4):
                    if 0 <= j + tap - 1 < self.channels:
                        column = column + conv[:, tap] * state[..., j + tap - 1]
                columns.append(column)
            y = torch.stack(columns, -1)
        return torch.einsum("btdn,n->btd", y, m.w(path + "read", self.channels, mean=1 / self.channels))

    def open(self, m, x):
        repeated = torch.stack([x] * self.channels, -1)
        if self.embedding == "REPEATED":
            return repeated
        return causal_conv(repeated, m.w("path.EC", D_MODEL, self.channels, 4))

    def run(self, m, x):
        state = self.open(m, x)
        for site in m.sites():
            x_in = self.compress(m, f"blocks.{site.block}.path.", state)
            h = m.sublayer(site, x_in)
            if self.update == "ADDITIVE":
                state = state + h[..., None]
                continue
            c = m.normed(site, x_in)
            k = h / torch.sqrt((h * h).sum(-1, keepdim=True) + self.epsilon ** 2)
            beta = self.beta(m, site.path + "_path.", c)
            v = self.target(m, site.path + "_path.", c, x_in)
            along = torch.einsum("btd,btdn->btn", k, state)
            move = v - along if self.update == "DELTA" else v
            state = state + beta[..., None, None] * torch.einsum("btd,btn->btdn", k, move)
        return self.compress(m, "final_path.", state)

    def beta(self, m, path, c):
        if self.gate == "ONE_LAYER":
            logit = torch.einsum("btd,d->bt", c, m.matrix(path + "W_beta", D_MODEL))
        else:
            hidden = torch.tanh(torch.einsum("btd,dh->bth", c, m.matrix(path + "W1_beta", D_MODEL, 128)))
            logit = torch.einsum("bth,h->bt", hidden, m.matrix(path + "W2_beta", 128, fan_in=128))
        return 2 * sigmoid(logit + m.w(path + "b_beta"))

    def target(self, m, path, c, x_in):
        w_v = m.matrix(path + "W_v", D_MODEL, self.channels)
        if self.value == "LINEAR":
            return torch.einsum("btd,dn->btn", c, w_v)
        return 4 * sigmoid(torch.einsum("btd,dn->btn", x_in, w_v) + m.w(path + "b_v", self.channels))


@dataclass(frozen=True)
class HyperConnections:
    """h = A_m^T H, H' = A_r^T H + B^T F(N(h)); arXiv:2409.19606. H is [text, token, lane, d_model]."""

    lanes: int
    connections: str
    epsilon: float

    def run(self, m, x):
        n, h = self.lanes, torch.stack([x] * self.lanes, 2)
        for site in m.sites():
            path = site.path + "_path."
            a_m = m.w(path + "A_m", n, mean=0.4).expand(*h.shape[:2], n)
            a_r = m.w(path + "A_r", n, n, mean=0.3, deviation=0.3).expand(*h.shape[:2], n, n)
            b = m.w(path + "B", n, mean=0.7).expand(*h.shape[:2], n)
            if self.connections == "DYNAMIC":
                unit = layer_norm(h, self.epsilon)
                s_alpha, s_beta = m.w(path + "s_alpha", mean=0.5, deviation=0.2), m.w(path + "s_beta", mean=0.5, deviation=0.2)
                a_m = a_m + s_alpha * torch.tanh(torch.einsum("btnd,d->btn", unit, m.matrix(path + "W_m", D_MODEL)))
                a_r = a_r + s_alpha * torch.tanh(torch.einsum("btnd,dj->btnj", unit, m.matrix(path + "W_r", D_MODEL, n)))
                b = b + s_beta * torch.tanh(torch.einsum("btnd,d->btn", unit, m.matrix(path + "W_b", D_MODEL)))
            out = m.sublayer(site, torch.einsum("btn,btnd->btd", a_m, h))
            h = torch.einsum("btij,btid->btjd", a_r, h) + torch.einsum("btj,btd->btjd", b, out)
        return h.sum(2)


@dataclass(frozen=True)
class ManifoldHyperConnections:
    """X' = res X + post^T F(pre X), res doubly stochastic; arXiv:2512.24880."""

    lanes: int
    iterations: int
    readout: str
    phiDeviation: float
    epsilon: float

    def run(self, m, x):
        n, h = self.lanes, torch.stack([x] * self.lanes, 2)
        for site in m.sites():
            unit = rms_norm(h.flatten(2), self.epsilon)
            pre = sigmoid(self.logits(m, site.path + "_path.pre", unit, n))
            post = 2 * sigmoid(self.logits(m, site.path + "_path.post", unit, n))
            res = torch.exp(self.logits(m, site.path + "_path.res", unit, n, n))
            for _ in range(self.iterations):
                res = res / res.sum(-1, keepdim=True)
                res = res / res.sum(-2, keepdim=True)
            out = m.sublayer(site, torch.einsum("btn,btnd->btd", pre, h))
            h = torch.einsum("btij,btjd->btid", res, h) + torch.einsum("btn,btd->btnd", post, out)
        return h.sum(2) if self.readout == "SUM" else h.mean(2)

    def logits(self, m, name, unit, *shape):
        """`unit` is [text, token, lane and d_model in one]."""
        n = self.lanes
        phi = m.matrix(name + "_phi", n, D_MODEL, *shape, fan_in=n * D_MODEL).flatten(0, 1)
        factor, bias = m.w(name + "_a", mean=0.8, deviation=0.2), m.w(name + "_b", *shape)
        return factor * torch.tensordot(unit, phi, 1) + bias


@dataclass(frozen=True)
class Laurel:
    """a F(x) + b x + B A x + Σ_j gamma_j g(x_{i-j}); arXiv:2411.07501. g is the identity or of low rank."""

    residualWeights: str
    rank: int
    previous: int
    previousRank: int

    def run(self, m, x):
        earlier = []
        for site in m.sites():
            path = site.path + "_path."
            a, b = self.bounds(m, path)
            y = a * m.sublayer(site, x) + b * x
            if self.rank:
                down = torch.einsum("btd,dr->btr", x, m.matrix(path + "A", D_MODEL, self.rank))
                y = y + torch.einsum("btr,rd->btd", down, m.matrix(path + "B", self.rank, D_MODEL, fan_in=self.rank))
            seen = earlier[:self.previous]
            for j, state in enumerate(seen):
                y = y + m.w(path + "gamma", len(seen))[j] * self.g(m, path, state)
            earlier.insert(0, x)
            x = y
        return x

    def g(self, m, path, state):
        if not self.previousRank:
            return state
        down = torch.einsum("btd,dr->btr", state, m.matrix(path + "g_down", D_MODEL, self.previousRank))
        return torch.einsum("btr,rd->btd", down, m.matrix(path + "g_up", self.previousRank, D_MODEL, fan_in=self.previousRank))

    def bounds(self, m, path):
        if self.residualWeights == "NONE":
            return 1, 1
        ab = m.w(path + "ab", 2)
        both = 2 * sigmoid(ab) if self.residualWeights == "SIGMOID" else 2 * softmax(ab)
        return both[0], both[1]


# ---------------------------------------------------------------- the list


def depth(window=0, injection="BRANCH", sources="STATES", size=1, sharing="SHARED", heads=1, norm="NONE", age="NONE"):
    return DepthAttention(window, injection, sources, size, sharing, heads, 5, norm, age, 1e-6)


def delta(channels=1, compressor="NONE", embedding="REPEATED", value="LINEAR", gate="ONE_LAYER", update="DELTA"):
    return DeepDelta(channels, compressor, embedding, value, gate, 1.0, update, 1e-5)


LLAMA, GPT2, BARE = Kind(), Kind(gpt2=True, blocks=2), Kind(normed=False)
FOUR = Kind(blocks=4)
REPLACED = dict(injection="REPLACE", sharing="PER_LAYER", norm="RMS", age="LEARNED")

MODELS = {
    "pre_norm": (PreNorm(), LLAMA),
    "pre_norm-gpt2": (PreNorm(), GPT2),
    "post_norm": (PostNorm("LAYER_NORM", 1.0, 1.0, 1e-5), BARE),
    "post_norm-rms": (PostNorm("RMS_NORM", 1.0, 1.0, 1e-5), BARE),
    "deepnorm": (PostNorm("LAYER_NORM", (2 * 3) ** 0.25, (8 * 3) ** -0.25, 1e-5), BARE),
    "layerscale": (LayerScale("VECTOR", 0.1), LLAMA),
    "rezero": (LayerScale("SCALAR", 0.0), BARE),
    "elc": (ElcBert("BASE", 1e-6), LLAMA),
    "elc-zero": (ElcBert("ZERO", 1e-6), LLAMA),
    "elc-normalized": (ElcBert("NORMALIZED", 1e-6), LLAMA),
    "elc-output": (ElcBert("WEIGHTED_OUTPUT", 1e-6), LLAMA),
    "denseformer": (DenseFormer(1, 1), LLAMA),
    "denseformer-2x2": (DenseFormer(2, 2), FOUR),
    "vertical": (VerticalAttention("REPLACED", 1e-6), LLAMA),
    "vertical-adjacent": (VerticalAttention("KEPT", 1e-6), LLAMA),
    "dca": (DeepCrossAttention("V3", "SEPARATE", 0), LLAMA),
    "dca-gpt2": (DeepCrossAttention("V3", "SEPARATE", 0), GPT2),
    "dca-1": (DeepCrossAttention("V3", "SEPARATE", 1), FOUR),
    "dca-2": (DeepCrossAttention("V3", "SEPARATE", 2), FOUR),
    "grn-v1": (DeepCrossAttention("V1", "ONE", 0), LLAMA),
    "grn-v2": (DeepCrossAttention("V2", "ONE", 0), LLAMA),
    "grn-v3": (DeepCrossAttention("V3", "ONE", 0), LLAMA),
    "mudd": (MuddFormer("DYNAMIC", "NONE", 1e-6), LLAMA),
    "mudd-gpt2": (MuddFormer("DYNAMIC", "NONE", 1e-6), GPT2),
    "mudd-static": (MuddFormer("STATIC", "NONE", 1e-6), LLAMA),
    "mudd-norms": (MuddFormer("DYNAMIC", "PRE_POST", 1e-6), LLAMA),
    "attnres": (AttentionResiduals(1, "NAIVE", 1e-6), LLAMA),
    "attnres-gpt2": (AttentionResiduals(1, "TWO_PHASE", 1e-6), GPT2),
    "attnres-block-2": (AttentionResiduals(2, "NAIVE", 1e-6), LLAMA),
    "attnres-block-3": (AttentionResiduals(3, "TWO_PHASE", 1e-6), LLAMA),
    "attnres-shortswa": (AttentionResiduals(4, "NAIVE", 1e-6), Kind(blocks=2, sublayer="shortswa")),
    "depth": (depth(window=2), LLAMA),
    "depth-full": (depth(), LLAMA),
    "depth-own": (depth(2, sharing="PER_LAYER", norm="RMS", age="LEARNED"), LLAMA),
    "depth-gpt2": (depth(), GPT2),
    "depth-heads": (depth(2, sources="INCREMENTS", sharing="PER_LAYER", heads=2, norm="RMS", age="LEARNED"), LLAMA),
    "depth-replace": (depth(**REPLACED), LLAMA),
    "depth-increments": (depth(sources="INCREMENTS", **REPLACED), LLAMA),
    "depth-summaries": (depth(sources="SUMMARIES", size=2, **REPLACED), LLAMA),
    "depth-stream": (depth(injection="STREAM"), LLAMA),
    "ddl": (delta(), LLAMA),
    "ddl-sigmoid": (delta(value="SIGMOID", gate="TWO_LAYERS"), Kind(blocks=1)),
    "ddl-write-only": (delta(update="WRITE_ONLY"), LLAMA),
    "ddl-cc": (delta(4, "CHANNEL"), LLAMA),
    "ddl-cc-gpt2": (delta(4, "CHANNEL", value="SIGMOID"), GPT2),
    "ddl-cc-ec": (delta(4, "CHANNEL", "CONVOLVED"), LLAMA),
    "ddl-tc": (delta(4, "TOKEN"), LLAMA),
    "ddl-tc-ec": (delta(4, "TOKEN", "CONVOLVED"), LLAMA),
    "ddl-additive": (delta(4, "CHANNEL", update="ADDITIVE"), LLAMA),
    "hc": (HyperConnections(4, "DYNAMIC", 1e-5), LLAMA),
    "hc-gpt2": (HyperConnections(2, "DYNAMIC", 1e-5), GPT2),
    "hc-static": (HyperConnections(4, "STATIC", 1e-5), LLAMA),
    "mhc": (ManifoldHyperConnections(4, 20, "SUM", 0.02, 1e-20), Kind(blocks=2)),
    "mhc-mean": (ManifoldHyperConnections(2, 20, "MEAN", 0.02, 1e-20), GPT2),
    "laurel-rw": (Laurel("SIGMOID", 0, 0, 0), LLAMA),
    "laurel-rw-softmax": (Laurel("SOFTMAX", 0, 0, 0), LLAMA),
    "laurel-lr": (Laurel("NONE", 2, 0, 0), LLAMA),
    "laurel-pa": (Laurel("NONE", 0, 3, 0), LLAMA),
    "laurel": (Laurel("SIGMOID", 2, 3, 2), LLAMA),
    "mixer-shortswa": (PreNorm(), Kind(sublayer="shortswa")),
    "mixer-shortconv": (PreNorm(), Kind(sublayer="shortconv")),
    "mixer-shortswa-branch": (PreNorm(), Kind(branch="shortswa", kv_heads=1)),
    "mixer-shortconv-branch": (PreNorm(), Kind(branch="shortconv")),
    "mixer-canon-abcd": (PreNorm(), Kind(canon="ABCD")),
    "mixer-canon-abcd-gpt2": (PreNorm(), Kind(gpt2=True, blocks=2, canon="ABCD")),
    "mixer-value-residual": (PreNorm(), Kind(values="MIXED_WITH_FIRST")),
    "mixer-svformer": (PreNorm(), Kind(values="FIRST")),
}


def make(name):
    pathway, kind = MODELS[name]
    draw = np.random.Generator(np.random.PCG64([zlib.crc32(name.encode()), 0]))
    ids = torch.tensor(draw.integers(0, VOCAB, (TEXTS, LENGTH)))
    model = Model(name, kind)
    logits = model.logits(pathway, ids)
    log_z = torch.logsumexp(logits[:, :-1], -1)
    chosen = logits[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    loss = (log_z - chosen).mean()
    loss.backward()

    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"type": type(pathway).__name__} | {f: getattr(pathway, f) for f in pathway.__dataclass_fields__}
    (folder / "config.json").write_text(json.dumps(kind.config(settings), separators=(",", ":")) + "\n")
    weights = {key: w.detach().to(torch.float32).contiguous() for key, w in model.weights.items()}
    save_file(weights, folder / "model.safetensors", {"format": "weir"})
    reference = {"input_ids": ids, "logits": logits.detach(), "loss": loss.detach()}
    reference |= model.reads
    reference |= {"gradient." + key: w.grad if w.grad is not None else torch.zeros_like(w) for key, w in model.weights.items()}
    save_file({key: t.contiguous() for key, t in reference.items()}, folder / "reference.safetensors")
    size = sum(f.stat().st_size for f in folder.iterdir())
    small = min((float(w.grad.abs().max()), key) for key, w in model.weights.items())
    print(f"{name:32} loss {loss:6.3f}  {size:7} bytes  smallest gradient {small[0]:.1e} {small[1]}")


if __name__ == "__main__":
    for each in sys.argv[1:] or MODELS:
        make(each)
