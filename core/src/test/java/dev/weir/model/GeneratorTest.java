package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.Golden;
import dev.weir.weights.Safetensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {
  private static final int NEW_TOKENS = 50;

  static Stream<String> models() {
    return Golden.folders("models").stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void continuesGreedilyAsTransformersDoes(String name) {
    Path folder = Golden.path("models/" + name);
    try (Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT32);
        Safetensors reference = Safetensors.open(folder.resolve("reference.safetensors"))) {
      List<int[]> prompts = Golden.rows(reference, "input_ids");
      List<int[]> expected = Golden.rows(reference, "generated");
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(continued(model, List.of(prompts.get(i))).getFirst()).isEqualTo(expected.get(i));
      }
      assertThat(continued(model, prompts)).as("together").containsExactlyElementsOf(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void continuesWithoutACacheAsTransformersDoes(String name) {
    Path folder = Golden.path("models/" + name);
    try (Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT32);
        Safetensors reference = Safetensors.open(folder.resolve("reference.safetensors"))) {
      String expected =
          reference.has("generated_without_cache") ? "generated_without_cache" : "generated";
      int[] prompt = Golden.rows(reference, "input_ids").getFirst();
      assertThat(continuedWithoutCache(model, prompt))
          .isEqualTo(Golden.rows(reference, expected).getFirst());
    }
  }

  private static List<int[]> continued(Transformer model, List<int[]> prompts) {
    Generator generator = new Generator(model, Sampler.greedy(), Set.of(), Hooks.none());
    return generator.generate(prompts, NEW_TOKENS, (_, _) -> {}).stream()
        .map(c -> Arrays.copyOfRange(c.tokens(), c.tokens().length - NEW_TOKENS, c.tokens().length))
        .toList();
  }

  private static int[] continuedWithoutCache(Transformer model, int[] prompt) {
    int[] text = prompt;
    for (int i = 0; i < NEW_TOKENS; i++) {
      try (Scope _ = Scope.open()) {
        float[] scores = model.logits(text).at("pos", text.length - 1L).toFloats();
        text = append(text, Sampler.greedy().next(scores));
      }
    }
    return Arrays.copyOfRange(text, prompt.length, text.length);
  }

  private static int[] append(int[] text, int token) {
    return IntStream.concat(Arrays.stream(text), IntStream.of(token)).toArray();
  }

  /// Dynamic NTK turns a text by angles that depend on its length so far, so keys in a cache keep
  /// the turn of their time, in transformers as here; this model's context is 16 tokens, the texts
  /// have 24.
  static Stream<String> modelsWithFixedAngles() {
    return models().filter(name -> !name.equals("llama-dynamic"));
  }

  @ParameterizedTest
  @MethodSource("modelsWithFixedAngles")
  void wholeChunkedAndTokenByTokenGiveTheSameLogits(String name) {
    Path folder = Golden.path("models/" + name);
    try (Scope _ = Scope.open();
        Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT64);
        Safetensors reference = Safetensors.open(folder.resolve("reference.safetensors"))) {
      int[] text = Golden.rows(reference, "input_ids").getFirst();
      double[] whole = model.logits(text).toDoubles();
      for (int chunk : new int[] {1, 5, 23}) {
        assertThat(Golden.largestDifference(inChunks(model, text, chunk), whole))
            .as("chunks of %d", chunk)
            // Only the order of summation differs.
            .isLessThan(1e-10);
      }
    }
  }

  private static double[] inChunks(Transformer model, int[] text, int chunk) {
    double[] all = new double[0];
    try (KvCache cache = new KvCache(model.spec().nLayers())) {
      for (int from = 0; from < text.length; from += chunk) {
        int[] piece = Arrays.copyOfRange(text, from, Math.min(text.length, from + chunk));
        double[] logits = model.logits(piece, cache).toDoubles();
        int before = all.length;
        all = Arrays.copyOf(all, before + logits.length);
        System.arraycopy(logits, 0, all, before, logits.length);
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("modelsWithFixedAngles")
  void aPaddedTextGivesWhatItGivesAlone(String name) {
    Path folder = Golden.path("models/" + name);
    try (Scope _ = Scope.open();
        Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT64);
        Safetensors reference = Safetensors.open(folder.resolve("reference.safetensors"))) {
      List<int[]> texts = Golden.rows(reference, "input_ids");
      int[] shorter = Arrays.copyOf(texts.get(1), 9);
      double[] alone = model.logits(shorter).toDoubles();
      double[] together =
          model
              .logits(List.of(texts.getFirst(), shorter), Hooks.none())
              .at("batch", 1)
              .slice("pos", texts.getFirst().length - 9L, 9)
              .toDoubles();
      assertThat(Golden.largestDifference(together, alone)).isLessThan(1e-10);
    }
  }

  @Test
  void theSameSeedGivesTheSameText() {
    Path folder = Golden.path("models/llama");
    try (Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT32)) {
      assertThat(sampled(model, 1)).isEqualTo(sampled(model, 1)).isNotEqualTo(sampled(model, 2));
    }
  }

  private static int[] sampled(Transformer model, long seed) {
    Sampler sampler = new Sampler(1.0, 20, 0.9, new SplittableRandom(seed));
    Generator generator = new Generator(model, sampler, Set.of(), Hooks.none());
    return generator.generate(List.of(new int[] {1, 2, 3}), 20, (_, _) -> {}).getFirst().tokens();
  }

  @Test
  void stopsAtAStopTokenAndAtTheEndOfTheContext() {
    Path folder = Golden.path("models/gpt2");
    try (Transformer model = FamiliesTest.open(folder, "config.json", DType.FLOAT32)) {
      int first = continued(model, List.of(new int[] {1, 2, 3})).getFirst()[0];
      Generator stopping = new Generator(model, Sampler.greedy(), Set.of(first), Hooks.none());
      var stopped = stopping.generate(List.of(new int[] {1, 2, 3}), 10, (_, _) -> {}).getFirst();
      assertThat(stopped.tokens()).containsExactly(1, 2, 3, first);
      assertThat(stopped.end()).isEqualTo(Generator.End.STOP_TOKEN);

      Generator endless = new Generator(model, Sampler.greedy(), Set.of(), Hooks.none());
      var full = endless.generate(List.of(new int[] {1, 2, 3}), 10_000, (_, _) -> {}).getFirst();
      assertThat(full.tokens()).hasSize(model.spec().nCtx());
      assertThat(full.end()).isEqualTo(Generator.End.CONTEXT_FULL);
    }
  }
}
