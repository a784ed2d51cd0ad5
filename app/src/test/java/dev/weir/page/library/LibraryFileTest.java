package dev.weir.page.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.page.run.PageException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/// Exports of a library, and what importing them does.
class LibraryFileTest {
  @TempDir private Path folder;
  private Library library = new Library(Path.of("none"));
  private Library other = new Library(Path.of("none"));

  @BeforeEach
  void open() {
    library = new Library(folder.resolve("a"));
    other = new Library(folder.resolve("b"));
  }

  private static LibraryFile read(String json) {
    return LibraryFile.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
  }

  private static LibraryFile read(byte[] json) {
    return LibraryFile.read(new ByteArrayInputStream(json));
  }

  /// Every bit pattern that is a finite number is as likely as any other.
  private static double[] anyNumbers(long seed, int many) {
    Random random = new Random(seed);
    return DoubleStream.generate(() -> Double.longBitsToDouble(random.nextLong()))
        .filter(Double::isFinite)
        .limit(many)
        .toArray();
  }

  private static void fill(Library library) {
    library.directions().add(Entries.direction("any", "אב\n<b>", anyNumbers(1, 5_000)));
    library.directions().add(Entries.direction("😀", "", 0.0, -0.0, Double.MIN_VALUE));
    library
        .notes()
        .add(
            new NoteEntry(
                "a note",
                "m",
                "a\u0000b",
                "p",
                OptionalInt.of(3),
                Optional.empty(),
                Optional.empty()));
    library
        .views()
        .add(
            new ViewEntry(
                "view",
                "",
                JsonMapper.shared().readTree("{\"b\": [1.5, null], \"a\": \"\\ud800\"}"),
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void anExportBringsEverythingBackBitForBit() {
    fill(library);
    assertThat(other.add(read(library.export().toJson())))
        .isEqualTo(new ImportReport(4, 0, List.of()));
    assertThat(other.export()).isEqualTo(library.export());
    assertThat(other.direction(1).numbers()).isEqualTo(Numbers.of(anyNumbers(1, 5_000)));
  }

  @Test
  void importingTwiceAddsNothing() {
    fill(library);
    assertThat(library.add(read(library.export().toJson())))
        .isEqualTo(new ImportReport(0, 4, List.of()));
  }

  @Test
  void whatHasANameThatIsTakenComesInBesideIt() {
    library.directions().add(Entries.direction("love", "mine", 1, 2));
    other.directions().add(Entries.direction("love", "his", 1, 2));
    LibraryFile his = read(other.export().toJson());
    assertThat(library.add(his))
        .isEqualTo(new ImportReport(1, 0, List.of(new ImportReport.Renamed("love", "love (2)"))));
    assertThat(library.add(his)).isEqualTo(new ImportReport(0, 1, List.of()));
    assertThat(library.directions().find(Search.all()).items())
        .extracting(SavedDirection::name, SavedDirection::description)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("love", "mine"),
            org.assertj.core.groups.Tuple.tuple("love (2)", "his"));
  }

  @Test
  void theNameOfACopyIsNeverTooLong() {
    String longest = "😀".repeat(120);
    library.directions().add(Entries.direction(longest, "mine", 1));
    other.directions().add(Entries.direction(longest, "his", 1));
    assertThat(library.add(other.export()).renamed())
        .singleElement()
        .isEqualTo(new ImportReport.Renamed(longest, "😀".repeat(116) + " (2)"));
  }

  @Test
  void someThingsMayBeChosen() {
    fill(library);
    LibraryFile some = library.export(new Choice(List.of(2L), List.of(), List.of(1L)));
    assertThat(some.directions()).extracting(DirectionEntry::name).containsExactly("😀");
    assertThat(some.notes()).isEmpty();
    assertThat(some.views()).hasSize(1);
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> library.export(new Choice(List.of(9L), List.of(), List.of())));
  }

  @Test
  void whatWasDeletedIsNotExported() {
    fill(library);
    library.directions().delete(1, 1);
    assertThat(library.export().directions()).hasSize(1);
  }

  @Test
  void aHandWrittenFileNeedsNamesAndNumbersAlone() {
    LibraryFile file =
        read(
            """
            {"format": "weir-library", "version": 1, "later": {"unknown": true},
             "directions": [{"name": "by hand", "numbers": [1, 2.5, -3e-2]}]}
            """);
    library.add(file);
    assertThat(library.direction(1).numbers()).isEqualTo(Numbers.of(new double[] {1, 2.5, -0.03}));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|",
        "null|",
        "[]|",
        "{|",
        "{}|",
        "{\"format\": \"other\", \"version\": 1}|",
        "{\"format\": \"weir-library\", \"version\": 2}|",
        "{\"format\": \"weir-library\", \"version\": 0}|",
        "{\"format\": \"weir-library\", \"version\": 1} x|",
        "{\"format\": \"weir-library\", \"version\": 1, \"directions\": [null]}|",
        "{\"format\": \"weir-library\", \"version\": 1, \"directions\": 7}|",
        "GOOD, {\"name\": \"x\", \"numbers\": [1e999]}]}|directions[1]",
        "GOOD, {\"name\": \"x\", \"numbers\": []}]}|directions[1]",
        "GOOD, {\"name\": \"x\", \"numbers\": [null]}]}|",
        "GOOD, {\"name\": \"x\", \"numbers\": [\"a\"]}]}|",
        "GOOD, {\"name\": \"a\\u0000b\", \"numbers\": [1]}]}|directions[1]",
        "GOOD, {\"numbers\": [1]}]}|directions[1]",
        "GOOD], \"views\": [{\"name\": \"v\", \"state\": [1]}]}|views[0]",
        "GOOD], \"notes\": [{\"text\": \"\"}]}|notes[0]",
        "GOOD], \"notes\": [{\"text\": \"a\", \"position\": \"b\"}]}|",
      })
  void anImportWithAFaultSaysSoInOneLineAndChangesNothing(String json, String where) {
    String good =
        "{\"format\": \"weir-library\", \"version\": 1, \"directions\": [{\"name\": \"ok\", \"numbers\": [1]}";
    String text = json == null ? "" : json.replace("GOOD", good);
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> library.add(read(text)))
        .withMessageNotContaining("\n")
        .withMessageContaining(where == null ? "" : where)
        .withMessageEndingWith("nothing was imported.");
    assertThat(library.export().directions()).isEmpty();
  }

  @Test
  void deepNestingIsRefused() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> read("{\"views\": [{\"state\": {\"a\": %s}}]}".formatted(deep)));
  }

  @Test
  void manyThingsOfOneNameAreRefused() {
    StringBuilder json =
        new StringBuilder("{\"format\": \"weir-library\", \"version\": 1, \"views\": [");
    for (int i = 0; i < 101; i++) {
      json.append(i == 0 ? "" : ",").append("{\"name\": \"v\", \"note\": \"%d\"}".formatted(i));
    }
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> library.add(read(json + "]}")))
        .withMessageContaining("views[100]");
    assertThat(library.export().views()).isEmpty();
  }
}
