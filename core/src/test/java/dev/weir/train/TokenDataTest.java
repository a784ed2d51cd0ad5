package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TokenDataTest {
  @TempDir Path folder;

  private static ByteBuffer bytes(TokenFile.Width width, long... tokens) {
    ByteBuffer bytes =
        ByteBuffer.allocate(width.bytes() * tokens.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long token : tokens) {
      switch (width) {
        case UINT8 -> bytes.put((byte) token);
        case UINT16 -> bytes.putShort((short) token);
        case UINT32, INT32 -> bytes.putInt((int) token);
        case INT64 -> bytes.putLong(token);
      }
    }
    return bytes;
  }

  private Path raw(String name, TokenFile.Width width, long... tokens) throws IOException {
    return Files.write(folder.resolve(name), bytes(width, tokens).array());
  }

  /// As NumPy writes it: the header ends at a multiple of 64 bytes.
  private Path npy(String descr, String order, String shape, byte[] content) throws IOException {
    String header =
        "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }".formatted(descr, order, shape);
    int length = Math.ceilDiv(10 + header.length() + 1, 64) * 64 - 10;
    ByteBuffer all =
        ByteBuffer.allocate(10 + length + content.length).order(ByteOrder.LITTLE_ENDIAN);
    all.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) length);
    all.put(
        (header + " ".repeat(length - header.length() - 1) + "\n")
            .getBytes(StandardCharsets.US_ASCII));
    all.put(content);
    return Files.write(folder.resolve("a.npy"), all.array());
  }

  private TokenFile counting(String name, int size) throws IOException {
    Path path = raw(name, TokenFile.Width.UINT16, LongStream.range(0, size).toArray());
    return TokenFile.open(path, TokenFile.Width.UINT16);
  }

  // ---------------------------------------------------------------- files

  @ParameterizedTest
  @EnumSource
  void rawTokensAreLittleEndianNumbers(TokenFile.Width width) throws IOException {
    TokenFile file = TokenFile.open(raw("a.bin", width, 1, 200, 3), width);
    assertThat(file.size()).isEqualTo(3);
    assertThat(file.slice(0, 3)).containsExactly(1, 200, 3);
    assertThat(file.slice(1, 1)).containsExactly(200);
  }

  @Test
  void shortNumbersHaveNoSign() throws IOException {
    Path path = raw("a.bin", TokenFile.Width.UINT16, 65_535, 50_256);
    assertThat(TokenFile.open(path, TokenFile.Width.UINT16).slice(0, 2))
        .containsExactly(65_535, 50_256);
  }

  @ParameterizedTest
  @CsvSource({"|u1, UINT8", "<u2, UINT16", "<u4, UINT32", "<i4, INT32", "<i8, INT64", "<u8, INT64"})
  void numpyArraysSayHowTheyAreWritten(String descr, TokenFile.Width width) throws IOException {
    Path path = npy(descr, "False", "(3,)", bytes(width, 7, 8, 100).array());
    assertThat(TokenFile.open(path, TokenFile.Width.UINT32).slice(0, 3)).containsExactly(7, 8, 100);
  }

  @Test
  void theRowsOfATableFollowEachOther() throws IOException {
    Path path =
        npy("<u2", "False", "(2, 3)", bytes(TokenFile.Width.UINT16, 1, 2, 3, 4, 5, 6).array());
    assertThat(TokenFile.open(path, TokenFile.Width.UINT16).slice(0, 6))
        .containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void aFileOfGigabytesIsReadWhereItIsAsked() throws IOException {
    Path path = folder.resolve("large.bin");
    long tokens = 1_200_000_000L;
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(2 * tokens); // Sparse: it takes no room.
      file.seek(2 * (tokens - 1));
      file.write(new byte[] {5, 1});
      file.seek((1L << 30) - 2); // The last token of the first mapped piece, and the next.
      file.write(new byte[] {7, 0, 9, 0});
    }
    TokenFile large = TokenFile.open(path, TokenFile.Width.UINT16);
    assertThat(large.size()).isEqualTo(tokens);
    assertThat(large.slice(tokens - 2, 2)).containsExactly(0, 261);
    assertThat(large.slice((1L << 29) - 2, 4)).containsExactly(0, 7, 9, 0);
  }

  private static void assertSays(Path path, String message) {
    assertThatThrownBy(() -> TokenFile.open(path, TokenFile.Width.UINT16))
        .isInstanceOf(WeirException.class)
        .hasMessageStartingWith(message + " Where: " + path);
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    Path odd = Files.write(folder.resolve("odd.bin"), new byte[7]);
    assertSays(odd, "7 bytes are no whole number of tokens of 2 bytes.");
    assertSays(Files.write(folder.resolve("e.bin"), new byte[0]), "There is nothing in this file.");
    assertSays(folder.resolve("missing.bin"), "The corpus cannot be read: NoSuchFileException.");
    Path npy = folder.resolve("b.npy");
    assertSays(
        Files.write(npy, new byte[50]),
        "This .npy file cannot be read: it does not begin like one.");
    byte[] six = bytes(TokenFile.Width.UINT16, 1, 2, 3).array();
    assertSays(
        npy("<f2", "False", "(3,)", six),
        "This .npy file cannot be used: its numbers are F16, not one of U8, U16, U32, I32, I64, U64.");
    assertSays(
        npy("<u2", "False", "()", Arrays.copyOf(six, 2)),
        "This .npy file cannot be used: it is one number.");
    assertSays(npy("<u2", "False", "(0,)", new byte[0]), "There is nothing in this file.");
  }

  @Test
  void saysWhichTokenIsNotInTheVocabulary() throws IOException {
    Path path = raw("a.bin", TokenFile.Width.UINT16, 1, 2, 50_257, 3, 60_000);
    TokenFile file = TokenFile.open(path, TokenFile.Width.UINT16);
    assertThat(file.requireBelow(60_001)).isSameAs(file);
    assertThatThrownBy(() -> TokenData.parted(List.of(file), 0.4, 1, 50_257))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith(
            "Token 50,257 is not among the 50,257 of the vocabulary. Where: %s, token 3. To fix: use the tokenizer"
                .formatted(path));
    Path negative = raw("n.bin", TokenFile.Width.INT64, 1, -2);
    assertThatThrownBy(() -> TokenFile.open(negative, TokenFile.Width.INT64).requireBelow(9))
        .hasMessageStartingWith("Token -2 is not among the 9 of the vocabulary.");
  }

  // ---------------------------------------------------------------- windows

  @Test
  void anEpochPredictsEachTokenButTheFirstAndWhatIsLeftOverOnce() throws IOException {
    TokenData data =
        TokenData.of(List.of(counting("a.bin", 101)), List.of(counting("b.bin", 9)), 101);
    TrainingData.Batches batches = data.training(1, 10, 5);
    assertThat(batches.examplesPerEpoch()).hasValue(10);
    List<Integer> predicted = new ArrayList<>();
    for (int step = 0; step < 10; step++) {
      Example example = batches.at(step).examples().getFirst();
      assertThat(example.targets()[0]).isEqualTo(example.inputs()[0] + 1);
      Arrays.stream(example.targets()).forEach(predicted::add);
    }
    assertThat(predicted)
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, 100).boxed().toList());
    assertThat(predicted).isNotEqualTo(predicted.stream().sorted().toList());
  }

  @Test
  void aBatchDependsOnSeedAndStepAlone() throws IOException {
    TokenData data =
        TokenData.parted(List.of(counting("a.bin", 205), counting("b.bin", 77)), 0.1, 2, 205);
    TrainingData.Batches forward = data.training(3, 8, 5);
    List<Batch> first = IntStream.range(0, 40).mapToObj(forward::at).toList();
    TrainingData.Batches backward = data.training(3, 8, 5);
    for (int step = 39; step >= 0; step--) {
      assertThat(backward.at(step)).isEqualTo(first.get(step));
    }
    assertThat(data.training(3, 8, 6).at(0)).isNotEqualTo(first.getFirst());
    assertThat(new HashSet<>(first)).as("epochs differ").hasSizeGreaterThan(35);
  }

  @Test
  void whatIsLookedAtIsNotLearnedFrom() throws IOException {
    TokenFile file = counting("a.bin", 1000);
    Set<Long> places = new HashSet<>();
    for (int seed = 0; seed < 20; seed++) {
      TokenData data = TokenData.parted(List.of(file), 0.1, seed, 1000);
      Set<Integer> learned = new HashSet<>();
      TrainingData.Batches batches = data.training(4, 7, 1);
      IntStream.range(0, 100).forEach(step -> collect(batches.at(step), learned));
      Set<Integer> looked = new HashSet<>();
      data.validation(4, 7).forEach(batch -> collect(batch, looked));
      assertThat(looked).hasSize(100).doesNotContainAnyElementsOf(learned);
      assertThat(learned).hasSizeGreaterThan(880);
      places.add(data.validation().getFirst().from());
    }
    assertThat(places).hasSizeGreaterThan(15);
  }

  private static void collect(Batch batch, Set<Integer> tokens) {
    for (Example example : batch.examples()) {
      Arrays.stream(example.inputs()).forEach(tokens::add);
      Arrays.stream(example.targets()).forEach(tokens::add);
    }
  }

  @Test
  void validationPredictsEachTokenButTheFirstOfAFileOnce() throws IOException {
    TokenData data =
        TokenData.of(
            List.of(counting("a.bin", 50)),
            List.of(counting("b.bin", 24), counting("c.bin", 4)),
            50);
    List<Integer> predicted = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    for (Batch batch : data.validation(2, 5)) {
      sizes.add(batch.rows() * 100 + batch.length());
      batch.examples().forEach(e -> Arrays.stream(e.targets()).forEach(predicted::add));
    }
    assertThat(predicted)
        .containsExactlyElementsOf(
            IntStream.concat(IntStream.range(1, 24), IntStream.range(1, 4)).boxed().toList());
    assertThat(sizes).containsExactly(205, 205, 103, 103);
  }

  @Test
  void textsAreTrainingDataToo() {
    Corpus corpus =
        new Corpus(List.of(new int[] {1, 2, 3}, new int[] {4}, new int[] {5, 6, 7, 8}), 0, 8);
    TextData data = new TextData(corpus, corpus, 9);
    TrainingData.Batches batches = data.training(2, 3, 5);
    Corpus.Batches twin = new Corpus.Batches(corpus, 2, 3, 5);
    assertThat(batches.at(4)).isEqualTo(Batch.ofWindows(twin.at(4)));
    assertThat(batches.examplesPerEpoch()).hasValue(3);
    List<Batch> looked = data.validation(2, 4);
    assertThat(looked.stream().map(batch -> batch.rows() * 100 + batch.length()))
        .containsExactly(204, 103);
    assertThat(looked.get(1).examples().getFirst().targets()).containsExactly(7, 8, 0);
    assertThatThrownBy(() -> new TextData(corpus, corpus, 8))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("Token 8 is not among the 8 of the vocabulary.");
  }

  @Test
  void saysThatThereIsTooLittle() throws IOException {
    TokenFile file = counting("a.bin", 10);
    TokenData data = TokenData.parted(List.of(file), 0.2, 1, 10);
    assertThatThrownBy(() -> data.training(1, 64, 1))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "The texts have 8 tokens, which do not fill a window of 64 predictions. Where: corpus. To fix: give more text, or a shorter window.");
    assertThatThrownBy(() -> data.training(1, 0, 1)).isInstanceOf(TrainException.class);
    assertThatThrownBy(() -> TokenData.parted(List.of(file), 0.1, 1, 10))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("10 tokens cannot be parted with a validation share of 0.1.");
    assertThatThrownBy(() -> TokenData.parted(List.of(file), 1.5, 1, 10))
        .isInstanceOf(TrainException.class);
  }
}
