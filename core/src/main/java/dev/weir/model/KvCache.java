package dev.weir.model;

import dev.weir.tensor.AppendBuffer;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of the tokens run so far, so that a text can grow token by token. Close it when
/// the text is done.
public final class KvCache implements AutoCloseable {
  private final List<Layer> layers = new ArrayList<>();
  private long length;

  /// An empty cache.
  ///
  /// @param nLayers how many blocks the model has
  public KvCache(int nLayers) {
    for (int layer = 0; layer < nLayers; layer++) {
      layers.add(new Layer(new AppendBuffer("key_pos"), new AppendBuffer("key_pos")));
    }
  }

  /// Keys and values of one block, each `[batch, kv_head, key_pos, d_head]`.
  record Layer(AppendBuffer keys, AppendBuffer values) {
    KeysAndValues append(Tensor newKeys, Tensor newValues) {
      return new KeysAndValues(keys.append(newKeys), values.append(newValues));
    }
  }

  /// What queries attend to.
  ///
  /// @param keys `[batch, kv_head, key_pos, d_head]`
  /// @param values `[batch, kv_head, key_pos, d_head]`
  record KeysAndValues(Tensor keys, Tensor values) {}

  /// How many tokens have been run.
  public long length() {
    return length;
  }

  Layer layer(int layer) {
    return layers.get(layer);
  }

  void advance(long tokens) {
    length += tokens;
  }

  @Override
  public void close() {
    layers.forEach(layer -> {
      layer.keys().close();
      layer.values().close();
    });
    length = 0;
  }
}
