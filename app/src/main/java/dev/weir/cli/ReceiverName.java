package dev.weir.cli;

import dev.weir.readout.causal.Component;
import dev.weir.readout.causal.PathPatching.Input;
import dev.weir.readout.causal.PathPatching.Receiver;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Names of receivers and of neurons as they are typed.
final class ReceiverName {
  private static final Pattern HEAD = Pattern.compile("L(\\d{1,5})H(\\d{1,5})\\.([qkvQKV])");
  private static final Pattern MLP = Pattern.compile("(\\d{1,5})_mlp_in");
  private static final Pattern NEURONS = Pattern.compile("L(\\d{1,5})N(\\d{1,9}(?:,\\d{1,9})*)");

  private ReceiverName() {}

  /// `logits`, `L3H1.k` or `3_mlp_in`.
  static Receiver parse(String name) {
    if (name.equals("logits")) {
      return new Receiver.Logits();
    }
    Matcher head = HEAD.matcher(name);
    if (head.matches()) {
      return new Receiver.Head(
          Input.valueOf(head.group(3).toUpperCase(Locale.ROOT)),
          Integer.parseInt(head.group(1)),
          Integer.parseInt(head.group(2)));
    }
    Matcher mlp = MLP.matcher(name);
    if (mlp.matches()) {
      return new Receiver.Mlp(Integer.parseInt(mlp.group(1)));
    }
    throw CliException.notHere(
        "'%s' names no receiver".formatted(name),
        "use logits, a head's input such as L3H1.k, or an MLP's such as 3_mlp_in");
  }

  /// `L2N5,17`.
  static Component neurons(String name) {
    Matcher matcher = NEURONS.matcher(name);
    if (!matcher.matches()) {
      throw CliException.notHere(
          "'%s' names no neurons".formatted(name), "write a block and neurons, such as L2N5,17");
    }
    return new Component.Neurons(
        Integer.parseInt(matcher.group(1)),
        Arrays.stream(matcher.group(2).split(",", -1)).map(Integer::valueOf).toList());
  }
}
