package dev.weir.train.task;

import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The words of a task as a tokenizer: each is one token, and spaces part them. Written as
/// `tokenizer.json` beside a model that learned the task, it lets the model be opened, read and
/// generated with like any other.
public final class TaskTokenizer {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private TaskTokenizer() {}

  /// The content of a `tokenizer.json`.
  ///
  /// @param task whose words
  public static String json(Task task) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("version", "1.0");
    json.putNull("truncation").putNull("padding");
    json.putArray("added_tokens");
    json.putNull("normalizer");
    json.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
    json.putNull("post_processor").putNull("decoder");
    ObjectNode model = json.putObject("model").put("type", "WordLevel");
    ObjectNode ids = model.putObject("vocab");
    List<String> words = task.tokens();
    for (int id = 0; id < words.size(); id++) {
      ids.put(words.get(id), id);
    }
    model.put("unk_token", "[UNK]");
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json);
  }

  /// The tokenizer itself. Close it when done.
  ///
  /// @param task whose words
  public static Tokenizer of(Task task) {
    return Tokenizers.ofJson(task.name(), json(task));
  }
}
