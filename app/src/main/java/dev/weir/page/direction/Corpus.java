package dev.weir.page.direction;

import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.text.Bos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The text that was chosen when the page was started, cut into windows of tokens without a BOS.
public final class Corpus {
  /// The most tokens of a window.
  public static final int WINDOW = 128;

  private static final int MOST_WINDOWS = 4096;

  private final Path file;
  private final Map<String, int[]> tokens = new HashMap<>();

  /// Of a text file, which is read when somebody asks.
  ///
  /// @param file the text
  public Corpus(Path file) {
    this.file = file;
  }

  /// Its name for readers.
  public String name() {
    return file.getFileName().toString();
  }

  /// Windows of the text, evenly spread over it; fewer where it is short.
  ///
  /// @param model whose tokens
  /// @param most how many windows
  /// @throws PageException if the text cannot be read or is too short, or so many cannot be read
  public List<int[]> windows(OpenModel model, int most) {
    if (most < 1 || most > MOST_WINDOWS) {
      throw noSuchCount(most);
    }
    int[] all = tokens(model);
    long longest = model.transformer().spec().longestText();
    int length = Math.toIntExact(Math.min(WINDOW, longest));
    if (all.length < 2) {
      throw tooShort();
    }
    int whole = Math.max(1, all.length / length);
    int count = Math.min(most, whole);
    List<int[]> windows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int start = (int) ((long) i * whole / count) * length;
      windows.add(Arrays.copyOfRange(all, start, Math.min(all.length, start + length)));
    }
    return windows;
  }

  private synchronized int[] tokens(OpenModel model) {
    int[] known = tokens.get(model.id());
    if (known == null) {
      known = model.tokenizer().encode(text(), Bos.NONE).ids();
      tokens.put(model.id(), known);
    }
    return known;
  }

  private String text() {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new PageException(
          PageException.Kind.NOT_FOUND,
          "The text cannot be read: " + e.getClass().getSimpleName(),
          name(),
          "name a text file in UTF-8 with --text when the page is started");
    }
  }

  private PageException tooShort() {
    return new PageException(
        PageException.Kind.BAD_REQUEST,
        "The text has fewer than 2 tokens",
        name(),
        "name a longer text with --text when the page is started");
  }

  private static PageException noSuchCount(int windows) {
    return new PageException(
        PageException.Kind.BAD_REQUEST,
        "%d windows of the text cannot be read".formatted(windows),
        "windows",
        "use 1 to %d".formatted(MOST_WINDOWS));
  }
}
