"""The tiny models: one entry per family and variant, and which modules write to the stream."""

from dataclasses import dataclass, field

VOCAB = 64
PROMPT = 24
GENERATED = 50

IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
SMALL = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
             intermediate_size=40, max_position_embeddings=96, **IDS)
GROUPED = dict(SMALL, num_key_value_heads=2)
GPT2 = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_inner=64, n_positions=80, **IDS)
NEOX = dict(SMALL, num_attention_heads=2)
ONE_LAYER = dict(GROUPED, num_hidden_layers=1)
WIDE_HEADS = dict(ONE_LAYER, num_attention_heads=2, num_key_value_heads=1)


@dataclass(frozen=True)
class Tiny:
    """A model to make. `without` maps a name to config changes that must move the logits."""

    name: str
    model_type: str
    config: dict
    without: dict = field(default_factory=dict)
    padded: bool = False
    patterns: bool = False
    stream: bool = True
    long_prompt: int = 0
    cache_changes_result: bool = False


def rope(rope_type, theta=100.0, **more):
    return dict(rope_type=rope_type, rope_theta=theta, **more)


def plain_rope(theta=100.0):
    return {"rope_parameters": rope("default", theta)}


LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
YARN = rope("yarn", factor=4.0, beta_fast=4.0, beta_slow=1.0, original_max_position_embeddings=64)
YARN_MSCALE = dict(YARN, mscale=1.3, mscale_all_dim=0.4, truncate=False)
LONGROPE = rope("longrope", short_factor=[1.0, 1.05, 1.1, 1.2],
                long_factor=[1.0, 1.5, 2.5, 4.0], original_max_position_embeddings=32)
GEMMA3_ROPE = {"full_attention": rope("linear", 1000.0, factor=4.0),
               "sliding_attention": rope("default", 50.0)}
GEMMA3_UNSCALED = dict(GEMMA3_ROPE, full_attention=rope("default", 1000.0))
GEMMA3_ONE_BASE = dict(GEMMA3_ROPE, sliding_attention=rope("default", 1000.0))

