package dev.weir.page;

import dev.weir.page.library.Choice;
import dev.weir.page.library.DirectionEntry;
import dev.weir.page.library.DirectionLabel;
import dev.weir.page.library.Found;
import dev.weir.page.library.Library;
import dev.weir.page.library.LibraryFile;
import dev.weir.page.library.Note;
import dev.weir.page.library.NoteEntry;
import dev.weir.page.library.NoteText;
import dev.weir.page.library.Numbers;
import dev.weir.page.library.PinnedView;
import dev.weir.page.library.Row;
import dev.weir.page.library.SavedDirection;
import dev.weir.page.library.Search;
import dev.weir.page.library.Shelf;
import dev.weir.page.library.ViewEntry;
import dev.weir.page.run.PageException;
import dev.weir.page.run.Projection;
import dev.weir.page.run.Vectors;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/// The library: directions, notes and pinned views that were kept.
final class LibraryApi implements HttpService {
  /// The longest import, bytes.
  private static final int LONGEST_IMPORT = 1 << 26;

  private final Library library;
  private final Vectors vectors;

  LibraryApi(Library library, Vectors vectors) {
    this.library = library;
    this.vectors = vectors;
  }

  /// A direction to be kept: one that the page has, or numbers.
  ///
  /// @param name unique
  /// @param description what it is
  /// @param tags short words
  /// @param model the name of the model it came from
  /// @param recipe how it was made
  /// @param direction the id of a direction that the page has; or
  /// @param numbers `[d_model]`
  /// @param offset what is taken from their product with the stream
  record NewDirection(
      String name,
      Optional<String> description,
      Optional<List<String>> tags,
      Optional<String> model,
      Optional<JsonNode> recipe,
      Optional<String> direction,
      Optional<Numbers> numbers,
      Optional<Double> offset) {}

  /// What is said of a direction.
  ///
  /// @param name unique
  /// @param description what it is
  /// @param tags short words
  record Label(String name, Optional<String> description, Optional<List<String>> tags) {
    private DirectionLabel label() {
      return new DirectionLabel(name, description.orElse(""), tags.orElse(List.of()));
    }
  }

  /// A note to be kept.
  ///
  /// @param text what it says
  /// @param model the name of the model it is about
  /// @param prompt the prompt it is about
  /// @param place the place of the stream it is about
  /// @param position the position it is about
  record NewNote(
      String text,
      Optional<String> model,
      Optional<String> prompt,
      Optional<String> place,
      OptionalInt position) {
    private NoteEntry entry() {
      return new NoteEntry(
          text,
          model.orElse(""),
          prompt.orElse(""),
          place.orElse(""),
          position,
          Optional.empty(),
          Optional.empty());
    }
  }

  /// A view to be kept.
  ///
  /// @param name unique
  /// @param note what is to be seen there
  /// @param state what the page's link says
  record NewView(String name, Optional<String> note, JsonNode state) {
    private ViewEntry entry() {
      return new ViewEntry(name, note.orElse(""), state, Optional.empty(), Optional.empty());
    }
  }

  /// How one shelf is asked.
  ///
  /// @param path below `/api/library`
  /// @param shelf the shelf
  /// @param find what a search finds
  /// @param entry what a request brings to be kept
  /// @param change what a request brings to change something
  private record Asked<T, E extends Row.Entry<E>, C extends Row.Change>(
      String path,
      Shelf<T, E, C> shelf,
      Function<ServerRequest, Found<T>> find,
      Function<ServerRequest, E> entry,
      Function<ServerRequest, C> change) {

    private void routing(HttpRules rules) {
      rules
          .get(path, (request, response) -> Wire.answer(response, find.apply(request)))
          .post(path, this::add)
          .get(path + "/{id}", (request, response) -> Wire.answer(response, shelf.get(id(request))))
          .put(path + "/{id}", this::change)
          .delete(path + "/{id}", this::delete)
          .post(path + "/{id}/restore", this::restore);
    }

    private void add(ServerRequest request, ServerResponse response) {
      T kept = shelf.add(entry.apply(request));
      response.status(Status.CREATED_201);
      Wire.answer(response, kept);
    }

    private void change(ServerRequest request, ServerResponse response) {
      C asked = change.apply(request);
      Wire.answer(response, shelf.change(id(request), revision(request), asked));
    }

    private void delete(ServerRequest request, ServerResponse response) {
      shelf.delete(id(request), revision(request));
      response.status(Status.NO_CONTENT_204).send();
    }

    private void restore(ServerRequest request, ServerResponse response) {
      Wire.answer(response, shelf.restore(id(request)));
    }
  }

