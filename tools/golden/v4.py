"""Writes a transformers 5 config the way transformers 4 wrote it."""

DROPPED = ("rope_parameters", "layer_types", "_sliding_window_pattern")
ROPE_BASICS = ("rope_type", "rope_theta", "partial_rotary_factor")


def to_v4(config):
    """The same model in the older keys."""
    old = {k: v for k, v in config.items() if k not in DROPPED}
    old["torch_dtype"] = old.pop("dtype")
    old["transformers_version"] = "4.46.0"
    old.update(_rope_keys(config))
    old.update(_window_keys(config))
    old.update(_activation_keys(config))
    return dict(sorted(old.items()))


def _rope_keys(config):
    rope = config.get("rope_parameters")
    if rope is None:
        return {}
    if config["model_type"] == "gemma3_text":
        return {"rope_theta": rope["full_attention"]["rope_theta"],
                "rope_local_base_freq": rope["sliding_attention"]["rope_theta"],
                "rope_scaling": _scaling(rope["full_attention"])}
    if config["model_type"] == "gpt_neox":
        return {"rotary_emb_base": int(rope["rope_theta"]), "rotary_pct": rope["partial_rotary_factor"],
                "rope_scaling": _scaling(rope)}
    keys = {"rope_theta": rope["rope_theta"], "rope_scaling": _scaling(rope, config["model_type"])}
    if config["model_type"] in ("phi", "phi3"):
        keys["partial_rotary_factor"] = rope["partial_rotary_factor"]
    return keys


def _scaling(rope, model_type=None):
    if rope["rope_type"] == "default":
        return None
    rest = {k: v for k, v in rope.items() if k not in ROPE_BASICS}
    if model_type == "phi3":  # its v4 class takes these three keys and no other
        rest = {k: rest[k] for k in ("short_factor", "long_factor")}
        return {"type": rope["rope_type"], **rest}
    return {"rope_type": rope["rope_type"], **rest}


def _window_keys(config):
    if config["model_type"] == "gemma3_text":
        return {"sliding_window_pattern": config["layer_types"].index("full_attention") + 1}
    return {}


def _activation_keys(config):
    """The first Gemma releases say "gelu" and mean the tanh form."""
    return {"hidden_act": "gelu", "hidden_activation": None} if config["model_type"] == "gemma" else {}
