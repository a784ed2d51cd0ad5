package dev.weir.model.family;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.weights.Encoding;
import dev.weir.weights.WeightEntry;
import dev.weir.weights.WeightSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The weights of a file as tensors with named axes, each asked for by name. What is stored as the
/// model runs is a view of the mapped file; what is not is converted, once.
public final class WeightTensors {
  private final WeightSource source;
  private final Optional<DType> wanted;
  private final Device device;
  private final TensorOwner owner;
  private final Set<String> used = new HashSet<>();

  /// The weights of a file.
  ///
  /// @param source the file, open as long as the model lives
  /// @param wanted how the model should store its numbers; empty for as the file does
  /// @param device where the model runs
  /// @param owner who keeps the tensors
  public WeightTensors(
      WeightSource source, Optional<DType> wanted, Device device, TensorOwner owner) {
    this.source = source;
    this.wanted = wanted;
    this.device = device;
    this.owner = owner;
  }

  /// The file, for messages.
  public String where() {
    return source.path().toString();
  }

  /// Whether the file has a weight of this name.
  ///
  /// @param name its name in the file
  public boolean has(String name) {
    return source.has(name);
  }

  /// The first of these prefixes under which the file has a weight.
  ///
  /// @param name a name that the file has under one of them
  /// @param prefixes what may stand before it
  public String prefix(String name, String... prefixes) {
    return Stream.of(prefixes)
        .filter(prefix -> has(prefix + name))
        .findFirst()
        .orElseThrow(() -> FamilyException.missingTensor(prefixes[0] + name, where()));
  }

  /// Says that a weight of the file is known and not needed.
  ///
  /// @param name its name in the file
  public void skip(String name) {
    used.add(name);
  }

  /// A weight; its axes are those given, of which several may share one of the file's.
  ///
  /// @param name its name in the file
  /// @param axes the axes, as they lie in the file
  public Tensor get(String name, Axis... axes) {
    if (!source.has(name)) {
      throw FamilyException.missingTensor(name, where());
    }
    used.add(name);
    WeightEntry entry = source.entry(name);
    Shape shape = Shape.of(axes);
    if (!fits(entry.sizes(), axes)) {
      throw FamilyException.wrongSizes(name, entry.sizes(), shape.toString(), where());
    }
    return owner.own(tensor(entry, shape));
  }

  /// A weight in another layout than the file's: read, changed, and kept changed.
  ///
  /// @param tensor what was made of weights of this file, any shape
  /// @return the same tensor, same shape
  public Tensor keep(Tensor tensor) {
    return owner.own(tensor);
  }

  /// Neighbouring axes of the weight lie in one axis of the file: their sizes multiply to it.
  private static boolean fits(List<Long> sizes, Axis... axes) {
    int at = 0;
    for (long size : sizes) {
      long product = 1;
      while (at < axes.length && (product < size || axes[at].size() == 1) && product <= size) {
        product *= axes[at++].size();
      }
      if (product != size) {
        return false;
      }
    }
    return at == axes.length;
  }

  private Tensor tensor(WeightEntry entry, Shape shape) {
    Encoding encoding = entry.encoding();
    Optional<DType> stored = encoding.dtype();
    if (stored.isPresent() && !stored.get().isFloating()) {
      throw FamilyException.notFloating(entry.name(), encoding.toString(), where());
    }
    if (stored.isPresent() && entry.isAligned()) {
      Tensor view = Tensor.wrap(entry.bytes(), stored.get(), shape);
      return view.to(wanted.orElse(stored.get())).to(device);
    }
    Tensor converted = Tensor.zeros(shape, DType.FLOAT32);
    entry.dequantizeTo(converted.memory());
    return converted.to(wanted.orElse(DType.FLOAT32)).to(device);
  }

  /// Complains about weights of the file that nobody asked for.
  ///
  /// @param ignorable names that old files hold and that are no weights
  public void requireAllUsed(Predicate<String> ignorable) {
    List<String> spare = new ArrayList<>(source.names());
    spare.removeIf(name -> used.contains(name) || ignorable.test(name) || aliasUsed(name));
    if (!spare.isEmpty()) {
      throw FamilyException.spare(spare, where());
    }
  }

  private boolean aliasUsed(String name) {
    return source.aliases().entrySet().stream()
        .anyMatch(alias -> alias.getValue().equals(name) && used.contains(alias.getKey()));
  }
}
