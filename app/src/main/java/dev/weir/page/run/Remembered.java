package dev.weir.page.run;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// What was found or told before, so many things of it: what nobody has asked for longest is
/// forgotten first. Any thread may ask.
///
/// @param <K> what things are asked for by
/// @param <V> the things
public final class Remembered<K, V> {
  private final int most;
  private final SequencedMap<K, V> things = new LinkedHashMap<>(16, 0.75f, true);

  /// Nothing yet.
  ///
  /// @param most how many things
  public Remembered(int most) {
    this.most = most;
  }

  /// A thing; empty if it was never kept, or is forgotten.
  ///
  /// @param key which
  public synchronized Optional<V> find(K key) {
    return Optional.ofNullable(things.get(key));
  }

  /// Keeps a thing.
  ///
  /// @param key what it is asked for by
  /// @param thing which
  public synchronized void keep(K key, V thing) {
    things.put(key, thing);
    if (things.size() > most) {
      things.pollFirstEntry();
    }
  }
}
