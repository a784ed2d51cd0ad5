package dev.weir.page.run;

import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// What a run is made from. The same recipe is the same run, whoever asks for it, so that many
/// pages share it and a link finds it again.
///
/// @param model the id of the model
/// @param tokens the tokens
/// @param changes what is changed on the way, in this order
public record Recipe(String model, List<Integer> tokens, List<Change> changes) {
  /// Written so, no two recipes read the same, whatever texts they hold.
  private static final JsonMapper JSON = new JsonMapper();

  public Recipe {
    tokens = List.copyOf(tokens);
    changes = List.copyOf(changes);
  }

  /// Of some tokens.
  ///
  /// @param model the id of the model
  /// @param tokens the tokens, BOS included
  /// @param changes what is changed on the way, in this order
  public static Recipe of(String model, int[] tokens, List<Change> changes) {
    return new Recipe(model, Arrays.stream(tokens).boxed().toList(), changes);
  }

  /// The same without changes.
  public Recipe unchanged() {
    return new Recipe(model, tokens, List.of());
  }

  /// Short, and the same for the same recipe. It is made anew each time, from all of it.
  String id() {
    return Hash.of(JSON.writeValueAsBytes(this));
  }

  /// The tokens as models take them.
  public int[] ids() {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }
}
