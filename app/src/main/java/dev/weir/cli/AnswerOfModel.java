package dev.weir.cli;

import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Scope;
import java.util.List;

/// What a model says after a prompt.
///
/// @param model the model
record AnswerOfModel(Transformer model) {

  /// Its likeliest next token.
  int to(int[] prompt) {
    try (Scope _ = Scope.open();
        var run = model.begin(List.of(prompt), Hooks.none())) {
      return (int)
          run.logits(new Capture.Positions.One(-1), Hooks.none())
              .at("batch", 0)
              .at("pos", 0)
              .argmax("d_vocab")
              .toLongs()[0];
    }
  }
}
