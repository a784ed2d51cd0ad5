package dev.weir.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weir.model.Generator;
import dev.weir.model.KvCache;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import dev.weir.testing.GoldenModels;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EditsTest {
  private static final String GPT2 = "models/gpt2";

  static Stream<String> models() {
    return GoldenModels.names();
  }

  private static double[] logits(Transformer model, int[] tokens, Hooks edits) {
    return model.logits(List.of(tokens), edits).toDoubles();
  }

  private static StreamTrace trace(Transformer model, int[] tokens, Capture capture, Hooks edits) {
    return model.trace(List.of(tokens), capture, edits);
  }

  // ---------------------------------------------------------------- every writable point

  @ParameterizedTest
  @MethodSource("models")
  void patchingARunWithItselfChangesNoBitAtAnyPoint(String name) {
    int[] tokens = GoldenModels.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(name, DType.FLOAT32);
        StreamTrace all = model.trace(tokens, Capture.matching("*"))) {
      Edits everywhere = Edits.of(model, Edit.at("*", new Intervention.Patch(all)));
      try (StreamTrace again = trace(model, tokens, Capture.matching("*"), everywhere)) {
        assertThat(again.logits().toDoubles()).isEqualTo(all.logits().toDoubles());
      }
      for (HookPoint point : model.hookPoints()) {
        try (Scope _ = Scope.open();
            StreamTrace run = model.trace(tokens, Capture.of(point))) {
          Edits patch = Edits.of(model, Edit.at(point.name(), new Intervention.Patch(run)));
          assertThat(logits(model, tokens, patch))
              .as(point.name())
              .isEqualTo(run.logits().toDoubles());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void steeringByZeroChangesNoBit(String name) {
    int[] tokens = GoldenModels.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(name, DType.FLOAT32)) {
      Tensor direction = direction(model);
      Tensor nothing = Tensor.zeros(direction.shape(), DType.FLOAT32);
      double[] plain = logits(model, tokens, Hooks.none());
      for (String points : List.of("hook_embed", "*.hook_resid_*", "*_out")) {
        Edits byZero =
            Edits.of(
                model,
                Edit.at(points, new Intervention.Steer(direction, 0)),
                Edit.at(points, new Intervention.Steer(nothing, 2)));
        assertThat(logits(model, tokens, byZero)).isEqualTo(plain);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyPointCanBeWrittenTo(String name) {
    int[] tokens = GoldenModels.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(name, DType.FLOAT32)) {
      for (HookPoint point : model.hookPoints()) {
        try (Scope _ = Scope.open();
            StreamTrace other =
                model.trace(GoldenModels.otherTokens(name, model), Capture.of(point));
            StreamTrace plain = model.trace(tokens, Capture.of(point))) {
          Edits patch = Edits.of(model, Edit.at(point.name(), new Intervention.Patch(other)));
          try (StreamTrace run = trace(model, tokens, Capture.of(point), patch)) {
            double[] patched = run.get(point).toDoubles();
            assertThat(patched).as(point.name()).isEqualTo(other.get(point).toDoubles());
            if (!Arrays.equals(patched, plain.get(point).toDoubles())) {
              assertThat(run.logits().toDoubles())
                  .as(point.name())
                  .isNotEqualTo(plain.logits().toDoubles());
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void patchingTheWholeStreamGivesTheOtherRun(String name) {
    int[] tokens = GoldenModels.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(name, DType.FLOAT32)) {
      int[] others = GoldenModels.otherTokens(name, model);
      try (StreamTrace other = model.trace(others, Capture.matching("*.hook_resid_post"))) {
        Edits patch =
            Edits.of(model, Edit.at("blocks.0.hook_resid_post", new Intervention.Patch(other)));
        assertThat(logits(model, tokens, patch)).isEqualTo(other.logits().toDoubles());
      }
    }
  }

  private static Tensor direction(Transformer model) {
    return Tensor.gaussian(
        Shape.of(new Axis("d_model", model.spec().dModel())), 1, new SplittableRandom(7));
  }

  // ---------------------------------------------------------------- what each does

  @Test
  void zeroAblationLeavesOtherHeadsAndPositionsAlone() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint z = new HookPoint.Z(1);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace plain = model.trace(tokens, Capture.of(z))) {
      Target place = Target.at(z.name()).heads(2).positions(0, -1);
      Edits edits = Edits.of(model, new Edit(place, new Intervention.Ablate.Zero()));
      try (StreamTrace run = trace(model, tokens, Capture.of(z), edits)) {
        int heads = (int) run.get(z).size("head");
        double[] before = plain.get(z).toDoubles();
        double[] after = run.get(z).toDoubles();
        int dHead = (int) run.get(z).size("d_head");
        for (int i = 0; i < after.length; i++) {
          int head = i / dHead % heads;
          int pos = i / dHead / heads;
          boolean touched = head == 2 && (pos == 0 || pos == tokens.length - 1);
          assertThat(after[i]).isEqualTo(touched ? 0 : before[i]);
        }
      }
    }
  }

  @Test
  void meanAblationPutsTheMeanOverRealPositionsOfPaddedTexts() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint out = new HookPoint.AttnOut(0);
    List<int[]> texts = List.of(Arrays.copyOf(tokens, 5), tokens);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace reference = model.trace(texts, Capture.of(out), Hooks.none());
        StreamTrace first = model.trace(texts.getFirst(), Capture.of(out));
        StreamTrace second = model.trace(tokens, Capture.of(out))) {
      double[] mean =
          first
              .get(out)
              .sum("pos")
              .plus(second.get(out).sum("pos"))
              .times(1.0 / (5 + tokens.length))
              .toDoubles();
      Edits edits = Edits.of(model, Edit.at(out.name(), new Intervention.Ablate.Mean(reference)));
      try (StreamTrace run = trace(model, tokens, Capture.of(out), edits)) {
        double[] last = run.get(out).at("pos", 3).toDoubles();
        for (int i = 0; i < mean.length; i++) {
          assertThat(last[i]).isCloseTo(mean[i], within(1e-12));
        }
      }
    }
  }

  @Test
  void projectingOutLeavesNothingAlongTheDirectionAndTheRestAlone() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint pre = new HookPoint.ResidPre(1);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace plain = model.trace(tokens, Capture.of(pre))) {
      Tensor r = direction(model).to(DType.FLOAT64);
      Tensor unit = r.dividedBy(r.norm("d_model"));
      Edits out = Edits.of(model, Edit.at(pre.name(), new Intervention.ProjectOut(r)));
      Edits set = Edits.of(model, Edit.at(pre.name(), new Intervention.SetProjection(r, 3)));
      try (StreamTrace without = trace(model, tokens, Capture.of(pre), out);
          StreamTrace with = trace(model, tokens, Capture.of(pre), set)) {
        for (double along : without.get(pre).dot(unit, "d_model").toDoubles()) {
          assertThat(along).isCloseTo(0, within(1e-12));
        }
        for (double along : with.get(pre).dot(unit, "d_model").toDoubles()) {
          assertThat(along).isCloseTo(3, within(1e-12));
        }
        Tensor removed = plain.get(pre).minus(without.get(pre));
        double[] lengths = removed.norm("d_model").toDoubles();
        double[] along = plain.get(pre).dot(unit, "d_model").abs().toDoubles();
        for (int i = 0; i < lengths.length; i++) {
          assertThat(lengths[i]).isCloseTo(along[i], within(1e-12));
        }
      }
    }
  }

  @Test
  void steeringAddsTheDirectionAtTheNamedPositionsOnly() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint pre = new HookPoint.ResidPre(0);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64);
        StreamTrace plain = model.trace(tokens, Capture.of(pre))) {
      Tensor r = direction(model).to(DType.FLOAT64);
      Target place = Target.at(pre.name()).between(2, 4);
      Edits steer = Edits.of(model, new Edit(place, new Intervention.Steer(r, 1.5)));
      try (StreamTrace run = trace(model, tokens, Capture.of(pre), steer)) {
        Tensor change = run.get(pre).minus(plain.get(pre));
        double[] lengths = change.norm("d_model").toDoubles();
        double expected = 1.5 * r.norm("d_model").item();
        for (int i = 0; i < lengths.length; i++) {
          assertThat(lengths[i]).isCloseTo(i == 2 || i == 3 ? expected : 0, within(1e-12));
        }
      }
    }
  }

  @Test
  void severalEditsOfOnePointActInOrder() {
    int[] tokens = GoldenModels.tokens(GPT2);
    HookPoint pre = new HookPoint.ResidPre(0);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      Tensor r = direction(model).to(DType.FLOAT64);
      Edits edits =
          Edits.of(
              model,
              Edit.at(pre.name(), new Intervention.Ablate.Zero()),
              Edit.at(pre.name(), new Intervention.Steer(r, 2)));
      try (StreamTrace run = trace(model, tokens, Capture.of(pre), edits)) {
        assertThat(run.get(pre).at("pos", 4).toDoubles()).isEqualTo(r.times(2).toDoubles());
      }
    }
  }

  // ---------------------------------------------------------------- while a text grows

  @ParameterizedTest
  @MethodSource("models")
  void theSameEditsActWithACacheTokenByToken(String name) {
    int[] tokens = GoldenModels.tokens(name);
    // One sees the future; the other turns by other angles once a text is longer.
    assumeFalse(name.contains("bidirectional") || name.contains("dynamic"));
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(name, DType.FLOAT64);
        StreamTrace other =
            model.trace(
                Arrays.copyOf(GoldenModels.otherTokens(name, model), 5),
                Capture.matching("*.hook_resid_mid?", "*.hook_resid_post"));
        KvCache cache = new KvCache(model.spec().nLayers())) {
      Tensor r = direction(model).to(DType.FLOAT64);
      Edits edits =
          Edits.of(
              model,
              new Edit(
                  Target.at("blocks.0.hook_resid_post").positions(1, 4),
                  new Intervention.Patch(other)),
              new Edit(
                  Target.at("blocks.0.attn.hook_pattern").heads(1).from(3),
                  new Intervention.Ablate.Zero()),
              new Edit(
                  Target.at("blocks.%d.attn.hook_z".formatted(model.spec().nLayers() - 1))
                      .heads(0)
                      .positions(2, 6),
                  new Intervention.Ablate.Zero()),
              new Edit(Target.at("*.hook_resid_pre").from(5), new Intervention.Steer(r, 0.3)));
      double[] whole = model.logits(List.of(tokens), edits).at("batch", 0).toDoubles();
      double[] grown = new double[whole.length];
      int at = 0;
      for (int[] part : parts(tokens)) {
        double[] scores = model.logits(part, cache, edits).toDoubles();
        System.arraycopy(scores, 0, grown, at, scores.length);
        at += scores.length;
      }
      assertThat(Golden.largestDifference(whole, grown)).isLessThan(1e-10);
      assertThat(Golden.largestDifference(whole, logits(model, tokens, Hooks.none())))
          .isGreaterThan(1e-3);
    }
  }

  @Test
  void generatedTextsAreThoseOfTheEditedModel() {
    int[] tokens = GoldenModels.tokens(GPT2);
    List<int[]> prompts = List.of(Arrays.copyOf(tokens, 4), Arrays.copyOf(tokens, 7));
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      Edits edits =
          Edits.of(
              model,
              new Edit(
                  Target.at("blocks.0.hook_resid_post").from(5),
                  new Intervention.Steer(direction(model), 2)),
              new Edit(
                  Target.at("blocks.1.attn.hook_z").heads(1, 2).between(2, 9),
                  new Intervention.Ablate.Zero()));
      List<Generator.Continuation> generated =
          new Generator(model, Sampler.greedy(), Set.of(), edits)
              .generate(prompts, 8, (_, _) -> {});
      for (int text = 0; text < prompts.size(); text++) {
        int[] grown = prompts.get(text);
        for (int step = 0; step < 8; step++) {
          Tensor last =
              model.logits(List.of(grown), edits).at("batch", 0).at("pos", grown.length - 1);
          grown = Arrays.copyOf(grown, grown.length + 1);
          grown[grown.length - 1] = (int) last.argmax("d_vocab").item();
        }
        assertThat(generated.get(text).tokens()).isEqualTo(grown);
      }
      assertThat(
              new Generator(model, Sampler.greedy(), Set.of(), Hooks.none())
                  .generate(prompts, 8, (_, _) -> {})
                  .getLast()
                  .tokens())
          .isNotEqualTo(generated.getLast().tokens());
    }
  }

  private static List<int[]> parts(int[] tokens) {
    return Stream.concat(
            Stream.of(Arrays.copyOf(tokens, 3)),
            Arrays.stream(tokens).skip(3).mapToObj(token -> new int[] {token}))
        .toList();
  }

  @Test
  void positionsAreThoseOfEachTextInAPaddedBatch() {
    int[] tokens = GoldenModels.tokens(GPT2);
    int[] shorter = Arrays.copyOf(tokens, 6);
    HookPoint pre = new HookPoint.ResidPre(1);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      Edits edits =
          Edits.of(
              model,
              new Edit(Target.at(pre.name()).positions(1, -2), new Intervention.Ablate.Zero()));
      double[] alone =
          model.logits(List.of(shorter), edits).at("batch", 0).at("pos", 5).toDoubles();
      double[] batched =
          model
              .logits(List.of(tokens, shorter), edits)
              .at("batch", 1)
              .at("pos", tokens.length - 1)
              .toDoubles();
      assertThat(Golden.largestDifference(alone, batched)).isLessThan(1e-10);
    }
  }

  @Test
  void aRecordOfOneTextPatchesEveryTextOfABatch() {
    int[] tokens = GoldenModels.tokens(GPT2);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT64)) {
      int[] other = GoldenModels.otherTokens(GPT2, model);
      try (StreamTrace source = model.trace(other, Capture.stream())) {
        Edits edits =
            Edits.of(
                model,
                Edit.at("blocks.0.hook_resid_pre", new Intervention.Ablate.Resample(source)));
        double[] both = model.logits(List.of(tokens, other), edits).toDoubles();
        double[] expected = source.logits().toDoubles();
        // A batch of two sums in another order.
        assertThat(
                Golden.largestDifference(
                    both, Stream.of(expected, expected).flatMapToDouble(Arrays::stream).toArray()))
            .isLessThan(1e-10);
      }
    }
  }

  // ---------------------------------------------------------------- what cannot be done

  @Test
  void editsThatMakeNoSenseAreRefusedInOneLine() {
    int[] tokens = GoldenModels.tokens(GPT2);
    try (Scope _ = Scope.open();
        Transformer model = GoldenModels.open(GPT2, DType.FLOAT32);
        StreamTrace shorter = model.trace(Arrays.copyOf(tokens, 5), Capture.stream());
        StreamTrace pair = model.trace(List.of(tokens, tokens), Capture.stream(), Hooks.none())) {
      Tensor r = direction(model);
      refuses(
          model,
          Edit.at("blocks.0.ln1.hook_scale", new Intervention.Ablate.Zero()),
          "'blocks.0.ln1.hook_scale' is what a norm divides by, and cannot be 0. Where: edit. To"
              + " fix: zero the norm's hook_normalized instead.");
      refuses(
          model,
          Edit.at("blocks.0.attn.hook_attn_scores", new Intervention.Ablate.Zero()),
          "Ablating 'blocks.0.attn.hook_attn_scores' would let queries see masked keys. Where:"
              + " edit. To fix: ablate attn.hook_pattern or attn.hook_z, or patch the scores from"
              + " another run.");
      refuses(
          model,
          Edit.at("blocks.0.attn.hook_pattern", new Intervention.Ablate.Mean(shorter)),
          "'blocks.0.attn.hook_pattern' has other keys at each position, so its mean over positions"
              + " says nothing. Where: edit. To fix: replace it by a pattern of your own, or"
              + " mean-ablate attn.hook_z.");
      refuses(
          model,
          Edit.at("blocks.0.attn.hook_pattern", new Intervention.Steer(r, 1)),
          "'blocks.0.attn.hook_pattern' holds no vectors, so no direction can be added or removed."
              + " Where: edit. To fix: edit a point of the stream or of a head, such as"
              + " hook_resid_pre or attn.hook_z.");
      refuses(
          model,
          Edit.at("blocks.0.attn.hook_z", new Intervention.Steer(r, 1)),
          "A direction of shape [d_model=32] does not fit 'blocks.0.attn.hook_z', expected"
              + " [d_head=8]. Where: edit. To fix: use a direction taken from this point of this"
              + " model.");
      refuses(
          model,
          Edit.at(
              "blocks.0.hook_resid_pre",
              new Intervention.ProjectOut(Tensor.zeros(r.shape(), DType.FLOAT32))),
          "A direction of length 0 points nowhere. Where: blocks.0.hook_resid_pre. To fix: use a"
              + " direction that is not 0.");
      refuses(
          model,
          new Edit(Target.at("blocks.0.hook_resid_pre").heads(0), new Intervention.Ablate.Zero()),
          "'blocks.0.hook_resid_pre' has no heads. Where: edit. To fix: leave the heads out, or edit"
              + " attn.hook_z or attn.hook_result.");
      refuses(
          model,
          new Edit(Target.at("blocks.0.attn.hook_z").heads(4), new Intervention.Ablate.Zero()),
          "'blocks.0.attn.hook_z' has no head 4. Where: edit. To fix: use heads 0 to 3.");
      refusesToRun(
          model,
          List.of(tokens),
          Edit.at("blocks.0.hook_resid_pre", new Intervention.Patch(shorter)),
          "The other run holds 5 positions of 'blocks.0.hook_resid_pre', but this text has 24."
              + " Where: edit. To fix: use texts of equal length, keep every position of the other"
              + " run, or name the positions to change.");
      refusesToRun(
          model,
          List.of(tokens, tokens, tokens),
          Edit.at("blocks.0.hook_resid_pre", new Intervention.Patch(pair)),
          "The other run of 'blocks.0.hook_resid_pre' has 2 texts, but this one has 3. Where: edit."
              + " To fix: use one text, or as many.");
      refusesToRun(
          model,
          List.of(tokens, Arrays.copyOf(tokens, 3)),
          Edit.at("blocks.0.hook_resid_pre", new Intervention.Patch(pair)),
          "Values cannot be copied position by position between texts of unequal length. Where:"
              + " blocks.0.hook_resid_pre. To fix: run the texts one by one.");
      refusesToRun(
          model,
          List.of(tokens),
          Edit.at("blocks.0.attn.hook_z", new Intervention.Replace(r)),
          "A value of shape [d_model=32] cannot stand at 'blocks.0.attn.hook_z', which has [batch=1,"
              + " pos=24, head=4, d_head=8]. Where: edit. To fix: use the axes of the point, or some"
              + " of them.");
    }
  }

  private static void refuses(Transformer model, Edit edit, String message) {
    assertThatExceptionOfType(EditException.class)
        .isThrownBy(() -> Edits.of(model, edit))
        .withMessage(message);
  }

  private static void refusesToRun(
      Transformer model, List<int[]> texts, Edit edit, String message) {
    Edits edits = Edits.of(model, edit);
    assertThatExceptionOfType(EditException.class)
        .isThrownBy(() -> model.logits(texts, edits))
        .withMessage(message);
  }
}
