package dev.weir.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/// One tokenizer inside the native library. Its memory is not touched after it is closed.
final class NativeTokenizer implements AutoCloseable {
  private static final long CLOSED = 0;

  private final TokenizersLibrary library;
  private final String source;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private long handle;

  /// @param file a file that has been looked through, and so cannot end the process
  /// @throws TextException if the library does not accept it
  NativeTokenizer(TokenizerJson file) {
    this.library = NativeTokenizers.library();
    this.source = file.source();
    try {
      this.handle = library.createTokenizerFromString(file.json());
    } catch (RuntimeException refused) {
      throw TextException.badJson(source, String.valueOf(refused.getMessage()));
    }
    library.disableTruncation(handle);
    library.disablePadding(handle);
  }

  /// The tokens of a text without special tokens around it; places counted in code points.
  Framing.Body encode(String text) {
    return using(tokenizer -> {
      long encoding = encoded(tokenizer, text);
      try {
        return body(library.getTokenIds(encoding), library.getTokenCharSpans(encoding));
      } finally {
        library.deleteEncoding(encoding);
      }
    });
  }

  String decode(long[] ids, SpecialTokens special) {
    return using(tokenizer -> library.decode(tokenizer, ids, special == SpecialTokens.LEAVE_OUT));
  }

  @Override
  public void close() {
    Lock alone = lock.writeLock();
    alone.lock();
    try {
      if (handle != CLOSED) {
        library.deleteTokenizer(handle);
        handle = CLOSED;
      }
    } finally {
      alone.unlock();
    }
  }

  private long encoded(long tokenizer, String text) {
    try {
      return library.encode(tokenizer, text, false);
    } catch (RuntimeException refused) {
      throw TextException.cannotEncode(source, String.valueOf(refused.getMessage()));
    }
  }

  private <T> T using(LongFunction<T> work) {
    Lock shared = lock.readLock();
    shared.lock();
    try {
      if (handle == CLOSED) {
        throw TextException.closed(source);
      }
      return work.apply(handle);
    } finally {
      shared.unlock();
    }
  }

  private static Framing.Body body(long[] ids, CharSpan[] spans) {
    int[] tokens = new int[ids.length];
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = Math.toIntExact(ids[i]);
      starts[i] = spans[i].getStart();
      ends[i] = spans[i].getEnd();
    }
    return new Framing.Body(tokens, starts, ends);
  }
}
