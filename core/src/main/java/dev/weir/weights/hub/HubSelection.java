package dev.weir.weights.hub;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// Which files of a repository are fetched.
public sealed interface HubSelection {

  /// What opening the model takes: the top folder's configuration, tokenizer, licence and one set
  /// of weights. Safetensors come before GGUF; pickles are never fetched.
  record Usual() implements HubSelection {}

  /// What matches one of these patterns, pickles included.
  ///
  /// @param patterns file paths with `*` for any characters and `?` for one
  record Matching(List<String> patterns) implements HubSelection {
    /// Patterns, at least one.
    ///
    /// @throws HubException if there is none
    public Matching {
      patterns = List.copyOf(patterns);
      if (patterns.isEmpty()) {
        throw HubException.noPatterns();
      }
    }
  }

  /// The chosen files.
  ///
  /// @param repository whose files they are, for messages
  /// @param files all files
  /// @throws HubException if nothing is chosen or the weights leave a choice
  default List<HubFile> choose(HubRepository repository, List<HubFile> files) {
    return switch (this) {
      case Usual() -> chooseUsual(repository, files);
      case Matching(List<String> patterns) -> chooseMatching(repository, files, patterns);
    };
  }

  private static List<HubFile> chooseMatching(
      HubRepository repository, List<HubFile> files, List<String> patterns) {
    List<Pattern> compiled = patterns.stream().map(HubSelection::compile).toList();
    List<HubFile> chosen =
        files.stream()
            .filter(file -> compiled.stream().anyMatch(p -> p.matcher(file.path()).matches()))
            .toList();
    if (chosen.isEmpty()) {
      throw HubException.nothingMatches(repository, patterns);
    }
    return chosen;
  }

  private static Pattern compile(String glob) {
    StringBuilder regex = new StringBuilder();
    glob.codePoints()
        .forEach(c ->
            regex.append(
                switch (c) {
                  case '*' -> ".*";
                  case '?' -> ".";
                  default -> Pattern.quote(Character.toString(c));
                }));
    return Pattern.compile(regex.toString());
  }

  private static List<HubFile> chooseUsual(HubRepository repository, List<HubFile> files) {
    List<HubFile> top = files.stream().filter(HubFile::isTopLevel).toList();
    Set<HubFile> weights = Set.copyOf(weights(repository, top));
    return top.stream().filter(file -> weights.contains(file) || isSmallPart(file)).toList();
  }

  private static boolean isSmallPart(HubFile file) {
    boolean text = file.endsIn(".json") || file.endsIn(".txt") || file.endsIn(".model");
    return (text && !file.endsIn(".bin.index.json"))
        || file.path().equals("README.md")
        || file.path().startsWith("LICENSE");
  }

  private static List<HubFile> weights(HubRepository repository, List<HubFile> top) {
    List<HubFile> safetensors = ending(top, ".safetensors");
    List<HubFile> whole = named(safetensors, "model\\.safetensors");
    if (!whole.isEmpty()) {
      return whole;
    }
    List<HubFile> shards = named(safetensors, "model-\\d+-of-\\d+\\.safetensors");
    if (!shards.isEmpty()) {
      return shards;
    }
    if (!safetensors.isEmpty()) {
      return safetensors;
    }
    List<HubFile> gguf = ending(top, ".gguf");
    if (gguf.size() > 1) {
      throw HubException.severalWeights(repository, gguf.stream().map(HubFile::path).toList());
    }
    if (gguf.isEmpty()) {
      throw HubException.noWeights(repository);
    }
    return gguf;
  }

  private static List<HubFile> ending(List<HubFile> files, String ending) {
    return files.stream().filter(file -> file.endsIn(ending)).toList();
  }

  private static List<HubFile> named(List<HubFile> files, String regex) {
    return files.stream().filter(file -> file.path().matches(regex)).toList();
  }
}
