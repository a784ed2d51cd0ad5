package dev.weir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.text.SplitPattern.Reach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitPatternTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt-2",
        "default",
        "llama-bpe",
        "qwen2",
        "smollm",
        "falcon",
        "gpt-4o",
        "tekken",
        "deepseek-v3"
      })
  void letsThePatternsOfPublishedModelsThrough(String name) {
    for (String pattern : PreTokenizer.named("test", name).patterns()) {
      SplitPattern measured = SplitPattern.of(pattern, "test");
      assertThat(measured.retries()).as(pattern).isBetween(1, 40);
      assertThat(measured.reach()).as(pattern).isEqualTo(Reach.WORD);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ?[^(\\s|[.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C])]+", // BLOOM
        "[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*", // possessive
        "(?<=\\p{L})\\d",
        "(?>ab)c",
        "[[:alpha:]&&[^b]]+",
        "\\x{2581}a",
        "a{2,3}b",
        "(?:ab){1,3}",
        "[]a]",
        "\\bword\\b",
        "a{,b}",
        "x{2}"
      })
  void letsOtherHarmlessPatternsThrough(String pattern) {
    assertThat(SplitPattern.of(pattern, "test").retries()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a+)+b",
        "(a|a)*b",
        "(?:a?){20}b",
        "a*a*b",
        "\\s*\\s*x",
        "(a*)*",
        "(a+){2,5}c",
        "(?=(\\d{3})+(?!\\d))",
        "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b",
        "a*(?:a*b)",
        "(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)(?:a|a)b",
        "a{1,90}a{1,90}a{1,90}b"
      })
  void refusesPatternsThatCouldTryForever(String pattern) {
    assertThatThrownBy(() -> SplitPattern.of(pattern, "test.json"))
        .isInstanceOf(TextException.class)
        .hasMessageContaining("could run without end")
        .hasMessageContaining("Where: test.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "a*", "a|", "(?!a)", "^", "(a)\\1", "\\k<x>", "(?<name>a)", "(?i)a", "(", "a)", "[a",
        "[a\\", "\\", "\\p{L", "\\p", "+", "a**", "a{3}{3}", "(?:a", "(?", "\\G", "a{3,1}", "\\R"
      })
  void refusesPatternsThatMatchNothingAreBrokenOrCannotBeJudged(String pattern) {
    assertThatThrownBy(() -> SplitPattern.of(pattern, "test")).isInstanceOf(TextException.class);
  }

  @Test
  void seesWhetherARepeatedCharacterRunsOverSpaces() {
    assertThat(SplitPattern.of("[^\\n]+x", "test").reach()).isEqualTo(Reach.TEXT);
    assertThat(SplitPattern.of(".+x", "test").reach()).isEqualTo(Reach.TEXT);
    assertThat(SplitPattern.of("\\s+x", "test").reach()).isEqualTo(Reach.WORD);
    assertThat(SplitPattern.of("\\S+x", "test").reach()).isEqualTo(Reach.WORD);
    assertThat(SplitPattern.of("x[\\n/]*", "test").reach()).isEqualTo(Reach.WORD);
  }

  @Test
  void refusesBracketsNestedWithoutEnd() {
    String deep = "(?:".repeat(500) + "a" + ")".repeat(500);
    assertThatThrownBy(() -> SplitPattern.of(deep, "test")).hasMessageContaining("nested");
    assertThatThrownBy(() -> SplitPattern.of("a".repeat(5000), "test"))
        .hasMessageContaining("5,000 characters");
  }

  @Test
  void countsTheLongestRun() {
    assertThat(Runs.longest("")).isZero();
    assertThat(Runs.longest("abc  de")).isEqualTo(3);
    assertThat(Runs.longest("a\u00A0\u2003\n b")).isEqualTo(4);
  }
}
