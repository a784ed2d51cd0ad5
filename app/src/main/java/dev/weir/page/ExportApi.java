package dev.weir.page;

import dev.weir.page.export.Format;
import dev.weir.page.export.Range;
import dev.weir.page.export.Screen;
import dev.weir.page.run.CellReading;
import dev.weir.page.run.OpenModel;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Plane;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Recipe;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.text.Tokenizer;
import dev.weir.view.Legend;
import dev.weir.view.Theme;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// What is on screen, as a file.
final class ExportApi implements HttpService {
  private static final int LONGEST_NOTE = 8_000;
  private static final int MOST_NOTES = 8;

  private final Runs runs;
  private final PlaneQuestion question;

  /// A picture takes memory while it is drawn: one at a time.
  private final ReentrantLock drawing = new ReentrantLock();

  /// @param runs the runs
  /// @param question what requests ask of a plane
  ExportApi(Runs runs, PlaneQuestion question) {
    this.runs = runs;
    this.question = question;
  }

  @Override
  public void routing(HttpRules rules) {
    rules.get("/{run}/export/{format}", this::export);
  }

  private void export(ServerRequest request, ServerResponse response) {
    Format format = Format.named(Wire.segment(request, "format"));
    String id = Wire.segment(request, "run");
    CellReading reading = question.reading(request, id);
    Plane plane = Plane.of(runs, id, reading, question.window(request, id));
    String name = "weir-%s-%s.%s".formatted(reading.name(), id, format.ending());
    byte[] file = written(screen(request, id, reading, plane), format);
    Wire.download(response, format.mediaType(), name, file);
  }

  private Screen screen(ServerRequest request, String id, CellReading reading, Plane plane) {
    OpenModel model = runs.model(id);
    Recipe recipe = runs.recipe(id);
    Window window = plane.window();
    Tokenizer tokenizer = model.tokenizer();
    List<String> tokens = recipe.tokens().stream().map(tokenizer::token).toList();
    return new Screen(
        new Screen.Caption(
            model.name(), String.join("", tokens), notes(request, model, recipe, reading, window)),
        plane,
        PromptRun.places(model).subList(window.fromPlace(), window.toPlace()).stream()
            .map(Places.Place::label)
            .toList(),
        tokens.subList(window.fromPosition(), window.toPosition()),
        legend(request, reading, plane),
        choice(request, "layout", Screen.Layout.class),
        choice(request, "theme", Theme.class));
  }

  private static Legend legend(ServerRequest request, CellReading reading, Plane plane) {
    CellReading.Kind kind = reading.kind();
    String label = kind.unit().isEmpty() ? kind.title() : kind.title() + ", " + kind.unit();
    Range fitted = Range.of(plane);
    Range range =
        new Range(
            number(request, "low").orElse(fitted.low()),
            number(request, "high").orElse(fitted.high()));
    return range.legend(label, kind.scale());
  }

  private static List<String> notes(
      ServerRequest request, OpenModel model, Recipe recipe, CellReading reading, Window window) {
    List<String> notes = new ArrayList<>();
    notes.add("Raw coordinates; %s.".formatted(window));
    if (reading instanceof CellReading.Lens(CellReading.Kind kind, LogitLens.Target target)) {
      notes.add("Lens: %s.".formatted(CellReading.Lens.norm(model)));
      if (kind.asks() == CellReading.Asks.TOKEN) {
        notes.add("Token: %s.".formatted(words(target, model)));
      }
    }
    if (!recipe.changes().isEmpty()) {
      notes.add("Changes made on the way: %d.".formatted(recipe.changes().size()));
    }
    notes.addAll(given(request));
    return notes;
  }

  private static String words(LogitLens.Target target, OpenModel model) {
    return switch (target) {
      case LogitLens.Target.FinalTop() -> "the model's own answer at each position";
      case LogitLens.Target.Token(int id) -> "'%s'".formatted(model.word(id));
    };
  }

  /// What the page adds: names that only it knows, and the link that restores the view.
  private static List<String> given(ServerRequest request) {
    List<String> notes = request.query().all("note", List::of);
    if (notes.size() > MOST_NOTES || notes.stream().anyMatch(n -> n.length() > LONGEST_NOTE)) {
      throw new PageException(
          PageException.Kind.TOO_LARGE,
          "There are more than %d notes, or one of more than %d characters"
              .formatted(MOST_NOTES, LONGEST_NOTE),
          "note",
          "say less");
    }
    return notes;
  }

  private static Optional<Double> number(ServerRequest request, String name) {
    return Wire.parameter(request, name)
        .map(text -> {
          try {
            return Double.valueOf(text);
          } catch (NumberFormatException _) {
            throw new PageException(
                PageException.Kind.BAD_REQUEST,
                "'%s' is no number".formatted(text),
                name,
                "write it as 0.5 or -3");
          }
        });
  }

  /// The first of the choices where none is named.
  private static <E extends Enum<E>> E choice(ServerRequest request, String name, Class<E> type) {
    List<E> choices = Arrays.asList(type.getEnumConstants());
    Optional<String> asked = Wire.parameter(request, name);
    return asked.isEmpty()
        ? choices.getFirst()
        : choices.stream()
            .filter(choice -> named(choice).equals(asked.get()))
            .findFirst()
            .orElseThrow(() ->
                new PageException(
                    PageException.Kind.BAD_REQUEST,
                    "There is no %s '%s'".formatted(name, asked.get()),
                    name,
                    "use " + String.join(" or ", choices.stream().map(ExportApi::named).toList())));
  }

  private static String named(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private byte[] written(Screen screen, Format format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    drawing.lock();
    try {
      screen.write(format, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      drawing.unlock();
    }
    return out.toByteArray();
  }
}
