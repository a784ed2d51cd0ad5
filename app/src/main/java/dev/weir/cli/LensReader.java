package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.readout.lens.LensReadings;
import dev.weir.readout.lens.Translators;
import dev.weir.readout.lens.TunedLens;
import dev.weir.stream.StreamTrace;

/// Runs a text and looks at it through a lens.
interface LensReader {

  LensReadings read(Transformer model, int[] ids);

  static LensReader logit(LogitLens.Options options) {
    return (model, ids) -> {
      try (StreamTrace trace = model.trace(ids, LogitLens.capture(options))) {
        return LensReadings.of(LogitLens.of(model, trace, options));
      }
    };
  }

  static LensReader tuned(Translators translators, int topK, LogitLens.Target target) {
    return (model, ids) -> {
      try (StreamTrace trace = model.trace(ids, TunedLens.capture())) {
        return TunedLens.of(model, trace, translators, topK, target).readings();
      }
    };
  }
}
