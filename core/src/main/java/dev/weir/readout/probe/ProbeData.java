package dev.weir.readout.probe;

import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/// What labelled texts left at some places of a model: one row for each text and place, on disk in
/// float32, so that memory stays bounded and probes can go through them again. Close it to remove
/// them.
public final class ProbeData implements AutoCloseable {
  private final Transformer model;
  private final List<Place> places;
  private final Capture capture;
  private final List<RowFile> files = new ArrayList<>();
  private final List<String> labels = new ArrayList<>();
  private final List<List<Integer>> types = new ArrayList<>();

  private ProbeData(Transformer model, List<Place> places) {
    this.model = model;
    this.places = places;
    this.capture =
        Capture.of(places.stream().map(Place::point).distinct().toArray(HookPoint[]::new))
            .withoutLogits();
  }

  /// A place that is probed.
  ///
  /// @param point a hook point whose values are a vector for each position
  /// @param position from 0; negative counts from the end
  public record Place(HookPoint point, int position) {}

  /// Begins a set.
  ///
  /// @param model whose values
  /// @param places where to look
  public static ProbeData open(Transformer model, List<Place> places) {
    ProbeData data = new ProbeData(model, List.copyOf(places));
    try {
      for (Place _ : places) {
        data.files.add(RowFile.create());
        data.types.add(new ArrayList<>());
      }
      return data;
    } catch (IOException e) {
      data.close();
      throw ProbeException.disk("kept on", e);
    }
  }

  /// Runs a text and keeps what it leaves at the places.
  ///
  /// @param tokens the text
  /// @param label its class, or a number
  public void add(int[] tokens, String label) {
    add(tokens, label, OptionalInt.empty());
  }

  /// The same, looking elsewhere in this text.
  ///
  /// @param tokens the text
  /// @param label its class, or a number
  /// @param instead the position to look at in place of those of the places
  public void add(int[] tokens, String label, OptionalInt instead) {
    try (Scope _ = Scope.open();
        StreamTrace trace = model.trace(tokens, capture)) {
      for (int i = 0; i < places.size(); i++) {
        int position = index(instead.orElse(places.get(i).position()), tokens.length);
        files.get(i).add(vector(trace.get(places.get(i).point()), position, places.get(i)));
        types.get(i).add(tokens[position]);
      }
      labels.add(label);
    } catch (IOException e) {
      throw ProbeException.disk("written to", e);
    }
  }

  private static int index(int position, int length) {
    int index = position < 0 ? length + position : position;
    if (index < 0 || index >= length) {
      throw ProbeException.noPosition(position, length);
    }
    return index;
  }

  private static float[] vector(Tensor value, int position, Place place) {
    if (!value.shape().has("pos")) {
      throw ProbeException.noVector(place.point().name());
    }
    return Wide.of(value.at("pos", position)).toFloats();
  }

  /// Where it looked.
  public List<Place> places() {
    return places;
  }

  /// How many texts there are.
  public int size() {
    return labels.size();
  }

  /// The label of each text.
  List<String> labels() {
    return labels;
  }

  /// The token at a place of each text.
  int[] types(int place) {
    return types.get(place).stream().mapToInt(Integer::intValue).toArray();
  }

  /// Some of the rows at a place.
  ///
  /// @param place its index
  /// @param chosen which rows
  /// @param targets what is to be read from each row
  /// @param change what becomes of the values, `[row, feature]`, same shape
  Rows rows(int place, boolean[] chosen, Targets targets, UnaryOperator<Tensor> change) {
    return new Chosen(files.get(place), chosen, targets, change);
  }

  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Chosen(
      RowFile file, boolean[] chosen, Targets targets, UnaryOperator<Tensor> change)
      implements Rows {

    @Override
    public int features() {
      return file.width();
    }

    @Override
    public List<String> outputs() {
      return targets.outputs();
    }

    @Override
    public void forEach(Reader reader) {
      try {
        file.forEach(
            chosen,
            (indices, values) -> {
              try (Scope _ = Scope.open()) {
                double[] wanted = new double[indices.length * outputs().size()];
                for (int i = 0; i < indices.length; i++) {
                  targets.write(indices[i], wanted, i * outputs().size());
                }
                Tensor block =
                    Tensor.of(values, Shape.of("row", indices.length, "feature", features()));
                reader.accept(
                    change.apply(block.to(DType.FLOAT64)),
                    Tensor.of(wanted, Shape.of("row", indices.length, "target", outputs().size())));
              }
            });
      } catch (IOException e) {
        throw ProbeException.disk("read from", e);
      }
    }
  }

  /// Removes the rows.
  @Override
  public void close() {
    files.forEach(RowFile::close);
  }
}
