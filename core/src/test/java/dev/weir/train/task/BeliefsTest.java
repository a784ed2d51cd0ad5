package dev.weir.train.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.testing.SharedData;
import dev.weir.train.Example;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The hidden Markov processes against published numbers, against sums over every text, and against
/// each other.
class BeliefsTest {
  /// Float64; sums of some thousand terms.
  private static final double FLOAT64 = 1e-12;

  private static HiddenMarkovProcess process(String name) {
    return ((BeliefTask) Tasks.parse(name)).process();
  }

  private static JsonNode reference() {
    return JsonMapper.shared()
        .readTree(SharedData.require("belief-geometry/reference_mess3.json").toFile());
  }

  @Test
  void mess3HasTheTransitionsOfTheReference() {
    double[][][] transitions =
        JsonMapper.shared().treeToValue(reference().path("hmm").path("T"), double[][][].class);
    HiddenMarkovProcess ours = process("mess3");
    HiddenMarkovProcess theirs = new HiddenMarkovProcess(transitions);
    assertThat(ours.stationary())
        .containsExactly(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, within(FLOAT64));
    int[] text = {0, 1, 2, 2, 2, 0, 0, 1, 0, 2};
    double[][] beliefs = ours.beliefs(text);
    double[][] twin = theirs.beliefs(text);
    for (int pos = 0; pos < text.length; pos++) {
      assertThat(beliefs[pos]).containsExactly(twin[pos], within(FLOAT64));
    }
  }

  @Test
  void mess3HasTheOptimumOfTheReference() {
    double recorded = reference().path("exact").path("exact_bayes_cross_entropy").doubleValue();
    Optimum optimum = Tasks.parse("mess3:x=0.05,a=0.85,length=9").optimum();
    // Recorded with nine digits; exact over positions 1 to 9.
    assertThat(optimum.crossEntropy()).isCloseTo(recorded, within(5.1e-10));
    assertThat(optimum.method()).isEqualTo(Optimum.Method.ENUMERATED);
    assertThat(optimum.within()).isZero();
  }

