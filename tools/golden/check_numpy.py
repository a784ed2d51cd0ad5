"""Llama and its RoPE kinds in plain NumPy, from FAMILIES.md alone, against the references. Run: python check_numpy.py"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[2] / "core/src/test/resources/golden/models"
NAMES = ["llama", "llama-tied-llama3", "llama-linear", "llama-dynamic", "llama-yarn",
         "llama-yarn-mscale", "llama-biases", "mistral"]
TOLERANCE = 1e-12


def frequencies(config, length):
    """Angles per position and the factor on cos and sin."""
    rope, size = config["rope_parameters"], config["head_dim"]
    theta, steps = rope["rope_theta"], np.arange(0, size, 2) / size
    plain = theta ** -steps
    match rope["rope_type"]:
        case "default":
            return plain, 1.0
        case "linear":
            return plain / rope["factor"], 1.0
        case "dynamic":
            stretch = rope["factor"] * length / config["max_position_embeddings"] - (rope["factor"] - 1)
            return (theta * stretch ** (size / (size - 2))) ** -steps, 1.0
        case "llama3":
            return llama3(plain, rope), 1.0
        case "yarn":
            return yarn(plain, rope, size), yarn_factor(rope)


def llama3(plain, rope):
    turns = rope["original_max_position_embeddings"] * plain / (2 * np.pi)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 - smooth) * plain / rope["factor"] + smooth * plain


def yarn(plain, rope, size):
    def dimension(turns):
        return size * np.log(rope["original_max_position_embeddings"] / (2 * np.pi * turns)) / (
            2 * np.log(rope["rope_theta"]))
    low, high = dimension(rope["beta_fast"]), dimension(rope["beta_slow"])
    if rope.get("truncate", True):
        low, high = np.floor(low), np.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    ramp = np.clip((np.arange(size // 2) - low) / (high - low), 0, 1)
    return plain / rope["factor"] * ramp + plain * (1 - ramp)


def yarn_factor(rope):
    def m(scale):
        return 0.1 * scale * np.log(rope["factor"]) + 1
    return m(rope["mscale"]) / m(rope["mscale_all_dim"]) if "mscale" in rope else m(1)


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Llama:
    """One row of ids to logits, in float64."""

    def __init__(self, folder):
        self.weights = {k: v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items()}
        self.config = json.loads((folder / "config.json").read_text())

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights.get(name + ".bias", 0)

    def norm(self, x, name):
        scale = np.sqrt((x ** 2).mean(-1, keepdims=True) + self.config["rms_norm_eps"])
        return x / scale * self.weights[name + ".weight"]

    def hidden(self, distance):
        """Which keys a query may not see, by how far back they are."""
        return (distance < 0) | (distance >= (self.config.get("sliding_window") or np.inf))

    def attention(self, x, prefix):
        length, size = len(x), self.config["head_dim"]
        q, k, v = (self.linear(x, f"{prefix}{n}_proj").reshape(length, -1, size).swapaxes(0, 1) for n in "qkv")
        turns, factor = frequencies(self.config, length)
        angles = np.arange(length)[:, None] * turns
        q, k = (rotate(y, factor * np.cos(angles), factor * np.sin(angles)) for y in (q, k))
        k, v = (np.repeat(y, len(q) // len(k), axis=0) for y in (k, v))
        distance = np.arange(length)[:, None] - np.arange(length)
        scores = np.where(self.hidden(distance), -np.inf, q @ k.swapaxes(1, 2) / np.sqrt(size))
        mixed = (softmax(scores) @ v).swapaxes(0, 1).reshape(length, -1)
        return self.linear(mixed, prefix + "o_proj")

    def mlp(self, x, prefix):
        gate = self.linear(x, prefix + "gate_proj")
        return self.linear(gate / (1 + np.exp(-gate)) * self.linear(x, prefix + "up_proj"), prefix + "down_proj")

    def logits(self, ids):
        x = self.weights["model.embed_tokens.weight"][ids]
        for i in range(self.config["num_hidden_layers"]):
            layer = f"model.layers.{i}."
            x = x + self.attention(self.norm(x, layer + "input_layernorm"), layer + "self_attn.")
            x = x + self.mlp(self.norm(x, layer + "post_attention_layernorm"), layer + "mlp.")
        tied = self.config["tie_word_embeddings"]
        return self.linear(self.norm(x, "model.norm"), "model.embed_tokens" if tied else "lm_head")


def error(name):
    reference = load_file(ROOT / name / "reference.safetensors")
    model = Llama(ROOT / name)
    return np.abs(np.stack([model.logits(ids) for ids in reference["input_ids"]]) - reference["logits"]).max()


def main():
    errors = {name: error(name) for name in NAMES}
    for name, value in errors.items():
        print(f"{name}: {value:.1e}")
    sys.exit(int(max(errors.values()) > TOLERANCE))


if __name__ == "__main__":
    main()
