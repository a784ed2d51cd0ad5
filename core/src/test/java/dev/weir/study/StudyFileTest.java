package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.train.Mixers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a study file says, and what it may not say.
class StudyFileTest {
  private static final String GOOD =
      """
      name: small
      question: which?
      model: {d_model: 32, n_layers: 2}
      recipe: {batch: 4, tokens: 10000, peak: 1e-3}
      variants:
        - {name: plain}
        - {name: swa, about: a window, mixers: {sublayer: "shortswa:window=8"}}
        - {name: ddl, pathway: ddl}
      tasks:
        - {name: recall, source: "task:mqar:pairs=4", difficulty: 4}
      budgets: [tokens, flops]
      seeds: 2
      rates: [0.5, 1]
      """;

  @Test
  void readsAStudy() {
    Study study = StudyFile.parse(GOOD, Path.of("."), "here");
    assertThat(study.name()).isEqualTo("small");
    assertThat(study.variants())
        .extracting(Variant::pathway)
        .containsExactly("pre_norm", "pre_norm", "ddl");
    assertThat(study.variants().get(1).mixers().sublayer())
        .isEqualTo(new Mixers.Local(Mixers.Kind.SHORTSWA, 8));
    assertThat(study.budgets()).containsExactly(Budget.TOKENS, Budget.FLOPS);
    assertThat(study.seeds()).containsExactly(0L, 1L);
    assertThat(study.rates()).containsExactly(0.5, 1.0);
    assertThat(study.tasks().getFirst().byAccuracy()).isTrue();
  }

  @Test
  void tellsEveryProblemAtOnce() {
    String bad =
        """
        name: small
        colour: blue
        model: {d_model: 30, n_heads: 4, n_layers: two}
        variants:
          - {name: plain}
          - {name: odd, pathwy: ddl, mixers: {sublayer: nothing-known}}
        tasks:
          - {name: recall, source: "task:mqr"}
          - {name: text, source: not/there.txt}
        budgets: [tokens, money]
        seeds: 0
        rates: [fast]
        """;
    assertThatThrownBy(() -> StudyFile.parse(bad, Path.of("."), "here"))
        .isInstanceOf(StudyException.class)
        .hasMessageContaining("10 problems: (1) ")
        .hasMessageContaining("colour is not known")
        .hasMessageContaining("model.n_layers must be a whole number from 1, not \"two\"")
        .hasMessageContaining("model: ")
        .hasMessageContaining("30 cannot be parted into 4 heads")
        .hasMessageContaining("variants[1].pathwy is not known")
        .hasMessageContaining("variants[1].mixers.sublayer: 'nothing-known' is no local mixer")
        .hasMessageContaining("tasks[0].source: There is no task 'mqr'")
        .hasMessageContaining("tasks[1].source is not there")
        .hasMessageContaining("budgets has no 'money'")
        .hasMessageContaining("seeds must be a whole number from 1")
        .hasMessageContaining("rates must be numbers above 0");
  }

  /// Also beside mistakes that have nothing to do with it.
  @Test
  void refusesWhatAVariantCannotDo() {
    String bad =
        GOOD.replace("seeds: 2", "seeds: 0")
            .replace("pathway: ddl", "pathway: no-such-way")
            .replace("name: plain", "name: plain, d_model: 30, n_heads: 7");
    assertThatThrownBy(() -> StudyFile.parse(bad, Path.of("."), "here"))
        .hasMessageContaining("3 problems")
        .hasMessageContaining("variants[2].pathway has no 'no-such-way'")
        .hasMessageContaining("variants[0]: plain cannot do recall: These numbers make no model")
        .hasMessageContaining("seeds must be");
  }

  @Test
  void saysWhatIsWrongWithAFieldOnceAndWhere() {
    String bad =
        GOOD.replace(
                "name: recall, source: \"task:mqar:pairs=4\"", "source: \"task:mqar:pairs=99\"")
            .replace("about: a window, mixers: {", "mixers: {canon: AX, ");
    assertThatThrownBy(() -> StudyFile.parse(bad, Path.of("."), "here"))
        .hasMessageContaining("3 problems")
        .hasMessageContaining("variants[1].mixers.canon: Canon layers stand at")
        .hasMessageContaining("tasks[0].name is missing")
        .hasMessageContaining("tasks[0].source: 99 pairs need");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/../../b", "..", ".a", "a b", "''", "/tmp"})
  void refusesNamesThatNameNoFolderBesideOthers(String name) {
    String bad =
        GOOD.replace("name: small", "name: " + name).replace("name: recall", "name: " + name);
    assertThatThrownBy(() -> StudyFile.parse(bad, Path.of("."), "here"))
        .hasMessageContaining("(1) name names a folder: letters, digits")
        .hasMessageContaining("(2) tasks[0].name names a folder: letters, digits");
  }

  @Test
  void refusesNamesThatAreThereTwiceAndAStudyOfOne() {
    assertThatThrownBy(
            () -> StudyFile.parse(GOOD.replace("name: swa", "name: plain"), Path.of("."), "here"))
        .hasMessageContaining("variants has 'plain' twice");
    assertThatThrownBy(() -> StudyFile.parse("name: x", Path.of("."), "here"))
        .hasMessageContaining("variants must be two at least")
        .hasMessageContaining("tasks must be one at least");
  }

  @ParameterizedTest
  @MethodSource("dev.weir.study.Presets#names")
  void everyPresetIsAStudy(String name) {
    Study study = Presets.of(name, Path.of("..", "models"));
    assertThat(study.name()).isEqualTo(name);
    assertThat(study.baseline().pathway()).isEqualTo("pre_norm");
  }

  @Test
  void saysWhichTextsShipWithWeir() {
    String text = "source: \"task:mqar:pairs=4\", difficulty: 4";
    Path models = Path.of("..", "models");
    Study study =
        StudyFile.parse(GOOD.replace(text, "source: weir:texts/stories.txt"), models, "here");
    assertThat(Path.of(study.tasks().getFirst().source())).isAbsolute().exists();
    String bad = GOOD.replace(text, "source: weir:texts/novels.txt");
    assertThatThrownBy(() -> StudyFile.parse(bad, models, "here"))
        .hasMessageContaining(
            "tasks[0].source names nothing that ships with Weir: 'weir:texts/novels.txt'; there are"
                + " weir:texts/stories.txt");
  }

  @Test
  void saysWhereYamlEnds() {
    assertThatThrownBy(() -> StudyFile.parse("name: [", Path.of("."), "here"))
        .isInstanceOf(StudyException.class)
        .hasMessageContaining(
            "The file is no YAML: while parsing a flow node, expected the node content, but found"
                + " '<stream end>', at line 1, column 8. Where: here.");
    assertThatThrownBy(() -> StudyFile.parse("name: a\nname: b\n", Path.of("."), "here"))
        .hasMessageContaining("\"name\", at line 2, column ");
  }

  @Test
  void saysThatAWeightFileIsNoText(@TempDir Path folder) throws IOException {
    for (byte[] bytes : List.of(new byte[] {(byte) 0xff, 0, 1}, new byte[2], new byte[1 << 21])) {
      Path file = Files.write(folder.resolve("model.bin"), bytes);
      assertThatThrownBy(() -> StudyFile.read(file, folder))
          .isInstanceOf(StudyException.class)
          .hasMessageContaining("The file is no text. Where: " + file);
    }
  }
}
