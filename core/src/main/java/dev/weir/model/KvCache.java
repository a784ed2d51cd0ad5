package dev.weir.model;

import dev.weir.tensor.AppendBuffer;
import dev.weir.tensor.KeptTensor;
import dev.weir.tensor.RingBuffer;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Keys and values of the tokens run so far, so that a text can grow token by token. Close it when
/// the text is done.
public final class KvCache implements AutoCloseable {
  private final List<Layer> layers = new ArrayList<>();
  private final Map<String, RingBuffer> rings = new HashMap<>();
  private final Map<String, KeptTensor> tails = new HashMap<>();
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

    /// With another block's values, which have been appended before.
    KeysAndValues append(Tensor newKeys, Layer valuesOf) {
      return new KeysAndValues(keys.append(newKeys), valuesOf.values().all());
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

  /// The rows of the latest positions, for those who see no further back.
  ///
  /// @param where who sees them
  /// @param window how many positions, the newest included
  RingBuffer ring(String where, int window) {
    return rings.computeIfAbsent(where, _ -> new RingBuffer("key_pos", window));
  }

  /// What a short convolution saw last, `[.., pos, ..]`.
  ///
  /// @param where which convolution
  Optional<Tensor> tail(String where) {
    return Optional.ofNullable(tails.get(where)).flatMap(KeptTensor::get);
  }

  /// Remembers what a short convolution saw last, `[.., pos, ..]`.
  ///
  /// @param where which convolution
  void keepTail(String where, Tensor latest) {
    tails.computeIfAbsent(where, _ -> new KeptTensor()).keep(latest);
  }

  /// How many numbers are kept from token to token.
  public long elements() {
    long elements = boundedElements();
    for (Layer layer : layers) {
      elements += layer.keys().elements() + layer.values().elements();
    }
    return elements;
  }

  /// How many numbers are kept from token to token, keys and values of unbounded attention left
  /// out.
  public long boundedElements() {
    long elements = 0;
    for (RingBuffer ring : rings.values()) {
      elements += ring.elements();
    }
    for (KeptTensor tail : tails.values()) {
      elements += tail.get().map(t -> t.shape().elements()).orElse(0L);
    }
    return elements;
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
    rings.values().forEach(RingBuffer::close);
    tails.values().forEach(KeptTensor::close);
    rings.clear();
    tails.clear();
    length = 0;
  }
}
