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

  /// What a sublayer reads: what the pathway let it see, before its norm.
  sealed interface Reading extends InBlock {}

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

  /// What a pathway's routing decided at one site in this run: a gate, weights over sources, a
  /// direction. Its axes are `[pos, ..]`, as the pathway's page says; changing it changes how the
  /// stream is carried, and nothing else.
  ///
  /// @param site who reads or writes
  /// @param moment whether it was decided for the reading or for the write
  /// @param value which of its values, for instance `weights`
  record Route(Site site, Moment moment, String value) implements HookPoint {
    @Override
    public String name() {
      return "%s_%s.hook_%s".formatted(site.path(), moment.word(), value);
    }
  }

  /// When routing decides.
  enum Moment {
    /// Before a sublayer reads.
    READ,
    /// Before what it wrote is kept.
    WRITE;

    /// As it stands in names.
    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /// The same kind of place within the local mixer's own attention: `blocks.3.local.hook_pattern`.
  ///
  /// @param like the place in attention
  record InLocal(InBlock like) implements InBlock {
    @Override
    public int layer() {
      return like.layer();
    }

    @Override
    public String local() {
      return like.local().replaceFirst("^attn\\.", "local.");
    }
  }

  /// What the pathway let the local mixer read, before its norm, `[pos, d_model]`.
  record LocalIn(int layer) implements Reading {
    @Override
    public String local() {
      return "hook_local_in";
    }
  }

  /// What the local mixer writes to the stream, `[pos, d_model]`.
  record LocalOut(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_local_out";
    }
  }

  /// The stream between local mixer and attention, `[pos, d_model]`.
  record ResidLocal(int layer) implements InBlock {
    @Override
    public String local() {
      return "hook_resid_local";
    }
  }

  /// What the pathway let attention's queries read, before the norm, `[pos, d_model]`; only where
  /// queries, keys and values read apart.
  record QueryIn(int layer) implements Reading {
    @Override
    public String local() {
      return "hook_q_input";
    }
  }

  /// What the pathway let attention's keys read, before the norm, `[pos, d_model]`; only where
  /// queries, keys and values read apart.
  record KeyIn(int layer) implements Reading {
    @Override
    public String local() {
      return "hook_k_input";
    }
  }

  /// What the pathway let attention's values read, before the norm, `[pos, d_model]`; only where
  /// queries, keys and values read apart.
  record ValueIn(int layer) implements Reading {
    @Override
    public String local() {
      return "hook_v_input";
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
  record AttnIn(int layer) implements Reading {
    @Override
    public String local() {
      return "hook_attn_in";
    }
  }

  /// What the pathway let the MLP read, before its norm, `[pos, d_model]`.
  record MlpIn(int layer) implements Reading {
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

  /// Names of places for somebody who meant one of them: those of the block that a wrong name
  /// mentions, or of the first, and those outside blocks.
  ///
  /// @param wrong a name that there is not
  static List<String> names(String wrong) {
    Matcher block = BLOCK.matcher(wrong);
    int layer = block.matches() ? Integer.parseInt(block.group(1)) : 0;
    List<String> names =
        new java.util.ArrayList<>(inBlock(layer).stream().map(HookPoint::name).toList());
    names.add(new Embed().name());
    names.add(new PosEmbed().name());
    for (NormSite site :
        List.of(new NormSite.Ln1(layer), new NormSite.Ln2(layer), new NormSite.LnFinal())) {
      names.add(new NormScale(site).name());
      names.add(new NormNormalized(site).name());
    }
    return names;
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
    Matcher route = ROUTE.matcher(name);
    if (route.matches()) {
      return route(route);
    }
    Matcher block = BLOCK.matcher(name);
    if (block.matches() && BY_LOCAL.containsKey(block.group(2))) {
      return BY_LOCAL.get(block.group(2)).apply(Integer.parseInt(block.group(1)));
    }
    throw StreamException.unknownHookPoint(name);
  }

  private static Route route(Matcher name) {
    Moment moment = name.group(3).equals("read") ? Moment.READ : Moment.WRITE;
    Site site =
        name.group(1) == null
            ? Site.unembed()
            : switch (name.group(2)) {
              case "local" -> Site.local(Integer.parseInt(name.group(1)));
              case "attn" -> Site.attention(Integer.parseInt(name.group(1)));
              default -> Site.mlp(Integer.parseInt(name.group(1)));
            };
    return new Route(site, moment, name.group(4));
  }

  /// What routing decided.
  java.util.regex.Pattern ROUTE =
      java.util.regex.Pattern.compile(
          "(?:blocks\\.(\\d{1,5})\\.(local|attn|mlp)|final)_(read|write)\\.hook_([a-z0-9_]+)");

  /// A name inside a block.
  java.util.regex.Pattern BLOCK = java.util.regex.Pattern.compile("blocks\\.(\\d{1,5})\\.(.+)");

  /// One maker for each kind of place inside a block, in the order of the computation.
  List<IntFunction<? extends InBlock>> MAKERS =
      List.of(
          ResidPre::new,
          LocalIn::new,
          layer -> new InLocal(new Query(layer)),
          layer -> new InLocal(new Key(layer)),
          layer -> new InLocal(new Value(layer)),
          layer -> new InLocal(new RotatedQuery(layer)),
          layer -> new InLocal(new RotatedKey(layer)),
          layer -> new InLocal(new AttnScores(layer)),
          layer -> new InLocal(new Pattern(layer)),
          layer -> new InLocal(new Z(layer)),
          layer -> new InLocal(new HeadResult(layer)),
          LocalOut::new,
          ResidLocal::new,
          AttnIn::new,
          QueryIn::new,
          KeyIn::new,
          ValueIn::new,
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
