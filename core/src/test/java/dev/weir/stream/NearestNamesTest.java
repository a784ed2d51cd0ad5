package dev.weir.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNamesTest {

  @Test
  void distancesAreTheTextbooks() {
    assertThat(NearestNames.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(NearestNames.distance("", "abc")).isEqualTo(3);
    assertThat(NearestNames.distance("flaw", "lawn")).isEqualTo(2);
    assertThat(NearestNames.distance("same", "same")).isZero();
  }

  @Test
  void theNearestComeFirstAndEqualsInTheirOrder() {
    assertThat(NearestNames.of("cat", List.of("dog", "cart", "bat", "hat"), 3))
        .containsExactly("cart", "bat", "hat");
  }

  @Test
  void aWrongHookPointIsAnsweredWithTheNearest() {
    assertThatThrownBy(() -> HookPoint.parse("blocks.3.hook_resid_prr"))
        .isInstanceOf(StreamException.class)
        .hasMessageContaining("the nearest are blocks.3.hook_resid_pre, ");
    List<HookPoint> available =
        List.of(new HookPoint.ResidPre(0), new HookPoint.Z(0), new HookPoint.Pattern(0));
    assertThatThrownBy(() -> Capture.matching("blocks.0.attn.hook_zz").resolve(available))
        .isInstanceOf(StreamException.class)
        .hasMessageContaining("the nearest are blocks.0.attn.hook_z, ");
  }
}
