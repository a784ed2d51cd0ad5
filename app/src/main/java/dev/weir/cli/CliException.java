package dev.weir.cli;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import java.util.List;

/// Something that a command was asked for and cannot do.
final class CliException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private CliException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static CliException noModel(String model) {
    return new CliException(
        "There is no model at '%s'".formatted(model),
        "--model",
        "give a folder or weight file, the name of a pulled model, or run 'weir pull OWNER/NAME'; 'weir models' lists what is here");
  }

  static CliException badTokens(String tokens) {
    return new CliException(
        "'%s' is not a list of token ids".formatted(tokens),
        "--tokens",
        "separate whole numbers with commas, for instance --tokens 1,403,407");
  }

  static CliException nothingToRun() {
    return new CliException(
        "There is no prompt",
        "arguments",
        "give a text or --tokens, for instance \"Once upon a time\"");
  }

  static CliException textAndTokens() {
    return new CliException(
        "Both a text and --tokens are given", "arguments", "give one of the two");
  }

  static CliException noBos(String model) {
    return new CliException(
        "There is no prompt, and this model has no BOS to start from", model, "give a prompt");
  }

  static CliException tooShort(int tokens) {
    return new CliException(
        "A text of %d tokens has no token to predict".formatted(tokens),
        "text",
        "give at least two tokens");
  }

  static CliException unreadable(Path file, IOException cause) {
    return new CliException(
        "The text cannot be read: " + cause.getClass().getSimpleName(),
        file.toString(),
        "give a readable UTF-8 text file");
  }

  static CliException badOut(Path out, List<String> endings) {
    return new CliException(
        "The ending of '%s' says no format".formatted(out),
        "--out",
        "use one of " + String.join(", ", endings));
  }

  static CliException memberEnded(int rank, int worldSize, String how) {
    return new CliException(
        "Process %d of %d ended: %s".formatted(rank, worldSize, how),
        "--world-size",
        "see why it ended (memory, perhaps), then go on with --resume; all begin at the last checkpoint");
  }

  static CliException noMember(IOException cause) {
    return new CliException(
        "The processes that share the batches cannot be started: "
            + cause.getClass().getSimpleName(),
        "--world-size",
        "check that the folder for temporary files may be written and has room, or use --world-size 1");
  }

  static CliException noWorker(IOException cause) {
    return new CliException(
        "The processes that train cannot be started: " + cause.getClass().getSimpleName(),
        "--workers",
        "check that the folder for temporary files may be written and has room, or use --workers 1");
  }

  static CliException workersEnded(String why, Path study) {
    return new CliException(
        "Workers end one after the other, and no step is done in between; the last: " + why,
        study.toString(),
        "see why they end (room on the disk, memory: fewer --workers), then call the same command again; what is done is kept");
  }

  static CliException noPrompts(Path file) {
    return new CliException(
        "There is no prompt in the file",
        file.toString(),
        "give one JSON object a line, for instance {\"prompt\": \"Once upon a time\"}");
  }

  static CliException badPromptLine(String where, String problem) {
    return new CliException(
        "A line " + problem,
        where,
        "write it as {\"prompt\": \"Once upon a time\"} or {\"tokens\": [1, 403]}");
  }

  static CliException missingField(String where, String field) {
    return new CliException(
        "A prompt has no field '%s'".formatted(field),
        where,
        "add it to the line, for instance {\"prompt\": \"...\", \"%s\": \"...\"}".formatted(field));
  }

  static CliException positionOutside(int position, int length) {
    return new CliException(
        "Position %d is outside a text of %d tokens".formatted(position, length),
        "--position",
        "use 0 to %d, or -1 for the last".formatted(length - 1));
  }

  static CliException severalSources() {
    return new CliException(
        "Texts are given in several ways",
        "arguments",
        "give one of: prompts as arguments, --tokens, --prompts or --text");
  }

  static CliException severalTexts() {
    return new CliException(
        "Several texts are given, and one is read at a time",
        "arguments",
        "give one text in quotes");
  }

  static CliException notHere(String what, String fix) {
    return new CliException(what, "arguments", fix);
  }
}
