package dev.weir.page;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// How the server of the stream page runs.
///
/// @param host the name or address to listen on
/// @param port the port; 0 for any
/// @param token what a request must bring to do more than look
/// @param data the folder for the user's own things
/// @param corpus the text that directions are looked up in
/// @param memory bytes of runs to hold
/// @param faults who hears of a fault of Weir itself
public record Settings(
    String host,
    int port,
    String token,
    Path data,
    Path corpus,
    long memory,
    Consumer<RuntimeException> faults) {

  /// The names that this server answers to, each with its port.
  ///
  /// @param actualPort the port that it listens on
  List<String> hosts(int actualPort) {
    List<String> hosts = new ArrayList<>();
    for (String name : List.of("127.0.0.1", "localhost", "[::1]", host)) {
      hosts.add(name + ":" + actualPort);
    }
    return hosts;
  }
}
