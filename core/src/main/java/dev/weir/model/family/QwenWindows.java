package dev.weir.model.family;

import dev.weir.model.AttentionSpec.Visibility;
import java.util.ArrayList;
import java.util.List;

/// Which layers of a Qwen 2 or 3 see a window only.
final class QwenWindows {

  private QwenWindows() {}

  static List<Visibility> of(Config config, int nLayers) {
    boolean on = config.flag("use_sliding_window", false) && slidingSet(config);
    int first = config.has("max_window_layers") ? config.integer("max_window_layers") : 28;
    List<String> types = LlamaSizes.layerTypes(config, nLayers);
    List<Visibility> visibilities = new ArrayList<>();
    for (int layer = 0; layer < nLayers; layer++) {
      boolean slides =
          types.isEmpty() ? on && layer >= first : types.get(layer).equals("sliding_attention");
      visibilities.add(
          slides
              ? new Visibility.SlidingWindow(config.size("sliding_window", 4096))
              : new Visibility.Causal());
    }
    return visibilities;
  }

  private static boolean slidingSet(Config config) {
    return !config.mentions("sliding_window") || config.has("sliding_window");
  }
}
