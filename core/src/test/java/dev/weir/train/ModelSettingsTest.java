package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.AttentionSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.NormSpec;
import dev.weir.model.TransformerSpec;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSettingsTest {

  private static TransformerSpec spec(String pathway, Mixers mixers) {
    return TinyRuns.model().with(pathway, mixers).spec();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pre_norm", "layerscale", "elc", "vertical", "ddl"})
  void sublayersReadThroughANorm(String pathway) {
    TransformerSpec spec = spec(pathway, Mixers.none());
    assertThat(spec.blocks().getFirst().ln1()).isInstanceOf(NormSpec.RmsNorm.class);
    assertThat(spec.lnFinal()).isInstanceOf(NormSpec.RmsNorm.class);
    assertThat(spec.embedScale()).isEqualTo(1);
  }

  @Test
  void behindAPostNormNothingIsNormedAgain() {
    TransformerSpec spec = spec("post_norm", Mixers.none());
    assertThat(spec.blocks().getFirst().ln2()).isInstanceOf(NormSpec.NoNorm.class);
    assertThat(spec.lnFinal()).isInstanceOf(NormSpec.NoNorm.class);
  }

  @Test
  void reZeroReadsALargerEmbeddingWithoutNorms() {
    TransformerSpec spec = spec("rezero", Mixers.none());
    assertThat(spec.blocks().getFirst().ln1()).isInstanceOf(NormSpec.NoNorm.class);
    assertThat(spec.lnFinal()).isInstanceOf(NormSpec.RmsNorm.class);
    assertThat(spec.embedScale()).isEqualTo(Math.sqrt(32));
  }

  @Test
  void narrowModelsStartWithLargerMatrices() {
    assertThat(Initialization.usualDeviation(768)).isEqualTo(0.02);
    assertThat(Initialization.usualDeviation(1536)).isEqualTo(0.02);
    // A quarter of the width, twice the deviation.
    assertThat(Initialization.usualDeviation(192)).isCloseTo(0.04, within(1e-15));
  }

  @Test
  void eachMixerStandsWhereItsOptionSays() {
    LocalMixing local =
        spec(
                "pre_norm",
                new Mixers(
                    Mixers.Local.parse("shortswa:window=8"),
                    Mixers.Local.parse("ShortConv"),
                    "bd",
                    AttentionSpec.Values.OWN))
            .blocks()
            .getLast()
            .local();
    assertThat(local.sublayer())
        .isInstanceOfSatisfying(
            LocalMixing.Sublayer.ShortSwa.class,
            swa ->
                assertThat(swa.attention().visibility())
                    .isEqualTo(new AttentionSpec.Visibility.SlidingWindow(8)));
    assertThat(local.ln0()).isInstanceOf(NormSpec.RmsNorm.class);
    assertThat(local.branch()).isEqualTo(new LocalMixing.Branch.ShortConv(4));
    assertThat(local.canon().places()).isEqualTo(Set.of(LocalMixing.Place.B, LocalMixing.Place.D));
    assertThat(spec("pre_norm", Mixers.none()).blocks().getFirst().local())
        .isEqualTo(LocalMixing.none());
  }

  @ParameterizedTest
  @ValueSource(strings = {"swa", "shortswa:taps=4", "shortconv:window=4", "none:taps=1", "", "a:b"})
  void whatIsNoMixerIsRefusedWithThoseThatThereAre(String text) {
    assertThatThrownBy(() -> Mixers.Local.parse(text))
        .isInstanceOf(TrainException.class)
        .hasMessageContaining("is no local mixer")
        .hasMessageContaining("shortswa:window=16");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "shortswa:window=3", "shortconv:taps=2"})
  void aMixerIsSpelledAsItIsRead(String text) {
    assertThat(Mixers.Local.parse(text)).hasToString(text);
  }
}
