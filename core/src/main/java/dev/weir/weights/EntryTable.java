package dev.weir.weights;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The tensors of one source by name, in file order, and their other names.
final class EntryTable {
  private final Path path;
  private final Map<String, WeightEntry> entries;
  private final Map<String, String> aliases;

  /// A table of these entries. An alias is kept only where its target is stored and it is not
  /// itself the name of a stored tensor.
  EntryTable(Path path, Map<String, WeightEntry> entries, Map<String, String> maybeAliases) {
    this.path = path;
    this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    Map<String, String> kept = new LinkedHashMap<>();
    maybeAliases.forEach((alias, target) -> {
      if (entries.containsKey(target) && !entries.containsKey(alias)) {
        kept.put(alias, target);
      }
    });
    this.aliases = Collections.unmodifiableMap(kept);
  }

  EntryTable(Path path, Map<String, WeightEntry> entries) {
    this(path, entries, Map.of());
  }

  List<String> names() {
    return List.copyOf(entries.keySet());
  }

  Map<String, String> aliases() {
    return aliases;
  }

  boolean has(String name) {
    return entries.containsKey(name) || aliases.containsKey(name);
  }

  WeightEntry entry(String name) {
    String stored = aliases.getOrDefault(name, name);
    WeightEntry entry = entries.get(stored);
    if (entry == null) {
      throw WeightException.noSuchTensor(path, name, entries.keySet());
    }
    return stored.equals(name) ? entry : entry.named(name);
  }
}