TINY = [
    Tiny("gpt2", "gpt2", dict(GPT2, n_inner=None), padded=True, patterns=True,
         without={"exact_gelu": {"activation_function": "gelu"}}),
    Tiny("gpt2-inverse-layer", "gpt2",
         dict(GPT2, tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True),
         without={"inverse_layer_scale": {"scale_attn_by_inverse_layer_idx": False}}, stream=False),
    Tiny("gpt-neox-parallel", "gpt_neox",
         dict(NEOX, rope_parameters=rope("default", 1000.0, partial_rotary_factor=0.25)),
         without={"parallel": {"use_parallel_residual": False},
                  "partial_rotary": {"rope_parameters": rope("default", 1000.0, partial_rotary_factor=0.5)}}),
    Tiny("gpt-neox-sequential", "gpt_neox",
         dict(NEOX, use_parallel_residual=False,
              rope_parameters=rope("default", 1000.0, partial_rotary_factor=1.0)),
         without={"sequential": {"use_parallel_residual": True}}),
    Tiny("llama", "llama", dict(GROUPED, rms_norm_eps=1e-2), padded=True,
         without={"rms_norm_eps": {"rms_norm_eps": 1e-6}}),
    Tiny("llama-tied-llama3", "llama",
         dict(GROUPED, tie_word_embeddings=True, max_position_embeddings=512, rope_parameters=LLAMA3),
         without={"scaling": plain_rope()}, stream=False),
    Tiny("llama-linear", "llama", dict(ONE_LAYER, rope_parameters=rope("linear", factor=3.0)), stream=False,
         without={"scaling": plain_rope()}),
    Tiny("llama-dynamic", "llama",
         dict(WIDE_HEADS, max_position_embeddings=16, rope_parameters=rope("dynamic", factor=4.0)),
         without={"scaling": plain_rope()}, cache_changes_result=True, stream=False),
    Tiny("llama-yarn", "llama", dict(WIDE_HEADS, max_position_embeddings=256, rope_parameters=YARN),
         stream=False,
         without={"scaling": plain_rope(),
                  "attention_factor": {"rope_parameters": dict(YARN, attention_factor=1.0)}}),
    Tiny("llama-yarn-mscale", "llama",
         dict(WIDE_HEADS, max_position_embeddings=256, rope_parameters=YARN_MSCALE),
         stream=False,
         without={"truncate": {"rope_parameters": dict(YARN_MSCALE, truncate=True)},
                  "mscale": {"rope_parameters": dict(YARN, truncate=False)}}),
    Tiny("llama-biases", "llama", dict(GROUPED, attention_bias=True, mlp_bias=True, head_dim=16), stream=False),
    Tiny("mistral", "mistral", dict(GROUPED, sliding_window=8, **plain_rope()), stream=False,
         without={"window": {"sliding_window": None}, "window_size": {"sliding_window": 9}}),
    Tiny("qwen2", "qwen2", dict(GROUPED, tie_word_embeddings=True), stream=False),
    Tiny("qwen2-window", "qwen2",
         dict(GROUPED, num_hidden_layers=3, intermediate_size=32, use_sliding_window=True,
              sliding_window=8, max_window_layers=1),
         without={"window": {"layer_types": ["full_attention"] * 3},
                  "first_layer_full": {"layer_types": ["sliding_attention"] * 3}}, stream=False),
    Tiny("qwen3", "qwen3", dict(GROUPED, head_dim=16)),
    Tiny("gemma", "gemma", dict(GROUPED, head_dim=16),
         without={"exact_gelu": {"hidden_act": "gelu"}}),
    Tiny("gemma2", "gemma2",
         dict(GROUPED, num_hidden_layers=3, intermediate_size=32, head_dim=8, sliding_window=8,
              query_pre_attn_scalar=5, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
         without={"attn_softcap": {"attn_logit_softcapping": None},
                  "final_softcap": {"final_logit_softcapping": None},
                  "query_pre_attn_scalar": {"query_pre_attn_scalar": 8},
                  "window": {"layer_types": ["full_attention"] * 3}}),
    Tiny("gemma3", "gemma3_text",
         dict(GROUPED, num_hidden_layers=3, intermediate_size=32, head_dim=8, sliding_window=8,
              query_pre_attn_scalar=5, rope_parameters=GEMMA3_ROPE,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
         without={"scaling": {"rope_parameters": GEMMA3_UNSCALED},
                  "local_base": {"rope_parameters": GEMMA3_ONE_BASE},
                  "window": {"layer_types": ["full_attention"] * 3}}),
    Tiny("olmo2", "olmo2", GROUPED),
    Tiny("phi", "phi", SMALL,
         without={"exact_gelu": {"hidden_act": "gelu"},
                  "partial_rotary": {"rope_parameters": rope("default", 10000.0, partial_rotary_factor=1.0)}}),
    Tiny("phi3", "phi3", dict(GROUPED, sliding_window=8, original_max_position_embeddings=96), stream=False,
         without={"window": {"sliding_window": None}}),
    Tiny("phi3-longrope", "phi3",
         dict(GROUPED, max_position_embeddings=128, original_max_position_embeddings=32,
              rope_parameters=LONGROPE),
         long_prompt=40,
         without={"scaling": plain_rope(),
                  "attention_factor": {"rope_parameters": dict(LONGROPE, attention_factor=1.0)}}, stream=False),
]

# Paths of modules, from the causal model; sandwich and post-norm families write what their norm gives.
LLAMA_LIKE = dict(layers="model.layers", attn="self_attn", attn_write="self_attn", mlp_write="mlp",
                  final_norm="model.norm")
POST_NORM = dict(LLAMA_LIKE, attn_write="post_attention_layernorm",
                 mlp_write="post_feedforward_layernorm")
MODULES = {
    "gpt2": dict(layers="transformer.h", attn="attn", attn_write="attn", mlp_write="mlp",
                 final_norm="transformer.ln_f"),
    "gpt_neox": dict(layers="gpt_neox.layers", attn="attention", attn_write="attention",
                     mlp_write="mlp", final_norm="gpt_neox.final_layer_norm"),
    "phi": dict(LLAMA_LIKE, final_norm="model.final_layernorm"),
    "gemma2": POST_NORM,
    "gemma3_text": POST_NORM,
    "olmo2": POST_NORM,
}


def modules_of(model_type):
    return MODULES.get(model_type, LLAMA_LIKE)
