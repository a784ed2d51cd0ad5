package dev.weir.page.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AlignedTest {
  @Test
  void promptsOfOneLengthStandPositionByPosition() {
    Aligned aligned = Aligned.tokens(List.of(5, 6, 7), List.of(5, 9, 8));

    assertThat(aligned.by()).isEqualTo(Aligned.By.INDEX);
    assertThat(aligned.first()).containsExactly(0, 1, 2);
    assertThat(aligned.second()).containsExactly(0, 1, 2);
  }

  @Test
  void promptsOfTwoLengthsStandByWhatTheyBeginAndEndWithAndGapsAreShown() {
    Aligned aligned = Aligned.tokens(List.of(1, 2, 3, 9), List.of(1, 2, 7, 8, 6, 9));

    assertThat(aligned.by()).isEqualTo(Aligned.By.TOKENS);
    assertThat(aligned.first()).containsExactly(0, 1, 2, -1, -1, 3);
    assertThat(aligned.second()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void tokensThatBothHaveInTheMiddleStandSideBySideToo() {
    Aligned aligned = Aligned.tokens(List.of(1, 2, 4, 5, 6), List.of(1, 2, 3, 4, 5, 7));

    assertThat(aligned.first()).containsExactly(0, 1, -1, 2, 3, 4);
    assertThat(aligned.second()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void aTokenIsNotCountedBothAsBeginningAndAsEnd() {
    Aligned aligned = Aligned.tokens(List.of(1, 1), List.of(1, 1, 1));

    assertThat(aligned.first()).containsExactly(0, 1, -1);
    assertThat(aligned.second()).containsExactly(0, 1, 2);
  }

  @Test
  void promptsWithNothingInCommonStandSideBySideAsFarAsTheyGo() {
    Aligned aligned = Aligned.tokens(List.of(1), List.of(2, 3));

    assertThat(aligned.first()).containsExactly(0, -1);
    assertThat(aligned.second()).containsExactly(0, 1);
  }

  @Test
  void depthsAreBroughtTogetherByThePartOfTheDepthThatLiesBefore() {
    List<String> shallow = List.of("0_pre", "0_mid", "final_post");
    List<String> deep = List.of("0_pre", "0_mid", "1_pre", "1_mid", "final_post");

    Aligned aligned = Aligned.places(shallow, deep, Aligned.By.DEPTH);

    assertThat(aligned.by()).isEqualTo(Aligned.By.DEPTH);
    assertThat(aligned.first()).containsExactly(0, 1, 1, 2, 2);
    assertThat(aligned.second()).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void orByBlockAndSublayerTheEndBesideTheEnd() {
    List<String> shallow = List.of("0_pre", "0_mid", "final_post");
    List<String> deep = List.of("0_pre", "1_pre", "1_mid", "final_post");

    Aligned aligned = Aligned.places(shallow, deep, Aligned.By.SUBLAYER);

    assertThat(aligned.first()).containsExactly(0, 1, -1, -1, 2);
    assertThat(aligned.second()).containsExactly(0, -1, 1, 2, 3);
  }

  @Test
  void equalDepthsStandPlaceByPlace() {
    List<String> labels = List.of("0_pre", "0_mid", "final_post");

    assertThat(Aligned.places(labels, labels, Aligned.By.DEPTH).by()).isEqualTo(Aligned.By.INDEX);
  }
}
