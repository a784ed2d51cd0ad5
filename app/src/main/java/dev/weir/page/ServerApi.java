package dev.weir.page;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.page.run.CellReading;
import dev.weir.page.run.Models;
import dev.weir.page.run.OpenModel;
import dev.weir.view.ColourScale;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// What this server has: models and colours.
final class ServerApi implements HttpService {
  private static final int COLOURS = 256;

  private final Models models;

  ServerApi(Models models) {
    this.models = models;
  }

  /// A model.
  ///
  /// @param id for requests
  /// @param name for readers
  /// @param family of models that it is of
  /// @param pathway its residual pathway
  /// @param layers how many blocks
  /// @param width numbers in the stream at each position
  /// @param longest the most tokens it takes
  record Model(
      String id, String name, String family, String pathway, int layers, int width, long longest) {
    private static Model of(OpenModel model) {
      Transformer transformer = model.transformer();
      TransformerSpec spec = transformer.spec();
      return new Model(
          model.id(),
          model.name(),
          spec.family(),
          spec.pathway().getClass().getSimpleName(),
          spec.nLayers(),
          spec.dModel(),
          spec.longestText());
    }
  }

  /// Something that cells can show.
  ///
  /// @param id for requests
  /// @param title for readers
  /// @param unit what its numbers are in; may be empty
  /// @param scale how they become colours
  /// @param asks what a request must say beside it
  record Reading(
      String id, String title, String unit, CellReading.Scale scale, CellReading.Asks asks) {
    private static Reading of(CellReading.Kind kind) {
      return new Reading(kind.id(), kind.title(), kind.unit(), kind.scale(), kind.asks());
    }
  }

  /// What a page needs to begin.
  ///
  /// @param models the models that were chosen, the first one being asked where none is named
  /// @param readings what cells can show
  /// @param colours for each scale 256 colours from low to high, `#rrggbb`
  record Server(List<Model> models, List<Reading> readings, Map<String, List<String>> colours) {}

  @Override
  public void routing(HttpRules rules) {
    rules.get("/server", (_, response) -> Wire.answer(response, server()));
  }

  private Server server() {
    return new Server(
        models.all().stream().map(Model::of).toList(),
        Arrays.stream(CellReading.Kind.values()).map(Reading::of).toList(),
        Map.of(
            "sequential", ColourScale.VIRIDIS.hexes(COLOURS),
            "diverging", ColourScale.PURPLE_ORANGE.hexes(COLOURS)));
  }
}
