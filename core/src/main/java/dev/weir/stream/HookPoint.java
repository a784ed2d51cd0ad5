package dev.weir.stream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.stream.Collectors;

/// A place in a run where a value can be read or changed. Names are TransformerLens's; each prints
/// with [#name] and is read back with [#parse].
public sealed interface HookPoint {

  /// TransformerLens's name for it, for instance `blocks.3.hook_resid_mid`.
  String name();

  /// A place inside a block.
  sealed interface InBlock extends HookPoint {
    /// The block, from 0.
    int layer();

    /// The name within the block.
    String local();

    @Override
    default String name() {
      return "blocks." + layer() + "." + local();
    }
  }

  /// A place at a norm.
  sealed interface AtNorm extends HookPoint {
    /// Which norm.
    NormSite norm();

    /// The name within the norm.
    String local();

    @Override
    default String name() {
      return norm().path() + "." + local();
    }
  }

  /// The token embeddings as they enter the stream (after any embedding scale), `[pos, d_model]`.
  record Embed() implements HookPoint {
    @Override
    public String name() {
      return "hook_embed";
    }
  }

  /// The position embeddings as they enter the stream, `[pos, d_model]`.
  record PosEmbed() implements HookPoint {
    @Override
    public String name() {
      return "hook_pos_embed";
    }
  }

  /// The stream entering a block, `[pos, d_model]`.
  record ResidPre(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_resid_pre";
    }
  }

  /// The stream between attention and MLP, `[pos, d_model]`; absent in parallel blocks.
  record ResidMid(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_resid_mid";
    }
  }

  /// The stream leaving a block, `[pos, d_model]`.
  record ResidPost(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_resid_post";
    }
  }

  /// What the pathway let attention read, before its norm, `[pos, d_model]`.
  record AttnIn(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_attn_in";
    }
  }

  /// What the pathway let the MLP read, before its norm, `[pos, d_model]`.
  record MlpIn(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_mlp_in";
    }
  }

  /// What attention writes to the stream, after any post-norm, `[pos, d_model]`.
  record AttnOut(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_attn_out";
    }
  }

  /// What the MLP writes to the stream, after any post-norm, `[pos, d_model]`.
  record MlpOut(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_mlp_out";
    }
  }

  /// Queries, after any query norm and before rotation, `[pos, head, d_head]`.
  record Query(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_q";
    }
  }

  /// Keys, after any key norm and before rotation, `[pos, kv_head, d_head]`.
  record Key(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_k";
    }
  }

  /// Values, `[pos, kv_head, d_head]`.
  record Value(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_v";
    }
  }

  /// Queries after rotation, `[pos, head, d_head]`; only where positions are rotary.
  record RotatedQuery(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_rot_q";
    }
  }

  /// Keys after rotation, `[pos, kv_head, d_head]`; only where positions are rotary.
  record RotatedKey(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_rot_k";
    }
  }

  /// Attention scores after scale, softcap and mask (minus infinity where masked), `[head,
  /// query_pos, key_pos]`.
  record AttnScores(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_attn_scores";
    }
  }

  /// Attention probabilities, `[head, query_pos, key_pos]`.
  record Pattern(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_pattern";
    }
  }

  /// What each head read, mixed by its pattern, `[pos, head, d_head]`.
  record Z(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_z";
    }
  }

  /// What each head adds to attention's output, `[pos, head, d_model]`; computed only when asked
  /// for.
  record HeadResult(int layer) implements InBlock {
    @Override
    public String local() {
      return "attn.hook_result";
    }
  }

  /// The MLP before its activation function (the gate, where there is one), `[pos, d_mlp]`.
  record MlpPre(int layer) implements InBlock {
    @Override
    public String local() {
      return "mlp.hook_pre";
    }
  }

  /// The ungated half of a gated MLP, `[pos, d_mlp]`.
  record MlpPreLinear(int layer) implements InBlock {
    @Override
    public String local() {
      return "mlp.hook_pre_linear";
    }
  }

  /// How strongly each neuron fires (gate included), `[pos, d_mlp]`.
  record MlpPost(int layer) implements InBlock {
    @Override
    public String local() {
      return "mlp.hook_post";
    }
  }

  /// What a norm divides by, `[pos, 1]`.
  record NormScale(NormSite norm) implements AtNorm {
    @Override
    public String local() {
      return "hook_scale";
    }
  }

  /// What a norm gives, before its gain and shift, `[pos, d_model]`.
  record NormNormalized(NormSite norm) implements AtNorm {
    @Override
    public String local() {
      return "hook_normalized";
    }
  }

  /// Every place inside block `layer`, norms left out, in the order of the computation.
  ///
  /// @param layer the block, from 0
  static List<InBlock> inBlock(int layer) {
    return MAKERS.stream().<InBlock>map(maker -> maker.apply(layer)).toList();
  }

  /// The place of this name.
  ///
  /// @param name TransformerLens's name
  /// @throws StreamException if there is none
  static HookPoint parse(String name) {
    if (name.equals("hook_embed")) {
      return new Embed();
    }
    if (name.equals("hook_pos_embed")) {
      return new PosEmbed();
    }
    int dot = name.lastIndexOf('.');
    Optional<NormSite> norm = dot < 0 ? Optional.empty() : NormSite.find(name.substring(0, dot));
    if (norm.isPresent() && name.endsWith(".hook_scale")) {
      return new NormScale(norm.get());
    }
    if (norm.isPresent() && name.endsWith(".hook_normalized")) {
      return new NormNormalized(norm.get());
    }
    Matcher block = BLOCK.matcher(name);
    if (block.matches() && BY_LOCAL.containsKey(block.group(2))) {
      return BY_LOCAL.get(block.group(2)).apply(Integer.parseInt(block.group(1)));
    }
    throw StreamException.unknownHookPoint(name);
  }

  /// A name inside a block.
  java.util.regex.Pattern BLOCK = java.util.regex.Pattern.compile("blocks\\.(\\d{1,5})\\.(.+)");

  /// One maker for each kind of place inside a block, in the order of the computation.
  List<IntFunction<? extends InBlock>> MAKERS =
      List.of(
          ResidPre::new,
          AttnIn::new,
          Query::new,
          Key::new,
          Value::new,
          RotatedQuery::new,
          RotatedKey::new,
          AttnScores::new,
          Pattern::new,
          Z::new,
          HeadResult::new,
          AttnOut::new,
          ResidMid::new,
          MlpIn::new,
          MlpPre::new,
          MlpPreLinear::new,
          MlpPost::new,
          MlpOut::new,
          ResidPost::new);

  /// The makers by the name within the block.
  Map<String, IntFunction<? extends InBlock>> BY_LOCAL =
      MAKERS.stream()
          .collect(Collectors.toUnmodifiableMap(m -> m.apply(0).local(), Function.identity()));
}