  @Test
  void theOptimumIsTheReferencesEvenWithoutItsFile() {
    assertThat(Tasks.parse("mess3:length=9").optimum().crossEntropy())
        .isCloseTo(0.803517757, within(5.1e-10));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mess3:length=6", "mess3:x=0.2,a=0.6,length=5", "rrxor:length=9"})
  void theOptimumIsTheSumOverEveryText(String name) {
    Task task = Tasks.parse(name);
    HiddenMarkovProcess process = process(name);
    double sum = overEveryText(process, new int[task.length() + 1], 0);
    assertThat(task.optimum().crossEntropy()).isCloseTo(sum / task.length(), within(FLOAT64));
  }

  /// The probability of a text times how surprising it is, summed over all that begin so.
  private static double overEveryText(HiddenMarkovProcess process, int[] text, int filled) {
    if (filled < text.length) {
      double sum = 0;
      for (int symbol = 0; symbol < process.symbols(); symbol++) {
        text[filled] = symbol;
        sum += overEveryText(process, text, filled + 1);
      }
      return sum;
    }
    double probability = process.next(process.stationary())[text[0]];
    double surprise = 0;
    for (int i = 1; i < text.length && probability > 0; i++) {
      double[][] beliefs = process.beliefs(Arrays.copyOf(text, i));
      double next = process.next(beliefs[i - 1])[text[i]];
      probability *= next;
      surprise -= Math.log(next);
    }
    return probability > 0 ? probability * surprise : 0;
  }

  @Test
  void aLongTextsOptimumLiesBetweenBounds() {
    Optimum ten = Tasks.parse("mess3:length=10").optimum();
    Optimum many = Tasks.parse("mess3:length=1000").optimum();
    assertThat(ten.method()).isEqualTo(Optimum.Method.ENUMERATED);
    assertThat(many.method()).isEqualTo(Optimum.Method.BOUNDED);
    assertThat(many.within()).isBetween(0.0, 1e-6);
    // More is known after more symbols, so the mean falls.
    assertThat(many.crossEntropy()).isLessThan(ten.crossEntropy());
    // A text's own surprise: 300,000 predictions scatter by about 0.6 / sqrt(300,000) = 1.1e-3.
    double[] surprises =
        process("mess3").surprises(process("mess3").sample(300_001, new SplittableRandom(1)));
    assertThat(Arrays.stream(surprises).average().orElseThrow())
        .isCloseTo(many.crossEntropy(), within(4e-3));
  }

  @Test
  void aProcessThatIsSlowToShowItselfHasWiderBounds() {
    Optimum slow = Tasks.parse("mess3:x=0.01,a=0.4,length=40").optimum();
    assertThat(slow.within()).isGreaterThan(1e-6);
    HiddenMarkovProcess process = process("mess3:x=0.01,a=0.4");
    SplittableRandom random = new SplittableRandom(2);
    double sum = 0;
    for (int text = 0; text < 5_000; text++) {
      sum += Arrays.stream(process.surprises(process.sample(41, random))).average().orElseThrow();
    }
    // Four standard errors of 5,000 means over 40: 4 * 0.3 / sqrt(200,000), neighbours alike.
    assertThat(sum / 5_000).isCloseTo(slow.crossEntropy(), within(slow.within() + 4e-3));
  }

  @Test
  void rrxorSettlesAtTwoUncertainBitsInThree() {
    Optimum optimum = Tasks.parse("rrxor:length=5000").optimum();
    assertThat(optimum.method()).isEqualTo(Optimum.Method.ENUMERATED);
    // In the end all about the hidden state is known, and learning it costs its entropy, of which
    // the first symbol, which is not predicted, pays a part.
    double settled = 2 / 3.0 * Math.log(2);
    double state = Math.log(3) / 3 + 2 / 3.0 * Math.log(6);
    double first = Math.log(2) - settled;
    assertThat(optimum.crossEntropy()).isCloseTo(settled + (state - first) / 5000, within(1e-12));
  }

  @Test
  void rrxorHas36Beliefs() {
    // Shai et al. 2024 count 36 mixed states, the one before anything is seen included.
    HiddenMarkovProcess process = process("rrxor");
    Set<List<Long>> seen = new HashSet<>();
    SplittableRandom random = new SplittableRandom(1);
    seen.add(rounded(process.stationary()));
    for (int text = 0; text < 2000; text++) {
      for (double[] belief : process.beliefs(process.sample(30, random))) {
        seen.add(rounded(belief));
      }
    }
    assertThat(seen).hasSize(36);
  }

  private static List<Long> rounded(double[] belief) {
    return Arrays.stream(belief).mapToObj(chance -> Math.round(chance * 1e9)).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mess3", "mess3:x=0.3,a=0.4", "rrxor"})
  void beliefsAreChances(String name) {
    HiddenMarkovProcess process = process(name);
    double[][] beliefs = process.beliefs(process.sample(200, new SplittableRandom(3)));
    for (double[] belief : beliefs) {
      assertThat(belief).hasSize(process.states());
      assertThat(Arrays.stream(belief).sum()).isCloseTo(1, within(FLOAT64));
      assertThat(Arrays.stream(belief).min().orElseThrow()).isNotNegative();
      assertThat(Arrays.stream(process.next(belief)).sum()).isCloseTo(1, within(FLOAT64));
    }
  }

  @Test
  void beliefsAreBayesRuleOverAllHiddenPaths() {
    HiddenMarkovProcess rrxor = process("rrxor");
    // After 1 1 0 1 1 0 0: of the three rhythms only those fit in which each third bit is the
    // exclusive or of the two before it. 110|110|0 fits and begins a round at the last bit; 1|101
    // fits and 100 does not; 11|011|00 has 011 and fits, its last two begin a round.
    double[] last = rrxor.beliefs(new int[] {1, 1, 0, 1, 1, 0, 0})[6];
    // Rhythm a: rounds 110, 110 (each one of four), then 0: state "first was 0".
    // Rhythm c: the ends of rounds 1 1, then 011, then 0 0: state "exclusive or is 0".
    // Each of a's and c's texts has as many free bits: a 5 of 7; c 1 1 fits two ways of four with
    // one known from the other, free: 2 (11), 2 (011), 2 (00), less what the first round's end
    // does not tell: chance of 1 1 as second bit and exclusive or is 1/4.
    double a = Math.pow(0.5, 5);
    double c = 0.25 * Math.pow(0.5, 4);
    assertThat(last)
        .containsExactly(new double[] {0, a / (a + c), 0, 0, c / (a + c)}, within(FLOAT64));
  }

  @Test
  void samplesFollowTheProcess() {
    BeliefTask task = (BeliefTask) Tasks.parse("rrxor:length=299");
    for (int index = 0; index < 50; index++) {
      Example example = task.example(Split.TRAINING, 2, index);
      int[] bits = Arrays.copyOf(example.inputs(), 300);
      bits[299] = example.targets()[298];
      long rhythms =
          java.util.stream.IntStream.range(0, 3).filter(start -> isXor(bits, start)).count();
      assertThat(rhythms).as("one way to part it into rounds fits").isEqualTo(1);
      assertThat(example.weights()).containsOnly(1f);
    }
    int[] symbols = process("mess3").sample(100_000, new SplittableRandom(5));
    long same =
        java.util.stream.IntStream.range(1, symbols.length)
            .filter(i -> symbols[i] == symbols[i - 1])
            .count();
    // 0.9 * (0.85^2 + 2 * 0.075^2) + 0.1 * (2 * 0.85 * 0.075 + 0.075^2); 100,000 draws, three
    // sigma.
    assertThat(same / 99_999.0).isCloseTo(0.6736875, within(0.006));
  }

  private static boolean isXor(int[] bits, int start) {
    for (int i = start; i + 2 < bits.length; i += 3) {
      if ((bits[i] ^ bits[i + 1]) != bits[i + 2]) {
        return false;
      }
    }
    return true;
  }

  @ParameterizedTest
  @ValueSource(strings = {"mess3", "rrxor"})
  void theLeastLossOfTheValidationExamplesScattersAroundTheOptimum(String name) {
    Task task = Tasks.parse(name);
    double least = new TaskData(task, 20_000).validationOptimum();
    // Four standard errors of 200,000 predictions that scatter by 0.7 and are a little alike.
    assertThat(least).isCloseTo(task.optimum().crossEntropy(), within(7e-3));
    assertThat(least).isNotEqualTo(task.optimum().crossEntropy());
    Example example = task.example(Split.VALIDATION, 0, 0);
    double[] losses = task.leastLosses(example);
    double[][] beliefs = ((BeliefTask) task).process().beliefs(example.inputs());
    for (int pos = 0; pos < example.length(); pos++) {
      double chance = process(name).next(beliefs[pos])[example.targets()[pos]];
      assertThat(losses[pos]).isCloseTo(-Math.log(chance), within(FLOAT64));
    }
    assertThat(TaskData.of(Tasks.parse("mqar")).validationOptimum()).isZero();
  }

  @Test
  void saysWhatCannotCome() {
    assertThatThrownBy(() -> process("rrxor").beliefs(new int[] {0, 2}))
        .isInstanceOf(TaskException.class)
        .hasMessageStartingWith("Token 2 is not among the 2 of this task.");
    assertThatThrownBy(() -> process("mess3:x=0,a=1").beliefs(new int[] {0, 1}))
        .isInstanceOf(TaskException.class)
        .hasMessageStartingWith("symbol 1 cannot come here.");
    assertThatThrownBy(() -> new HiddenMarkovProcess(new double[][][] {{{0.5}}}))
        .isInstanceOf(TaskException.class)
        .hasMessageStartingWith("the chances from state 0 sum to 0.5.");
  }
}
