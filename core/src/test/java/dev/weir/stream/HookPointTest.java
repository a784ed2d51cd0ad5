package dev.weir.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every place by its TransformerLens name, both ways.
class HookPointTest {

  private static List<HookPoint> everyPoint(int layer) {
    List<HookPoint> points = new ArrayList<>(HookPoint.inBlock(layer));
    points.add(new HookPoint.Embed());
    points.add(new HookPoint.PosEmbed());
    for (Site site : List.of(Site.local(layer), Site.attention(layer), Site.mlp(layer))) {
      for (HookPoint.Moment moment : HookPoint.Moment.values()) {
        points.add(new HookPoint.Route(site, moment, "weights"));
      }
    }
    points.add(new HookPoint.Route(Site.unembed(), HookPoint.Moment.READ, "weights_q"));
    List<NormSite> norms = new ArrayList<>(NormSite.inBlock(layer));
    norms.add(new NormSite.LnFinal());
    for (NormSite norm : norms) {
      points.add(new HookPoint.NormScale(norm));
      points.add(new HookPoint.NormNormalized(norm));
    }
    return points;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 9, 10, 127, 99_999})
  void everyPlaceIsReadBackFromItsName(int layer) {
    List<HookPoint> points = everyPoint(layer);
    for (HookPoint point : points) {
      assertThat(HookPoint.parse(point.name())).as(point.name()).isEqualTo(point);
    }
    assertThat(points.stream().map(HookPoint::name)).doesNotHaveDuplicates();
  }

  @Test
  void theSweepLeavesNoKindOfPlaceOut() {
    Set<Class<?>> swept = everyPoint(0).stream().map(Object::getClass).collect(Collectors.toSet());
    assertThat(swept).isEqualTo(leaves(HookPoint.class)).hasSizeGreaterThan(20);
    Set<Class<?>> norms =
        everyPoint(0).stream()
            .flatMap(p -> p instanceof HookPoint.AtNorm at ? java.util.stream.Stream.of(at) : null)
            .map(at -> at.norm().getClass())
            .collect(Collectors.toSet());
    assertThat(norms).isEqualTo(leaves(NormSite.class));
  }

  /// Every record of a sealed interface.
  private static Set<Class<?>> leaves(Class<?> type) {
    if (!type.isSealed()) {
      return Set.of(type);
    }
    Set<Class<?>> all = new HashSet<>();
    Arrays.stream(type.getPermittedSubclasses()).forEach(sub -> all.addAll(leaves(sub)));
    return all;
  }

  @Test
  void namesAreTransformerLenss() {
    // As TransformerLens 2 prints them for a two-layer model, the places that every model has.
    String names =
        """
        hook_embed
        hook_pos_embed
        blocks.1.hook_resid_pre
        blocks.1.hook_resid_mid
        blocks.1.hook_resid_post
        blocks.1.hook_attn_in
        blocks.1.hook_mlp_in
        blocks.1.hook_attn_out
        blocks.1.hook_mlp_out
        blocks.1.ln1.hook_scale
        blocks.1.ln1.hook_normalized
        blocks.1.ln1_post.hook_scale
        blocks.1.ln1_post.hook_normalized
        blocks.1.ln2.hook_scale
        blocks.1.ln2.hook_normalized
        blocks.1.ln2_post.hook_scale
        blocks.1.ln2_post.hook_normalized
        blocks.1.attn.hook_q
        blocks.1.attn.hook_k
        blocks.1.attn.hook_v
        blocks.1.attn.hook_rot_q
        blocks.1.attn.hook_rot_k
        blocks.1.attn.hook_attn_scores
        blocks.1.attn.hook_pattern
        blocks.1.attn.hook_z
        blocks.1.attn.hook_result
        blocks.1.mlp.hook_pre
        blocks.1.mlp.hook_pre_linear
        blocks.1.mlp.hook_post
        ln_final.hook_scale
        ln_final.hook_normalized
        """;
    // Places of the pathway's routing and of local mixers, and what TransformerLens names once a
    // head.
    String own =
        "blocks\\.1\\.(local\\.|ln0\\.|hook_local|hook_resid_local|hook_[qkv]_input).*"
            + "|.*_(read|write)\\.hook_.*";
    assertThat(everyPoint(1).stream().map(HookPoint::name).filter(name -> !name.matches(own)))
        .containsExactlyInAnyOrderElementsOf(names.lines().toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hook_resid_pre",
        "blocks.hook_resid_pre",
        "blocks.-1.hook_resid_pre",
        "blocks.1000000.hook_resid_pre",
        "blocks.0.hook_resid",
        "blocks.0.hook_resid_pre ",
        "BLOCKS.0.hook_resid_pre",
        "blocks.0.ln1",
        "blocks.0.ln3.hook_scale",
        "blocks.0.ln1.hook_shift",
        "blocks.999999999999.ln1.hook_scale",
        "ln_final.hook_resid",
        ".hook_scale",
        "blocks.0."
      })
  void aNameThatIsNoPlaceIsNamed(String name) {
    assertThatThrownBy(() -> HookPoint.parse(name))
        .isInstanceOf(StreamException.class)
        .hasMessageStartingWith(
            "There is no hook point '" + name + "'. Where: hook point. To fix: ");
  }

  @Test
  void aSiteKnowsThePlaceOfWhatItWrites() {
    assertThat(Site.attention(3).out()).isEqualTo(new HookPoint.AttnOut(3));
    assertThat(Site.mlp(3).out()).isEqualTo(new HookPoint.MlpOut(3));
    assertThat(Site.local(3).out()).isEqualTo(new HookPoint.LocalOut(3));
  }
}