  @Override
  public void routing(HttpRules rules) {
    Shelf<Note, NoteEntry, NoteText> notes = library.notes();
    Shelf<PinnedView, ViewEntry, ViewEntry> views = library.views();
    rules
        .get("/", this::export)
        .post("/", this::add)
        .get("/directions/{id}/numbers", this::numbers);
    new Asked<>(
            "/directions",
            library.directions(),
            this::directions,
            this::direction,
            request -> Wire.body(request, Label.class).label())
        .routing(rules);
    new Asked<>(
            "/notes",
            notes,
            request -> notes.find(search(request)),
            request -> Wire.body(request, NewNote.class).entry(),
            request -> Wire.body(request, NoteText.class))
        .routing(rules);
    new Asked<>(
            "/views",
            views,
            request -> views.find(search(request)),
            request -> Wire.body(request, NewView.class).entry(),
            request -> Wire.body(request, NewView.class).entry())
        .routing(rules);
  }

  // ---------------------------------------------------------------- directions

  private Found<SavedDirection> directions(ServerRequest request) {
    OptionalInt width =
        Wire.parameter(request, "width").isPresent()
            ? OptionalInt.of(whole(request, "width", 0))
            : OptionalInt.empty();
    return library.directions(search(request), width, Wire.parameter(request, "vector"));
  }

  private DirectionEntry direction(ServerRequest request) {
    NewDirection asked = Wire.body(request, NewDirection.class);
    Projection projection =
        asked.direction().map(vectors::projection).orElseGet(() -> numbers(asked));
    return new DirectionEntry(
        asked.name(),
        asked.description().orElse(""),
        asked.tags().orElse(List.of()),
        asked.model().orElse(""),
        asked.recipe().orElse(NullNode.getInstance()),
        Numbers.of(projection.numbers()),
        projection.offset(),
        Optional.empty(),
        Optional.empty());
  }

  private static Projection numbers(NewDirection asked) {
    Numbers numbers =
        asked
            .numbers()
            .orElseThrow(() ->
                new PageException(
                    PageException.Kind.BAD_REQUEST,
                    "There is no direction to keep",
                    "body",
                    "give the id of a direction, or numbers"));
    return new Projection(numbers.toArray(), asked.offset().orElse(0.0));
  }

  private void numbers(ServerRequest request, ServerResponse response) {
    Wire.answer(response, library.direction(id(request)));
  }

  // ---------------------------------------------------------------- exports and imports

  private void export(ServerRequest request, ServerResponse response) {
    boolean some =
        Stream.of("directions", "notes", "views")
            .anyMatch(name -> Wire.parameter(request, name).isPresent());
    LibraryFile file =
        some
            ? library.export(
                new Choice(
                    ids(request, "directions"), ids(request, "notes"), ids(request, "views")))
            : library.export();
    Wire.download(response, "application/json", "weir-library.json", file.toJson());
  }

  private void add(ServerRequest request, ServerResponse response) {
    byte[] json = Wire.bytes(request, LONGEST_IMPORT);
    Wire.answer(response, library.add(LibraryFile.read(new ByteArrayInputStream(json))));
  }

  // ---------------------------------------------------------------- requests

  private static Search search(ServerRequest request) {
    return new Search(
        Wire.parameter(request, "search").orElse(""),
        whole(request, "limit", Search.MOST),
        whole(request, "offset", 0));
  }

  private static int revision(ServerRequest request) {
    return whole(request, "revision", 0);
  }

  private static int whole(ServerRequest request, String name, int otherwise) {
    return Wire.parameter(request, name)
        .map(text -> (int) Wire.whole(text, name, 0, Integer.MAX_VALUE))
        .orElse(otherwise);
  }

  private static long id(ServerRequest request) {
    return Wire.whole(Wire.segment(request, "id"), "id", 0, Long.MAX_VALUE);
  }

  private static List<Long> ids(ServerRequest request, String name) {
    return Wire.parameter(request, name).stream()
        .flatMap(ids -> Stream.of(ids.split(",", -1)))
        .filter(id -> !id.isEmpty())
        .map(id -> Wire.whole(id, name, 0, Long.MAX_VALUE))
        .toList();
  }
}
