package dev.weir.study;

import dev.weir.model.LocalMixing;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Wide;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.study.Inside.Mixer.Kind;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// How far back a model looks along the sequence: attention by its patterns, convolutions by their
/// weights.
final class InsideMixing {
  private final Transformer model;
  private final List<Looks> looks = new ArrayList<>();

  InsideMixing(Transformer model) {
    this.model = model;
    for (int layer = 0; layer < model.spec().nLayers(); layer++) {
      HookPoint.InBlock pattern = new HookPoint.Pattern(layer);
      HookPoint local = new HookPoint.InLocal(pattern);
      if (model.hookPoints().contains(local)) {
        looks.add(new Looks(layer + "_local", Kind.WINDOW, local));
      }
      looks.add(new Looks(layer + "_attn", Kind.ATTENTION, pattern));
    }
  }

  /// Where the heads of one attention look.
  private record Looks(
      String label, Kind kind, HookPoint pattern, Estimate.Running age, Estimate.Running self) {
    Looks(String label, Kind kind, HookPoint pattern) {
      this(label, kind, pattern, new Estimate.Running(), new Estimate.Running());
    }

    Inside.Mixer found() {
      return new Inside.Mixer(
          label,
          kind,
          OptionalDouble.of(age.estimate().mean()),
          OptionalDouble.of(self.estimate().mean()),
          OptionalDouble.empty());
    }
  }

  /// Reads a run of one text.
  void read(StreamTrace trace) {
    for (Looks one : looks) {
      try (Scope _ = Scope.open()) {
        Tensor pattern = Wide.of(trace.get(one.pattern)).mean("head");
        long length = pattern.size("query_pos");
        Tensor age =
            Tensor.range(0, new Axis("query_pos", length))
                .minus(Tensor.range(0, new Axis("key_pos", length)))
                .to(pattern.dtype())
                .to(pattern.device());
        one.age.add(InsideReader.mean(pattern.times(age).sum("key_pos")));
        // What comes later has no weight.
        one.self.add(InsideReader.mean(pattern.where(age.atMost(0), 0).sum("key_pos")));
      }
    }
  }

  /// What was found, block by block.
  List<Inside.Mixer> found() {
    List<Inside.Mixer> all = new ArrayList<>();
    for (int layer = 0; layer < model.spec().nLayers(); layer++) {
      String block = layer + "_";
      looks.stream().filter(one -> one.label.startsWith(block)).map(Looks::found).forEach(all::add);
      addLearned(layer, all);
    }
    return all;
  }

  /// What stands in weights alone.
  private void addLearned(int layer, List<Inside.Mixer> all) {
    LocalMixing local = model.spec().blocks().get(layer).local();
    weight(layer, "local.conv")
        .map(taps -> convolution(layer + "_local", Kind.CONVOLUTION, taps))
        .ifPresent(all::add);
    weight(layer, "attn.branch.conv")
        .map(taps -> convolution(layer + "_branch", Kind.BRANCH, taps))
        .ifPresent(all::add);
    weight(layer, "attn.branch.gate").map(gate -> gated(layer, gate)).ifPresent(all::add);
    for (LocalMixing.Place place : LocalMixing.Place.values()) {
      if (local.canon().places().contains(place)) {
        for (String name : weights(place)) {
          weight(layer, "canon." + name)
              .map(taps -> convolution(layer + "_canon_" + name, Kind.CANON, taps))
              .ifPresent(all::add);
        }
      }
    }
  }

  private static List<String> weights(LocalMixing.Place place) {
    return switch (place) {
      case A -> List.of("A");
      case B -> List.of("B_q", "B_k", "B_v");
      case C -> List.of("C");
      case D -> List.of("D", "D_gate");
    };
  }

  private Optional<Tensor> weight(int layer, String name) {
    return model.parameters().find("blocks.%d.%s".formatted(layer, name)).map(Wide::of);
  }

  /// By the size of each tap; what it adds is measured as if neighbours were as long as what they
  /// are added to, and at right angles.
  private static Inside.Mixer convolution(String label, Kind kind, Tensor taps) {
    try (Scope _ = Scope.open()) {
      double[] sizes = over(taps.abs());
      double[] squares = over(taps.square());
      double all = 0;
      double aged = 0;
      double square = 0;
      for (int tap = 0; tap < sizes.length; tap++) {
        all += sizes[tap];
        aged += sizes[tap] * (sizes.length - 1 - tap);
        square += squares[tap];
      }
      return new Inside.Mixer(
          label,
          kind,
          OptionalDouble.of(aged / all),
          OptionalDouble.of(sizes[sizes.length - 1] / all),
          OptionalDouble.of(Math.sqrt(square)));
    }
  }

  /// The mean over features, `[tap]`.
  private static double[] over(Tensor taps) {
    String[] features =
        taps.shape().names().stream().filter(name -> !name.equals("tap")).toArray(String[]::new);
    return taps.mean(features).toDoubles();
  }

  /// A branch of windowed attention: its pattern is no hook point.
  private static Inside.Mixer gated(int layer, Tensor gate) {
    return new Inside.Mixer(
        layer + "_branch",
        Kind.BRANCH,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.of(gate.abs().mean("kv_head").item()));
  }
}
