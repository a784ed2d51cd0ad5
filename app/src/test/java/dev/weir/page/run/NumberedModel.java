package dev.weir.page.run;

import dev.weir.model.LanguageModel;
import dev.weir.model.Transformer;
import dev.weir.tensor.DType;
import dev.weir.testing.EveryModel;
import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Small models whose tokens are written as their numbers, with spaces between: `3 1 4`.
public final class NumberedModel {
  private NumberedModel() {}

  /// One of [EveryModel].
  public static LanguageModel open(String name) {
    return of(EveryModel.open(name, DType.FLOAT32));
  }

  /// A model of these numbers.
  public static LanguageModel of(Transformer transformer) {
    return new LanguageModel(transformer, tokenizer(transformer.spec().dVocab()));
  }

  /// A text of a model.
  public static String text(int... tokens) {
    return Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(" "));
  }

  private static Tokenizer tokenizer(int count) {
    String vocabulary =
        IntStream.range(0, count)
            .mapToObj(id -> "\"%d\": %d".formatted(id, id))
            .collect(Collectors.joining(", "));
    return Tokenizers.ofJson(
        "numbers",
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
         "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "[UNK]"}}
        """
            .formatted(vocabulary));
  }
}
