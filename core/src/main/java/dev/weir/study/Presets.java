package dev.weir.study;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Studies that ship with Weir, as study files that can be read, copied and changed.
public final class Presets {
  private static final List<String> NAMES = List.of("fork", "duality", "ddl-audit", "depth-family");

  private Presets() {}

  /// Their names.
  public static List<String> names() {
    return NAMES;
  }

  /// The study file of a preset.
  ///
  /// @param name which
  /// @throws StudyException if there is none
  public static String yaml(String name) {
    if (!NAMES.contains(name)) {
      throw StudyException.noPreset(name, NAMES);
    }
    try (InputStream in = Presets.class.getResourceAsStream(name + ".yaml")) {
      if (in == null) {
        throw new IllegalStateException("The jar lacks " + name + ".yaml");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A preset.
  ///
  /// @param name which
  /// @param models the folder of the models and texts that ship with Weir
  /// @throws dev.weir.WeirException if there is none, or its text is not there
  public static Study of(String name, Path models) {
    return StudyFile.parse(yaml(name), models, "preset " + name);
  }
}
