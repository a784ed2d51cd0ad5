package dev.weir.readout.lens;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import java.util.List;

/// A lens that cannot be looked through.
public final class LensException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private LensException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private LensException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  // ---------------------------------------------------------------- of another model

  static LensException otherModel(Path folder, String what, long lens, long model) {
    return new LensException(
        "The lens was tuned for a model with %s %d, but this one has %d"
            .formatted(what, lens, model),
        folder.toString(),
        "use a lens tuned for this model, or tune one");
  }

  static LensException otherUnembedding(Path folder, String lens, String model) {
    return new LensException(
        "The lens was tuned for another unembedding: its hash is %s, this model's is %s"
            .formatted(shortened(lens), shortened(model)),
        folder.toString(),
        "use a lens tuned for this model and its raw weights, or tune one");
  }

  private static String shortened(String hash) {
    return hash.length() > 12 ? hash.substring(0, 12) + "…" : hash;
  }

  static LensException otherPlaces(int lens, int model) {
    return new LensException(
        "The lens has %d translators, but this model has %d blocks".formatted(lens, model),
        "tuned lens",
        "use a lens tuned for this model");
  }

  // ---------------------------------------------------------------- files of a tuned lens

  static LensException notALens(Path folder, String missing) {
    return new LensException(
        "There is no tuned lens here: %s is missing".formatted(missing),
        folder.toString(),
        "name a folder with config.json and params.pt, as tuned-lens and 'weir lens --train' write it");
  }

  static LensException badConfig(Path file, String problem) {
    return new LensException(
        "The description of the lens " + problem,
        file.toString(),
        "use the config.json that belongs to the lens");
  }

  static LensException badParameters(Path file, String problem) {
    return new LensException(
        problem, file.toString(), "copy the lens again from where it comes from");
  }

  static LensException notAStateDict(Path file, String problem) {
    return new LensException(
        "The file holds more than tensors: " + problem,
        file.toString(),
        "a pickle can run programs, so only plain state dicts are read; save it with torch.save(lens.layer_translators.state_dict(), ...)");
  }

  static LensException notAZip(Path file) {
    return new LensException(
        "The file is no zip archive",
        file.toString(),
        "save it with PyTorch 1.6 or later, which writes archives");
  }

  static LensException unreadable(Path file, IOException cause) {
    return new LensException(
        "The file cannot be read: " + cause.getClass().getSimpleName(),
        file.toString(),
        "check that it is there, whole and readable",
        cause);
  }

  static LensException unwritable(Path folder, IOException cause) {
    return new LensException(
        "The folder cannot be made: " + cause.getClass().getSimpleName(),
        folder.toString(),
        "name a folder that is not there yet, in one that may be written",
        cause);
  }

  static LensException noRoom(Path folder) {
    return new LensException(
        "No lens can be written here",
        folder.toString(),
        "name a folder for it, in one that may be written");
  }

  static LensException occupied(Path folder) {
    return new LensException(
        "The folder holds a config.json that is no lens's",
        folder.toString(),
        "name another folder; a model would lose its description");
  }

  // ---------------------------------------------------------------- directions

  static LensException wrongWidth(Path file, long found, int dModel) {
    return new LensException(
        "A direction has %d numbers, but the stream of this model has %d".formatted(found, dModel),
        file.toString(),
        "use directions taken from this model, one a row");
  }

  static LensException noDirections(Path file, String problem) {
    return new LensException(
        problem,
        file.toString(),
        "give a .npy file, a .safetensors file or a .json file with rows of numbers");
  }

  static LensException tooLong(Path file, long bytes, long most) {
    return new LensException(
        "The file has %,d bytes, and at most %,d are read".formatted(bytes, most),
        file.toString(),
        "save fewer directions, or as .safetensors");
  }

  static LensException whichTensor(Path file, List<String> names) {
    return new LensException(
        "The file holds %d tensors".formatted(names.size()),
        file.toString(),
        "name one of them: " + String.join(", ", names.subList(0, Math.min(8, names.size()))));
  }

  static LensException noSuchRow(int index, int rows) {
    return new LensException(
        "There is no direction %d".formatted(index),
        "directions",
        "use 0 to %d".formatted(rows - 1));
  }

  // ---------------------------------------------------------------- parts of a model

  static LensException noSuchPart(String part, int index, int count) {
    return new LensException(
        "There is no %s %d".formatted(part, index),
        "model",
        count == 0 ? "this model has none there" : "use 0 to %d".formatted(count - 1));
  }

  static LensException needsRun(String what) {
    return new LensException(
        "What becomes of %s depends on the text on this pathway".formatted(what),
        "pathway",
        "give a text, whose routing is then used");
  }

  static LensException nothingToLearn() {
    return new LensException(
        "There are no texts to tune the lens on", "training", "give at least two texts");
  }

  static LensException badSettings(String problem) {
    return new LensException(problem, "training", "use a number above 0");
  }

  static LensException diverged(int step) {
    return new LensException(
        "The lens went astray: its loss is no number",
        "step " + step,
        "use a smaller learning rate, or Adam");
  }
}
