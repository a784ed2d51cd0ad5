package dev.weir.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// Where one document of a text file ends and the next begins. Documents that hold nothing but
/// space are left out.
public sealed interface DocumentRule {

  /// The documents of a file's text.
  ///
  /// @param text all of it
  default List<String> documents(String text) {
    return switch (this) {
      case WholeFile _ -> kept(List.of(text));
      case Lines _ -> kept(text.lines().toList());
      case BlankLines _ -> kept(trimmed(Pattern.compile("\\R(?:[ \\t]*\\R)+").split(text)));
      case Marker(String marker) ->
          kept(trimmed(Pattern.compile(marker, Pattern.LITERAL).split(text)));
    };
  }

  private static List<String> kept(List<String> documents) {
    return documents.stream().filter(document -> !document.isBlank()).toList();
  }

  /// Line breaks around a mark belong to the mark.
  private static List<String> trimmed(String[] documents) {
    Pattern breaks = Pattern.compile("^\\R+|\\R+$");
    List<String> trimmed = new ArrayList<>();
    Arrays.stream(documents).forEach(one -> trimmed.add(breaks.matcher(one).replaceAll("")));
    return trimmed;
  }

  /// A file is a document.
  record WholeFile() implements DocumentRule {}

  /// A line is a document.
  record Lines() implements DocumentRule {}

  /// Documents are parted by one or more blank lines.
  record BlankLines() implements DocumentRule {}

  /// Documents are parted by a mark, for instance `<|endoftext|>`, which belongs to none.
  ///
  /// @param marker the mark, not empty
  record Marker(String marker) implements DocumentRule {
    public Marker {
      if (marker.isEmpty()) {
        throw TrainException.emptyMarker();
      }
    }
  }
}
