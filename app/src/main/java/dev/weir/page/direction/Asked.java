package dev.weir.page.direction;

import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.readout.Places;
import dev.weir.text.NamedToken;
import java.util.List;

/// What a request names, found in a model; what it does not have is refused.
final class Asked {

  private Asked() {}

  static Places.Place place(OpenModel model, String label) {
    List<Places.Place> places = Places.SUBLAYERS.of(model.transformer().spec());
    return places.stream()
        .filter(place -> place.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            none(
                "place",
                "'%s'".formatted(label),
                "use one of %s to %s"
                    .formatted(places.getFirst().label(), places.getLast().label())));
  }

  static void index(String what, int index, long count) {
    if (index < 0 || index >= count) {
      throw none(
          what,
          String.valueOf(index),
          count == 0 ? "there is none at all" : "use 0 to %d".formatted(count - 1));
    }
  }

  /// The id of a token that is named by its text or as `#123`.
  static int token(OpenModel model, String name) {
    int id = NamedToken.id(name, model.tokenizer());
    index("token", id, model.transformer().spec().dVocabOut());
    return id;
  }

  private static PageException none(String what, String which, String fix) {
    return new PageException(
        PageException.Kind.BAD_REQUEST, "There is no %s %s".formatted(what, which), what, fix);
  }
}
