package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusFilesTest {
  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static CorpusFiles by(DocumentRule rule) {
    return new CorpusFiles(rule, "text", TokenFile.Width.UINT16);
  }

  private static List<String> texts(DocumentRule rule, Path path) {
    return by(rule).texts(path).texts();
  }

  @Test
  void aTextFileIsCutByTheChosenRule() throws IOException {
    Path file = write("a.txt", "one\ntwo\n\n \t\nthree\r\n\r\nfour\n");
    assertThat(texts(new DocumentRule.WholeFile(), file)).containsExactly(Files.readString(file));
    assertThat(texts(new DocumentRule.Lines(), file))
        .containsExactly("one", "two", "three", "four");
    assertThat(texts(new DocumentRule.BlankLines(), file))
        .containsExactly("one\ntwo", "three", "four");
    Path marked =
        write("b.txt", "<|end|>\nfirst\nstill\n<|end|>\n second<|end|>third\n<|end|>\n\n");
    assertThat(texts(new DocumentRule.Marker("<|end|>"), marked))
        .containsExactly("first\nstill", " second", "third");
  }

  @Test
  void jsonLinesHoldATextOrAFieldOfIt() throws IOException {
    Path file =
        write(
            "a.jsonl", "{\"text\": \"one\\n\", \"n\": 1}\n\n\"two\"\r\n{\"text\": \"thr\\u00e9\"}");
    assertThat(CorpusFiles.usual().texts(file).texts()).containsExactly("one\n", "two", "thré");
    Path other = write("b.ndjson", "{\"story\": \"once\"}");
    CorpusFiles stories =
        new CorpusFiles(new DocumentRule.Lines(), "story", TokenFile.Width.UINT16);
    assertThat(stories.texts(other).texts()).containsExactly("once");
  }

  @Test
  void aJsonArrayHoldsTexts() throws IOException {
    Path file = write("a.json", "[\"one\", {\"text\": \"two\"}, \"\"]");
    assertThat(CorpusFiles.usual().texts(file).texts()).containsExactly("one", "two");
  }

  @Test
  void aFolderIsAllItsFilesInOrderOfName() throws IOException {
    write("c.txt", "third");
    write("a.txt", "first");
    write("b.jsonl", "\"second\"");
    write(".hidden", "never");
    Files.createDirectory(folder.resolve("within"));
    assertThat(CorpusFiles.usual().texts(folder).texts())
        .containsExactly("first", "second", "third");
    assertThat(CorpusFiles.holdsTokens(folder)).isFalse();
  }

  @Test
  void aByteOrderMarkIsNoText() throws IOException {
    assertThat(CorpusFiles.usual().texts(write("a.txt", "\uFEFFone")).texts())
        .containsExactly("one");
  }

  private static void assertSays(CorpusFiles files, Path path, String message) {
    assertThatThrownBy(() -> files.texts(path))
        .isInstanceOf(TrainException.class)
        .hasMessage(message);
  }

  @Test
  void saysWhereATextIsNotUtf8() throws IOException {
    byte[] bytes = "x".repeat(70_000).getBytes(StandardCharsets.UTF_8);
    bytes[66_000] = (byte) 0xE9;
    Path file = Files.write(folder.resolve("latin.txt"), bytes);
    assertSays(
        CorpusFiles.usual(),
        file,
        "The text is not UTF-8, from byte 66,000 on. Where: %s. To fix: save it as UTF-8; a file of tokens ends in .bin or .npy."
            .formatted(file));
    Path cut = Files.write(folder.resolve("cut.txt"), new byte[] {'a', (byte) 0xE2, (byte) 0x82});
    assertThatThrownBy(() -> CorpusFiles.usual().texts(cut))
        .hasMessageStartingWith("The text is not UTF-8, from byte 1 on.");
    Path lines = Files.write(folder.resolve("l.jsonl"), new byte[] {'"', (byte) 0xFF, '"'});
    assertThatThrownBy(() -> CorpusFiles.usual().texts(lines))
        .hasMessageStartingWith("The text is not UTF-8, from byte 1 on.");
  }

  @Test
  void saysWhichLineIsNoJson() throws IOException {
    Path file = write("bad.jsonl", "\"fine\"\n{\"text\": \n\"fine\"\n");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(file))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This is not JSON as it should be: ")
        .hasMessageContaining("Where: %s, line 2. To fix: mend it".formatted(file))
        .hasMessageNotContaining("\n");
  }

  @Test
  void saysWhichFieldIsMissing() throws IOException {
    Path file = write("a.jsonl", "{\"text\": \"a\"}\n{\"story\": \"b\", \"id\": 3}\n");
    assertSays(
        CorpusFiles.usual(),
        file,
        "There is no field 'text', only 'story', 'id'. Where: %s, line 2. To fix: name the field that holds the text."
            .formatted(file));
    Path number = write("b.jsonl", "{\"text\": 3}");
    assertSays(
        CorpusFiles.usual(),
        number,
        "The text is a number. Where: %s, line 1. To fix: use a JSON string, or objects with a field of it."
            .formatted(number));
    Path object = write("c.json", "{\"text\": \"a\"}");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(object))
        .hasMessageStartingWith("The file holds an object, not a JSON array of texts.");
    Path broken = write("d.json", "[\"a\", ");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(broken))
        .isInstanceOf(dev.weir.WeirException.class)
        .hasMessageContaining(broken.toString());
  }

  @Test
  void saysThatThereIsNothing() throws IOException {
    assertSays(
        CorpusFiles.usual(),
        folder,
        "There are no files to learn from. Where: %s. To fix: put text, JSON or token files there."
            .formatted(folder));
    Path missing = folder.resolve("missing.txt");
    assertSays(
        CorpusFiles.usual(),
        missing,
        "The corpus cannot be read: NoSuchFileException. Where: %s. To fix: check that it is there and may be read."
            .formatted(missing));
    for (String name : List.of("e.txt", "e.jsonl")) {
      Path empty = write(name, "");
      assertSays(
          CorpusFiles.usual(),
          empty,
          "There is nothing in this file. Where: %s. To fix: give a file that holds something, or remove it."
              .formatted(empty));
    }
    Path blank = write("blank.jsonl", "\"\"\n");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(blank))
        .hasMessageStartingWith("There are no texts to learn from.");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(folder.resolve("missing.json")))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("The corpus cannot be read: NoSuchFileException.");
    assertThatThrownBy(() -> new DocumentRule.Marker(""))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("The mark between documents is empty.");
  }

  @Test
  void keepsTextsAndTokensApart() throws IOException {
    write("a.txt", "text");
    Path tokens = write("b.bin", "abcd");
    assertThatThrownBy(() -> CorpusFiles.holdsTokens(folder))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith(
            "The folder holds texts (a.txt) and files of tokens (b.bin). Where: ");
    assertThatThrownBy(() -> CorpusFiles.usual().texts(tokens))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This is a file of tokens, not of text.");
    assertThatThrownBy(() -> CorpusFiles.usual().tokens(folder.resolve("a.txt")))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This is no file of tokens.");
    assertThat(CorpusFiles.holdsTokens(tokens)).isTrue();
    assertThat(CorpusFiles.usual().tokens(tokens).getFirst().size()).isEqualTo(2);
  }
}
