package dev.weir.page.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.page.run.PageException;
import dev.weir.page.run.PageException.Kind;
import dev.weir.page.run.Projection;
import dev.weir.page.run.Vectors;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What the library keeps, finds, changes, deletes and brings back.
class LibraryTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir private Path folder;
  private Instant now = START;
  private Library library = new Library(Path.of("none"));

  @BeforeEach
  void open() {
    library = new Library(folder.resolve("x.db"), Schema.current(), 1L << 30, () -> now);
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private static DirectionEntry direction(String name, String... tags) {
    return new DirectionEntry(
        name,
        "where it points",
        List.of(tags),
        "weir-stories",
        json("{\"kind\": \"difference\", \"of\": [\"the girl\", \"the boy\"]}"),
        Numbers.of(new double[] {1, -0.0, Math.PI, Double.MIN_VALUE}),
        -0.1,
        Optional.empty(),
        Optional.empty());
  }

  private static void assertRefused(Kind kind, ThrowingCallable work) {
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(work)
        .satisfies(e -> assertThat(e.kind()).isEqualTo(kind))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private List<String> names(String words, OptionalInt width) {
    return library.directions(Search.of(words), width, Optional.empty()).items().stream()
        .map(SavedDirection::name)
        .toList();
  }

  // ---------------------------------------------------------------- directions

  @Test
  void aDirectionComesBackAsItWasKept() {
    long id = library.directions().add(direction("gender", "people", "grammar")).id();
    SavedDirection kept =
        new Library(folder.resolve("x.db"), Schema.current(), 1L << 30, () -> now)
            .directions()
            .get(id);
    assertThat(kept.name()).isEqualTo("gender");
    assertThat(kept.tags()).containsExactly("people", "grammar");
    assertThat(kept.recipe()).isEqualTo(direction("x").recipe());
    assertThat(kept.model()).isEqualTo("weir-stories");
    assertThat(kept.width()).isEqualTo(4);
    assertThat(kept.created()).isEqualTo(START);
    assertThat(library.direction(id).numbers()).isEqualTo(direction("x").numbers());
    assertThat(library.direction(id).offset()).isEqualTo(-0.1);
  }

  @Test
  void aDirectionIsFoundByTheIdOfItsNumbers() {
    String vector = library.directions().add(direction("gender")).vector();
    assertThat(new Vectors().put(direction("x").projection())).isEqualTo(vector);
    Projection found = new Vectors(library::projection).projection(vector, 4);
    assertThat(found.numbers()).containsExactly(direction("x").numbers().toArray());
    assertThat(found.offset()).isEqualTo(-0.1);
    assertThat(library.directions(Search.all(), OptionalInt.empty(), Optional.of(vector)).items())
        .extracting(SavedDirection::name)
        .containsExactly("gender");
    assertThat(library.projection("none")).isEmpty();
  }

  @Test
  void directionsAreFoundByWordsOfAllThatIsSaidOfThem() {
    library.directions().add(direction("Genre féminin", "people"));
    library.directions().add(Entries.direction("100% sure_", "certainty", 1, 2));
    OptionalInt any = OptionalInt.empty();
    assertThat(names("", any)).containsExactly("100% sure_", "Genre féminin");
    assertThat(names("FÉMININ", any)).containsExactly("Genre féminin");
    assertThat(names("people where", any)).containsExactly("Genre féminin");
    assertThat(names("weir-stories", any)).containsExactly("Genre féminin");
    assertThat(names("the girl", any)).containsExactly("Genre féminin");
    assertThat(names("people certainty", any)).isEmpty();
    assertThat(names("% _", any)).containsExactly("100% sure_");
    assertThat(names("'; DROP TABLE direction; --", any)).isEmpty();
  }

  @Test
  void directionsAreFoundForModelsOfOneWidth() {
    library.directions().add(direction("four"));
    library.directions().add(Entries.direction("two", "", 1, 2));
    assertThat(names("", OptionalInt.of(2))).containsExactly("two");
    assertThat(names("", OptionalInt.of(4))).containsExactly("four");
    assertThat(names("", OptionalInt.of(3))).isEmpty();
  }

  @Test
  void aPartOfWhatWasFoundSaysHowMuchThereIs() {
    IntStream.range(0, 7).forEach(i -> library.directions().add(Entries.direction("d" + i, "", i)));
    Found<SavedDirection> some = library.directions().find(new Search("d", 3, 2));
    assertThat(some.total()).isEqualTo(7);
    assertThat(some.items()).extracting(SavedDirection::name).containsExactly("d4", "d3", "d2");
  }

  @Test
  void whatIsSaidOfADirectionChangesAndItsNumbersStay() {
    SavedDirection kept = library.directions().add(direction("gender"));
    now = START.plus(Duration.ofHours(1));
    SavedDirection changed =
        library
            .directions()
            .change(
                kept.id(),
                kept.revision(),
                new DirectionLabel("sex", "another word", List.of("a")));
    assertThat(changed.revision()).isGreaterThan(kept.revision());
    assertThat(changed.changed()).isEqualTo(now);
    assertThat(changed.created()).isEqualTo(START);
    assertThat(changed.vector()).isEqualTo(kept.vector());
    assertThat(names("another", OptionalInt.empty())).containsExactly("sex");
    assertThat(names("gender", OptionalInt.empty())).isEmpty();
    assertThat(names("the girl", OptionalInt.empty())).containsExactly("sex");
  }

  @Test
  void nobodyOverwritesWhatWasNotSeen() {
    SavedDirection seen = library.directions().add(direction("gender"));
    DirectionLabel mine = new DirectionLabel("mine", "", List.of());
    library.directions().change(seen.id(), seen.revision(), mine);
    assertRefused(
        Kind.CONFLICT,
        () ->
            library
                .directions()
                .change(seen.id(), seen.revision(), new DirectionLabel("his", "", List.of())));
    assertRefused(Kind.CONFLICT, () -> library.directions().delete(seen.id(), seen.revision()));
    assertThat(library.directions().get(seen.id()).name()).isEqualTo("mine");
  }

  @Test
  void aNameIsGivenOnce() {
    SavedDirection first = library.directions().add(direction("one"));
    SavedDirection second = library.directions().add(direction("two"));
    assertRefused(Kind.CONFLICT, () -> library.directions().add(direction("  one ")));
    assertRefused(
        Kind.CONFLICT,
        () ->
            library
                .directions()
                .change(second.id(), second.revision(), new DirectionLabel("one", "", List.of())));
    library.directions().delete(first.id(), first.revision());
    library.directions().add(direction("one"));
    assertRefused(Kind.CONFLICT, () -> library.directions().restore(first.id()));
  }

  @Test
  void whatWasDeletedComesBackForAMonth() {
    SavedDirection kept = library.directions().add(direction("gender"));
    library.directions().delete(kept.id(), kept.revision());
    assertThat(names("", OptionalInt.empty())).isEmpty();
    assertRefused(Kind.NOT_FOUND, () -> library.directions().get(kept.id()));
    assertRefused(Kind.NOT_FOUND, () -> library.directions().delete(kept.id(), 2));
    assertThat(library.directions().restore(kept.id()).name()).isEqualTo("gender");
    assertRefused(Kind.NOT_FOUND, () -> library.directions().restore(kept.id()));

    library.directions().delete(kept.id(), 3);
    now = START.plus(Duration.ofDays(31));
    SavedDirection other = library.directions().add(direction("other"));
    library.directions().delete(other.id(), other.revision());
    assertRefused(Kind.NOT_FOUND, () -> library.directions().restore(kept.id()));
    assertThat(library.directions().restore(other.id()).name()).isEqualTo("other");
  }

  // ---------------------------------------------------------------- notes and views

  @Test
  void aNoteIsAboutACellOrAboutNothing() {
    NoteEntry about =
        new NoteEntry(
            "Here the name appears.",
            "weir-stories",
            "Once\u0000upon",
            "blocks.3.hook_resid_mid",
            OptionalInt.of(0),
            Optional.empty(),
            Optional.empty());
    Note note = library.notes().add(about);
    assertThat(note.prompt()).isEqualTo("Once\u0000upon");
    assertThat(note.position()).hasValue(0);
    Note changed = library.notes().change(note.id(), 1, new NoteText("Here it is gone."));
    assertThat(changed.text()).isEqualTo("Here it is gone.");
    assertThat(library.notes().find(Search.of("resid_mid GONE")).total()).isOne();
    assertThat(library.notes().find(Search.of("upon")).total()).isOne();
    assertThat(library.notes().add(note("free")).position()).isEmpty();
  }

  private static NoteEntry note(String text) {
    return new NoteEntry(text, "", "", "", OptionalInt.empty(), Optional.empty(), Optional.empty());
  }

  @Test
  void aViewKeepsWhatItsLinkSays() {
    JsonNode state =
        json("{\"prompt\": \"half \\ud83d, \\u0000, ש\", \"range\": [-0.1, 1e-300], \"x\": null}");
    ViewEntry entry =
        new ViewEntry("the end", "where it turns", state, Optional.empty(), Optional.empty());
    PinnedView view = library.views().add(entry);
    assertThat(library.views().get(view.id()).state()).isEqualTo(state);
    assertThat(library.views().find(Search.of("ש turns")).total()).isOne();
    assertThat(library.views().find(Search.of("range")).total()).isZero();
  }

  // ---------------------------------------------------------------- texts and numbers

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "\u202Eevil\u202C",
        "عربي",
        "👩‍👩‍👧 family",
        "'\"; DROP TABLE direction"
      })
  void namesMayHoldWhateverReadersMayRead(String name) {
    assertThat(library.directions().add(direction(name)).name()).isEqualTo(name);
    assertThat(names(name, OptionalInt.empty())).containsExactly(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "a\u0000b", "a\nb", "a\u001Bb", "half \uD83D"})
  void namesThatNobodyCanReadAreRefused(String name) {
    assertRefused(Kind.BAD_REQUEST, () -> library.directions().add(direction(name)));
  }

  @Test
  void textsHaveLimits() {
    assertThat(library.directions().add(direction("é".repeat(120))).name()).hasSize(120);
    assertRefused(Kind.TOO_LARGE, () -> library.directions().add(direction("é".repeat(121))));
    assertRefused(Kind.TOO_LARGE, () -> library.directions().add(direction("x", "t".repeat(41))));
    assertRefused(
        Kind.TOO_LARGE,
        () ->
            library
                .directions()
                .add(
                    direction(
                        "x",
                        IntStream.range(0, 21)
                            .mapToObj(Integer::toString)
                            .toArray(String[]::new))));
    assertRefused(Kind.TOO_LARGE, () -> library.notes().add(note("x".repeat(10_001))));
    assertRefused(Kind.BAD_REQUEST, () -> library.notes().add(note(" \n ")));
    assertRefused(Kind.TOO_LARGE, () -> Search.of("x".repeat(1_001)));
    assertRefused(Kind.BAD_REQUEST, () -> new Search("", 501, 0));
  }

  @Test
  void numbersAreFiniteAndThere() {
    assertRefused(Kind.BAD_REQUEST, () -> library.directions().add(Entries.direction("none", "")));
    assertRefused(
        Kind.BAD_REQUEST,
        () -> library.directions().add(Entries.direction("nan", "", 1, Double.NaN)));
    assertRefused(
        Kind.TOO_LARGE,
        () -> library.directions().add(Entries.direction("wide", "", new double[100_001])));
  }
}
