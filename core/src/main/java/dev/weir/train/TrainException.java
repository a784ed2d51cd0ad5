package dev.weir.train;

import dev.weir.WeirException;
import java.io.Serial;

/// A training run that cannot start or cannot go on.
public final class TrainException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private enum Kind {
    DIVERGED,
    OTHER
  }

  private final Kind kind;

  private TrainException(String what, String where, String fix) {
    this(what, where, fix, Kind.OTHER);
  }

  private TrainException(String what, String where, String fix, Kind kind) {
    super(what, where, fix);
    this.kind = kind;
  }

  private TrainException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
    this.kind = Kind.OTHER;
  }

  /// Whether the numbers themselves went wrong, so that the same run would fail again: nothing on
  /// the machine is amiss.
  public boolean isDivergence() {
    return kind == Kind.DIVERGED;
  }

  static TrainException badSchedule(int steps, int warmup, int decay, double peak, double floor) {
    return new TrainException(
        "%,d steps, of which %,d warm up and %,d decay, between learning rates %s and %s, make no schedule"
            .formatted(steps, warmup, decay, floor, peak),
        "schedule",
        "use at least 1 step, warm-up and decay together shorter than that, and 0 <= floor <= peak");
  }

  static TrainException badSizes(int batch, int window, int lookEvery, long lookAt) {
    return new TrainException(
        "batch %d, window %d and looks at %d predictions every %d steps cannot be trained with"
            .formatted(batch, window, lookAt, lookEvery),
        "training settings",
        "use at least 1 for each");
  }

  static TrainException badRates(double weightDecay, double clip, double dropout) {
    return new TrainException(
        "weight decay %s, clip %s and dropout %s cannot be trained with"
            .formatted(weightDecay, clip, dropout),
        "training settings",
        "use a weight decay of at least 0, a clip above 0 and a dropout from 0 to below 1");
  }

  static TrainException unevenBatch(int batch, int accumulate, int worldSize) {
    return new TrainException(
        "A batch of %,d windows cannot be parted evenly among %,d processes with %,d micro-batches each"
            .formatted(batch, worldSize, accumulate),
        "training settings",
        "use a batch that is a multiple of %,d".formatted((long) worldSize * accumulate));
  }

  static TrainException badAverages(double beta1, double beta2, double epsilon) {
    return new TrainException(
        "AdamW cannot average with betas %s and %s and epsilon %s".formatted(beta1, beta2, epsilon),
        "training settings",
        "use betas from 0 to below 1, for instance 0.9 and 0.95, and an epsilon above 0");
  }

  static TrainException badDType(String dtype) {
    return new TrainException(
        "A forward pass in %s cannot be trained on".formatted(dtype),
        "training settings",
        "use float32 or bfloat16; parameters are float32 either way");
  }

  static TrainException otherWorld(int wanted, int present) {
    return new TrainException(
        "The run is for %,d processes, and %,d take part".formatted(wanted, present),
        "training settings",
        "start as many processes as the run is for");
  }

  static TrainException badPenalty(String point, String direction, double weight) {
    return new TrainException(
        "A direction of %s with weight %s is no penalty".formatted(direction, weight),
        point,
        "give one vector of finite length above 0 and a finite weight");
  }

  static TrainException noTexts() {
    return new TrainException(
        "There are no texts to learn from", "corpus", "give at least one text");
  }

  static TrainException tooShort(long tokens, int window) {
    return new TrainException(
        "The texts have %,d tokens, which do not fill a window of %,d predictions"
            .formatted(tokens, window),
        "corpus",
        "give more text, or a shorter window");
  }

  static TrainException nothingInBatch(int batch, int window) {
    return new TrainException(
        "A batch of %d with a window of %d holds nothing".formatted(batch, window),
        "training settings",
        "use at least 1 for each");
  }

  static TrainException emptyMarker() {
    return new TrainException(
        "The mark between documents is empty", "corpus", "give a mark, such as <|endoftext|>");
  }

  static TrainException unreadableCorpus(String path, Throwable cause) {
    return new TrainException(
        "The corpus cannot be read: " + cause.getClass().getSimpleName(),
        path,
        "check that it is there and may be read",
        cause);
  }

  static TrainException emptyFolder(String folder) {
    return new TrainException(
        "There are no files to learn from", folder, "put text, JSON or token files there");
  }

  static TrainException emptyCorpusFile(String file) {
    return new TrainException(
        "There is nothing in this file", file, "give a file that holds something, or remove it");
  }

  static TrainException textFileTooLong(String file, long bytes, long longest) {
    return new TrainException(
        "The text file has %,d bytes, but at most %,d are read at once".formatted(bytes, longest),
        file,
        "put the parts of the text into several files of one folder, or use a file of tokens");
  }

  static TrainException notUtf8(String file, long offset) {
    return new TrainException(
        "The text is not UTF-8, from byte %,d on".formatted(offset),
        file,
        "save it as UTF-8; a file of tokens ends in .bin or .npy");
  }

  static TrainException badJsonEntry(String where, String why) {
    return new TrainException(
        "This is not JSON as it should be: " + why,
        where,
        "mend it, or remove it; one whole JSON value stands in each line of a .jsonl file");
  }

  static TrainException missingField(String where, String field, String present) {
    return new TrainException(
        "There is no field '%s', only %s".formatted(field, present),
        where,
        "name the field that holds the text");
  }

  static TrainException fieldIsNoText(String where, String what) {
    return new TrainException(
        "The text is %s".formatted(what),
        where,
        "use a JSON string, or objects with a field of it");
  }

  static TrainException noJsonArray(String file, String what) {
    return new TrainException(
        "The file holds %s, not a JSON array of texts".formatted(what),
        file,
        "use [\"one text\", \"another\"], or one JSON value per line in a file named .jsonl");
  }

  static TrainException textsAndTokens(String folder, String text, String tokens) {
    return new TrainException(
        "The folder holds texts (%s) and files of tokens (%s)".formatted(text, tokens),
        folder,
        "put them into folders of their own");
  }

  static TrainException textsForTokens(String file) {
    return new TrainException(
        "This is no file of tokens", file, "use a file that ends in .bin or .npy");
  }

  static TrainException tokensForTexts(String file) {
    return new TrainException(
        "This is a file of tokens, not of text", file, "use text, or leave the tokenizer out");
  }

  static TrainException brokenTokens(String file, long bytes, int width) {
    return new TrainException(
        "%,d bytes are no whole number of tokens of %d bytes".formatted(bytes, width),
        file,
        "copy the file again, or name the width its tokens have");
  }

  static TrainException badNpy(String file, String why) {
    return new TrainException(
        "This .npy file cannot be used: " + why,
        file,
        "save an array of integers, for instance with numpy.save(file, ids.astype('uint16'))");
  }

  static TrainException tokenOutside(long token, int dVocab, String where) {
    return new TrainException(
        "Token %,d is not among the %,d of the vocabulary".formatted(token, dVocab),
        where,
        "use the tokenizer that the tokens were made with, or a model with a larger d_vocab;"
            + " for a .bin file, check the width of its tokens");
  }

  static TrainException badShare(double share) {
    return new TrainException(
        "A validation share of %s leaves nothing to learn from or nothing to look at"
            .formatted(share),
        "corpus",
        "use a share between 0 and 1, for instance 0.1");
  }

  static TrainException tooShortToSplit(long size, String unit, double share) {
    return new TrainException(
        "%,d %s cannot be parted with a validation share of %s".formatted(size, unit, share),
        "corpus",
        "give more text, another share, or a validation file of its own");
  }

  /// For data whose examples have one length.
  ///
  /// @param name what the examples are of
  /// @param length how many predictions they have
  /// @param window how many were asked for
  public static TrainException wrongWindow(String name, int length, int window) {
    return new TrainException(
        "A window of %,d predictions does not fit examples of %,d".formatted(window, length),
        name,
        "use a window of %d".formatted(length));
  }

  static TrainException windowTooLong(int window, long longest) {
    return new TrainException(
        "A window of %,d tokens is longer than the %,d that this model reads"
            .formatted(window, longest),
        "training settings",
        "use a shorter window, or a model with a larger n_ctx");
  }

  static TrainException diverged(int step, double loss) {
    return new TrainException(
        "The loss or its gradient is no finite number any more (loss %s)".formatted(loss),
        "step " + step,
        "use a lower learning rate, a longer warm-up or a smaller clip; checkpoints of earlier steps are still good",
        Kind.DIVERGED);
  }

  static TrainException unwritableCheckpoint(String folder, Throwable cause) {
    return new TrainException(
        "The checkpoint cannot be written: " + cause.getClass().getSimpleName(),
        folder,
        "check that the folder may be written and has room",
        cause);
  }

  static TrainException unreadableCheckpoint(String folder, Throwable cause) {
    return new TrainException(
        "The checkpoints cannot be listed: " + cause.getClass().getSimpleName(),
        folder,
        "check that the folder may be read",
        cause);
  }

  static TrainException badState(String file, Throwable cause) {
    return new TrainException(
        "This is not the state of a training run",
        file,
        "go on from another checkpoint, or start anew",
        cause);
  }

  static TrainException wrongState(String name, String found, String expected, String file) {
    return new TrainException(
        "'%s' is %s, expected %s".formatted(name, found, expected),
        file,
        "go on from another checkpoint, or start anew");
  }

  static TrainException badLogLine(String file, int line, String why, Throwable cause) {
    return new TrainException(
        "This line is not a log entry: " + why,
        "%s, line %d".formatted(file, line),
        "use a log that Weir wrote, or remove the line",
        cause);
  }

  static TrainException unreadableLog(String file, Throwable cause) {
    return new TrainException(
        "The log cannot be read: " + cause.getClass().getSimpleName(),
        file,
        "check that it is there and may be read",
        cause);
  }

  static TrainException unwritableLog(String file, Throwable cause) {
    return new TrainException(
        "The log cannot be written: " + cause.getClass().getSimpleName(),
        file,
        "check that the folder is there, may be written and has room",
        cause);
  }

  static TrainException runThere(String file) {
    return new TrainException(
        "There is a run or a model already",
        file,
        "go on with it by --resume, or choose another folder");
  }

  static TrainException noRun(String folder) {
    return new TrainException(
        "There is no run to go on with: run.json is missing",
        folder,
        "name the folder that an earlier run was given as --out");
  }

  static TrainException badPlan(String file, String why, Throwable cause) {
    return new TrainException(
        "This is not the plan of a training run: " + why,
        file,
        "restore the file, or start anew in another folder",
        cause);
  }

  static TrainException unwritableRun(String folder, Throwable cause) {
    return new TrainException(
        "The folder of the run cannot be used: " + cause.getClass().getSimpleName(),
        folder,
        "check that it may be made and written and has room",
        cause);
  }

  static TrainException otherData(String source) {
    return new TrainException(
        "The data are not those that the run began with",
        source,
        "put the same files back, or start anew in another folder");
  }

  static TrainException vocabularyTooSmall(int dVocab, int needed) {
    return new TrainException(
        "A model of %,d tokens cannot read data of %,d".formatted(dVocab, needed),
        "model settings",
        "give the model a d_vocab of at least %d".formatted(needed));
  }

  static TrainException noVocabulary(String source) {
    return new TrainException(
        "Files of tokens do not say how many tokens there are",
        source,
        "name the tokenizer that they were made with, or the size of its vocabulary");
  }

  static TrainException otherCheckpoint(String checkpoint, String what) {
    return new TrainException(
        "The checkpoint is of another run: %s differ from those in run.json".formatted(what),
        checkpoint,
        "remove the checkpoint, or put back the run.json that it was made with");
  }

  static TrainException badSaving(int every, int keep) {
    return new TrainException(
        "A run cannot be saved every %d steps with %d checkpoints kept".formatted(every, keep),
        "saving",
        "use at least 1 for each");
  }

  static TrainException noBoundary(String tokenizer) {
    return new TrainException(
        "The tokenizer has no token that begins or ends a text",
        tokenizer,
        "use one with a BOS or EOS token, or let Weir train one");
  }

  static TrainException badModel(String what, String fix) {
    return new TrainException(what, "model settings", fix);
  }
}
