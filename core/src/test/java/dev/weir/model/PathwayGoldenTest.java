package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.family.ModelFiles;
import dev.weir.pathway.PathwaySpec;
import dev.weir.pathway.Pathways;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.Golden;
import dev.weir.weights.Safetensors;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every pathway and local mixer against a second implementation, in PyTorch, written from the
/// papers' equations alone (`tools/golden/pathways.py`): logits, what attention reads, and the
/// gradient of every weight.
class PathwayGoldenTest {
  private static final String FOLDER = "pathways";

  /// How far two computations of the same numbers may lie apart, relative to the tensor's largest.
  /// They sum in other orders, and backward through a dozen sublayers roundings of 1e-16 (float64)
  /// and 6e-8 (float32) have grown to 1e-12 and 7e-5 on the machine that made the references; the
  /// rest is room for others. A wrong sign or source moves these models by more than 1e-2.
  private static double tolerance(DType dtype) {
    return dtype == DType.FLOAT64 ? 1e-10 : 2e-4;
  }

  /// Tensors whose largest number is smaller are measured by this. A gradient far below the others
  /// is what is left of larger numbers that cancel, and as exact as these; some cancel to zero.
  private static final double SMALLEST_SIZE = 0.05;

  static Stream<String> models() {
    return Golden.folders(FOLDER).stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAndEveryGradientAgree(String name) {
    compare(name, DType.FLOAT64);
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAndEveryGradientAgreeInFloat32(String name) {
    compare(name, DType.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("models")
  void attentionReadsTheSameStream(String name) {
    try (Scope _ = Scope.open();
        Transformer model = open(name, DType.FLOAT64);
        Safetensors reference = reference(name);
        StreamTrace trace =
            model.trace(Golden.rows(reference, "input_ids").getFirst(), Capture.matching("*"))) {
      int compared = 0;
      for (HookPoint point : trace.points()) {
        if (reference.has(point.name())) {
          assertSame(trace.get(point).toDoubles(), reference, point.name(), DType.FLOAT64);
          compared++;
        }
      }
      assertThat(compared).isGreaterThanOrEqualTo(model.spec().nLayers());
    }
  }

  /// Sizes may be smaller here, but none that a listing has set may be left at zero or one.
  @Test
  void everyListedPathwayIsCompared() {
    Set<List<Object>> compared =
        models()
            .map(PathwayGoldenTest::specOf)
            .map(spec -> kind(spec.pathway()))
            .collect(Collectors.toSet());
    assertThat(Pathways.names())
        .allSatisfy(listed ->
            assertThat(compared).as(listed).contains(kind(Pathways.find(listed).orElseThrow())));
  }

  @Test
  void everyLocalMixerIsCompared() {
    List<BlockSpec> blocks =
        models().map(PathwayGoldenTest::specOf).map(spec -> spec.blocks().getFirst()).toList();
    assertThat(blocks.stream().<Object>map(block -> block.local().sublayer().getClass()))
        .contains(cases(LocalMixing.Sublayer.class));
    assertThat(blocks.stream().<Object>map(block -> block.local().branch().getClass()))
        .contains(cases(LocalMixing.Branch.class));
    assertThat(blocks.stream().flatMap(block -> block.local().canon().places().stream()))
        .contains(LocalMixing.Place.values());
  }

  @ParameterizedTest
  @EnumSource
  void everySourceOfValuesIsCompared(AttentionSpec.Values values) {
    assertThat(models().map(PathwayGoldenTest::specOf))
        .anySatisfy(
            spec -> assertThat(spec.blocks().getFirst().attention().values()).isEqualTo(values));
  }

  private static Object[] cases(Class<?> sealed) {
    return sealed.getPermittedSubclasses();
  }

  /// What makes a pathway another computation than its siblings: each choice, of each size whether
  /// it is zero, one or more, and of each other number whether it is the neutral factor.
  private static List<Object> kind(PathwaySpec pathway) {
    List<Object> kind = new ArrayList<>(List.of(pathway.getClass()));
    for (RecordComponent component : pathway.getClass().getRecordComponents()) {
      try {
        switch (component.getAccessor().invoke(pathway)) {
          case Integer size -> kind.add(Math.min(2, size));
          case Double number -> kind.add(number == 1);
          case Object choice -> kind.add(choice);
        }
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("a setting cannot be read", e);
      }
    }
    return kind;
  }

  private static void compare(String name, DType dtype) {
    try (Scope _ = Scope.open();
        TensorOwner laidOut = new TensorOwner();
        Transformer file = open(name, dtype);
        Safetensors reference = reference(name)) {
      TransformerSpec spec = file.spec();
      Parameters parameters = file.parameters().map(weight -> weight.copy().asParameter());
      List<int[]> texts = Golden.rows(reference, "input_ids");
      Tensor logits = Transformer.of(spec, parameters, laidOut, name).logits(texts, Hooks.none());
      assertSame(logits.toDoubles(), reference, "logits", dtype);
      Tensor loss = loss(logits, texts);
      assertSame(new double[] {loss.item()}, reference, "loss", dtype);
      gradients(spec, parameters, loss)
          .forEach(
              (weight, gradient) -> assertSame(gradient, reference, "gradient." + weight, dtype));
    }
  }

  /// The mean surprise at each token but the first, given those before it.
  private static Tensor loss(Tensor logits, List<int[]> texts) {
    Tensor predictions = logits.slice("pos", 0, logits.size("pos") - 1);
    LongStream targets =
        texts.stream().flatMapToLong(t -> Arrays.stream(t).skip(1).mapToLong(id -> id));
    Shape shape = predictions.shape().without("d_vocab");
    return Fused.crossEntropy(predictions, Tensor.of(targets.toArray(), shape));
  }

  /// By name, with the axes in the order of the file.
  private static Map<String, double[]> gradients(
      TransformerSpec spec, Parameters parameters, Tensor loss) {
    Map<String, Shape> layout = ParameterLayout.of(spec);
    List<Tensor> weights = layout.keySet().stream().map(parameters::get).toList();
    Iterator<Tensor> found = Gradients.orZero(loss, weights).iterator();
    Map<String, double[]> gradients = new LinkedHashMap<>();
    layout.forEach((name, shape) -> {
      String[] axes = shape.names().toArray(String[]::new);
      gradients.put(name, found.next().order(axes).toDoubles());
    });
    return gradients;
  }

  private static void assertSame(double[] ours, Safetensors reference, String name, DType dtype) {
    double[] theirs = Golden.doubles(reference, name);
    double size = Arrays.stream(theirs).map(Math::abs).max().orElseThrow();
    assertThat(Golden.largestDifference(ours, theirs) / Math.max(size, SMALLEST_SIZE))
        .as(name)
        .isLessThan(tolerance(dtype));
  }

  private static TransformerSpec specOf(String name) {
    try (Transformer model = open(name, DType.FLOAT32)) {
      return model.spec();
    }
  }

  private static Transformer open(String name, DType dtype) {
    return ModelFiles.open(
        path(name), new ModelFiles.Options(Optional.of(dtype), new Device.Cpu()));
  }

  private static Safetensors reference(String name) {
    return Safetensors.open(path(name).resolve("reference.safetensors"));
  }

  private static Path path(String name) {
    return Golden.path(FOLDER + "/" + name);
  }
}
