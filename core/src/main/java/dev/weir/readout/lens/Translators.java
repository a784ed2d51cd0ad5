package dev.weir.readout.lens;

import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The affine maps of a tuned lens, one for what enters each block: `x + x A_l + b_l` (Belrose et
/// al. 2023, arXiv:2303.08112, eq. 5, as the tuned-lens library writes it). They own their numbers;
/// close them when done.
public final class Translators implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final String PARAMETERS = "params.pt";

  private final TunedLensConfig config;
  private final List<Affine> maps;
  private final TensorOwner owner;

  private Translators(TunedLensConfig config, List<Affine> maps, TensorOwner owner) {
    this.config = config;
    this.maps = List.copyOf(maps);
    this.owner = owner;
  }

  /// What is added to the stream.
  ///
  /// @param weight `A_l`, transposed, `[d_out, d_model]`
  /// @param bias `b_l`, `[d_model]`
  record Affine(Tensor weight, Tensor bias) {

    /// Same shape.
    Tensor applied(Tensor stream) {
      Tensor added = stream.dot(weight, "d_model").rename("d_out", "d_model").plus(bias);
      return stream.plus(added);
    }

    List<Tensor> tensors() {
      return List.of(weight, bias);
    }
  }

  // ---------------------------------------------------------------- making

  /// Maps that change nothing: the lens is then the logit lens.
  ///
  /// @param model the model that will be looked at
  /// @param name what to call it in the lens's description
  public static Translators identity(Transformer model, String name) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Shape matrix = matrix(model.spec().dModel());
      Shape row = Shape.of(new Axis("d_model", model.spec().dModel()));
      List<Affine> maps = new ArrayList<>();
      for (int layer = 0; layer < model.spec().nLayers(); layer++) {
        maps.add(affine(zeros(matrix, model), zeros(row, model), owner));
      }
      return new Translators(configOf(model, name), maps, owner);
    }
  }

  private static Affine affine(Tensor weight, Tensor bias, TensorOwner owner) {
    return new Affine(owner.own(weight.asParameter()), owner.own(bias.asParameter()));
  }

  private static Tensor zeros(Shape shape, Transformer model) {
    return Tensor.zeros(shape, Wide.of(model.unembedding()).dtype()).to(model.device());
  }

  private static Shape matrix(int dModel) {
    return Shape.of(new Axis("d_out", dModel), new Axis("d_model", dModel));
  }

  private static TunedLensConfig configOf(Transformer model, String name) {
    return new TunedLensConfig(
        name,
        model.spec().dModel(),
        model.spec().nLayers(),
        true,
        Optional.empty(),
        UnembeddingHash.of(model));
  }

  // ---------------------------------------------------------------- files

  /// Opens a lens in the files of the tuned-lens library: `config.json` and `params.pt`.
  ///
  /// @param folder where they are
  /// @param model the model that will be looked at
  /// @throws LensException if there is no lens, or one for another width, another number of blocks
  ///   or another unembedding
  public static Translators open(Path folder, Transformer model) {
    for (String name : List.of(CONFIG, PARAMETERS)) {
      if (!Files.isRegularFile(folder.resolve(name))) {
        throw LensException.notALens(folder, name);
      }
    }
    TunedLensConfig config = TunedLensConfig.read(folder.resolve(CONFIG));
    requireFit(config, model, folder);
    Path file = folder.resolve(PARAMETERS);
    Map<String, StateDict.Entry> entries = StateDict.read(file);
    requireNames(entries, config, file);
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      int dModel = config.dModel();
      Shape row = Shape.of(new Axis("d_model", dModel));
      List<Affine> maps = new ArrayList<>();
      for (int layer = 0; layer < config.layers(); layer++) {
        Tensor weight = tensor(entries, layer + ".weight", matrix(dModel), model, file);
        Tensor bias =
            config.bias() ? tensor(entries, layer + ".bias", row, model, file) : zeros(row, model);
        maps.add(affine(weight, bias, owner));
      }
      return new Translators(config, maps, owner);
    } catch (RuntimeException e) {
      owner.close();
      throw e;
    }
  }

  private static void requireFit(TunedLensConfig config, Transformer model, Path folder) {
    if (config.dModel() != model.spec().dModel()) {
      throw LensException.otherModel(folder, "d_model", config.dModel(), model.spec().dModel());
    }
    if (config.layers() != model.spec().nLayers()) {
      throw LensException.otherModel(
          folder, "num_hidden_layers", config.layers(), model.spec().nLayers());
    }
    Optional<String> own = UnembeddingHash.of(model);
    if (config.unembedHash().isPresent() && own.isPresent() && !own.equals(config.unembedHash())) {
      throw LensException.otherUnembedding(folder, config.unembedHash().get(), own.get());
    }
  }

  private static void requireNames(
      Map<String, StateDict.Entry> entries, TunedLensConfig config, Path file) {
    int each = config.bias() ? 2 : 1;
    if (entries.size() != each * config.layers()) {
      throw LensException.badParameters(
          file,
          "The file holds %d tensors, but %d layers have %d"
              .formatted(entries.size(), config.layers(), each * config.layers()));
    }
  }

  private static Tensor tensor(
      Map<String, StateDict.Entry> entries,
      String name,
      Shape shape,
      Transformer model,
      Path file) {
    StateDict.Entry entry = entries.get(name);
    List<Long> sizes = shape.axes().stream().map(Axis::size).toList();
    if (entry == null || !entry.sizes().equals(sizes)) {
      throw LensException.badParameters(
          file,
          "'%s' is %s, but should be %s"
              .formatted(name, entry == null ? "missing" : entry.sizes().toString(), sizes));
    }
    return Tensor.of(entry.values(), shape)
        .to(Wide.of(model.unembedding()).dtype())
        .to(model.device());
  }

  /// Checks that a lens can be written here, before any work is done: a `config.json` beside which
  /// no lens lies is that of a model.
  ///
  /// @param folder where it is to be
  /// @throws LensException if something else is there, or the folder cannot be made
  public static void requireRoom(Path folder) {
    Path there = folder.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw LensException.noRoom(folder);
    }
    if (Files.exists(folder.resolve(CONFIG)) && !Files.exists(folder.resolve(PARAMETERS))) {
      throw LensException.occupied(folder);
    }
  }

  /// Writes the lens in the files of the tuned-lens library; a lens that is there is replaced.
  ///
  /// @param folder where to; made where it is not there
  /// @throws LensException if it cannot be written
  public void save(Path folder) {
    requireRoom(folder);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw LensException.unwritable(folder, e);
    }
    Map<String, StateDict.Entry> entries = new LinkedHashMap<>();
    for (int layer = 0; layer < maps.size(); layer++) {
      entries.put(layer + ".weight", entry(maps.get(layer).weight()));
      entries.put(layer + ".bias", entry(maps.get(layer).bias()));
    }
    StateDict.write(folder.resolve(PARAMETERS), entries);
    config.write(folder.resolve(CONFIG));
  }

  private static StateDict.Entry entry(Tensor tensor) {
    return new StateDict.Entry(
        tensor.toFloats(),
        tensor.shape().axes().stream().map(Axis::size).collect(Collectors.toList()));
  }

  // ---------------------------------------------------------------- what they are

  /// What the description of the lens says.
  public TunedLensConfig config() {
    return config;
  }

  /// How many there are: one for each block.
  public int count() {
    return maps.size();
  }

  /// What enters a block, as the end of the stream would say it; same shape, a tensor of the
  /// current scope.
  ///
  /// @param layer the block
  /// @param stream `[.., d_model]`, float32 or float64 as the model is
  public Tensor applied(int layer, Tensor stream) {
    return map(layer).applied(stream);
  }

  /// `A_l`, row by row: entry `i · d_model + j` is what dimension `i` adds to dimension `j`.
  ///
  /// @param layer the block
  public double[] weight(int layer) {
    try (Scope _ = Scope.open()) {
      return map(layer).weight().order("d_model", "d_out").toDoubles();
    }
  }

  /// `b_l`, `d_model` numbers.
  ///
  /// @param layer the block
  public double[] bias(int layer) {
    return map(layer).bias().toDoubles();
  }

  private Affine map(int layer) {
    if (layer < 0 || layer >= maps.size()) {
      throw LensException.noSuchPart("translator", layer, maps.size());
    }
    return maps.get(layer);
  }

  /// Every weight and bias, to be trained.
  List<Tensor> parameters() {
    return maps.stream().flatMap(map -> map.tensors().stream()).toList();
  }

  @Override
  public void close() {
    owner.close();
  }
}
