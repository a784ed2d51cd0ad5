package dev.weir.train.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.train.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The counted answers of each task that leaves nothing to luck, found again from the words of the
/// text alone.
class AnswersTest {

  private static void each(String name, Consumer<Text> check) {
    Task task = Tasks.parse(name);
    assertThat(task.optimum()).isEqualTo(new Optimum(0, 0, Optimum.Method.DETERMINED));
    List<String> tokens = task.tokens();
    for (Split split : Split.values()) {
      for (int index = 0; index < 300; index++) {
        Example example = task.example(split, 11, index);
        List<String> words = Arrays.stream(example.inputs()).mapToObj(tokens::get).toList();
        List<String> answers = Arrays.stream(example.targets()).mapToObj(tokens::get).toList();
        check.accept(new Text(task, example, words, answers));
      }
    }
  }

  /// An example in words.
  private record Text(Task task, Example example, List<String> words, List<String> answers) {
    String answer(int pos) {
      return answers.get(pos);
    }

    List<Integer> counted() {
      return IntStream.range(0, example.length())
          .filter(pos -> example.weights()[pos] > 0)
          .boxed()
          .toList();
    }

    void requireNextWords() {
      for (int pos = 0; pos + 1 < example.length(); pos++) {
        assertThat(answer(pos)).isEqualTo(words().get(pos + 1));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mqar",
        "mqar:pairs=8,queries=8,vocab=17,length=31",
        "mqar:pairs=2,queries=1,vocab=200,length=100"
      })
  void aValueIsTheOneThatStoodBehindItsKey(String name) {
    Map<Integer, Integer> gaps = new HashMap<>();
    each(
        name,
        text -> {
          AssociativeRecall task = (AssociativeRecall) text.task();
          text.requireNextWords();
          List<String> words = text.words();
          assertThat(text.counted()).hasSize(task.queries());
          Set<String> asked = new HashSet<>();
          for (int pos : text.counted()) {
            String key = words.get(pos);
            assertThat(key).startsWith("k");
            assertThat(asked.add(key)).isTrue();
            int first = words.indexOf(key);
            assertThat(first).isLessThan(2 * task.pairs()).isEven();
            assertThat(text.answer(pos)).startsWith("v").isEqualTo(words.get(first + 1));
            gaps.merge((pos - 2 * task.pairs()) / 2, 1, Integer::sum);
          }
          // A key that is not asked about does not come again, so every second coming counts.
          List<String> keys = words.stream().filter(word -> word.startsWith("k")).toList();
          assertThat(keys).hasSize(task.pairs() + task.queries());
          assertThat(keys.subList(0, task.pairs())).doesNotHaveDuplicates();
        });
    if (name.contains("queries=1,")) {
      // Chances fall as 1/gap: of 46 gaps the first half of the sum lies in the first four or five.
      int near = IntStream.range(0, 5).map(gap -> gaps.getOrDefault(gap, 0)).sum();
      assertThat(near / 600.0).isBetween(0.43, 0.60);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy", "copy:vocab=3,shortest=1,span=4,length=20"})
  void fromTheSecondMarkOnAllIsAsBefore(String name) {
    Set<Integer> spans = new HashSet<>();
    each(
        name,
        text -> {
          Copying task = (Copying) text.task();
          text.requireNextWords();
          List<String> words = text.words();
          assertThat(words.getFirst()).isEqualTo("|");
          int second = 1 + words.subList(1, words.size()).indexOf("|");
          assertThat(second - 1).isBetween(task.shortest(), task.span());
          spans.add(second - 1);
          assertThat(text.counted())
              .isEqualTo(IntStream.range(second, task.length()).boxed().toList());
          for (int pos : text.counted()) {
            assertThat(text.answer(pos)).isEqualTo(words.get((pos + 1) % second));
          }
        });
    assertThat(spans).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"s5", "s5:points=2,length=5", "s5:points=3,length=9", "s5:points=6,length=4"})
  void aStateIsTheProductOfAllPermutationsSoFar(String name) {
    Set<String> seen = new HashSet<>();
    each(
        name,
        text -> {
          int points = ((PermutationTracking) text.task()).points();
          assertThat(text.counted()).hasSize(text.task().length());
          for (int pos : text.counted()) {
            // Each point by itself, pushed through all permutations as their words say.
            StringBuilder product = new StringBuilder();
            for (char point = '1'; point < '1' + points; point++) {
              char at = point;
              for (String word : text.words().subList(0, pos + 1)) {
                at = word.charAt(at - '1');
              }
              product.append(at);
            }
            assertThat(text.answer(pos)).isEqualTo(product.toString());
            seen.add(text.words().get(pos));
          }
        });
    int permutations = Tasks.parse(name).dVocab();
    assertThat(permutations)
        .isEqualTo(
            IntStream.rangeClosed(1, ((PermutationTracking) Tasks.parse(name)).points())
                .reduce(1, (a, b) -> a * b));
    assertThat(seen.size()).isGreaterThan(permutations / 2);
  }

  @Test
  void permutationsAreNamedByWhereTheySendThePoints() {
    assertThat(Tasks.parse("s5:points=3").tokens())
        .containsExactly("123", "132", "213", "231", "312", "321");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hops", "hops:nodes=5,fewest=2,hops=7,symbols=5,queries=3", "hops:fewest=3"})
  void anAnswerIsWhereThePointersLead(String name) {
    Map<Integer, Integer> asked = new HashMap<>();
    each(
        name,
        text -> {
          PointerChasing task = (PointerChasing) text.task();
          text.requireNextWords();
          List<String> words = text.words();
          Map<String, String> pointers = new HashMap<>();
          for (int pair = 0; pair < task.nodes(); pair++) {
            assertThat(pointers.put(words.get(2 * pair), words.get(2 * pair + 1))).isNull();
          }
          assertThat(text.counted()).hasSize(task.queries());
          for (int pos : text.counted()) {
            int hops = Integer.parseInt(words.get(pos - 1).substring(1));
            assertThat(hops).isBetween(task.fewest(), task.hops());
            asked.merge(hops, 1, Integer::sum);
            String at = words.get(pos);
            for (int hop = 0; hop < hops; hop++) {
              at = pointers.get(at);
            }
            assertThat(text.answer(pos)).isEqualTo(at);
          }
        });
    PointerChasing task = (PointerChasing) Tasks.parse(name);
    assertThat(asked.keySet())
        .isEqualTo(
            new HashSet<>(IntStream.rangeClosed(task.fewest(), task.hops()).boxed().toList()));
  }

  @Test
  void pointersFormOneRing() {
    each(
        "hops:nodes=6,queries=1",
        text -> {
          Map<String, String> pointers = new HashMap<>();
          for (int pair = 0; pair < 6; pair++) {
            pointers.put(text.words().get(2 * pair), text.words().get(2 * pair + 1));
          }
          Set<String> visited = new HashSet<>();
          String at = text.words().getFirst();
          while (visited.add(at)) {
            at = pointers.get(at);
          }
          assertThat(visited).hasSize(6);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"modadd", "modadd:p=7,train=0.5,split=3"})
  void aSumIsTakenModuloTheNumberOfNumbers(String name) {
    each(
        name,
        text -> {
          int p = ((ModularAddition) text.task()).p();
          assertThat(text.words().get(2)).isEqualTo("=");
          assertThat(text.counted()).containsExactly(2);
          int sum = Integer.parseInt(text.words().get(0)) + Integer.parseInt(text.words().get(1));
          assertThat(text.answer(2)).isEqualTo(String.valueOf(sum % p));
        });
  }

  @Test
  void everyPairIsLearnedFromOrLookedAtOnceInAnEpoch() {
    Task task = Tasks.parse("modadd:p=7,train=0.3");
    assertThat(task.examples(Split.TRAINING)).hasValue(15);
    assertThat(task.examples(Split.VALIDATION)).hasValue(34);
    for (int epoch = 0; epoch < 3; epoch++) {
      List<Example> all = new ArrayList<>();
      for (Split split : Split.values()) {
        int count = (int) task.examples(split).orElseThrow();
        for (int i = 0; i < count; i++) {
          all.add(task.example(split, 4, (long) epoch * count + i));
        }
      }
      assertThat(new HashSet<>(all)).hasSize(49);
    }
    assertThat(task.example(Split.TRAINING, 4, 0))
        .isNotEqualTo(task.example(Split.TRAINING, 4, 15));
  }

  @Test
  void whichPairsAreLearnedFromDependsOnTheSplitAlone() {
    assertThat(learned("modadd:p=7,split=1", 1)).isEqualTo(learned("modadd:p=7,split=1", 2));
    assertThat(learned("modadd:p=7,split=1", 1)).isNotEqualTo(learned("modadd:p=7,split=2", 1));
    assertThat(TaskData.of(Tasks.parse("modadd:p=7")).validation(16, 3)).hasSize(3);
  }

  private static Set<Example> learned(String name, long seed) {
    Set<Example> learned = new HashSet<>();
    for (int index = 0; index < 15; index++) {
      learned.add(Tasks.parse(name).example(Split.TRAINING, seed, index));
    }
    return learned;
  }
}
