package dev.weir.train.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.text.Bos;
import dev.weir.text.TextException;
import dev.weir.text.Tokenizer;
import dev.weir.train.Batch;
import dev.weir.train.Example;
import dev.weir.train.TrainException;
import dev.weir.train.TrainingData;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What holds for every task.
class TasksTest {

  static Stream<Task> tasks() {
    return Stream.concat(
        Tasks.names().stream().map(Tasks::parse),
        Stream.of(
                "mqar:pairs=1,queries=1,vocab=3,length=3",
                "mqar:pairs=20,queries=20,vocab=42,length=79",
                "copy:vocab=2,shortest=1,span=1,length=3",
                "s5:points=6,length=3",
                "hops:nodes=2,fewest=64,hops=64,symbols=2,queries=1",
                "modadd:p=2,train=0.5",
                "mess3:x=0.5,a=0,length=1",
                "rrxor:length=40")
            .map(Tasks::parse));
  }

  @Test
  void thereAreSevenKinds() {
    assertThat(Tasks.names())
        .containsExactly("mqar", "copy", "s5", "hops", "modadd", "mess3", "rrxor");
    assertThat(Tasks.claims("mqar")).isTrue();
    assertThat(Tasks.claims("mqar:pairs=2")).isTrue();
    assertThat(Tasks.claims("mqar.txt")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void theNameOfATaskMakesItAgain(Task task) {
    assertThat(Tasks.parse(task.name())).isEqualTo(task);
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void examplesAreWhatTheTaskSays(Task task) {
    for (Split split : Split.values()) {
      for (int index = 0; index < 200; index++) {
        Example example = task.example(split, 3, index);
        assertThat(example.length()).isEqualTo(task.length());
        assertThat(Arrays.stream(example.inputs()).allMatch(id -> id >= 0 && id < task.dVocab()))
            .isTrue();
        assertThat(Arrays.stream(example.targets()).allMatch(id -> id >= 0 && id < task.dVocab()))
            .isTrue();
        assertThat(new Batch(List.of(example)).counted()).isPositive();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void theSameSeedGivesTheSameExamplesAndAnotherOneOthers(Task task) {
    Task again = Tasks.parse(task.name());
    assertThat(many(again, Split.TRAINING, 5)).isEqualTo(many(task, Split.TRAINING, 5));
    if (distinct(task) > 50) {
      assertThat(many(task, Split.TRAINING, 6)).isNotEqualTo(many(task, Split.TRAINING, 5));
      assertThat(many(task, Split.VALIDATION, 5)).isNotEqualTo(many(task, Split.TRAINING, 5));
    }
  }

  private static List<Example> many(Task task, Split split, long seed) {
    return IntStream.range(0, 100).mapToObj(index -> task.example(split, seed, index)).toList();
  }

  private static int distinct(Task task) {
    return new HashSet<>(many(task, Split.TRAINING, 1)).size();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mqar", "copy", "s5", "hops", "modadd", "rrxor:length=100", "mess3:length=100"})
  void trainingAndValidationShareNoExample(String name) {
    Task task = Tasks.parse(name);
    Set<Example> learned = new HashSet<>();
    for (int index = 0; index < 10_000; index++) {
      learned.add(task.example(Split.TRAINING, 0, index));
    }
    for (int index = 0; index < 1_000; index++) {
      assertThat(learned).doesNotContain(task.example(Split.VALIDATION, 0, index));
    }
  }

  @Test
  void noTwoExamplesOfASeedShareTheirLuck() {
    Set<Long> first = new HashSet<>();
    for (Split split : Split.values()) {
      for (int index = 0; index < 50_000; index++) {
        assertThat(first.add(split.random(9, index).nextLong())).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void itsWordsAreATokenizer(Task task) {
    assertThat(task.tokens()).doesNotHaveDuplicates().noneMatch(word -> word.matches(".*\\s.*"));
    try (Tokenizer tokenizer = TaskTokenizer.of(task)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(task.dVocab());
      int[] inputs = task.example(Split.TRAINING, 1, 1).inputs();
      String text =
          Arrays.stream(inputs)
              .mapToObj(id -> task.tokens().get(id))
              .collect(Collectors.joining(" "));
      assertThat(tokenizer.encode(text, Bos.AS_CONFIGURED).ids()).isEqualTo(inputs);
      assertThat(tokenizer.decode(inputs)).isEqualTo(text);
      assertThat(tokenizer.token(inputs[0])).isEqualTo(task.tokens().get(inputs[0]));
      assertThatThrownBy(() -> tokenizer.encode("elsewhere", Bos.NONE))
          .isInstanceOf(TextException.class);
    }
  }

  @Test
  void isTrainingDataLikeAnyText() {
    Task task = Tasks.parse("mqar");
    TrainingData data = TaskData.of(task);
    assertThat(data.window()).hasValue(64);
    assertThat(data.dVocab()).isEqualTo(64);
    TrainingData.Batches batches = data.training(4, 64, 7);
    assertThat(batches.examplesPerEpoch()).isEmpty();
    Batch later = batches.at(3);
    batches.at(0);
    assertThat(batches.at(3)).isEqualTo(later);
    assertThat(later.examples().get(2)).isEqualTo(task.example(Split.TRAINING, 7, 14));
    List<Batch> looked = new TaskData(task, 10).validation(4, 64);
    assertThat(looked.stream().map(Batch::rows)).containsExactly(4, 4, 2);
    assertThat(looked.get(2).examples().getFirst()).isEqualTo(task.example(Split.VALIDATION, 0, 8));
    assertThatThrownBy(() -> data.training(4, 32, 7))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "A window of 32 predictions does not fit examples of 64. Where: mqar:pairs=8,queries=4,vocab=64,length=64. To fix: use a window of 64.");
    assertThatThrownBy(() -> new TaskData(task, 0)).isInstanceOf(TaskException.class);
  }

  @Test
  void saysWhatCannotBeSet() {
    assertSays(
        "mqra:pairs=8",
        "There is no task 'mqra'. Where: task. To fix: use one of mqar, copy, s5, hops, modadd, mess3, rrxor.");
    assertSays(
        "mqar:pair=8",
        "The task 'mqar' has no parameter 'pair'. Where: task. To fix: use one of pairs, queries, vocab, length.");
    assertSays(
        "mqar:pairs=many",
        "'pairs=many' sets no parameter of the task 'mqar'. Where: task. To fix: write it like mqar:pairs=8.");
    assertSays(
        "mqar:pairs",
        "'pairs' sets no parameter of the task 'mqar'. Where: task. To fix: write it like mqar:pairs=8.");
    assertSays(
        "mqar:pairs=3,pairs=3",
        "The parameter 'pairs' of the task 'mqar' is set twice. Where: task. To fix: set it once.");
    assertSays(
        "mqar:pairs=0,queries=1.5",
        "pairs is 0, but it must be a whole number from 1 to 4,096; queries is 1.5, but it must be a whole number from 1 to 4,096. Where: task mqar. To fix: change what it names, or leave it out.");
    assertSays(
        "mess3:x=NaN",
        "x is NaN, but it must be a number from 0.0 to 0.5. Where: task mess3. To fix: change what it names, or leave it out.");
    assertSays("mqar:", "ok");
  }

  @Test
  void saysWhichSettingsDoNotFitTogether() {
    assertStarts(
        "mqar:pairs=32,queries=33,length=90",
        "32 pairs need as many keys, but a vocab of 64 has 31; 33 queries ask for more keys than 32 pairs; 32 pairs and 33 queries take a length of 129 or more, not 90. Where: task mqar.");
    assertStarts("copy:shortest=20", "the shortest span 20 is longer than 16. Where: task copy.");
    assertStarts("copy:length=17", "a span of 16 takes a length of 18 or more, not 17.");
    assertStarts("hops:fewest=4", "the fewest hops 4 are more than 3. Where: task hops.");
    assertStarts("hops:nodes=17", "17 nodes need as many symbols, not 16. Where: task hops.");
    assertStarts("modadd:p=2,train=0.1", "a share of 0.1 leaves none of the 4 pairs to learn from");
    assertThatThrownBy(() -> new Mess3(0.6, 0.5, 3))
        .isInstanceOf(TaskException.class)
        .hasMessageStartingWith("x is 0.6, but it must be a number from 0.0 to 0.5.");
  }

  private static void assertSays(String text, String message) {
    if (message.equals("ok")) {
      assertThat(Tasks.parse(text)).isNotNull();
    } else {
      assertThatThrownBy(() -> Tasks.parse(text))
          .isInstanceOf(TaskException.class)
          .hasMessage(message);
    }
  }

  private static void assertStarts(String text, String message) {
    assertThatThrownBy(() -> Tasks.parse(text))
        .isInstanceOf(TaskException.class)
        .hasMessageStartingWith(message);
  }
}
