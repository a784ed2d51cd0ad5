package dev.weir.stream;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which norm of the model.
public sealed interface NormSite {

  /// The path of its weights and hook points, for instance `blocks.0.ln1`.
  String path();

  /// The norm that the local mixer reads through.
  record Ln0(int layer) implements NormSite {
    @Override
    public String path() {
      return "blocks." + layer + ".ln0";
    }
  }

  /// The norm that attention reads through.
  record Ln1(int layer) implements NormSite {
    @Override
    public String path() {
      return "blocks." + layer + ".ln1";
    }
  }

  /// The norm that attention writes through (Gemma 2 and 3, OLMo 2).
  record Ln1Post(int layer) implements NormSite {
    @Override
    public String path() {
      return "blocks." + layer + ".ln1_post";
    }
  }

  /// The norm that the MLP reads through.
  record Ln2(int layer) implements NormSite {
    @Override
    public String path() {
      return "blocks." + layer + ".ln2";
    }
  }

  /// The norm that the MLP writes through (Gemma 2 and 3, OLMo 2).
  record Ln2Post(int layer) implements NormSite {
    @Override
    public String path() {
      return "blocks." + layer + ".ln2_post";
    }
  }

  /// The norm that the unembedding reads through.
  record LnFinal() implements NormSite {
    @Override
    public String path() {
      return "ln_final";
    }
  }

  /// The norms of one block.
  ///
  /// @param layer the block, from 0
  static List<NormSite> inBlock(int layer) {
    return MAKERS.stream().<NormSite>map(maker -> maker.apply(layer)).toList();
  }

  /// The norm of this path, if there is one.
  ///
  /// @param path for instance `blocks.0.ln1`
  static Optional<NormSite> find(String path) {
    if (path.equals("ln_final")) {
      return Optional.of(new LnFinal());
    }
    Matcher block = BLOCK.matcher(path);
    return block.matches()
        ? inBlock(Integer.parseInt(block.group(1))).stream()
            .filter(site -> site.path().equals(path))
            .findFirst()
        : Optional.empty();
  }

  /// A path inside a block.
  Pattern BLOCK = Pattern.compile("blocks\\.(\\d{1,5})\\.ln.*");

  /// One maker for each norm of a block.
  List<IntFunction<? extends NormSite>> MAKERS =
      List.of(Ln0::new, Ln1::new, Ln1Post::new, Ln2::new, Ln2Post::new);
}
