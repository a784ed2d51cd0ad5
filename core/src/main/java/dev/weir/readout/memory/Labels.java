package dev.weir.readout.memory;

import dev.weir.stream.Site;

/// What parts of a model are called.
final class Labels {

  private Labels() {}

  static String of(Site site) {
    return switch (site.sublayer()) {
      case LOCAL -> site.layer() + "_local_out";
      case ATTENTION -> site.layer() + "_attn_out";
      case MLP -> site.layer() + "_mlp_out";
      case UNEMBED -> "unembed";
    };
  }

  static String head(int layer, int head) {
    return "L%dH%d".formatted(layer, head);
  }
}
